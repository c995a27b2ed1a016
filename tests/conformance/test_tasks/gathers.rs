//! `GatherTests`, of futures and of coroutines: `gather` is Python's `return_exceptions=True`, `try_gather`
//! is plain `gather`.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use asyncio::{
    Future, FutureError, Task, TaskRef, create_task, gather, new_event_loop, try_gather,
};
use futures::FutureExt;

use super::{future, run_briefly};

type Number = Result<u32, FutureError>;

#[derive(Debug)]
struct ZeroDivisionError;

impl fmt::Display for ZeroDivisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("division by zero")
    }
}

impl std::error::Error for ZeroDivisionError {}

fn futures<const N: usize>() -> [Future<u32>; N] {
    std::array::from_fn(|_| future())
}

/// A gathering in a task of its own, and how often that was told to be done.
struct Gathering<T> {
    task: Task<T>,
    calls: Rc<Cell<u32>>,
}

impl<T: 'static> Gathering<T> {
    fn new(gathering: impl std::future::Future<Output = T> + 'static) -> Self {
        let (task, calls) = (create_task(gathering), Rc::new(Cell::new(0)));
        let called = calls.clone();
        task.add_done_callback(move || called.set(called.get() + 1));
        Self { task, calls }
    }

    /// Runs all that is ready.
    async fn is_done(&self) -> bool {
        for _ in 0..3 {
            run_briefly().await;
        }
        assert_eq!(self.calls.get(), u32::from(self.task.is_done()));
        self.task.is_done()
    }

    async fn value(self) -> T {
        assert!(self.is_done().await);
        self.task.now_or_never().unwrap().unwrap()
    }
}

/// What stands for a value or an error, since errors can't be compared.
fn shown(value: &Number) -> String {
    match value {
        Ok(number) => number.to_string(),
        Err(error) => error.to_string(),
    }
}

/// The cases that Python runs for both kinds. `wrap` makes what is gathered of a future.
macro_rules! cases {
    ($wrap:expr) => {
        #[asyncio::test(seeds = 20)]
        async fn test_success() {
            let [a, b, c] = futures();
            let all = [&a, &b, &c].map(|future| $wrap(future.clone()));
            let gathering = Gathering::new(try_gather(all));
            b.set_result(1).unwrap();
            a.set_result(2).unwrap();
            assert!(!gathering.is_done().await);
            c.set_result(3).unwrap();
            assert_eq!(gathering.value().await.unwrap(), [2, 1, 3]);
        }

        #[asyncio::test(seeds = 20)]
        async fn test_result_exception_success() {
            let [a, b, c] = futures();
            let all = [&a, &b, &c].map(|future| $wrap(future.clone()));
            let gathering = Gathering::new(gather(all));
            b.set_result(1).unwrap();
            a.set_result(2).unwrap();
            assert!(!gathering.is_done().await);
            c.set_result(3).unwrap();
            let values: Vec<_> = gathering.value().await.into_iter().map(Result::unwrap).collect();
            assert_eq!(values, [2, 1, 3]);
        }

        #[asyncio::test(seeds = 20)]
        async fn test_one_exception() {
            let [a, b, c, d, e] = futures();
            let all = [&a, &b, &c, &d, &e].map(|future| $wrap(future.clone()));
            let gathering = Gathering::new(try_gather(all));
            a.set_result(1).unwrap();
            b.set_exception(ZeroDivisionError).unwrap();
            let error = gathering.value().await.unwrap_err();
            let FutureError::Exception(error) = error else { panic!("{error}") };
            assert!(error.is::<ZeroDivisionError>());
            // Does nothing.
            c.set_result(3).unwrap();
            d.cancel();
            e.set_exception(fmt::Error).unwrap();
            e.result().unwrap().unwrap_err();
        }

        #[asyncio::test(seeds = 20)]
        async fn test_return_exceptions() {
            let [a, b, c, d] = futures();
            let all = [&a, &b, &c, &d].map(|future| $wrap(future.clone()));
            let gathering = Gathering::new(gather(all));
            b.set_result(1).unwrap();
            c.set_exception(ZeroDivisionError).unwrap();
            a.set_result(3).unwrap();
            assert!(!gathering.is_done().await);
            d.set_exception(fmt::Error).unwrap();
            let values: Vec<_> = gathering.value().await.iter().map(shown).collect();
            let expected =
                ["3", "1", "division by zero", fmt::Error.to_string().as_str()].map(str::to_owned);
            assert_eq!(values, expected);
        }
    };
}

mod future_gather_tests {
    use super::*;

    cases!(|future: Future<u32>| future);

