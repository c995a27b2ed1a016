//! What `http::ClientSession` sends: methods, queries, headers, bodies, cookies, through redirects too.

#![allow(missing_docs)]

mod http_server;

use std::error::Error;
use std::io;

use asyncio::http::{Body, ClientError, ClientSession, RequestBuilder, Response, Stage};
use futures::TryStreamExt;
use http_server::{Asked, Keeping, ok, redirect_to};

fn send(request: RequestBuilder) -> Result<Response, ClientError> {
    asyncio::run(async { request.await })
}

/// What a server is asked by the request that `make` makes for a URL there.
fn asked_by(make: impl FnOnce(&ClientSession, String) -> RequestBuilder) -> Asked {
    let server = Keeping::run(|_| ok(""));
    send(make(&ClientSession::new(), server.url("/"))).unwrap();
    server.asked()
}

fn answer(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n")
}

#[test]
fn each_method_goes_out_by_its_name() {
    type Method = fn(&ClientSession, String) -> RequestBuilder;
    let methods: [(&str, Method); 9] = [
        ("GET", |session, url| session.get(url)),
        ("POST", |session, url| session.post(url)),
        ("PUT", |session, url| session.put(url)),
        ("PATCH", |session, url| session.patch(url)),
        ("DELETE", |session, url| session.delete(url)),
        ("HEAD", |session, url| session.head(url)),
        ("OPTIONS", |session, url| session.options(url)),
        ("PROPFIND", |session, url| session.request("PROPFIND", url)),
        ("TRACE", |session, url| session.request(asyncio::http::Method::TRACE, url)),
    ];
    for (name, method) in methods {
        assert_eq!(asked_by(method).line(), format!("{name} /"));
    }
}

#[test]
fn what_is_no_method_is_refused() {
    for name in ["", "GE T", "CONNECT", "GET\r\n"] {
        let error = send(ClientSession::new().request(name, "http://127.0.0.1/")).unwrap_err();
        assert_eq!(error.stage(), Stage::Request);
        let text = error.to_string();
        assert!(text.ends_with("is not a method to send: try GET or POST"), "{text}");
    }
}

#[test]
fn a_query_is_encoded_and_added() {
    let asked = asked_by(|session, url| {
        session.get(url + "?a=1#end").query([("b", "ä &=+")]).query(vec![("c".to_owned(), 3)])
    });
    assert_eq!(asked.line(), "GET /?a=1&b=%C3%A4+%26%3D%2B&c=3");
}

#[test]
fn a_form_is_sent_as_a_browser_does() {
    let asked = asked_by(|session, url| session.post(url).form([("a", "1 & 2"), ("b", "ä")]));
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(asked.text(), "a=1+%26+2&b=%C3%A4");
}

#[test]
fn json_is_sent_with_its_type() {
    let value = serde_json::json!({"a": [1, null]});
    let asked = asked_by(|session, url| session.post(url).json(&value));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.text(), r#"{"a":[1,null]}"#);
    let own = asked_by(|session, url| {
        session.post(url).json(&value).header("Content-Type", "application/geo+json")
    });
    assert_eq!(own.header("content-type"), Some("application/geo+json"));
}

#[test]
fn what_json_cannot_say_is_an_error() {
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = send(ClientSession::new().post("http://127.0.0.1/").json(&map)).unwrap_err();
    assert_eq!(error.stage(), Stage::Request);
    assert!(error.to_string().contains("this can't be said in JSON: "), "{error}");
}

