//! What must hold of the book beyond that it builds.

mod blocks;
mod form;
mod html;
mod links;

pub use blocks::blocks_compile;
pub use form::chapters_have_their_form;
pub use links::links_lead_somewhere;

use crate::building::{Progress, build, listed};
use crate::{appendix, pages};

/// Builds the book and checks all of it: links, the form of chapters, the code written in pages, what
/// programs print, and that the appendices name everything.
///
/// # Errors
///
/// Everything that doesn't hold.
pub fn check(progress: Progress<'_>) -> Result<(), String> {
    let pages = pages::all()?;
    let lost_links = build(progress, |html| links_lead_somewhere(html, &pages))?;

    let mut wrong = Vec::new();
    let mut note = |step: &str, outcome: Result<(), String>| {
        progress(step);
        wrong.extend(outcome.err());
    };
    let listed =
        |problems: Vec<_>| if problems.is_empty() { Ok(()) } else { Err(listed(&problems)) };
    note("links", listed(lost_links));
    note("the form of chapters", listed(chapters_have_their_form(&pages)));
    note("the code written in pages", blocks_compile(&pages).and_then(listed));
    note("the names of the public API", appendix::names::check());
    note("the error messages", appendix::messages::check());
    if let Err(differences) = asyncio_tests::oracle::check_all(progress) {
        wrong.extend(differences);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
