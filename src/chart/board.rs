//! What the charts of a page share: the axis of time, what stands on it, where the cursor is.

use std::sync::Arc;

use chrono::{DateTime, Local, Offset, TimeZone, Utc};
use leptos::prelude::*;

use super::look::{Look, use_look};
use super::time_ticks::Zone;
use crate::state::clock::{between, moment, zoned};

/// What happened at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A release began to run.
    Release,
    /// An instance was started again.
    Restart,
}

/// A moment that is marked in every chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When it was, in seconds since 1970.
    pub at: f64,
    /// What it was.
    pub kind: MarkKind,
    /// Its name in the chart: `v88`.
    pub label: String,
    /// What it was, in words: `v88 was deployed by ann`.
    pub words: String,
}

/// A span of seconds since 1970.
pub type Span = (f64, f64);

/// What charts share.
#[derive(Clone, Copy)]
pub struct Board {
    /// What the axis of time shows.
    pub span: Signal<Span>,
    /// What is marked on it, oldest first.
    pub marks: Signal<Arc<Vec<Mark>>>,
    /// Whether moments are told in UTC.
    pub utc: Signal<bool>,
    /// Where the cursor is.
    pub cursor: RwSignal<Option<f64>>,
    /// What is selected.
    pub selection: RwSignal<Option<Span>>,
    /// What the keyboard has come to, to be read aloud.
    pub told: RwSignal<String>,
    /// The colours.
    pub look: ReadSignal<Look>,
    /// Shows a span alone.
    pub zoom: Callback<Span>,
    /// Shows what was shown before.
    pub undo: Callback<()>,
}

impl Board {
    /// A board that shows a span.
    pub fn new(
        span: Signal<Span>,
        marks: Signal<Arc<Vec<Mark>>>,
        utc: Signal<bool>,
        zoom: Callback<Span>,
        undo: Callback<()>,
    ) -> Self {
        Self {
            span,
            marks,
            utc,
            cursor: RwSignal::new(None),
            selection: RwSignal::new(None),
            told: RwSignal::new(String::new()),
            look: use_look(),
            zoom,
            undo,
        }
    }

    /// The zone that moments are told in. Tracked.
    pub fn zone(self) -> Zone {
        match self.utc.get() {
            true => |_| 0,
            false => local,
        }
    }

    /// A moment in as many words as it needs: the day only where that is not today. Tracked.
    pub fn moment(self, time: f64) -> String {
        moment(instant(time), Utc::now(), self.utc.get())
    }

    /// A span as `14:02:31 – 14:10:00`. Tracked.
    pub fn words(self, span: Span) -> String {
        let (start, end) = (instant(span.0), instant(span.1));
        between(Some(start), Some(end), Utc::now(), self.utc.get())
    }

    /// A span for who does not see this page: with its days and their zone. Tracked.
    pub fn whole_words(self, (start, end): Span) -> String {
        let text = |time| zoned(instant(time), self.utc.get());
        format!("{} – {}", text(start), text(end))
    }
}

fn local(at: i64) -> i64 {
    let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
    let offset = Local.offset_from_utc_datetime(&at.naive_utc());
    offset.fix().local_minus_utc().into()
}

/// A moment of a chart as an instant.
pub fn instant(time: f64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis((time * 1e3).round() as i64).unwrap_or_default()
}

/// An instant as a moment of a chart.
pub fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1e3
}
