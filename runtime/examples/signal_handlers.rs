//! Signals that end a program in its own way: the example of Python's documentation, "Set signal handlers for
//! SIGINT and SIGTERM". `cargo run -p asyncio --example signal_handlers`, and Ctrl-C.
//!
//! With the argument `--signal` it sends itself a SIGTERM instead of waiting for one.

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use std::time::Duration;

    use asyncio::signals::{SIGINT, SIGTERM};

    let event_loop = asyncio::new_event_loop();
    for (name, signal) in [("SIGINT", SIGINT), ("SIGTERM", SIGTERM)] {
        let this = event_loop.clone();
        event_loop.add_signal_handler(signal, move || {
            println!("got signal {name}: exit");
            this.stop();
        })?;
    }

    println!("Event loop running for 1 hour, press Ctrl+C to interrupt.");
    let this = event_loop.clone();
    event_loop.call_later(Duration::from_secs(3600), move || this.stop());
    if std::env::args().nth(1).as_deref() == Some("--signal") {
        event_loop.call_soon(|| signal_hook::low_level::raise(SIGTERM).unwrap());
    } else {
        println!("pid {}: send SIGINT or SIGTERM to exit.", std::process::id());
    }
    event_loop.run_forever();
    event_loop.close();
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("This system has no Unix signals.");
}
