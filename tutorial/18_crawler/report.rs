//! The report: one HTML file, with all that it needs in itself.

use std::fmt::Write;

use crate::store::Page;
use crate::summary::{Findings, Kind};

/// The page around it, with its style and its script. `{{NAME}}` are the places to fill.
const TEMPLATE: &str = include_str!("report.html");

/// How many of the slowest pages are shown.
const SLOWEST: usize = 10;

/// The report on a crawl that began at `start`.
pub(crate) fn report(start: &str, findings: &Findings) -> String {
    let places = [
        ("START", escape(start)),
        ("TILES", tiles(findings)),
        ("SHARES", shares(findings)),
        ("BROKEN", broken(findings)),
        ("SLOWEST", slowest(findings)),
        ("PAGES", findings.pages.iter().map(|page| row(findings, page)).collect()),
    ];
    // From place to place, so that what a page says is never taken for one.
    let mut report = String::new();
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        report += before;
        report.extend(places.iter().filter(|(it, _)| *it == name).map(|(_, text)| text.as_str()));
        rest = after;
    }
    report + rest
}

/// Text of others, made safe to stand between tags and in an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// The name of a kind in the style.
fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Fine => "fine",
        Kind::Redirect => "redirect",
        Kind::Broken => "broken",
        Kind::Unanswered => "unanswered",
        Kind::Forbidden => "forbidden",
        Kind::Waiting => "waiting",
    }
}

fn kinds(findings: &Findings) -> impl Iterator<Item = (Kind, usize)> {
    Kind::ALL.into_iter().map(|kind| (kind, findings.count(kind))).filter(|(_, count)| *count > 0)
}

fn tiles(findings: &Findings) -> String {
    let mut tiles = format!("<li><b>{}</b> pages known</li>\n", findings.pages.len());
    for (kind, count) in kinds(findings) {
        let _ = writeln!(tiles, "<li class={}><b>{count}</b> {}</li>", class(kind), kind.name());
    }
    tiles
}

fn shares(findings: &Findings) -> String {
    let mut shares = String::new();
    for (kind, count) in kinds(findings) {
        let (class, name) = (class(kind), kind.name());
        let _ = write!(
            shares,
            "<span class={class} style=\"flex-grow:{count}\" title=\"{count} {name}\"></span>"
        );
    }
    shares
}

fn link(findings: &Findings, url: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escape(url), escape(findings.short(url)))
}

fn mark(page: &Page) -> String {
    let text = match Kind::of(page) {
        Kind::Unanswered => "no answer".into(),
        Kind::Forbidden => "forbidden".into(),
        Kind::Waiting => "waiting".into(),
        Kind::Fine | Kind::Redirect | Kind::Broken => {
            page.status.map(|status| status.to_string()).unwrap_or_default()
        }
    };
    format!("<span class=\"mark {}\">{text}</span>", class(Kind::of(page)))
}

fn broken(findings: &Findings) -> String {
    let is_broken = |page: &&Page| matches!(Kind::of(page), Kind::Broken | Kind::Unanswered);
    let mut rows = String::new();
    for page in findings.pages.iter().filter(is_broken) {
        let sources: Vec<_> =
            findings.sources(page).iter().map(|source| link(findings, source)).collect();
        let _ = writeln!(
            rows,
            "<tr><td>{}<td>{}<td>{}<td class=note>{}",
            mark(page),
            link(findings, page.url.as_str()),
            if sources.is_empty() { "the start".into() } else { sources.join("<br>") },
            escape(&page.note),
        );
    }
    if rows.is_empty() {
        return "<p>None. Every page that was asked for is there.".into();
    }
    format!(
        "<div class=wide><table><tr><th>Status<th>Page<th>Linked from<th>Why\n{rows}</table></div>"
    )
}

fn slowest(findings: &Findings) -> String {
    let mut pages: Vec<&Page> =
        findings.pages.iter().filter(|page| page.status.is_some()).collect();
    pages.sort_by(|a, b| b.milliseconds.cmp(&a.milliseconds).then_with(|| a.url.cmp(&b.url)));
    let most = pages.first().map_or(1, |page| page.milliseconds.max(1));
    let mut rows = String::new();
    for page in pages.into_iter().take(SLOWEST) {
        let (took, share) = (page.milliseconds, page.milliseconds * 100 / most);
        let address = link(findings, page.url.as_str());
        let _ = writeln!(
            rows,
            "<li>{address}<span class=time><i style=\"width:{share}%\"></i></span><b>{took} ms</b></li>"
        );
    }
    rows
}

fn row(findings: &Findings, page: &Page) -> String {
    let size = page.bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
    let time = page.status.map(|_| page.milliseconds.to_string()).unwrap_or_default();
    let what = match Kind::of(page) {
        Kind::Fine => escape(&page.title),
        Kind::Redirect => format!("→ {}", link(findings, &page.note)),
        _ => format!("<span class=note>{}</span>", escape(&page.note)),
    };
    let tries = if page.tries > 1 {
        format!(" <span class=note>· {} tries</span>", page.tries)
    } else {
        String::new()
    };
    format!(
        "<tr><td>{}<td>{}<td>{what}{tries}<td class=number>{time}<td class=number>{size}\
         <td class=number>{}<td class=number>{}\n",
        mark(page),
        link(findings, page.url.as_str()),
        findings.sources(page).len(),
        findings.targets(page),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use url::Url;

    use super::*;
    use crate::store::State;

    #[test]
    fn what_a_page_says_is_text_in_the_report() {
        let mut page = Page::new(Url::parse("http://a.test/?x=<b>\"").unwrap());
        page.state = State::Answered;
        page.status = Some(200);
        page.title = "<script>alert(1)</script>{{START}}".into();
        let report = report("http://a.test/", &Findings::new(vec![page], HashSet::new()));
        assert!(report.contains("&lt;script&gt;alert(1)&lt;/script&gt;{{START}}"));
        assert!(!report.contains("<script>alert"));
        assert!(!report.contains("{{PAGES}}"));
    }
}
