//! How many system calls a process makes, with all its threads.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::child;

/// `Err`: why not.
pub(crate) fn is_there() -> Result<(), String> {
    child::said_by(Command::new("strace").arg("--version")).map(drop)
}

/// The command under strace, which writes its counts into a file.
pub(super) fn counting(command: &Command, counts: &Path) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q", "-c", "-o"]).arg(counts);
    strace.arg(command.get_program()).args(command.get_args());
    strace
}

/// All of them.
pub(super) fn total(counts: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(counts).map_err(|error| format!("strace: {error}"))?;
    parse(&text).ok_or_else(|| format!("strace counts nothing: {text}"))
}

fn parse(counts: &str) -> Option<f64> {
    let line = counts.lines().find(|line| line.trim_end().ends_with(" total"))?;
    // % time, seconds, usecs/call, calls
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_total_is_read() {
        let counts = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 51.02    0.001000           1       900           read
 48.98    0.000960           1       334         1 epoll_wait
------ ----------- ----------- --------- --------- ----------------
100.00    0.001960           1      1234         1 total
";
        assert_eq!(super::parse(counts), Some(1234.0));
    }
}
