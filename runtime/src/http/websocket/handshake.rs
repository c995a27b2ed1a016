//! What both ends say in HTTP before they speak WebSocket.
//!
//! For the client's `ws_connect` and the server's upgrade. Mirrors the handshakes of aiohttp's
//! `ClientSession.ws_connect` and `WebSocketResponse.prepare`.

use async_tungstenite::tungstenite::handshake::client::generate_key;
use async_tungstenite::tungstenite::handshake::derive_accept_key;
use hyper::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Method, StatusCode, Version};

/// The length of a key: 16 bytes in base64.
const KEY_LENGTH: usize = 24;

/// What a client has asked for, to hold the answer against.
pub(in crate::http) struct Asked {
    key: String,
    protocols: Vec<String>,
}

/// The headers that ask for a WebSocket, into `headers`.
pub(in crate::http) fn ask(headers: &mut HeaderMap, protocols: &[String]) -> Result<Asked, String> {
    let key = generate_key();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(
        SEC_WEBSOCKET_KEY,
        HeaderValue::try_from(&key).expect("base64 can stand in a header"),
    );
    if !protocols.is_empty() {
        if let Some(wrong) = protocols.iter().find(|protocol| !is_token(protocol)) {
            return Err(format!("the subprotocol {wrong:?} can't be sent: it must be one word"));
        }
        let value = HeaderValue::try_from(protocols.join(", ")).expect("tokens can stand there");
        headers.insert(SEC_WEBSOCKET_PROTOCOL, value);
    }
    Ok(Asked { key, protocols: protocols.to_vec() })
}

impl Asked {
    /// The subprotocol that the server has chosen, if its answer opens a WebSocket at all.
    pub(in crate::http) fn check(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<String>, String> {
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(format!(
                "the server opens no WebSocket there: it answered {status} instead of 101"
            ));
        }
        if !has_word(headers, &UPGRADE, "websocket") || !has_word(headers, &CONNECTION, "upgrade") {
            return Err("the server goes over to something else than WebSocket".to_owned());
        }
        let accept = headers.get(SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes);
        if accept != Some(derive_accept_key(self.key.as_bytes()).as_bytes()) {
            return Err(
                "the server's Sec-WebSocket-Accept doesn't answer this request's key".to_owned()
            );
        }
        let Some(chosen) = headers.get(SEC_WEBSOCKET_PROTOCOL) else {
            return Ok(None);
        };
        let chosen = String::from_utf8_lossy(chosen.as_bytes());
        match self.protocols.iter().find(|protocol| **protocol == chosen) {
            Some(protocol) => Ok(Some(protocol.clone())),
            None => Err(format!("the server chose a subprotocol nobody asked for: {chosen:?}")),
        }
    }
}

/// What a server answers: the headers of a 101 and the subprotocol, or the status of a refusal and why.
pub(in crate::http) fn accept(
    method: &Method,
    version: Version,
    asked: &HeaderMap,
    protocols: &[String],
) -> Result<(HeaderMap, Option<String>), (StatusCode, &'static str)> {
    const NO_HANDSHAKE: StatusCode = StatusCode::BAD_REQUEST;
    if method != Method::GET || version < Version::HTTP_11 {
        return Err((NO_HANDSHAKE, "a WebSocket begins with a GET of HTTP/1.1"));
    }
    if !has_word(asked, &UPGRADE, "websocket") || !has_word(asked, &CONNECTION, "upgrade") {
        return Err((StatusCode::UPGRADE_REQUIRED, "this is for WebSockets only"));
    }
    if asked.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err((StatusCode::UPGRADE_REQUIRED, "only version 13 of WebSocket is spoken here"));
    }
    let key = asked.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if key.len() != KEY_LENGTH || asked.get_all(SEC_WEBSOCKET_KEY).iter().count() != 1 {
        return Err((NO_HANDSHAKE, "Sec-WebSocket-Key must be 16 bytes in base64"));
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(
        SEC_WEBSOCKET_ACCEPT,
        HeaderValue::try_from(derive_accept_key(key)).expect("base64 can stand in a header"),
    );
    let chosen = choose(asked, protocols);
    if let Some(value) = chosen.as_deref().and_then(|chosen| HeaderValue::from_str(chosen).ok()) {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, value);
    }
    Ok((headers, chosen))
}

/// The first that the client asks for and the server has. As aiohttp.
fn choose(asked: &HeaderMap, offered: &[String]) -> Option<String> {
    words(asked, &SEC_WEBSOCKET_PROTOCOL)
        .find_map(|word| offered.iter().find(|protocol| **protocol == word).cloned())
}

fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    words(headers, name).any(|candidate| candidate.eq_ignore_ascii_case(word))
}

/// What stands between the commas.
fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// Whether `text` is what HTTP calls a token.
fn is_token(text: &str) -> bool {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}
