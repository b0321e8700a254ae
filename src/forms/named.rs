//! The dialog that makes something of which only the name is asked: an org or a project.

use leptos::prelude::*;
use wire::error::FieldErrors;
use wire::name::derive_slug;
use wire::org::Named;
use wire::text::Name;

use super::failed::failed_whole;
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::field::TextField;
use crate::reactive::memo;
use crate::state::act::Act;

/// From what was typed to what is sent.
///
/// # Errors
/// What a name must look like.
pub fn request(name: &str) -> Result<Named, FieldErrors> {
    match Name::new(name) {
        Ok(name) => Ok(Named { name }),
        Err(words) => Err(FieldErrors::one("name", words)),
    }
}

/// The dialog. It closes itself through `open`, which the caller clears when the change is made.
#[component]
pub fn NamedForm(
    /// `New project`
    title: &'static str,
    /// `Create project`
    verb: &'static str,
    open: RwSignal<bool>,
    act: Act<Named>,
) -> impl IntoView {
    view! {
        <Dialog title open>
            <NamedFields verb open act />
        </Dialog>
    }
}

#[component]
fn NamedFields(verb: &'static str, open: RwSignal<bool>, act: Act<Named>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let checked = RwSignal::new(false);
    act.failure.set(None);
    let faults = memo(move || {
        let own = name
            .with(|name| request(name).err())
            .filter(|_| checked.get());
        let sent = act.failure.get().map(|failure| failure.field_errors());
        own.or(sent)
            .map(|errors| errors.of("name").to_vec())
            .unwrap_or_default()
    });
    let filled = move || {
        checked.set(true);
        request(&name.get_untracked()).ok()
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(named) = filled() {
            act.go(named);
        }
    };
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {failed_whole(act)}
                <TextField
                    label="Name"
                    first=true
                    value=name
                    faults
                    hint=Signal::derive(move || slug_hint(&name.get()))
                    on_input=move |text| {
                        act.failure.set(None);
                        name.set(text);
                    }
                />
            </div>
            <DialogButtons open commands=act.commands(filled)>
                <Button label=verb kind=Kind::Primary submit=true pending=act.pending() />
            </DialogButtons>
        </form>
    }
}

/// How a name reads in addresses.
pub fn slug_hint(name: &str) -> String {
    match derive_slug(name).as_str() {
        "" => "Its lower-case form stands in addresses".to_owned(),
        slug => format!("In addresses: {slug}"),
    }
}
