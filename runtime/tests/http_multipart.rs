//! Forms of several parts: what goes over the wire, and what happens to files and streams.

#![allow(missing_docs)]

mod http_peer;

use std::cell::RefCell;
use std::rc::Rc;

use asyncio::http::{ClientError, ClientSession, FormData, Part, Response, Stage};
use http_peer::{Peer, header, ok};

/// A server that notes the bodies it is sent.
struct Receiver {
    peer: Peer,
    bodies: Rc<RefCell<Vec<String>>>,
}

impl Receiver {
    /// Answers the first request with `first`, those after it with 200.
    async fn answering(first: &'static str) -> Self {
        let bodies = Rc::<RefCell<Vec<String>>>::default();
        let received = bodies.clone();
        let peer = Peer::run(async move |head, reader, writer| {
            let body = if let Some(length) = header(head, "content-length") {
                reader.read_exact(length.parse().unwrap()).await.unwrap()
            } else {
                assert_eq!(header(head, "transfer-encoding"), Some("chunked"));
                reader.read_until("\r\n0\r\n\r\n").await.unwrap()
            };
            let is_first = received.borrow().is_empty();
            received.borrow_mut().push(String::from_utf8_lossy(&body).into_owned());
            writer.write(if is_first { first.into() } else { ok("X: y", b"") });
            true
        })
        .await;
        Self { peer, bodies }
    }

    async fn new() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await
    }

    async fn send(&self, form: FormData) -> Result<Response, ClientError> {
        ClientSession::new().post(self.peer.url()).multipart(form).await
    }

    /// The last body, with `|` for the boundary.
    fn body(&self) -> String {
        let head = self.peer.heads().pop().unwrap();
        let content_type = header(&head, "content-type").unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert_eq!(boundary.len(), 32);
        self.bodies.borrow().last().unwrap().replace(boundary, "|")
    }
}

fn chunks(
    chunks: &'static [&'static str],
) -> impl futures::Stream<Item = std::io::Result<&'static str>> {
    futures::stream::iter(chunks.iter().copied().map(Ok))
}

#[asyncio::test]
async fn fields_bytes_and_files_go_out_as_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.txt");
    std::fs::write(&path, "one\ntwo\n").unwrap();
    let receiver = Receiver::new().await;
    let form = FormData::new()
        .field("title", "Grüße")
        .part("picture", Part::bytes(b"PNG".to_vec()).content_type("image/png"))
        .part("report", Part::file(&path));
    assert!(receiver.send(form).await.unwrap().is_ok());
    assert_eq!(
        receiver.body(),
        "--|\r\n\
         Content-Disposition: form-data; name=\"title\"\r\n\
         \r\n\
         Grüße\r\n\
         --|\r\n\
         Content-Disposition: form-data; name=\"picture\"; filename=\"picture\"\r\n\
         Content-Type: image/png\r\n\
         \r\n\
         PNG\r\n\
         --|\r\n\
         Content-Disposition: form-data; name=\"report\"; filename=\"report.txt\"\r\n\
         Content-Type: application/octet-stream\r\n\
         \r\n\
         one\ntwo\n\r\n\
         --|--\r\n"
    );
}

