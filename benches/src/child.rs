//! Other processes: this program again, Python, valgrind.

use std::env;
use std::process::{Command, Stdio};

/// This program, to be run with other arguments.
pub(crate) fn this_program() -> Result<Command, String> {
    let program = env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    Ok(Command::new(program))
}

/// What a command prints. `Err`: that it can't be run, or the last it said before it failed.
pub(crate) fn said_by(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.trim().lines().next_back().unwrap_or("it says nothing");
        return Err(format!("{name}: {}: {last}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
