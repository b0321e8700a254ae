//! Why what a form sent was not taken, where no field of it tells that.

use leptos::prelude::*;

use crate::api::Failure;
use crate::components::feedback::Note;
use crate::reactive::dynamic;
use crate::state::act::Act;

/// The words of such a failure, as long as there is one. A change that asks for a revision has taken in
/// what others changed before it fails.
pub fn failed_whole<I: 'static>(act: Act<I>) -> AnyView {
    dynamic(move || {
        let failure = act.failure.get();
        let failure = failure.filter(|failure| failure.field_errors().is_empty());
        let note = failure.map(|failure| match failure.is_stale() {
            true => others_were_faster(true),
            false => note_of(&failure),
        });
        note.into_any()
    })
    .into_any()
}

/// Somebody else changed it since it was read.
pub fn others_were_faster(is_taken_in: bool) -> AnyView {
    let words = match is_taken_in {
        true => {
            "Somebody else changed it meanwhile. What they changed is taken in, and what you typed \
             stays: look at what will change, and save again."
        }
        false => "Somebody else changed it meanwhile. What they changed is being read.",
    };
    view! {
        <Note>
            <span class="grow">{words}</span>
        </Note>
    }
    .into_any()
}

/// The same of a form whose fields tell their own part.
pub fn note_of(failure: &Failure) -> AnyView {
    let words = match failure.field_errors().is_empty() {
        true => failure.words(),
        false => "The platform did not take it: see the marked fields.".to_owned(),
    };
    view! {
        <Note bad=true>
            <span class="grow">{words}</span>
        </Note>
    }
    .into_any()
}