/// What a server reads of these bytes as a body whose boundary is `|`.
#[cfg(feature = "multipart")]
async fn read(body: impl Into<asyncio::http::Body>) -> (u16, String) {
    use asyncio::http::web::{HttpError, Request};

    let handler = async |mut request: Request| {
        let mut answer = Vec::new();
        let mut form = request.multipart()?;
        while let Some(mut part) = form.next_part().await? {
            let name = part.name().unwrap_or("-").to_owned();
            if name != "skipped" {
                let file_name = part.file_name().unwrap_or("-").to_owned();
                answer.push(format!("{name} {file_name} {}|", part.text().await?));
            }
        }
        Ok::<_, HttpError>(answer.concat())
    };
    let server = asyncio::http::serve(("127.0.0.1", 0), handler).await.unwrap();
    let request = ClientSession::new().post(format!("http://{}/", server.local_addrs()[0]));
    let request = request.header("Content-Type", "multipart/form-data; boundary=\"|\"").body(body);
    let mut response = request.await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[cfg(feature = "multipart")]
const FORM: &str = "--|\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
     --|\r\nContent-Disposition: form-data; name=\"skipped\"\r\n\r\nnot read\r\n\
     --|\r\nContent-Disposition: form-data; name=\"b\"; filename=\"b.txt\"\r\n\r\n--\r\n|\r\n--|--\r\n";

#[cfg(feature = "multipart")]
#[asyncio::test]
async fn a_server_reads_a_form_however_it_arrives() {
    use asyncio::http::Body;

    let expected = (200, "a - one|b b.txt --\r\n||".to_owned());
    assert_eq!(read(FORM).await, expected);
    let bytes = FORM.bytes().map(|byte| Ok::<_, std::io::Error>(vec![byte]));
    assert_eq!(read(Body::stream(futures::stream::iter(bytes))).await, expected);
}

#[cfg(feature = "multipart")]
#[asyncio::test]
async fn a_server_refuses_what_is_no_form() {
    for body in ["", "nothing", &FORM[..FORM.len() / 2], &FORM[..FORM.len() - 6]] {
        let (status, text) = read(body.to_owned()).await;
        assert_eq!(status, 400, "{text}");
    }
    let endless = format!("--|\r\nX: {}", "x".repeat(500_000));
    let (status, text) = read(endless).await;
    assert_eq!(status, 400);
    assert!(text.contains("the head of a part is longer than 65536 bytes"), "{text}");
    let (status, text) = read("x".repeat(3_000_000)).await;
    assert_eq!(status, 413, "{text}");
}

#[asyncio::test]
async fn a_form_without_fields_is_its_end() {
    let receiver = Receiver::new().await;
    receiver.send(FormData::new()).await.unwrap();
    assert_eq!(receiver.body(), "--|--\r\n");
}

#[asyncio::test]
async fn a_name_cannot_break_out_of_its_place() {
    let receiver = Receiver::new().await;
    let part = Part::bytes("").file_name("a\"; x=\"\r\nX-Evil: 1");
    receiver.send(FormData::new().part("n\"\r\n\r\n", part)).await.unwrap();
    let body = receiver.body();
    assert!(
        body.contains("name=\"n%22%0D%0A%0D%0A\"; filename=\"a%22; x=%22%0D%0AX-Evil: 1\""),
        "{body}"
    );
}

#[asyncio::test]
async fn a_content_type_that_cannot_be_sent_is_said() {
    let receiver = Receiver::new().await;
    let part = Part::bytes("").content_type("text/plain\r\nX-Evil: 1");
    let error = receiver.send(FormData::new().part("notes", part)).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Request);
    assert!(error.to_string().contains("the content type of the part \"notes\" can't be sent"));
}

#[asyncio::test]
async fn a_stream_goes_out_in_chunks_unless_its_length_is_known() {
    let receiver = Receiver::new().await;
    let form = || FormData::new().field("a", "b");
    receiver.send(form().part("s", Part::stream(chunks(&["one ", "two"])))).await.unwrap();
    assert!(header(&receiver.peer.heads()[0], "content-length").is_none());
    let sized = Part::stream(chunks(&["one ", "two"])).with_length(7);
    receiver.send(form().part("s", sized)).await.unwrap();
    assert!(receiver.body().contains("\r\n\r\none two\r\n--|--\r\n"));
}

#[asyncio::test]
async fn a_stream_of_another_length_is_an_error() {
    let receiver = Receiver::new().await;
    let part = Part::stream(chunks(&["one ", "two"])).with_length(3);
    let error = receiver.send(FormData::new().part("s", part)).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Send);
}

#[asyncio::test]
async fn a_form_of_files_is_sent_again_where_a_redirect_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.txt");
    std::fs::write(&path, "content").unwrap();
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
    let receiver = Receiver::answering(redirect).await;
    receiver.send(FormData::new().part("report", Part::file(&path))).await.unwrap();
    let bodies = receiver.bodies.borrow().clone();
    assert_eq!((bodies.len(), &bodies[0]), (2, &bodies[1]));
}

#[asyncio::test]
async fn a_form_with_a_stream_is_not_sent_again() {
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
    let receiver = Receiver::answering(redirect).await;
    let part = Part::stream(chunks(&["one"])).with_length(3);
    let error = receiver.send(FormData::new().part("s", part)).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Redirect);
}

#[asyncio::test]
async fn a_file_that_is_not_there_is_named() {
    let receiver = Receiver::new().await;
    let form = FormData::new().part("report", Part::file("no/such/report.txt"));
    let error = receiver.send(form).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Request);
    assert!(error.to_string().contains("no/such/report.txt"), "{error}");
    assert!(receiver.peer.heads().is_empty(), "nothing was sent");
}

#[asyncio::test]
async fn a_large_file_goes_out_piece_by_piece() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    std::fs::write(&path, vec![b'x'; 3_000_000]).unwrap();
    let receiver = Receiver::new().await;
    receiver.send(FormData::new().part("large", Part::file(&path))).await.unwrap();
    assert!(receiver.body().contains(&"x".repeat(3_000_000)));
}
