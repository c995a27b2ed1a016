//! `test_sendfile.py`, of Python 3.11.

mod sockets;
mod tls;
mod transports;
