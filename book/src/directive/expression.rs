//! The answers of predictions: small questions to a program's output.

use super::figures::recorded;
use super::parse::words;
use crate::benches::Benches;
use crate::excerpt::{all_with, the_one_with};
use crate::programs::Program;

/// What `expression` says of the output of `program`, as lines to show.
///
/// `line 3`, `lines 2..4`, `last line`, `line "TEXT"`, `count "TEXT"`, `order "A" "B"`,
/// `figure FILE ROW COLUMN`, `bench WORKLOAD WHAT`; with `errors` in front, of what it wrote to its standard error.
pub(super) fn evaluate(program: &str, expression: &str) -> Result<Vec<String>, String> {
    let words = words(expression);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["figure", file, row, column] = words[..] {
        return Ok(vec![recorded(file)?.shown(row, column)?]);
    }
    if let ["bench", workload, what] = words[..] {
        return Ok(vec![Benches::load()?.shown(workload, what)?]);
    }
    let program = Program::find(program)?;
    let (file, words) = match &words[..] {
        ["errors", rest @ ..] => ("errors.txt", rest),
        rest => ("output.txt", rest),
    };
    answer(&program.printed(file)?, words)
        .map_err(|message| format!("{}: {message}", program.file(file)))
}

fn answer(lines: &[String], words: &[&str]) -> Result<Vec<String>, String> {
    let one = |number: usize| {
        let line = number.checked_sub(1).and_then(|index| lines.get(index));
        line.cloned().ok_or(format!("there is no line {number}, there are {}", lines.len()))
    };
    let number = |word: &str| word.parse().map_err(|_| format!("{word:?} is no line number"));
    match words {
        ["last", "line"] => Ok(vec![one(lines.len())?]),
        ["line", word] if word.parse::<usize>().is_ok() => Ok(vec![one(number(word)?)?]),
        ["line", text] => Ok(vec![lines[the_one_with(lines, text)?].clone()]),
        ["lines", range] => {
            let (from, to) = range.split_once("..").ok_or(format!("{range:?} is no `2..4`"))?;
            let (from, to): (usize, usize) = (number(from)?, number(to)?);
            if from > to {
                return Err(format!("{range:?} begins behind its end"));
            }
            (from..=to).map(one).collect()
        }
        ["count", text] => match all_with(lines, text).len() {
            // A question about something that never occurs is most likely a mistyped one.
            0 => Err(format!("no line contains {text:?}")),
            count => Ok(vec![count.to_string()]),
        },
        ["order", texts @ ..] if texts.len() > 1 => order(lines, texts),
        other => Err(format!("{:?} is no question to an output", other.join(" "))),
    }
}

/// The lines that contain each of `texts`, in the order of the output.
fn order(lines: &[String], texts: &[&str]) -> Result<Vec<String>, String> {
    let found = texts.iter().map(|text| the_one_with(lines, text));
    let mut found: Vec<usize> = found.collect::<Result<_, _>>()?;
    found.sort_unstable();
    if let Some(same) = found.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("two of the texts are on line {}", same[0] + 1));
    }
    Ok(found.into_iter().map(|index| lines[index].clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::answer;

    fn ask(expression: &str) -> Result<String, String> {
        let lines = ["tick", "tock", "tick tack"].map(str::to_owned);
        let words = super::words(expression);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        answer(&lines, &words).map(|lines| lines.join("|"))
    }

    #[test]
    fn an_answer_is_computed_from_the_output() {
        assert_eq!(ask("line 2").unwrap(), "tock");
        assert_eq!(ask("last line").unwrap(), "tick tack");
        assert_eq!(ask("lines 1..2").unwrap(), "tick|tock");
        assert_eq!(ask("line tock").unwrap(), "tock");
        assert_eq!(ask("count tick").unwrap(), "2");
        assert_eq!(ask(r#"order "tick tack" "tock""#).unwrap(), "tock|tick tack");
    }

    #[test]
    fn what_the_output_does_not_say_is_an_error() {
        assert_eq!(ask("line 4").unwrap_err(), "there is no line 4, there are 3");
        assert_eq!(ask("line 0").unwrap_err(), "there is no line 0, there are 3");
        assert_eq!(ask("line tick").unwrap_err(), "2 lines contain \"tick\", not one");
        assert_eq!(ask("lines 2..1").unwrap_err(), "\"2..1\" begins behind its end");
        assert_eq!(ask("order tock tick").unwrap_err(), "2 lines contain \"tick\", not one");
        assert_eq!(ask("order tack \"ck ta\"").unwrap_err(), "two of the texts are on line 3");
        assert_eq!(ask("count nothing").unwrap_err(), "no line contains \"nothing\"");
        assert_eq!(ask("sum").unwrap_err(), "\"sum\" is no question to an output");
    }
}
