//! Looking closer, and back: each zoom is a step that the browser can go back.

use leptos::prelude::*;

use crate::chart::board::{Span, instant};
use crate::reactive::effect;
use crate::state::range::{Range, Window};

/// No zoom shows less, in seconds: two points are to be seen.
const LEAST: f64 = 10.0;

/// Shows a span alone; shows what was shown before, or else the usual window.
pub fn use_zoom(range: Range) -> (Callback<Span>, Callback<()>) {
    // The windows that were zoomed to, the last one on top. Going back by the browser's own means
    // takes them off as well.
    let zooms = StoredValue::new(Vec::<Window>::new());
    effect(move || {
        let window = range.window.get();
        zooms.update_value(|zooms| {
            let place = zooms.iter().rposition(|zoom| *zoom == window);
            zooms.truncate(place.map_or(0, |place| place + 1));
        });
    });
    let zoom = move |span: Span| {
        let (start, end) = whole(span);
        let (start, end) = (instant(start), instant(end));
        zooms.update_value(|zooms| zooms.push(Window::between(start, end)));
        range.show_between(Some(start), Some(end));
    };
    let undo = move |()| {
        let window = range.window.get_untracked();
        if zooms.with_value(|zooms| zooms.last() == Some(&window)) {
            range.step_back();
        } else if window.span().is_none() {
            // Somebody else zoomed: a link leads here, or the page was loaded again.
            range.show_usual();
        }
    };
    (Callback::new(zoom), Callback::new(undo))
}

/// A span in whole seconds, of the least length at the least.
fn whole((start, end): Span) -> Span {
    let missing = (LEAST - (end - start)).max(0.0) / 2.0;
    let start = (start - missing).floor();
    (start, (end + missing).ceil().max(start + LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zoom_is_of_whole_seconds_and_never_too_close() {
        assert_eq!(whole((100.2, 200.7)), (100.0, 201.0));
        assert_eq!(whole((100.0, 101.0)), (95.0, 106.0));
        let (start, end) = whole((100.0, 100.0));
        assert_eq!(end - start, 10.0);
    }
}
