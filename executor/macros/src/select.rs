//! `select!`: the branches, and the block of code that they become.
//!
//! ```text
//!                                    {
//!                                      enum Selected<T0, T1> { Branch0(T0), Branch1(T1), Nothing }
//!                                      let selected = {
//!                                        let mut off = 0;
//! select! {                              if !(more) { off |= 1 << 1 }
//!   Some(job) = jobs.recv() => do(job),  let (future0, future1) = (jobs.recv(), sleep(tick));
//!   _ = sleep(tick), if more => stop(),  let ... = pin!(into_future(...));
//!   else => idle(),                 ->   select(|cx| poll those that are not off, from the first
//! }                                        drawn on; off goes whose value its pattern refuses)
//!                                          .await
//!                                      };
//!                                      match selected {
//!                                        Selected::Branch0(Some(job)) => do(job),
//!                                        Selected::Branch1(_) => stop(),
//!                                        Selected::Nothing => idle(),
//!                                      }
//!                                    }
//! ```
//!
//! The futures are gone when a handler runs, so it may use what they borrowed; and it runs outside
//! of any closure, so it may `return`, `break` and `?`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Pat, Result, Token, token};

/// Which of them are off is one bit each of a `u64`.
const BRANCHES_AT_MOST: usize = 64;

/// What stands in place of the call of the macro.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match syn::parse2::<Select>(input) {
        Ok(select) => select.expand(),
        Err(error) => error.to_compile_error(),
    }
}

struct Select {
    /// The crate that the macro comes from: `$crate`, which only `macro_rules` can write.
    home: TokenTree,
    is_biased: bool,
    branches: Vec<Branch>,
    otherwise: Option<TokenStream>,
}

struct Branch {
    pattern: Pat,
    future: Expr,
    condition: Option<Expr>,
    handler: TokenStream,
}

mod keyword {
    syn::custom_keyword!(biased);
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let home = input.parse()?;
        let is_biased = input.peek(keyword::biased) && input.peek2(Token![;]);
        if is_biased {
            input.parse::<keyword::biased>()?;
            input.parse::<Token![;]>()?;
        }
        let mut branches = Vec::new();
        let mut otherwise = None;
        while !input.is_empty() {
            if input.peek(Token![else]) {
                input.parse::<Token![else]>()?;
                otherwise = Some(handler(input)?);
                if !input.is_empty() {
                    return Err(input.error("`else` is the last branch: nothing comes after it"));
                }
            } else {
                if branches.len() == BRANCHES_AT_MOST {
                    let message = format!("`select!` takes {BRANCHES_AT_MOST} branches at most");
                    return Err(input.error(message));
                }
                branches.push(input.parse()?);
            }
        }
        if branches.is_empty() && otherwise.is_none() {
            let message = "`select!` needs a branch: `pattern = future => handler`";
            return Err(Error::new(Span::call_site(), message));
        }
        Ok(Select {
            home,
            is_biased,
            branches,
            otherwise,
        })
    }
}

impl Parse for Branch {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        if input.peek(Token![=>]) {
            return Err(
                input.error("expected `= future`: a branch is `pattern = future => handler`")
            );
        }
        input.parse::<Token![=]>()?;
        let future = input.parse()?;
        let condition = match input.peek(Token![,]) {
            true => {
                input.parse::<Token![,]>()?;
                input.parse::<Token![if]>()?;
                Some(input.parse()?)
            }
            false => None,
        };
        Ok(Branch {
            pattern,
            future,
            condition,
            handler: handler(input)?,
        })
    }
}

/// `=> { ... }`, or `=> expression,`, whose comma may be missing at the end.
fn handler(input: ParseStream<'_>) -> Result<TokenStream> {
    input.parse::<Token![=>]>()?;
    if input.peek(token::Brace) {
        let block: TokenTree = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        return Ok(block.into());
    }
    let expression: Expr = input.parse()?;
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(expression.into_token_stream())
}

