//! The last look before changes are sent: what differs, and whom it reaches.

use std::sync::Arc;

use leptos::prelude::*;
use wire::config::{ConfigPreview, ConfigScope, ServiceEffect};
use wire::open::Open;
use wire::path::{Level, Params, Scope};

use super::data::{Data, use_preview};
use super::history::kind_mark;
use super::levels::{scope_of, word};
use super::save::Order;
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::feedback::Note;
use crate::components::icon::{Icon, icon};
use crate::forms::config::Form;
use crate::forms::config::draft::{Change, Draft, Side};
use crate::pages::parts::loaded;
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::act::Act;
use crate::words::plural;

/// The dialog.
#[component]
pub fn Review(data: Data, form: Form, save: Act<Order>, open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog title="Review changes" open large=true>
            <ReviewContent data form save open />
        </Dialog>
    }
}

#[component]
fn ReviewContent(data: Data, form: Form, save: Act<Order>, open: RwSignal<bool>) -> impl IntoView {
    save.failure.set(None);
    let base = form.base.get_untracked();
    let asked = form.draft.with_untracked(Draft::request);
    let changes = form.draft.with_untracked(|draft| draft.changes(&base));
    let rows = changes.into_iter().map(change_row).collect_view();
    let level = data.level.get_value();
    let reach = use_preview(level.clone(), asked.clone().ok());
    let radius = move |preview: Signal<Arc<ConfigPreview>>| {
        let level = level.clone();
        let content = move || radius(&level, &preview.get());
        content.into_any()
    };
    let own_faults = asked.as_ref().err().cloned();
    let faults = memo(move || {
        let failure = save.failure.get().filter(|failure| !failure.is_stale());
        let sent = failure.map(|failure| (failure.words(), failure.field_errors()));
        let own = own_faults.clone().map(|errors| (String::new(), errors));
        let (words, errors) = own.or(sent)?;
        let lines = form.draft.with(|draft| draft.blame(&errors));
        Some(if lines.is_empty() { vec![words] } else { lines })
    });
    let order = asked.ok().map(|bulk| Order {
        bulk,
        revision: base.revision.clone(),
    });
    let can_send = order.is_some();
    let order = StoredValue::new(order);
    let against = memo(move || (!can_send).then(|| "Something of it can't be saved.".to_owned()));
    let commands = save.commands(move || order.get_value());
    let send = move |()| {
        if let Some(order) = order.get_value() {
            save.go(order);
        }
    };
    view! {
        <div class="body">
            {dynamic(move || fault_note(faults.get()))} <dl class="diff changes">{rows}</dl>
            {can_send
                .then(|| {
                    view! {
                        <section class="reach" aria-label="What it reaches">
                            {loaded(reach, 2, radius)}
                        </section>
                    }
                })}
        </div>
        <DialogButtons open commands>
            <Button
                label="Save changes"
                kind=Kind::Primary
                against
                pending=save.pending()
                on_click=send
            />
        </DialogButtons>
    }
}

fn fault_note(faults: Option<Vec<String>>) -> AnyView {
    let note = faults.map(|lines| {
        let lines = lines.into_iter();
        let lines = lines.map(|words| view! { <li>{words}</li> }).collect_view();
        view! {
            <Note bad=true>
                <ul class="grow plain-list">{lines}</ul>
            </Note>
        }
    });
    note.into_any()
}

/// A change with before and after.
fn change_row(change: Change) -> impl IntoView {
    let stays_secret = change.stays_secret().then(|| {
        view! {
            " "
            <span class="dim sm">"stays a secret, with a new value"</span>
        }
    });
    view! {
        <dt>
            <span class="mono">{change.name}</span>
            " "
            {kind_mark(&Open::Known(change.kind))}
        </dt>
        <dd>
            {change
                .before
                .map(|side| {
                    view! {
                        <span class="was">{side_view(&side)}</span>
                        " → "
                    }
                })}
            {match change.after {
                Some(side) => side_view(&side).into_any(),
                None => view! { <span class="dim">"gone"</span> }.into_any(),
            }} {stays_secret}
        </dd>
    }
}

/// A value and what it is beside that.
pub fn side_view(side: &Side) -> impl IntoView + use<> {
    let marks = side.marks().into_iter();
    let marks = marks
        .map(|mark| {
            view! {
                " "
                <span class="chip">{mark}</span>
            }
        })
        .collect_view();
    view! {
        <span class="mono">{side.shown()}</span>
        {marks}
    }
}

