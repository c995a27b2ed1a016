//! How a file is opened. Python: the mode of `open`.

use std::fs;
use std::io;
use std::path::Path;

use super::{File, on_thread};

/// How a file is opened; made by [`File::options`]. Python: the mode given to `open`.
///
/// For what is not here, such as the permissions of a new file, make one of a [`std::fs::OpenOptions`].
///
/// ```
/// use asyncio::fs::File;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let path = folder.path().join("log");
///     for line in ["one\n", "two\n"] {
///         let mut log = File::options().append(true).create(true).open(&path).await?;
///         log.write_all(line).await?;
///     }
///     assert_eq!(asyncio::fs::read(&path).await?, b"one\ntwo\n");
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it opens nothing: call `open`"]
pub struct OpenOptions {
    options: fs::OpenOptions,
}

impl OpenOptions {
    pub(super) fn new() -> Self {
        fs::OpenOptions::new().into()
    }

    /// To read. Python's `"r"`.
    ///
    /// ```
    /// # asyncio::run(async {
    /// assert!(asyncio::fs::File::options().read(true).open("Cargo.toml").await.is_ok());
    /// # });
    /// ```
    pub fn read(mut self, read: bool) -> Self {
        self.options.read(read);
        self
    }

    /// To write, over what is there. Python's `"r+"`, with [`read`](OpenOptions::read).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("note");
    /// asyncio::fs::write(&path, "hello").await?;
    /// let mut file = asyncio::fs::File::options().write(true).open(&path).await?;
    /// file.write_all("J").await?;
    /// assert_eq!(asyncio::fs::read(&path).await?, b"Jello");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn write(mut self, write: bool) -> Self {
        self.options.write(write);
        self
    }

    /// To write behind what is there, always. Python's `"a"`, with [`create`](OpenOptions::create).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("note");
    /// asyncio::fs::write(&path, "hello").await?;
    /// let mut file = asyncio::fs::File::options().append(true).open(&path).await?;
    /// file.write_all(", you").await?;
    /// assert_eq!(asyncio::fs::read(&path).await?, b"hello, you");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn append(mut self, append: bool) -> Self {
        self.options.append(append);
        self
    }

    /// Empties the file. Python's `"w"`, with [`write`](OpenOptions::write) and
    /// [`create`](OpenOptions::create).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("note");
    /// asyncio::fs::write(&path, "hello").await?;
    /// asyncio::fs::File::options().write(true).truncate(true).open(&path).await?;
    /// assert_eq!(asyncio::fs::read(&path).await?, b"");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn truncate(mut self, truncate: bool) -> Self {
        self.options.truncate(truncate);
        self
    }

    /// Makes the file if it is not there; it must be opened to write or to append, too.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("note");
    /// asyncio::fs::File::options().write(true).create(true).open(&path).await?;
    /// assert_eq!(asyncio::fs::read(&path).await?, b"");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn create(mut self, create: bool) -> Self {
        self.options.create(create);
        self
    }

    /// Makes the file, which must not be there. Python's `"x"`, with [`write`](OpenOptions::write).
    ///
    /// ```
    /// # asyncio::run(async {
    /// let options = asyncio::fs::File::options().write(true).create_new(true);
    /// let error = options.open("Cargo.toml").await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// # });
    /// ```
    pub fn create_new(mut self, create_new: bool) -> Self {
        self.options.create_new(create_new);
        self
    }

    /// Opens the file. Python: `await asyncio.to_thread(open, path, mode)`.
    ///
    /// # Errors
    ///
    /// When it can't be opened in this way; the error names the path.
    ///
    /// # Cancel safety
    ///
    /// It may be made or emptied, or not. It doesn't stay open.
    ///
    /// ```
    /// # asyncio::run(async {
    /// let error = asyncio::fs::File::options().read(true).open("/no/file").await.unwrap_err();
    /// assert!(error.to_string().starts_with("can't open /no/file: "));
    /// # });
    /// ```
    pub async fn open(self, path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref();
        let file = on_thread("open", path, move |path| self.options.open(path)).await?;
        Ok(File::new(file, path))
    }
}

impl From<fs::OpenOptions> for OpenOptions {
    fn from(options: fs::OpenOptions) -> Self {
        Self { options }
    }
}
