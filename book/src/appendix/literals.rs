//! The texts in the sources that a user may see: string literals of Rust files, and what the compiler says
//! in the `.stderr` files of the UI tests.
//!
//! Literals are found among tokens, not in the syntax tree: most stand in macros (`panic!`, `format!`),
//! whose insides are tokens anyway.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::{Lit, LitStr};

use super::pattern::{letters, of_literal, tidy};
use super::read;

/// A string literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// As the index writes it.
    pub text: String,
    /// File and line.
    pub place: String,
    /// Whether somebody may see it as a message: it stands where messages are made, or has several words.
    pub is_message: bool,
    /// Whether the compiler says it: it stands in an attribute such as `must_use`.
    pub by_compiler: bool,
}

/// Who reads the literals of some code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    /// Whoever the program shows them to, if they have several words.
    Perhaps,
    /// Whoever reads an error.
    AsMessage,
    /// Whoever compiles a program.
    FromCompiler,
}

/// The literals of all Rust files in a folder below `root`, without tests, docs and `Debug` implementations.
///
/// # Errors
///
/// A file that can't be read or isn't Rust.
pub fn of_folder(root: &Path, folder: &str) -> Result<Vec<Literal>, String> {
    let mut literals = Vec::new();
    let mut tests = Vec::new();
    for file in files(&root.join(folder), "rs")? {
        let text = read(&file)?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let name = name.replace('\\', "/");
        let mut reader = Reader { file: &name, literals: Vec::new(), tests: Vec::new() };
        reader.read(&text)?;
        for module in &reader.tests {
            let name = format!("{module}.rs");
            // Beside a `mod.rs`, or in the folder of any other file.
            tests.extend([file.with_file_name(&name), file.with_extension("").join(&name)]);
        }
        literals.push((file.clone(), reader.literals));
    }
    let is_of_a_test = |file: &Path| {
        tests.iter().any(|test| file == test || file.starts_with(test.with_extension("")))
    };
    literals.retain(|(file, _)| !is_of_a_test(file));
    Ok(literals.into_iter().flat_map(|(_, literals)| literals).collect())
}

/// The literals of one Rust text. `file` is for the places.
///
/// # Errors
///
/// A text that isn't Rust.
pub fn of_text(file: &str, text: &str) -> Result<Vec<Literal>, String> {
    let mut reader = Reader { file, literals: Vec::new(), tests: Vec::new() };
    reader.read(text)?;
    Ok(reader.literals)
}

/// What the compiler says in the `.stderr` files of a folder: errors, warnings, notes, help.
///
/// # Errors
///
/// A file that can't be read.
pub fn of_compiler(folder: &Path) -> Result<Vec<String>, String> {
    let mut messages = Vec::new();
    for file in files(folder, "stderr")? {
        messages.extend(read(&file)?.lines().filter_map(message_of_compiler));
    }
    Ok(messages)
}

/// `error[E0308]: mismatched types`, `  = note: …`: what follows the first colon.
fn message_of_compiler(line: &str) -> Option<String> {
    let line = line.trim_start_matches([' ', '=', '|']);
    let (kind, message) = line.split_once(": ")?;
    let kind = kind.split_once('[').map_or(kind, |(kind, _)| kind);
    matches!(kind, "error" | "warning" | "note" | "help").then(|| tidy(message))
}