/// Whom a change reaches, in sentences, and the way to each.
fn radius(level: &Level, preview: &ConfigPreview) -> AnyView {
    if scope_of(level) == ConfigScope::Service {
        return view! { <p class="dim">"It takes effect with the next deploy."</p> }.into_any();
    }
    let (reached, shielded) = sort(&preview.services);
    let org = level.value("org").unwrap_or_default();
    let list = |services: &[&ServiceEffect], words: fn(&ServiceEffect) -> String| {
        let items = services
            .iter()
            .map(|service| service_item(org, service, &words(service)));
        let items = items.collect_view();
        view! { <ul class="plain reached">{items}</ul> }
    };
    view! {
        <p>
            <b>{reaches(reached.len(), preview.total)}</b>
            {(!reached.is_empty()).then_some(" Each with its next deploy.")}
        </p>
        {list(&reached, reach_words)}
        {(!shielded.is_empty())
            .then(|| {
                view! {
                    <p>
                        <b>{shields(shielded.len())}</b>
                    </p>
                    {list(&shielded, shield_words)}
                }
            })}
    }
    .into_any()
}

fn service_item(org: &str, service: &ServiceEffect, words: &str) -> impl IntoView + use<> {
    let scope = Scope::Environment {
        org: org.to_owned(),
        project: service.project.clone(),
        environment: service.environment.clone(),
    };
    let address = Address::service(&scope, &service.service, Tab::Config);
    let place = format!("{} / {} / ", service.project, service.environment);
    // In a tab of its own: what is pending here stays.
    view! {
        <li>
            <a class="link" href=address.path() target="_blank">
                <span class="dim">{place}</span>
                {service.name.clone()}
                {icon(Icon::Out)}
                <span class="unseen">"opens in a new tab"</span>
            </a>
            <span class="mono dim cut" title=words.to_owned()>
                {words.to_owned()}
            </span>
        </li>
    }
}

/// The services that the change reaches, and those that see nothing of it.
fn sort(services: &[ServiceEffect]) -> (Vec<&ServiceEffect>, Vec<&ServiceEffect>) {
    services
        .iter()
        .filter(|service| !(service.changed.is_empty() && service.shielded.is_empty()))
        .partition(|service| !service.changed.is_empty())
}

fn reaches(count: usize, total: u32) -> String {
    match (count, total) {
        (_, 0) => "There is no service here yet.".to_owned(),
        (0, total) => format!("Changes none of {}.", plural(total as usize, "service")),
        (count, total) if count == total as usize => {
            format!("Changes {}: all there are.", plural(count, "service"))
        }
        (count, total) => format!("Changes {count} of {}.", plural(total as usize, "service")),
    }
}

fn shields(count: usize) -> String {
    match count {
        1 => "1 is shielded by a value of its own.".to_owned(),
        count => format!("{count} are shielded by values of their own."),
    }
}

/// What changes, and what of it the service does not see.
fn reach_words(service: &ServiceEffect) -> String {
    let changed = service.changed.join(", ");
    let shielded: Vec<&str> = service
        .shielded
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    match shielded.is_empty() {
        true => changed,
        false => format!("{changed}; not {}", shielded.join(", ")),
    }
}

fn shield_words(service: &ServiceEffect) -> String {
    let shields = service.shielded.iter();
    let words = shields.map(|shield| format!("{} at its {}", shield.name, word(&shield.scope)));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::config::Shield;

    fn effect(name: &str, changed: &[&str], shielded: &[&str]) -> ServiceEffect {
        ServiceEffect {
            project: "shop".into(),
            environment: "production".into(),
            service: name.into(),
            name: name.into(),
            changed: changed.iter().map(|name| (*name).to_owned()).collect(),
            shielded: shielded
                .iter()
                .map(|name| Shield {
                    name: (*name).to_owned(),
                    scope: Open::Known(ConfigScope::Environment),
                })
                .collect(),
        }
    }

    #[test]
    fn a_service_is_reached_or_shielded() {
        let all = [
            effect("api", &["A"], &["B"]),
            effect("web", &[], &["A"]),
            effect("job", &[], &[]),
        ];
        let (reached, shielded) = sort(&all);
        let names = |list: Vec<&ServiceEffect>| {
            let names = list.iter().map(|service| service.name.clone());
            names.collect::<Vec<_>>()
        };
        assert_eq!(shield_words(shielded[0]), "A at its environment");
        assert_eq!(reach_words(reached[0]), "A; not B");
        assert_eq!(
            (names(reached), names(shielded)),
            (vec!["api".into()], vec!["web".into()])
        );
    }

    #[test]
    fn the_reach_is_told_in_a_sentence() {
        assert_eq!(reaches(3, 14), "Changes 3 of 14 services.");
        assert_eq!(reaches(2, 2), "Changes 2 services: all there are.");
        assert_eq!(reaches(0, 1), "Changes none of 1 service.");
        assert_eq!(reaches(0, 0), "There is no service here yet.");
        assert_eq!(shields(2), "2 are shielded by values of their own.");
    }
}
