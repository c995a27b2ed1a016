//! This library beside others: `book/figures/benches.run.json`. `benches` measures; here it is built, run and
//! kept.

use std::path::Path;
use std::process::Stdio;

use asyncio_tests::oracle::cargo;

use super::{Progress, Report, write};

pub(super) fn record(folder: &Path, report: Report<'_>) -> Result<(), String> {
    report(Progress {
        done: 0,
        of: 1,
        message: "benches: a quarter of an hour, with a bar of its own",
    });
    let run = cargo()
        .args(["run", "--release", "--quiet", "-p", "asyncio-benches", "--", "--json"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    if !run.status.success() {
        return Err(format!("the benches failed, {}: see above", run.status));
    }
    let json = String::from_utf8(run.stdout).map_err(|error| error.to_string())?;
    write(&folder.join("benches.run.json"), &json)?;
    report(Progress { done: 1, of: 1, message: "benches: recorded" });
    Ok(())
}
