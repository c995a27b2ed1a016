//! What `benches` recorded of this library beside others: `book/figures/benches.run.json`, and how a page
//! finds a value in it. `cargo book record benches` writes the file; the directives `benches`, `bench` and
//! `plot` show it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::excerpt;
use crate::figures::{Machine, number};

/// Below the workspace's root. Two dots: it is no table of `figures`.
const FILE: &str = "book/figures/benches.run.json";

/// One run of everything, on every runtime, round by round.
#[derive(Clone, Debug, Deserialize)]
pub struct Benches {
    /// The day, as `2026-11-23`.
    pub recorded: String,
    /// What it was recorded on.
    pub machine: Machine,
    /// Of the runtimes.
    pub versions: BTreeMap<String, String>,
    /// How often each workload ran on each runtime.
    pub rounds: usize,
    /// What the machine couldn't measure.
    pub left_out: Vec<String>,
    /// In the order in which they ran.
    pub workloads: Vec<Workload>,
}

/// One thing that every runtime did.
#[derive(Clone, Debug, Deserialize)]
pub struct Workload {
    /// What a page calls it.
    pub name: String,
    /// What a reader calls one of its operations.
    pub operation: String,
    /// Of a cost; empty for a count.
    pub unit: String,
    /// The ratio to tokio's cost that this library means to reach.
    pub goal: Option<f64>,
    /// By runtime, of one operation.
    pub cost: BTreeMap<String, Measured>,
    /// By runtime, to tokio's cost in the same round.
    pub ratio: BTreeMap<String, Measured>,
    /// By runtime, requests a second; of servers.
    #[serde(default)]
    pub rate: BTreeMap<String, Measured>,
}

/// The median of the rounds, and how far they lie around it.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Measured {
    /// The value in the middle.
    pub median: f64,
    /// The least of the rounds.
    pub least: f64,
    /// The most of the rounds.
    pub most: f64,
}

impl Benches {
    /// Reads the recording.
    ///
    /// # Errors
    ///
    /// That there is none, or what is wrong with it.
    pub fn load() -> Result<Self, String> {
        Self::parse(&excerpt::read(FILE)?).map_err(|error| format!("{FILE}: {error}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// A workload by its name.
    ///
    /// # Errors
    ///
    /// That there is none of this name, with those there are.
    pub fn workload(&self, name: &str) -> Result<&Workload, String> {
        self.workloads.iter().find(|workload| workload.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.workloads.iter().map(|it| it.name.as_str()).collect();
            format!("no workload {name}; there are: {}", names.join(", "))
        })
    }

    /// What a page says of a workload: with `asyncio`, what an operation costs there (`207 ns`); with
    /// `asyncio/tokio`, how many times tokio's cost that is (`0.65`); with `goal`, what it should be.
    ///
    /// # Errors
    ///
    /// That it wasn't measured, since a sentence needs a number.
    pub fn shown(&self, workload: &str, what: &str) -> Result<String, String> {
        let workload = self.workload(workload)?;
        let shown = match what.split_once('/') {
            Some((one, other)) => workload.times(one, other).map(|times| ratio(times.median)),
            None if what == "goal" => workload.goal.map(ratio),
            None => workload.cost.get(what).map(|cost| workload.with_unit(cost.median)),
        };
        shown.ok_or(format!("workload {}, {what}: not measured", workload.name))
    }
}

impl Workload {
    /// How many times what `other` costs the same costs `one`: the median of the rounds' ratios where
    /// `other` is tokio, the ratio of the medians elsewhere.
    pub fn times(&self, one: &str, other: &str) -> Option<Measured> {
        if other == "tokio" {
            return self.ratio.get(one).copied();
        }
        let (one, other) = (self.cost.get(one)?, self.cost.get(other)?);
        let of = |value: f64, to: f64| value / to;
        Some(Measured {
            median: of(one.median, other.median),
            least: of(one.least, other.most),
            most: of(one.most, other.least),
        })
    }

    /// A cost as it reads.
    pub fn with_unit(&self, cost: f64) -> String {
        match self.unit.as_str() {
            "" => number(cost),
            unit => format!("{} {unit}", number(cost)),
        }
    }
}

impl Measured {
    /// Half the distance between the least and the most.
    pub fn spread(self) -> f64 {
        (self.most - self.least) / 2.0
    }
}

/// A ratio as it reads: `0.65`, `13.4`, `120`.
pub fn ratio(ratio: f64) -> String {
    match ratio {
        ..9.995 => format!("{ratio:.2}"),
        ..99.95 => format!("{ratio:.1}"),
        _ => number(ratio),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn benches() -> Benches {
        let measured = |median: f64| {
            format!(
                r#"{{"median": {median}, "least": {}, "most": {}}}"#,
                median * 0.9,
                median * 1.1
            )
        };
        let workload = |name: &str, asyncio: f64, tokio: f64| {
            format!(
                r#"{{"name": "{name}", "operation": "one {name}", "unit": "ns", "goal": 0.5,
                 "cost": {{"asyncio": {}, "tokio": {}, "uvloop": {}}},
                 "ratio": {{"asyncio": {}, "tokio": {}}}}}"#,
                measured(asyncio),
                measured(tokio),
                measured(asyncio * 30.0),
                measured(asyncio / tokio),
                measured(1.0)
            )
        };
        let workloads = [
            workload("yield-1", 36.0, 360.0),
            workload("tasks-100", 200.0, 400.0),
            workload("tasks-10000", 250.0, 1_000.0),
        ];
        Benches::parse(&format!(
            r#"{{"recorded": "2026-11-23", "rounds": 5, "left_out": [],
             "machine": {{"cpu": "a fast one", "cores": 2, "system": "Linux", "rustc": "1.95.0"}},
             "versions": {{"tokio": "1.54.1"}}, "workloads": [{}]}}"#,
            workloads.join(",")
        ))
        .unwrap()
    }

    #[test]
    fn a_value_is_found_by_workload_and_runtime() {
        let benches = benches();
        assert_eq!(benches.shown("yield-1", "asyncio").unwrap(), "36 ns");
        assert_eq!(benches.shown("yield-1", "asyncio/tokio").unwrap(), "0.10");
        assert_eq!(benches.shown("yield-1", "uvloop/asyncio").unwrap(), "30.0");
        assert_eq!(benches.shown("yield-1", "goal").unwrap(), "0.50");
    }

    #[test]
    fn what_isn_t_there_is_named() {
        let benches = benches();
        assert_eq!(
            benches.shown("yeild", "asyncio").unwrap_err(),
            "no workload yeild; there are: yield-1, tasks-100, tasks-10000"
        );
        assert_eq!(
            benches.shown("yield-1", "smol").unwrap_err(),
            "workload yield-1, smol: not measured"
        );
    }

    #[test]
    fn a_ratio_has_as_many_digits_as_it_means() {
        assert_eq!([0.654, 1.0, 13.44, 120.4].map(ratio), ["0.65", "1.00", "13.4", "120"]);
    }
}
