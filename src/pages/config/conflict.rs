//! Others changed the level meanwhile: what was, what this person wants, what is saved now, and
//! which of them is kept.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::data::Data;
use super::review::side_view;
use super::save::Dialogs;
use crate::components::button::{Button, Kind, Segments};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::feedback::{Failed, Skeleton};
use crate::components::page::keep_focus;
use crate::forms::config::Form;
use crate::forms::config::draft::Side;
use crate::forms::config::merge::{Choice, Row, Verdict, settle};
use crate::reactive::{dynamic, memo};
use crate::state::notices::use_notices;
use crate::words::plural;

/// What was chosen, by name, where it is not the usual.
type Choices = RwSignal<BTreeMap<String, Choice>>;

/// The dialog.
#[component]
pub fn Conflict(data: Data, form: Form, open: Dialogs) -> impl IntoView {
    view! {
        <Dialog title="Others changed this level" open=open.conflict large=true>
            <ConflictContent data form open />
        </Dialog>
    }
}

#[component]
fn ConflictContent(data: Data, form: Form, open: Dialogs) -> impl IntoView {
    let notices = use_notices();
    let choices: Choices = RwSignal::new(BTreeMap::new());
    let rows = use_differences(data, form);
    let held = data.variables.held();
    let choice = move |row: &Row| {
        let chosen = choices.with(|choices| choices.get(&row.name).copied());
        chosen
            .filter(|choice| row.choices().contains(choice))
            .or_else(|| row.usual())
    };
    let undecided =
        memo(move || rows.with(|rows| rows.iter().filter(|row| choice(row).is_none()).count()));
    let against = memo(move || match undecided.get() {
        _ if held.loading.get() => Some("It is being read again.".to_owned()),
        0 => None,
        count => Some(format!("Choose for {} first.", plural(count, "variable"))),
    });
    let take_over = move |()| {
        let Some(newest) = untrack(|| data.variables.get()) else {
            return;
        };
        let rows = form.differences(&newest);
        let draft = form.draft.get_untracked();
        let settled = untrack(|| settle(&rows, choice, &draft, &newest));
        let Some(settled) = settled else { return };
        let is_empty = settled.is_empty();
        form.settle(settled, newest);
        open.conflict.set(false);
        keep_focus();
        match is_empty {
            true => notices.say("Nothing is pending any more: the level is as it should be."),
            false => open.review.set(true),
        }
    };
    // A failed read would leave the person with what was compared before.
    let failed = memo(move || held.error.get().map(|failure| failure.words()));
    let content = move || match failed.get() {
        Some(words) => {
            view! { <Failed words=words pending=held.loading retry=move |()| held.refresh() /> }
                .into_any()
        }
        None => differences(rows, choices),
    };
    view! {
        <div class="body">
            <p class="dim">
                "Nothing is saved and nothing is lost yet. Where only one side changed a variable, that side is kept unless you say otherwise."
            </p>
            {dynamic(content)}
        </div>
        <DialogButtons open=open.conflict>
            <Button label="Take over and review" kind=Kind::Primary against on_click=take_over />
        </DialogButtons>
    }
}

/// What this person and others changed, as it is read again.
pub fn use_differences(data: Data, form: Form) -> Memo<Vec<Row>> {
    memo(move || {
        form.base.track();
        form.draft.track();
        let newest = data.variables.get();
        newest
            .map(|newest| form.differences(&newest))
            .unwrap_or_default()
    })
}

fn differences(rows: Memo<Vec<Row>>, choices: Choices) -> AnyView {
    let content = move || {
        let rows = rows.get();
        if rows.is_empty() {
            return view! { <Skeleton rows=3 /> }.into_any();
        }
        let mut rows: Vec<Row> = rows;
        rows.sort_by_key(|row| rank(&row.verdict));
        let rows = rows.iter().map(|row| difference(row, choices));
        let rows = rows.collect_view();
        view! { <ul class="plain-list merge">{rows}</ul> }.into_any()
    };
    dynamic(content)
}

fn difference(row: &Row, choices: Choices) -> impl IntoView + use<> {
    let name = row.name.clone();
    let usual = row.usual();
    let value = {
        let name = name.clone();
        memo(move || {
            let chosen = choices
                .with(|choices| choices.get(&name).copied())
                .or(usual);
            chosen.map_or("", Choice::word).to_owned()
        })
    };
    let offered = row.choices();
    let choose = (offered.len() > 1).then(|| {
        let words = |choice: &Choice| (choice.word().to_owned(), label(*choice).to_owned());
        let pick = {
            let name = name.clone();
            move |word: String| {
                if let Some(choice) = Choice::read(&word) {
                    choices.update(|choices| {
                        choices.insert(name.clone(), choice);
                    });
                }
            }
        };
        view! {
            <Segments
                label=format!("What is kept of {name}")
                choices=offered.iter().map(words).collect()
                value
                on_choose=pick
            />
        }
    });
    let was_there = row.base.is_some();
    let side = |side: &Option<Side>| match side {
        Some(side) => side_view(side).into_any(),
        None if was_there => view! { <span class="faint">"removed"</span> }.into_any(),
        None => view! { <span class="faint">"not there"</span> }.into_any(),
    };
    view! {
        <li>
            <div class="merge-head">
                <span class="mono name">{row.name.clone()}</span>
                <span class="dim">{verdict(&row.verdict)}</span>
                {choose}
            </div>
            <dl class="kv">
                <dt>"Was"</dt>
                <dd>{side(&row.base)}</dd>
                <dt>"Yours"</dt>
                <dd>{side(&row.mine)}</dd>
                <dt>"Theirs"</dt>
                <dd>{side(&row.theirs)}</dd>
            </dl>
        </li>
    }
}

/// What needs a look comes first.
fn rank(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Clash => 0,
        Verdict::Joined(_) => 1,
        Verdict::Theirs => 2,
        Verdict::Same => 3,
        Verdict::Mine => 4,
    }
}

fn label(choice: Choice) -> &'static str {
    match choice {
        Choice::Mine => "Keep yours",
        Choice::Theirs => "Keep theirs",
        Choice::Joined => "Keep both",
    }
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Mine => "only you changed it",
        Verdict::Theirs => "only others changed it",
        Verdict::Same => "both changed it alike",
        Verdict::Joined(_) => "each changed something else of it",
        Verdict::Clash => "both changed it: choose",
    }
}
