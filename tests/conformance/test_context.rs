//! `test_context.py` of `test_asyncio`, and `ContextTest` of `CPython`'s `Lib/test/test_context.py`, both
//! of Python 3.11.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use asyncio::{Context, ContextVar, copy_context, gather, sleep};

/// What `function` panicked with.
fn panic_of<R>(function: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(function)).err().expect("it panics");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

fn divide_by_zero() {
    panic!("division by zero");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_asyncio_task_decimal_context() {
    static PRECISION: ContextVar<usize> = ContextVar::with_default("precision", || 28);
    async fn fractions(nap: u64, precision: usize, x: f64, y: f64) -> (String, String) {
        let divided = |by: f64| format!("{:.*}", PRECISION.get().unwrap(), x / by);
        let former = PRECISION.set(precision);
        let a = divided(y);
        sleep(Duration::from_millis(nap)).await;
        let b = divided(y * y);
        PRECISION.reset(former);
        (a, b)
    }
    let both = gather([fractions(100, 3, 1.0, 3.0), fractions(200, 6, 1.0, 3.0)]).await;
    let shown: Vec<_> = both.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(shown, [("0.333", "0.111"), ("0.333333", "0.111111")]);
    assert_eq!(PRECISION.get(), Ok(28));
}

#[test]
fn test_context_var_new_1() {
    let c = ContextVar::<u8>::new("aaa");
    assert_eq!(c.name(), "aaa");
}

#[test]
fn test_context_run_2() {
    let func = |mut args: Vec<&'static str>| {
        args.push("bar");
        args
    };
    let mut context = Context::default();
    assert_eq!(context.run(|| func(vec![])), ["bar"]);
    assert_eq!(context.run(|| func(vec!["1"])), ["1", "bar"]);
    let a = Vec::new();
    assert_eq!(context.run(|| func(a.clone())), ["bar"]);
    assert!(a.is_empty());
}

#[test]
fn test_context_run_3() {
    let mut context = Context::default();
    for _ in 0..3 {
        assert_eq!(panic_of(|| context.run(divide_by_zero)), "division by zero");
    }
}

#[test]
fn test_context_run_4() {
    let (mut first, mut second) = (Context::default(), Context::default());
    let var = ContextVar::new("var");
    let mut copy = first.run(|| {
        assert!(var.get().is_err());
        var.set("spam");
        second.run(|| assert!(var.get().is_err()));
        assert_eq!(var.get(), Ok("spam"));
        let mut copy = copy_context();
        assert_eq!(copy.run(|| var.get()), Ok("spam"));
        copy
    });
    assert_eq!(copy.run(|| var.get()), first.run(|| var.get()));
    assert_eq!(copy.run(|| var.get()), Ok("spam"));
}

#[test]
fn test_context_run_5() {
    let mut context = Context::default();
    let var = ContextVar::new("var");
    let fails = || {
        context.run(|| {
            assert!(var.get().is_err());
            var.set("spam");
            divide_by_zero();
        });
    };
    assert_eq!(panic_of(fails), "division by zero");
    assert!(var.get().is_err());
}

#[test]
fn test_context_run_6() {
    let mut context = Context::default();
    let c = ContextVar::with_default("a", || 0);
    context.run(|| {
        assert_eq!(c.get(), Ok(0));
        c.set(42);
        assert_eq!(c.get(), Ok(42));
        assert_eq!(copy_context().run(|| c.get()), Ok(42));
    });
    assert_eq!(context.run(|| c.get()), Ok(42));
}

#[test]
fn test_context_getset_1() {
    let c = ContextVar::new("c");
    assert!(c.get().is_err());
    assert_eq!(c.get().ok(), None);

    let t0 = c.set("42");
    assert_eq!(c.get(), Ok("42"));
    assert_eq!(t0.old_value(), None);

    let t = c.set("spam");
    assert_eq!(c.get(), Ok("spam"));
    assert_eq!(t.old_value(), Some("42"));
    c.reset(t); // Which ends `t`: a token can't be used twice.
    assert_eq!(c.get(), Ok("42"));

    c.set("spam2");
    assert_eq!(c.get(), Ok("spam2"));
    let mut ctx1 = copy_context();
    c.reset(t0);
    assert_eq!(c.get().ok(), None);
    assert_eq!(ctx1.run(|| c.get()), Ok("spam2"));
    assert!(copy_context().run(|| c.get()).is_err());
}

#[test]
fn test_context_getset_2() {
    let (v1, v2) = (ContextVar::new("v1"), ContextVar::new("v2"));
    let token = v1.set(42);
    v2.set(43);
    assert!(panic_of(|| v2.reset(token)).contains("created by a different ContextVar"));
}

#[test]
fn test_context_getset_3() {
    let c = ContextVar::with_default("c", || 42);
    let mut context = Context::default();
    context.run(|| {
        assert_eq!(c.get(), Ok(42));
        let token = c.set(1);
        assert_eq!(token.old_value(), None);
        assert_eq!(copy_context().run(|| c.get()), Ok(1));
        c.reset(token);
        assert_eq!(c.get(), Ok(42));
        // The default again, and no value that happens to be equal.
        assert_eq!(c.set(2).old_value(), None);
    });
}

#[test]
fn test_context_getset_4() {
    let c = ContextVar::with_default("c", || 42);
    let mut context = Context::default();
    let token = context.run(|| c.set(1));
    assert!(panic_of(|| c.reset(token)).contains("created in a different Context"));
}

#[test]
fn test_context_getset_5() {
    let c: ContextVar<Arc<Mutex<Vec<u8>>>> = ContextVar::with_default("c", Arc::default);
    let list = || c.get().unwrap().lock().unwrap().clone();
    c.set(Arc::default());
    copy_context().run(|| {
        c.set(Arc::default());
        c.get().unwrap().lock().unwrap().push(42);
        assert_eq!(list(), [42]);
    });
    assert!(list().is_empty());
}

#[test]
fn test_context_copy_1() {
    let c = ContextVar::with_default("c", || 42);
    let mut ctx1 = Context::default();
    ctx1.run(|| {
        c.set(10);
        let mut ctx2 = copy_context();
        assert_eq!(ctx2.run(|| c.get()), Ok(10));
        c.set(20);
        assert_eq!(c.get(), Ok(20));
        assert_eq!(ctx2.run(|| c.get()), Ok(10));
        ctx2.run(|| {
            assert_eq!(c.get(), Ok(10));
            c.set(30);
            assert_eq!(c.get(), Ok(30));
        });
        assert_eq!(c.get(), Ok(20));
        assert_eq!(ctx2.run(|| c.get()), Ok(30));
    });
    assert_eq!(ctx1.run(|| c.get()), Ok(20));
}

#[test]
fn test_context_threads_1() {
    static CVAR: ContextVar<u32> = ContextVar::new("cvar");
    // All have set their value before one reads its own.
    let all_have_set = Arc::new(Barrier::new(10));
    let threads: Vec<_> = (0..10)
        .map(|number| {
            let all_have_set = all_have_set.clone();
            thread::spawn(move || {
                for i in 0..10 {
                    CVAR.set(number + i);
                    all_have_set.wait();
                    assert_eq!(CVAR.get(), Ok(number + i));
                    all_have_set.wait();
                }
                number
            })
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(results, (0..10).collect::<Vec<_>>());
}
