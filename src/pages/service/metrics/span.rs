//! The span of time that is looked at: what happened in it, and where else it can be looked at.

use leptos::prelude::*;

use super::Shown;
use crate::chart::board::{Mark, MarkKind, Span, instant};
use crate::components::button::{Button, ButtonLink, Kind};
use crate::components::icon::Icon;
use crate::reactive::{When, dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::range::parameters_between;

/// So many events are listed.
const MOST: usize = 4;

/// What is selected, or else all that is shown.
#[component]
pub fn SpanPanel(shown: Shown) -> impl IntoView {
    let Shown { board, .. } = shown;
    let is_selected = memo(move || board.selection.get().is_some());
    let title = move || match board.selection.get() {
        Some(span) => format!("Selected: {}", board.words(span)),
        None => "In this window".to_owned(),
    };
    let link = move |tab: Tab| {
        Signal::derive(move || {
            let address = Address::Service(shown.here.params.get(), tab);
            match board.selection.get() {
                Some((start, end)) => {
                    address.path_with(&parameters_between(second(start), second(end.ceil())))
                }
                None => address.path_with(&shown.range.parameters()),
            }
        })
    };
    let zoom = move |()| {
        if let Some(span) = board.selection.get_untracked() {
            board.zoom.run(span);
        }
    };
    let clear = move |()| board.selection.set(None);
    view! {
        <section class="panel span-panel" aria-label="Span">
            <header>
                <h2>{title}</h2>
            </header>
            <div class="body">
                {happened(shown)} <div class="actions">
                    <When is=move || is_selected.get()>
                        <Button label="Zoom" kind=Kind::Primary on_click=zoom />
                    </When>
                    <ButtonLink label="Logs of this span" href=link(Tab::Logs) />
                    <ButtonLink label="Requests of this span" href=link(Tab::Requests) />
                    <When is=move || is_selected.get()>
                        <Button label="Clear" kind=Kind::Quiet glyph=Icon::Cross on_click=clear />
                    </When>
                </div>
                <p class="faint sm">
                    "Drag over a chart to zoom in, double click to go back. With Shift, a drag \
                     selects. The arrow keys do the same on a chart that has the focus."
                </p>
            </div>
        </section>
    }
}

/// To the second, as addresses have it.
fn second(time: f64) -> chrono::DateTime<chrono::Utc> {
    instant(time.floor())
}

/// The newest releases and restarts of the span: what the marks say, in words.
fn happened(shown: Shown) -> AnyView {
    let Shown { board, .. } = shown;
    let within = memo(move || {
        let span = board.selection.get().unwrap_or(board.span.get());
        newest(&board.marks.get(), span)
    });
    let doubt = memo(move || doubt(shown));
    dynamic(move || {
        let (marks, others) = within.get();
        if marks.is_empty() {
            let none = || "No release and no restart.".to_owned();
            let words = move || doubt.get().unwrap_or_else(none);
            return view! { <p class="dim">{words}</p> }.into_any();
        }
        let rows = marks
            .into_iter()
            .map(|mark| {
                let class = match mark.kind {
                    MarkKind::Release => "mark release",
                    MarkKind::Restart => "mark restart",
                };
                view! {
                    <li>
                        <i class=class aria-hidden="true"></i>
                        <span class="faint">{board.moment(mark.at)}</span>
                        <span class="grow cut" title=mark.words.clone()>
                            {mark.words.clone()}
                        </span>
                    </li>
                }
            })
            .collect_view();
        let more =
            (others > 0).then(|| view! { <li class="faint">{format!("{others} before")}</li> });
        let doubt = move || {
            let words = doubt.get();
            words.map(|words| view! { <li class="faint">{words}</li> })
        };
        view! { <ul class="plain">{rows} {more} {doubt}</ul> }.into_any()
    })
}

/// Why what is known to have happened may not be all. Tracked.
fn doubt(shown: Shown) -> Option<String> {
    let events = shown.events;
    let failure = events.held().error.get();
    match (failure, events.get()) {
        (Some(failure), _) => Some(format!(
            "Releases and restarts can't be told: {}",
            failure.words()
        )),
        (None, None) => Some("Releases and restarts are loading.".to_owned()),
        (None, Some(events)) if events.truncated => {
            Some("Only the newest of this window are marked.".to_owned())
        }
        (None, Some(_)) => None,
    }
}

/// The newest marks of a span, newest first, and how many there are before them.
fn newest(marks: &[Mark], (start, end): Span) -> (Vec<Mark>, usize) {
    let within = marks.iter().filter(|mark| (start..=end).contains(&mark.at));
    let all: Vec<&Mark> = within.collect();
    let shown: Vec<Mark> = all
        .iter()
        .rev()
        .take(MOST)
        .map(|mark| (*mark).clone())
        .collect();
    let others = all.len() - shown.len();
    (shown, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_marks_of_the_span_are_listed() {
        let mark = |at: u32| Mark {
            at: f64::from(at),
            kind: MarkKind::Restart,
            label: "restart".into(),
            words: "It was restarted.".into(),
        };
        let marks: Vec<Mark> = (0..10).map(mark).collect();
        let (shown, others) = newest(&marks, (2.0, 8.0));
        let at: Vec<f64> = shown.iter().map(|mark| mark.at).collect();
        assert_eq!(at, [8.0, 7.0, 6.0, 5.0]);
        assert_eq!(others, 3);
    }
}
