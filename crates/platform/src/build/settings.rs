//! How builds are done.

use std::path::PathBuf;
use std::time::Duration;

/// How builds are done.
#[derive(Clone)]
pub struct BuildSettings {
    /// The address that `owner/name` is appended to.
    pub git_base: String,
    /// Opens repositories that are not public.
    pub git_token: Option<String>,
    /// Builds that go on at once.
    pub at_once: usize,
    /// How long one may take.
    pub timeout: Duration,
    /// The most that the log of one may hold, in bytes.
    pub log_limit: usize,
    /// Images that are kept of a service beside those that its releases need.
    pub keep_images: u32,
    /// Releases, and deployments, that are kept of a service.
    pub keep_releases: u32,
    /// Where commits are checked out.
    pub folder: PathBuf,
}

impl Default for BuildSettings {
    fn default() -> Self {
        Self {
            git_base: "https://github.com".to_owned(),
            git_token: None,
            at_once: 2,
            timeout: Duration::from_secs(30 * 60),
            log_limit: 64 * 1024 * 1024,
            keep_images: 10,
            keep_releases: 50,
            folder: std::env::temp_dir(),
        }
    }
}

impl std::fmt::Debug for BuildSettings {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildSettings")
            .field("git_base", &self.git_base)
            .field("at_once", &self.at_once)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
