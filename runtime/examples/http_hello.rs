//! A small web server: pages, a form, a folder of files. Python's standard library has no such thing for
//! asyncio; with aiohttp it looks much the same.
//! `cargo run -p asyncio --features http --example http_hello`

use std::io;

use asyncio::http;
use asyncio::http::web::{HttpError, Request, Response, Router, StaticFiles};

async fn index(_request: Request) -> Response {
    Response::html(
        "<!doctype html><title>Hello</title>\
         <form method=post action=/greet><input name=name autofocus> <button>Greet</button></form>\
         <p><a href=/files/>files</a>",
    )
}

async fn greet(mut request: Request) -> Result<String, HttpError> {
    let form = request.form().await?;
    let (_, name) = form
        .iter()
        .find(|(field, _)| field == "name")
        .ok_or_else(|| HttpError::bad_request("the form has no field `name`"))?;
    Ok(format!("Hello, {name}!\n"))
}

#[asyncio::main(ctrl_c = true)]
async fn main() -> io::Result<()> {
    let router = Router::new()
        .get("/", index)
        .get("/hello/{name}", async |request: Request| {
            format!("Hello, {}!\n", request.match_info("name").unwrap_or("you"))
        })
        .post("/greet", greet)
        .static_files("/files", StaticFiles::new(".").show_index(true));

    // A port that the system picks; say `("", 8080)` for the same one always, to the whole network.
    let server = http::serve(("127.0.0.1", 0), router).await?;
    println!("http://{}/ (Ctrl-C ends it)", server.local_addrs()[0]);
    server.serve_forever().await
}
