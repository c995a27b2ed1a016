//! Each link of the built book leads to a page, and to an id on it, that are there. Nobody is asked: links
//! to other hosts are not followed, and nothing but a link may name one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::directive::Problem;
use crate::html::start_tags;
use crate::pages::Page;

/// The links of the book in `html` that lead nowhere, by the lines of `pages` that make them.
///
/// # Errors
///
/// What can't be read.
pub(crate) fn links_lead_somewhere(html: &Path, pages: &[Page]) -> Result<Vec<Problem>, String> {
    let site = Site::read(html)?;
    let mut problems = Vec::new();
    for (path, page) in &site.pages {
        let source = pages.iter().find(|source| html_of(&source.name) == *path);
        let mut report = |needle: &str, message: String| {
            problems.push(match source {
                Some(source) => source.problem(line_of(source, needle), message),
                None => Problem { page: format!("target/book/html/{path}"), line: 1, message },
            });
        };
        for reference in &page.references {
            if let Err(message) = site.follow(path, reference) {
                report(&reference.target, message);
            }
        }
        for id in page.repeated_ids() {
            report(&format!("id=\"{id}\""), format!("the id {id:?} occurs twice on this page"));
        }
    }
    problems.extend(site.foreign.iter().map(|(style, target)| Problem {
        page: format!("target/book/html/{style}"),
        line: 1,
        message: from_another_host(target),
    }));
    problems.sort();
    problems.dedup();
    Ok(problems)
}

/// `guide/run.html` for `book/pages/guide/run.md`.
fn html_of(page: &str) -> String {
    page.trim_start_matches("book/pages/").replace(".md", ".html")
}

/// The line of the page that has the link's target, as it is written there. The first, where a
/// directive has made the link.
fn line_of(page: &Page, target: &str) -> usize {
    let written = target.replace(".html", ".md");
    let line_with = |text: &str| page.text.lines().position(|line| line.contains(text));
    // `run.md` is also in a link to `prerun.md`.
    let found = line_with(&format!("]({written})")).or_else(|| line_with(&written));
    found.map_or(1, |index| index + 1)
}

/// What is read of a page's HTML.
#[derive(Debug, Default)]
struct Html {
    /// With how often each occurs.
    ids: BTreeMap<String, usize>,
    references: Vec<Reference>,
}

/// A `href` or a `src`.
#[derive(Debug)]
struct Reference {
    target: String,
    /// To be followed by a reader, not loaded with the page.
    is_link: bool,
}

impl Html {
    fn parse(text: &str) -> Self {
        let mut html = Self::default();
        for tag in start_tags(text) {
            let is_link = tag.name == "a";
            for (name, value) in tag.attributes {
                match name.as_str() {
                    "id" => *html.ids.entry(value).or_default() += 1,
                    "href" | "src" => html.references.push(Reference { target: value, is_link }),
                    _ => {}
                }
            }
        }
        html
    }

    fn repeated_ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().filter(|(_, count)| **count > 1).map(|(id, _)| id.as_str())
    }
}

struct Site {
    /// Paths from the book's root.
    files: BTreeSet<String>,
    pages: BTreeMap<String, Html>,
    /// Style sheets, and what they would load from another host.
    foreign: Vec<(String, String)>,
}

impl Site {
    fn read(root: &Path) -> Result<Self, String> {
        let mut site = Self { files: BTreeSet::new(), pages: BTreeMap::new(), foreign: Vec::new() };
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let path = root.join(&folder);
            let entries = fs::read_dir(&path).map_err(|error| failed(&path, &error))?;
            for entry in entries.flatten() {
                let below = folder.join(entry.file_name());
                if entry.path().is_dir() {
                    folders.push(below);
                } else {
                    site.add(below.to_string_lossy().replace('\\', "/"), &entry.path())?;
                }
            }
        }
        Ok(site)
    }

    fn add(&mut self, name: String, path: &Path) -> Result<(), String> {
        if path.extension().is_some_and(|extension| extension == "html") {
            let text = fs::read_to_string(path).map_err(|error| failed(path, &error))?;
            self.pages.insert(name.clone(), Html::parse(&text));
        } else if path.extension().is_some_and(|extension| extension == "css") {
            let text = fs::read_to_string(path).map_err(|error| failed(path, &error))?;
            self.foreign.extend(foreign_in(&text).map(|it| (name.clone(), it.to_owned())));
        }
        self.files.insert(name);
        Ok(())
    }

    /// Whether a reference on the page `from` leads somewhere.
    fn follow(&self, from: &str, reference: &Reference) -> Result<(), String> {
        let target = reference.target.as_str();
        if is_elsewhere(target) {
            return if reference.is_link || target.starts_with("data:") {
                Ok(())
            } else {
                Err(from_another_host(target))
            };
        }
        let (path, id) = target.split_once('#').unwrap_or((target, ""));
        let path = path.split('?').next().unwrap_or_default();
        let path = if path.is_empty() { from.to_owned() } else { resolve(from, path) };
        let path = if path.is_empty() { "index.html".to_owned() } else { path };
        if !self.files.contains(&path) {
            return Err(format!("the link {target:?} leads to no page: there is no {path}"));
        }
        match self.pages.get(&path) {
            Some(page) if !id.is_empty() && !page.ids.contains_key(id) => {
                Err(format!("the link {target:?} leads to no place: {path} has no id {id:?}"))
            }
            _ => Ok(()),
        }
    }
}

