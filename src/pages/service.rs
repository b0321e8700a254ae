//! The pages of one service: its head, its tabs, and what they share.

pub mod actions;
pub mod approval;
pub mod cancel;
pub mod deploy;
pub mod follow;
pub mod header;
pub mod images;
pub mod logs;
pub mod metrics;
pub mod nothing;
pub mod overview;
pub mod progress;
pub mod promote;
pub mod releases;
pub mod requests;
pub mod settings;
pub mod verdict;
pub mod work_log;

use std::sync::Arc;

use leptos::prelude::*;
use wire::action::{Action as Deed, admits};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{DeleteService, DeployService, RestartService, ScaleService, UpdateService};
use wire::endpoints::{GetService, GetServiceStatus};
use wire::endpoints::{GetServiceAccessLogs, GetServiceLogs, GetServiceMetrics};
use wire::endpoints::{ListConfig, ListImages, ListReleases};
use wire::open::Open;
use wire::path::Level;
use wire::path::ServiceParams;
use wire::release::Deployment;
use wire::service::Service;
use wire::status::{ServiceState, ServiceStatus};

use super::config::ConfigPlace;
use super::parts::loaded;
use crate::api::{answers, call, is_whole, use_connection};
use crate::components::button::Barrier;
use crate::components::feedback::{Empty, Note};
use crate::components::status::service_state;
use crate::reactive::{When, memo};
use crate::routes::{Address, Tab, show_config_tab, show_metrics_tab, show_requests_tab, use_kept};
use crate::state::range::use_range;
use crate::state::remote::Remote;
use crate::state::rights::{self, dialog, use_right};
use crate::state::title::use_title;
use actions::use_actions;
use approval::Approvals;
use follow::{tell_ends, use_deployment};
use header::Header;
use images::ImagesTab;
use logs::LogsTab;
use overview::OverviewTab;
use releases::ReleasesTab;
use settings::SettingsTab;

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct Here {
    /// Which service.
    pub params: Memo<ServiceParams>,
    /// Its description.
    pub service: Remote<Service>,
    /// What of it runs.
    pub status: Remote<ServiceStatus>,
    /// Its newest deployment.
    pub deployment: Remote<Deployment>,
}

impl Here {
    /// The state that was last seen.
    pub fn state(self) -> Option<Open<ServiceState>> {
        self.status
            .get()
            .and_then(|status| status.state.clone())
            .or_else(|| {
                let service = self.service.get()?;
                service.status.as_ref().map(|status| status.state.clone())
            })
    }

    /// Why something can't be done now.
    pub fn against(self, deed: Deed) -> Memo<Option<String>> {
        // What a service runs is not described everywhere: then the platform decides.
        let tells_image = is_whole();
        memo(move || {
            let service = self.service.get()?;
            let has_image =
                !tells_image || service.image.is_some() || service.latest_image.is_some();
            let state = self.state().and_then(|state| state.known());
            let reason = admits(state, has_image, deed).err()?;
            Some(reason.words().to_owned())
        })
    }

    /// Where it is, for what may be done there.
    pub fn level(self) -> impl Fn() -> Option<Level> + Copy + Send + Sync + 'static {
        move || Some(Level::Service(self.params.get()))
    }

    /// What stands against something for whoever looks, as far as roles go.
    pub fn barrier(self, deed: Deed) -> Barrier {
        let level = self.level();
        match deed {
            Deed::Deploy => use_right::<DeployService>(level, dialog("deploy")),
            Deed::Restart => use_right::<RestartService>(level, dialog("restart")),
            Deed::Scale => use_right::<ScaleService>(level, dialog("scale")),
            Deed::Pause => use_right::<ScaleService>(level, dialog("pause")),
            Deed::Edit => use_right::<UpdateService>(level, rights::here),
            Deed::Delete => use_right::<DeleteService>(level, dialog("delete")),
        }
    }

    /// The name of a file that holds something of the service: `web-lines.log`.
    pub fn file_name(self, what: &str) -> String {
        self.params
            .with_untracked(|params| format!("{}-{what}", params.service))
    }

    /// Fetches everything again: something was changed.
    pub fn refresh(self) {
        self.service.refresh();
        self.status.refresh();
        self.deployment.refresh();
    }
}

