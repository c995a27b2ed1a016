//! A built book held in memory, and which file a URL means.
//!
//! In memory, so that a rebuild, a deleted file or a second build can never show half a book. Knows
//! nothing of HTTP but the names of content types.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

use hyper::body::Bytes;
use percent_encoding::percent_decode_str;

/// A built book: its files by their path from the book's folder, `guide/run.html`.
#[derive(Clone, Debug)]
pub struct Site {
    files: BTreeMap<String, File>,
}

/// A file of the book, ready to be sent.
#[derive(Clone, Debug)]
pub struct File {
    /// What is in it.
    pub bytes: Bytes,
    /// Another one for other bytes: what `ETag` tells, without the quotes.
    pub tag: String,
    /// What `Content-Type` tells.
    pub content_type: &'static str,
}

/// What a URL's path means in a book.
#[derive(Debug)]
pub enum Found<'a> {
    /// This file.
    File(&'a File),
    /// A folder that was asked for without the slash at its end, which the links in its page need:
    /// the path with it.
    Folder(String),
}

impl Site {
    /// Reads the book that was built into `folder`.
    ///
    /// # Errors
    ///
    /// When a file can't be read, and when there is no `index.html`.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        read_folder(folder, "", &mut files)?;
        let site: Self = files.into_iter().collect();
        if site.files.contains_key("index.html") {
            return Ok(site);
        }
        Err(format!("{} holds no built book: it has no index.html", folder.display()))
    }

    /// What the path of a URL means: `/guide/` is `guide/index.html`. Percent escapes are decoded; a
    /// `..` is a name like any other, and no file has it.
    pub fn find(&self, url_path: &str) -> Option<Found<'_>> {
        let decoded = percent_decode_str(url_path).decode_utf8().ok()?;
        let path = decoded.strip_prefix('/')?;
        let index_here = path.is_empty() || path.ends_with('/');
        if index_here {
            return self.file(&format!("{path}index.html")).map(Found::File);
        }
        if let Some(file) = self.file(path) {
            return Some(Found::File(file));
        }
        let is_folder = self.files.contains_key(&format!("{path}/index.html"));
        is_folder.then(|| Found::Folder(format!("{url_path}/")))
    }

    /// The file at `path`, from the book's folder.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// The same book with each page, each HTML file, made into another.
    #[must_use]
    pub fn map_pages(mut self, change: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        for file in self.files.values_mut().filter(|file| file.content_type == HTML) {
            *file = File::new(change(&file.bytes), HTML);
        }
        self
    }

    /// Another number for another book.
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for (path, file) in &self.files {
            // No path and no tag holds this byte.
            hasher.write(path.as_bytes());
            hasher.write_u8(0xff);
            hasher.write(file.tag.as_bytes());
            hasher.write_u8(0xff);
        }
        format!("{:016x}", hasher.finish())
    }
}

/// Files by their path from the book's folder, with slashes.
impl FromIterator<(String, Vec<u8>)> for Site {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(files: I) -> Self {
        let file = |(path, bytes): (String, Vec<u8>)| {
            let content_type = content_type(&path);
            (path, File::new(bytes, content_type))
        };
        Self { files: files.into_iter().map(file).collect() }
    }
}

impl File {
    fn new(bytes: Vec<u8>, content_type: &'static str) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        Self { tag: format!("{:016x}", hasher.finish()), bytes: bytes.into(), content_type }
    }
}

const HTML: &str = "text/html; charset=utf-8";

