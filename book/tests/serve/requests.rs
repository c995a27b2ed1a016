//! What is answered to each kind of request.

use super::client::{Answer, Client, server, while_served};

const FILES: [(&str, &str); 5] = [
    ("index.html", "<body><h1>Start</h1></body>"),
    ("404.html", "<body>no such page</body>"),
    ("guide/index.html", "<body>the guide</body>"),
    ("style.css", "h1 { color: red }"),
    ("a b.txt", "spaced"),
];

/// The answer to one request.
fn ask(method: &'static str, path: &'static str, headers: &'static str) -> Answer {
    while_served(server(&FILES), move |address| Client::connect(address).ask(method, path, headers))
}

#[test]
fn a_page_is_sent_with_its_type_its_tag_and_the_script() {
    let answer = ask("GET", "/", "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers["cache-control"], "no-cache");
    assert!(answer.headers["etag"].starts_with('"'));
    assert!(answer.body.starts_with("<body><h1>Start</h1><script data-book="), "{}", answer.body);
    assert!(answer.body.ends_with("</script>\n</body>"), "{}", answer.body);
}

#[test]
fn what_is_no_page_is_sent_as_it_is() {
    let answer = ask("GET", "/style.css?v=1", "");
    assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(answer.body, "h1 { color: red }");
}

#[test]
fn escapes_in_a_path_are_decoded() {
    assert_eq!(ask("GET", "/a%20b.txt", "").body, "spaced");
}

#[test]
fn head_answers_as_get_does_without_the_body() {
    while_served(server(&FILES), |address| {
        let mut client = Client::connect(address);
        let get = client.get("/");
        let head = client.ask("HEAD", "/", "");
        assert_eq!(head.status, 200);
        for name in ["content-type", "content-length", "etag", "cache-control"] {
            assert_eq!(head.headers[name], get.headers[name], "{name}");
        }
        // Bytes of a body would be taken for the next answer's head.
        assert_eq!(client.get("/style.css").status, 200);
        assert_eq!(client.ask("HEAD", "/-/changes", "").status, 200);
        assert_eq!(client.ask("HEAD", "/missing", "").status, 404);
        assert_eq!(client.get("/style.css").status, 200);
    });
}

#[test]
fn a_tag_that_the_client_has_is_answered_with_304() {
    while_served(server(&FILES), |address| {
        let mut client = Client::connect(address);
        let tag = client.get("/").headers["etag"].clone();
        for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let answer = client.ask("GET", "/", &format!("If-None-Match: {known}\r\n"));
            assert_eq!((answer.status, answer.headers["etag"].as_str()), (304, tag.as_str()));
        }
        let answer = client.ask("GET", "/", "If-None-Match: \"other\"\r\n");
        assert_eq!(answer.status, 200);
    });
}

#[test]
fn a_missing_page_is_answered_with_the_book_s_own_404() {
    let answer = ask("GET", "/missing.html", "");
    assert_eq!((answer.status, &answer.body[..18]), (404, "<body>no such page"));
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
}

#[test]
fn without_a_404_page_a_line_says_so() {
    let answer = while_served(server(&[]), |address| Client::connect(address).get("/"));
    assert_eq!(answer.status, 404);
    assert_eq!(answer.body, "The book has no such page. It begins at /\n");
}

#[test]
fn a_path_out_of_the_book_or_a_broken_escape_is_not_found() {
    while_served(server(&FILES), |address| {
        let mut client = Client::connect(address);
        for path in
            ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/guide/..%2findex.html", "/%zz", "/%C3"]
        {
            assert_eq!(client.get(path).status, 404, "{path}");
        }
    });
}

#[test]
fn a_folder_without_its_slash_moves_to_the_one_with_it() {
    let answer = ask("GET", "/guide?x=1", "");
    assert_eq!((answer.status, answer.headers["location"].as_str()), (307, "/guide/"));
    assert!(ask("GET", "/guide/", "").body.starts_with("<body>the guide"));
}

#[test]
fn any_other_method_is_answered_with_405_and_what_is_allowed() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = ask(method, "/", "Content-Length: 0\r\n");
        assert_eq!(
            (answer.status, answer.headers["allow"].as_str()),
            (405, "GET, HEAD"),
            "{method}"
        );
    }
}

#[test]
fn two_requests_go_over_one_connection() {
    while_served(server(&FILES), |address| {
        let mut client = Client::connect(address);
        assert!(client.get("/").body.contains("Start"));
        assert!(client.get("/guide/").body.contains("the guide"));
    });
}
