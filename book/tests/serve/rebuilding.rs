//! From a file that changes to a page that hears of it. The book is built by copying, and fails
//! where a page is missing that it should have.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use asyncio_book::serve::{Options, Server, Site};
use tempfile::TempDir;

use super::client::{Client, Listener, while_served};

/// Pages on disk, from which a book is built.
struct Source {
    folder: TempDir,
}

impl Source {
    fn new() -> Self {
        let source = Self { folder: tempfile::tempdir().unwrap() };
        source.write("index.html", "<body>first</body>");
        source.write("guide.html", "<body>guide</body>");
        source
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// At once, as editors save: no build may find half of it.
    fn write(&self, name: &str, text: &str) {
        let hidden = self.path(".unsaved");
        fs::write(&hidden, text).unwrap();
        fs::rename(hidden, self.path(name)).unwrap();
    }

    fn serve(
        &self,
        build: impl Fn(&Path) -> Result<Site, String> + Send + Sync + 'static,
    ) -> Server {
        let folder = self.folder.path().to_owned();
        let options = Options { port: 0, watch: vec![folder.clone()] };
        Server::start(options, move || build(&folder)).unwrap()
    }
}

/// As mdBook does where `SUMMARY.md` names a page that is gone.
fn build(folder: &Path) -> Result<Site, String> {
    if folder.join("guide.html").exists() {
        return Site::read(folder);
    }
    Err("guide.html is missing,\nthough SUMMARY.md names it".to_owned())
}

/// A page that is open: it has heard of the book that it shows.
fn open_page(address: SocketAddr) -> (Listener, String) {
    let mut listener = Client::connect(address).listen();
    let shown = listener.next();
    assert_eq!(shown.failure, "");
    (listener, shown.fingerprint)
}

fn get(address: SocketAddr, path: &str) -> String {
    Client::connect(address).get(path).body
}

#[test]
fn a_page_that_changes_reaches_who_listens_and_who_asks() {
    let source = Source::new();
    while_served(source.serve(build), move |address| {
        let (mut listener, first) = open_page(address);
        assert!(get(address, "/").contains(&format!("data-book=\"{first}\"")));
        source.write("index.html", "<body>second</body>");
        let event = listener.next();
        assert_ne!(event.fingerprint, first);
        let page = get(address, "/");
        assert!(page.contains("second"), "{page}");
        assert!(page.contains(&format!("data-book=\"{}\"", event.fingerprint)), "{page}");
    });
}

#[test]
fn a_page_s_tag_changes_with_it() {
    let source = Source::new();
    while_served(source.serve(build), move |address| {
        let (mut listener, _) = open_page(address);
        let mut client = Client::connect(address);
        let tag = client.get("/").headers["etag"].clone();
        source.write("index.html", "<body>second</body>");
        listener.next();
        let answer = client.ask("GET", "/", &format!("If-None-Match: {tag}\r\n"));
        assert_eq!(answer.status, 200);
    });
}

#[test]
fn a_deleted_page_is_a_failure_that_shows_the_last_good_book_until_it_is_back() {
    let source = Source::new();
    while_served(source.serve(build), move |address| {
        let (mut listener, first) = open_page(address);
        fs::remove_file(source.path("guide.html")).unwrap();
        let failed = listener.next();
        assert_eq!(failed.failure, "guide.html is missing,\nthough SUMMARY.md names it");
        assert_eq!(failed.fingerprint, first);
        assert!(get(address, "/guide.html").contains("guide"));
        // Who opens a page now hears of it as well.
        assert_eq!(Client::connect(address).listen().next(), failed);
        source.write("guide.html", "<body>guide</body>");
        let healed = listener.next();
        assert_eq!((healed.failure.as_str(), healed.fingerprint), ("", first));
    });
}

#[test]
fn pages_are_answered_while_the_book_is_built_and_a_change_then_leads_to_one_more_build() {
    let source = Source::new();
    let (builds, (started, has_started), (go, may_go)) =
        (Arc::new(AtomicUsize::new(0)), mpsc::channel(), mpsc::channel::<()>());
    let (counted, may_go) = (builds.clone(), Mutex::new(may_go));
    let server = source.serve(move |folder| {
        let site = build(folder);
        if counted.fetch_add(1, Ordering::SeqCst) > 0 {
            started.send(()).unwrap();
            // A second build at once would panic here.
            may_go.try_lock().unwrap().recv().unwrap();
        }
        site
    });
    while_served(server, move |address| {
        let (mut listener, _) = open_page(address);
        source.write("index.html", "<body>second</body>");
        has_started.recv().unwrap();
        assert!(get(address, "/").contains("first"));
        source.write("index.html", "<body>third</body>");
        go.send(()).unwrap();
        listener.next();
        assert!(get(address, "/").contains("second"));
        has_started.recv().unwrap();
        go.send(()).unwrap();
        listener.next();
        assert!(get(address, "/").contains("third"));
        assert_eq!(builds.load(Ordering::SeqCst), 3);
    });
}
