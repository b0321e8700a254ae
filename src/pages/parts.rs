//! What pages need to show fetched data in its four states.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::api::Failure;
use crate::components::button::{Barrier, ButtonLink};
use crate::components::feedback::{Failed, Freshness, Skeleton};
use crate::components::time::Instant;
use crate::reactive::{When, dynamic, effect, memo};
use crate::routes::{Address, query_text, use_address};
use crate::state::clock::{ago, exact, time_of_day, use_ago, use_exact, use_now};
use crate::state::preference::use_preferences;
use crate::state::remote::{Held, Remote};

/// Data as soon as it is there, and for good: rows of grey before, a failure with another attempt
/// where none came, and nothing where the platform has no such data. Later failures leave the data
/// and are told by [`freshness`].
pub fn loaded<T: PartialEq + Send + Sync + 'static>(
    remote: Remote<T>,
    rows: usize,
    show: impl Fn(Signal<Arc<T>>) -> AnyView + Send + 'static,
) -> AnyView {
    let bones = Box::new(move || view! { <Skeleton rows /> }.into_any());
    loaded_once(remote.held(), bones, shown(remote, show))
}

/// As [`loaded`], with the page as it will be in the place of a few rows.
pub fn loaded_into<T: PartialEq + Send + Sync + 'static>(
    remote: Remote<T>,
    skeleton: fn() -> AnyView,
    show: impl Fn(Signal<Arc<T>>) -> AnyView + Send + 'static,
) -> AnyView {
    loaded_once(remote.held(), Box::new(skeleton), shown(remote, show))
}

type Show = Box<dyn Fn() -> Option<AnyView> + Send>;

fn shown<T: PartialEq + Send + Sync + 'static>(
    remote: Remote<T>,
    show: impl Fn(Signal<Arc<T>>) -> AnyView + Send + 'static,
) -> Show {
    Box::new(move || {
        let first = untrack(|| remote.get())?;
        let last = move || remote.get().unwrap_or_else(|| first.clone());
        Some(show(Signal::derive(last)))
    })
}

fn loaded_once(held: Held, skeleton: Box<dyn Fn() -> AnyView + Send>, show: Show) -> AnyView {
    let has_data = memo(move || held.is_there());
    let has_failed = memo(move || held.error.with(Option::is_some));
    let is_absent = memo(move || held.error.with(|error| *error == Some(Failure::Absent)));
    let refresh = Callback::new(move |()| held.refresh());
    dynamic(move || match has_data.get() {
        true => show().into_any(),
        false if is_absent.get() => ().into_any(),
        false if has_failed.get() => failed(held.error, held.loading, refresh),
        false => skeleton(),
    })
}

fn failed(
    error: RwSignal<Option<Failure>>,
    loading: RwSignal<bool>,
    refresh: Callback<()>,
) -> AnyView {
    let words = move || {
        let error = error.get();
        error.map(|failure| failure.words()).unwrap_or_default()
    };
    let detail = move || error.get().and_then(|failure| failure.detail());
    let is_gone = memo(move || error.get().is_some_and(|failure| failure.is_not_found()));
    let address = use_address();
    let up = move || match address.get().map(|address| address.parent()) {
        Some(Address::Home) | None => Address::all_orgs(),
        Some(address) => address.path(),
    };
    view! {
        <Failed
            words=Signal::derive(words)
            detail=Signal::derive(detail)
            pending=loading
            retry=refresh
        />
        <When is=move || is_gone.get()>
            <p class="up">
                <ButtonLink label="Go one step up" href=Signal::derive(up) />
            </p>
        </When>
    }
    .into_any()
}

/// Opens a dialog that a link asks for by name, for whoever may do what it does.
pub fn open_asked(name: &'static str, open: RwSignal<bool>, barrier: Barrier) {
    let asked = query_text("do");
    effect(move || {
        if asked.get.with(|asked| asked == name) {
            asked.set("");
            if barrier.against.with_untracked(Option::is_none) {
                open.set(true);
            }
        }
    });
}

/// How fresh data is, and that it is stale and why.
pub fn freshness(held: Held) -> AnyView {
    let Held { error, fetched, .. } = held;
    let refresh = Callback::new(move |()| held.refresh());
    let now = use_now();
    let utc = use_preferences().utc;
    let words = memo(move || {
        let fetched = fetched.get()?;
        let time = || time_of_day(fetched, utc.get());
        Some(match (held.is_gone(), error.with(Option::is_some)) {
            (true, _) => format!("gone since {}", time()),
            (false, true) => format!("stale since {}, retrying", time()),
            (false, false) => ago(fetched, now.get()),
        })
    });
    let stale = memo(move || {
        let error = error.get();
        error
            .filter(|_| held.is_there())
            .map(|failure| failure.words())
    });
    view! { <Freshness words stale refresh /> }.into_any()
}

/// An instant: how long ago, and exactly on hover.
pub fn instant(at: DateTime<Utc>) -> impl IntoView {
    view! { <Instant at=at.to_rfc3339() words=use_ago(at) exact=use_exact(at) /> }
}

/// An instant that may be unknown.
pub fn maybe_instant(at: Option<DateTime<Utc>>) -> AnyView {
    match at {
        Some(at) => instant(at).into_any(),
        None => view! { <span class="faint">"–"</span> }.into_any(),
    }
}

/// An instant that may be unknown, and may become another.
pub fn instant_of(at: Memo<Option<DateTime<Utc>>>) -> AnyView {
    let now = use_now();
    let utc = use_preferences().utc;
    let of = move |words: &dyn Fn(DateTime<Utc>) -> String| at.get().map(words).unwrap_or_default();
    let rfc = memo(move || of(&|at| at.to_rfc3339()));
    let words = memo(move || of(&|at| ago(at, now.get())));
    let exact = memo(move || of(&|at| exact(at, utc.get())));
    let is_known = memo(move || at.get().is_some());
    dynamic(move || match is_known.get() {
        true => view! { <Instant at=rfc words exact /> }.into_any(),
        false => maybe_instant(None),
    })
}
