//! The four levels in words, and what a name at one of them hides.

use std::hash::{DefaultHasher, Hash, Hasher};

use wire::config::{ConfigScope, ResolvedVariable};
use wire::open::Open;
use wire::path::{Level, Params};

use crate::forms::config::draft::shown;

/// Which of the four it is.
pub fn scope_of(level: &Level) -> ConfigScope {
    match level {
        Level::Org(_) => ConfigScope::Org,
        Level::Project(_) => ConfigScope::Project,
        Level::Environment(_) => ConfigScope::Environment,
        Level::Service(_) => ConfigScope::Service,
    }
}

/// What the level is called.
pub fn name_of(level: &Level) -> String {
    let part = match level {
        Level::Org(_) => "org",
        Level::Project(_) => "project",
        Level::Environment(_) => "env",
        Level::Service(_) => "service",
    };
    level.value(part).unwrap_or_default().to_owned()
}

/// Who receives the level's variables.
pub fn about(level: &Level) -> String {
    let of = match level {
        Level::Org(_) | Level::Service(_) => name_of(level),
        Level::Project(params) => format!("{}, in every environment,", params.project),
        Level::Environment(params) => format!("{} / {}", params.project, params.environment),
    };
    format!("Every service of {of} receives these, unless a nearer level has its own.")
}

/// A level's word in a sentence.
pub fn word(scope: &Open<ConfigScope>) -> &str {
    match scope {
        Open::Known(ConfigScope::Environment) => "environment",
        other => other.word(),
    }
}

/// A variable of a farther level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// Its level.
    pub scope: Open<ConfigScope>,
    /// Its value as the page shows it.
    pub value: String,
}

impl Hidden {
    /// What the name hides.
    pub fn words(&self) -> String {
        format!(
            "Hides the value of the {}: {}",
            word(&self.scope),
            self.value
        )
    }
}

/// What a name at this level hides of those farther from the services, or would.
pub fn hidden(resolved: &[ResolvedVariable], own: ConfigScope, name: &str) -> Option<Hidden> {
    let variable = resolved.iter().find(|variable| variable.name == name)?;
    if variable.scope.known() == Some(own) {
        let nearest = variable.overrides.last()?;
        return Some(Hidden {
            scope: nearest.scope.clone(),
            value: shown(&nearest.value),
        });
    }
    Some(Hidden {
        scope: variable.scope.clone(),
        value: shown(&variable.value),
    })
}

/// Tells a variable from the others of a list: names are given once.
pub fn key(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::config::{MASK, Overridden};

    fn resolved() -> Vec<ResolvedVariable> {
        let variable = |name: &str, scope, overrides: &[(ConfigScope, &str)]| ResolvedVariable {
            name: name.to_owned(),
            value: "here".to_owned(),
            secret: false,
            buildtime: false,
            scope: Open::Known(scope),
            overrides: overrides
                .iter()
                .map(|(scope, value)| Overridden {
                    scope: Open::Known(*scope),
                    value: (*value).to_owned(),
                })
                .collect(),
        };
        let both = [(ConfigScope::Org, "far"), (ConfigScope::Project, MASK)];
        vec![
            variable("OWN", ConfigScope::Service, &both),
            variable("ALONE", ConfigScope::Service, &[]),
            variable("ABOVE", ConfigScope::Environment, &[]),
        ]
    }

    #[test]
    fn a_name_hides_the_nearest_level_above() {
        let words =
            |name| hidden(&resolved(), ConfigScope::Service, name).map(|hidden| hidden.words());
        assert_eq!(
            words("OWN").as_deref(),
            Some("Hides the value of the project: ••••••")
        );
        assert_eq!(
            words("ABOVE").as_deref(),
            Some("Hides the value of the environment: here")
        );
        assert_eq!(words("ALONE"), None);
        assert_eq!(words("NEW"), None);
    }
}
