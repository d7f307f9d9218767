//! Files and folders, through the pool; and the standard streams.
//!
//! A file is always ready, says the operating system, and then the call blocks all the same while
//! the disk turns. So each call here is a job on a thread of the runtime's default pool, as
//! [`spawn_blocking`](crate::pool::spawn_blocking) makes one.
//!
//! | asyncio | tokio | here |
//! | --- | --- | --- |
//! | – (`aiofiles.open`) | `fs::File` | [`File`], [`OpenOptions`] |
//! | – (`aiofiles.os`) | `fs::rename`, … | [`rename`], … |
//! | `connect_read_pipe(sys.stdin)` | `io::stdin` | [`io::stdin`](crate::io::stdin) |
//!
//! *One call, one job*: [`read`] opens, reads and closes in a single one. Whoever does a lot of
//! small things with a file is better off doing all of them in one closure for `spawn_blocking`.
//!
//! # Cancel safety
//!
//! A call begins when its future is polled first. From then on it goes on to its end on its
//! thread, whether or not anybody still wants to know.

mod call;
mod contents;
mod links;
mod entries;
mod folders;
mod read_dir;

mod buffer;
mod transfer;
mod times;
mod file;
mod open_options;

pub(crate) mod stdin;
mod line;
pub(crate) mod output;

pub use crate::fs::call::Call;
pub use crate::fs::contents::{copy, read, read_to_string, write};
pub use crate::fs::entries::{
    metadata, remove_file, rename, set_permissions, symlink_metadata, try_exists,
};
pub use crate::fs::file::File;
pub use crate::fs::folders::{DirBuilder, create_dir, create_dir_all, remove_dir, remove_dir_all};
pub use crate::fs::links::{canonicalize, hard_link, read_link, symlink};
pub use crate::fs::open_options::OpenOptions;
pub use crate::fs::read_dir::{DirEntry, NextEntry, ReadDir, read_dir};
pub use crate::fs::times::FileTimes;
