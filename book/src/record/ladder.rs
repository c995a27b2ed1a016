//! What each step of the ladder costs: `book/figures/ladder.json`.

use std::path::{Path, PathBuf};

use super::{Progress, Report, build, cost, machine, scratch, strace, write};
use crate::figures::{Column, Figures, Row};

/// Each program runs that often, and again under strace. The median counts.
const RUNS: usize = 5;

const BUSY_LOOP: &str = "ladder_1";

const PROGRAMS: [(&str, &str); 5] = [
    (BUSY_LOOP, "busy loop"),
    ("ladder_2", "waker"),
    ("ladder_3", "ready queue"),
    ("ladder_4", "timer queue"),
    ("ladder_5", "async-io"),
];

const COLUMNS: [(&str, &str, &str); 4] = [
    ("cpu", "CPU time", "ms"),
    ("polls", "polls", ""),
    ("threads", "threads started", ""),
    ("syscalls", "system calls", ""),
];

/// One program to measure.
pub(super) struct Measured {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) path: PathBuf,
}

pub(super) fn record(folder: &Path, report: Report<'_>) -> Result<(), String> {
    report(Progress { done: 0, of: 1, message: "ladder: building" });
    let scratch = scratch()?;
    let programs = programs(scratch.path())?;
    let (figures, message) = measure("ladder", &programs, report)?;
    write(&folder.join("ladder.json"), &figures.to_json())?;
    report(Progress { done: programs.len(), of: programs.len(), message: &message });
    Ok(())
}

/// What each of `programs` costs, and what to say of it in the end.
pub(super) fn measure(
    what: &str,
    programs: &[Measured],
    report: Report<'_>,
) -> Result<(Figures, String), String> {
    // Asked once: what one program can't be watched for, none can.
    let strace = strace::run("nothing", &programs[0].path).err();
    let mut rows = Vec::new();
    for (done, program) in programs.iter().enumerate() {
        let message = format!("{what}: {}, {RUNS} runs", program.id);
        report(Progress { done, of: programs.len(), message: &message });
        let row = row(program, strace.is_none())?;
        had_a_core_to_itself(&row)?;
        rows.push(row);
    }
    let message = match &strace {
        None => format!("{what}: recorded"),
        Some(reason) => format!("{what}: recorded; {}", left_out(reason)),
    };
    Ok((figures(rows, strace.as_deref()), message))
}

fn programs(scratch: &Path) -> Result<Vec<Measured>, String> {
    let path = build::nothing(scratch)?;
    let mut programs = vec![Measured { id: "nothing", title: "a program that does nothing", path }];
    let mut binaries = build::binaries(&PROGRAMS.map(|(id, _)| id))?;
    for (id, title) in PROGRAMS {
        let path = binaries.remove(id).ok_or(format!("no binary {id}"))?;
        programs.push(Measured { id, title, path });
    }
    Ok(programs)
}

fn row(program: &Measured, has_strace: bool) -> Result<Row, String> {
    let Measured { id, title, path } = program;
    let (mut cpu, mut polls) = (Vec::new(), Vec::new());
    let (mut threads, mut syscalls) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let cost = cost::run(id, path)?;
        cpu.push(cost.cpu.as_secs_f64() * 1000.0);
        polls.extend(cost.polls.map(count));
        if has_strace {
            let calls = strace::run(id, path)?;
            threads.push(count(calls.threads));
            syscalls.push(count(calls.all));
        }
    }
    let values = [cpu, polls, threads, syscalls].map(median).to_vec();
    Ok(Row { id: (*id).to_owned(), title: (*title).to_owned(), values })
}

/// The busy loop takes all the time of one core, if the machine has it to give. If not, the figures
/// tell of the machine's other work as much as of the programs.
fn had_a_core_to_itself(row: &Row) -> Result<(), String> {
    match row.values[0] {
        Some(cpu) if row.id == BUSY_LOOP && cpu < 900.0 => Err(format!(
            "the machine is busy: {BUSY_LOOP} got {cpu:.0} ms of its second; nothing is written, record \
             again when the machine does nothing else"
        )),
        _ => Ok(()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
fn count(count: u64) -> f64 {
    count as f64
}

/// To three decimals. `None`: nothing was measured.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2)?;
    Some((middle * 1000.0).round() / 1000.0)
}

fn figures(rows: Vec<Row>, no_strace: Option<&str>) -> Figures {
    let column = |(id, title, unit): (&str, &str, &str)| Column {
        id: id.to_owned(),
        title: title.to_owned(),
        unit: unit.to_owned(),
    };
    Figures {
        recorded: machine::today(),
        machine: machine::this_machine(),
        how: how(no_strace),
        columns: COLUMNS.map(column).to_vec(),
        rows,
    }
}

fn how(no_strace: Option<&str>) -> String {
    let cpu = "CPU time is the program's and the system's on its behalf, as getrusage tells it";
    let counts = match no_strace {
        None => "threads and system calls are those that `strace -f -c` counts".to_owned(),
        Some(reason) => left_out(reason),
    };
    format!(
        "The median of {RUNS} runs of the release build, from the program's start to its end; {cpu}; \
         {counts}."
    )
}

fn left_out(reason: &str) -> String {
    format!("threads and system calls are left out ({reason})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_in_the_middle_counts() {
        assert_eq!(median(vec![9.0, 1.0, 2.000_4, 500.0, 0.5]), Some(2.0));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn a_busy_machine_s_figures_are_refused() {
        let row = |cpu| Row {
            id: BUSY_LOOP.to_owned(),
            title: "busy loop".to_owned(),
            values: vec![Some(cpu), Some(2e7), None, None],
        };
        assert_eq!(had_a_core_to_itself(&row(998.0)), Ok(()));
        let error = had_a_core_to_itself(&row(434.6)).unwrap_err();
        assert!(
            error.starts_with("the machine is busy: ladder_1 got 435 ms of its second"),
            "{error}"
        );
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert!(how(None).ends_with("those that `strace -f -c` counts."), "{}", how(None));
        let how = how(Some("strace can't be started"));
        let end = "; threads and system calls are left out (strace can't be started).";
        assert!(how.ends_with(end), "{how}");
    }

    #[test]
    fn a_recording_can_be_read_again() {
        let values = vec![Some(1.5), Some(9.0), None, None];
        let row = Row { id: "ladder_2".to_owned(), title: "waker".to_owned(), values };
        let figures = figures(vec![row], Some("there is no strace"));
        assert_eq!(Figures::parse(&figures.to_json()).unwrap(), figures);
    }
}
