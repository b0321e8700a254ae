//! What differs between two releases, or between what runs and what a deploy would bring.

use leptos::prelude::*;
use wire::conceal::HIDDEN;
use wire::config::{ConfigDiff, MASK, VariableChange};
use wire::release::FieldChange;

/// One thing that differs, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub label: String,
    /// Absent where there was nothing.
    pub before: Option<String>,
    /// Absent where nothing is left.
    pub after: Option<String>,
}

/// What of image and runtime differs, a hash as `short` has it.
pub fn of_fields(changes: &[FieldChange], short: fn(&str) -> &str) -> Vec<Difference> {
    let value = |name: &str, value: &Option<String>| {
        let value = value.as_deref()?;
        let is_hash = name == "commit" || value.starts_with("sha256:");
        Some(if is_hash { short(value) } else { value }.to_owned())
    };
    let one = |change: &FieldChange| Difference {
        label: label(&change.name),
        before: value(&change.name, &change.before),
        after: value(&change.name, &change.after),
    };
    changes.iter().map(one).collect()
}

/// What of processes differs: their names stay as they are.
pub fn of_processes(changes: &[FieldChange]) -> Vec<Difference> {
    let one = |change: &FieldChange| Difference {
        label: change.name.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
    };
    changes.iter().map(one).collect()
}

/// What of the config differs, by name. Of secrets it is only said that they do.
pub fn of_config(diff: &ConfigDiff) -> Vec<Difference> {
    let one = |change: &VariableChange| {
        let (before, after) = (change.before.as_deref(), change.after.as_deref());
        let secret = |value: &str, words: &str| match value {
            MASK => words.to_owned(),
            HIDDEN => "hidden".to_owned(),
            value => value.to_owned(),
        };
        let is_kept = before == Some(MASK) && after == Some(MASK);
        let words = if is_kept {
            "another secret"
        } else {
            "a secret"
        };
        Difference {
            label: change.name.clone(),
            before: before.map(|value| secret(value, "a secret")),
            after: after.map(|value| secret(value, words)),
        }
    };
    diff.by_name().into_iter().map(one).collect()
}

/// `health_check_path` → `Health check path`
fn label(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// A list of differences under a title of its own; nothing where there are none.
pub fn difference_list(title: &'static str, differences: Vec<Difference>) -> AnyView {
    if differences.is_empty() {
        return ().into_any();
    }
    let rows = differences.into_iter().map(row).collect_view();
    view! {
        <section>
            <h3>{title}</h3>
            <dl class="diff">{rows}</dl>
        </section>
    }
    .into_any()
}

fn row(difference: Difference) -> impl IntoView {
    let Difference {
        label,
        before,
        after,
    } = difference;
    let kind = match (&before, &after) {
        (None, Some(_)) => Some("new"),
        (Some(_), None) => Some("goes"),
        _ => None,
    };
    let kind = kind.map(|kind| view! { <span class="chip outline">{kind}</span> });
    let shown = |value: String| match value.is_empty() {
        true => "empty".to_owned(),
        false => value,
    };
    let arrow = (before.is_some() && after.is_some()).then_some(" → ");
    view! {
        <dt>
            <span class="mono">{label}</span>
            {kind}
        </dt>
        <dd>
            {before.map(|value| view! { <del class="was">{shown(value)}</del> })} {arrow}
            {after.map(|value| view! { <span>{shown(value)}</span> })}
        </dd>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::config::ChangeKind;
    use wire::open::Open;

    #[test]
    fn fields_have_the_words_of_people() {
        let changes = [FieldChange {
            name: "health_check_path".into(),
            before: Some("/a".into()),
            after: None,
        }];
        let differences = of_fields(&changes, str::trim);
        assert_eq!(differences[0].label, "Health check path");
        assert_eq!(of_processes(&changes)[0].label, "health_check_path");
    }

    #[test]
    fn hashes_alone_are_cut() {
        let change = |name: &str, before: &str| FieldChange {
            name: name.into(),
            before: Some(before.into()),
            after: None,
        };
        let changes = [
            change("image", "sha256:1f8a03c2d9b4e5f60718"),
            change("image", "registry.example/team/web:1.4.2-with-a-long-tag"),
            change("commit", "4be10a2f77d0"),
        ];
        fn cut(hash: &str) -> &str {
            hash.get(..10).unwrap_or_default()
        }
        let before = of_fields(&changes, cut).into_iter().map(|one| one.before);
        let expected = [
            "sha256:1f8",
            "registry.example/team/web:1.4.2-with-a-long-tag",
            "4be10a2f77",
        ];
        assert!(before.eq(expected.map(|text| Some(text.to_owned()))));
    }

    #[test]
    fn of_a_secret_only_that_it_differs_is_said() {
        let mut diff = ConfigDiff::default();
        diff.push(VariableChange {
            name: "TOKEN".into(),
            kind: Open::Known(ChangeKind::Changed),
            before: Some(MASK.into()),
            after: Some(MASK.into()),
        });
        let difference = of_config(&diff).remove(0);
        assert_eq!(difference.before.as_deref(), Some("a secret"));
        assert_eq!(difference.after.as_deref(), Some("another secret"));
    }
}
