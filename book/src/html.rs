//! HTML, as the checks read it and the directives write it: start tags with their attributes; text as HTML
//! shows it.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
    TokenizerOpts,
};

/// A start tag.
pub(crate) struct Start {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Start {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.get("class").is_some_and(|classes| classes.split_whitespace().any(|it| it == class))
    }
}

impl From<Tag> for Start {
    fn from(tag: Tag) -> Self {
        let attributes = tag.attrs.into_iter();
        let attributes = attributes.map(|it| (it.name.local.to_string(), it.value.to_string()));
        Self { name: tag.name.to_string(), attributes: attributes.collect() }
    }
}

/// The start tags of a page, in their order. What scripts and styles hold are none.
pub(crate) fn start_tags(html: &str) -> Vec<Start> {
    let tokenizer = Tokenizer::new(Starts::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    // It stops at each script, to have it run. Nobody does.
    while !matches!(tokenizer.feed(&input), html5ever::TokenizerResult::Done) {}
    tokenizer.end();
    tokenizer.sink.0.take()
}

#[derive(Default)]
struct Starts(RefCell<Vec<Start>>);

impl TokenSink for Starts {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let TagToken(tag) = token else { return TokenSinkResult::Continue };
        if tag.kind != StartTag {
            return TokenSinkResult::Continue;
        }
        let next = match &*tag.name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" => TokenSinkResult::RawData(RawKind::Rawtext),
            _ => TokenSinkResult::Continue,
        };
        self.0.borrow_mut().push(tag.into());
        next
    }
}

/// Text as HTML shows it.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_in_scripts_and_styles_are_text() {
        let html = "<script>'<a>'</script><style><b></style><p id=x class='y z'><br/></p>";
        let tags = start_tags(html);
        let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(names, ["script", "style", "p", "br"]);
        assert!(tags[2].has_class("z") && tags[2].get("id") == Some("x"));
    }
}
