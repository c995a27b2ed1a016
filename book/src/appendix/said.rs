//! Holds the index of error messages against the sources: each row's text is really said, each text that
//! is said has a row.

use std::collections::BTreeSet;

use asyncio_tests::oracle::workspace;

use super::html::{NOTHING, slug};
use super::literals::{self, Literal};
use super::messages::{FILE, Messages, NotShown, Row, SaidBy};
use super::missing_page;
use super::pattern::{HOLE, is_made_of, letters, matches, tidy};

/// What is said, by whom.
struct Said {
    runtime: Vec<Literal>,
    macros: Vec<Literal>,
    /// In attributes, for the compiler to say.
    attributes: Vec<Literal>,
    /// In the UI tests' `.stderr` files.
    compiler: Vec<String>,
}

impl Said {
    fn new(runtime: Vec<Literal>, macros: Vec<Literal>, compiler: Vec<String>) -> Self {
        let (attributes, runtime) = runtime.into_iter().partition(|literal| literal.by_compiler);
        Self { runtime, macros, attributes, compiler }
    }

    fn read() -> Result<Self, String> {
        let root = workspace("");
        let runtime = literals::of_folder(&root, "runtime/src")?;
        let macros = literals::of_folder(&root, "macros/src")?;
        Ok(Self::new(runtime, macros, literals::of_compiler(&root.join("tests/ui"))?))
    }

    fn by(&self, said_by: SaidBy) -> (&[Literal], &[String]) {
        match said_by {
            SaidBy::Runtime => (&self.runtime, &[]),
            SaidBy::Macro => (&self.macros, &[]),
            SaidBy::Compiler => (&self.attributes, &self.compiler),
            SaidBy::Python => (&[], &[]),
        }
    }

    fn literals(&self) -> impl Iterator<Item = &Literal> {
        self.runtime.iter().chain(&self.macros).chain(&self.attributes)
    }
}

/// All that is wrong with the index.
pub(crate) fn faults(messages: &Messages) -> Result<Vec<String>, String> {
    Ok(faults_against(messages, &Said::read()?))
}

fn faults_against(messages: &Messages, said: &Said) -> Vec<String> {
    let rows = &messages.message;
    let mut faults: Vec<String> = rows.iter().flat_map(faults_of).collect();
    faults.extend(twice(rows.iter().map(|row| &*row.id), "id"));
    faults.extend(twice(rows.iter().flat_map(Row::texts).map(|text| &**text), "text"));
    for said_by in [SaidBy::Runtime, SaidBy::Macro, SaidBy::Compiler] {
        let rows = rows.iter().filter(|row| row.said_by == said_by);
        let (literals, lines) = said.by(said_by);
        faults.extend(hold(rows, literals, lines, &messages.not_shown));
    }
    let literals: Vec<&Literal> = said.literals().collect();
    faults
        .extend(messages.not_shown.iter().flat_map(|entry| faults_of_exception(entry, &literals)));
    faults
}

/// Both ways: what the rows say is said, and what is said has a row.
fn hold<'a>(
    rows: impl Iterator<Item = &'a Row>,
    literals: &[Literal],
    lines: &[String],
    not_shown: &[NotShown],
) -> Vec<String> {
    let mut texts: Vec<String> = literals.iter().map(|literal| literal.text.clone()).collect();
    texts.sort_unstable();
    texts.dedup();
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for row in rows {
        for text in row.texts() {
            let is_made = is_made_of(&tidy(text), &texts, &mut used);
            if !is_made && !lines.iter().any(|line| matches(text, line)) {
                faults.push(not_said(row, text));
            }
        }
    }
    let has_row = |literal: &Literal| used.iter().any(|&index| texts[index] == literal.text);
    let is_exempt = |literal: &Literal| not_shown.iter().any(|it| tidy(&it.text) == literal.text);
    let missing = literals.iter().filter(|it| it.is_message && !has_row(it) && !is_exempt(it));
    faults.extend(missing.map(missing_row));
    faults
}

fn not_said(row: &Row, text: &str) -> String {
    let nobody = match row.said_by {
        SaidBy::Compiler => {
            "neither a `.stderr` file in tests/ui nor an attribute in runtime/src says"
        }
        SaidBy::Macro => "no string literal in macros/src, and no literals put together, say",
        _ => "no string literal in runtime/src, and no literals put together, say",
    };
    format!(
        "book/appendix/{FILE}: the row `{}`: {nobody} `{text}`. Write what is said now, with {HOLE} for \
         what varies, or remove it",
        row.id
    )
}

fn missing_row(literal: &Literal) -> String {
    let text = toml::Value::from(&*literal.text);
    let said_by = match literal {
        _ if literal.by_compiler => "compiler",
        _ if literal.place.starts_with("macros/") => "macro",
        _ => "runtime",
    };
    format!(
        "{}: the message `{}` has no row in book/appendix/{FILE}. Add one, or put it into the `also` of a \
         row that has the same meaning:\n\n\
         [[message]]\nid = \"{}\"\ntext = {text}\npython = \"{NOTHING}\"\nwhere = \"{said_by}\"\n\
         means = \"One sentence.\"\ndo = \"One sentence.\"\n\n\
         or, if nobody sees it as a message:\n\n[[not_shown]]\ntext = {text}\nwhy = \"The reason.\"\n",
        literal.place,
        literal.text,
        slug(&literal.text),
    )
}

