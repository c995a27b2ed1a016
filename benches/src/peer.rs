//! What a workload runs on, and how it is measured there.

use std::process::Command;

use crate::args::Args;
use crate::child;
use crate::measure::{Sample, cpu_per_operation};
use crate::results::Results;
use crate::runtimes::python::{self, Python};
use crate::serving;
use crate::workloads::{Entry, Kind, Workload};

/// Something that a workload runs on.
#[derive(Clone, Copy)]
pub(crate) enum Peer<'a> {
    Rust(&'static Entry),
    Python(&'a Python),
}

impl Peer<'_> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rust(entry) => entry.runtime,
            Self::Python(python) => python.name,
        }
    }

    /// Runs the workload once.
    pub(crate) fn measure(self, workload: &Workload) -> Result<Sample, String> {
        let operations = self.operations(workload);
        match (self, workload.kind) {
            (_, Kind::Served(traffic)) => {
                serving::cpu(self.command(workload)?, traffic, operations)
            }
            (_, Kind::Calls(traffic)) => {
                serving::calls(&self.command(workload)?, traffic, operations)
            }
            (_, Kind::Http { connections }) => serving::http(self.command(workload)?, connections),
            (Self::Rust(entry), Kind::Cpu) => Ok(cpu_per_operation(entry.run, operations)),
            (Self::Rust(_), Kind::Memory) => in_a_child(self.command(workload)?),
            (Self::Python(python), _) => python.measure(workload.name, operations).map(Sample::of),
        }
    }

    fn operations(self, workload: &Workload) -> u64 {
        match self {
            Self::Rust(_) => workload.operations,
            Self::Python(_) => workload.on_python.unwrap_or(workload.operations),
        }
    }

    /// What runs the workload in a process of its own.
    fn command(self, workload: &Workload) -> Result<Command, String> {
        let operations = self.operations(workload);
        match self {
            Self::Python(python) => Ok(python.command(workload.name, operations)),
            Self::Rust(entry) => {
                let mut command = Command::new(child::program()?);
                command.args(["one", workload.name, entry.runtime, &operations.to_string()]);
                Ok(command)
            }
        }
    }
}

fn in_a_child(mut command: Command) -> Result<Sample, String> {
    let said = child::said_by(&mut command)?;
    said.trim().parse().map(Sample::of).map_err(|_| said.trim().to_owned())
}

/// The Pythons that were asked for and are to be had.
pub(crate) fn pythons(args: &Args, results: &mut Results) -> Vec<Python> {
    let is_wanted = |name: &str| args.runtimes.contains(&name);
    if !is_wanted("cpython") && !is_wanted("uvloop") {
        return Vec::new();
    }
    let cpython = match python::cpython() {
        Ok(cpython) => cpython,
        Err(why) => {
            results.leave_out("CPython and uvloop", &why);
            return Vec::new();
        }
    };
    let uvloop = is_wanted("uvloop").then(|| python::uvloop(&cpython));
    let mut pythons = vec![cpython];
    match uvloop {
        Some(Ok(uvloop)) => pythons.push(uvloop),
        Some(Err(why)) => results.leave_out("uvloop", &why),
        None => {}
    }
    for python in &pythons {
        results.versions.insert(python.name.to_owned(), python.version.clone());
    }
    pythons
}
