//! What differs between two releases, found out from the releases themselves.

use wire::config::{ChangeKind, ConfigDiff, MASK, VariableChange};
use wire::open::Open;
use wire::release::{FieldChange, Release, ReleaseVariable};

/// What differs between two releases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Image and runtime.
    pub image: Vec<FieldChange>,
    /// The config.
    pub config: ConfigDiff,
    /// Processes with another command.
    pub processes: Vec<FieldChange>,
    /// Secrets of both of which nobody can say whether they are the same.
    pub unknown: Vec<String>,
}

impl Comparison {
    /// Whether nothing differs, as far as can be said.
    pub fn is_empty(&self) -> bool {
        self.image.is_empty() && self.config.is_empty() && self.processes.is_empty()
    }
}

/// What is another in `after` than in `before`. A secret has no value to compare: it differs where
/// one of the releases since says that it was changed, and where a release since is not at hand
/// among `all`, nobody knows.
pub fn compare(before: &Release, after: &Release, all: &[Release]) -> Comparison {
    let mut comparison = Comparison {
        image: image(before, after),
        processes: processes(before, after),
        ..Comparison::default()
    };
    for variable in &after.configuration {
        match find(before, &variable.name) {
            None => comparison.config.push(VariableChange {
                name: variable.name.clone(),
                kind: Open::Known(ChangeKind::Added),
                before: None,
                after: Some(variable.value.clone()),
            }),
            Some(old) if old.value != variable.value || old.secret != variable.secret => {
                comparison.config.push(changed(old, variable));
            }
            Some(old) if variable.value == MASK => {
                match secret_changed(before.version, after.version, &variable.name, all) {
                    Some(true) => comparison.config.push(changed(old, variable)),
                    Some(false) => {}
                    None => comparison.unknown.push(variable.name.clone()),
                }
            }
            Some(_) => {}
        }
    }
    for variable in &before.configuration {
        if find(after, &variable.name).is_none() {
            comparison.config.push(VariableChange {
                name: variable.name.clone(),
                kind: Open::Known(ChangeKind::Removed),
                before: Some(variable.value.clone()),
                after: None,
            });
        }
    }
    comparison
}

fn find<'a>(release: &'a Release, name: &str) -> Option<&'a ReleaseVariable> {
    let mut variables = release.configuration.iter();
    variables.find(|variable| variable.name == name)
}

fn changed(before: &ReleaseVariable, after: &ReleaseVariable) -> VariableChange {
    VariableChange {
        name: after.name.clone(),
        kind: Open::Known(ChangeKind::Changed),
        before: Some(before.value.clone()),
        after: Some(after.value.clone()),
    }
}

/// Whether a release after the older of two, up to the newer, changed a secret.
fn secret_changed(one: u32, other: u32, name: &str, all: &[Release]) -> Option<bool> {
    let (older, newer) = (one.min(other), one.max(other));
    let mut is_known = true;
    for version in older + 1..=newer {
        match all.iter().find(|release| release.version == version) {
            Some(release) => {
                let changes = release.configuration_changes.by_name();
                if changes.iter().any(|change| change.name == name) {
                    return Some(true);
                }
            }
            None => is_known = false,
        }
    }
    is_known.then_some(false)
}

/// Reads one thing that a release says of its image or runtime.
type Read<'a> = &'a dyn Fn(&Release) -> Option<String>;

