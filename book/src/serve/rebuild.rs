//! Builds the book again when something has changed.
//!
//! What must hold: never two builds at once; a change during a build leads to one more.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::current::Current;
use super::site::Site;

/// Builds the book, on any thread.
pub(super) type Build = dyn Fn() -> Result<Site, String> + Send + Sync;

/// Publishes what each burst of changes leads to. Never ends by itself.
pub(super) async fn keep_current(
    mut next_changes: impl AsyncFnMut() -> BTreeSet<PathBuf>,
    build: Arc<Build>,
    current: Rc<Current>,
) {
    loop {
        tell_changes(&next_changes().await);
        let outcome = build_beside(&build).await;
        tell_outcome(&outcome);
        current.publish(outcome);
    }
}

/// Builds on another thread, so that pages are answered meanwhile. A panic is a failed build.
async fn build_beside(build: &Arc<Build>) -> Result<Site, String> {
    let build = build.clone();
    let task = asyncio::create_task(blocking::unblock(move || build())).with_name("build");
    task.await.unwrap_or_else(|error| Err(format!("the build broke off: {error}")))
}

fn tell_changes(paths: &BTreeSet<PathBuf>) {
    let Some(first) = paths.first() else {
        return println!("something has changed: building again");
    };
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let first = first.strip_prefix(here).unwrap_or(first).display();
    match paths.len() - 1 {
        0 => println!("{first} has changed: building again"),
        others => println!("{first} and {others} more have changed: building again"),
    }
}

fn tell_outcome(outcome: &Result<Site, String>) {
    match outcome {
        Ok(_) => println!("the book is built"),
        Err(message) => eprintln!("{message}\nthe last good book is still served"),
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::task::Context;
    use std::time::Duration;

    use super::*;
    use crate::serve::watch::Changes;

    /// Longer than any burst.
    const LATER: Duration = Duration::from_secs(60);

    fn site(text: &str) -> Site {
        [("index.html".to_owned(), text.as_bytes().to_vec())].into_iter().collect()
    }

    fn start(
        build: impl Fn() -> Result<Site, String> + Send + Sync + 'static,
    ) -> (Arc<Changes>, Rc<Current>) {
        let (changes, current) = (Arc::new(Changes::default()), Rc::new(Current::new(site("0"))));
        let heard = changes.clone();
        let next = async move || heard.next().await;
        asyncio::create_task(keep_current(next, Arc::new(build), current.clone())).detach();
        (changes, current)
    }

    /// Waits until `current` was published `count` times, and says what is served then.
    async fn published(current: &Rc<Current>, count: usize) -> (String, Option<String>) {
        let subscription = current.subscribe();
        // Real time: builds take theirs on another thread, whatever the loop's clock says.
        let mut patience = async_io::Timer::after(Duration::from_secs(20));
        let mut next = |cx: &mut Context<'_>| {
            assert!(Pin::new(&mut patience).poll(cx).is_pending(), "nothing was published");
            subscription.poll_next(cx)
        };
        // The first is what is served already.
        for _ in 0..=count {
            poll_fn(&mut next).await;
        }
        let state = current.state();
        let page =
            String::from_utf8(state.site.file("index.html").unwrap().bytes.to_vec()).unwrap();
        (page[..1].to_owned(), state.failure.map(|failure| failure.to_string()))
    }

    #[asyncio::test(clock = "virtual")]
    async fn a_burst_leads_to_one_build() {
        let builds = Arc::new(AtomicUsize::new(0));
        let counted = builds.clone();
        let (changes, current) = start(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(site("1"))
        });
        for _ in 0..20 {
            changes.add([PathBuf::from("index.md")]);
            asyncio::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(published(&current, 1).await.0, "1");
        asyncio::sleep(LATER).await;
        assert_eq!(builds.load(Ordering::SeqCst), 1);
    }

    #[asyncio::test(clock = "virtual")]
    async fn changes_during_a_build_lead_to_one_more_when_it_is_done() {
        let (go, may_go) = mpsc::channel::<()>();
        let may_go = Mutex::new(may_go);
        let builds = Arc::new(AtomicUsize::new(0));
        let counted = builds.clone();
        let (changes, current) = start(move || {
            // Two at once would panic here.
            may_go.try_lock().unwrap().recv().unwrap();
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            Ok(site(&number.to_string()))
        });
        changes.add([PathBuf::from("index.md")]);
        asyncio::sleep(LATER).await;
        for _ in 0..20 {
            changes.add([PathBuf::from("index.md")]);
            asyncio::sleep(LATER).await;
        }
        assert_eq!(builds.load(Ordering::SeqCst), 0, "the first build has not ended");
        go.send(()).unwrap();
        assert_eq!(published(&current, 1).await.0, "1");
        go.send(()).unwrap();
        assert_eq!(published(&current, 1).await.0, "2");
        // A third one would take this.
        go.send(()).unwrap();
        asyncio::sleep(LATER).await;
        assert_eq!(builds.load(Ordering::SeqCst), 2);
    }

    #[asyncio::test(clock = "virtual")]
    async fn a_build_that_panics_has_failed_and_the_next_one_heals() {
        let builds = AtomicUsize::new(0);
        let (changes, current) = start(move || match builds.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("no such anchor"),
            _ => Ok(site("1")),
        });
        changes.add([]);
        let (page, failure) = published(&current, 1).await;
        assert_eq!(page, "0");
        assert!(failure.unwrap().contains("no such anchor"));
        changes.add([]);
        assert_eq!(published(&current, 1).await, ("1".to_owned(), None));
    }
}
