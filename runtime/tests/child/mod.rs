//! Runs a test of this binary again, as a process of its own: for what a process has only one of,
//! such as its environment, its signals and its exit status.
//!
//! A test that wants a child calls [`run_as_child`] first and then starts itself with [`Child`].
//! A child talks over standard error, where the test harness writes nothing of its own.

use std::io::{BufRead, BufReader, Lines};
use std::process::{ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

const MARK: &str = "ASYNCIO_TEST_CHILD";

/// In the child, runs `body` and says true: the test is to return. The child can't outlive 20 seconds,
/// whatever happens to it.
pub(crate) fn run_as_child(body: impl FnOnce()) -> bool {
    let is_child = std::env::var_os(MARK).is_some();
    if is_child {
        std::thread::spawn(|| {
            std::thread::sleep(Duration::from_secs(20));
            eprintln!("the child hangs");
            std::process::exit(99);
        });
        body();
    }
    is_child
}

/// A test of this binary, in a process of its own.
pub(crate) struct Child {
    process: std::process::Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Child {
    /// Starts the test named `test`, in this environment and no other of ours.
    pub(crate) fn start(test: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env(MARK, "1");
        for name in ["ASYNCIO_DEBUG", "ASYNCIO_SEED", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The child's next line.
    pub(crate) fn line(&mut self) -> String {
        self.lines.next().expect("the child has ended").unwrap()
    }

    /// Sends it what Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    /// Sends it the signal of this name, without its SIG.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end; gives the lines that are left.
    pub(crate) fn end(mut self) -> (Vec<String>, ExitStatus) {
        let lines = self.lines.by_ref().map(Result::unwrap).collect();
        (lines, self.process.wait().unwrap())
    }
}
