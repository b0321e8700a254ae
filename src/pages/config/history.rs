//! What changed at a level: when, by whom, from what to what.

use std::sync::Arc;

use leptos::prelude::*;
use wire::config::{ChangeKind, ConfigEvent};
use wire::open::Open;

use super::data::{Data, use_history};
use crate::components::feedback::Empty;
use crate::components::page::Panel;
use crate::forms::config::draft::shown;
use crate::pages::parts::{freshness, loaded, maybe_instant};
use crate::reactive::memo;

/// The last changes whose name fits the filter.
#[component]
pub fn History(data: Data, filter: Signal<String>) -> impl IntoView {
    let history = use_history(data.level.get_value());
    let table = move |events: Signal<Arc<Vec<ConfigEvent>>>| {
        let fitting = memo(move || {
            let filter = filter.get().to_lowercase();
            let events = events.get();
            let fits = |event: &&ConfigEvent| event.change.name.to_lowercase().contains(&filter);
            events.iter().filter(fits).cloned().collect::<Vec<_>>()
        });
        let content = move || history_table(&fitting.get());
        content.into_any()
    };
    view! {
        <Panel title="History" aside=move || freshness(history.held()) flush=true>
            {loaded(history, 6, table)}
        </Panel>
    }
}

fn history_table(events: &[ConfigEvent]) -> AnyView {
    if events.is_empty() {
        return view! {
            <Empty
                title="No change to show"
                words="Every change of a variable is listed here, with who made it."
            />
        }
        .into_any();
    }
    let rows = events.iter().map(row).collect_view();
    view! {
        <div class="scrollx" role="group" aria-label="History" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th>"When"</th>
                        <th>"Who"</th>
                        <th>"Variable"</th>
                        <th>"What"</th>
                        <th>"Before"</th>
                        <th>"After"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(event: &ConfigEvent) -> impl IntoView + use<> {
    let change = &event.change;
    let side = |value: &Option<String>| value.as_deref().map(shown);
    view! {
        <tr>
            <td class="dim">{maybe_instant(event.at)}</td>
            <td>{event.by.clone()}</td>
            <td class="mono name">{change.name.clone()}</td>
            <td>
                <span class="chips">{kind_mark(&change.kind)}</span>
            </td>
            <td class="mono dim">{side(&change.before)}</td>
            <td class="mono">{side(&change.after)}</td>
        </tr>
    }
}

/// What became of a variable: a sign and a word.
pub fn kind_mark(kind: &Open<ChangeKind>) -> impl IntoView + use<> {
    let sign = match kind {
        Open::Known(ChangeKind::Added) => "+ ",
        Open::Known(ChangeKind::Removed) => "− ",
        _ => "± ",
    };
    let words = format!("{sign}{}", kind.word());
    view! { <span class="chip outline">{words}</span> }
}
