//! What is shown, added up: statuses by class, and how long the answers took.

use leptos::prelude::*;

use super::stats::{BUCKETS, CLASSES, SHARES, Stats, begins, latency, span};
use crate::components::status::{Shape, state_mark};
use crate::reactive::memo;
use crate::words::{grouped, plural};

/// The classes that are told even where nothing is of them.
const USUAL: [usize; 4] = [2, 3, 4, 5];

/// How a class of status looks.
pub fn shape(class: usize) -> Shape {
    match class {
        2 => Shape::Ok,
        1 | 3 => Shape::Off,
        4 => Shape::Warn,
        5 => Shape::Bad,
        _ => Shape::None,
    }
}

fn name(class: usize) -> String {
    match class {
        0 => "Other".to_owned(),
        class => format!("{class}xx"),
    }
}

/// The totals and the histogram. Before the first answer they stand there empty.
#[component]
pub fn Summary(#[prop(into)] stats: Signal<Stats>) -> impl IntoView {
    let classes = (1..=CLASSES)
        .map(|class| total(stats, class % CLASSES))
        .collect_view();
    let sentence = move || stats.with(Stats::sentence);
    let bars = (0..BUCKETS).map(|bucket| bar(stats, bucket)).collect_view();
    let percentiles = SHARES
        .into_iter()
        .enumerate()
        .map(|(place, share)| percentile(stats, place, share))
        .collect_view();
    view! {
        <section class="panel summary" aria-label="Totals of what is shown">
            <dl class="totals">{classes}</dl>
            <div class="grow">
                <p class="unseen">{sentence}</p>
                <ol class="histogram" aria-label="How long the answers took">
                    {bars}
                </ol>
            </div>
            <dl class="totals">{percentiles}</dl>
        </section>
    }
}

fn total(stats: Signal<Stats>, class: usize) -> AnyView {
    let count =
        memo(move || stats.with(|stats| stats.classes.get(class).copied().unwrap_or_default()));
    let share = move || stats.with(|stats| (stats.count > 0).then(|| stats.share(class)));
    let is_hidden = move || !USUAL.contains(&class) && count.get() == 0;
    view! {
        <div hidden=is_hidden>
            <dt>{state_mark((shape(class), name(class)))}</dt>
            <dd>
                <b>{move || grouped(count.get())}</b>
                <span class="faint sm">{share}</span>
            </dd>
        </div>
    }
    .into_any()
}

fn bar(stats: Signal<Stats>, bucket: usize) -> AnyView {
    let count =
        memo(move || stats.with(|stats| stats.buckets.get(bucket).copied().unwrap_or_default()));
    let height = move || {
        let fullest = stats.with(Stats::fullest).max(1);
        format!("{:.1}%", count.get() as f64 * 100.0 / fullest as f64)
    };
    let words = move || format!("{}: {}", span(bucket), plural(count.get(), "request"));
    view! {
        <li title=words>
            <i class:some=move || { count.get() > 0 } style:height=height></i>
            <span class="unseen">{words}</span>
            {(bucket % 3 == 1)
                .then(|| {
                    view! {
                        <span class="from" aria-hidden="true">
                            {begins(bucket)}
                        </span>
                    }
                })}
        </li>
    }
    .into_any()
}

fn percentile(stats: Signal<Stats>, place: usize, share: usize) -> AnyView {
    let words = move || {
        let found = stats.with(|stats| stats.percentiles.and_then(|all| all.get(place).copied()));
        found.map_or_else(|| "–".to_owned(), latency)
    };
    view! {
        <div>
            <dt class="dim">{format!("p{share}")}</dt>
            <dd>
                <b>{words}</b>
            </dd>
        </div>
    }
    .into_any()
}
