//! A table of any length that scrolls with the page: only the rows near the view are in it.

mod window;

use leptos::ev;
use leptos::html;
use leptos::leptos_dom::helpers::window_event_listener;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use window::{ROW, View};

use crate::reactive::{effect, memo};

/// The rows that are in the page: the place of the first, and the key of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Drawn {
    start: usize,
    keys: Vec<u64>,
}

impl Drawn {
    fn place(&self, key: u64) -> Option<usize> {
        let offset = self.keys.iter().position(|known| *known == key)?;
        Some(self.start + offset)
    }
}

/// A table. A row keeps its element for as long as its key is near the view, wherever it moves; what
/// it shows is up to the signals that it reads.
#[component]
pub fn WindowedTable(
    /// What the table lists, for screen readers.
    #[prop(into)]
    label: String,
    /// The `<th>` of each column.
    #[prop(into)]
    head: ViewFn,
    /// The width of each column as CSS says it: rows that come and go never move the columns.
    widths: &'static [&'static str],
    /// The keys of all rows, in order.
    #[prop(into)]
    keys: Signal<Vec<u64>>,
    /// The `<td>` of each column, made once for a key and told of every place it moves to.
    row: Callback<Signal<usize>, AnyView>,
    /// The place of the row that the keyboard is at.
    #[prop(into)]
    cursor: Signal<Option<usize>>,
) -> impl IntoView {
    let body = NodeRef::<html::Tbody>::new();
    let view = use_view(body);
    let count = memo(move || keys.with(Vec::len));
    let range = memo(move || view.get().rows(count.get()));
    let drawn = memo(move || {
        let range = range.get();
        let start = range.start;
        let keys = keys.with(|keys| keys.get(range).unwrap_or_default().to_vec());
        Drawn { start, keys }
    });
    reveal_cursor(body, cursor);

    let one = move |key: u64| {
        let place = Memo::new(move |last: Option<&usize>| {
            let place = drawn.with(|drawn| drawn.place(key));
            // A row on its way out keeps the place it had.
            place.or(last.copied()).unwrap_or_default()
        });
        let element = NodeRef::<html::Tr>::new();
        take_focus(element, place, cursor);
        let selected = move || (cursor.get() == Some(place.get())).then_some("true");
        // Places count from nought; rows are counted from one, and the head is the first.
        view! {
            <tr node_ref=element aria-rowindex=move || place.get() + 2 aria-selected=selected>
                {row.run(place.into())}
            </tr>
        }
        .into_any()
    };
    let columns = widths.len();
    let widths = widths
        .iter()
        .map(|width| view! { <col style:width=*width /> })
        .collect_view();
    view! {
        <table class="table window" aria-label=label aria-rowcount=move || count.get() + 1>
            <colgroup>{widths}</colgroup>
            <thead>
                <tr aria-rowindex="1">{move || head.run()}</tr>
            </thead>
            <tbody node_ref=body>
                {gap(columns, move || range.get().start)}
                <For each=move || drawn.get().keys key=|key| *key let(key)>
                    {one(key)}
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

/// What of the table can be seen, as the page is scrolled and resized.
fn use_view(body: NodeRef<html::Tbody>) -> RwSignal<View> {
    let height = window()
        .inner_height()
        .ok()
        .and_then(|height| height.as_f64());
    let view = RwSignal::new(View {
        above: 0.0,
        height: height.unwrap_or_default(),
    });
    let look = move || {
        if let Some(now) = body.get_untracked().and_then(|body| measure(&body)) {
            view.set(now);
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

/// The row that the keyboard comes to has the focus on its first link: it is read aloud, and opens
/// by the browser's own means. A person who is busy elsewhere on the page is left alone.
fn take_focus(row: NodeRef<html::Tr>, place: Memo<usize>, cursor: Signal<Option<usize>>) {
    Effect::new(move |before: Option<Option<usize>>| {
        let now = cursor.get();
        if let Some(row) = row.get()
            && before != Some(now)
            && now == Some(place.get_untracked())
            && is_idle_or_within(&row)
            && let Ok(Some(link)) = row.query_selector("a, button")
            && let Some(link) = link.dyn_ref::<web_sys::HtmlElement>()
        {
            // Fails only for an element that can't have the focus.
            let _ = link.focus();
        }
        now
    });
}

/// Whether nothing has the focus, or something in the same table.
fn is_idle_or_within(row: &web_sys::HtmlTableRowElement) -> bool {
    let Some(focused) = document().active_element() else {
        return true;
    };
    let table = row.closest("table").ok().flatten();
    focused.tag_name() == "BODY" || table.is_some_and(|table| table.contains(Some(&focused)))
}
