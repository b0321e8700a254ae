//! The log on the page: only the lines in view are drawn, and the newest are followed until the
//! person scrolls up.

use leptos::html;
use leptos::prelude::*;

use super::layout::Layout;
use super::store::{Selection, Store};
use crate::components::button::{Button, Kind};
use crate::components::icon::Icon;
use crate::reactive::When;
use crate::state::clock::{exact, log_time};
use crate::state::preference::use_preferences;

/// How far from the end still counts as the end, in CSS pixels.
const AT_END: f64 = 24.0;

/// What stands before the text of a wrapped line, as the style sheet says it: characters, and the
/// gaps and edges in CSS pixels; then the same on phones.
const BEFORE_TEXT: (f64, f64) = (22.0, 2.0 * 12.0 + 2.0 * 16.0);
const BEFORE_TEXT_ON_PHONES: (f64, f64) = (12.0, 12.0 + 2.0 * 16.0);

/// As many characters as are measured to know the width of one.
const PROBE: usize = 100;

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
    let node = NodeRef::<html::Div>::new();
    let scroll = RwSignal::new(0.0);
    let size = RwSignal::new((0.0, 0.0));
    let follows = RwSignal::new(true);
    let left_at = RwSignal::new(0usize);

    let probe = NodeRef::<html::Span>::new();
    let character = move || {
        let probe = probe.get_untracked();
        let width = probe.map(|probe| probe.get_bounding_client_rect().width());
        width.unwrap_or_default() / PROBE as f64
    };
    let columns = Memo::new(move |_| wrap.get().then(|| columns(size.get().0, character())));
    let shown = RwSignal::new(Shown::default());
    Effect::new(move |_| {
        change.track();
        let (selection, columns) = (selection.get(), columns.get());
        store.with_untracked(|store| {
            shown.update(|shown| extend(shown, store, selection, columns));
        });
    });
    let height = Memo::new(move |_| shown.with(|shown| shown.layout.height()));
    let range =
        Memo::new(move |_| shown.with(|shown| shown.layout.visible(scroll.get(), size.get().1)));
    let measure = move || {
        if let Some(node) = node.get_untracked() {
            let measured = (
                f64::from(node.client_width()),
                f64::from(node.client_height()),
            );
            if size.get_untracked() != measured {
                size.set(measured);
            }
        }
    };
    let to_end = move || {
        if let Some(node) = node.get_untracked() {
            node.set_scroll_top(node.scroll_height());
        }
    };
    Effect::new(move |_| {
        node.track();
        measure();
    });
    let resized = window_event_listener(leptos::ev::resize, move |_| {
        measure();
    });
    on_cleanup(move || resized.remove());
    // After each change of the height the end is where it was not: go there, once it is drawn.
    Effect::new(move |_| {
        height.track();
        if follows.get() {
            request_animation_frame(to_end);
        }
    });
    let on_scroll = move |_| {
        let Some(node) = node.get_untracked() else {
            return;
        };
        measure();
        let (top, before) = (f64::from(node.scroll_top()), scroll.get_untracked());
        let to_go = f64::from(node.scroll_height() - node.client_height()) - top;
        scroll.set(top);
        if to_go <= AT_END {
            follows.set(true);
        } else if top < before && follows.get_untracked() {
            follows.set(false);
            left_at.set(shown.with_untracked(|shown| shown.places.len()));
        }
    };
    let newer = Memo::new(move |_| {
        let count = shown.with(|shown| shown.places.len());
        count.saturating_sub(left_at.get())
    });
    let back = move || match newer.get() {
        0 => "Follow the newest lines".to_owned(),
        1 => "1 new line".to_owned(),
        count => format!("{count} new lines"),
    };
    view! {
        <div class="log-frame" class:wrap=wrap>
            <div
                class="log"
                role="log"
                aria-live="off"
                tabindex="0"
                node_ref=node
                on:scroll=on_scroll
            >
                <span class="log-probe" aria-hidden="true" node_ref=probe>
                    {"0".repeat(PROBE)}
                </span>
                <div class="log-all" style:height=move || format!("{}px", height.get())>
                    <div
                        class="log-view"
                        style:transform=move || {
                            let top = shown.with(|shown| shown.layout.top(range.get().start));
                            format!("translateY({top}px)")
                        }
                    >
                        {lines(store, shown, range)}
                    </div>
                </div>
            </div>
            <When is=move || height.get() == 0.0>
                <p class="log-none dim">
                    "None of the loaded lines is of this instance and stream."
                </p>
            </When>
            <When is=move || !follows.get()>
                <div class="return">
                    <Button
                        label=Signal::derive(back)
                        kind=Kind::Primary
                        glyph=Icon::Down
                        on_click=move |()| {
                            follows.set(true);
                            to_end();
                        }
                    />
                </div>
            </When>
        </div>
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

/// How many characters of text fit a row of this width.
fn columns(width: f64, character: f64) -> u32 {
    let is_phone = window()
        .match_media("(max-width: 760px)")
        .is_ok_and(|media| media.is_some_and(|media| media.matches()));
    let (characters, gaps) = match is_phone {
        true => BEFORE_TEXT_ON_PHONES,
        false => BEFORE_TEXT,
    };
    let columns = (width - gaps) / character.max(1.0) - characters;
    columns.max(20.0) as u32
}
