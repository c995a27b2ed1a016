//! Servers, each in a process of its own, and a client in another one: what a request costs the server.
//!
//! A server prints its address, serves, and ends when the last of its connections is closed. The client says
//! when it is connected, waits for a word, sends its requests, and says how long they took.

mod client;
mod epoll;
mod running;
mod strace;
mod wrk;

use std::path::PathBuf;
use std::process::Command;

use nix::time::ClockId;

pub(crate) use self::client::client;
pub(crate) use self::epoll::echo;
use self::running::Running;
pub(crate) use self::strace::is_there as can_count_calls;
pub(crate) use self::wrk::{http, is_there as can_ask_http};
use crate::child;
use crate::measure::{Sample, as_f64, cpu_time};

/// What the client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Sends a message on each of so many connections, and the next one when it came back.
    Echo { connections: usize },
    /// Sends lines on one connection as fast as they are taken.
    Lines,
}

impl Traffic {
    /// How the command line of the client says it.
    fn words(self) -> (&'static str, usize) {
        match self {
            Self::Echo { connections } => ("echo", connections),
            Self::Lines => ("lines", 1),
        }
    }
}

/// CPU time of the server for a request, and requests a second.
pub(crate) fn cpu(server: Command, traffic: Traffic, requests: u64) -> Result<Sample, String> {
    let (server, address) = serve(server)?;
    let clock = ClockId::pid_cpu_clock_id(server.id());
    let clock = clock.map_err(|error| format!("the server's CPU time: {error}"))?;
    let mut client = connect(&address, traffic, requests)?;
    let before = cpu_time(clock);
    let nanoseconds = client.go()?;
    let spent = cpu_time(clock) - before;
    client.end()?;
    server.end()?;
    let requests = as_f64(requests);
    Ok(Sample { cost: spent / requests, rate: Some(requests / nanoseconds * 1e9) })
}

/// System calls of the server for a request. What comes with starting and with connecting is the same for a
/// few requests and for many, so it falls out.
pub(crate) fn calls(server: &Command, traffic: Traffic, requests: u64) -> Result<Sample, String> {
    let few = calls_of_all(server, traffic, requests)?;
    let many = calls_of_all(server, traffic, 3 * requests)?;
    Ok(Sample::of((many - few) / as_f64(2 * requests)))
}

fn calls_of_all(server: &Command, traffic: Traffic, requests: u64) -> Result<f64, String> {
    let counts = counts_file()?;
    let (server, address) = serve(strace::counting(server, &counts))?;
    let mut client = connect(&address, traffic, requests)?;
    client.go()?;
    client.end()?;
    server.end()?;
    strace::total(&counts)
}

fn counts_file() -> Result<PathBuf, String> {
    Ok(child::target_folder()?.join("strace.out"))
}

fn serve(server: Command) -> Result<(Running, String), String> {
    let mut server = Running::start(server)?;
    let address = server.says()?;
    Ok((server, address))
}

fn connect(address: &str, traffic: Traffic, requests: u64) -> Result<Running, String> {
    let (kind, connections) = traffic.words();
    let mut command = Command::new(child::program()?);
    command.args(["client", kind, address, &connections.to_string(), &requests.to_string()]);
    let mut client = Running::start(command)?;
    match client.says()?.as_str() {
        "ready" => Ok(client),
        said => Err(format!("the client says {said:?} instead of ready")),
    }
}
