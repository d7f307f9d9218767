//! From an `async fn` to a plain one that runs it.
//!
//! ```text
//! #[main(start_paused = true)]         fn main() -> R {
//! async fn main() -> R {                  let body = async { ... };
//!     ...                     ->          ::mainspring::__private::Entry::new()
//! }                                           .start_paused(true)
//!                                             .main(body)
//!                                     }
//! ```
//!
//! With `serve = [fib]` its first statement, before there is a runtime, is
//! `::mainspring::process::serve([::mainspring::process::function(fib)]);`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    AttrStyle, Attribute, Error, Path, Result, ReturnType, Signature, Type, Visibility, token,
};

use crate::arguments::Arguments;
use crate::manifest;

/// Which of the two attributes is being expanded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

/// What stands in place of `item`, the thing that the attribute was written on.
///
/// A mistake becomes a compile error at its place, beside code that gives the compiler no reason
/// for a second complaint.
pub(crate) fn expand(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => function,
        // Left as it is, so that an editor can still complete a half-written body.
        Err(error) => return with_error(&error, item),
    };
    if let Err(error) = function.check(kind) {
        return with_error(&error, function.emptied());
    }
    match syn::parse2::<Arguments>(arguments) {
        Ok(arguments) => function.expand(kind, &arguments),
        Err(error) => with_error(&error, function.expand(kind, &Arguments::default())),
    }
}

fn with_error(error: &Error, rest: TokenStream) -> TokenStream {
    let error = error.to_compile_error();
    quote!(#error #rest)
}

/// A function whose body was not looked into.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    is_async: bool,
    // Without its `async`.
    signature: Signature,
    braces: token::Brace,
    body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let mut signature: Signature = input.parse()?;
        let is_async = signature.asyncness.take().is_some();
        let inside;
        let braces = syn::braced!(inside in input);
        // `#![allow(...)]` at the top of the body may not stand inside an `async` block.
        for mut attribute in inside.call(Attribute::parse_inner)? {
            attribute.style = AttrStyle::Outer;
            attributes.push(attribute);
        }
        let body = inside.parse()?;
        Ok(Function {
            attributes,
            visibility,
            is_async,
            signature,
            braces,
            body,
        })
    }
}

impl Function {
    fn check(&self, kind: Kind) -> Result<()> {
        let signature = &self.signature;
        if !self.is_async {
            let message = "the function must be async: write `async fn`";
            return Err(Error::new(signature.fn_token.span, message));
        }
        let called_by_nobody = kind == Kind::Test || signature.ident == "main";
        if called_by_nobody && !signature.inputs.is_empty() {
            let message = match kind {
                Kind::Main => "`main` takes no parameters: nobody could pass them",
                Kind::Test => "a test takes no parameters: nobody could pass them",
            };
            return Err(Error::new_spanned(&signature.inputs, message));
        }
        if kind == Kind::Test
            && let Some(second) = self.attributes.iter().find(|attribute| is_test(attribute))
        {
            let message = "this would make it a test twice: remove one of the two attributes";
            return Err(Error::new_spanned(second, message));
        }
        Ok(())
    }

