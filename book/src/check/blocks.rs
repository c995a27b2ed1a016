//! The Rust that pages are written with compiles, or fails with the error that it is marked with.
//!
//! Each block becomes a binary of a package below `target/`, with `asyncio` as its dependency; one cargo
//! checks them all. Listings need none of this: their files are compiled where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use asyncio_tests::oracle::{cargo, workspace};
use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use serde::Deserialize;

use crate::building::lock;
use crate::directive::Problem;
use crate::markdown;
use crate::pages::Page;

/// The blocks that don't do what they are marked with.
///
/// # Errors
///
/// That cargo can't be asked.
pub fn blocks_compile(pages: &[Page]) -> Result<Vec<Problem>, String> {
    let mut problems = Vec::new();
    let mut blocks = Vec::new();
    for page in pages {
        for found in blocks_of(page) {
            match found {
                Ok(block) => blocks.push((page, block)),
                Err(problem) => problems.push(problem),
            }
        }
    }
    let errors = errors_of(blocks.iter().map(|(_, block)| block))?;
    for (page, block) in blocks {
        let errors = errors.get(&block.name).map_or(&[][..], Vec::as_slice);
        problems.extend(judge(page, &block, errors));
    }
    Ok(problems)
}

#[derive(Debug, PartialEq)]
struct Block {
    name: String,
    /// The page's line of the block's first line.
    line: usize,
    code: String,
    /// The errors that it must fail with.
    fails_with: Vec<String>,
}

/// An error of the compiler's.
#[derive(Debug)]
struct CompileError {
    code: String,
    /// Of the block.
    line: usize,
    text: String,
}

fn blocks_of(page: &Page) -> Vec<Result<Block, Problem>> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize, String)> = None;
    for (event, range) in markdown::parser(&page.text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info)))
                if matches!(info.split([',', ' ']).next(), Some("rust" | "rs" | "Rust")) =>
            {
                let line = page.text[..range.start].matches('\n').count() + 1;
                open = Some((info.to_string(), line, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, _, code)) = &mut open {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((info, line, code)) = open.take() {
                    blocks.push(block(page, &info, line, &code));
                }
            }
            _ => {}
        }
    }
    blocks
}

fn block(page: &Page, info: &str, line: usize, code: &str) -> Result<Block, Problem> {
    let marks: Vec<&str> = info.split(',').collect();
    let fails_with = match marks[..] {
        ["rust"] => Vec::new(),
        ["rust", "compile_fail"] => {
            let message = "say which error is expected: `rust,compile_fail,E0382`";
            return Err(page.problem(line, message));
        }
        ["rust", "compile_fail", ref codes @ ..] if codes.iter().all(|it| it.starts_with('E')) => {
            codes.iter().map(|&code| code.to_owned()).collect()
        }
        _ => {
            let message = format!("code is `rust` or `rust,compile_fail,E…`, not `{info}`");
            return Err(page.problem(line, message));
        }
    };
    let page_name = page.name.trim_start_matches("book/pages/").trim_end_matches(".md");
    let name = format!("{}_{line}", page_name.replace(['/', '-'], "_"));
    Ok(Block { name, line: line + 1, code: code.to_owned(), fails_with })
}

/// The lines put before each block that has no `main` of its own.
const HEAD: &str = "#![allow(unused, clippy::all)]
fn main() {}
async fn shown() -> Result<(), Box<dyn std::error::Error>> {
";
const HEAD_OF_A_PROGRAM: &str = "#![allow(unused, clippy::all)]\n\n\n";
const HEAD_LINES: usize = 3;

impl Block {
    fn program(&self) -> String {
        // As mdBook does: what follows `# ` is compiled and not shown.
        let code: String = self
            .code
            .split_inclusive('\n')
            .map(|line| match line.trim_start() {
                "#\n" => "\n",
                hidden if hidden.starts_with("# ") => &hidden[2..],
                _ => line,
            })
            .collect();
        if code.contains("fn main()") {
            format!("{HEAD_OF_A_PROGRAM}{code}")
        } else {
            format!("{HEAD}{code}\n; Ok(())\n}}\n")
        }
    }
}

/// The compiler's errors, by the blocks' names.
fn errors_of<'a>(
    blocks: impl Iterator<Item = &'a Block>,
) -> Result<BTreeMap<String, Vec<CompileError>>, String> {
    let package = workspace("target/book/blocks");
    // One at a time: another check would put its blocks in the place of these.
    let _lock = lock(&package, &|_| ())?;
    let programs = package.join("src/bin");
    // What a page no longer has must not be compiled any more.
    let _ = fs::remove_dir_all(&programs);
    let failed = |error: std::io::Error| format!("target/book/blocks: {error}");
    fs::create_dir_all(&programs).map_err(failed)?;
    fs::copy(workspace("Cargo.lock"), package.join("Cargo.lock")).map_err(failed)?;
    fs::write(package.join("Cargo.toml"), manifest()).map_err(failed)?;
    let mut names = BTreeSet::new();
    for block in blocks {
        let path = programs.join(&block.name).with_extension("rs");
        fs::write(path, block.program()).map_err(failed)?;
        names.insert(block.name.as_str());
    }
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut cargo = cargo();
    cargo.args(["check", "--bins", "--keep-going", "--message-format=json", "--quiet"]);
    cargo.current_dir(&package).env("CARGO_TARGET_DIR", workspace("target/book/checked"));
    let output = cargo.output().map_err(|error| format!("cargo: {error}"))?;
    let errors = read_messages(&String::from_utf8_lossy(&output.stdout));
    if !output.status.success() && errors.is_empty() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    match errors.iter().find(|(name, _)| !names.contains(name.as_str())) {
        // Without it, no block was looked at.
        Some((library, errors)) => Err(format!("{library} doesn't compile:\n{}", errors[0].text)),
        None => Ok(errors),
    }
}

