//! Everything that is known of one request, beside the table.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::html;
use leptos::prelude::*;
use wire::path::ServiceParams;

use super::Reading;
use super::book::Row;
use super::stats::{class, latency};
use super::summary::shape;
use crate::components::button::{ButtonLink, IconButton};
use crate::components::feedback::CopyButton;
use crate::components::icon::Icon;
use crate::components::page::fact;
use crate::components::status::state_mark;
use crate::reactive::{When, dynamic, effect};
use crate::routes::{Address, Tab};
use crate::state::clock::precise;
use crate::state::preference::use_preferences;
use crate::state::range::parameters_between;
use crate::words::{size, visible};

/// How much of the log before and after a request belongs to its moment.
const AROUND: TimeDelta = TimeDelta::seconds(30);

/// Nginx's status for a request whose visitor did not wait for the answer.
const VISITOR_LEFT: u16 = 499;

/// The open request.
#[component]
pub fn Details(params: Memo<ServiceParams>, reading: Reading) -> impl IntoView {
    let opened = reading.opened;
    view! {
        <When is=move || opened.with(Option::is_some)>
            <Drawer params reading />
        </When>
    }
}

#[component]
fn Drawer(params: Memo<ServiceParams>, reading: Reading) -> impl IntoView {
    let node = NodeRef::<html::Section>::new();
    effect(move || {
        if let Some(node) = node.get() {
            // Fails only for an element that can't have the focus.
            let _ = node.focus();
        }
    });
    let content = move || match reading.opened.get() {
        Some(row) => facts(params, &row),
        None => ().into_any(),
    };
    view! {
        <section class="drawer" aria-label="Request" tabindex="-1" node_ref=node>
            <header>
                <h2>"Request"</h2>
                <IconButton label="Close" glyph=Icon::Cross on_click=move |()| reading.close() />
            </header>
            {dynamic(content)}
        </section>
    }
}

fn facts(params: Memo<ServiceParams>, row: &Arc<Row>) -> AnyView {
    let utc = use_preferences().utc;
    let access = row.access.clone();
    let (start, end) = moment(access.timestamp, access.duration_ms);
    let around = move |tab: Tab| {
        Address::Service(params.get(), tab).path_with(&parameters_between(start, end))
    };
    let at = access.timestamp;
    let status = (shape(class(access.status)), access.status.to_string());
    let path = access.path.clone();
    let instance = match access.instance.is_empty() {
        true => "none: ingress answered itself".to_owned(),
        false => visible(&access.instance).into_owned(),
    };
    view! {
        <div class="body">
            <p class="title-line">
                {state_mark(status)} <b class="mono">{visible(&access.method).into_owned()}</b>
                <span>{latency(access.duration_ms)}</span>
            </p>
            {(access.status == VISITOR_LEFT)
                .then(|| view! { <p class="dim">"The visitor left before the answer came."</p> })}
            <div class="whole">
                <p class="mono">
                    <bdi dir="ltr">{visible(&path).into_owned()}</bdi>
                </p>
                <CopyButton label="Copy path" text=path />
            </div>
            <dl class="kv">
                {fact("Ended", move || precise(at, utc.get()))}
                {fact("Host", isolated(&access.host))} {fact("Client", isolated(&access.client))}
                {fact("Instance", isolated(&instance))} {fact("Received", size(access.bytes_in))}
                {fact("Sent", size(access.bytes_out))}
                {fact("Request id", request_id(access.request_id))}
            </dl>
            <div class="stack">
                <ButtonLink
                    label="Logs around this moment"
                    href=Signal::derive(move || around(Tab::Logs))
                />
                <ButtonLink
                    label="Metrics around this moment"
                    href=Signal::derive(move || around(Tab::Metrics))
                />
            </div>
        </div>
    }
    .into_any()
}

/// From shortly before a request came until shortly after its answer ended.
fn moment(ended: DateTime<Utc>, duration_ms: f64) -> (DateTime<Utc>, DateTime<Utc>) {
    let before = TimeDelta::try_milliseconds(duration_ms.max(0.0) as i64)
        .and_then(|took| took.checked_add(&AROUND));
    let start = before.and_then(|before| ended.checked_sub_signed(before));
    let end = ended.checked_add_signed(AROUND);
    (start.unwrap_or(ended), end.unwrap_or(ended))
}

/// A text of a visitor; nothing there is told as that.
fn isolated(text: &str) -> AnyView {
    match text.is_empty() {
        true => view! { <span class="faint">"–"</span> }.into_any(),
        false => view! { <bdi>{visible(text).into_owned()}</bdi> }.into_any(),
    }
}

fn request_id(id: String) -> AnyView {
    if id.is_empty() {
        return isolated("");
    }
    view! {
        <bdi class="mono">{visible(&id).into_owned()}</bdi>
        <CopyButton label="Copy request id" text=id />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_requests_moment_begins_before_it_came() {
        let ended = DateTime::from_timestamp(1_776_871_800, 0).unwrap();
        let (start, end) = moment(ended, 90_000.0);
        assert_eq!((ended - start).num_seconds(), 120);
        assert_eq!((end - ended).num_seconds(), 30);
        assert_eq!(moment(ended, f64::MAX).0, ended);
    }
}
