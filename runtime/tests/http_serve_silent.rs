//! Many connections that say nothing, and what they cost. Alone in its program: it measures the memory of the
//! whole of it.

#![allow(missing_docs)]

#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "http_serve/client.rs"]
mod client;

use client::{Client, hello, serve};

/// Fewer where the system allows fewer descriptors: each connection takes two.
#[asyncio::test]
async fn two_thousand_that_say_nothing_are_in_nobodys_way() {
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let count = descriptors.map_or(2000, |limit| usize::try_from(limit / 4).unwrap()).min(2000);
    let server = serve(hello).backlog(4096).await.unwrap();
    let before = resident_kib();
    let mut silent = Vec::new();
    for _ in 0..count {
        silent.push(Client::connect(&server).await);
    }
    let mut client = Client::connect(&server).await;
    for _ in 0..10 {
        assert_eq!(client.get("/").await.text(), "Hello");
    }
    let each = resident_kib().saturating_sub(before) / count;
    assert!(each <= 32, "a silent connection takes {each} KiB, its client's end included");
}

/// How much memory the process has.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
