//! What goes to hyper as an answer's body: the handler's own, in pieces that hyper copies, or the server's.
//!
//! For `connection`. Its end is the end of the answer: `link` is told.

use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body as HttpBody, Buf, Bytes, Frame, SizeHint};

use super::body::Body;
use super::link::Link;
use crate::exceptions::ExceptionContext;

/// The most that goes to hyper at a time: it puts together what it sends, in a buffer that it keeps.
const LARGEST_PIECE: usize = 64 * 1024;

pub(super) struct Sent<B> {
    content: Content<B>,
    /// What is left of a large piece.
    rest: Bytes,
    link: Rc<Link>,
}

enum Content<B> {
    OfHandler(B),
    Own(Body),
}

impl<B> Sent<B> {
    pub(super) fn of_handler(body: B, link: &Rc<Link>) -> Self {
        Self { content: Content::OfHandler(body), rest: Bytes::new(), link: link.clone() }
    }

    pub(super) fn own(body: Body, link: &Rc<Link>) -> Self {
        Self { content: Content::Own(body), rest: Bytes::new(), link: link.clone() }
    }
}

impl<B> Sent<B>
where
    B: HttpBody<Data: Buf, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    fn poll_content(&mut self, cx: &mut Context<'_>) -> Poll<Option<Polled>> {
        match &mut self.content {
            Content::OfHandler(body) => {
                let frame = ready!(Pin::new(body).poll_frame(cx));
                let whole = |frame: Frame<B::Data>| {
                    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
                };
                Poll::Ready(frame.map(|frame| frame.map(whole).map_err(Into::into)))
            }
            Content::Own(body) => Pin::new(body).poll_frame(cx),
        }
    }

    /// Cuts a piece that is too large.
    fn cut(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        match frame.into_data() {
            Ok(mut data) if data.len() > LARGEST_PIECE => {
                self.rest = data.split_off(LARGEST_PIECE);
                Frame::data(data)
            }
            Ok(data) => Frame::data(data),
            Err(other) => other,
        }
    }

    fn report(&self, error: &(dyn Error + Send + Sync)) {
        let message =
            format!("the body of an answer broke off, and with it the connection: {error}");
        self.link.core.report(&ExceptionContext::new(message));
    }
}

type Polled = Result<Frame<Bytes>, Box<dyn Error + Send + Sync>>;

impl<B> HttpBody for Sent<B>
where
    B: HttpBody<Data: Buf, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Polled>> {
        if !self.rest.is_empty() {
            let frame = Frame::data(std::mem::take(&mut self.rest));
            return Poll::Ready(Some(Ok(self.cut(frame))));
        }
        Poll::Ready(match ready!(self.poll_content(cx)) {
            Some(Ok(frame)) => Some(Ok(self.cut(frame))),
            Some(Err(error)) => {
                self.report(&*error);
                Some(Err(error))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
            && match &self.content {
                Content::OfHandler(body) => body.is_end_stream(),
                Content::Own(body) => body.is_end_stream(),
            }
    }

    /// hyper asks before the first piece.
    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::OfHandler(body) => body.size_hint(),
            Content::Own(body) => body.size_hint(),
        }
    }
}

impl<B> Drop for Sent<B> {
    fn drop(&mut self) {
        self.link.progress.end_answer();
    }
}