    fn expand(&self, kind: Kind, arguments: &Arguments) -> TokenStream {
        let Function {
            attributes,
            visibility,
            signature,
            ..
        } = self;
        // The path is written out: `use mainspring::test` hides the one in the prelude.
        let test = (kind == Kind::Test).then(|| quote!(#[::core::prelude::v1::test]));
        let return_type = self.return_type();
        let statements = &self.body;
        let mut block = TokenStream::new();
        self.braces.surround(&mut block, |inside| {
            inside.extend(quote!(#return_type #statements));
        });

        let path = crate_path(arguments);
        let serve = serve(&path, arguments);
        let entry = entry(&path, kind, arguments);
        let body = Ident::new("body", Span::mixed_site());
        quote! {
            #(#attributes)*
            #test
            #visibility #signature {
                #serve
                let #body = async #block;
                #entry(#body)
            }
        }
    }

    /// A statement that is never run and tells the compiler the type of the `async` block.
    ///
    /// With it, a wrong type is reported at the user's own line, and values are coerced as in the
    /// `async fn` that was written (`Box<E>` to `Box<dyn Error>`). Two types cannot be named in a
    /// `let`; there the compiler has to find out by itself.
    fn return_type(&self) -> Option<TokenStream> {
        let (output, place) = match &self.signature.output {
            ReturnType::Default => (quote!(()), self.signature.ident.span()),
            ReturnType::Type(_, output) => (output.to_token_stream(), output.span()),
        };
        if is_never(&self.signature.output) || mentions_impl(output.clone()) {
            return None;
        }
        // A message shows the user's line, while the lints see that a macro wrote this.
        let place = Span::mixed_site().located_at(place);
        Some(quote_spanned! {place=>
            if let ::core::option::Option::Some(output) = ::core::option::Option::<#output>::None {
                return output;
            }
        })
    }

    /// The function without parameters and body: what is left beside an error.
    fn emptied(self) -> TokenStream {
        let Function {
            attributes,
            visibility,
            mut signature,
            ..
        } = self;
        signature.inputs.clear();
        quote!(#(#attributes)* #visibility #signature { loop {} })
    }
}

/// Where mainspring is found.
fn crate_path(arguments: &Arguments) -> TokenStream {
    match &arguments.crate_path {
        Some(path) => path.to_token_stream(),
        None => {
            let name = Ident::new(&manifest::crate_name(), Span::call_site());
            quote!(::#name)
        }
    }
}

/// The statement with which a worker process goes its own way.
fn serve(path: &TokenStream, arguments: &Arguments) -> Option<TokenStream> {
    let list = arguments.serve.as_ref()?;
    let functions = list.elems.iter().map(|function| {
        // A function that cannot be one is reported at its place in the list.
        let (path, place) = placed(path, function.span());
        quote_spanned!(place=> #path::process::function(#function))
    });
    let (path, place) = placed(path, list.span());
    Some(quote_spanned!(place=> #path::process::serve([#(#functions),*]);))
}

/// `path`, and what is written beside it, as if they stood where the user's `place` is.
fn placed(path: &TokenStream, place: Span) -> (TokenStream, Span) {
    let path = path.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    (path.collect(), Span::mixed_site().located_at(place))
}

/// The call that runs the body, up to its opening parenthesis.
fn entry(path: &TokenStream, kind: Kind, arguments: &Arguments) -> TokenStream {
    let several = arguments
        .several_threads
        .then(|| quote!(.several_threads()));
    let start_paused = arguments.start_paused.then(|| quote!(.start_paused(true)));
    // tokio lets a test pass although a task of it panicked, and leaves Ctrl-C alone; programs under
    // its name count on both.
    let path_text = path.to_string();
    let is_tokio = path_text.split("::").last().map(str::trim) == Some("tokio");
    let ignore = (kind == Kind::Test && (arguments.ignore_unhandled || is_tokio))
        .then(|| quote!(.ignore_unhandled()));
    let leave = (kind == Kind::Main && is_tokio).then(|| quote!(.leave_ctrl_c()));
    let run = match kind {
        Kind::Main => quote!(.main),
        Kind::Test => quote!(.test),
    };
    let name = arguments.name.as_ref().map(|name| quote!(.name(#name)));
    quote!(#path::__private::Entry::new() #name #several #start_paused #ignore #leave #run)
}

/// `#[test]`, by whichever of its names.
fn is_test(attribute: &Attribute) -> bool {
    let path: &Path = attribute.path();
    let segments: Vec<String> = path
        .segments
        .iter()
        .map(|part| part.ident.to_string())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    matches!(
        segments[..],
        ["test"] | ["core" | "std", "prelude", _, "test"]
    )
}

fn is_never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, output) if matches!(**output, Type::Never(_)))
}

fn mentions_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => ident == "impl",
        proc_macro2::TokenTree::Group(group) => mentions_impl(group.stream()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(kind: Kind, arguments: &str, item: &str) -> String {
        let arguments = arguments.parse().expect("arguments are tokens");
        let item = item.parse().expect("an item is tokens");
        expand(kind, arguments, item).to_string()
    }

    fn without_spaces(tokens: &str) -> String {
        tokens.split_whitespace().collect()
    }

    #[test]
    fn the_whole_expansion_of_a_test() {
        let found = expanded(
            Kind::Test,
            "start_paused = true, crate = \"spring\"",
            "#[ignore] pub async fn it_holds() -> Result<(), Error> { #![allow(dead_code)] step().await }",
        );
        let wanted = "
            #[ignore]
            #[allow(dead_code)]
            #[::core::prelude::v1::test]
            pub fn it_holds() -> Result<(), Error> {
                let body = async {
                    if let ::core::option::Option::Some(output)
                        = ::core::option::Option::<Result<(), Error>>::None
                    {
                        return output;
                    }
                    step().await
                };
                spring::__private::Entry::new().start_paused(true).test(body)
            }";
        assert_eq!(without_spaces(&found), without_spaces(wanted));
    }

    #[test]
    fn the_path_begins_with_two_colons_unless_it_is_given() {
        let found = without_spaces(&expanded(Kind::Main, "", "async fn main() {}"));
        // The manifest of this package does not mention mainspring: see `manifest`.
        let wanted = "::tokio::__private::Entry::new().leave_ctrl_c().main(body)";
        assert!(found.contains(wanted), "{found}");
    }

    #[test]
    fn a_program_of_tokios_keeps_what_it_counts_on() {
        for (arguments, ignores, is_tokio) in [
            ("crate = \"mainspring\"", false, false),
            (
                "crate = \"mainspring\", unhandled_panic = \"ignore\"",
                true,
                false,
            ),
            ("crate = \"tokio\"", true, true),
            ("crate = \"my_tokio\"", false, false),
            ("", true, true), // The manifest of this package does not mention mainspring.
        ] {
            let found = expanded(Kind::Test, arguments, "async fn check() {}");
            assert_eq!(found.contains("ignore_unhandled"), ignores, "{arguments}");
            let found = expanded(Kind::Main, arguments, "async fn main() {}");
            assert!(!found.contains("ignore_unhandled"), "{found}");
            assert_eq!(found.contains("leave_ctrl_c"), is_tokio, "{arguments}");
        }
    }

    #[test]
    fn functions_are_served_before_anything_else() {
        for kind in [Kind::Main, Kind::Test] {
            let arguments = "serve = [fib, |n: u32| n + 1,], crate = \"spring\"";
            let found = without_spaces(&expanded(kind, arguments, "async fn main() {}"));
            let wanted = "fnmain(){\
                spring::process::serve([\
                    spring::process::function(fib),\
                    spring::process::function(|n:u32|n+1)\
                ]);\
                letbody=async";
            assert!(found.contains(wanted), "{found}");
        }
        let found = without_spaces(&expanded(Kind::Main, "serve = []", "async fn main() {}"));
        let wanted = "fnmain(){::tokio::process::serve([]);let";
        assert!(found.contains(wanted), "{found}");
    }

    #[test]
    fn a_mistake_in_the_arguments_is_the_only_error() {
        let found = expanded(Kind::Main, "flavour = 1", "async fn main() { go().await }");
        assert_eq!(found.matches("compile_error").count(), 1);
        assert!(found.contains("go ()"), "{found}");
        assert!(!found.contains("async fn"), "{found}");
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        for (kind, item, message) in [
            (Kind::Main, "fn main() {}", "must be async"),
            (
                Kind::Main,
                "async fn main(n: u32) {}",
                "`main` takes no parameters",
            ),
            (
                Kind::Test,
                "async fn check(n: u32) {}",
                "a test takes no parameters",
            ),
            (Kind::Test, "#[test] async fn check() {}", "a test twice"),
            (Kind::Main, "struct Main;", "expected `fn`"),
        ] {
            let found = expanded(kind, "", item);
            assert!(
                found.contains("compile_error") && found.contains(message),
                "{found}"
            );
        }
    }

    #[test]
    fn a_function_that_is_called_may_have_parameters() {
        let found = expanded(Kind::Main, "", "async fn run(&self, n: u32) -> u32 { n }");
        assert!(!found.contains("compile_error"), "{found}");
    }

    #[test]
    fn who_asks_for_several_threads_is_told_at_run_time() {
        for (arguments, told) in [
            ("", false),
            ("flavor = \"current_thread\"", false),
            ("flavor = \"multi_thread\"", true),
            ("worker_threads = 2", true),
        ] {
            let found = expanded(Kind::Main, arguments, "async fn main() {}");
            assert_eq!(found.contains("several_threads"), told, "{arguments}");
        }
    }
}
