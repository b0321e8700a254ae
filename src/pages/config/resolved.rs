//! Why a service receives what it receives: one row a variable, the levels side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leptos::prelude::*;
use wire::config::{ChangeKind, ConfigDiff, ConfigScope, ResolvedVariable};

use super::data::Data;
use super::levels::{key, scope_of, word};
use crate::components::feedback::Empty;
use crate::components::page::Panel;
use crate::components::table::WindowedTable;
use crate::forms::config::draft::shown;
use crate::pages::parts::{freshness, loaded};
use crate::reactive::{dynamic, memo};

/// The levels, and what heads their columns.
const LEVELS: [(ConfigScope, &str); 4] = [
    (ConfigScope::Org, "Org"),
    (ConfigScope::Project, "Project"),
    (ConfigScope::Environment, "Environment"),
    (ConfigScope::Service, "Service"),
];

/// The width of the names' column, then those of what follows the levels.
const NAME_WIDTH: &str = "18%";
const END_WIDTHS: [&str; 2] = ["150px", "190px"];

/// A value at one level.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    text: String,
    wins: bool,
}

/// A variable at every level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    name: String,
    cells: Vec<Option<Cell>>,
    /// The level that it comes from; nothing for one that is gone.
    from: Option<String>,
    buildtime: bool,
    /// How it differs from what runs.
    differs: Option<&'static str>,
}

/// The table of the variables whose name fits the filter.
#[component]
pub fn Resolved(data: Data, filter: Signal<String>) -> impl IntoView {
    let own = data.level.with_value(scope_of);
    let levels: Vec<_> = LEVELS
        .into_iter()
        .filter(|(scope, _)| *scope <= own)
        .collect();
    let scopes: Vec<ConfigScope> = levels.iter().map(|(scope, _)| *scope).collect();
    let heads: Vec<&str> = levels.iter().map(|(_, head)| *head).collect();
    let diff = memo(move || {
        let preview = data.running?.get()?;
        preview.running_release?;
        Some(preview.config.clone())
    });
    let table = move |variables: Signal<Arc<Vec<ResolvedVariable>>>| {
        let (scopes, heads) = (scopes.clone(), heads.clone());
        let lines = memo(move || {
            let filter = filter.get().to_lowercase();
            let diff = diff.get().unwrap_or_default();
            let mut lines = lines(&variables.get(), &scopes, &diff);
            lines.retain(|line| line.name.to_lowercase().contains(&filter));
            lines
        });
        let is_empty = memo(move || lines.with(Vec::is_empty));
        let content = move || match is_empty.get() {
            true => nothing(filter),
            false => resolved_table(&heads, lines),
        };
        content.into_any()
    };
    let held = data.resolved.held();
    let aside = move || {
        view! {
            <span class="dim sm wide">"The nearest level wins"</span>
            {freshness(held)}
        }
    };
    view! {
        <Panel title="Why this value?" aside=aside flush=true>
            {loaded(data.resolved, 6, table)}
        </Panel>
    }
}

fn nothing(filter: Signal<String>) -> AnyView {
    let (title, words) = match filter.with(String::is_empty) {
        true => (
            "No variable at any level",
            "The nearest level wins: org, project, environment, service.",
        ),
        false => ("No name fits the filter", "Search for a part of the name."),
    };
    view! { <Empty title words /> }.into_any()
}

