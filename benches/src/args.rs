//! What the command line says.

use crate::runtimes::NAMES;
use crate::workloads::{WORKLOADS, Workload};

/// What to run.
#[derive(Default)]
pub(crate) struct Args {
    /// In the table's order.
    pub(crate) workloads: Vec<&'static Workload>,
    pub(crate) runtimes: Vec<&'static str>,
    pub(crate) rounds: usize,
    pub(crate) json: bool,
}

impl Args {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut args = Self { rounds: 5, ..Self::default() };
        let mut words = Vec::new();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => args.json = true,
                "--rounds" => args.rounds = rounds(&arguments.next().unwrap_or_default())?,
                _ => words.push(argument),
            }
        }
        args.choose(&words)?;
        Ok(args)
    }

    /// A word is a runtime's name, or a workload's or a part of one.
    fn choose(&mut self, words: &[String]) -> Result<(), String> {
        let (runtimes, parts): (Vec<&String>, Vec<&String>) =
            words.iter().partition(|word| NAMES.contains(&word.as_str()));
        let is_unknown = |part: &&&String| !WORKLOADS.iter().any(|it| is_meant(it, part));
        if let Some(unknown) = parts.iter().find(is_unknown) {
            return Err(format!("there is no workload or runtime {unknown}\n{}", names()));
        }
        let is_run =
            |it: &&Workload| parts.is_empty() || parts.iter().any(|part| is_meant(it, part));
        self.workloads = WORKLOADS.iter().filter(is_run).collect();
        let is_run = |name: &&str| runtimes.is_empty() || runtimes.iter().any(|it| it == name);
        self.runtimes = NAMES.into_iter().filter(is_run).collect();
        Ok(())
    }
}

/// A whole name means its workload alone: `echo-1` isn't `echo-1000` too.
fn is_meant(workload: &Workload, word: &str) -> bool {
    let is_whole_name = WORKLOADS.iter().any(|it| it.name == word);
    if is_whole_name { workload.name == word } else { workload.name.contains(word) }
}

fn rounds(value: &str) -> Result<usize, String> {
    match value.parse() {
        Ok(rounds) if rounds > 0 => Ok(rounds),
        _ => Err(format!("--rounds {value}: give a number of at least 1")),
    }
}

/// What can be named.
pub(crate) fn names() -> String {
    let workloads: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
    format!("workloads: {}\nruntimes: {}", workloads.join(", "), NAMES.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_named_is_everything_run() {
        let args = parsed("").unwrap();
        assert_eq!(args.workloads.len(), WORKLOADS.len());
        assert_eq!(args.runtimes, NAMES);
        assert_eq!(args.rounds, 5);
        assert!(!args.json);
    }

    #[test]
    fn a_part_of_a_name_chooses_workloads_and_a_runtime_chooses_itself() {
        let args = parsed("yield --rounds 2 asyncio tokio --json").unwrap();
        let names: Vec<&str> = args.workloads.iter().map(|workload| workload.name).collect();
        assert_eq!(names, ["yield-1", "yield-1000", "timeout-yield"]);
        assert_eq!(args.runtimes, ["asyncio", "tokio"]);
        assert_eq!(args.rounds, 2);
        assert!(args.json);
    }

    #[test]
    fn a_whole_name_chooses_one_workload() {
        let args = parsed("yield-1").unwrap();
        let names: Vec<&str> = args.workloads.iter().map(|workload| workload.name).collect();
        assert_eq!(names, ["yield-1"]);
    }

    #[test]
    fn what_isn_t_there_is_named_with_what_is() {
        let error = parsed("yeild").err().unwrap();
        assert!(
            error.starts_with("there is no workload or runtime yeild\nworkloads: spawn-join, ")
        );
        assert_eq!(parsed("--rounds 0").err().unwrap(), "--rounds 0: give a number of at least 1");
    }
}
