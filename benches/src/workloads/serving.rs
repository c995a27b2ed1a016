//! Servers. An operation is a request, and what is measured is the server; the client is in `serving`.

use std::cell::Cell;
use std::process;
use std::rc::Rc;

use crate::runtimes::{Http, Streams};

/// Sends back what it gets.
pub(super) fn echo<R: Streams>(_: u64) {
    let open = Open::default();
    R::run(R::serve(move |mut connection| {
        let open = open.clone();
        async move {
            let counted = open.one_more();
            let mut buffer = vec![0; 4096];
            while R::echo(&mut connection, &mut buffer).await.unwrap_or(false) {}
            drop(connection);
            drop(counted);
        }
    }));
}

/// Reads lines, and closes the connection after the last one.
pub(super) fn lines<R: Streams>(_: u64) {
    let open = Open::default();
    R::run(R::serve(move |connection| {
        let open = open.clone();
        async move {
            let counted = open.one_more();
            R::lines(connection).await.expect("the client sends lines to the end");
            drop(counted);
        }
    }));
}

/// Answers HTTP requests. Whoever started it ends it.
pub(super) fn http<R: Http>(_: u64) {
    R::run(R::serve_http());
}

/// How many connections are open.
#[derive(Clone, Default)]
struct Open(Rc<Cell<usize>>);

impl Open {
    fn one_more(self) -> Counted {
        self.0.set(self.0.get() + 1);
        Counted(self.0)
    }
}

/// One of them. The process ends with the last.
struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
        if self.0.get() == 0 {
            process::exit(0);
        }
    }
}
