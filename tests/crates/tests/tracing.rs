//! tracing: spans go with their future, not with the thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use asyncio::{gather, yield_now};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Instrument, Metadata, Subscriber, info, info_span};

/// Writes down each event with the name of the span it happened in.
#[derive(Default)]
struct Journal {
    spans: Mutex<Vec<&'static str>>,
    entered: Mutex<Vec<u64>>,
    events: AtomicU64,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Journal {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("tracing")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut spans = self.spans.lock().unwrap();
        spans.push(attributes.metadata().name());
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        let number = self.events.fetch_add(1, Ordering::Relaxed);
        let entered = self.entered.lock().unwrap();
        let spans = self.spans.lock().unwrap();
        let names: Vec<&str> =
            entered.iter().map(|id| spans[usize::try_from(*id).unwrap() - 1]).collect();
        self.lines.lock().unwrap().push(format!("{number} in {}", names.join("/")));
    }

    fn enter(&self, id: &Id) {
        self.entered.lock().unwrap().push(id.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.entered.lock().unwrap().pop();
    }
}

#[test]
fn a_task_s_events_are_in_its_span_whoever_runs_between_them() {
    let journal = Journal::default();
    let lines = Arc::clone(&journal.lines);
    tracing::subscriber::with_default(journal, || {
        asyncio::run(async {
            let twice = async || {
                info!(target: "tracing", "first");
                yield_now().await;
                info!(target: "tracing", "second");
            };
            gather([
                twice().instrument(info_span!(target: "tracing", "one")),
                twice().instrument(info_span!(target: "tracing", "two")),
            ])
            .await;
        });
    });
    assert_eq!(*lines.lock().unwrap(), ["0 in one", "1 in two", "2 in one", "3 in two"]);
}
