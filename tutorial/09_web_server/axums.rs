//! The same over HTTP with axum, which knows nothing of our loop.

use asyncio::LoopHandle;
use asyncio::http::StatusCode;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use crate::notes::{NewNote, Note, Notes, Refused, Report};

/// `event_loop` is the one that serves.
pub(crate) fn router(notes: Notes, event_loop: LoopHandle) -> Router {
    Router::new()
        .route("/notes", get(list).post(add))
        .route("/notes/{id}", get(one).delete(remove))
        .route("/report", get(move |State(notes)| report(notes, event_loop)))
        .with_state(notes)
}

#[derive(Deserialize)]
struct Wanted {
    contains: Option<String>,
}

async fn list(State(notes): State<Notes>, Query(wanted): Query<Wanted>) -> Json<Vec<Note>> {
    Json(notes.list(&wanted.contains.unwrap_or_default()))
}

async fn add(
    State(notes): State<Notes>,
    Json(new): Json<NewNote>,
) -> Result<(StatusCode, Json<Note>), Refused> {
    Ok((StatusCode::CREATED, Json(notes.add(new)?)))
}

async fn one(State(notes): State<Notes>, Path(id): Path<u64>) -> Result<Json<Note>, Refused> {
    notes.get(id).map(Json)
}

async fn remove(State(notes): State<Notes>, Path(id): Path<u64>) -> Result<StatusCode, Refused> {
    notes.remove(id).map(|()| StatusCode::NO_CONTENT)
}

/// axum's futures must be `Send`, and one that sleeps on our loop isn't. So the loop makes a task of it, and what
/// waits for that task is `Send`.
async fn report(notes: Notes, event_loop: LoopHandle) -> Result<Json<Report>, StatusCode> {
    let report = event_loop.spawn(async move || notes.report().await);
    let report = report.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    report.await.map(Json).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status(), Json(self.json())).into_response()
    }
}
