//! The platforms that this browser can be connected to: looked at, used, described, forgotten.

use leptos::prelude::*;
use wire::offer::Offer;

use super::report::{Report, speaks};
use super::testing::Testing;
use super::use_next;
use crate::components::button::{Button, IconButton, Kind};
use crate::components::icon::Icon;
use crate::components::page::{Panel, keep_focus};
use crate::forms::connection::draft::{Described, Draft};
use crate::forms::connection::{ConnectionFields, Form};
use crate::reactive::{When, dynamic, memo};
use crate::routes::Address;
use crate::state::platforms::{self, Hosted, Known, Preset};

/// What the form is about.
#[derive(Clone, PartialEq)]
struct Begun {
    draft: Draft,
    /// The platform that is changed.
    known: Option<Known>,
}

/// What the rows share.
#[derive(Clone, Copy)]
struct Shared {
    list: RwSignal<Vec<Known>>,
    form: RwSignal<Option<Begun>>,
    current: StoredValue<Option<String>>,
}

/// The list, and the form of one.
#[component]
pub fn Platforms(hosted: Hosted) -> impl IntoView {
    let current = platforms::current().map(|known| known.name);
    let shared = Shared {
        list: RwSignal::new(platforms::all()),
        form: RwSignal::new(None),
        current: StoredValue::new(current),
    };
    let own = hosted.own.then(|| own_row(shared));
    let presets = StoredValue::new(hosted.connections);
    let rows = move || {
        let list = shared.list.get();
        let is_new = |preset: &Preset| list.iter().all(|known| known.name != preset.name);
        let presets = presets.get_value();
        let presets = presets.into_iter().filter(is_new);
        let presets = presets
            .map(|preset| preset_row(shared, &preset))
            .collect_view();
        let known = list
            .iter()
            .map(|known| known_row(shared, known))
            .collect_view();
        view! {
            {known}
            {presets}
        }
        .into_any()
    };
    let add = move || {
        view! {
            <Button
                label="Add a platform"
                glyph=Icon::Plus
                on_click=move |()| {
                    shared
                        .form
                        .set(
                            Some(Begun {
                                draft: Draft::default(),
                                known: None,
                            }),
                        );
                }
            />
        }
    };
    let form = move || {
        shared
            .form
            .get()
            .map(|begun| form(shared, begun))
            .into_any()
    };
    view! {
        <Panel title="Platforms" aside=add>
            <ul class="plain-list platforms">{own} {dynamic(rows)}</ul>
            {dynamic(form)}
        </Panel>
    }
}

/// Loads the page anew: nothing of one platform is left for another.
fn load(path: &str) {
    // Fails only for an address that is none, which paths of the console are not.
    let _ = window().location().assign(path);
}

fn use_platform(name: Option<&str>, next: &str) {
    platforms::choose(name);
    load(next);
}

fn line(name: &str, url: &str, about: &str, is_current: bool) -> impl IntoView + use<> {
    let (name, url, about) = (name.to_owned(), url.to_owned(), about.to_owned());
    view! {
        <div class="grow about-platform">
            <div class="title-line">
                <b class="cut">{name}</b>
                {is_current.then(|| view! { <span class="chip outline">"in use"</span> })}
            </div>
            <div class="mono dim sm cut" title=url.clone()>
                {url.clone()}
            </div>
            <div class="faint sm">{about}</div>
        </div>
    }
}

/// The platform that served the page.
fn own_row(shared: Shared) -> impl IntoView {
    let is_current = shared.current.with_value(Option::is_none);
    let origin = window().location().origin().unwrap_or_default();
    view! {
        <li>
            {line("This address", &origin, "Served this page", is_current)}
            {(!is_current)
                .then(|| {
                    view! {
                        <Button
                            label="Use"
                            on_click=move |()| use_platform(None, &Address::Connect.path())
                        />
                    }
                })}
        </li>
    }
}

fn preset_row(shared: Shared, preset: &Preset) -> impl IntoView + use<> {
    let begun = Begun {
        draft: Draft::of_preset(preset),
        known: None,
    };
    view! {
        <li>
            {line(&preset.name, &preset.url, "Named by whoever hosts this page", false)}
            <Button label="Connect" on_click=move |()| shared.form.set(Some(begun.clone())) />
        </li>
    }
}

