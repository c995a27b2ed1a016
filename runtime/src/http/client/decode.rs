//! Undoes the compression of an answer's body, piece by piece. Feature `compression`.
//!
//! Between `incoming` and `response`. Mirrors aiohttp's `DeflateBuffer`. What must hold: whatever the
//! server sends, no more than a piece is decoded ahead of who reads. How much is kept is for `response`
//! to say.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use async_compression::futures::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder,
};
use futures_io::{AsyncBufRead, AsyncRead};
use hyper::body::{Buf, Bytes};
use hyper::header::{CONTENT_ENCODING, HeaderMap};

use super::error::{Failure, Stage};
use super::incoming::Pieces;

/// What is asked for. As aiohttp, with brotli.
pub(super) const ACCEPTED: &str = "gzip, deflate, br";

/// The size of a decoded piece.
const PIECE: usize = 16 * 1024;

/// How many pieces may be made without a pause: a few bytes of a bomb become many of them, and other tasks
/// want their turn.
const PIECES_IN_A_ROW: u8 = 16;

/// `body`, which these headers came with, as it was before it was compressed; or as it is, where there is
/// nothing to undo or nobody knows how.
pub(super) fn decoded(
    headers: &HeaderMap,
    body: impl Pieces + 'static,
) -> Result<Box<dyn Pieces>, Box<dyn Pieces>> {
    match Coding::of(headers) {
        Some(coding) => Ok(Box::new(Decoded::new(body, coding))),
        None => Err(Box::new(body)),
    }
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
}

impl Coding {
    /// What the header `Content-Encoding` says, if it is one that can be undone. Several codings, one
    /// over the other, are not: nobody sends them but to do harm.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(CONTENT_ENCODING).iter();
        let value = values.next()?.to_str().ok()?;
        if values.next().is_some() {
            return None;
        }
        match &*value.trim().to_ascii_lowercase() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
        }
    }

    /// The decoder for a body that begins with `first`.
    fn decoder(self, first: u8) -> Box<dyn Decoder> {
        let feed = Feed::default();
        match self {
            Self::Gzip => {
                let mut decoder = GzipDecoder::new(feed);
                // RFC 1952, 2.2: members may follow each other.
                decoder.multiple_members(true);
                Box::new(decoder)
            }
            // "deflate" is zlib's format (RFC 9110, 8.4.1.2), whose first byte ends in 8 (RFC 1950, 2.2).
            // Some servers send deflate itself.
            Self::Deflate if first & 0x0f == 8 => Box::new(ZlibDecoder::new(feed)),
            Self::Deflate => Box::new(DeflateDecoder::new(feed)),
            Self::Brotli => Box::new(BrotliDecoder::new(feed)),
        }
    }
}

/// The compressed bytes that are here. A decoder that wants more is given more.
#[derive(Default)]
struct Feed {
    bytes: Bytes,
    has_ended: bool,
}

impl AsyncRead for Feed {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let bytes = ready!(Pin::new(&mut *this).poll_fill_buf(cx))?;
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        this.bytes.advance(length);
        Poll::Ready(Ok(length))
    }
}

impl AsyncBufRead for Feed {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.bytes.is_empty() && !this.has_ended {
            return Poll::Pending;
        }
        Poll::Ready(Ok(&this.bytes))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.bytes.advance(amount);
    }
}

/// What the decoders have in common.
trait Decoder: AsyncRead + Unpin {
    fn feed(&mut self) -> &mut Feed;
}

macro_rules! decoders {
    ($($decoder:ident),*) => {$(
        impl Decoder for $decoder<Feed> {
            fn feed(&mut self) -> &mut Feed {
                self.get_mut()
            }
        }
    )*};
}

decoders!(GzipDecoder, ZlibDecoder, DeflateDecoder, BrotliDecoder);

/// Pieces that were compressed, as they were before.
struct Decoded<P> {
    pieces: P,
    coding: Coding,
    /// `None` until the first byte is here.
    decoder: Option<Box<dyn Decoder>>,
    has_ended: bool,
    received: u64,
    made: u64,
    in_a_row: u8,
    buffer: Box<[u8]>,
}

impl<P: Pieces> Decoded<P> {
    fn new(pieces: P, coding: Coding) -> Self {
        Self {
            pieces,
            coding,
            decoder: None,
            has_ended: false,
            received: 0,
            made: 0,
            in_a_row: 0,
            buffer: vec![0; PIECE].into(),
        }
    }

