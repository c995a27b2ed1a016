//! A heap that keeps what it got. glibc's gives a large workload's memory back to the system after each
//! run, and taking it again costs as much as all the tasks in it; programs that run for long have theirs.
//!
//! The C library reads these settings at the start of a process, so this one starts once more.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::child;

/// Give nothing back; take everything from the heap.
const SETTINGS: [(&str, &str); 2] =
    [("MALLOC_TRIM_THRESHOLD_", "9000000000000"), ("MALLOC_MMAP_THRESHOLD_", "33554432")];

/// Returns in a process that has such a heap.
pub(crate) fn keep() -> Result<(), String> {
    if SETTINGS.iter().all(|(name, _)| env::var_os(name).is_some()) {
        return Ok(());
    }
    let program = child::program()?;
    let error = Command::new(&program).args(env::args_os().skip(1)).envs(SETTINGS).exec();
    Err(format!("can't start {} again: {error}", program.display()))
}
