//! Which handler answers, and JSON.

#[cfg(feature = "json")]
use asyncio::http::web::{self, HttpError, Response};
use asyncio::http::web::{Request, Router};

use crate::client::{Client, serve};
use crate::support::panic_of;

fn notes() -> Router {
    Router::new()
        .get("/", async |_| "index")
        .get("/notes/{id}", async |request: Request| {
            format!("note {}", request.match_info("id").unwrap())
        })
        .put("/notes/{id}", async |request: Request| format!("put {}", request.path()))
        .get("/notes/new", async |_| "a form")
        .delete("/files/{*path}", async |request: Request| {
            request.match_info("path").unwrap().to_owned()
        })
}

#[asyncio::test]
async fn a_path_leads_to_its_handler_and_its_parameters_are_decoded() {
    let server = serve(notes()).await.unwrap();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/").await.text(), "index");
    assert_eq!(client.get("/notes/a%20b").await.text(), "note a b");
    assert_eq!(client.get("/notes/new?x=1").await.text(), "a form");
    for path in ["/notes", "/notes/", "/notes/1/2", "//", "/Notes/1"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    client.send("DELETE /files/a/b%2Fc HTTP/1.1\r\nHost: here\r\n\r\n");
    assert_eq!(client.answer().await.text(), "a/b/c");
}

#[asyncio::test]
async fn a_method_that_a_path_has_not_is_a_405_that_says_which_it_has() {
    let server = serve(notes()).await.unwrap();
    let mut client = Client::sending(&server, "POST /notes/1 HTTP/1.1\r\nHost: here\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("get, head, put")));
    client.send("HEAD /notes/1 HTTP/1.1\r\nHost: here\r\n\r\n");
    let answer = client.head().await.unwrap();
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("6")));
}

#[test]
fn a_route_that_cannot_be_is_refused_when_it_is_made() {
    let twice = panic_of(|| notes().get("/", async |_| "again"));
    assert_eq!(twice, "the path \"/\" has a handler for this method already: GET");
    let relative = panic_of(|| notes().get("notes", async |_| "?"));
    assert_eq!(relative, "the path \"notes\" must begin with a slash");
    let same = panic_of(|| notes().get("/notes/{name}", async |_| "?"));
    assert!(same.starts_with("the path \"/notes/{name}\" can't be added: "), "{same}");
}

#[asyncio::test]
async fn a_handler_needs_no_connection_to_be_tested() {
    let request = hyper::Request::post("/notes?x=1").body("a=1".into()).unwrap();
    let mut request = Request::from(request);
    assert_eq!(request.text().await.unwrap(), "a=1");
    assert_eq!(request.upgrade("echo", async |_, _| ()).unwrap_err().status(), 426);
    assert_eq!(request.remote(), None);
}

#[cfg(feature = "json")]
#[asyncio::test]
async fn json_goes_in_and_out_and_what_is_none_is_refused() {
    async fn double(mut request: Request) -> Result<Response, HttpError> {
        let numbers: Vec<i64> = request.json().await?;
        web::json_response(&numbers.iter().map(|number| number * 2).collect::<Vec<_>>())
    }

    let server = serve(double).await.unwrap();
    let mut client = Client::connect(&server).await;
    let mut ask = async |body: &str| {
        let length = body.len();
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        client.answer().await
    };
    let answer = ask("[1, 2]").await;
    assert_eq!((answer.status, answer.text()), (200, "[2,4]"));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(ask("[1, 2").await.status, 400);
    assert_eq!(ask("").await.status, 400);
    let answer = ask("[\"one\"]").await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().starts_with("the body is not the JSON that is expected: invalid type"));
}
