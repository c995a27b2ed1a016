//! Other processes: this program again, Python, valgrind.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// This program.
pub(crate) fn program() -> Result<PathBuf, String> {
    env::current_exe().map_err(|error| format!("where is this program? {error}"))
}

/// Where cargo put it: `target` in `target/release/asyncio-benches`.
pub(crate) fn target_folder() -> Result<PathBuf, String> {
    let folder = program()?.ancestors().nth(2).map(Path::to_owned);
    folder.ok_or_else(|| "this program is in no target folder".to_owned())
}

/// What a command prints. `Err`: that it can't be run, or the last it said before it failed.
pub(crate) fn said_by(command: &mut Command) -> Result<String, String> {
    Ok(String::from_utf8_lossy(&output_of(command)?.stdout).into_owned())
}

/// The same for what it prints as errors.
pub(crate) fn errors_of(command: &mut Command) -> Result<String, String> {
    Ok(String::from_utf8_lossy(&output_of(command)?.stderr).into_owned())
}

/// What messages call it.
pub(crate) fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn output_of(command: &mut Command) -> Result<Output, String> {
    let name = name(command);
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.trim().lines().next_back().unwrap_or("it says nothing");
        return Err(format!("{name}: {}: {last}", output.status));
    }
    Ok(output)
}
