//! What will exist, or change, when the form is sent: beside the fields, in sentences.

use leptos::prelude::*;
use wire::envelope::Dialect;

use super::Form;
use super::changes::{Change, changes};
use super::draft::{ServiceDraft, Source};
use crate::components::status::{Shape, state_mark};
use crate::reactive::memo;
use crate::words::plural;

/// What will exist, in sentences.
pub fn lines(draft: &ServiceDraft, place: &str) -> Vec<String> {
    let draft = draft.effective();
    let what = match draft.name.trim() {
        "" => "A service that needs a name".to_owned(),
        name => format!("Service {name}"),
    };
    let mut lines = vec![format!("{what} in {place}"), runs(&draft)];
    lines.extend(
        draft
            .processes
            .iter()
            .map(|row| format!("{} of {}", row.count, row.name)),
    );
    if !draft.port.trim().is_empty() {
        lines.push(format!("Listens on port {}", draft.port.trim()));
    }
    if !draft.domains.is_empty() {
        lines.push(format!("Traffic for {}", draft.domains.join(", ")));
    }
    lines.extend(draft.volumes.iter().map(|row| {
        let path = named(&row.mount_path, "a path to be given");
        format!("{} GB at {path} for each instance", row.size_gb)
    }));
    if !draft.variables.is_empty() {
        lines.push(plural(draft.variables.len(), "variable"));
    }
    lines
}

fn runs(draft: &ServiceDraft) -> String {
    let source = match draft.source {
        Source::Image => named(&draft.image, "an image to be given"),
        Source::Repository => named(&draft.repository, "a repository to be given"),
    };
    let health = match draft.health_path.trim() {
        "" => String::new(),
        path => format!(", health-checked on {path}"),
    };
    match draft.instances.trim() {
        "0" => format!("Paused: no instance of {source} yet"),
        "1" => format!("1 instance of {source}{health}"),
        count => format!("{count} instances of {source}{health}"),
    }
}

fn named(text: &str, otherwise: &str) -> String {
    match text.trim() {
        "" => otherwise.to_owned(),
        text => text.to_owned(),
    }
}

/// The summary of a form that creates.
#[component]
pub fn WillExist(form: Form, #[prop(into)] place: Signal<String>) -> impl IntoView {
    let lines = memo(move || form.draft.with(|draft| lines(draft, &place.get())));
    let sentences = move || {
        let lines = lines.get().into_iter();
        lines.map(|line| view! { <p>{line}</p> }).collect_view()
    };
    view! {
        <div class="dim stack" aria-live="polite">
            {sentences}
        </div>
        <Faults form />
    }
}

/// How many fields need a look before the form can be sent.
#[component]
pub fn Faults(form: Form) -> impl IntoView {
    let own = form.own();
    let changed = form.changed();
    move || {
        let count = own.with(|errors| errors.len());
        (count > 0 && changed.get()).then(|| {
            let verb = if count == 1 { "needs" } else { "need" };
            state_mark((
                Shape::Bad,
                format!("{} {verb} a look", plural(count, "field")),
            ))
        })
    }
}

/// The summary of a form that edits: every difference, and what it does to what runs.
#[component]
pub fn WillChange(form: Form) -> impl IntoView {
    let differences = memo(move || {
        form.saved
            .with(|saved| form.draft.with(|draft| changes(saved, draft)))
    });
    let effect = memo(move || {
        let patch = form.patch().ok().filter(|patch| !patch.is_empty())?;
        Some(effect(form.dialect(), patch.replaces_instances()))
    });
    let rows = move || {
        let differences = differences.get();
        if differences.is_empty() {
            return view! { <p class="dim">"Nothing differs from what is saved."</p> }.into_any();
        }
        let rows = differences.into_iter().map(difference).collect_view();
        view! { <dl class="diff">{rows}</dl> }.into_any()
    };
    view! {
        {rows}
        {move || effect.get().map(|words| view! { <p class="dim">{words}</p> })}
        <Faults form />
    }
}

fn effect(dialect: Dialect, replaces: bool) -> &'static str {
    match (dialect, replaces) {
        (Dialect::Workspace, true) => {
            "Acts at once: instances are replaced one at a time, traffic goes on."
        }
        (Dialect::Workspace, false) => "Acts at once: no instance is restarted.",
        (Dialect::Environment, true) => {
            "Waits for the next deploy, which replaces instances one at a time."
        }
        (Dialect::Environment, false) => {
            "Waits for the next deploy where it concerns what runs; no instance is restarted for it."
        }
    }
}

fn difference(change: Change) -> impl IntoView {
    let text = |value: String| {
        if value.is_empty() {
            "not set".to_owned()
        } else {
            value
        }
    };
    view! {
        <dt>{change.label}</dt>
        <dd>
            <span class="was">{text(change.before)}</span>
            " → "
            <span>{text(change.after)}</span>
        </dd>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_will_exist() {
        let draft = ServiceDraft {
            name: "orders".into(),
            image: "orders:2.4".into(),
            instances: "2".into(),
            domains: vec!["orders.acme.dev".into(), String::new()],
            ..ServiceDraft::new(Dialect::Environment)
        };
        assert_eq!(
            lines(&draft, "shop / production"),
            [
                "Service orders in shop / production",
                "2 instances of orders:2.4, health-checked on /_health/",
                "Traffic for orders.acme.dev",
            ]
        );
    }
}
