//! Markdown as mdBook reads it.

use pulldown_cmark::{Options, Parser, html};

/// The options that mdBook gives its own parser.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
}

/// A piece of Markdown as HTML.
pub(crate) fn to_html(text: &str) -> String {
    let mut made = String::new();
    html::push_html(&mut made, Parser::new_ext(text, options()));
    made
}

/// A sentence of Markdown as HTML, without a paragraph around it.
pub(crate) fn in_line(text: &str) -> String {
    let html = to_html(text);
    let html = html.trim();
    html.strip_prefix("<p>").and_then(|it| it.strip_suffix("</p>")).unwrap_or(html).to_owned()
}
