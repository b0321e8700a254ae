//! What a release changed, as far as it was measured: the verdict in one sentence, and its figures.

use std::sync::Arc;

use chrono::TimeDelta;
use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::GetReleaseVerdict;
use wire::open::Open;
use wire::path::VersionParams;
use wire::verdict::{Figure, Verdict, VerdictState, figures};

use super::Here;
use super::follow::watch_newest;
use crate::api::{Failure, call, use_connection};
use crate::components::page::Panel;
use crate::components::status::{Shape, state_mark};
use crate::pages::parts::{freshness, loaded};
use crate::reactive::{When, dynamic, memo};
use crate::routes::Address;
use crate::state::remote::Remote;

/// The verdict on the release that runs, where there is one before it.
#[component]
pub fn RunningVerdict(here: Here) -> impl IntoView {
    let version = memo(move || {
        let service = here.service.get()?;
        Some(service.latest_release.as_ref()?.version)
    });
    let verdict = use_verdict(here, version);
    let error = verdict.held().error;
    let has_one_before = memo(move || {
        let first = Open::Known(VerdictState::FirstRelease);
        match verdict.get() {
            Some(verdict) => verdict.state != first,
            // A platform that tells none answers that there is none.
            None => error.with(|error| error.as_ref().is_some_and(|error| !error.is_not_found())),
        }
    });
    let href = move || {
        let version = version.get().unwrap_or_default();
        Address::release(&here.params.get(), version)
    };
    let more = move |_: Signal<Arc<Verdict>>| {
        view! {
            <p class="sm">
                <a class="link" href=href>
                    "Figures"
                </a>
            </p>
        }
        .into_any()
    };
    view! { <When is=move || has_one_before.get()>{panel(version, verdict, more)}</When> }
}

/// The verdict on any release, with its figures.
#[component]
pub fn VerdictPanel(here: Here, version: u32) -> impl IntoView {
    let version = memo(move || Some(version));
    let verdict = use_verdict(here, version);
    let error = verdict.held().error;
    let is_told = memo(move || {
        let is_gone = error.with(|error| error.as_ref().is_some_and(Failure::is_not_found));
        verdict.held().is_there() || !is_gone
    });
    let more = move |verdict: Signal<Arc<Verdict>>| {
        dynamic(move || table(&figures(&verdict.get()), &verdict.get()))
    };
    view! { <When is=move || is_told.get()>{panel(version, verdict, more)}</When> }
}

/// Followed while its windows grow.
fn use_verdict(here: Here, version: Memo<Option<u32>>) -> Remote<Verdict> {
    let connection = use_connection();
    let verdict = Remote::new(
        move || {
            let params = VersionParams {
                service: here.params.get(),
                version: version.get()?.to_string(),
            };
            Some(call::<GetReleaseVerdict>(
                &connection,
                &params,
                &NoQuery,
                &NoBody,
            ))
        },
        pace,
    );
    watch_newest(here.deployment, move || verdict.refresh());
    verdict
}

/// What is complete does not change any more.
fn pace(verdict: &Verdict) -> Option<u32> {
    const LONGEST: TimeDelta = TimeDelta::hours(1);
    let after = verdict.after.as_ref();
    let is_complete = after.is_some_and(|after| after.end - after.start >= LONGEST);
    let waits = verdict.state == Open::Known(VerdictState::NotServed);
    ((verdict.serves && !is_complete) || waits).then_some(15_000)
}

fn panel(
    version: Memo<Option<u32>>,
    verdict: Remote<Verdict>,
    more: impl Fn(Signal<Arc<Verdict>>) -> AnyView + Send + Sync + Copy + 'static,
) -> AnyView {
    let title = move || format!("What v{} changed", version.get().unwrap_or_default());
    let content = move |verdict: Signal<Arc<Verdict>>| {
        let words = move || verdict.get().sentence.clone();
        view! {
            <div class="stack verdict">
                {dynamic(move || state_mark(look(&verdict.get().state)).into_any())} <p>{words}</p>
                {more(verdict)}
            </div>
        }
        .into_any()
    };
    view! {
        <Panel title=Signal::derive(title) aside=move || freshness(verdict.held())>
            {loaded(verdict, 1, content)}
        </Panel>
    }
    .into_any()
}

/// How a verdict looks and reads.
fn look(state: &Open<VerdictState>) -> (Shape, String) {
    let (shape, word) = match state {
        Open::Known(VerdictState::Worse) => (Shape::Bad, "Worse than before"),
        Open::Known(VerdictState::Better) => (Shape::Ok, "Better than before"),
        Open::Known(VerdictState::Mixed) => (Shape::Warn, "Partly better, partly worse"),
        Open::Known(VerdictState::NoneSeen) => (Shape::Ok, "No difference seen"),
        Open::Known(VerdictState::TooLittle) => (Shape::None, "Too little to say"),
        Open::Known(VerdictState::FirstRelease) => (Shape::None, "Nothing to compare with"),
        Open::Known(VerdictState::NotServed) => (Shape::None, "Too early to say"),
        Open::Known(VerdictState::NotMeasured) => (Shape::None, "Not measured"),
        Open::Unknown(word) => (Shape::None, word.as_str()),
    };
    (shape, word.to_owned())
}

fn table(figures: &[Figure], verdict: &Verdict) -> AnyView {
    if figures.is_empty() {
        return ().into_any();
    }
    let before = verdict.before.as_ref().map(|before| before.release);
    let before = format!("v{} before", before.unwrap_or_default());
    let after = format!("v{} after", verdict.release);
    let rows = figures
        .iter()
        .map(|figure| {
            view! {
                <tr>
                    <th scope="row">{figure.name}</th>
                    <td class="num">{figure.before.clone()}</td>
                    <td class="num">{figure.after.clone()}</td>
                    <td class="dim">{figure.worth.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scrollx" role="group" aria-label="Figures" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th>"Measured"</th>
                        <th class="num">{before}</th>
                        <th class="num">{after}</th>
                        <th>"Difference"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use wire::verdict::Period;

    use super::*;

    fn over(minutes: i64, serves: bool) -> Verdict {
        let start = DateTime::UNIX_EPOCH;
        Verdict {
            serves,
            after: Some(Period {
                start,
                end: start + TimeDelta::minutes(minutes),
                ..Period::default()
            }),
            ..Verdict::without(2, VerdictState::NoneSeen)
        }
    }

    #[test]
    fn only_a_verdict_that_can_change_is_asked_for_again() {
        assert!(pace(&over(59, true)).is_some());
        assert!(pace(&over(60, true)).is_none());
        assert!(pace(&over(10, false)).is_none());
        assert!(pace(&Verdict::without(2, VerdictState::NotServed)).is_some());
        assert!(pace(&Verdict::without(1, VerdictState::FirstRelease)).is_none());
    }

    #[test]
    fn a_state_of_a_newer_platform_is_shown_as_text() {
        let state = Open::Unknown("astonishing".to_owned());
        assert_eq!(look(&state), (Shape::None, "astonishing".to_owned()));
    }
}
