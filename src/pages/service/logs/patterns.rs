//! The patterns of the loaded lines: how many are of each, when they came, and which are new since
//! the newest release was deployed.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use wire::instant::instant;

use super::bar::Controls;
use crate::components::time::Instant;
use crate::logbook::book::Book;
use crate::logbook::line::harmless;
use crate::logbook::patterns::template::{STAR, Template};
use crate::logbook::patterns::{Pattern, Patterns};
use crate::logbook::selection::Selection;
use crate::logbook::slices::Slices;
use crate::pages::service::Here;
use crate::reactive::{When, dynamic, effect, memo};
use crate::state::clock::{use_ago, use_exact};
use crate::words::{grouped, plural};

/// The most patterns that are listed.
const MOST: usize = 200;

/// The width and height of a line over time, in its own units.
const CHART: (f64, f64) = (96.0, 20.0);

/// The newest release, and when it began to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Newest {
    release: u32,
    since: DateTime<Utc>,
}

/// What is shown of the patterns.
#[derive(Clone, Debug, Default, PartialEq)]
struct List {
    patterns: Vec<Pattern>,
    is_done: bool,
    /// When the oldest loaded line was written.
    oldest: Option<i64>,
}

/// The patterns of the loaded lines.
#[component]
pub fn PatternsView(here: Here, controls: Controls, book: Book) -> impl IntoView {
    let patterns = StoredValue::new_local(Patterns::default());
    let list = RwSignal::new(List::default());
    let slices = Slices::new(move |has_time| {
        let read = book.store.try_with_untracked(|store| {
            patterns.try_update_value(|patterns| {
                let is_done = patterns.work(store, has_time);
                list.try_set(List {
                    patterns: patterns.list(store),
                    is_done,
                    oldest: store.get(store.numbers().0).map(|line| line.at),
                });
                is_done
            })
        });
        read.flatten().unwrap_or(true)
    });
    effect(move || {
        book.view.change.track();
        let selection = Selection {
            pattern: None,
            ..book.view.selection.get()
        };
        patterns.update_value(|patterns| patterns.read_only(selection));
        slices.start();
    });
    let newest = memo(move || {
        let deployment = here.deployment.get()?;
        Some(Newest {
            release: deployment.release,
            since: deployment.started.or(deployment.created)?,
        })
    });
    let words = move || {
        let (count, is_done) = list.with(|list| (list.patterns.len(), list.is_done));
        let state = if is_done { "" } else { ", reading" };
        format!("{}{state}", plural(count, "pattern"))
    };
    let rows = move || {
        let newest = newest.get();
        list.with(|list| {
            let mut rows: Vec<(bool, Pattern)> = list
                .patterns
                .iter()
                .map(|pattern| (is_new(pattern, newest, list.oldest), pattern.clone()))
                .collect();
            rows.sort_by_key(|(is_new, _)| !is_new);
            rows.truncate(MOST);
            rows
        })
    };
    let rows = memo(rows);
    let rest = memo(move || list.with(|list| list.patterns.len().saturating_sub(MOST)));
    let body = move || {
        let release = newest.get().map(|newest| newest.release);
        let rows = rows.get().into_iter();
        rows.map(|(is_new, pattern)| row(controls, pattern, release.filter(|_| is_new)))
            .collect_view()
            .into_any()
    };
    view! {
        <Since newest list />
        <div class="table-frame">
            <table class="table patterns" aria-label="Patterns">
                <thead>
                    <tr>
                        <th class="num">"Lines"</th>
                        <th>"Over time"</th>
                        <th>"Pattern"</th>
                        <th>"First"</th>
                    </tr>
                </thead>
                <tbody>{dynamic(body)}</tbody>
            </table>
        </div>
        <p class="dim sm below" role="status">
            {words}
            {move || {
                (rest.get() > 0).then(|| format!("; the {} rarest are not listed", rest.get()))
            }}
        </p>
    }
}

/// Whether a pattern's first line came after the newest release began to run, and lines from before
/// are loaded, too.
fn is_new(pattern: &Pattern, newest: Option<Newest>, oldest: Option<i64>) -> bool {
    let since = newest.and_then(|newest| newest.since.timestamp_nanos_opt());
    let (Some(since), Some(oldest)) = (since, oldest) else {
        return false;
    };
    pattern.template.is_some() && oldest < since && pattern.first >= since
}

/// What is new since which release, or why that can't be told.
#[component]
fn Since(newest: Memo<Option<Newest>>, list: RwSignal<List>) -> impl IntoView {
    let words = memo(move || {
        let newest = newest.get()?;
        list.with(|list| since_words(newest, list))
    });
    view! {
        <When is=move || words.with(Option::is_some)>
            <p class="below" role="status">
                {move || words.get().unwrap_or_default()}
            </p>
        </When>
    }
}

