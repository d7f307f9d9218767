//! A frozen handle: `Runtime::block_on` is for outside, and its future needs no `'static`; a task
//! does.

use tokio::runtime::Runtime;

fn main() -> std::io::Result<()> {
    let runtime = Runtime::new()?;
    let name = String::from("Ada");
    runtime.block_on(async { println!("hello, {name}") });
    runtime.spawn(async { println!("hello, {name}") });
    Ok(())
}
