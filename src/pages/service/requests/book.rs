//! The requests that were loaded, newest first, and how answers of the platform are added to them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use wire::access::{AccessLogs, AccessRow};
use wire::logs::LogCursor;

/// The most requests that are held.
pub const MOST: usize = 50_000;

/// How much later than a request that ended after it a request may be told, by a platform that
/// knows no places in its log.
const LATENESS: TimeDelta = TimeDelta::seconds(5);

/// The key of the first request that was ever held: newer ones count up, older ones down.
const FIRST_KEY: u64 = 1 << 32;

/// One request.
#[derive(Clone, Debug)]
pub struct Row {
    /// Tells it from others, for as long as it is held. Those that came later have a larger one.
    pub key: u64,
    /// What the platform told of it.
    pub access: AccessRow,
}

/// A request never changes: its key is all there is to know it by.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Row {}

/// Shared, since the parts of the page each hold some.
pub type Rows = Vec<Arc<Row>>;

/// What an answer did to what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// Nothing was new.
    Same,
    /// Something is new.
    Changed,
    /// More is new than can be added without dropping what is being read: nothing was added.
    Behind,
}

/// The requests that were loaded.
#[derive(Debug)]
pub struct Book {
    rows: Rows,
    /// The window holds requests that are older than all of these.
    truncated: bool,
    older: Option<LogCursor>,
    newer: Option<LogCursor>,
    highest: u64,
    lowest: u64,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            rows: Rows::new(),
            truncated: false,
            older: None,
            newer: None,
            highest: FIRST_KEY,
            lowest: FIRST_KEY,
        }
    }
}

impl Book {
    /// The requests, newest first.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Whether the window holds older requests than all of these.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Whether no more can be held.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= MOST
    }

    /// The largest key: what comes later has a larger one.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    /// The place behind which older requests are asked for, where the platform knows such places.
    pub fn older(&self) -> Option<LogCursor> {
        self.older.clone()
    }

    /// The place after which newer requests are asked for, where the platform knows such places.
    pub fn newer(&self) -> Option<LogCursor> {
        self.newer.clone()
    }

    /// Where a question for newer requests begins, for a platform that knows no places: some time
    /// before the newest, since a request may be told late.
    pub fn resume(&self) -> Option<DateTime<Utc>> {
        let newest = self.rows.first()?.access.timestamp;
        newest.checked_sub_signed(LATENESS)
    }

    /// The instant of the oldest request, and how many are of it.
    pub fn oldest(&self) -> Option<(DateTime<Utc>, usize)> {
        let oldest = self.rows.last()?.access.timestamp;
        Some((oldest, self.rows.len() - self.begin_of(oldest)))
    }

    /// The place of the first request that is as old as an instant, or older.
    fn begin_of(&self, instant: DateTime<Utc>) -> usize {
        self.rows
            .partition_point(|row| row.access.timestamp > instant)
    }

    /// Begins anew with the answer to a new question.
    pub fn begin(&mut self, answer: AccessLogs) {
        self.truncated = answer.truncated;
        self.older = answer.older;
        self.newer = answer.newer;
        self.rows = self.entered(answer.rows);
    }

    /// Takes over what came since the answer before. The answer holds either what was stored after
    /// the place that this one ended at, or all that there is from `since` on.
    pub fn follow(
        &mut self,
        since: Option<DateTime<Utc>>,
        answer: AccessLogs,
        is_read: bool,
    ) -> Landing {
        let more = self.rows.len() + answer.rows.len() > MOST;
        if is_read && (answer.truncated || more) {
            return Landing::Behind;
        }
        if answer.truncated {
            self.begin(answer);
            return Landing::Changed;
        }
        self.newer = answer.newer.or(self.newer.take());
        let rows = sorted(answer.rows);
        let from = since.or_else(|| rows.last().map(|row| row.timestamp));
        let Some(from) = from else {
            return Landing::Same;
        };
        // What is older than all that came stays as it is.
        let end = self
            .rows
            .partition_point(|row| row.access.timestamp >= from);
        let tail = self.rows.split_off(end);
        let head = std::mem::take(&mut self.rows);
        let before = head.len();
        let (mut head, is_new) = match since {
            Some(_) => self.replaced(&head, rows),
            None => {
                let new = self.entered(rows);
                let is_new = !new.is_empty();
                (merged(head, new), is_new)
            }
        };
        let is_same = !is_new && head.len() == before;
        head.extend(tail);
        self.rows = head;
        if self.rows.len() > MOST {
            self.rows.truncate(MOST);
            self.truncated = true;
            self.older = None;
        }
        if is_same {
            Landing::Same
        } else {
            Landing::Changed
        }
    }

    /// Takes over what is older than what is held. The answer holds either what stands behind the
    /// place of [`Book::older`], or all that there is up to the oldest instant, itself included.
    pub fn append(&mut self, has_place: bool, answer: AccessLogs) {
        self.truncated = answer.truncated;
        self.older = answer.older;
        let rows = sorted(answer.rows);
        let oldest = self.oldest().map(|(oldest, _)| oldest);
        let end = match oldest.filter(|_| !has_place) {
            Some(oldest) => self.begin_of(oldest),
            None => self.rows.len(),
        };
        let held = self.rows.split_off(end);
        let mut known = Known::of(&held);
        for access in rows {
            let row = known.take(&access).unwrap_or_else(|| {
                self.lowest -= 1;
                let key = self.lowest;
                Arc::new(Row { key, access })
            });
            self.rows.push(row);
        }
    }

    /// Forgets what is older than an instant: it has left the window.
    pub fn forget_before(&mut self, start: DateTime<Utc>) -> Landing {
        let end = self
            .rows
            .partition_point(|row| row.access.timestamp >= start);
        if end == self.rows.len() {
            return Landing::Same;
        }
        self.rows.truncate(end);
        self.truncated = false;
        Landing::Changed
    }

    /// New rows for what was never held, newest first.
    fn entered(&mut self, rows: Vec<AccessRow>) -> Rows {
        let enter = |access| {
            self.highest += 1;
            let key = self.highest;
            Arc::new(Row { key, access })
        };
        sorted(rows).into_iter().map(enter).collect()
    }

    /// These rows, as they are held already where they are; and whether one is not.
    fn replaced(&mut self, held: &Rows, rows: Vec<AccessRow>) -> (Rows, bool) {
        let mut known = Known::of(held);
        let mut is_new = false;
        let replace = |access: AccessRow| {
            known.take(&access).unwrap_or_else(|| {
                is_new = true;
                self.highest += 1;
                let key = self.highest;
                Arc::new(Row { key, access })
            })
        };
        let rows = rows.into_iter().map(replace).collect();
        (rows, is_new)
    }
}

