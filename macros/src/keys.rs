//! The keys of an attribute: what stands in the parentheses of `#[asyncio::main(debug = true)]`.
//!
//! `KEYS` is the whole list. Each pair is read by itself, so that one bad pair hides no other.
//! Mirrors the arguments of `asyncio.run` and `asyncio.Runner`.

use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::Parse;
use syn::{Error, LitBool, LitInt, LitStr, Path, Result};

use crate::entry::EntryPoint;

/// What the keys ask for. What isn't given stays open: the environment may decide it.
pub(crate) struct Keys {
    pub(crate) debug: Option<bool>,
    /// The variant of `Clock`.
    pub(crate) clock: Option<Ident>,
    pub(crate) seed: Option<u64>,
    pub(crate) seeds: Option<u64>,
    pub(crate) ctrl_c: Option<bool>,
    /// The path of the library.
    pub(crate) library: TokenStream,
}

/// A key that can be given.
struct Key {
    name: &'static str,
    example: &'static str,
    /// The one attribute that has it, if not both do.
    only: Option<EntryPoint>,
    read: fn(&mut Keys, &Value) -> Result<()>,
}

static KEYS: [Key; 6] = [
    Key {
        name: "debug",
        example: "debug = true",
        only: None,
        read: |keys, value| value.boolean().map(|on| keys.debug = Some(on)),
    },
    Key {
        name: "clock",
        example: "clock = \"virtual\"",
        only: None,
        read: |keys, value| value.clock().map(|clock| keys.clock = Some(clock)),
    },
    Key {
        name: "seed",
        example: "seed = 7",
        only: None,
        read: |keys, value| value.number(0).map(|seed| keys.seed = Some(seed)),
    },
    Key {
        name: "seeds",
        example: "seeds = 1000",
        only: Some(EntryPoint::Test),
        read: |keys, value| value.number(1).map(|seeds| keys.seeds = Some(seeds)),
    },
    Key {
        name: "ctrl_c",
        example: "ctrl_c = true",
        only: Some(EntryPoint::Main),
        read: |keys, value| value.boolean().map(|on| keys.ctrl_c = Some(on)),
    },
    Key {
        name: "crate",
        example: "crate = \"path\"",
        only: None,
        read: |keys, value| value.path().map(|path| keys.library = path),
    },
];

impl Key {
    fn belongs_to(&self, entry: EntryPoint) -> bool {
        self.only.is_none_or(|only| only == entry)
    }
}

impl Keys {
    /// Reads all that can be read, and says all that is wrong.
    pub(crate) fn parse(entry: EntryPoint, tokens: TokenStream) -> (Self, Vec<Error>) {
        let mut keys = Self {
            debug: None,
            clock: None,
            seed: None,
            seeds: None,
            ctrl_c: None,
            library: quote!(::asyncio),
        };
        let mut given = Vec::new();
        let mut errors = Vec::new();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for pair in tokens.split_inclusive(|token| is_punct(token, ',')) {
            if let Err(error) = keys.take(entry, pair, &mut given) {
                errors.push(error);
            }
        }
        (keys, errors)
    }

    /// Takes in one pair, with the comma behind it. `given` holds the names of the earlier ones.
    fn take(
        &mut self,
        entry: EntryPoint,
        pair: &[TokenTree],
        given: &mut Vec<&'static str>,
    ) -> Result<()> {
        let (name, rest) = split_name(entry, pair)?;
        let key = known_key(entry, name)?;
        if let Some(message) = clash(key.name, given) {
            return Err(Error::new(name.span(), message));
        }
        given.push(key.name);
        let tokens = value_tokens(key, name, rest)?;
        let name = key.name;
        (key.read)(self, &Value { name, tokens })
    }
}

/// What stands behind the `=`, and the name of the key it is for.
struct Value {
    name: &'static str,
    tokens: TokenStream,
}

impl Value {
    fn boolean(&self) -> Result<bool> {
        let literal: LitBool = self.parse("`true` or `false`")?;
        Ok(literal.value)
    }

    /// A whole number that fits `u64` and is at least `minimum`.
    fn number(&self, minimum: u64) -> Result<u64> {
        let range = format!("a whole number from {minimum} to {}", u64::MAX);
        let literal: LitInt = self.parse(&range)?;
        match literal.base10_parse() {
            Ok(number) if number >= minimum && literal.suffix().is_empty() => Ok(number),
            _ => Err(self.mistake(&range, &literal)),
        }
    }

    /// The variant of `Clock` that is meant.
    fn clock(&self) -> Result<Ident> {
        let clocks = "`\"real\"` or `\"virtual\"`";
        let literal: LitStr = self.parse(clocks)?;
        match literal.value().as_str() {
            "real" => Ok(Ident::new("Real", Span::call_site())),
            "virtual" => Ok(Ident::new("Virtual", Span::call_site())),
            _ => Err(self.mistake(clocks, &self.tokens)),
        }
    }

