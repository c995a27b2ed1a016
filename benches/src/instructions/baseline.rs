//! What was counted when somebody last looked at it and found it well: `benches/instructions.json`.

use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::callgrind;
use crate::versions;

/// In per cent. What is less comes from the C library's version, or from how the linker lays things out.
const TOLERANCE: f64 = 5.0;

const BLESS: &str = "cargo run --release -p asyncio-benches -- instructions --bless";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    /// What compiled it, and for what: another compiler makes other instructions.
    rustc: String,
    target: String,
    /// By path, for one operation.
    instructions: BTreeMap<String, f64>,
}

/// A path, now and before.
pub(super) struct Verdict {
    pub(super) path: String,
    pub(super) now: f64,
    before: Option<f64>,
}

impl Verdict {
    /// In per cent; `None`: it wasn't counted before.
    pub(super) fn rise(&self) -> Option<f64> {
        self.before.map(|before| 100.0 * (self.now / before - 1.0))
    }
}

impl Baseline {
    pub(super) fn of(counts: BTreeMap<String, f64>) -> Result<Self, String> {
        let instructions = counts.into_iter().map(|(path, count)| (path, count.round())).collect();
        Ok(Self { rustc: versions::rustc()?, target: target(), instructions })
    }

    pub(super) fn read() -> Result<Self, String> {
        let text = fs::read_to_string(file()).map_err(|error| format!("{}: {error}", shown()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", shown()))
    }

    pub(super) fn write(&self) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).expect("a baseline is plain data");
        fs::write(file(), text + "\n").map_err(|error| format!("{}: {error}", shown()))?;
        println!("written: {}", shown());
        Ok(())
    }

    /// Why a comparison would mean nothing on this machine, if it would.
    pub(super) fn says_nothing_here(&self) -> Result<Option<String>, String> {
        let (rustc, target) = (versions::rustc()?, target());
        let is_same = rustc == self.rustc && target == self.target;
        Ok((!is_same).then(|| {
            format!("it is of {} for {}, and this is {rustc} for {target}", self.rustc, self.target)
        }))
    }

    pub(super) fn verdicts(&self, counts: &BTreeMap<String, f64>) -> Vec<Verdict> {
        let verdict = |(path, &now): (&String, &f64)| Verdict {
            path: path.clone(),
            now,
            before: self.instructions.get(path).copied(),
        };
        counts.iter().map(verdict).collect()
    }
}

/// `Err`: what takes more than it may.
pub(super) fn check(verdicts: &[Verdict]) -> Result<(), String> {
    let rise = |verdict: &Verdict| verdict.rise().unwrap_or(f64::INFINITY);
    let (risen, rest): (Vec<&Verdict>, Vec<&Verdict>) =
        verdicts.iter().partition(|verdict| rise(verdict) > TOLERANCE);
    if rest.iter().any(|verdict| rise(verdict) < -TOLERANCE) {
        println!("some take less than {} says; to keep it so: {BLESS}", shown());
    }
    if risen.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = risen.into_iter().map(complaint).collect();
    Err(format!("{}\nif that is what it is worth: {BLESS}", lines.join("\n")))
}

fn complaint(verdict: &Verdict) -> String {
    let Verdict { path, now, before: Some(before) } = verdict else {
        return format!("{} isn't in {}", verdict.path, shown());
    };
    let profile = callgrind::profile(path).map_or_else(|why| why, |it| it.display().to_string());
    format!(
        "{path} takes {now:.0} instructions, {:.1} % more than the {before:.0} of {}: \
         callgrind_annotate {profile}",
        verdict.rise().unwrap_or_default(),
        shown()
    )
}

fn target() -> String {
    format!("{ARCH} {OS}")
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.json")
}

/// As somebody in the workspace calls it.
fn shown() -> &'static str {
    "benches/instructions.json"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, f64)]) -> BTreeMap<String, f64> {
        of.iter().map(|&(path, count)| (path.to_owned(), count)).collect()
    }

    fn checked(now: &[(&str, f64)]) -> Result<(), String> {
        let before = Baseline {
            rustc: String::new(),
            target: String::new(),
            instructions: counts(&[("yield-1", 100.0)]),
        };
        check(&before.verdicts(&counts(now)))
    }

    #[test]
    fn a_rise_above_five_per_cent_is_refused_and_named() {
        assert_eq!(checked(&[("yield-1", 104.0)]), Ok(()));
        let error = checked(&[("yield-1", 106.0)]).unwrap_err();
        let complaint = "yield-1 takes 106 instructions, 6.0 % more than the 100 of";
        assert!(error.starts_with(complaint), "{error}");
        assert!(error.contains("callgrind.yield-1.out"), "{error}");
    }

    #[test]
    fn a_path_that_nobody_counted_before_is_refused() {
        let error = checked(&[("queue", 1.0)]).unwrap_err();
        assert!(error.starts_with("queue isn't in benches/instructions.json"), "{error}");
    }

    #[test]
    fn the_committed_baseline_has_the_paths_that_are_counted() {
        let baseline = Baseline::read().unwrap();
        let mut paths = super::super::PATHS;
        paths.sort_unstable();
        assert!(baseline.instructions.keys().eq(paths), "{:?}", baseline.instructions);
    }
}
