//! A process to be. Mirrors the arguments of `create_subprocess_exec` and `create_subprocess_shell`.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::process::CommandExt;
use std::panic::Location;
use std::path::Path;
use std::pin::Pin;
use std::process;
use std::task::{Context, Poll};

use super::exit::{Exit, Watcher};
use super::process::{Process, Streaming};
use super::stdio::{Stdio, Streams};
use crate::get_running_loop;
use crate::os_error::explained;
use crate::task::service;

/// As for all streams.
const LIMIT: usize = 64 * 1024;

/// Whose trace it is: the child would write over ours.
const TRACE: &str = "ASYNCIO_TRACE";

/// A process to be, made by [`create_subprocess_exec`](crate::create_subprocess_exec) and
/// [`create_subprocess_shell`](crate::create_subprocess_shell); await it to start it. Its methods are Python's
/// keyword arguments.
///
/// For what is not here, such as another user, make one of a [`std::process::Command`]; what that says of
/// input and output doesn't count.
///
/// # Panics
///
/// When it is awaited outside a running event loop.
///
/// # Cancel safety
///
/// Starting a process takes no turn of the loop, so nothing can come in between.
///
/// ```
/// use asyncio::subprocess::Stdio;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let mut shell = asyncio::create_subprocess_shell("echo $FRUIT in $(pwd)")
///         .env("FRUIT", "pears")
///         .current_dir("/")
///         .stdout(Stdio::piped())
///         .await?;
///     assert_eq!(shell.communicate("").await?.0, b"pears in /\n");
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "it starts nothing: await it"]
pub struct Command {
    inner: process::Command,
    streams: Streams,
    kill_on_drop: bool,
    limit: usize,
    made_at: &'static Location<'static>,
}

impl Command {
    #[track_caller]
    pub(super) fn new(program: impl AsRef<OsStr>) -> Self {
        process::Command::new(program).into()
    }