    /// The next of what can be made of the bytes that are here; pending: there must be more.
    fn decode(&mut self) -> Poll<Result<usize, Failure>> {
        let Some(decoder) = &mut self.decoder else {
            return if self.has_ended { Poll::Ready(Ok(0)) } else { Poll::Pending };
        };
        // Nothing wakes it: the decoder waits for the feed alone.
        let mut cx = Context::from_waker(Waker::noop());
        let length = match ready!(Pin::new(decoder).poll_read(&mut cx, &mut self.buffer)) {
            Ok(length) => length,
            Err(error) => return Poll::Ready(Err(self.explain(error))),
        };
        self.made += length as u64;
        Poll::Ready(Ok(length))
    }

    fn take(&mut self, piece: Option<Bytes>) {
        match piece {
            Some(piece) if piece.is_empty() => {}
            Some(piece) => {
                self.received += piece.len() as u64;
                let coding = self.coding;
                let decoder = self.decoder.get_or_insert_with(|| coding.decoder(piece[0]));
                decoder.feed().bytes = piece;
            }
            None => {
                self.has_ended = true;
                if let Some(decoder) = &mut self.decoder {
                    decoder.feed().has_ended = true;
                }
            }
        }
    }

    fn explain(&self, error: io::Error) -> Failure {
        let Self { received, made, .. } = self;
        let coding = self.coding.name();
        // The decoders know no common error for it.
        let message = if self.has_ended {
            format!(
                "the compressed body ({coding}) is cut short: it ends after {received} bytes, of \
                 which {made} were made"
            )
        } else {
            format!(
                "the body is not the {coding} that the server says it is, or it is damaged after \
                 {made} decompressed bytes: {error}"
            )
        };
        Failure::new(Stage::Decode, message).caused_by(error)
    }
}

