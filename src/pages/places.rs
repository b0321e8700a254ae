//! Where the services are of a platform that tells nothing above them: the places that were named for
//! it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wire::path::Scope;

use crate::api::use_connection;
use crate::components::button::ButtonLink;
use crate::components::page::{Head, Panel};
use crate::reactive::effect;
use crate::routes::{Address, use_address};
use crate::state::title::use_title;

/// The places; of one alone its services.
#[component]
pub fn PlacesPage() -> impl IntoView {
    let connection = use_connection();
    let platform = connection.platform().clone();
    let (name, places) = (platform.name, platform.places);
    use_title(|| "Places".to_owned());
    go_on_to_the_only(&places);
    let rows = places.iter().map(row).collect_view();
    view! {
        <Head title=name>
            <ButtonLink label="Platforms" href=Address::Connect.path() />
        </Head>
        <Panel title="Where its services are" flush=true>
            <table class="table links">
                <thead>
                    <tr>
                        <th>"Services of"</th>
                        <th>"In"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Panel>
    }
}

fn row(scope: &Scope) -> impl IntoView + use<> {
    let (words, above) = match scope {
        Scope::Workspace { workspace, project } => (project.clone(), workspace.clone()),
        Scope::Environment {
            org,
            project,
            environment,
        } => (environment.clone(), format!("{org} / {project}")),
    };
    view! {
        <tr>
            <td class="name">
                <a href=Address::Services(scope.clone()).path()>{words}</a>
            </td>
            <td class="dim">{above}</td>
        </tr>
    }
}

fn go_on_to_the_only(places: &[Scope]) {
    let [only] = places else { return };
    let to = Address::Services(only.clone()).path();
    let (address, navigate) = (use_address(), use_navigate());
    effect(move || {
        if address.get() == Some(Address::Home) {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&to, options);
        }
    });
}
