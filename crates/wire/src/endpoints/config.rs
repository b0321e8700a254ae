//! Config, at every level.

use super::endpoint;
use crate::config::{
    Bulk, BulkOutcome, ConfigEvent, ConfigPreview, ResolvedVariable, SetVariable, Variable,
};
use crate::path::{Level, VariableParams};
use crate::session::Done;

endpoint! {
    /// The level's own variables, by name. The `ETag` is the revision that a change may ask for with `If-Match`.
    pub struct ListConfig = "config.list";
    Get "C" (Level) -> Vec<Variable>;
    access: Viewer,
    seeds: [Environment],
}

endpoint! {
    /// What a service of the level receives: of every name the nearest level's value, and what it hides.
    pub struct ResolveConfig = "config.resolved";
    Get "C/resolved" (Level) -> Vec<ResolvedVariable>;
    access: Viewer,
    seeds: [Environment],
}

endpoint! {
    /// Creates or replaces one variable.
    pub struct SetConfig = "config.set";
    Post "C" (Level) -> Variable;
    body: Required SetVariable,
    access: Member,
    seeds: [Environment],
}

endpoint! {
    /// Removes one variable.
    pub struct DeleteConfig = "config.delete";
    Delete "C/{config_id}" (VariableParams) -> Done;
    access: Member,
}

endpoint! {
    /// Sets and removes many variables, all or nothing.
    pub struct BulkConfig = "config.bulk";
    Post "C/bulk" (Level) -> BulkOutcome;
    body: Required Bulk,
    access: Member,
}

endpoint! {
    /// What a bulk change would do: to the level, and to every service below it. Changes nothing.
    pub struct PreviewConfig = "config.preview";
    Post "C/preview" (Level) -> ConfigPreview;
    body: Required Bulk,
    access: Member,
    changes: false,
}

endpoint! {
    /// The level's last 200 changes, the newest first.
    pub struct ListConfigHistory = "config.history";
    Get "C/history" (Level) -> Vec<ConfigEvent>;
    access: Viewer,
}
