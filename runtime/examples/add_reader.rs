//! Waiting until a descriptor can be read: the example of Python's documentation, "Watch a file descriptor for
//! read events". `cargo run -p asyncio --example add_reader`

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::rc::Rc;

    let event_loop = asyncio::new_event_loop();

    // Two connected sockets.
    let (reading, mut writing) = UnixStream::pair()?;
    let reading = Rc::new(reading);

    // Called when there is something to read.
    let (socket, this) = (reading.clone(), event_loop.clone());
    event_loop.add_reader(&*reading, move || {
        let mut buffer = [0; 100];
        let length = (&*socket).read(&mut buffer).unwrap();
        println!("Received: {}", String::from_utf8_lossy(&buffer[..length]));

        // It is done: take the reader back, and stop the loop.
        this.remove_reader(&*socket);
        this.stop();
    })?;

    // What comes over the network in a real program.
    event_loop.call_soon(move || writing.write_all(b"abc").unwrap());

    event_loop.run_forever();
    event_loop.close();
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("This system can't watch descriptors.");
}
