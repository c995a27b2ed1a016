//! A process that runs or has ended. Mirrors `asyncio.subprocess.Process`.

use std::fmt;
use std::io::{self, ErrorKind, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::rc::Rc;

use super::exit::Exit;
use super::stdio::Pipes;
use crate::gather;
use crate::net::pipe::{ReadingEnd, WritingEnd};
use crate::signals::{SIGKILL, SIGTERM};
use crate::streams::{StreamReader, StreamWriter};

/// A process, started by [`create_subprocess_exec`](crate::create_subprocess_exec) or
/// [`create_subprocess_shell`](crate::create_subprocess_shell). Mirrors `asyncio.subprocess.Process`.
///
/// It is killed when this is dropped, and when its loop is closed; in Python the latter alone, or when the
/// garbage collector finds it. [`detach`](Process::detach) lets it live on.
///
/// A stream is there if it was [piped](super::Stdio::piped). Python reads ahead from them, twice the limit;
/// here it is the pipe alone that holds what nobody has read yet, 64 KiB on Linux. A process that writes more
/// waits until somebody reads, so read all of it, or call [`communicate`](Process::communicate), before
/// you [`wait`](Process::wait).
///
/// ```
/// use asyncio::subprocess::Stdio;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let mut cat = asyncio::create_subprocess_exec("cat", &[])
///         .stdin(Stdio::piped())
///         .stdout(Stdio::piped())
///         .await?;
///     let (stdin, stdout) = (cat.stdin.as_mut().unwrap(), cat.stdout.as_mut().unwrap());
///     for line in ["apples\n", "pears\n"] {
///         stdin.write(line);
///         stdin.drain().await?;
///         assert_eq!(stdout.read_line().await?, line.as_bytes());
///     }
///     stdin.close();
///     assert_eq!(cat.wait().await, 0);
///     Ok(())
/// })
/// # }
/// ```
pub struct Process {
    /// Writes to the process's input.
    pub stdin: Option<StreamWriter>,
    /// Reads its output.
    pub stdout: Option<StreamReader>,
    /// Reads its errors.
    pub stderr: Option<StreamReader>,
    life: Life,
}

/// The process ends when this is dropped.
struct Life(Rc<Exit>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.kill_if_left();
    }
}

/// Our ends of the pipes, as streams.
pub(super) struct Streaming {
    stdin: Option<StreamWriter>,
    stdout: Option<StreamReader>,
    stderr: Option<StreamReader>,
}

impl Streaming {
    pub(super) fn new(
        pipes: Pipes,
        limit: usize,
        made_at: &'static Location<'static>,
    ) -> io::Result<Self> {
        let writer = |pipe: PipeWriter| {
            let wire = WritingEnd::new(OwnedFd::from(pipe).into(), true)?;
            io::Result::Ok(StreamWriter::of_wire(Rc::new(wire), made_at))
        };
        let reader = |pipe: PipeReader| {
            let wire = ReadingEnd::new(OwnedFd::from(pipe).into())?;
            io::Result::Ok(StreamReader::of_wire(Rc::new(wire), made_at).with_limit(limit))
        };
        Ok(Self {
            stdin: pipes.stdin.map(writer).transpose()?,
            stdout: pipes.stdout.map(reader).transpose()?,
            stderr: pipes.stderr.map(reader).transpose()?,
        })
    }
}

impl Process {
    pub(super) fn new(exit: Rc<Exit>, streaming: Streaming) -> Self {
        let Streaming { stdin, stdout, stderr } = streaming;
        Self { stdin, stdout, stderr, life: Life(exit) }
    }

    fn exit(&self) -> &Exit {
        &self.life.0
    }

