//! Lesson 18's tests: sites on 127.0.0.1 that make trouble, and crawls that are cut off.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Event, create_task};
use tempfile::TempDir;

use super::*;
use crate::site::{Answer, serve};
use crate::store::{Page, State};

/// A folder, and the crawl that is in it.
struct Run {
    folder: TempDir,
    settings: Settings,
}

impl Run {
    fn new() -> Self {
        let settings = Settings {
            timeout: Duration::from_secs(30),
            back_off: Duration::from_millis(1),
            ..Settings::for_practice()
        };
        Self { folder: tempfile::tempdir().unwrap(), settings }
    }

    async fn store(&self) -> Store {
        Store::open(&self.folder.path().join("crawl.db")).await.unwrap()
    }

    /// Crawls until nothing waits or `interrupted` is ready. Whether it went on with an earlier one.
    async fn until(&self, starts: &[Url], interrupted: impl Future<Output = ()>) -> bool {
        let store = self.store().await;
        let goes_on = self.until_in(&store, starts, interrupted).await;
        store.close().await;
        goes_on
    }

    async fn until_in(
        &self,
        store: &Store,
        starts: &[Url],
        interrupted: impl Future<Output = ()>,
    ) -> bool {
        let goes_on = store.begin(starts).await.unwrap();
        let bars = Bars::new(self.settings.workers);
        let crawl = Crawl::new(starts, &self.settings, store, &bars).unwrap();
        crawl.run(interrupted).await.unwrap();
        goes_on
    }

    async fn whole(&self, site: &site::Site) -> Vec<Page> {
        self.until(std::slice::from_ref(&site.url), pending()).await;
        self.pages().await
    }

    async fn pages(&self) -> Vec<Page> {
        let store = self.store().await;
        let pages = store.pages().await.unwrap();
        store.close().await;
        pages
    }
}

fn find<'a>(pages: &'a [Page], path: &str) -> &'a Page {
    pages.iter().find(|page| page.url.path() == path).unwrap()
}

/// A start that leads to `/0` up to `/29`, and those to each other. Each takes a while.
fn thirty(path: &str, _: u32) -> Option<Answer> {
    let all: Vec<String> = (0..30).map(|number| format!("/{number}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    (path != "/robots.txt").then(|| Answer::page(path, &all).after(2)).or(Some(Answer::error(404)))
}

#[asyncio::test]
async fn a_host_never_has_more_guests_than_it_has_places() {
    for per_host in [1, 3] {
        let site = serve(0, thirty).await.unwrap();
        let mut run = Run::new();
        run.settings.per_host = per_host;
        assert_eq!(run.whole(&site).await.len(), 31);
        // And all places are used.
        assert_eq!(site.log.most_at_once() as usize, per_host);
    }
}

#[asyncio::test]
async fn a_host_that_is_busy_holds_no_other_up() {
    let busy =
        serve(0, |path, _| (path == "/robots.txt").then(|| Answer::error(404))).await.unwrap();
    let told = Rc::new(Event::new());
    let other = {
        let told = Rc::clone(&told);
        let answer = move |path: &str, _| {
            if path == "/last" {
                told.set();
            }
            Some(Answer::page(path, if path == "/" { &["/last"] } else { &[] }))
        };
        serve(0, answer).await.unwrap()
    };
    let mut run = Run::new();
    run.settings.per_host = 1;
    // The busy one never answers: without a place of its own, the other's last page would never be asked for.
    run.settings.timeout = Duration::from_hours(1);
    let starts = [busy.url.clone(), other.url.clone()];
    let crawling = create_task(async move {
        run.until(&starts, pending()).await;
    });
    told.wait().await;
    crawling.cancel();
}

#[asyncio::test]
async fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
    let site = serve(0, |path, times| {
        Some(match path {
            "/" => Answer::page("", &["/twice", "/always", "/cut", "/gone"]),
            "/twice" if times > 2 => Answer::page("well", &[]),
            "/twice" | "/always" => Answer::error(503),
            "/cut" => Answer { is_cut_off: true, ..Answer::page("", &["/never"]) },
            _ => Answer::error(404),
        })
    });
    let site = site.await.unwrap();
    let pages = Run::new().whole(&site).await;
    let became = |path| {
        let page = find(&pages, path);
        assert_eq!(page.tries, site.log.times(path), "{path}");
        (page.state, page.status, page.tries)
    };
    assert_eq!(became("/twice"), (State::Answered, Some(200), 3));
    assert_eq!(became("/always"), (State::Answered, Some(503), 3));
    assert_eq!(became("/cut"), (State::Failed, None, 3));
    assert_eq!(became("/gone"), (State::Answered, Some(404), 1));
    // Half a page leads nowhere.
    assert_eq!(pages.len(), 5);
}

#[asyncio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let answer = |path: &str, _| (path == "/robots.txt").then(|| Answer::error(404));
    let site = serve(0, answer).await.unwrap();
    let mut run = Run::new();
    run.settings.timeout = Duration::from_millis(50);
    let pages = run.whole(&site).await;
    assert_eq!((pages[0].state, pages[0].tries), (State::Failed, 3));
    assert!(pages[0].note.starts_with("timed out after"), "{}", pages[0].note);
}

