//! SIGUSR1 prints the call graph of a program that runs in debug mode.
//!
//! A thread waits for the signal and asks each running loop to print its own graph, as any other thread
//! would. No task does it: a loop that is watched does nothing more than one that isn't. Used by the event
//! loop. Python has `python -m asyncio pstree <pid>` for this.

#[cfg(unix)]
pub(crate) use unix::watch;

#[cfg(not(unix))]
pub(crate) use elsewhere::watch;

#[cfg(unix)]
mod unix {
    use std::io::{self, Read};
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
    use std::thread;
    use std::time::Duration;

    use signal_hook::consts::SIGUSR1;
    use signal_hook::low_level::pipe;

    use crate::event_loop::core::warn;
    use crate::event_loop::threadsafe::LoopHandle;
    use crate::graph::capture_call_graph;

    /// How long a loop may take to answer.
    const PATIENCE: Duration = Duration::from_secs(1);

    /// The loops that run in debug mode, and the threads they run on.
    static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

    #[derive(Clone)]
    struct Watched {
        handle: LoopHandle,
        thread: thread::Thread,
    }

    fn watched() -> MutexGuard<'static, Vec<Watched>> {
        WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While it lives, SIGUSR1 prints the loop's graph.
    pub(crate) struct Watch(thread::ThreadId);

    /// Watches the loop that begins its run on this thread.
    pub(crate) fn watch(handle: LoopHandle) -> Watch {
        static THREAD: OnceLock<()> = OnceLock::new();
        THREAD.get_or_init(|| {
            if let Err(error) = start() {
                warn(&format!("SIGUSR1 will not print the call graph: {error}"));
            }
        });
        let thread = thread::current();
        let watch = Watch(thread.id());
        watched().push(Watched { handle, thread });
        watch
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            // A thread runs one loop at a time.
            watched().retain(|watched| watched.thread.id() != self.0);
        }
    }

    fn start() -> io::Result<()> {
        let (sender, receiver) = UnixStream::pair()?;
        pipe::register(SIGUSR1, sender)?;
        let wait = move || wait_for_signals(receiver);
        thread::Builder::new().name("asyncio-call-graph".to_owned()).spawn(wait).map(drop)
    }

    fn wait_for_signals(mut receiver: UnixStream) {
        while receiver.read_exact(&mut [0; 1]).is_ok() {
            let loops = watched().clone();
            loops.iter().for_each(Watched::ask);
        }
    }

    impl Watched {
        fn ask(&self) {
            let (answer, answered) = mpsc::channel();
            let print = move || {
                print_here();
                // After a while nobody listens any more.
                let _ = answer.send(());
            };
            // A loop that is closed by now has no tasks.
            let is_asked = self.handle.call_soon(print).is_ok();
            if is_asked && answered.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                warn(&format!(
                    "the loop on thread '{}' doesn't answer: a task or a callback holds it up. Its call \
                     graph comes when it goes on",
                    self.thread.name().unwrap_or("(unnamed)")
                ));
            }
        }
    }

    fn print_here() {
        let thread = thread::current();
        let name = thread.name().unwrap_or("(unnamed)");
        let graph = capture_call_graph().to_string();
        let text = format!("the call graph of the loop on thread '{name}':\n{graph}");
        warn(text.trim_end());
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use crate::event_loop::threadsafe::LoopHandle;

    /// There is no SIGUSR1 here.
    pub(crate) fn watch(_: LoopHandle) {}
}
