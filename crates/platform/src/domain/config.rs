//! Configuration at four levels: who owns it, how it changes, and whom a change reaches.

mod changes;
mod reach;
mod resolve;

use std::collections::BTreeMap;

use chrono::Utc;
use pilothouse_wire::config::{
    Bulk, BulkOutcome, ConfigEvent, ConfigPreview, ConfigScope, MASK, ResolvedVariable,
    SetVariable, Variable,
};
use pilothouse_wire::path::{Level, VariableParams};
use pilothouse_wire::session::Role;

use super::{Actor, Error, Platform, Result, audit};
use crate::store::VariableRow;
use changes::{Planned, plan};
pub(crate) use resolve::{Frozen, LevelVariables, diff, frozen, resolve, told};

/// A level that was found: itself and those above it.
pub(super) struct Place {
    /// Each scope with the id of what owns its variables, the farthest first. The last is the level.
    chain: Vec<(ConfigScope, String)>,
}

impl Place {
    fn scope(&self) -> ConfigScope {
        self.chain
            .last()
            .map_or(ConfigScope::Org, |(scope, _)| *scope)
    }

    fn owner(&self) -> &str {
        self.chain.last().map_or("", |(_, id)| id)
    }
}

/// A level's variables and the revision that they are of.
pub(crate) struct Revised<T> {
    pub(crate) content: T,
    pub(crate) revision: u32,
}

impl Platform {
    pub(crate) async fn list_config(&self, at: &Level) -> Result<Revised<Vec<Variable>>> {
        let place = self.find_level(at).await?;
        let revision = self.store.config_revision(place.owner()).await?;
        let rows = self.store.variables(place.owner()).await?;
        Ok(Revised {
            content: rows.into_iter().map(tell).collect(),
            revision,
        })
    }

    pub(crate) async fn resolve_config(&self, at: &Level) -> Result<Vec<ResolvedVariable>> {
        let place = self.find_level(at).await?;
        let levels = self.store.levels(&place.chain).await?;
        Ok(resolve(&levels)
            .values()
            .map(resolve::Resolved::told)
            .collect())
    }

    pub(crate) async fn config_history(&self, at: &Level) -> Result<Vec<ConfigEvent>> {
        let place = self.find_level(at).await?;
        Ok(self.store.config_history(place.owner()).await?)
    }

    pub(crate) async fn set_config(
        &self,
        at: &Level,
        variable: SetVariable,
        expected: Option<u32>,
        actor: &Actor,
    ) -> Result<Revised<Variable>> {
        let name = variable.name.to_string();
        let bulk = Bulk {
            variables: vec![variable],
            ..Bulk::default()
        };
        let done = self.bulk_config(at, bulk, expected, actor).await?;
        let list = self.list_config(at).await?;
        let variable = list.content.into_iter().find(|one| one.name == name);
        Ok(Revised {
            content: variable.ok_or(Error::NotFound {
                what: "variable",
                reference: name,
            })?,
            revision: done.revision,
        })
    }

    pub(crate) async fn delete_config(
        &self,
        at: &VariableParams,
        expected: Option<u32>,
        actor: &Actor,
    ) -> Result<u32> {
        let _changing = self.changing.lock().await;
        let place = self.find_level(&at.level).await?;
        self.check_revision(&place, expected).await?;
        let rows = self.store.variables(place.owner()).await?;
        let row = rows.iter().find(|row| row.id == at.id);
        let row = row.ok_or_else(|| Error::NotFound {
            what: "variable",
            reference: at.id.chars().take(64).collect(),
        })?;
        if row.held.is_secret() {
            actor.may(Role::Admin)?;
        }
        let gone = changes::removal(row);
        self.change(&place, &[gone], actor.name()).await
    }

    pub(crate) async fn bulk_config(
        &self,
        at: &Level,
        bulk: Bulk,
        expected: Option<u32>,
        actor: &Actor,
    ) -> Result<Revised<BulkOutcome>> {
        let _changing = self.changing.lock().await;
        let place = self.find_level(at).await?;
        self.check_revision(&place, expected).await?;
        let planned = self.plan(&place, bulk, actor).await?;
        let revision = self.change(&place, &planned.changes, actor.name()).await?;
        Ok(Revised {
            content: planned.outcome(),
            revision,
        })
    }

    /// What a bulk change would do, and whom it would reach.
    pub(crate) async fn preview_config(
        &self,
        at: &Level,
        bulk: Bulk,
        actor: &Actor,
    ) -> Result<ConfigPreview> {
        let place = self.find_level(at).await?;
        let planned = self.plan(&place, bulk, actor).await?;
        let (services, total) = self.reached(&place, &planned.changes).await?;
        Ok(ConfigPreview {
            changes: planned.changes.into_iter().map(|one| one.told).collect(),
            services,
            total,
        })
    }

