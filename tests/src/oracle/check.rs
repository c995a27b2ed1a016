//! All programs at once, held to what their files say, to their twins and to the list of differences.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use super::program::Said;
use super::{Differences, Printed, Program, Python, difference, workspace};

/// How many run at the same time. Most of them wait most of the time; more would make each other late.
const AT_ONCE: usize = 8;

/// Builds and runs all programs, and their twins where Python is there, and compares what they say with
/// `output.txt`, with `errors.txt` and with each other. `progress` is told what happens, line by line.
///
/// # Errors
///
/// A message for each thing that is not as it should be.
pub fn check_all(progress: impl FnMut(&str)) -> Result<(), Vec<String>> {
    all(progress, Program::check)
}

/// As [`check_all`], but writes each `output.txt` and `errors.txt` anew from what the program says.
///
/// # Errors
///
/// As [`check_all`].
pub fn bless_all(progress: impl FnMut(&str)) -> Result<(), Vec<String>> {
    all(progress, Program::bless)
}

fn all(
    mut progress: impl FnMut(&str),
    look_at: impl Fn(&Program, &Said) -> Result<(), String>,
) -> Result<(), Vec<String>> {
    progress("building the programs");
    let programs = Program::all().map_err(|message| vec![message])?;
    let differences = Differences::read().map_err(|message| vec![message])?;
    let python = Python::find();
    if let Err(reason) = &python {
        progress(&format!("left out: the Python twins of all programs: {reason}"));
    }
    let mut outcomes = run(&programs, python.as_ref().ok(), &mut progress);
    let mut wrong = strays(&differences, &programs);
    for program in &programs {
        let outcome = outcomes.remove(program.name()).unwrap_or_default();
        wrong.extend(judge(program, outcome, &differences, &look_at).err());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// What became of a program and of its twin. `None`: it was not run.
#[derive(Default)]
struct Outcome {
    rust: Option<Result<Said, String>>,
    twin: Option<Result<Printed, String>>,
}

/// One run of a program or of its twin.
#[derive(Clone, Copy)]
enum Job<'a> {
    Rust(&'a Program),
    Twin(&'a Program, &'a Python),
}

impl<'a> Job<'a> {
    fn program(self) -> &'a Program {
        match self {
            Job::Rust(program) | Job::Twin(program, _) => program,
        }
    }

    fn run(self) -> Outcome {
        match self {
            Job::Rust(program) => Outcome { rust: Some(program.run()), twin: None },
            Job::Twin(program, python) => {
                Outcome { rust: None, twin: Some(program.run_twin(python)) }
            }
        }
    }
}

fn run<'a>(
    programs: &'a [Program],
    python: Option<&'a Python>,
    progress: &mut impl FnMut(&str),
) -> BTreeMap<&'a str, Outcome> {
    let twins = programs.iter().filter(|program| program.has_twin());
    let twins = twins.filter_map(|program| Some(Job::Twin(program, python?)));
    let jobs: VecDeque<Job> = programs.iter().map(Job::Rust).chain(twins).collect();
    let count = jobs.len();
    let jobs = Mutex::new(jobs);
    let mut outcomes = BTreeMap::<_, Outcome>::new();
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..AT_ONCE {
            let (jobs, sender) = (&jobs, sender.clone());
            scope.spawn(move || {
                while let Some(job) = next(jobs) {
                    // The receiver stays until all senders are gone.
                    let _ = sender.send((job.program().name(), job.run()));
                }
            });
        }
        drop(sender);
        for (number, (name, Outcome { rust, twin })) in (1..).zip(receiver) {
            let file = if twin.is_some() { "/twin.py" } else { "" };
            progress(&format!("ran {name}{file}, {number} of {count}"));
            let outcome = outcomes.entry(name).or_default();
            outcome.rust = outcome.rust.take().or(rust);
            outcome.twin = outcome.twin.take().or(twin);
        }
    });
    outcomes
}

fn next<'a>(jobs: &Mutex<VecDeque<Job<'a>>>) -> Option<Job<'a>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

fn judge(
    program: &Program,
    outcome: Outcome,
    differences: &Differences,
    look_at: impl Fn(&Program, &Said) -> Result<(), String>,
) -> Result<(), String> {
    let Some(rust) = outcome.rust else {
        return Err(format!("{} was not run", program.name()));
    };
    let said = rust?;
    look_at(program, &said)?;
    let Some(twin) = outcome.twin else { return Ok(()) };
    let expected = differences.as_python(program.name(), &said.output)?;
    compare_twin(program.name(), &expected, &twin?)
}

/// Its status and its standard error are Python's own affair; they are shown where it prints something
/// else.
fn compare_twin(name: &str, expected: &str, twin: &Printed) -> Result<(), String> {
    match difference(expected, &twin.stdout) {
        Some(difference) => Err(format!(
            "{name}/twin.py doesn't print what {name} prints: {difference}\nIt ended with {}. Its standard \
             error:\n{}",
            twin.status, twin.stderr
        )),
        None => Ok(()),
    }
}

/// Entries of `differs.toml` that are about nothing.
fn strays(differences: &Differences, programs: &[Program]) -> Vec<String> {
    let is_known = |name: &str| {
        programs.iter().any(|program| program.name() == name)
            || workspace(&format!("tests/oracle/cases/{name}.py")).is_file()
    };
    differences
        .programs()
        .filter(|name| !is_known(name))
        .map(|name| format!("differs.toml: there is no program and no case {name}"))
        .chain(differences.missing_pages())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{compare_twin, strays};
    use crate::oracle::{Differences, Printed};

    fn twin(stdout: &str) -> Printed {
        let status = Command::new("sh").args(["-c", "exit 3"]).status().unwrap();
        Printed { status, stdout: stdout.to_owned(), stderr: "Traceback\n".to_owned() }
    }

    #[test]
    fn a_twin_that_fails_may_print_the_same() {
        assert_eq!(compare_twin("a", "x\n", &twin("x\n")), Ok(()));
    }

    #[test]
    fn a_twin_that_prints_something_else_is_shown_with_its_errors() {
        let message = compare_twin("a", "x\n", &twin("y\n")).unwrap_err();
        assert!(message.contains(r#"line 1 should be "x" and is "y""#), "{message}");
        assert!(message.contains("exit status: 3. Its standard error:\nTraceback\n"), "{message}");
    }

    #[test]
    fn a_difference_of_a_program_that_is_gone_is_named() {
        let text =
            "[[differs]]\nprogram='gone'\nrust='x'\npython='y'\nreason='r'\npage='index.html'\n";
        let differences = Differences::parse(text).unwrap();
        assert_eq!(
            strays(&differences, &[]),
            ["differs.toml: there is no program and no case gone"]
        );
    }
}
