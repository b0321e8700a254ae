//! The patterns of the loaded lines: how many are of each, when they came, and which are new since
//! the release that runs was deployed.

use bulk::lines::line::harmless;
use bulk::lines::patterns::template::{STAR, Template};
use bulk::lines::patterns::{Pattern, Patterns, extent};
use bulk::lines::selection::Selection;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use wire::instant::instant;
use wire::release::Deployment;

use super::bar::Controls;
use crate::components::time::Instant;
use crate::logbook::book::Book;
use crate::logbook::slices::Slices;
use crate::pages::service::Here;
use crate::pages::service::follow::{use_deployments, watch_newest};
use crate::reactive::{When, dynamic, effect, memo};
use crate::state::clock::{span, use_ago, use_exact};
use crate::words::{grouped, plural};

/// The most patterns that are listed.
const MOST: usize = 200;

/// The width and height of a line over time, in its own units.
const CHART: (f64, f64) = (96.0, 20.0);

/// The release that runs, and when it began to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    release: u32,
    since: DateTime<Utc>,
}

/// What is shown of the patterns.
#[derive(Clone, Debug, Default, PartialEq)]
struct List {
    patterns: Vec<Pattern>,
    is_done: bool,
    /// When the oldest and the newest loaded line were written.
    extent: Option<(i64, i64)>,
}

