//! `FutureTests`: which error is reported because nobody looked at it.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use asyncio::{Future, yield_now};

use super::future;

/// What the running loop reports from here on.
fn reports() -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let handler = reports.clone();
    asyncio::get_running_loop().unwrap().set_exception_handler(move |context| {
        handler.borrow_mut().push(context.to_string());
    });
    reports
}

fn failed() -> Future<()> {
    let future = future();
    future.set_exception(io::Error::other("boom")).unwrap();
    future
}

#[asyncio::test]
async fn test_tb_logger_abandoned() {
    let reports = reports();
    drop(future::<()>());
    assert!(reports.take().is_empty());
}

#[asyncio::test]
async fn test_tb_logger_not_called_after_cancel() {
    let reports = reports();
    let future = failed();
    assert!(!future.cancel());
    drop(future);
    assert!(reports.take().is_empty());
}

#[asyncio::test]
async fn test_tb_logger_result_unretrieved() {
    let reports = reports();
    future().set_result(42).unwrap();
    assert!(reports.take().is_empty());
}

#[asyncio::test]
async fn test_tb_logger_result_retrieved() {
    let reports = reports();
    let future = future();
    future.set_result(42).unwrap();
    assert_eq!(future.result().unwrap().unwrap(), 42);
    drop(future);
    assert!(reports.take().is_empty());
}

#[asyncio::test]
async fn test_tb_logger_exception_unretrieved() {
    let reports = reports();
    drop(failed());
    yield_now().await;
    assert_eq!(reports.take().len(), 1);
}

#[asyncio::test]
async fn test_tb_logger_exception_retrieved() {
    let reports = reports();
    let future = failed();
    assert!(future.result().unwrap().is_err());
    drop(future);
    assert!(reports.take().is_empty());
}

#[asyncio::test]
async fn test_tb_logger_exception_result_retrieved() {
    let reports = reports();
    assert_eq!(failed().await.unwrap_err().to_string(), "boom");
    assert!(reports.take().is_empty());
}

/// Loses a failed future; `debug` makes no difference.
async fn check_future_exception_never_retrieved(debug: bool) {
    let reports = reports();
    asyncio::get_running_loop().unwrap().set_debug(debug);
    drop(failed());
    yield_now().await;
    let expected = "a future was given an error and nobody looked at it: boom";
    assert_eq!(reports.take(), [expected]);
}

#[asyncio::test]
async fn test_future_exception_never_retrieved() {
    check_future_exception_never_retrieved(false).await;
}

#[asyncio::test]
async fn test_future_exception_never_retrieved_debug() {
    check_future_exception_never_retrieved(true).await;
}
