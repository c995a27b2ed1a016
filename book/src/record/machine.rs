//! When and on what something is recorded.

use std::env;
use std::fs;
use std::process::Command;
use std::thread;

use time::OffsetDateTime;

use crate::figures::Machine;

/// The day, as `2026-11-23`.
pub(super) fn today() -> String {
    OffsetDateTime::now_utc().date().to_string()
}

pub(super) fn this_machine() -> Machine {
    Machine {
        cpu: cpu().unwrap_or_else(|| format!("an {} processor", env::consts::ARCH)),
        cores: thread::available_parallelism().map_or(1, Into::into),
        system: system(),
        rustc: rustc().unwrap_or_else(|| "an unknown rustc".to_owned()),
    }
}

fn cpu() -> Option<String> {
    model_name(&fs::read_to_string("/proc/cpuinfo").ok()?)
}

/// The processor's name, in what Linux says about it.
fn model_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The system and its version, as `Linux 6.8.0`.
pub(super) fn system() -> String {
    match fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(release) => format!("Linux {}", version(release.trim())),
        Err(_) => env::consts::OS.to_owned(),
    }
}

/// `6.8.0` of `6.8.0-45-generic`: the rest names somebody's build.
fn version(release: &str) -> &str {
    release.split(|it: char| !it.is_ascii_digit() && it != '.').next().unwrap_or(release)
}

fn rustc() -> Option<String> {
    let said = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into())).arg("-V").output();
    without_its_commit(&String::from_utf8(said.ok()?.stdout).ok()?)
}

/// `rustc 1.95.0` of `rustc 1.95.0 (59807616e 2026-04-14)`.
fn without_its_commit(said: &str) -> Option<String> {
    let (version, _) = said.split_once(" (").unwrap_or((said.trim(), ""));
    version.starts_with("rustc ").then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_a_name() {
        let cpuinfo = "processor\t: 0\nmodel name\t: A Fast One @ 2.00GHz\nflags\t\t: fpu\n";
        assert_eq!(model_name(cpuinfo).unwrap(), "A Fast One @ 2.00GHz");
        assert_eq!(model_name("Hardware : a board\n"), None);
    }

    #[test]
    fn a_kernel_s_version_is_told_without_whose_build_it_is() {
        assert_eq!(version("6.8.0-45-generic"), "6.8.0");
        assert_eq!(version("5.15.167.4-somebody+"), "5.15.167.4");
        assert_eq!(version("6.12.1"), "6.12.1");
    }

    #[test]
    fn a_compiler_is_told_by_name_and_version() {
        let said = "rustc 1.95.0 (59807616e 2026-04-14)\n";
        assert_eq!(without_its_commit(said).unwrap(), "rustc 1.95.0");
        assert_eq!(without_its_commit("rustc 1.95.0\n").unwrap(), "rustc 1.95.0");
        assert_eq!(without_its_commit("an error\n"), None);
    }
}
