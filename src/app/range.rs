//! The span of time in the top bar, on pages that show one.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::api::platform_now;
use crate::components::button::{Button, Kind, Segments};
use crate::components::field::{Look, TextField};
use crate::components::icon::Icon;
use crate::components::menu::{Menu, MenuItem};
use crate::reactive::{When, effect, memo};
use crate::routes::{Address, use_address};
use crate::state::range::{Range, SPANS, Window, instant, use_range, use_words};

/// The time range, where the page has one.
#[component]
pub fn TimeRange() -> impl IntoView {
    let address = use_address();
    let is_used = memo(
        move || matches!(address.get(), Some(Address::Service(_, tab)) if tab.has_time_range()),
    );
    view! {
        <When is=move || is_used.get()>
            <Picker />
        </When>
    }
}

#[component]
fn Picker() -> impl IntoView {
    let range = use_range();
    let span = move || range.window.with(Window::span);
    let spans = SPANS
        .iter()
        .map(|(word, ..)| ((*word).to_owned(), (*word).to_owned()))
        .collect();
    let items = SPANS
        .iter()
        .map(|(word, _, words)| {
            view! { <MenuItem label=*words on_click=move |()| range.show_last(word) /> }
        })
        .collect_view();
    let between = use_words(range.window);
    let words = move || Some(span().map_or_else(|| between.get(), str::to_owned));
    view! {
        <div class="range" class:custom=move || span().is_none()>
            <div class="wide">
                <Segments
                    label="Time range"
                    choices=spans
                    value=Signal::derive(move || span().unwrap_or_default().to_owned())
                    on_choose=move |word: String| range.show_last(&word)
                />
            </div>
            <Menu label="Choose a time range" glyph=Icon::Clock words=Signal::derive(words)>
                <div class="narrow items">{items}</div>
                <Between range />
            </Menu>
        </div>
    }
}

/// Two instants in UTC.
#[component]
fn Between(range: Range) -> impl IntoView {
    let (start, end) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // What is shown is where a change begins.
    effect(move || {
        let window = range.window.get();
        start.set(window.start(platform_now()).map(field).unwrap_or_default());
        end.set(window.end().map(field).unwrap_or_default());
    });
    let read = |text: RwSignal<String>| text.with(|text| instant(text));
    let is_reversed = move || matches!((read(start), read(end)), (Some(a), Some(b)) if a >= b);
    let faults = move |text: RwSignal<String>, is_end: bool| {
        Signal::derive(move || {
            let is_empty = text.with(|text| text.trim().is_empty());
            let fault = match (is_empty || read(text).is_some(), is_end && is_reversed()) {
                (false, _) => Some("An instant looks like 2026-04-22T15:30."),
                (true, true) => Some("The end must be after the start."),
                (true, false) => None,
            };
            fault.map(str::to_owned).into_iter().collect::<Vec<_>>()
        })
    };
    let (start_faults, end_faults) = (faults(start, false), faults(end, true));
    let against = memo(move || {
        let is_empty = start.with(String::is_empty) && end.with(String::is_empty);
        let faults = || start_faults.get().into_iter().chain(end_faults.get());
        match is_empty {
            true => Some("Name a start, an end or both.".to_owned()),
            false => faults().last(),
        }
    });
    let show = move |()| {
        let at = |text: RwSignal<String>| text.with_untracked(|text| instant(text));
        range.show_between(at(start), at(end));
    };
    view! {
        <div class="between">
            <TextField
                label="From, UTC"
                look=Look::Code
                placeholder="2026-04-22T15:30"
                value=start
                faults=start_faults
                on_input=move |text| start.set(text)
            />
            <TextField
                label="To, UTC"
                look=Look::Code
                placeholder="now"
                value=end
                faults=end_faults
                on_input=move |text| end.set(text)
            />
            <Button label="Show" kind=Kind::Primary against on_click=show />
        </div>
    }
}

/// An instant as a field holds it.
fn field(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}
