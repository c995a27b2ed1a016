//! A site to practise on, on 127.0.0.1, with all that makes a crawler's life hard.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Server, StreamReader, StreamWriter, sleep, start_server};
use url::Url;

/// How a server behaves towards one request.
pub(crate) struct Answer {
    pub(crate) delay: Duration,
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
    /// Closes the connection in the middle of the body.
    pub(crate) is_cut_off: bool,
}

impl Answer {
    /// A page with a title, and links to `paths`.
    pub(crate) fn page(title: &str, paths: &[&str]) -> Self {
        let mut body = format!("<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n");
        for path in paths {
            let _ = writeln!(body, "<p><a href=\"{path}\">{path}</a>");
        }
        Self {
            delay: Duration::ZERO,
            status: 200,
            content_type: "text/html; charset=utf-8",
            location: None,
            body,
            is_cut_off: false,
        }
    }

    pub(crate) fn text(body: &str) -> Self {
        Self { content_type: "text/plain", body: body.into(), ..Self::page("", &[]) }
    }

    pub(crate) fn error(status: u16) -> Self {
        Self { status, ..Self::page(&format!("Error {status}"), &[]) }
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self { location: Some(location.into()), ..Self::error(status) }
    }

    pub(crate) fn after(self, milliseconds: u64) -> Self {
        Self { delay: Duration::from_millis(milliseconds), ..self }
    }
}

/// A server that runs, and what it saw.
pub(crate) struct Site {
    pub(crate) url: Url,
    pub(crate) log: Rc<Log>,
    /// Dropped, it would go on; closed at the end of the loop.
    _server: Server,
}

/// What a server saw of its guests.
#[derive(Default)]
pub(crate) struct Log {
    /// How often each path was asked for.
    asked: RefCell<BTreeMap<String, u32>>,
    under_way: Cell<u32>,
    most_at_once: Cell<u32>,
}

impl Log {
    /// How often `path` was asked for.
    #[cfg(test)]
    pub(crate) fn times(&self, path: &str) -> u32 {
        self.asked.borrow().get(path).copied().unwrap_or_default()
    }

    /// All requests.
    pub(crate) fn requests(&self) -> u32 {
        self.asked.borrow().values().sum()
    }

    /// The most requests that were there at the same time.
    pub(crate) fn most_at_once(&self) -> u32 {
        self.most_at_once.get()
    }

    /// How often this path was asked for, this time included.
    fn begin(&self, path: &str) -> u32 {
        self.under_way.set(self.under_way.get() + 1);
        self.most_at_once.set(self.most_at_once.get().max(self.under_way.get()));
        let mut asked = self.asked.borrow_mut();
        let times = asked.entry(path.to_owned()).or_default();
        *times += 1;
        *times
    }

    fn end(&self) {
        self.under_way.set(self.under_way.get() - 1);
    }
}

/// Serves what `answer` says of a path, `None` being no answer at all. It is told how often the path was asked
/// for, this time included.
pub(crate) async fn serve(
    port: u16,
    answer: impl Fn(&str, u32) -> Option<Answer> + 'static,
) -> io::Result<Site> {
    let (answer, log) = (Rc::new(answer), Rc::<Log>::default());
    let handler = {
        let log = Rc::clone(&log);
        move |reader: StreamReader, writer: StreamWriter| {
            let (answer, log) = (Rc::clone(&answer), Rc::clone(&log));
            async move { respond(reader, writer, &log, &*answer).await }
        }
    };
    let server = start_server(handler, ("127.0.0.1", port)).await?;
    let url = format!("http://{}/", server.local_addrs()[0]);
    let url = Url::parse(&url).expect("an address and a port make a URL");
    Ok(Site { url, log, _server: server })
}

async fn respond(
    mut reader: StreamReader,
    writer: StreamWriter,
    log: &Log,
    answer: &impl Fn(&str, u32) -> Option<Answer>,
) {
    let Some(path) = path_of_request(&mut reader).await else { return };
    let answer = answer(&path, log.begin(&path));
    if let Some(answer) = &answer {
        sleep(answer.delay).await;
    }
    // Before the client hears of it, and so before it asks for more.
    log.end();
    // A client that went away early is its own business.
    let _ = match answer {
        Some(answer) => send(&writer, answer).await,
        // As long as the client has patience.
        None => reader.read(1).await.map(drop),
    };
}

