//! Projects × environments: which columns there are, and what stands in each.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;
use wire::environment::EnvironmentType;
use wire::open::{Open, Words};
use wire::overview::{Cell, Overview};

use super::cell::{address, cell_view};
use crate::components::page::Panel;
use crate::pages::typed::Typed;
use crate::reactive::{dynamic, memo};
use crate::routes::Address;

/// More environments than this share the last column: a branch each makes no column each.
const COLUMNS: usize = 5;

/// A column: the environments with this slug, or all that have none of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Of(String),
    Others,
}

/// A project with what stands in each column.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    project: String,
    name: String,
    cells: Vec<Vec<Cell>>,
}

/// The environments of every project whose name fits the filter.
#[component]
pub fn GridPanel(org: Memo<String>, shown: Signal<Arc<Overview>>, filter: Typed) -> impl IntoView {
    let columns = memo(move || shown.with(|overview| columns(&overview.cells)));
    let rows = memo(move || {
        let rows = shown.with(|overview| columns.with(|columns| rows(&overview.cells, columns)));
        let wanted = filter.text.with(|text| text.trim().to_lowercase());
        let fits =
            |row: &Row| [&row.name, &row.project].map(|text| text.to_lowercase().contains(&wanted));
        let rows: Vec<Row> = rows
            .into_iter()
            .filter(|row| fits(row).contains(&true))
            .collect();
        rows
    });
    let keys = move || {
        rows.with(|rows| {
            let keys = rows.iter().map(|row| row.project.clone());
            keys.collect::<Vec<_>>()
        })
    };
    let is_empty = memo(move || rows.with(Vec::is_empty));
    view! {
        <Panel title="Projects and environments" flush=true>
            <div class="scrollx" role="group" aria-label="Projects and environments" tabindex="0">
                <table class="table pinned grid" role="table">
                    {dynamic(move || head(&columns.get()))}
                    <tbody role="rowgroup">
                        <For each=keys key=Clone::clone let(project)>
                            {row_view(
                                org,
                                columns,
                                memo(move || {
                                    rows.with(|rows| {
                                        rows.iter().find(|row| row.project == project).cloned()
                                    })
                                }),
                            )}
                        </For>
                    </tbody>
                </table>
            </div>
            {dynamic(move || {
                let none = view! { <p class="pad dim">"No project fits the filter."</p> };
                is_empty.get().then_some(none).into_any()
            })}
        </Panel>
    }
}

fn head(columns: &[Column]) -> AnyView {
    let heads = columns
        .iter()
        .map(|column| {
            let words = match column {
                Column::Of(slug) => slug.clone(),
                Column::Others => "others".to_owned(),
            };
            view! {
                <th scope="col" role="columnheader">
                    {words}
                </th>
            }
        })
        .collect_view();
    view! {
        <thead role="rowgroup">
            <tr role="row">
                <th scope="col" role="columnheader">
                    "Project"
                </th>
                {heads}
            </tr>
        </thead>
    }
    .into_any()
}

fn row_view(org: Memo<String>, columns: Memo<Vec<Column>>, row: Memo<Option<Row>>) -> AnyView {
    let name = memo(move || row.get().map(|row| row.name));
    let path = memo(move || {
        let project = row.get().map(|row| row.project).unwrap_or_default();
        Address::Project {
            org: org.get(),
            project,
        }
        .path()
    });
    let cells = move || {
        let row = row.get();
        let cells = row.iter().flat_map(|row| row.cells.iter());
        let columns = columns.get();
        let cells = cells.zip(columns);
        let cells = cells.map(|(cells, column)| cell_box(&org.get(), cells, &column));
        cells.collect_view().into_any()
    };
    view! {
        <tr role="row">
            <th scope="row" role="rowheader" class="name">
                <a href=path>{name}</a>
            </th>
            {dynamic(cells)}
        </tr>
    }
    .into_any()
}

fn cell_box(org: &str, cells: &[Cell], column: &Column) -> impl IntoView + use<> {
    let is_shared = *column == Column::Others;
    let cells = cells
        .iter()
        .map(|cell| {
            let name = cell.environment.clone();
            let name = match is_shared {
                true => view! {
                    <a class="cell-name" href=address(org, cell).path()>
                        {name}
                    </a>
                }
                .into_any(),
                // Where there is room, the head of the column says it.
                false => view! { <span class="cell-name narrow">{name}</span> }.into_any(),
            };
            view! {
                {name}
                {cell_view(org, cell)}
            }
        })
        .collect_view();
    view! { <td role="cell">{cells}</td> }
}

/// Where an environment of a type stands among others.
fn rank(cell: &Cell) -> usize {
    let known = cell.env_type.as_ref().and_then(Open::known);
    let place = EnvironmentType::ALL
        .iter()
        .position(|env_type| known == Some(*env_type));
    place.unwrap_or(EnvironmentType::ALL.len())
}

