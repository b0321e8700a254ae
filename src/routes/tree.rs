//! The route tree: which page is at which address.

use leptos::prelude::*;
use leptos_router::components::{Route, Routes};
use leptos_router::path;

use crate::pages::connect::ConnectPage;
use crate::pages::home::HomePage;
use crate::pages::new_service::NewServicePage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::org::OrgPage;
use crate::pages::project::ProjectPage;
use crate::pages::service::ServicePage;
use crate::pages::services::ServicesPage;

/// The page at the current address.
#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=NotFoundPage>
            <Route path=path!("/connect") view=ConnectPage />
            <Route path=path!("/") view=HomePage />
            <Route path=path!("/o/:org") view=OrgPage />
            <Route path=path!("/o/:org/p/:project") view=ProjectPage />
            <Route path=path!("/o/:org/p/:project/e/:env") view=ServicesPage />
            <Route path=path!("/o/:org/p/:project/e/:env/services/new") view=NewServicePage />
            <Route path=path!("/o/:org/p/:project/e/:env/s/:service") view=ServicePage />
            <Route path=path!("/o/:org/p/:project/e/:env/s/:service/:tab") view=ServicePage />
            <Route path=path!("/w/:workspace/p/:project") view=ServicesPage />
            <Route path=path!("/w/:workspace/p/:project/services/new") view=NewServicePage />
            <Route path=path!("/w/:workspace/p/:project/s/:service") view=ServicePage />
            <Route path=path!("/w/:workspace/p/:project/s/:service/:tab") view=ServicePage />
        </Routes>
    }
}
