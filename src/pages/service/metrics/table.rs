//! The numbers of the charts as a table, the newest first: to be read, compared and copied.

use std::sync::Arc;

use leptos::prelude::*;
use wire::metrics::Metric;
use wire::open::Words;

use super::data::{Measured, unit};
use super::panel::name;
use super::{Shown, lines};
use crate::chart::export::{moments, value_at};
use crate::components::feedback::{Empty, Skeleton};
use crate::components::table::WindowedTable;
use crate::reactive::{dynamic, memo};

const WIDTHS: [&str; 6] = ["25%", "15%", "15%", "15%", "15%", "15%"];

/// The table.
#[component]
pub fn MetricTable(shown: Shown) -> impl IntoView {
    let moments = memo(move || {
        let (start, end) = shown.board.span.get();
        let measured = shown.measured.get()?;
        let mut moments = moments_of(&measured);
        moments.retain(|time| (start..=end).contains(time));
        moments.reverse();
        Some(Arc::new(moments))
    });
    let keys = memo(move || {
        let moments = moments.get().unwrap_or_default();
        moments.iter().map(|time| *time as u64).collect::<Vec<_>>()
    });
    let row = move |place: Signal<usize>| {
        let time = memo(move || moments.get()?.get(place.get()).copied());
        let cells = Metric::ALL
            .iter()
            .map(|metric| cell(shown, *metric, time))
            .collect_view();
        view! {
            <td class="mono">{move || time.get().map(|time| shown.board.moment(time))}</td>
            {cells}
        }
        .into_any()
    };
    let head = || {
        let names = Metric::ALL
            .iter()
            .map(|metric| view! { <th class="num">{name(*metric)}</th> })
            .collect_view();
        view! {
            <th>"Time"</th>
            {names}
        }
    };
    let state = memo(move || moments.get().map(|moments| moments.is_empty()));
    let content = move || match state.get() {
        None => view! { <Skeleton rows=12 /> }.into_any(),
        Some(true) => view! {
            <Empty
                title="Nothing was measured in this window"
                words="Choose a longer window, or another one."
            />
        }
        .into_any(),
        Some(false) => view! {
            <div class="figures-frame" role="group" aria-label="Metrics" tabindex="0">
                <WindowedTable
                    label="Metrics"
                    class="figures"
                    head
                    widths=WIDTHS
                    keys
                    row=Callback::new(row)
                />
            </div>
        }
        .into_any(),
    };
    view! {
        <section class="panel" aria-label="Metrics">
            {dynamic(content)}
        </section>
    }
}

fn moments_of(measured: &Measured) -> Vec<f64> {
    let lines = lines(measured);
    moments(lines.iter().map(|(_, line)| &**line))
}

fn cell(shown: Shown, metric: Metric, time: Memo<Option<f64>>) -> impl IntoView {
    let value = memo(move || {
        let line = shown
            .measured
            .with(|measured| measured.as_ref()?.line(metric))?;
        value_at(&line, time.get()?)
    });
    // To the last digit, for who compares.
    let exact = move || value.get().map(|value| value.to_string());
    let words = move || {
        value
            .get()
            .map_or_else(|| "–".to_owned(), |value| unit(metric).short(value))
    };
    view! {
        <td class="num" title=exact>
            {words}
        </td>
    }
}
