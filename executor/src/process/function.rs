//! The functions that a worker can be asked for: the list that both sides have.
//!
//! A function is known by its type, which no other has, and travels as its place in the list.
//! Its name is for messages: two closures in one function share theirs.

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::process::value::{self, Unsendable};

/// A function that takes and gives what can travel: a `fn` item, or a closure that captures
/// nothing. Every such function is one; there is nothing to implement.
pub trait Remote<A, R>: Fn(A) -> R + Send + Sync + 'static {}

impl<F, A, R> Remote<A, R> for F where F: Fn(A) -> R + Send + Sync + 'static {}

/// A function that a worker process can be asked for: see [`function`].
pub struct Function {
    name: &'static str,
    id: TypeId,
    call: Box<dyn Call>,
}

/// Reads the argument, calls, and appends what came of it; a panic passes through.
type CallResult = Result<(), Fault>;

trait Call: Fn(&[u8], &mut Vec<u8>, usize) -> CallResult + Send + Sync {}

impl<C> Call for C where C: Fn(&[u8], &mut Vec<u8>, usize) -> CallResult + Send + Sync {}

/// Why a call has no result, other than a panic.
#[derive(Debug)]
pub(crate) enum Fault {
    Argument(String),
    Result(String),
    TooLarge,
}

/// Makes a function known to worker processes, as one of the list that
/// [`serve`](crate::process::serve) takes.
///
/// Its argument and its result travel by serde, and are values of their own: a `String`, no `&str`.
/// A function of several arguments takes a tuple, one of none takes `()`. An error that it returns
/// has to travel, too, which `io::Error` cannot; its words can. It is no `async fn`, but may
/// [`run`](crate::run) a loop of its own. Of a generic function each instance is listed:
/// `function(show::<u32>)`.
///
/// The format is postcard's, which keeps neither types nor the names of fields. What needs them
/// does not travel: `#[serde(untagged)]`, `tag` and `flatten` are errors, and so, mostly, is a
/// field that `skip_serializing_if` left out.
///
/// asyncio: any function of a module, found by its name.
///
/// A closure that captures something is refused when the program is compiled, for what it
/// captured would stay behind:
///
/// ```compile_fail
/// let factor = 3;
/// let triple = mainspring::process::function(move |n: u32| n * factor);
/// ```
///
/// So is a pointer to a function; give the function itself.
///
/// ```
/// use mainspring::process::function;
///
/// fn triple(n: u32) -> u32 {
///     3 * n
/// }
///
/// let list = [function(triple), function(|n: u32| n + 1)];
/// assert!(list[0].name().ends_with("triple"));
/// ```
pub fn function<F, A, R>(call: F) -> Function
where
    F: Remote<A, R>,
    A: DeserializeOwned,
    R: Serialize,
{
    const { assert_captures_nothing::<F>() };
    let call = move |argument: &[u8], result: &mut Vec<u8>, largest: usize| {
        let argument = value::read(argument).map_err(Fault::Argument)?;
        let returned = call(argument);
        value::append(result, &returned, largest).map_err(|error| match error {
            Unsendable::TooLarge => Fault::TooLarge,
            Unsendable::Refused(why) => Fault::Result(why),
        })
    };
    Function {
        name: type_name::<F>(),
        id: TypeId::of::<F>(),
        call: Box::new(call),
    }
}

/// What would be captured cannot travel; a function that captures nothing has no size.
pub(crate) const fn assert_captures_nothing<F>() {
    assert!(
        size_of::<F>() == 0,
        "a function for worker processes may not capture anything: pass what it needs as its \
         argument (and give the function itself, not a pointer to it)"
    );
}

impl Function {
    /// The function's path in the program.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Calls it with a serialised argument, and appends the serialised result.
    pub(crate) fn call(&self, argument: &[u8], result: &mut Vec<u8>, largest: usize) -> CallResult {
        (self.call)(argument, result, largest)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Function").field(&self.name).finish()
    }
}

/// The functions of this program, in the order in which `serve` got them.
pub(crate) struct List {
    functions: Vec<Function>,
    places: HashMap<TypeId, u64>,
}

static LIST: OnceLock<List> = OnceLock::new();

impl List {
    /// What `serve` was given; `None` if it was never called.
    pub(crate) fn get() -> Option<&'static List> {
        LIST.get()
    }

    /// Keeps the list for good.
    ///
    /// # Panics
    ///
    /// If another list was kept before.
    #[track_caller]
    pub(crate) fn keep(functions: Vec<Function>) -> &'static List {
        let ids: Vec<TypeId> = functions.iter().map(|function| function.id).collect();
        let names = names(&functions);
        let list = LIST.get_or_init(|| List::new(functions));
        let kept = list.functions.iter().map(|function| function.id);
        assert!(
            kept.eq(ids),
            "`serve` was called with two lists in one program: {:?} and {names:?}. A worker \
             process has one: write one function that returns the list, and serve that everywhere",
            list.names()
        );
        list
    }

    fn new(functions: Vec<Function>) -> Self {
        let mut places = HashMap::new();
        for (place, function) in (0..).zip(&functions) {
            places.entry(function.id).or_insert(place);
        }
        List { functions, places }
    }

    /// Where in the list a function stands.
    pub(crate) fn place_of<F: 'static>(&self) -> Option<u64> {
        self.places.get(&TypeId::of::<F>()).copied()
    }

    pub(crate) fn at(&self, place: u64) -> Option<&Function> {
        self.functions.get(usize::try_from(place).ok()?)
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        names(&self.functions)
    }
}

fn names(functions: &[Function]) -> Vec<&'static str> {
    functions.iter().map(Function::name).collect()
}
