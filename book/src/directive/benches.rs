//! `benches`, `bench`: this library beside others, as `benches` recorded it.

use std::fmt::Write as _;

use super::Directive;
use crate::benches::{Benches, Measured, Workload, ratio};
use crate::html::escape;

/// `{{bench WORKLOAD WHAT}}`, within a line.
pub(super) fn value(directive: &Directive<'_>) -> Result<String, String> {
    match &directive.words[..] {
        [workload, what] => Benches::load()?.shown(workload, what),
        words => Err(format!(
            "bench takes a workload and `asyncio`, `asyncio/tokio` or `goal`, not {words:?}"
        )),
    }
}

/// `{{benches COLUMNS WORKLOADS}}`, both lists in quotation marks; `{{benches about}}` says how it was recorded.
pub(super) fn table(directive: &Directive<'_>) -> Result<String, String> {
    let benches = Benches::load()?;
    match &directive.words[..] {
        [about] if about == "about" => Ok(about_it(&benches)),
        [columns, workloads] => table_of(&benches, columns, workloads),
        _ => Err("benches takes columns and workloads, each a list in quotation marks, or `about`"
            .into()),
    }
}

fn table_of(benches: &Benches, columns: &str, workloads: &str) -> Result<String, String> {
    let columns: Vec<&str> = columns.split_whitespace().collect();
    let mut table = String::from("<table><thead><tr><td></td>");
    for column in &columns {
        let _ = write!(table, "<th scope=\"col\">{}</th>", escape(column));
    }
    table += "</tr></thead><tbody>";
    for name in workloads.split_whitespace() {
        table += &row(benches.workload(name)?, &columns);
    }
    Ok(format!("<figure class=\"figures\">{table}</tbody></table></figure>\n"))
}

fn row(workload: &Workload, columns: &[&str]) -> String {
    let mut html = format!("<tr><th scope=\"row\">{}</th>", escape(&workload.operation));
    for column in columns {
        let _ = write!(html, "<td>{}</td>", cell(workload, column).unwrap_or("–".to_owned()));
    }
    html + "</tr>"
}

fn cell(workload: &Workload, column: &str) -> Option<String> {
    match column.split_once('/') {
        Some((one, other)) => workload.times(one, other).map(with_spread),
        None if column == "goal" => workload.goal.map(ratio),
        None => Some(workload.with_unit(workload.cost.get(column)?.median)),
    }
}

fn with_spread(times: Measured) -> String {
    format!("{} ± {}", ratio(times.median), ratio(times.spread()))
}

fn about_it(benches: &Benches) -> String {
    let Benches { recorded, machine, rounds, versions, .. } = benches;
    let versions: Vec<String> =
        versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!(
        "A figure is what one operation costs, the median of {rounds} rounds; `a/b` is the median of the rounds' \
         ratios, ± half their spread. Recorded on {recorded}: {}, {} cores, {}, {}; {}.\n",
        machine.cpu,
        machine.cores,
        machine.system,
        machine.rustc,
        versions.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benches::tests::benches;

    #[test]
    fn a_table_has_a_row_a_workload_and_a_column_for_each_name() {
        let table = table_of(&benches(), "asyncio smol asyncio/tokio goal", "yield-1").unwrap();
        assert!(table.contains("<th scope=\"row\">one yield-1</th>"), "{table}");
        assert!(
            table.contains("<td>36 ns</td><td>–</td><td>0.10 ± 0.01</td><td>0.50</td>"),
            "{table}"
        );
        assert!(about_it(&benches()).contains("5 rounds"));
    }

    #[test]
    fn an_unknown_workload_is_refused() {
        let error = table_of(&benches(), "asyncio", "yeild").unwrap_err();
        assert!(error.starts_with("no workload yeild"), "{error}");
    }
}
