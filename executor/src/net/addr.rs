//! From what a caller writes to addresses: numbers at once, names by asking the system.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::net::lookup::Lookup;

/// What [`TcpStream::connect`](crate::net::TcpStream::connect) and its like take for an address:
/// `SocketAddr`, `("127.0.0.1", 80)`, `"127.0.0.1:80"`, `"localhost:80"`, and a slice of
/// `SocketAddr`, to be tried in turn.
///
/// Only names have to be looked up; that happens on a thread of the pool.
///
/// tokio: `net::ToSocketAddrs`, which cannot be implemented elsewhere either.
pub trait ToSocketAddrs: sealed::Address {}

impl<A: sealed::Address + ?Sized> ToSocketAddrs for A {}

pub(crate) mod sealed {
    use crate::net::lookup::Lookup;

    /// How an address begins to be found. Out of reach, so that it may change.
    pub trait Address {
        /// Begins to find it.
        ///
        /// # Cancel safety
        ///
        /// **Strict**: the next call asks again.
        #[doc(hidden)]
        fn look_up(&self) -> Lookup;
    }
}

/// Looks up an address.
///
/// tokio: `net::lookup_host`. asyncio: `loop.getaddrinfo`.
///
/// ```
/// # mainspring::run(async {
/// let mut addresses = mainspring::net::lookup_host("127.0.0.1:80").await?;
/// assert_eq!(addresses.next(), Some(([127, 0, 0, 1], 80).into()));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// `InvalidInput` if it is no address; what the system answers for a name.
///
/// # Cancel safety
///
/// **Strict**: the next call asks again.
#[track_caller]
pub fn lookup_host<A: ToSocketAddrs>(host: A) -> LookupHost {
    LookupHost {
        lookup: host.look_up(),
        place: Location::caller(),
    }
}

/// The future of [`lookup_host`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct LookupHost {
    lookup: Lookup,
    place: &'static Location<'static>,
}

impl Future for LookupHost {
    type Output = io::Result<std::vec::IntoIter<SocketAddr>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = self.place;
        self.lookup.poll(cx, place).map_ok(Vec::into_iter)
    }
}

/// What `SocketAddr` can be made of is an address itself.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl sealed::Address for $number {
            fn look_up(&self) -> Lookup {
                Lookup::found(vec![(*self).into()])
            }
        }
    )*};
}

numbers!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

impl sealed::Address for [SocketAddr] {
    fn look_up(&self) -> Lookup {
        Lookup::found(self.to_vec())
    }
}

impl sealed::Address for str {
    fn look_up(&self) -> Lookup {
        if let Ok(address) = self.parse() {
            return Lookup::found(vec![address]);
        }
        match self
            .rsplit_once(':')
            .map(|(name, port)| (name, port.parse()))
        {
            Some((name, Ok(port))) => Lookup::Name(name.to_owned(), port),
            _ => {
                let error = format!(
                    "`{self}` is no address: write a name or a number, a colon and a port, as in \
                     `localhost:80`, `127.0.0.1:80` or `[::1]:80`"
                );
                let error = io::Error::new(io::ErrorKind::InvalidInput, error);
                Lookup::Known(Some(Err(error)))
            }
        }
    }
}

impl sealed::Address for (&str, u16) {
    fn look_up(&self) -> Lookup {
        let (name, port) = *self;
        match name.parse::<IpAddr>() {
            Ok(ip) => Lookup::found(vec![(ip, port).into()]),
            Err(_) => Lookup::Name(name.to_owned(), port),
        }
    }
}

impl sealed::Address for String {
    fn look_up(&self) -> Lookup {
        self.as_str().look_up()
    }
}

impl sealed::Address for (String, u16) {
    fn look_up(&self) -> Lookup {
        (self.0.as_str(), self.1).look_up()
    }
}

impl<A: sealed::Address + ?Sized> sealed::Address for &A {
    fn look_up(&self) -> Lookup {
        (**self).look_up()
    }
}

/// What the first address gives that the system does not refuse.
pub(crate) fn first_that_works<T>(
    addresses: impl IntoIterator<Item = SocketAddr>,
    mut attempt: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut refused = None;
    for address in addresses {
        match attempt(address) {
            Ok(it) => return Ok(it),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or_else(no_address))
}

/// The slice of addresses was empty, or a name has none.
pub(crate) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no address to try")
}