/// Reads a request's head. `None`: the client went away before it was whole.
async fn path_of_request(reader: &mut StreamReader) -> Option<String> {
    let head = reader.read_until("\r\n\r\n").await.ok()?;
    let head = String::from_utf8_lossy(&head).into_owned();
    Some(head.split(' ').nth(1)?.to_owned())
}

async fn send(writer: &StreamWriter, answer: Answer) -> io::Result<()> {
    let Answer { status, content_type, location, body, is_cut_off, .. } = answer;
    let location = location.map(|it| format!("Location: {it}\r\n")).unwrap_or_default();
    let length = if is_cut_off { body.len() * 2 } else { body.len() };
    writer.write(format!(
        "HTTP/1.1 {status} -\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{location}\
         Connection: close\r\n\r\n{body}"
    ));
    writer.drain().await
}

/// The practice site. `twin.py` has the same.
pub(crate) fn practice(path: &str, times: u32) -> Option<Answer> {
    if let Some(number) = path.strip_prefix("/products/").and_then(|it| it.parse().ok()) {
        return Some(product(number));
    }
    Some(match path {
        "/robots.txt" => Answer::text("User-agent: *\nDisallow: /private/\nDisallow: /calendar/\n"),
        "/" => Answer::page(
            "Welcome",
            &["/about", "/products", "/news", "/old", "/slow", "/flaky", "/loop/a", "/trouble"],
        ),
        "/about" => {
            Answer::page("About us", &["/", "/team", "/private/plans", "mailto:us@example.org"])
        }
        "/team" => Answer::page("The team", &["/about", "/picture.svg", "https://example.org/"]),
        "/products" => Answer::page("Products", &["/products/1", "/products/2", "/products/3"]),
        "/news" => Answer::page("News", &["/news/2", "/calendar/2030", "/gone"]),
        "/news/2" => Answer::page("Older news", &["/news", "/news/3"]),
        "/news/3" => Answer::page("Old news", &["news/../2", "/gone", "/round/1"]),
        // Two redirects in a row, and two that lead to each other.
        "/old" => Answer::redirect(301, "/new"),
        "/new" => Answer::redirect(302, "/about"),
        "/round/1" => Answer::redirect(302, "/round/2"),
        "/round/2" => Answer::redirect(302, "/round/1"),
        // Pages that lead to each other, under many names.
        "/loop/a" => Answer::page("Loop A", &["/loop/b", "/loop/a#top", "/loop/../loop/b#end"]),
        "/loop/b" => Answer::page("Loop B", &["a", "./b", "//"]),
        "/slow" => Answer::page("Slow", &["/slower"]).after(300),
        "/slower" => Answer::page("Slower", &["/"]).after(600),
        "/trouble" => Answer::page("Trouble", &["/error", "/silent", "/cut"]),
        // Fails twice, then works.
        "/flaky" if times <= 2 => Answer::error(503),
        "/flaky" => Answer::page("Flaky", &["/"]),
        "/error" => Answer::error(500),
        "/silent" => return None,
        "/cut" => Answer { is_cut_off: true, ..Answer::page("Cut off", &[]) },
        "/picture.svg" => Answer {
            content_type: "image/svg+xml",
            body: "<svg xmlns=\"http://www.w3.org/2000/svg\"><a href=\"/no-page\"/></svg>".into(),
            ..Answer::page("", &[])
        },
        // Leads on for ever. robots.txt warns of it.
        _ if path.starts_with("/calendar/") => Answer::page("Calendar", &[&format!("{path}0")]),
        _ => Answer::error(404),
    })
}

/// Each leads to the next two; one leads nowhere.
fn product(number: u32) -> Answer {
    let next = |step| format!("/products/{}", number + step);
    match number {
        1..=12 => Answer::page(&format!("Product {number}"), &["/products", &next(1), &next(2)])
            .after(u64::from(number) * 10),
        _ => Answer::error(404),
    }
}
