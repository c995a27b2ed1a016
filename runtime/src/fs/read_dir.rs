//! What is in a folder, as a stream. Python: `os.scandir`.

use std::ffi::OsString;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use futures_core::Stream;

use super::error::named;
use super::{metadata, on_thread};
use crate::get_running_loop;
use crate::threads::ExecutorCall;

/// How many entries a thread brings at a time.
const BATCH: usize = 64;

/// The entries of a folder, in no particular order, made by [`read_dir`](super::read_dir()).
/// Python: `os.scandir(path)`.
///
/// `.` and `..` are not among them. An entry that comes or goes meanwhile may be in it or not.
///
/// # Cancel safety
///
/// Nothing is lost when a `next()` is dropped.
///
/// ```
/// use futures::TryStreamExt;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let entries: Vec<_> = asyncio::fs::read_dir("src").await?.try_collect().await?;
///     assert!(entries.iter().any(|entry| entry.file_name() == "lib.rs"));
///     Ok(())
/// })
/// # }
/// ```
pub struct ReadDir {
    path: Arc<Path>,
    batch: vec::IntoIter<io::Result<fs::DirEntry>>,
    rest: Rest,
}

/// Where the entries are that nobody has seen yet.
enum Rest {
    Here(fs::ReadDir),
    OnItsWay(ExecutorCall<Batch>),
    None,
}

type Batch = (Vec<io::Result<fs::DirEntry>>, fs::ReadDir);

impl ReadDir {
    pub(super) fn new(entries: fs::ReadDir, path: PathBuf) -> Self {
        Self { path: path.into(), batch: Vec::new().into_iter(), rest: Rest::Here(entries) }
    }

    fn call(mut entries: fs::ReadDir) -> ExecutorCall<Batch> {
        let event_loop =
            get_running_loop().unwrap_or_else(|error| panic!("asyncio::fs::ReadDir: {error}"));
        event_loop.run_in_executor(move || (entries.by_ref().take(BATCH).collect(), entries))
    }
}

impl Stream for ReadDir {
    type Item = io::Result<DirEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(entry) = self.batch.next() {
                let path = &self.path;
                let entry = entry.map(|entry| DirEntry { entry: Arc::new(entry) });
                return Poll::Ready(Some(entry.map_err(|error| named("list", path, error))));
            }
            self.rest = match std::mem::replace(&mut self.rest, Rest::None) {
                Rest::None => return Poll::Ready(None),
                Rest::Here(entries) => Rest::OnItsWay(Self::call(entries)),
                Rest::OnItsWay(mut call) => match Pin::new(&mut call).poll(cx) {
                    Poll::Pending => {
                        self.rest = Rest::OnItsWay(call);
                        return Poll::Pending;
                    }
                    Poll::Ready((batch, entries)) => {
                        let is_last = batch.len() < BATCH;
                        self.batch = batch.into_iter();
                        if is_last { Rest::None } else { Rest::Here(entries) }
                    }
                },
            };
        }
    }
}

impl std::fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<ReadDir {}>", self.path.display())
    }
}

/// A file or folder that [`read_dir`](super::read_dir()) found. Python: `os.DirEntry`.
///
/// ```
/// use futures::TryStreamExt;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let mut entries = asyncio::fs::read_dir(".").await?;
///     while let Some(entry) = entries.try_next().await? {
///         println!("{}", entry.path().display());
///     }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DirEntry {
    entry: Arc<fs::DirEntry>,
}

impl DirEntry {
    /// The folder's path with the entry's name behind it. Python's `DirEntry.path`.
    ///
    /// ```
    /// # use futures::TryStreamExt;
    /// # asyncio::run(async {
    /// let entry = asyncio::fs::read_dir("src").await.unwrap().try_next().await.unwrap().unwrap();
    /// assert!(entry.path().starts_with("src"));
    /// # });
    /// ```
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// The entry's name alone. Python's `DirEntry.name`.
    ///
    /// ```
    /// # use futures::TryStreamExt;
    /// # asyncio::run(async {
    /// let entry = asyncio::fs::read_dir("src").await.unwrap().try_next().await.unwrap().unwrap();
    /// assert_eq!(entry.path().file_name(), Some(&*entry.file_name()));
    /// # });
    /// ```
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// Whether it is a file, a folder or a symbolic link. Python's `DirEntry.is_dir()` and its kin.
    ///
    /// # Errors
    ///
    /// When it is gone meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Nothing is changed.
    ///
    /// ```
    /// # use futures::TryStreamExt;
    /// # asyncio::run(async {
    /// let entry = asyncio::fs::read_dir("src").await.unwrap().try_next().await.unwrap().unwrap();
    /// assert!(!entry.file_type().await.unwrap().is_symlink());
    /// # });
    /// ```
    pub async fn file_type(&self) -> io::Result<FileType> {
        let entry = self.entry.clone();
        on_thread("inspect", &self.path(), move |_| entry.file_type()).await
    }

    /// What is known of it; of a symbolic link, of what it leads to. Python's `DirEntry.stat()`.
    ///
    /// # Errors
    ///
    /// When it is gone meanwhile, and when a link leads nowhere.
    ///
    /// # Cancel safety
    ///
    /// Nothing is changed.
    ///
    /// ```
    /// # use futures::TryStreamExt;
    /// # asyncio::run(async {
    /// let entry = asyncio::fs::read_dir("src").await.unwrap().try_next().await.unwrap().unwrap();
    /// assert!(entry.metadata().await.is_ok());
    /// # });
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        metadata(self.path()).await
    }
}
