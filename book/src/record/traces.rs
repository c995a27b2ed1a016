//! What the loop of a lesson did: `book/figures/NAME.trace.json`.
//!
//! What must hold: such a file says nothing about the machine it was recorded on.

use std::fs;
use std::path::Path;
use std::process::Command;

use asyncio_tests::oracle::Process;
use serde_json::Value;

use super::{Progress, Report, build, scratch, write};

const LESSONS: [&str; 2] = ["02_tasks", "03_gather"];

pub(super) fn record(folder: &Path, report: Report<'_>) -> Result<(), String> {
    report(Progress { done: 0, of: 1, message: "traces: building" });
    let binaries = build::binaries(&LESSONS)?;
    let of = LESSONS.len();
    for (done, name) in LESSONS.into_iter().enumerate() {
        report(Progress { done, of, message: &format!("traces: {name}") });
        let trace = trace(name, &binaries[name])?;
        let trace = impersonal(&trace).map_err(|error| format!("the trace of {name} {error}"))?;
        write(&folder.join(format!("{name}.trace.json")), &trace)?;
    }
    report(Progress { done: of, of, message: "traces: recorded" });
    Ok(())
}

/// Runs a lesson and says what its loop wrote about it.
fn trace(name: &str, path: &Path) -> Result<String, String> {
    let folder = scratch()?;
    let file = folder.path().join("trace.json");
    let mut lesson = Command::new(path);
    lesson.env_remove("ASYNCIO_DEBUG").env_remove("ASYNCIO_SEED").env("ASYNCIO_TRACE", &file);
    let printed = Process::start(name, &mut lesson)?.wait()?;
    if !printed.status.success() {
        return Err(format!("{name} failed, {}:\n{}", printed.status, printed.stderr));
    }
    fs::read_to_string(&file).map_err(|error| format!("{name} wrote no trace: {error}"))
}

/// The trace with process 1 for whichever it was; refused if a path of the machine is in it.
fn impersonal(trace: &str) -> Result<String, String> {
    let events: Value =
        serde_json::from_str(trace).map_err(|error| format!("is broken: {error}"))?;
    if let Some(path) = absolute_path(&events) {
        return Err(format!("names a place on this machine: {path}"));
    }
    // Not in the parsed events: their keys would lose the order in which they are written.
    let pid = events[0]["pid"].as_u64().ok_or("names no process")?;
    Ok(trace.replace(&format!(r#""pid":{pid},"#), r#""pid":1,"#))
}

fn absolute_path(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => text.split_whitespace().find(|word| is_absolute(word)),
        Value::Array(items) => items.iter().find_map(absolute_path),
        Value::Object(items) => items.values().find_map(absolute_path),
        _ => None,
    }
}

/// `/usr/lib` or `C:\lib`, on whatever system this runs.
fn is_absolute(word: &str) -> bool {
    word.starts_with(['/', '\\']) || word.get(1..3).is_some_and(|it| it == ":\\" || it == ":/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"[
{"ph":"M","name":"process_name","pid":28083,"tid":0,"args":{"name":"asyncio"}},
{"ph":"B","name":"Task-1","pid":28083,"tid":1,"args":{"spawned_at":"tutorial/02_tasks/main.rs:20:1"}}
]
"#;

    #[test]
    fn a_trace_says_nothing_of_the_process_it_is_from() {
        assert_eq!(impersonal(TRACE).unwrap(), TRACE.replace("28083", "1"));
    }

    #[test]
    fn a_trace_with_an_absolute_path_is_refused() {
        for root in ["/somewhere/", "C:\\\\work\\\\", "D:/code/"] {
            let trace = TRACE.replace("tutorial/", &format!("made at {root}tutorial/"));
            let error = impersonal(&trace).unwrap_err();
            assert!(error.starts_with("names a place on this machine: "), "{error}");
        }
    }

    #[test]
    fn a_trace_that_was_cut_off_is_refused() {
        let error = impersonal(&TRACE[..TRACE.len() / 2]).unwrap_err();
        assert!(error.starts_with("is broken: "), "{error}");
    }
}
