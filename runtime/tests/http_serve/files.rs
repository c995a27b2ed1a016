//! Files as answers.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use asyncio::Server;
use asyncio::http::web::{self, Request, Router, StaticFiles};
use tempfile::TempDir;

use crate::client::{Answer, Client, serve};

/// A folder `public` with some files, and one beside it that nobody is to see.
fn site() -> TempDir {
    let site = tempfile::tempdir().unwrap();
    let public = site.path().join("public");
    fs::create_dir_all(public.join("docs")).unwrap();
    fs::create_dir_all(public.join("pictures & <more>")).unwrap();
    fs::write(site.path().join("secret.txt"), "secret").unwrap();
    fs::write(public.join("digits.txt"), "0123456789").unwrap();
    fs::write(public.join("a b.html"), "<p>").unwrap();
    fs::write(public.join("docs/index.html"), "the docs").unwrap();
    fs::write(public.join("pictures & <more>/x.png"), "png").unwrap();
    site
}

async fn served(site: &Path, show_index: bool) -> Server {
    let files = StaticFiles::new(site.join("public")).show_index(show_index);
    serve(Router::new().static_files("/s", files)).await.unwrap()
}

async fn ask(server: &Server, path: &str, headers: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\n{headers}\r\n");
    Client::sending(server, request).await.answer().await
}

