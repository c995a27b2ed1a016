//! What it costs to use a crate made for tokio: `book/figures/compat.json`.

use std::path::Path;

use super::ladder::{self, Measured};
use super::{Progress, Report, build, write};

/// The same questions and answers, over our sockets and over tokio's.
const PROGRAMS: [(&str, &str); 2] =
    [("crates_native", "our streams"), ("crates_compat", "tokio's sockets in `compat`")];

pub(super) fn record(folder: &Path, report: Report<'_>) -> Result<(), String> {
    report(Progress { done: 0, of: 1, message: "compat: building" });
    let mut binaries = build::book_programs(&PROGRAMS.map(|(id, _)| id))?;
    let programs = PROGRAMS.map(|(id, title)| {
        let path = binaries.remove(id).ok_or(format!("no binary {id}"))?;
        Ok::<_, String>(Measured { id, title, path })
    });
    let programs: Vec<Measured> = programs.into_iter().collect::<Result<_, _>>()?;
    let (mut figures, message) = ladder::measure("compat", &programs, report)?;
    // None of them counts its polls.
    let polls = figures.columns.iter().position(|column| column.id == "polls");
    if let Some(polls) = polls {
        figures.columns.remove(polls);
        for row in &mut figures.rows {
            row.values.remove(polls);
        }
    }
    write(&folder.join("compat.json"), &figures.to_json())?;
    report(Progress { done: programs.len(), of: programs.len(), message: &message });
    Ok(())
}
