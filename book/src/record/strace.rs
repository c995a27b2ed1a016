//! Counts the system calls of a program, or writes them down, with strace.

use std::fs;
use std::path::Path;
use std::process::Command;

use asyncio_tests::oracle::Process;

use super::cost::without_cargo;
use super::scratch;

/// What one run asked of the system.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Calls {
    /// System calls of all its threads, from its start to its end.
    pub(super) all: u64,
    /// Threads beside the first.
    pub(super) threads: u64,
}

/// Runs the program at `path` under strace.
///
/// # Errors
///
/// Why that can't be done: there may be no strace, or a system that forbids it to watch.
pub(super) fn run(name: &str, path: &Path) -> Result<Calls, String> {
    let summary = watch(name, path, &["-c"])?;
    parse(&summary).ok_or(format!("strace of {name} counts in an unknown way:\n{summary}"))
}

/// Runs the program at `path` under strace with these `options`: what strace writes.
///
/// # Errors
///
/// As [`run`].
pub(super) fn watch(name: &str, path: &Path, options: &[&str]) -> Result<String, String> {
    let folder = scratch()?;
    let written = folder.path().join("written");
    let mut strace = without_cargo(Command::new("strace"));
    strace.arg("-f").args(options).arg("-o").arg(&written).arg(path);
    let printed = Process::start("strace", &mut strace)?.wait()?;
    if !printed.status.success() {
        return Err(format!("strace of {name} failed: {}", printed.stderr.trim()));
    }
    fs::read_to_string(&written).map_err(|error| format!("strace: {error}"))
}

/// Reads what `strace -c` writes: a table, its rows between two lines of dashes.
///
/// ```text
/// % time     seconds  usecs/call     calls    errors syscall
/// ------ ----------- ----------- --------- --------- ----------------
///  60.00    0.000020          20         3         2 clone3
///  40.00    0.000010          10         1           write
/// ------ ----------- ----------- --------- --------- ----------------
/// 100.00    0.000030           7         4         2 total
/// ```
fn parse(summary: &str) -> Option<Calls> {
    let is_dashes = |line: &&str| line.starts_with("------");
    let rows = summary.lines().skip_while(|line| !is_dashes(line)).skip(1);
    let mut calls = Calls { all: 0, threads: 0 };
    for row in rows.take_while(|line| !is_dashes(line)) {
        let Row { name, made, failed } = parse_row(row)?;
        calls.all += made;
        if matches!(name, "clone" | "clone3") {
            calls.threads += made - failed;
        }
    }
    (calls.all > 0).then_some(calls)
}

struct Row<'a> {
    name: &'a str,
    made: u64,
    failed: u64,
}

/// The number of errors is left out where there was none.
fn parse_row(row: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = row.split_whitespace().collect();
    let (made, failed, name) = match cells[..] {
        [_, _, _, made, name] => (made, "0", name),
        [_, _, _, made, failed, name] => (made, failed, name),
        _ => return None,
    };
    Some(Row { name, made: made.parse().ok()?, failed: failed.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 46.94    0.001643         547         3           clock_nanosleep
 32.89    0.001151          76        15         2 futex
  1.71    0.000060          20         4         1 clone3
  0.00    0.000000           0         1           clone
------ ----------- ----------- --------- --------- ----------------
100.00    0.003500          23        23         3 total
";

    #[test]
    fn calls_are_counted_and_the_threads_they_started() {
        assert_eq!(parse(SUMMARY), Some(Calls { all: 23, threads: 4 }));
    }

    #[test]
    fn what_is_no_such_table_is_not_taken_for_zero_calls() {
        assert_eq!(parse(""), None);
        assert_eq!(parse("strace: ptrace: Operation not permitted\n"), None);
        assert_eq!(parse(&SUMMARY.replace("        15", "   fifteen")), None);
    }
}
