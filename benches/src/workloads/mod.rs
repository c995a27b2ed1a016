//! The workloads, each written once. A workload does `n` operations on a runtime, and nothing besides that
//! isn't a small part of them.

mod channel;
mod gather;
mod locks;
mod memory;
mod queue;
mod registry;
mod scale;
mod serving;
mod spawn;
mod start;
mod timers;
mod wake;
mod yielding;

pub(crate) use registry::{Entry, Kind, WORKLOADS, Workload, entry};
