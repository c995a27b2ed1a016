//! `cargo book`: builds the book, checks it, serves it.

use std::process::ExitCode;

use asyncio_book::building::build;
use asyncio_book::check::check;
use asyncio_book::record::{Progress, record};
use asyncio_book::serve::{Options, Site, serve};
use asyncio_book::sources;
use indicatif::{ProgressBar, ProgressStyle};

const HELP: &str = "\
cargo book [COMMAND]

  serve [PORT]    build the book, show it on 127.0.0.1, and build it again when a file changes.
                  The default, on port 3000 or the next free one; 0: a port that the system picks
  build           build the book into target/book/html, and follow its links
  check           build it and check code, outputs and the appendices
  record [WHAT]   measure anew what the book's figures show: ladder, epoll, traces; all without WHAT
  help            say this";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] | ["serve"] => show(Options::default().port),
        ["serve", port] => match port.parse() {
            Ok(port) => show(port),
            Err(_) => Err(format!("{port:?} is no port: a port is a number from 0 to 65535")),
        },
        ["build"] => with_progress(|progress| build(progress, |_| Ok(())))
            .map(|()| println!("built: target/book/html/index.html")),
        ["check"] => with_progress(check).map(|()| println!("the book is well")),
        ["record", ref what @ ..] => record_figures(what),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("what is {:?}?\n\n{HELP}", arguments.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("cargo book: {message}");
            ExitCode::FAILURE
        }
    }
}

fn show(port: u16) -> Result<(), String> {
    serve(Options { port, watch: sources() }, || {
        with_progress(|progress| build(progress, Site::read))
    })
}

fn record_figures(what: &[&str]) -> Result<(), String> {
    let what: Vec<String> = what.iter().map(|&what| what.to_owned()).collect();
    let style = ProgressStyle::with_template("{elapsed} {bar:20} {pos}/{len} {msg}");
    let bar = ProgressBar::new(0).with_style(style.expect("the template is well formed"));
    let recorded = record(&what, &mut |Progress { done, of, message }| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        bar.set_message(message.to_owned());
    });
    bar.finish_and_clear();
    recorded
}

/// Shows what `work` is at, on a line that is gone afterwards.
fn with_progress<T>(work: impl FnOnce(&dyn Fn(&str)) -> T) -> T {
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    let bar = ProgressBar::new_spinner().with_style(style.expect("the template is well formed"));
    let answer = work(&|step| {
        bar.set_message(step.to_owned());
        bar.tick();
    });
    bar.finish_and_clear();
    answer
}
