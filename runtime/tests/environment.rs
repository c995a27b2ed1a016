//! What the environment changes: `ASYNCIO_DEBUG` and `ASYNCIO_SEED`. Each test runs itself again in
//! an environment of its own.

mod child;

use std::cell::RefCell;
use std::future::pending;
use std::time::Duration;

use asyncio::{Runner, create_task, new_event_loop, with_cleanup};
use child::{Child, run_as_child};

/// The lines of the test named `test`, run with `environment`.
fn lines_of(test: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let (lines, status) = Child::start(test, environment).end();
    assert!(status.success(), "{lines:#?}");
    lines
}

#[test]
fn asyncio_debug_turns_debug_mode_on_unless_it_is_empty_or_0() {
    let body = || {
        let from_environment = [new_event_loop(), Runner::new().event_loop()];
        let built = Runner::builder().debug(false).build().event_loop();
        eprintln!("{:?} {}", from_environment.map(|it| it.is_debug()), built.is_debug());
    };
    if run_as_child(body) {
        return;
    }
    let test = "asyncio_debug_turns_debug_mode_on_unless_it_is_empty_or_0";
    assert_eq!(lines_of(test, &[]), ["[false, false] false"]);
    for (value, expected) in [("1", true), ("yes", true), ("0", false), ("", false)] {
        let lines = lines_of(test, &[("ASYNCIO_DEBUG", value)]);
        assert_eq!(lines, [format!("[{expected}, {expected}] false")], "{value}");
    }
}

#[test]
fn debug_mode_names_what_took_longer_than_it_may() {
    let body = || {
        let event_loop = new_event_loop();
        // Longer than anything takes, then shorter.
        event_loop.set_slow_callback_duration(Duration::from_secs(3600));
        event_loop.call_soon(|| {});
        event_loop.run_once();
        event_loop.set_slow_callback_duration(Duration::ZERO);
        event_loop.call_soon(|| {});
        event_loop.create_task(async {}).with_name("some").detach();
        event_loop.run_once();
        event_loop.close();
    };
    if run_as_child(body) {
        return;
    }
    let test = "debug_mode_names_what_took_longer_than_it_may";
    assert!(lines_of(test, &[]).is_empty());
    let lines = lines_of(test, &[("ASYNCIO_DEBUG", "1")]);
    let expected = [
        format!("asyncio: Executing <callback scheduled at {}:", file!()),
        format!("asyncio: Executing <task 'some' spawned at {}:", file!()),
    ];
    assert_eq!(lines.len(), 2, "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(&expected), "{line}");
        assert!(line.contains("> took 0.") && line.ends_with(" seconds"), "{line}");
    }
}

#[test]
fn debug_mode_names_the_child_of_a_gather_before_the_task_around_it() {
    let body = || {
        let event_loop = new_event_loop();
        event_loop.set_slow_callback_duration(Duration::ZERO);
        event_loop.run_until_complete(asyncio::gather([async {}]));
        event_loop.close();
    };
    if run_as_child(body) {
        return;
    }
    let test = "debug_mode_names_the_child_of_a_gather_before_the_task_around_it";
    let lines = lines_of(test, &[("ASYNCIO_DEBUG", "1")]);
    let names: Vec<_> = lines.iter().filter_map(|line| line.split('\'').nth(1)).collect();
    assert_eq!(names, ["Task-1", "Task-2", "Task-1"]);
}

/// The lines of `test` in debug mode, each up to the first place in it.
fn said_in_debug_mode(test: &str) -> Vec<String> {
    let lines = lines_of(test, &[("ASYNCIO_DEBUG", "1")]);
    let without_place = |line: String| {
        let (what, place) = line.split_once(" spawned at ").expect("it names the place");
        let message = place.split_once(' ').expect("a message comes behind it").1;
        format!("{what} {message}")
    };
    lines.into_iter().map(without_place).collect()
}

#[test]
fn debug_mode_names_the_tasks_that_never_ran_when_the_run_ended() {
    let body = || {
        asyncio::run(async {
            let makes = async |name| create_task(async {}).with_name(name).detach();
            // What is made in the last step still has a turn; what that makes has none.
            let cleanup = async move { create_task(makes("of the cleanup")).detach() };
            create_task(with_cleanup(pending::<()>(), cleanup)).detach();
            create_task(async {}).with_name("cancelled").cancel();
            asyncio::yield_now().await;
            create_task(makes("of main")).detach();
        });
    };
    if run_as_child(body) {
        return;
    }
    let test = "debug_mode_names_the_tasks_that_never_ran_when_the_run_ended";
    assert!(lines_of(test, &[]).is_empty(), "not without debug mode");
    let never_ran = "never ran: the loop ended before its first turn. Await it, or let main go on until it \
                     has run";
    let expected =
        ["of main", "of the cleanup"].map(|name| format!("asyncio: task '{name}' {never_ran}"));
    assert_eq!(said_in_debug_mode(test), expected);
}

