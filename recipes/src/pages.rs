//! Pages, fetched by a client that blocks its thread: what Python's `requests` is to the article.
//!
//! They come from one of three places: from the stand-in server, over real sockets (the default,
//! which needs no network); from the real hosts; or, on the paused clock, from memory.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use mainspring::time::{Duration, block_for};
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, config::Config};

use crate::meter::Meter;
use crate::stand_in::{HOSTS, StandIn, time_to_answer};

/// The article's addresses.
pub const URLS: [&str; 3] = [
    "http://www.google.com",
    "http://www.yahoo.com",
    "https://github.com/",
];

/// A host that says nothing for so long counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(10);

/// A page that came.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address, written out: an empty path is `/`.
    pub url: String,
    /// What the host said of it, 200 if it is well.
    pub status: u16,
    /// What it says.
    pub body: Vec<u8>,
}

/// A page that did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError {
    /// Its address as it was asked for.
    pub url: String,
    /// Why it did not come.
    pub reason: String,
}

/// What asking for a page comes to.
pub type Fetched = Result<Page, FetchError>;

/// Fetches pages; a clone fetches from the same place.
#[derive(Clone, Debug)]
pub struct Requests {
    place: Place,
    meter: Meter,
}

#[derive(Clone, Debug)]
enum Place {
    Memory,
    /// The server lasts as long as somebody may ask it.
    StandIn {
        agent: Agent,
        _server: Arc<StandIn>,
    },
    Web(Agent),
}

impl Requests {
    /// Pages from memory, after as long as in the article's story; for the paused clock.
    pub fn from_memory(meter: &Meter) -> Requests {
        Requests {
            place: Place::Memory,
            meter: meter.clone(),
        }
    }

    /// Pages from a stand-in server, which answers for the article's hosts.
    ///
    /// # Errors
    ///
    /// The server could not be started.
    pub fn from_stand_in(meter: &Meter) -> io::Result<Requests> {
        let stand_in = StandIn::start()?;
        // A proxy would be asked for hosts that are not meant.
        let config = config().proxy(None).build();
        let resolver = Directory {
            stand_in: stand_in.address(),
            others: DefaultResolver::default(),
        };
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        let place = Place::StandIn {
            agent,
            _server: Arc::new(stand_in),
        };
        Ok(Requests {
            place,
            meter: meter.clone(),
        })
    }

    /// Pages from the real hosts.
    pub fn from_web(meter: &Meter) -> Requests {
        let place = Place::Web(config().build().new_agent());
        Requests {
            place,
            meter: meter.clone(),
        }
    }

    /// `requests.get`: a function that blocks its thread until the page is there, or is not.
    pub fn getter(&self) -> impl Fn(String) -> Fetched + Clone + Send + 'static {
        let requests = self.clone();
        move |url| {
            let reason = |reason| FetchError {
                url: url.clone(),
                reason,
            };
            requests.get(&url).map_err(reason)
        }
    }

    fn get(&self, url: &str) -> Result<Page, String> {
        let uri = parse(url)?;
        let host = uri.host().unwrap_or_default();
        let job = self.meter.job();
        match &self.place {
            Place::Memory => {
                let Some(time) = time_to_answer(host) else {
                    return Err(unknown("in memory are only the pages of"));
                };
                block_for(time);
                job.took(time);
                Ok(Page {
                    url: uri.to_string(),
                    status: 200,
                    body: Vec::new(),
                })
            }
            Place::StandIn { agent, .. } if time_to_answer(host).is_some() => {
                let began = Instant::now();
                let fetched = fetch(agent, &over_plain_http(&uri)?);
                job.took(began.elapsed());
                fetched.map(|page| Page {
                    url: uri.to_string(),
                    ..page
                })
            }
            Place::StandIn { .. } if !is_local(host) => {
                Err(unknown("without --online, only these hosts answer:"))
            }
            Place::StandIn { agent, .. } | Place::Web(agent) => {
                let began = Instant::now();
                let fetched = fetch(agent, &uri);
                job.took(began.elapsed());
                fetched.map_err(|reason| match self.place {
                    Place::Web(_) => format!("{reason}; without --online a stand-in answers"),
                    _ => reason,
                })
            }
        }
    }
}

fn config() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        // A page that says "not found" is a page: Python's `requests` says so, too.
        .http_status_as_error(false)
        // One page from each host: a kept connection would have no second use.
        .max_idle_connections(0)
}

/// An address with everything that a request needs.
fn parse(url: &str) -> Result<Uri, String> {
    let remedy = "write it as http://host/path or https://host/path";
    let no_address = |error| format!("this is no address of a page ({error}): {remedy}");
    let uri: Uri = url.parse().map_err(no_address)?;
    match uri.scheme_str() {
        Some("http" | "https") if !has_port_too_high(&uri) => Ok(uri),
        Some("http" | "https") => Err("there is no port above 65535".to_owned()),
        Some(other) => Err(format!("no way to fetch {other}: {remedy}")),
        None => Err(format!("this is no address of a page: {remedy}")),
    }
}

/// `Uri` takes any number for a port, and then says that there is none.
fn has_port_too_high(uri: &Uri) -> bool {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let port = authority.rsplit(':').next().unwrap_or_default();
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    authority.contains(':') && is_number && uri.port().is_none()
}

fn unknown(what: &str) -> String {
    format!("{what} {}", HOSTS.map(|(host, _)| host).join(", "))
}

/// Whether a host is this machine, or is named by a number: no name has to be looked up for it.
fn is_local(host: &str) -> bool {
    let number = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || number.parse::<IpAddr>().is_ok()
}

/// The stand-in speaks plain HTTP, whatever was asked for.
fn over_plain_http(uri: &Uri) -> Result<Uri, String> {
    let mut parts = uri.clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    Uri::from_parts(parts).map_err(|error| error.to_string())
}

fn fetch(agent: &Agent, uri: &Uri) -> Result<Page, String> {
    let mut response = agent.get(uri).call().map_err(|error| error.to_string())?;
    let body = response
        .body_mut()
        .read_to_vec()
        .map_err(|error| error.to_string())?;
    Ok(Page {
        url: uri.to_string(),
        status: response.status().as_u16(),
        body,
    })
}

/// Where the names of the article's hosts lead to the stand-in.
#[derive(Debug)]
struct Directory {
    stand_in: SocketAddr,
    others: DefaultResolver,
}

impl Resolver for Directory {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if uri.host().and_then(time_to_answer).is_none() {
            return self.others.resolve(uri, config, timeout);
        }
        let mut addresses = self.empty();
        addresses.push(self.stand_in);
        Ok(addresses)
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no page from {}: {}", self.url, self.reason)
    }
}

impl std::error::Error for FetchError {}
