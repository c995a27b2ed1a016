//! A request's body on its way out, as hyper asks for it.
//!
//! For `body` and `connection`. What must hold: with a length given, exactly as many bytes go out.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::body::{ChunkError, Chunks, Source};

pub(super) struct Outgoing(State);

enum State {
    Whole(Bytes),
    Chunks { chunks: Chunks, length: Option<Length> },
    Ended,
}

/// What was promised, and what of it is still to come.
#[derive(Clone, Copy)]
struct Length {
    promised: u64,
    left: u64,
}

/// The body is not what was said about it, or its next chunk can't be had.
#[derive(Debug)]
pub(super) struct BodyFailed(pub(super) ChunkError);

impl fmt::Display for BodyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for BodyFailed {}

impl Outgoing {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self(if bytes.is_empty() { State::Ended } else { State::Whole(bytes) })
    }

    pub(super) fn source(source: Source) -> Self {
        let length = source.length.map(|length| Length { promised: length, left: length });
        Self(State::Chunks { chunks: source.chunks, length })
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFailed>>> {
        let State::Chunks { chunks, length } = &mut self.0 else {
            let whole = std::mem::replace(&mut self.0, State::Ended);
            return Poll::Ready(match whole {
                State::Whole(bytes) => Some(Ok(bytes)),
                _ => None,
            });
        };
        let chunk = ready!(chunks(cx));
        let checked = match (chunk, length) {
            (Some(Ok(chunk)), Some(length)) => length.take(chunk).map(Some),
            (None, Some(length)) => length.end().map(|()| None),
            (chunk, _) => chunk.transpose(),
        };
        if !matches!(checked, Ok(Some(_))) {
            self.0 = State::Ended;
        }
        Poll::Ready(checked.map_err(BodyFailed).transpose())
    }
}

impl Length {
    fn take(&mut self, chunk: Bytes) -> Result<Bytes, ChunkError> {
        match self.left.checked_sub(chunk.len() as u64) {
            Some(left) => {
                self.left = left;
                Ok(chunk)
            }
            None => {
                Err(format!("it is longer than the {} bytes it was to be", self.promised).into())
            }
        }
    }

    fn end(self) -> Result<(), ChunkError> {
        let Self { promised, left } = self;
        if left == 0 {
            return Ok(());
        }
        Err(format!("it ended after {} of the {promised} bytes it was to be", promised - left)
            .into())
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BodyFailed;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailed>>> {
        self.get_mut().poll_chunk(cx).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, State::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            State::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            State::Chunks { length: Some(length), .. } => SizeHint::with_exact(length.left),
            State::Chunks { .. } => SizeHint::default(),
            State::Ended => SizeHint::with_exact(0),
        }
    }
}
