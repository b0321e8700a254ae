//! Which page is at which address.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route};
use leptos_router::path;
use wire::envelope::Dialect;

use super::parts::{Part, fetch_all_soon, show};
use super::{Address, use_address};
use crate::pages::not_found::NotFoundPage;
use crate::pages::services::ServicesPage;
use crate::reactive::{dynamic, memo};

/// A page, without what its address names: another service is the same page with other content,
/// the other dialect is another page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Home,
    Org,
    Project,
    Services(Dialect),
    NewService(Dialect),
    Service(Dialect),
}

impl Kind {
    fn of(address: &Address) -> Self {
        match address {
            Address::Connect => Self::Connect,
            Address::Home => Self::Home,
            Address::Org { .. } => Self::Org,
            Address::Project { .. } => Self::Project,
            Address::Services(scope) => Self::Services(scope.dialect()),
            Address::NewService(scope) => Self::NewService(scope.dialect()),
            Address::Service(params, _) => Self::Service(params.scope.dialect()),
        }
    }
}

/// The page at the current address. The router has one route: addresses are read by [`Address`],
/// which also writes them, and a route a page would cost some kilobytes each.
#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <FlatRoutes fallback=NotFoundPage>
            <Route path=path!("/*any") view=Page />
        </FlatRoutes>
    }
}

#[component]
fn Page() -> impl IntoView {
    let address = use_address();
    let kind = memo(move || address.get().as_ref().map(Kind::of));
    fetch_all_soon();
    dynamic(move || match kind.get() {
        None => NotFoundPage().into_any(),
        Some(Kind::Services(_)) => ServicesPage().into_any(),
        Some(kind @ Kind::NewService(_)) => show(Part::Form, kind),
        Some(kind @ Kind::Service(_)) => show(Part::Service, kind),
        Some(kind) => show(Part::Places, kind),
    })
}
