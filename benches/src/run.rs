//! The rounds. Each runs every workload once on every runtime, one runtime after the other, so that what
//! the machine does besides meets all of them alike.

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Args;
use crate::peer::{Peer, pythons};
use crate::results::{Results, Row};
use crate::runtimes::python::Python;
use crate::serving;
use crate::workloads::{Kind, Workload};

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
        _ if row.is_left_out(peer.name()) => false,
        (Kind::Cpu, Peer::Rust(_)) => true,
        _ => round > 0,
    };
    if is_due {
        match peer.measure(workload) {
            Ok(sample) if round > 0 => row.push(peer.name(), &sample),
            Ok(_) => {}
            Err(why) => {
                row.leave_out(peer.name());
                results.leave_out(&format!("{} on {}", workload.name, peer.name()), &why);
            }
        }
    }
    bar.inc(1);
}

fn peers<'a>(workload: &Workload, args: &Args, pythons: &'a [Python]) -> Vec<Peer<'a>> {
    let rust = workload.entries.iter().map(Peer::Rust);
    let has_it = |python: &&Python| workload.on_python.is_some() && python.has(workload);
    let python = pythons.iter().filter(has_it).map(Peer::Python);
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
    let asks_http = |workload: &&Workload| matches!(workload.kind, Kind::Http { .. });
    if workloads.iter().any(asks_http)
        && let Err(why) = serving::can_ask_http()
    {
        results.leave_out("HTTP", &why);
        workloads.retain(|workload| !asks_http(workload));
    }
    workloads
}

fn progress_bar(steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{elapsed} {bar:20} {pos}/{len} {msg}");
    ProgressBar::new(steps as u64).with_style(style.expect("the template is well formed"))
}
