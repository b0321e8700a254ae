//! Parts of the console that travel after the first page: with the feature `split`, each is a
//! WebAssembly module of its own, which `.make/split.mjs` cuts out of the compiled whole.

use std::sync::OnceLock;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::SplitLoaderError;
use wire::envelope::Dialect;

use super::AccessPage;
use super::tree::Kind;
use crate::components::feedback::{Failed, Skeleton};
use crate::pages::access::audit::AuditPage;
use crate::pages::access::keys::KeysPage;
use crate::pages::access::people::PeoplePage;
use crate::pages::config::{ConfigPage, ConfigTab};
use crate::pages::connect::ConnectPage;
use crate::pages::deployments::DeploymentsPage;
use crate::pages::home::HomePage;
use crate::pages::new_service::NewServicePage;
use crate::pages::nodes::NodesPage;
use crate::pages::org::OrgPage;
use crate::pages::overview::OverviewPage;
use crate::pages::places::PlacesPage;
use crate::pages::project::ProjectPage;
use crate::pages::service::ServicePage;
use crate::pages::service::metrics::MetricsTab;
use crate::pages::service::requests::RequestsTab;
use crate::pages::services::bulk_actions::BulkBar;
use crate::reactive::{dynamic, effect};
use crate::state::poll::Later;
use crate::state::version::use_version;

/// Milliseconds after the start until the parts are fetched that nothing has asked for yet.
const CALM: u32 = 2_000;

/// Milliseconds until a part is fetched again that did not arrive: a network that changes ends every
/// request that is under way, and is back at once.
const AGAIN: [u32; 2] = [250, 1_500];

/// Builds a page of a part.
type Build = fn(Kind) -> AnyView;
type Arrival = Result<Build, SplitLoaderError>;

/// Pages that travel together.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// Orgs, projects, how an environment does, what was deployed there, and signing in.
    Places,
    /// Who may do what in an org, and who did; and the machines that all runs on.
    Access,
    /// The form of a new service.
    Form,
    /// What a service is and does.
    Service,
    /// What is done to many services at once.
    Bulk,
    /// The config of a level.
    Config,
    /// Charts of what a service does.
    Metrics,
    /// What ingress answered for a service.
    Requests,
}

impl Part {
    const ALL: [Self; 8] = [
        Self::Places,
        Self::Access,
        Self::Form,
        Self::Service,
        Self::Bulk,
        Self::Config,
        Self::Metrics,
        Self::Requests,
    ];

    fn place(self) -> &'static OnceLock<Build> {
        const COUNT: usize = Part::ALL.len();
        static ARRIVED: [OnceLock<Build>; COUNT] = [const { OnceLock::new() }; COUNT];
        &ARRIVED[self as usize]
    }

    async fn fetch(self) -> Arrival {
        let build = match self {
            Self::Places => places().await?,
            Self::Access => access().await?,
            Self::Form => form().await?,
            Self::Service => service().await?,
            Self::Bulk => bulk().await?,
            Self::Config => config().await?,
            Self::Metrics => metrics().await?,
            Self::Requests => requests().await?,
        };
        Ok(*self.place().get_or_init(|| build))
    }
}

/// Declares what a part builds: a function that fetches the part first.
macro_rules! part {
    ($part:ident, $build:expr) => {
        #[cfg(feature = "split")]
        #[leptos::wasm_split::wasm_split($part, fallible, wasm_split_path = leptos::wasm_split)]
        fn $part() -> Arrival {
            Ok($build)
        }

        #[cfg(not(feature = "split"))]
        async fn $part() -> Arrival {
            Ok($build)
        }
    };
}