#[asyncio::test]
async fn a_file_has_its_type_its_tag_and_its_date() {
    let site = site();
    let server = served(site.path(), false).await;
    let answer = ask(&server, "/s/digits.txt", "").await;
    assert_eq!((answer.status, answer.text()), (200, "0123456789"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert!(answer.header("etag").unwrap().ends_with("-a\""));
    assert!(answer.header("last-modified").unwrap().ends_with(" gmt"));
    let answer = ask(&server, "/s/a%20b.html", "").await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}

#[asyncio::test]
async fn nothing_outside_of_the_folder_is_served() {
    let site = site();
    let server = served(site.path(), true).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let public = site.path().join("public");
        symlink(site.path().join("secret.txt"), public.join("leads-out")).unwrap();
        symlink(site.path(), public.join("leads-up")).unwrap();
        symlink(public.join("digits.txt"), public.join("stays")).unwrap();
        symlink(public.join("loop"), public.join("loop")).unwrap();
        assert_eq!(ask(&server, "/s/stays", "").await.text(), "0123456789");
    }
    for path in [
        "/s/../secret.txt",
        "/s/%2e%2e/secret.txt",
        "/s/..%2fsecret.txt",
        "/s/docs/../../secret.txt",
        "/s/docs%2f..%2f..%2fsecret.txt",
        "/s//etc/passwd",
        "/s/%2fetc/passwd",
        "/s/leads-out",
        "/s/leads-up/secret.txt",
        "/s/leads-up/",
        "/s/loop",
        "/s/digits.txt%00",
        "/s/digits.txt/",
        "/s/digits.txt/x",
        "/s/none",
        "/s/./digits.txt",
    ] {
        let answer = ask(&server, path, "").await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
}

#[asyncio::test]
async fn a_part_is_sent_alone() {
    let site = site();
    let server = served(site.path(), false).await;
    for (range, part, shown) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-30", "0123456789", "bytes 0-9/10"),
        ("bytes=8-100", "89", "bytes 8-9/10"),
    ] {
        let answer = ask(&server, "/s/digits.txt", &format!("Range: {range}\r\n")).await;
        assert_eq!((answer.status, answer.text()), (206, part), "{range}");
        assert_eq!(answer.header("content-range"), Some(shown), "{range}");
    }
    for range in ["bytes=10-", "bytes=-0", "bytes=99999999999999999999999-"] {
        let answer = ask(&server, "/s/digits.txt", &format!("Range: {range}\r\n")).await;
        assert_eq!((answer.status, answer.header("content-range")), (416, Some("bytes */10")));
    }
    for range in ["bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=1-2,4-5", "bytes=-", "bytes=+1-2"] {
        let answer = ask(&server, "/s/digits.txt", &format!("Range: {range}\r\n")).await;
        assert_eq!((answer.status, answer.text()), (200, "0123456789"), "{range}");
    }
}

#[asyncio::test]
async fn a_client_that_has_a_file_is_not_sent_it_again() {
    let site = site();
    let file = site.path().join("public/digits.txt");
    let noon = SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_000_500);
    fs::File::options().write(true).open(file).unwrap().set_modified(noon).unwrap();
    let server = served(site.path(), false).await;
    let tag = ask(&server, "/s/digits.txt", "").await.header("etag").unwrap().to_owned();
    let (then, before) = ("Sun, 09 Sep 2001 01:46:40 GMT", "Sun, 09 Sep 2001 01:46:39 GMT");
    for (headers, status) in [
        (format!("If-None-Match: {tag}\r\n"), 304),
        (format!("If-None-Match: \"x\", W/{tag}\r\n"), 304),
        ("If-None-Match: *\r\n".to_owned(), 304),
        (format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {then}\r\n"), 200),
        (format!("If-Modified-Since: {then}\r\n"), 304),
        (format!("If-Modified-Since: {before}\r\n"), 200),
        ("If-Modified-Since: yesterday\r\n".to_owned(), 200),
        (format!("If-Match: {tag}\r\n"), 200),
        ("If-Match: \"x\"\r\n".to_owned(), 412),
        (format!("If-Unmodified-Since: {before}\r\n"), 412),
        (format!("If-Range: {tag}\r\nRange: bytes=0-1\r\n"), 206),
        ("If-Range: \"x\"\r\nRange: bytes=0-1\r\n".to_owned(), 200),
        (format!("If-Range: {then}\r\nRange: bytes=0-1\r\n"), 206),
    ] {
        let answer = ask(&server, "/s/digits.txt", &headers).await;
        assert_eq!(answer.status, status, "{headers}");
        assert_eq!(answer.header("etag").is_some(), status != 412, "{headers}");
        assert_eq!(answer.body.is_empty(), status == 304, "{headers}");
    }
}

#[asyncio::test]
async fn a_folder_is_its_index_or_a_list_or_nothing() {
    let site = site();
    let listing = served(site.path(), true).await;
    assert_eq!(ask(&listing, "/s/docs/", "").await.text(), "the docs");
    let answer = ask(&listing, "/s/docs", "").await;
    assert_eq!((answer.status, answer.header("location")), (302, Some("./docs/")));
    let answer = ask(&listing, "/s/", "").await;
    let text = answer.text();
    assert!(text.contains("<a href=\"./a%20b.html\">a b.html</a>"), "{text}");
    let escaped = "<a href=\"./pictures%20%26%20%3Cmore%3E/\">pictures &amp; &lt;more&gt;/</a>";
    assert!(text.contains(escaped), "{text}");
    let answer = ask(&listing, "/s/pictures%20&%20%3Cmore%3E/", "").await;
    assert!(answer.text().contains("<a href=\"../\">"), "{}", answer.text());
    let hiding = served(site.path(), false).await;
    assert_eq!(ask(&hiding, "/s/", "").await.status, 403);
}

#[asyncio::test]
async fn a_file_takes_no_other_method() {
    let site = site();
    let server = served(site.path(), false).await;
    let request = "POST /s/digits.txt HTTP/1.1\r\nHost: here\r\n\r\n";
    let answer = Client::sending(&server, request).await.answer().await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("get, head")));
    let request = "HEAD /s/digits.txt HTTP/1.1\r\nHost: here\r\n\r\n";
    let answer = Client::sending(&server, request).await.head().await.unwrap();
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("10")));
}

#[asyncio::test]
async fn a_large_file_is_sent_piece_by_piece_and_whole() {
    let site = site();
    let large: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
    let path = site.path().join("large.bin");
    fs::write(&path, &large).unwrap();
    let server = serve(async move |request: Request| web::file_response(&request, &path).await);
    let server = server.await.unwrap();
    assert!(ask(&server, "/", "").await.body == large);
    let part = ask(&server, "/", "Range: bytes=100-1000099\r\n").await;
    assert!(part.body == large[100..1_000_100]);
}

#[cfg(unix)]
#[asyncio::test]
async fn what_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    let server = serve(async move |request: Request| web::file_response(&request, &pipe).await);
    assert_eq!(ask(&server.await.unwrap(), "/", "").await.status, 404);
}
