//! The tables for a terminal.

use crate::results::{Results, Row};
use crate::runtimes::NAMES;

const NAME_WIDTH: usize = 20;
const CELL_WIDTH: usize = 13;
const NOTHING: &str = "–";

/// Costs, ratios to tokio's, how many times as much Python takes, and what was left out.
pub(crate) fn tables(results: &Results) -> String {
    let rows: Vec<&Row> = results.rows.iter().collect();
    let runtimes = measured(&rows, &NAMES);
    let mut tables = vec![costs(&rows, &runtimes)];
    if runtimes.contains(&"tokio") {
        tables.push(ratios(&rows, &runtimes));
    }
    if rows.iter().any(|row| runtimes.iter().any(|runtime| row.rate(runtime).is_some())) {
        tables.push(rates(&rows, &runtimes));
    }
    let pythons = measured(&rows, &["cpython", "uvloop"]);
    if runtimes.contains(&"asyncio") && !pythons.is_empty() {
        tables.push(multiples(&rows, &pythons));
    }
    if !results.left_out.is_empty() {
        tables.push(results.left_out.join("\n") + "\n");
    }
    tables.join("\n")
}

fn measured(rows: &[&Row], runtimes: &[&'static str]) -> Vec<&'static str> {
    let is_measured = |name: &&str| rows.iter().any(|row| row.has(name));
    runtimes.iter().copied().filter(is_measured).collect()
}

/// `198 ±3 %`.
fn costs(rows: &[&Row], runtimes: &[&str]) -> String {
    table("CPU time, bytes", runtimes, rows, |row, runtime| {
        let Some(cost) = row.cost(runtime) else { return NOTHING.to_owned() };
        let digits = usize::from(cost.median < 9.95);
        let percent = 100.0 * cost.spread() / cost.median;
        format!("{:.digits$}{} ±{percent:.0}%", cost.median, row.workload.kind.unit())
    })
}

/// `0.62 ±0.02`.
fn ratios(rows: &[&Row], runtimes: &[&str]) -> String {
    let mut columns = vec!["goal"];
    columns.extend(runtimes);
    table("ratio to tokio's", &columns, rows, |row, column| match column {
        "goal" => row.workload.goal.map_or(NOTHING.to_owned(), |goal| format!("{goal:.2}")),
        runtime => row.ratio(runtime, "tokio").map_or(NOTHING.to_owned(), |ratio| {
            format!("{:.2} ±{:.2}", ratio.median, ratio.spread())
        }),
    })
}

/// `181k ±3%`.
fn rates(rows: &[&Row], runtimes: &[&str]) -> String {
    let is_server = |row: &&&Row| runtimes.iter().any(|runtime| row.rate(runtime).is_some());
    let rows: Vec<&Row> = rows.iter().filter(is_server).copied().collect();
    table("requests a second", runtimes, &rows, |row, runtime| {
        row.rate(runtime).map_or(NOTHING.to_owned(), |rate| {
            format!("{:.0}k ±{:.0}%", rate.median / 1e3, 100.0 * rate.spread() / rate.median)
        })
    })
}

/// `31.2 ±0.4`.
fn multiples(rows: &[&Row], pythons: &[&str]) -> String {
    let rows: Vec<&Row> =
        rows.iter().copied().filter(|row| pythons.iter().any(|python| row.has(python))).collect();
    table("times asyncio's", pythons, &rows, |row, python| {
        row.ratio(python, "asyncio").map_or(NOTHING.to_owned(), |ratio| {
            format!("{:.1} ±{:.1}", ratio.median, ratio.spread())
        })
    })
}

fn table(
    title: &str,
    columns: &[&str],
    rows: &[&Row],
    cell: impl Fn(&Row, &str) -> String,
) -> String {
    let mut text = line(title, columns.iter().map(ToString::to_string));
    for row in rows {
        text += &line(row.workload.name, columns.iter().map(|column| cell(row, column)));
    }
    text
}

fn line(name: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| format!("{cell:>CELL_WIDTH$}")).collect();
    format!("{name:NAME_WIDTH$}{}\n", cells.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Sample;
    use crate::workloads::WORKLOADS;

    #[test]
    fn a_table_has_costs_ratios_multiples_and_what_is_missing() {
        let mut row = Row::new(&WORKLOADS[0]);
        for (runtime, values) in
            [("asyncio", [100.0, 102.0]), ("tokio", [200.0, 204.0]), ("cpython", [3000.0, 3060.0])]
        {
            for value in values {
                row.push(runtime, &Sample::of(value));
            }
        }
        let mut results = Results::new(2);
        results.rows = vec![row];
        results.leave_out("uvloop", "there is no pip");
        let expected = "\
CPU time, bytes           asyncio        tokio      cpython
spawn-join              101ns ±1%    202ns ±1%   3030ns ±1%

ratio to tokio's             goal      asyncio        tokio      cpython
spawn-join                   0.40   0.50 ±0.00   1.00 ±0.00  15.00 ±0.00

times asyncio's           cpython
spawn-join              30.0 ±0.0

left out: uvloop: there is no pip
";
        assert_eq!(tables(&results), expected);
    }
}
