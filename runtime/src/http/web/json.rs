//! JSON in requests and answers, with the feature `json`. Mirrors `Request.json` and `web.json_response`.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use super::error::HttpError;
use super::request::Request;
use super::response::Response;

/// An answer of JSON. Mirrors `aiohttp.web.json_response(data)`. With the feature `json`.
///
/// # Errors
///
/// A value that JSON can't hold is a 500: a map whose keys are no text, for instance.
///
/// ```
/// use asyncio::http::web::{self, HttpError, Request, Response};
///
/// async fn list(_request: Request) -> Result<Response, HttpError> {
///     web::json_response(&["milk", "bread"])
/// }
/// # drop(asyncio::http::serve(("127.0.0.1", 0), list));
/// ```
pub fn json_response(data: &(impl Serialize + ?Sized)) -> Result<Response, HttpError> {
    let mut response = Response::new(serde_json::to_vec(data)?);
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

impl Request {
    /// The body as JSON, whatever the header `Content-Type` says. Mirrors `Request.json()`. With the feature
    /// `json`.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); 400 for what isn't JSON, and 422 for JSON that isn't a `T`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    ///
    /// ```
    /// # use asyncio::http::web::{HttpError, Request};
    /// async fn sum(mut request: Request) -> Result<String, HttpError> {
    ///     let numbers: Vec<i64> = request.json().await?;
    ///     Ok(numbers.iter().sum::<i64>().to_string())
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), sum));
    /// ```
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, HttpError> {
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let text = format!("the body is not the JSON that is expected: {error}");
            if error.is_data() {
                HttpError::unprocessable(text)
            } else {
                HttpError::bad_request(text)
            }
        })
    }
}
