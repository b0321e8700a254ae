//! The dialog that deploys: what would change, why, and what becomes of a deployment under way.

use leptos::prelude::*;
use wire::deploy::{DeployRequest, WhenBusy, reason};
use wire::error::FieldErrors;
use wire::open::Words;

use crate::api::is_whole;
use crate::components::button::{Button, Kind, Segments};
use crate::components::dialog::DialogButtons;
use crate::components::feedback::Note;
use crate::components::field::TextField;
use crate::components::icon::Icon;
use crate::reactive::{When, dynamic, memo};
use crate::state::act::Act;

/// What was typed and chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The release to deploy again; nothing: a new one.
    pub release: Option<u32>,
    /// Why; may be empty.
    pub message: String,
    /// The word of what happens to a deployment under way.
    pub when_busy: String,
}

impl Draft {
    /// Nothing typed yet.
    pub fn new(release: Option<u32>) -> Self {
        Self {
            release,
            message: String::new(),
            when_busy: WhenBusy::Replace.word().to_owned(),
        }
    }

    /// The request that deploys. What becomes of a deployment under way is only said where there
    /// is one.
    ///
    /// # Errors
    /// Every fault, by field.
    pub fn request(&self, is_busy: bool) -> Result<DeployRequest, FieldErrors> {
        let message = reason(&self.message).map_err(|words| FieldErrors::one("message", words))?;
        Ok(DeployRequest {
            release: self.release,
            message,
            when_busy: when_busy(&self.when_busy, is_busy),
        })
    }
}

/// The fields of the dialog, below what it is told to show.
#[component]
pub fn DeployFields(
    /// The release to deploy again; nothing: a new one.
    release: Option<u32>,
    open: RwSignal<bool>,
    act: Act<DeployRequest>,
    /// Why nothing can be deployed now, if so.
    #[prop(into)]
    against: Signal<Option<String>>,
    /// The releases whose deployments are under way, the oldest first.
    busy: Memo<Vec<u32>>,
    /// What would change.
    children: Children,
) -> impl IntoView {
    let draft = RwSignal::new(Draft::new(release));
    let takes_reason = is_whole();
    act.failure.set(None);
    let is_busy = memo(move || busy.with(|busy| !busy.is_empty()));
    let faults = memo(move || {
        let own = draft.with(|draft| draft.request(false).err());
        let sent = act.failure.get().map(|failure| failure.field_errors());
        own.or(sent)
            .map(|errors| errors.of("message").to_vec())
            .unwrap_or_default()
    });
    let other = move || {
        let failure = act
            .failure
            .get()
            .filter(|failure| failure.field_errors().of("message").is_empty())?;
        Some(view! {
            <Note bad=true>
                <span class="grow">{failure.words()}</span>
            </Note>
        })
    };
    let filled = move || {
        let request = draft.with_untracked(|draft| draft.request(is_busy.get_untracked()));
        request.ok()
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if against.with_untracked(Option::is_none)
            && let Some(request) = filled()
        {
            act.go(request);
        }
    };
    let when_busy = Signal::derive(move || draft.with(|draft| draft.when_busy.clone()));
    let choose = move |word| draft.update(|draft| draft.when_busy = word);
    let label = match release {
        Some(release) => format!("Deploy v{release} again"),
        None => "Deploy".to_owned(),
    };
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {dynamic(move || other().into_any())} {children()}
                <WhenBusyField busy value=when_busy on_choose=choose />
                <When is=move || takes_reason>
                    <TextField
                        label="Why"
                        first=true
                        value=Signal::derive(move || draft.with(|draft| draft.message.clone()))
                        faults
                        hint=Signal::stored("Optional: kept with the deployment".to_owned())
                        on_input=move |text| {
                            act.failure.set(None);
                            draft.update(|draft| draft.message = text);
                        }
                    />
                </When>
            </div>
            <DialogButtons open commands=act.commands(filled)>
                <Button
                    label
                    kind=Kind::Primary
                    glyph=Icon::Upload
                    submit=true
                    against
                    pending=act.pending()
                />
            </DialogButtons>
        </form>
    }
}

