//! The Python that the twins run on.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

/// A `python3` of 3.11 or later.
pub struct Python;

impl Python {
    /// The one on the `PATH`.
    ///
    /// # Errors
    ///
    /// What is there instead.
    pub fn find() -> Result<Self, String> {
        let printed = Command::new("python3")
            .args(["-c", "import sys; print(*sys.version_info[:2])"])
            .output()
            .map_err(|error| format!("no python3 on the PATH ({error})"))?;
        let version = String::from_utf8_lossy(&printed.stdout).trim().replace(' ', ".");
        if is_recent(&version) {
            Ok(Self)
        } else {
            Err(format!("python3 is {version}, 3.11 or later is needed"))
        }
    }

    /// The one on the `PATH`, or a line on stderr that says what is left out without it.
    pub fn find_or_leave_out(what: &str) -> Option<Self> {
        let reason = match Self::find() {
            Ok(python) => return Some(python),
            Err(reason) => reason,
        };
        // Not `eprintln!`, which nobody sees while the test passes.
        let _ = writeln!(io::stderr(), "left out: {what}: {reason}");
        None
    }

    /// Runs `script`. A warning, of a deprecated function for instance, is an error. What it imports is Python's
    /// own, also where a file beside it has the same name.
    pub fn command(&self, script: &Path) -> Command {
        let mut command = Command::new("python3");
        command.args(["-P", "-W", "error", "-X", "utf8"]).arg(script);
        // A proxy of the machine's must not stand between the twin and a server on this machine.
        command.env("no_proxy", "*").env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

fn is_recent(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(3), Some(11))
}

#[cfg(test)]
mod tests {
    use super::is_recent;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(is_recent("3.11"));
        assert!(is_recent("3.14"));
        assert!(is_recent("4.0"));
        assert!(!is_recent("3.9"));
        assert!(!is_recent(""));
    }
}
