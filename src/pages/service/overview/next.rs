//! What a deploy now would change, in short, and the way to it.

use std::sync::Arc;

use leptos::prelude::*;
use wire::action::Action as Deed;
use wire::release::DeployPreview;

use crate::components::button::{Button, Kind};
use crate::components::icon::Icon;
use crate::components::page::Panel;
use crate::pages::parts::{freshness, loaded};
use crate::pages::service::Here;
use crate::pages::service::actions::Actions;
use crate::pages::service::deploy::use_preview;
use crate::reactive::{When, dynamic, memo};
use crate::words::differences;

/// The panel. It is worked out again when the service or what was deployed of it changes.
#[component]
pub fn NextDeploy(here: Here, actions: Actions) -> impl IntoView {
    let preview = use_preview(here, None);
    let depends = memo(move || {
        let service = here.service.get()?;
        let deployment = service.latest_deployment.as_ref();
        let image = service.latest_image.as_ref();
        Some((
            service.updated,
            service.undeployed_changes,
            deployment.map(|it| (it.id.clone(), it.state.clone())),
            image.map(|it| (it.version, it.state.clone())),
        ))
    });
    Effect::watch(
        move || depends.get(),
        move |_, before, _| {
            if matches!(before, Some(Some(_))) {
                preview.refresh();
            }
        },
        false,
    );
    let waits = memo(move || {
        let preview = preview.get();
        preview.is_some_and(|preview| preview.obstacle.is_none() && !preview.is_empty())
    });
    let show = move |preview: Signal<Arc<DeployPreview>>| {
        dynamic(move || view! { <p>{words(&preview.get())}</p> }.into_any())
    };
    view! {
        <Panel title="What a deploy now would change" aside=move || freshness(preview.held())>
            <div class="next">
                {loaded(preview, 1, show)} <When is=move || waits.get()>
                    <Button
                        label="Deploy"
                        kind=Kind::Plain
                        glyph=Icon::Upload
                        against=here.against(Deed::Deploy)
                        barrier=here.barrier(Deed::Deploy)
                        on_click=move |()| actions.open.deploy.set(true)
                    />
                </When>
            </div>
        </Panel>
    }
}

/// What would change, in a sentence.
fn words(preview: &DeployPreview) -> String {
    if let Some(obstacle) = &preview.obstacle {
        return obstacle.clone();
    }
    let what = differences(
        !preview.image.is_empty(),
        preview.config.len(),
        preview.processes.len(),
    );
    match (what, preview.running_release) {
        (None, _) => "Nothing: what runs is what is described.".to_owned(),
        (Some(what), Some(running)) => format!(
            "Release v{} would change {what} against v{running}.",
            preview.release
        ),
        (Some(_), None) => format!("Release v{} would be the first.", preview.release),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::release::FieldChange;

    #[test]
    fn what_would_change_is_one_sentence() {
        let mut preview = DeployPreview {
            release: 13,
            running_release: Some(12),
            ..DeployPreview::default()
        };
        assert_eq!(words(&preview), "Nothing: what runs is what is described.");
        preview.image.push(FieldChange {
            name: "image".into(),
            before: Some("v1".into()),
            after: Some("v2".into()),
        });
        assert_eq!(
            words(&preview),
            "Release v13 would change image against v12."
        );
        preview.running_release = None;
        assert_eq!(words(&preview), "Release v13 would be the first.");
        preview.obstacle = Some("The last build failed.".to_owned());
        assert_eq!(words(&preview), "The last build failed.");
    }
}
