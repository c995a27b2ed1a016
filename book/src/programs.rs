//! The programs that pages show: lessons, and the book's own.

use asyncio_tests::oracle::{arguments, workspace};

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
            let mut command = vec!["cargo run --bin".to_owned(), name.to_owned()];
            let arguments = arguments(name)?;
            if !arguments.is_empty() {
                command.push("--".to_owned());
            }
            command.extend(arguments);
            return Ok(Self { folder: lesson, command: command.join(" ") });
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
