//! Which value of four levels a service receives: the nearest wins. Pure.

use std::collections::BTreeMap;

use pilothouse_wire::config::{
    ChangeKind, ConfigDiff, ConfigScope, Overridden, ResolvedVariable, VariableChange,
};
use pilothouse_wire::open::Open;

use crate::store::{Held, VariableRow};

/// The variables of one level.
pub(crate) type LevelVariables = (ConfigScope, Vec<VariableRow>);

/// What instances receive: name → value or secret.
pub(crate) type Frozen = BTreeMap<String, Held>;

/// The variable that wins, and what it hides, the farthest level first.
pub(crate) struct Resolved<'a> {
    pub(crate) scope: ConfigScope,
    pub(crate) winner: &'a VariableRow,
    hidden: Vec<(ConfigScope, &'a VariableRow)>,
}

/// Resolves levels that are given from the farthest to the nearest.
pub(crate) fn resolve(levels: &[LevelVariables]) -> BTreeMap<&str, Resolved<'_>> {
    let mut resolved: BTreeMap<&str, Resolved<'_>> = BTreeMap::new();
    for (scope, variables) in levels {
        for variable in variables {
            let hidden = match resolved.remove(variable.name.as_str()) {
                Some(farther) => {
                    let mut hidden = farther.hidden;
                    hidden.push((farther.scope, farther.winner));
                    hidden
                }
                None => Vec::new(),
            };
            let nearest = Resolved {
                scope: *scope,
                winner: variable,
                hidden,
            };
            resolved.insert(&variable.name, nearest);
        }
    }
    resolved
}

impl Resolved<'_> {
    /// As the API tells it.
    pub(crate) fn told(&self) -> ResolvedVariable {
        let overridden = |(scope, variable): &(ConfigScope, &VariableRow)| Overridden {
            scope: Open::Known(*scope),
            value: variable.held.shown().to_owned(),
        };
        ResolvedVariable {
            name: self.winner.name.clone(),
            value: self.winner.held.shown().to_owned(),
            secret: self.winner.held.is_secret(),
            buildtime: self.winner.buildtime,
            scope: Open::Known(self.scope),
            overrides: self.hidden.iter().map(overridden).collect(),
        }
    }
}

/// What instances would receive now: all but what is for builds alone.
pub(crate) fn frozen(levels: &[LevelVariables]) -> Frozen {
    let resolved = resolve(levels).into_iter();
    resolved
        .filter(|(_, one)| !one.winner.buildtime)
        .map(|(name, one)| (name.to_owned(), one.winner.held.clone()))
        .collect()
}

/// What differs between two frozen configs.
pub(crate) fn diff(before: &Frozen, after: &Frozen) -> ConfigDiff {
    let mut diff = ConfigDiff::default();
    for (name, held) in after {
        match before.get(name) {
            Some(known) if known == held => {}
            known => diff.push(told(name, known, Some(held))),
        }
    }
    for (name, held) in before {
        if !after.contains_key(name) {
            diff.push(told(name, Some(held), None));
        }
    }
    diff
}

/// A change as the API and the history tell it.
pub(crate) fn told(name: &str, before: Option<&Held>, after: Option<&Held>) -> VariableChange {
    let kind = match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    VariableChange {
        name: name.to_owned(),
        kind: Open::Known(kind),
        before: before.map(|held| held.shown().to_owned()),
        after: after.map(|held| held.shown().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    const SCOPES: [ConfigScope; 4] = [
        ConfigScope::Org,
        ConfigScope::Project,
        ConfigScope::Environment,
        ConfigScope::Service,
    ];

    fn row((name, held, buildtime): (String, Held, bool)) -> VariableRow {
        VariableRow {
            id: String::new(),
            name,
            held,
            buildtime,
            created: DateTime::UNIX_EPOCH,
            updated: DateTime::UNIX_EPOCH,
        }
    }

    fn held() -> impl Strategy<Value = Held> {
        let text = "[ab]{0,2}";
        prop_oneof![text.prop_map(Held::Plain), text.prop_map(Held::Sealed),]
    }

    fn level() -> impl Strategy<Value = Vec<VariableRow>> {
        prop::collection::btree_map("[A-E]", (held(), any::<bool>()), 0..5).prop_map(|level| {
            let rows = level.into_iter();
            rows.map(|(name, (held, buildtime))| row((name, held, buildtime)))
                .collect()
        })
    }

    fn levels() -> impl Strategy<Value = Vec<LevelVariables>> {
        prop::collection::vec(level(), 4)
            .prop_map(|levels| SCOPES.into_iter().zip(levels).collect())
    }

    proptest! {
        #[test]
        fn the_nearest_level_that_has_a_name_wins(levels in levels()) {
            let resolved = resolve(&levels);
            for name in ["A", "B", "C", "D", "E"] {
                let having: Vec<_> = levels
                    .iter()
                    .filter_map(|(scope, rows)| Some((*scope, rows.iter().find(|row| row.name == name)?)))
                    .collect();
                let Some((scope, winner)) = having.last() else {
                    prop_assert!(!resolved.contains_key(name));
                    continue;
                };
                let one = &resolved[name];
                prop_assert_eq!(one.scope, *scope);
                prop_assert_eq!(one.winner, *winner);
                prop_assert_eq!(&one.hidden[..], &having[..having.len() - 1]);
            }
        }

        #[test]
        fn a_diff_leads_from_one_config_to_the_other(before in levels(), after in levels()) {
            let (before, after) = (frozen(&before), frozen(&after));
            let diff = diff(&before, &after);
            let mut walked = before.clone();
            for gone in &diff.removed {
                prop_assert!(walked.remove(&gone.name).is_some());
            }
            for new in &diff.added {
                prop_assert!(walked.insert(new.name.clone(), after[&new.name].clone()).is_none());
            }
            for other in &diff.changed {
                let old = walked.insert(other.name.clone(), after[&other.name].clone());
                prop_assert_ne!(old.as_ref(), after.get(&other.name));
            }
            prop_assert_eq!(walked, after);
        }

        #[test]
        fn no_secret_is_ever_told(levels in levels()) {
            for one in resolve(&levels).values() {
                let told = one.told();
                prop_assert_eq!(told.secret, told.value == pilothouse_wire::config::MASK);
            }
        }
    }
}