impl<P: Pieces> Pieces for Decoded<P> {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        if self.in_a_row == PIECES_IN_A_ROW {
            self.in_a_row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            match self.decode()? {
                Poll::Ready(0) if self.has_ended => return Poll::Ready(Ok(None)),
                // The compressed data has an end of its own, and what follows it is nothing's part.
                Poll::Ready(0) => {
                    self.decoder
                        .as_mut()
                        .into_iter()
                        .for_each(|decoder| decoder.feed().bytes.clear());
                }
                Poll::Ready(length) => {
                    self.in_a_row += 1;
                    return Poll::Ready(Ok(Some(Bytes::copy_from_slice(&self.buffer[..length]))));
                }
                Poll::Pending => {}
            }
            match self.pieces.poll_piece(cx) {
                Poll::Ready(piece) => self.take(piece?),
                Poll::Pending => {
                    self.in_a_row = 0;
                    return Poll::Pending;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::future::poll_fn;

    use async_compression::Level;
    use async_compression::futures::bufread::{
        BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder,
    };
    use futures::AsyncReadExt;
    use futures::io::Cursor;

    use super::*;

    /// Pieces from memory.
    struct Given(VecDeque<Bytes>);

    impl Pieces for Given {
        fn poll_piece(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
            Poll::Ready(Ok(self.0.pop_front()))
        }
    }

    fn compressed(how: &str, text: &[u8]) -> Vec<u8> {
        let text = Cursor::new(text.to_vec());
        let mut encoder: Box<dyn AsyncRead + Unpin> = match how {
            "gzip" => Box::new(GzipEncoder::new(text)),
            "zlib" => Box::new(ZlibEncoder::new(text)),
            "deflate" => Box::new(DeflateEncoder::new(text)),
            "br" => Box::new(BrotliEncoder::with_quality(text, Level::Fastest)),
            how => panic!("{how}?"),
        };
        crate::run(async {
            let mut compressed = Vec::new();
            encoder.read_to_end(&mut compressed).await.unwrap();
            compressed
        })
    }

    fn coding(how: &str) -> Coding {
        match how {
            "gzip" => Coding::Gzip,
            "br" => Coding::Brotli,
            _ => Coding::Deflate,
        }
    }

    /// What comes of `bytes` that arrive `at_a_time`.
    fn made_of(coding: Coding, bytes: &[u8], at_a_time: usize) -> Result<Vec<u8>, Failure> {
        let pieces = Given(bytes.chunks(at_a_time).map(Bytes::copy_from_slice).collect());
        let mut body = Decoded::new(pieces, coding);
        crate::run(async {
            let mut whole = Vec::new();
            while let Some(piece) = poll_fn(|cx| body.poll_piece(cx)).await? {
                assert!(piece.len() <= PIECE);
                whole.extend_from_slice(&piece);
            }
            Ok(whole)
        })
    }

    #[track_caller]
    fn refused(coding: Coding, bytes: &[u8]) -> String {
        let error = made_of(coding, bytes, 7).unwrap_err().at("http://localhost/");
        assert_eq!(error.stage(), Stage::Decode);
        error.to_string()
    }

    fn text() -> Vec<u8> {
        (0..8_000_u32).flat_map(|number| number.to_string().into_bytes()).collect()
    }

    #[test]
    fn every_coding_gives_the_text_again_however_it_arrives() {
        for how in ["gzip", "zlib", "deflate", "br"] {
            let bytes = compressed(how, &text());
            assert!(bytes.len() < text().len());
            for at_a_time in [1, 7, 100_000] {
                assert!(made_of(coding(how), &bytes, at_a_time).unwrap() == text(), "{how}");
            }
        }
    }

    #[test]
    fn gzip_may_have_several_members() {
        let bytes = [compressed("gzip", b"one "), compressed("gzip", b"two")].concat();
        assert_eq!(made_of(Coding::Gzip, &bytes, 3).unwrap(), b"one two");
    }

    #[test]
    fn a_body_of_nothing_is_nothing() {
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli] {
            assert_eq!(made_of(coding, &[], 1).unwrap(), b"");
        }
    }

    #[test]
    fn what_follows_the_end_is_left_out() {
        let bytes = [compressed("zlib", b"text"), b"and more".repeat(100)].concat();
        assert_eq!(made_of(Coding::Deflate, &bytes, 5).unwrap(), b"text");
    }

    #[test]
    fn a_body_that_is_cut_short_is_an_error() {
        for how in ["gzip", "zlib", "deflate", "br"] {
            let bytes = compressed(how, &text());
            let message = refused(coding(how), &bytes[..bytes.len() / 2]);
            assert!(message.contains("is cut short: it ends after"), "{message}");
        }
        let bytes = compressed("gzip", b"text");
        // Its checksum and length.
        let message = refused(Coding::Gzip, &bytes[..bytes.len() - 1]);
        assert!(message.contains("is cut short"), "{message}");
    }

    #[test]
    fn a_damaged_body_is_an_error() {
        for how in ["gzip", "zlib", "br"] {
            let mut bytes = compressed(how, &text());
            let middle = bytes.len() / 2;
            bytes[middle..middle + 50].fill(0xff);
            let message = refused(coding(how), &bytes);
            assert!(
                message.contains("or it is damaged") || message.contains("cut short"),
                "{message}"
            );
        }
        let message = refused(Coding::Gzip, b"this is plain text, whatever the header says");
        assert!(
            message.contains("the body is not the gzip that the server says it is"),
            "{message}"
        );
        let mut wrong_sum = compressed("gzip", b"text");
        let length = wrong_sum.len();
        wrong_sum[length - 5] ^= 1;
        refused(Coding::Gzip, &wrong_sum);
    }

    #[test]
    fn others_have_their_turn_while_a_lot_is_decoded() {
        let bytes = compressed("gzip", &vec![0; 1_000_000]);
        let pieces = Given([Bytes::from(bytes)].into());
        let mut body = Decoded::new(pieces, Coding::Gzip);
        crate::run(async {
            let other = crate::create_task(async {});
            let mut made = 0;
            while let Some(piece) = poll_fn(|cx| body.poll_piece(cx)).await.unwrap() {
                made += piece.len();
                if other.is_done() {
                    break;
                }
            }
            assert!((1..=PIECE * (usize::from(PIECES_IN_A_ROW) + 1)).contains(&made), "{made}");
        });
    }

    #[test]
    fn one_known_coding_is_undone_and_no_other() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, value.parse().unwrap());
            }
            Coding::of(&headers)
        };
        assert_eq!(of(&["gzip"]), Some(Coding::Gzip));
        assert_eq!(of(&[" X-GZIP "]), Some(Coding::Gzip));
        assert_eq!(of(&["deflate"]), Some(Coding::Deflate));
        assert_eq!(of(&["br"]), Some(Coding::Brotli));
        for other in [&[][..], &["identity"], &["zstd"], &["gzip, gzip"], &["gzip", "br"]] {
            assert_eq!(of(other), None);
        }
    }
}
