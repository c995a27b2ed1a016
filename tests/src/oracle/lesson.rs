//! The lessons: found by looking into `tutorial/`, so that a new one is covered as soon as it is there.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::{Printed, Program, Python, workspace};

/// A lesson whose program is built.
pub struct Lesson {
    name: String,
    folder: PathBuf,
    binary: PathBuf,
    run: Run,
}

/// A lesson's entry in `tests/oracle/runs.toml`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    arguments: Vec<String>,
    server: Vec<String>,
    known_as: String,
}

impl Lesson {
    /// Finds and builds all of them.
    ///
    /// # Errors
    ///
    /// What couldn't be read or built.
    pub fn all() -> Result<Vec<Self>, String> {
        let runs = read(&workspace("tests/oracle/runs.toml"))?;
        let runs: BTreeMap<String, Run> =
            toml::from_str(&runs).map_err(|error| format!("runs.toml: {error}"))?;
        let names = names()?;
        if let Some(stray) = runs.keys().find(|run| !names.contains(run)) {
            return Err(format!("runs.toml: there is no lesson {stray}"));
        }
        let mut binaries = build(&names)?;
        let lesson = |name: String| {
            let binary = binaries.remove(&name).ok_or(format!("{name} has no binary {name}"))?;
            let run = runs.get(&name).cloned().unwrap_or_default();
            Ok(Self { folder: workspace("tutorial").join(&name), binary, run, name })
        };
        names.into_iter().map(lesson).collect()
    }

    /// Its folder's and its binary's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What `output.txt` says.
    ///
    /// # Errors
    ///
    /// A message when there is none, which says how to make one.
    pub fn output(&self) -> Result<String, String> {
        read(&self.folder.join("output.txt")).map_err(|error| {
            format!("{error}; BLESS=1 cargo test -p asyncio-tests --test oracle writes it")
        })
    }

    /// Writes `output.txt`.
    ///
    /// # Errors
    ///
    /// A message when it can't be written.
    pub fn write_output(&self, text: &str) -> Result<(), String> {
        let path = self.folder.join("output.txt");
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Whether it has a twin. The ladder's lessons have none: Python hides what they are about.
    pub fn has_twin(&self) -> bool {
        self.twin().is_file()
    }

    fn twin(&self) -> PathBuf {
        self.folder.join("twin.py")
    }

    /// What its program prints.
    ///
    /// # Errors
    ///
    /// How it failed.
    pub fn run(&self) -> Result<String, String> {
        self.run_with(&self.name, self.program())
    }

    /// What its twin prints.
    ///
    /// # Errors
    ///
    /// How it failed.
    pub fn run_twin(&self, python: &Python) -> Result<String, String> {
        self.run_with(&format!("{}/twin.py", self.name), python.command(&self.twin()))
    }

    fn run_with(&self, name: &str, mut command: Command) -> Result<String, String> {
        if self.run.server.is_empty() {
            return succeeded(
                name,
                Program::start(name, command.args(&self.run.arguments))?.wait()?,
            );
        }
        let mut server = Program::start("the server", self.program().args(&self.run.server))?;
        let address = address_in(&server.first_line()?)?;
        let arguments =
            self.run.arguments.iter().map(|it| it.replace(&self.run.known_as, &address));
        let printed = Program::start(name, command.args(arguments))?.wait()?;
        Ok(succeeded(name, printed)?.replace(&address, &self.run.known_as))
    }

    fn program(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for variable in ["ASYNCIO_DEBUG", "ASYNCIO_SEED", "ASYNCIO_TRACE"] {
            command.env_remove(variable);
        }
        command
    }
}

fn succeeded(name: &str, printed: Printed) -> Result<String, String> {
    if printed.status.success() {
        return Ok(printed.stdout);
    }
    Err(format!("{name} failed, {}:\n{}{}", printed.status, printed.stdout, printed.stderr))
}

/// The `http://…` in a line.
fn address_in(line: &str) -> Result<String, String> {
    let address = line.split_whitespace().find(|word| word.starts_with("http://"));
    address.map(str::to_owned).ok_or(format!("no address in {line:?}"))
}

fn names() -> Result<Vec<String>, String> {
    let folder = workspace("tutorial");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let lessons = entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file());
    let mut names: Vec<String> =
        lessons.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// One cargo for all of them. It waits for the cargo that runs the tests to be done with building,
/// and asks it where the binaries are instead of guessing.
fn build(names: &[String]) -> Result<BTreeMap<String, PathBuf>, String> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace("")).args(["build", "--message-format=json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    for name in names {
        command.args(["--bin", name]);
    }
    let built = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    if !built.status.success() {
        return Err("the lessons don't build: see above".into());
    }
    Ok(String::from_utf8_lossy(&built.stdout).lines().filter_map(binary).collect())
}

/// The binary that one of cargo's messages is about.
fn binary(message: &str) -> Option<(String, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let name = message["target"]["name"].as_str()?;
    let path = message["executable"].as_str()?;
    Some((name.to_owned(), path.into()))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