/// The columns: the environments that most projects have, production first.
fn columns(cells: &[Cell]) -> Vec<Column> {
    // By slug: how many projects have it, and the first rank that one of them gives it.
    let mut slugs: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for cell in cells {
        let known = slugs.entry(&cell.environment).or_insert((0, usize::MAX));
        *known = (known.0 + 1, known.1.min(rank(cell)));
    }
    let mut slugs: Vec<_> = slugs.into_iter().collect();
    let has_others = slugs.len() > COLUMNS + 1;
    if has_others {
        slugs.sort_by_key(|(_, (count, rank))| (std::cmp::Reverse(*count), *rank));
        slugs.truncate(COLUMNS);
    }
    slugs.sort_by_key(|(slug, (_, rank))| (*rank, *slug));
    let columns = slugs
        .into_iter()
        .map(|(slug, _)| Column::Of(slug.to_owned()));
    columns
        .chain(has_others.then_some(Column::Others))
        .collect()
}

/// The projects in their order, each with its environments by column.
fn rows(cells: &[Cell], columns: &[Column]) -> Vec<Row> {
    let places: BTreeMap<&str, usize> = columns
        .iter()
        .enumerate()
        .filter_map(|(place, column)| match column {
            Column::Of(slug) => Some((slug.as_str(), place)),
            Column::Others => None,
        })
        .collect();
    let mut rows: Vec<Row> = Vec::new();
    for cell in cells {
        if rows.last().is_none_or(|row| row.project != cell.project) {
            rows.push(Row {
                project: cell.project.clone(),
                name: match cell.project_name.is_empty() {
                    true => cell.project.clone(),
                    false => cell.project_name.clone(),
                },
                cells: vec![Vec::new(); columns.len()],
            });
        }
        let place = places.get(cell.environment.as_str()).copied();
        let place = place.unwrap_or(columns.len().saturating_sub(1));
        let row = rows.last_mut();
        if let Some(cells) = row.and_then(|row| row.cells.get_mut(place)) {
            cells.push(cell.clone());
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::super::cell::tests::cell;
    use super::*;

    fn typed(project: &str, environment: &str, env_type: EnvironmentType) -> Cell {
        Cell {
            env_type: Some(Open::Known(env_type)),
            ..cell(project, environment, &[])
        }
    }

    fn words(columns: &[Column]) -> Vec<&str> {
        columns
            .iter()
            .map(|column| match column {
                Column::Of(slug) => slug.as_str(),
                Column::Others => "others",
            })
            .collect()
    }

    #[test]
    fn production_stands_first_and_each_environment_has_its_column() {
        let cells = [
            typed("blog", "production", EnvironmentType::Production),
            typed("shop", "development", EnvironmentType::Development),
            typed("shop", "production", EnvironmentType::Production),
            typed("shop", "staging", EnvironmentType::Staging),
        ];
        let columns = columns(&cells);
        assert_eq!(words(&columns), ["production", "staging", "development"]);
        let rows = rows(&cells, &columns);
        let slugs = |row: &Row| {
            let cells = row.cells.iter();
            let slugs = cells.map(|cells| cells.first().map(|cell| cell.environment.clone()));
            slugs.map(Option::unwrap_or_default).collect::<Vec<_>>()
        };
        assert_eq!(slugs(&rows[0]), ["production", "", ""]);
        assert_eq!(slugs(&rows[1]), ["production", "staging", "development"]);
    }

    #[test]
    fn an_environment_a_branch_makes_no_column_a_branch() {
        let mut cells = Vec::new();
        for project in 0..20 {
            let project = format!("project-{project:02}");
            cells.push(typed(&project, "production", EnvironmentType::Production));
            for branch in 0..4 {
                let slug = format!("pr-{project}-{branch}");
                cells.push(typed(&project, &slug, EnvironmentType::Preview));
            }
        }
        let columns = columns(&cells);
        assert_eq!(columns.len(), COLUMNS + 1);
        assert_eq!(words(&columns)[0], "production");
        let rows = rows(&cells, &columns);
        assert_eq!(rows.len(), 20);
        assert_eq!(rows[19].cells[COLUMNS].len(), 4);
    }

    proptest! {
        #[test]
        fn no_environment_is_lost(slugs in proptest::collection::vec(("[a-c]", "[a-k]"), 0..60)) {
            let mut slugs = slugs;
            slugs.sort();
            slugs.dedup();
            let cells: Vec<Cell> = slugs.iter().map(|(project, slug)| cell(project, slug, &[])).collect();
            let columns = columns(&cells);
            prop_assert!(columns.len() <= COLUMNS + 1);
            let rows = rows(&cells, &columns);
            let shown: usize = rows.iter().flat_map(|row| row.cells.iter()).map(Vec::len).sum();
            prop_assert_eq!(shown, cells.len());
        }
    }
}
