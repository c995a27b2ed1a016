//! Makes the programs that are measured: as a release, since that is what somebody would run.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use asyncio_tests::oracle::{binaries_in, cargo};

use super::write;

/// Where the binaries called `names` are, built anew where that is needed.
pub(super) fn binaries(names: &[&str]) -> Result<BTreeMap<String, PathBuf>, String> {
    built(names, &[])
}

/// The same for programs of the book's own.
pub(super) fn book_programs(names: &[&str]) -> Result<BTreeMap<String, PathBuf>, String> {
    built(names, &["--package", "asyncio-book-programs"])
}

fn built(names: &[&str], package: &[&str]) -> Result<BTreeMap<String, PathBuf>, String> {
    let mut cargo = cargo();
    cargo.args(["build", "--release", "--quiet", "--message-format=json-render-diagnostics"]);
    cargo.args(package);
    cargo.args(names.iter().flat_map(|name| ["--bin", name]));
    let built = cargo
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    if !built.status.success() {
        return Err(format!("{} can't be built: see above", names.join(", ")));
    }
    let found = binaries_in(&built.stdout);
    match names.iter().find(|name| !found.contains_key(**name)) {
        None => Ok(found),
        Some(name) => Err(format!("cargo doesn't say where the binary {name} is")),
    }
}

/// A program that does nothing, in `folder`: what the others cost beyond it is their own doing.
pub(super) fn nothing(folder: &Path) -> Result<PathBuf, String> {
    let source = folder.join("nothing.rs");
    let binary = folder.join(format!("nothing{}", env::consts::EXE_SUFFIX));
    write(&source, "fn main() {}\n")?;
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.args(["--edition", "2024", "-O", "-o"]).arg(&binary).arg(&source);
    let built = rustc.output().map_err(|error| format!("rustc can't be started: {error}"))?;
    if built.status.success() {
        Ok(binary)
    } else {
        Err(format!("nothing.rs: {}", String::from_utf8_lossy(&built.stderr)))
    }
}
