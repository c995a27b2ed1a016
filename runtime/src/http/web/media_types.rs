//! Which type a file is of, by the end of its name. Mirrors Python's `mimetypes`.
//!
//! The types that the web is made of; anything else is `application/octet-stream`, which a browser saves.

use std::borrow::Cow;
use std::path::Path;

const OTHER: &str = "application/octet-stream";

/// Sorted by the first column.
const TYPES: [(&str, &str); 43] = [
    ("7z", "application/x-7z-compressed"),
    ("aac", "audio/aac"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("jsonld", "application/ld+json"),
    ("map", "application/json"),
    ("md", "text/markdown"),
    ("mid", "audio/midi"),
    ("mjs", "text/javascript"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("oga", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("otf", "font/otf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("woff2", "font/woff2"),
    ("xml", "text/xml"),
];

/// A text is taken for UTF-8.
pub(super) fn media_type(path: &Path) -> Cow<'static, str> {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    let end = end.to_ascii_lowercase();
    let found = TYPES.binary_search_by_key(&&*end, |(end, _)| end);
    match found.map_or(OTHER, |found| TYPES[found].1) {
        kind if kind.starts_with("text/") => format!("{kind}; charset=utf-8").into(),
        kind => kind.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_goes_by_the_end_of_the_name_in_any_case() {
        assert!(TYPES.is_sorted());
        assert_eq!(media_type(Path::new("a/index.HTML")), "text/html; charset=utf-8");
        assert_eq!(media_type(Path::new("a.b/README")), OTHER);
        assert_eq!(media_type(Path::new("archive.tar.gz")), "application/gzip");
        assert_eq!(media_type(Path::new(".html")), OTHER);
    }
}
