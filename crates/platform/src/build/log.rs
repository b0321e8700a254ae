//! The log of one build while it is written.

use crate::journal::Journal;
use crate::mask::Mask;

/// Lines that are repeated with an error, and how much of each, in characters.
const LAST_LINES: usize = 12;
const LAST_LINE: usize = 1_000;

/// Where something of a log is missing.
const GAP: &str = "\n[… something is missing here: it could not be written …]\n";

/// The log of one build: what is written never holds a secret that the build was given.
pub(super) struct Log {
    journal: Journal,
    pub(super) mask: Mask,
    last: Vec<String>,
    /// Whether something of it could not be written.
    has_gap: bool,
}

impl Log {
    pub(super) fn new(journal: Journal) -> Self {
        Self {
            journal,
            mask: Mask::default(),
            last: Vec::new(),
            has_gap: false,
        }
    }

    pub(super) async fn write(&mut self, text: &str) {
        let text = self.mask.next(text);
        let lines = text.lines().map(str::trim_end);
        let lines = lines.filter(|line| !line.is_empty());
        self.last
            .extend(lines.map(|line| line.chars().take(LAST_LINE).collect::<String>()));
        let surplus = self.last.len().saturating_sub(LAST_LINES);
        self.last.drain(..surplus);
        self.put(&text);
        tokio::task::yield_now().await;
    }

    /// Writing to the page cache is quick; where the disk is full the build goes on, and the log
    /// says where something of it is missing.
    fn put(&mut self, text: &str) {
        let mark = if self.has_gap { GAP } else { "" };
        match self.journal.write(&format!("{mark}{text}")) {
            Ok(()) => self.has_gap = false,
            Err(error) if !self.has_gap => {
                self.has_gap = true;
                tracing::warn!(%error, "the log of a build can't be written");
            }
            Err(_) => {}
        }
    }

    pub(super) fn finish(mut self) {
        let rest = self.mask.rest();
        self.put(&rest);
        if let Err(error) = self.journal.finish() {
            tracing::warn!(%error, "the end of a build's log can't be written");
        }
    }

    /// Its last lines.
    pub(super) fn end(&self) -> String {
        self.last.join("\n")
    }

    /// The step that the last lines are of.
    pub(super) fn step(&self) -> Option<&String> {
        let is_step = |line: &&String| {
            let line = line.to_ascii_uppercase();
            line.starts_with("STEP ") || line.starts_with('[')
        };
        self.last.iter().rev().find(is_step)
    }
}
