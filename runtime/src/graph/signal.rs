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
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::thread;
    use std::time::Duration;

    use signal_hook::low_level::pipe;

    use crate::event_loop::core::warn;
    use crate::event_loop::threadsafe::LoopHandle;
    use crate::graph::capture_call_graph;
    use crate::signals::{Registration, SIGUSR1};

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
    pub(crate) struct Watch {
        thread: thread::ThreadId,
        /// Keeps SIGUSR1 from ending the process, as it does otherwise.
        _registration: Registration,
    }

    /// Watches the loop that begins its run on this thread. `None`: it can't be.
    pub(crate) fn watch(handle: LoopHandle) -> Option<Watch> {
        match try_watch(handle) {
            Ok(watch) => Some(watch),
            Err(error) => {
                warn(&format!("SIGUSR1 will not print the call graph: {error}"));
                None
            }
        }
    }

    fn try_watch(handle: LoopHandle) -> io::Result<Watch> {
        let registration = Registration::new(SIGUSR1, |_| Ok(()))?;
        start()?;
        let thread = thread::current();
        let watch = Watch { thread: thread.id(), _registration: registration };
        watched().push(Watched { handle, thread });
        Ok(watch)
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            // A thread runs one loop at a time.
            watched().retain(|watched| watched.thread.id() != self.thread);
        }
    }

    /// Starts the thread, if there is none.
    fn start() -> io::Result<()> {
        static STARTED: Mutex<bool> = Mutex::new(false);
        let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*started {
            let (sender, receiver) = UnixStream::pair()?;
            let name = "asyncio-call-graph".to_owned();
            thread::Builder::new().name(name).spawn(|| wait_for_signals(receiver))?;
            // It stays, as the thread does: without a loop to watch, both do nothing.
            pipe::register(SIGUSR1, sender)?;
            *started = true;
        }
        Ok(())
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
