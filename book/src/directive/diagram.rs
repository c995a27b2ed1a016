//! `diagram`: an SVG from a text in Pikchr, in the theme's colours.

use std::fmt::Write as _;

use pikchr::{Pikchr, PikchrFlags};

use super::{Directive, escape};

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
    Ok(figure(&themed(&drawn), alternative))
}

/// An SVG with its alternative text, which is its caption too.
pub(super) fn figure(svg: &str, alternative: &str) -> String {
    let alternative = escape(alternative);
    let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{alternative}\" "), 1);
    // One line: a blank one would end the block, and Markdown would read the rest.
    let svg = svg.replace('\n', "");
    format!("<figure class=\"diagram\">{svg}<figcaption>{alternative}</figcaption></figure>\n")
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
