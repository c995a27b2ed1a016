//! One loop a thread, and all of them serve one port: the system shares the connections out. Linux.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin scaling_threads
//! ```

use std::cell::Cell;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use asyncio::{StreamWriter, start_server};
use futures::channel::oneshot;

/// A program of yours asks `std::thread::available_parallelism()`.
const THREADS: usize = 4;
const CLIENTS: usize = 400;

/// A loop of its own. Gives back how many it has served.
fn serve(
    address: SocketAddr,
    started: &mpsc::Sender<SocketAddr>,
    stop: oneshot::Receiver<()>,
) -> io::Result<usize> {
    // No other thread sees it: no lock, no atomic.
    let count = Rc::new(Cell::new(0));
    let counter = count.clone();
    let answer = async move |_, writer: StreamWriter| {
        counter.set(counter.get() + 1);
        writer.write("hello\n");
        writer.drain().await?;
        writer.close();
        Ok::<(), io::Error>(())
    };
    asyncio::run(async {
        let server = start_server(answer, address).reuse_port(true).await?;
        started.send(server.local_addrs()[0]).expect("main waits for it");
        // An error: main is gone, which is a reason to stop too.
        let _ = stop.await;
        server.close();
        server.wait_closed().await;
        Ok(count.get())
    })
}

fn main() -> io::Result<()> {
    let mut address = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut threads = Vec::new();
    for _ in 0..THREADS {
        let (stopper, stop) = oneshot::channel();
        let (started, starts) = mpsc::channel();
        let thread = thread::spawn(move || serve(address, &started, stop));
        match starts.recv() {
            // The first one finds a free port, the others take the same.
            Ok(found) => address = found,
            // It couldn't listen.
            Err(_) => return thread.join().expect("it doesn't panic").map(drop),
        }
        threads.push((thread, stopper));
    }

    let mut answers = 0;
    for _ in 0..CLIENTS {
        let mut answer = String::new();
        TcpStream::connect(address)?.read_to_string(&mut answer)?;
        answers += usize::from(answer == "hello\n");
    }

    let mut served = Vec::new();
    for (thread, stopper) in threads {
        // An error: it has ended already, and says how.
        let _ = stopper.send(());
        served.push(thread.join().expect("it doesn't panic")?);
    }
    println!("{THREADS} threads on one port answered {answers} of {CLIENTS} clients");
    println!("served by all together: {}", served.iter().sum::<usize>());
    println!("each has served some: {}", served.iter().all(|count| *count > 0));
    Ok(())
}
