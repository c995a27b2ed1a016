//! `cargo book record`: measures programs and traces lessons, and writes what it finds to
//! `book/figures`, from where the pages show it.
//!
//! `ladder` measures what `tutorial/ladder_*` cost; `epoll` keeps what `ladder_5` asks of the system;
//! `traces` keeps what a lesson's loop did; `compat` measures what a crate made
//! for tokio costs here; `benches` what this library costs beside others. The rooms below them: `build` makes the programs, `cost` runs
//! one, `strace` watches its system calls, `machine` says on what. Recorded is by hand, on a machine that
//! does nothing else: no test does it.

mod benches;
mod build;
mod compat;
mod cost;
mod epoll;
mod ladder;
mod machine;
mod strace;
mod traces;

use std::fs;
use std::path::{Path, PathBuf};

use asyncio_tests::oracle::workspace;

/// How far a recording has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// How many steps are done.
    pub done: usize,
    /// How many steps there are.
    pub of: usize,
    /// What comes now, or what there is to know.
    pub message: &'a str,
}

type Report<'a> = &'a mut dyn FnMut(Progress<'_>);

/// A recording: what it is called, and what makes it.
type Recording = (&'static str, fn(&Path, Report<'_>) -> Result<(), String>);

const RECORDINGS: [Recording; 5] = [
    ("ladder", ladder::record),
    ("epoll", epoll::record),
    ("traces", traces::record),
    ("compat", compat::record),
    ("benches", benches::record),
];

/// Where the recordings are.
pub fn folder() -> PathBuf {
    workspace("book/figures")
}

/// Records `what`, all there is if it is empty, and tells `report` how far it has come.
///
/// # Errors
///
/// That there is no such recording, with those there are; what couldn't be built, run or written. What
/// this machine can't measure is no error: the recording says that it is left out.
pub fn record(what: &[String], report: Report<'_>) -> Result<(), String> {
    let chosen = choose(what)?;
    let folder = folder();
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    chosen.into_iter().try_for_each(|(_, make)| make(&folder, report))
}

fn choose(what: &[String]) -> Result<Vec<Recording>, String> {
    if let Some(unknown) = what.iter().find(|name| RECORDINGS.iter().all(|(it, _)| it != name)) {
        let known = RECORDINGS.map(|(name, _)| name).join(", ");
        return Err(format!("there is no recording {unknown}; there are: {known}"));
    }
    let is_chosen = |(name, _): &Recording| what.is_empty() || what.iter().any(|it| it == name);
    Ok(RECORDINGS.into_iter().filter(is_chosen).collect())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// A folder for what nobody keeps.
fn scratch() -> Result<tempfile::TempDir, String> {
    tempfile::tempdir().map_err(|error| format!("no folder for temporary files: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(what: &[&str]) -> Result<Vec<&'static str>, String> {
        let what: Vec<String> = what.iter().map(ToString::to_string).collect();
        choose(&what).map(|chosen| chosen.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn nothing_said_is_everything_recorded() {
        assert_eq!(chosen(&[]).unwrap(), ["ladder", "epoll", "traces", "compat", "benches"]);
        assert_eq!(chosen(&["traces"]).unwrap(), ["traces"]);
    }

    #[test]
    fn an_unknown_recording_is_named_with_the_known_ones() {
        let error = chosen(&["ladder", "lader"]).unwrap_err();
        assert_eq!(
            error,
            "there is no recording lader; there are: ladder, epoll, traces, compat, benches"
        );
    }
}
