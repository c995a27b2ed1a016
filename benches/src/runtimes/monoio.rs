//! monoio, for scheduling alone: its timers and sockets are made for `io_uring`, which is another bargain.
//! Without its feature `sync`, another thread can't wake its tasks; with it, each of them would cost more.

use monoio::{LegacyDriver, RuntimeBuilder};

use super::Runtime;

pub(crate) struct Monoio;

impl Runtime for Monoio {
    const NAME: &str = "monoio";

    fn run<F: Future>(main: F) -> F::Output {
        let runtime = RuntimeBuilder::<LegacyDriver>::new().build();
        runtime.expect("monoio starts").block_on(main)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        monoio::spawn(future)
    }

    fn spawn_detached<F: Future<Output = ()> + 'static>(future: F) {
        drop(monoio::spawn(future));
    }

    fn yield_now() -> impl Future<Output = ()> {
        futures_lite::future::yield_now()
    }
}
