//! The config of a level: its own variables, what becomes of them below, and what changed.

pub mod conflict;
pub mod data;
pub mod editor;
pub mod history;
pub mod levels;
pub mod resolved;
pub mod review;
pub mod running;
pub mod save;
pub mod variables;

use leptos::prelude::*;
use wire::path::{Level, OrgParams};
use wire::release::DeployPreview;

use super::service::Here;
use super::service::actions::Actions;
use crate::components::feedback::Skeleton;
use crate::components::page::Head;
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, use_kept};
use crate::state::remote::Remote;
use crate::state::title::use_title;
use data::use_running;
use editor::Editor;
use levels::{about, name_of};
use running::Running;

/// What the tab needs of the page of its service.
#[derive(Clone, Copy)]
pub struct ConfigPlace {
    /// The service.
    pub here: Here,
    /// What can be done to it.
    pub actions: Actions,
}

/// The config of an org, a project or an environment.
#[component]
pub fn ConfigPage() -> impl IntoView {
    let level = use_kept(
        |address| match address {
            Address::Config(level) => Some(level.clone()),
            _ => None,
        },
        || Level::Org(OrgParams { org: String::new() }),
    );
    use_title(move || format!("Config · {}", level.with(name_of)));
    let about = move || level.with(about);
    view! {
        <Head title="Config" about=about />
        {one_level(level, None)}
    }
}

/// The config of a service.
#[component]
pub fn ConfigTab(place: ConfigPlace) -> impl IntoView {
    let params = place.here.params;
    let preview = use_running(params);
    let level = memo(move || Level::Service(params.get()));
    // What stands above the editor comes with it: later it would push the editor down.
    let is_settled = Memo::new(move |was: Option<&bool>| {
        let held = preview.held();
        was.is_some_and(|was| *was) || held.is_there() || held.error.with(Option::is_some)
    });
    dynamic(move || match is_settled.get() {
        true => view! {
            <Running place preview />
            {one_level(level, Some(preview))}
        }
        .into_any(),
        false => view! { <Skeleton rows=8 /> }.into_any(),
    })
}

/// The editor of the level at hand: another level is another editor, with a draft of its own.
fn one_level(level: Memo<Level>, running: Option<Remote<DeployPreview>>) -> AnyView {
    dynamic(move || view! { <Editor level=level.get() running /> }.into_any())
}
