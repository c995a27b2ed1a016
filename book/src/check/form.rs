//! A chapter is a question, a program, what it prints, a prediction, what to try, and a summary.

use crate::directive::Problem;
use crate::pages::Page;

/// The folders whose pages are chapters.
const CHAPTERS: [&str; 4] =
    ["book/pages/guide/", "book/pages/apply/", "book/pages/inside/", "book/pages/break/"];
const PROGRAMS: [&str; 3] = ["listing", "pair", "compile_error"];
const RESULTS: [&str; 6] = ["output", "errors", "expansion", "compile_error", "figures", "benches"];
const LONGEST_SUMMARY: usize = 5;

/// What each chapter lacks.
pub fn chapters_have_their_form(pages: &[Page]) -> Vec<Problem> {
    let is_chapter = |page: &&Page| CHAPTERS.iter().any(|folder| page.name.starts_with(folder));
    pages.iter().filter(is_chapter).flat_map(lacks).collect()
}

fn lacks(page: &Page) -> Vec<Problem> {
    let lines: Vec<&str> = page.text.lines().collect();
    let shows = |names: &[&str]| {
        let directive = |line: &&str, name| {
            let rest = line.strip_prefix("{{").and_then(|line| line.strip_prefix(name));
            rest.is_some_and(|rest| rest.starts_with([' ', '}']))
        };
        lines.iter().any(|line| names.iter().any(|name| directive(line, *name)))
    };
    let mut problems = Vec::new();
    let mut must = |holds: bool, line: usize, message: &str| {
        if !holds {
            problems.push(page.problem(line, message));
        }
    };
    must(lines.first().is_some_and(|line| line.starts_with("# ")), 1, "begins with no `# Title`");
    must(asks(&lines), 1, "no `> question?` follows the title");
    must(shows(&PROGRAMS), 1, "shows no program: `listing` or `pair`");
    must(shows(&RESULTS), 1, "shows nothing that was printed: `output`");
    must(shows(&["predict"]), 1, "has nothing to predict: `predict`");
    must(lines.contains(&"## Try it"), 1, "has no `## Try it`");
    match lines.iter().rposition(|line| line.starts_with("## ")) {
        Some(last) if lines[last] == "## In short" => {
            let points = lines[last..].iter().filter(|line| line.starts_with("- ")).count();
            must(
                (1..=LONGEST_SUMMARY).contains(&points),
                last + 1,
                "`## In short` has 1 to 5 points",
            );
        }
        _ => must(false, lines.len(), "doesn't end with `## In short`"),
    }
    problems
}

/// Whether a quotation with a question mark follows the title.
fn asks(lines: &[&str]) -> bool {
    let rest = lines.iter().skip(1).skip_while(|line| line.is_empty());
    let quotation: Vec<&str> = rest.take_while(|line| line.starts_with('>')).copied().collect();
    quotation.concat().contains('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAPTER: &str = "# Tasks\n\n> Why?\n\n{{listing a.rs}}\n\n{{output a}}\n\n{{predict a\n}}\n\n\
                           ## Try it\n\n## In short\n\n- One.\n";

    fn messages(text: &str) -> Vec<String> {
        let name = "book/pages/guide/tasks.md".to_owned();
        let page = Page { name, text: text.to_owned() };
        chapters_have_their_form(&[page]).iter().map(Problem::to_string).collect()
    }

    #[test]
    fn a_chapter_of_the_right_form_lacks_nothing() {
        assert_eq!(messages(CHAPTER), [""; 0]);
    }

    #[test]
    fn what_a_chapter_lacks_is_named() {
        for (part, message) in [
            ("# Tasks", "guide/tasks.md:1: begins with no `# Title`"),
            ("> Why?", ":1: no `> question?` follows the title"),
            ("{{listing a.rs}}", ":1: shows no program: `listing` or `pair`"),
            ("{{output a}}", ":1: shows nothing that was printed: `output`"),
            ("{{predict a", ":1: has nothing to predict: `predict`"),
            ("## Try it", ":1: has no `## Try it`"),
            ("## In short", ":16: doesn't end with `## In short`"),
            ("- One.", ":14: `## In short` has 1 to 5 points"),
        ] {
            let found = messages(&CHAPTER.replace(part, "x"));
            assert!(found.iter().any(|it| it.ends_with(message)), "{part}: {found:?}");
        }
        let long = CHAPTER.replace("- One.", "- One.\n- 2\n- 3\n- 4\n- 5\n- 6");
        assert_eq!(messages(&long).len(), 1);
    }
}
