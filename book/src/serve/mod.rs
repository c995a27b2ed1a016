//! Serves the book on 127.0.0.1, and builds it again when a page changes.
//!
//! | room | subject |
//! |---|---|
//! | [`site`] | a built book in memory, and which file a URL means |
//! | `current` | the book that is served now, and who wants to hear of the next |
//! | `http` | what a request is answered with |
//! | `connections` | accepting, limits, one task a connection; `slots` and `timer` are its tools |
//! | `reload` | what tells open pages of the next book |
//! | `watch` | which files have changed |
//! | `rebuild` | one build after the other |
//! | `signal` | something has happened: between threads, and between tasks |

mod connections;
mod current;
mod http;
mod port;
mod rebuild;
mod reload;
mod signal;
pub mod site;
mod slots;
mod timer;
mod watch;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use async_io::Async;

pub use connections::Limits;
pub use site::Site;

use current::Current;
use rebuild::Build;
use watch::Watch;

/// Where to serve, and what to watch.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it is tried first; 0: the system picks one.
    pub port: u16,
    /// The files and folders that the book is built from. A change in one of them builds it again; in
    /// folders, `target` and hidden files are left out. Name the narrowest folders: each folder in
    /// them, at any depth, `target` too, costs a watch of the system's.
    pub watch: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 3000, watch: Vec::new() }
    }
}

/// Builds the book, serves it, and builds it again whenever something has changed, until Ctrl-C.
///
/// `build` makes the whole book and reads it into memory; it must not write where `options.watch`
/// looks, or it would build for ever:
///
/// ```no_run
/// use std::path::Path;
///
/// use asyncio_book::serve::{Options, Site, serve};
///
/// # fn build_the_book(into: &Path) -> Result<(), String> { Ok(()) }
/// let options = Options { watch: vec!["book/pages".into(), "tutorial".into()], ..Options::default() };
/// serve(options, || {
///     build_the_book(Path::new("target/book"))?;
///     Site::read(Path::new("target/book"))
/// })?;
/// # Ok::<(), String>(())
/// ```
///
/// It is called on this thread for the first book, and on others for those that follow, never twice
/// at once. What it prints (its progress) is shown as it is. What it returns as an error is printed,
/// and shown in the pages that are open, above the last good book; an error of the first build, or a
/// path in `options.watch` that isn't there, ends it all. A panic counts as an error.
///
/// # Errors
///
/// When the first build fails, when no port is free, or when a path to watch isn't there.
pub fn serve(
    options: Options,
    build: impl Fn() -> Result<Site, String> + Send + Sync + 'static,
) -> Result<(), String> {
    let server = Server::start(options, build)?;
    println!("{}", server.announcement());
    let mut runner = asyncio::Runner::builder().handle_ctrl_c(cfg!(unix)).build();
    // Ctrl-C is how this is meant to end.
    let _ctrl_c = runner.run(asyncio::catch_cancel(server.run()));
    Ok(())
}

/// A book that is built, with a port of its own: what [`serve`] runs.
pub struct Server {
    listener: Async<TcpListener>,
    address: SocketAddr,
    asked_port: u16,
    limits: Limits,
    watch: Watch,
    build: Arc<Build>,
    first: Site,
}

impl Server {
    /// Takes a port, starts to watch, and builds the book.
    ///
    /// # Errors
    ///
    /// As [`serve`].
    pub fn start(
        options: Options,
        build: impl Fn() -> Result<Site, String> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let Options { port: asked_port, watch } = options;
        let listener = port::bind(asked_port)?;
        let failed = |error| format!("can't listen: {error}");
        let address = listener.local_addr().map_err(failed)?;
        let listener = Async::new(listener).map_err(failed)?;
        // Before the build, so that no change is missed.
        let watch = Watch::start(watch)?;
        let first = build()?;
        let (limits, build) = (Limits::default(), Arc::new(build));
        Ok(Self { listener, address, asked_port, limits, watch, build, first })
    }

    /// Sets what a client may use.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to tell the user: where the book is, and how to end it.
    pub fn announcement(&self) -> String {
        let (asked, port) = (self.asked_port, self.address.port());
        let address = format!("http://{}/ — Ctrl-C ends it", self.address);
        if asked == 0 || asked == port {
            return address;
        }
        format!("port {asked} is taken: using {port}\n{address}")
    }

    /// Serves, in a running loop. Never ends by itself; cancel it.
    pub async fn run(self) {
        let Self { listener, limits, mut watch, build, first, .. } = self;
        let current = Rc::new(Current::new(first));
        let accept = async || {
            let (stream, _) = listener.accept().await?;
            // An event for a page is small, and shall not wait for more.
            stream.get_ref().set_nodelay(true)?;
            Ok(stream)
        };
        asyncio::gather!(
            connections::serve(accept, current.clone(), limits),
            rebuild::keep_current(async || watch.next().await, build, current),
        )
        .await;
    }
}