/// The pages of one service.
#[component]
pub fn ServicePage() -> impl IntoView {
    let params = use_service_params();
    let tab = use_kept(
        |address| match address {
            Address::Service(_, tab) => Some(*tab),
            _ => None,
        },
        || Tab::Overview,
    );
    let service = use_service(params);
    let here = Here {
        params,
        service,
        status: use_status(params),
        deployment: use_deployment(params, service),
    };
    tell_ends(here.deployment, move || here.refresh());
    let actions = use_actions(here);
    provide_context(here);
    provide_context(ConfigPlace { here, actions });
    let dialect = move || here.params.get_untracked().scope.dialect();
    use_title(move || title(here, tab.get()));

    let content = move |service: Signal<Arc<Service>>| {
        view! {
            <Header here actions service />
            <Approvals here service />
            <Tabs params tab />
            {move || match tab.get() {
                tab if !is_filled(tab) => view! { <Unfilled tab /> }.into_any(),
                Tab::Overview => view! { <OverviewTab here actions service /> }.into_any(),
                Tab::Metrics => show_metrics_tab(dialect()),
                Tab::Logs => view! { <LogsTab here service /> }.into_any(),
                Tab::Requests => show_requests_tab(dialect()),
                Tab::Images => view! { <ImagesTab here service /> }.into_any(),
                Tab::Releases => view! { <ReleasesTab here actions /> }.into_any(),
                Tab::Config => show_config_tab(dialect()),
                Tab::Settings => view! { <SettingsTab here actions service /> }.into_any(),
            }}
        }
        .into_any()
    };
    // The head names the service once it is known; until then, or where there is none, this does.
    let is_unknown = move || !here.service.held().is_there();
    let is_gone = memo(move || here.service.held().is_gone());
    view! {
        <When is=move || is_gone.get()>
            <Note bad=true>
                "This service was deleted. What is shown is the last that was known of it."
            </Note>
        </When>
        <When is=is_unknown>
            <h1 class="unseen">{move || here.params.get().service}</h1>
        </When>
        {loaded(here.service, 8, content)}
    }
}

fn use_service_params() -> Memo<ServiceParams> {
    use_kept(
        |address| match address {
            Address::Service(params, _) => Some(params.clone()),
            _ => None,
        },
        || ServiceParams {
            scope: wire::path::Scope::Workspace {
                workspace: String::new(),
                project: String::new(),
            },
            service: String::new(),
        },
    )
}

fn use_service(params: Memo<ServiceParams>) -> Remote<Service> {
    let connection = use_connection();
    Remote::new(
        move || {
            Some(call::<GetService>(
                &connection,
                &params.get(),
                &NoQuery,
                &NoBody,
            ))
        },
        |_| Some(10_000),
    )
}

/// Followed closely until it is what is wanted, then calmly.
fn use_status(params: Memo<ServiceParams>) -> Remote<ServiceStatus> {
    let connection = use_connection();
    Remote::new(
        move || {
            Some(call::<GetServiceStatus>(
                &connection,
                &params.get(),
                &NoQuery,
                &NoBody,
            ))
        },
        |status| {
            let state = status.state.as_ref().and_then(Open::known);
            let is_moving = state == Some(ServiceState::Converging)
                || status
                    .desired
                    .is_some_and(|desired| desired != status.ready);
            Some(if is_moving { 1_000 } else { 5_000 })
        },
    )
}

/// Tells on the tab what a person who is elsewhere waits for.
fn title(here: Here, tab: Tab) -> String {
    let service = here.service.get();
    let name = service.map_or_else(|| here.params.get().service, |service| service.name.clone());
    let Some(state) = here.state() else {
        return format!("{name} · {}", tab.label());
    };
    let (_, word) = service_state(&state);
    match here.status.get() {
        Some(status) if state == Open::Known(ServiceState::Converging) => {
            let desired = status.desired.unwrap_or(status.total);
            format!("{word} {}/{desired} · {name}", status.ready)
        }
        _ => format!("{word} · {name} · {}", tab.label()),
    }
}

/// Whether the platform answers what a tab shows.
fn is_filled(tab: Tab) -> bool {
    match tab {
        Tab::Overview | Tab::Settings => true,
        Tab::Metrics => answers::<GetServiceMetrics>(),
        Tab::Logs => answers::<GetServiceLogs>(),
        Tab::Requests => answers::<GetServiceAccessLogs>(),
        Tab::Images => answers::<ListImages>(),
        Tab::Releases => answers::<ListReleases>(),
        Tab::Config => answers::<ListConfig>(),
    }
}

/// In the place of a tab that an address names, and the platform can't fill.
#[component]
fn Unfilled(tab: Tab) -> impl IntoView {
    let title = format!("No {} here", tab.label().to_lowercase());
    view! { <Empty title words="The platform that this page is connected to does not have them." /> }
}

#[component]
fn Tabs(params: Memo<ServiceParams>, tab: Memo<Tab>) -> impl IntoView {
    let range = use_range();
    // The span of time that was shown last of this service.
    let span = Memo::new(
        move |last: Option<&(ServiceParams, Vec<(&'static str, String)>)>| {
            let params = params.get();
            let last = last.filter(|(of, _)| *of == params && !tab.get().has_time_range());
            let span = last.map_or_else(|| range.parameters(), |(_, span)| span.clone());
            (params, span)
        },
    );
    let links = Tab::ALL
        .into_iter()
        .filter(|tab| is_filled(*tab))
        .map(|this| {
            let href = move || {
                let (params, span) = span.get();
                let address = Address::Service(params, this);
                // Pages that show a span of time show the same one.
                match this.has_time_range() {
                    true => address.path_with(&span),
                    false => address.path(),
                }
            };
            let current = move || (tab.get() == this).then_some("page");
            view! {
                <a href=href aria-current=current>
                    {this.label()}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label="Service">
            {links}
        </nav>
    }
}
