//! The windowed table.

use console::components::table::WindowedTable;
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{Page, frame, until, window};

const ROWS: &str = "tbody tr:not(.gap)";

/// What a test changes: the order of the rows, what they show, and where the keyboard is.
#[derive(Clone, Copy)]
struct Knobs {
    keys: RwSignal<Vec<u64>>,
    version: RwSignal<u32>,
    cursor: RwSignal<Option<usize>>,
}

/// A table of ten thousand rows whose text is `row KEY version VERSION`.
fn table() -> (Page, Knobs) {
    let knobs = Knobs {
        keys: RwSignal::new((0..10_000).collect()),
        version: RwSignal::new(1),
        cursor: RwSignal::new(None),
    };
    let cells = move |place: Signal<usize>| {
        let text = move || {
            let key = knobs.keys.with(|keys| keys.get(place.get()).copied());
            let version = knobs.version.get();
            key.map(|key| format!("row {key} version {version}"))
        };
        view! {
            <td>
                <a href="#row">{text}</a>
            </td>
        }
        .into_any()
    };
    let page = Page::show(move || {
        view! {
            <WindowedTable
                label="Rows"
                class="rows"
                head=|| view! { <th>"Row"</th> }
                widths=&["100%"]
                keys=knobs.keys
                row=Callback::new(cells)
                cursor=knobs.cursor
            />
        }
    });
    (page, knobs)
}

#[wasm_bindgen_test]
async fn ten_thousand_rows_take_the_room_of_all_and_draw_few() {
    let (page, _) = table();
    frame().await;
    assert!(page.count(ROWS) <= 60, "{} rows", page.count(ROWS));
    assert!(page.count(ROWS) >= 20, "{} rows", page.count(ROWS));
    assert_eq!(page.find("tbody").offset_height(), 360_000);
    assert_eq!(
        page.find("table").get_attribute("aria-rowcount").as_deref(),
        Some("10001")
    );
}

#[wasm_bindgen_test]
async fn scrolling_brings_the_rows_that_belong_there() {
    let (page, _) = table();
    frame().await;
    window().scroll_to_with_x_and_y(0.0, 180_000.0);
    until("row 5,000 is drawn", || {
        page.maybe("tr[aria-rowindex='5002']").is_some()
    })
    .await;
    let row = page.find("tr[aria-rowindex='5002']");
    assert_eq!(row.text_content().as_deref(), Some("row 5000 version 1"));
    let top = row.get_bounding_client_rect().top();
    assert!((0.0..100.0).contains(&top), "row 5,000 is drawn at {top}");
    assert!(page.count(ROWS) <= 60, "{} rows", page.count(ROWS));
    assert_eq!(page.find("tbody").offset_height(), 360_000);
}

#[wasm_bindgen_test]
async fn a_row_redraws_in_place() {
    let (page, knobs) = table();
    frame().await;
    let row = page.find(ROWS);
    knobs.version.set(2);
    frame().await;
    assert_eq!(row.text_content().as_deref(), Some("row 0 version 2"));
    assert!(row.is_same_node(Some(&page.find(ROWS))));
}

#[wasm_bindgen_test]
async fn a_row_keeps_its_element_when_it_moves() {
    let (page, knobs) = table();
    frame().await;
    let row = page.find("tr[aria-rowindex='2']");
    knobs.keys.update(|keys| keys.swap(0, 3));
    frame().await;
    assert_eq!(row.get_attribute("aria-rowindex").as_deref(), Some("5"));
    assert_eq!(row.text_content().as_deref(), Some("row 0 version 1"));
    assert!(row.is_same_node(Some(&page.find("tr[aria-rowindex='5']"))));
}

#[wasm_bindgen_test]
async fn a_filter_far_down_leaves_rows_in_view() {
    let (page, knobs) = table();
    frame().await;
    window().scroll_to_with_x_and_y(0.0, 300_000.0);
    until("row 8,340 is drawn", || {
        page.maybe("tr[aria-rowindex='8342']").is_some()
    })
    .await;
    knobs.keys.update(|keys| keys.truncate(5));
    until("only five rows are left", || page.count(ROWS) == 5).await;
    assert_eq!(page.find("tbody").offset_height(), 5 * 36);
}

#[wasm_bindgen_test]
async fn the_keyboard_s_row_comes_into_view_and_has_the_focus() {
    let (page, knobs) = table();
    frame().await;
    knobs.cursor.set(Some(9_999));
    until("the last row has the focus", || {
        let focused = page.focused().and_then(|focused| focused.text_content());
        focused.as_deref() == Some("row 9999 version 1")
    })
    .await;
    let row = page.find("tr[aria-selected]");
    assert_eq!(row.get_attribute("aria-rowindex").as_deref(), Some("10001"));
    let height = window().inner_height().unwrap().as_f64().unwrap();
    assert!(row.get_bounding_client_rect().bottom() <= height + 1.0);
}