fn since_words(newest: Newest, list: &List) -> Option<String> {
    let release = newest.release;
    let since = newest.since.timestamp_nanos_opt()?;
    if !list.is_done {
        return None;
    }
    if list.oldest? >= since {
        return Some(format!(
            "The loaded lines begin after v{release} was deployed: load older ones to see which patterns are new since."
        ));
    }
    let new = list.patterns.iter();
    let new = new.filter(|pattern| is_new(pattern, Some(newest), list.oldest));
    Some(match new.count() {
        0 => format!("No pattern is new since v{release}."),
        1 => format!("1 pattern is new since v{release}. It stands first."),
        count => format!(
            "{} are new since v{release}. They stand first.",
            plural(count, "pattern")
        ),
    })
}

fn row(controls: Controls, pattern: Pattern, new_since: Option<u32>) -> AnyView {
    let first = instant(pattern.first);
    let name = match pattern.template {
        Some(template) => link(controls, &template).into_any(),
        None => view! { <span class="dim">"Lines of rarer patterns"</span> }.into_any(),
    };
    let badge = new_since.map(|release| {
        view! { <span class="chip">{format!("new since v{release}")}</span> }
    });
    view! {
        <tr>
            <td class="num">{grouped(pattern.count as usize)}</td>
            <td>{chart(&pattern.over_time)}</td>
            <td class="pattern">{badge} {name}</td>
            <td class="dim">
                <Instant at=first.to_rfc3339() words=use_ago(first) exact=use_exact(first) />
            </td>
        </tr>
    }
    .into_any()
}

/// A pattern's words; a click shows its lines.
fn link(controls: Controls, template: &Template) -> impl IntoView {
    let text = template.to_string();
    let words = template.words().iter().enumerate().map(|(place, word)| {
        let gap = if place > 0 { " " } else { "" };
        let parts: Vec<_> = word
            .split(STAR)
            .map(|part| harmless(part).into_owned())
            .collect();
        let last = parts.len() - 1;
        let parts = parts.into_iter().enumerate().map(move |(place, part)| {
            view! {
                {part}
                {(place < last).then(|| view! { <i>"*"</i> })}
            }
        });
        view! {
            {gap}
            {parts.collect_view()}
        }
    });
    view! {
        <button
            type="button"
            class="link mono"
            title="Show its lines"
            on:click=move |_| {
                controls.pattern_lines(text.clone());
            }
        >
            {words.collect_view()}
        </button>
    }
}

impl Controls {
    /// Shows the lines of a pattern.
    fn pattern_lines(self, text: String) {
        self.step
            .run(vec![("view", String::new()), ("pattern", text)]);
    }
}

/// Bars for each slot of time: never lower than can be seen where a line came.
fn chart(counts: &[u32]) -> impl IntoView + use<> {
    let (width, height) = CHART;
    let most = counts.iter().copied().max().unwrap_or(0);
    let words = format!("at most {} at once, of {} moments", most, counts.len());
    view! {
        <svg class="spark" viewBox=format!("0 0 {width} {height}") role="img" aria-label=words>
            <path d=bars(counts, most) />
        </svg>
    }
}

fn bars(counts: &[u32], most: u32) -> String {
    let (width, height) = CHART;
    let step = width / counts.len().max(1) as f64;
    let bar = (step * 0.75).clamp(1.0, 6.0);
    let mut path = String::new();
    for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let share = f64::from(*count) / f64::from(most.max(1));
        let tall = (share * height).max(2.0);
        let (left, top) = (place as f64 * step, height - tall);
        path.push_str(&format!("M{left:.1} {top:.1}h{bar:.1}V{height}h-{bar:.1}z"));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(first: i64) -> Pattern {
        Pattern {
            template: Template::read("a *"),
            count: 1,
            first,
            over_time: vec![1],
        }
    }

    fn list(oldest: i64, firsts: &[i64]) -> List {
        List {
            patterns: firsts.iter().copied().map(pattern).collect(),
            is_done: true,
            oldest: Some(oldest),
        }
    }

    #[test]
    fn new_is_what_came_first_after_the_release() {
        let newest = Newest {
            release: 88,
            since: instant(100),
        };
        let words = |list: &List| since_words(newest, list).unwrap_or_default();
        assert_eq!(words(&list(1, &[1, 99])), "No pattern is new since v88.");
        assert_eq!(
            words(&list(1, &[1, 100, 300])),
            "2 patterns are new since v88. They stand first."
        );
        assert!(words(&list(100, &[100])).starts_with("The loaded lines begin after v88"));
        assert!(!is_new(&pattern(300), None, Some(1)));
    }

    #[test]
    fn every_slot_with_a_line_is_seen() {
        let path = bars(&[0, 1, 1_000], 1_000);
        assert_eq!(path.matches('M').count(), 2);
        assert!(path.starts_with("M32.0 18.0"));
        assert_eq!(bars(&[], 0), "");
    }
}
