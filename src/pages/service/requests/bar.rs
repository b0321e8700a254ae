//! The filter above the requests, and saving what is loaded.

use leptos::html;
use leptos::prelude::*;
use wire::error::FieldErrors;

use super::filter::{METHOD, PATH, STATUS};
use crate::components::button::{Button, Segments};
use crate::components::field::{Look, SearchBox, SelectField, TextField};
use crate::components::icon::Icon;
use crate::pages::typed::Typed;
use crate::reactive::memo;
use crate::routes::QueryText;

/// The methods that are offered.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// What the filter is made of; all of it is in the address.
#[derive(Clone, Copy)]
pub struct Controls {
    /// What paths must hold.
    pub path: Typed,
    /// Statuses and classes.
    pub status: Typed,
    /// Methods.
    pub method: QueryText,
}

impl Controls {
    /// Lets everything through again.
    pub fn clear(self) {
        self.path.set(String::new());
        self.status.set(String::new());
        self.method.set("");
    }
}

/// The controls.
#[component]
pub fn Bar(
    controls: Controls,
    search: NodeRef<html::Input>,
    faults: Memo<FieldErrors>,
    /// Called with each change of the filter.
    #[prop(into)]
    on_change: Callback<()>,
    #[prop(into)] on_download: Callback<()>,
) -> impl IntoView {
    let of =
        move |name: &'static str| Signal::derive(move || faults.with(|all| all.of(name).to_vec()));
    let set_status = move |text: String| {
        on_change.run(());
        controls.status.set(text);
    };
    let classes = [
        ("", "All"),
        ("2xx", "2xx"),
        ("3xx", "3xx"),
        ("4xx", "4xx"),
        ("5xx", "5xx"),
    ];
    let classes = classes.map(|(class, words)| (class.to_owned(), words.to_owned()));
    view! {
        <div class="bar requests-bar">
            <SearchBox
                label="Only paths that hold this text"
                placeholder="Path contains, capitals count"
                key="/"
                node=search
                value=controls.path.text
                faults=of(PATH)
                on_input=move |text| {
                    on_change.run(());
                    controls.path.set(text);
                }
            />
            <Segments
                label="Class of status"
                choices=classes.to_vec()
                value=controls.status.text
                on_choose=set_status
            />
            <TextField
                label="Status"
                bare=true
                look=Look::Code
                placeholder="404, 5xx"
                value=controls.status.text
                faults=of(STATUS)
                on_input=set_status
            />
            <MethodField method=controls.method faults=of(METHOD) on_change />
            <Button label="CSV" glyph=Icon::Download on_click=on_download />
        </div>
    }
}

#[component]
fn MethodField(
    method: QueryText,
    faults: Signal<Vec<String>>,
    on_change: Callback<()>,
) -> impl IntoView {
    let choose = move |word: String| {
        on_change.run(());
        method.set(word);
    };
    // An address may ask for what is not offered: `GET,POST`.
    let words = memo(move || {
        let chosen = method.get.get();
        let mut words: Vec<String> = METHODS.map(str::to_owned).to_vec();
        if !chosen.is_empty() && !words.contains(&chosen) {
            words.push(chosen);
        }
        words
    });
    let choices = move || {
        let all = (String::new(), "All methods".to_owned());
        let words = words.get().into_iter().map(|word| (word.clone(), word));
        std::iter::once(all).chain(words).collect::<Vec<_>>()
    };
    view! {
        <SelectField
            label="Method"
            bare=true
            choices=Signal::derive(choices)
            value=method.get
            faults
            on_choose=choose
        />
    }
}
