//! Servers on Unix sockets, and the files that those have.

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use super::*;

fn serve(event_loop: &EventLoop, path: &Path) -> (Server, Visitors) {
    let visitors = Visitors::default();
    let sockets = listen::bind_unix(path).unwrap();
    (serve_on(event_loop, sockets, &Options::default(), visitors.accept()), visitors)
}

#[test]
fn a_server_serves_on_a_path_and_takes_its_file_with_it() {
    run(async |event_loop| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let (server, visitors) = serve(&event_loop, &path);
        assert_eq!(server.local_addrs(), []);
        let target = connect::Target::Unix(path.clone());
        let options = connect::Options::default();
        let _visit = connect::connect(&event_loop, target, &options).await.unwrap();
        visitors.are(1).await;
        server.close();
        assert!(!path.exists());
    });
}

#[test]
fn what_an_earlier_server_left_is_in_nobodys_way() {
    run(async |event_loop| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        drop(UnixListener::bind(&path).unwrap());
        let (_server, visitors) = serve(&event_loop, &path);
        let _visit = UnixStream::connect(&path).unwrap();
        visitors.are(1).await;
    });
}

#[test]
fn a_file_that_took_the_sockets_place_stays() {
    run(async |event_loop| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let (server, _) = serve(&event_loop, &path);
        fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        fs::write(&path, "not the server's").unwrap();
        server.close();
        assert_eq!(fs::read_to_string(&path).unwrap(), "not the server's");
    });
}

#[test]
fn a_file_that_is_no_socket_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    fs::write(&path, "precious").unwrap();
    let error = listen::bind_unix(&path).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    let expected = format!("cannot listen on the socket {}: it is already in use", path.display());
    assert_eq!(error.to_string(), expected);
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no such folder").join("socket");
    let error = listen::bind_unix(&path).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot listen on the socket {}: ", path.display())));
}

#[test]
fn a_socket_that_was_bound_elsewhere_takes_its_file_with_it_unless_it_is_to_stay() {
    run(async |event_loop| {
        for cleanup_socket in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("socket");
            let sockets = vec![UnixListener::bind(&path).unwrap().into()];
            let options = Options { cleanup_socket, ..Options::default() };
            let visitors = Visitors::default();
            let server = serve_on(&event_loop, sockets, &options, visitors.accept());
            let _visit = UnixStream::connect(&path).unwrap();
            visitors.are(1).await;
            server.close();
            assert_eq!(path.exists(), !cleanup_socket);
        }
    });
}
