//! A small disk of a test's own, which can be filled without harm.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// A mounted disk, for as long as it is held.
pub(crate) struct Disk {
    pub(crate) folder: PathBuf,
}

impl Disk {
    /// Mounts an empty disk of so many MiB on a folder.
    pub(crate) fn mount(folder: &Path, size: u32) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"])
            .arg(folder)
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&mounted.stderr);
        assert!(
            mounted.status.success(),
            "a disk is mounted by root: {words}"
        );
        Self {
            folder: folder.to_owned(),
        }
    }
}

impl Disk {
    /// How much of it is free, in bytes.
    pub(crate) fn free(&self) -> u64 {
        let disk = rustix::fs::statvfs(&self.folder).unwrap();
        disk.f_bavail * disk.f_frsize
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: what still ends on it lets it go by itself.
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(&self.folder)
            .status();
        let is_gone = unmounted.is_ok_and(|status| status.success());
        assert!(is_gone || thread::panicking(), "a disk can't be unmounted");
    }
}
