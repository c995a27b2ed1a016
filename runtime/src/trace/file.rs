//! A trace's file: events in the Chrome Trace Event format, as one JSON array.
//!
//! Only the recorder writes here. What must hold: an event reaches the file whole or not at all, so a
//! process that dies leaves an array without its `]`, which viewers accept
//! (`a_process_that_dies_leaves_whole_events`); an open file is written to by one loop.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One event; see the format's description for the phases.
pub(super) struct Event<'a> {
    phase: char,
    category: &'static str,
    name: &'a str,
    lane: u64,
    id: Option<u64>,
    args: &'a [(&'static str, Value<'a>)],
}

/// What an event tells beside its name.
pub(super) enum Value<'a> {
    Text(&'a str),
    Count(u64),
    Seconds(Duration),
}

impl<'a> Event<'a> {
    pub(super) fn new(phase: char, category: &'static str, name: &'a str, lane: u64) -> Self {
        Self { phase, category, name, lane, id: None, args: &[] }
    }

    /// What tells an arrow or a span from others of its category.
    pub(super) fn id(mut self, id: u64) -> Self {
        self.id = Some(id);
        self
    }

    pub(super) fn args(mut self, args: &'a [(&'static str, Value<'a>)]) -> Self {
        self.args = args;
        self
    }

    fn write_json(&self, json: &mut String, process: u32, at: Duration) -> std::fmt::Result {
        write!(json, r#"{{"ph":"{}","cat":"{}","name":"#, self.phase, self.category)?;
        write_text(json, self.name)?;
        write!(json, r#","pid":{process},"tid":{},"ts":{}"#, self.lane, at.as_micros())?;
        write!(json, ".{:03}", at.subsec_nanos() % 1000)?;
        if let Some(id) = self.id {
            write!(json, r#","id":{id}"#)?;
        }
        if self.phase == 'f' {
            // The arrow ends at the slice around it, not at the next one.
            json.push_str(r#","bp":"e""#);
        }
        json.push_str(r#","args":{"#);
        for (index, (key, value)) in self.args.iter().enumerate() {
            write!(json, r#"{}"{key}":"#, if index == 0 { "" } else { "," })?;
            value.write_json(json)?;
        }
        json.push_str("}}");
        Ok(())
    }
}

impl Value<'_> {
    fn write_json(&self, json: &mut String) -> std::fmt::Result {
        match self {
            Self::Text(text) => write_text(json, text),
            Self::Count(count) => write!(json, "{count}"),
            Self::Seconds(time) => write!(json, "{}.{:09}", time.as_secs(), time.subsec_nanos()),
        }
    }
}

/// Writes a JSON string, with its quotation marks.
fn write_text(json: &mut String, text: &str) -> std::fmt::Result {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..='\x1f' => write!(json, "\\u{:04x}", u32::from(character))?,
            _ => json.push(character),
        }
    }
    json.push('"');
    Ok(())
}

pub(super) struct TraceFile {
    /// `None` once the array is closed or a write has failed.
    open: Option<OpenFile>,
    is_empty: bool,
    /// One event, kept for its memory.
    line: String,
}

struct OpenFile {
    writer: BufWriter<File>,
    claim: Claim,
}

impl TraceFile {
    pub(super) fn create(path: &Path) -> Result<Self, (PathBuf, io::Error)> {
        let claim = Claim::new(path);
        match File::create(&claim.path) {
            Ok(file) => {
                let open = OpenFile { writer: BufWriter::new(file), claim };
                Ok(Self { open: Some(open), is_empty: true, line: String::new() })
            }
            Err(error) => Err((claim.path.clone(), error)),
        }
    }

    pub(super) fn write(&mut self, event: &Event<'_>, at: Duration) {
        if self.open.is_none() {
            return;
        }
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        line.push_str(if std::mem::take(&mut self.is_empty) { "[\n" } else { ",\n" });
        event.write_json(&mut line, std::process::id(), at).expect("a String takes all text");
        // One write an event: the buffer never hands on a part of it.
        self.attempt(|writer| writer.write_all(line.as_bytes()));
        self.line = line;
    }

    /// Hands on to the system what was written so far.
    pub(super) fn flush(&mut self) {
        self.attempt(io::Write::flush);
    }

    /// Closes the array. What is written later is ignored.
    pub(super) fn finish(&mut self) {
        self.attempt(|writer| {
            writer.write_all(b"\n]\n")?;
            writer.flush()
        });
        self.open = None;
    }

    /// Writes; an error ends the trace, not the program.
    fn attempt(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        let Some(mut open) = self.open.take() else { return };
        match write(&mut open.writer) {
            Ok(()) => self.open = Some(open),
            Err(error) => open.give_up(&error),
        }
    }
}

impl OpenFile {
    fn give_up(self, error: &io::Error) {
        let path = self.claim.path.display();
        let message = format!(
            "asyncio: the trace {path} can't be written: {error}; tracing stops, the program goes on"
        );
        // Not `eprintln!`: a closed standard error is no reason to panic in here.
        drop(writeln!(io::stderr(), "{message}"));
        // Or dropping the writer would try once more to write what it holds.
        drop(self.writer.into_parts());
    }
}

/// The paths that loops of this process write to now.
static CLAIMED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A path that no other loop of this process writes to.
struct Claim {
    path: PathBuf,
}

impl Claim {
    /// `path`, or the first of `path-2`, `path-3`, … that is free.
    fn new(path: &Path) -> Self {
        let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = path.to_owned();
        let mut number = 2;
        while claimed.contains(&free) {
            free = numbered(path, number);
            number += 1;
        }
        claimed.push(free.clone());
        Self { path: free }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        CLAIMED.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != self.path);
    }
}

/// `trace-2.json` for `trace.json`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}
