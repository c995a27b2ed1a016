//! HTTP requests, sent by `wrk`: as many as a server answers in a second.

use std::process::Command;

use nix::time::ClockId;

use super::running::Running;
use crate::child;
use crate::measure::{Sample, cpu_time};

const PROGRAM: &str = "wrk";

/// Before anything is measured, and what is measured.
const SECONDS: [&str; 2] = ["1s", "2s"];

/// Whether it can be started. `Err`: why not.
pub(crate) fn is_there() -> Result<(), String> {
    // Asked for its version, it says that, and fails.
    match Command::new(PROGRAM).arg("--version").output() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{PROGRAM}: {error}")),
    }
}

/// CPU time of the server for a request, and requests a second.
pub(crate) fn http(server: Command, connections: usize) -> Result<Sample, String> {
    let mut server = Running::start(server)?;
    let address = server.says()?;
    let clock = ClockId::pid_cpu_clock_id(server.id());
    let clock = clock.map_err(|error| format!("the server's CPU time: {error}"))?;
    let [warm_up, measured] = SECONDS;
    requests(&address, connections, warm_up)?;
    let before = cpu_time(clock);
    let (requests, rate) = requests(&address, connections, measured)?;
    Ok(Sample { cost: (cpu_time(clock) - before) / requests, rate: Some(rate) })
}

/// How many were answered, and how many a second.
fn requests(address: &str, connections: usize, duration: &str) -> Result<(f64, f64), String> {
    let mut wrk = Command::new(PROGRAM);
    wrk.args(["--threads", "1", "--connections", &connections.to_string()]);
    wrk.args(["--duration", duration, &format!("http://{address}/")]);
    let said = child::said_by(&mut wrk)?;
    answered(&said).ok_or_else(|| format!("{PROGRAM} says:\n{said}"))
}

/// `None`: it doesn't say so, or something failed.
fn answered(said: &str) -> Option<(f64, f64)> {
    let failed = ["Socket errors", "Non-2xx"];
    if failed.iter().any(|failure| said.contains(failure)) {
        return None;
    }
    let word = |line: &str| line.split_whitespace().next()?.parse().ok();
    let requests = word(said.lines().find(|line| line.contains(" requests in "))?)?;
    let rate = said.lines().find_map(|line| line.strip_prefix("Requests/sec:"))?.trim().parse();
    Some((requests, rate.ok()?))
}

#[cfg(test)]
mod tests {
    use super::answered;

    #[test]
    fn requests_and_their_rate_are_read() {
        let said = "Running 2s test @ http://127.0.0.1:80/\n  1 threads and 50 connections\n  \
                    246810 requests in 2.00s, 30.00MB read\nRequests/sec: 123405.00\nTransfer/sec: 15MB\n";
        assert_eq!(answered(said), Some((246_810.0, 123_405.0)));
    }

    #[test]
    fn a_run_with_errors_counts_for_nothing() {
        let said = "  100 requests in 2.00s, 1MB read\n  Socket errors: connect 0, read 3, write 0\n\
                    Requests/sec: 50.00\n";
        assert_eq!(answered(said), None);
        assert_eq!(answered("unable to connect"), None);
    }
}