#[asyncio::test]
async fn what_robots_txt_forbids_is_never_asked_for() {
    let site = serve(0, |path, _| {
        Some(match path {
            "/robots.txt" => Answer::text(
                "User-agent: *\nDisallow: /\n\nUser-agent: asyncio-crawler\nDisallow: /secret",
            ),
            "/moved" => Answer::redirect(302, "/secret/b"),
            _ => Answer::page(path, &["/secret/a", "/open", "/moved"]),
        })
    });
    let site = site.await.unwrap();
    let pages = Run::new().whole(&site).await;
    for path in ["/secret/a", "/secret/b"] {
        assert_eq!(find(&pages, path).state, State::Forbidden);
        assert_eq!(site.log.times(path), 0);
    }
    assert_eq!(find(&pages, "/open").status, Some(200));
    assert_eq!(site.log.times("/robots.txt"), 1);
}

#[asyncio::test]
async fn a_host_that_cannot_say_what_it_allows_is_left_alone() {
    let site = serve(0, |_, _| Some(Answer::error(500))).await.unwrap();
    let pages = Run::new().whole(&site).await;
    assert_eq!(site.log.times("/"), 0);
    assert_eq!(pages[0].note, "robots.txt can't be read: the server answered 500");
}

#[asyncio::test]
async fn loops_end() {
    let site = serve(0, |path, _| {
        Some(match path {
            "/" => Answer::page("", &["/?", "/#x", "./", "/a", "/round/1", "/self"]),
            "/a" => Answer::page("", &["/b", "/a/../b", "//", "/"]),
            "/b" => Answer::page("", &["a", "/a#y"]),
            "/round/1" => Answer::redirect(301, "2"),
            "/round/2" => Answer::redirect(302, "/round/1"),
            "/self" => Answer::redirect(307, "/self#again"),
            _ => Answer::error(404),
        })
    });
    let site = site.await.unwrap();
    let pages = Run::new().whole(&site).await;
    for path in ["/a", "/b", "/round/1", "/round/2", "/self"] {
        assert_eq!(site.log.times(path), 1, "{path}");
    }
    // `/?` has a query, an empty one, and is another address.
    assert_eq!(pages.len(), 7);
}

#[asyncio::test]
async fn a_site_without_an_end_is_left_after_so_many_pages_and_goes_on_there() {
    let answer = |path: &str, _| Some(Answer::page("", &[&format!("{path}0")]));
    let site = serve(0, answer).await.unwrap();
    let mut run = Run::new();
    run.settings.most_pages = 10;
    let done = async |run: &Run| {
        let pages = run.whole(&site).await;
        pages.iter().filter(|page| page.state == State::Answered).count()
    };
    assert_eq!(done(&run).await, 10);
    assert_eq!(done(&run).await, 20);
    // Two of robots.txt.
    assert_eq!(site.log.requests(), 22);
}

#[asyncio::test]
async fn another_host_is_known_and_not_visited() {
    let other = serve(0, |_, _| Some(Answer::page("", &[]))).await.unwrap();
    let there = other.url.to_string();
    let site = {
        let there = there.clone();
        serve(0, move |path, _| {
            Some(match path {
                "/moved" => Answer::redirect(301, &there),
                _ => Answer::page("", &[&there, "/moved"]),
            })
        })
    };
    let site = site.await.unwrap();
    let pages = Run::new().whole(&site).await;
    assert_eq!(other.log.requests(), 0);
    assert_eq!(find(&pages, "/moved").note, there);
    assert_eq!(pages.len(), 2);
}

