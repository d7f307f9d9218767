//! What the compiler refuses, and in which words.
//!
//! The programs are compiled in earnest, against the mainspring that the calling test itself was
//! built with: some of what is refused passes `cargo check`. (`compile_fail` doctests do not look
//! at the words, and a snapshot of the whole message would be another one in each version of the
//! compiler.)

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Programs that begin with the same lines.
#[derive(Debug)]
pub struct Refusals {
    prologue: &'static str,
    sound: &'static str,
    rlib: OnceLock<PathBuf>,
}

impl Refusals {
    /// Each program begins with `prologue`, and with nothing but `sound` behind that, nothing is
    /// wrong with it.
    pub const fn new(prologue: &'static str, sound: &'static str) -> Self {
        Refusals {
            prologue,
            sound,
            rlib: OnceLock::new(),
        }
    }

    /// Checks that the compiler refuses a program, and that `wanted` is among its words.
    ///
    /// # Panics
    ///
    /// If it does not, or if it refuses what is sound.
    #[track_caller]
    pub fn refused(&self, program: &str, wanted: &str) {
        let rlib = self.rlib.get_or_init(|| self.find_rlib());
        let errors = self.compiled(rlib, program).expect_err("it compiles");
        assert!(errors.contains(wanted), "{program}\n\n{errors}");
    }

    /// The mainspring that this test was built with: of those that lie beside it, the newest that
    /// the compiler of today can use.
    fn find_rlib(&self) -> PathBuf {
        let folder = env::current_exe().expect("a test has a path");
        let folder = folder.parent().expect("it lies in a folder");
        let beside = fs::read_dir(folder).expect("the folder can be read");
        let mut found: Vec<_> = beside
            .map(|entry| entry.expect("the folder can be read"))
            .filter(|entry| {
                let name = entry.file_name().into_string().unwrap_or_default();
                name.starts_with("libmainspring-") && name.ends_with(".rlib")
            })
            .map(|entry| {
                let about = entry.metadata().expect("it is still there");
                (about.modified().expect("it has a time"), entry.path())
            })
            .collect();
        found.sort();
        let mut errors = String::new();
        for (_, path) in found.into_iter().rev() {
            match self.compiled(&path, self.sound) {
                Ok(()) => return path,
                Err(why) => errors = why,
            }
        }
        panic!("no mainspring in {folder:?} compiles a program that is sound\n{errors}");
    }

    /// Makes code of a program, and links nothing.
    ///
    /// # Errors
    ///
    /// What the compiler says.
    fn compiled(&self, rlib: &Path, program: &str) -> Result<(), String> {
        let mut linked = OsString::from("mainspring=");
        linked.push(rlib);
        let mut beside = OsString::from("dependency=");
        beside.push(rlib.parent().expect("it lies in a folder"));
        let mut compiler = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()))
            .args(["--edition=2024", "--crate-name=program", "--crate-type=bin"])
            .args(["--emit=obj", "--color=never"])
            .arg("-o-")
            .args(["--extern".into(), linked, "-L".into(), beside])
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a test is built where there is a compiler");
        let mut source = compiler.stdin.take().expect("it is piped");
        write!(source, "{}{program}", self.prologue).expect("the compiler reads");
        drop(source);
        let ended = compiler.wait_with_output().expect("the compiler ends");
        match ended.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&ended.stderr).into_owned()),
        }
    }
}
