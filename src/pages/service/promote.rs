//! Carrying what runs here to another environment: what would go there, and with which config.

use std::sync::Arc;

use leptos::prelude::*;
use wire::deploy::{Deployed, WhenBusy};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{PreviewPromotion, Promote};
use wire::open::Words;
use wire::path::{EnvironmentParams, Level, ProjectParams, Scope, ServiceParams};
use wire::pipeline::{Promotion, PromotionPreview};

use super::Here;
use super::deploy::use_busy;
use crate::api::{call, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::difference::{difference_list, of_config};
use crate::components::feedback::Note;
use crate::components::field::SelectField;
use crate::components::icon::Icon;
use crate::forms::deploy::{WhenBusyField, when_busy};
use crate::pages::parts::loaded;
use crate::reactive::memo;
use crate::routes::{Address, Tab, use_go};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
use crate::state::rights::{self, use_right};
use crate::state::tree::use_tree;

/// Which service of which project goes where.
type Move = (ProjectParams, Promotion);

/// The dialog.
#[component]
pub fn PromoteDialog(here: Here, open: RwSignal<bool>) -> impl IntoView {
    let act = use_promote(open);
    view! {
        <Dialog title="Promote" open>
            <Choice here open act />
        </Dialog>
    }
}

#[component]
fn Choice(here: Here, open: RwSignal<bool>, act: Act<Move>) -> impl IntoView {
    act.failure.set(None);
    let service = here.params.get_untracked();
    let choices = targets(&service);
    let target = RwSignal::new(choices.first().map(|(slug, _)| slug.clone()));
    let asked = memo(move || promotion(&here.params.get(), target.get()));
    let preview = use_preview(asked);
    let busy = use_busy(move || asked.get().map(|asked| there(&asked)));
    let chosen = RwSignal::new(WhenBusy::Replace.word().to_owned());
    let filled = move || {
        let (project, promotion) = asked.get_untracked()?;
        let is_busy = busy.releases.with_untracked(|busy| !busy.is_empty());
        let when_busy = chosen.with_untracked(|word| when_busy(word, is_busy));
        let promotion = Promotion {
            when_busy,
            ..promotion
        };
        Some((project, promotion))
    };
    let against = memo(move || match (target.get(), preview.get()) {
        (None, _) => Some("The project has no other environment.".to_owned()),
        (_, Some(preview)) => preview.obstacle.clone().or_else(|| busy.against.get()),
        (_, None) => Some("What it would change is not known yet.".to_owned()),
    });
    let level = move || {
        let (at, promotion) = asked.get()?;
        Some(Level::Environment(EnvironmentParams {
            org: at.org,
            project: at.project,
            environment: promotion.target_env,
        }))
    };
    let barrier = use_right::<Promote>(level, rights::here);
    let failed = act.failed();
    let refused = move || {
        failed.get().map(|words| {
            view! {
                <Note bad=true>
                    <span class="grow">{words}</span>
                </Note>
            }
        })
    };
    let show =
        move |preview: Signal<Arc<PromotionPreview>>| (move || changes(&preview.get())).into_any();
    let nowhere = choices.is_empty();
    view! {
        <div class="body">
            {refused}
            <p class="dim">
                "The image that is healthy here, with the other environment's own config."
            </p>
            <SelectField
                label="To"
                choices
                value=Signal::derive(move || target.get().unwrap_or_default())
                on_choose=move |slug: String| target.set(Some(slug))
            /> {(!nowhere).then(|| loaded(preview, 3, show))}
            <WhenBusyField
                busy=busy.releases
                value=chosen.into()
                on_choose=move |word| chosen.set(word)
            />
        </div>
        <DialogButtons open commands=act.commands(filled)>
            <Button
                label="Promote"
                kind=Kind::Primary
                glyph=Icon::Upload
                against
                barrier
                pending=act.pending()
                on_click=move |()| {
                    if let Some(promotion) = filled() {
                        act.go(promotion);
                    }
                }
            />
        </DialogButtons>
    }
}

/// The other environments of the project: slug and name.
fn targets(service: &ServiceParams) -> Vec<(String, String)> {
    let Scope::Environment { environment, .. } = &service.scope else {
        return Vec::new();
    };
    let known = untrack(|| use_tree().environments.get());
    let others = known.iter().flat_map(|list| list.iter());
    others
        .filter(|other| other.slug != *environment && other.id != *environment)
        .map(|other| (other.slug.clone(), other.name.clone()))
        .collect()
}

fn promotion(service: &ServiceParams, target: Option<String>) -> Option<Move> {
    let Scope::Environment {
        org,
        project,
        environment,
    } = &service.scope
    else {
        return None;
    };
    let project = ProjectParams {
        org: org.clone(),
        project: project.clone(),
    };
    let promotion = Promotion {
        service: service.service.clone(),
        source_env: environment.clone(),
        target_env: target?,
        when_busy: None,
    };
    Some((project, promotion))
}

/// The service in the environment that it goes to.
fn there((project, promotion): &Move) -> ServiceParams {
    ServiceParams {
        scope: Scope::Environment {
            org: project.org.clone(),
            project: project.project.clone(),
            environment: promotion.target_env.clone(),
        },
        service: promotion.service.clone(),
    }
}

fn use_preview(promotion: Memo<Option<Move>>) -> Remote<PromotionPreview> {
    let connection = use_connection();
    Remote::new(
        move || {
            let (project, promotion) = promotion.get()?;
            Some(call::<PreviewPromotion>(
                &connection,
                &project,
                &promotion,
                &NoBody,
            ))
        },
        |_| None,
    )
}

fn changes(preview: &PromotionPreview) -> AnyView {
    if let Some(obstacle) = preview.obstacle.clone() {
        return view! {
            <Note bad=true>
                <span class="grow">{obstacle}</span>
            </Note>
        }
        .into_any();
    }
    let version = |version: Option<u32>| version.map(|version| format!("v{version}"));
    let from = version(preview.source_release_version).unwrap_or_default();
    let there = match version(preview.target_release_version) {
        Some(running) => format!("It takes the place of {running} there."),
        None => "Nothing of the service runs there yet.".to_owned(),
    };
    let same = preview.config_diff.is_empty().then(|| {
        view! { <p>"Its config there is the same as here."</p> }
    });
    view! {
        <p>{format!("{from} goes to {}. {there}", preview.target_env)}</p>
        <p class="mono dim cut">{preview.image.clone()}</p>
        {same}
        {difference_list("Config there differs from here", of_config(&preview.config_diff))}
    }
    .into_any()
}

fn use_promote(open: RwSignal<bool>) -> Act<Move> {
    let connection = use_connection();
    let (go, notices) = (use_go(), use_notices());
    Act::of_call(
        move |(project, promotion): &Move| {
            call::<Promote>(&connection, project, &NoQuery, promotion)
        },
        move |moved: &Move, done: Deployed| {
            open.set(false);
            notices.say(format!(
                "Release v{} is on its way in {}.",
                done.release_version, moved.1.target_env
            ));
            go.run(Address::Service(there(moved), Tab::Overview));
        },
    )
}
