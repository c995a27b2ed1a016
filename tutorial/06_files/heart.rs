//! A task that wants to run every millisecond, and notes how late it was.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use asyncio::{Task, create_task, sleep};

const BEAT: Duration = Duration::from_millis(1);

/// Who is as late as this has been held up. A busy machine may make it late by some milliseconds.
const STOOD_STILL: Duration = Duration::from_secs(1);

pub(crate) struct Heart {
    rhythm: Rc<Rhythm>,
    task: Task<()>,
}

struct Rhythm {
    /// When the next beat is due.
    due: Cell<Instant>,
    latest: Cell<Duration>,
}

impl Heart {
    pub(crate) fn start() -> Self {
        let due = Cell::new(Instant::now() + BEAT);
        let rhythm = Rc::new(Rhythm { due, latest: Cell::default() });
        Self { task: create_task(beat(rhythm.clone())), rhythm }
    }

    /// How late a beat was at the most; the next one counts if it should have been by now.
    pub(crate) fn latest(&self) -> Duration {
        self.rhythm.latest.get().max(self.rhythm.due.get().elapsed())
    }

    pub(crate) fn stop(self) -> &'static str {
        self.task.cancel();
        if self.latest() < STOOD_STILL { "went on" } else { "stood still" }
    }
}

async fn beat(rhythm: Rc<Rhythm>) {
    loop {
        rhythm.due.set(Instant::now() + BEAT);
        sleep(BEAT).await;
        rhythm.latest.set(rhythm.latest.get().max(rhythm.due.get().elapsed()));
    }
}
