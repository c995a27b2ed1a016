//! The cases of `StreamReader`.

use std::io::{self, ErrorKind};

use asyncio::{ReadError, StreamReader, When, create_task, get_running_loop, wait, yield_now};
use futures::FutureExt;
use futures::StreamExt;

use super::{DATA, Feed, stream, stream_with_limit};
use crate::test_streams::connections::connected;

/// Calls `feed` in the next turn, as `loop.call_soon(cb)` does.
fn soon(feed: &Feed, what: impl FnOnce(&Feed) + 'static) {
    let feed = feed.clone();
    get_running_loop().unwrap().call_soon(move || what(&feed));
}

fn broken() -> io::Error {
    io::Error::from(ErrorKind::BrokenPipe)
}

/// The message and `consumed` of a limit that was overrun.
fn overrun(result: Result<Vec<u8>, ReadError>) -> (String, usize) {
    match result {
        Err(ReadError::LimitOverrun(error)) => (error.to_string(), error.consumed),
        other => panic!("{other:?}"),
    }
}

#[test]
fn test_feed_empty_data() {
    asyncio::run(async {
        let (feed, reader) = stream();
        feed.data("");
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_feed_nonempty_data() {
    asyncio::run(async {
        let (feed, reader) = stream();
        feed.data(DATA);
        assert_eq!(feed.left(&reader), DATA);
    });
}

#[test]
fn test_read_zero() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data(DATA);
        assert_eq!(reader.read(0).await.unwrap(), b"");
        assert_eq!(feed.left(&reader), DATA);
    });
}

#[test]
fn test_read() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        soon(&feed, |feed| feed.data(DATA));
        assert_eq!(reader.read(30).await.unwrap(), DATA);
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_read_line_breaks() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("line1");
        feed.data("line2");
        assert_eq!(reader.read(5).await.unwrap(), b"line1");
        assert_eq!(feed.left(&reader), b"line2");
    });
}

#[test]
fn test_read_eof() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        soon(&feed, Feed::eof);
        assert_eq!(reader.read(1024).await.unwrap(), b"");
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_read_until_eof() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        soon(&feed, |feed| {
            feed.data("chunk1\n");
            feed.data("chunk2");
            feed.eof();
        });
        assert_eq!(reader.read_to_end().await.unwrap(), b"chunk1\nchunk2");
        assert_eq!(feed.left(&reader), b"");
    });
}

/// An error that comes from elsewhere in the connection: from its writer.
async fn with_failed_connection(sent: &str, read: impl AsyncFnOnce(StreamReader, Feed)) {
    let (mut peer, mut reader, writer) = connected().await;
    io::Write::write_all(&mut peer, sent.as_bytes()).unwrap();
    assert_eq!(reader.read(2).await.unwrap(), sent.as_bytes()[..2].to_vec());
    // What it never reads makes the peer's end a reset.
    writer.write("x");
    drop(peer);
    while !writer.is_closing() {
        writer.write("x");
        yield_now().await;
    }
    writer.wait_closed().await.unwrap_err();
    read(reader, Feed::default()).await;
}

#[test]
fn test_read_exception() {
    asyncio::run(with_failed_connection("line\n", async |mut reader, _| {
        assert_eq!(reader.buffer(), b"ne\n");
        reader.read(2).await.unwrap_err();
    }));
}

#[test]
fn test_invalid_limit() {
    let message = crate::support::panic_of(|| {
        asyncio::run(async { drop(stream().1.with_limit(0)) });
    });
    assert!(message.contains("imit"), "{message}");
}

#[test]
fn test_read_limit() {
    asyncio::run(async {
        let (feed, mut reader) = stream_with_limit(3);
        feed.data("chunk");
        assert_eq!(reader.read(5).await.unwrap(), b"chunk");
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_readline() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("chunk1 ");
        soon(&feed, |feed| {
            feed.data("chunk2 ");
            feed.data("chunk3 ");
            feed.data("\n chunk4");
        });
        assert_eq!(reader.read_line().await.unwrap(), b"chunk1 chunk2 chunk3 \n");
        assert_eq!(feed.left(&reader), b" chunk4");
    });
}

#[test]
fn test_readline_limit_with_existing_data() {
    asyncio::run(async {
        let (feed, mut reader) = stream_with_limit(3);
        feed.data("li");
        feed.data("ne1\nline2\n");
        overrun(reader.read_line().await);
        assert_eq!(feed.left(&reader), b"line2\n");

        let (feed, mut reader) = stream_with_limit(3);
        feed.data("li");
        feed.data("ne1");
        feed.data("li");
        overrun(reader.read_line().await);
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_at_eof() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        assert!(!reader.is_at_eof());
        feed.data("some data\n");
        assert!(!reader.is_at_eof());
        reader.read_line().await.unwrap();
        assert!(!reader.is_at_eof());
        feed.data("some data\n");
        feed.eof();
        reader.read_line().await.unwrap();
        // Different: Python has been told of the end already.
        assert!(!reader.is_at_eof());
        assert_eq!(reader.read_line().await.unwrap(), b"");
        assert!(reader.is_at_eof());
    });
}

