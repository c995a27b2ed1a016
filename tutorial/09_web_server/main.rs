//! Lesson 09: a small JSON service, on our own HTTP server and as an axum `Router`.
//!
//! You will see what it answers, a shutdown in the middle of a request, and that both give the same answers.
//!
//! ```text
//! cargo run --bin 09_web_server
//! ```
//!
//! Both for yourself, with the same notes, until you press Ctrl-C; talk to them from another terminal:
//!
//! ```text
//! cargo run --bin 09_web_server -- --serve
//! curl -d '{"text":"milk"}' -H 'Content-Type: application/json' http://127.0.0.1:8090/notes
//! curl http://127.0.0.1:8091/notes
//! ```
//!
//! `notes.rs` is what the service does; `ours.rs` and `axums.rs` bring it to HTTP. `twin.py` is this program in
//! Python, without `--serve`. Both print `output.txt`.

mod axums;
mod notes;
mod ours;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use asyncio::http::{self, ClientError, ClientSession, Stage};
use asyncio::{Server, create_task, ctrl_c, gather, get_running_loop, yield_now};

use notes::Notes;

/// Where `--serve` has our own server unless told otherwise; axum's router is at the next port.
const PORT: u16 = 8090;

const USAGE: &str = "usage: 09_web_server [--serve [PORT]]

  --serve [PORT]    serve notes at port 8090 or PORT, and with axum at the next one (0: two free ones)";

/// How long requests may take to end once nobody is let in any more.
const PATIENCE: Duration = Duration::from_secs(5);

#[asyncio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match arguments[..] {
        [] => demo().await,
        ["--serve"] => serve(PORT).await,
        ["--serve", port] => match port.parse() {
            Ok(port) if port < u16::MAX => serve(port).await,
            _ => Err(format!("{port} is no port: give a number from 0 to 65534").into()),
        },
        _ => Err(USAGE.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("09_web_server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `port` 0: one that is free.
async fn serve_ours(port: u16, notes: &Notes) -> Result<Server, Box<dyn Error>> {
    let serving = http::serve(("127.0.0.1", port), ours::router(notes));
    Ok(serving.shutdown_timeout(PATIENCE).await?)
}

/// The same call: any service of the crate tower may stand where the router stands, and axum's is one.
async fn serve_axum(port: u16, notes: &Notes) -> Result<Server, Box<dyn Error>> {
    let router = axums::router(notes.clone(), get_running_loop()?.handle());
    let serving = http::serve(("127.0.0.1", port), router);
    Ok(serving.shutdown_timeout(PATIENCE).await?)
}

/// Answers what is being asked, for `PATIENCE` at most, and nothing more.
async fn shut_down(server: &Server) {
    server.close();
    server.close_clients();
    server.wait_closed().await;
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    // From here on, Ctrl-C no longer ends the process.
    let interrupted = ctrl_c();
    let notes = Notes::default();
    let ours = serve_ours(port, &notes).await?;
    let axums = serve_axum(if port == 0 { 0 } else { port + 1 }, &notes).await?;
    println!("ours at http://{}/notes", ours.local_addrs()[0]);
    println!("axum at http://{}/notes; Ctrl-C ends both", axums.local_addrs()[0]);

    interrupted.await?;
    println!("closing");
    gather!(shut_down(&ours), shut_down(&axums)).await;
    Ok(())
}

const REQUESTS: [(&str, &str, &str); 9] = [
    ("POST", "/notes", r#"{"text":"milk"}"#),
    ("POST", "/notes", r#"{"text":"bread"}"#),
    ("GET", "/notes", ""),
    ("GET", "/notes?contains=re", ""),
    ("DELETE", "/notes/1", ""),
    ("GET", "/notes/1", ""),
    ("POST", "/notes", r#"{"text":" "}"#),
    ("POST", "/notes", r#"{"text""#),
    ("PUT", "/notes", r#"{"text":"jam"}"#),
];

async fn demo() -> Result<(), Box<dyn Error>> {
    let notes = Notes::default();
    let answers = try_out(&serve_ours(0, &notes).await?, &notes).await?;
    println!("{}", answers.join("\n"));
    let notes = Notes::default();
    let others = try_out(&serve_axum(0, &notes).await?, &notes).await?;
    println!("another framework, the same answers: {}", others == answers);
    Ok(())
}

/// What a server answers, to its end.
async fn try_out(server: &Server, notes: &Notes) -> Result<Vec<String>, Box<dyn Error>> {
    let address = format!("http://{}", server.local_addrs()[0]);
    let session = ClientSession::builder().base_url(address).build()?;
    let mut answers = Vec::new();
    for (method, path, body) in REQUESTS {
        answers.push(ask(&session, method, path, body).await?);
    }

    let report = create_task({
        let session = session.clone();
        async move { ask(&session, "GET", "/report", "").await }
    });
    // Until the server is at it.
    while notes.reports() == 0 {
        yield_now().await;
    }
    answers.push(ask(&session, "GET", "/notes/2", "").await?);
    answers.push(format!("closing; the report is there: {}", report.is_done()));
    shut_down(server).await;
    answers.push(report.await??);
    match ask(&session, "GET", "/notes/2", "").await {
        Err(error) if error.stage() == Stage::Connect => answers.push("closed".into()),
        other => return Err(format!("the server is closed, but {other:?} came").into()),
    }
    Ok(answers)
}

/// A request and its answer on one line. A body that is no JSON is left out: its words are the framework's.
async fn ask(
    session: &ClientSession,
    method: &str,
    path: &str,
    body: &'static str,
) -> Result<String, ClientError> {
    let mut request = session.request(method, path);
    if !body.is_empty() {
        request = request.header("Content-Type", "application/json").body(body);
    }
    let mut response = request.await?;
    let kind = response.headers().get("Content-Type").and_then(|kind| kind.to_str().ok());
    let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
    let text = if is_json { response.text().await? } else { String::new() };
    let line = format!("{method} {path} {body} -> {} {text}", response.status().as_u16());
    Ok(line.split_whitespace().collect::<Vec<_>>().join(" "))
}
