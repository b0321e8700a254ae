//! What stands in the place of the requests while there are none: each with its reason, and with
//! what can be done.

use leptos::prelude::*;
use wire::error::FieldErrors;
use wire::service::Service;

use super::bar::Controls;
use super::data::Requests;
use super::filter::Filter;
use crate::components::button::{Button, ButtonLink, Kind};
use crate::components::feedback::{Empty, Failed};
use crate::pages::service::Here;
use crate::pages::service::nothing::TO_COME;
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, Tab};

/// What stands in the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// The answer is on its way.
    Waiting,
    /// There is none.
    Failed,
    /// What was typed can't be asked for.
    Refused,
    /// The window is empty.
    Nothing,
    /// The window holds nothing that fits the filter.
    NoneFits,
    /// Requests.
    Rows,
}

pub fn use_face(
    requests: Requests,
    places: Memo<Vec<u32>>,
    asked: Memo<Result<Filter, FieldErrors>>,
) -> Memo<Face> {
    let held = requests.remote.held();
    let shows_some = memo(move || places.with(|places| !places.is_empty()));
    let holds_some = memo(move || requests.book.with(|book| !book.rows().is_empty()));
    memo(move || {
        let has_answer = held.is_there();
        if !has_answer && held.error.with(Option::is_some) {
            return Face::Failed;
        }
        if shows_some.get() {
            return Face::Rows;
        }
        match asked.with(|asked| asked.as_ref().map(Filter::is_empty).ok()) {
            None => Face::Refused,
            // What is held does not fit what was typed since: it will be asked for.
            Some(_) if !has_answer || holds_some.get() => Face::Waiting,
            Some(true) => Face::Nothing,
            Some(false) => Face::NoneFits,
        }
    })
}

/// No answer came.
pub fn failed(requests: Requests) -> AnyView {
    let held = requests.remote.held();
    let words = move || {
        let error = held.error.get();
        error.map(|failure| failure.words()).unwrap_or_default()
    };
    let detail = move || held.error.get().and_then(|failure| failure.detail());
    view! {
        <Failed
            words=Signal::derive(words)
            detail=Signal::derive(detail)
            pending=held.loading
            retry=move |()| requests.remote.refresh()
        />
    }
    .into_any()
}

/// Nobody asked for anything: since nobody can, or nobody did.
pub fn nothing(here: Here, is_to_come: Memo<bool>) -> AnyView {
    let service = move || here.service.get();
    let has_domain = memo(move || service().is_none_or(|service| !service.domains.is_empty()));
    let is_paused = memo(move || service().is_some_and(|service| is_paused(&service)));
    let name = move || {
        service()
            .map(|service| service.name.clone())
            .unwrap_or_default()
    };
    let settings = move || Address::Service(here.params.get(), Tab::Settings).path();
    dynamic(move || {
        match (has_domain.get(), is_to_come.get(), is_paused.get()) {
        (false, ..) => view! {
            <Empty
                title=format!("{} has no domain", name())
                words="Requests come in through a domain, and are listed here. Give it one in its settings."
            >
                <ButtonLink label="Settings" href=Signal::derive(settings) kind=Kind::Primary />
            </Empty>
        }
        .into_any(),
        (true, true, _) => view! { <Empty title="No requests in this window" words=TO_COME /> }
        .into_any(),
        (true, false, true) => view! {
            <Empty
                title="No requests in this window"
                words=format!(
                    "{} is paused: until it is scaled up, its domains answer with an error.",
                    name(),
                )
            />
        }
        .into_any(),
        (true, false, false) => view! {
            <Empty
                title="No requests in this window"
                words="They appear here as they are answered. Choose a longer window to see older ones."
            />
        }
        .into_any(),
    }
    })
}

fn is_paused(service: &Service) -> bool {
    let status = service.status.as_ref();
    status.is_some_and(|status| status.desired == 0)
}

/// The filter lets nothing through.
pub fn none_fits(controls: Controls, is_to_come: Memo<bool>) -> AnyView {
    dynamic(move || {
        let words = match is_to_come.get() {
            true => TO_COME,
            false => {
                "A path is told with its query, and capitals count. Remove a part, or start over."
            }
        };
        view! {
            <Empty title="No request of this window fits the filter" words>
                <Button label="Clear the filter" on_click=move |()| controls.clear() />
            </Empty>
        }
        .into_any()
    })
}
