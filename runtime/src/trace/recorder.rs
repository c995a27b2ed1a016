//! Turns what the hooks tell into events: which slice is open, where an arrow starts, whose timer it is.
//!
//! Only the hooks of [`Trace`](super::Trace) come here.

use std::collections::BTreeMap;
use std::panic::Location;
use std::rc::Rc;
use std::time::Instant;

use super::file::{Event, TraceFile, Value};
use crate::exceptions::place;

const CALLBACK: &str = "callback";
const TURN: &str = "turn";
const WAIT: &str = "wait";
const OUTSIDE: &str = "outside a run";

/// The loop's own lane; a task's is its number, and these start at 1.
const LOOP: u64 = 0;

/// The task at a place of the table.
#[derive(Clone)]
pub(super) struct Lane {
    task: u64,
    name: Rc<str>,
    spawned_at: Rc<str>,
    /// The wake that its next poll answers.
    arrow: Option<u64>,
}

pub(super) struct Recorder {
    file: TraceFile,
    started: Instant,
    /// By place in the task table.
    lanes: Vec<Option<Lane>>,
    /// The lanes of the slices that are open, the innermost last.
    open: Vec<u64>,
    in_turn: bool,
    is_waiting: bool,
    next_arrow: u64,
    /// Who set the timers that are still to fire, by serial number.
    timers: BTreeMap<u64, u64>,
    next_socket: u64,
    /// Who connected the sockets that are open, by serial number.
    sockets: BTreeMap<u64, u64>,
}

impl Recorder {
    pub(super) fn new(file: TraceFile, started: Instant) -> Self {
        let mut this = Self {
            file,
            started,
            lanes: Vec::new(),
            open: Vec::new(),
            in_turn: false,
            is_waiting: false,
            next_arrow: 0,
            timers: BTreeMap::new(),
            next_socket: 0,
            sockets: BTreeMap::new(),
        };
        this.name("process_name", LOOP, "asyncio");
        this.name("thread_name", LOOP, "event loop");
        this
    }

    fn write(&mut self, event: &Event<'_>) {
        self.file.write(event, self.started.elapsed());
    }

    fn name(&mut self, what: &str, lane: u64, name: &str) {
        let args = [("name", Value::Text(name))];
        self.write(&Event::new('M', "__metadata", what, lane).args(&args));
    }

    fn begin(
        &mut self,
        lane: u64,
        category: &'static str,
        name: &str,
        args: &[(&'static str, Value<'_>)],
    ) {
        self.open.push(lane);
        self.write(&Event::new('B', category, name, lane).args(args));
    }

    fn end(
        &mut self,
        lane: u64,
        category: &'static str,
        name: &str,
        args: &[(&'static str, Value<'_>)],
    ) {
        self.open.pop();
        self.write(&Event::new('E', category, name, lane).args(args));
    }

    pub(super) fn loop_slice_begins(&mut self, name: &str) {
        self.begin(LOOP, "loop", name, &[]);
    }

    pub(super) fn loop_slice_ends(&mut self, name: &str) {
        self.end(LOOP, "loop", name, &[]);
    }

    pub(super) fn task_made(&mut self, index: usize, id: u64, spawned_at: &Location<'_>) {
        let name = format!("Task-{id}");
        self.name("thread_name", id, &name);
        let order = [("sort_index", Value::Count(id))];
        self.write(&Event::new('M', "__metadata", "thread_sort_index", id).args(&order));
        if self.lanes.len() <= index {
            self.lanes.resize(index + 1, None);
        }
        let spawned_at = place(spawned_at).into();
        self.lanes[index] = Some(Lane { task: id, name: name.into(), spawned_at, arrow: None });
    }

    pub(super) fn task_named(&mut self, index: usize, id: u64, name: &str) {
        self.name("thread_name", id, name);
        // A task that is done has its place no more.
        if let Some(Some(lane)) = self.lanes.get_mut(index)
            && lane.task == id
        {
            lane.name = name.into();
        }
    }

    pub(super) fn task_woken(&mut self, index: usize) {
        let Some(Some(lane)) = self.lanes.get_mut(index) else { return };
        // A child may be woken again before its turn has come.
        if lane.arrow.is_some() {
            return;
        }
        let arrow = self.next_arrow;
        self.next_arrow += 1;
        lane.arrow = Some(arrow);
        match self.open.last() {
            Some(&waker) => self.arrow_starts(waker, arrow),
            None => self.arrow_starts_outside(arrow),
        }
    }

    fn arrow_starts(&mut self, lane: u64, arrow: u64) {
        self.write(&Event::new('s', "wake", "wake", lane).id(arrow));
    }