    /// The process's number. Mirrors `Process.pid`. Once it has ended, another process may get it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("exit 3").await?;
    /// assert_ne!(shell.pid(), std::process::id());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn pid(&self) -> u32 {
        self.exit().pid()
    }

    /// What it ended with; `None` while it runs. Mirrors `Process.returncode`.
    ///
    /// A process that a signal has ended has the signal's number below 0: -9 for SIGKILL. 255 stands for a
    /// process that other code of this program has waited for. As in Python, the loop needs a turn to notice.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("exit 3").await?;
    /// assert_eq!(shell.return_code(), None);
    /// shell.wait().await;
    /// assert_eq!(shell.return_code(), Some(3));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "returncode")]
    pub fn return_code(&self) -> Option<i32> {
        self.exit().code()
    }

    /// Waits for its end, and gives its [return code](Process::return_code). Mirrors `Process.wait()`, as
    /// from Python 3.13 on: it doesn't wait for what is left in the pipes.
    ///
    /// Several may wait. A process that writes to a pipe nobody reads may never end; see [`Process`].
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped; the process goes on.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let shell = asyncio::create_subprocess_shell("exit 3").await?;
    /// assert_eq!(asyncio::gather!(shell.wait(), shell.wait()).await, (3, 3));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn wait(&self) -> i32 {
        self.exit().wait().await
    }

    /// Sends it a signal, one of [`signals`](crate::signals) or another number.
    /// Mirrors `Process.send_signal(signal)`.
    ///
    /// # Errors
    ///
    /// Of the kind [`NotFound`](ErrorKind::NotFound) when [`return_code`](Process::return_code) says that it
    /// has ended, where Python raises `ProcessLookupError`. A process that has ended and whose end the loop
    /// hasn't noticed yet takes the signal without a word. Of the kind
    /// [`InvalidInput`](ErrorKind::InvalidInput) for what is no signal, and for the real-time ones. Of the
    /// kind [`PermissionDenied`](ErrorKind::PermissionDenied) for a process that runs as another user.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// use asyncio::signals::SIGHUP;
    ///
    /// let sleep = asyncio::create_subprocess_exec("sleep", &["3600"]).await?;
    /// sleep.send_signal(SIGHUP)?;
    /// assert_eq!(sleep.wait().await, -SIGHUP);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn send_signal(&self, signal: i32) -> io::Result<()> {
        self.exit().send(signal)
    }

    /// Asks it to end: sends SIGTERM, which it may ignore. Mirrors `Process.terminate()`.
    ///
    /// # Errors
    ///
    /// As [`send_signal`](Process::send_signal).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let sleep = asyncio::create_subprocess_exec("sleep", &["3600"]).await?;
    /// sleep.terminate()?;
    /// if asyncio::wait_for(sleep.wait(), Duration::from_secs(10)).await.is_err() {
    ///     sleep.kill()?;
    /// }
    /// assert_eq!(sleep.wait().await, -asyncio::signals::SIGTERM);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn terminate(&self) -> io::Result<()> {
        self.send_signal(SIGTERM)
    }

    /// Ends it: sends SIGKILL. Mirrors `Process.kill()`.
    ///
    /// # Errors
    ///
    /// As [`send_signal`](Process::send_signal).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let sleep = asyncio::create_subprocess_exec("sleep", &["3600"]).await?;
    /// sleep.kill()?;
    /// assert_eq!(sleep.wait().await, -asyncio::signals::SIGKILL);
    /// assert!(sleep.kill().is_err(), "it has ended");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn kill(&self) -> io::Result<()> {
        self.send_signal(SIGKILL)
    }

    /// Lets it live on, whatever becomes of this program. Its pipes are closed on this side. Nobody hears of its
    /// end; no zombie is left.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// asyncio::create_subprocess_exec("sleep", &["0.01"]).await?.detach();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn detach(self) {
        self.exit().live_on();
    }

    /// Sends it all of `input` and closes its input, reads its output and its errors to their ends, and waits
    /// for its end. Mirrors `Process.communicate(input)`.
    ///
    /// It does all of it at once, so it never hangs where the process waits for one while we wait for the
    /// other. What is not piped comes back empty. A process that doesn't read its input to the end is no
    /// error.
    ///
    /// The output is kept in memory: for what may be large, read [`stdout`](Process::stdout) instead.
    ///
    /// # Errors
    ///
    /// When a pipe can't be read or written, for another reason than that the process has closed it.
    ///
    /// # Panics
    ///
    /// When there is input and [`stdin`](Process::stdin) was not piped or was taken.
    ///
    /// # Cancel safety
    ///
    /// What was read by then is lost, and input that was taken is still sent. The process goes on.
    ///
    /// ```
    /// use asyncio::subprocess::Stdio;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let mut shell = asyncio::create_subprocess_shell("cat; echo no pears >&2")
    ///     .stdin(Stdio::piped())
    ///     .stdout(Stdio::piped())
    ///     .stderr(Stdio::piped())
    ///     .await?;
    /// let (output, errors) = shell.communicate("apples").await?;
    /// assert_eq!((&output[..], &errors[..]), (&b"apples"[..], &b"no pears\n"[..]));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn communicate(
        &mut self,
        input: impl AsRef<[u8]>,
    ) -> impl Future<Output = io::Result<(Vec<u8>, Vec<u8>)>> {
        assert!(
            self.stdin.is_some() || input.as_ref().is_empty(),
            "communicate() has input and the process has no `stdin`: start it with \
             `.stdin(Stdio::piped())`"
        );
        self.exchange(input)
    }

    async fn exchange(&mut self, input: impl AsRef<[u8]>) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let feeding = feed(self.stdin.as_mut(), input.as_ref());
        let (output, errors) = (read(self.stdout.as_mut()), read(self.stderr.as_mut()));
        let (fed, output, errors) = gather!(feeding, output, errors).await;
        fed?;
        self.wait().await;
        Ok((output?, errors?))
    }
}

/// Writes all of it, unless the process doesn't want it, and closes the pipe.
async fn feed(stdin: Option<&mut StreamWriter>, input: &[u8]) -> io::Result<()> {
    let Some(stdin) = stdin else { return Ok(()) };
    stdin.write(input);
    let drained = stdin.drain().await;
    stdin.close();
    match drained {
        Err(error) if !is_broken_pipe(&error) => Err(error),
        _ => Ok(()),
    }
}

fn is_broken_pipe(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

async fn read(stream: Option<&mut StreamReader>) -> io::Result<Vec<u8>> {
    match stream {
        Some(stream) => stream.read_to_end().await,
        None => Ok(Vec::new()),
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Process {}>", self.pid())
    }
}
