//! A copy of every service in memory: a list of thousands reads no more from the disk than what
//! changed since the one before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{Sqlite, Transaction};

use super::{
    Deployment, FailedBuild, NewestImage, Release, ServiceBelow, ServiceRow, Store, StoreResult,
    VariableRow,
};
use crate::domain::{Frozen, LevelVariables, Written, frozen, is_ahead};

/// A service as lists show it.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) row: ServiceRow,
    /// The release that should run.
    pub(crate) release: Option<Release>,
    /// Whether the description and its config are ahead of that release.
    pub(crate) is_ahead: bool,
    /// The newest deployment, in whatever state.
    pub(crate) deployment: Option<Deployment>,
    /// The newest image, if its build failed.
    pub(crate) failed_build: Option<FailedBuild>,
    /// What lists told of it so far.
    pub(crate) written: Written,
    /// For whoever may not read the values of variables.
    pub(crate) concealed: Written,
}

impl Listed {
    fn new(
        row: ServiceRow,
        release: Option<Release>,
        newest: Option<&NewestImage>,
        config: impl FnOnce() -> Frozen,
    ) -> Self {
        let is_ahead = release
            .as_ref()
            .is_some_and(|release| is_ahead(&row, release, &config(), newest));
        Self {
            row,
            release,
            is_ahead,
            deployment: None,
            failed_build: None,
            written: Written::default(),
            concealed: Written::default(),
        }
    }
}

/// Every service that is not deleted, and which of them changed since it was copied.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    changed: Mutex<BTreeSet<String>>,
    everything_changed: AtomicBool,
    copies: tokio::sync::Mutex<Option<Copies>>,
}

/// Sorts as lists do: by name, and by id where names are the same.
type Place = (String, String);

#[derive(Debug, Default)]
struct Copies {
    by_environment: HashMap<String, BTreeMap<Place, Arc<Listed>>>,
    places: HashMap<String, (String, Place)>,
}

impl Copies {
    fn put(&mut self, listed: Listed) {
        let row = &listed.row;
        let place = (row.name.clone(), row.id.clone());
        let environment = row.environment_id.clone();
        let known = (environment.clone(), place.clone());
        self.places.insert(row.id.clone(), known);
        let services = self.by_environment.entry(environment).or_default();
        services.insert(place, Arc::new(listed));
    }

    fn remove(&mut self, id: &str) {
        if let Some((environment, place)) = self.places.remove(id)
            && let Some(services) = self.by_environment.get_mut(&environment)
        {
            services.remove(&place);
        }
    }
}

impl Shelf {
    fn take_changed(&self) -> BTreeSet<String> {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *changed)
    }
}

impl Store {
    /// Every service of an environment with the release that it should run, by name.
    pub(crate) async fn listed(&self, environment_id: &str) -> StoreResult<Vec<Arc<Listed>>> {
        let listed = self.listed_in(&[environment_id]).await?;
        Ok(listed.into_iter().flatten().collect())
    }

    /// The same of several environments, in their order, all as of one instant.
    pub(crate) async fn listed_in(
        &self,
        environment_ids: &[&str],
    ) -> StoreResult<Vec<Vec<Arc<Listed>>>> {
        let mut shelf = self.shelf.copies.lock().await;
        let changed = self.shelf.take_changed();
        // Out of the shelf while they are brought up to date: what fails half-way is read anew.
        let known = shelf
            .take()
            .filter(|_| !self.shelf.everything_changed.swap(false, Ordering::AcqRel));
        let copies = match known {
            Some(copies) => self.refresh(copies, changed).await?,
            None => self.copy_all().await?,
        };
        let of = |id: &&str| {
            let services = copies.by_environment.get(*id);
            services.map(|services| services.values().cloned().collect())
        };
        let listed = environment_ids
            .iter()
            .map(|id| of(id).unwrap_or_default())
            .collect();
        *shelf = Some(copies);
        Ok(listed)
    }

    /// Notes that something changed which concerns more services than are worth counting.
    pub(super) fn everything_changed(&self) {
        self.shelf.everything_changed.store(true, Ordering::Release);
    }

    /// Ends a change of one service, which is then not any more as it was copied.
    pub(super) async fn commit(
        &self,
        change: Transaction<'static, Sqlite>,
        service_id: &str,
    ) -> StoreResult<()> {
        change.commit().await?;
        let changed = self.shelf.changed.lock();
        let mut changed = changed.unwrap_or_else(PoisonError::into_inner);
        changed.insert(service_id.to_owned());
        Ok(())
    }

    async fn refresh(&self, mut copies: Copies, changed: BTreeSet<String>) -> StoreResult<Copies> {
        for id in changed {
            copies.remove(&id);
            let row = self.service_by_id(&id).await?;
            let Some(row) = row.filter(|row| !row.deleted) else {
                continue;
            };
            let release = match row.release_version {
                Some(version) => self.release(&id, version).await?,
                None => None,
            };
            let levels = match self.config_owners(&id).await? {
                Some(owners) => self.levels(&owners).await?,
                None => Vec::new(),
            };
            let newest = self.newest_image(&id).await?;
            let config = || frozen(&levels);
            let mut listed = Listed::new(row, release, newest.as_ref(), config);
            listed.deployment = self.latest_deployment(&id).await?;
            listed.failed_build = self.failed_build(&id).await?;
            copies.put(listed);
        }
        Ok(copies)
    }

    async fn copy_all(&self) -> StoreResult<Copies> {
        let mut releases: HashMap<String, Release> =
            self.current_releases().await?.into_iter().collect();
        let variables = self.all_variables().await?;
        let owners = self.all_config_owners().await?;
        let newest = self.newest_images().await?;
        let mut deployments = self.latest_deployments().await?;
        let mut failed_builds = self.failed_builds().await?;
        let mut copies = Copies::default();
        for row in self.all_services().await? {
            let release = releases.remove(&row.id);
            let config = || frozen(&own_levels(&variables, owners.get(&row.id)));
            let newest = newest.get(&row.id);
            let mut listed = Listed::new(row.clone(), release, newest, config);
            listed.deployment = deployments.remove(&row.id);
            listed.failed_build = failed_builds.remove(&row.id);
            copies.put(listed);
        }
        Ok(copies)
    }
}

/// The variables of a service's four levels, the farthest first.
fn own_levels(
    variables: &HashMap<String, Vec<VariableRow>>,
    service: Option<&ServiceBelow>,
) -> Vec<LevelVariables> {
    let owners = service.map(ServiceBelow::owners).into_iter().flatten();
    owners
        .filter_map(|(scope, owner)| Some((scope, variables.get(owner)?.clone())))
        .collect()
}