    #[test]
    #[expect(
        clippy::async_yields_async,
        reason = "what is made in a run is awaited in the next one"
    )]
    fn test_constructor_empty_sequence_use_running_loop() {
        let event_loop = new_event_loop();
        let gathering = event_loop.run_until_complete(async {
            let nothing: [Future<u32>; 0] = [];
            gather(nothing)
        });
        assert!(gathering.now_or_never().unwrap().is_empty());
        event_loop.close();
    }

    #[test]
    fn test_constructor_empty_sequence_without_loop() {
        // Python wants a loop for it; see the book's page on differences.
        let nothing: [Future<u32>; 0] = [];
        assert!(gather(nothing).now_or_never().unwrap().is_empty());
    }

    #[test]
    fn test_constructor_homogenous_futures() {
        let other = new_event_loop();
        let children: [Future<u32>; 3] = std::array::from_fn(|_| other.create_future());
        for _ in 0..2 {
            let task = other.create_task(gather(children.clone()));
            other.run_once();
            assert!(!task.is_done());
        }
        other.close();
    }

    #[asyncio::test(seeds = 20)]
    async fn test_one_cancellation() {
        let [a, b, c, d, e] = futures();
        let all = [&a, &b, &c, &d, &e].map(Clone::clone);
        let gathering = Gathering::new(try_gather(all));
        let handle = TaskRef::clone(&gathering.task);
        a.set_result(1).unwrap();
        b.cancel();
        assert!(matches!(gathering.value().await, Err(FutureError::Cancelled(_))));
        assert!(!handle.is_cancelled());
        // Does nothing.
        c.set_result(3).unwrap();
        d.cancel();
        e.set_exception(fmt::Error).unwrap();
        e.result().unwrap().unwrap_err();
    }

    #[asyncio::test(seeds = 20)]
    async fn test_result_exception_one_cancellation() {
        let [a, b, c, d, e, f] = futures();
        let all = [&a, &b, &c, &d, &e, &f].map(Clone::clone);
        let gathering = Gathering::new(gather(all));
        a.set_result(1).unwrap();
        b.set_exception(ZeroDivisionError).unwrap();
        c.cancel();
        assert!(!gathering.is_done().await);
        d.set_result(3).unwrap();
        e.cancel();
        f.set_exception(fmt::Error).unwrap();
        let values = gathering.value().await;
        for index in [2, 4] {
            assert!(matches!(values[index], Err(FutureError::Cancelled(_))));
        }
        let others: Vec<_> = [0, 1, 3, 5].map(|index| shown(&values[index])).into();
        assert_eq!(others, ["1", "division by zero", "3", &fmt::Error.to_string()]);
    }
}

mod coroutine_gather_tests {
    use super::*;

    async fn coroutine(future: Future<u32>) -> Number {
        future.await
    }

    cases!(coroutine);

    #[test]
    fn test_constructor_without_loop() {
        let gathering = || gather([std::future::ready("abc")]).now_or_never();
        let payload = std::panic::catch_unwind(gathering).unwrap_err();
        let message = payload.downcast::<String>().unwrap();
        assert!(message.contains("`gather` needs a running event loop"), "{message}");
    }

    #[test]
    #[expect(
        clippy::async_yields_async,
        reason = "what is made in a run is awaited in the next one"
    )]
    fn test_constructor_use_running_loop() {
        let event_loop = new_event_loop();
        let gathering = event_loop.run_until_complete(async {
            gather([std::future::ready("abc"), std::future::ready("def")])
        });
        assert_eq!(event_loop.run_until_complete(gathering), ["abc", "def"]);
        event_loop.close();
    }

    #[test]
    fn test_constructor_use_global_loop() {
        let other = new_event_loop();
        asyncio::set_event_loop(Some(other.clone()));
        let gathering = gather([std::future::ready("abc"), std::future::ready("def")]);
        let values = asyncio::get_event_loop().run_until_complete(gathering);
        asyncio::set_event_loop(None);
        assert_eq!(values, ["abc", "def"]);
        other.close();
    }

    #[asyncio::test(seeds = 20)]
    async fn test_cancellation_broadcast() {
        let proof = Rc::new(Cell::new(0));
        let waiter = future();
        let child = || {
            let (proof, waiter) = (proof.clone(), waiter.clone());
            create_task(async move {
                match waiter.await {
                    Ok(()) => proof.set(proof.get() + 1),
                    Err(FutureError::Cancelled(cancelled)) => cancelled.raise().await,
                    Err(error) => panic!("{error}"),
                }
            })
        };
        let children = [child(), child()];
        let handles = children.each_ref().map(|child| TaskRef::clone(child));
        let outer_proof = proof.clone();
        let outer = create_task(async move {
            gather(children).await;
            outer_proof.set(outer_proof.get() + 100);
        });
        run_briefly().await;
        run_briefly().await; // What `gather` is given starts in the turn behind its own.
        assert!(outer.cancel());
        assert!(outer.await.unwrap_err().is_cancelled());
        assert!(waiter.is_cancelled());
        assert!(handles.iter().all(TaskRef::is_cancelled));
        run_briefly().await;
        assert_eq!(proof.get(), 0);
    }

    #[asyncio::test(seeds = 20)]
    async fn test_exception_marking() {
        let (a, b) = (future(), future());
        let inner = |waits: Future<()>| async move {
            waits.await.unwrap();
            Err::<(), _>("should not be ignored")
        };
        let outer = create_task(try_gather([inner(a.clone()), inner(b.clone())]));
        run_briefly().await;
        a.set_result(()).unwrap();
        run_briefly().await;
        b.set_result(()).unwrap();
        run_briefly().await;
        assert_eq!(outer.now_or_never().unwrap().unwrap(), Err("should not be ignored"));
    }
}
