//! A folder's files, served. Mirrors `aiohttp.web.StaticResource`.
//!
//! What must hold: nothing outside of the folder is served, by no path and through no link.

use std::fmt::{self, Write};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use hyper::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::HttpError;
use super::file_response::respond;
use super::request::Request;
use super::response::Response;
use crate::threads::to_thread;

/// What a link keeps as it is.
const IN_A_LINK: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A folder whose files are served: whole or in ranges, with `ETag` and `Last-Modified`, so that a client
/// that has a file isn't sent it again. Mirrors `aiohttp.web.static(prefix, folder)`.
///
/// A folder's `index.html` is served for the folder itself. Only regular files are served. A symbolic link
/// inside the folder is followed as long as it stays inside; one that leads out of it is a 404, as `..` is.
/// aiohttp follows none of either kind unless told to.
///
/// Who can create links in the folder while it is served could exchange a file for one between the look and
/// the opening of it: serve no folder that others write to.
///
/// ```
/// use asyncio::http;
/// use asyncio::http::web::{Router, StaticFiles};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("asyncio-static-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// asyncio::run(async {
///     asyncio::fs::write(folder.join("notes.txt"), "milk, bread").await?;
///     let router = Router::new().static_files("/files", StaticFiles::new(&folder));
///     let server = http::serve(("127.0.0.1", 0), router).await?;
///     let url = format!("http://{}/files/notes.txt", server.local_addrs()[0]);
///     let text = http::ClientSession::new().get(&url).await?.text().await?;
///     assert_eq!(text, "milk, bread");
/// #   std::fs::remove_dir_all(&folder)?;
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct StaticFiles {
    folder: PathBuf,
    show_index: bool,
}

/// What a path leads to.
enum Found {
    File(PathBuf, Metadata),
    /// A folder's own page.
    Index(PathBuf, Metadata),
    /// A folder without an `index.html`, and what is in it; a folder's name ends with a slash.
    Folder(Vec<String>),
}

impl StaticFiles {
    /// The files in `folder` and the folders in it. Mirrors the argument `path`.
    ///
    /// ```
    /// let files = asyncio::http::web::StaticFiles::new("public");
    /// # drop(files);
    /// ```
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), show_index: false }
    }

    /// Whether a folder without an `index.html` is answered with a page that lists it; it isn't, unless this
    /// says otherwise, and answered with 403. Mirrors the argument `show_index`.
    ///
    /// ```
    /// let files = asyncio::http::web::StaticFiles::new("public").show_index(true);
    /// # drop(files);
    /// ```
    #[must_use]
    pub fn show_index(mut self, show_index: bool) -> Self {
        self.show_index = show_index;
        self
    }

    /// Answers `request` with the file at `path`, which is relative to the folder and was decoded. For a
    /// handler of one's own; [`Router::static_files`](super::Router::static_files) does it otherwise.
    ///
    /// # Errors
    ///
    /// 404 for what isn't there, 403 for a folder without an index, 405 for other methods than `GET` and
    /// `HEAD`; what the file response says of the request's conditions.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    ///
    /// ```
    /// use asyncio::http::web::{HttpError, Request, Response, StaticFiles};
    ///
    /// async fn guarded(request: Request) -> Result<Response, HttpError> {
    ///     if !request.headers().contains_key("authorization") {
    ///         return Err(HttpError::unauthorized("Basic realm=\"files\""));
    ///     }
    ///     StaticFiles::new("private").answer(&request, &request.path()).await
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), guarded));
    /// ```
    pub async fn answer(&self, request: &Request, path: &str) -> Result<Response, HttpError> {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Err(HttpError::method_not_allowed("GET, HEAD"));
        }
        let path = path.trim_start_matches('/').to_owned();
        let wants_folder = path.is_empty() || path.ends_with('/');
        let (folder, looked_for) = (self.folder.clone(), path.clone());
        let found = to_thread(move || find(&folder, &looked_for)).await;
        match found.map_err(|error| explain(&error, &self.folder))? {
            Found::File(file, metadata) if !wants_folder => respond(request, file, metadata).await,
            Found::Index(file, metadata) if wants_folder => respond(request, file, metadata).await,
            // Links on the page are relative to the folder.
            Found::Index(..) | Found::Folder(_) if !wants_folder => Ok(to_folder(request)),
            Found::Folder(entries) if self.show_index => Ok(Response::html(page(&path, &entries))),
            Found::Folder(_) => Err(HttpError::forbidden("")),
            Found::File(..) | Found::Index(..) => Err(HttpError::not_found("")),
        }
    }
}

