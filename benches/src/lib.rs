//! This library side by side with others: the same workloads, in the same run.
//!
//! `workloads` are written once over the traits of `runtimes`; `run` runs them in rounds, `peer` on what and
//! how, `measure` says what they cost, `results` what that comes down to, `table` and `json` show it. Servers
//! are processes of their own: `serving`. `instructions` counts what the core's paths take.

// Servers are measured against epoll, and what is in memory is read from `/proc`.
#![cfg(target_os = "linux")]

mod args;
mod child;
mod heap;
mod instructions;
mod json;
mod measure;
mod peer;
mod results;
mod run;
mod runtimes;
mod serving;
mod table;
mod versions;
mod workloads;

use std::process::ExitCode;

use args::Args;
use instructions::{Then, instructions};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

const HELP: &str = "\
cargo run --release -p asyncio-benches -- [NAME…] [--rounds N] [--json]

Runs every workload on every runtime, N times in turn (5), and prints medians of what an operation costs,
with half the distance between the least and the most, and the ratios to tokio's current-thread runtime.

Servers are asked over HTTP by wrk, system calls are counted by strace. On its first use, uvloop is installed with aiohttp
by pip, into target/. What is missing is left out, and said; who names other runtimes goes without Python.

  NAME        a runtime, or a workload or a part of its name; nothing named is everything run
  --json      print JSON, with the date, the machine and the versions; the tables go to the standard error

  instructions [--check | --bless]   count the instructions that the core's paths take, with valgrind, and
                                     compare them with benches/instructions.json: --check fails where
                                     one takes 5 % more, --bless writes the file
  one WORKLOAD RUNTIME OPERATIONS    run one workload once, for a profiler; servers end with their clients
  client echo|lines ADDRESS CONNECTIONS REQUESTS
                                     connect to a server, wait for a line, send so many requests
  help                               say this, and which names there are";

/// What the program does.
pub fn main() -> ExitCode {
    match heap::keep().and_then(|()| act(std::env::args().skip(1).collect())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("asyncio-benches: {message}");
            ExitCode::FAILURE
        }
    }
}

fn act(arguments: Vec<String>) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["help" | "--help" | "-h"] => println!("{HELP}\n\n{}", args::names()),
        ["instructions"] => instructions(Then::Show)?,
        ["instructions", "--check"] => instructions(Then::Check)?,
        ["instructions", "--bless"] => instructions(Then::Bless)?,
        ["client", kind, address, connections, requests] => {
            serving::client(kind, address, connections, requests)?;
        }
        ["one", workload, runtime, operations] => one(workload, runtime, operations)?,
        _ => side_by_side(&Args::parse(arguments)?),
    }
    Ok(())
}

fn side_by_side(args: &Args) {
    allow_many_files();
    let results = run::run(args);
    let tables = table::tables(&results);
    if args.json {
        eprint!("{tables}");
        println!("{}", json::json(&results));
    } else {
        print!("{tables}");
    }
}

/// Servers and clients inherit it: a thousand connections are more than many a shell allows.
fn allow_many_files() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Where that is refused, the workloads that need more say so.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

fn one(workload: &str, runtime: &str, operations: &str) -> Result<(), String> {
    let entry = workloads::entry(workload, runtime).ok_or_else(|| {
        format!("there is no workload {workload} on {runtime}\n{}", args::names())
    })?;
    let count = operations.parse();
    let count =
        count.map_err(|error| format!("{operations:?} is no number of operations: {error}"))?;
    (entry.run)(count);
    Ok(())
}