#[test]
fn test_readline_limit() {
    asyncio::run(async {
        let (feed, mut reader) = stream_with_limit(7);
        soon(&feed, |feed| {
            feed.data("chunk1");
            feed.data("chunk2");
            feed.data("chunk3\n");
            feed.eof();
        });
        overrun(reader.read_line().await);
        assert_eq!(feed.left(&reader), b"");

        let (feed, mut reader) = stream_with_limit(7);
        soon(&feed, |feed| {
            feed.data("chunk1");
            feed.data("chunk2\n");
            feed.data("chunk3\n");
            feed.eof();
        });
        overrun(reader.read_line().await);
        assert_eq!(feed.left(&reader), b"chunk3\n");

        let (feed, mut reader) = stream_with_limit(7);
        feed.data("1234567\n");
        assert_eq!(reader.read_line().await.unwrap(), b"1234567\n");
        assert_eq!(feed.left(&reader), b"");
        feed.data("12345678\n");
        overrun(reader.read_line().await);
        assert_eq!(feed.left(&reader), b"");
        feed.data("12345678");
        overrun(reader.read_line().await);
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_readline_nolimit_nowait() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data(&DATA[..6]);
        feed.data(&DATA[6..]);
        assert_eq!(reader.read_line().await.unwrap(), b"line1\n");
        assert_eq!(feed.left(&reader), b"line2\nline3\n");
    });
}

#[test]
fn test_readline_eof() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("some data");
        feed.eof();
        assert_eq!(reader.read_line().await.unwrap(), b"some data");
    });
}

#[test]
fn test_readline_empty_eof() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.eof();
        assert_eq!(reader.read_line().await.unwrap(), b"");
    });
}

#[test]
fn test_readline_read_byte_count() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data(DATA);
        reader.read_line().await.unwrap();
        assert_eq!(reader.read(7).await.unwrap(), b"line2\nl");
        assert_eq!(feed.left(&reader), b"ine3\n");
    });
}

#[test]
fn test_readline_exception() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("line\n");
        assert_eq!(reader.read_line().await.unwrap(), b"line\n");
        feed.exception(broken());
        assert!(matches!(reader.read_line().await, Err(ReadError::Io(_))));
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_readuntil_separator() {
    let empty = crate::support::panic_of(|| {
        asyncio::run(async { stream().1.read_until("").await.unwrap() });
    });
    assert!(empty.contains("Separator should be"), "{empty}");
    let one_is_empty = crate::support::panic_of(|| {
        asyncio::run(async { stream().1.read_until_any(&[""]).await.unwrap() });
    });
    assert!(one_is_empty.contains("Separator should be"), "{one_is_empty}");
    let none = crate::support::panic_of(|| {
        asyncio::run(async { stream().1.read_until_any(&[""; 0]).await.unwrap() });
    });
    assert!(none.contains("Separator should contain"), "{none}");
}

#[test]
fn test_readuntil_multi_chunks() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        for (fed, left) in [("lineAAA", ""), ("lineAAA", ""), ("lineAAAxxx", "xxx")] {
            feed.data(fed);
            assert_eq!(reader.read_until("AAA").await.unwrap(), b"lineAAA");
            assert_eq!(feed.left(&reader), left.as_bytes());
        }
    });
}

#[test]
fn test_readuntil_multi_chunks_1() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        let cases: [(&[&str], &str); 5] = [
            (&["QWEaa", "XYaa", "a"], "QWEaaXYaaa"),
            (&["QWEaa", "XYa", "aa"], "QWEaaXYaaa"),
            (&["aaa"], "aaa"),
            (&["Xaaa"], "Xaaa"),
            (&["XXX", "a", "a", "a"], "XXXaaa"),
        ];
        for (pieces, whole) in cases {
            // Each piece is met by a read of its own.
            let pieces: Vec<String> = pieces.iter().map(ToString::to_string).collect();
            let feeding = feed.clone();
            let feeder = create_task(async move {
                for piece in pieces {
                    feeding.data(piece);
                    yield_now().await;
                }
            });
            assert_eq!(reader.read_until("aaa").await.unwrap(), whole.as_bytes());
            assert_eq!(feed.left(&reader), b"");
            feeder.await.unwrap();
        }
    });
}

#[test]
fn test_readuntil_eof() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("some dataAA");
        feed.eof();
        let Err(ReadError::Incomplete(error)) = reader.read_until("AAA").await else {
            unreachable!()
        };
        assert!(error.to_string().contains("undefined expected bytes"));
        assert_eq!((error.partial.as_slice(), error.expected), (&b"some dataAA"[..], None));
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_readuntil_limit_found_sep() {
    asyncio::run(async {
        let (feed, mut reader) = stream_with_limit(3);
        feed.data("some dataAA");
        let (message, _) = overrun(reader.read_until("AAA").await);
        assert!(message.contains("not found"));
        assert_eq!(feed.left(&reader), b"some dataAA");

        feed.data("A");
        // Different: the rest isn't read as long as the limit is overrun without it.
        assert!(overrun(reader.read_until("AAA").await).0.contains("not found"));
        assert_eq!(feed.left(&reader), b"some dataAAA");

        let (feed, mut reader) = stream_with_limit(3);
        feed.data("some dataAAA");
        assert!(overrun(reader.read_until("AAA").await).0.contains("is found"));
        assert_eq!(feed.left(&reader), b"some dataAAA");
    });
}

