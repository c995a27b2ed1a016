//! The crawl: a queue of pages, a group of workers, and for each host a semaphore and its `robots.txt`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use asyncio::http::{ClientError, ClientSession};
use asyncio::{Event, ExceptionGroup, Lock, Queue, Semaphore, TaskGroup, timeout};
use url::{Position, Url};

use crate::bars::Bars;
use crate::fetch::{self, Fetched};
use crate::robots::Robots;
use crate::store::{Page, State, Store};

/// How the crawler calls itself, to servers and in `robots.txt`.
pub(crate) const AGENT: &str = "asyncio-crawler";

/// How hard it tries, and how gently.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The most requests at once.
    pub(crate) workers: usize,
    /// The most requests at once to one host.
    pub(crate) per_host: usize,
    /// Before each request, while its place at the host is taken.
    pub(crate) pause: Duration,
    /// For a whole request.
    pub(crate) timeout: Duration,
    /// How often a page is asked for before it is given up.
    pub(crate) tries: u32,
    /// Before the second try. It doubles from try to try.
    pub(crate) back_off: Duration,
    /// The most pages of this run.
    pub(crate) most_pages: usize,
}

impl Settings {
    pub(crate) fn for_a_stranger_s_site() -> Self {
        Self {
            workers: 8,
            per_host: 2,
            pause: Duration::from_millis(250),
            timeout: Duration::from_secs(20),
            tries: 3,
            back_off: Duration::from_secs(1),
            most_pages: usize::MAX,
        }
    }

    pub(crate) fn for_practice() -> Self {
        Self {
            pause: Duration::ZERO,
            timeout: Duration::from_millis(1500),
            back_off: Duration::from_millis(100),
            ..Self::for_a_stranger_s_site()
        }
    }
}

/// What `robots.txt` and the semaphore of one host are kept in.
struct Host {
    places: Semaphore,
    /// Read when the first page is asked for, once.
    robots: Lock<Option<Rc<Rules>>>,
}

pub(crate) struct Crawl<'a> {
    settings: &'a Settings,
    store: &'a Store,
    bars: &'a Bars,
    session: ClientSession,
    hosts: BTreeMap<String, Host>,
    queue: Queue<Url>,
    begun: Cell<usize>,
    stopping: Event,
}

/// The host and port of `url`: whose guest the crawler is.
pub(crate) fn host_of(url: &Url) -> String {
    url[Position::BeforeHost..Position::AfterPort].to_owned()
}

impl<'a> Crawl<'a> {
    /// One of the hosts of `starts`, and of no others.
    pub(crate) fn new(
        starts: &[Url],
        settings: &'a Settings,
        store: &'a Store,
        bars: &'a Bars,
    ) -> Result<Self, ClientError> {
        let host = || Host { places: Semaphore::new(settings.per_host), robots: Lock::new(None) };
        Ok(Self {
            settings,
            store,
            bars,
            session: ClientSession::builder()
                .timeout(settings.timeout)
                .max_body_size(fetch::MOST_BYTES)
                .build()?,
            hosts: starts.iter().map(|url| (host_of(url), host())).collect(),
            queue: Queue::unbounded(),
            begun: Cell::new(0),
            stopping: Event::new(),
        })
    }

    /// Fetches what waits, and what that leads to, until nothing waits or `interrupted` is ready. Pages that
    /// are being fetched by then are fetched to their end.
    pub(crate) async fn run(
        &self,
        interrupted: impl Future<Output = ()>,
    ) -> Result<(), ExceptionGroup<sqlx::Error>> {
        let scope = TaskGroup::scope(async |group| {
            let interruption = group.create_task(async {
                interrupted.await;
                self.bars
                    .say("stopping: the pages under way come to their end; Ctrl-C again: at once");
                self.stop();
            });
            let turning = group.create_task(self.bars.turn());
            let (done, _) = self.store.counts().await?;
            let waiting = self.store.waiting().await?;
            let done = usize::try_from(done).unwrap_or_default();
            self.bars.know(done + waiting.len());
            self.bars.done(done, false);
            self.put(waiting);
            let workers: Vec<_> = (0..self.settings.workers)
                .map(|worker| group.create_task(self.work(worker)))
                .collect();

            self.queue.join().await;
            // The workers wait for more. This ends their loops.
            self.queue.shutdown(false);
            for worker in workers {
                // An error is the group's affair.
                let _ = worker.await;
            }
            interruption.cancel();
            turning.cancel();
            Ok::<(), sqlx::Error>(())
        });
        let ended = scope.await;
        self.bars.clear();
        ended.map(drop)
    }

    /// Whether `interrupted` was ready before all was done.
    pub(crate) fn was_stopped(&self) -> bool {
        self.stopping.is_set()
    }

    fn stop(&self) {
        self.stopping.set();
        // What is in the queue waits in the database, too.
        self.queue.shutdown(true);
    }

    fn put(&self, pages: Vec<Url>) {
        for url in pages {
            // Refused once it stops: the page waits in the database.
            let _ = self.queue.put_nowait(url);
        }
    }

