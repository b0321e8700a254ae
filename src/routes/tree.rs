//! Which page is at which address.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use leptos_router::location::{BrowserUrl, LocationProvider};
use wire::envelope::Dialect;

use super::parts::{Part, fetch_all_soon, show};
use super::{AccessPage, Address, use_address};
use crate::pages::not_found::NotFoundPage;
use crate::pages::services::ServicesPage;
use crate::reactive::{dynamic, effect, memo};

/// A page, without what its address names: another service is the same page with other content,
/// the other dialect is another page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Home,
    Nodes,
    Org,
    Access(AccessPage),
    Project,
    Overview,
    Services(Dialect),
    Deployments,
    NewService(Dialect),
    Service(Dialect),
    Config,
    /// In the place of every page of which the connected platform answers nothing.
    Places,
}

impl Kind {
    fn of(address: &Address) -> Self {
        match address {
            Address::Connect => Self::Connect,
            Address::Home => Self::Home,
            Address::Nodes => Self::Nodes,
            Address::Org { .. } => Self::Org,
            Address::Access { page, .. } => Self::Access(*page),
            Address::Project { .. } => Self::Project,
            Address::Overview(_) => Self::Overview,
            Address::Services(scope) => Self::Services(scope.dialect()),
            Address::Deployments(_) => Self::Deployments,
            Address::NewService(scope) => Self::NewService(scope.dialect()),
            Address::Service(params, _) => Self::Service(params.scope.dialect()),
            Address::Config(_) => Self::Config,
        }
    }

    /// The same page, or the one in its place where the platform speaks one dialect alone: then there
    /// are only services, in that one.
    fn within(self, only: Option<Dialect>) -> Self {
        match (self, only) {
            (Self::Connect, _) | (_, None) => self,
            (
                Self::Services(dialect) | Self::NewService(dialect) | Self::Service(dialect),
                Some(only),
            ) if dialect == only => self,
            _ => Self::Places,
        }
    }
}

/// The page at the current address. The router keeps the address and its history, and has no routes:
/// addresses are read by [`Address`], which also writes them, and routes would cost as much as a page.
#[component]
pub fn Pages(
    /// The only dialect that the connected platform speaks, if it does not speak both.
    only: Option<Dialect>,
) -> impl IntoView {
    let address = use_address();
    let kind = memo(move || Some(Kind::of(address.get().as_ref()?).within(only)));
    let page = dynamic(move || match kind.get() {
        None => NotFoundPage().into_any(),
        Some(Kind::Services(_)) => ServicesPage().into_any(),
        Some(kind @ Kind::NewService(_)) => show(Part::Form, kind),
        Some(kind @ Kind::Service(_)) => show(Part::Service, kind),
        Some(kind @ Kind::Config) => show(Part::Config, kind),
        Some(kind @ (Kind::Access(_) | Kind::Nodes)) => show(Part::Access, kind),
        Some(kind) => show(Part::Places, kind),
    });
    finish_navigation();
    fetch_all_soon();
    page
}

/// A click on a link is part of the browser's history as soon as the router hears that the page
/// follows.
fn finish_navigation() {
    let path = use_location().pathname;
    let browser = use_context::<BrowserUrl>();
    effect(move || {
        path.track();
        if let Some(browser) = &browser {
            browser.ready_to_complete();
        }
    });
}