#[test]
fn test_readuntil_multi_separator() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("line 1\nline 2\r");
        assert_eq!(reader.read_until_any(&["\r", "\n"]).await.unwrap(), b"line 1\n");
        assert_eq!(reader.read_until_any(&["\r", "\n"]).await.unwrap(), b"line 2\r");
        assert_eq!(feed.left(&reader), b"");

        feed.data("ABCDEFG");
        assert_eq!(reader.read_until_any(&["DEF", "BCDE"]).await.unwrap(), b"ABCDE");
        assert_eq!(feed.left(&reader), b"FG");
    });
}

#[test]
fn test_readuntil_multi_separator_limit() {
    asyncio::run(async {
        let (feed, mut reader) = stream_with_limit(3);
        feed.data("some dataA");
        let (message, _) = overrun(reader.read_until_any(&["A", "ome dataA"]).await);
        assert!(message.contains("is found"));
        assert_eq!(feed.left(&reader), b"some dataA");
    });
}

#[test]
fn test_readuntil_multi_separator_negative_offset() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("data");
        soon(&feed, |feed| feed.data("Z"));
        soon(&feed, |feed| feed.data("Aaaa"));
        assert_eq!(reader.read_until_any(&["A", "long sep"]).await.unwrap(), b"dataZA");
        assert_eq!(feed.left(&reader), b"aaa");
    });
}

#[test]
fn test_readuntil_bytearray() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data("some data\r\n");
        assert_eq!(reader.read_until(Vec::from("\r\n")).await.unwrap(), b"some data\r\n");
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_readexactly_zero_or_less() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data(DATA);
        assert_eq!(reader.read_exact(0).await.unwrap(), b"");
        assert_eq!(feed.left(&reader), DATA);
    });
}

#[test]
fn test_readexactly() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        soon(&feed, |feed| (0..3).for_each(|_| feed.data(DATA)));
        assert_eq!(reader.read_exact(2 * DATA.len()).await.unwrap(), [DATA, DATA].concat());
        assert_eq!(feed.left(&reader), DATA);
    });
}

#[test]
fn test_readexactly_limit() {
    asyncio::run(async {
        let (feed, mut reader) = stream_with_limit(3);
        feed.data("chunk");
        assert_eq!(reader.read_exact(5).await.unwrap(), b"chunk");
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_readexactly_eof() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        soon(&feed, |feed| {
            feed.data(DATA);
            feed.eof();
        });
        let Err(ReadError::Incomplete(error)) = reader.read_exact(2 * DATA.len()).await else {
            unreachable!()
        };
        assert_eq!((error.partial.as_slice(), error.expected), (DATA, Some(36)));
        assert_eq!(error.to_string(), "18 bytes read on a total of 36 expected bytes");
        assert_eq!(feed.left(&reader), b"");
    });
}

#[test]
fn test_readexactly_exception() {
    asyncio::run(with_failed_connection("line\n", async |mut reader, _| {
        assert!(matches!(reader.read_exact(2).await, Err(ReadError::Io(_))));
    }));
}

#[test]
fn test_exception() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.exception(broken());
        // Each read is told of it.
        for _ in 0..2 {
            assert_eq!(reader.read(1).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        }
    });
}

#[test]
fn test_exception_waiter() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        let reads = create_task(async move { reader.read_line().await });
        let fails = create_task(async move {
            feed.exception(broken());
            Ok(Vec::new())
        });
        let (mut done, pending) = wait([reads, fails], When::AllCompleted).await;
        assert!(pending.is_empty());
        assert!(matches!(done.remove(0).await.unwrap(), Err(ReadError::Io(_))));
    });
}

#[test]
fn test_exception_cancel() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        let reads = create_task(async move { reader.read_line().await });
        yield_now().await;
        assert!(feed.is_awaited());
        reads.cancel();
        yield_now().await;
        feed.exception(broken());
        yield_now().await;
        assert!(reads.is_cancelled());
    });
}

/// `StreamReader.__aiter__`, which no case of Python's is named after.
#[test]
fn lines_come_one_after_the_other() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        feed.data(DATA);
        feed.data("rest");
        feed.eof();
        let lines: Vec<_> = reader.lines().map(Result::unwrap).collect().await;
        assert_eq!(lines, ["line1\n", "line2\n", "line3\n", "rest"].map(str::as_bytes));
        assert!(reader.is_at_eof());
    });
}

#[test]
fn test_streamreader_constructor_without_loop() {
    let message = crate::support::panic_of(|| drop(stream()));
    assert!(message.contains("needs a running event loop"), "{message}");
}

#[test]
fn test_streamreader_constructor_use_running_loop() {
    asyncio::run(async {
        let (feed, mut reader) = stream();
        assert!(reader.read(1).now_or_never().is_none());
        feed.data("x");
        assert_eq!(reader.read(1).await.unwrap(), b"x");
    });
}