/// The choice while a deployment is under way; nothing where none is.
#[component]
pub fn WhenBusyField(
    /// The releases whose deployments are under way, the oldest first.
    busy: Memo<Vec<u32>>,
    /// The word of what was chosen.
    value: Signal<String>,
    #[prop(into)] on_choose: Callback<String>,
) -> impl IntoView {
    let choices = [
        (WhenBusy::Replace, "Replace it"),
        (WhenBusy::Wait, "Wait for it"),
    ]
    .map(|(choice, words)| (choice.word().to_owned(), words.to_owned()));
    let effect = move || {
        let waits = value.get() == WhenBusy::Wait.word();
        busy.with(|busy| effect_on(busy, waits))
    };
    view! {
        <When is=move || busy.with(|busy| !busy.is_empty())>
            <div class="stack">
                <Note>
                    <span class="grow">{move || busy.with(|busy| under_way(busy))}</span>
                </Note>
                <div>
                    <Segments
                        label="What becomes of the deployment under way"
                        choices=choices.to_vec()
                        value
                        on_choose=move |word| on_choose.run(word)
                    />
                </div>
                <p class="dim" role="status">
                    {effect}
                </p>
            </div>
        </When>
    }
}

/// What was chosen, where there is something to choose.
pub fn when_busy(word: &str, is_busy: bool) -> Option<WhenBusy> {
    WhenBusy::from_word(word).filter(|_| is_busy)
}

/// `Release v12 is still being rolled out, v13 waits.`
fn under_way(busy: &[u32]) -> String {
    match busy {
        [] => String::new(),
        [first] => format!("Release v{first} is still being rolled out."),
        [first, rest @ ..] => {
            let verb = if rest.len() == 1 { "waits" } else { "wait" };
            let first = format!("Release v{first} is still being rolled out");
            format!("{first}, {} {verb}.", listed(rest))
        }
    }
}

/// What the choice means to the releases under way.
fn effect_on(busy: &[u32], waits: bool) -> String {
    let these = listed(busy);
    match (waits, busy.len()) {
        (true, 1) => format!("This one begins when {these} has ended."),
        (true, _) => format!("This one begins when {these} have ended."),
        (false, 1) => format!("{these} ends where it is, as cancelled, and this one goes on."),
        (false, _) => format!("{these} end where they are, as cancelled, and this one goes on."),
    }
}

fn listed(releases: &[u32]) -> String {
    let releases: Vec<String> = releases
        .iter()
        .map(|release| format!("v{release}"))
        .collect();
    match releases.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(draft: &Draft, is_busy: bool) -> serde_json::Value {
        serde_json::to_value(draft.request(is_busy).unwrap()).unwrap()
    }

    #[test]
    fn a_plain_deploy_says_nothing() {
        assert_eq!(sent(&Draft::new(None), false), serde_json::json!({}));
    }

    #[test]
    fn a_rollback_says_which_why_and_what_becomes_of_the_one_under_way() {
        let draft = Draft {
            release: Some(12),
            message: " too slow ".to_owned(),
            when_busy: "wait".to_owned(),
        };
        let expected =
            serde_json::json!({"release": 12, "message": "too slow", "when_busy": "wait"});
        assert_eq!(sent(&draft, true), expected);
        assert!(sent(&draft, false).get("when_busy").is_none());
    }

    #[test]
    fn a_reason_has_a_length() {
        let draft = Draft {
            message: "x".repeat(501),
            ..Draft::new(None)
        };
        let errors = draft.request(false).unwrap_err();
        assert_eq!(
            errors.of("message"),
            ["A reason is at most 500 characters."]
        );
    }

    #[test]
    fn what_is_under_way_is_named() {
        assert_eq!(under_way(&[12]), "Release v12 is still being rolled out.");
        assert_eq!(
            under_way(&[12, 13]),
            "Release v12 is still being rolled out, v13 waits."
        );
        assert_eq!(
            effect_on(&[12, 13, 14], false),
            "v12, v13 and v14 end where they are, as cancelled, and this one goes on."
        );
        assert_eq!(
            effect_on(&[12], true),
            "This one begins when v12 has ended."
        );
    }
}
