//! A level's own variables with what is to become of them: one row each.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use wire::config::{ChangeKind, ResolvedVariable};
use wire::endpoints::BulkConfig;
use wire::open::Open;

use super::data::Data;
use super::history::kind_mark;
use super::levels::{hidden, key, scope_of, word};
use crate::api::answers;
use crate::components::button::{Barrier, Button, IconButton, Kind};
use crate::components::feedback::Empty;
use crate::components::icon::Icon;
use crate::components::page::{Panel, keep_focus};
use crate::components::table::WindowedTable;
use crate::forms::config::Form;
use crate::forms::config::draft::{Draft, Edit, Side, Snapshot};
use crate::forms::config::variable::VariableDraft;
use crate::pages::parts::{freshness, instant_of, loaded};
use crate::reactive::{When, dynamic, memo};

/// The widths of the columns.
const WIDTHS: &[&str] = &["24%", "auto", "240px", "116px", "104px"];

/// A variable on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    name: String,
    saved: Option<Side>,
    wanted: Option<Side>,
    /// What is to become of it.
    kind: Option<ChangeKind>,
    /// The level that it hides, and what in words.
    hides: Option<(String, String)>,
    updated: Option<DateTime<Utc>>,
}

/// How the rows are changed.
#[derive(Clone, Copy)]
pub struct Editing {
    /// What is to become of them.
    pub form: Form,
    /// Opens the dialog of a variable.
    pub edit: Callback<VariableDraft>,
    /// What stands against any change, as far as roles go.
    pub barrier: Barrier,
}

/// The table of the variables whose name fits the filter.
#[component]
pub fn Variables(data: Data, editing: Editing, filter: Signal<String>) -> impl IntoView {
    let own = data.level.with_value(scope_of);
    let form = editing.form;
    let table = move |_: Signal<Arc<Snapshot>>| {
        let rows = memo(move || {
            let resolved = data.resolved.get();
            let resolved = resolved.as_deref().map_or(&[][..], Vec::as_slice);
            let hides = |name: &str| hides(resolved, own, name);
            let base = form.base.get();
            let mut rows = form.draft.with(|draft| rows(&base, draft, hides));
            let filter = filter.get().to_lowercase();
            rows.retain(|row| row.name.to_lowercase().contains(&filter));
            rows
        });
        let is_empty = memo(move || rows.with(Vec::is_empty));
        dynamic(move || {
            match is_empty.get() {
            true if filter.with(String::is_empty) => no_variables(editing),
            true => view! { <Empty title="No name fits the filter" words="Search for a part of the name." /> }
            .into_any(),
            false => variable_table(rows, editing),
        }
        })
    };
    let held = data.variables.held();
    view! {
        <Panel title="Variables" aside=move || freshness(held) flush=true>
            {loaded(data.variables, 6, table)}
        </Panel>
    }
}

fn hides(
    resolved: &[ResolvedVariable],
    own: wire::config::ConfigScope,
    name: &str,
) -> Option<(String, String)> {
    let hidden = hidden(resolved, own, name)?;
    Some((word(&hidden.scope).to_owned(), hidden.words()))
}

fn no_variables(editing: Editing) -> AnyView {
    view! {
        <Empty
            title="No variable here yet"
            words="Instances receive variables as their environment. Of one name, the level nearest to the service wins."
        >
            <Button
                label="Add variable"
                kind=Kind::Primary
                glyph=Icon::Plus
                barrier=editing.barrier
                on_click=move |()| editing.edit.run(VariableDraft::new())
            />
        </Empty>
    }
    .into_any()
}

fn variable_table(rows: Memo<Vec<Row>>, editing: Editing) -> AnyView {
    let keys = memo(move || rows.with(|rows| rows.iter().map(|row| key(&row.name)).collect()));
    let row = move |place: Signal<usize>| {
        let row = memo(move || rows.with(|rows| rows.get(place.get()).cloned()));
        variable_row(row, editing).into_any()
    };
    let head = || {
        view! {
            <th>"Name"</th>
            <th>"Value"</th>
            <th>"Kind"</th>
            <th class="num">"Set"</th>
            <th>
                <span class="unseen">"Actions"</span>
            </th>
        }
    };
    view! {
        <div class="scrollx" role="group" aria-label="Variables" tabindex="0">
            <WindowedTable
                label="Variables"
                class="pinned sideways"
                widths=WIDTHS
                head
                keys
                row=Callback::new(row)
            />
        </div>
    }
    .into_any()
}

