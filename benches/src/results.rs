//! What came of it: for each workload and runtime a value a round, and what they come down to.

use std::collections::BTreeMap;

use crate::measure::Sample;
use crate::runtimes::NAMES;
use crate::versions;
use crate::workloads::Workload;

pub(crate) struct Results {
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
    /// What this machine couldn't measure, and why.
    pub(crate) left_out: Vec<String>,
    /// Of the runtimes.
    pub(crate) versions: BTreeMap<String, String>,
}

impl Results {
    pub(crate) fn new(rounds: usize) -> Self {
        let versions = versions::of_runtimes();
        Self { rounds, rows: Vec::new(), left_out: Vec::new(), versions }
    }

    pub(crate) fn leave_out(&mut self, what: &str, why: &str) {
        let line = format!("left out: {what}: {why}");
        if !self.left_out.contains(&line) {
            self.left_out.push(line);
        }
    }
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) workload: &'static Workload,
    /// In the order of `NAMES`; no values: it can't do this, or wasn't asked to.
    costs: Vec<Vec<f64>>,
    /// Of servers.
    rates: Vec<Vec<f64>>,
    left_out: Vec<String>,
}

impl Row {
    pub(crate) fn new(workload: &'static Workload) -> Self {
        let none = || vec![Vec::new(); NAMES.len()];
        Self { workload, costs: none(), rates: none(), left_out: Vec::new() }
    }

    pub(crate) fn push(&mut self, runtime: &str, sample: &Sample) {
        self.costs[column(runtime)].push(sample.cost);
        self.rates[column(runtime)].extend(sample.rate);
    }

    /// It can't be measured on this runtime: not only in this round, since a ratio pairs rounds.
    pub(crate) fn leave_out(&mut self, runtime: &str) {
        self.costs[column(runtime)].clear();
        self.rates[column(runtime)].clear();
        self.left_out.push(runtime.to_owned());
    }

    pub(crate) fn is_left_out(&self, runtime: &str) -> bool {
        self.left_out.iter().any(|it| it == runtime)
    }

    pub(crate) fn has(&self, runtime: &str) -> bool {
        !self.costs[column(runtime)].is_empty()
    }

    /// `None`: there are no values.
    pub(crate) fn cost(&self, runtime: &str) -> Option<Summary> {
        Summary::of(&self.costs[column(runtime)])
    }

    /// Requests a second. `None`: it is no server's.
    pub(crate) fn rate(&self, runtime: &str) -> Option<Summary> {
        Summary::of(&self.rates[column(runtime)])
    }

    /// Of a runtime to another one, each value to the one of the same round.
    pub(crate) fn ratio(&self, runtime: &str, to: &str) -> Option<Summary> {
        let pairs = self.costs[column(runtime)].iter().zip(&self.costs[column(to)]);
        Summary::of(&pairs.map(|(value, other)| value / other).collect::<Vec<_>>())
    }
}

fn column(runtime: &str) -> usize {
    NAMES.iter().position(|name| *name == runtime).expect("every runtime has a column")
}

/// A median, and how far the values lie around it.
#[derive(Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Summary {
    /// `None`: there is nothing to sum up.
    fn of(values: &[f64]) -> Option<Self> {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        let (&least, &most) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => f64::midpoint(values[middle - 1], values[middle]),
            _ => values[middle],
        };
        Some(Self { median, least, most })
    }

    /// Half the distance between the least and the most.
    pub(crate) fn spread(&self) -> f64 {
        (self.most - self.least) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::WORKLOADS;

    #[test]
    fn a_summary_has_the_median_and_the_ends() {
        let summary = Summary::of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!(summary, Summary { median: 2.0, least: 1.0, most: 3.0 });
        assert!((summary.spread() - 1.0).abs() < f64::EPSILON);
        assert_eq!(Summary::of(&[1.0, 2.0]).map(|summary| summary.median), Some(1.5));
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn a_ratio_pairs_values_of_the_same_round() {
        let mut row = Row::new(&WORKLOADS[0]);
        for (ours, tokio) in [(1.0, 2.0), (10.0, 20.0), (3.0, 6.0)] {
            row.push("asyncio", &Sample::of(ours));
            row.push("tokio", &Sample::of(tokio));
        }
        let ratio = row.ratio("asyncio", "tokio").unwrap();
        assert_eq!(ratio, Summary { median: 0.5, least: 0.5, most: 0.5 });
        assert_eq!(row.ratio("asyncio", "smol"), None);
    }
}
