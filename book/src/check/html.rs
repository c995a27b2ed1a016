//! What the check of links reads of a page's HTML: its ids, and what it refers to.

use std::cell::RefCell;
use std::collections::BTreeMap;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

#[derive(Debug, Default)]
pub(super) struct Html {
    /// With how often each occurs.
    pub(super) ids: BTreeMap<String, usize>,
    pub(super) references: Vec<Reference>,
}

/// A `href` or a `src`.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) target: String,
    /// To be followed by a reader, not loaded with the page.
    pub(super) is_link: bool,
}

impl Html {
    pub(super) fn parse(text: &str) -> Self {
        let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts::default());
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(text));
        // It stops at each script, to have it run. Nobody does.
        while !matches!(tokenizer.feed(&input), html5ever::TokenizerResult::Done) {}
        tokenizer.end();
        tokenizer.sink.0.into_inner()
    }

    pub(super) fn repeated_ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().filter(|(_, count)| **count > 1).map(|(id, _)| id.as_str())
    }

    fn add(&mut self, tag: &Tag) {
        for attribute in &tag.attrs {
            let value = attribute.value.to_string();
            match &*attribute.name.local {
                "id" => *self.ids.entry(value).or_default() += 1,
                "href" | "src" => {
                    let is_link = &*tag.name == "a";
                    self.references.push(Reference { target: value, is_link });
                }
                _ => {}
            }
        }
    }
}

#[derive(Default)]
struct Reader(RefCell<Html>);

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        if tag.kind != TagKind::StartTag {
            return TokenSinkResult::Continue;
        }
        self.0.borrow_mut().add(&tag);
        match &*tag.name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" => TokenSinkResult::RawData(RawKind::Rawtext),
            _ => TokenSinkResult::Continue,
        }
    }
}
