//! What must hold of the book beyond that it builds.

mod blocks;
mod form;
mod links;

pub use blocks::blocks_compile;
pub use form::chapters_have_their_form;
pub(crate) use links::links_lead_somewhere;

use crate::building::{Progress, build, none};
use crate::{appendix, pages};

/// Builds the book, which looks at its links, and checks all of it: the form of chapters, the code written in pages, what
/// programs print, and that the appendices name everything.
///
/// # Errors
///
/// Everything that doesn't hold.
pub fn check(progress: Progress<'_>) -> Result<(), String> {
    build(progress, |_| Ok(()))?;
    let pages = pages::all()?;

    let mut wrong = Vec::new();
    let mut look_at = |step: &str, holds: &dyn Fn() -> Result<(), String>| {
        progress(step);
        wrong.extend(holds().err());
    };
    look_at("the form of chapters", &|| none(&chapters_have_their_form(&pages)));
    look_at("the code written in pages", &|| none(&blocks_compile(&pages)?));
    look_at("the names of the public API", &appendix::names::check);
    look_at("the error messages", &appendix::messages::check);
    if let Err(differences) = asyncio_tests::oracle::check_all(progress) {
        wrong.extend(differences);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
