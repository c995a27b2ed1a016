//! The rounds. Each runs every workload once on every runtime, one runtime after the other, so that what
//! the machine does besides meets all of them alike.

use std::process::Command;

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Args;
use crate::child;
use crate::measure::cpu_per_operation;
use crate::results::{Results, Row};
use crate::runtimes::python::{self, Python};
use crate::workloads::{Entry, Kind, Workload};

/// Something that a workload runs on.
#[derive(Clone, Copy)]
enum Peer<'a> {
    Rust(&'static Entry),
    Python(&'a Python),
}

impl Peer<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Rust(entry) => entry.runtime,
            Self::Python(python) => python.name,
        }
    }

    fn measure(self, workload: &Workload) -> Result<f64, String> {
        match (self, workload.kind) {
            (Self::Rust(entry), Kind::Cpu) => Ok(cpu_per_operation(entry.run, workload.operations)),
            (Self::Rust(entry), Kind::Memory) => in_a_child(workload, entry),
            (Self::Python(python), _) => {
                python.measure(workload.name, workload.on_python.unwrap_or(workload.operations))
            }
        }
    }
}

/// Runs what was chosen.
pub(crate) fn run(args: &Args) -> Results {
    let mut results = Results::new(args.rounds);
    let pythons = pythons(args, &mut results);
    let mut rows: Vec<Row> = args.workloads.iter().map(|workload| Row::new(workload)).collect();
    let steps: usize = rows.iter().map(|row| peers(row.workload, args, &pythons).len()).sum();
    let bar = progress_bar(steps * (args.rounds + 1));
    for round in 0..=args.rounds {
        for row in &mut rows {
            let mut peers = peers(row.workload, args, &pythons);
            // Nobody is always the one who comes after the same other.
            let first = round % peers.len().max(1);
            peers.rotate_left(first);
            for peer in peers {
                measure(row, peer, round, &bar, &mut results);
            }
        }
    }
    bar.finish_and_clear();
    results.rows = rows;
    results
}

/// Round 0 doesn't count: it warms the heap.
fn measure(row: &mut Row, peer: Peer<'_>, round: usize, bar: &ProgressBar, results: &mut Results) {
    let workload = row.workload;
    bar.set_message(format!("{} on {}", workload.name, peer.name()));
    let is_warm = matches!(peer, Peer::Python(_)) || workload.kind == Kind::Memory;
    if round > 0 || !is_warm {
        match peer.measure(workload) {
            Ok(value) if round > 0 => row.push(peer.name(), value),
            Ok(_) => {}
            Err(why) => results.leave_out(&format!("{} on {}", workload.name, peer.name()), &why),
        }
    }
    bar.inc(1);
}

fn in_a_child(workload: &Workload, entry: &Entry) -> Result<f64, String> {
    let operations = workload.operations.to_string();
    let mut program = Command::new(child::program()?);
    let said = child::said_by(program.args(["one", workload.name, entry.runtime, &operations]))?;
    said.trim().parse().map_err(|_| said.trim().to_owned())
}

fn peers<'a>(workload: &Workload, args: &Args, pythons: &'a [Python]) -> Vec<Peer<'a>> {
    let rust = workload.entries.iter().map(Peer::Rust);
    let python = pythons.iter().filter(|_| workload.on_python.is_some()).map(Peer::Python);
    rust.chain(python).filter(|peer| args.runtimes.contains(&peer.name())).collect()
}

/// Those that were asked for and are to be had.
fn pythons(args: &Args, results: &mut Results) -> Vec<Python> {
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

fn progress_bar(steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{elapsed} {bar:20} {pos}/{len} {msg}");
    ProgressBar::new(steps as u64).with_style(style.expect("the template is well formed"))
}
