//! How much of a log was read, and what is asked for next.

use wire::build::{LogStatus, WorkLog, WorkLogQuery};
use wire::open::Open;

use crate::logbook::work::text::WorkText;
use crate::logbook::work::view::Edition;
use crate::words::plural;

/// How much of the end is read first, in bytes: some thousand lines, whatever the log's length.
const END: u64 = 256 * 1024;

/// Milliseconds until a log that grows is asked for more.
const PACE: u32 = 1_000;

/// Milliseconds until the next piece of a log that is read whole, or that grows too quickly.
const NEXT_PIECE: u32 = 10;

/// What is answered in one piece where more follows has at least so many bytes.
const PIECE: usize = 1024 * 1024;

/// The most lines that are held at a time: a log may have tens of millions.
const MOST_LINES: usize = 1_000_000;

/// What is wanted of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// It from its beginning, not its end alone.
    pub whole: bool,
    /// What is there to stay: somebody reads it.
    pub still: bool,
}

impl Want {
    /// Whether what is held may not give way to what is newer.
    fn keeps(self) -> bool {
        self.whole || self.still
    }
}

/// How far the first line of a log that tells of an error is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstError {
    /// It is this line.
    At(usize),
    /// It may be among the lines before those that were read.
    Before,
    /// It may be among the lines after those that were read.
    After,
    /// There is none in what is named here.
    NotIn(String),
}

/// How much of a log was read, and how what it tells of stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Changes with the text.
    pub edition: Edition,
    /// Where the next question begins, in bytes.
    offset: u64,
    /// Whether older lines were left out.
    pub is_cut: bool,
    /// What was wanted of it.
    want: Want,
    /// The size of the last answer in bytes, where it went on from one before.
    added: usize,
    lines: usize,
    first_fault: Option<usize>,
    /// How what it tells of stands.
    pub status: Option<Open<LogStatus>>,
    /// What that is at.
    pub step: Option<String>,
    error: Option<String>,
    error_detail: Option<String>,
}

impl Read {
    /// Whether it goes on.
    pub fn is_live(&self) -> bool {
        let status = self.status.as_ref().and_then(Open::known);
        matches!(status, Some(LogStatus::Pending | LogStatus::Running))
    }

    /// Whether no more lines are held.
    fn is_full(&self) -> bool {
        self.lines >= MOST_LINES
    }

    /// Whether it stopped before the end of the log.
    pub fn stopped(&self) -> bool {
        self.is_full() && self.want.keeps()
    }

    /// When to ask again. What has ended is read to its end: long answers come in pieces.
    pub fn pace(&self) -> Option<u32> {
        match self.added {
            PIECE.. => Some(NEXT_PIECE),
            1.. => Some(PACE),
            0 => self.is_live().then_some(PACE),
        }
    }

    /// How many of the log's lines these are.
    pub fn extent(&self) -> String {
        let lines = self.lines();
        match (self.stopped(), self.is_cut) {
            (true, false) => format!("the first {lines}"),
            (true, true) => format!("{lines}, and newer ones that are not shown"),
            (false, true) => format!("the last {lines}"),
            (false, false) => lines,
        }
    }

    /// How far the first line that tells of an error is known.
    pub fn first_error(&self) -> FirstError {
        match self.first_fault {
            // An earlier one may be among what was left out.
            _ if self.is_cut => FirstError::Before,
            Some(place) => FirstError::At(place),
            None if self.is_full() => FirstError::NotIn(format!("the first {}", self.lines())),
            None if self.added >= PIECE => FirstError::After,
            None => FirstError::NotIn("this log".to_owned()),
        }
    }

    /// How many lines were read so far.
    pub fn lines(&self) -> String {
        plural(self.lines, "line")
    }

    /// What failed, at which step, and the last lines before it.
    pub fn failure(&self) -> Option<(String, Option<String>)> {
        let status = self.status.as_ref().and_then(Open::known);
        let error = self
            .error
            .clone()
            .or_else(|| (status == Some(LogStatus::Error)).then(|| "It failed.".to_owned()))?;
        let words = match &self.step {
            Some(step) => format!("Failed at {step}: {error}"),
            None => error,
        };
        Some((words, self.error_detail.clone()))
    }
}

/// First the end, then what came since; its beginning where that is wanted and was not read yet.
/// Where no more lines are held it is the end again, or only how it stands where those that are
/// held are to stay.
pub fn question(before: Option<&Read>, want: Want) -> WorkLogQuery {
    let (offset, tail) = match before {
        Some(read) if want.whole && read.is_cut => (Some(0), None),
        Some(read) if read.is_full() && want.keeps() => (None, Some(0)),
        Some(read) if read.is_full() => (None, Some(END)),
        Some(read) => (Some(read.offset), None),
        None => (None, Some(END)),
    };
    WorkLogQuery { offset, tail }
}

/// Adds what was answered, or begins anew with it.
pub fn take_over(
    text: &mut WorkText,
    before: Option<Read>,
    want: Want,
    query: &WorkLogQuery,
    log: &WorkLog,
) -> Read {
    let standing = Read {
        want,
        status: Some(log.status.clone()),
        step: log.build_step.clone(),
        error: log.error.clone(),
        error_detail: log.error_detail.clone(),
        ..before.clone().unwrap_or_default()
    };
    // Somebody may have begun to read while the end was on its way.
    let keeps = query.offset.is_none() && want.keeps() && standing.is_full();
    if query.tail == Some(0) || keeps {
        return Read {
            added: 0,
            ..standing
        };
    }
    let Some(next) = log.next_offset else {
        return take_all(text, before, standing, &log.log_text);
    };
    let length = log.log_text.len();
    let goes_on = before.is_some() && query.offset == before.as_ref().map(|read| read.offset);
    let before = before.unwrap_or_default();
    let is_cut = match goes_on {
        true => before.is_cut,
        false => query.offset.is_none() && next > length as u64,
    };
    let mut edition = before.edition;
    if !goes_on {
        edition.text = edition.text.wrapping_add(1);
        *text = match is_cut {
            true => WorkText::of_end(&log.log_text),
            false => WorkText::default(),
        };
    }
    if goes_on || !is_cut {
        text.push(&log.log_text);
    }
    if !goes_on || length > 0 {
        edition.change = edition.change.wrapping_add(1);
    }
    Read {
        edition,
        offset: next,
        is_cut,
        added: if query.offset.is_some() { length } else { 0 },
        lines: text.len(),
        first_fault: text.first_fault(),
        ..standing
    }
}

/// A platform that tells no offset sends the whole log each time, which only ever grows: what is known
/// of it stays.
fn take_all(text: &mut WorkText, before: Option<Read>, standing: Read, log: &str) -> Read {
    let known = before.map(|read| usize::try_from(read.offset).unwrap_or(usize::MAX));
    let more = known.and_then(|known| log.get(known..));
    let mut edition = standing.edition;
    if more.is_none() {
        edition.text = edition.text.wrapping_add(1);
        *text = WorkText::default();
    }
    let more = more.unwrap_or(log);
    text.push(more);
    if !more.is_empty() || known.is_none() {
        edition.change = edition.change.wrapping_add(1);
    }
    Read {
        edition,
        offset: log.len() as u64,
        is_cut: false,
        // One more question shows whether that was all.
        added: usize::from(known.is_some() && !more.is_empty()),
        lines: text.len(),
        first_fault: text.first_fault(),
        ..standing
    }
}

#[cfg(test)]
mod tests;
