//! Lesson 06 with files of one's own, and what it leaves behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use asyncio_tests::oracle::{Printed, Process, Program};

static LESSON: LazyLock<Program> =
    LazyLock::new(|| Program::named("06_files").unwrap_or_else(|message| panic!("{message}")));

fn copy(from: &Path, to: &Path) -> Printed {
    Process::start("06_files", LESSON.command().args([from, to])).unwrap().wait().unwrap()
}

/// Its own folders are made in here.
fn lesson_in(folder: &Path) -> Command {
    let mut command = LESSON.command();
    command.env("TMPDIR", folder);
    command
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn it_copies_a_file_and_tells_how_late_the_heart_was() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    // More than one piece, and a part of one.
    let bytes: Vec<u8> = (0..=250).cycle().take(2_500_000).collect();
    fs::write(&from, &bytes).unwrap();

    let printed = copy(&from, &to);

    assert!(printed.status.success(), "{printed:?}");
    assert!(printed.stdout.starts_with("copied 2500000 bytes in "), "{printed:?}");
    assert!(printed.stdout.ends_with(" late at the most\n"), "{printed:?}");
    assert!(fs::read(&to).unwrap() == bytes);
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, "new").unwrap();
    fs::write(&to, "old").unwrap();

    for (target, text) in [(&to, "old"), (&from, "new")] {
        let printed = copy(&from, target);

        assert_eq!(printed.status.code(), Some(1), "{printed:?}");
        let message = format!("06_files: can't open {}: File exists", target.display());
        assert!(printed.stderr.starts_with(&message), "{printed:?}");
        assert_eq!(fs::read_to_string(target).unwrap(), text);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("missing");

    let printed = copy(&from, &folder.path().join("to"));

    assert_eq!(printed.status.code(), Some(1), "{printed:?}");
    let message = format!("06_files: can't open {}: No such file", from.display());
    assert!(printed.stderr.starts_with(&message), "{printed:?}");
    assert!(is_empty(folder.path()));
}

#[test]
fn one_name_alone_is_not_enough() {
    let printed = Process::start("06_files", LESSON.command().arg("from")).unwrap().wait().unwrap();

    assert_eq!(printed.status.code(), Some(1), "{printed:?}");
    assert_eq!(printed.stderr, "06_files: give it two names, FROM and TO, or none\n");
}

#[test]
fn its_folder_is_gone_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();

    let printed = Process::start("06_files", &mut lesson_in(folder.path())).unwrap().wait();

    assert!(printed.unwrap().status.success());
    assert!(is_empty(folder.path()));
}

#[cfg(unix)]
#[test]
fn its_folder_is_gone_after_ctrl_c_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut lesson = lesson_in(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(lesson.stdout.take().unwrap()).lines();
    // From its first line to its last, it takes more than half a second.
    assert_eq!(lines.next().unwrap().unwrap(), "buy apples");
    assert!(!is_empty(folder.path()));

    let interrupted = Command::new("kill").args(["-INT", &lesson.id().to_string()]).status();
    assert!(interrupted.unwrap().success());

    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(!lesson.wait().unwrap().success());
    assert!(!rest.iter().any(|line| line.starts_with("read on a thread")), "{rest:?}");
    assert!(is_empty(folder.path()));
}
