//! Before the first page: ports and first builds.

use std::net::TcpListener;

use asyncio_book::serve::{Options, Server};

use super::client::{Client, site, while_served};

fn start_at(port: u16) -> Result<Server, String> {
    Server::start(Options { port, watch: Vec::new() }, || Ok(site(&[("index.html", "Start")])))
}

#[test]
fn only_this_machine_can_connect() {
    assert!(start_at(0).unwrap().address().ip().is_loopback());
}

#[test]
fn a_port_that_is_free_is_announced_alone() {
    let server = start_at(0).unwrap();
    let url = format!("http://127.0.0.1:{}/ — Ctrl-C ends it", server.address().port());
    assert_eq!(server.announcement(), url);
}

#[test]
fn a_port_that_is_taken_leads_to_the_next_free_one() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _holder = start_at(taken).unwrap();
    let server = start_at(taken).unwrap();
    let port = server.address().port();
    assert!((taken + 1..taken + 20).contains(&port), "{port} after {taken}");
    let said = format!("port {taken} is taken: using {port}\nhttp://127.0.0.1:{port}/ ");
    assert!(server.announcement().starts_with(&said), "{}", server.announcement());
    let answer = while_served(server, |address| Client::connect(address).get("/"));
    assert_eq!(answer.status, 200);
}

#[test]
fn the_search_for_a_port_ends_at_the_last_one() {
    // Where it is taken already, there is nothing to hold.
    let _holder = TcpListener::bind("127.0.0.1:65535");
    let error = start_at(65535).err().unwrap();
    assert_eq!(error, "can't serve: the ports from 65535 to 65535 are taken; give another one");
}

#[test]
fn a_first_build_that_fails_is_an_error() {
    let options = Options { port: 0, watch: Vec::new() };
    let error = Server::start(options, || Err("no SUMMARY.md".to_owned())).err().unwrap();
    assert_eq!(error, "no SUMMARY.md");
}

#[test]
fn a_path_to_watch_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { port: 0, watch: vec![folder.path().join("pages")] };
    let error = Server::start(options, || unreachable!()).err().unwrap();
    assert!(error.contains("pages can't be watched for changes"), "{error}");
}

/// Ctrl-C is sent to a process of its own: this test, started again.
#[cfg(unix)]
mod ctrl_c {
    use std::env;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use asyncio_book::serve::{Options, serve};

    use crate::client::{Client, site};

    const CHILD: &str = "SERVE_UNTIL_CTRL_C";

    #[test]
    fn ctrl_c_ends_it_with_success() {
        if env::var_os(CHILD).is_some() {
            let options = Options { port: 0, watch: Vec::new() };
            return serve(options, || Ok(site(&[("index.html", "Start")]))).unwrap();
        }
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "starting::ctrl_c::ctrl_c_ends_it_with_success", "--nocapture"])
            .env(CHILD, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url =
            lines.find_map(|line| line.split_once("http://")?.1.split_once('/')?.0.parse().ok());
        // An answer shows that Ctrl-C is handled by now; a page that listens shall not keep it.
        let mut client = Client::connect(url.unwrap());
        assert_eq!(client.get("/").status, 200);
        let _listener = client.listen();
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let rest: Vec<_> = lines.collect();
        assert!(child.wait().unwrap().success());
        assert!(rest.iter().any(|line| line.contains("1 passed")), "{rest:?}");
    }
}
