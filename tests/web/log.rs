//! A log on the page: what is drawn of it, how it follows its end, what is found.

use std::borrow::Cow;

use bulk::lines::line::LineKey;
use bulk::lines::reply::Row;
use bulk::lines::selection::Selection;
use bulk::lines::store::Store;
use console::logbook::book::{Book, View};
use console::logbook::view::{Links, LogView};
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{self, Page, faults, frame, until};

const LINES: &str = ".line";

/// What a test changes.
#[derive(Clone, Copy)]
struct Knobs {
    store: RwSignal<Store>,
    change: RwSignal<u32>,
    find: RwSignal<String>,
    selection: RwSignal<Selection>,
    book: StoredValue<Option<Book>>,
    marked: RwSignal<Option<LineKey>>,
    visible: RwSignal<bool>,
}

fn rows(first: i64, count: i64) -> Vec<Row<'static>> {
    let row = |place| Row {
        at: place * 1_000_000,
        instance: Cow::Borrowed("web.0"),
        is_error: place % 7 == 0,
        message: Cow::Owned(format!("line {place}")),
    };
    (first..first + count).map(row).collect()
}

impl Knobs {
    fn add(self, change: impl FnOnce(&mut Store)) {
        self.store.update_untracked(change);
        self.change.update(|change| *change += 1);
    }

    fn book(self) -> Book {
        self.book.get_value().unwrap()
    }
}

/// What leads back to the end says.
fn back(page: &Page) -> String {
    page.find(".return").text_content().unwrap()
}

/// A log of so many lines.
fn log(count: i64) -> (Page, Knobs) {
    let knobs = Knobs {
        store: RwSignal::new(Store::default()),
        change: RwSignal::new(0),
        find: RwSignal::new(String::new()),
        selection: RwSignal::new(Selection::default()),
        book: StoredValue::new(None),
        marked: RwSignal::new(None),
        visible: RwSignal::new(true),
    };
    knobs.add(|store| store.extend(rows(1_000_000, count)));
    let page = Page::show(move || {
        let view = View {
            change: Memo::new(move |_| knobs.change.get()),
            selection: Memo::new(move |_| knobs.selection.get()),
            wrap: RwSignal::new(false),
            wanted: Memo::new(move |_| (knobs.find.get(), false)),
            marked: Memo::new(move |_| knobs.marked.get()),
            follows: RwSignal::new(true),
            is_behind: Memo::new(|_| false),
        };
        let book = Book::new(knobs.store, view);
        knobs.book.set_value(Some(book));
        let links = Links {
            address: Callback::new(LineKey::written),
            mark: Callback::new(|_| ()),
        };
        move || {
            knobs
                .visible
                .get()
                .then(|| view! { <LogView book links /> })
        }
    });
    (page, knobs)
}

#[wasm_bindgen_test]
async fn few_of_many_lines_are_drawn_and_the_last_ones_seen() {
    let (page, _) = log(200_000);
    until("the page shows it", || page.text().contains("line 1199999")).await;
    assert!(page.count(LINES) < 120, "{} lines", page.count(LINES));
}

/// A log of 2,000 lines whose end somebody has left.
async fn left_log() -> (Page, Knobs) {
    let (page, knobs) = log(2_000);
    until("the page shows it", || page.text().contains("line 1001999")).await;
    // It has gone to its end before somebody leaves it.
    frame().await;
    frame().await;
    page.find(".log").set_scroll_top(300);
    until("it follows no more", || {
        page.text().contains("Follow the newest lines")
    })
    .await;
    (page, knobs)
}

#[wasm_bindgen_test]
async fn what_is_seen_stays_when_older_lines_come() {
    let (page, knobs) = left_log().await;
    frame().await;
    let first = |page: &Page| {
        let top = page.find(".log").get_bounding_client_rect().top();
        let lines = page.all(LINES).into_iter();
        let mut seen = lines.filter(|line| line.get_bounding_client_rect().bottom() > top + 1.0);
        seen.next().unwrap().text_content().unwrap()
    };
    let before = first(&page);
    knobs.add(|store| {
        let mut older = Store::unbounded();
        older.extend(rows(900_000, 5_000));
        store.prepend(older);
    });
    until("there is room for the older lines", || {
        page.find(".log").scroll_top() > 90_000
    })
    .await;
    frame().await;
    assert_eq!(first(&page), before);
    knobs.add(|store| store.extend(rows(1_500_000, 10)));
    frame().await;
    frame().await;
    assert_eq!(first(&page), before);
    assert_eq!(back(&page), "10 new lines");
}

