//! The span of time that metrics, logs and requests show: one for all of them, in the address.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use leptos::prelude::{Callable, Callback, Get, Memo};
use wire::quantity::Since;
use wire::window;

use super::clock::between;
use super::preference::use_preferences;
use crate::api::platform_now;
use crate::reactive::memo;
use crate::routes::{query_setter, query_stepper, query_text};

/// The parameters of the address that name a window.
const PARAMETERS: [&str; 3] = ["window", "start", "end"];

/// The window in force, and ways to change it.
#[derive(Clone, Copy)]
pub struct Range {
    /// The window in force.
    pub window: Memo<Window>,
    /// As the address names it.
    texts: Memo<[String; 3]>,
    set: Callback<Vec<(&'static str, String)>>,
    step: Callback<Vec<(&'static str, String)>>,
}

/// The range of the page at the current address.
pub fn use_range() -> Range {
    let [span, start, end] = PARAMETERS.map(query_text);
    let texts = memo(move || [span.get.get(), start.get.get(), end.get.get()]);
    Range {
        window: memo(move || {
            let [span, start, end] = texts.get();
            Window::read(&span, &start, &end)
        }),
        texts,
        set: query_setter(),
        step: query_stepper(),
    }
}

/// What a window is called, in the zone that the person chose.
pub fn use_words(window: Memo<Window>) -> Memo<String> {
    let utc = use_preferences().utc;
    memo(move || window.get().words(platform_now(), utc.get()))
}

impl Range {
    /// Shows a window that ends now, by its word of [`SPANS`].
    pub fn show_last(self, word: &str) {
        let is_usual = SPANS.get(USUAL).is_some_and(|(usual, ..)| *usual == word);
        let word = if is_usual { "" } else { word };
        self.set
            .run(named([word.to_owned(), String::new(), String::new()]));
    }

    /// Shows what is shown where the address names no window. The browser goes back to the window
    /// before.
    pub fn show_usual(self) {
        self.step.run(named(std::array::from_fn(|_| String::new())));
    }

    /// Shows what is between two instants; each may be left open. The browser goes back to the
    /// window before.
    pub fn show_between(self, start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) {
        let text = |at: Option<DateTime<Utc>>| at.map(written).unwrap_or_default();
        self.step
            .run(named([String::new(), text(start), text(end)]));
    }

    /// Shows the window before the one that was shown last.
    pub fn step_back(self) {
        // Fails only in a page that may not have a history.
        let _ = leptos::prelude::window()
            .history()
            .map(|history| history.back());
    }

    /// The parameters with which another page shows the same window. Tracked.
    pub fn parameters(self) -> Vec<(&'static str, String)> {
        named(self.texts.get())
    }
}

/// The parameters with which a page shows what is between two instants.
pub fn parameters_between(start: DateTime<Utc>, end: DateTime<Utc>) -> Vec<(&'static str, String)> {
    named([String::new(), written(start), written(end)])
}

fn named(texts: [String; 3]) -> Vec<(&'static str, String)> {
    PARAMETERS.into_iter().zip(texts).collect()
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The place in [`SPANS`] of a window that ends now.
    Last(usize),
    Between {
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
    },
}

/// The windows that end now: the word in the address, seconds, the words on the page.
pub const SPANS: [(&str, u64, &str); 5] = [
    ("15m", 15 * 60, "Last 15 minutes"),
    ("1h", 3_600, "Last hour"),
    ("6h", 6 * 3_600, "Last 6 hours"),
    ("24h", 24 * 3_600, "Last 24 hours"),
    ("7d", 7 * 24 * 3_600, "Last 7 days"),
];

/// The span where the address names none: an hour.
pub const USUAL: usize = 1;

/// How long after its end a window can be taken for complete: what was written before may be told
/// later.
const SETTLED: TimeDelta = TimeDelta::seconds(30);

impl Window {
    /// Reads the parts of an address; instants count more than a span.
    pub fn read(span: &str, start: &str, end: &str) -> Self {
        let (start, end) = (instant(start), instant(end));
        if start.is_some() || end.is_some() {
            return Self {
                kind: Kind::Between { start, end },
            };
        }
        let place = SPANS.iter().position(|(word, ..)| *word == span);
        Self {
            kind: Kind::Last(place.unwrap_or(USUAL)),
        }
    }

    /// A window between two instants.
    pub fn between(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self {
            kind: Kind::Between {
                start: Some(start),
                end: Some(end),
            },
        }
    }

    /// The word of a window that ends now.
    pub fn span(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Last(place) => SPANS.get(place).map(|(word, ..)| *word),
            Kind::Between { .. } => None,
        }
    }

    /// Whether newer things can come for who looks at `now`: it ends with that moment, or later than
    /// shortly before it.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.end().is_none_or(|end| now - end < SETTLED)
    }

