//! The file that a Unix socket leaves in its folder. Mirrors what `create_unix_server` does with it before
//! and, by `cleanup_socket`, after.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The file of a socket that is bound. Dropping this removes it, unless another took its place meanwhile.
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
    is_kept: bool,
}

impl SocketFile {
    /// `None`: the socket has no file, as those of Linux's abstract namespace.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let identity = identity(&fs::symlink_metadata(path).ok()?);
        Some(Self { path: path.to_owned(), identity, is_kept: false })
    }

    pub(super) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Removes what an earlier server has left. What is no socket stays, and binding fails.
    pub(super) fn clear(path: &Path) {
        if fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
            // Binding tells if this failed.
            drop(fs::remove_file(path));
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        if fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity) {
            drop(fs::remove_file(&self.path));
        }
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
