//! Files and folders: what they hold after each call, what a cancelled call leaves, what errors say.

mod support;

use std::cell::Cell;
use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;

use asyncio::fs::{self, File};
use asyncio::{create_task, yield_now};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use futures::{StreamExt, TryStreamExt};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use support::poll_once;

/// A folder of the test's own, and a file in it.
fn scratch(contents: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, contents).unwrap();
    (folder, path)
}

/// A pipe with a name: opening and reading it blocks until somebody writes.
fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

async fn open_to_change(path: &Path) -> File {
    File::options().read(true).write(true).open(path).await.unwrap()
}

/// Polls it once and drops it, as a cancellation does.
async fn begin<T>(future: impl Future<Output = T>) -> Option<T> {
    poll_once(pin!(future)).await
}

#[asyncio::test]
async fn the_loop_goes_on_while_a_thread_waits_for_a_file() {
    let (folder, _) = scratch("");
    let path = fifo(folder.path());
    let reading = create_task(fs::read_to_string(path.clone()));
    for _ in 0..3 {
        yield_now().await;
    }
    assert!(!reading.is_done());
    fs::write(&path, "at last").await.unwrap();
    assert_eq!(reading.await.unwrap().unwrap(), "at last");
}

#[asyncio::test]
async fn whole_files_are_written_read_copied_renamed_and_removed() {
    let (folder, path) = scratch("");
    fs::write(&path, b"pears").await.unwrap();
    assert_eq!(fs::read(&path).await.unwrap(), b"pears");
    let (copy, moved) = (folder.path().join("copy"), folder.path().join("moved"));
    assert_eq!(fs::copy(&path, &copy).await.unwrap(), 5);
    fs::rename(&copy, &moved).await.unwrap();
    assert_eq!(fs::read_to_string(&moved).await.unwrap(), "pears");
    assert_eq!(fs::metadata(&copy).await.unwrap_err().kind(), ErrorKind::NotFound);
    fs::remove_file(&moved).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[asyncio::test]
async fn folders_are_made_and_removed() {
    let (folder, path) = scratch("");
    let deep = folder.path().join("one/two");
    assert_eq!(fs::create_dir(&deep).await.unwrap_err().kind(), ErrorKind::NotFound);
    fs::create_dir_all(&deep).await.unwrap();
    let one = folder.path().join("one");
    assert_eq!(fs::create_dir(&one).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::remove_dir(&one).await.unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
    fs::remove_dir_all(&one).await.unwrap();
    assert!(!one.exists() && path.exists());
}

#[asyncio::test]
async fn errors_say_what_failed_with_which_path_and_keep_their_kind_and_source() {
    let (folder, path) = scratch("\u{e9}");
    let no = folder.path().join("no");
    let shown = no.display();
    let missing = "No such file or directory (os error 2)";
    for (error, what) in [
        (fs::read(&no).await.unwrap_err(), "read"),
        (fs::read_to_string(&no).await.unwrap_err(), "read"),
        (fs::write(no.join("no"), "").await.unwrap_err(), "write"),
        (fs::metadata(&no).await.unwrap_err(), "inspect"),
        (fs::read_dir(&no).await.unwrap_err(), "list"),
        (fs::remove_file(&no).await.unwrap_err(), "remove"),
        (fs::remove_dir(&no).await.unwrap_err(), "remove"),
        (fs::remove_dir_all(&no).await.unwrap_err(), "remove"),
        (fs::create_dir(no.join("no")).await.unwrap_err(), "create"),
        (File::open(&no).await.unwrap_err(), "open"),
        (File::create(no.join("no")).await.unwrap_err(), "create"),
        (fs::copy(&no, &path).await.unwrap_err(), "copy"),
        (fs::rename(&no, &path).await.unwrap_err(), "rename"),
    ] {
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{text}");
        assert!(text.starts_with(&format!("can't {what} {shown}")), "{text}");
        assert!(text.ends_with(&format!(": {missing}")), "{text}");
        let source = error.get_ref().unwrap().source().unwrap();
        assert_eq!(source.downcast_ref::<io::Error>().unwrap().raw_os_error(), Some(2));
    }
    let both = fs::rename(&no, &path).await.unwrap_err().to_string();
    assert_eq!(both, format!("can't rename {shown} to {}: {missing}", path.display()));
}

#[asyncio::test]
async fn an_open_file_s_errors_name_its_path() {
    let (folder, path) = scratch("pears");
    let shown = path.display();
    let mut file = File::open(&path).await.unwrap();
    let error = file.write_all("x").await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("can't write {shown}: ")), "{error}");
    let error = file.seek(SeekFrom::Current(-1)).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("can't seek in {shown}: ")), "{error}");
    let error = file.set_len(0).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("can't resize {shown}: ")), "{error}");
    let error = File::open(folder.path()).await.unwrap().read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IsADirectory);
    let start = format!("can't read {}: ", folder.path().display());
    assert!(error.to_string().starts_with(&start), "{error}");
    assert_eq!(file.read_to_string().await.unwrap(), "pears", "it can still be read");
}

