//! Lesson 18: a crawler, with all that the lessons before it showed.
//!
//! You will see it fetch a site that it serves itself, page after page, several at once: slow pages, pages that
//! fail and then work, redirects, loops, broken links, and pages that `robots.txt` asks to leave alone.
//! What it finds is in a database, and in a report to open in a browser.
//!
//! ```text
//! cargo run --bin 18_crawler
//! ```
//!
//! Slowly, as a guest would at a stranger's site, so that there is something to look at and to interrupt. Press
//! Ctrl-C in the middle, or kill it, and start it again: it goes on where it was.
//!
//! ```text
//! cargo run --bin 18_crawler -- --serve
//! ```
//!
//! Another site:
//!
//! ```text
//! cargo run --bin 18_crawler -- --pages 50 https://example.org/
//! ```
//!
//! Begin to read in `crawl.rs`. `twin.py` is this program in Python, without the bars, the report and the
//! options. Both print `output.txt`.

mod bars;
mod crawl;
mod fetch;
mod links;
mod options;
mod report;
mod robots;
mod site;
mod store;
mod summary;
#[cfg(test)]
mod tests;

use std::env;
use std::error::Error;
use std::future::pending;
use std::path::Path;
use std::process::ExitCode;

use asyncio::{ctrl_c, fs};
use url::Url;

use bars::Bars;
use crawl::{Crawl, Settings};
use options::{Options, Site};
use store::Store;
use summary::{Findings, Kind};

/// What the shell takes for "ended by Ctrl-C".
const INTERRUPTED: u8 = 130;

#[asyncio::main]
async fn main() -> ExitCode {
    let ended = match Options::from_arguments(env::args().skip(1)) {
        Ok(Some(options)) => start(&options).await,
        Ok(None) => {
            println!("{}", options::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(message) => Err(message.into()),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("18_crawler: {error}");
        ExitCode::FAILURE
    })
}

async fn start(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    fs::create_dir_all(&options.into).await?;
    let file = options.into.join("crawl.db");
    let store = Store::open(&file).await.map_err(|error| explain(&file, &error))?;
    let ended = match &options.site {
        Site::Practice { serve_on: false } => demonstrate(&store, &options.into).await,
        Site::Practice { serve_on: true } => practise(&store, &options.into).await,
        Site::Other { url, most_pages } => {
            crawl_other(url, *most_pages, &store, &options.into).await
        }
    };
    store.close().await;
    ended.map(|ended| if ended == Ended::Stopped { INTERRUPTED.into() } else { ExitCode::SUCCESS })
}

fn explain(file: &Path, error: &sqlx::Error) -> String {
    let locked = "database is locked";
    let file = file.display();
    if error.to_string().contains(locked) {
        return format!(
            "{file}: another crawl is at work there; take another folder with `--into`"
        );
    }
    format!("{file}: {error}")
}

/// Serves the practice site and crawls it, from the beginning each time.
async fn demonstrate(store: &Store, into: &Path) -> Result<Ended, Box<dyn Error>> {
    let site = site::serve(0, site::practice).await?;
    store.begin_anew(std::slice::from_ref(&site.url)).await?;
    let (ended, findings) = crawl(&site.url, &Settings::for_practice(), store, into).await?;
    print(&findings.lines(ended == Ended::Whole));
    println!(
        "the site was asked {} times, never more than {} at once",
        site.log.requests(),
        site.log.most_at_once()
    );
    Ok(ended)
}

/// Serves the practice site, crawls it slowly or goes on with that, and serves on.
async fn practise(store: &Store, into: &Path) -> Result<Ended, Box<dyn Error>> {
    let site = practice_site(store).await?;
    let settings =
        Settings { pause: Settings::for_a_stranger_s_site().pause, ..Settings::for_practice() };
    let ended = crawl_or_go_on(&site.url, &settings, store, into).await?;
    if ended == Ended::Whole {
        eprintln!("the site is at {} until Ctrl-C", site.url);
        ctrl_c().await?;
    }
    Ok(ended)
}

/// At a free port, or at the one of the crawl that goes on: its pages have that address.
async fn practice_site(store: &Store) -> Result<site::Site, Box<dyn Error>> {
    let (_, waiting) = store.counts().await?;
    let starts = if waiting > 0 { store.starts().await? } else { Vec::new() };
    let port = starts.first().and_then(Url::port).unwrap_or(0);
    site::serve(port, site::practice).await.map_err(|error| {
        let why = format!("can't serve on 127.0.0.1:{port}, where the crawl that isn't done was");
        format!("{why}: {error}").into()
    })
}

async fn crawl_other(
    url: &Url,
    most_pages: usize,
    store: &Store,
    into: &Path,
) -> Result<Ended, Box<dyn Error>> {
    let settings = Settings { most_pages, ..Settings::for_a_stranger_s_site() };
    crawl_or_go_on(url, &settings, store, into).await
}

async fn crawl_or_go_on(
    start: &Url,
    settings: &Settings,
    store: &Store,
    into: &Path,
) -> Result<Ended, Box<dyn Error>> {
    if store.begin(std::slice::from_ref(start)).await? {
        let (done, waiting) = store.counts().await?;
        eprintln!("going on: {done} pages are done, {waiting} wait");
    }
    let (ended, findings) = crawl(start, settings, store, into).await?;
    print(&findings.lines(false));
    let waiting = findings.count(Kind::Waiting);
    if waiting > 0 {
        eprintln!("{waiting} pages wait: the same command goes on with them");
    }
    Ok(ended)
}

#[derive(Clone, Copy, PartialEq)]
enum Ended {
    /// With nothing left to do, or with as many pages as it was to fetch.
    Whole,
    /// By Ctrl-C.
    Stopped,
}

/// Crawls what waits in `store`, and writes the report.
async fn crawl(
    start: &Url,
    settings: &Settings,
    store: &Store,
    into: &Path,
) -> Result<(Ended, Findings), Box<dyn Error>> {
    // From here on, Ctrl-C doesn't end the process; the second one does.
    let interrupted = ctrl_c();
    let bars = Bars::new(settings.workers);
    let crawl = Crawl::new(std::slice::from_ref(start), settings, store, &bars)?;
    crawl
        .run(async {
            // Where Ctrl-C can't be heard, it ends the process.
            if interrupted.await.is_err() {
                pending::<()>().await;
            }
        })
        .await?;

    let findings = Findings::new(store.pages().await?, store.links().await?);
    let file = into.join("report.html");
    fs::write(&file, report::report(start.as_str(), &findings)).await?;
    eprintln!("the report is {}", file.display());
    Ok((if crawl.was_stopped() { Ended::Stopped } else { Ended::Whole }, findings))
}

fn print(lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
}
