//! What `errors.txt` holds: standard error and the exit status, without what changes from run to run.
//!
//! For `program` alone. What is rewritten, in each line:
//!
//! | printed | kept |
//! |---|---|
//! | `thread 'main' (12345) panicked at` | `thread 'main' panicked at`: the number is the system's |
//! | `took 0.312 seconds` | `took 0.3 seconds`: let a program sleep for 0.32 s, far from 0.4 |
//! | `polls: 24681012` | `polls: …`: a count of five digits or more is another one in each run |
//! | a path below the workspace | the path from the workspace's root |

use std::process::ExitStatus;

use super::{Printed, workspace};

/// Standard error, and a last line on how the program failed, if it did.
pub(super) fn errors(printed: &Printed) -> String {
    let root = workspace("").canonicalize().unwrap_or_default();
    let root = format!("{}/", root.display());
    let mut errors: String =
        printed.stderr.split_inclusive('\n').map(|line| repeatable(line, &root)).collect();
    if !printed.status.success() {
        if !errors.is_empty() && !errors.ends_with('\n') {
            errors.push('\n');
        }
        errors.push_str(&ending(printed.status));
    }
    errors
}

fn repeatable(line: &str, root: &str) -> String {
    let line = line.replace(root, "");
    let line = without_thread_number(&line).unwrap_or(line);
    let line = with_one_decimal(&line).unwrap_or(line);
    without_a_large_count(&line).unwrap_or(line)
}

/// Newer compilers' panics say which of the system's threads it was.
fn without_thread_number(line: &str) -> Option<String> {
    let (name, rest) = line.strip_prefix("thread '")?.split_once("' (")?;
    let (number, rest) = rest.split_once(')')?;
    is_number(number).then(|| format!("thread '{name}'{rest}"))
}

fn with_one_decimal(line: &str) -> Option<String> {
    let (before, rest) = line.split_once("took ")?;
    let (time, after) = rest.split_once(" seconds")?;
    let (whole, decimals) = time.split_once('.')?;
    let first = decimals.get(..1)?;
    (is_number(whole) && is_number(decimals))
        .then(|| format!("{before}took {whole}.{first} seconds{after}"))
}

fn without_a_large_count(line: &str) -> Option<String> {
    let (what, count) = line.trim_end().rsplit_once(": ")?;
    (is_number(count) && count.len() >= 5).then(|| format!("{what}: …\n"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status: {code}\n"),
        // Ended by a signal, which it names.
        None => format!("{status}\n"),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, ExitStatus};

    use super::{errors, repeatable};
    use crate::oracle::{Printed, workspace};

    fn status_of(script: &str) -> ExitStatus {
        Command::new("sh").args(["-c", script]).status().unwrap()
    }

    fn errors_of(stderr: &str, script: &str) -> String {
        let (stdout, stderr) = (String::new(), stderr.to_owned());
        errors(&Printed { status: status_of(script), stdout, stderr })
    }

    #[test]
    fn a_thread_loses_its_number() {
        let line = "thread 'main' (12345) panicked at a.rs:1:2:\n";
        assert_eq!(repeatable(line, "/x/"), "thread 'main' panicked at a.rs:1:2:\n");
        let older = "thread 'main' panicked at a.rs:1:2:\n";
        assert_eq!(repeatable(older, "/x/"), older);
        let no_number = "thread 'a' (the first) panicked at a.rs:1:2:\n";
        assert_eq!(repeatable(no_number, "/x/"), no_number);
    }

    #[test]
    fn a_time_keeps_its_first_decimal() {
        let line = "Executing <Task-3> took 0.312 seconds\n";
        assert_eq!(repeatable(line, "/x/"), "Executing <Task-3> took 0.3 seconds\n");
        for as_it_is in ["took no seconds", "took 3 seconds", "took 0. seconds", "took 0.x seconds"]
        {
            assert_eq!(repeatable(as_it_is, "/x/"), as_it_is);
        }
    }

    #[test]
    fn a_large_count_is_left_out() {
        assert_eq!(repeatable("polls: 24681012\n", "/x/"), "polls: …\n");
        for as_it_is in ["polls: 9999\n", "polls: 1234x\n", "24681012\n"] {
            assert_eq!(repeatable(as_it_is, "/x/"), as_it_is);
        }
    }

    #[test]
    fn a_path_starts_at_the_workspace() {
        let manifest = workspace("Cargo.toml").canonicalize().unwrap();
        let said = format!("at {}:1 and {0}:2", manifest.display());
        assert_eq!(errors_of(&said, "exit 0"), "at Cargo.toml:1 and Cargo.toml:2");
    }

    #[test]
    fn the_last_line_says_how_it_failed() {
        assert_eq!(errors_of("", "exit 0"), "");
        assert_eq!(errors_of("", "exit 101"), "exit status: 101\n");
        assert_eq!(errors_of("no newline", "exit 1"), "no newline\nexit status: 1\n");
    }

    #[cfg(unix)]
    #[test]
    fn the_last_line_names_the_signal() {
        assert_eq!(errors_of("", "kill -INT $$"), "signal: 2 (SIGINT)\n");
    }
}