part!(places, |kind| match kind {
    Kind::Connect => ConnectPage().into_any(),
    Kind::Org => OrgPage().into_any(),
    Kind::Project => ProjectPage().into_any(),
    Kind::Overview => OverviewPage().into_any(),
    Kind::Deployments => DeploymentsPage().into_any(),
    Kind::Places => PlacesPage().into_any(),
    _ => HomePage().into_any(),
});
part!(access, |kind| match kind {
    Kind::Access(AccessPage::Keys) => KeysPage().into_any(),
    Kind::Access(AccessPage::Audit) => AuditPage().into_any(),
    Kind::Nodes => NodesPage().into_any(),
    _ => PeoplePage().into_any(),
});
part!(form, |_| NewServicePage().into_any());
part!(service, |_| ServicePage().into_any());
part!(bulk, |_| use_context()
    .map(|place| view! { <BulkBar place /> })
    .into_any());

part!(config, |kind| match kind {
    Kind::Config => ConfigPage().into_any(),
    _ => use_context()
        .map(|place| view! { <ConfigTab place /> })
        .into_any(),
});

part!(metrics, |_| use_context()
    .map(|here| view! { <MetricsTab here /> })
    .into_any());
part!(requests, |_| use_context()
    .map(|here| view! { <RequestsTab here /> })
    .into_any());

/// Shows a page of a part, at once or as soon as the part has arrived.
pub(super) fn show(part: Part, kind: Kind) -> AnyView {
    show_with(part, kind, 8)
}

/// With so many grey bars while the part is on its way.
fn show_with(part: Part, kind: Kind, rows: usize) -> AnyView {
    if let Some(build) = part.place().get() {
        return build(kind);
    }
    let arrival = RwSignal::new(None::<Option<Build>>);
    let later = Later::new();
    let hosted = use_version();
    let fetch = move || {
        arrival.set(None);
        fetch_for(part, arrival, later, &AGAIN);
    };
    fetch();
    // The parts of a version that was replaced may be gone.
    effect(move || {
        if let (Some(None), Some(hosted)) = (arrival.get(), hosted) {
            hosted.look();
        }
    });
    dynamic(move || match arrival.get() {
        Some(Some(build)) => build(kind),
        Some(None) => did_not_arrive(Callback::new(move |()| fetch())),
        None => view! { <Skeleton rows /> }.into_any(),
    })
}

/// Fetches a part for a page that waits for it, and where it does not come again after these pauses.
fn fetch_for(
    part: Part,
    arrival: RwSignal<Option<Option<Build>>>,
    later: Later,
    again: &'static [u32],
) {
    spawn_local(async move {
        let build = part.fetch().await.ok();
        match (build, again) {
            (None, [pause, again @ ..]) => {
                later.run(*pause, move || fetch_for(part, arrival, later, again));
            }
            _ => {
                // The person may have gone elsewhere meanwhile.
                let _ = arrival.try_set(Some(build));
            }
        }
    });
}

/// The bar for the ticked services of the page above.
pub fn show_bulk_bar() -> AnyView {
    show_with(Part::Bulk, Kind::Home, 1)
}

/// The config of the service of the page around it.
pub fn show_config_tab(dialect: Dialect) -> AnyView {
    show(Part::Config, Kind::Service(dialect))
}

/// The metrics of the service of the page around it.
pub fn show_metrics_tab(dialect: Dialect) -> AnyView {
    show(Part::Metrics, Kind::Service(dialect))
}

/// The requests of the service of the page around it.
pub fn show_requests_tab(dialect: Dialect) -> AnyView {
    show(Part::Requests, Kind::Service(dialect))
}

fn did_not_arrive(retry: Callback<()>) -> AnyView {
    let words = "This page did not arrive. Check the connection and try again.";
    view! { <Failed words=String::from(words) retry /> }.into_any()
}

/// Fetches all parts when the first page has settled, so that no page is waited for later.
pub(super) fn fetch_all_soon() {
    let fetch = || {
        for part in Part::ALL {
            spawn_local(async move {
                // A page that needs the part fetches it again, and tells.
                let _ = part.fetch().await;
            });
        }
    };
    Later::new().run(CALM, fetch);
}
