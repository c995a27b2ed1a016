//! The programs that print what a file of theirs says: the lessons, the programs of the book, and the examples
//! of the library. Found by looking into their folders, so that a new one is covered as soon as it is there.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::errors::errors;
use super::volatile::steady;
use super::{Printed, Process, Python, build, difference, workspace};

/// The package of the book's programs. A lesson has a package of its own.
const BOOK_PACKAGE: &str = "asyncio-book-programs";

/// What changes how a program runs, or what it says when it fails.
const CHANGING: [&str; 5] =
    ["ASYNCIO_DEBUG", "ASYNCIO_SEED", "ASYNCIO_TRACE", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE"];

/// The package of the examples.
const LIBRARY_PACKAGE: &str = "asyncio";

/// A lesson, a program of the book or an example, built.
pub struct Program {
    source: Source,
    binary: PathBuf,
    run: Run,
}

/// Where a program comes from. Its binary is called as its folder is, an example's as its file is.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) package: String,
    pub(super) is_example: bool,
    files: Files,
}

/// What a program is held to. Each may be missing.
struct Files {
    output: PathBuf,
    errors: PathBuf,
    twin: PathBuf,
}

impl Source {
    /// A program with a folder of its own.
    fn in_folder(name: String, package: String, folder: &Path) -> Self {
        let files = Files {
            output: folder.join("output.txt"),
            errors: folder.join("errors.txt"),
            twin: folder.join("twin.py"),
        };
        Self { name, package, is_example: false, files }
    }

    /// An example of the library: cargo wants a file of it, so the others are elsewhere.
    fn example(name: String) -> Self {
        let file = |extension| workspace(&format!("tests/oracle/examples/{name}.{extension}"));
        let files = Files { output: file("txt"), errors: file("errors.txt"), twin: file("py") };
        Self { name, package: LIBRARY_PACKAGE.to_owned(), is_example: true, files }
    }
}

/// A program's entry in `tests/oracle/runs.toml`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Run {
    arguments: Vec<String>,
    server: Vec<String>,
    known_as: String,
}

/// What a program said.
pub struct Said {
    /// What `output.txt` holds.
    pub output: String,
    /// What `errors.txt` holds: standard error and how the program failed, made repeatable. Empty where
    /// there is no such file.
    pub errors: String,
}

impl Program {
    /// Finds and builds the one called `name`.
    ///
    /// # Errors
    ///
    /// What couldn't be read or built.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::build(|source| source.name == name)?
            .pop()
            .ok_or_else(|| format!("there is no program {name}"))
    }

    /// Finds and builds all of them.
    ///
    /// # Errors
    ///
    /// What couldn't be read or built.
    pub fn all() -> Result<Vec<Self>, String> {
        let programs = Self::build(|_| true)?;
        match runs()?.keys().find(|run| programs.iter().all(|program| program.name() != *run)) {
            Some(stray) => Err(format!("runs.toml: there is no program {stray}")),
            None => Ok(programs),
        }
    }

    fn build(is_wanted: impl Fn(&Source) -> bool) -> Result<Vec<Self>, String> {
        let sources = sources()?;
        let mut runs = runs()?;
        let mut binaries = build::binaries(&sources, &is_wanted)?;
        let program = |source: Source| {
            let name = &source.name;
            let binary = binaries.remove(name).ok_or(format!("{name} has no binary {name}"))?;
            Ok(Self { binary, run: runs.remove(name).unwrap_or_default(), source })
        };
        sources.into_iter().filter(|source| is_wanted(source)).map(program).collect()
    }

    /// Its folder's and its binary's name.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Whether it says what its files say.
    ///
    /// # Errors
    ///
    /// A message that shows where it doesn't, and what to do.
    pub fn check(&self, said: &Said) -> Result<(), String> {
        self.compare(&self.source.files.output, &said.output)?;
        self.compare(&self.source.files.errors, &said.errors)
    }

    fn compare(&self, file: &Path, said: &str) -> Result<(), String> {
        let expected = read_if_there(file)?.unwrap_or_default();
        match difference(&expected, said) {
            Some(difference) => Err(format!(
                "{}/{}: {difference}\n`BLESS=1 cargo test -p asyncio-tests --test oracle` writes it \
                 anew",
                self.name(),
                file.file_name().unwrap_or_default().display()
            )),
            None => Ok(()),
        }
    }

    /// Writes its files. Without anything in it, there is no `errors.txt`.
    ///
    /// # Errors
    ///
    /// A message when one of them can't be written.
    pub fn bless(&self, said: &Said) -> Result<(), String> {
        write(&self.source.files.output, &said.output)?;
        let errors = &self.source.files.errors;
        if !said.errors.is_empty() {
            return write(errors, &said.errors);
        }
        match fs::remove_file(errors) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(errors, &error)),
            _ => Ok(()),
        }
    }

    /// Whether it has a twin. Some have none: Python hides what they are about.
    pub fn has_twin(&self) -> bool {
        self.source.files.twin.is_file()
    }

    /// Its command, not started yet: in the workspace, without the variables that change what happens.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for variable in CHANGING {
            command.env_remove(variable);
        }
        command.current_dir(workspace(""));
        command
    }

    /// Runs it to its end.
    ///
    /// # Errors
    ///
    /// A message when it couldn't be started or didn't end.
    pub fn run(&self) -> Result<Said, String> {
        let printed = self.steady(self.run_with(self.name(), self.command())?);
        Ok(Said { errors: errors(&printed), output: printed.stdout })
    }

    /// Runs its twin to its end.
    ///
    /// # Errors
    ///
    /// A message when it couldn't be started or didn't end. It may fail: only what it prints counts.
    pub fn run_twin(&self, python: &Python) -> Result<Printed, String> {
        let twin = python.command(&self.source.files.twin);
        Ok(self.steady(self.run_with(&format!("{}/twin.py", self.name()), twin)?))
    }

    /// What Python's documentation lets an example print has times of day and ports in it.
    fn steady(&self, mut printed: Printed) -> Printed {
        if self.source.is_example {
            printed.stdout = steady(&printed.stdout);
        }
        printed
    }

    fn run_with(&self, name: &str, mut command: Command) -> Result<Printed, String> {
        if self.run.server.is_empty() {
            return Process::start(name, command.args(&self.run.arguments))?.wait();
        }
        let mut server = Process::start("the server", self.command().args(&self.run.server))?;
        let address = address_in(&server.first_line()?)?;
        let arguments =
            self.run.arguments.iter().map(|it| it.replace(&self.run.known_as, &address));
        let mut printed = Process::start(name, command.args(arguments))?.wait()?;
        for text in [&mut printed.stdout, &mut printed.stderr] {
            *text = text.replace(&address, &self.run.known_as);
        }
        Ok(printed)
    }
}

