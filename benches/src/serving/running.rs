//! A process that talks in lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nix::unistd::Pid;

use crate::child::name;

/// It doesn't outlive this.
pub(super) struct Running {
    name: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    pub(super) fn start(mut command: Command) -> Result<Self, String> {
        let name = name(&command);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("{name}: {error}"))?;
        let input = child.stdin.take().expect("it was asked for");
        let output = BufReader::new(child.stdout.take().expect("it was asked for"));
        Ok(Self { name, child, input, output })
    }

    pub(super) fn id(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Its next line.
    pub(super) fn says(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err(format!("{} ended before it said what it had to", self.name)),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// Lets a client go ahead; how many nanoseconds it took.
    pub(super) fn go(&mut self) -> Result<f64, String> {
        self.input.write_all(b"go\n").map_err(|error| format!("{}: {error}", self.name))?;
        let said = self.says()?;
        said.parse().map_err(|_| format!("{} says {said:?} instead of a time", self.name))
    }

    /// Waits for its end.
    pub(super) fn end(mut self) -> Result<(), String> {
        let status = self.child.wait().map_err(|error| format!("{}: {error}", self.name))?;
        if status.success() { Ok(()) } else { Err(format!("{}: {status}", self.name)) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // That it has ended already is what one hopes for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