fn manifest() -> String {
    let mut manifest = String::from(
        "[package]\nname = \"blocks\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n",
    );
    let _ = write!(
        manifest,
        "[dependencies]\nasyncio = {{ path = {:?}, features = [\"http\", \"tls\"] }}\n",
        workspace("runtime").display().to_string()
    );
    manifest
}

/// Reads what cargo says in JSON, a message a line.
fn read_messages(output: &str) -> BTreeMap<String, Vec<CompileError>> {
    #[derive(Deserialize)]
    struct Line {
        target: Target,
        message: Message,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    #[derive(Deserialize)]
    struct Message {
        level: String,
        #[serde(rename = "message")]
        title: String,
        code: Option<Code>,
        spans: Vec<Span>,
        rendered: String,
    }
    #[derive(Deserialize)]
    struct Code {
        code: String,
    }
    #[derive(Deserialize)]
    struct Span {
        line_start: usize,
        is_primary: bool,
    }
    let mut errors: BTreeMap<String, Vec<CompileError>> = BTreeMap::new();
    let lines = output.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    for Line { target, message } in lines.filter(|line| line.message.level == "error") {
        if message.title.starts_with("aborting due to") {
            continue;
        }
        // The others may be in other files, such as that of a macro.
        let primary = message.spans.iter().find(|span| span.is_primary);
        let line = primary.map_or(1, |span| span.line_start);
        errors.entry(target.name).or_default().push(CompileError {
            code: message.code.map(|code| code.code).unwrap_or_default(),
            line: line.saturating_sub(HEAD_LINES),
            text: message.rendered,
        });
    }
    errors
}

/// Whether a block did what it is marked with.
fn judge(page: &Page, block: &Block, errors: &[CompileError]) -> Option<Problem> {
    let is_expected = |error: &&CompileError| block.fails_with.contains(&error.code);
    if let Some(error) = errors.iter().find(|error| !is_expected(error)) {
        let message = format!("this code doesn't compile:\n{}", error.text.trim_end());
        return Some(page.problem(block.line + error.line.saturating_sub(1), message));
    }
    let has_failed = |code: &&String| errors.iter().any(|error| error.code == **code);
    let missing = block.fails_with.iter().find(|code| !has_failed(code))?;
    Some(page.problem(block.line, format!("this code should fail with {missing}, and does not")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page { name: "book/pages/guide/run.md".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_page_s_rust_is_found_with_its_line_and_its_mark() {
        let page = page(
            "# A\n\n```rust\nlet a = 1;\n```\n\n```rust,compile_fail,E0382\nx\n```\n\n```sh\nls\n```\n",
        );
        let blocks: Vec<Block> = blocks_of(&page).into_iter().map(Result::unwrap).collect();
        assert_eq!(blocks.len(), 2);
        assert_eq!((blocks[0].name.as_str(), blocks[0].line), ("guide_run_3", 4));
        assert_eq!(blocks[1].fails_with, ["E0382"]);
    }

    #[test]
    fn a_mark_that_says_too_little_is_a_problem() {
        for mark in ["rust,ignore", "rust ignore", "rs", "rust,compile_fail", "rust,no_run"] {
            let found = blocks_of(&page(&format!("```{mark}\nx\n```\n")));
            assert!(found[0].as_ref().is_err_and(|problem| problem.line == 1), "{mark}");
        }
    }

    #[test]
    fn blocks_are_compiled_and_their_errors_told_by_page_and_line() {
        let page = page(
            "```rust\nlet a: u8 = asyncio::run(async { 1 });\n```\n\n\
             ```rust\n# let b = 1;\nlet c: String = b;\n```\n\n\
             ```rust,compile_fail,E0382\nlet d = String::new();\ndrop(d);\ndrop(d);\n```\n\n\
             ```rust,compile_fail,E0382\nlet e = 1;\n```\n\n\
             ```rust\npintln!(\"no code\");\n```\n\n\
             ```rust\nlet f = ;\nlet g = ;\n```\n",
        );
        let problems = blocks_compile(&[page]).unwrap();
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [7, 17, 21, 25], "{problems:?}");
        assert!(problems[0].message.contains("mismatched types"));
        assert!(problems[1].message.contains("should fail with E0382"));
    }

    #[test]
    fn an_error_of_several_is_no_less_one_without_a_code() {
        let error = |message: &str| {
            format!(
                r#"{{"target": {{"name": "a"}}, "message": {{"level": "error", "message": "{message}",
                    "code": null, "spans": [{{"line_start": 1, "is_primary": false}},
                    {{"line_start": 4, "is_primary": true}}], "rendered": "error: {message}"}}}}"#
            )
            .replace('\n', " ")
        };
        let said = ["no macro", "no semicolon", "aborting due to 2 previous errors"].map(error);
        let errors = &read_messages(&said.join("\n"))["a"];
        let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
        assert_eq!(lines, [1, 1]);
        let block =
            Block { name: "a".into(), line: 7, code: String::new(), fails_with: Vec::new() };
        assert_eq!(judge(&page(""), &block, errors).unwrap().line, 7);
    }
}
