//! How a call gets into a pool: by its place in the list, with its argument as bytes.

use std::panic::{Location, resume_unwind};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::context;
use crate::engine::shared::Shared;
use crate::pool::job::{Duty, Failed, Out, Pace, job};
use crate::pool::lane;
use crate::pool::simulated::Lanes;
use crate::process::crews::Crews;
use crate::process::driver;
use crate::process::error::ProcessError;
use crate::process::frame::{self, Kind};
use crate::process::function::{Fault, Function, List};
use crate::process::job::Order;
use crate::process::value::{self, Unsendable};
use crate::task::JoinHandle;

/// Where the function stands in the list.
///
/// # Panics
///
/// If it is not there.
#[track_caller]
pub(crate) fn listed<F: 'static>() -> (u64, &'static Function) {
    let name = std::any::type_name::<F>();
    let Some(list) = List::get() else {
        panic!("`{name}` was submitted to a process pool, and {NEVER_SERVED}");
    };
    let place = list.place_of::<F>();
    match place.and_then(|place| Some((place, list.at(place)?))) {
        Some(found) => found,
        None if name.ends_with("{{closure}}") => panic!(
            "`{name}` was submitted to a process pool, whose workers do not know it: each closure \
             in a program is one of its own, also if it reads like one in the list. Make it a \
             `fn`, and add that to the list in `serve([..])`, which has {:?}",
            list.names()
        ),
        None => panic!(
            "`{name}` was submitted to a process pool, whose workers do not know it: add \
             `function({name})` to the list in `serve([..])`, which has {:?}",
            list.names()
        ),
    }
}

pub(crate) const NEVER_SERVED: &str = "this program never called `serve`: write \
    `mainspring::process::serve([function(..)])` into the first line of `main`. A worker is this \
    program again, and would not know that it is one";

#[track_caller]
pub(crate) fn submit<A, R>(
    crews: &Crews,
    shared: &Arc<Shared>,
    function: u64,
    argument: &A,
) -> JoinHandle<R>
where
    A: Serialize,
    R: DeserializeOwned + Send + 'static,
{
    let out = Out::new(Some(context::remote_here(shared)));
    let (order, handle) = Order::new(out, Location::caller());
    let mut call = frame::open(Kind::Call, order.id(), function);
    let largest = crews.settings.launch.largest;
    match value::append(&mut call, argument, largest) {
        Ok(()) => {
            frame::seal(&mut call);
            let job = order.job(call);
            // A pool that has ended drops the job, which then says "cancelled".
            if let Some(crew) = crews.of(shared) {
                driver::submit(&crew, job);
            }
        }
        Err(why) => order.refuse(unsent(why, largest)),
    }
    handle
}

#[track_caller]
pub(crate) fn simulate<A, R>(
    lanes: &Arc<Lanes>,
    shared: &Arc<Shared>,
    function: &'static Function,
    argument: &A,
) -> JoinHandle<R>
where
    A: Serialize,
    R: DeserializeOwned + Send + 'static,
{
    let place = Location::caller();
    let mut bytes = Vec::new();
    let written = value::append(&mut bytes, argument, frame::LARGEST);
    let call = move || {
        let done = written
            .map_err(|why| unsent(why, frame::LARGEST))
            .and_then(|()| {
                let mut result = Vec::new();
                match function.call(&bytes, &mut result, frame::LARGEST) {
                    Ok(()) => value::read(&result).map_err(ProcessError::Result),
                    Err(Fault::Argument(why)) => Err(ProcessError::Argument(why)),
                    Err(Fault::Result(why)) => Err(ProcessError::Result(why)),
                    Err(Fault::TooLarge) => Err(ProcessError::ResultTooLarge {
                        largest: frame::LARGEST,
                    }),
                }
            });
        done.unwrap_or_else(|error| resume_unwind(Box::new(Failed(error.into()))))
    };
    let now = lane::now();
    let (job, handle) = job(
        call,
        Some(shared),
        place,
        Pace::Simulated,
        Duty::Optional,
        now,
    );
    lanes.submit(job, shared, place);
    handle
}

/// Why an argument cannot go its way.
pub(crate) fn unsent(why: Unsendable, largest: usize) -> ProcessError {
    match why {
        Unsendable::TooLarge => ProcessError::ArgumentTooLarge { largest },
        Unsendable::Refused(why) => ProcessError::Argument(why),
    }
}
