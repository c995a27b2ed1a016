//! Files and folders, on other threads. Python's asyncio has nothing of the kind: there one writes
//! `asyncio.to_thread(open, path)`, or uses the package aiofiles.
//!
//! Operating systems have no way to wait for a file as for a socket, so each call in here runs on a thread
//! of the pool, and the loop goes on meanwhile. A run waits at its end for what is not done yet, as for
//! everything that [`to_thread`] runs.
//!
//! The [virtual clock](crate::Clock::Virtual) doesn't wait for them: deadlines pass meanwhile.
//!
//! The functions have the names of [`std::fs`]. Their errors name the path, and keep the
//! [kind](std::io::Error::kind); the operating system's error is their
//! [source](std::error::Error::source). A call costs two changes of threads, some 20 µs: read and write in
//! large pieces.
//!
//! # Panics
//!
//! All of it panics outside a running event loop, and after
//! [`shutdown_default_executor`](crate::EventLoop::shutdown_default_executor).
//!
//! # Cancel safety
//!
//! A thread can't be stopped. What has begun when its awaiter is cancelled goes on to its end: a
//! [`write`](fn@write) may still write all of it, or, where it has not begun, nothing.
//!
//! ```
//! use asyncio::fs;
//!
//! # fn main() -> std::io::Result<()> {
//! asyncio::run(async {
//!     # let folder = tempfile::tempdir()?;
//!     # let folder = folder.path();
//!     fs::write(folder.join("greeting"), "hello").await?;
//!     assert_eq!(fs::read_to_string(folder.join("greeting")).await?, "hello");
//!
//!     let error = fs::read("/no/such/file").await.unwrap_err();
//!     assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
//!     assert!(error.to_string().starts_with("can't read /no/such/file: No such file or directory"));
//!     Ok(())
//! })
//! # }
//! ```

mod calls;
mod error;
mod file;
mod lines;
mod open_options;
mod read_dir;

pub use file::File;
pub use lines::Lines;
pub use open_options::OpenOptions;
pub use read_dir::{DirEntry, ReadDir};

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::to_thread;
use error::{named, named_both};

/// Calls `function` with the path on another thread; its error says that one can't `verb` it.
async fn on_thread<T: Send + 'static>(
    verb: &'static str,
    path: &Path,
    function: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let path = path.to_owned();
    to_thread(move || function(&path).map_err(|error| named(verb, &path, error))).await
}

/// The same for two paths.
async fn on_thread_both<T: Send + 'static>(
    verb: &'static str,
    (from, to): (&Path, &Path),
    function: impl FnOnce(&Path, &Path) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let call = move || function(&from, &to).map_err(|error| named_both(verb, &from, &to, error));
    to_thread(call).await
}

/// Reads a whole file. Python: `await asyncio.to_thread(path.read_bytes)`.
///
/// # Errors
///
/// When the file can't be opened or read.
///
/// # Cancel safety
///
/// Nothing is changed.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let bytes = asyncio::fs::read("Cargo.toml").await?;
///     assert!(bytes.starts_with(b"[package]"));
///     Ok(())
/// })
/// # }
/// ```
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    on_thread("read", path.as_ref(), |path| fs::read(path)).await
}

/// Reads a whole file as text. Python: `await asyncio.to_thread(path.read_text)`.
///
/// # Errors
///
/// When the file can't be opened or read; of the kind [`InvalidData`](io::ErrorKind::InvalidData) when it
/// is not UTF-8.
///
/// # Cancel safety
///
/// Nothing is changed.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     assert!(asyncio::fs::read_to_string("Cargo.toml").await?.contains("asyncio"));
///     Ok(())
/// })
/// # }
/// ```
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    on_thread("read", path.as_ref(), |path| fs::read_to_string(path)).await
}

/// Writes a whole file; what it had in it is gone. Python: `await asyncio.to_thread(path.write_bytes, data)`.
///
/// # Errors
///
/// When the file can't be opened or written: some of it may be written.
///
/// # Cancel safety
///
/// Once begun it is written to its end.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let path = folder.path().join("note");
///     asyncio::fs::write(&path, "buy pears").await?;
///     assert_eq!(asyncio::fs::read(&path).await?, b"buy pears");
///     Ok(())
/// })
/// # }
/// ```
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let contents = contents.as_ref().to_vec();
    on_thread("write", path.as_ref(), |path| fs::write(path, contents)).await
}

/// Copies a file with its permissions, and says how many bytes it has.
/// Python: `await asyncio.to_thread(shutil.copy, from_path, to_path)`.
///
/// # Errors
///
/// When one of them can't be opened, read or written, and when `from` is no file.
///
/// # Cancel safety
///
/// Once begun it is copied to its end.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let copy = folder.path().join("copy.toml");
///     let length = asyncio::fs::copy("Cargo.toml", &copy).await?;
///     assert_eq!(asyncio::fs::metadata(&copy).await?.len(), length);
///     Ok(())
/// })
/// # }
/// ```
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<u64> {
    on_thread_both("copy", (from.as_ref(), to.as_ref()), |from, to| fs::copy(from, to)).await
}