fn from_another_host(target: &str) -> String {
    format!("{target:?} would be loaded from another host")
}

/// What a style sheet loads from another host: `url(…)`, `@import "…"`.
fn foreign_in(style: &str) -> impl Iterator<Item = &str> {
    let loads = ["url(", "@import "].into_iter().flat_map(|load| style.split(load).skip(1));
    let targets = loads.filter_map(|rest| {
        rest.trim_start_matches(['"', '\'', ' ']).split(['"', '\'', ')', ';', ' ']).next()
    });
    targets.filter(|target| is_elsewhere(target) && !target.starts_with("data:"))
}

/// Another host, or no place at all: `mailto:`, `data:`.
fn is_elsewhere(target: &str) -> bool {
    let scheme = target.split_once(':').map(|(scheme, _)| scheme);
    target.starts_with("//")
        || scheme.is_some_and(|it| !it.is_empty() && it.chars().all(|c| c.is_ascii_alphabetic()))
}

/// The path that `target` means on the page `from`.
fn resolve(from: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a book of two pages, the first with `body`.
    fn problems(body: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("guide")).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("index.html", "<h1 id=top>Top</h1>");
        write("guide/run.html", body);
        let page = Page {
            name: "book/pages/guide/run.md".to_owned(),
            text: "# Run\n\n[a](../index.md#bottom) [c](begone.md)\n\n[b](gone.md)\n".to_owned(),
        };
        let problems = links_lead_somewhere(folder.path(), &[page]).unwrap();
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        let body = r##"<a id="here" href="../index.html#top"></a><a href="#here"></a>
            <a href="/index.html"></a><a href="run.html?x#here"></a><a href="https://example.org"></a>
            <a href="mailto:a@example.org"></a><img src="data:,">"##;
        assert_eq!(problems(body), [""; 0]);
    }

    #[test]
    fn a_link_to_no_page_or_no_place_is_named_with_its_line() {
        assert_eq!(
            problems(r#"<a href="gone.html"></a><a href="../index.html#bottom"></a>"#),
            [
                "book/pages/guide/run.md:3: the link \"../index.html#bottom\" leads to no place: \
                 index.html has no id \"bottom\"",
                "book/pages/guide/run.md:5: the link \"gone.html\" leads to no page: there is no \
                 guide/gone.html",
            ]
        );
    }

    #[test]
    fn nothing_is_loaded_from_another_host() {
        let found = problems(r#"<script src="https://example.org/x.js"></script>"#);
        assert!(found[0].ends_with("would be loaded from another host"), "{found:?}");
        let found = problems(r#"<link rel="stylesheet" href="//example.org/x.css">"#);
        assert!(found[0].ends_with("would be loaded from another host"), "{found:?}");
    }

    #[test]
    fn a_style_sheet_loads_nothing_from_another_host_either() {
        let style = r#"@import "https://a.example/x.css"; b { background: url(//b.example/x.png) }
            i { background: url("../x.svg"), url(data:image/png;base64,x); --url: http://c.example }"#;
        let found: Vec<&str> = foreign_in(style).collect();
        assert_eq!(found, ["//b.example/x.png", "https://a.example/x.css"]);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.css"), style).unwrap();
        let problems = links_lead_somewhere(folder.path(), &[]).unwrap();
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn an_id_occurs_once() {
        let found = problems(r"<p id=a></p><p id=a></p>");
        assert_eq!(found, ["book/pages/guide/run.md:1: the id \"a\" occurs twice on this page"]);
    }
}
