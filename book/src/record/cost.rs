//! Runs a program once: the CPU time it took, and the polls it says it made.
//!
//! What must hold: no other child process ends meanwhile, as the system keeps one account for all of
//! them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use asyncio_tests::oracle::Process;

/// What one run cost.
pub(super) struct Cost {
    pub(super) cpu: Duration,
    /// `None`: it doesn't say.
    pub(super) polls: Option<u64>,
}

/// Runs the program at `path`.
pub(super) fn run(name: &str, path: &Path) -> Result<Cost, String> {
    let before = cpu_of_children()?;
    let printed = Process::start(name, &mut without_cargo(Command::new(path)))?.wait()?;
    if !printed.status.success() {
        return Err(format!("{name} failed, {}:\n{}", printed.status, printed.stderr));
    }
    let cpu = cpu_of_children()?.saturating_sub(before);
    Ok(Cost { cpu, polls: polls(&printed.stdout).or_else(|| polls(&printed.stderr)) })
}

/// The command without the folders that `cargo run` makes a program search for libraries: to look
/// through them takes hundreds of system calls.
pub(super) fn without_cargo(mut command: Command) -> Command {
    command.env_remove("LD_LIBRARY_PATH").env_remove("DYLD_FALLBACK_LIBRARY_PATH");
    command
}

/// The number in the line `polls: …`.
fn polls(printed: &str) -> Option<u64> {
    printed.lines().find_map(|line| line.strip_prefix("polls: ")?.parse().ok())
}

/// The CPU time of all child processes that have ended, in the program and in the system.
#[cfg(unix)]
fn cpu_of_children() -> Result<Duration, String> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::{TimeVal, TimeValLike};

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let microseconds = |time: TimeVal| u64::try_from(time.num_microseconds()).unwrap_or(0);
    let time = microseconds(usage.user_time()) + microseconds(usage.system_time());
    Ok(Duration::from_micros(time))
}

#[cfg(not(unix))]
fn cpu_of_children() -> Result<Duration, String> {
    Err("the CPU time of a program is measured on Unix only: record the ladder there".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_how_often_it_polled() {
        assert_eq!(polls("hello\npolls: 9\nthreads: 3\n"), Some(9));
        assert_eq!(polls("hello\nno polls: 9\n"), None);
        assert_eq!(polls("polls: many\n"), None);
    }
}