#[wasm_bindgen_test]
async fn new_lines_are_those_that_are_shown_and_came_since_the_end_was_left() {
    let (page, knobs) = left_log().await;
    knobs.add(|store| store.extend(rows(1_500_000, 1_400)));
    until("all are counted", || back(&page) == "1,400 new lines").await;
    let of = |is_error| Selection {
        is_error: Some(is_error),
        ..Selection::default()
    };
    knobs.selection.set(of(true));
    until("one stream is counted", || back(&page) == "200 new lines").await;
    knobs.selection.set(of(false));
    until("the other one is", || back(&page) == "1,200 new lines").await;
    // Who goes to a line has left the end before.
    let first = knobs.store.with_untracked(|store| store.numbers().0);
    knobs.book().go_to(first + 1);
    frame().await;
    assert_eq!(back(&page), "1,200 new lines");
}

#[wasm_bindgen_test]
async fn what_is_found_is_marked_and_gone_to() {
    let (page, knobs) = log(50_000);
    until("the page shows it", || page.text().contains("line 1049999")).await;
    knobs.find.set("LINE 1000123".to_owned());
    until("all is looked at", || {
        let shown = knobs.book().shown;
        shown.with_untracked(|shown| shown.find().is_some_and(bulk::lines::find::Find::is_done))
    })
    .await;
    knobs.book().go_on(false);
    until("the page shows it", || {
        page.maybe(".line.current mark").is_some()
    })
    .await;
    assert_eq!(page.find("mark").text_content().unwrap(), "line 1000123");
}

#[wasm_bindgen_test]
async fn a_log_may_go_while_its_lines_are_counted() {
    let faults = faults();
    let (page, knobs) = log(2_000);
    until("the page shows it", || page.text().contains("line 1001999")).await;
    for places in [1_100_000, 1_200_000] {
        // The height is another one: the end is gone to in the next frame.
        knobs.add(|store| store.extend(rows(places, 5_000)));
        leptos::task::tick().await;
        knobs.visible.set(false);
        leptos::task::tick().await;
        assert!(page.maybe(".log").is_none());
        frame().await;
        frame().await;
        knobs.visible.set(true);
        until("it is there again", || page.maybe(".log").is_some()).await;
    }
    assert_eq!(faults.get(), 0);
}

#[wasm_bindgen_test]
async fn a_line_that_the_address_names_is_gone_to_once_it_is_counted() {
    let (page, knobs) = log(10);
    until("the page shows it", || page.text().contains("line 1000009")).await;
    // Many blocks, of which the oldest is counted last.
    knobs.add(|store| store.extend(rows(2_000_000, 400_000)));
    let key = knobs.store.with_untracked(|store| {
        let first = store.get(store.numbers().0 + 3).unwrap();
        LineKey::of(&first)
    });
    knobs.marked.set(Some(key));
    until("it is seen", || page.maybe(".line.marked").is_some()).await;
    assert!(
        page.find(".line.marked")
            .text_content()
            .unwrap()
            .contains("line 1000003")
    );
}

#[wasm_bindgen_test]
async fn other_lines_in_the_same_places_are_drawn() {
    let (page, knobs) = log(10);
    until("the page shows it", || page.text().contains("line 1000009")).await;
    knobs.add(|store| {
        store.clear();
        store.extend(rows(2_000_000, 10));
    });
    until("the page shows the others", || {
        page.text().contains("line 2000009")
    })
    .await;
    assert!(!page.text().contains("line 1000009"));
}