/// The same with a slash: `./` keeps a colon in the name from being one behind a scheme.
fn to_folder(request: &Request) -> Response {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    Response::redirect(&format!("./{name}/"))
}

/// Blocks: on the pool.
fn find(folder: &Path, path: &str) -> io::Result<Found> {
    let folder = fs::canonicalize(folder)?;
    let mut wanted = folder.clone();
    for part in path.trim_end_matches('/').split('/').filter(|_| !path.is_empty()) {
        // On Windows, more than slashes separate, and a colon begins a drive or a stream.
        if matches!(part, "" | "." | "..") || part.contains(['\\', '\0', ':']) && is_special(part) {
            return Err(io::ErrorKind::NotFound.into());
        }
        wanted.push(part);
    }
    let found = inside(&folder, &wanted)?;
    let metadata = fs::metadata(&found)?;
    if metadata.is_file() {
        return Ok(Found::File(found, metadata));
    }
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotFound.into());
    }
    if let Ok(index) = inside(&folder, &found.join("index.html")) {
        let metadata = fs::metadata(&index)?;
        if metadata.is_file() {
            return Ok(Found::Index(index, metadata));
        }
    }
    list(&found).map(Found::Folder)
}

/// Whether a name with one of those characters leads elsewhere on this system.
fn is_special(part: &str) -> bool {
    cfg!(windows) || part.contains('\0')
}

/// Where `path` really is, if that is in `folder`.
fn inside(folder: &Path, path: &Path) -> io::Result<PathBuf> {
    let path = fs::canonicalize(path)?;
    if path.starts_with(folder) { Ok(path) } else { Err(io::ErrorKind::NotFound.into()) }
}

fn list(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let slash = if entry.path().is_dir() { "/" } else { "" };
        names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
    }
    names.sort_unstable();
    Ok(names)
}

fn explain(error: &io::Error, folder: &Path) -> HttpError {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound, PermissionDenied};
    match error.kind() {
        NotFound | NotADirectory | InvalidInput | InvalidFilename => HttpError::not_found(""),
        PermissionDenied => HttpError::forbidden(""),
        _ if is_loop(error) => HttpError::not_found(""),
        kind => {
            let message = format!("cannot serve from {}: {error}", folder.display());
            HttpError::internal(io::Error::new(kind, message))
        }
    }
}

/// Links that lead to each other.
fn is_loop(error: &io::Error) -> bool {
    #[cfg(unix)]
    return rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::LOOP);
    #[cfg(not(unix))]
    return false;
}

/// A page that lists a folder.
fn page(path: &str, entries: &[String]) -> String {
    let title = escape(&format!("/{path}"));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <h1>{title}</h1>\n<ul>\n"
    );
    if !path.is_empty() {
        page.push_str("<li><a href=\"../\">../</a></li>\n");
    }
    for entry in entries {
        let (name, slash) = entry.strip_suffix('/').map_or((&**entry, ""), |name| (name, "/"));
        let link = utf8_percent_encode(name, IN_A_LINK);
        // Writing to a text doesn't fail.
        let _ = writeln!(page, "<li><a href=\"./{link}{slash}\">{}</a></li>", escape(entry));
    }
    page.push_str("</ul>\n</html>\n");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl fmt::Debug for StaticFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticFiles")
            .field("folder", &self.folder)
            .field("show_index", &self.show_index)
            .finish()
    }
}
