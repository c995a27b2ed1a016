//! A task's context variables.

use asyncio::{ContextVar, create_task, gather, sleep};

use super::{future, millis, with_loop};

static CVAR: ContextVar<String> = ContextVar::with_default("cvar", || "nope".to_owned());

fn get() -> String {
    CVAR.get().unwrap()
}

fn set(value: impl Into<String>) {
    CVAR.set(value.into());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_context_1() {
    assert_eq!(get(), "nope");
    let subtask = create_task(async {
        sleep(millis(10)).await;
        assert_eq!(get(), "nope");
        set("something else");
    });
    set("yes");
    assert_eq!(get(), "yes");
    subtask.await.unwrap();
    assert_eq!(get(), "yes");
}

#[test]
fn test_context_2() {
    with_loop(|event_loop| {
        let task = event_loop.create_task(async {
            assert_eq!(get(), "nope");
            for j in 0..2 {
                let future = future();
                // What a callback sets is not seen by the task.
                future.add_done_callback(|| set("something else"));
                set(format!("yes{j}"));
                let setter = future.clone();
                let set_result = move || setter.set_result(()).unwrap();
                asyncio::get_running_loop().unwrap().call_soon(set_result);
                future.await.unwrap();
                assert_eq!(get(), format!("yes{j}"));
                for i in 0..3 {
                    set(format!("yes{i}-{j}"));
                    sleep(millis(1)).await;
                    assert_eq!(get(), format!("yes{i}-{j}"));
                }
            }
        });
        event_loop.run_until_complete(task).unwrap();
        assert_eq!(get(), "nope");
    });
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_context_3() {
    // Every task naps for times of its own, so that they interleave in many ways.
    let sub = |number: u64| async move {
        for i in 0..10 {
            set((number + i).to_string());
            sleep(millis(1 + (number * 7 + i * 13) % 50)).await;
            assert_eq!(get(), (number + i).to_string());
        }
    };
    let tasks: Vec<_> = (0..100).map(|number| create_task(sub(number % 11))).collect();
    for outcome in gather(tasks).await {
        outcome.unwrap();
    }
    assert_eq!(get(), "nope");
}
