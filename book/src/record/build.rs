//! Makes the programs that are measured: as a release, since that is what somebody would run.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use asyncio_tests::oracle::workspace;

use super::write;

/// Where the binaries called `names` are, built anew where that is needed.
pub(super) fn binaries(names: &[&str]) -> Result<BTreeMap<String, PathBuf>, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--release", "--quiet", "--message-format=json-render-diagnostics"]);
    cargo.args(names.iter().flat_map(|name| ["--bin", name]));
    cargo.current_dir(workspace("")).stdin(Stdio::null()).stderr(Stdio::inherit());
    let built = cargo.output().map_err(|error| format!("cargo can't be started: {error}"))?;
    if !built.status.success() {
        return Err(format!("{} can't be built: see above", names.join(", ")));
    }
    let found: BTreeMap<_, _> =
        String::from_utf8_lossy(&built.stdout).lines().filter_map(binary).collect();
    match names.iter().find(|name| !found.contains_key(**name)) {
        None => Ok(found),
        Some(name) => Err(format!("cargo doesn't say where the binary {name} is")),
    }
}

/// The binary that one of cargo's messages is about.
fn binary(message: &str) -> Option<(String, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let name = message["target"]["name"].as_str()?;
    let path = message["executable"].as_str()?;
    Some((name.to_owned(), path.into()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_s_messages_say_where_a_binary_is() {
        let built = r#"{"target":{"name":"ladder_1"},"executable":"target/release/ladder_1"}"#;
        assert_eq!(binary(built).unwrap(), ("ladder_1".into(), "target/release/ladder_1".into()));
        let library = r#"{"target":{"name":"asyncio"},"executable":null}"#;
        assert_eq!(binary(library), None);
        assert_eq!(binary(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(binary("a line of something else"), None);
    }
}
