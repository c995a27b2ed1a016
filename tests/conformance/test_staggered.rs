//! `test_staggered.py`, of Python 3.13. `staggered_race` is what connecting to several addresses goes by; it
//! is no function of its own here, so each attempt is an address.

use std::time::{Duration, Instant};

use crate::net_support::*;

#[test]
fn test_empty() {
    run(async |event_loop| {
        let connecting = event_loop.create_connection(MyProto::default, Vec::new());
        let error = connecting.happy_eyeballs_delay(Duration::from_millis(1)).await.err().unwrap();
        assert_eq!(answers(&error), []);
    });
}

#[test]
fn test_one_successful() {
    run(async |event_loop| {
        let ((_one, one), (two, address)) = (listening(), listening());
        let connecting = event_loop.create_connection(MyProto::default, [one, address]);
        let (transport, _) = connecting.await.unwrap();
        assert_eq!(transport.peer_addr().unwrap(), one);
        two.set_nonblocking(true).unwrap();
        assert!(two.accept().is_err(), "nobody was there");
    });
}

#[test]
fn test_first_error_second_successful() {
    run(async |event_loop| {
        let (_listener, address) = listening();
        let connecting = event_loop.create_connection(MyProto::default, [refusing(), address]);
        // It doesn't wait for an hour: the first has failed.
        let connecting = connecting.happy_eyeballs_delay(Duration::from_secs(3600));
        let (transport, _) = connecting.await.unwrap();
        assert_eq!(transport.peer_addr().unwrap(), address);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn test_first_timeout_second_successful() {
    run(async |event_loop| {
        let (silent, (_listener, address)) = (Silent::new(), listening());
        let addresses = [silent.address, address];
        let delay = Duration::from_millis(20);
        let began = Instant::now();
        let connecting = event_loop.create_connection(MyProto::default, addresses);
        let (transport, _) = connecting.happy_eyeballs_delay(delay).await.unwrap();
        assert_eq!(transport.peer_addr().unwrap(), address);
        assert!(began.elapsed() >= delay);
    });
}

#[test]
fn test_none_successful() {
    run(async |event_loop| {
        let tried = [refusing(), refusing()];
        let error = event_loop.create_connection(MyProto::default, tried).await.err().unwrap();
        assert_eq!(answers(&error), tried);
    });
}
