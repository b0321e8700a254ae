//! One level: its views, the changes that wait, and the dialogs that make and send them.

use leptos::html;
use leptos::prelude::*;
use wire::config::ConfigScope;
use wire::endpoints::{ListConfigHistory, SetConfig};
use wire::path::Level;
use wire::release::DeployPreview;

use super::conflict::{Conflict, use_differences};
use super::data::{Data, use_data};
use super::history::History;
use super::levels::{hidden, name_of, scope_of};
use super::resolved::Resolved;
use super::review::Review;
use super::save::{Dialogs, use_save};
use super::variables::{Editing, Variables};
use crate::api::answers;
use crate::components::button::{Barrier, Button, Kind, Segments};
use crate::components::download::download;
use crate::components::feedback::Note;
use crate::components::field::SearchBox;
use crate::components::icon::Icon;
use crate::components::page::keep_focus;
use crate::forms::config::draft::{Draft, Entry};
use crate::forms::config::merge::{Row, Verdict};
use crate::forms::config::paste::{Exported, export};
use crate::forms::config::paste_form::{PasteForm, Pasted};
use crate::forms::config::variable::{VariableDraft, VariableForm};
use crate::forms::config::{Form, Kept};
use crate::forms::guard::LeaveGuard;
use crate::pages::typed::{Typed, use_typed};
use crate::reactive::{When, dynamic, effect, memo};
use crate::routes::{Address, QueryText, query_text};
use crate::state::drafts::use_drafts;
use crate::state::keys::use_keys;
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
use crate::state::rights::{self, use_right};
use crate::words::plural;

const RESOLVED: &str = "resolved";
const HISTORY: &str = "history";

/// The editor of one level.
#[component]
pub fn Editor(level: Level, running: Option<Remote<DeployPreview>>) -> impl IntoView {
    let view = query_text("view");
    let filter = use_typed("q");
    let data = use_data(level.clone(), running);
    let form = use_form(level, data);
    let open = Dialogs {
        review: RwSignal::new(false),
        conflict: RwSignal::new(false),
    };
    let save = use_save(data, form, open);
    let (adding, pasting) = (RwSignal::new(false), RwSignal::new(false));
    let begin = RwSignal::new(VariableDraft::new());
    let editing = Editing {
        form,
        edit: Callback::new(move |draft| {
            begin.set(draft);
            adding.set(true);
        }),
        barrier: use_right::<SetConfig>(move || Some(data.level.get_value()), rights::here),
    };
    let names = filter.text.into();
    let content = move || match view.get.get().as_str() {
        RESOLVED => view! { <Resolved data filter=names /> }.into_any(),
        HISTORY => view! { <History data filter=names /> }.into_any(),
        _ => view! { <Variables data editing filter=names /> }.into_any(),
    };
    let is_taken = move |name: String| {
        form.base.with_untracked(|base| base.get(&name).is_some())
            || form
                .draft
                .with_untracked(|draft| draft.get(&name).is_some())
    };
    let take = move |(name, entry): (String, Entry)| {
        // What was typed stays in the draft alone.
        begin.set(VariableDraft::new());
        form.set(&name, entry);
    };
    view! {
        <OthersChanged data form open />
        <Toolbar data editing pasting view filter />
        {dynamic(content)}
        <Pending form open />
        <VariableForm
            open=adding
            begin
            is_taken=Callback::new(is_taken)
            hides=Callback::new(move |name: String| hides(data, &name))
            done=Callback::new(take)
        />
        <PasteForm open=pasting done=Callback::new(move |pasted| take_in(form, pasted)) />
        <Review data form save open=open.review />
        <Conflict data form open />
        <LeaveGuard changed=form.changed() discard=move |()| form.discard() />
    }
}

/// The form of a level. What was typed survives a sign-in and the browser's back button.
fn use_form(level: Level, data: Data) -> Form {
    let form = Form::new();
    let drafts = use_drafts();
    let address = Address::config(level).path();
    if let Some(kept) = drafts.take::<Kept>(&address) {
        form.resume(kept);
    }
    effect(move || {
        if let Some(newest) = data.variables.get() {
            form.read(newest);
        }
    });
    on_cleanup(move || {
        if let Some(kept) = form.keep() {
            drafts.keep(address, kept);
        }
    });
    form
}

fn hides(data: Data, name: &str) -> Option<String> {
    let own = data.level.with_value(scope_of);
    let resolved = data.resolved.get()?;
    hidden(&resolved, own, name).map(|hidden| hidden.words())
}

fn take_in(form: Form, pasted: Pasted) {
    let base = form.base.get_untracked();
    form.draft
        .update(|draft| draft.take_in(&base, pasted.variables, pasted.all));
}