#[wasm_bindgen_test]
async fn of_equal_lines_one_is_opened() {
    let (page, knobs) = log(10);
    let object = |_| Row {
        at: 2_000_000_000_000,
        instance: Cow::Borrowed("web.0"),
        is_error: false,
        message: Cow::Borrowed(r#"{"level":"info","took":7}"#),
    };
    knobs.add(|store| store.extend((0..3).map(object).collect()));
    until("the page shows them", || page.count(".opener button") == 3).await;
    let button = page.all(".opener button").remove(1);
    wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(button).click();
    until("one is open", || page.count(".fields") == 1).await;
    frame().await;
    let lines = page.all(LINES);
    let bottom = |place: usize| lines[place].get_bounding_client_rect().bottom();
    assert!(lines[11].query_selector(".fields").unwrap().is_some());
    let room = page.find(".log-all").get_bounding_client_rect();
    assert!(
        (bottom(12) - room.bottom()).abs() < 1.0,
        "no gap and no overlap"
    );
}

/// A line that was written so many days ago.
fn written(days: i64, message: &str) -> Row<'_> {
    let at = chrono::Utc::now() - chrono::TimeDelta::days(days);
    Row {
        at: at.timestamp_nanos_opt().unwrap(),
        instance: Cow::Borrowed("web.0"),
        is_error: false,
        message: Cow::Borrowed(message),
    }
}

/// The width of what stands in an element, were there room for all of it, and the room.
fn widths(element: &web_sys::Element) -> (i32, i32) {
    (element.scroll_width(), element.client_width())
}

#[wasm_bindgen_test]
async fn times_have_their_day_where_it_is_not_today_and_all_texts_stand_in_one_column() {
    let (page, knobs) = log(0);
    let begin = move |rows| {
        knobs.add(|store| {
            store.clear();
            store.extend(rows);
        });
    };
    begin(vec![written(0, "of today")]);
    until("the page shows it", || page.text().contains("of today")).await;
    assert!(page.maybe(".dated").is_none());
    assert_eq!(page.find(".at").text_content().unwrap().len(), 12);

    begin(vec![written(40, "of another"), written(0, "of today")]);
    until("the page shows both", || page.count(LINES) == 2).await;
    assert!(page.maybe(".dated").is_some());
    let times = page.all(".at");
    let words = |place: usize| times[place].text_content().unwrap();
    assert!(words(0).split(' ').count() == 3, "{}", words(0));
    assert_eq!(words(1).len(), 12);
    let lefts = page.all(".text").into_iter();
    let lefts: Vec<f64> = lefts
        .map(|text| text.get_bounding_client_rect().left())
        .collect();
    assert_eq!(lefts[0], lefts[1]);
    for time in &times {
        let (wanted, room) = widths(time);
        assert!(wanted <= room, "{wanted} of {room} pixels");
    }
}

#[wasm_bindgen_test]
async fn wrapped_lines_have_room_for_their_day_in_wide_and_in_narrow_frames() {
    let (page, knobs) = log(0);
    let long = "0123456789".repeat(30);
    let book = knobs.book();
    book.view.wrap.set(true);
    knobs.add(|store| {
        let rows = [written(40, &long), written(40, &long), written(0, "last")];
        store.extend(rows.into());
    });
    until("the page shows it", || page.count(LINES) == 3).await;
    for width in ["700px", "330px"] {
        let style = page.find(".log-frame").style();
        style.set_property("width", width).unwrap();
        let resized = web_sys::Event::new("resize").unwrap();
        page::window().dispatch_event(&resized).unwrap();
        let bottom = |selector| page.find(selector).get_bounding_client_rect().bottom();
        until("each line has just its rows", || {
            (bottom(".line:last-child") - bottom(".log-all")).abs() < 1.0
        })
        .await;
    }
}

#[wasm_bindgen_test]
async fn what_is_looked_for_is_marked_in_lines_that_stay() {
    let (page, knobs) = log(20);
    until("the page shows it", || page.text().contains("line 1000019")).await;
    let line = page.all(LINES).remove(19);
    knobs.find.set("0019".to_owned());
    until("it is marked", || page.count("mark") == 1).await;
    assert_eq!(page.find("mark").text_content().unwrap(), "0019");
    knobs.find.set("line".to_owned());
    until("all are marked", || page.count("mark") == 20).await;
    assert!(page.all(LINES).remove(19).is_same_node(Some(&line)));
    knobs.find.set(String::new());
    until("nothing is", || page.count("mark") == 0).await;
    assert!(page.text().contains("line 1000019"));
}
