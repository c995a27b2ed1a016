//! `PolicyTests` and `GetEventLoopTestsMixin`: which loop is meant. There is no policy to set.

use asyncio::{EventLoop, get_event_loop, get_running_loop, new_event_loop, set_event_loop};

/// Loops have no identity to compare: a task of one is seen by it alone.
fn is_same(one: &EventLoop, other: &EventLoop) -> bool {
    let before = other.all_tasks().len();
    let task = one.create_task(std::future::pending::<()>());
    let is_seen = other.all_tasks().len() == before + 1;
    task.detach();
    is_seen
}

#[test]
fn test_get_event_loop() {
    let event_loop = get_event_loop();
    assert!(is_same(&event_loop, &get_event_loop()));
    event_loop.close();
}

#[test]
fn test_new_event_loop() {
    let event_loop = new_event_loop();
    assert!(!event_loop.is_closed() && !event_loop.is_running());
    assert!(!is_same(&event_loop, &new_event_loop()));
    event_loop.close();
}

#[test]
fn test_set_event_loop() {
    let former = new_event_loop();
    set_event_loop(Some(former.clone()));
    let event_loop = new_event_loop();
    set_event_loop(Some(event_loop.clone()));
    assert!(is_same(&event_loop, &get_event_loop()));
    assert!(!is_same(&former, &get_event_loop()));
    set_event_loop(None);
    event_loop.close();
    former.close();
}

/// In a run of `event_loop` both functions give it, whatever the thread's own loop is.
fn both_give_the_running_one(event_loop: &EventLoop) {
    assert!(get_running_loop().unwrap_err().to_string().contains("no running"));
    event_loop.run_until_complete(async {
        assert!(is_same(&get_event_loop(), event_loop));
        assert!(is_same(&get_running_loop().unwrap(), event_loop));
    });
    assert!(get_running_loop().unwrap_err().to_string().contains("no running"));
}

#[test]
fn test_get_event_loop_returns_running_loop() {
    let (event_loop, own) = (new_event_loop(), new_event_loop());
    set_event_loop(Some(own.clone()));
    both_give_the_running_one(&event_loop);
    assert!(is_same(&get_event_loop(), &own));
    set_event_loop(None);
    event_loop.close();
    own.close();
}

#[test]
fn test_get_event_loop_returns_running_loop2() {
    let (event_loop, first) = (new_event_loop(), get_event_loop());
    set_event_loop(None);
    both_give_the_running_one(&event_loop);

    set_event_loop(Some(event_loop.clone()));
    assert!(is_same(&get_event_loop(), &event_loop));

    set_event_loop(None);
    assert!(!is_same(&get_event_loop(), &event_loop), "a new one, where Python raises");
    set_event_loop(None);
    event_loop.close();
    first.close();
}
