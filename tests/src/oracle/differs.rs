//! `tests/oracle/differs.toml`: where a twin prints something else than its program, and why.

use std::fs;

use serde::Deserialize;

use super::workspace;

/// Where the book's pages are.
const PAGES: &str = "book/pages";

/// Every known difference between the languages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    #[serde(default)]
    differs: Vec<Difference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    program: String,
    rust: String,
    python: String,
    reason: String,
    page: String,
}

impl Differences {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), or that it can't be read.
    pub fn read() -> Result<Self, String> {
        let path = workspace("tests/oracle/differs.toml");
        let text = fs::read_to_string(path).map_err(|error| format!("differs.toml: {error}"))?;
        Self::parse(&text)
    }

    /// Reads the file's text.
    ///
    /// ```
    /// use asyncio_tests::oracle::Differences;
    ///
    /// let known = Differences::parse(r#"
    ///     [[differs]]
    ///     program = "03_gather"
    ///     rust = "dropped\n"
    ///     python = "goes on\n"
    ///     reason = "Rust drops the futures that try_gather owns"
    ///     page = "guide/gather.html#an-error-in-one"
    /// "#)?;
    /// assert_eq!(known.as_python("03_gather", "a\ndropped\nb\n")?, "a\ngoes on\nb\n");
    /// assert_eq!(known.as_python("02_tasks", "dropped\n")?, "dropped\n");
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where. A difference needs a reason and a page that explains it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known: Self = toml::from_str(text).map_err(|error| format!("differs.toml: {error}"))?;
        match known.differs.iter().find(|it| it.reason.is_empty() || it.page.is_empty()) {
            Some(it) => Err(format!("differs.toml: {} needs a reason and a page", it.program)),
            None => Ok(known),
        }
    }

    /// What the twin of `program` should print, where the program prints `rust`.
    ///
    /// # Errors
    ///
    /// A message when a difference is listed that isn't there (any more).
    pub fn as_python(&self, program: &str, rust: &str) -> Result<String, String> {
        let mut of_program = self.differs.iter().filter(|it| it.program == program);
        of_program.try_fold(rust.to_owned(), |text, it| {
            if text.contains(&it.rust) {
                Ok(text.replacen(&it.rust, &it.python, 1))
            } else {
                Err(format!(
                    "differs.toml: {program} doesn't print {:?}: remove the entry",
                    it.rust
                ))
            }
        })
    }

    /// The programs that differ.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        self.differs.iter().map(|it| it.program.as_str())
    }

    /// A message for each page, or heading on a page, that is named and isn't there.
    pub fn missing_pages(&self) -> impl Iterator<Item = String> {
        self.differs.iter().filter(|it| !is_page(&it.page)).map(|it| {
            format!(
                "differs.toml: {}: {PAGES} has no {:?}: name a page and a heading on it, such as \
                 \"guide/differs.html#ctrl-c\"",
                it.program, it.page
            )
        })
    }
}

/// Whether an address such as `guide/differs.html#ctrl-c` leads somewhere in the book.
fn is_page(address: &str) -> bool {
    let (page, heading) = address.split_once('#').unwrap_or((address, ""));
    let Some(page) = page.strip_suffix(".html") else { return false };
    let text = fs::read_to_string(workspace(&format!("{PAGES}/{page}.md")));
    text.is_ok_and(|text| heading.is_empty() || text.lines().any(|line| id(line) == heading))
}

/// The id that mdBook gives to a heading; empty for any other line.
fn id(line: &str) -> String {
    if !line.starts_with('#') {
        return String::new();
    }
    let title = line.trim_start_matches('#').trim().to_lowercase();
    let kept = title.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    kept.map(|it| if it == ' ' { '-' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Differences, id, is_page};

    const ENTRY: &str = "[[differs]]\nprogram='a'\nrust='x'\npython='y'\nreason='r'\npage='p'\n";

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let text = ENTRY.replace("'r'", "''");
        let error = Differences::parse(&text).err().unwrap();
        assert_eq!(error, "differs.toml: a needs a reason and a page");
    }

    #[test]
    fn an_entry_that_is_no_longer_true_is_named() {
        let error = Differences::parse(ENTRY).unwrap().as_python("a", "z\n").unwrap_err();
        assert_eq!(error, "differs.toml: a doesn't print \"x\": remove the entry");
    }

    #[test]
    fn a_page_is_there_with_its_heading() {
        assert!(is_page("guide/differs.html"));
        assert!(is_page("guide/differs.html#what-differs-from-python"));
        assert!(!is_page("guide/differs.html#nothing-of-the-kind"));
        assert!(!is_page("guide/nothing.html"));
        assert!(!is_page("guide/differs.md"));
    }

    #[test]
    fn a_heading_has_the_id_that_mdbook_gives_it() {
        assert_eq!(id("## `gather!` and *try*: 2 ways"), "gather-and-try-2-ways");
        assert_eq!(id("no heading"), "");
    }

    #[test]
    fn a_page_that_is_missing_is_named() {
        let known = Differences::parse(ENTRY).unwrap();
        let messages: Vec<String> = known.missing_pages().collect();
        assert_eq!(messages.len(), 1);
        assert!(
            messages[0].starts_with("differs.toml: a: book/pages has no \"p\""),
            "{messages:?}"
        );
    }
}