/// The cells of the variable that an element shows now.
fn variable_row(row: Memo<Option<Row>>, editing: Editing) -> impl IntoView {
    let part = move |read: fn(&Row) -> AnyView| {
        dynamic(move || row.with(|row| row.as_ref().map(read)).into_any())
    };
    let of = move |read: fn(&Row) -> String| {
        memo(move || row.with(|row| row.as_ref().map(read).unwrap_or_default()))
    };
    let name = of(|row| row.name.clone());
    let whole = of(|row| {
        let side = row.wanted.as_ref().or(row.saved.as_ref());
        side.map(Side::shown).unwrap_or_default()
    });
    let updated = memo(move || row.with(|row| row.as_ref()?.updated));
    let is_changed =
        memo(move || row.with(|row| row.as_ref().is_some_and(|row| row.kind.is_some())));
    let form = editing.form;
    let edit = move |()| editing.edit.run(begin(form, &name.get_untracked()));
    let drop = move |()| {
        let name = name.get_untracked();
        match is_changed.get_untracked() {
            true => form.undo(&name),
            false => form.remove(&name),
        }
        // Without its change, a row that was new is gone.
        keep_focus();
    };
    let can_remove = answers::<BulkConfig>();
    let can_drop = memo(move || can_remove || is_changed.get());
    let edit_label = move || format!("Change {}", name.get());
    let drop_label = move || match is_changed.get() {
        true => format!("Undo the change of {}", name.get()),
        false => format!("Delete {}", name.get()),
    };
    let drop_glyph = move || match is_changed.get() {
        true => Icon::Undo,
        false => Icon::Bin,
    };
    view! {
        <th scope="row" class="mono name" class:changed=is_changed title=name>
            {name}
        </th>
        <td class="mono" title=whole>
            {part(value_cell)}
        </td>
        <td>{part(kind_cell)}</td>
        <td class="num dim">{instant_of(updated)}</td>
        <td class="num tools">
            <IconButton
                label=Signal::derive(edit_label)
                glyph=Signal::stored(Icon::Pencil)
                barrier=editing.barrier
                on_click=edit
            />
            <When is=move || can_drop.get()>
                <IconButton
                    label=Signal::derive(drop_label)
                    glyph=Signal::derive(drop_glyph)
                    barrier=editing.barrier
                    on_click=drop
                />
            </When>
        </td>
    }
}

/// What the dialog of a variable begins with. A saved secret has to be typed again.
fn begin(form: Form, name: &str) -> VariableDraft {
    let base = form.base.get_untracked();
    let saved = base.get(name);
    let typed = form.draft.with_untracked(|draft| draft.get(name).cloned());
    let begun = VariableDraft {
        name: name.to_owned(),
        named: true,
        ..VariableDraft::new()
    };
    match (typed, saved) {
        (Some(Edit::Set(entry)), _) => VariableDraft {
            value: entry.value,
            secret: entry.secret,
            buildtime: entry.buildtime,
            ..begun
        },
        (_, Some(saved)) => VariableDraft {
            value: match saved.secret {
                true => String::new(),
                false => saved.value.clone(),
            },
            secret: saved.secret,
            buildtime: saved.buildtime,
            has_hidden: saved.secret,
            ..begun
        },
        _ => begun,
    }
}

/// What is saved, and what is to be in its place.
fn value_cell(row: &Row) -> AnyView {
    let words = |side: &Option<Side>| side.as_ref().map(Side::shown);
    let (saved, wanted) = (words(&row.saved), words(&row.wanted));
    let was = |text: Option<String>| view! { <span class="was">{text}</span> };
    match row.kind {
        None => saved.into_any(),
        Some(ChangeKind::Added) => wanted.into_any(),
        Some(ChangeKind::Removed) => was(saved).into_any(),
        Some(ChangeKind::Changed) => view! {
            {was(saved)}
            " → "
            {wanted}
        }
        .into_any(),
    }
}

fn kind_cell(row: &Row) -> AnyView {
    let side = row.wanted.as_ref().or(row.saved.as_ref());
    let marks = side.map(Side::marks).unwrap_or_default().into_iter();
    let marks = marks
        .map(|mark| view! { <span class="chip">{mark}</span> })
        .collect_view();
    let kind = row.kind.map(|kind| kind_mark(&Open::Known(kind)));
    let hides = row.hides.clone().map(|(level, words)| {
        view! {
            <span class="chip outline" title=words>
                {format!("hides {level}")}
            </span>
        }
    });
    view! { <span class="chips">{kind} {marks} {hides}</span> }.into_any()
}

/// Every variable that is saved or is to be, by name.
fn rows(
    base: &Snapshot,
    draft: &Draft,
    hides: impl Fn(&str) -> Option<(String, String)>,
) -> Vec<Row> {
    let changes = draft.changes(base);
    let change_of = |name: &str| changes.iter().find(|change| change.name == name);
    let saved = base.variables.iter().map(|one| one.name.as_str());
    let mut names: Vec<&str> = saved.chain(draft.names()).collect();
    names.sort_unstable();
    names.dedup();
    let row = |name: &str| Row {
        name: name.to_owned(),
        saved: base.side(name),
        wanted: draft.side(base, name),
        kind: change_of(name).map(|change| change.kind),
        hides: hides(name),
        updated: base.get(name).and_then(|one| one.updated),
    };
    names.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::config::draft::Entry;
    use wire::config::Variable;

    #[test]
    fn what_is_saved_and_what_is_to_be_stand_in_one_list() {
        let variable = |name: &str| Variable {
            id: String::new(),
            name: name.to_owned(),
            value: "1".to_owned(),
            secret: false,
            buildtime: false,
            created: None,
            updated: None,
        };
        let base = Snapshot {
            revision: None,
            variables: vec![variable("A"), variable("C")],
        };
        let mut draft = Draft::default();
        draft.remove(&base, "C");
        let entry = Entry {
            value: "2".to_owned(),
            secret: false,
            buildtime: false,
        };
        draft.set(&base, "B", entry);
        let rows = rows(&base, &draft, |_| None);
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_str(), row.kind))
            .collect();
        assert_eq!(
            told,
            [
                ("A", None),
                ("B", Some(ChangeKind::Added)),
                ("C", Some(ChangeKind::Removed)),
            ]
        );
        assert_eq!(rows[1].saved, None);
    }
}
