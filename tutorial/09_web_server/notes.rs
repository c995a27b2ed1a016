//! What the service does, whatever speaks HTTP for it: both routers call these functions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asyncio::http::StatusCode;
use asyncio::sleep;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Serialize)]
pub(crate) struct Note {
    id: u64,
    text: String,
}

/// What a client sends.
#[derive(Deserialize)]
pub(crate) struct NewNote {
    text: String,
}

#[derive(Serialize)]
pub(crate) struct Report {
    notes: usize,
    letters: usize,
}

/// Why a request isn't done. It is the client's mistake, so the client is told.
pub(crate) enum Refused {
    NoSuchNote(u64),
    NoText,
}

impl Refused {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchNote(_) => StatusCode::NOT_FOUND,
            Self::NoText => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub(crate) fn json(&self) -> Value {
        match self {
            Self::NoSuchNote(id) => json!({ "error": format!("there is no note {id}") }),
            Self::NoText => json!({ "error": "a note needs a text" }),
        }
    }
}

/// The notes. Clones share them.
///
/// All runs on one thread, so `Rc<RefCell<…>>` would do for our own server. axum is made for many threads, and
/// asks for what may go from one to another.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    last: u64,
    notes: BTreeMap<u64, Note>,
    reports: usize,
}

impl Notes {
    pub(crate) fn list(&self, containing: &str) -> Vec<Note> {
        let wanted = |note: &&Note| note.text.contains(containing);
        self.kept().notes.values().filter(wanted).cloned().collect()
    }

    pub(crate) fn add(&self, new: NewNote) -> Result<Note, Refused> {
        if new.text.trim().is_empty() {
            return Err(Refused::NoText);
        }
        let mut kept = self.kept();
        kept.last += 1;
        let note = Note { id: kept.last, text: new.text };
        kept.notes.insert(note.id, note.clone());
        Ok(note)
    }

    pub(crate) fn get(&self, id: u64) -> Result<Note, Refused> {
        self.kept().notes.get(&id).cloned().ok_or(Refused::NoSuchNote(id))
    }

    pub(crate) fn remove(&self, id: u64) -> Result<(), Refused> {
        self.kept().notes.remove(&id).map(drop).ok_or(Refused::NoSuchNote(id))
    }

    /// Takes its time. The other requests don't wait for it.
    pub(crate) async fn report(&self) -> Report {
        self.kept().reports += 1;
        let texts: Vec<String> = self.list("").into_iter().map(|note| note.text).collect();
        sleep(Duration::from_millis(500)).await;
        let letters = texts.iter().map(|text| text.chars().count()).sum();
        Report { notes: texts.len(), letters }
    }

    /// How many were begun.
    pub(crate) fn reports(&self) -> usize {
        self.kept().reports
    }

    /// Never held across an `.await`: another handler would wait for it on the same thread, for ever.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
