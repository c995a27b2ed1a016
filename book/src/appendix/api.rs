//! The public names of the library, as rustdoc lists them.
//!
//! rustdoc knows what is public under which path, where the source only knows what says `pub`. It writes
//! HTML: `all.html` has the items, each item's page has its methods, variants and fields as `id`s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use asyncio_tests::oracle::cargo;

use super::read;
use crate::html::{Start, start_tags};

/// Every public name of the library with all features, without the crate's: `Task::with_name`,
/// `gather!`, `#[main]`, `http`. Runs `cargo doc` in the workspace at `root`, which builds below
/// `target`.
///
/// What the library only re-exports has one name, without its methods; a module of another crate, such as
/// `http::header`, too. Methods that an item has through `Deref` to another item are its own as well,
/// since that is how they are called.
///
/// # Errors
///
/// What `cargo doc` says when it fails; a page that can't be read.
pub fn public_names_of(root: &Path, target: &Path) -> Result<BTreeSet<String>, String> {
    document(root, target)?;
    names_in(&target.join("doc/asyncio"))
}

fn document(root: &Path, target: &Path) -> Result<(), String> {
    let output = cargo()
        .args(["doc", "--package", "asyncio", "--all-features", "--no-deps", "--target-dir"])
        .arg(target)
        .current_dir(root)
        // rustdoc's output goes nowhere else, whatever the caller's settings.
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("RUSTDOCFLAGS")
        .output()
        .map_err(|error| format!("cannot run cargo doc: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("cargo doc failed:\n{}", String::from_utf8_lossy(&output.stderr).trim_end()))
}

/// The names in a folder that rustdoc wrote.
///
/// # Errors
///
/// A page that can't be read.
pub fn names_in(folder: &Path) -> Result<BTreeSet<String>, String> {
    let mut api = Api::default();
    let mut own_modules = BTreeMap::new();
    for item in items(&page(&folder.join("all.html"))?) {
        match foreign_module(folder, &item, &mut own_modules)? {
            Some(module) => _ = api.names.insert(module),
            None => api.add(&item, &page(&folder.join(&item.file))?),
        }
    }
    for (module, is_own) in own_modules {
        if is_own && !module.is_empty() {
            api.names.insert(module);
        }
    }
    Ok(api.with_derefs())
}

/// The outermost module around the item that another crate brought.
fn foreign_module(
    folder: &Path,
    item: &Item,
    own: &mut BTreeMap<String, bool>,
) -> Result<Option<String>, String> {
    let modules: Vec<&str> = item.modules().collect();
    for depth in 1..=modules.len() {
        let module = modules[..depth].join("::");
        if !own.contains_key(&module) {
            let index = folder.join(modules[..depth].join("/")).join("index.html");
            own.insert(module.clone(), is_own(&page(&index)?));
        }
        if !own[&module] {
            return Ok(Some(module));
        }
    }
    Ok(None)
}

#[derive(Default)]
struct Api {
    names: BTreeSet<String>,
    /// Which item derefs to which.
    derefs: Vec<(String, String)>,
}

impl Api {
    fn add(&mut self, item: &Item, page: &[Start]) {
        let name = item.name();
        if is_own(page) {
            let (members, target) = members(page);
            self.names.extend(members.into_iter().map(|member| format!("{name}::{member}")));
            self.derefs.extend(target.map(|target| (name.clone(), target)));
        }
        self.names.insert(name);
    }

    fn with_derefs(mut self) -> BTreeSet<String> {
        for (owner, target) in self.derefs {
            let prefix = format!("{target}::");
            let methods = self.names.iter().filter_map(|name| name.strip_prefix(&prefix));
            let methods: Vec<String> = methods.map(|name| format!("{owner}::{name}")).collect();
            self.names.extend(methods);
        }
        self.names
    }
}

/// An entry of `all.html`: `http/struct.Response.html`.
struct Item {
    file: PathBuf,
    kind: String,
    path: String,
}

impl Item {
    fn of(href: &str) -> Option<Self> {
        let file = PathBuf::from(href);
        let (kind, name) = file.file_name()?.to_str()?.strip_suffix(".html")?.split_once('.')?;
        let modules = file.parent()?.iter().filter_map(|module| module.to_str());
        let path: Vec<&str> = modules.chain([name]).collect();
        Some(Self { kind: kind.to_owned(), path: path.join("::"), file: file.clone() })
    }

    fn name(&self) -> String {
        match &*self.kind {
            "macro" => format!("{}!", self.path),
            "attr" => format!("#[{}]", self.path),
            "derive" => format!("#[derive({})]", self.path),
            _ => self.path.clone(),
        }
    }

    fn modules(&self) -> impl Iterator<Item = &str> {
        self.path.rsplit_once("::").map(|(modules, _)| modules.split("::")).into_iter().flatten()
    }
}

fn items(all: &[Start]) -> Vec<Item> {
    let mut in_list = false;
    let mut items = Vec::new();
    for tag in all {
        match &*tag.name {
            "ul" => in_list = tag.has_class("all-items"),
            "a" if in_list => items.extend(tag.get("href").and_then(Item::of)),
            _ => {}
        }
    }
    items
}

/// Whether the page's item stands in our source: rustdoc links there, and, without the pages of other
/// crates, nowhere else.
fn is_own(page: &[Start]) -> bool {
    page.iter().any(|tag| {
        tag.get("class") == Some("src")
            && tag
                .get("href")
                .is_some_and(|href| href.starts_with("../") && href.contains("/src/asyncio"))
    })
}

/// What belongs to an item itself, and the item it derefs to.
fn members(page: &[Start]) -> (Vec<String>, Option<String>) {
    const OWN: [&str; 5] =
        ["fields", "variants", "implementations", "required-methods", "provided-methods"];
    const KINDS: [&str; 5] = ["structfield", "variant", "method", "tymethod", "associatedconstant"];
    let mut in_own = false;
    let mut target = None;
    let mut members = Vec::new();
    for tag in page {
        let Some(id) = tag.get("id") else { continue };
        if tag.name == "h2" && tag.has_class("section-header") {
            in_own = OWN.contains(&id);
            target = target.or_else(|| id.strip_prefix("deref-methods-").map(str::to_owned));
        }
        match id.split_once('.') {
            Some((kind, name)) if in_own && KINDS.contains(&kind) => members.push(name.to_owned()),
            _ => {}
        }
    }
    (members, target)
}

fn page(path: &Path) -> Result<Vec<Start>, String> {
    Ok(start_tags(&read(path)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRUCT: &str = r#"
        <a class="src" href="../src/asyncio/task.rs.html#1">Source</a>
        <h2 id="panics">Panics</h2>
        <h2 id="fields" class="fields section-header">Fields</h2>
        <span id="structfield.total" class="structfield">
        <h2 id="implementations" class="section-header">Implementations</h2>
        <section id="method.cancel" class="method">
        <section id="associatedconstant.MAX" class="associatedconstant">
        <h2 id="deref-methods-TaskRef" class="section-header">Methods from Deref</h2>
        <section id="method.name" class="method">
        <h2 id="trait-implementations" class="section-header">Trait Implementations</h2>
        <section id="method.fmt" class="method trait-impl">"#;

    fn members_of(html: &str) -> (Vec<String>, Option<String>) {
        members(&start_tags(html))
    }

    #[test]
    fn an_item_s_members_are_those_of_its_own_implementations() {
        let (members, target) = members_of(STRUCT);
        assert_eq!(members, ["total", "cancel", "MAX"]);
        assert_eq!(target.as_deref(), Some("TaskRef"));
    }

    #[test]
    fn an_item_has_the_methods_of_what_it_derefs_to() {
        let mut api = Api::default();
        api.names.insert("TaskRef::name".to_owned());
        api.add(&Item::of("struct.Task.html").unwrap(), &start_tags(STRUCT));
        assert!(api.with_derefs().contains("Task::name"));
    }

    #[test]
    fn a_re_export_has_a_name_and_no_members() {
        let mut api = Api::default();
        let page = STRUCT.replace("../src/asyncio", "https://doc.rust-lang.org/src/core");
        api.add(&Item::of("http/struct.Url.html").unwrap(), &start_tags(&page));
        assert_eq!(api.with_derefs().into_iter().collect::<Vec<_>>(), ["http::Url"]);
    }

    #[test]
    fn macros_and_attributes_are_named_as_they_are_written() {
        let names = |href| Item::of(href).unwrap().name();
        assert_eq!(names("macro.gather.html"), "gather!");
        assert_eq!(names("attr.main.html"), "#[main]");
        assert_eq!(names("testing/fn.explore.html"), "testing::explore");
    }
}
