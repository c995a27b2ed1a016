//! Context variables: who sees which value.

use std::cell::RefCell;
use std::rc::Rc;

use asyncio::{
    Clock, ContextVar, Runner, TaskError, copy_context, create_task, gather, get_running_loop,
    yield_now,
};

static VAR: ContextVar<u32> = ContextVar::with_default("var", || 0);
static OTHER: ContextVar<u32> = ContextVar::new("other");

fn get() -> u32 {
    VAR.get().unwrap()
}

#[test]
fn reading_what_was_never_set_is_an_error_that_names_the_variable() {
    static NEVER: ContextVar<String> = ContextVar::new("never");
    let error = NEVER.get().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the context variable never has no value here: set it before the task that reads it is made, or \
         give it a default"
    );
}

#[asyncio::test]
async fn a_task_starts_with_a_copy_of_its_maker_s_values() {
    VAR.set(1);
    let task = create_task(async {
        yield_now().await;
        let before = get();
        VAR.set(9);
        yield_now().await;
        (before, get())
    });
    VAR.set(2);
    assert_eq!(task.await.unwrap(), (1, 9));
    assert_eq!(get(), 2);
}

#[asyncio::test]
async fn children_of_gather_have_contexts_of_their_own() {
    VAR.set(5);
    let child = async |value| {
        assert_eq!(get(), 5);
        VAR.set(value);
        yield_now().await;
        get()
    };
    assert_eq!(gather([1, 2, 3].map(child)).await, [1, 2, 3]);
    assert_eq!(get(), 5);
}

#[asyncio::test]
async fn an_awaited_function_sets_its_caller_s_values() {
    async fn set() {
        yield_now().await;
        VAR.set(3);
    }
    set().await;
    assert_eq!(get(), 3);
}

#[asyncio::test]
async fn a_callback_sees_the_values_of_the_moment_it_was_scheduled() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let note = |name| {
        let seen = seen.clone();
        move || {
            seen.borrow_mut().push((name, get()));
            VAR.set(99);
        }
    };
    let event_loop = get_running_loop().unwrap();
    VAR.set(1);
    event_loop.call_soon(note("soon"));
    event_loop.call_later(std::time::Duration::ZERO, note("later"));
    let future = event_loop.create_future::<()>();
    future.add_done_callback(note("future done"));
    let task = create_task(async { VAR.set(50) });
    task.add_done_callback(note("task done"));
    event_loop.handle().call_soon(|| assert_eq!(get(), 1)).unwrap();
    VAR.set(2);
    future.set_result(()).unwrap();
    for _ in 0..4 {
        yield_now().await;
    }
    let mut seen = seen.borrow().clone();
    seen.sort_unstable();
    assert_eq!(seen, [("future done", 1), ("later", 1), ("soon", 1), ("task done", 1)]);
    assert_eq!(get(), 2);
}

#[test]
fn a_runner_keeps_one_context_for_all_its_runs_and_its_caller_sees_none_of_it() {
    VAR.set(1);
    let mut runner = Runner::builder().clock(Clock::Virtual).build();
    VAR.set(2);
    assert_eq!(runner.run(async { VAR.set(7).old_value() }), Some(1));
    assert_eq!(runner.run(async { get() }), 7);
    assert_eq!(get(), 2);
}

#[test]
fn main_of_run_sets_a_copy() {
    VAR.set(4);
    asyncio::run(async {
        assert_eq!(get(), 4);
        VAR.set(5);
    });
    assert_eq!(get(), 4);
    let event_loop = asyncio::new_event_loop();
    event_loop.run_until_complete(async { VAR.set(6) });
    event_loop.close();
    assert_eq!(get(), 4);
}

#[asyncio::test]
async fn a_panic_leaves_everybody_s_values_alone() {
    VAR.set(1);
    let task = create_task(async {
        VAR.set(2);
        panic!("on purpose");
    });
    assert!(task.await.is_err());
    get_running_loop().unwrap().set_exception_handler(|_| ());
    get_running_loop().unwrap().call_soon(|| {
        VAR.set(3);
        panic!("on purpose");
    });
    yield_now().await;
    assert_eq!(get(), 1);
}

#[test]
fn a_token_gives_the_former_value_back() {
    let first = OTHER.set(1);
    let second = OTHER.set(2);
    assert_eq!((first.old_value(), second.old_value()), (None, Some(1)));
    OTHER.reset(second);
    assert_eq!(OTHER.get(), Ok(1));
    OTHER.reset(first);
    assert!(OTHER.get().is_err());
}

#[test]
#[should_panic(expected = "the token was created by a different ContextVar than other")]
fn a_token_is_for_its_own_variable() {
    OTHER.reset(VAR.set(1));
}

#[test]
#[should_panic(expected = "the token of ContextVar var was created in a different Context")]
fn a_token_is_for_its_own_context() {
    asyncio::run(async {
        let token = VAR.set(1);
        let task = create_task(async { VAR.reset(token) });
        let TaskError::Panicked(panicked) = task.await.unwrap_err() else { panic!("it panicked") };
        std::panic::resume_unwind(panicked.into_payload());
    });
}

#[test]
fn what_is_set_in_a_copied_context_stays_there() {
    let mut context = copy_context();
    context.run(|| VAR.set(8));
    assert_eq!(get(), 0);
    let mut copy = context.clone();
    copy.run(|| VAR.set(9));
    assert_eq!((context.run(get), copy.run(get), get()), (8, 9, 0));
}

#[test]
fn a_context_comes_back_from_a_panic() {
    let mut context = copy_context();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        context.run(|| {
            VAR.set(8);
            panic!("on purpose");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!((context.run(get), get()), (8, 0));
}
