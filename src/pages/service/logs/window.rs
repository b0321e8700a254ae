//! The window of time whose lines are shown.

use chrono::{DateTime, Utc};
use wire::quantity::Since;
use wire::window;

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

    /// The word of a window that ends now.
    pub fn span(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Last(place) => SPANS.get(place).map(|(word, ..)| *word),
            Kind::Between { .. } => None,
        }
    }

    /// Whether newer lines can come.
    pub fn is_open(&self) -> bool {
        match self.kind {
            Kind::Last(_) => true,
            Kind::Between { end, .. } => end.is_none(),
        }
    }

    /// What it is called.
    pub fn words(&self) -> String {
        let text = |instant: DateTime<Utc>| instant.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        match self.kind {
            Kind::Last(place) => SPANS.get(place).map_or("", |(.., words)| words).to_owned(),
            Kind::Between { start, end } => match (start.map(text), end.map(text)) {
                (Some(start), Some(end)) => format!("{start} to {end}"),
                (Some(start), None) => format!("Since {start}"),
                (None, Some(end)) => format!("Until {end}"),
                (None, None) => String::new(),
            },
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
        assert!(window.is_open());
        assert_eq!(Window::read("nonsense", "", "").span(), Some("1h"));
    }

    #[test]
    fn instants_count_more_than_a_span() {
        let window = Window::read("6h", "2026-04-22T15:30", "2026-04-22T16:30:00Z");
        assert_eq!(window.span(), None);
        assert!(!window.is_open());
        assert_eq!(
            window.words(),
            "2026-04-22 15:30:00 UTC to 2026-04-22 16:30:00 UTC"
        );
        assert!(Window::read("", "2026-04-22T15:30:00Z", "").is_open());
    }
}