    /// An arrow needs a slice to start in.
    fn arrow_starts_outside(&mut self, arrow: u64) {
        self.loop_slice_begins(OUTSIDE);
        self.arrow_starts(LOOP, arrow);
        self.loop_slice_ends(OUTSIDE);
    }

    pub(super) fn poll_begins(&mut self, index: usize) -> Lane {
        let lane = self.lanes[index].as_mut().expect("a task that is polled has a lane");
        let arrow = lane.arrow.take();
        let lane = lane.clone();
        let args = [("spawned_at", Value::Text(&lane.spawned_at))];
        self.begin(lane.task, "task", &lane.name, &args);
        if let Some(arrow) = arrow {
            self.write(&Event::new('f', "wake", "wake", lane.task).id(arrow));
        }
        lane
    }

    /// `lane` is the task's as it was: by now the place may be another task's.
    pub(super) fn poll_ends(&mut self, lane: &Lane, result: &str) {
        self.end(lane.task, "task", &lane.name, &[("result", Value::Text(result))]);
    }

    pub(super) fn callback_begins(&mut self, scheduled_at: &Location<'_>) {
        let scheduled_at = place(scheduled_at);
        self.begin(LOOP, "loop", CALLBACK, &[("scheduled_at", Value::Text(&scheduled_at))]);
    }

    pub(super) fn callback_ends(&mut self) {
        self.loop_slice_ends(CALLBACK);
    }

    pub(super) fn turn_begins(&mut self, now: Instant) {
        self.turn_ends();
        self.in_turn = true;
        let now = now.saturating_duration_since(self.started);
        self.begin(LOOP, "loop", TURN, &[("time_s", Value::Seconds(now))]);
    }

    pub(super) fn turn_ends(&mut self) {
        if std::mem::take(&mut self.in_turn) {
            self.loop_slice_ends(TURN);
        }
    }

    pub(super) fn count_ready(&mut self, length: usize) {
        let args = [("length", Value::Count(length as u64))];
        self.write(&Event::new('C', "loop", "ready queue", LOOP).args(&args));
    }

    /// Whoever ends the process while the loop waits finds all in the file that was before.
    pub(super) fn wait_begins(&mut self) {
        self.is_waiting = true;
        self.loop_slice_begins(WAIT);
        self.file.flush();
    }

    pub(super) fn wait_ends(&mut self) {
        if std::mem::take(&mut self.is_waiting) {
            self.loop_slice_ends(WAIT);
        }
    }

    pub(super) fn run_ends(&mut self) {
        self.turn_ends();
        self.file.flush();
    }

    pub(super) fn timer_set(&mut self, serial: u64, deadline: Instant) {
        let lane = self.innermost();
        self.timers.insert(serial, lane);
        let deadline = deadline.saturating_duration_since(self.started);
        let args = [("deadline_s", Value::Seconds(deadline))];
        self.write(&Event::new('b', "timer", "timer", lane).id(serial).args(&args));
    }

    pub(super) fn timer_ends(&mut self, serial: u64, how: &str) {
        let Some(lane) = self.timers.remove(&serial) else { return };
        let args = [("end", Value::Text(how))];
        self.write(&Event::new('e', "timer", "timer", lane).id(serial).args(&args));
    }

    pub(super) fn socket_opens(&mut self, peer: &str) -> u64 {
        let (serial, lane) = (self.next_socket, self.innermost());
        self.next_socket += 1;
        self.sockets.insert(serial, lane);
        let args = [("peer", Value::Text(peer))];
        self.write(&Event::new('b', "socket", "socket", lane).id(serial).args(&args));
        serial
    }

    pub(super) fn socket_moves(&mut self, serial: u64, what: &str, length: usize) {
        let Some(&lane) = self.sockets.get(&serial) else { return };
        let args = [("bytes", Value::Count(length as u64))];
        self.write(&Event::new('n', "socket", what, lane).id(serial).args(&args));
    }

    pub(super) fn socket_ends(&mut self, serial: u64, how: &str) {
        let Some(lane) = self.sockets.remove(&serial) else { return };
        let args = [("end", Value::Text(how))];
        self.write(&Event::new('e', "socket", "socket", lane).id(serial).args(&args));
    }

    /// The lane of the innermost slice that is open.
    fn innermost(&self) -> u64 {
        self.open.last().copied().unwrap_or(LOOP)
    }

    pub(super) fn finish(&mut self) {
        while let Some((&serial, _)) = self.timers.first_key_value() {
            self.timer_ends(serial, "dropped with the loop");
        }
        while let Some((&serial, _)) = self.sockets.first_key_value() {
            self.socket_ends(serial, "open when the loop was closed");
        }
        self.file.finish();
    }
}
