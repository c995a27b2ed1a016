//! Every lesson prints its `output.txt`, in Rust and in Python.
//!
//! `BLESS=1 cargo test -p asyncio-tests --test oracle` writes each `output.txt` anew from what the
//! Rust program prints.

use std::collections::BTreeMap;
use std::env;
use std::sync::LazyLock;
use std::thread;

use asyncio_tests::oracle::{Differences, Lesson, Python, difference, workspace};

type Outcome = Result<String, String>;

static LESSONS: LazyLock<Vec<Lesson>> =
    LazyLock::new(|| Lesson::all().unwrap_or_else(|message| panic!("{message}")));

/// What each lesson's program printed. The lessons take seconds of real time, so they run once, all
/// at the same time.
static PRINTED: LazyLock<BTreeMap<&str, Outcome>> =
    LazyLock::new(|| side_by_side(LESSONS.iter(), Lesson::run));

#[test]
fn every_lesson_prints_its_output() {
    let bless = env::var_os("BLESS").is_some();
    report(LESSONS.iter().map(|lesson| {
        let printed = PRINTED[lesson.name()].as_ref()?;
        if bless {
            lesson.write_output(printed)?;
        }
        same(lesson, &lesson.output()?, printed)
    }));
}

/// Compared with what the program prints, which the test above holds to `output.txt`.
#[test]
fn every_twin_prints_what_its_lesson_prints() {
    let Some(python) = Python::find_or_leave_out("the Python twins of all lessons") else {
        return;
    };
    let differences = Differences::read().unwrap();
    let twins = LESSONS.iter().filter(|lesson| lesson.has_twin());
    let by_twin = side_by_side(twins, |lesson| lesson.run_twin(&python));
    report(LESSONS.iter().filter(|lesson| lesson.has_twin()).map(|lesson| {
        let rust = PRINTED[lesson.name()].as_ref()?;
        let expected = differences.as_python(lesson.name(), rust)?;
        same(lesson, &expected, by_twin[lesson.name()].as_ref()?)
    }));
}

#[test]
fn every_difference_names_a_program() {
    let lessons: Vec<&str> = LESSONS.iter().map(Lesson::name).collect();
    for program in Differences::read().unwrap().programs() {
        let case = workspace(&format!("tests/oracle/cases/{program}.py"));
        let is_known = lessons.contains(&program) || case.is_file();
        assert!(is_known, "differs.toml: there is no lesson and no case {program}");
    }
}

fn side_by_side<'a>(
    lessons: impl Iterator<Item = &'a Lesson>,
    run: impl Fn(&Lesson) -> Outcome + Sync,
) -> BTreeMap<&'a str, Outcome> {
    let run = &run;
    thread::scope(|scope| {
        let running: Vec<_> =
            lessons.map(|lesson| (lesson.name(), scope.spawn(move || run(lesson)))).collect();
        running.into_iter().map(|(name, thread)| (name, thread.join().unwrap())).collect()
    })
}

fn same(lesson: &Lesson, expected: &str, printed: &str) -> Result<(), String> {
    match difference(expected, printed) {
        Some(difference) => Err(format!("{}: {difference}", lesson.name())),
        None => Ok(()),
    }
}

/// Fails with all messages at once.
fn report(outcomes: impl Iterator<Item = Result<(), String>>) {
    let messages: Vec<String> = outcomes.filter_map(Result::err).collect();
    assert!(messages.is_empty(), "\n{}", messages.join("\n\n"));
}
