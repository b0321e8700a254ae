//! One row of the services table.

use std::sync::Arc;

use bulk::services::source;
use leptos::prelude::*;
use wire::path::Scope;
use wire::service::{Service, VersionSummary};
use wire::status::StatusSummary;

use crate::components::icon::{Icon, icon};
use crate::components::status::{Shape, service_state, state_mark};
use crate::pages::parts::instant_of;
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::tree::use_tree;
use crate::words::domain_link;

/// The width of each column: tick, name, state, ready, source, release, domains, tags, updated.
pub const WIDTHS: &[&str] = &[
    "4%", "13%", "12%", "6%", "18.5%", "6.5%", "16%", "13.5%", "10.5%",
];

/// Domains and tags beyond this many are counted, not listed.
const LISTED: usize = 2;

/// The cells of whatever service a row shows, piece by piece: a piece that reads the same for the
/// next service is left alone.
pub fn row_cells(scope: Memo<Scope>, service: Memo<Option<Arc<Service>>>) -> AnyView {
    let words = move |read: fn(&Service) -> String| piece(service, read);
    let path = memo(move || {
        let to = |service: &Arc<Service>| {
            Address::service(&scope.get_untracked(), service.address(), Tab::Overview).path()
        };
        service
            .with(|service| service.as_ref().map(to))
            .unwrap_or_default()
    });
    let state = piece(service, |service| service.status.as_ref().map(state_of));
    let why = words(|service| message(service).unwrap_or_default());
    let from = words(|service| source(service).unwrap_or("–").to_owned());
    let domains = piece(service, |service| service.domains.clone());
    let tags = piece(service, |service| service.tags.clone());
    let updated = piece(service, |service| service.updated);
    view! {
        <td class="name">
            <a class="row-link" href=path>
                {words(|service| service.name.clone())}
            </a>
        </td>
        <td title=why>{dynamic(move || state.get().map(state_mark).into_any())}</td>
        <td class="num ratio">
            {words(|service| service.status.as_ref().map(ready).unwrap_or_default())}
        </td>
        <td class="mono dim source" title=from>
            <bdi dir="ltr">{from}</bdi>
        </td>
        <td class="mono num">{words(|service| release(service.latest_release.as_ref()))}</td>
        <td>{dynamic(move || domains.with(|domains| domain_links(domains)))}</td>
        <td>{dynamic(move || tags.with(|tags| tag_chips(tags).into_any()))}</td>
        <td class="num dim">{instant_of(updated)}</td>
    }
    .into_any()
}

/// One thing to know of the service.
fn piece<T>(service: Memo<Option<Arc<Service>>>, read: fn(&Service) -> T) -> Memo<T>
where
    T: Default + PartialEq + Send + Sync + 'static,
{
    memo(move || service.with(|service| service.as_deref().map(read).unwrap_or_default()))
}

fn state_of(status: &StatusSummary) -> (Shape, String) {
    service_state(&status.state)
}

fn message(service: &Service) -> Option<String> {
    service.status.as_ref()?.message.clone()
}

fn ready(status: &StatusSummary) -> String {
    match status.desired {
        0 => "0".to_owned(),
        desired => format!("{}/{desired}", status.ready),
    }
}

/// `v12`
pub fn release(release: Option<&VersionSummary>) -> String {
    release
        .map(|release| format!("v{}", release.version))
        .unwrap_or_default()
}

/// The links of the first domains.
fn domain_links(domains: &[String]) -> AnyView {
    if domains.is_empty() {
        return view! { <span class="faint">"–"</span> }.into_any();
    }
    let links = domains
        .iter()
        .take(LISTED)
        .map(|domain| domain_anchor(domain.clone()))
        .collect_view();
    let more = domains.len().saturating_sub(LISTED);
    view! {
        <span class="links-cell">
            {links} {(more > 0).then(|| view! { <span class="faint">{format!("+{more}")}</span> })}
        </span>
    }
    .into_any()
}

/// A domain that opens behind ingress, as far as its address is known.
pub fn domain_anchor(domain: String) -> impl IntoView {
    let meta = use_tree().meta;
    let name = domain.clone();
    let href = memo(move || {
        let meta = meta.get();
        domain_link(
            meta.as_ref().and_then(|meta| meta.ingress.as_deref()),
            &domain,
        )
    });
    dynamic(move || match href.get() {
        Some(href) => view! {
            <a class="link" href=href target="_blank" rel="noopener">
                <span class="cut">{name.clone()}</span>
                {icon(Icon::Out)}
            </a>
        }
        .into_any(),
        None => view! { <span>{name.clone()}</span> }.into_any(),
    })
}

fn tag_chips(tags: &[String]) -> impl IntoView + use<> {
    let chips = tags
        .iter()
        .take(LISTED)
        .map(|tag| view! { <span class="chip">{tag.clone()}</span> })
        .collect_view();
    let more = tags.len().saturating_sub(LISTED);
    view! {
        <span class="chips">
            {chips} {(more > 0).then(|| view! { <span class="faint">{format!("+{more}")}</span> })}
        </span>
    }
}
