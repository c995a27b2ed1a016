//! Markdown as mdBook reads it.

use mdbook_markdown::pulldown_cmark::{Parser, html};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

/// mdBook's own parser, with the options that it has where book.toml sets none.
pub(crate) fn parser(text: &str) -> Parser<'_> {
    new_cmark_parser(text, &MarkdownOptions::default())
}

/// A piece of Markdown as HTML.
pub(crate) fn to_html(text: &str) -> String {
    let mut made = String::new();
    html::push_html(&mut made, parser(text));
    made
}

/// A sentence of Markdown as HTML, without a paragraph around it.
pub(crate) fn in_line(text: &str) -> String {
    let html = to_html(text);
    let html = html.trim();
    html.strip_prefix("<p>").and_then(|it| it.strip_suffix("</p>")).unwrap_or(html).to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_apostrophe_looks_as_on_the_rest_of_the_page() {
        assert_eq!(super::in_line("It *doesn't*."), "It <em>doesn’t</em>.");
    }
}
