//! `Command`: which program, with what, and where its streams go.

use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::os::unix::process::CommandExt;
use std::panic::Location;
use std::path::Path;
use std::process::{self, ExitStatus, Output, Stdio};

use crate::engine::context;
use crate::process::command::child::Child;
use crate::process::command::orphan;

/// A program to be started, and how: as std's `Command`, but that waiting for it and reading from
/// it lets the loop go on.
///
/// Unless told otherwise, the program has this process's arguments but its own, its environment,
/// directory and standard streams; [`output`](Command::output) reads the last two of these.
///
/// tokio: `process::Command`. asyncio: `create_subprocess_exec`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::process::Command;
///
/// let output = Command::new("echo").args(["tick", "tock"]).output().await?;
/// assert!(output.status.success());
/// assert_eq!(output.stdout, b"tick tock\n");
///
/// // As a shell's line.
/// let status = Command::new("sh").arg("-c").arg("exit 3").status().await?;
/// assert_eq!(status.code(), Some(3));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Command {
    std: process::Command,
    kill_on_drop: bool,
}

impl Command {
    /// The program of this name; without a slash in it, it is looked for in `PATH`.
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        process::Command::new(program).into()
    }

    /// The command as std sees it.
    pub fn as_std(&self) -> &process::Command {
        &self.std
    }

    /// The command as std sees it, to set what this has no method for.
    pub fn as_std_mut(&mut self) -> &mut process::Command {
        &mut self.std
    }

    /// The command as std's own. [`kill_on_drop`](Command::kill_on_drop) is lost.
    pub fn into_std(self) -> process::Command {
        self.std
    }

    /// One more argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.std.arg(arg);
        self
    }

    /// More arguments.
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Sets a variable of the program's environment.
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.env(key, val);
        self
    }

    /// Sets variables of the program's environment.
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(vars);
        self
    }

    /// Takes a variable out of the program's environment.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.std.env_remove(key);
        self
    }

    /// Starts it with an empty environment, but for what is set from here on.
    pub fn env_clear(&mut self) -> &mut Command {
        self.std.env_clear();
        self
    }

    /// The directory in which it starts.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.std.current_dir(dir);
        self
    }

    /// Its standard input: `Stdio::piped()` gives [`Child::stdin`].
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdin(cfg);
        self
    }

    /// Its standard output: `Stdio::piped()` gives [`Child::stdout`].
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdout(cfg);
        self
    }

    /// Its standard error: `Stdio::piped()` gives [`Child::stderr`].
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stderr(cfg);
        self
    }

    /// Whether the program is killed when its [`Child`] is dropped before it has ended. It goes on
    /// otherwise, as it does at first.
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Command {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// What [`kill_on_drop`](Command::kill_on_drop) was told last.
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// The user it runs as.
    pub fn uid(&mut self, id: u32) -> &mut Command {
        self.std.uid(id);
        self
    }

    /// The group it runs as.
    pub fn gid(&mut self, id: u32) -> &mut Command {
        self.std.gid(id);
        self
    }

    /// What it is told to be its own name, which is its first argument.
    pub fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.std.arg0(arg);
        self
    }

    /// The process group it joins; zero makes a new one, to which the terminal's Ctrl-C does not
    /// come.
    pub fn process_group(&mut self, pgroup: i32) -> &mut Command {
        self.std.process_group(pgroup);
        self
    }

    /// Starts the program.
    ///
    /// # Errors
    ///
    /// There is no such program, or what else the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.spawn_with(process::Command::spawn)
    }

    /// The same, with what std's command is to do for it.
    ///
    /// # Errors
    ///
    /// What `with` and the system answer.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_with(
        &mut self,
        with: impl FnOnce(&mut process::Command) -> io::Result<process::Child>,
    ) -> io::Result<Child> {
        // Before something is started that nobody could wait for.
        context::expect("`Command::spawn`");
        orphan::reap();
        Child::new(with(&mut self.std)?, self.kill_on_drop)
    }

    /// Starts the program, now, and waits for its end. Pipes to it are closed.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Command::spawn) and [`Child::wait`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the child is dropped, and how it ended is known to nobody.
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + Send + use<> {
        let child = self.spawn();
        let place = Location::caller();
        async move {
            let mut child = child?;
            // It would stop at a full one, or wait for the end of the other.
            drop((child.stdout.take(), child.stderr.take()));
            child.wait_at("Command::status", place).await
        }
    }

    /// Starts the program, now, reads all that it writes to its standard output and error, and
    /// waits for its end.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Command::spawn) and [`Child::wait_with_output`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: what was read so far is gone, and the child is dropped.
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + Send + use<> {
        self.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.spawn();
        let place = Location::caller();
        async move { child?.output_at("Command::output", place).await }
    }
}

impl From<process::Command> for Command {
    fn from(std: process::Command) -> Command {
        Command {
            std,
            kill_on_drop: false,
        }
    }
}