/// Held rows, each of which is found once. Rows that are alike in everything are told apart by
/// their number alone.
struct Known<'a> {
    rows: &'a Rows,
    is_taken: Vec<bool>,
}

impl<'a> Known<'a> {
    fn of(rows: &'a Rows) -> Self {
        Self {
            rows,
            is_taken: vec![false; rows.len()],
        }
    }

    fn take(&mut self, access: &AccessRow) -> Option<Arc<Row>> {
        let at = access.timestamp;
        let first = self.rows.partition_point(|row| row.access.timestamp > at);
        let of_instant = self.rows.iter().zip(&mut self.is_taken).skip(first);
        let (row, is_taken) = of_instant
            .take_while(|(row, _)| row.access.timestamp == at)
            .find(|(row, is_taken)| !**is_taken && row.access == *access)?;
        *is_taken = true;
        Some(row.clone())
    }
}

/// Newest first, whatever the platform does; of one instant as they came.
fn sorted(mut rows: Vec<AccessRow>) -> Vec<AccessRow> {
    rows.sort_by_key(|row| std::cmp::Reverse(row.timestamp));
    rows
}

/// Two lists, newest first, as one; of one instant what is new comes first.
fn merged(held: Rows, new: Rows) -> Rows {
    let mut all = Rows::with_capacity(held.len() + new.len());
    let mut held = held.into_iter().peekable();
    for row in new {
        let is_newer = |held: &Arc<Row>| held.access.timestamp > row.access.timestamp;
        while let Some(held) = held.next_if(is_newer) {
            all.push(held);
        }
        all.push(row);
    }
    all.extend(held);
    all
}

#[cfg(test)]
pub(super) mod tests;
