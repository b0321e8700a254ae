//! The log on the page: only the lines in view are drawn, and the newest are followed until the
//! person scrolls up.

use leptos::prelude::*;

use super::layout::Layout;
use super::scroll::{BeforeText, Scroll, ScrollFrame};
use super::store::{Selection, Store};
use crate::reactive::{effect, memo};
use crate::state::clock::{exact, log_time};
use crate::state::preference::use_preferences;

/// What stands before the text of a wrapped line, as the style sheet says it; then the same on
/// phones.
const BEFORE_TEXT: BeforeText = (22.0, 2.0 * 12.0 + 2.0 * 16.0);
const BEFORE_TEXT_ON_PHONES: BeforeText = (12.0, 12.0 + 2.0 * 16.0);

/// The lines that are shown, and where.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shown {
    places: Vec<u32>,
    layout: Layout,
    selection: Selection,
    /// How many of the store's lines were looked at.
    seen: usize,
    /// Of which revision of the store.
    revision: u32,
}

/// The log.
#[component]
pub fn LogView(
    store: RwSignal<Store>,
    /// Changes whenever the store did.
    #[prop(into)]
    change: Signal<u32>,
    #[prop(into)] selection: Signal<Selection>,
    #[prop(into)] wrap: Signal<bool>,
) -> impl IntoView {
    let scroll = Scroll::new();
    let columns = scroll.columns(wrap, BEFORE_TEXT, BEFORE_TEXT_ON_PHONES);
    let shown = RwSignal::new(Shown::default());
    effect(move || {
        change.track();
        let (selection, columns) = (selection.get(), columns.get());
        store.with_untracked(|store| {
            shown.update(|shown| extend(shown, store, selection, columns));
        });
    });
    let height = memo(move || shown.with(|shown| shown.layout.height()));
    let range = memo(move || shown.with(|shown| scroll.range(&shown.layout)));
    let count = memo(move || shown.with(|shown| shown.places.len()));
    let offset = move || shown.with(|shown| shown.layout.top(range.get().start));
    view! {
        <ScrollFrame
            scroll
            wrap
            height
            offset=Signal::derive(offset)
            count
            none="None of the loaded lines is of this instance and stream."
        >
            {lines(store, shown, range)}
        </ScrollFrame>
    }
}

/// The lines in view. A line never changes, so its place in the store and the revision in which it
/// has that place are all there is to know it by.
fn lines(
    store: RwSignal<Store>,
    shown: RwSignal<Shown>,
    range: Memo<std::ops::Range<usize>>,
) -> impl IntoView {
    let utc = use_preferences().utc;
    let places = move || {
        let range = range.get();
        shown.with(|shown| {
            let places = shown.places.get(range).unwrap_or_default();
            places
                .iter()
                .map(|place| (*place, shown.revision))
                .collect::<Vec<_>>()
        })
    };
    let draw = move |(place, _)| {
        store.with_untracked(|store| {
            store.get(place as usize).map(|line| {
                let at = line.timestamp;
                view! {
                    <div class="line" class:err=line.is_error>
                        <time datetime=at.to_rfc3339() title=move || exact(at, utc.get())>
                            {move || log_time(at, utc.get())}
                        </time>
                        <span class="who">{line.instance.to_owned()}</span>
                        <span class="text">{line.message.to_owned()}</span>
                    </div>
                }
            })
        })
    };
    view! { <For each=places key=|key| *key children=draw /> }
}

/// Adds what is new in the store, or lays everything out anew where more than that has changed.
fn extend(shown: &mut Shown, store: &Store, selection: Selection, columns: Option<u32>) {
    let revision = store.revision();
    let goes_on = shown.selection == selection
        && shown.layout.has_columns(columns)
        && shown.revision == revision
        && shown.seen <= store.len();
    if !goes_on {
        *shown = Shown {
            layout: Layout::new(columns),
            selection,
            revision,
            ..Shown::default()
        };
    }
    for place in store.select(&shown.selection, shown.seen) {
        if let Some(line) = store.get(place as usize) {
            shown.layout.push(line.message);
            shown.places.push(place);
        }
    }
    shown.seen = store.len();
}
