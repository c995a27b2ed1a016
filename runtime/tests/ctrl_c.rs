//! Ctrl-C, sent to a process of its own that runs a runner with `handle_ctrl_c`.
#![cfg(unix)]

mod child;

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use asyncio::{Runner, catch_cancel, create_task, sleep, with_cleanup};
use child::{Child, run_as_child};

const SIGINT: i32 = 2;

fn runner() -> Runner {
    Runner::builder().handle_ctrl_c(true).build()
}

/// Says that it is there, and waits for what will not come.
async fn wait_forever() {
    eprintln!("ready");
    std::future::pending::<()>().await;
}

#[test]
fn the_first_ctrl_c_cancels_main_which_cleans_up_and_the_process_exits_with_130() {
    let body = || {
        runner().run(async {
            with_cleanup(wait_forever(), async {
                sleep(Duration::from_millis(1)).await;
                eprintln!("cleaned up");
            })
            .await;
        });
        eprintln!("not reached");
    };
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start(
        "the_first_ctrl_c_cancels_main_which_cleans_up_and_the_process_exits_with_130",
        &[],
    );
    assert_eq!(child.line(), "ready");
    child.interrupt();
    let (lines, status) = child.end();
    assert_eq!(lines, ["cleaned up"]);
    assert_eq!(status.code(), Some(130));
}

#[test]
fn ctrl_c_lets_the_other_tasks_clean_up_too() {
    let body = || {
        runner().run(async {
            create_task(with_cleanup(std::future::pending::<()>(), async {
                sleep(Duration::from_millis(1)).await;
                eprintln!("task cleaned up");
            }))
            .detach();
            asyncio::yield_now().await;
            wait_forever().await;
        });
    };
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start("ctrl_c_lets_the_other_tasks_clean_up_too", &[]);
    assert_eq!(child.line(), "ready");
    child.interrupt();
    let (lines, status) = child.end();
    assert_eq!(lines, ["task cleaned up"]);
    assert_eq!(status.code(), Some(130));
}

#[test]
fn a_main_that_catches_ctrl_c_goes_on_and_the_process_ends_as_it_wants() {
    let body = || {
        let value = runner().run(async {
            let caught = catch_cancel(wait_forever()).await.is_err();
            sleep(Duration::from_millis(1)).await;
            caught
        });
        eprintln!("caught: {value}");
    };
    if run_as_child(body) {
        return;
    }
    let mut child =
        Child::start("a_main_that_catches_ctrl_c_goes_on_and_the_process_ends_as_it_wants", &[]);
    assert_eq!(child.line(), "ready");
    child.interrupt();
    let (lines, status) = child.end();
    assert_eq!(lines, ["caught: true"]);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_second_ctrl_c_ends_a_process_that_is_stuck() {
    let body = || {
        runner().run(async {
            drop(catch_cancel(wait_forever()).await);
            eprintln!("stuck");
            loop {
                std::hint::spin_loop();
            }
        });
    };
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start("the_second_ctrl_c_ends_a_process_that_is_stuck", &[]);
    assert_eq!(child.line(), "ready");
    child.interrupt();
    assert_eq!(child.line(), "stuck");
    child.interrupt();
    let (lines, status) = child.end();
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!(status.code(), Some(130));
}

#[test]
fn ctrl_c_reaches_a_main_that_is_busy_between_its_awaits() {
    let body = || {
        runner().run(async {
            eprintln!("ready");
            loop {
                asyncio::yield_now().await;
            }
        });
    };
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start("ctrl_c_reaches_a_main_that_is_busy_between_its_awaits", &[]);
    assert_eq!(child.line(), "ready");
    child.interrupt();
    assert_eq!(child.end().1.code(), Some(130));
}

#[test]
fn each_run_of_a_runner_takes_a_ctrl_c_of_its_own() {
    let body = || {
        let mut runner = runner();
        for _ in 0..2 {
            let caught = runner.run(async { catch_cancel(wait_forever()).await.is_err() });
            eprintln!("caught: {caught}");
        }
    };
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start("each_run_of_a_runner_takes_a_ctrl_c_of_its_own", &[]);
    for _ in 0..2 {
        assert_eq!(child.line(), "ready");
        child.interrupt();
        assert_eq!(child.line(), "caught: true");
    }
    assert_eq!(child.end().1.code(), Some(0));
}

/// As in Python, which puts its own handler back.
#[test]
fn after_the_run_ctrl_c_ends_the_process_again() {
    let body = || {
        runner().run(async {});
        eprintln!("ready");
        loop {
            std::thread::park();
        }
    };
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start("after_the_run_ctrl_c_ends_the_process_again", &[]);
    assert_eq!(child.line(), "ready");
    child.interrupt();
    let (lines, status) = child.end();
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!(status.signal(), Some(SIGINT));
}

#[test]
fn without_handle_ctrl_c_the_first_one_ends_the_process() {
    let body = || Runner::new().run(wait_forever());
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start("without_handle_ctrl_c_the_first_one_ends_the_process", &[]);
    assert_eq!(child.line(), "ready");
    child.interrupt();
    assert_eq!(child.end().1.signal(), Some(SIGINT));
}
