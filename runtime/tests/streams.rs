//! Streams: what goes beyond Python's cases, which `tests/conformance` holds them to.

#[allow(dead_code, reason = "others use more of it")]
mod child;
mod support;

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::{TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use asyncio::{
    ReadError, Runner, StreamReader, StreamWriter, create_task, gather, open_connection,
    start_server, timeout, yield_now,
};
use child::{Child, run_as_child};
use futures::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use proptest::prelude::*;
use support::{panic_of, reports, turns};

const HERE: (&str, u16) = ("127.0.0.1", 0);

/// A connection, and its other end.
async fn connected() -> (TcpStream, StreamReader, StreamWriter) {
    let listener = TcpListener::bind(HERE).unwrap();
    let (reader, writer) = open_connection(listener.local_addr().unwrap()).await.unwrap();
    (listener.accept().unwrap().0, reader, writer)
}

/// A connection whose both ends are ours.
async fn both_ends() -> (StreamReader, StreamWriter, StreamReader, StreamWriter) {
    let accepted = Rc::new(RefCell::new(None));
    let accepting = accepted.clone();
    let server = start_server(
        async move |reader, writer| drop(accepting.replace(Some((reader, writer)))),
        HERE,
    );
    let server = server.await.unwrap();
    let (reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
    while accepted.borrow().is_none() {
        yield_now().await;
    }
    server.close();
    let (peer_reader, peer_writer) = accepted.take().unwrap();
    (reader, writer, peer_reader, peer_writer)
}

/// Gives `future` so many turns, and then drops it.
async fn within_turns<F: Future>(turns: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..=turns {
        let poll = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(value) = poll {
            return Some(value);
        }
        yield_now().await;
    }
    None
}

/// Fills what the system takes, so that what is written next stays in the buffer.
fn fill(writer: &StreamWriter) {
    while writer.write_buffer_size() == 0 {
        writer.write(vec![b'.'; 65536]);
    }
}

#[test]
fn a_peer_that_sends_one_byte_at_a_time_is_read_in_whole_lines() {
    asyncio::run(async {
        let (mut peer, mut reader, _writer) = connected().await;
        let sending = thread::spawn(move || {
            for byte in b"one\ntwo\nrest" {
                peer.write_all(&[*byte]).unwrap();
                thread::yield_now();
            }
        });
        let lines: Vec<_> = StreamReader::lines(&mut reader).map(Result::unwrap).collect().await;
        assert_eq!(lines, [&b"one\n"[..], b"two\n", b"rest"]);
        sending.join().unwrap();
    });
}

#[test]
fn a_peer_that_has_ended_its_side_is_still_answered() {
    asyncio::run(async {
        let (mut reader, writer, mut peer_reader, peer_writer) = both_ends().await;
        writer.write("question");
        writer.write_eof();
        assert_eq!(peer_reader.read_to_end().await.unwrap(), b"question");
        assert!(peer_reader.is_at_eof() && !peer_writer.is_closing());
        peer_writer.write("answer");
        peer_writer.close();
        assert_eq!(reader.read_to_end().await.unwrap(), b"answer");
    });
}

#[test]
fn a_peer_that_resets_is_told_to_all() {
    asyncio::run(async {
        let (mut peer, mut reader, writer) = connected().await;
        peer.write_all(b"half a li").unwrap();
        writer.write("never read, which makes a reset of the peer's end");
        assert_eq!(reader.read(4).await.unwrap(), b"half");
        drop(peer);
        let Err(ReadError::Io(error)) = reader.read_line().await else { unreachable!() };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(writer.is_closing());
        writer.write("ignored");
        for error in [
            writer.drain().await.unwrap_err(),
            writer.wait_closed().await.unwrap_err(),
            reader.read(1).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    });
}

#[test]
fn a_peer_that_never_reads_makes_drain_wait_and_costs_no_more_memory() {
    asyncio::run(async {
        let (mut peer, _reader, writer) = connected().await;
        fill(&writer);
        let writer = Rc::new(writer);
        let written = Rc::new(Cell::new(0));
        let (writing, count) = (writer.clone(), written.clone());
        let task = create_task(async move {
            for _ in 0..1000 {
                writing.write([b'.'; 10_000]);
                writing.drain().await.unwrap();
                count.set(count.get() + 1);
            }
        });
        turns(100).await;
        assert!(!task.is_done() && written.get() < 10, "{}", written.get());
        assert!(writer.write_buffer_size() <= 64 * 1024 + 65536 + 10_000);
        let reading = thread::spawn(move || io::copy(&mut peer, &mut io::sink()).unwrap());
        task.await.unwrap();
        writer.close();
        writer.wait_closed().await.unwrap();
        assert!(reading.join().unwrap() > 10_000_000);
    });
}

#[test]
fn a_line_beyond_the_limit_is_dropped_and_the_next_ones_come() {
    asyncio::run(async {
        let (mut peer, mut reader, _writer) = connected().await;
        let sending = thread::spawn(move || {
            peer.write_all(&vec![b'x'; 1_000_000]).unwrap();
            peer.write_all(b"\nshort\n").unwrap();
        });
        let mut overruns = 0;
        let line = loop {
            match reader.read_line().await {
                Err(ReadError::LimitOverrun(_)) => overruns += 1,
                line => break line.unwrap(),
            }
            assert!(reader.buffer().len() <= 64 * 1024);
        };
        // What is left of the long line, or its end, may be short enough by itself.
        assert!(line == b"short\n" || line.iter().all(|byte| b"x\n".contains(byte)));
        assert!(overruns >= 5, "{overruns}");
        sending.join().unwrap();
    });
}

#[test]
fn a_separator_that_never_comes_leaves_what_is_there() {
    asyncio::run(async {
        let (mut peer, mut reader, writer) = connected().await;
        let sending = thread::spawn(move || peer.write_all(&vec![b'x'; 1_000_000]).is_ok());
        let mut taken = 0;
        for _ in 0..5 {
            let Err(ReadError::LimitOverrun(error)) = reader.read_until("END").await else {
                unreachable!()
            };
            assert!(error.consumed > 64 * 1024 && error.consumed <= reader.buffer().len());
            assert!(reader.buffer().len() <= 128 * 1024);
            taken += reader.read_exact(error.consumed).await.unwrap().len();
        }
        assert!(taken >= 5 * 64 * 1024);
        drop((reader, writer));
        sending.join().unwrap();
    });
}

#[test]
fn who_reads_comes_to_the_end_when_the_writer_is_closed() {
    asyncio::run(async {
        let (mut peer, mut reader, writer) = connected().await;
        let reading = create_task(async move { (reader.read_line().await, reader) });
        turns(3).await;
        writer.close();
        let (line, reader) = reading.await.unwrap();
        assert_eq!(line.unwrap(), b"");
        assert!(reader.is_at_eof());
        assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
    });
}

#[test]
fn what_is_read_ahead_outlives_the_connection() {
    asyncio::run(async {
        let (mut peer, mut reader, writer) = connected().await;
        peer.write_all(b"one\ntwo\n").unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"one\n");
        writer.close();
        writer.wait_closed().await.unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"two\n");
        assert_eq!(reader.read_line().await.unwrap(), b"");
    });
}

#[test]
fn closing_sends_what_is_buffered() {
    asyncio::run(async {
        let (mut peer, _reader, writer) = connected().await;
        fill(&writer);
        writer.write("last words");
        writer.close();
        let reading = thread::spawn(move || {
            let mut read = Vec::new();
            peer.read_to_end(&mut read).unwrap();
            read
        });
        writer.wait_closed().await.unwrap();
        assert!(reading.join().unwrap().ends_with(b"last words"));
    });
}

#[test]
fn dropping_the_writer_closes_and_sends_what_is_buffered() {
    asyncio::run(async {
        let (mut peer, mut reader, writer) = connected().await;
        fill(&writer);
        writer.write("last words");
        drop(writer);
        let reading = thread::spawn(move || {
            let mut read = Vec::new();
            peer.read_to_end(&mut read).unwrap();
            read
        });
        assert_eq!(reader.read(1).await.unwrap(), b"");
        assert!(reading.join().unwrap().ends_with(b"last words"));
    });
}

#[test]
fn debug_mode_names_a_writer_that_is_dropped_open() {
    let body = || {
        Runner::builder().debug(true).build().run(async {
            drop(both_ends().await);
            let (reader, writer, ..) = both_ends().await;
            writer.close();
            drop((reader, writer));
        });
        eprintln!("over");
    };
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start("debug_mode_names_a_writer_that_is_dropped_open", &[]);
    let line = child.line();
    assert!(line.starts_with("asyncio: unclosed <StreamWriter peer=127.0.0.1:"), "{line}");
    assert!(line.contains("made at runtime/tests/streams.rs:"), "{line}");
}

#[test]
fn a_handler_that_panics_takes_down_its_connection_alone() {
    asyncio::run(async {
        let reports = reports();
        let handle = async |mut reader: StreamReader, writer: StreamWriter| {
            let line = reader.read_line().await.unwrap();
            assert_ne!(line, b"bad\n", "as it was told");
            writer.write(line);
        };
        let server = start_server(handle, HERE).await.unwrap();
        let address = server.local_addrs()[0];
        let ask = async |line: &str| {
            let (mut reader, writer) = open_connection(address).await.unwrap();
            yield_now().await;
            writer.write(line);
            reader.read_to_end().await.unwrap()
        };
        let answers = gather(["good\n", "bad\n", "good\n"].map(ask)).await;
        assert_eq!(answers, [&b"good\n"[..], b"", b"good\n"]);
        assert!(reports.take().contains("as it was told"));
        assert_eq!(ask("good\n").await, b"good\n");
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn a_server_waits_for_its_connections_closes_them_or_aborts_them() {
    asyncio::run(async {
        let handle = async |_reader: StreamReader, writer: StreamWriter| {
            fill(&writer);
            pending::<()>().await;
        };
        let server = start_server(handle, HERE).await.unwrap();
        let (mut reader, _writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        assert_eq!(reader.read(1).await.unwrap(), b".");
        server.close();
        assert!(within_turns(10, server.wait_closed()).await.is_none());
        server.close_clients();
        assert!(within_turns(10, server.wait_closed()).await.is_none());
        server.abort_clients();
        server.wait_closed().await;
    });
}

#[test]
fn the_helpers_of_other_crates_work_with_them() {
    asyncio::run(async {
        let (mut reader, mut writer, mut peer_reader, mut peer_writer) = both_ends().await;
        // Each `write_all` waits for room in the buffer.
        let sending = create_task(async move {
            let bytes = vec![b'x'; 3_000_000];
            AsyncWriteExt::write_all(&mut writer, &bytes).await.unwrap();
            writer.write_all(b"\nrest").await.unwrap();
            AsyncWriteExt::flush(&mut writer).await.unwrap();
            assert_eq!(writer.write_buffer_size(), 0);
            AsyncWriteExt::close(&mut writer).await.unwrap();
            assert!(AsyncWriteExt::write(&mut writer, b"x").await.is_err());
        });
        let mut line = Vec::new();
        AsyncBufReadExt::read_until(&mut peer_reader, b'\n', &mut line).await.unwrap();
        assert_eq!(line.len(), 3_000_001);
        let mut rest = String::new();
        AsyncReadExt::read_to_string(&mut peer_reader, &mut rest).await.unwrap();
        assert_eq!(rest, "rest");
        sending.await.unwrap();
        // And mixed with its own reads.
        drop(reader.read(0).await);
        AsyncWriteExt::close(&mut peer_writer).await.unwrap();
    });
}

#[test]
fn a_writer_is_shared() {
    asyncio::run(async {
        let (_reader, writer, mut peer_reader, _peer_writer) = both_ends().await;
        let writer = Rc::new(writer);
        let says = |name: &'static str| {
            let writer = writer.clone();
            async move {
                for _ in 0..3 {
                    writer.write_lines([name, "\n"]);
                    writer.drain().await.unwrap();
                    yield_now().await;
                }
            }
        };
        gather([says("a"), says("b")]).await;
        writer.write_eof();
        assert_eq!(peer_reader.read_to_end().await.unwrap(), b"a\nb\na\nb\na\nb\n");
    });
}

#[test]
fn a_timeout_around_a_read_loses_nothing() {
    asyncio::run(async {
        let (mut peer, mut reader, _writer) = connected().await;
        peer.write_all(b"half a line, ").unwrap();
        timeout(Duration::from_millis(20), reader.read_line()).await.unwrap_err();
        timeout(Duration::from_millis(1), reader.read_exact(100)).await.unwrap_err();
        peer.write_all(b"and the rest\n").unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"half a line, and the rest\n");
    });
}

#[test]
fn misuse_is_named() {
    let run = |test: fn(StreamReader, StreamWriter)| {
        panic_of(|| {
            asyncio::run(async {
                let (reader, writer, ..) = both_ends().await;
                test(reader, writer);
            });
        })
    };
    let written = run(|_, writer| {
        writer.write_eof();
        writer.write("more");
    });
    assert!(written.starts_with("Cannot call write() after write_eof()"), "{written}");
    let limits = run(|_, writer| writer.set_write_buffer_limits(1, 2));
    assert!(limits.contains("the high-water mark (1)"), "{limits}");
    let limit = panic_of(|| drop(open_connection(HERE).limit(0)));
    assert!(limit.starts_with("Limit cannot be <= 0"), "{limit}");
    let outside = panic_of(|| {
        futures::FutureExt::now_or_never(open_connection(HERE).into_future()).map(drop)
    });
    assert!(outside.contains("`open_connection` needs a running event loop"), "{outside}");
}

/// What a reader does next, and for how many turns it is given time.
#[derive(Clone, Debug)]
enum Reading {
    Some(usize),
    Exactly(usize),
    Line,
    Until,
    Lines,
    Helper(usize),
}

fn readings() -> impl Strategy<Value = Vec<(Reading, usize)>> {
    let reading = prop_oneof![
        (0..3000_usize).prop_map(Reading::Some),
        (0..3000_usize).prop_map(Reading::Exactly),
        Just(Reading::Line),
        Just(Reading::Until),
        Just(Reading::Lines),
        (1..3000_usize).prop_map(Reading::Helper),
    ];
    prop::collection::vec((reading, 0..4_usize), 0..40)
}

/// What was read, also of what ended early. `None`: it was dropped midway.
async fn read_once(
    reader: &mut StreamReader,
    reading: &Reading,
    turns: usize,
) -> Option<io::Result<Vec<u8>>> {
    let bytes = |result: Result<Vec<u8>, ReadError>| match result {
        Err(ReadError::Incomplete(error)) => Ok(error.partial),
        result => Ok(result?),
    };
    Some(match reading {
        Reading::Some(n) => within_turns(turns, reader.read(*n)).await?,
        Reading::Exactly(n) => bytes(within_turns(turns, reader.read_exact(*n)).await?),
        Reading::Line => bytes(within_turns(turns, reader.read_line()).await?),
        Reading::Until => bytes(within_turns(turns, reader.read_until_any(&["7", "42"])).await?),
        Reading::Lines => {
            let line = within_turns(turns, StreamReader::lines(reader).next()).await?;
            line.map_or(Ok(Vec::new()), bytes)
        }
        Reading::Helper(n) => {
            let mut buffer = vec![0; *n];
            let read = within_turns(turns, AsyncReadExt::read(reader, &mut buffer)).await?;
            read.map(|length| buffer[..length].to_vec())
        }
    })
}

/// Bytes in which separators are neither rare nor everywhere.
fn some_bytes(lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(lengths.len() as u64);
    let mut byte = || if random.u8(..) < 8 { b'\n' } else { random.u8(b'0'..=b'9') };
    lengths.iter().map(|length| (0..*length).map(|_| byte()).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is read and dropped midway, each byte comes out once and in order.
    #[test]
    fn reads_that_are_cancelled_lose_nothing(
        lengths in prop::collection::vec(0..5000_usize, 0..20),
        readings in readings(),
        seed in 0..u64::MAX,
    ) {
        let pieces = some_bytes(&lengths);
        let expected = pieces.concat();
        let read = Runner::builder().seed(seed).build().run(async {
            let (mut reader, _writer, _peer_reader, peer_writer) = both_ends().await;
            let writing = create_task(async move {
                for piece in pieces {
                    peer_writer.write(piece);
                    // A drain that is dropped midway loses nothing either.
                    within_turns(0, peer_writer.drain()).await.transpose().unwrap();
                    yield_now().await;
                }
                peer_writer.close();
            });
            let mut read = Vec::new();
            for (reading, turns) in &readings {
                if let Some(bytes) = read_once(&mut reader, reading, *turns).await {
                    read.extend(bytes.unwrap());
                }
            }
            read.extend(reader.read_to_end().await.unwrap());
            writing.await.unwrap();
            read
        });
        prop_assert_eq!(read.len(), expected.len());
        prop_assert!(read == expected);
    }

    /// Several write and drain at once, some of them are cancelled: each one's bytes come out in order.
    #[test]
    fn writes_come_out_once_and_in_order(
        counts in prop::collection::vec(0..30_u32, 1..4),
        cancelled_after in 0..20_usize,
        high in 0..20_000_usize,
        seed in 0..u64::MAX,
    ) {
        let (written, read) = Runner::builder().seed(seed).build().run(async {
            let (_reader, writer, mut peer_reader, _peer_writer) = both_ends().await;
            fill(&writer);
            writer.write("\n");
            writer.set_write_buffer_limits(high, None);
            let writer = Rc::new(writer);
            let written = Rc::new(RefCell::new(Vec::new()));
            let writes = counts.iter().enumerate().map(|(name, count)| {
                let (writer, written, count) = (writer.clone(), written.clone(), *count);
                create_task(async move {
                    for number in 0..count {
                        let line = format!("{name}:{number}{}\n", " ".repeat(1000));
                        writer.write(&line);
                        written.borrow_mut().push(line);
                        writer.drain().await.unwrap();
                    }
                })
            });
            let writes: Vec<_> = writes.collect();
            turns(cancelled_after).await;
            writes[0].cancel();
            let reading = create_task(async move {
                let mut lines = peer_reader.read_to_end().await.unwrap();
                let first = lines.iter().position(|byte| *byte == b'\n').unwrap();
                lines.split_off(first + 1)
            });
            for write in writes {
                drop(write.await);
            }
            writer.close();
            writer.wait_closed().await.unwrap();
            (written.take().concat(), reading.await.unwrap())
        });
        prop_assert_eq!(written, String::from_utf8(read).unwrap());
    }
}

#[asyncio::test]
async fn a_read_of_nothing_is_not_the_end() {
    let (mut peer, mut reader, _writer) = connected().await;
    peer.write_all(b"later").unwrap();
    assert_eq!(AsyncReadExt::read(&mut reader, &mut []).await.unwrap(), 0);
    assert_eq!(reader.read_exact(5).await.unwrap(), b"later");
}

/// Takes nothing at first; what it does then is said by `then`.
struct Awkward<F> {
    is_new: bool,
    then: F,
}

impl<F: FnMut() -> io::Result<usize> + Unpin> AsyncWrite for Awkward<F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: &[u8],
    ) -> Poll<io::Result<usize>> {
        if mem::take(&mut self.is_new) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready((self.then)())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("no room for the rest")))
    }
}

#[asyncio::test(clock = "virtual")]
async fn a_foreign_writer_that_panics_leaves_nobody_waiting() {
    let reports = reports();
    let foreign = Awkward { is_new: true, then: || panic!("out of ink") };
    let writer = StreamWriter::from_async_write(foreign);
    writer.set_write_buffer_limits(0, None);
    writer.write("anything");
    let drained = timeout(Duration::from_secs(1), writer.drain()).await.expect("it ends");
    assert_eq!(drained.unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert!(writer.wait_closed().await.is_err());
    assert_eq!(reports.take(), "out of ink");
}

#[asyncio::test]
async fn what_a_foreign_writer_fails_to_end_with_is_told() {
    // At once, and behind what was buffered.
    for is_new in [false, true] {
        let writer = StreamWriter::from_async_write(Awkward { is_new, then: || Ok(4) });
        writer.write("data");
        writer.close();
        let error = writer.wait_closed().await.unwrap_err();
        assert_eq!(error.to_string(), "no room for the rest");
    }
}