fn known_row(shared: Shared, known: &Known) -> impl IntoView + use<> {
    let is_current = shared
        .current
        .with_value(|current| current.as_ref() == Some(&known.name));
    let key = platforms::key_for(&known.name);
    let about = match &key {
        Some((_, platforms::Keep::Device)) => "its key is kept on this device",
        Some((_, platforms::Keep::Tab)) => "its key is kept for this tab",
        None => "asks for its key",
    };
    let about = format!("{} · {about}", speaks(&known.offer));
    let testing = Testing::new();
    let at = StoredValue::new(known.clone());
    let test = move |()| {
        let (platform, dialect) = at.with_value(|known| (known.platform(), known.offer.dialect()));
        testing.run(platform, dialect, move |found| {
            // What it answers may have become more, or less.
            let known = Known {
                offer: found.offer,
                ..at.get_value()
            };
            platforms::remember_offer(&known);
        });
    };
    let begun = Begun {
        draft: Draft::of_known(known),
        known: Some(known.clone()),
    };
    let forget = move |()| {
        let name = at.with_value(|known| known.name.clone());
        platforms::forget(&name);
        match is_current {
            true => load(&Address::Connect.path()),
            false => shared.list.set(platforms::all()),
        }
        keep_focus();
    };
    let next = use_next();
    let choose = move |()| {
        let name = at.with_value(|known| known.name.clone());
        use_platform(Some(&name), &next());
    };
    let change_label = format!("Change {}", known.name);
    let forget_label = format!("Forget {} and its key", known.name);
    view! {
        <li>
            {line(&known.name, &known.url, &about, is_current)} <div class="actions">
                <Button label="Test" pending=testing.pending on_click=test />
                {(!is_current).then(|| view! { <Button label="Use" on_click=choose /> })}
                <IconButton
                    label=change_label
                    glyph=Icon::Pencil
                    on_click=move |()| shared.form.set(Some(begun.clone()))
                />
                <IconButton label=forget_label glyph=Icon::Bin on_click=forget />
            </div> <Report testing />
        </li>
    }
}

/// The form of one platform: looked at alone, or used if nothing stands against it.
fn form(shared: Shared, begun: Begun) -> impl IntoView {
    let Begun { draft, known } = begun;
    let title = match &known {
        Some(known) => format!("Change {}", known.name),
        None => "A platform elsewhere".to_owned(),
    };
    let has_key = known
        .as_ref()
        .is_some_and(|known| platforms::key_for(&known.name).is_some());
    let form = Form::new(draft);
    let testing = Testing::new();
    let before = StoredValue::new(known);
    let next = StoredValue::new_local(use_next());
    let is_found = memo(move || testing.seen.with(|seen| matches!(seen, Some(Ok(_)))));
    let look = move |uses: bool| {
        let Some(described) = form.read() else {
            return;
        };
        let before = before.get_value();
        let platform = described.platform(before.as_ref());
        testing.run(platform, described.dialect, move |found| {
            if uses {
                let name = described.name.clone();
                save(described, found.offer, before);
                use_platform(Some(&name), &next.with_value(|next| next()));
            }
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        look(true);
    };
    view! {
        <form class="stack describe" on:submit=submit novalidate>
            <h2>{title}</h2>
            <ConnectionFields form has_key />
            <Report testing />
            <div class="actions">
                <Button label="Connect" kind=Kind::Primary submit=true pending=testing.pending />
                <Button label="Test" pending=testing.pending on_click=move |()| look(false) />
                <Button label="Cancel" kind=Kind::Quiet on_click=move |()| shared.form.set(None) />
                <When is=move || is_found.get()>
                    <span class="dim sm">"Nothing stands against it."</span>
                </When>
            </div>
        </form>
    }
}

/// Remembers what was described and found, in the place of what it was before.
fn save(described: Described, offer: Offer, before: Option<Known>) {
    let key = described.platform(before.as_ref()).key.get();
    if let Some(before) = before.filter(|before| before.name != described.name) {
        platforms::forget(&before.name);
    }
    let known = Known {
        name: described.name,
        url: described.url,
        offer,
        places: described.places,
    };
    platforms::remember(&known, key.as_ref(), described.keep);
}
