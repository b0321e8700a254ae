//! What pages need to show fetched data in its four states.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::button::ButtonLink;
use crate::components::feedback::{Failed, Freshness, Skeleton};
use crate::components::time::Instant;
use crate::routes::{Address, use_address};
use crate::state::clock::{ago, time_of_day, use_ago, use_exact, use_now};
use crate::state::preference::use_preferences;
use crate::state::remote::Remote;

/// Data as soon as it is there, and for good: rows of grey before, a failure with another attempt
/// where none came. Later failures leave the data and are told by [`freshness`].
pub fn loaded<T: PartialEq + Send + Sync + 'static>(
    remote: Remote<T>,
    rows: usize,
    show: impl Fn(Signal<Arc<T>>) -> AnyView + Send + 'static,
) -> impl IntoView {
    let has_data = Memo::new(move |_| remote.data.with(Option::is_some));
    let has_failed = Memo::new(move |_| remote.error.with(Option::is_some));
    move || match remote.data.get_untracked() {
        Some(first) if has_data.get() => {
            let last = move || remote.data.get().unwrap_or_else(|| first.clone());
            show(Signal::derive(last))
        }
        _ if !has_data.get() && has_failed.get() => failed(remote).into_any(),
        _ => view! { <Skeleton rows /> }.into_any(),
    }
}

fn failed<T: PartialEq + Send + Sync + 'static>(remote: Remote<T>) -> impl IntoView {
    let words = move || {
        let error = remote.error.get();
        error.map(|failure| failure.words()).unwrap_or_default()
    };
    let detail = move || remote.error.get().and_then(|failure| failure.detail());
    let is_gone = Memo::new(move |_| {
        let error = remote.error.get();
        error.is_some_and(|failure| failure.is_not_found())
    });
    let address = use_address();
    let up = move || match address.get().map(|address| address.parent()) {
        Some(Address::Home) | None => Address::all_orgs(),
        Some(address) => address.path(),
    };
    view! {
        <Failed
            words=Signal::derive(words)
            detail=Signal::derive(detail)
            pending=remote.loading
            retry=move |()| remote.refresh()
        />
        <Show when=move || is_gone.get()>
            <p class="up">
                <ButtonLink label="Go one step up" href=Signal::derive(up) />
            </p>
        </Show>
    }
}

/// How fresh data is, and that it is stale and why.
pub fn freshness<T: PartialEq + Send + Sync + 'static>(remote: Remote<T>) -> impl IntoView {
    let now = use_now();
    let utc = use_preferences().utc;
    let words = Memo::new(move |_| {
        let fetched = remote.fetched.get()?;
        Some(match remote.error.with(Option::is_some) {
            true => format!("stale since {}, retrying", time_of_day(fetched, utc.get())),
            false => ago(fetched, now.get()),
        })
    });
    let stale = Memo::new(move |_| {
        let error = remote.error.get();
        error
            .filter(|_| remote.data.with(Option::is_some))
            .map(|failure| failure.words())
    });
    view! { <Freshness words stale refresh=move |()| remote.refresh() /> }
}

/// An instant: how long ago, and exactly on hover.
pub fn instant(at: DateTime<Utc>) -> impl IntoView {
    view! { <Instant at words=use_ago(at) exact=use_exact(at) /> }
}

/// An instant that may be unknown.
pub fn maybe_instant(at: Option<DateTime<Utc>>) -> AnyView {
    match at {
        Some(at) => instant(at).into_any(),
        None => view! { <span class="faint">"–"</span> }.into_any(),
    }
}