/// All files with this extension below a folder, sorted.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("cannot read the folder {}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Collects the literals of one file.
struct Reader<'a> {
    file: &'a str,
    literals: Vec<Literal>,
    /// Modules that are there for tests and stand in files of their own.
    tests: Vec<String>,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) -> Result<(), String> {
        let tokens: TokenStream =
            text.parse().map_err(|error| format!("{}: this is not Rust: {error}", self.file))?;
        self.tokens(tokens, Read::Perhaps);
        Ok(())
    }

    fn tokens(&mut self, tokens: TokenStream, read: Read) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = &tokens[..];
        while let Some((first, after)) = rest.split_first() {
            rest = match (first, inner(first, after)) {
                (TokenTree::Punct(hash), [TokenTree::Group(attribute), after @ ..])
                    if hash.as_char() == '#' && attribute.delimiter() == Delimiter::Bracket =>
                {
                    self.attribute(attribute, after)
                }
                (TokenTree::Ident(word), after) if word == "impl" => self.implementation(after),
                (TokenTree::Ident(word), after) => self.call(word, after, read),
                (TokenTree::Group(group), after) => {
                    self.tokens(group.stream(), read);
                    after
                }
                (TokenTree::Literal(literal), after) => {
                    self.literal(&TokenTree::from(literal.clone()), read);
                    after
                }
                (TokenTree::Punct(_), after) => after,
            };
        }
    }

    /// Takes in what the compiler shows of an attribute; leaves the item out that it marks as a test.
    fn attribute<'t>(&mut self, attribute: &Group, after: &'t [TokenTree]) -> &'t [TokenTree] {
        let tokens = attribute.stream();
        let text: String = tokens.to_string().split_whitespace().collect();
        if text.starts_with("must_use") || text.starts_with("diagnostic::") {
            self.tokens(tokens, Read::FromCompiler);
        }
        if text == "cfg(test)" { self.test(after) } else { after }
    }

    /// Passes over an item: to its body's end, or to its semicolon.
    fn test<'t>(&mut self, item: &'t [TokenTree]) -> &'t [TokenTree] {
        let end = item.iter().position(|token| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        });
        let end = end.map_or(item.len(), |end| end + 1);
        if let [.., TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Punct(_)] =
            &item[..end]
            && word == "mod"
        {
            self.tests.push(name.to_string());
        }
        &item[end..]
    }

    /// `impl fmt::Display for Name { … }`: all of `Display` speaks, `Debug` is for developers.
    fn implementation<'t>(&mut self, after: &'t [TokenTree]) -> &'t [TokenTree] {
        let is =
            |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(it) if it == word);
        let head = after.iter().position(|token| match token {
            TokenTree::Group(group) => group.delimiter() != Delimiter::Bracket,
            _ => is(token, "for"),
        });
        let head = &after[..head.unwrap_or(after.len())];
        let body = after.iter().position(|token| {
            matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
        });
        let (Some(body), Some(name)) = (body, head.last()) else { return after };
        if is(name, "Debug") {
            return &after[body + 1..];
        }
        if !is(name, "Display") {
            return after;
        }
        if let TokenTree::Group(group) = &after[body] {
            self.tokens(group.stream(), Read::AsMessage);
        }
        &after[body + 1..]
    }

    /// `panic!(…)`, `.expect(…)`, `Error::new(…)`: what is in the parentheses speaks.
    fn call<'t>(&mut self, word: &Ident, after: &'t [TokenTree], read: Read) -> &'t [TokenTree] {
        const MACROS: [&str; 6] =
            ["panic", "assert", "assert_eq", "assert_ne", "unreachable", "eprintln"];
        let (arguments, after) = match after {
            [TokenTree::Punct(mark), TokenTree::Group(group), after @ ..]
                if mark.as_char() == '!' =>
            {
                (group, after)
            }
            [TokenTree::Group(group), after @ ..] if word == "expect" => (group, after),
            _ => return after,
        };
        let is_message = word == "expect" || MACROS.iter().any(|name| word == name);
        if word == "concat" {
            self.concatenated(arguments.stream(), read);
        } else {
            self.tokens(arguments.stream(), if is_message { Read::AsMessage } else { read });
        }
        after
    }

    /// `concat!("a", env!("B"), "c")` is one literal.
    fn concatenated(&mut self, arguments: TokenStream, read: Read) {
        let mut text = String::new();
        let mut place = None;
        for token in arguments {
            match (&token, literal_text(&token)) {
                (_, Some(literal)) => {
                    text.push_str(&literal.value());
                    place = place.or(Some(literal));
                }
                (TokenTree::Group(_), None) => text.push_str("{}"),
                _ => {}
            }
        }
        if let Some(first) = place {
            self.push(&text, first.span().start().line, read);
        }
    }

    fn literal(&mut self, token: &TokenTree, read: Read) {
        if let Some(literal) = literal_text(token) {
            self.push(&literal.value(), literal.span().start().line, read);
        }
    }

    fn push(&mut self, literal: &str, line: usize, read: Read) {
        let text = of_literal(literal);
        let place = format!("{}:{line}", self.file);
        let is_message = letters(&text) > 0 && (read != Read::Perhaps || text.contains(' '));
        self.literals.push(Literal {
            text,
            place,
            is_message,
            by_compiler: read == Read::FromCompiler,
        });
    }
}

/// `#![doc = "…"]` as `#[doc = "…"]`.
fn inner<'t>(first: &TokenTree, after: &'t [TokenTree]) -> &'t [TokenTree] {
    let is =
        |token: &TokenTree, mark| matches!(token, TokenTree::Punct(it) if it.as_char() == mark);
    match after {
        [mark, TokenTree::Group(_), ..] if is(first, '#') && is(mark, '!') => &after[1..],
        after => after,
    }
}

fn literal_text(token: &TokenTree) -> Option<LitStr> {
    let TokenTree::Literal(literal) = token else { return None };
    match Lit::new(literal.clone()) {
        Lit::Str(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let literals = of_text("a.rs", text).unwrap().into_iter();
        literals.filter(|literal| literal.is_message).map(|literal| literal.text).collect()
    }

    #[test]
    fn messages_are_found_where_they_are_made() {
        let text = r#"
            //! Docs are "not shown".
            /// Nor are "these docs".
            #[must_use = "await it"]
            #[expect(lint, reason = "not shown either")]
            fn f() {
                assert!(ok, "broken: {what}");
                let message = format!("two \
                                       lines");
                map.get("key").expect("there");
            }
            impl fmt::Display for Name {
                fn fmt(&self, f: &mut Formatter) { f.write_str("cancelled") }
            }"#;
        assert_eq!(messages(text), ["await it", "broken: …", "two lines", "there", "cancelled"]);
    }

    #[test]
    fn debug_and_tests_are_left_out() {
        let text = r#"
            impl<T> fmt::Debug for Name<T> {
                fn fmt(&self, f: &mut Formatter) { f.write_str("a debug text") }
            }
            #[cfg(test)]
            mod tests { fn f() { panic!("only in a test") } }
            fn g() { panic!("seen") }"#;
        assert_eq!(messages(text), ["seen"]);
    }

    #[test]
    fn a_concatenated_literal_is_one() {
        assert_eq!(
            messages(r#"const A: &str = concat!("one ", env!("X"), " two");"#),
            ["one … two"]
        );
    }

    #[test]
    fn a_literal_knows_its_line() {
        let literals = of_text("a.rs", "fn f() {\n    panic!(\"seen\")\n}").unwrap();
        assert_eq!(literals[0].place, "a.rs:2");
    }

    #[test]
    fn the_compiler_s_messages_are_its_first_lines_notes_and_help() {
        let lines = ["error[E0308]: mismatched types", " --> body/a.rs:1:2", "  = help: use: that"];
        let found: Vec<String> = lines.into_iter().filter_map(message_of_compiler).collect();
        assert_eq!(found, ["mismatched types", "use: that"]);
    }
}
