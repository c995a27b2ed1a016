//! Lesson 04: HTTP requests.
//!
//! You will see the first 100 characters of a web page: <http://python.org>, which redirects to https,
//! or the pages you name, all fetched at once while a progress bar counts them.
//!
//! ```text
//! cargo run --bin 04_http
//! cargo run --bin 04_http -- https://www.rust-lang.org https://www.python.org https://docs.rs
//! ```
//!
//! Without a network, start this lesson's own server in one terminal and call it from another:
//!
//! ```text
//! cargo run --bin 04_http -- --serve
//! cargo run --bin 04_http -- http://127.0.0.1:8004/ http://127.0.0.1:8004/moved http://127.0.0.1:8004/slow
//! ```
//!
//! `--root FILE.pem` also trusts the certificates in that file, for an https server of your own.
//!
//! `twin.py` is this program in Python, without the options. It keeps to the standard library, where
//! `urllib` blocks and so needs a thread for each request. aiohttp, which has to be installed there,
//! is what `ClientSession` takes after.

mod options;
mod practice_server;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use asyncio::http::{ClientError, ClientSession, Stage};
use indicatif::ProgressBar;

use options::Options;

type Page = Result<String, Box<dyn Error>>;

async fn fetch(session: &ClientSession, url: &str) -> Page {
    // This await ends when the answer's head is here, the one below when the body is.
    let mut response = session.get(url).await?;
    // To the client an answer such as 404 is no error. Its body isn't the page that was asked for.
    if !response.is_ok() {
        let (url, status) = (response.url(), response.status());
        return Err(format!("{url}: the server answered {status}").into());
    }
    Ok(response.text().await?)
}

fn main() -> ExitCode {
    match Options::from_arguments(std::env::args().skip(1)) {
        Ok(Options::Fetch { urls, root }) => asyncio::run(show(&urls, root)),
        Ok(Options::Serve { port }) => practice_server::serve(port),
        Ok(Options::Help) => {
            println!("{}", options::USAGE);
            ExitCode::SUCCESS
        }
        Err(message) => failed(&message),
    }
}

async fn show(urls: &[String], root: Option<Vec<u8>>) -> ExitCode {
    let session = match session(root) {
        Ok(session) => session,
        Err(error) => return failed(&error.to_string()),
    };
    let mut errors = Vec::new();
    for (url, page) in urls.iter().zip(fetch_all(&session, urls).await) {
        match page {
            Ok(page) => print_start(url, &page, urls.len() > 1),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { ExitCode::SUCCESS } else { explain(&errors) }
}

fn session(root: Option<Vec<u8>>) -> Result<ClientSession, ClientError> {
    // For a whole request, redirects and body included.
    let mut builder = ClientSession::builder().timeout(Duration::from_secs(20));
    if let Some(pem) = root {
        builder = builder.root_certificates(pem);
    }
    builder.build()
}

async fn fetch_all(session: &ClientSession, urls: &[String]) -> Vec<Page> {
    // Drawn on stderr, and only where that is a terminal: stdout holds nothing but the pages.
    let bar =
        if urls.len() > 1 { ProgressBar::new(urls.len() as u64) } else { ProgressBar::hidden() };
    bar.tick();
    let pages = asyncio::gather(urls.iter().map(async |url| {
        let page = fetch(session, url).await;
        bar.inc(1);
        page
    }))
    .await;
    bar.finish_and_clear();
    pages
}

fn print_start(url: &str, page: &str, with_url: bool) {
    if with_url {
        println!("== {url}");
    }
    println!("{}", page.chars().take(100).collect::<String>());
}

/// One line an error, then what helps with this program.
fn explain(errors: &[Box<dyn Error>]) -> ExitCode {
    for error in errors {
        failed(&error.to_string());
    }
    let stages: Vec<Stage> =
        errors.iter().filter_map(|error| error.downcast_ref().map(ClientError::stage)).collect();
    let failed_to = |stage| stages.contains(&stage);
    if failed_to(Stage::Resolve) || failed_to(Stage::Connect) || failed_to(Stage::Timeout) {
        eprintln!(
            "To practise on your own machine, run `cargo run --bin 04_http -- --serve` in another \
             terminal, then `cargo run --bin 04_http -- http://127.0.0.1:8004`"
        );
    }
    if failed_to(Stage::Certificate) {
        eprintln!("To trust a certificate of your own, run this program with `--root FILE.pem`");
    }
    ExitCode::FAILURE
}

fn failed(message: &str) -> ExitCode {
    eprintln!("04_http: {message}");
    ExitCode::FAILURE
}
