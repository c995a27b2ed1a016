//! What a process has spent, and what it holds. CPU time, not the time on the wall: it leaves out what other
//! programs do meanwhile, and it doesn't forget a helper thread.

use std::fs;

use nix::time::{ClockId, clock_gettime};

/// What a workload costs, once.
pub(crate) struct Sample {
    /// Of an operation, in the workload's unit.
    pub(crate) cost: f64,
    /// Of a server: requests a second.
    pub(crate) rate: Option<f64>,
}

impl Sample {
    pub(crate) fn of(cost: f64) -> Self {
        Self { cost, rate: None }
    }
}

/// Nanoseconds of CPU time that an operation costs this process.
pub(crate) fn cpu_per_operation(run: fn(u64), operations: u64) -> Sample {
    let before = cpu_time(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    run(operations);
    let spent = cpu_time(ClockId::CLOCK_PROCESS_CPUTIME_ID) - before;
    Sample::of(spent / as_f64(operations))
}

/// What a process has spent so far, in nanoseconds.
pub(crate) fn cpu_time(of: ClockId) -> f64 {
    let spent = clock_gettime(of).expect("the process lives and is ours");
    as_f64(spent.tv_sec()) * 1e9 + as_f64(spent.tv_nsec())
}

/// How many bytes of this process are in memory. `None`: the system doesn't say.
pub(crate) fn resident() -> Option<f64> {
    // Unlike `statm`, which is cheaper, this is exact.
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// A count or a time in nanoseconds, as what is calculated with.
#[expect(clippy::cast_precision_loss, reason = "none of them comes near 2⁵³")]
pub(crate) fn as_f64(number: impl TryInto<i64>) -> f64 {
    number.try_into().unwrap_or_else(|_| panic!("a count of more than 63 bits")) as f64
}