#[test]
fn an_answer_in_json_is_read_and_an_error_says_where_it_is_none() {
    let server = Keeping::run(|asked| match asked.line() {
        "GET /good" => ok(r#"{"n": 7}"#).into_bytes(),
        "GET /bad" => ok("{\"n\": 7").into_bytes(),
        _ => b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\"\xff\"".to_vec(),
    });
    asyncio::run(async {
        let session = ClientSession::new();
        let value: serde_json::Value =
            session.get(server.url("/good")).await.unwrap().json().await.unwrap();
        assert_eq!(value["n"], 7);
        for path in ["/bad", "/latin1"] {
            let mut response = session.get(server.url(path)).await.unwrap();
            let error = response.json::<serde_json::Value>().await.unwrap_err();
            assert_eq!(error.stage(), Stage::Decode);
            let text = error.to_string();
            assert!(text.contains("the body is not the JSON that was expected: "), "{text}");
            assert!(text.contains("line 1 column"), "{text}");
        }
    });
}

#[test]
fn bytes_go_out_with_their_length_and_chunks_without() {
    let asked = asked_by(|session, url| session.put(url).body(vec![1, 2, 3]));
    assert_eq!((asked.header("content-length"), &*asked.body), (Some("3"), &[1, 2, 3][..]));
    let asked = asked_by(ClientSession::post);
    assert_eq!(asked.header("content-length"), Some("0"), "a POST says that it has no body");
    let chunks = || futures::stream::iter(["one ", "two"].map(Ok::<_, io::Error>));
    let asked = asked_by(|session, url| session.post(url).body(Body::stream(chunks())));
    assert_eq!(asked.header("transfer-encoding"), Some("chunked"));
    assert_eq!(asked.text(), "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n");
    let body = Body::stream(chunks()).with_length(7);
    let asked = asked_by(|session, url| session.post(url).body(body));
    assert_eq!((asked.header("content-length"), asked.text()), (Some("7"), "one two"));
}

#[test]
fn a_file_is_sent_with_its_length_and_an_open_one_from_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let content = "0123456789".repeat(20_000);
    std::fs::write(&path, &content).unwrap();
    let asked = asked_by(|session, url| session.post(url).body(Body::file(&path)));
    assert_eq!(asked.header("content-length"), Some("200000"));
    assert!(asked.text() == content);

    let server = Keeping::run(|_| ok(""));
    asyncio::run(async {
        let mut file = asyncio::fs::File::open(&path).await.unwrap();
        file.seek(io::SeekFrom::End(-3)).await.unwrap();
        ClientSession::new().post(server.url("/")).body(file).await.unwrap();
    });
    assert_eq!(server.asked().text(), "3\r\n789\r\n0\r\n\r\n");

    let missing = folder.path().join("missing");
    let request = ClientSession::new().post(server.url("/")).body(Body::file(&missing));
    let error = send(request).unwrap_err();
    assert_eq!(error.stage(), Stage::Request);
    assert!(error.to_string().contains(missing.to_str().unwrap()), "{error}");
}

#[test]
fn a_body_that_fails_or_has_another_length_is_an_error_of_sending() {
    let fail = |body: Body| {
        let server = Keeping::run(|_| ok(""));
        let error = send(ClientSession::new().post(server.url("/")).body(body)).unwrap_err();
        assert_eq!(error.stage(), Stage::Send, "{error}");
        error.to_string().split_once("/: ").unwrap().1.to_owned()
    };
    let chunks = || futures::stream::iter(["one ", "two"].map(Ok::<_, io::Error>));
    let broken = chunks().and_then(|_| async { Err::<&str, _>(io::Error::other("no more")) });
    assert_eq!(fail(Body::stream(broken)), "the request's body can't be sent: no more");
    assert_eq!(
        fail(Body::stream(chunks()).with_length(5)),
        "the request's body can't be sent: it is longer than the 5 bytes it was to be"
    );
    assert_eq!(
        fail(Body::stream(chunks()).with_length(9)),
        "the request's body can't be sent: it ended after 7 of the 9 bytes it was to be"
    );
}

#[test]
fn who_asks_is_said_in_a_header() {
    let ada = "Basic YWRhOnNlY3JldA==";
    let asked = asked_by(|session, url| session.get(url).basic_auth("ada", "secret"));
    assert_eq!(asked.header("authorization"), Some(ada));
    let asked = asked_by(|session, url| {
        let in_url = url.replace("http://", "http://eve:other@");
        session.get(in_url).basic_auth("ada", "secret")
    });
    assert_eq!(asked.header("authorization"), Some(ada), "the argument stands above the URL");
    let asked = asked_by(|session, url| {
        session.get(url).basic_auth("ada", "secret").header("Authorization", "Bearer x")
    });
    assert_eq!(asked.header("authorization"), Some("Bearer x"));
}

#[test]
fn a_secret_that_cannot_be_sent_is_not_shown() {
    let request = ClientSession::new().get("http://127.0.0.1/").header("authorization", "key\n");
    let error = send(request).unwrap_err().to_string();
    assert!(error.ends_with("\"(not shown)\""), "{error}");
}

#[test]
fn a_session_has_a_base_url_and_headers_of_its_own() {
    let server = Keeping::run(|_| ok(""));
    asyncio::run(async {
        let session = ClientSession::builder()
            .base_url(server.url("/api/"))
            .header("X-Own", "1")
            .header("Accept", "text/html")
            .basic_auth("ada", "secret")
            .build()?;
        session.get("users").await?;
        session.get("/root").header("x-own", "2").await?;
        session.get(server.url("/else")).await?;
        Ok::<_, ClientError>(())
    })
    .unwrap();
    let first = server.asked();
    assert_eq!(first.line(), "GET /api/users");
    assert_eq!((first.header("x-own"), first.header("accept")), (Some("1"), Some("text/html")));
    assert_eq!(first.header("authorization"), Some("Basic YWRhOnNlY3JldA=="));
    let second = server.asked();
    assert_eq!((second.line(), second.header("x-own")), ("GET /root", Some("2")));
    assert_eq!(server.asked().line(), "GET /else");
}

