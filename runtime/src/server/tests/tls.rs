//! Servers over TLS: one client's handshake is no other's trouble.

use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::*;
use crate::net::tls::{TlsAcceptor, TlsConnector};

fn sides() -> (connect::Options, Options) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let acceptor = TlsAcceptor::new(cert.pem(), signing_key.serialize_pem()).unwrap();
    let connector = TlsConnector::trusting(cert.pem()).unwrap();
    (
        connect::Options { tls: Some(connector), ..connect::Options::default() },
        Options { tls: Some(acceptor), ..Options::default() },
    )
}

#[test]
fn a_client_that_never_shakes_hands_keeps_no_other_waiting() {
    run(async |event_loop| {
        let (ours, theirs) = sides();
        let (server, visitors) = server(&event_loop, &theirs).await;
        let silent = visit(&event_loop, &server).await.unwrap();
        let target = connect::Target::Address(server.local_addrs().into());
        let _visit = connect::connect(&event_loop, target, &ours).await.unwrap();
        visitors.are(1).await;
        server.close();
        visitors.0.borrow()[0].end("went by itself");
        let waiting = server.clone();
        let over = create_task(async move { waiting.wait_closed().await });
        a_few_turns().await;
        assert!(!over.is_done(), "the silent one is a client too");
        server.close_clients();
        over.await.unwrap();
        assert_eq!(read(&*silent).await.unwrap(), 0);
        assert_eq!(visitors.0.borrow().len(), 1);
    });
}

#[test]
fn a_client_that_does_not_trust_the_server_is_told_of_in_debug_mode() {
    run(async |event_loop| {
        let reports = Rc::new(RefCell::new(Vec::new()));
        let told = reports.clone();
        event_loop
            .set_exception_handler(move |context| told.borrow_mut().push(context.to_string()));
        let ((_, theirs), (ours, _)) = (sides(), sides());
        let (server, _) = server(&event_loop, &theirs).await;
        for debug in [false, true] {
            event_loop.set_debug(debug);
            let target = connect::Target::Address(server.local_addrs().into());
            assert!(connect::connect(&event_loop, target, &ours).await.is_err());
            while !server.handle.clients().is_empty() {
                yield_now().await;
            }
        }
        let reports = reports.borrow();
        assert_eq!(reports.len(), 1, "{reports:?}");
        let begin = "a connection was refused: TLS handshake with 127.0.0.1:";
        assert!(reports[0].starts_with(begin), "{reports:?}");
    });
}
