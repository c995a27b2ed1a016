//! Calling a protocol, which is somebody else's code: a panic in it is reported and goes no further.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::event_loop::core::Core;
use crate::exceptions::Panicked;

/// Calls a method. A panic ends the connection: the error is what `connection_lost` is to be told.
pub(super) fn fatal<R>(core: &Core, method: &str, call: impl FnOnce() -> R) -> io::Result<R> {
    let message = format!("Fatal error: protocol.{method}() call failed.");
    guarded(core, &message, &of(method), call)
}

/// Calls a method. A panic ends nothing.
pub(super) fn mention(core: &Core, method: &str, call: impl FnOnce()) {
    drop(guarded(core, &format!("protocol.{method}() failed"), &of(method), call));
}

/// Makes a protocol for a connection that a server has accepted.
pub(super) fn make<R>(core: &Core, factory: impl FnOnce() -> R) -> io::Result<R> {
    let message = "Error on transport creation for incoming connection";
    guarded(core, message, "the protocol factory", factory)
}

fn of(method: &str) -> String {
    format!("protocol.{method}()")
}

/// A panic goes to the exception handler, under `message`.
fn guarded<R>(core: &Core, message: &str, origin: &str, call: impl FnOnce() -> R) -> io::Result<R> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let panicked = Panicked::new(origin.to_owned(), payload);
        let error = io::Error::other(panicked.to_string());
        core.report_panic(message, panicked);
        error
    })
}