/// Gives a file or a folder another name; a file of that name is replaced.
/// Python: `await asyncio.to_thread(os.rename, from_path, to_path)`.
///
/// # Errors
///
/// When there is no `from`, and when the two are on different file systems.
///
/// # Cancel safety
///
/// It is renamed, or it is not.
///
/// ```
/// use asyncio::fs;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     # let folder = folder.path();
///     fs::write(folder.join("draft"), "dear all").await?;
///     fs::rename(folder.join("draft"), folder.join("letter")).await?;
///     assert_eq!(fs::read(folder.join("letter")).await?, b"dear all");
///     Ok(())
/// })
/// # }
/// ```
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    on_thread_both("rename", (from.as_ref(), to.as_ref()), |from, to| fs::rename(from, to)).await
}

/// Makes a folder. Python: `await asyncio.to_thread(os.mkdir, path)`.
///
/// # Errors
///
/// When it is there already, and when the folder it is to be in is not.
///
/// # Cancel safety
///
/// It is made, or it is not.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let path = folder.path().join("inner");
///     asyncio::fs::create_dir(&path).await?;
///     assert!(asyncio::fs::metadata(&path).await?.is_dir());
///     Ok(())
/// })
/// # }
/// ```
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    on_thread("create", path.as_ref(), |path| fs::create_dir(path)).await
}

/// Makes a folder, and those it is to be in. Python: `await asyncio.to_thread(os.makedirs, path, exist_ok=True)`.
///
/// # Errors
///
/// When one of them can't be made. That they are there already is fine.
///
/// # Cancel safety
///
/// Once begun all are made.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let path = folder.path().join("one/two/three");
///     asyncio::fs::create_dir_all(&path).await?;
///     asyncio::fs::create_dir_all(&path).await
/// })
/// # }
/// ```
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    on_thread("create", path.as_ref(), |path| fs::create_dir_all(path)).await
}

/// Removes a file. Python: `await asyncio.to_thread(os.remove, path)`.
///
/// # Errors
///
/// When there is none, and when it is a folder.
///
/// # Cancel safety
///
/// It is removed, or it is not.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let path = folder.path().join("note");
///     asyncio::fs::write(&path, "").await?;
///     asyncio::fs::remove_file(&path).await?;
///     assert!(asyncio::fs::remove_file(&path).await.is_err());
///     Ok(())
/// })
/// # }
/// ```
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    on_thread("remove", path.as_ref(), |path| fs::remove_file(path)).await
}

/// Removes an empty folder. Python: `await asyncio.to_thread(os.rmdir, path)`.
///
/// # Errors
///
/// When there is none, and when something is in it.
///
/// # Cancel safety
///
/// It is removed, or it is not.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let path = folder.path().join("inner");
///     asyncio::fs::create_dir(&path).await?;
///     asyncio::fs::remove_dir(&path).await
/// })
/// # }
/// ```
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    on_thread("remove", path.as_ref(), |path| fs::remove_dir(path)).await
}

/// Removes a folder with all that is in it. Python: `await asyncio.to_thread(shutil.rmtree, path)`.
///
/// A symbolic link is removed; what it leads to stays.
///
/// # Errors
///
/// When there is none, and when something in it can't be removed: then some of it is gone.
///
/// # Cancel safety
///
/// Once begun it goes on to its end.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let path = folder.path().join("one");
///     asyncio::fs::create_dir_all(path.join("two")).await?;
///     asyncio::fs::remove_dir_all(&path).await?;
///     assert!(asyncio::fs::metadata(&path).await.is_err());
///     Ok(())
/// })
/// # }
/// ```
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    on_thread("remove", path.as_ref(), |path| fs::remove_dir_all(path)).await
}

/// What is known of a file or folder: its length, kind, times, permissions.
/// Python: `await asyncio.to_thread(os.stat, path)`.
///
/// # Errors
///
/// When there is none.
///
/// # Cancel safety
///
/// Nothing is changed.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     assert!(asyncio::fs::metadata("Cargo.toml").await?.is_file());
///     assert!(asyncio::fs::metadata("src").await?.is_dir());
///     Ok(())
/// })
/// # }
/// ```
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    on_thread("inspect", path.as_ref(), |path| fs::metadata(path)).await
}

/// The files and folders in a folder, as a stream, in no particular order.
/// Python: `await asyncio.to_thread(os.scandir, path)`.
///
/// # Errors
///
/// When there is none, and when it is no folder.
///
/// # Cancel safety
///
/// Nothing is changed.
///
/// ```
/// use futures::TryStreamExt;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let mut entries = asyncio::fs::read_dir(".").await?;
///     let mut names = Vec::new();
///     while let Some(entry) = entries.try_next().await? {
///         names.push(entry.file_name());
///     }
///     assert!(names.contains(&"Cargo.toml".into()));
///     Ok(())
/// })
/// # }
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path: PathBuf = path.as_ref().to_owned();
    let entries = on_thread("list", &path, |path| fs::read_dir(path)).await?;
    Ok(ReadDir::new(entries, path))
}