#[asyncio::test]
async fn what_is_no_text_is_an_error() {
    let (_folder, path) = scratch("");
    std::fs::write(&path, b"one\n\xff\nthree\n").unwrap();
    let text = format!("can't read {}: invalid utf-8 sequence", path.display());
    let error = File::open(&path).await.unwrap().read_to_string().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().starts_with(&text), "{error}");
    assert_eq!(fs::read_to_string(&path).await.unwrap_err().kind(), ErrorKind::InvalidData);
    let lines: Vec<_> = File::open(&path).await.unwrap().lines().collect().await;
    assert_eq!(lines[0].as_ref().unwrap(), "one");
    assert_eq!(lines[1].as_ref().unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(lines[2].as_ref().unwrap(), "three", "the lines behind it are fine");
}

#[asyncio::test]
async fn lines_end_with_either_end_and_the_last_one_needs_none() {
    for (contents, expected) in [
        ("", &[][..]),
        ("\n", &[""]),
        ("one\ntwo\r\n\nfour", &["one", "two", "", "four"]),
        ("one\n", &["one"]),
        ("a\rb\r\r\n", &["a\rb\r"]),
    ] {
        let (_folder, path) = scratch(contents);
        let lines: Vec<_> = File::open(&path).await.unwrap().lines().try_collect().await.unwrap();
        assert_eq!(lines, expected);
    }
}

#[asyncio::test]
async fn a_line_may_be_longer_than_what_is_read_at_a_time() {
    let long = "x".repeat(200_000);
    let (_folder, path) = scratch(&format!("{long}\nshort\n{long}"));
    let lines: Vec<_> = File::open(&path).await.unwrap().lines().try_collect().await.unwrap();
    assert_eq!(lines, [&*long, "short", &*long]);
}

#[asyncio::test]
async fn a_write_goes_where_the_last_read_ended_whatever_was_read_ahead() {
    let (_folder, path) = scratch("hello world");
    let mut file = open_to_change(&path).await;
    let mut buffer = [0; 5];
    file.read_exact(&mut buffer).await.unwrap();
    file.write_all("!").await.unwrap();
    assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 6);
    assert_eq!(file.read_to_string().await.unwrap(), "world");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "hello!world");
}

