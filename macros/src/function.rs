//! What an attribute stands on: whether it is a function, and one that can start by itself.
//!
//! The body is never looked into. Its tokens pass through as they are, so that a body somebody is
//! still typing reaches the compiler and the editor whole.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Abi, Attribute, Error, Result, Safety, Signature, Token, Visibility};

use crate::entry::EntryPoint;

/// A function, taken apart where the expansion has its seams.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
}

impl Function {
    /// Reads a function, and says everything that keeps it from being an entry point.
    ///
    /// Comes back mended where there is nothing to guess, so that one mistake makes one error.
    pub(crate) fn parse(entry: EntryPoint, item: TokenStream) -> Result<(Self, Vec<Error>)> {
        let mut function = (|input: ParseStream| Self::read(entry, input)).parse2(item)?;
        let faults = function.faults(entry);
        function.mend();
        Ok((function, faults))
    }

    /// `fn name(&self)`
    pub(crate) fn is_method(&self) -> bool {
        self.signature.receiver().is_some()
    }

    /// Whether `name()` calls it.
    pub(crate) fn is_callable(&self) -> bool {
        self.signature.inputs.is_empty() && self.signature.generics.params.is_empty()
    }

    fn read(entry: EntryPoint, input: ParseStream) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        expect_function(entry, input)?;
        Ok(Self { attributes, visibility, signature: input.parse()?, body: input.parse()? })
    }

    fn faults(&self, entry: EntryPoint) -> Vec<Error> {
        let mut faults = self.second_starts(entry);
        faults.extend(self.signature_faults(entry));
        faults.extend(self.missing_parts(entry));
        faults
    }

    /// `#[test]`, `#[tokio::main]`, `#[asyncio::main]` again.
    fn second_starts(&self, entry: EntryPoint) -> Vec<Error> {
        let message = format!("`{entry}` starts this function already: remove this attribute");
        let others = self.attributes.iter().filter(|it| starts_a_function(it));
        others.map(|it| Error::new_spanned(it, &message)).collect()
    }

    /// What may not be there, with the reason.
    fn signature_faults(&self, entry: EntryPoint) -> Vec<Error> {
        let signature = &self.signature;
        let unsafety = match &signature.safety {
            Safety::Unsafe(word) => word.to_token_stream(),
            _ => TokenStream::new(),
        };
        let (parameters, why_no_parameters) = self.parameters(entry);
        let forbidden = [
            (
                signature.constness.to_token_stream(),
                "can't be `const`: it starts when the program runs. Remove `const`",
            ),
            (
                unsafety,
                "can't be `unsafe`: it has no caller to keep its promises. Use `unsafe` blocks in its body",
            ),
            (
                signature.abi.to_token_stream(),
                "can't be `extern`: only Rust code calls it. Remove `extern`",
            ),
            (
                signature.generics.to_token_stream(),
                "can't be generic: nothing says which type to put in. Write that type",
            ),
            (parameters, why_no_parameters),
            (
                signature.variadic.to_token_stream(),
                "can't be variadic: nothing could pass the arguments. Remove `...`",
            ),
            (
                signature.generics.where_clause.to_token_stream(),
                "can't have a `where` clause: it has no parameters to constrain. Remove the clause",
            ),
        ];
        forbidden
            .into_iter()
            .filter(|(tokens, _)| !tokens.is_empty())
            .map(|(tokens, why)| (tokens, format!("a function under `{entry}` {why}")))
            .map(|(tokens, message)| Error::new_spanned(tokens, message))
            .collect()
    }

    /// The parameters, and why there can be none.
    fn parameters(&self, entry: EntryPoint) -> (TokenStream, &'static str) {
        if let Some(receiver) = self.signature.receiver() {
            let why = "can't be a method: there is no `self` to call it on. \
                       Move it out of the `impl` or `trait`";
            return (receiver.to_token_stream(), why);
        }
        let why = match entry {
            EntryPoint::Main => {
                "takes no arguments: nothing could pass them. \
                 `std::env::args()` has those of the command line"
            }
            EntryPoint::Test => {
                "takes no arguments: nothing could pass them. \
                 Loop over the cases in its body"
            }
        };
        (self.signature.inputs.to_token_stream(), why)
    }

    /// What has to be there and isn't.
    fn missing_parts(&self, entry: EntryPoint) -> Vec<Error> {
        let Signature { asyncness, fn_token, ident, .. } = &self.signature;
        let mut faults = Vec::new();
        if asyncness.is_none() {
            let message = format!("`{entry}` runs an `async fn`: write `async fn {ident}`");
            faults.push(Error::new_spanned(fn_token, message));
        }
        if !has_body(&self.body) && !self.is_method() {
            let message = format!("`{entry}` has nothing to run: give `{ident}` a body");
            faults.push(Error::new_spanned(&self.body, message));
        }
        faults
    }

    fn mend(&mut self) {
        self.attributes.retain(|attribute| !starts_a_function(attribute));
        let signature = &mut self.signature;
        signature.constness = None;
        signature.safety = Safety::Default;
        signature.abi = None;
        signature.variadic = None;
        signature.asyncness.get_or_insert(Token![async](signature.fn_token.span));
        if !has_body(&self.body) {
            self.body = quote!({ ::core::unreachable!() });
        }
    }
}

/// Says so where something else stands: a struct, a module.
fn expect_function(entry: EntryPoint, input: ParseStream) -> Result<()> {
    let ahead = input.fork();
    ahead.parse::<Option<Token![const]>>()?;
    ahead.parse::<Option<Token![async]>>()?;
    ahead.parse::<Option<Token![unsafe]>>()?;
    ahead.parse::<Option<Abi>>()?;
    if ahead.peek(Token![fn]) {
        return Ok(());
    }
    Err(input.error(format!(
        "expected an `async fn` after `{entry}`, such as `async fn main() {{ ... }}`"
    )))
}

/// `#[test]` and every runtime's own: `#[asyncio::main]`, `#[tokio::test]`.
fn starts_a_function(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "main" || last.ident == "test")
}

/// A body is the braces it starts with, whatever is in them. Around a macro's `$body:block` there is
/// one more group, without delimiters.
fn has_body(body: &TokenStream) -> bool {
    match body.clone().into_iter().next() {
        Some(TokenTree::Group(group)) => match group.delimiter() {
            Delimiter::None => has_body(&group.stream()),
            delimiter => delimiter == Delimiter::Brace,
        },
        _ => false,
    }
}
