//! Tells open pages of the next book: Server-Sent Events, and the script in each served page that
//! listens to them.
//!
//! An event is the state: a line with the fingerprint of the book that is served now (a page of
//! another one loads itself again), then the reason why there is no newer one, if a build has failed.
//! The built files stay as they are: the script is in what is sent alone.

use std::convert::Infallible;
use std::fmt::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};

use super::current::{State, Subscription};

/// Where the events are. No page of a book has this path.
pub(super) const PATH: &str = "/-/changes";

const SCRIPT: &str = include_str!("reload.js");

/// `page` with the script in it, at the end of its body.
pub(super) fn with_script(page: &[u8], fingerprint: &str) -> Vec<u8> {
    let script = format!("<script data-book=\"{fingerprint}\">\n{SCRIPT}</script>\n");
    let end = b"</body>";
    let position = page.windows(end.len()).rposition(|window| window == end);
    let (before, after) = page.split_at(position.unwrap_or(page.len()));
    [before, script.as_bytes(), after].concat()
}

/// An answer's body that goes on as long as the page is open.
#[derive(Debug)]
pub(super) struct Events(pub(super) Subscription);

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = |state: State| Frame::data(event(&state).into());
        self.0.poll_next(cx).map(|state| Some(Ok(frame(state))))
    }
}

fn event(state: &State) -> String {
    let mut text = format!("data: {}\n", state.fingerprint);
    let failure = state.failure.as_deref().unwrap_or_default().replace("\r\n", "\n");
    // A carriage return would end a line as well.
    for line in failure.trim_end().split(['\n', '\r']).filter(|_| state.failure.is_some()) {
        writeln!(text, "data: {line}").expect("a string takes any text");
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Site;

    #[test]
    fn the_script_stands_at_the_end_of_the_body() {
        let page = with_script(b"<body>\"</body>\" quoted</body></html>", "1f");
        let page = String::from_utf8(page).unwrap();
        assert!(page.starts_with("<body>\"</body>\" quoted<script data-book=\"1f\">"), "{page}");
        assert!(page.ends_with("</script>\n</body></html>"), "{page}");
    }

    #[test]
    fn a_page_without_a_body_s_end_gets_the_script_at_its_end() {
        let page = String::from_utf8(with_script(b"<p>short", "1f")).unwrap();
        assert!(page.starts_with("<p>short<script") && page.ends_with("</script>\n"), "{page}");
    }

    #[test]
    fn the_script_holds_nothing_that_ends_it() {
        assert!(!SCRIPT.contains("</"));
    }

    fn state(failure: Option<&str>) -> State {
        let site = Site::from_iter([]).into();
        State { site, fingerprint: "1f".into(), failure: failure.map(Into::into) }
    }

    #[test]
    fn a_good_book_s_event_is_its_fingerprint() {
        assert_eq!(event(&state(None)), "data: 1f\n\n");
    }

    #[test]
    fn a_message_of_many_lines_is_one_event() {
        assert_eq!(
            event(&state(Some("a page\r\nis\rgone: \n\nSUMMARY.md\n"))),
            "data: 1f\ndata: a page\ndata: is\ndata: gone: \ndata: \ndata: SUMMARY.md\n\n"
        );
    }
}