#[test]
fn a_base_url_that_would_lose_its_last_part_is_refused() {
    let build = |url: &str| {
        let error = ClientSession::builder().base_url(url).build().unwrap_err();
        assert_eq!(error.stage(), Stage::Request);
        error.to_string()
    };
    assert_eq!(
        build("http://ada:secret@example.org/api"),
        "the base URL: its path has to end with `/`, or the last part of it would be lost. \
         Try http://example.org/api/"
    );
    assert!(build("example.org").starts_with("the base URL: this is not a URL: "));
}

#[test]
fn a_redirect_of_a_post_becomes_a_get_without_a_body() {
    for (status, method, expected) in [
        ("301 Moved", "POST", "GET"),
        ("302 Found", "POST", "GET"),
        ("303 See Other", "POST", "GET"),
        ("303 See Other", "PUT", "GET"),
        ("303 See Other", "DELETE", "GET"),
    ] {
        let server = Keeping::run(move |asked| match asked.line().split_once(' ').unwrap().1 {
            "/first" => answer(status, "Location: /second\r\n"),
            _ => ok(""),
        });
        let session = ClientSession::new();
        send(session.request(method, server.url("/first")).form([("a", "1")])).unwrap();
        assert_eq!(server.asked().text(), "a=1");
        let second = server.asked();
        assert_eq!(second.line(), format!("{expected} /second"), "{status}");
        assert_eq!((second.text(), second.header("content-type")), ("", None));
    }
}

#[test]
fn other_redirects_keep_the_method_and_the_body() {
    for (status, method) in [
        ("307 Temporary Redirect", "POST"),
        ("308 Permanent Redirect", "POST"),
        ("302 Found", "PUT"),
        ("301 Moved", "PATCH"),
    ] {
        let server = Keeping::run(move |asked| match asked.line().split_once(' ').unwrap().1 {
            "/first" => answer(status, "Location: /second\r\n"),
            _ => ok(""),
        });
        let session = ClientSession::new();
        send(session.request(method, server.url("/first")).form([("a", "1")])).unwrap();
        server.asked();
        let second = server.asked();
        assert_eq!(second.line(), format!("{method} /second"), "{status}");
        assert_eq!(second.text(), "a=1");
        assert_eq!(second.header("content-type"), Some("application/x-www-form-urlencoded"));
    }
}

