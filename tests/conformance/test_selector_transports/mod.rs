//! `test_selector_events.py`, of Python 3.11: the cases of its transports. Those of the loop are in
//! `test_selector_events.rs`.
//!
//! Python's sockets are made up; these are real, one end of a pair each. The datagrams' cases that need a
//! socket which takes no more are in `runtime/src/transports/datagram/tests.rs`.

mod buffered_protocol;
mod datagrams;
mod sockets;
mod transports;
