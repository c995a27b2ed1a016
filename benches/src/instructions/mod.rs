//! How many instructions the core's paths take. Unlike a time, that depends neither on the machine's mood
//! nor on who else uses it, so a small step back shows, and fails the check.

mod baseline;
mod callgrind;

use std::collections::BTreeMap;

use indicatif::{ProgressBar, ProgressStyle};

use self::baseline::{Baseline, Verdict};

/// The workloads that stand for the core's paths: those that never wait for the system, so that they do the
/// same each time.
const PATHS: [&str; 10] = [
    "spawn-join",
    "spawn-sequential",
    "yield-1",
    "yield-1000",
    "wake",
    "ping-pong",
    "timer-drop",
    "timeout-ready",
    "gather-10",
    "semaphore-contended",
];

/// What to do with what was counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Show,
    /// A path that takes more than before is an error.
    Check,
    /// Makes this what is compared with from now on.
    Bless,
}

/// Counts, and compares with what was committed. `Err`: what takes more than it may.
pub(crate) fn instructions(then: Then) -> Result<(), String> {
    if let Err(why) = callgrind::is_there() {
        println!("left out: instruction counts: {why}");
        return Ok(());
    }
    let counts = count()?;
    if then == Then::Bless {
        return Baseline::of(counts)?.write();
    }
    let baseline = Baseline::read()?;
    let verdicts = baseline.verdicts(&counts);
    print!("{}", shown(&verdicts));
    match baseline.says_nothing_here()? {
        Some(why) => println!("left out: comparing with the baseline: {why}"),
        None if then == Then::Check => baseline::check(&verdicts)?,
        None => {}
    }
    Ok(())
}

fn count() -> Result<BTreeMap<String, f64>, String> {
    let style = ProgressStyle::with_template("{elapsed} {bar:20} {pos}/{len} {msg}");
    let bar = ProgressBar::new(PATHS.len() as u64);
    bar.set_style(style.expect("the template is well formed"));
    let counts = PATHS.map(|path| {
        bar.set_message(path);
        let count = callgrind::per_operation(path).map(|count| (path.to_owned(), count));
        bar.inc(1);
        count
    });
    bar.finish_and_clear();
    counts.into_iter().collect()
}

fn shown(verdicts: &[Verdict]) -> String {
    let lines = verdicts.iter().map(|verdict| {
        let change = verdict.rise().map_or("new".to_owned(), |rise| format!("{rise:+.1} %"));
        format!("{:20}{:8.0} instructions{change:>10}\n", verdict.path, verdict.now)
    });
    lines.collect::<Vec<_>>().concat()
}
