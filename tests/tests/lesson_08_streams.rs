//! Lesson 08 as a server: guests who behave, guests who don't, and Ctrl-C.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use asyncio_tests::oracle::{Process, Program};

static LESSON: LazyLock<Program> =
    LazyLock::new(|| Program::named("08_streams").unwrap_or_else(|message| panic!("{message}")));

/// The lesson, serving. Dropped: ended.
struct Served {
    lesson: Child,
    lines: Box<dyn Iterator<Item = String>>,
    echo: String,
    chat: String,
}

impl Served {
    fn start() -> Self {
        let mut command = LESSON.command();
        let mut lesson = command.args(["--serve", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(lesson.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let first = lines.next().unwrap();
        let addresses =
            first.strip_prefix("an echo at ").and_then(|it| it.split_once(", a chat at "));
        let (echo, chat) = addresses.unwrap_or_else(|| panic!("{first}"));
        let (echo, chat) = (echo.to_owned(), chat.to_owned());
        assert!(lines.next().unwrap().ends_with("Ctrl-C ends it"));
        Self { lesson, lines: Box::new(lines), echo, chat }
    }

    fn guest(&self, name: &str) -> Guest {
        let mut guest = Guest::connect(&self.chat);
        guest.say(name);
        guest
    }

    /// One who was let in.
    fn welcome_guest(&self, name: &str) -> Guest {
        let mut guest = self.guest(name);
        let welcome = guest.hear();
        assert!(welcome.starts_with(&format!("* welcome, {name}. Here: ")), "{welcome}");
        guest
    }

    /// Presses Ctrl-C, and waits for the end.
    fn interrupt(mut self) -> (Vec<String>, ExitStatus) {
        let kill = Command::new("kill").args(["-INT", &self.lesson.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let rest = self.lines.by_ref().collect();
        (rest, self.lesson.wait().unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.lesson.kill();
        let _ = self.lesson.wait();
    }
}

struct Guest {
    stream: BufReader<TcpStream>,
}

impl Guest {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        // Only for a test that fails: it is not to hang.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    fn say(&mut self, line: &str) {
        self.stream.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line, without its end; nothing at the end of the stream.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

#[test]
fn the_echo_sends_lines_back() {
    let served = Served::start();
    let mut client = Guest::connect(&served.echo);
    for word in ["one", "two"] {
        client.say(word);
        assert_eq!(client.hear(), word);
    }
}

#[test]
fn a_guest_hears_the_others_and_not_itself() {
    let served = Served::start();
    let mut ann = served.welcome_guest("Ann");
    let mut bob = served.welcome_guest("Bob");
    assert_eq!(ann.hear(), "* Bob is here");
    ann.say("hello");
    assert_eq!(bob.hear(), "Ann: hello");
    bob.say("hi");
    assert_eq!(ann.hear(), "Bob: hi");
    drop(bob);
    assert_eq!(ann.hear(), "* Bob has left");
}

#[test]
fn a_name_that_somebody_has_is_refused() {
    let served = Served::start();
    let mut ann = served.welcome_guest("Ann");
    for name in ["Ann", " Ann\t", "", "\u{7}"] {
        let mut other = served.guest(name);
        assert!(other.hear().starts_with("* that name is empty, or somebody has it"), "{name:?}");
        assert_eq!(other.hear(), "");
    }
    // Ann heard nothing of it, and is still there.
    let _bob = served.welcome_guest("Bob");
    assert_eq!(ann.hear(), "* Bob is here");
}

#[test]
fn what_would_move_the_cursor_about_is_left_out() {
    let served = Served::start();
    let mut ann = served.welcome_guest("Ann");
    let mut bob = served.guest("B\u{8}ob");
    assert_eq!(bob.hear(), "* welcome, Bob. Here: Ann, Bob");
    assert_eq!(ann.hear(), "* Bob is here");
    bob.say("a\u{1b}[2Jb\rc");
    assert_eq!(ann.hear(), "Bob: a[2Jbc");
}

#[test]
fn a_line_that_is_too_long_ends_one_connection_alone() {
    let served = Served::start();
    let mut ann = served.welcome_guest("Ann");
    let mut bob = served.welcome_guest("Bob");
    assert_eq!(ann.hear(), "* Bob is here");
    // The limit is 64 KiB. The end of the line isn't sent, so that nothing is left unread.
    bob.stream.get_mut().write_all(&vec![b'x'; (1 << 16) + 1]).unwrap();
    assert_eq!(ann.hear(), "* Bob has left");
    assert_eq!(bob.hear(), "* that line is too long");
    assert_eq!(bob.hear(), "");
}

#[test]
fn a_guest_who_does_not_listen_is_shown_out() {
    let served = Served::start();
    let mut ann = served.welcome_guest("Ann");
    let mut bob = served.welcome_guest("Bob");
    assert_eq!(ann.hear(), "* Bob is here");
    let _deaf = served.welcome_guest("Deaf");
    assert_eq!(ann.hear(), "* Deaf is here");
    assert_eq!(bob.hear(), "* Deaf is here");

    // Far more than the system keeps for a socket.
    let line = "x".repeat(60_000);
    for _ in 0..1000 {
        ann.say(&line);
        if bob.hear() == "* Deaf has left" {
            assert_eq!(ann.hear(), "* Deaf has left");
            return;
        }
    }
    panic!("60 MB were kept for a guest who doesn't listen");
}

#[test]
fn ctrl_c_says_goodbye_to_all() {
    let served = Served::start();
    let mut ann = served.welcome_guest("Ann");
    let mut client = Guest::connect(&served.echo);
    client.say("still there?");
    assert_eq!(client.hear(), "still there?");

    let (rest, status) = served.interrupt();

    assert_eq!(rest, ["closing"]);
    assert!(status.success(), "{status}");
    assert_eq!(ann.hear(), "* the chat is closing");
    let mut nothing = Vec::new();
    ann.stream.read_to_end(&mut nothing).unwrap();
    client.stream.read_to_end(&mut nothing).unwrap();
    assert!(nothing.is_empty());
}

#[test]
fn a_port_that_is_none_is_named() {
    for (arguments, message) in [
        (&["--serve", "x"][..], "08_streams: x is no port: give a number from 0 to 65534\n"),
        (&["--serve", "65535"], "08_streams: 65535 is no port: give a number from 0 to 65534\n"),
        (&["--help"], "08_streams: usage: 08_streams [--serve [PORT]]\n"),
    ] {
        let printed = Process::start("08_streams", LESSON.command().args(arguments)).unwrap();
        let printed = printed.wait().unwrap();
        assert_eq!(printed.status.code(), Some(1), "{printed:?}");
        assert!(printed.stderr.starts_with(message), "{printed:?}");
    }
}
