//! Where a process reads from and writes to. Mirrors `subprocess.PIPE`, `DEVNULL` and `STDOUT`.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::process;

use async_process::Command;

/// Where a process reads its input from, or writes its output or its errors to. Mirrors the values of
/// Python's `stdin`, `stdout` and `stderr` arguments.
///
/// A [`File`] and an [`OwnedFd`] turn into one; the ends of [`std::io::pipe`] do, too, so that two processes
/// can talk.
///
/// ```
/// use asyncio::subprocess::Stdio;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let quiet = asyncio::create_subprocess_exec("ls", &[]).stdout(Stdio::null()).await?;
///     assert_eq!(quiet.wait().await, 0);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct Stdio(Kind);

#[derive(Debug)]
enum Kind {
    Inherit,
    Piped,
    Null,
    Stdout,
    Descriptor(OwnedFd),
}

impl Stdio {
    /// That of this program. Python's `None`, the default.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// use asyncio::subprocess::Stdio;
    ///
    /// let shell = asyncio::create_subprocess_shell("exit 3").stdin(Stdio::inherit()).await?;
    /// assert_eq!(shell.wait().await, 3);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn inherit() -> Self {
        Self(Kind::Inherit)
    }

    /// A pipe to or from this program: the process has a stream then. Python's `PIPE`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// use asyncio::subprocess::Stdio;
    ///
    /// let mut shell = asyncio::create_subprocess_shell("echo pears").stdout(Stdio::piped()).await?;
    /// assert_eq!(shell.communicate("").await?.0, b"pears\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn piped() -> Self {
        Self(Kind::Piped)
    }

    /// Nothing to read, and what is written is lost. Python's `DEVNULL`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// use asyncio::subprocess::Stdio;
    ///
    /// let cat = asyncio::create_subprocess_exec("cat", &[]).stdin(Stdio::null()).await?;
    /// assert_eq!(cat.wait().await, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn null() -> Self {
        Self(Kind::Null)
    }

    /// For the errors: where the output goes. Python's `STDOUT`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// use asyncio::subprocess::Stdio;
    ///
    /// let shell = asyncio::create_subprocess_shell("echo out; echo err >&2");
    /// let mut shell = shell.stdout(Stdio::piped()).stderr(Stdio::stdout()).await?;
    /// assert_eq!(shell.communicate("").await?.0, b"out\nerr\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn stdout() -> Self {
        Self(Kind::Stdout)
    }
}

impl From<OwnedFd> for Stdio {
    fn from(descriptor: OwnedFd) -> Self {
        Self(Kind::Descriptor(descriptor))
    }
}

impl From<File> for Stdio {
    fn from(file: File) -> Self {
        OwnedFd::from(file).into()
    }
}

impl From<PipeReader> for Stdio {
    fn from(pipe: PipeReader) -> Self {
        OwnedFd::from(pipe).into()
    }
}

impl From<PipeWriter> for Stdio {
    fn from(pipe: PipeWriter) -> Self {
        OwnedFd::from(pipe).into()
    }
}

/// What a command says of the three.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) stdin: Stdio,
    pub(super) stdout: Stdio,
    pub(super) stderr: Stdio,
}

impl Default for Streams {
    fn default() -> Self {
        Self { stdin: Stdio::inherit(), stdout: Stdio::inherit(), stderr: Stdio::inherit() }
    }
}

/// Our ends of the pipes.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) stdin: Option<PipeWriter>,
    pub(super) stdout: Option<PipeReader>,
    pub(super) stderr: Option<PipeReader>,
}

/// The process's end.
enum End {
    Inherit,
    Null,
    Descriptor(OwnedFd),
}

impl Streams {
    /// Gives the command its ends. It must be dropped once it has run: as long as it holds them, what is
    /// read from ours has no end.
    pub(super) fn connect(self, command: &mut Command) -> io::Result<Pipes> {
        let (input, stdin) = self.stdin.input()?;
        let (output, stdout) = self.stdout.output()?;
        let (errors, stderr) = match self.stderr {
            Stdio(Kind::Stdout) => (output.copy()?, None),
            stderr => stderr.output()?,
        };
        command.stdin(input).stdout(output).stderr(errors);
        Ok(Pipes { stdin, stdout, stderr })
    }
}

impl Stdio {
    fn input(self) -> io::Result<(End, Option<PipeWriter>)> {
        if !matches!(self.0, Kind::Piped) {
            return Ok((self.end()?, None));
        }
        let (reader, writer) = pipe()?;
        Ok((End::Descriptor(reader.into()), Some(writer)))
    }

    fn output(self) -> io::Result<(End, Option<PipeReader>)> {
        if !matches!(self.0, Kind::Piped) {
            return Ok((self.end()?, None));
        }
        let (reader, writer) = pipe()?;
        Ok((End::Descriptor(writer.into()), Some(reader)))
    }

    fn end(self) -> io::Result<End> {
        Ok(match self.0 {
            Kind::Inherit => End::Inherit,
            Kind::Null => End::Null,
            Kind::Descriptor(descriptor) => End::Descriptor(descriptor),
            Kind::Piped => unreachable!("a pipe has two ends"),
            Kind::Stdout => {
                let message = "`Stdio::stdout()` is for `stderr` alone";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
        })
    }
}

impl End {
    /// Another one that leads to the same place, of an output.
    fn copy(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Inherit => Self::Descriptor(io::stdout().as_fd().try_clone_to_owned()?),
            Self::Null => Self::Null,
            Self::Descriptor(descriptor) => Self::Descriptor(descriptor.try_clone()?),
        })
    }
}

impl From<End> for process::Stdio {
    fn from(end: End) -> Self {
        match end {
            End::Inherit => Self::inherit(),
            End::Null => Self::null(),
            End::Descriptor(descriptor) => descriptor.into(),
        }
    }
}
