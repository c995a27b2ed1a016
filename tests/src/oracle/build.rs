//! Starts cargo: builds the programs and finds their binaries.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::program::Source;
use super::workspace;

/// The binaries of those `sources` that are wanted, built as this program is: for debugging or for
/// release.
///
/// One cargo for all of them. It waits for the cargo that runs the tests to be done with building,
/// and says where the binaries are, so that nobody has to guess.
pub(super) fn binaries(
    sources: &[Source],
    is_wanted: impl Fn(&Source) -> bool,
) -> Result<BTreeMap<String, PathBuf>, String> {
    let wanted: Vec<&Source> = sources.iter().filter(|source| is_wanted(source)).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut command = cargo();
    command.args(["build", "--message-format=json-render-diagnostics"]).stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    // All packages, whatever is wanted: which of a dependency's features are on depends on them, and it
    // would be built once for each set.
    let mut packages: Vec<&str> = sources.iter().map(|source| source.package.as_str()).collect();
    packages.dedup();
    for package in packages {
        command.args(["--package", package]);
    }
    for source in wanted {
        command.args([if source.is_example { "--example" } else { "--bin" }, &source.name]);
    }
    let built = command.output().map_err(|error| format!("cargo can't be started: {error}"))?;
    if !built.status.success() {
        return Err("the programs don't build: see above".into());
    }
    Ok(binaries_in(&built.stdout))
}

/// The cargo that runs this program, or the one on the `PATH`; in the workspace.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    // What the cargo outside says about this package. ring's build script looks at it, and ring would
    // be built again whenever these appear or go.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    command.current_dir(workspace("")).stdin(Stdio::null());
    command
}

/// Where the binaries are that cargo has made, by its messages in JSON.
pub fn binaries_in(messages: &[u8]) -> BTreeMap<String, PathBuf> {
    String::from_utf8_lossy(messages).lines().filter_map(binary).collect()
}

/// The binary that one of cargo's messages is about.
fn binary(message: &str) -> Option<(String, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let name = message["target"]["name"].as_str()?;
    let path = message["executable"].as_str()?;
    Some((name.to_owned(), path.into()))
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