#[test]
fn a_stream_cannot_follow_a_redirect() {
    let server = Keeping::run(|_| answer("307 Temporary Redirect", "Location: /second\r\n"));
    let chunks = futures::stream::iter([Ok::<_, io::Error>("one")]);
    let url = server.url("/first");
    let error = send(ClientSession::new().post(&url).body(Body::stream(chunks))).unwrap_err();
    assert_eq!((error.stage(), error.url()), (Stage::Redirect, Some(&*url)));
    let second = server.url("/second");
    let expected = format!(
        "{url}: the server redirects to {second} and wants the request's body there, too (307 Temporary \
         Redirect), but a stream can't be sent again: pass bytes or a file, or ask that URL"
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_head_request_stays_where_it_is() {
    let server = Keeping::run(|_| answer("302 Found", "Location: /second\r\n"));
    let response = send(ClientSession::new().head(server.url("/"))).unwrap();
    assert_eq!(response.status(), 302);
    let request = ClientSession::new().get(server.url("/")).allow_redirects(false);
    assert_eq!(send(request).unwrap().status(), 302);
}

#[test]
fn a_header_host_is_for_one_origin() {
    let other = Keeping::run(|_| ok(""));
    let target = redirect_to(&other.url("/"));
    let home = Keeping::run(move |_| target.clone());
    send(ClientSession::new().get(home.url("/")).header("Host", "example.org")).unwrap();
    assert_eq!(home.asked().header("host"), Some("example.org"));
    assert_eq!(other.asked().header("host"), Some(&*other.address.to_string()));
}

#[test]
fn a_status_is_an_error_for_who_asks() {
    let server = Keeping::run(|_| answer("503 Service Unavailable", ""));
    let error = send(ClientSession::new().get(server.url("/"))).unwrap().error_for_status();
    let error = error.unwrap_err();
    assert_eq!((error.stage(), error.status().unwrap().as_u16()), (Stage::Status, 503));
    assert!(error.source().is_none());
}

#[test]
fn chunks_come_one_after_the_other_and_bytes_gives_what_they_left() {
    let server = Keeping::run(
        |_| "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n3\r\nend\r\n0\r\n\r\n",
    );
    asyncio::run(async {
        let session = ClientSession::new();
        let mut response = session.get(server.url("/")).await?;
        let all: Vec<_> = response.chunks().try_collect().await?;
        assert_eq!(all.concat(), b"onetwoend");
        assert_eq!(response.bytes().await?, "");
        let mut response = session.get(server.url("/")).await?;
        assert_eq!(response.chunks().next().await.unwrap()?, "one");
        assert_eq!(response.bytes().await?, "twoend");
        Ok::<_, ClientError>(())
    })
    .unwrap();
}

#[test]
fn cookies_go_back_to_who_set_them() {
    let server = Keeping::run(|asked| match asked.line() {
        "GET /set" => {
            answer("302 Found", "Location: /\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n")
        }
        "GET /drop" => answer("200 OK", "Set-Cookie: a=; Max-Age=0; Path=/\r\n"),
        "GET /long" => answer("200 OK", &format!("Set-Cookie: c={}\r\n", "x".repeat(5000))),
        _ => ok(""),
    });
    asyncio::run(async {
        let session = ClientSession::new();
        session.get(server.url("/set")).await?;
        session.get(server.url("/")).cookie("a", "own").cookie("z", "3").await?;
        session.get(server.url("/drop")).await?;
        session.get(server.url("/long")).await?;
        session.get(server.url("/")).header("Cookie", "all=mine").await?;
        assert_eq!(session.cookies_for(server.url("/")), [("b".to_owned(), "2".to_owned())]);
        session.clear_cookies();
        assert!(session.cookies_for(server.url("/")).is_empty());
        Ok::<_, ClientError>(())
    })
    .unwrap();
    let mut cookies: Vec<_> = (0..6)
        .map(|_| {
            let asked = server.asked();
            let mut cookies: Vec<_> =
                asked.header("cookie").unwrap_or_default().split("; ").map(str::to_owned).collect();
            cookies.sort();
            cookies.join("; ")
        })
        .collect();
    assert_eq!(cookies.split_off(5), ["all=mine"]);
    assert_eq!(cookies, ["", "a=1; b=2", "a=own; b=2; z=3", "a=1; b=2", "b=2"]);
}

#[test]
fn cookies_of_ones_own_stay_at_home() {
    let other = Keeping::run(|_| ok(""));
    let target = redirect_to(&other.url("/"));
    let home = Keeping::run(move |_| target.clone());
    asyncio::run(async {
        let session = ClientSession::builder().cookie("a", "secret").build()?;
        session.get(home.url("/")).cookie("b", "secret").await
    })
    .unwrap();
    assert_eq!(home.asked().header("cookie"), Some("b=secret; a=secret"));
    assert_eq!(other.asked().header("cookie"), None);
}

#[test]
fn a_session_may_keep_no_cookies() {
    let server = Keeping::run(|_| answer("200 OK", "Set-Cookie: a=1\r\n"));
    asyncio::run(async {
        let session = ClientSession::builder().keep_cookies(false).build()?;
        assert_eq!(session.get(server.url("/")).await?.cookies()[0].value(), "1");
        session.get(server.url("/")).await
    })
    .unwrap();
    server.asked();
    assert_eq!(server.asked().header("cookie"), None);
}

#[test]
fn an_upgraded_connection_is_a_reader_and_a_writer() {
    let server = http_server::Server::once(|stream| {
        use std::io::{Read, Write};
        stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nhello\n")
            .unwrap();
        let mut line = [0; 5];
        stream.read_exact(&mut line).unwrap();
        stream.write_all(&line).unwrap();
    });
    asyncio::run(async {
        let session = ClientSession::builder().limit(1).build()?;
        let request = session.get(server.url("/")).header("Connection", "upgrade");
        let (mut reader, writer) = request.header("Upgrade", "echo").await?.upgrade().await?;
        assert_eq!(reader.read_line().await?, b"hello\n", "came with the head");
        writer.write(b"back\n");
        assert_eq!(reader.read_line().await?, b"back\n");
        writer.close();
        Ok::<_, Box<dyn Error>>(())
    })
    .unwrap();
}

#[test]
fn an_answer_that_changes_nothing_is_no_upgrade() {
    let server = Keeping::run(|_| ok("no"));
    let error = asyncio::run(async {
        ClientSession::new().get(server.url("/")).await?.upgrade().await.map(drop)
    });
    let error = error.unwrap_err();
    assert_eq!(error.stage(), Stage::Read);
    let text = error.to_string();
    assert!(text.ends_with("the server doesn't change protocols: it answered 200 OK"), "{text}");
}
