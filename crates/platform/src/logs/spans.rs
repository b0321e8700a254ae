//! Which instants the segments hold that grow no more, so that only those are read which matter.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::frame::{Kind, frames};
use super::segments::{self, Segment};

/// The first and the last instant of a segment, in nanoseconds since 1970; `None` without a line.
type Span = Option<(i64, i64)>;

/// What is known of the full segments of all services, found out once each.
#[derive(Debug, Default)]
pub(super) struct Spans(Mutex<HashMap<PathBuf, BTreeMap<u32, Span>>>);

impl Spans {
    /// The full segments of a folder that hold lines, with the instants of these; only those from
    /// segment `first` on. What is known of segments that are gone is forgotten.
    pub(super) fn of(
        &self,
        folder: &Path,
        full: Vec<Segment>,
        first: u32,
    ) -> io::Result<Vec<(RangeInclusive<i64>, Segment)>> {
        let mut known = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.remove(folder).unwrap_or_default()
        };
        let oldest = full.first().map_or(0, |segment| segment.number);
        known.retain(|number, _| *number >= oldest);
        let mut found = Vec::new();
        for segment in full.into_iter().filter(|one| one.number >= first) {
            let span = match known.get(&segment.number) {
                Some(span) => *span,
                None => span(&segment)?,
            };
            known.insert(segment.number, span);
            if let Some((first, last)) = span {
                found.push((first..=last, segment));
            }
        }
        if !known.is_empty() {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(folder.to_owned()).or_default().append(&mut known);
        }
        Ok(found)
    }

    /// Forgets the segments of a folder.
    pub(super) fn forget(&self, folder: &Path) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(folder);
    }
}

fn span(segment: &Segment) -> io::Result<Span> {
    // What the writer has dropped meanwhile holds nothing.
    let bytes = segments::bytes(segment)?.unwrap_or_default();
    let lines = frames(&bytes).filter(|frame| matches!(frame.kind, Kind::Line(_)));
    Ok(lines.fold(None, |span: Span, frame| {
        let (first, last) = span.unwrap_or((frame.nanos, frame.nanos));
        Some((first.min(frame.nanos), last.max(frame.nanos)))
    }))
}
