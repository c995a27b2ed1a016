//! `cargo book`: builds the book, checks it, serves it.

use std::process::ExitCode;

use asyncio_book::building::build;
use asyncio_book::check::check;
use indicatif::{ProgressBar, ProgressStyle};

const HELP: &str = "\
cargo book [COMMAND]

  serve [PORT]    build the book, show it on 127.0.0.1, rebuild when a page changes (the default; port 3000)
  build           build the book into target/book/html
  check           build it and check links, code, outputs and the appendices
  record [WHAT]   measure again what the book's figures show: ladder, traces; all without WHAT
  help            say this
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    bar.set_style(style.expect("the template is well formed"));
    let progress = |step: &str| {
        bar.set_message(step.to_owned());
        bar.tick();
    };
    let outcome = match arguments[..] {
        ["build"] => {
            build(&progress, |_| Ok(())).map(|()| "built: target/book/html/index.html".to_owned())
        }
        ["check"] => check(&progress).map(|()| "the book is well".to_owned()),
        ["help" | "--help" | "-h"] => Ok(HELP.to_owned()),
        _ => Err(format!("cargo book: what is {:?}?\n\n{HELP}", arguments.join(" "))),
    };
    bar.finish_and_clear();
    match outcome {
        Ok(message) => println!("{message}"),
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
