//! What may stand between the parentheses of `#[main(…)]` and `#[test(…)]`.
//!
//! tokio's arguments are all understood, so that a program keeps its source when it changes the
//! runtime; of these only `start_paused`, `unhandled_panic` and `crate` change anything here. `serve`
//! is our own.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, ExprArray, Ident, Lit, LitInt, Path, Result, Token, token};

/// The arguments that change what is built.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) start_paused: bool,
    /// Several threads are asked for, in so many words.
    pub(crate) several_threads: bool,
    /// The runtime's name.
    pub(crate) name: Option<String>,
    pub(crate) crate_path: Option<Path>,
    /// A panic that nobody reads does not fail a test.
    pub(crate) ignore_unhandled: bool,
    /// The functions that worker processes can be asked for.
    pub(crate) serve: Option<ExprArray>,
}

/// Every argument, and what it takes.
const TAKES: [(&str, &str); 7] = [
    ("start_paused", "`true` or `false`"),
    ("crate", "a path in quotes, as in `crate = \"tokio\"`"),
    (
        "serve",
        "a list of functions in brackets, as in `serve = [fib, print_num]`",
    ),
    (
        "flavor",
        "\"current_thread\", \"multi_thread\" or \"local\"",
    ),
    ("worker_threads", "a number of at least 1"),
    (
        "unhandled_panic",
        "\"ignore\": a panic ends its task and goes to whoever awaits it; if nobody does, a test \
         passes all the same",
    ),
    ("name", "a string that is not blank"),
];

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Arguments::default();
        let mut seen: Vec<Ident> = Vec::new();
        let mut flavor = None;

        while !input.is_empty() {
            // Not `Ident::parse`: `crate` is a keyword, and an argument.
            let name = input.call(Ident::parse_any)?;
            let takes = takes(&name)?;
            if seen.contains(&name) {
                return Err(Error::new(name.span(), format!("`{name}` is given twice")));
            }
            let takes = format!("`{name}` takes {takes}");
            if !input.peek(Token![=]) {
                return Err(Error::new(name.span(), takes));
            }
            input.parse::<Token![=]>()?;
            let place = input.span();
            let wrong = |_| Error::new(place, &takes);

            if name == "serve" && input.peek(token::Bracket) {
                // What is wrong inside the brackets is told at its own place.
                arguments.serve = Some(input.parse()?);
            } else {
                let value: Lit = input.parse().map_err(wrong)?;
                match (name.to_string().as_str(), &value) {
                    ("start_paused", Lit::Bool(value)) => arguments.start_paused = value.value,
                    ("crate", Lit::Str(value)) => {
                        let path = value.parse_with(Path::parse_mod_style).map_err(wrong)?;
                        arguments.crate_path = Some(path);
                    }
                    ("flavor", Lit::Str(value)) => match value.value().as_str() {
                        known @ ("current_thread" | "multi_thread" | "local") => {
                            flavor = Some(known.to_owned());
                        }
                        _ => return Err(Error::new(place, takes)),
                    },
                    ("worker_threads", Lit::Int(value)) if is_positive(value) => {}
                    ("unhandled_panic", Lit::Str(value)) if value.value() == "ignore" => {
                        arguments.ignore_unhandled = true;
                    }
                    ("name", Lit::Str(value)) if !value.value().trim().is_empty() => {
                        arguments.name = Some(value.value());
                    }
                    _ => return Err(Error::new(place, takes)),
                }
            }

            seen.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }

        let has_workers = seen.iter().any(|name| *name == "worker_threads");
        arguments.several_threads = has_workers || flavor.as_deref() == Some("multi_thread");
        if let Some(flavor) = flavor.filter(|flavor| flavor != "multi_thread")
            && let Some(threads) = seen.iter().find(|name| *name == "worker_threads")
        {
            let message = format!(
                "flavor \"{flavor}\" has no worker threads: leave `worker_threads` out, or say \
                 `flavor = \"multi_thread\"`"
            );
            return Err(Error::new(threads.span(), message));
        }
        Ok(arguments)
    }
}

/// What the argument called `name` takes; an error if there is none.
fn takes(name: &Ident) -> Result<&'static str> {
    if let Some((_, takes)) = TAKES.iter().find(|(known, _)| name == known) {
        return Ok(takes);
    }
    let message = if name == "current_thread" || name == "multi_thread" || name == "local" {
        format!("write `flavor = \"{name}\"`")
    } else {
        let known: Vec<String> = TAKES
            .iter()
            .map(|(known, _)| format!("`{known}`"))
            .collect();
        format!(
            "there is no argument `{name}`; there are {}",
            known.join(", ")
        )
    };
    Err(Error::new(name.span(), message))
}