/// `thirty`, which sets the event when it is asked for the `count`th page.
fn thirty_that_tell(count: u32) -> (impl Fn(&str, u32) -> Option<Answer>, Rc<Event>) {
    let (told, asked) = (Rc::new(Event::new()), Cell::new(0));
    let answer = {
        let told = Rc::clone(&told);
        move |path: &str, times| {
            asked.set(asked.get() + 1);
            if asked.get() == count {
                told.set();
            }
            thirty(path, times)
        }
    };
    (answer, told)
}

#[asyncio::test]
async fn stopped_in_the_middle_it_goes_on_with_nothing_twice_and_nothing_lost() {
    let (answer, told) = thirty_that_tell(12);
    let site = serve(0, answer).await.unwrap();
    let run = Run::new();
    let starts = [site.url.clone()];
    assert!(
        !run.until(&starts, async {
            told.wait().await;
        })
        .await
    );
    let pages = run.pages().await;
    let waiting = pages.iter().filter(|page| page.state == State::Waiting).count();
    assert!(waiting > 0, "it was stopped too late");

    assert!(run.until(&starts, pending()).await);
    let pages = run.pages().await;
    assert_eq!(pages.len(), 31);
    for page in pages {
        assert_eq!((page.status, site.log.times(page.url.path())), (Some(200), 1), "{}", page.url);
    }
}

#[asyncio::test]
async fn cut_off_in_the_middle_it_asks_again_for_what_was_under_way_alone() {
    let (answer, told) = thirty_that_tell(12);
    let site = serve(0, answer).await.unwrap();
    let run = Rc::new(Run::new());
    let store = Rc::new(run.store().await);
    let starts = [site.url.clone()];
    let crawling = create_task({
        let (run, store, starts) = (Rc::clone(&run), Rc::clone(&store), starts.clone());
        async move {
            run.until_in(&store, &starts, pending()).await;
        }
    });
    told.wait().await;
    // Its futures are dropped where they stand, and a transaction that isn't committed with them.
    crawling.cancel();
    assert!(crawling.await.is_err());
    // A process that is killed lets go of the file, too.
    Rc::into_inner(store).unwrap().close().await;
    let before = run.pages().await;
    let done: Vec<&Page> = before.iter().filter(|page| page.state != State::Waiting).collect();
    assert!(!done.is_empty() && done.len() < 31, "{} pages were done", done.len());

    assert!(run.until(&starts, pending()).await);
    let pages = run.pages().await;
    assert_eq!(pages.len(), 31);
    assert!(pages.iter().all(|page| page.status == Some(200)));
    for page in done {
        assert_eq!(site.log.times(page.url.path()), 1, "{}", page.url);
    }
    // Each worker had one page, at most.
    let twice = pages.iter().filter(|page| site.log.times(page.url.path()) > 1).count();
    assert!(twice <= run.settings.workers, "{twice} pages were asked for twice");
}

#[asyncio::test]
async fn two_crawls_in_one_folder_are_refused() {
    let run = Run::new();
    let store = run.store().await;
    let file = run.folder.path().join("crawl.db");
    let error = Store::open(&file).await.err().unwrap();
    assert!(explain(&file, &error).contains("another crawl is at work there"), "{error}");
    store.close().await;
}

#[asyncio::test]
async fn a_crawl_that_is_not_done_is_not_thrown_away_for_another() {
    let run = Run::new();
    let store = run.store().await;
    let [one, other] = ["http://a.test/1", "http://a.test/2"].map(|url| Url::parse(url).unwrap());
    assert!(!store.begin(std::slice::from_ref(&one)).await.unwrap());
    let error = store.begin(&[other]).await.unwrap_err().to_string();
    assert!(
        error.starts_with("the folder has a crawl of http://a.test/1 that isn't done"),
        "{error}"
    );
    assert!(store.begin(&[one]).await.unwrap());
    store.close().await;
}