/// What loaded lines tell of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// Nothing: none of them is as new.
    NoneSince,
    /// They begin after it, or so many nanoseconds before: less than they go on after it.
    TooShort(i64),
    /// At least as long before it as after it.
    Enough,
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
                    extent: extent(store),
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
    let deployments = use_deployments(move || Some(here.params.get()));
    watch_newest(here.deployment, move || deployments.refresh());
    let running = memo(move || running(&deployments.get()?));
    let words = move || {
        let (count, is_done) = list.with(|list| (list.patterns.len(), list.is_done));
        let state = if is_done { "" } else { ", reading" };
        format!("{}{state}", plural(count, "pattern"))
    };
    let rows = move || {
        let running = running.get();
        list.with(|list| {
            let mut rows: Vec<(bool, Pattern)> = list
                .patterns
                .iter()
                .map(|pattern| (is_new(pattern, running, list), pattern.clone()))
                .collect();
            rows.sort_by_key(|(is_new, _)| !is_new);
            rows.truncate(MOST);
            rows
        })
    };
    let rows = memo(rows);
    let rest = memo(move || list.with(|list| list.patterns.len().saturating_sub(MOST)));
    let body = move || {
        let release = running.get().map(|running| running.release);
        let rows = rows.get().into_iter();
        rows.map(|(is_new, pattern)| row(controls, pattern, release.filter(|_| is_new)))
            .collect_view()
            .into_any()
    };
    view! {
        <Since running list />
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

/// The release of the newest deployment that was completed. It runs since the first of those that
/// deployed it without another in between.
fn running(newest_first: &[Deployment]) -> Option<Running> {
    let mut complete = newest_first.iter().filter(|one| one.complete).peekable();
    let mut first = complete.next()?;
    while let Some(before) = complete.next_if(|before| before.release == first.release) {
        first = before;
    }
    Some(Running {
        release: first.release,
        since: first.started.or(first.created)?,
    })
}

fn told(running: Running, list: &List) -> Option<Told> {
    let since = running.since.timestamp_nanos_opt()?;
    let (oldest, newest) = list.extent?;
    let (before, after) = (since.saturating_sub(oldest), newest.saturating_sub(since));
    Some(match after < 0 {
        true => Told::NoneSince,
        false if before < after || before <= 0 => Told::TooShort(before),
        false => Told::Enough,
    })
}

/// Whether a pattern's first line came after the release began to run, and enough lines from before
/// are loaded to say so.
fn is_new(pattern: &Pattern, running: Option<Running>, list: &List) -> bool {
    let told = running.and_then(|running| told(running, list));
    let since = running.and_then(|running| running.since.timestamp_nanos_opt());
    told == Some(Told::Enough)
        && pattern.template.is_some()
        && since.is_some_and(|since| pattern.first >= since)
}

/// What is new since which release, or why that can't be told.
#[component]
fn Since(running: Memo<Option<Running>>, list: RwSignal<List>) -> impl IntoView {
    let words = memo(move || {
        let running = running.get()?;
        list.with(|list| since_words(running, list))
    });
    view! {
        <When is=move || words.with(Option::is_some)>
            <p class="below" role="status">
                {move || words.get().unwrap_or_default()}
            </p>
        </When>
    }
}

fn since_words(running: Running, list: &List) -> Option<String> {
    const SECOND: i64 = 1_000_000_000;
    let release = running.release;
    let told = told(running, list).filter(|_| list.is_done)?;
    let more = "load older ones to see which patterns are new since.";
    Some(match told {
        Told::NoneSince => format!("No loaded line was written since v{release} was deployed."),
        Told::TooShort(..=0) => {
            format!("The loaded lines begin after v{release} was deployed: {more}")
        }
        Told::TooShort(before) => {
            let before = span(before / SECOND);
            format!(
                "The loaded lines begin only {before} before v{release} was deployed, and go on for longer after it: {more}"
            )
        }
        Told::Enough => {
            let new = list.patterns.iter();
            let new = new.filter(|pattern| is_new(pattern, Some(running), list));
            match new.count() {
                0 => format!("No pattern is new since v{release}."),
                1 => format!("1 pattern is new since v{release}. It stands first."),
                count => format!(
                    "{} are new since v{release}. They stand first.",
                    plural(count, "pattern")
                ),
            }
        }
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

    fn list(oldest: i64, newest: i64, firsts: &[i64]) -> List {
        List {
            patterns: firsts.iter().copied().map(pattern).collect(),
            is_done: true,
            extent: Some((oldest, newest)),
        }
    }

    #[test]
    fn new_is_what_came_first_after_the_release() {
        let v88 = Running {
            release: 88,
            since: instant(1_000),
        };
        let words = |list: &List| since_words(v88, list).unwrap_or_default();
        assert_eq!(
            words(&list(1, 1_500, &[1, 999])),
            "No pattern is new since v88."
        );
        let two = list(1, 1_500, &[1, 1_000, 1_300]);
        assert_eq!(
            words(&two),
            "2 patterns are new since v88. They stand first."
        );
        assert!(!is_new(&pattern(1_300), None, &two));
        assert_eq!(
            words(&list(1, 900, &[1])),
            "No loaded line was written since v88 was deployed."
        );
    }

    #[test]
    fn little_from_before_the_release_tells_nothing() {
        let v88 = Running {
            release: 88,
            since: instant(90_000_000_000),
        };
        let words = |list: &List| since_words(v88, list).unwrap_or_default();
        let after = list(90_000_000_000, 95_000_000_000, &[90_000_000_000]);
        assert!(words(&after).starts_with("The loaded lines begin after v88"));
        let little = list(85_000_000_000, 100_000_000_000, &[95_000_000_000]);
        assert!(words(&little).starts_with("The loaded lines begin only 5 s before v88"));
        assert!(!is_new(&little.patterns[0], Some(v88), &little));
        let unread = List {
            is_done: false,
            ..little
        };
        assert_eq!(words(&unread), "");
    }

    #[test]
    fn what_runs_is_what_was_deployed_to_the_end() {
        let deployed = |release, complete, second| Deployment {
            release,
            complete,
            started: DateTime::from_timestamp(second, 0),
            ..Deployment::default()
        };
        let newest_first = [
            deployed(9, false, 60),
            deployed(8, true, 50),
            deployed(9, false, 40),
            deployed(8, true, 30),
            deployed(7, true, 20),
        ];
        let found = running(&newest_first);
        assert_eq!(found.map(|found| found.release), Some(8));
        assert_eq!(
            found.map(|found| found.since),
            DateTime::from_timestamp(30, 0)
        );
        assert_eq!(running(&newest_first[..1]), None);
    }

    #[test]
    fn every_slot_with_a_line_is_seen() {
        let path = bars(&[0, 1, 1_000], 1_000);
        assert_eq!(path.matches('M').count(), 2);
        assert!(path.starts_with("M32.0 18.0"));
        assert_eq!(bars(&[], 0), "");
    }
}
