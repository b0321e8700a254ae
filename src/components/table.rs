//! A table of any length that scrolls with the page: only the rows near the view are in it.

mod slots;
mod window;

use leptos::ev;
use leptos::html;
use leptos::leptos_dom::helpers::window_event_listener;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use slots::Drawn;
use window::{ROW, View};

use crate::reactive::{effect, memo};

/// A table. A row keeps its element for as long as its key is near the view, wherever it moves, and
/// then leaves it to another; what it shows is up to the signals that it reads.
#[component]
pub fn WindowedTable(
    /// What the table lists, for screen readers.
    #[prop(into)]
    label: String,
    /// What the style sheet knows its columns by.
    class: &'static str,
    /// The `<th>` of each column.
    #[prop(into)]
    head: ViewFn,
    /// The width of each column as CSS says it: rows that come and go never move the columns.
    #[prop(into)]
    widths: Vec<&'static str>,
    /// The keys of all rows, in order.
    #[prop(into)]
    keys: Signal<Vec<u64>>,
    /// The cells of each column, made once for an element and told of every place it moves to.
    row: Callback<Signal<usize>, AnyView>,
    /// The place of the row that the keyboard is at, in a table that is walked by it.
    #[prop(into, default = Signal::stored(None))]
    cursor: Signal<Option<usize>>,
) -> impl IntoView {
    let body = NodeRef::<html::Tbody>::new();
    let view = use_view(body);
    let count = memo(move || keys.with(Vec::len));
    let range = memo(move || match view.get() {
        Some(view) => view.rows(count.get()),
        None => 0..0,
    });
    let drawn = Memo::new(move |before: Option<&Drawn>| {
        let range = range.get();
        let first = Drawn::default();
        keys.with(|keys| before.unwrap_or(&first).next(range, keys))
    });
    reveal_cursor(body, cursor);
    focus_cursor(body, cursor, drawn);

    let one = move |id: u32| {
        let place = Memo::new(move |last: Option<&usize>| {
            let place = drawn.with(|drawn| drawn.place(id));
            // A row on its way out keeps the place it had.
            place.or(last.copied()).unwrap_or_default()
        });
        let selected = move || (cursor.get() == Some(place.get())).then_some("true");
        // Places count from nought; rows are counted from one, and the head is the first.
        view! {
            <tr aria-rowindex=move || place.get() + 2 aria-selected=selected>
                {row.run(place.into())}
            </tr>
        }
        .into_any()
    };
    let columns = widths.len();
    let widths = widths
        .into_iter()
        .map(|width| view! { <col style:width=width /> })
        .collect_view();
    view! {
        <table
            class=format!("table window {class}")
            aria-label=label
            aria-rowcount=move || count.get() + 1
        >
            <colgroup>{widths}</colgroup>
            <thead>
                <tr aria-rowindex="1">{move || head.run()}</tr>
            </thead>
            <tbody node_ref=body>
                {gap(columns, move || range.get().start)}
                <For each=move || drawn.with(Drawn::slots) key=|slot| slot.id let(slot)>
                    {one(slot.id)}
                </For> {gap(columns, move || count.get() - range.get().end)}
            </tbody>
        </table>
    }
}

/// The room of rows that are not drawn.
fn gap(columns: usize, rows: impl Fn() -> usize + Send + 'static) -> impl IntoView {
    view! {
        <tr class="gap" aria-hidden="true">
            <td colspan=columns style:height=move || format!("{}px", rows() * ROW as usize)></td>
        </tr>
    }
}

/// What of the table can be seen, as the page is scrolled and resized. Nothing until the table has
/// its place: rows that were made for another would be laid out twice.
fn use_view(body: NodeRef<html::Tbody>) -> RwSignal<Option<View>> {
    let view = RwSignal::new(None);
    let look = move || {
        if let Some(now) = body.get_untracked().and_then(|body| measure(&body)) {
            view.set(Some(now));
        }
    };
    effect(move || {
        body.track();
        look();
    });
    let listeners = [
        window_event_listener(ev::scroll, move |_| look()),
        window_event_listener(ev::resize, move |_| look()),
    ];
    on_cleanup(move || {
        for listener in listeners {
            listener.remove();
        }
    });
    view
}

fn measure(body: &web_sys::HtmlTableSectionElement) -> Option<View> {
    Some(View {
        above: -body.get_bounding_client_rect().top(),
        height: window().inner_height().ok()?.as_f64()?,
    })
}

/// Scrolls along with the keyboard.
fn reveal_cursor(body: NodeRef<html::Tbody>, cursor: Signal<Option<usize>>) {
    effect(move || {
        if let Some(place) = cursor.get()
            && let Some(view) = body.get_untracked().and_then(|body| measure(&body))
        {
            window().scroll_by_with_x_and_y(0.0, view.reveal(place));
        }
    });
}

/// The row that the keyboard comes to has the focus on its first link or button: it is read aloud,
/// and opens by the browser's own means. A person who is busy elsewhere on the page is left alone.
fn focus_cursor(body: NodeRef<html::Tbody>, cursor: Signal<Option<usize>>, drawn: Memo<Drawn>) {
    // Where the keyboard was, and whether its row has still to be drawn.
    Effect::new(move |before: Option<(Option<usize>, bool)>| {
        let (last, waits) = before.unwrap_or_default();
        let now = cursor.get();
        let drawn = drawn.with(|drawn| now.filter(|place| drawn.holds(*place)));
        let waits = waits || now != last;
        if let Some(place) = drawn.filter(|_| waits) {
            // By then the row is told of its place.
            request_animation_frame(move || focus_row(body, place));
        }
        (now, waits && drawn.is_none())
    });
}

fn focus_row(body: NodeRef<html::Tbody>, place: usize) {
    let link = format!("tr[aria-rowindex='{}'] :is(a, button)", place + 2);
    if let Some(Some(body)) = body.try_get_untracked()
        && is_idle_or_within(&body)
        && let Ok(Some(link)) = body.query_selector(&link)
        && let Some(link) = link.dyn_ref::<web_sys::HtmlElement>()
    {
        // Fails only for an element that can't have the focus.
        let _ = link.focus();
    }
}

/// Whether nothing has the focus, or something in the same table.
fn is_idle_or_within(body: &web_sys::HtmlTableSectionElement) -> bool {
    let Some(focused) = document().active_element() else {
        return true;
    };
    let table = body.closest("table").ok().flatten();
    focused.tag_name() == "BODY" || table.is_some_and(|table| table.contains(Some(&focused)))
}
