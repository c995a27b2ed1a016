//! https.

use asyncio::TlsAcceptor;
use asyncio::http::ClientSession;
use asyncio::http::web::Request;

use crate::client::serve;

#[asyncio::test]
async fn a_server_speaks_https() {
    let names = vec!["127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let acceptor = TlsAcceptor::new(&certificate, &key).unwrap();
    let large = "a".repeat(300_000);
    let server = serve(async move |request: Request| format!("{}{large}", request.path()));
    let server = server.tls(acceptor).await.unwrap();
    let session = ClientSession::builder().root_certificates(certificate).build().unwrap();
    let url = format!("https://{}/secret", server.local_addrs()[0]);
    let text = session.get(&url).await.unwrap().text().await.unwrap();
    assert_eq!((&text[..8], text.len()), ("/secreta", 300_007));
    server.close();
    server.close_clients();
    server.wait_closed().await;
}
