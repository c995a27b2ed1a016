//! Which files have changed. The system tells the thread of the `notify` crate, and that thread tells
//! the loop.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::{EventKind, MetadataKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::signal::Signal;

/// A burst of changes is over when this long nothing has changed.
const QUIET: Duration = Duration::from_millis(100);

/// A burst that doesn't end is cut here.
const LONGEST_BURST: u32 = 20;

/// The changes that nobody has looked at. Added to by any thread, taken by one task.
#[derive(Debug, Default)]
pub(super) struct Changes {
    signal: Signal,
    paths: Mutex<BTreeSet<PathBuf>>,
}

impl Changes {
    pub(super) fn add(&self, paths: impl IntoIterator<Item = PathBuf>) {
        self.paths().extend(paths);
        self.signal.raise();
    }

    /// Waits for a change, then until its burst is over. No path: the system lost count.
    pub(super) async fn next(&self) -> BTreeSet<PathBuf> {
        self.signal.wait().await;
        for _ in 0..LONGEST_BURST {
            asyncio::sleep(QUIET).await;
            if !self.signal.take() {
                break;
            }
        }
        std::mem::take(&mut *self.paths())
    }

    fn paths(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    changes: Arc<Changes>,
    scope: Scope,
    /// None: the system can't; nothing will be heard.
    watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Watches these files, and what is in these folders at any depth. A system that can't watch them
    /// all doesn't keep the book from being read: a line on standard error says so.
    pub(super) fn start(paths: Vec<PathBuf>) -> Result<Self, String> {
        let scope = Scope::of(paths)?;
        let changes = Arc::new(Changes::default());
        let watcher = scope.watch(changes.clone());
        if let Err(error) = &watcher {
            eprintln!("changes can't be watched, start again to see them: {error}");
        }
        Ok(Self { changes, scope, watcher: watcher.ok() })
    }

    /// Waits for a change, then until its burst is over.
    pub(super) async fn next(&mut self) -> BTreeSet<PathBuf> {
        let paths = self.changes.next().await;
        let is_renewed = paths.iter().any(|path| self.scope.folders.contains(path));
        if is_renewed && let Some(watcher) = &mut self.watcher {
            // A folder that is there again is another one. If it isn't, the build will say so.
            let _ = self.scope.watch_with(watcher);
        }
        paths
    }
}

/// What is watched, by absolute paths.
#[derive(Clone, Debug, Default)]
struct Scope {
    files: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

impl Scope {
    fn of(paths: Vec<PathBuf>) -> Result<Self, String> {
        let mut scope = Self::default();
        for path in paths {
            let failed = |error: io::Error| {
                format!("{} can't be watched for changes: {error}", path.display())
            };
            let path = path.canonicalize().map_err(failed)?;
            let kind = if path.is_dir() { &mut scope.folders } else { &mut scope.files };
            kind.insert(path);
        }
        Ok(scope)
    }

    fn watch(&self, changes: Arc<Changes>) -> notify::Result<RecommendedWatcher> {
        let scope = self.clone();
        let mut watcher = notify::recommended_watcher(move |event| note(&changes, &scope, event))?;
        self.watch_with(&mut watcher)?;
        Ok(watcher)
    }

    /// What is watched is also watched from outside: an editor that saves puts another file in a
    /// file's place, and a folder that is removed takes its watch with it.
    fn watch_with(&self, watcher: &mut impl Watcher) -> notify::Result<()> {
        let parents: BTreeSet<_> =
            self.files.iter().chain(&self.folders).filter_map(|path| path.parent()).collect();
        // First: one that is watched at any depth as well shall stay so.
        for parent in parents {
            watcher.watch(parent, RecursiveMode::NonRecursive)?;
        }
        self.folders.iter().try_for_each(|folder| watcher.watch(folder, RecursiveMode::Recursive))
    }

    fn contains(&self, path: &Path) -> bool {
        let below = |folder: &PathBuf| path.strip_prefix(folder).is_ok_and(is_source);
        self.files.contains(path) || self.folders.iter().any(below)
    }
}

/// Takes an event of the system's to the loop, if it may change the book.
fn note(changes: &Changes, scope: &Scope, event: notify::Result<Event>) {
    match event {
        // Events were lost, so anything may have changed.
        Err(_) => changes.add([]),
        Ok(event) if event.need_rescan() => changes.add([]),
        Ok(event) if changes_something(event.kind) => {
            let mut paths = event.paths.into_iter().filter(|path| scope.contains(path)).peekable();
            if paths.peek().is_some() {
                changes.add(paths);
            }
        }
        Ok(_) => {}
    }
}

/// Whether more than reading has happened.
fn changes_something(kind: EventKind) -> bool {
    use MetadataKind::{AccessTime, Extended, Ownership, Permissions};
    match kind {
        EventKind::Access(_) | EventKind::Other => false,
        EventKind::Modify(ModifyKind::Metadata(kind)) => {
            !matches!(kind, AccessTime | Extended | Ownership | Permissions)
        }
        _ => true,
    }
}

/// Whether `path`, from a watched folder, is something that a person wrote: no build's output, no
/// hidden file, nothing that an editor keeps beside the file that is edited.
fn is_source(path: &Path) -> bool {
    path.components().all(|component| {
        let Component::Normal(name) = component else { return false };
        let name = name.to_string_lossy();
        let is_swap = name.starts_with(['.', '#'])
            || name.ends_with('~')
            || name.ends_with(".tmp")
            || name.ends_with("___jb_old___")
            || name.ends_with("___jb_tmp___")
            // With this, Vim finds out whether it may create files.
            || name == "4913";
        !is_swap && name != "target"
    })
}

#[cfg(test)]
mod tests {
    use notify::event::{
        AccessKind, AccessMode, CreateKind, DataChange, Flag, RemoveKind, RenameMode,
    };

