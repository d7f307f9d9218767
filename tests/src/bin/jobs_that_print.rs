//! A program whose worker processes print, each into the program's own output. `process_output`
//! runs it, with what it is to do in the environment: workers are started without arguments.

use std::env;
use std::io::Write;

use mainspring::process::{ProcessPool, function, serve};

/// Lines of the longest length that is sure to stay whole, its end included.
const LENGTH: usize = 1024;

fn lines((job, count): (u32, u32)) {
    for line in 0..count {
        let head = format!("{job} {line} ");
        let letter = char::from(b'a' + (job % 26) as u8);
        let filling = letter.to_string().repeat(LENGTH - 1 - head.len());
        println!("{head}{filling}");
    }
}

/// What has no end of line is not kept back either.
fn chatter(job: u32) -> u32 {
    print!("<{job}");
    eprintln!("job {job} complains");
    print!(">");
    job
}

/// A mebibyte of what looks like no frame, into both outputs.
fn noise(_: ()) {
    let noise = vec![b'#'; 1 << 20];
    std::io::stdout().write_all(&noise).unwrap();
    std::io::stderr().write_all(&noise).unwrap();
}

fn main() {
    serve([function(lines), function(chatter), function(noise)]);
    let number = |name| env::var(name).map_or(0, |text| text.parse().unwrap());
    let what = env::var("PRINT").expect("what to print");
    mainspring::run(async move {
        let pool = ProcessPool::new(number("WORKERS")).unwrap();
        pool.warm_up().await.unwrap();
        match what.as_str() {
            "lines" => {
                let per_job = 10;
                let jobs: Vec<_> = (0..number("LINES") as u32 / per_job)
                    .map(|job| pool.submit(lines, (job, per_job)))
                    .collect();
                for job in jobs {
                    job.await.unwrap();
                }
            }
            "chatter" => {
                for job in 0..20 {
                    let answer = pool.submit(chatter, job).await.unwrap();
                    println!("[{answer}]");
                }
            }
            "noise" => pool.submit(noise, ()).await.unwrap(),
            what => panic!("there is no {what:?}"),
        }
        println!();
        println!("end");
    });
}
