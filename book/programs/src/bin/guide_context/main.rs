//! A context variable has a value of its own in each task.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_context
//! ```

use asyncio::{ContextVar, create_task, gather, yield_now};

static USER: ContextVar<&str> = ContextVar::with_default("user", || "nobody");

/// Nobody hands it the user: it asks the context.
fn log(what: &str) {
    println!("{}: {what}", USER.get().expect("it has a default"));
}

async fn serve(user: &'static str) {
    USER.set(user);
    log("hello");
    yield_now().await;
    log("bye");
}

#[asyncio::main]
async fn main() {
    gather!(serve("Ann"), serve("Bob")).await;
    log("nobody was set here");

    USER.set("Eve");
    let task = create_task(async { log("from a task") });
    USER.set("Zoe");
    task.await.expect("it doesn't panic");
}
