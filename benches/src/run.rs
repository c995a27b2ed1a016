//! The rounds. Each runs every workload once on every runtime, one runtime after the other, so that what
//! the machine does besides meets all of them alike.

use std::process::Command;

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Args;
use crate::child;
use crate::measure::{Sample, cpu_per_operation};
use crate::results::{Results, Row};
use crate::runtimes::python::{self, Python};
use crate::serving;
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

    fn measure(self, workload: &Workload) -> Result<Sample, String> {
        let operations = self.operations(workload);
        match (self, workload.kind) {
            (_, Kind::Served(traffic)) => {
                serving::cpu(self.command(workload)?, traffic, operations)
            }
            (_, Kind::Calls(traffic)) => {
                serving::calls(&self.command(workload)?, traffic, operations)
            }
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

/// Runs what was chosen.
pub(crate) fn run(args: &Args) -> Results {
    let mut results = Results::new(args.rounds);
    let pythons = pythons(args, &mut results);
    let workloads = workloads(args, &mut results);
    let mut rows: Vec<Row> = workloads.into_iter().map(Row::new).collect();
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

/// Round 0 doesn't count: it warms this process's heap.
fn measure(row: &mut Row, peer: Peer<'_>, round: usize, bar: &ProgressBar, results: &mut Results) {
    let workload = row.workload;
    bar.set_message(format!("{} on {}", workload.name, peer.name()));
    let is_due = match (workload.kind, peer) {
        (Kind::Cpu, Peer::Rust(_)) => true,
        // They are the same each time.
        (Kind::Calls(_), _) => round == 1,
        _ => round > 0,
    };
    if is_due {
        match peer.measure(workload) {
            Ok(sample) if round > 0 => row.push(peer.name(), &sample),
            Ok(_) => {}
            Err(why) => results.leave_out(&format!("{} on {}", workload.name, peer.name()), &why),
        }
    }
    bar.inc(1);
}

fn in_a_child(mut command: Command) -> Result<Sample, String> {
    let said = child::said_by(&mut command)?;
    said.trim().parse().map(Sample::of).map_err(|_| said.trim().to_owned())
}

fn peers<'a>(workload: &Workload, args: &Args, pythons: &'a [Python]) -> Vec<Peer<'a>> {
    let rust = workload.entries.iter().map(Peer::Rust);
    let python = pythons.iter().filter(|_| workload.on_python.is_some()).map(Peer::Python);
    rust.chain(python).filter(|peer| args.runtimes.contains(&peer.name())).collect()
}

/// Those that were asked for and that this machine can measure.
fn workloads(args: &Args, results: &mut Results) -> Vec<&'static Workload> {
    let mut workloads = args.workloads.clone();
    let counts_calls = |workload: &&Workload| matches!(workload.kind, Kind::Calls(_));
    if workloads.iter().any(counts_calls)
        && let Err(why) = serving::can_count_calls()
    {
        results.leave_out("system calls", &why);
        workloads.retain(|workload| !counts_calls(workload));
    }
    workloads
}

/// The same for Pythons.
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