fn resolved_table(heads: &[&'static str], lines: Memo<Vec<Line>>) -> AnyView {
    let levels = heads.len();
    let mut widths = vec![NAME_WIDTH];
    widths.extend(vec!["auto"; levels]);
    widths.extend(END_WIDTHS);
    let heads = heads.to_vec();
    let head = move || {
        let heads = heads.iter().map(|head| view! { <th>{*head}</th> });
        view! {
            <th>"Name"</th>
            {heads.collect_view()}
            <th>"From"</th>
            <th>
                <span class="unseen">"Runs"</span>
            </th>
        }
    };
    let keys = memo(move || {
        lines.with(|lines| lines.iter().map(|line| key(&line.name)).collect::<Vec<_>>())
    });
    let row = move |place: Signal<usize>| {
        let line = memo(move || lines.with(|lines| lines.get(place.get()).cloned()));
        row(line, levels).into_any()
    };
    view! {
        <div class="scrollx" role="group" aria-label="Resolved variables" tabindex="0">
            <WindowedTable
                label="Resolved variables"
                class="pinned sideways"
                widths
                head
                keys
                row=Callback::new(row)
            />
        </div>
    }
    .into_any()
}

/// The cells of the line that an element shows now.
fn row(line: Memo<Option<Line>>, levels: usize) -> impl IntoView {
    let name = memo(move || line.with(|line| line.as_ref().map(|line| line.name.clone())));
    let cells = (0..levels).map(|level| {
        let cell = memo(move || line.with(|line| line.as_ref()?.cells.get(level)?.clone()));
        let text = move || cell.with(|cell| cell.as_ref().map(|cell| cell.text.clone()));
        view! {
            <td class="mono" title=text>
                {dynamic(move || content(cell.get()).into_any())}
            </td>
        }
    });
    let cells = cells.collect_view();
    let ends = move || {
        let line = line.get().unwrap_or_default();
        let from = line
            .from
            .map(|from| view! { <span class="chip">{from}</span> });
        let build = line
            .buildtime
            .then(|| view! { <span class="chip outline">"build time"</span> });
        view! { <span class="chips">{from} {build}</span> }
    };
    let differs = memo(move || line.with(|line| line.as_ref().and_then(|line| line.differs)));
    let differs = move || {
        let words = differs.get()?;
        Some(view! {
            <span class="chips">
                <span class="chip warn">{words}</span>
            </span>
        })
    };
    view! {
        <th scope="row" class="mono name" title=move || name.get()>
            {move || name.get()}
        </th>
        {cells}
        <td>{dynamic(move || ends().into_any())}</td>
        <td>{dynamic(move || differs().into_any())}</td>
    }
}

fn content(cell: Option<Cell>) -> impl IntoView {
    cell.map(|cell| match cell.wins {
        true => view! { <b>{cell.text}</b> }.into_any(),
        false => view! {
            <span class="was">
                <span class="unseen">"overridden: "</span>
                {cell.text}
            </span>
        }
        .into_any(),
    })
}

/// One line a variable, and one for each that runs and is gone from the config, by name.
fn lines(variables: &[ResolvedVariable], scopes: &[ConfigScope], diff: &ConfigDiff) -> Vec<Line> {
    let differing: BTreeMap<&str, &'static str> = diff
        .by_name()
        .into_iter()
        .map(|change| {
            let words = match change.kind.known() {
                Some(ChangeKind::Removed) => "goes with the next deploy",
                _ => "differs from what runs",
            };
            (change.name.as_str(), words)
        })
        .collect();
    let mut lines: Vec<Line> = variables
        .iter()
        .map(|variable| Line {
            name: variable.name.clone(),
            cells: scopes.iter().map(|scope| at(variable, *scope)).collect(),
            from: Some(word(&variable.scope).to_owned()),
            buildtime: variable.buildtime,
            differs: differing.get(variable.name.as_str()).copied(),
        })
        .collect();
    let there: BTreeSet<&str> = variables.iter().map(|one| one.name.as_str()).collect();
    let gone = differing.iter().filter(|(name, _)| !there.contains(*name));
    lines.extend(gone.map(|(name, words)| Line {
        name: (*name).to_owned(),
        cells: vec![None; scopes.len()],
        from: None,
        buildtime: false,
        differs: Some(words),
    }));
    lines.sort_by(|one, other| one.name.cmp(&other.name));
    lines
}

/// The value of a variable at one level.
fn at(variable: &ResolvedVariable, scope: ConfigScope) -> Option<Cell> {
    if variable.scope.known() == Some(scope) {
        return Some(Cell {
            text: shown(&variable.value),
            wins: true,
        });
    }
    let is_here = |over: &&wire::config::Overridden| over.scope.known() == Some(scope);
    let over = variable.overrides.iter().find(is_here)?;
    Some(Cell {
        text: shown(&over.value),
        wins: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::config::{MASK, Overridden, VariableChange};
    use wire::open::Open;

    fn variable(name: &str, scope: ConfigScope, value: &str) -> ResolvedVariable {
        ResolvedVariable {
            name: name.to_owned(),
            value: value.to_owned(),
            secret: value == MASK,
            buildtime: false,
            scope: Open::Known(scope),
            overrides: Vec::new(),
        }
    }

    #[test]
    fn every_level_has_its_column() {
        let mut level = variable("LEVEL", ConfigScope::Service, "debug");
        level.overrides = vec![Overridden {
            scope: Open::Known(ConfigScope::Org),
            value: "warn".to_owned(),
        }];
        let key = variable("KEY", ConfigScope::Project, MASK);
        let scopes = LEVELS.map(|(scope, _)| scope);
        let mut diff = ConfigDiff::default();
        for (name, kind) in [("LEVEL", ChangeKind::Changed), ("OLD", ChangeKind::Removed)] {
            diff.push(VariableChange {
                name: name.to_owned(),
                kind: Open::Known(kind),
                before: None,
                after: None,
            });
        }
        let lines = lines(&[level, key], &scopes, &diff);
        let told: Vec<_> = lines
            .iter()
            .map(|line| {
                let cells: Vec<String> = line
                    .cells
                    .iter()
                    .map(|cell| match cell {
                        Some(cell) if cell.wins => cell.text.clone(),
                        Some(cell) => format!("({})", cell.text),
                        None => "-".to_owned(),
                    })
                    .collect();
                (line.name.as_str(), cells.join(" "), line.differs)
            })
            .collect();
        assert_eq!(
            told,
            [
                ("KEY", "- •••••• - -".to_owned(), None),
                (
                    "LEVEL",
                    "(warn) - - debug".to_owned(),
                    Some("differs from what runs")
                ),
                (
                    "OLD",
                    "- - - -".to_owned(),
                    Some("goes with the next deploy")
                ),
            ]
        );
    }
}