fn is_positive(number: &LitInt) -> bool {
    number
        .base10_parse::<usize>()
        .is_ok_and(|number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Arguments {
        syn::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn refused(text: &str) -> String {
        match syn::parse_str::<Arguments>(text) {
            Ok(_) => panic!("{text}: accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn nothing_need_be_said() {
        let arguments = parsed("");
        assert!(!arguments.start_paused);
        assert!(arguments.crate_path.is_none());
    }

    #[test]
    fn every_argument_is_understood_in_any_order_and_with_a_last_comma() {
        let arguments = parsed(
            "flavor = \"multi_thread\", worker_threads = 4, crate = \"::a::b\", \
             unhandled_panic = \"ignore\", name = \"main loop\", start_paused = true,",
        );
        assert!(arguments.start_paused && arguments.ignore_unhandled);
        let path = arguments.crate_path.expect("a path was given");
        assert!(path.leading_colon.is_some());
        assert_eq!(path.segments.len(), 2);
    }

    #[test]
    fn a_list_of_functions_may_be_empty_and_hold_any_expression() {
        for (text, length) in [
            ("serve = []", 0),
            ("serve = [fib]", 1),
            (
                "serve = [fib, jobs::print_num::<u32>, |n: u32| n + 1, made(2),], name = \"x\"",
                4,
            ),
        ] {
            let list = parsed(text).serve.expect("a list was given");
            assert_eq!(list.elems.len(), length, "{text}");
        }
        assert!(parsed("").serve.is_none());
    }

    #[test]
    fn what_is_no_list_of_functions_is_told_how_to_write_one() {
        for text in [
            "serve",
            "serve = fib",
            "serve = \"fib\"",
            "serve = (fib, add)",
            "serve =",
        ] {
            let message = refused(text);
            assert!(message.contains("in brackets"), "{text}: {message}");
        }
        // The mistake itself, not the general rule.
        assert!(refused("serve = [fib print_num]").contains("expected `,`"));
        assert!(refused("start_paused = [true]").contains("`true` or `false`"));
    }

    #[test]
    fn every_flavor_of_tokio_is_accepted() {
        for flavor in ["current_thread", "multi_thread", "local"] {
            parsed(&format!("flavor = \"{flavor}\""));
        }
    }

    #[test]
    fn an_unknown_argument_is_answered_with_the_known_ones() {
        let message = refused("threads = 4");
        assert!(message.contains("no argument `threads`"), "{message}");
        assert!(message.contains("`start_paused`"), "{message}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_the_right_one() {
        assert_eq!(
            refused("start_paused = 1"),
            "`start_paused` takes `true` or `false`"
        );
        assert_eq!(
            refused("start_paused"),
            "`start_paused` takes `true` or `false`"
        );
        assert_eq!(
            refused("start_paused = yes"),
            "`start_paused` takes `true` or `false`"
        );
        assert!(refused("flavor = \"basic\"").contains("\"current_thread\""));
        assert!(refused("worker_threads = 0").contains("at least 1"));
        assert!(refused("worker_threads = \"4\"").contains("at least 1"));
        assert!(refused("name = \" \"").contains("not blank"));
        assert!(refused("name = main").contains("a string"));
        assert!(refused("crate = \"a b\"").contains("a path in quotes"));
        assert!(refused("unhandled_panic = \"shutdown_runtime\"").contains("\"ignore\""));
    }

    #[test]
    fn an_argument_given_twice_is_refused() {
        assert_eq!(
            refused("start_paused = true, start_paused = true"),
            "`start_paused` is given twice"
        );
    }

    #[test]
    fn worker_threads_need_a_flavor_that_has_them() {
        parsed("worker_threads = 2");
        for flavor in ["current_thread", "local"] {
            let message = refused(&format!("worker_threads = 2, flavor = \"{flavor}\""));
            assert!(message.contains("no worker threads"), "{message}");
        }
    }

    #[test]
    fn a_flavor_without_its_name_is_told_how_to_write_it() {
        assert_eq!(refused("multi_thread"), "write `flavor = \"multi_thread\"`");
    }
}
