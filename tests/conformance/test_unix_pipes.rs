//! `test_unix_events.py`, of Python 3.11: the cases of its pipe transports. Those of Python's that begin
//! with two underscores have one here.

mod reading {
    //! `UnixReadPipeTransportTests`.

    use std::io::{PipeWriter, Write};
    use std::rc::Rc;

    use asyncio::Transport;

    use super::super::transport_support::{Recorder, event_loop, turns, until};

    async fn read_pipe() -> (Transport, Rc<Recorder>, PipeWriter) {
        let (reader, writer) = std::io::pipe().unwrap();
        let connecting = event_loop().connect_read_pipe(Recorder::default, reader);
        let (transport, recorder) = connecting.await.unwrap();
        assert_eq!(recorder.calls.take(), ["made"]);
        (transport, recorder, writer)
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_ctor() {
        let (transport, recorder, _writer) = read_pipe().await;
        assert!(transport.is_reading());
        assert!(recorder.calls.transport.borrow().is_some());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_read_ready() {
        let (_transport, recorder, mut writer) = read_pipe().await;
        writer.write_all(b"data").unwrap();
        turns().await;
        assert_eq!(recorder.calls.take(), ["data data"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_read_ready_eof() {
        let (transport, recorder, writer) = read_pipe().await;
        // As in Python, a pipe that nobody writes to any more is closed, whatever the protocol says.
        recorder.calls.keeps_open.set(true);
        drop(writer);
        until(|| recorder.calls.is_lost.get()).await;
        assert_eq!(recorder.calls.take(), ["eof", "lost None"]);
        assert!(!transport.is_reading());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_read_ready_blocked() {
        let (transport, recorder, _writer) = read_pipe().await;
        turns().await;
        assert!(recorder.calls.take().is_empty());
        assert!(!transport.is_closing());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_pause_reading() {
        let (transport, recorder, mut writer) = read_pipe().await;
        transport.pause_reading();
        writer.write_all(b"data").unwrap();
        turns().await;
        assert!(recorder.calls.take().is_empty());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_resume_reading() {
        let (transport, recorder, mut writer) = read_pipe().await;
        transport.pause_reading();
        writer.write_all(b"data").unwrap();
        turns().await;
        transport.resume_reading();
        turns().await;
        assert_eq!(recorder.calls.take(), ["data data"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_close() {
        let (transport, recorder, mut writer) = read_pipe().await;
        transport.close();
        assert!(transport.is_closing());
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
        assert!(writer.write_all(b"data").is_err(), "the pipe is closed");
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_close_already_closing() {
        let (transport, recorder, _writer) = read_pipe().await;
        transport.close();
        transport.close();
        turns().await;
        transport.close();
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"], "once");
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_call_connection_lost() {
        let (transport, recorder, _writer) = read_pipe().await;
        transport.abort();
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
        assert!(transport.get_protocol::<Recorder>().is_none());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_call_connection_lost_with_err() {
        let (transport, recorder, mut writer) = read_pipe().await;
        recorder.calls.fails_in.set("data_received");
        writer.write_all(b"data").unwrap();
        until(|| recorder.calls.is_lost.get()).await;
        assert_eq!(recorder.calls.take(), ["data data", "lost Other"]);
        assert!(transport.get_protocol::<Recorder>().is_none());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_pause_reading_on_closed_pipe() {
        let (transport, _recorder, _writer) = read_pipe().await;
        transport.close();
        turns().await;
        transport.pause_reading();
        assert!(!transport.is_reading());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_pause_reading_on_paused_pipe() {
        let (transport, _recorder, _writer) = read_pipe().await;
        transport.pause_reading();
        transport.pause_reading();
        assert!(!transport.is_reading());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_resume_reading_on_closed_pipe() {
        let (transport, recorder, mut writer) = read_pipe().await;
        transport.close();
        transport.resume_reading();
        writer.write_all(b"data").ok();
        turns().await;
        assert!(!transport.is_reading());
        assert_eq!(recorder.calls.take(), ["lost None"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_resume_reading_on_paused_pipe() {
        let (transport, _recorder, _writer) = read_pipe().await;
        transport.resume_reading();
        assert!(transport.is_reading());
    }
}

mod writing {
    //! `UnixWritePipeTransportTests`.

    use std::io::{PipeReader, Read};
    use std::rc::Rc;

    use asyncio::Transport;

    use super::super::transport_support::{Recorder, event_loop, fill, turns, until};

    async fn write_pipe() -> (Transport, Rc<Recorder>, PipeReader) {
        let (reader, writer) = std::io::pipe().unwrap();
        let connecting = event_loop().connect_write_pipe(Recorder::default, writer);
        let (transport, recorder) = connecting.await.unwrap();
        assert_eq!(recorder.calls.take(), ["made"]);
        (transport, recorder, reader)
    }

    /// Reads so many bytes, which are there.
    fn read(reader: &mut PipeReader, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).unwrap();
        bytes
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_ctor() {
        let (transport, recorder, _reader) = write_pipe().await;
        turns().await;
        assert!(!transport.is_closing());
        assert!(recorder.calls.take().is_empty());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_can_write_eof() {
        let (transport, _recorder, _reader) = write_pipe().await;
        assert!(transport.can_write_eof());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write() {
        let (transport, _recorder, mut reader) = write_pipe().await;
        transport.write(b"data");
        assert_eq!(read(&mut reader, 4), b"data", "at once");
        assert_eq!(transport.get_write_buffer_size(), 0);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_no_data() {
        let (transport, _recorder, _reader) = write_pipe().await;
        transport.write(b"");
        assert_eq!(transport.get_write_buffer_size(), 0);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_partial() {
        let (transport, _recorder, mut reader) = write_pipe().await;
        transport.write(&vec![b'x'; 1_000_000]);
        let left = transport.get_write_buffer_size();
        assert!(left > 0);
        let sent = 1_000_000 - left;
        assert_eq!(read(&mut reader, sent), vec![b'x'; sent]);
        transport.abort();
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_buffer() {
        let (transport, _recorder, mut reader) = write_pipe().await;
        let sent = fill(&transport);
        let left = transport.get_write_buffer_size();
        read(&mut reader, sent);
        transport.write(b"data");
        assert_eq!(transport.get_write_buffer_size(), left + 4);
        turns().await;
        assert!(read(&mut reader, left + 4).ends_with(b"xdata"));
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_again() {
        let (transport, _recorder, _reader) = write_pipe().await;
        fill(&transport);
        let left = transport.get_write_buffer_size();
        transport.write(b"data");
        turns().await;
        assert_eq!(transport.get_write_buffer_size(), left + 4);
        transport.abort();
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_err() {
        let (transport, recorder, reader) = write_pipe().await;
        drop(reader);
        transport.write(b"data");
        assert_eq!(transport.get_write_buffer_size(), 0);
        assert!(transport.is_closing());
        transport.write(b"data");
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost BrokenPipe"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_close() {
        let (transport, recorder, reader) = write_pipe().await;
        drop(reader);
        until(|| transport.is_closing()).await;
        transport.write(b"data");
        transport.write(b"data");
        assert_eq!(transport.get_write_buffer_size(), 0);
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_read_ready() {
        let (transport, recorder, reader) = write_pipe().await;
        drop(reader);
        until(|| recorder.calls.is_lost.get()).await;
        assert!(transport.is_closing());
        assert_eq!(recorder.calls.take(), ["lost None"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_ready() {
        let (transport, _recorder, mut reader) = write_pipe().await;
        let sent = fill(&transport);
        let left = transport.get_write_buffer_size();
        read(&mut reader, sent);
        turns().await;
        assert_eq!(transport.get_write_buffer_size(), 0);
        read(&mut reader, left);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_ready_partial() {
        let (transport, _recorder, mut reader) = write_pipe().await;
        transport.write(&vec![b'x'; 1_000_000]);
        let left = transport.get_write_buffer_size();
        read(&mut reader, 8192);
        turns().await;
        assert_eq!(transport.get_write_buffer_size(), left - 8192);
        transport.abort();
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_ready_err() {
        let (transport, recorder, reader) = write_pipe().await;
        fill(&transport);
        turns().await;
        drop(reader);
        until(|| recorder.calls.is_lost.get()).await;
        assert_eq!(transport.get_write_buffer_size(), 0);
        assert!(transport.is_closing());
        assert_eq!(recorder.calls.take(), ["lost BrokenPipe"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_ready_closing() {
        let (transport, recorder, mut reader) = write_pipe().await;
        let sent = fill(&transport);
        let left = transport.get_write_buffer_size();
        transport.close();
        turns().await;
        assert!(recorder.calls.take().is_empty());
        read(&mut reader, sent);
        until(|| recorder.calls.is_lost.get()).await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.len(), left);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_abort() {
        let (transport, recorder, mut reader) = write_pipe().await;
        let sent = fill(&transport);
        transport.abort();
        assert_eq!(transport.get_write_buffer_size(), 0);
        assert!(transport.is_closing());
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), sent);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_call_connection_lost() {
        let (transport, recorder, mut reader) = write_pipe().await;
        transport.close();
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
        assert_eq!(reader.read(&mut [0]).unwrap(), 0, "the pipe is closed");
        assert!(transport.get_protocol::<Recorder>().is_none());
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_close() {
        let (transport, recorder, _reader) = write_pipe().await;
        transport.close();
        transport.close();
        turns().await;
        transport.close();
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_close_closing() {
        let (transport, recorder, _reader) = write_pipe().await;
        transport.write_eof();
        transport.close();
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_eof() {
        let (transport, recorder, _reader) = write_pipe().await;
        transport.write_eof();
        assert!(transport.is_closing());
        turns().await;
        assert_eq!(recorder.calls.take(), ["lost None"]);
    }

    #[asyncio::test(clock = "virtual", seeds = 20)]
    async fn test_write_eof_pending() {
        let (transport, recorder, _reader) = write_pipe().await;
        fill(&transport);
        transport.write_eof();
        assert!(transport.is_closing());
        turns().await;
        assert!(recorder.calls.take().is_empty());
        transport.abort();
    }
}
