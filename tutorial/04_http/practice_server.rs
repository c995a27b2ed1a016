//! The server of `--serve`: three pages on 127.0.0.1, to practise on where there is no network.
//!
//! Plain blocking threads, so that the lesson is about the client alone. Lessons 08 and 09 write
//! servers on the event loop.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

const PAGE: &str = "<!doctype html>
<title>Practice</title>
<p>This page came over HTTP from a server on your own machine.
<p>It is longer than a hundred characters, and the lesson shows no more than those.
";

/// Serves until the process is ended.
pub(crate) fn serve(port: u16) -> ExitCode {
    match listen(port) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::failed(&format!(
            "can't serve on 127.0.0.1:{port}: {error}; `--serve 0` takes a free port"
        )),
    }
}

fn listen(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let server = format!("http://{}", listener.local_addr()?);
    println!("Serving on {server} until Ctrl-C. In another terminal:");
    println!("  cargo run --bin 04_http -- {server}");
    println!("  cargo run --bin 04_http -- {server}/ {server}/moved {server}/slow");
    loop {
        let (connection, _) = listener.accept()?;
        // A client that went away early is its own business.
        thread::spawn(move || drop(answer(&connection)));
    }
}

fn answer(mut connection: &TcpStream) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let path = read_request(connection)?;
    if path == "/slow" {
        thread::sleep(Duration::from_secs(1));
    }
    let (status, header, body) = match path.as_str() {
        "/" | "/slow" => ("200 OK", "", PAGE),
        "/moved" => ("302 Found", "Location: /\r\n", ""),
        _ => ("404 Not Found", "", "There are three pages: / and /moved and /slow\n"),
    };
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\n{header}Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Reads a request's head, and says which path it asks for.
fn read_request(connection: &TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(connection.take(16 * 1024)).lines();
    let request = lines.next().unwrap_or(Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    Ok(request.split(' ').nth(1).unwrap_or_default().to_owned())
}