fn content_type(path: &str) -> &'static str {
    let extension = Path::new(path).extension().unwrap_or_default();
    match extension.to_str().unwrap_or_default() {
        "html" => HTML,
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Reads what is in `folder`, at any depth; `prefix` stands in front of its files' paths.
fn read_folder(
    folder: &Path,
    prefix: &str,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), String> {
    let failed = |error| format!("the built book can't be read: {}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().display()));
        if path.is_dir() {
            read_folder(&path, &format!("{name}/"), files)?;
            continue;
        }
        let bytes = fs::read(&path).map_err(|error| {
            format!("the built book can't be read: {}: {error}", path.display())
        })?;
        files.push((name, bytes));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(files: &[(&str, &str)]) -> Site {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn book() -> Site {
        site(&[
            ("index.html", "the start"),
            ("guide/index.html", "the guide"),
            ("guide/run.html", "how to run"),
            ("ä b.txt", "a name to escape"),
        ])
    }

    fn found(url_path: &str) -> Option<String> {
        match book().find(url_path)? {
            Found::File(file) => Some(String::from_utf8(file.bytes.to_vec()).unwrap()),
            Found::Folder(path) => Some(format!("-> {path}")),
        }
    }

    #[test]
    fn a_path_is_a_file_or_a_folder_s_index() {
        assert_eq!(found("/").as_deref(), Some("the start"));
        assert_eq!(found("/guide/").as_deref(), Some("the guide"));
        assert_eq!(found("/guide/run.html").as_deref(), Some("how to run"));
        assert_eq!(found("/guide").as_deref(), Some("-> /guide/"));
        assert_eq!(found("/%C3%A4%20b.txt").as_deref(), Some("a name to escape"));
    }

    #[test]
    fn what_is_no_file_of_the_book_is_not_found() {
        let strange = [
            "",
            "*",
            "//",
            "/run.html",
            "/guide/..",
            "/guide/../index.html",
            "/%2e%2e/index.html",
            "/%",
            "/%zz",
            "/%C3",
            "/guide/run.html/",
            "/index.html%00",
        ];
        for path in strange {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn each_extension_has_its_content_type() {
        let of = |path| content_type(path).split(';').next().unwrap();
        let types = [
            ("a.html", "text/html"),
            ("a/b.css", "text/css"),
            ("a.min.js", "text/javascript"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.woff2", "font/woff2"),
            ("a.png", "image/png"),
            ("a.ico", "image/x-icon"),
            ("a.txt", "text/plain"),
            ("a", "application/octet-stream"),
        ];
        for (path, content_type) in types {
            assert_eq!(of(path), content_type, "{path}");
        }
    }

    #[test]
    fn a_fingerprint_changes_with_any_name_or_byte_and_with_nothing_else() {
        let fingerprint = |files: &[(&str, &str)]| site(files).fingerprint();
        let first = fingerprint(&[("a", "1"), ("b", "2")]);
        assert_eq!(first, fingerprint(&[("b", "2"), ("a", "1")]));
        for other in
            [&[("a", "1"), ("b", "3")], &[("a", "1"), ("c", "2")], &[("a", "2"), ("b", "1")]]
        {
            assert_ne!(first, fingerprint(other));
        }
    }

    #[test]
    fn only_pages_are_mapped() {
        let site = site(&[("a.html", "page"), ("a.css", "style")]);
        let mapped = site.clone().map_pages(|page| [page, b"!"].concat());
        assert_eq!(mapped.file("a.html").unwrap().bytes, "page!");
        assert_ne!(mapped.file("a.html").unwrap().tag, site.file("a.html").unwrap().tag);
        assert_eq!(mapped.file("a.css").unwrap().tag, site.file("a.css").unwrap().tag);
    }

    #[test]
    fn a_folder_is_read_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("index.html"), "start").unwrap();
        fs::write(folder.path().join("a/b/c.css"), "deep").unwrap();
        let site = Site::read(folder.path()).unwrap();
        assert_eq!(site.file("a/b/c.css").unwrap().bytes, "deep");
    }

    #[test]
    fn a_folder_without_a_book_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        for (path, what) in [(folder.path(), "no index.html"), (&missing, "can't be read")] {
            let error = Site::read(path).unwrap_err();
            assert!(error.contains(what) && error.contains(path.to_str().unwrap()), "{error}");
        }
    }
}
