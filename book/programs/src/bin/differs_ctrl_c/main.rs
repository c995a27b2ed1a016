//! Ctrl-C ends a Rust program at once, as it does any other. With `ctrl_c = true` it cancels `main` first,
//! as Python does.
//!
//! You will see a program that presses Ctrl-C on itself, and cleans up. (On Unix; its exit status says
//! that it was interrupted.)
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_ctrl_c
//! ```

use std::future::pending;
use std::process::{self, Command};
use std::time::Duration;

use asyncio::{sleep, with_cleanup};

#[asyncio::main(ctrl_c = true)]
async fn main() {
    let body = async {
        println!("waiting for Ctrl-C");
        press_ctrl_c();
        pending::<()>().await;
    };
    let cleanup = async {
        sleep(Duration::from_millis(10)).await;
        println!("cleaned up");
    };
    with_cleanup(body, cleanup).await;
}

/// What a terminal does: it sends SIGINT.
fn press_ctrl_c() {
    let id = process::id().to_string();
    Command::new("kill").args(["-INT", &id]).status().expect("there is a `kill`");
}