    /// One more argument. Its text is not split and needs no quotes.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let ls = asyncio::create_subprocess_exec("ls", &[]).arg(std::env::temp_dir());
    /// assert_eq!(ls.stdout(asyncio::subprocess::Stdio::null()).await?.wait().await, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.inner.arg(arg);
        self
    }

    /// More arguments.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let numbers = (1..=3).map(|number| number.to_string());
    /// let echo = asyncio::create_subprocess_exec("echo", &[]).args(numbers);
    /// let mut echo = echo.stdout(asyncio::subprocess::Stdio::piped()).await?;
    /// assert_eq!(echo.communicate("").await?.0, b"1 2 3\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn args(mut self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        self.inner.args(args);
        self
    }

    /// Where it reads its input from; unless this is called, from where this program does. Python's `stdin`.
    ///
    /// ```
    /// use asyncio::subprocess::Stdio;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let file = std::fs::File::open("Cargo.toml")?;
    /// let head = asyncio::create_subprocess_exec("head", &["-n", "1"]);
    /// let mut head = head.stdin(file).stdout(Stdio::piped()).await?;
    /// assert_eq!(head.communicate("").await?.0, b"[package]\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.streams.stdin = stdin.into();
        self
    }

    /// Where it writes its output; unless this is called, to where this program does. Python's `stdout`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("log");
    /// let echo = asyncio::create_subprocess_exec("echo", &["pears"]);
    /// echo.stdout(std::fs::File::create(&path)?).await?.wait().await;
    /// assert_eq!(asyncio::fs::read(&path).await?, b"pears\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.streams.stdout = stdout.into();
        self
    }

    /// Where it writes its errors; unless this is called, to where this program does. Python's `stderr`.
    ///
    /// ```
    /// use asyncio::subprocess::Stdio;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("echo oh >&2").stderr(Stdio::piped());
    /// assert_eq!(shell.await?.communicate("").await?.1, b"oh\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.streams.stderr = stderr.into();
        self
    }

    /// Sets a variable of its environment, which is this program's otherwise, without `ASYNCIO_TRACE`: a
    /// second program would write over the trace. Python's `env`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("exit $STATUS").env("STATUS", "7");
    /// assert_eq!(shell.await?.wait().await, 7);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }

    /// Takes a variable away.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("test -z \"$HOME\"").env_remove("HOME");
    /// assert_eq!(shell.await?.wait().await, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.inner.env_remove(name);
        self
    }

    /// Takes all variables away, those that were set before as well. Python's `env={}`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("test -z \"$HOME\"").env_clear();
    /// assert_eq!(shell.await?.wait().await, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn env_clear(mut self) -> Self {
        self.inner.env_clear();
        self
    }

    /// The folder it starts in. Python's `cwd`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("test $(pwd) = /").current_dir("/");
    /// assert_eq!(shell.await?.wait().await, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.inner.current_dir(folder);
        self
    }

    /// Its process group; 0 makes one of its own, so that the terminal's Ctrl-C doesn't reach it.
    /// Python's `process_group`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("exit 8").process_group(0);
    /// assert_eq!(shell.await?.wait().await, 8);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn process_group(mut self, group: i32) -> Self {
        self.inner.process_group(group);
        self
    }

    /// Whether it is killed when its [`Process`] is dropped, and when the loop is closed; it is, unless this
    /// says no.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let sleep = asyncio::create_subprocess_exec("sleep", &["0.01"]).kill_on_drop(false);
    /// drop(sleep.await?); // sleeps on
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn kill_on_drop(mut self, kill_on_drop: bool) -> Self {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// How long a line may be for the readers of its output, 64 KiB unless this is called. Python's `limit`.
    ///
    /// ```
    /// use asyncio::subprocess::Stdio;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let echo = asyncio::create_subprocess_exec("echo", &["twelve pears"]).limit(5);
    /// let mut echo = echo.stdout(Stdio::piped()).await?;
    /// assert!(echo.stdout.as_mut().unwrap().read_line().await.is_err());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    fn start(self) -> io::Result<Process> {
        let what = self.to_string();
        self.try_start().map_err(|error| explained(format!("can't run {what}"), error))
    }

    fn try_start(mut self) -> io::Result<Process> {
        let event_loop =
            get_running_loop().unwrap_or_else(|error| panic!("asyncio::subprocess: {error}"));
        if self.inner.get_envs().all(|(name, _)| name != TRACE) {
            self.inner.env_remove(TRACE);
        }
        let mut command = async_process::Command::from(self.inner);
        let pipes = self.streams.connect(&mut command)?;
        let streaming = Streaming::new(pipes, self.limit, self.made_at)?;
        let child = command.spawn()?;
        // It has the other ends of the pipes.
        drop(command);
        let exit = Exit::new(&child, !self.kill_on_drop);
        let name = format!("process {}", exit.pid());
        let watch = Watcher::new(exit.clone(), child).watch();
        service::spawn(&event_loop.tasks, name, watch, self.made_at);
        Ok(Process::new(exit, streaming))
    }
}

impl From<process::Command> for Command {
    #[track_caller]
    fn from(command: process::Command) -> Self {
        Self {
            inner: command,
            streams: Streams::default(),
            kill_on_drop: true,
            limit: LIMIT,
            made_at: Location::caller(),
        }
    }
}

impl IntoFuture for Command {
    type Output = io::Result<Process>;
    type IntoFuture = Start;

    fn into_future(self) -> Start {
        Start(Some(self))
    }
}

/// Starts a process when it is polled; what awaiting a [`Command`] makes.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # asyncio::run(async {
/// let start: asyncio::subprocess::Start =
///     asyncio::create_subprocess_shell("exit 3").into_future();
/// assert_eq!(start.await?.wait().await, 3);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "it starts nothing: await it"]
pub struct Start(Option<Command>);

impl Future for Start {
    type Output = io::Result<Process>;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        let command = self.0.take().expect("a future is not polled after it is ready");
        Poll::Ready(command.start())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inner.get_program().display())?;
        match self.inner.get_current_dir() {
            Some(folder) => write!(f, " in {}", folder.display()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Command {:?}>", self.inner)
    }
}