/// The views, the filter, and what can be done.
#[component]
fn Toolbar(
    data: Data,
    editing: Editing,
    pasting: RwSignal<bool>,
    view: QueryText,
    filter: Typed,
) -> impl IntoView {
    let search = NodeRef::<html::Input>::new();
    use_keys(move |key| {
        let is_search = key == "/";
        if let Some(search) = search.get_untracked().filter(|_| is_search) {
            // Fails only for an element that can't have the focus.
            let _ = search.focus();
        }
        is_search
    });
    let mut views = vec![("", "Variables")];
    if data.level.with_value(scope_of) != ConfigScope::Org {
        views.push((RESOLVED, "Resolved"));
    }
    if answers::<ListConfigHistory>() {
        views.push((HISTORY, "History"));
    }
    let views = views.into_iter();
    let views = views.map(|(slug, words)| (slug.to_owned(), words.to_owned()));
    let is_own = memo(move || view.get.get().is_empty());
    let is_history = memo(move || view.get.get() == HISTORY);
    // Whether a variable is a secret already is only known once the level was read.
    let against = memo(move || {
        let is_read = data.variables.held().is_there();
        (!is_read).then(|| "What is saved here is not known yet.".to_owned())
    });
    view! {
        <div class="bar">
            <Segments
                label="View"
                choices=views.collect()
                value=view.get
                on_choose=move |slug| view.set(slug)
            />
            <SearchBox
                label="Filter names"
                placeholder="Filter names"
                key="/"
                node=search
                value=filter.text
                on_input=move |text| filter.set(text)
            />
            <When is=move || !is_history.get()>
                <ExportButton data view barrier=editing.barrier />
            </When>
            <When is=move || is_own.get()>
                <Button
                    label="Take in .env"
                    glyph=Icon::Upload
                    against
                    barrier=editing.barrier
                    on_click=move |()| pasting.set(true)
                />
                <Button
                    label="Add variable"
                    kind=Kind::Primary
                    glyph=Icon::Plus
                    against
                    barrier=editing.barrier
                    on_click=move |()| editing.edit.run(VariableDraft::new())
                />
            </When>
        </div>
    }
}

/// Saves what the view shows as a file, without secrets.
#[component]
fn ExportButton(data: Data, view: QueryText, barrier: Barrier) -> impl IntoView {
    let notices = use_notices();
    let file = move || format!("{}.env", data.level.with_value(name_of));
    let save = move |()| {
        let (text, secrets) = untrack(|| exported(data, view.get.get() == RESOLVED));
        match download(&file(), &text) {
            None => notices.complain("The browser did not take the file."),
            Some(()) if secrets > 0 => {
                notices.say(format!("Saved without {}.", plural(secrets, "secret")));
            }
            Some(()) => {}
        }
    };
    view! { <Button label="Export .env" glyph=Icon::Download barrier on_click=save /> }
}

/// The text of a file, and how many secrets it leaves out.
fn exported(data: Data, resolved: bool) -> (String, usize) {
    if resolved {
        let variables = data.resolved.get();
        let variables = variables.iter().flat_map(|list| list.iter());
        let list: Vec<_> = variables
            .map(|one| Exported {
                name: &one.name,
                value: &one.value,
                secret: one.secret,
            })
            .collect();
        return counted(&list);
    }
    let variables = data.variables.get();
    let variables = variables.iter().flat_map(|read| read.variables.iter());
    let list: Vec<_> = variables
        .map(|one| Exported {
            name: &one.name,
            value: &one.value,
            secret: one.secret,
        })
        .collect();
    counted(&list)
}

fn counted(list: &[Exported<'_>]) -> (String, usize) {
    let secrets = list.iter().filter(|one| one.secret).count();
    (export(list.iter().copied()), secrets)
}

/// Says that what is edited here is no longer what is saved.
#[component]
fn OthersChanged(data: Data, form: Form, open: Dialogs) -> impl IntoView {
    let rows = use_differences(data, form);
    let words = memo(move || rows.with(|rows| others(rows)));
    dynamic(move || {
        let note = words.get().map(|words| {
            view! {
                <Note>
                    <span class="grow">{words}</span>
                    <Button label="Compare" on_click=move |()| open.conflict.set(true) />
                </Note>
            }
        });
        note.into_any()
    })
}

/// What others changed while this person did.
fn others(rows: &[Row]) -> Option<String> {
    let by_me = rows.iter().any(|row| row.verdict != Verdict::Theirs);
    let theirs = rows.iter().filter(|row| row.verdict != Verdict::Mine);
    let theirs = theirs.count();
    let both = rows.iter().filter(|row| row.verdict == Verdict::Clash);
    let both = match both.count() {
        0 => String::new(),
        count => format!(" You changed {count} of them too."),
    };
    (by_me && theirs > 0).then(|| {
        let count = plural(theirs, "variable");
        format!("Others changed {count} of this level meanwhile.{both}")
    })
}

/// The bar of what waits to be saved.
#[component]
fn Pending(form: Form, open: Dialogs) -> impl IntoView {
    let count = memo(move || form.draft.with(Draft::len));
    let words = move || format!("{} pending", plural(count.get(), "change"));
    view! {
        <When is=move || { count.get() > 0 }>
            <div class="bulk" role="region" aria-label="Pending changes">
                <b class="grow" role="status">
                    {words}
                </b>
                <Button
                    label="Discard"
                    kind=Kind::Quiet
                    on_click=move |()| {
                        form.discard();
                        keep_focus();
                    }
                />
                <Button
                    label="Review and save…"
                    kind=Kind::Primary
                    on_click=move |()| open.review.set(true)
                />
            </div>
        </When>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdict: Verdict) -> Row {
        Row {
            name: String::new(),
            base: None,
            mine: None,
            theirs: None,
            verdict,
        }
    }

    #[test]
    fn others_are_told_only_to_those_who_changed_something() {
        assert_eq!(others(&[row(Verdict::Mine)]), None);
        assert_eq!(others(&[row(Verdict::Theirs)]), None);
        assert_eq!(
            others(&[row(Verdict::Mine), row(Verdict::Theirs)]).as_deref(),
            Some("Others changed 1 variable of this level meanwhile.")
        );
        assert_eq!(
            others(&[row(Verdict::Clash), row(Verdict::Theirs)]).as_deref(),
            Some("Others changed 2 variables of this level meanwhile. You changed 1 of them too.")
        );
    }
}
