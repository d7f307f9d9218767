//! Lists tokio's stable public items from rustdoc's JSON, each with Rust that compiles where it is.
//!
//! `tests/tokio_items.txt` is what this prints; its head says when and how to make it anew. Needs
//! a nightly rustdoc and tokio's source, so no test runs it.
//!
//! ```text
//! tokio_items path/to/tokio.json > tests/tokio_items.txt
//! ```

#![forbid(unsafe_code)]

mod crate_doc;
mod outside;
mod rust;
mod items;

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate_doc::CrateDoc;

/// What stands above the items.
const HEAD: &str = include_str!("head.txt");

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: tokio_items path/to/tokio.json > tests/tokio_items.txt");
        return ExitCode::FAILURE;
    };
    let text = std::fs::read_to_string(path).expect("the file can be read");
    let doc = serde_json::from_str(&text).expect("the file is rustdoc's JSON");
    let doc = CrateDoc::new(doc);
    let lines: BTreeMap<_, _> = items::all(&doc)
        .into_iter()
        .map(|item| (item.name.clone(), item))
        .collect();
    print!("{}", HEAD.replace("VERSION", doc.version()));
    for item in lines.values() {
        println!("{} {} | {}", item.kind, item.name, item.check);
    }
    ExitCode::SUCCESS
}