    /// Whether it begins later than `now`: nothing can be in it yet.
    pub fn is_to_come(&self, now: DateTime<Utc>) -> bool {
        self.start(now).is_some_and(|start| start > now)
    }

    /// What it is called by who looks at `now`.
    pub fn words(&self, now: DateTime<Utc>, utc: bool) -> String {
        match self.kind {
            Kind::Last(place) => SPANS.get(place).map_or("", |(.., words)| words).to_owned(),
            Kind::Between { start, end } => between(start, end, now, utc),
        }
    }

    /// As the platform is asked for it.
    pub fn query(&self) -> window::Window {
        match self.kind {
            Kind::Last(place) => window::Window {
                since: SPANS
                    .get(place)
                    .and_then(|(_, seconds, _)| Since::new(*seconds).ok()),
                ..window::Window::default()
            },
            Kind::Between { start, end } => window::Window {
                since: None,
                start,
                end,
            },
        }
    }

    /// Its earliest instant for who looks at `now`, where it has one.
    pub fn start(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.query().start(now)
    }

    /// Its latest instant; none where it ends now.
    pub fn end(&self) -> Option<DateTime<Utc>> {
        self.query().end
    }
}

/// Reads an instant of an address, `2026-04-22T15:30:00Z`, or of a field, which leaves out the
/// seconds and means UTC.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let whole = |text: &str| {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| at.to_utc())
    };
    whole(text)
        .or_else(|| whole(&format!("{text}Z")))
        .or_else(|| whole(&format!("{text}:00Z")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_now() {
        let window = Window::read("6h", "", "");
        assert_eq!(window.span(), Some("6h"));
        assert_eq!(window.query().since.map(Since::get), Some(21_600));
        assert!(window.is_open(Utc::now()));
        assert_eq!(Window::read("nonsense", "", "").span(), Some("1h"));
    }

    #[test]
    fn instants_count_more_than_a_span() {
        let window = Window::read("6h", "2026-04-22T15:30", "2026-04-22T16:30:00Z");
        assert_eq!(window.span(), None);
        assert!(!window.is_open(instant("2026-04-22T17:00:00Z").unwrap()));
        let now = instant("2027-01-01T00:00:00Z").unwrap();
        assert_eq!(
            window.words(now, true),
            "2026-04-22 15:30:00 – 16:30:00 UTC"
        );
        assert_eq!(Window::read("6h", "", "").words(now, true), "Last 6 hours");
        let since = Window::read("", "2026-04-22T15:30:00Z", "");
        assert!(since.is_open(instant("2030-01-01T00:00:00Z").unwrap()));
    }

    #[test]
    fn a_window_goes_on_until_its_end_is_over() {
        let at = |text: &str| instant(text).unwrap();
        let window = Window::between(at("2026-04-22T15:20:00Z"), at("2026-04-22T15:40:00Z"));
        assert!(window.is_open(at("2026-04-22T15:30:00Z")));
        assert!(window.is_open(at("2026-04-22T15:40:20Z")), "late lines");
        assert!(!window.is_open(at("2026-04-22T15:40:30Z")));
        assert!(window.is_open(at("2000-01-01T00:00:00Z")), "in the future");
    }

    #[test]
    fn a_window_is_to_come_until_it_begins() {
        let now = instant("2026-04-22T15:30:00Z").unwrap();
        let is_to_come = |start: &str, end: &str| Window::read("", start, end).is_to_come(now);
        assert!(is_to_come("2100-01-01T00:00:00Z", "2100-01-02T00:00:00Z"));
        assert!(is_to_come("2026-04-22T15:30:01Z", ""));
        assert!(!is_to_come("2026-04-22T15:30:00Z", ""));
        assert!(!is_to_come("", "2100-01-01T00:00:00Z"));
        assert!(!Window::read("7d", "", "").is_to_come(now));
    }
}