    async fn work(&self, worker: usize) -> Result<(), sqlx::Error> {
        while let Ok(url) = self.queue.get().await {
            if self.begun.get() < self.settings.most_pages {
                self.begun.set(self.begun.get() + 1);
                self.crawl(worker, url).await?;
                self.bars.show(worker, String::new());
            }
            self.queue.task_done();
        }
        Ok(())
    }

    /// Finds out what there is to know of one page, and writes it down.
    async fn crawl(&self, worker: usize, url: Url) -> Result<(), sqlx::Error> {
        let Some(host) = self.hosts.get(&host_of(&url)) else { return Ok(()) };
        let mut page = Page::new(url);
        let mut links = Vec::new();
        // `None`: it stops. The page still waits, in the database.
        let Some(robots) = self.robots(worker, host, &page.url).await else { return Ok(()) };
        match &*robots {
            Ok(robots) if robots.allow(&page.url[Position::BeforePath..]) => {
                let Some(found) = self.visit(worker, host, &mut page).await else { return Ok(()) };
                links = found;
            }
            Ok(_) => {
                page.state = State::Forbidden;
                page.note = "robots.txt forbids it".into();
            }
            Err(why) => {
                page.state = State::Failed;
                page.note = format!("robots.txt can't be read: {why}");
            }
        }
        let ours = |url: &&Url| self.hosts.contains_key(&host_of(url));
        let to_crawl: Vec<Url> = links.iter().filter(ours).cloned().collect();
        let new = self.store.finish(&page, &links, &to_crawl).await?;
        self.bars.done(1, page.state == State::Failed || page.status.is_some_and(|it| it >= 400));
        self.bars.know(new.len());
        self.put(new);
        Ok(())
    }

    /// Fetches a page, and returns where it leads. `None`: it stops, and nothing is known yet.
    async fn visit(&self, worker: usize, host: &Host, page: &mut Page) -> Option<Vec<Url>> {
        let fetch = async || fetch::fetch(&self.session, &page.url).await;
        let asked = self.ask(worker, host, &page.url, fetch, fetch::is_worth_another_try).await?;
        page.tries = asked.tries;
        page.milliseconds = asked.took.as_millis().try_into().unwrap_or(u64::MAX);
        Some(write_down(asked.answer, page))
    }

    /// Makes a request, in a place at its host; and again, after a while, if that may help. `None`: it stops.
    async fn ask<T>(
        &self,
        worker: usize,
        host: &Host,
        url: &Url,
        request: impl AsyncFn() -> T,
        is_worth_another_try: impl Fn(&T) -> bool,
    ) -> Option<Asked<T>> {
        let mut back_off = self.settings.back_off;
        for tries in 1.. {
            self.bars.show(worker, format!("{url}: waits for its turn"));
            let (answer, took) = {
                let _place = host.places.acquire().await;
                self.bars.show(worker, format!("{url}{}", nth(tries)));
                if self.stops_within(self.settings.pause).await {
                    return None;
                }
                let start = Instant::now();
                (request().await, start.elapsed())
            };
            if tries == self.settings.tries || !is_worth_another_try(&answer) {
                return Some(Asked { answer, tries, took });
            }
            // The place is for others meanwhile.
            self.bars.show(worker, format!("{url}: trouble, waiting {back_off:?}"));
            if self.stops_within(back_off).await {
                return None;
            }
            back_off *= 2;
        }
        None
    }

    /// Waits for `delay`, or until it stops: whether it does.
    async fn stops_within(&self, delay: Duration) -> bool {
        if delay.is_zero() {
            return self.stopping.is_set();
        }
        timeout(delay, self.stopping.wait()).await.is_ok()
    }

    /// What the host of `url` allows. The first who asks fetches it, and the others wait for that.
    async fn robots(&self, worker: usize, host: &Host, url: &Url) -> Option<Rc<Rules>> {
        let mut known = host.robots.acquire().await;
        if known.is_none() {
            let fetch = async || fetch::robots(&self.session, url).await;
            let asked = self.ask(worker, host, url, fetch, Result::is_err).await?;
            *known = Some(Rc::new(asked.answer));
        }
        known.clone()
    }
}

/// What a host allows, or why that isn't known.
type Rules = Result<Robots, String>;

struct Asked<T> {
    answer: T,
    tries: u32,
    took: Duration,
}

fn nth(tries: u32) -> String {
    if tries == 1 { String::new() } else { format!(" (try {tries})") }
}

/// What there is to say of a page, and its links.
fn write_down(fetched: Result<Fetched, ClientError>, page: &mut Page) -> Vec<Url> {
    match fetched {
        Ok(fetched) => {
            page.state = State::Answered;
            page.status = Some(fetched.status);
            page.title = fetched.title;
            page.bytes = fetched.bytes;
            page.note = fetched.note;
            fetched.links
        }
        Err(error) => {
            page.state = State::Failed;
            page.note = fetch::in_short(&error);
            Vec::new()
        }
    }
}
