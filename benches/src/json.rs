//! The same for programs: what the book's page and its plots are made of.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use crate::results::{Results, Row, Summary};
use crate::runtimes::NAMES;
use crate::versions::Machine;

#[derive(Serialize)]
struct Recording<'a> {
    recorded: String,
    machine: Machine,
    versions: &'a BTreeMap<String, String>,
    rounds: usize,
    left_out: &'a [String],
    workloads: Vec<Measured>,
}

#[derive(Serialize)]
struct Measured {
    name: &'static str,
    operation: &'static str,
    unit: &'static str,
    goal: Option<f64>,
    /// By runtime, what an operation costs.
    cost: BTreeMap<&'static str, Figures>,
    /// By runtime, the cost as a ratio to tokio's.
    ratio: BTreeMap<&'static str, Figures>,
    /// By runtime, a server's requests a second.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rate: BTreeMap<&'static str, Figures>,
}

#[derive(Serialize)]
struct Figures {
    median: f64,
    least: f64,
    most: f64,
}

/// One JSON object.
pub(crate) fn json(results: &Results) -> String {
    let recording = Recording {
        recorded: OffsetDateTime::now_utc().date().to_string(),
        machine: Machine::this(),
        versions: &results.versions,
        rounds: results.rounds,
        left_out: &results.left_out,
        workloads: results.rows.iter().map(measured).collect(),
    };
    serde_json::to_string_pretty(&recording).expect("results are plain data")
}

fn measured(row: &Row) -> Measured {
    Measured {
        name: row.workload.name,
        operation: row.workload.operation,
        unit: row.workload.kind.unit(),
        goal: row.workload.goal,
        cost: by_runtime(|runtime| row.cost(runtime)),
        ratio: by_runtime(|runtime| row.ratio(runtime, "tokio")),
        rate: by_runtime(|runtime| row.rate(runtime)),
    }
}

fn by_runtime(summary: impl Fn(&str) -> Option<Summary>) -> BTreeMap<&'static str, Figures> {
    NAMES.into_iter().filter_map(|name| Some((name, figures(summary(name)?)))).collect()
}

fn figures(Summary { median, least, most }: Summary) -> Figures {
    let [median, least, most] = [median, least, most].map(|value| (value * 1e3).round() / 1e3);
    Figures { median, least, most }
}
