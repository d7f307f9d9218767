//! Other programs, started, talked to and waited for.
//!
//! ```text
//!   Command (builder.rs) --spawn--> Child (child.rs) --stdin, stdout, stderr--> pipes (pipe.rs)
//!                                     |
//!                                     +-- the end of the process (running.rs)
//!                                     |
//!                                  dropped before --> an orphan (orphan.rs), which leaves no zombie
//! ```
//!
//! tokio: `process`. asyncio: `create_subprocess_exec` and `create_subprocess_shell`, which here is
//! `Command::new("sh").arg("-c")`.

mod running;
mod orphan;
mod pipe;
mod child;
mod builder;

pub use builder::Command;
pub use child::Child;
pub use pipe::{ChildStderr, ChildStdin, ChildStdout};
