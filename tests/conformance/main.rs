//! `CPython`'s `Lib/test/test_asyncio`, file by file: a test answers the case it is named after.
//!
//! `README.md` beside this file lists the cases that have no test of their own, and why.

#[allow(dead_code, reason = "the library's own tests use more of it")]
#[path = "../../runtime/tests/child/mod.rs"]
mod child;
mod net_support;
mod support;
#[cfg(unix)]
mod transport_support;

mod test_base_events;
mod test_base_events_connections;
mod test_base_events_datagrams;
#[cfg(unix)]
mod test_buffered_proto;
mod test_context;
mod test_eager_task_factory;
mod test_events;
#[cfg(unix)]
mod test_events_connections;
mod test_events_datagrams;
#[cfg(unix)]
mod test_events_tls;
mod test_futures;
mod test_graph;
mod test_locks;
mod test_pep492;
#[cfg(unix)]
mod test_protocols;
mod test_queues;
mod test_runners;
#[cfg(unix)]
mod test_selector_events;
#[cfg(unix)]
mod test_selector_transports;
#[cfg(unix)]
mod test_sendfile;
mod test_server;
#[cfg(unix)]
mod test_sock_lowlevel;
mod test_ssl;
mod test_staggered;
mod test_streams;
#[cfg(unix)]
mod test_subprocess;
mod test_taskgroups;
mod test_tasks;
mod test_threads;
mod test_timeouts;
#[cfg(unix)]
mod test_transports;
#[cfg(unix)]
mod test_unix_events;
#[cfg(unix)]
mod test_unix_pipes;
mod test_waitfor;
