//! What was measured on, and with what. A figure means little without it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;

use serde::Serialize;

use crate::child;

/// The machine and its compiler.
#[derive(Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    system: String,
    pub(crate) rustc: String,
}

impl Machine {
    pub(crate) fn this() -> Self {
        Self {
            cpu: cpu().unwrap_or_else(|| format!("an {} processor", std::env::consts::ARCH)),
            cores: thread::available_parallelism().map_or(1, Into::into),
            system: system(),
            rustc: rustc().unwrap_or_else(|why| why),
        }
    }
}

fn cpu() -> Option<String> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// As `Linux 6.8.0`: the rest of the release names somebody's build.
fn system() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version = release.split(|it: char| !it.is_ascii_digit() && it != '.').next();
    match version {
        Some(version) if !version.is_empty() => format!("Linux {version}"),
        _ => std::env::consts::OS.to_owned(),
    }
}

/// As `rustc 1.95.0`.
pub(crate) fn rustc() -> Result<String, String> {
    let said = child::said_by(Command::new("rustc").arg("-V"))?;
    Ok(said.split(" (").next().unwrap_or(&said).trim().to_owned())
}

const CRATES: [&str; 7] =
    ["asyncio", "tokio", "async-executor", "async-io", "futures-executor", "hyper", "monoio"];

/// Of the crates that are measured, as the workspace's lock file has them.
pub(crate) fn of_runtimes() -> BTreeMap<String, String> {
    let lock: toml::Table =
        include_str!("../../Cargo.lock").parse().expect("cargo wrote the lock file");
    let packages = lock["package"].as_array().into_iter().flatten();
    packages
        .filter_map(|package| {
            let name = package["name"].as_str()?;
            let version = package["version"].as_str()?;
            CRATES.contains(&name).then(|| (name.to_owned(), version.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_has_a_version() {
        let versions = of_runtimes();
        assert_eq!(versions.len(), CRATES.len(), "{versions:?}");
        assert!(versions["tokio"].starts_with("1."), "{versions:?}");
    }
}
