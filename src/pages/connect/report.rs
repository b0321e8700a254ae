//! What a look at a platform has shown.

use leptos::prelude::*;

use super::testing::{Seen, Testing};
use crate::api::probe::{Check, Found, Outcome};
use crate::components::feedback::Note;
use crate::components::page::fact;
use crate::components::status::{Shape, state_mark};
use crate::reactive::dynamic;
use crate::words::{duration, plural};
use wire::envelope::Dialect;
use wire::offer::Offer;

/// A clock that is off by less than this many milliseconds is not worth a word.
const EXACT: u64 = 2_000;

/// What the last look has shown, told once it is there.
#[component]
pub fn Report(testing: Testing) -> impl IntoView {
    let content = move || testing.seen.get().map(shown).into_any();
    view! { <div aria-live="polite">{dynamic(content)}</div> }
}

fn shown(seen: Seen) -> AnyView {
    match seen {
        Ok(found) => report(&found).into_any(),
        Err(trouble) => {
            let origin = window().location().origin().unwrap_or_default();
            view! {
                <Note bad=true>
                    <span class="grow">{trouble.words(&origin)}</span>
                </Note>
            }
            .into_any()
        }
    }
}

fn report(found: &Found) -> impl IntoView + use<> {
    let what = found.meta.as_ref().map(|meta| {
        let words = format!("{} {}, {}", meta.name, meta.version, meta.engine.kind);
        fact("It is", words)
    });
    let who = found.who.clone().map(|who| fact("Key of", who));
    let checks = found.checks.iter().map(check).collect_view();
    let answered = found
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Answers)
        .count();
    let asked = plural(found.checks.len(), "read");
    view! {
        <dl class="kv">
            {fact("Reachable", format!("in {}", duration(u64::from(found.took))))} {what}
            {fact("Speaks", speaks(&found.offer))} {who} {fact("Clock", clock(found.ahead))}
        </dl>
        <details class="checks">
            <summary>{format!("{answered} of {asked} answered")}</summary>
            <ul class="plain-list">{checks}</ul>
            <p class="dim sm">
                "What changes something was not asked for: it is offered as far as the platform's document describes it."
            </p>
        </details>
    }
}

fn check(check: &Check) -> impl IntoView + use<> {
    let (shape, words) = match &check.outcome {
        Outcome::Answers => (Shape::Ok, "answered".to_owned()),
        Outcome::Absent => (Shape::None, "not there".to_owned()),
        Outcome::Refused => (Shape::Warn, "not for this key".to_owned()),
        Outcome::Fails(words) => (Shape::Bad, words.clone()),
    };
    view! {
        <li>
            <span class="mono">{check.name}</span>
            {state_mark((shape, words))}
        </li>
    }
}

/// What a platform answers, in words.
pub fn speaks(offer: &Offer) -> String {
    let count = match offer {
        Offer::Whole => return "all of Pilothouse's API".to_owned(),
        Offer::Part { operations, .. } => plural(operations.len(), "operation"),
    };
    match offer.dialect() {
        Some(Dialect::Environment) => format!("Environments: {count}"),
        _ => format!("Workspaces: {count}"),
    }
}

/// `3 s ahead of this machine's`
fn clock(ahead: Option<i64>) -> String {
    let Some(ahead) = ahead else {
        return "it does not tell its time".to_owned();
    };
    let by = duration(ahead.unsigned_abs());
    match (ahead.unsigned_abs() < EXACT, ahead > 0) {
        (true, _) => "as this machine's".to_owned(),
        (false, true) => format!("{by} ahead of this machine's"),
        (false, false) => format!("{by} behind this machine's"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_told_in_words() {
        assert_eq!(clock(Some(-900)), "as this machine's");
        assert!(clock(Some(3_600_000)).ends_with("ahead of this machine's"));
        assert!(clock(Some(-3_600_000)).ends_with("behind this machine's"));
        assert_eq!(clock(None), "it does not tell its time");
    }

    #[test]
    fn what_is_spoken_is_told_in_words() {
        assert_eq!(speaks(&Offer::Whole), "all of Pilothouse's API");
        let part = Offer::documented(Dialect::Workspace);
        assert_eq!(speaks(&part), "Workspaces: 11 operations");
    }
}
