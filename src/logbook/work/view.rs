//! The log of a piece of work on the page: only the lines in view are drawn, in their colours.

use std::ops::Range;

use bulk::lines::ansi::{Span, plain, spans};
use bulk::lines::layout::Layout;
use bulk::lines::line::{rest_words, shortened};
use leptos::prelude::*;

use super::fault::is_fault;
use super::text::{Line, WorkText};
use crate::logbook::run::styled;
use crate::logbook::scroll::{BeforeText, Scroll, ScrollFrame};
use crate::reactive::{effect, memo};

/// Nothing stands before the text of a line but the edges, as the style sheet says it.
const BEFORE_TEXT: BeforeText = (0.0, 2.0 * 16.0);

/// Which text is shown, and how often it changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edition {
    /// Counts the texts that began anew.
    pub text: u32,
    /// Counts the changes.
    pub change: u32,
}

/// The lines as they are laid out.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shown {
    layout: Layout,
    /// How many of them had ended, and stay as they are.
    ended: usize,
    edition: Edition,
}

/// The log.
#[component]
pub fn WorkLogView(
    text: RwSignal<WorkText>,
    /// Changes whenever the text did.
    edition: Memo<Edition>,
    #[prop(into)] wrap: Signal<bool>,
    /// Whether it follows its end: a person who scrolls up leaves it.
    follows: RwSignal<bool>,
    /// The place of a line to go to; taken away once the log is there.
    jump: RwSignal<Option<usize>>,
) -> impl IntoView {
    let scroll = Scroll::of(follows);
    let columns = scroll.columns(wrap, |_| BEFORE_TEXT);
    let shown = RwSignal::new(Shown::default());
    effect(move || {
        let (edition, columns) = (edition.get(), columns.get());
        text.with_untracked(|text| shown.update(|shown| shown.extend(text, edition, columns)));
    });
    let height = memo(move || shown.with(|shown| shown.layout.height()));
    let range = memo(move || {
        let (top, view) = scroll.seen();
        shown.with(|shown| shown.layout.visible(top, view))
    });
    let count = memo(move || shown.with(|shown| shown.layout.len() as u64));
    let new = memo(move || count.get().saturating_sub(scroll.left_at()) as usize);
    let offset = move || shown.with(|shown| shown.layout.top(range.get().start));
    effect(move || {
        // A newer text is laid out first.
        let is_laid_out = shown.with(|shown| shown.edition == edition.get());
        if let Some(place) = jump.get().filter(|_| is_laid_out) {
            shown.with_untracked(|shown| {
                let layout = &shown.layout;
                // All of the text may have come in the place of its end: nothing of it is new.
                scroll.leave(layout.len() as u64);
                scroll.go_to(layout.top(place), layout.height());
            });
            jump.set(None);
        }
    });
    view! {
        <ScrollFrame
            scroll
            wrap
            fits=true
            height
            offset=Signal::derive(offset)
            next=count
            new
            none="Nothing was written yet."
        >
            {lines(text, shown, range)}
        </ScrollFrame>
    }
}

/// The lines in view. A line that has ended stays the same for as long as its text does; the last
/// one may be another with every change.
fn lines(
    text: RwSignal<WorkText>,
    shown: RwSignal<Shown>,
    range: Memo<Range<usize>>,
) -> impl IntoView {
    let keys = move || {
        let range = range.get();
        shown.with(|shown| {
            let key = |place| (place, shown.edition.text, shown.state_of(place));
            range.map(key).collect::<Vec<_>>()
        })
    };
    let draw = move |(place, ..): (usize, u32, Option<u32>)| {
        text.with_untracked(|text| text.get(place).map(line))
    };
    view! { <For each=keys key=|key| *key children=draw /> }
}

fn line(line: Line<'_>) -> impl IntoView + use<> {
    let (text, rest) = shortened(line.text);
    let mut style = line.style;
    let runs = spans(text, &mut style)
        .into_iter()
        .map(|Span { text, style }| styled(text, style))
        .collect_view();
    let rest = rest_words(rest).map(|words| view! { <span class="faint">{words}</span> });
    let is_bad = is_fault(&plain(text));
    view! { <div class=if is_bad { "line work err" } else { "line work" }>{runs} {rest}</div> }
}

impl Shown {
    /// Lays out what is new, or all of it where more than that has changed.
    fn extend(&mut self, text: &WorkText, edition: Edition, columns: Option<u32>) {
        let goes_on = self.edition.text == edition.text
            && self.layout.has_columns(columns)
            && self.ended <= text.ended();
        if !goes_on {
            self.layout = Layout::new(columns);
            self.ended = 0;
        }
        self.layout.truncate(self.ended);
        for place in self.ended..text.len() {
            if let Some(line) = text.get(place) {
                self.layout.push(&plain(shortened(line.text).0));
            }
        }
        self.ended = text.ended();
        self.edition = edition;
    }

    /// Tells the states of a line apart: one that has ended has no other.
    fn state_of(&self, place: usize) -> Option<u32> {
        (place >= self.ended).then_some(self.edition.change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(text: u32, change: u32) -> Edition {
        Edition { text, change }
    }

    #[test]
    fn only_the_open_line_is_laid_out_again() {
        let mut text = WorkText::default();
        let mut shown = Shown::default();
        text.push("one\n10%");
        shown.extend(&text, edition(0, 1), None);
        assert_eq!((shown.layout.len(), shown.ended), (2, 1));
        let (ended, open) = (shown.state_of(0), shown.state_of(1));
        text.push("\r20%");
        shown.extend(&text, edition(0, 2), None);
        assert_eq!(shown.layout.len(), 2);
        assert_eq!(shown.state_of(0), ended);
        assert_ne!(shown.state_of(1), open);
    }

    #[test]
    fn another_text_is_laid_out_anew() {
        let mut shown = Shown::default();
        let mut text = WorkText::default();
        text.push("a\nb\nc\n");
        shown.extend(&text, edition(0, 1), None);
        let mut other = WorkText::default();
        other.push("d\n");
        shown.extend(&other, edition(1, 2), None);
        assert_eq!(shown.layout.len(), 1);
    }
}
