//! The current address as signals, and going elsewhere.

use leptos::prelude::{Callable, Callback, Memo, With, WithUntracked};
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use wire::path::Scope;

use super::Address;

use crate::reactive::memo;

/// What the current path means.
pub fn use_address() -> Memo<Option<Address>> {
    let path = use_location().pathname;
    memo(move || path.with(|path| Address::read(path)))
}

/// A part of the address for as long as it has one: a page that is being left keeps the last value,
/// since the address changes before the page goes.
///
/// The fallback is only seen by a page that was never at an address of its kind.
pub fn use_kept<T>(
    part: impl Fn(&Address) -> Option<T> + Send + Sync + 'static,
    fallback: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let path = use_location().pathname;
    Memo::new(move |kept: Option<&T>| {
        path.with(|path| Address::read(path))
            .and_then(|address| part(&address))
            .or_else(|| kept.cloned())
            .unwrap_or_else(&fallback)
    })
}

/// Goes to an address by callback: it outlives the page that asked for it.
pub fn use_go() -> Callback<Address> {
    let navigate = send_wrapper::SendWrapper::new(use_navigate());
    Callback::new(move |address: Address| navigate(&address.path(), NavigateOptions::default()))
}

/// One parameter of the query: what it says, and how to change it.
#[derive(Clone, Copy)]
pub struct QueryText {
    /// The text; empty where the address has none.
    pub get: Memo<String>,
    set: Callback<String>,
}

impl QueryText {
    /// Changes the address: in place, since typing makes no history, unless it opens something.
    pub fn set(&self, text: impl Into<String>) {
        self.set.run(text.into());
    }
}

/// Reads and writes one parameter of the query. An empty text removes it.
pub fn query_text(name: &'static str) -> QueryText {
    query_through(name, query_setter())
}

/// As [`query_text`], for what is opened: each change is a step that the browser can go back.
pub fn query_step(name: &'static str) -> QueryText {
    query_through(name, setter(false))
}

fn query_through(name: &'static str, setter: Callback<Vec<(&'static str, String)>>) -> QueryText {
    let query = use_query_map();
    QueryText {
        get: memo(move || query.with(|query| query.get(name)).unwrap_or_default()),
        set: Callback::new(move |text| setter.run(vec![(name, text)])),
    }
}

/// Writes several parameters of the query at once. An empty text removes its parameter.
pub fn query_setter() -> Callback<Vec<(&'static str, String)>> {
    setter(true)
}

/// As [`query_setter`], for what is looked into: each change is a step that the browser can go back.
pub fn query_stepper() -> Callback<Vec<(&'static str, String)>> {
    setter(false)
}

fn setter(in_place: bool) -> Callback<Vec<(&'static str, String)>> {
    let query = use_query_map();
    let location = use_location();
    let navigate = send_wrapper::SendWrapper::new(use_navigate());
    Callback::new(move |changes: Vec<(&'static str, String)>| {
        let mut query = query.with_untracked(Clone::clone);
        for (name, text) in changes {
            query.remove(name);
            if !text.is_empty() {
                query.insert(name, text);
            }
        }
        let path = location.pathname.with_untracked(Clone::clone);
        let options = NavigateOptions {
            replace: in_place,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&(path + &query.to_query_string()), options);
    })
}

/// What people call a place: `shop` and `production`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeName {
    /// The project.
    pub project: String,
    /// The environment.
    pub environment: String,
}

/// What people call a place. W's places are the default environments of their projects.
pub fn scope_name(scope: &Scope) -> ScopeName {
    match scope {
        Scope::Workspace { project, .. } => ScopeName {
            project: project.clone(),
            environment: wire::project::DEFAULT_ENVIRONMENT.to_owned(),
        },
        Scope::Environment {
            project,
            environment,
            ..
        } => ScopeName {
            project: project.clone(),
            environment: environment.clone(),
        },
    }
}