/// The `http://…` in a line.
fn address_in(line: &str) -> Result<String, String> {
    let address = line.split_whitespace().find(|word| word.starts_with("http://"));
    address.map(str::to_owned).ok_or(format!("no address in {line:?}"))
}

/// The arguments that the program called `name` is run with.
///
/// # Errors
///
/// What couldn't be read.
pub fn arguments(name: &str) -> Result<Vec<String>, String> {
    Ok(runs()?.remove(name).unwrap_or_default().arguments)
}

fn runs() -> Result<BTreeMap<String, Run>, String> {
    let text = read(&workspace("tests/oracle/runs.toml"))?;
    toml::from_str(&text).map_err(|error| format!("runs.toml: {error}"))
}

/// All there are, by name.
fn sources() -> Result<Vec<Source>, String> {
    let lessons = folders_with("tutorial", "Cargo.toml")?;
    let lessons = lessons.into_iter().map(|(name, folder)| {
        let package = package_in(&folder.join("Cargo.toml"))?;
        Ok(Source::in_folder(name, package, &folder))
    });
    let of_the_book = folders_with("book/programs/src/bin", "main.rs")?;
    let of_the_book = of_the_book
        .into_iter()
        .map(|(name, folder)| Ok(Source::in_folder(name, BOOK_PACKAGE.to_owned(), &folder)));
    let with_features = examples_with_features()?;
    let examples = files_in("runtime/examples")?.into_iter();
    let examples = examples.filter(|name| !with_features.contains(name));
    let examples = examples.map(|name| Ok(Source::example(name)));
    let mut sources: Vec<Source> =
        lessons.chain(of_the_book).chain(examples).collect::<Result<_, String>>()?;
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    match sources.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some([a, b]) => Err(format!(
            "{} and {} are two programs of the name {}: rename one of them",
            a.files.output.display(),
            b.files.output.display(),
            a.name
        )),
        _ => Ok(sources),
    }
}

/// Examples of what the library doesn't have by default. Python's standard library has none of it either, so they have no
/// twin.
fn examples_with_features() -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct Manifest {
        example: Vec<Example>,
    }
    #[derive(Deserialize)]
    struct Example {
        name: String,
    }
    let text = read(&workspace("runtime/Cargo.toml"))?;
    let manifest: Manifest =
        toml::from_str(&text).map_err(|error| format!("runtime/Cargo.toml: {error}"))?;
    Ok(manifest.example.into_iter().map(|example| example.name).collect())
}

/// The folders in `parent` that hold `file`, with their names. There may be no `parent` yet.
fn folders_with(parent: &str, file: &str) -> Result<Vec<(String, PathBuf)>, String> {
    let folders = entries(parent)?.into_iter().filter(|path| path.join(file).is_file());
    Ok(folders
        .map(|path| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path))
        .collect())
}

/// The names of the files of Rust in `parent`, without `.rs`.
fn files_in(parent: &str) -> Result<Vec<String>, String> {
    let files = entries(parent)?.into_iter().filter(|path| path.extension() == Some("rs".as_ref()));
    Ok(files
        .map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect())
}

fn entries(parent: &str) -> Result<Vec<PathBuf>, String> {
    let parent = workspace(parent);
    match fs::read_dir(&parent) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(&parent, &error)),
    }
}

/// The name of the package that a manifest describes.
fn package_in(manifest: &Path) -> Result<String, String> {
    let parsed: toml::Table =
        toml::from_str(&read(manifest)?).map_err(|error| failed(manifest, &error))?;
    let name = parsed.get("package").and_then(|package| package.get("name")?.as_str());
    name.map(str::to_owned).ok_or_else(|| failed(manifest, &"the package has no name"))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| failed(path, &error))
}

fn read_if_there(path: &Path) -> Result<Option<String>, String> {
    if path.exists() { read(path).map(Some) } else { Ok(None) }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, why: &dyn std::fmt::Display) -> String {
    format!("{}: {why}", path.display())
}