    use super::*;

    #[asyncio::test(clock = "virtual")]
    async fn a_burst_is_taken_as_one() {
        let changes = Arc::new(Changes::default());
        let taken = asyncio::create_task({
            let changes = changes.clone();
            async move { changes.next().await }
        });
        for number in 0..10 {
            changes.add([PathBuf::from(format!("{number}.md"))]);
            asyncio::sleep(QUIET / 2).await;
        }
        assert_eq!(taken.await.unwrap().len(), 10);
        assert!(!changes.signal.take());
    }

    #[asyncio::test(clock = "virtual")]
    async fn a_burst_that_never_ends_is_cut() {
        let changes = Arc::new(Changes::default());
        let writing = asyncio::create_task({
            let changes = changes.clone();
            async move {
                loop {
                    changes.add([PathBuf::from("log.md")]);
                    asyncio::sleep(QUIET / 2).await;
                }
            }
        });
        let event_loop = asyncio::get_running_loop().unwrap();
        let start = event_loop.time();
        changes.next().await;
        assert_eq!(event_loop.time() - start, QUIET * LONGEST_BURST);
        writing.cancel();
    }

    #[test]
    fn reading_changes_nothing_and_writing_does() {
        let metadata = |kind| EventKind::Modify(ModifyKind::Metadata(kind));
        let nothing = [
            EventKind::Access(AccessKind::Read),
            EventKind::Access(AccessKind::Open(AccessMode::Any)),
            EventKind::Access(AccessKind::Close(AccessMode::Read)),
            metadata(MetadataKind::AccessTime),
            metadata(MetadataKind::Permissions),
        ];
        let something = [
            EventKind::Create(CreateKind::File),
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            EventKind::Modify(ModifyKind::Name(RenameMode::To)),
            EventKind::Remove(RemoveKind::File),
            metadata(MetadataKind::WriteTime),
        ];
        assert!(!nothing.into_iter().any(changes_something));
        assert!(something.into_iter().all(changes_something));
    }

    #[test]
    fn sources_are_told_from_outputs_and_swap_files() {
        let sources = ["", "index.md", "guide/run.md", "3_target/main.rs", "output.txt"];
        let others = [
            "target",
            "target/debug/a.d",
            "a/target/b",
            ".index.md.swp",
            "guide/.#run.md",
            "#run.md#",
            "run.md~",
            ".git/index",
            "4913",
            "run.md.tmp",
            "run.md___jb_tmp___",
        ];
        assert!(sources.iter().all(|path| is_source(Path::new(path))));
        assert!(!others.iter().any(|path| is_source(Path::new(path))));
    }

    #[test]
    fn lost_events_count_as_a_change() {
        let changes = Changes::default();
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        note(&changes, &Scope::default(), Ok(lost));
        assert!(changes.signal.take());
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = Watch::start(vec![folder.path().join("pages")]).unwrap_err();
        assert!(error.contains("pages can't be watched"), "{error}");
    }

    /// Changes that the system itself reports, on the real clock.
    mod of_the_system {
        use std::fs;
        use std::future::poll_fn;
        use std::pin::pin;

        use super::*;

        async fn heard(watch: &mut Watch) -> BTreeSet<PathBuf> {
            let mut next = pin!(watch.next());
            let mut patience = pin!(asyncio::sleep(Duration::from_secs(20)));
            poll_fn(|cx| {
                let paths = next.as_mut().poll(cx);
                if paths.is_pending() {
                    assert!(patience.as_mut().poll(cx).is_pending(), "nothing was heard");
                }
                paths
            })
            .await
        }

        #[asyncio::test]
        async fn a_file_that_is_replaced_is_seen_and_its_neighbour_is_not() {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            let file = root.join("book.toml");
            fs::write(&file, "old").unwrap();
            let mut watch = Watch::start(vec![file.clone()]).unwrap();
            for _ in 0..2 {
                fs::write(root.join("other"), "new").unwrap();
                fs::rename(root.join("other"), &file).unwrap();
                assert_eq!(heard(&mut watch).await, BTreeSet::from([file.clone()]));
            }
        }

        #[asyncio::test]
        async fn reading_swap_files_and_outputs_are_not_heard_of() {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            let page = root.join("index.md");
            fs::write(&page, "old").unwrap();
            fs::create_dir(root.join("target")).unwrap();
            let mut watch = Watch::start(vec![root.clone()]).unwrap();
            fs::read(&page).unwrap();
            for name in [".index.md.swp", "index.md~", "target/index.html"] {
                fs::write(root.join(name), "new").unwrap();
            }
            // The system tells in order: with this one, the others have been told.
            fs::write(&page, "new").unwrap();
            assert_eq!(heard(&mut watch).await, BTreeSet::from([page]));
        }

        #[asyncio::test]
        async fn a_folder_that_is_removed_and_made_again_is_watched_on() {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            let pages = root.join("pages");
            fs::create_dir(&pages).unwrap();
            let mut watch = Watch::start(vec![pages.clone()]).unwrap();
            fs::remove_dir(&pages).unwrap();
            assert!(heard(&mut watch).await.contains(&pages));
            fs::create_dir(&pages).unwrap();
            assert!(heard(&mut watch).await.contains(&pages));
            fs::write(pages.join("index.md"), "new").unwrap();
            assert!(heard(&mut watch).await.contains(&pages.join("index.md")));
        }
    }
}
