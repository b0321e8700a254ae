//! The table of requests: what a row shows, and how it is opened.

use std::sync::Arc;

use leptos::prelude::*;

use super::Reading;
use super::book::Row;
use super::data::Requests;
use super::stats::{class, latency};
use super::summary::shape;
use crate::components::table::WindowedTable;
use crate::reactive::memo;
use crate::state::clock::{Day, log_time, use_today};
use crate::state::preference::use_preferences;
use crate::words::{size, visible};

/// The width of each column: time, status, method, path, host, duration, in, out, client, instance.
const WIDTHS: &[&str] = &[
    "10.5%", "6.5%", "7%", "24%", "12.5%", "8%", "6%", "7%", "10%", "8.5%",
];

/// Characters of a path that a row may show: more never fit.
const SHOWN: usize = 400;

/// The table.
#[component]
pub fn List(requests: Requests, reading: Reading, places: Memo<Vec<u32>>) -> impl IntoView {
    let at = move |place: usize| {
        let index = places.with(|places| places.get(place).copied())?;
        requests.at(index as usize)
    };
    let keys = memo(move || {
        requests.book.with(|book| {
            let key = |place: &u32| book.rows().get(*place as usize).map(|row| row.key);
            places.with(|places| places.iter().filter_map(key).collect::<Vec<_>>())
        })
    });
    let today = use_today();
    let row = move |place: Signal<usize>| {
        let row = memo(move || at(place.get()));
        cells(reading, today, place, row)
    };
    view! {
        <WindowedTable
            label="Requests"
            class="requests"
            widths=WIDTHS
            head=head
            keys
            row=Callback::new(row)
            cursor=reading.cursor
        />
    }
}

fn head() -> AnyView {
    view! {
        <th>"Time"</th>
        <th>"Status"</th>
        <th>"Method"</th>
        <th>"Path"</th>
        <th>"Host"</th>
        <th class="num">"Duration"</th>
        <th class="num">"In"</th>
        <th class="num">"Out"</th>
        <th>"Client"</th>
        <th>"Instance"</th>
    }
    .into_any()
}

/// The cells of whatever request a row shows, piece by piece: a piece that reads the same for the
/// next request is left alone.
fn cells(
    reading: Reading,
    today: Memo<Day>,
    place: Signal<usize>,
    row: Memo<Option<Arc<Row>>>,
) -> AnyView {
    let utc = use_preferences().utc;
    let time = move || {
        let (utc, today) = (utc.get(), today.get());
        row.with(|row| {
            let row = row.as_ref();
            row.map(|row| log_time(row.access.timestamp, utc, today))
        })
    };
    let status = move || {
        row.with(|row| {
            let status = row.as_ref().map(|row| row.access.status);
            status.map_or("state", |status| shape(class(status)).class())
        })
    };
    let is_open = move || {
        let is_it = row.with(|row| row.is_some() && reading.opened.with(|opened| opened == row));
        if is_it { "true" } else { "false" }
    };
    let open = move |_| reading.open(place.get_untracked(), row.get_untracked());
    view! {
        <td class="sm dim">{time}</td>
        <td>
            <span class=status>
                <i></i>
                <span>{text(row, |row| row.access.status.to_string())}</span>
            </span>
        </td>
        <td class="mono">{text(row, method)}</td>
        <td class="name mono">
            <button type="button" class="row-link" aria-expanded=is_open on:click=open>
                <span class="dim phone">{text(row, method)}</span>
                <bdi dir="ltr">{text(row, |row| shown(&row.access.path))}</bdi>
            </button>
        </td>
        <td class="dim">
            <bdi>{text(row, |row| shown(&row.access.host))}</bdi>
        </td>
        <td class="num">{text(row, |row| latency(row.access.duration_ms))}</td>
        <td class="num dim">{text(row, |row| bytes(row.access.bytes_in))}</td>
        <td class="num dim">{text(row, |row| bytes(row.access.bytes_out))}</td>
        <td class="dim">
            <bdi>{text(row, |row| shown(&row.access.client))}</bdi>
        </td>
        <td class="mono dim">{text(row, |row| shown(&row.access.instance))}</td>
    }
    .into_any()
}

/// One piece of the request as text. All of them are of one type, so that their machinery is
/// compiled once.
fn text(row: Memo<Option<Arc<Row>>>, read: fn(&Row) -> String) -> impl Fn() -> String + Copy {
    move || row.with(|row| row.as_deref().map(read).unwrap_or_default())
}

fn method(row: &Row) -> String {
    shown(&row.access.method)
}

/// A text of a visitor, as much of it as can fit.
fn shown(text: &str) -> String {
    let end = text
        .char_indices()
        .nth(SHOWN)
        .map_or(text.len(), |(end, _)| end);
    visible(text.get(..end).unwrap_or_default()).into_owned()
}

/// No bytes are seldom worth a look.
fn bytes(count: u64) -> String {
    match count {
        0 => "–".to_owned(),
        _ => size(count),
    }
}
