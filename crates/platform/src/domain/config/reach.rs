//! Whom a change of a level reaches: the services whose resolved value it changes, and those that a
//! nearer level shields from it.

use pilothouse_wire::config::{ConfigScope, ServiceEffect, Shield};
use pilothouse_wire::open::Open;

use super::Place;
use crate::domain::{LevelVariables, Platform, Result};
use crate::store::{Change, Held, NewValue, ServiceBelow};

/// What a variable gives to whoever nothing nearer gives another.
#[derive(Debug, PartialEq, Eq)]
struct Given {
    value: String,
    buildtime: bool,
}

impl Platform {
    /// The services below a level that its changes concern, and how many there are in all.
    pub(super) async fn reached(
        &self,
        place: &Place,
        changes: &[Change],
    ) -> Result<(Vec<ServiceEffect>, u32)> {
        let below = match place.scope() {
            ConfigScope::Service => Vec::new(),
            _ => self.store.services_below(place.owner()).await?,
        };
        let names = self.felt(place, changes).await?;
        let nearer = self.store.owners_of(&names).await?;
        let effects = below.iter().filter_map(|service| {
            effect(service, &names, |scope, owner, name| {
                scope > place.scope() && nearer.contains(&(owner.to_owned(), name.to_owned()))
            })
        });
        let total = u32::try_from(below.len()).unwrap_or(u32::MAX);
        Ok((effects.collect(), total))
    }

    /// The names of the changes after which the level gives something else. One that sets what a
    /// farther level gives already is felt by nobody.
    async fn felt(&self, place: &Place, changes: &[Change]) -> Result<Vec<String>> {
        let levels = self.store.levels(&place.chain).await?;
        let mut names = Vec::new();
        for change in changes {
            let name = &change.told.name;
            let before = self.given(&levels, name).await?;
            let after = match &change.to {
                Some((value, buildtime)) => Some(Given {
                    value: self.opened(value).await?,
                    buildtime: *buildtime,
                }),
                None => {
                    let farther = levels.split_last().map_or(&[][..], |(_, farther)| farther);
                    self.given(farther, name).await?
                }
            };
            if before != after {
                names.push(name.clone());
            }
        }
        Ok(names)
    }

    /// What the nearest of these levels gives under a name.
    async fn given(&self, levels: &[LevelVariables], name: &str) -> Result<Option<Given>> {
        let mut rows = levels.iter().rev().flat_map(|(_, rows)| rows);
        let Some(row) = rows.find(|row| row.name == name) else {
            return Ok(None);
        };
        Ok(Some(Given {
            value: self.open_value(&row.held).await?,
            buildtime: row.buildtime,
        }))
    }

    async fn opened(&self, value: &NewValue) -> Result<String> {
        match value {
            NewValue::Plain(value) => Ok(value.clone()),
            NewValue::Sealed(id, sealed) => Ok(self.vault.open_sealed(id, sealed)?),
            NewValue::Kept(id) => self.open_value(&Held::Sealed(id.clone())).await,
        }
    }
}

/// Which names reach a service, and which a nearer level hides from it. `hides` says whether a level
/// has a variable of a name.
fn effect(
    service: &ServiceBelow,
    names: &[String],
    hides: impl Fn(ConfigScope, &str, &str) -> bool,
) -> Option<ServiceEffect> {
    let mut effect = ServiceEffect {
        project: service.project.clone(),
        environment: service.environment.clone(),
        service: service.slug.clone(),
        name: service.name.clone(),
        changed: Vec::new(),
        shielded: Vec::new(),
    };
    for name in names {
        let owners = service.owners().into_iter().rev();
        let mut shields = owners.filter(|(scope, owner)| hides(*scope, owner, name));
        match shields.next() {
            Some((scope, _)) => effect.shielded.push(Shield {
                name: name.clone(),
                scope: Open::Known(scope),
            }),
            None => effect.changed.push(name.clone()),
        }
    }
    (!names.is_empty()).then_some(effect)
}
