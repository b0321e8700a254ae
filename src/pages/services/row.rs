//! One row of the services table.

use leptos::prelude::*;
use wire::path::Scope;
use wire::service::{Service, VersionSummary};
use wire::status::StatusSummary;

use super::filter::source;
use crate::components::icon::{Icon, icon};
use crate::components::status::{service_state, state_mark};
use crate::pages::parts::maybe_instant;
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::tree::use_tree;
use crate::words::domain_link;

/// The width of each column: tick, name, state, ready, source, release, domains, tags, updated.
pub const WIDTHS: &[&str] = &[
    "4%", "13.5%", "10.5%", "6%", "21.5%", "6.5%", "16%", "13.5%", "8.5%",
];

/// Domains and tags beyond this many are counted, not listed.
const LISTED: usize = 2;

/// The cells of a service.
pub fn row_cells(scope: &Scope, service: &Service) -> AnyView {
    let address = Address::service(scope, &service.slug, Tab::Overview);
    let status = service.status.as_ref();
    let why = status.and_then(|status| status.message.clone());
    let from = source(service).unwrap_or("–").to_owned();
    view! {
        <td class="name">
            <a class="row-link" href=address.path()>
                {service.name.clone()}
            </a>
        </td>
        <td title=why>{status.map(|status| state_mark(service_state(&status.state)))}</td>
        <td class="num ratio">{status.map(ready)}</td>
        <td class="mono dim source" title=from.clone()>
            <bdi dir="ltr">{from.clone()}</bdi>
        </td>
        <td class="mono num">{release(service.latest_release.as_ref())}</td>
        <td>{domain_links(&service.domains)}</td>
        <td>{tag_chips(&service.tags)}</td>
        <td class="num dim">{maybe_instant(service.updated)}</td>
    }
    .into_any()
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
