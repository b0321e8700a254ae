//! What of a service's config is not what runs, and the way to bring it there.

use leptos::prelude::*;
use wire::action::Action as Deed;
use wire::config::{ChangeKind, ConfigDiff, VariableChange};
use wire::release::DeployPreview;

use super::ConfigPlace;
use crate::components::button::Button;
use crate::components::feedback::Note;
use crate::components::icon::Icon;
use crate::forms::config::draft::shown;
use crate::reactive::{dynamic, memo};
use crate::state::remote::Remote;

/// Variables that the sentence names.
const NAMED: usize = 3;

/// The note above a service's config.
#[component]
pub fn Running(place: ConfigPlace, preview: Remote<DeployPreview>) -> impl IntoView {
    let ConfigPlace { here, actions } = place;
    let name = move || {
        let service = here.service.get();
        service.map_or_else(|| here.params.get().service, |service| service.name.clone())
    };
    let waiting = memo(move || {
        let preview = preview.get()?;
        preview.running_release?;
        let count = preview.config.len();
        (count > 0).then(|| (takes_effect(count), still_runs(&name(), &preview.config)))
    });
    let unknown = memo(move || {
        let held = preview.held();
        let error = held.error.get().filter(|_| !held.is_there());
        error.map(|failure| failure.words())
    });
    let note = move |(first, then): (String, String)| {
        view! {
            <Note>
                <span class="grow">
                    <b>{first}</b>
                    " "
                    {then}
                </span>
                <Button
                    label="Review and deploy…"
                    glyph=Icon::Upload
                    against=here.against(Deed::Deploy)
                    barrier=here.barrier(Deed::Deploy)
                    on_click=move |()| actions.open.deploy.set(true)
                />
            </Note>
        }
        .into_any()
    };
    dynamic(move || {
        match (waiting.get(), unknown.get()) {
        (Some(words), _) => note(words),
        (None, Some(words)) => view! { <p class="dim">{format!("Whether this is what runs is not known. {words}")}</p> }
        .into_any(),
        (None, None) => ().into_any(),
    }
    })
}

fn takes_effect(count: usize) -> String {
    match count {
        1 => "1 change takes effect with the next deploy.".to_owned(),
        count => format!("{count} changes take effect with the next deploy."),
    }
}

/// What runs instead, by its first few variables.
fn still_runs(service: &str, config: &ConfigDiff) -> String {
    let changes = config.by_name();
    let mut parts: Vec<String> = changes
        .iter()
        .take(NAMED)
        .map(|change| still(change))
        .collect();
    if changes.len() > NAMED {
        parts.push(format!("{} more differ", changes.len() - NAMED));
    }
    format!("{service} still runs {}.", parts.join(", "))
}

fn still(change: &VariableChange) -> String {
    let name = &change.name;
    match (change.kind.known(), &change.before) {
        (Some(ChangeKind::Added), _) | (_, None) => format!("without {name}"),
        (_, Some(before)) => format!("with {name}={}", shown(before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::config::MASK;
    use wire::open::Open;

    fn change(name: &str, kind: ChangeKind, before: Option<&str>) -> VariableChange {
        VariableChange {
            name: name.to_owned(),
            kind: Open::Known(kind),
            before: before.map(str::to_owned),
            after: None,
        }
    }

    #[test]
    fn says_what_runs_instead() {
        let mut config = ConfigDiff::default();
        config.push(change("CACHE_SIZE", ChangeKind::Changed, Some("256")));
        assert_eq!(
            still_runs("api", &config),
            "api still runs with CACHE_SIZE=256."
        );
        config.push(change("NEW", ChangeKind::Added, None));
        config.push(change("KEY", ChangeKind::Removed, Some(MASK)));
        config.push(change("Z", ChangeKind::Removed, Some("1")));
        assert_eq!(
            still_runs("api", &config),
            "api still runs with CACHE_SIZE=256, with KEY=••••••, without NEW, 1 more differ."
        );
    }
}
