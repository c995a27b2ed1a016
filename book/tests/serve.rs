//! The served book, as a browser meets it: a real socket on 127.0.0.1, a client of plain blocking
//! reads and writes on another thread.

#[path = "serve/client.rs"]
mod client;
#[path = "serve/rebuilding.rs"]
mod rebuilding;
#[path = "serve/requests.rs"]
mod requests;
#[path = "serve/starting.rs"]
mod starting;
#[path = "serve/trouble.rs"]
mod trouble;
