//! The line that asks for a build.

use leptos::prelude::*;
use wire::build::BuildRequest;
use wire::error::FieldErrors;
use wire::text::BranchName;

use crate::api::is_whole;
use crate::components::button::{Barrier, Button, Kind};
use crate::components::curl::CopyCurl;
use crate::components::feedback::Note;
use crate::components::field::{Look, TextField};
use crate::components::icon::Icon;
use crate::reactive::memo;
use crate::state::act::Act;

/// From what was typed to what is sent; nothing typed is left to the platform.
///
/// # Errors
/// What a branch, tag or commit must look like.
pub fn request(reference: &str) -> Result<BuildRequest, FieldErrors> {
    let reference = match reference.trim() {
        "" => None,
        text => Some(BranchName::new(text).map_err(|words| FieldErrors::one("ref", words))?),
    };
    Ok(BuildRequest { reference })
}

/// The line. Of a service that runs an image of a registry there is nothing to choose: its image is
/// pulled, and pinned by its digest.
#[component]
pub fn BuildForm(
    /// Whether there is a repository to build.
    #[prop(into)]
    has_repository: Signal<bool>,
    /// The branch that is built where nothing is typed, if the service names one.
    #[prop(into)]
    branch: Signal<Option<String>>,
    /// Why nothing can be built, if so.
    #[prop(into)]
    against: Signal<Option<String>>,
    /// What stands against it, as far as roles go.
    barrier: Barrier,
    act: Act<BuildRequest>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let checked = RwSignal::new(false);
    let faults = memo(move || {
        let own = typed
            .with(|typed| request(typed).err())
            .filter(|_| checked.get());
        let sent = act.failure.get().map(|failure| failure.field_errors());
        own.or(sent)
            .map(|errors| errors.of("ref").to_vec())
            .unwrap_or_default()
    });
    let other = move || {
        let failure = act
            .failure
            .get()
            .filter(|failure| failure.field_errors().of("ref").is_empty())?;
        Some(view! {
            <Note bad=true>
                <span class="grow">{failure.words()}</span>
            </Note>
        })
    };
    let hint = move || match branch.get() {
        Some(branch) => format!("Branch, tag or commit; {branch} where nothing is given"),
        None => "Branch, tag or commit; the default branch where nothing is given".to_owned(),
    };
    let takes_ref = is_whole();
    let field = move || {
        (takes_ref && has_repository.get()).then(|| {
            view! {
                <div class="grow">
                    <TextField
                        label="What to build"
                        look=Look::Code
                        value=typed
                        faults
                        hint=Signal::derive(hint)
                        on_blur=move |()| checked.set(true)
                        on_input=move |text| {
                            act.failure.set(None);
                            typed.set(text);
                        }
                    />
                </div>
            }
        })
    };
    let label = move || match has_repository.get() {
        true => "Build".to_owned(),
        false => "Pull and pin".to_owned(),
    };
    let filled = move || {
        checked.set(true);
        typed.with_untracked(|typed| request(typed)).ok()
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if barrier.against.with_untracked(Option::is_none)
            && against.with_untracked(Option::is_none)
            && let Some(request) = filled()
        {
            act.go(request);
        }
    };
    view! {
        <form class="bar build" on:submit=submit novalidate>
            {field}
            <Button
                label=Signal::derive(label)
                kind=Kind::Primary
                glyph=Icon::Box
                submit=true
                against
                barrier
                pending=act.pending()
            />
            <CopyCurl commands=act.commands(filled) small=true />
        </form>
        {other}
    }
}

#[cfg(test)]
mod tests {
    use super::request;

    #[test]
    fn what_is_not_typed_is_not_sent() {
        let sent = serde_json::to_value(request(" ").unwrap()).unwrap();
        assert_eq!(sent, serde_json::json!({}));
        let sent = serde_json::to_value(request(" v2.4 ").unwrap()).unwrap();
        assert_eq!(sent, serde_json::json!({"ref": "v2.4"}));
    }

    #[test]
    fn what_git_does_not_take_is_a_fault() {
        assert!(request("main~1").unwrap_err().of("ref")[0].contains("main"));
    }
}
