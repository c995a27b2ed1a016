//! Other programs: starting them, talking to them, waiting for their end. Mirrors `asyncio.subprocess`.
//!
//! ```
//! use asyncio::subprocess::Stdio;
//!
//! # fn main() -> std::io::Result<()> {
//! asyncio::run(async {
//!     let mut sort = asyncio::create_subprocess_exec("sort", &["-r"])
//!         .stdin(Stdio::piped())
//!         .stdout(Stdio::piped())
//!         .await?;
//!     let (sorted, _) = sort.communicate("apples\nkiwis\npears\n").await?;
//!     assert_eq!(sorted, b"pears\nkiwis\napples\n");
//!     assert_eq!(sort.return_code(), Some(0));
//!     Ok(())
//! })
//! # }
//! ```
//!
//! Use the real clock for it: the [virtual](crate::Clock::Virtual) one doesn't wait for other programs.
//!
//! The rooms behind it: `command` (a process to be), `stdio` (where it reads and writes), `process` (its
//! handle), `exit` (waiting for its end).

mod command;
mod exit;
mod process;
mod stdio;

pub use command::{Command, Start};
pub use process::Process;
pub use stdio::Stdio;

use std::ffi::OsStr;

/// Starts a program. Mirrors `asyncio.create_subprocess_exec(program, *args)`.
///
/// A program without a `/` in its name is looked for in the folders of `PATH`. Its arguments are handed over
/// as they are; no shell looks at them. For arguments that are paths, or that are made at run time, there are
/// [`Command::arg`] and [`Command::args`].
///
/// # Errors
///
/// Awaiting it: when there is no such program or it can't be run; when a pipe can't be made. The error names
/// the program.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let program = asyncio::create_subprocess_exec("test", &["pears", "=", "apples"]).await?;
///     assert_eq!(program.wait().await, 1);
///
///     let error = asyncio::create_subprocess_exec("/no/program", &[]).await.unwrap_err();
///     assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
///     assert!(error.to_string().starts_with("can't run /no/program: "));
///     Ok(())
/// })
/// # }
/// ```
#[track_caller]
pub fn create_subprocess_exec(program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    Command::new(program).args(args)
}

/// Lets the shell, `/bin/sh`, run a command. Mirrors `asyncio.create_subprocess_shell(command)`.
///
/// Whatever is put into the command, the shell reads: a name with a blank or a `;` in it becomes something
/// else. Use [`create_subprocess_exec`] where a part of it comes from outside.
///
/// # Errors
///
/// Awaiting it: when the shell can't be run, or a pipe can't be made. What goes wrong in the shell is its
/// return code: 127 for a command that isn't there.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let shell = asyncio::create_subprocess_shell("test pears = apples || exit 7").await?;
///     assert_eq!(shell.wait().await, 7);
///     Ok(())
/// })
/// # }
/// ```
#[track_caller]
pub fn create_subprocess_shell(command: impl AsRef<OsStr>) -> Command {
    Command::new("/bin/sh").arg("-c").arg(command)
}
