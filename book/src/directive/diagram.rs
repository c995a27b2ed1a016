//! `diagram`: an SVG from a text in Pikchr, in the theme's colours.

use std::fmt::{Display, Write as _};

use pikchr::{Pikchr, PikchrFlags};

use super::Directive;
use crate::html::escape;

/// Colours that nobody would choose, to be replaced by the theme's. Pikchr knows numbers only.
const COLOURS: [(&str, u32, &str); 2] = [
    ("accent", 0x0d_00_01, "var(--diagram-accent)"),
    ("muted", 0x0d_00_02, "var(--diagram-muted)"),
];

/// `{{diagram "ALTERNATIVE TEXT"`, Pikchr, `}}`
pub(super) fn diagram(directive: &Directive<'_>) -> Result<String, String> {
    let alternative = directive.only_argument("a text for who can't see it, in quotation marks")?;
    let mut source = String::new();
    for (name, number, _) in COLOURS {
        let _ = writeln!(source, "{name} = {number}");
    }
    source += &directive.body.join("\n");
    let drawn = Pikchr::render(&source, None, PikchrFlags::default())
        .map_err(|error| format!("Pikchr can't draw this:\n{error}"))?;
    let svg = sized(&themed(&drawn), drawn.width(), drawn.height());
    Ok(figure(&svg, alternative))
}

/// An SVG, and below it what it shows, in words. A screen reader reads the words, once.
pub(super) fn figure(svg: &str, words: &str) -> String {
    let words = escape(words);
    let svg = svg.replacen("<svg ", "<svg aria-hidden=\"true\" ", 1);
    // One line: a blank one would end the block, and Markdown would read the rest.
    let svg = svg.replace('\n', "");
    format!("<figure class=\"diagram\">{svg}<figcaption>{words}</figcaption></figure>\n")
}

/// Says how large an SVG is, or a browser without scripts would stretch it over the page.
pub(super) fn sized(svg: &str, width: impl Display, height: impl Display) -> String {
    svg.replacen("<svg ", &format!("<svg width=\"{width}\" height=\"{height}\" "), 1)
}

/// Pikchr's colours as the theme's.
fn themed(svg: &str) -> String {
    let mut svg = svg.replace("rgb(0,0,0)", "currentColor");
    for (_, number, colour) in COLOURS {
        let [_, red, green, blue] = number.to_be_bytes();
        svg = svg.replace(&format!("rgb({red},{green},{blue})"), colour);
    }
    svg
}
