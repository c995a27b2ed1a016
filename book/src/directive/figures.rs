//! `figures`, `figure`: what was measured and recorded.

use std::fmt::Write as _;

use asyncio_tests::oracle::workspace;

use super::Directive;
use crate::figures::{Column, Figures, Row};
use crate::html::escape;
use crate::markdown;

/// `{{figure FILE ROW COLUMN}}`, within a line.
pub(super) fn value(directive: &Directive<'_>) -> Result<String, String> {
    match &directive.words[..] {
        [file, row, column] => recorded(file)?.shown(row, column),
        words => Err(format!("figure takes a file, a row and a column, not {words:?}")),
    }
}

/// `{{figures FILE}}`
pub(super) fn table(directive: &Directive<'_>) -> Result<String, String> {
    let figures = recorded(directive.only_argument("a file of book/figures")?)?;
    let mut table = String::from("<table><thead><tr><td></td>");
    for column in &figures.columns {
        let _ = write!(table, "<th scope=\"col\">{}</th>", escape(&heading(column)));
    }
    table += "</tr></thead><tbody>";
    for row in &figures.rows {
        table += &row_html(row, &figures.columns);
    }
    let machine = &figures.machine;
    let caption = format!(
        "{} Measured on {}: {}, {} cores, {}, {}.",
        figures.how, figures.recorded, machine.cpu, machine.cores, machine.system, machine.rustc
    );
    Ok(format!(
        "<figure class=\"figures\">{table}</tbody></table><figcaption>{}</figcaption></figure>\n",
        markdown::in_line(&caption)
    ))
}

/// The recording `book/figures/NAME.json`.
pub(super) fn recorded(name: &str) -> Result<Figures, String> {
    Figures::load(&workspace("book/figures"), name)
}

fn heading(column: &Column) -> String {
    match column.unit.as_str() {
        "" => column.title.clone(),
        unit => format!("{}, {unit}", column.title),
    }
}

fn row_html(row: &Row, columns: &[Column]) -> String {
    let mut html = format!("<tr><th scope=\"row\">{}</th>", escape(&row.title));
    for (value, _) in row.values.iter().zip(columns) {
        let shown = value.map_or("not measured".to_owned(), crate::figures::number);
        let _ = write!(html, "<td>{shown}</td>");
    }
    html + "</tr>"
}
