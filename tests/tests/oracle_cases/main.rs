//! Small programs whose order of events Python decides.
//!
//! Each case has a twin of the same name in `tests/oracle/cases`, and a text beside it that both are held
//! to, but for what `differs.toml` lists; Rust under the virtual clock. `UPDATE_EXPECT=1` writes the texts anew from what Rust says.

mod cancellation;
mod event_loop;
mod scopes;
mod synchronisation;
mod tasks;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use asyncio::{Clock, Runner};
use asyncio_tests::oracle::{Differences, Process, Python, difference, workspace};
use expect_test::expect_file;

static PYTHON: LazyLock<Option<Python>> =
    LazyLock::new(|| Python::find_or_leave_out("the Python twins of all cases"));

static DIFFERENCES: LazyLock<Differences> = LazyLock::new(|| Differences::read().unwrap());

/// What a case says, line by line. A clone writes to the same text.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<String>>);

impl Log {
    fn say(&self, line: &str) {
        self.0.borrow_mut().push_str(line);
        self.0.borrow_mut().push('\n');
    }

    /// Says `line` when it is called.
    fn saying(&self, line: &'static str) -> impl FnOnce() + 'static {
        let log = self.clone();
        move || log.say(line)
    }
}

/// `case` says what `name.txt` does, and so does `name.py`.
fn check(name: &str, case: impl FnOnce(Log)) {
    let log = Log::default();
    case(log.clone());
    let rust = log.0.take();
    expect_file![file(name, "txt")].assert_eq(&rust);
    let Some(python) = &*PYTHON else {
        return;
    };
    let expected = DIFFERENCES.as_python(name, &rust).unwrap();
    if let Some(difference) = difference(&expected, &twin(name, python)) {
        panic!("Python doesn't say what Rust says: {difference}");
    }
}

fn file(name: &str, extension: &str) -> PathBuf {
    workspace(&format!("tests/oracle/cases/{name}.{extension}"))
}

fn twin(name: &str, python: &Python) -> String {
    let printed =
        Process::start(name, &mut python.command(&file(name, "py"))).unwrap().wait().unwrap();
    assert!(printed.status.success(), "{printed:?}");
    printed.stdout
}

fn run<F: Future>(main: F) -> F::Output {
    Runner::builder().clock(Clock::Virtual).build().run(main)
}

/// Longer than any case takes.
const SECOND: Duration = Duration::from_secs(1);

/// A truth as Python prints it.
fn python(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}
