//! Connecting over sockets of this machine.

use std::net::TcpListener;

use super::*;

fn run<T>(test: impl AsyncFnOnce(EventLoop) -> T) -> T {
    crate::run(async { test(crate::get_running_loop().unwrap()).await })
}

async fn connected(
    event_loop: &EventLoop,
    address: impl Into<Address>,
    options: &Options,
) -> io::Result<Rc<dyn Wire>> {
    connect(event_loop, Target::Address(address.into()), options).await
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address that nobody listens on.
fn refusing() -> SocketAddr {
    listener().1
}

fn answers(error: &io::Error) -> Vec<SocketAddr> {
    let error = error.get_ref().unwrap().downcast_ref::<ConnectError>().unwrap();
    error.attempts().iter().map(|(address, _)| *address).collect()
}

#[test]
fn an_address_that_refuses_is_followed_by_the_next() {
    run(async |event_loop| {
        let (_listener, address) = listener();
        let wire = connected(&event_loop, [refusing(), address], &Options::default()).await;
        assert_eq!(wire.unwrap().peer_addr().unwrap(), address);
    });
}

#[test]
fn when_all_addresses_refuse_each_ones_answer_is_told() {
    run(async |event_loop| {
        let tried = [refusing(), refusing()];
        let error = connected(&event_loop, tried, &Options::default()).await.err().unwrap();
        assert_eq!(answers(&error), tried);
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    });
}

fn refused<const N: usize>(addresses: [&str; N]) -> ConnectError {
    let refusal = |address: &str| {
        (address.parse().unwrap(), io::Error::from(io::ErrorKind::ConnectionRefused))
    };
    ConnectError { hosts: "example.org".to_owned(), attempts: addresses.map(refusal).into() }
}

#[test]
fn the_message_names_every_address_and_what_to_check() {
    assert_eq!(
        refused(["[2001:db8::1]:80", "192.0.2.1:80"]).to_string(),
        "cannot connect to example.org ([2001:db8::1]:80: connection refused; 192.0.2.1:80: \
         connection refused). Check that a server is listening there, and that the network is up"
    );
}

#[test]
fn a_refusal_of_this_machine_is_not_the_networks() {
    let text = refused(["[::1]:80", "127.0.0.1:80"]).to_string();
    assert!(text.ends_with("). Check that a server is listening there"), "{text}");
}

#[test]
fn errors_of_several_kinds_have_no_kind_in_common() {
    let mut error = refused(["127.0.0.1:1", "127.0.0.1:2"]);
    error.attempts[0].1 = io::ErrorKind::TimedOut.into();
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::Other);
}

#[test]
fn it_may_begin_at_an_address_of_ones_own() {
    run(async |event_loop| {
        let (listener, address) = listener();
        let local: SocketAddr = "127.0.0.2:0".parse().unwrap();
        // Such an address is there on Linux alone.
        if TcpListener::bind(local).is_err() {
            return;
        }
        let options = Options { local_addr: Some(local.into()), ..Options::default() };
        let wire = connected(&event_loop, address, &options).await.unwrap();
        assert_eq!(wire.local_addr().unwrap().ip(), local.ip());
        assert_eq!(listener.accept().unwrap().1, wire.local_addr().unwrap());
    });
}

#[test]
fn an_address_that_cannot_be_bound_is_named() {
    run(async |event_loop| {
        let ((_listener, address), (_taken, local)) = (listener(), listener());
        let options = Options { local_addr: Some(local.into()), ..Options::default() };
        let error = connected(&event_loop, address, &options).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let text = error.to_string();
        assert!(text.contains(&format!("cannot bind to the address {local}: ")), "{text}");
    });
}

#[test]
fn an_address_of_the_other_family_is_none_to_begin_at() {
    run(async |event_loop| {
        let options = Options { local_addr: Some(("::1", 0).into()), ..Options::default() };
        let error = connected(&event_loop, listener().1, &options).await.err().unwrap();
        let text = error.to_string();
        assert!(text.contains("the local address has no IPv4 address to connect from"), "{text}");
    });
}

#[test]
fn a_refusal_comes_back_through_an_address_of_ones_own_too() {
    run(async |event_loop| {
        let options = Options { local_addr: Some(("127.0.0.1", 0).into()), ..Options::default() };
        let error = connected(&event_loop, refusing(), &options).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn no_address_at_all_is_told() {
    run(async |event_loop| {
        let error = connected(&event_loop, Vec::new(), &Options::default()).await.err().unwrap();
        let text = error.to_string();
        assert!(text.contains("there is no address to try"), "{text}");
    });
}

#[cfg(unix)]
#[test]
fn a_socket_that_nobody_listens_on_is_named() {
    run(async |event_loop| {
        let path = std::env::temp_dir().join("no such folder").join("socket");
        let target = Target::Unix(path.clone());
        let error = connect(&event_loop, target, &Options::default()).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot connect to the socket {}: ", path.display())));
    });
}

#[cfg(feature = "tls")]
#[test]
#[should_panic(expected = "TLS without a host needs the name that the certificate is for")]
fn tls_to_several_hosts_needs_a_name() {
    run(async |event_loop| {
        let options = Options { tls: Some(TlsConnector::new()), ..Options::default() };
        let _ = connected(&event_loop, [refusing(), refusing()], &options).await;
    });
}
