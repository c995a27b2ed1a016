//! A server whose process has no descriptors left. The limit is the process's, so the test runs itself once
//! more, in one of its own.

use std::env;
use std::fs::File;
use std::process::Command;

use rustix::process::{Resource, getrlimit, setrlimit};

use super::*;
use crate::server::accepting::ACCEPT_RETRY_DELAY;
use crate::{Clock, Runner, sleep};

/// Says to the process that it is the one with few descriptors.
const MARK: &str = "ASYNCIO_TEST_FEW_DESCRIPTORS";
const NAME: &str = "server::tests::descriptors::a_server_recovers_when_there_are_descriptors_again";

#[test]
fn a_server_recovers_when_there_are_descriptors_again() {
    if env::var_os(MARK).is_some() {
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = Some(64);
        setrlimit(Resource::Nofile, limit).unwrap();
        return Runner::builder().clock(Clock::Virtual).build().run(run_out_and_recover());
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "{text}");
}

async fn run_out_and_recover() {
    let event_loop = crate::get_running_loop().unwrap();
    let reports = Rc::new(RefCell::new(Vec::new()));
    let (told, clock) = (reports.clone(), event_loop.clone());
    event_loop.set_exception_handler(move |context| {
        told.borrow_mut().push((context.to_string(), clock.time()));
    });
    let (server, visitors) = server(&event_loop, &Options::default()).await;
    let mut hoard: Vec<File> = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    // One descriptor, for the client's end; the server's end finds none.
    hoard.pop();
    let _visit = visit(&event_loop, &server).await.unwrap();
    for _ in 0..10 {
        sleep(ACCEPT_RETRY_DELAY / 2).await;
    }
    assert!(visitors.0.borrow().is_empty());
    let now = event_loop.time();
    drop(hoard);
    sleep(ACCEPT_RETRY_DELAY).await;
    visitors.are(1).await;
    let reports = reports.take();
    let [(report, at)] = &reports[..] else { panic!("it is told once: {reports:?}") };
    let expected = format!("cannot accept connections on {}: ", server.local_addrs()[0]);
    assert!(report.starts_with(&expected), "{report}");
    assert!(now - *at > 2 * ACCEPT_RETRY_DELAY, "it was tried again meanwhile");
    let _another = visit(&event_loop, &server).await.unwrap();
    visitors.are(2).await;
}
