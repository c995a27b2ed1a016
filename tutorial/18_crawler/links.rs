//! What a page says that a crawler wants to know: its title, and where it leads.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use url::Url;

/// What `read` found on a page.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Found {
    pub(crate) title: String,
    /// Each once, in the order of the page.
    pub(crate) links: Vec<Url>,
}

/// Reads `html`, a page that was found at `url`.
pub(crate) fn read(html: &str, url: &Url) -> Found {
    let mut found = Found::default();
    let mut base = url.clone();
    let mut in_title = false;
    let mut emitter = DefaultEmitter::default();
    // What stands in a script or a comment is no link.
    emitter.naively_switch_states(true);
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => match &tag.name[..] {
                b"title" => in_title = found.title.is_empty(),
                b"base" => base = target(&tag, &base).unwrap_or(base),
                b"a" | b"area" => found.links.extend(target(&tag, &base)),
                _ => {}
            },
            Token::String(text) if in_title => found.title += &String::from_utf8_lossy(&text),
            Token::EndTag(tag) if &tag.name[..] == b"title" => in_title = false,
            _ => {}
        }
    }
    found.title = found.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut seen = std::collections::HashSet::new();
    found.links.retain(|link| seen.insert(link.clone()));
    found
}

/// Where `tag` leads.
fn target(tag: &StartTag<()>, base: &Url) -> Option<Url> {
    let href = tag.attributes.get(&b"href"[..])?;
    resolve(&String::from_utf8_lossy(href), base)
}

/// The address that `link` means on the page `base`, if it is one of the web. Two addresses that differ after
/// the `#` are one page.
pub(crate) fn resolve(link: &str, base: &Url) -> Option<Url> {
    let mut url = base.join(link.trim()).ok()?;
    url.set_fragment(None);
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> (String, Vec<String>) {
        let found = read(html, &Url::parse("http://site.test/a/b").unwrap());
        (found.title, found.links.iter().map(Url::to_string).collect())
    }

    #[test]
    fn links_are_read_as_a_browser_reads_them() {
        let (title, links) = found(
            "<TITLE> Tea &amp;\n cake </TITLE><a href=c>1</a><A HREF='/d?x=1&amp;y=2'>2</A>\
             <a href=\"../e/./f\">3</a><a href=//other.test/>4</a><a name=here>5</a>",
        );
        assert_eq!(title, "Tea & cake");
        let expected = [
            "http://site.test/a/c",
            "http://site.test/d?x=1&y=2",
            "http://site.test/e/f",
            "http://other.test/",
        ];
        assert_eq!(links, expected);
    }

    #[test]
    fn a_page_is_one_whatever_its_fragment() {
        let (_, links) = found("<a href='/x#1'></a><a href='/x#2'></a><a href='#top'></a>");
        assert_eq!(links, ["http://site.test/x", "http://site.test/a/b"]);
    }

    #[test]
    fn what_is_no_address_of_the_web_is_left_out() {
        let html = "<a href='mailto:a@b.c'></a><a href='javascript:void 0'></a><a href='http://'></a>\
                    <!-- <a href=/comment> --><script>'<a href=/script>'</script><a href='tel:1'></a>";
        assert_eq!(found(html).1, [""; 0]);
    }

    #[test]
    fn a_base_moves_the_links_below_it() {
        let (_, links) = found("<base href='/docs/'><a href=x></a>");
        assert_eq!(links, ["http://site.test/docs/x"]);
    }
}
