//! A level's own variables with what is to become of them: one row each.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use wire::config::{ChangeKind, ResolvedVariable};
use wire::open::Open;

use super::data::Data;
use super::history::kind_mark;
use super::levels::{hidden, scope_of, word};
use crate::components::button::{Button, IconButton, Kind};
use crate::components::feedback::Empty;
use crate::components::icon::Icon;
use crate::components::page::{Panel, keep_focus};
use crate::forms::config::Form;
use crate::forms::config::draft::{Draft, Edit, Side, Snapshot};
use crate::forms::config::variable::VariableDraft;
use crate::pages::parts::{freshness, instant_of, loaded};
use crate::reactive::{dynamic, memo};

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
                on_click=move |()| editing.edit.run(VariableDraft::new())
            />
        </Empty>
    }
    .into_any()
}

fn variable_table(rows: Memo<Vec<Row>>, editing: Editing) -> AnyView {
    let names = move || rows.with(|rows| names(rows));
    let row = move |name: String| {
        let this = name.clone();
        let row = Memo::new(move |last: Option<&Option<Row>>| {
            let found = rows.with(|rows| find(rows, &this).cloned());
            // A row on its way out keeps what it showed.
            found.or_else(|| last.cloned().flatten())
        });
        variable_row(&name, row, editing)
    };
    view! {
        <div class="scrollx" role="group" aria-label="Variables" tabindex="0">
            <table class="table pinned">
                <thead>
                    <tr>
                        <th>"Name"</th>
                        <th>"Value"</th>
                        <th>"Kind"</th>
                        <th class="num">"Set"</th>
                        <th>
                            <span class="unseen">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    <For each=names key=Clone::clone let(name)>
                        {row(name)}
                    </For>
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn names(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.name.clone()).collect()
}

/// The row of a name, of rows in the order of their names.
fn find<'a>(rows: &'a [Row], name: &str) -> Option<&'a Row> {
    let place = rows.binary_search_by(|row| row.name.as_str().cmp(name));
    rows.get(place.ok()?)
}

fn variable_row(name: &str, row: Memo<Option<Row>>, editing: Editing) -> impl IntoView + use<> {
    let part = move |read: fn(&Row) -> AnyView| {
        dynamic(move || row.with(|row| row.as_ref().map(read)).into_any())
    };
    let updated = memo(move || row.with(|row| row.as_ref()?.updated));
    let is_changed =
        memo(move || row.with(|row| row.as_ref().is_some_and(|row| row.kind.is_some())));
    let form = editing.form;
    let edit = {
        let name = name.to_owned();
        move |()| editing.edit.run(begin(form, &name))
    };
    let drop = {
        let name = name.to_owned();
        move |()| {
            match is_changed.get_untracked() {
                true => form.undo(&name),
                false => form.remove(&name),
            }
            // Without its change, a row that was new is gone.
            keep_focus();
        }
    };
    let drop_label = {
        let name = name.to_owned();
        move || match is_changed.get() {
            true => format!("Undo the change of {name}"),
            false => format!("Delete {name}"),
        }
    };
    let drop_glyph = move || match is_changed.get() {
        true => Icon::Undo,
        false => Icon::Bin,
    };
    view! {
        <tr class:changed=is_changed>
            <th scope="row" class="mono name">
                {name.to_owned()}
            </th>
            <td class="mono">{part(value_cell)}</td>
            <td>{part(kind_cell)}</td>
            <td class="num dim">{instant_of(updated)}</td>
            <td class="num tools">
                <IconButton label=format!("Change {name}") glyph=Icon::Pencil on_click=edit />
                <IconButton
                    label=Signal::derive(drop_label)
                    glyph=Signal::derive(drop_glyph)
                    on_click=drop
                />
            </td>
        </tr>
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
        assert_eq!(find(&rows, "B").map(|row| row.saved.is_none()), Some(true));
        assert_eq!(find(&rows, "X"), None);
    }
}