    /// The variables of a service's four levels, the farthest first.
    pub(crate) async fn levels_of(&self, service_id: &str) -> Result<Vec<LevelVariables>> {
        match self.store.config_owners(service_id).await? {
            Some(owners) => Ok(self.store.levels(&owners).await?),
            None => Ok(Vec::new()),
        }
    }

    /// The variables that an instance is started with: secrets opened.
    pub(crate) async fn open_config(&self, config: &Frozen) -> Result<BTreeMap<String, String>> {
        let mut opened = BTreeMap::new();
        for (name, held) in config {
            opened.insert(name.clone(), self.open_value(held).await?);
        }
        Ok(opened)
    }

    /// A value in the clear.
    pub(crate) async fn open_value(&self, held: &crate::store::Held) -> Result<String> {
        use crate::store::Held;
        use crate::vault::VaultError;
        match held {
            Held::Plain(value) => Ok(value.clone()),
            Held::Sealed(id) => {
                let sealed = self.store.secret(id).await?;
                let sealed = sealed.ok_or(VaultError::Opened)?;
                Ok(self.vault.open_sealed(id, &sealed)?)
            }
        }
    }

    /// What a request would change, if the caller may. Who may not touch secrets does not learn by
    /// trying what one is: also a request that leaves it as it is is refused.
    async fn plan(&self, place: &Place, bulk: Bulk, actor: &Actor) -> Result<Planned> {
        let rows = self.store.variables(place.owner()).await?;
        let mut secrets = BTreeMap::new();
        for row in rows.iter().filter(|row| row.held.is_secret()) {
            secrets.insert(row.name.clone(), self.open_value(&row.held).await?);
        }
        let planned = plan(&rows, &secrets, bulk, &self.vault)?;
        let is_kept = |name: &String| secrets.contains_key(name);
        if planned.changes.iter().any(is_of_secret) || planned.skipped.iter().any(is_kept) {
            actor.may(Role::Admin)?;
        }
        Ok(planned)
    }

    async fn change(
        &self,
        place: &Place,
        changes: &[crate::store::Change],
        by: &str,
    ) -> Result<u32> {
        let now = Utc::now();
        let revision = self
            .store
            .change_config(place.owner(), changes, by, now)
            .await?;
        for change in changes {
            let told = change.told.clone();
            match (&told.before, &told.after) {
                // One secret for another: what changed is not told, that it did is.
                (Some(before), Some(after)) if before == after => {
                    audit::note(&told.name, None, told.after);
                }
                _ => audit::note(&told.name, told.before, told.after),
            }
        }
        Ok(revision)
    }

    async fn check_revision(&self, place: &Place, expected: Option<u32>) -> Result<()> {
        let Some(expected) = expected else {
            return Ok(());
        };
        match self.store.config_revision(place.owner()).await? {
            revision if revision == expected => Ok(()),
            _ => Err(Error::Stale),
        }
    }

    async fn find_level(&self, at: &Level) -> Result<Place> {
        let mut chain = Vec::with_capacity(4);
        match at {
            Level::Org(at) => {
                chain.push((ConfigScope::Org, self.find_org(&at.org).await?.id));
            }
            Level::Project(at) => {
                chain.push((ConfigScope::Org, self.find_org(&at.org).await?.id));
                let project = self.find_project(&at.org, &at.project).await?;
                chain.push((ConfigScope::Project, project.id));
            }
            Level::Environment(at) => {
                chain.push((ConfigScope::Org, self.find_org(&at.org).await?.id));
                let project = self.find_project(&at.org, &at.project).await?;
                chain.push((ConfigScope::Project, project.id));
                let environment = self.find_environment(&at.org, &at.project, &at.environment);
                chain.push((ConfigScope::Environment, environment.await?.id));
            }
            Level::Service(at) => {
                let service = self.find_service(at).await?;
                let owners = self.store.config_owners(&service.id).await?;
                chain = owners.unwrap_or_else(|| vec![(ConfigScope::Service, service.id)]);
            }
        }
        Ok(Place { chain })
    }
}

fn tell(row: VariableRow) -> Variable {
    Variable {
        value: row.held.shown().to_owned(),
        secret: row.held.is_secret(),
        id: row.id,
        name: row.name,
        buildtime: row.buildtime,
        created: Some(row.created),
        updated: Some(row.updated),
    }
}

/// Whether a secret comes, changes or goes: no plain value is ever the mask.
fn is_of_secret(change: &crate::store::Change) -> bool {
    let told = &change.told;
    [&told.before, &told.after]
        .into_iter()
        .any(|value| value.as_deref() == Some(MASK))
}