#[test]
fn debug_mode_names_the_tasks_that_were_waiting_when_their_loop_was_closed() {
    let body = || {
        let event_loop = new_event_loop();
        event_loop.create_task(pending::<()>()).detach();
        event_loop.create_task(async {}).detach();
        event_loop.run_once();
        event_loop.create_task(async {}).detach();
        event_loop.close();
    };
    if run_as_child(body) {
        return;
    }
    let test = "debug_mode_names_the_tasks_that_were_waiting_when_their_loop_was_closed";
    assert!(lines_of(test, &[]).is_empty(), "not without debug mode");
    let expected = [
        "asyncio: task 'Task-1' was dropped while it was waiting: its loop was closed. Cancel it first and \
         run the loop until it has ended, as `asyncio::run` does",
        "asyncio: task 'Task-3' never ran: the loop ended before its first turn. Await it, or let main go \
         on until it has run",
    ];
    assert_eq!(said_in_debug_mode(test), expected);
}

#[test]
fn debug_mode_says_that_nobody_runs_the_task_of_another_loop() {
    let body = || {
        let other = new_event_loop();
        other.set_debug(false);
        let task = other.create_task(async {});
        asyncio::run(async {
            asyncio::timeout(Duration::from_millis(1), task).await.unwrap_err();
        });
        other.run_once();
        other.close();
    };
    if run_as_child(body) {
        return;
    }
    let test = "debug_mode_says_that_nobody_runs_the_task_of_another_loop";
    assert!(lines_of(test, &[]).is_empty(), "not without debug mode");
    let expected = "asyncio: task 'Task-1' is awaited in the run of another loop, where nobody runs it: \
                    await it in a run of its own loop";
    assert_eq!(said_in_debug_mode(test), [expected]);
}

#[test]
fn debug_mode_says_that_virtual_time_stands_still_and_for_whom() {
    let body = || {
        let mut runner = Runner::builder().clock(asyncio::Clock::Virtual).build();
        runner.run(std::future::pending::<()>());
    };
    if run_as_child(body) {
        return;
    }
    let test = "debug_mode_says_that_virtual_time_stands_still_and_for_whom";
    let mut child = Child::start(test, &[("ASYNCIO_DEBUG", "1")]);
    let line = child.line();
    child.interrupt();
    assert!(line.starts_with("asyncio: virtual time stands still"), "{line}");
    assert!(line.contains(&format!("task 'Task-1' spawned at {}", file!())), "{line}");
    child.end();
}

/// Runs nine tasks that are ready at once and writes down their order.
fn write_order() {
    let order = RefCell::new(String::new());
    asyncio::run(async {
        asyncio::gather((0..9).map(async |number: u8| {
            order.borrow_mut().push(char::from(b'0' + number));
        }))
        .await;
    });
    eprintln!("{}", order.into_inner());
}

#[test]
fn asyncio_seed_shuffles_and_the_same_one_shuffles_the_same_way() {
    if run_as_child(write_order) {
        return;
    }
    let test = "asyncio_seed_shuffles_and_the_same_one_shuffles_the_same_way";
    let order = |seed| lines_of(test, &[("ASYNCIO_SEED", seed)]);
    assert_eq!(lines_of(test, &[]), ["012345678"]);
    assert_eq!(order(""), ["012345678"]);
    assert_ne!(order("1"), ["012345678"]);
    assert_eq!(order("1"), order("1"));
    assert_ne!(order("1"), order("2"));
    assert_eq!(order("18446744073709551615"), order("18446744073709551615"));
}

#[test]
fn a_seed_that_is_no_number_is_refused_with_what_would_be_one() {
    if run_as_child(write_order) {
        return;
    }
    let test = "a_seed_that_is_no_number_is_refused_with_what_would_be_one";
    for seed in ["seven", "-1", "1.5", "18446744073709551616"] {
        let (lines, status) = Child::start(test, &[("ASYNCIO_SEED", seed)]).end();
        let expected = format!(
            "ASYNCIO_SEED={seed} is no seed: give a whole number from 0 to 18446744073709551615"
        );
        assert!(!status.success());
        assert!(lines.contains(&expected), "{lines:#?}");
        let blamed = lines.iter().find(|line| line.contains("panicked at")).unwrap();
        assert!(blamed.contains(file!()), "the caller's line is named: {blamed}");
    }
}

#[test]
fn what_the_program_sets_wins_over_the_environment() {
    let body = || {
        let order = RefCell::new(Vec::new());
        let mut runner = Runner::builder().seed(3).build();
        runner.run(async {
            asyncio::gather((0..9).map(async |number| order.borrow_mut().push(number))).await;
        });
        eprintln!("{order:?}");
    };
    if run_as_child(body) {
        return;
    }
    let test = "what_the_program_sets_wins_over_the_environment";
    assert_eq!(lines_of(test, &[]), lines_of(test, &[("ASYNCIO_SEED", "4")]));
}
