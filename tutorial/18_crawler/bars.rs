//! Progress, drawn on standard error where that is a terminal.

use std::cell::Cell;
use std::time::Duration;

use asyncio::sleep;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// One bar for all, and a line for each worker.
pub(crate) struct Bars {
    drawn: MultiProgress,
    all: ProgressBar,
    workers: Vec<ProgressBar>,
    troubles: Cell<u32>,
}

impl Bars {
    pub(crate) fn new(workers: usize) -> Self {
        let drawn = MultiProgress::new();
        let all = drawn.add(ProgressBar::new(0).with_style(style(
            "{elapsed_precise} {bar:40.cyan/blue} {pos} of {len} known pages{msg}",
        )));
        let workers = (0..workers)
            .map(|_| {
                drawn.add(ProgressBar::new_spinner().with_style(style("  {spinner} {wide_msg}")))
            })
            .collect();
        Self { drawn, all, workers, troubles: Cell::new(0) }
    }

    /// More pages are known.
    pub(crate) fn know(&self, pages: usize) {
        self.all.inc_length(pages as u64);
    }

    /// Pages of which it is known what became of them.
    pub(crate) fn done(&self, pages: usize, is_trouble: bool) {
        self.all.inc(pages as u64);
        if is_trouble {
            self.troubles.set(self.troubles.get() + 1);
            self.all.set_message(format!(", {} in trouble", self.troubles.get()));
        }
    }

    pub(crate) fn show(&self, worker: usize, what: String) {
        self.workers[worker].set_message(what);
    }

    /// A line above the bars.
    pub(crate) fn say(&self, line: &str) {
        self.drawn.suspend(|| eprintln!("{line}"));
    }

    /// Redraws what moves by itself, until it is cancelled.
    pub(crate) async fn turn(&self) {
        loop {
            self.all.tick();
            for worker in &self.workers {
                worker.tick();
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) fn clear(&self) {
        for bar in self.workers.iter().chain([&self.all]) {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates in this file are well formed")
}
