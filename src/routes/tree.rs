//! Which page is at which address.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route};
use leptos_router::path;
use wire::envelope::Dialect;

use super::{Address, use_address};
use crate::pages::connect::ConnectPage;
use crate::pages::home::HomePage;
use crate::pages::new_service::NewServicePage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::org::OrgPage;
use crate::pages::project::ProjectPage;
use crate::pages::service::ServicePage;
use crate::pages::services::ServicesPage;

/// A page, without what its address names: another service is the same page with other content,
/// the other dialect is another page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
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
    let kind = Memo::new(move |_| address.get().as_ref().map(Kind::of));
    move || match kind.get() {
        None => NotFoundPage().into_any(),
        Some(Kind::Connect) => ConnectPage().into_any(),
        Some(Kind::Home) => HomePage().into_any(),
        Some(Kind::Org) => OrgPage().into_any(),
        Some(Kind::Project) => ProjectPage().into_any(),
        Some(Kind::Services(_)) => ServicesPage().into_any(),
        Some(Kind::NewService(_)) => NewServicePage().into_any(),
        Some(Kind::Service(_)) => ServicePage().into_any(),
    }
}
