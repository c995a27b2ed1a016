//! axum: its `Router` on our server, without tokio.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use asyncio::http::{self, ClientError, ClientSession, StatusCode};
use asyncio::{Server, get_running_loop, sleep};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::header::HeaderName;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tower::ServiceBuilder;

/// A server of `router`, and a session that asks it.
async fn serve(router: Router) -> (Server, ClientSession) {
    let server = http::serve(("127.0.0.1", 0), router).await.unwrap();
    let address = format!("http://{}", server.local_addrs()[0]);
    (server, ClientSession::builder().base_url(address).build().unwrap())
}

async fn text(session: &ClientSession, path: &str) -> Result<(u16, String), ClientError> {
    let mut response = session.get(path).await?;
    Ok((response.status().as_u16(), response.text().await?))
}

#[derive(Deserialize, Serialize)]
struct Sum {
    left: i64,
    right: i64,
}

#[asyncio::test]
async fn extractors_find_path_query_body_and_state() {
    async fn greet(
        State(greeting): State<Arc<str>>,
        Path(name): Path<String>,
        Query(times): Query<Vec<(String, usize)>>,
    ) -> String {
        format!("{greeting}, {name}! ").repeat(times[0].1)
    }
    async fn sum(Json(sum): Json<Sum>) -> Json<i64> {
        Json(sum.left + sum.right)
    }
    let router = Router::new()
        .route("/greet/{name}", get(greet))
        .route("/sum", post(sum))
        .with_state(Arc::<str>::from("Hello"));
    let (_server, session) = serve(router).await;

    let greeting = text(&session, "/greet/Ada%20L?times=2").await.unwrap();
    assert_eq!(greeting, (200, "Hello, Ada L! Hello, Ada L! ".into()));
    let sum = session.post("/sum").json(&Sum { left: 3, right: 4 }).await.unwrap();
    assert_eq!(sum.error_for_status().unwrap().json::<i64>().await.unwrap(), 7);
}

#[asyncio::test]
async fn what_is_not_there_or_not_understood_gets_axum_s_status() {
    async fn fallback() -> (StatusCode, &'static str) {
        (StatusCode::NOT_FOUND, "nothing here")
    }
    let router = Router::new()
        .route("/sum", post(async |Json(sum): Json<Sum>| Json(sum.left)))
        .fallback(fallback);
    let (_server, session) = serve(router).await;

    assert_eq!(text(&session, "/elsewhere").await.unwrap(), (404, "nothing here".into()));
    assert_eq!(text(&session, "/sum").await.unwrap().0, 405);
    assert_eq!(session.post("/sum").body("{}").await.unwrap().status(), 415);
    assert_eq!(session.post("/sum").json("no sum").await.unwrap().status(), 422);
    // The connection still serves.
    let sum = session.post("/sum").json(&Sum { left: 3, right: 4 }).await.unwrap();
    assert!(sum.is_ok());
}

#[asyncio::test]
async fn layers_of_tower_go_round_the_handlers() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    async fn count(request: Request, next: Next) -> Response {
        SEEN.fetch_add(1, Ordering::Relaxed);
        let mut response = next.run(request).await;
        let name = HeaderName::from_static("x-seen");
        response.headers_mut().insert(name, SEEN.load(Ordering::Relaxed).into());
        response
    }
    let layers = ServiceBuilder::new()
        .layer(from_fn(count))
        .map_response(|response: Response| (StatusCode::ACCEPTED, response).into_response());
    let router = Router::new().route("/", get("Hello")).layer(layers);
    let (_server, session) = serve(router).await;

    for seen in ["1", "2"] {
        let mut response = session.get("/").await.unwrap();
        assert_eq!(response.headers()["x-seen"], seen);
        assert_eq!((response.status().as_u16(), &*response.text().await.unwrap()), (202, "Hello"));
    }
}

#[asyncio::test]
async fn bodies_are_streamed_both_ways() {
    const PIECES: usize = 1000;
    // What comes in piece by piece goes out piece by piece, twice.
    async fn double(request: Request) -> Response {
        let pieces = request.into_body().into_data_stream();
        Body::from_stream(pieces.map(|piece| piece.map(|piece| [&piece[..], &piece[..]].concat())))
            .into_response()
    }
    let router = Router::new().route("/", post(double));
    let (_server, session) = serve(router).await;

    let pieces =
        stream::iter((0..PIECES).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1024]))));
    let mut response = session.post("/").body(http::Body::stream(pieces)).await.unwrap();
    assert_eq!(response.content_length(), None);
    let mut length = 0;
    let mut chunks = response.chunks();
    while let Some(chunk) = chunks.next().await {
        length += chunk.unwrap().len();
    }
    assert_eq!(length, 2 * PIECES * 1024);
}

#[asyncio::test]
async fn a_body_over_the_server_s_limit_is_refused_by_the_extractor() {
    let router = Router::new().route("/", post(async |body: Bytes| body.len().to_string()));
    let server = http::serve(("127.0.0.1", 0), router).body_limit(10).await.unwrap();
    let address = format!("http://{}", server.local_addrs()[0]);
    let session = ClientSession::builder().base_url(address).build().unwrap();
    let mut answer = session.post("/").body("0123456789").await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "10");
    assert_ne!(session.post("/").body("0123456789a").await.unwrap().status(), 200);
}

#[asyncio::test]
async fn a_handler_waits_on_our_loop_through_its_handle() {
    let event_loop = get_running_loop().unwrap().handle();
    let wait = async move || {
        let waited = event_loop.spawn(async || {
            sleep(Duration::from_millis(1)).await;
            "waited"
        });
        waited.unwrap().await.unwrap()
    };
    let (_server, session) = serve(Router::new().route("/", get(wait))).await;
    assert_eq!(text(&session, "/").await.unwrap(), (200, "waited".into()));
}

/// That is how axum's users test a router: as a service, without a socket.
#[asyncio::test]
async fn a_router_is_called_without_a_server() {
    use tower::ServiceExt;

    let router = Router::new().route("/", get("Hello"));
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), "Hello");
}