/// What is wrong with a row in itself.
fn faults_of(row: &Row) -> Vec<String> {
    let mut faults = Vec::new();
    if row.id.is_empty() || row.id != slug(&row.id) {
        faults.push("its id is to be in small letters, joined by `-`".to_owned());
    }
    if row.texts().any(|text| letters(text) == 0) {
        faults.push("a text has no letters".to_owned());
    }
    for (field, text) in [("means", &row.means), ("do", &row.to_do)] {
        if !text.is_empty() && !text.ends_with('.') {
            faults.push(format!("its `{field}` is no sentence: end it with a full stop"));
        }
        if text.matches('`').count() % 2 == 1 {
            faults.push(format!("its `{field}` has a backquote without its partner"));
        }
    }
    if row.means.is_empty() || row.to_do.is_empty() {
        faults.push("say what it means and what to do".to_owned());
    }
    match (row.said_by, &row.python) {
        (SaidBy::Python, Some(_)) => {
            faults.push("Python alone says it: leave `python` out".to_owned());
        }
        (SaidBy::Python, None) | (_, Some(_)) => {}
        (_, None) => faults.push(format!("say what Python says, or python = \"{NOTHING}\"")),
    }
    faults.extend(row.page.as_deref().and_then(missing_page));
    let place = |fault| format!("book/appendix/{FILE}: the row `{}`: {fault}", row.id);
    faults.into_iter().map(place).collect()
}

fn faults_of_exception(entry: &NotShown, literals: &[&Literal]) -> Vec<String> {
    let place = format!("book/appendix/{FILE}: `{}` of not_shown", entry.text);
    let mut faults = Vec::new();
    if entry.why.trim().is_empty() {
        faults.push(format!("{place}: say why nobody sees it"));
    }
    if !literals.iter().any(|literal| literal.text == tidy(&entry.text)) {
        faults.push(format!("{place} is no literal any more: remove it"));
    }
    faults
}

fn twice<'a>(values: impl Iterator<Item = &'a str>, field: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    values
        .filter(|value| !seen.insert(*value))
        .map(|value| format!("book/appendix/{FILE}: two rows have the {field} `{value}`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse_table;
    use super::*;

    const SOURCE: &str = r#"
        fn f() { panic!("{what} is no seed: give a number"); }
        fn g() { panic!("the ground"); }
        #[must_use = "await it"] struct S;
        const NAME: &str = "event loop";"#;

    const TABLE: &str = r#"
        [[message]]
        id = "no-seed"
        text = "… is no seed: give a number"
        python = "–"
        where = "runtime"
        means = "It is no number."
        do = "Give one."

        [[message]]
        id = "unused"
        text = "await it"
        python = "–"
        where = "compiler"
        means = "It was dropped."
        do = "Await it."

        [[not_shown]]
        text = "event loop"
        why = "A name."

        [[not_shown]]
        text = "the ground"
        why = "It never happens."
        "#;

    fn faults_of_table(table: &str) -> String {
        let runtime = literals::of_text("runtime/src/a.rs", SOURCE).unwrap();
        let said = Said::new(runtime, Vec::new(), vec!["mismatched types".to_owned()]);
        faults_against(&parse_table(FILE, table).unwrap(), &said).join("\n")
    }

    #[test]
    fn a_table_that_says_all_and_nothing_else_is_right() {
        assert_eq!(faults_of_table(TABLE), "");
    }

    #[test]
    fn a_text_that_nothing_says_is_reported() {
        let faults = faults_of_table(&TABLE.replace("give a number", "give an integer"));
        assert!(faults.contains("the row `no-seed`: no string literal in runtime/src"), "{faults}");
        // And what is said in its place has no row.
        assert!(faults.contains("runtime/src/a.rs:2: the message"), "{faults}");
    }

    #[test]
    fn a_message_without_a_row_is_reported_with_the_row_to_add() {
        let table = TABLE.replace("the ground", "event loop");
        let faults = faults_of_table(&table);
        assert!(faults.contains("runtime/src/a.rs:3: the message `the ground`"), "{faults}");
        assert!(faults.contains("[[message]]\nid = \"the-ground\"\n"), "{faults}");
    }

    #[test]
    fn a_text_in_an_attribute_is_the_compiler_s() {
        let faults = faults_of_table(&TABLE.replace("await it", "await them"));
        assert!(faults.contains("neither a `.stderr` file"), "{faults}");
        assert!(faults.contains("runtime/src/a.rs:4: the message `await it`"), "{faults}");
        assert!(faults.contains("where = \"compiler\""), "{faults}");
    }

    #[test]
    fn an_exception_that_is_no_literal_any_more_is_reported() {
        let faults = faults_of_table(&TABLE.replace("event loop", "event lop"));
        assert!(faults.contains("`event lop` of not_shown is no literal any more"), "{faults}");
    }

    #[test]
    fn a_message_of_the_compiler_is_looked_for_in_its_files() {
        let table = TABLE.replacen("\"runtime\"", "\"compiler\"", 1);
        assert!(faults_of_table(&table).contains("neither a `.stderr` file"), "{table}");
        let table = table.replace("… is no seed: give a number", "mismatched …");
        assert!(!faults_of_table(&table).contains(".stderr"), "{table}");
    }

    #[test]
    fn a_row_that_is_wrong_in_itself_is_reported() {
        let table = TABLE
            .replace("id = \"no-seed\"", "id = \"No seed\"\npage = \"break/nowhere.md\"")
            .replace("python = \"–\"", "")
            .replace("Give one.", "Give `one");
        let faults = faults_of_table(&table);
        for fault in ["small letters", "what Python says", "full stop", "backquote", "nowhere"] {
            assert!(faults.contains(fault), "{fault}: {faults}");
        }
    }
}