#[asyncio::test]
async fn a_seek_that_fails_moves_nothing() {
    let (_folder, path) = scratch("hello world");
    let mut file = File::open(&path).await.unwrap();
    file.read_exact(&mut [0; 6]).await.unwrap();
    let error = file.seek(SeekFrom::Current(-100)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(file.read_to_string().await.unwrap(), "world");
}

#[asyncio::test]
async fn what_a_cancelled_read_has_read_the_next_one_gives() {
    let (folder, _) = scratch("");
    let path = fifo(folder.path());
    // To write, too: then opening it doesn't block.
    let mut file = File::options().read(true).write(true).open(&path).await.unwrap();
    let mut buffer = [0; 5];
    assert!(begin(file.read(&mut buffer)).await.is_none(), "nobody has written");
    fs::write(&path, "hello").await.unwrap();
    assert_eq!(file.read(&mut buffer).await.unwrap(), 5);
    assert_eq!(&buffer, b"hello");
}

#[asyncio::test]
async fn a_cancelled_write_is_done_before_what_follows() {
    let (_folder, path) = scratch("");
    let mut file = open_to_change(&path).await;
    for word in ["one ", "two ", "three"] {
        assert!(begin(file.write_all(word)).await.is_none());
    }
    assert_eq!(file.seek(SeekFrom::Start(0)).await.unwrap(), 0);
    // The second one was cancelled while it waited for the first, so none of it was written.
    let text = file.read_to_string().await.unwrap();
    assert!(text.starts_with("one "), "{text}");
    assert!(!text.contains("twoth"), "{text}");
}

#[asyncio::test]
async fn a_seek_that_was_cancelled_is_not_taken_for_the_next() {
    let (_folder, path) = scratch("0123456789");
    let mut file = File::open(&path).await.unwrap();
    let _ = begin(file.seek(SeekFrom::Start(3))).await;
    assert_eq!(file.seek(SeekFrom::Start(7)).await.unwrap(), 7);
    assert_eq!(file.read_to_string().await.unwrap(), "789");
}

#[test]
fn a_run_waits_for_the_write_of_a_file_that_was_dropped() {
    let (_folder, path) = scratch("");
    let contents = "x".repeat(50_000);
    asyncio::run(async {
        let mut file = open_to_change(&path).await;
        assert_eq!(begin(file.write(contents.as_bytes())).await.unwrap().unwrap(), 50_000);
    });
    assert_eq!(std::fs::read_to_string(path).unwrap(), contents);
}

#[cfg(target_os = "linux")]
#[asyncio::test]
async fn the_error_of_a_write_that_nobody_waited_for_comes_with_the_next_call() {
    let mut file = File::options().write(true).open("/dev/full").await.unwrap();
    assert_eq!(file.write(b"x").await.unwrap(), 1);
    assert_eq!(file.flush().await.unwrap_err().kind(), ErrorKind::StorageFull);
    assert!(file.flush().await.is_ok(), "it is reported once");
    assert_eq!(file.write_all("x").await.unwrap_err().kind(), ErrorKind::StorageFull);
}

#[asyncio::test]
async fn the_traits_of_futures_copy_a_large_file() {
    let contents = "0123456789abcde\n".repeat(40_000);
    let (folder, path) = scratch(&contents);
    let copy = folder.path().join("copy");
    let mut to = File::create(&copy).await.unwrap();
    let from = File::open(&path).await.unwrap();
    let beats = Cell::new(0);
    let heart = async {
        loop {
            beats.set(beats.get() + 1);
            yield_now().await;
        }
    };
    let copying = async {
        let length = futures::io::copy_buf(from, &mut to).await.unwrap();
        AsyncWriteExt::close(&mut to).await.unwrap();
        length
    };
    let (copying, heart) = (pin!(copying), pin!(heart));
    let ended = futures::future::select(copying, heart).await;
    let futures::future::Either::Left((length, _)) = ended;
    assert_eq!(length, contents.len() as u64);
    assert_eq!(std::fs::read_to_string(copy).unwrap(), contents);
    assert!(beats.get() > 15, "a beat for each chunk that is read and written: {beats:?}");
}

#[asyncio::test]
async fn a_file_can_be_synced_and_resized() {
    let (_folder, path) = scratch("buy pears");
    let mut file = open_to_change(&path).await;
    let mut buffer = [0; 4];
    file.read_exact(&mut buffer).await.unwrap();
    file.set_len(6).await.unwrap();
    assert_eq!(file.read_to_string().await.unwrap(), "pe", "nothing stale is read");
    file.sync_all().await.unwrap();
    file.sync_data().await.unwrap();
    assert_eq!(file.metadata().await.unwrap().len(), 6);
}

#[asyncio::test]
async fn a_listing_has_each_entry_once_however_many_there_are() {
    let folder = tempfile::tempdir().unwrap();
    for count in [0, 1, 63, 64, 65, 300] {
        while std::fs::read_dir(folder.path()).unwrap().count() < count {
            let number = std::fs::read_dir(folder.path()).unwrap().count();
            std::fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        let entries = fs::read_dir(folder.path()).await.unwrap();
        let entries: Vec<_> = entries.try_collect().await.unwrap();
        let mut numbers: Vec<usize> = entries
            .iter()
            .map(|entry| entry.file_name().into_string().unwrap().parse().unwrap())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>());
    }
}

#[asyncio::test]
async fn an_entry_says_what_it_is() {
    let (folder, path) = scratch("pears");
    std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
    let mut entries = fs::read_dir(folder.path()).await.unwrap();
    while let Some(entry) = entries.try_next().await.unwrap() {
        let is_link = entry.file_name() == "link";
        assert_eq!(entry.file_type().await.unwrap().is_symlink(), is_link);
        assert_eq!(entry.metadata().await.unwrap().len(), 5, "a link is followed");
        assert_eq!(entry.path(), folder.path().join(entry.file_name()));
    }
    assert_eq!(fs::read_dir(&path).await.unwrap_err().kind(), ErrorKind::NotADirectory);
}

#[test]
fn outside_a_run_it_says_where_it_can_be_used() {
    let poll = || {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(pin!(fs::read("x")).poll(&mut cx).is_pending());
    };
    let text = support::panic_of(poll);
    assert!(text.contains("no running event loop on this thread"), "{text}");
}

/// What one may do with an open file.
#[derive(Clone, Debug)]
enum Op {
    Read(usize),
    CancelledRead(usize),
    Write(Vec<u8>),
    Seek(SeekFrom),
    SetLen(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let seek = prop_oneof![
        (0..200_u64).prop_map(SeekFrom::Start),
        (-100..100_i64).prop_map(SeekFrom::Current),
        (-100..100_i64).prop_map(SeekFrom::End),
    ];
    let op = prop_oneof![
        (1..50_usize).prop_map(Op::Read),
        (1..50_usize).prop_map(Op::CancelledRead),
        proptest::collection::vec(any::<u8>(), 1..50).prop_map(Op::Write),
        seek.prop_map(Op::Seek),
        (0..200_u64).prop_map(Op::SetLen),
        Just(Op::Seek(SeekFrom::Start(0))),
    ];
    proptest::collection::vec(op, 1..30)
}

/// The same with a vector and a number.
#[derive(Default)]
struct Model {
    bytes: Vec<u8>,
    place: usize,
}

impl Model {
    fn read(&mut self, length: usize) -> Vec<u8> {
        let rest = self.bytes.get(self.place..).unwrap_or(&[]);
        let read = rest[..length.min(rest.len())].to_vec();
        self.place += read.len();
        read
    }

    fn write(&mut self, bytes: &[u8]) {
        let end = self.place + bytes.len();
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[self.place..end].copy_from_slice(bytes);
        self.place = end;
    }

    fn seek(&mut self, to: SeekFrom) -> Option<u64> {
        let place = |from: usize, by: i64| i64::try_from(from).unwrap() + by;
        let place = match to {
            SeekFrom::Start(place) => i64::try_from(place).unwrap(),
            SeekFrom::Current(by) => place(self.place, by),
            SeekFrom::End(by) => place(self.bytes.len(), by),
        };
        self.place = usize::try_from(place).ok()?;
        Some(u64::try_from(place).unwrap())
    }
}

async fn compare(path: &Path, ops: Vec<Op>) {
    let mut file = open_to_change(path).await;
    let mut model = Model::default();
    for op in ops {
        match op {
            Op::Read(length) => {
                let mut buffer = vec![0; length];
                let read = AsyncReadExt::read(&mut file, &mut buffer).await.unwrap();
                // The end of what was read ahead may come first.
                let expected = model.read(read);
                assert_eq!(&buffer[..read], expected);
                assert!(read > 0 || model.bytes.len() <= model.place, "an end too early");
            }
            Op::CancelledRead(length) => {
                let mut buffer = vec![0; length];
                if let Some(read) = begin(file.read(&mut buffer)).await {
                    let read = read.unwrap();
                    assert_eq!(buffer[..read], model.read(read));
                }
            }
            Op::Write(bytes) => {
                file.write_all(&bytes).await.unwrap();
                model.write(&bytes);
            }
            Op::Seek(to) => assert_eq!(file.seek(to).await.ok(), model.seek(to), "{to:?}"),
            Op::SetLen(length) => {
                file.set_len(length).await.unwrap();
                model.bytes.resize(usize::try_from(length).unwrap(), 0);
            }
        }
    }
    assert_eq!(std::fs::read(path).unwrap(), model.bytes);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn a_file_is_what_a_vector_with_a_place_is(ops in ops()) {
        let (_folder, path) = scratch("");
        asyncio::run(compare(&path, ops));
    }
}
