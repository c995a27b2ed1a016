//! The programs that pages show: lessons, and the book's own.

use std::collections::BTreeMap;

use asyncio_tests::oracle::workspace;
use serde::Deserialize;

use crate::excerpt;

/// A program's folder, and how it is run.
#[derive(Debug)]
pub struct Program {
    folder: String,
    command: String,
}

impl Program {
    /// The lesson, or the book's own program, called `name`.
    ///
    /// # Errors
    ///
    /// That there is none.
    pub fn find(name: &str) -> Result<Self, String> {
        let lesson = format!("tutorial/{name}");
        let own = format!("book/programs/src/bin/{name}");
        if workspace(&lesson).join("main.rs").is_file() {
            let command = format!("cargo run --bin {name}{}", arguments(name)?);
            return Ok(Self { folder: lesson, command });
        }
        if workspace(&own).join("main.rs").is_file() {
            let command = format!("cargo run -p asyncio-book-programs --bin {name}");
            return Ok(Self { folder: own, command });
        }
        Err(format!("there is no program {name}: neither {lesson}/main.rs nor {own}/main.rs"))
    }

    /// The path of one of its files, from the workspace's root.
    pub fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// The command that runs it.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// What it prints, by its `output.txt` or `errors.txt`.
    ///
    /// # Errors
    ///
    /// That it can't be read.
    pub fn printed(&self, file: &str) -> Result<Vec<String>, String> {
        Ok(excerpt::read(&self.file(file))?.lines().map(str::to_owned).collect())
    }
}

/// What a lesson's output was made with, where it takes arguments.
fn arguments(name: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Run {
        #[serde(default)]
        arguments: Vec<String>,
    }
    let runs: BTreeMap<String, Run> = toml::from_str(&excerpt::read("tests/oracle/runs.toml")?)
        .map_err(|error| format!("tests/oracle/runs.toml: {error}"))?;
    let arguments = runs.get(name).map(|run| run.arguments.join(" ")).unwrap_or_default();
    Ok(if arguments.is_empty() { String::new() } else { format!(" -- {arguments}") })
}
