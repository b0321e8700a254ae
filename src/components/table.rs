//! A table of any length: only the rows near the view are in the page.

use std::ops::Range;

use leptos::html;
use leptos::prelude::*;

/// The height of one row in CSS pixels: the style sheet's `--row`.
const ROW: f64 = 37.0;

/// Rows drawn above and below the view.
const MARGIN: usize = 10;

/// A table. Rows are asked for by place, and known by key: a row whose key stays is not drawn anew.
#[component]
pub fn WindowedTable(
    /// What the table lists, for screen readers.
    #[prop(into)]
    label: String,
    /// The `<th>` of each column.
    #[prop(into)]
    head: ViewFn,
    /// How many columns there are.
    columns: usize,
    /// The keys of all rows, in order.
    #[prop(into)]
    keys: Signal<Vec<usize>>,
    /// The `<td>` of each column of the row at this place.
    row: Callback<usize, AnyView>,
    /// The place of the row that the keyboard is at.
    #[prop(into)]
    cursor: Signal<Option<usize>>,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let scroll = RwSignal::new(0.0);
    let count = Memo::new(move |_| keys.with(Vec::len));
    let range = Memo::new(move |_| visible(scroll.get(), view_height(), count.get()));
    let shown = move || {
        let range = range.get();
        keys.with(|keys| {
            let shown = keys.get(range.clone()).unwrap_or_default();
            range.zip(shown.iter().copied()).collect::<Vec<_>>()
        })
    };
    let marked = Memo::new(move |_| {
        let place = cursor.get()?;
        keys.with(|keys| keys.get(place).copied())
    });
    Effect::new(move |_| {
        if let (Some(place), Some(node)) = (cursor.get(), node.get_untracked()) {
            bring_into_view(&node, place);
        }
    });
    let gap = move |rows: usize| {
        let height = rows as f64 * ROW;
        view! {
            <tr class="gap" aria-hidden="true" style:height=format!("{height}px")>
                <td colspan=columns></td>
            </tr>
        }
    };
    view! {
        <div
            class="scroll"
            node_ref=node
            tabindex="-1"
            on:scroll=move |_| {
                if let Some(node) = node.get_untracked() {
                    scroll.set(f64::from(node.scroll_top()));
                }
            }
        >
            <table class="table" aria-label=label aria-rowcount=move || count.get() + 1>
                <thead>
                    <tr>{move || head.run()}</tr>
                </thead>
                <tbody>
                    {move || gap(range.get().start)}
                    <For each=shown key=|(_, key)| *key let((place, key))>
                        <tr aria-selected=move || (marked.get() == Some(key)).then_some("true")>
                            {row.run(place)}
                        </tr>
                    </For>
                    {move || gap(count.get() - range.get().end)}
                </tbody>
            </table>
        </div>
    }
}

fn view_height() -> f64 {
    let height = window().inner_height().ok().and_then(|height| height.as_f64());
    height.unwrap_or(1_000.0)
}

fn visible(scroll: f64, height: f64, count: usize) -> Range<usize> {
    let first = (scroll / ROW).max(0.0) as usize;
    let rows = (height / ROW).ceil() as usize;
    let end = (first + rows + MARGIN).min(count);
    first.saturating_sub(MARGIN).min(end)..end
}

/// Scrolls just far enough to show the row at this place below the head.
fn bring_into_view(node: &web_sys::HtmlDivElement, place: usize) {
    let top = (place as f64 * ROW) as i32;
    let row = ROW as i32;
    if top < node.scroll_top() {
        node.set_scroll_top(top);
    } else if top + 2 * row > node.scroll_top() + node.client_height() {
        node.set_scroll_top(top + 2 * row - node.client_height());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_near_the_view_are_drawn() {
        assert_eq!(visible(0.0, 370.0, 10_000), 0..20);
        assert_eq!(visible(37_000.0, 370.0, 10_000), 990..1_020);
        assert_eq!(visible(370_000.0, 370.0, 10_000), 9_990..10_000);
    }

    #[test]
    fn a_list_that_shrank_under_the_view_stays_in_bounds() {
        assert_eq!(visible(370_000.0, 370.0, 5), 5..5);
        assert_eq!(visible(0.0, 370.0, 0), 0..0);
    }
}