impl Select {
    fn expand(self) -> TokenStream {
        let Select {
            home,
            is_biased,
            branches,
            otherwise,
        } = self;
        if branches.is_empty() {
            return quote!(#otherwise);
        }
        let otherwise =
            otherwise.unwrap_or_else(|| quote!(#home::__private::select_has_nothing_left()));

        let count = branches.len();
        let numbers: Vec<u32> = (0..).take(count).collect();
        let name =
            |word: &str, number: &u32| Ident::new(&format!("{word}{number}"), Span::mixed_site());
        let outputs: Vec<Ident> = numbers.iter().map(|number| name("T", number)).collect();
        let futures: Vec<Ident> = numbers
            .iter()
            .map(|number| name("future", number))
            .collect();
        let variants: Vec<Ident> = numbers.iter().map(|n| format_ident!("Branch{n}")).collect();
        // An item's name can be seen by what the user writes: one that he will not write.
        let selected = Ident::new("__MainspringSelected", Span::mixed_site());
        let started: Vec<&Expr> = branches.iter().map(|branch| &branch.future).collect();

        let switches = numbers
            .iter()
            .zip(&branches)
            .filter_map(|(number, branch)| {
                let condition = branch.condition.as_ref()?;
                // By a `let`, so that a wrong type is reported at its place.
                Some(quote! {
                    let is_on: bool = #condition;
                    if !is_on {
                        off |= 1 << #number;
                    }
                })
            });
        // The last is pinned first, so that they are dropped in the order written.
        let last_first = futures.iter().rev();
        // ANCHOR: poll
        let polls = branches.iter().zip(&numbers).map(|(branch, number)| {
            let pattern = &branch.pattern;
            let future = &futures[*number as usize];
            let variant = &variants[*number as usize];
            // A guard sees the bindings and moves nothing: so it is known whether the pattern fits
            // before the value is given away.
            let next = (number + 1) % numbers.len() as u32;
            quote! {
                if number == #number {
                    number = #next;
                    'branch: {
                        if off & (1 << #number) != 0 {
                            break 'branch;
                        }
                        let mut output = match ::core::future::Future::poll(#future.as_mut(), cx) {
                            ::core::task::Poll::Ready(output) => output,
                            ::core::task::Poll::Pending => {
                                #home::__private::branch_waits();
                                waits = true;
                                break 'branch;
                            }
                        };
                        off |= 1 << #number;
                        let mut fits = false;
                        #[allow(unused, clippy::all)]
                        match output {
                            #pattern if { fits = true; false } => ::core::unreachable!(),
                            _ => {}
                        }
                        if fits {
                            return ::core::task::Poll::Ready(#selected::#variant(output));
                        }
                    }
                    if number == first {
                        break;
                    }
                }
            }
        });
        // ANCHOR_END: poll
        let arms = branches.iter().zip(&variants).map(|(branch, variant)| {
            let Branch {
                pattern, handler, ..
            } = branch;
            quote!(#selected::#variant(#pattern) => #handler,)
        });
        let count = numbers.len() as u32;
        let first = match is_biased {
            true => quote!(0),
            false => quote!(#home::__private::first_branch(#count)),
        };

        quote! {{
            enum #selected<#(#outputs),*> {
                #(#variants(#outputs),)*
                Nothing,
            }
            let mut selected = {
                let mut off: u64 = 0;
                #(#switches)*
                let (#(#futures,)*) = (#(#started,)*);
                let (#(#futures,)*) = (#(::core::future::IntoFuture::into_future(#futures),)*);
                #(let mut #last_first = ::core::pin::pin!(#last_first);)*
                #home::__private::select(move |cx| {
                    let first: u32 = #first;
                    let mut number = first;
                    let mut waits = false;
                    // Once around: they stand there in order, and who is first may be any.
                    loop {
                        // An output may be of a type that has no values.
                        #[allow(unreachable_code)]
                        {
                            #(#polls)*
                        }
                    }
                    match waits {
                        true => ::core::task::Poll::Pending,
                        false => ::core::task::Poll::Ready(#selected::Nothing),
                    }
                }).await
            };
            match selected {
                #(#arms)*
                #selected::Nothing => #otherwise,
                _ => ::core::unreachable!(),
            }
        }}
    }
}
