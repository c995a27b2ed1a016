//! `test_ssl.py`, of Python 3.11, and what `test_sslproto.py` has beside it.

mod handshakes;
mod upgrades;
