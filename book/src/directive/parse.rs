//! Finds the directives of a page, outside code fences and inline code.

use crate::excerpt::Wanted;

/// A part of a page.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// On lines of its own.
    Directive(Directive<'a>),
    /// Within a line.
    Inline(Directive<'a>),
    /// What can't be read, by its line.
    Broken(usize, &'static str),
}

/// `{{name word "two words"`, lines of its body, `}}`.
#[derive(Debug, PartialEq)]
pub struct Directive<'a> {
    /// What it is called.
    pub name: String,
    /// What follows on its first line; quotation marks keep words together.
    pub words: Vec<String>,
    /// The lines up to the closing `}}`.
    pub body: Vec<&'a str>,
    /// The line it begins on, counted from 1.
    pub line: usize,
}

impl<'a> Directive<'a> {
    fn new(head: &str, body: Vec<&'a str>, line: usize) -> Self {
        let mut words = words(head);
        let name = if words.is_empty() { String::new() } else { words.remove(0) };
        Self { name, words, body, line }
    }

    pub(super) fn no_arguments(&self) -> Result<(), String> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(format!("{} takes no arguments: what is {word:?}?", self.name)),
        }
    }

    /// Its one argument; `what` says what it should be.
    pub(super) fn only_argument(&self, what: &str) -> Result<&str, String> {
        match self.words.as_slice() {
            [word] => Ok(word),
            words => Err(format!("{} takes {what} alone, not {words:?}", self.name)),
        }
    }

    /// Its first argument; `what` says what it should be.
    pub(super) fn first_argument(&self, what: &str) -> Result<&str, String> {
        let first = self.words.first().map(String::as_str);
        first.ok_or(format!("{} needs {what}", self.name))
    }

    /// `[ANCHOR] [from TEXT] [to TEXT]`, behind the first argument.
    pub(super) fn wanted(&self) -> Result<Wanted, String> {
        let mut wanted = Wanted::default();
        let mut anchor: Vec<&str> = Vec::new();
        let mut words = self.words.iter().skip(1).map(String::as_str);
        while let Some(word) = words.next() {
            let mut text = || words.next().ok_or(format!("{word} needs a text")).map(str::to_owned);
            match word {
                "from" => wanted.from = Some(text()?),
                "to" => wanted.to = Some(text()?),
                // `impl Wake for TaskWaker` is one anchor.
                word if anchor.is_empty() || anchor[0] == "impl" => anchor.push(word),
                other => return Err(format!("{}: what is {other:?}?", self.name)),
            }
        }
        wanted.anchor = (!anchor.is_empty()).then(|| anchor.join(" "));
        Ok(wanted)
    }
}

const UNCLOSED: &str = "this `{{` is never closed";

/// The page, cut at its directives.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut fence: Option<(usize, &str)> = None;
    let mut lines = text.split_inclusive('\n').zip(1..);
    while let Some((line, number)) = lines.next() {
        let trimmed = line.trim();
        if let Some((_, open)) = fence {
            if trimmed.starts_with(open) && trimmed.chars().all(|c| open.starts_with(c)) {
                fence = None;
            }
            pieces.push(Piece::Text(line));
        } else if let Some(open) = opened_fence(trimmed) {
            fence = Some((number, open));
            pieces.push(Piece::Text(line));
        } else if let Some(head) = alone(trimmed) {
            pieces.push(Piece::Directive(Directive::new(head, Vec::new(), number)));
        } else if trimmed.starts_with("{{") && !trimmed.contains("}}") {
            let mut below = lines.clone();
            pieces.push(match body(&mut below) {
                Some(body) => {
                    lines = below;
                    Piece::Directive(Directive::new(&trimmed[2..], body, number))
                }
                None => Piece::Broken(number, UNCLOSED),
            });
        } else if trimmed == "}}" {
            pieces.push(Piece::Broken(number, "this `}}` closes nothing"));
        } else {
            within(line, number, &mut pieces);
        }
    }
    if let Some((number, _)) = fence {
        // No directive behind it was seen. A block that begins behind a list's `-` looks like this.
        let message = "this code block is never closed: it begins and ends on lines of its own";
        pieces.push(Piece::Broken(number, message));
    }
    pieces
}

/// The backticks or tildes that open a code block.
fn opened_fence(line: &str) -> Option<&str> {
    let run = |mark: char| line.len() - line.trim_start_matches(mark).len();
    let length = run('`').max(run('~'));
    // With backticks behind them too, they are code within a line.
    let is_code = run('`') > 0 && line[length..].contains('`');
    (length >= 3 && !is_code).then(|| &line[..length])
}

/// The inside of a directive that is the whole line.
fn alone(line: &str) -> Option<&str> {
    let inside = line.strip_prefix("{{")?.strip_suffix("}}")?;
    (!inside.contains("}}")).then_some(inside)
}

/// The lines up to `}}`, which may stand behind the last one. There are none where another directive
/// begins first.
fn body<'a>(lines: &mut impl Iterator<Item = (&'a str, usize)>) -> Option<Vec<&'a str>> {
    let mut body = Vec::new();
    for (line, _) in lines {
        let line = line.trim_end();
        if line.starts_with("{{") {
            return None;
        }
        if let Some(last) = line.strip_suffix("}}") {
            if !last.trim().is_empty() {
                body.push(last.trim_end());
            }
            return Some(body);
        }
        body.push(line);
    }
    None
}

/// Cuts a line at the directives in it. Those between backticks are text.
fn within<'a>(line: &'a str, number: usize, pieces: &mut Vec<Piece<'a>>) {
    let mut rest = line;
    let mut from = 0;
    while let Some(start) = rest[from..].find("{{").map(|start| from + start) {
        let in_code = rest[..start].matches('`').count() % 2 == 1;
        if in_code {
            from = start + 2;
            continue;
        }
        let Some(end) = rest[start..].find("}}").map(|end| start + end) else {
            return pieces.push(Piece::Broken(number, UNCLOSED));
        };
        pieces.push(Piece::Text(&rest[..start]));
        let head = &rest[start + 2..end];
        pieces.push(Piece::Inline(Directive::new(head, Vec::new(), number)));
        rest = &rest[end + 2..];
        from = 0;
    }
    pieces.push(Piece::Text(rest));
}

/// Words between spaces, or between quotation marks. `\"` is a quotation mark.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(&next) = characters.peek() {
        if next.is_whitespace() {
            characters.next();
            continue;
        }
        let quoted = next == '"';
        if quoted {
            characters.next();
        }
        let mut word = String::new();
        while let Some(character) = characters.next() {
            match character {
                '\\' if characters.peek() == Some(&'"') => word.extend(characters.next()),
                '"' if quoted => break,
                character if !quoted && character.is_whitespace() => break,
                character => word.push(character),
            }
        }
        words.push(word);
    }
    words
}
