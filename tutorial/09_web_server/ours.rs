//! The notes over HTTP with what the library brings: `http::web`.

use asyncio::http::StatusCode;
use asyncio::http::web::{HttpError, Request, Response, Router, json_response};
use serde::Serialize;

use crate::notes::{Notes, Refused};

pub(crate) fn router(notes: &Notes) -> Router {
    let [listing, adding, getting, removing, reporting] = std::array::from_fn(|_| notes.clone());
    Router::new()
        .get("/notes", async move |request| list(&listing, &request))
        .post("/notes", async move |request| add(&adding, request).await)
        .get("/notes/{id}", async move |request| get(&getting, &request))
        .delete("/notes/{id}", async move |request| remove(&removing, &request))
        .get("/report", async move |_| json_response(&reporting.report().await))
}

fn list(notes: &Notes, request: &Request) -> Result<Response, HttpError> {
    let containing = request.query("contains").unwrap_or_default();
    json_response(&notes.list(&containing))
}

async fn add(notes: &Notes, mut request: Request) -> Result<Response, HttpError> {
    // 400 for what is no JSON, 422 for JSON that is no `NewNote`, 413 for more than a mebibyte.
    let new = request.json().await?;
    answer(notes.add(new), StatusCode::CREATED)
}

fn get(notes: &Notes, request: &Request) -> Result<Response, HttpError> {
    answer(notes.get(id(request)?), StatusCode::OK)
}

fn remove(notes: &Notes, request: &Request) -> Result<Response, HttpError> {
    match notes.remove(id(request)?) {
        Ok(()) => Ok(Response::new(()).with_status(StatusCode::NO_CONTENT)),
        Err(refused) => refuse(&refused),
    }
}

fn id(request: &Request) -> Result<u64, HttpError> {
    let id = request.match_info("id").and_then(|id| id.parse().ok());
    id.ok_or_else(|| HttpError::bad_request("a note's id is a number"))
}

fn answer(
    outcome: Result<impl Serialize, Refused>,
    status: StatusCode,
) -> Result<Response, HttpError> {
    match outcome {
        Ok(value) => Ok(json_response(&value)?.with_status(status)),
        Err(refused) => refuse(&refused),
    }
}

fn refuse(refused: &Refused) -> Result<Response, HttpError> {
    Ok(json_response(&refused.json())?.with_status(refused.status()))
}
