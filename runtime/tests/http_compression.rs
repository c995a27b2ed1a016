//! Answers that come compressed: what they become, and what a hostile server gets.

#![allow(missing_docs)]

mod http_peer;

use asyncio::http::{ClientSession, Stage};
use http_peer::{Peer, header, ok};

const TEXT: &str = "Hello, compressed world: Hello, Hello!\n";

const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xf3\x48\xcd\xc9\xc9\xd7\x51\x48\xce\
\xcf\x2d\x28\x4a\x2d\x2e\x4e\x4d\x51\x28\xcf\x2f\xca\x49\xb1\x52\xf0\x80\x48\x80\x29\x45\x2e\x00\
\x75\x47\xca\xbc\x27\x00\x00\x00";

const ZLIB: &[u8] = b"\x78\x9c\xf3\x48\xcd\xc9\xc9\xd7\x51\x48\xce\xcf\x2d\x28\x4a\x2d\x2e\x4e\x4d\
\x51\x28\xcf\x2f\xca\x49\xb1\x52\xf0\x80\x48\x80\x29\x45\x2e\x00\x1a\xa3\x0d\x77";

/// Brotli that is not compressed.
const BROTLI: &[u8] = b"\x0b\x05\x80hello world\x03";

/// How many zeros a member of a bomb becomes.
const OF_A_MEMBER: usize = 65_536;

/// Of each of its 96 bytes become 682.
fn bomb(members: usize) -> Vec<u8> {
    let mut member =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x01\x01\x00\x00\x00\x80\x90\
\xfe\xaf\xee\x08\x0a"
            .to_vec();
    member.resize(87, 0);
    member.extend(b"\x6a\xeb\x8e\x97\xd7\x00\x00\x01\x00");
    member.repeat(members)
}

async fn text_of(answer: Vec<u8>) -> String {
    let peer = Peer::answering(answer).await;
    ClientSession::new().get(peer.url()).await.unwrap().text().await.unwrap()
}

#[asyncio::test]
async fn compression_is_asked_for_and_undone() {
    let peer = Peer::answering(ok("Content-Encoding: gzip", GZIP)).await;
    let session = ClientSession::new();
    let mut response = session.get(peer.url()).await.unwrap();
    assert_eq!(response.text().await.unwrap(), TEXT);
    assert_eq!(response.headers()["content-encoding"], "gzip", "headers stay as they came");
    assert_eq!(header(&peer.heads()[0], "accept-encoding"), Some("gzip, deflate, br"));
}

#[asyncio::test]
async fn each_coding_is_undone() {
    assert_eq!(text_of(ok("Content-Encoding: deflate", ZLIB)).await, TEXT);
    // Without zlib's header and checksum, as some servers send it.
    let bare = &ZLIB[2..ZLIB.len() - 4];
    assert_eq!(text_of(ok("Content-Encoding: deflate", bare)).await, TEXT);
    assert_eq!(text_of(ok("Content-Encoding: br", BROTLI)).await, "hello world");
    assert_eq!(text_of(ok("Content-Encoding: identity", b"plain")).await, "plain");
}

#[asyncio::test]
async fn a_connection_is_used_again_after_a_compressed_body() {
    let peer = Peer::run({
        let connections = std::cell::Cell::new(0);
        async move |_, reader, writer| {
            connections.set(connections.get() + 1);
            writer.write(ok("Content-Encoding: gzip", GZIP));
            writer.drain().await.unwrap();
            reader.read_until("\r\n\r\n").await.unwrap();
            assert_eq!(connections.get(), 1);
            writer.write(ok("Content-Encoding: gzip", GZIP));
            false
        }
    })
    .await;
    let session = ClientSession::new();
    for _ in 0..2 {
        assert_eq!(session.get(peer.url()).await.unwrap().text().await.unwrap(), TEXT);
    }
}

#[asyncio::test]
async fn a_bomb_stops_at_the_limit() {
    // 64 MiB from 94 KB.
    let peer = Peer::answering(ok("Content-Encoding: gzip", &bomb(1024))).await;
    let session = ClientSession::builder().max_body_size(1_000_000).build().unwrap();
    let error = session.get(peer.url()).await.unwrap().bytes().await.unwrap_err();
    assert_eq!(error.stage(), Stage::Decode);
    assert_eq!(
        error.to_string(),
        format!(
            "{}: the body is larger than 1000000 bytes once it is decompressed, the most that is \
             read into memory: take it with chunks(), or raise max_body_size()",
            peer.url()
        )
    );
}

#[asyncio::test]
async fn a_body_that_becomes_large_comes_in_small_chunks() {
    let peer = Peer::answering(ok("Content-Encoding: gzip", &bomb(16))).await;
    let session = ClientSession::builder().max_body_size(1000).build().unwrap();
    let mut response = session.get(peer.url()).await.unwrap();
    let mut chunks = response.chunks();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.unwrap();
        assert!(chunk.len() <= 16 * 1024);
        length += chunk.len();
    }
    assert_eq!(length, 16 * OF_A_MEMBER);
}

#[asyncio::test]
async fn what_is_cut_short_or_damaged_is_an_error() {
    for (bytes, said) in [
        (&GZIP[..GZIP.len() - 10], "the compressed body (gzip) is cut short: it ends after"),
        (&b"this is no gzip at all"[..], "the body is not the gzip that the server says it is"),
    ] {
        let peer = Peer::answering(ok("Content-Encoding: gzip", bytes)).await;
        let error = ClientSession::new().get(peer.url()).await.unwrap().text().await.unwrap_err();
        assert_eq!(error.stage(), Stage::Decode);
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[asyncio::test]
async fn an_answer_without_a_body_has_nothing_to_undo() {
    let peer =
        Peer::answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n")
            .await;
    let mut response = ClientSession::new().head(peer.url()).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), "");
    assert_eq!(text_of(ok("Content-Encoding: gzip", b"")).await, "");
}

#[asyncio::test]
async fn switched_off_nothing_is_asked_for_and_nothing_undone() {
    let peer = Peer::answering(ok("Content-Encoding: gzip", GZIP)).await;
    let session = ClientSession::builder().auto_decompress(false).build().unwrap();
    let mut response = session.get(peer.url()).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), GZIP);
    assert_eq!(response.text().await.unwrap_err().stage(), Stage::Decode);
    assert_eq!(header(&peer.heads()[0], "accept-encoding"), Some("identity"));
}

#[asyncio::test]
async fn what_nobody_knows_is_left_as_it_is() {
    let peer = Peer::answering(ok("Content-Encoding: zstd", b"\x28\xb5\x2f\xfd")).await;
    let mut response = ClientSession::new().get(peer.url()).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), &b"\x28\xb5\x2f\xfd"[..]);
}