fn image(before: &Release, after: &Release) -> Vec<FieldChange> {
    let port = |release: &Release| release.port.map(|port| port.to_string());
    let version = |release: &Release| release.image.version.map(|version| format!("v{version}"));
    let reference = |release: &Release| {
        let reference = &release.image.reference;
        (!reference.is_empty()).then(|| reference.clone())
    };
    let commit = |release: &Release| {
        let commit = release.image.commit_sha.as_ref();
        commit.or(release.commit_sha.as_ref()).cloned()
    };
    let fields: [(&str, Read<'_>); 7] = [
        ("image", &version),
        ("reference", &reference),
        ("digest", &|release| release.image.digest.clone()),
        ("commit", &commit),
        ("platform", &|release| release.platform.clone()),
        ("port", &port),
        ("health_check_path", &|release| {
            release.health_check_path.clone()
        }),
    ];
    let changes = fields
        .iter()
        .map(|(name, read)| (*name, read(before), read(after)));
    changes.filter_map(field).collect()
}

fn processes(before: &Release, after: &Release) -> Vec<FieldChange> {
    let names = before.processes.keys().chain(after.processes.keys());
    let names: std::collections::BTreeSet<&String> = names.collect();
    let command = |release: &Release, name: &str| release.processes.get(name).cloned();
    names
        .into_iter()
        .filter_map(|name| field((name, command(before, name), command(after, name))))
        .collect()
}

fn field((name, before, after): (&str, Option<String>, Option<String>)) -> Option<FieldChange> {
    (before != after).then(|| FieldChange {
        name: name.to_owned(),
        before,
        after,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};
    use wire::release::ReleaseImage;

    fn variable(name: &str, value: &str) -> ReleaseVariable {
        ReleaseVariable {
            name: name.to_owned(),
            value: value.to_owned(),
            secret: value == MASK,
        }
    }

    fn release(version: u32, variables: &[(&str, &str)]) -> Release {
        let variables = variables.iter();
        Release {
            version,
            configuration: variables
                .map(|(name, value)| variable(name, value))
                .collect(),
            ..Release::default()
        }
    }

    fn names(changes: &[VariableChange]) -> Vec<&str> {
        changes.iter().map(|change| change.name.as_str()).collect()
    }

    #[test]
    fn variables_come_go_and_change() {
        let before = release(1, &[("SAME", "1"), ("GONE", "1"), ("OTHER", "1")]);
        let after = release(2, &[("SAME", "1"), ("NEW", "1"), ("OTHER", "2")]);
        let config = compare(&before, &after, &[]).config;
        assert_eq!(names(&config.added), ["NEW"]);
        assert_eq!(names(&config.removed), ["GONE"]);
        assert_eq!(names(&config.changed), ["OTHER"]);
        assert_eq!(config.changed[0].before.as_deref(), Some("1"));
    }

    #[test]
    fn image_runtime_and_processes_are_compared() {
        let before = Release {
            image: ReleaseImage {
                version: Some(111),
                reference: "acme/api".into(),
                ..ReleaseImage::default()
            },
            port: Some(8080),
            processes: [("web".to_owned(), "serve".to_owned())].into(),
            ..release(1, &[])
        };
        let mut after = before.clone();
        after.image.version = Some(112);
        after.port = None;
        after.processes.insert("worker".into(), "work".into());
        let comparison = compare(&before, &after, &[]);
        let image: Vec<_> = comparison
            .image
            .iter()
            .map(|change| &*change.name)
            .collect();
        assert_eq!(image, ["image", "port"]);
        assert_eq!(comparison.image[0].after.as_deref(), Some("v112"));
        assert_eq!(comparison.image[1].after, None);
        assert_eq!(comparison.processes[0].name, "worker");
    }

    #[test]
    fn a_secret_differs_where_a_release_between_says_so() {
        let before = release(1, &[("KEY", MASK)]);
        let mut second = release(2, &[("KEY", MASK)]);
        let third = release(3, &[("KEY", MASK)]);
        let known = |second: &Release| {
            let all = [third.clone(), second.clone(), before.clone()];
            compare(&before, &third, &all)
        };
        assert_eq!(known(&second), Comparison::default());
        second.configuration_changes.push(VariableChange {
            name: "KEY".into(),
            kind: Open::Known(ChangeKind::Changed),
            before: Some(MASK.into()),
            after: Some(MASK.into()),
        });
        assert_eq!(names(&known(&second).config.changed), ["KEY"]);
        let back = compare(&third, &before, &[third.clone(), second, before.clone()]);
        assert_eq!(names(&back.config.changed), ["KEY"]);
        let far = compare(&before, &third, std::slice::from_ref(&third));
        assert_eq!(
            (far.config.len(), &far.unknown[..]),
            (0, &["KEY".to_owned()][..])
        );
    }

    #[test]
    fn a_value_that_became_a_secret_has_changed() {
        let (before, after) = (
            release(1, &[("KEY", "plain")]),
            release(2, &[("KEY", MASK)]),
        );
        assert_eq!(
            names(&compare(&before, &after, &[]).config.changed),
            ["KEY"]
        );
    }

    proptest! {
        #[test]
        fn a_release_does_not_differ_from_itself(
            names in proptest::collection::btree_set("[A-Z]{1,4}", 0..8),
        ) {
            let variables: Vec<_> = names.iter().map(|name| (name.as_str(), MASK)).collect();
            let release = release(4, &variables);
            prop_assert_eq!(compare(&release, &release, &[]), Comparison::default());
        }
    }
}
