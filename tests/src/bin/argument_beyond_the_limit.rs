//! A program that submits what is too large to be sent, and looks at its own memory meanwhile.
//! `process_output` runs it.

use std::fs;

use mainspring::process::{ProcessPool, function, serve};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

const MIB: usize = 1 << 20;

/// So many times the same mebibyte.
#[derive(Deserialize)]
struct Large {
    times: usize,
}

impl Serialize for Large {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = "x".repeat(MIB);
        let mut all = to.serialize_seq(Some(self.times))?;
        for _ in 0..self.times {
            all.serialize_element(&text)?;
        }
        all.end()
    }
}

fn take(_: Large) {}

fn hang(_: String) {
    loop {
        std::thread::park();
    }
}

/// What this process has in memory, or had at its height, in bytes.
fn memory(what: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<usize>().unwrap() * 1024
}

fn main() {
    serve([function(take), function(hang)]);
    mainspring::run(async {
        let pool = ProcessPool::new(1).unwrap();
        let before = memory("VmHWM:");
        let error = pool.submit(take, Large { times: 1024 }).await.unwrap_err();
        println!("{error}");
        println!("grown by {} MiB", (memory("VmHWM:") - before) / MIB);

        // What waits in the line gives its argument back as soon as it is given up.
        let large = || "x".repeat(64 * MIB);
        let _running = pool.submit(hang, String::new());
        let _first = pool.submit(hang, large());
        let middle = pool.submit(hang, large());
        let _last = pool.submit(hang, large());
        let before = memory("VmRSS:");
        middle.abort();
        let freed = before.saturating_sub(memory("VmRSS:"));
        println!("freed {} MiB", freed / MIB);
    });
}
