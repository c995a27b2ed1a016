//! Lesson 09 as a server: both its ports, a client who asks nonsense, and Ctrl-C.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use asyncio_tests::oracle::{Process, Program};

static LESSON: LazyLock<Program> =
    LazyLock::new(|| Program::named("09_web_server").unwrap_or_else(|message| panic!("{message}")));

/// The lesson, serving. Dropped: ended.
struct Served {
    lesson: Child,
    lines: Box<dyn Iterator<Item = String>>,
    /// Our own server's address, and that of axum's router.
    addresses: [String; 2],
}

impl Served {
    fn start() -> Self {
        let mut command = LESSON.command();
        let mut lesson = command.args(["--serve", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(lesson.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let addresses = ["ours", "axum"].map(|whose| {
            let line = lines.next().unwrap();
            let address = line.strip_prefix(&format!("{whose} at http://"));
            let address = address.and_then(|it| it.split('/').next());
            address.unwrap_or_else(|| panic!("{line}")).to_owned()
        });
        Self { lesson, lines: Box::new(lines), addresses }
    }

    /// Presses Ctrl-C.
    fn interrupt(&self) {
        let kill = Command::new("kill").args(["-INT", &self.lesson.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    fn wait(mut self) -> (Vec<String>, ExitStatus) {
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

/// A request on its way.
struct Asked(TcpStream);

fn ask(address: &str, method: &str, path: &str, body: &str) -> Asked {
    let mut stream = TcpStream::connect(address).unwrap();
    // Only for a test that fails: it is not to hang.
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    Asked(stream)
}

impl Asked {
    /// The status and the body.
    fn answer(mut self) -> (u16, String) {
        let mut answer = String::new();
        self.0.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }
}

#[test]
fn a_note_for_one_is_there_for_the_other() {
    let served = Served::start();
    let [ours, axum] = &served.addresses;
    let milk = r#"{"id":1,"text":"milk"}"#;
    assert_eq!(ask(ours, "POST", "/notes", r#"{"text":"milk"}"#).answer(), (201, milk.into()));
    assert_eq!(ask(axum, "GET", "/notes/1", "").answer(), (200, milk.into()));
    assert_eq!(ask(axum, "DELETE", "/notes/1", "").answer().0, 204);
    assert_eq!(ask(ours, "GET", "/notes", "").answer(), (200, "[]".into()));
}

#[test]
fn nonsense_gets_the_same_status_from_both() {
    let served = Served::start();
    for address in &served.addresses {
        for (method, path, body, status) in [
            ("POST", "/notes", "{", 400),
            ("POST", "/notes", r#"{"text":7}"#, 422),
            ("POST", "/notes", r#"{"text":""}"#, 422),
            ("GET", "/notes/x", "", 400),
            ("GET", "/notes/7", "", 404),
            ("GET", "/", "", 404),
            ("PATCH", "/notes", "", 405),
        ] {
            let (answered, text) = ask(address, method, path, body).answer();
            assert_eq!(answered, status, "{method} {path} {body}: {text}");
        }
    }
}

#[test]
fn ctrl_c_lets_what_was_asked_be_answered() {
    let served = Served::start();
    let reports = served.addresses.each_ref().map(|address| ask(address, "GET", "/report", ""));
    // The server takes clients in the order in which they come: it is at the reports.
    for address in &served.addresses {
        assert_eq!(ask(address, "GET", "/notes", "").answer().0, 200);
    }

    served.interrupt();

    for report in reports {
        assert_eq!(report.answer(), (200, r#"{"notes":0,"letters":0}"#.into()));
    }
    let addresses = served.addresses.clone();
    let (rest, status) = served.wait();
    assert_eq!(rest, ["closing"]);
    assert!(status.success(), "{status}");
    for address in addresses {
        assert!(TcpStream::connect(&address).is_err(), "{address} is still there");
    }
}

#[test]
fn a_port_that_is_none_is_named() {
    for (arguments, message) in [
        (&["--serve", "x"][..], "09_web_server: x is no port: give a number from 0 to 65534\n"),
        (&["--serve", "65535"], "09_web_server: 65535 is no port: give a number from 0 to 65534\n"),
        (&["--help"], "09_web_server: usage: 09_web_server [--serve [PORT]]\n"),
    ] {
        let printed = Process::start("09_web_server", LESSON.command().args(arguments)).unwrap();
        let printed = printed.wait().unwrap();
        assert_eq!(printed.status.code(), Some(1), "{printed:?}");
        assert!(printed.stderr.starts_with(message), "{printed:?}");
    }
}