    fn path(&self) -> Result<TokenStream> {
        let expected = "a path in quotes, such as `\"my_library::asyncio\"`";
        let literal: LitStr = self.parse(expected)?;
        match literal.parse_with(Path::parse_mod_style) {
            Ok(path) => Ok(path.into_token_stream()),
            Err(_) => Err(self.mistake(expected, &self.tokens)),
        }
    }

    fn parse<L: Parse>(&self, expected: &str) -> Result<L> {
        syn::parse2(self.tokens.clone()).map_err(|_| self.mistake(expected, &self.tokens))
    }

    fn mistake(&self, expected: &str, found: &dyn Display) -> Error {
        let message = format!("`{}` is {expected}, not `{found}`", self.name);
        Error::new_spanned(&self.tokens, message)
    }
}

/// Splits a pair into its name and what follows it, leaving out the comma at its end.
fn split_name(entry: EntryPoint, pair: &[TokenTree]) -> Result<(&Ident, &[TokenTree])> {
    let content = match pair {
        [content @ .., comma] if is_punct(comma, ',') => content,
        content => content,
    };
    match content {
        [TokenTree::Ident(name), rest @ ..] if name != "true" && name != "false" => {
            Ok((name, rest))
        }
        [] => {
            let message = "no key before this comma: remove the comma";
            Err(Error::new_spanned(stream(pair), message))
        }
        _ => {
            let value = stream(content);
            let message = format!("`{value}` has no key: write `key = value`{}", known(entry));
            Err(Error::new_spanned(value, message))
        }
    }
}

fn known_key(entry: EntryPoint, name: &Ident) -> Result<&'static Key> {
    let problem = match KEYS.iter().find(|key| name == key.name) {
        None => match nearest(entry, name) {
            _ if name == "trace" => {
                "`trace` is no key: set `ASYNCIO_TRACE=file.json` when you run the program, or call \
                 `Runner::builder().trace(\"file.json\")`"
                    .to_owned()
            }
            Some(nearest) => format!("unknown key `{name}`: did you mean `{nearest}`?"),
            None => format!("unknown key `{name}`"),
        },
        Some(key) => match key.only {
            Some(other) if other != entry => format!("`{name}` is a key of `{other}` only"),
            _ => return Ok(key),
        },
    };
    Err(Error::new(name.span(), problem + &known(entry)))
}

/// The key that was probably meant: a slip of the finger away for every three letters, two at most.
fn nearest(entry: EntryPoint, name: &Ident) -> Option<&'static str> {
    let name = name.to_string().to_lowercase();
    let slips = (name.len() / 3).clamp(1, 2);
    KEYS.iter()
        .filter(|key| key.belongs_to(entry))
        .map(|key| (strsim::osa_distance(&name, key.name), key.name))
        .filter(|(distance, _)| *distance <= slips)
        .min()
        .map(|(_, nearest)| nearest)
}

/// The second line of a message about a key.
fn known(entry: EntryPoint) -> String {
    let keys = KEYS.iter().filter(|key| key.belongs_to(entry));
    let examples: Vec<String> = keys.map(|key| format!("`{}`", key.example)).collect();
    format!("\n`{entry}` knows {}", examples.join(", "))
}

/// Why a key can't join those given before it.
fn clash(name: &str, given: &[&str]) -> Option<String> {
    if given.contains(&name) {
        return Some(format!("`{name}` is given twice: keep one"));
    }
    let has_both = (name == "seed" && given.contains(&"seeds"))
        || (name == "seeds" && given.contains(&"seed"));
    has_both.then(|| "`seed` asks for one run, `seeds` for many: keep one of them".to_owned())
}

/// What follows the `=`.
fn value_tokens(key: &Key, name: &Ident, rest: &[TokenTree]) -> Result<TokenStream> {
    let example = key.example;
    match rest {
        [] => {
            let message = format!("`{name}` has no value: write `{example}`");
            Err(Error::new(name.span(), message))
        }
        [equals] if is_punct(equals, '=') => {
            let message = format!("no value after `=`: write `{example}`");
            Err(Error::new(equals.span(), message))
        }
        [equals, value @ ..] if is_punct(equals, '=') => {
            expect_one_pair(value)?;
            Ok(stream(value))
        }
        [other, ..] => {
            let message = format!("expected `=` after `{name}`: write `{example}`");
            Err(Error::new(other.span(), message))
        }
    }
}

/// A second `=` means that the comma between two pairs is missing.
fn expect_one_pair(value: &[TokenTree]) -> Result<()> {
    let second = value.windows(2).find(|window| is_punct(&window[1], '='));
    match second {
        Some([name, _]) => {
            Err(Error::new(name.span(), format!("expected a comma before `{name}`")))
        }
        _ => Ok(()),
    }
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn stream(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().cloned().collect()
}
