//! How a reader shows itself, and errors as values.

#![expect(non_snake_case, reason = "the cases have these names")]

use std::io::ErrorKind;

use asyncio::ReadError;

use super::{stream, stream_with_limit};

#[test]
fn test___repr__() {
    asyncio::run(async {
        assert_eq!(format!("{:?}", stream().1), "<StreamReader>");
    });
}

#[test]
fn test___repr__nondefault_limit() {
    asyncio::run(async {
        assert_eq!(format!("{:?}", stream_with_limit(123).1), "<StreamReader limit=123>");
    });
}

#[test]
fn test___repr__eof() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.eof();
        reader.read(1).await.unwrap();
        assert_eq!(format!("{reader:?}"), "<StreamReader eof>");
    });
}

#[test]
fn test___repr__data() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("xdata");
        reader.read(1).await.unwrap();
        assert_eq!(format!("{reader:?}"), "<StreamReader 4 bytes>");
    });
}

#[test]
fn test___repr__exception() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.exception(ErrorKind::BrokenPipe.into());
        reader.read(1).await.unwrap_err();
        let shown = format!("{reader:?}");
        assert!(shown.starts_with("<StreamReader exception=Custom { kind: BrokenPipe"), "{shown}");
    });
}

/// Python's errors can be pickled; ours can be cloned, compared and sent to another thread.
#[test]
#[allow(non_snake_case, reason = "Python's name")]
fn test_IncompleteReadError_pickleable() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("abc");
        feed.eof();
        let Err(ReadError::Incomplete(error)) = reader.read_exact(10).await else { unreachable!() };
        let sent = error.clone();
        let back = std::thread::spawn(move || sent).join().unwrap();
        assert_eq!(back.to_string(), error.to_string());
        assert_eq!((back.partial, back.expected), (error.partial, error.expected));
    });
}

#[test]
#[allow(non_snake_case, reason = "Python's name")]
fn test_LimitOverrunError_pickleable() {
    asyncio::run(async {
        let (feed, mut reader) = stream_with_limit(3);
        feed.data("1234567890;");
        let Err(ReadError::LimitOverrun(error)) = reader.read_until(";").await else {
            unreachable!()
        };
        let sent = error.clone();
        let back = std::thread::spawn(move || sent).join().unwrap();
        assert_eq!(back.to_string(), error.to_string());
        assert_eq!((back.consumed, error.consumed), (10, 10));
    });
}
