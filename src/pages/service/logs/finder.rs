//! What is looked for in the loaded lines: every place is marked, and keys lead from one to the next.

use leptos::html;
use leptos::prelude::*;

use super::bar::Controls;
use crate::components::button::{Button, Kind};
use crate::components::field::{SearchBox, Toggle};
use crate::components::icon::Icon;
use crate::logbook::book::Book;
use crate::reactive::memo;
use crate::words::{grouped, plural};

/// The box, how many lines hold it, and the way to the next and to the previous one.
#[component]
pub fn Finder(controls: Controls, book: Book) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let is_empty = memo(move || controls.wanted.with(String::is_empty));
    let count = memo(move || {
        book.shown
            .with(|shown| shown.find().map(bulk::lines::find::Find::count))
    });
    let words = move || {
        if is_empty.get() {
            return String::new();
        }
        let current = book.current.get();
        book.shown.with(|shown| {
            let Some(find) = shown.find() else {
                return String::new();
            };
            let rank = current.and_then(|id| {
                book.store
                    .with_untracked(|store| find.rank(store, shown.rows(), store.line_of(id)?))
            });
            words(find.count(), rank, find.is_done())
        })
    };
    let against = move || match count.get() {
        Some(0) => Some("No loaded line holds that.".to_owned()),
        Some(_) => None,
        None => Some("Type what to look for first.".to_owned()),
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            book.go_on(!event.shift_key());
        }
    };
    view! {
        <div class="find grow" on:keydown=on_key>
            <SearchBox
                label="Look for this text in the loaded lines"
                placeholder="Look for in the loaded lines"
                node
                value=controls.wanted
                on_input=move |text| {
                    book.forget_current();
                    controls.look_for(text);
                }
            />
            <span class="dim sm found" role="status">
                {words}
            </span>
        </div>
        <Toggle
            label="Capitals count"
            on=Signal::derive(move || controls.case.get.with(|case| !case.is_empty()))
            on_change=move |is: bool| controls.case.set(if is { "1" } else { "" })
        />
        <Button
            label="Previous"
            kind=Kind::Plain
            glyph=Icon::Up
            against=Signal::derive(against)
            on_click=move |()| book.go_on(false)
        />
        <Button
            label="Next"
            kind=Kind::Plain
            glyph=Icon::Down
            against=Signal::derive(against)
            on_click=move |()| book.go_on(true)
        />
    }
}

/// How many lines hold it, and the how-manieth of them was gone to.
fn words(count: u32, rank: Option<u32>, is_done: bool) -> String {
    let lines = plural(count as usize, "line");
    match (count, rank, is_done) {
        (_, _, false) => format!("{lines} so far"),
        (0, ..) => "no line".to_owned(),
        (_, Some(rank), true) => format!("{} of {lines}", grouped(rank as usize)),
        (_, None, true) => lines,
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_count_says_what_it_counts() {
        assert_eq!(words(0, None, true), "no line");
        assert_eq!(words(0, None, false), "0 lines so far");
        assert_eq!(words(1, None, true), "1 line");
        assert_eq!(words(1_204, Some(3), true), "3 of 1,204 lines");
    }
}
