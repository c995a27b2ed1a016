//! Writing a table: code, ids, links.
//!
//! They are HTML, since Markdown's have no ids and no row headers. They hold no empty line,
//! which would end the HTML for a Markdown parser.

use super::page_file;
use crate::excerpt::read;
use crate::html::escape;

/// What stands where Python has nothing.
pub(crate) const NOTHING: &str = "–";

/// Text whose `code` stands between backquotes.
pub(crate) fn inline(text: &str) -> String {
    let parts = text.split('`').map(escape).enumerate();
    parts
        .map(|(index, part)| if index % 2 == 1 { format!("<code>{part}</code>") } else { part })
        .collect()
}

/// A whole text as code.
pub(crate) fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// A link from an appendix to another page, in the words of that page's title; nothing without a page.
pub(crate) fn link(page: Option<&str>) -> String {
    page.map(|page| link_with(page, &title(page))).unwrap_or_default()
}

fn link_with(page: &str, words: &str) -> String {
    let (file, id) = page.split_once('#').map_or((page, None), |(file, id)| (file, Some(id)));
    let file = file.strip_suffix(".md").unwrap_or(file);
    let id = id.map(|id| format!("#{id}")).unwrap_or_default();
    format!(" See <a href=\"../{file}.html{id}\">{}</a>.", inline(words))
}

/// A page's title; a page that isn't there is reported by the checks.
fn title(page: &str) -> String {
    let text = read(&page_file(page)).unwrap_or_default();
    let title = text.lines().find_map(|line| line.strip_prefix("# "));
    title.unwrap_or(page).to_owned()
}

/// An id for a text: its words, in lower case, joined by `-`.
pub(crate) fn slug(text: &str) -> String {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    let words: Vec<String> =
        words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
    words.join("-")
}

/// A table: its name for those who can't see the heading above it, its columns, its rows.
///
/// Every part of it names its role: on a phone the stylesheet shows the rows as blocks, and a browser
/// takes a table that isn't shown as one for no table.
pub(crate) fn table(class: &str, name: &str, columns: &[&str], rows: &[String]) -> String {
    let head = |column: &&str| format!("<th role=\"columnheader\" scope=\"col\">{column}</th>");
    let heads: String = columns.iter().map(head).collect();
    format!(
        "<div class=\"table-wrapper\">\n<table class=\"{class}\" role=\"table\" aria-label=\"{}\">\n\
         <thead role=\"rowgroup\"><tr role=\"row\">{heads}</tr></thead>\n\
         <tbody role=\"rowgroup\">\n{}\n</tbody>\n</table>\n</div>\n",
        escape(name),
        rows.join("\n"),
    )
}

/// A row of such a table: its header, then its cells, each under the name of its column, which the
/// stylesheet shows where there are no columns.
pub(crate) fn row(id: &str, header: &str, cells: &[(&str, String)]) -> String {
    let cell = |(column, text): &(&str, String)| {
        format!("<td role=\"cell\" data-column=\"{}\">{text}</td>", escape(column))
    };
    let cells: String = cells.iter().map(cell).collect();
    format!(
        "<tr role=\"row\" id=\"{id}\"><th role=\"rowheader\" scope=\"row\">{header}</th>{cells}</tr>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_code_is_marked() {
        assert_eq!(inline("a < `Vec<T>`, b"), "a &lt; <code>Vec&lt;T&gt;</code>, b");
    }

    #[test]
    fn a_link_leads_from_the_appendix_to_the_built_page_and_bears_its_title() {
        let expected = " See <a href=\"../guide/tasks.html#names\">Tasks</a>.";
        assert_eq!(link(Some("guide/tasks.md#names")), expected);
        assert_eq!(link(None), "");
    }

    #[test]
    fn an_id_is_made_of_a_text_s_words() {
        assert_eq!(slug("Task::cancel_with"), "task-cancel-with");
    }
}
