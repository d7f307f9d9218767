//! `#[main]` and `#[test]` leave a function what it was: its type, its attributes, its coercions.

use std::error::Error;
use std::fmt::Display;

use mainspring::task::yield_now;

#[mainspring::main]
async fn sum(mut numbers: Vec<u32>, (first, second): (u32, u32)) -> u32 {
    numbers.extend([first, second]);
    yield_now().await;
    numbers.iter().sum()
}

#[mainspring::main(flavor = "multi_thread", worker_threads = 2)]
async fn first<'a, T>(items: &'a [T], _other: &str) -> &'a T {
    yield_now().await;
    &items[0]
}

#[mainspring::main]
async fn boxed(fails: bool) -> Result<(), Box<dyn Error>> {
    if fails {
        // Coerced from `Box<Error>`, as in any `async fn`.
        return Err(Box::new(std::fmt::Error));
    }
    Ok(())
}

#[mainspring::main]
async fn shown(number: u32) -> impl Display {
    number + 1
}

#[mainspring::main]
async fn never() -> ! {
    panic!("on purpose")
}

struct Counter(u32);

impl Counter {
    #[mainspring::main]
    async fn count(&mut self) -> u32 {
        self.0 += 1;
        yield_now().await;
        self.0
    }
}

#[test]
fn a_function_keeps_its_parameters_and_its_output() {
    assert_eq!(sum(vec![1], (2, 3)), 6);
    assert_eq!(*first(&[1, 2], ""), 1);
    assert!(boxed(true).is_err());
    assert!(boxed(false).is_ok());
    assert_eq!(shown(1).to_string(), "2");
    assert_eq!(Counter(1).count(), 2);
}

#[test]
#[should_panic(expected = "on purpose")]
fn a_function_that_never_returns_may_panic() {
    never();
}

#[mainspring::test]
async fn a_test_may_return_a_result() -> Result<(), Box<dyn Error>> {
    let number: u32 = "4".parse()?;
    assert_eq!(number, 4);
    Ok(())
}

#[mainspring::test]
#[should_panic(expected = "on purpose")]
async fn a_test_keeps_its_attributes() {
    yield_now().await;
    panic!("on purpose");
}

#[mainspring::test(start_paused = true)]
async fn a_test_may_return_early() {
    if std::future::ready(true).await {
        return;
    }
    unreachable!();
}

#[mainspring::test(name = "a loop", flavor = "local")]
async fn a_runtime_has_the_name_it_was_given() {
    let handle = mainspring::runtime::Handle::current();
    assert_eq!(handle.name(), Some("a loop"));
}

mod under_another_test {
    // Hides the `#[test]` of the prelude.
    use mainspring::test;

    #[test]
    async fn the_attribute_may_hide_the_one_it_expands_to() {
        mainspring::task::yield_now().await;
    }
}

mod in_macros {
    macro_rules! from_block {
        (async fn $name:ident() $body:block) => {
            #[mainspring::test]
            async fn $name() $body
        };
    }

    macro_rules! from_expression {
        ($name:ident, $body:expr, $output:ty) => {
            #[mainspring::test]
            async fn $name() -> $output {
                $body
            }
        };
    }

    from_block!(
        async fn a_body_may_come_from_a_macro() {
            mainspring::task::yield_now().await;
        }
    );
    from_expression!(so_may_an_expression, Ok(()), Result<(), std::fmt::Error>);
}
