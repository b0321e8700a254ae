//! Configuration: variables at four levels, of which the nearest to the service wins.

mod request;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::open::{Open, words};

pub use request::{Bulk, MASKED, SetVariable, limits, stands_in};

/// What every read shows in place of a secret's value.
pub const MASK: &str = "**secret**";

words! {
    /// The level that a variable is kept at, the farthest first.
    pub enum ConfigScope {
        /// Every service of the org.
        Org = "org",
        /// Every service of the project.
        Project = "project",
        /// Every service of the environment.
        Environment = "env",
        /// The service alone.
        Service = "service",
    }
}

/// A variable of one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Variable {
    /// UUID.
    #[serde(default)]
    pub id: String,
    /// Unique in its level.
    pub name: String,
    /// The value, or [`MASK`].
    #[serde(default)]
    pub value: String,
    /// Whether the value can't be read back.
    #[serde(default)]
    pub secret: bool,
    /// Whether builds receive it, and instances do not.
    #[serde(default)]
    pub buildtime: bool,
    /// When it was first set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it was last set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
}

/// A variable of a farther level that a nearer one hides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overridden {
    /// Its level.
    #[cfg_attr(feature = "openapi", schema(value_type = ConfigScope))]
    pub scope: Open<ConfigScope>,
    /// Its value, or [`MASK`].
    #[serde(default)]
    pub value: String,
}

/// A variable as a service receives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResolvedVariable {
    /// Unique in the list.
    pub name: String,
    /// The value of the nearest level, or [`MASK`].
    #[serde(default)]
    pub value: String,
    /// Whether the value can't be read back.
    #[serde(default)]
    pub secret: bool,
    /// Whether builds receive it, and instances do not.
    #[serde(default)]
    pub buildtime: bool,
    /// The level that it comes from.
    #[cfg_attr(feature = "openapi", schema(value_type = ConfigScope))]
    pub scope: Open<ConfigScope>,
    /// What it hides, the farthest level first.
    #[serde(default)]
    pub overrides: Vec<Overridden>,
}

/// A name of a bulk request that could not be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkError {
    /// The variable's name.
    pub name: String,
    /// Why.
    pub error: String,
}

/// What a bulk request did. All of it, or nothing: a request with a fault is refused as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkOutcome {
    /// Names that are new.
    #[serde(default)]
    pub created: Vec<String>,
    /// Names whose value or kind changed.
    #[serde(default)]
    pub updated: Vec<String>,
    /// Names that were just so already.
    #[serde(default)]
    pub skipped: Vec<String>,
    /// Names that are gone.
    #[serde(default)]
    pub deleted: Vec<String>,
    /// Always empty from this platform, which refuses what it can't do whole.
    #[serde(default)]
    pub errors: Vec<BulkError>,
}

words! {
    /// What became of a variable.
    pub enum ChangeKind {
        /// It is new.
        Added = "added",
        /// Its value or its kind is another.
        Changed = "changed",
        /// It is gone.
        Removed = "removed",
    }
}

/// What became of one variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VariableChange {
    /// The variable's name.
    pub name: String,
    /// What became of it.
    #[cfg_attr(feature = "openapi", schema(value_type = ChangeKind))]
    pub kind: Open<ChangeKind>,
    /// The value before, or [`MASK`]; absent for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value after, or [`MASK`]; absent for one that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A variable of which a service sees nothing, since a nearer level has its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shield {
    /// The variable's name.
    pub name: String,
    /// The level that hides the change.
    #[cfg_attr(feature = "openapi", schema(value_type = ConfigScope))]
    pub scope: Open<ConfigScope>,
}

/// What a change of config means to one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceEffect {
    /// Slug of its project.
    pub project: String,
    /// Slug of its environment.
    pub environment: String,
    /// Slug.
    pub service: String,
    /// The name people gave.
    pub name: String,
    /// Names whose resolved value becomes another.
    #[serde(default)]
    pub changed: Vec<String>,
    /// Names that change above it without reaching it.
    #[serde(default)]
    pub shielded: Vec<Shield>,
}

/// What a bulk request would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigPreview {
    /// What becomes of the level's own variables, by name.
    #[serde(default)]
    pub changes: Vec<VariableChange>,
    /// The services below that it reaches or that are shielded from it.
    #[serde(default)]
    pub services: Vec<ServiceEffect>,
    /// How many services are below the level.
    #[serde(default)]
    pub total: u32,
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigEvent {
    /// Counts the level's changes; those of one request share it.
    #[serde(default)]
    pub revision: u32,
    /// What became of the variable.
    #[serde(flatten)]
    pub change: VariableChange,
    /// Who changed it.
    #[serde(default)]
    pub by: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// What differs between two configs, by name. Secrets show [`MASK`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigDiff {
    /// New ones.
    #[serde(default)]
    pub added: Vec<VariableChange>,
    /// Those that are gone.
    #[serde(default)]
    pub removed: Vec<VariableChange>,
    /// Those with another value.
    #[serde(default)]
    pub changed: Vec<VariableChange>,
}

impl ConfigDiff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many variables differ.
    pub fn len(&self) -> usize {
        self.added.len() + self.removed.len() + self.changed.len()
    }

    /// Sorts a change into its list.
    pub fn push(&mut self, change: VariableChange) {
        match change.kind.known() {
            Some(ChangeKind::Added) => self.added.push(change),
            Some(ChangeKind::Removed) => self.removed.push(change),
            _ => self.changed.push(change),
        }
    }

    /// Every change, by name.
    pub fn by_name(&self) -> Vec<&VariableChange> {
        let lists = [&self.added, &self.removed, &self.changed];
        let mut all: Vec<_> = lists.into_iter().flatten().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}
