//! Compiling a package as a test, and reading what the compiler says.
//!
//! The cases have a package of their own: trybuild compiles all that a package depends on once more,
//! and this one depends on `asyncio` alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the compiler calls itself, such as `rustc 1.95.0 (59807616e 2026-04-14)`.
///
/// # Panics
///
/// When it can't be started.
pub fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The first line of each error, and where it is.
pub fn headlines(answer: &str) -> Vec<&str> {
    let lines: Vec<&str> = answer.lines().map(str::trim_start).collect();
    let errors = lines.windows(2).filter(|pair| {
        pair[0].starts_with("error") && !pair[0].starts_with("error: could not compile")
    });
    errors.flatten().copied().collect()
}

/// A package of one file, compiled as a test. `trybuild` compiles programs only, and in those the
/// compiler drops every `#[test]` function unread.
pub struct TestPackage {
    folder: PathBuf,
    /// All packages share the compiled dependencies.
    target: PathBuf,
}

impl TestPackage {
    /// A package of this name in the folder `scratch`.
    ///
    /// # Panics
    ///
    /// When its files can't be written.
    pub fn new(scratch: &Path, name: &str) -> Self {
        let folder = scratch.join(name);
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let manifest = format!(
            "[package]\n\
             name = '{name}'\n\
             edition = '2024'\n\
             [dependencies]\n\
             asyncio.path = '{}'\n\
             [workspace]\n",
            workspace.join("runtime").display(),
        );
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Self { folder, target: scratch.join("ui-target") }
    }

    /// What the compiler says about this source, warnings and all.
    ///
    /// # Panics
    ///
    /// When the source can't be written, or cargo not started.
    pub fn check(&self, source: &str) -> String {
        fs::write(self.folder.join("src/main.rs"), source).unwrap();
        let output = Command::new(env!("CARGO"))
            .args(["check", "--quiet", "--offline", "--profile=test", "--color=never"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    }
}
