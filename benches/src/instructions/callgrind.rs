//! valgrind's callgrind runs a workload twice, in processes of their own. The second does more operations:
//! what it takes more, it takes for these, and what comes with any process is out of it.

use std::path::PathBuf;
use std::process::Command;

use crate::child;
use crate::measure::as_f64;

const FEW: u64 = 10_000;
const MANY: u64 = 30_000;

/// `Err`: why not.
pub(super) fn is_there() -> Result<(), String> {
    child::said_by(Command::new("valgrind").arg("--version")).map(drop)
}

/// What an operation of a workload takes on this library. The profile of the longer run stays.
pub(super) fn per_operation(workload: &str) -> Result<f64, String> {
    let more = collected(workload, MANY)? - collected(workload, FEW)?;
    Ok(more / as_f64(MANY - FEW))
}

/// Where the profile of a workload is, for `callgrind_annotate`.
pub(super) fn profile(workload: &str) -> Result<PathBuf, String> {
    Ok(child::target_folder()?.join(format!("callgrind.{workload}.out")))
}

fn collected(workload: &str, operations: u64) -> Result<f64, String> {
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile(workload)?.display()))
        .arg(child::program()?)
        .args(["one", workload, "asyncio", &operations.to_string()])
        // What a user sets to look closer takes instructions too.
        .env_remove("ASYNCIO_DEBUG")
        .env_remove("ASYNCIO_SEED")
        .env_remove("ASYNCIO_TRACE");
    let said = child::errors_of(&mut command)?;
    let count = said.lines().find_map(|line| line.split_once("Collected : ")?.1.parse().ok());
    count.ok_or_else(|| format!("callgrind says nothing of {workload}: {}", said.trim()))
}
