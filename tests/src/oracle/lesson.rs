//! The lessons: found by looking into `tutorial/`, so that a new one is covered as soon as it is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::{Printed, Program, Python, build, workspace};

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
    /// Finds and builds the one called `name`.
    ///
    /// # Errors
    ///
    /// What couldn't be read or built.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::build(vec![name.to_owned()]).map(|mut lessons| lessons.remove(0))
    }

    /// Finds and builds all of them.
    ///
    /// # Errors
    ///
    /// What couldn't be read or built.
    pub fn all() -> Result<Vec<Self>, String> {
        let names = names()?;
        if let Some(stray) = runs()?.keys().find(|run| !names.contains(run)) {
            return Err(format!("runs.toml: there is no lesson {stray}"));
        }
        Self::build(names)
    }

    fn build(names: Vec<String>) -> Result<Vec<Self>, String> {
        let mut runs = runs()?;
        let mut binaries = build::binaries(&names)?;
        let lesson = |name: String| {
            let binary = binaries.remove(&name).ok_or(format!("{name} has no binary {name}"))?;
            let run = runs.remove(&name).unwrap_or_default();
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

    /// Its program, not started yet. The variables that change how a loop runs don't reach it.
    pub fn program(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for variable in ["ASYNCIO_DEBUG", "ASYNCIO_SEED", "ASYNCIO_TRACE"] {
            command.env_remove(variable);
        }
        command
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

fn runs() -> Result<BTreeMap<String, Run>, String> {
    let text = read(&workspace("tests/oracle/runs.toml"))?;
    toml::from_str(&text).map_err(|error| format!("runs.toml: {error}"))
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

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
