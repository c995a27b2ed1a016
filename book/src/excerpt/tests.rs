use super::*;

const RUST: &str = "\
//! Head.

use std::fmt;

// Above.
/// A shop.
#[derive(Debug)]
struct Shop {
    open: bool,
}

impl Shop {
    /// Opens.
    fn open(
        &mut self,
    ) -> bool {
        // ANCHOR: inside
        self.open = true;
        // ANCHOR_END: inside
        self.open
    }
}

impl<T> Drop for Other<T> {
    fn drop(&mut self) {}
}

fn open() {}
";

const PYTHON: &str = "\
\"\"\"Head.\"\"\"

import asyncio


# Above.
@decorated
async def main():
    await a()

    def a():
        pass


class Shop:
    def price(
        self,
    ):
        return 3

main()
";

fn found(language: &str, text: &str, name: &str) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let range = named(&format!("file.{language}"), text, &lines, name)?;
    Ok(dedent(&lines[range]).join("\n"))
}

#[test]
fn an_item_comes_with_its_docs_attributes_and_the_comment_above() {
    let shown = found("rs", RUST, "Shop").unwrap();
    assert_eq!(shown.lines().next(), Some("// Above."));
    assert_eq!(shown.lines().last(), Some("}"));
    assert_eq!(shown.lines().count(), 6);
}

#[test]
fn a_method_is_found_in_its_type_and_loses_its_indent() {
    let shown = found("rs", RUST, "Shop::open").unwrap();
    assert!(shown.starts_with("/// Opens.\nfn open("), "{shown}");
    assert!(shown.ends_with("\n}"), "{shown}");
    assert_eq!(found("rs", RUST, "open").unwrap(), "fn open() {}");
}

#[test]
fn an_impl_is_found_by_its_trait() {
    assert!(found("rs", RUST, "impl Drop for Other").unwrap().contains("fn drop"));
    assert!(found("rs", RUST, "impl Shop").unwrap().contains("fn open"));
}

#[test]
fn a_marker_names_less_than_an_item() {
    assert_eq!(found("rs", RUST, "inside").unwrap(), "self.open = true;");
    let twice = format!("// ANCHOR: inside\n{RUST}");
    assert!(found("rs", &twice, "inside").unwrap_err().contains("must both be there, once"));
}

#[test]
fn python_s_functions_end_where_the_indent_does() {
    let shown = found("py", PYTHON, "main").unwrap();
    assert!(shown.starts_with("# Above.\n@decorated\nasync def main"), "{shown}");
    assert!(shown.ends_with("pass"), "{shown}");
    assert_eq!(
        found("py", PYTHON, "Shop.price").unwrap(),
        "def price(\n    self,\n):\n    return 3"
    );
}

#[test]
fn a_text_without_indent_is_no_end_of_python_s_function() {
    let text = "def main():\n    print(\"\"\"\none\n\ntwo\"\"\")\n    return 1\n\nmain()\n";
    assert!(found("py", text, "main").unwrap().ends_with("two\"\"\")\n    return 1"));
}

#[test]
fn a_name_that_is_not_there_is_an_error_that_says_so() {
    let missing = "file.rs has no item and no marker called shut";
    assert_eq!(found("rs", RUST, "shut").unwrap_err(), missing);
    let twice = RUST.replace("struct Shop", "fn open() {} struct Shop");
    assert!(found("rs", &twice, "open").unwrap_err().contains("2 items called open"));
}

#[test]
fn the_head_comment_is_left_out() {
    let lines: Vec<&str> = RUST.lines().collect();
    assert_eq!(lines[after_the_head(Path::new("a.rs"), &lines)], "use std::fmt;");
    let lines: Vec<&str> = PYTHON.lines().collect();
    assert_eq!(lines[after_the_head(Path::new("a.py"), &lines)], "import asyncio");
    let lines = ["\"\"\"One", "two.", "\"\"\"", "", "code"];
    assert_eq!(after_the_head(Path::new("a.py"), &lines), 4);
}

#[test]
fn a_part_begins_and_ends_with_the_lines_that_contain_a_text() {
    let lines = ["one", "two", "three", "two"];
    assert_eq!(between(&lines, Some("one"), Some("two")), Ok(0..2));
    assert_eq!(between(&lines, Some("th"), Some("tw")), Ok(2..4));
    assert_eq!(between(&lines, None, Some("four")).unwrap_err(), "no line contains \"four\"");
    let several = "2 lines contain \"two\", not one";
    assert_eq!(between(&lines, Some("two"), None).unwrap_err(), several);
}
