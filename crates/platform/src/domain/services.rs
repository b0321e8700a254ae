//! Services: description, deploy, scale, restart, status.

use std::collections::BTreeMap;

use chrono::Utc;
use pilothouse_wire::action::{Action, admits};
use pilothouse_wire::conceal::Conceal as _;
use pilothouse_wire::deploy::Scale;
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::error::FieldErrors;
use pilothouse_wire::logs::{LogQuery, Logs};
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::path::{Scope, ServiceParams};
use pilothouse_wire::release::DeploymentState;
use pilothouse_wire::service::{
    AwaitedApproval, Service, ServiceCreate, ServicePatch, VersionSummary,
};
use pilothouse_wire::status::{ServiceState, ServiceStatus, StatusSummary};
use uuid::Uuid;

use super::tags;
use super::{
    Error, Frozen, Listing, ObservedService, Platform, Result, ServiceSpec, WEB, audit, frozen,
};
use crate::logs::Held;
use crate::store::{
    Attached, Deployment, ImageRow, NewEvent, NewestImage, Release, ServiceRow, Unfinished,
};

impl Platform {
    /// `readable`: with the values of variables.
    pub(crate) async fn list_services(&self, scope: &Scope, readable: bool) -> Result<Listing> {
        let environment = self.find_scope(scope).await?;
        let listed = self.store.listed(&environment.id).await?;
        Listing::write(
            &listed,
            readable,
            |one| self.summary(&one.row),
            |one, status| {
                let release = one.release.as_ref();
                let mut service = tell(&one.row, release, status, one.is_ahead);
                service.latest_deployment = one.deployment.clone().map(deployment_summary);
                if !readable {
                    service.conceal();
                }
                service
            },
        )
    }

    pub(crate) async fn create_service(
        &self,
        scope: &Scope,
        create: ServiceCreate,
        by: &str,
    ) -> Result<Service> {
        let _changing = self.changing.lock().await;
        let environment = self.find_scope(scope).await?;
        let now = Utc::now();
        let name = create.name.clone();
        let row = ServiceRow {
            id: Uuid::new_v4().to_string(),
            environment_id: environment.id,
            slug: name.slug(),
            name: name.to_string(),
            spec: ServiceSpec::create(create, scope.dialect()),
            created: now,
            updated: now,
            release_version: None,
            good_version: None,
            process_counts: BTreeMap::new(),
            attached: Attached::default(),
            generation: 0,
            deleted: false,
        };
        let taken = self.store.service(&row.environment_id, &row.slug).await?;
        if taken.is_some() {
            return Err(Error::NameTaken {
                what: "service",
                name: row.name,
            });
        }
        self.check_domains(&row).await?;
        let at_once = scope.dialect() == Dialect::Workspace;
        let left = at_once.then(|| Unfinished {
            by: by.to_owned(),
            fetches: false,
        });
        self.store.insert_service(&row, by, left.as_ref()).await?;
        audit::note("name", None, Some(row.name.clone()));
        audit::note_fields(None, Some(&row.spec));
        if let Some(left) = left {
            self.take_effect(&row, &left).await?;
        }
        self.get_row(row).await
    }

    pub(crate) async fn get_service(&self, at: &ServiceParams) -> Result<Service> {
        let row = self.find_service(at).await?;
        self.get_row(row).await
    }

    /// Changes the description. In W it takes effect at once, in E with the next deploy.
    pub(crate) async fn update_service(
        &self,
        at: &ServiceParams,
        patch: ServicePatch,
        expected: Option<&str>,
        by: &str,
    ) -> Result<Service> {
        let _changing = self.changing.lock().await;
        let before = self.find_service(at).await?;
        tags::check(expected, &tags::by_time(Some(before.updated)))?;
        let at_once = at.scope.dialect() == Dialect::Workspace;
        let mut row = before.clone();
        if let Some(name) = &patch.name {
            row.name = name.to_string();
        }
        row.spec.update(patch);
        if at_once && row.spec.image.is_none() && before.release_version.is_some() {
            let words =
                "A running service keeps an image: give another one, or delete the service.";
            return Err(Error::Invalid(FieldErrors::one("image", words)));
        }
        row.updated = Utc::now();
        let changed = !row.spec.freezes_as(&before.spec);
        let scaled = row.spec.process_counts != before.spec.process_counts;
        self.check_domains(&row).await?;
        self.check_env(&row).await?;
        let renamed = row.name != before.name;
        let counts = (&before.spec.process_counts, &row.spec.process_counts);
        // In E the counts take effect with the next deploy, as all of the description does.
        let scales = NewEvent::scaled(by, counts.0, counts.1).filter(|_| at_once);
        let events: Vec<NewEvent> =
            NewEvent::updated(by, (&before.spec, &row.spec), renamed, at_once)
                .into_iter()
                .chain(scales)
                .collect();
        let fetches = row.spec.image != before.spec.image;
        let acts = at_once && row.spec.image.is_some() && (fetches || changed || scaled);
        let left = acts.then(|| Unfinished {
            by: by.to_owned(),
            fetches,
        });
        self.store
            .update_service(&row, by, &events, left.as_ref())
            .await?;
        audit::note("name", Some(before.name.clone()), Some(row.name.clone()));
        audit::note_fields(Some(&before.spec), Some(&row.spec));
        if let Some(left) = left {
            self.take_effect(&row, &left).await?;
        }
        self.get_row(row).await
    }

    pub(crate) async fn delete_service(&self, at: &ServiceParams, by: &str) -> Result<()> {
        let _changing = self.changing.lock().await;
        let row = self.find_service(at).await?;
        self.store.mark_service_deleted(&row.id, by).await?;
        audit::note("name", Some(row.name.clone()), None);
        audit::note_fields(Some(&row.spec), None);
        self.wake.service(&row.id);
        Ok(())
    }

    pub(crate) async fn scale_service(
        &self,
        at: &ServiceParams,
        scale: Scale,
        by: &str,
    ) -> Result<()> {
        let _changing = self.changing.lock().await;
        let mut row = self.find_service(at).await?;
        self.admit(&row, Action::Scale)?;
        let counts = match scale {
            Scale::Instances(count) => BTreeMap::from([(WEB.to_owned(), count.get())]),
            Scale::ProcessCounts(counts) => counts
                .into_iter()
                .map(|(process, count)| (process.into(), count.get()))
                .collect(),
        };
        let known = |process: &&String| row.process_counts.contains_key(*process);
        if let Some(process) = counts.keys().find(|process| !known(process)) {
            let words = format!("The service has no process {process}.");
            return Err(Error::Invalid(FieldErrors::one("process_counts", words)));
        }
        let event = NewEvent::scaled(by, &row.process_counts, &counts);
        let before = row.process_counts.clone();
        row.spec.process_counts.extend(counts.clone());
        row.process_counts.extend(counts);
        row.updated = Utc::now();
        self.store
            .update_service(&row, by, event.as_slice(), None)
            .await?;
        audit::note_fields(Some(&before), Some(&row.process_counts));
        self.change_asked(&row.id);
        Ok(())
    }

    pub(crate) async fn restart_service(&self, at: &ServiceParams, by: &str) -> Result<()> {
        let _changing = self.changing.lock().await;
        let row = self.find_service(at).await?;
        self.admit(&row, Action::Restart)?;
        self.store.bump_generation(&row.id, by).await?;
        self.change_asked(&row.id);
        Ok(())
    }

    pub(crate) async fn service_status(&self, at: &ServiceParams) -> Result<ServiceStatus> {
        let row = self.find_service(at).await?;
        let mut status = self.seen(&row).status(desired(&row));
        for instance in &mut status.instances {
            let usage = self.telemetry.usage(&instance.id);
            instance.cpu = usage.and_then(|usage| usage.cpu);
            instance.memory = usage.map(|usage| usage.memory);
        }
        Ok(status)
    }

    pub(crate) async fn service_logs(
        &self,
        at: &ServiceParams,
        query: LogQuery,
    ) -> Result<Held<Logs>> {
        let row = self.find_service(at).await?;
        Ok(self.logs.read(&row.id, query).await?)
    }

    /// Tells the reconciler, and everybody who looks before it has acted.
    pub(super) fn change_asked(&self, service_id: &str) {
        self.observed.expect_change(service_id);
        self.wake.service(service_id);
    }

    pub(super) fn admit(&self, row: &ServiceRow, action: Action) -> Result<()> {
        admits(Some(rough_state(row)), true, action).map_err(Error::WrongState)
    }

    /// The description's variables and the service's secrets are one list.
    async fn check_env(&self, row: &ServiceRow) -> Result<()> {
        let mut errors = FieldErrors::default();
        for variable in self.store.variables(&row.id).await? {
            if variable.held.is_secret() && row.spec.env.contains_key(&variable.name) {
                let words = "The service has a secret of this name. Change it in its config.";
                errors.add(&format!("env.{}", variable.name), words);
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(errors))
        }
    }

    async fn check_domains(&self, row: &ServiceRow) -> Result<()> {
        let domains: Vec<String> = row
            .spec
            .domains
            .iter()
            .map(|domain| domain.to_ascii_lowercase())
            .collect();
        match self.store.domain_owner(&domains, &row.id).await? {
            None => Ok(()),
            Some((domain, owner)) => Err(Error::DomainTaken {
                index: domains.iter().position(|one| *one == domain).unwrap_or(0),
                domain,
                owner,
            }),
        }
    }

    async fn get_row(&self, row: ServiceRow) -> Result<Service> {
        // Read again: a rollout may have moved the release.
        let row = self.store.service_by_id(&row.id).await?.unwrap_or(row);
        let release = match row.release_version {
            Some(version) => self.store.release(&row.id, version).await?,
            None => None,
        };
        let deployment = self.store.latest_deployment(&row.id).await?;
        let is_ahead = match &release {
            Some(release) => {
                let config = frozen(&self.levels_of(&row.id).await?);
                let newest = self.store.newest_image(&row.id).await?;
                is_ahead(&row, release, &config, newest.as_ref())
            }
            None => false,
        };
        let mut service = tell(&row, release.as_ref(), self.summary(&row), is_ahead);
        service.latest_deployment = deployment.map(deployment_summary);
        let image = self.store.latest_image(&row.id).await?;
        service.latest_image = image.map(image_summary);
        Ok(service)
    }

    /// What was last seen of a service, or what is true of one that was not looked at yet.
    fn seen(&self, row: &ServiceRow) -> ObservedService {
        let unseen = || ObservedService {
            state: rough_state(row),
            since: row.updated,
            message: None,
            available: false,
            release_version: row.release_version,
            instances: Vec::new(),
        };
        if row.release_version.is_none() {
            return unseen();
        }
        let mut seen = self.observed.get(&row.id).unwrap_or_else(unseen);
        if is_out_of_date(row, &Open::Known(seen.state)) {
            seen.state = ServiceState::Converging;
            seen.since = row.updated;
            seen.release_version = row.release_version;
        }
        seen
    }

    /// The same in short.
    pub(super) fn summary(&self, row: &ServiceRow) -> StatusSummary {
        let is_true = |seen: &StatusSummary| {
            row.release_version.is_some() && !is_out_of_date(row, &seen.state)
        };
        self.observed
            .summary(&row.id, desired(row))
            .filter(is_true)
            .unwrap_or_else(|| self.seen(row).summary(desired(row)))
    }
}

/// A service as the API tells it.
fn tell(
    row: &ServiceRow,
    release: Option<&Release>,
    status: StatusSummary,
    undeployed_changes: bool,
) -> Service {
    let platform = row.spec.platform();
    let spec = row.spec.clone();
    Service {
        id: row.id.clone(),
        name: row.name.clone(),
        slug: row.slug.clone(),
        created: Some(row.created),
        updated: Some(row.updated),
        instances: Some(spec.web()),
        image: spec.image,
        port: spec.port,
        domains: spec.domains,
        tags: spec.tags,
        env: spec.env,
        volumes: spec.volumes,
        platform: Some(Open::Known(platform)),
        github_repository: spec.github_repository,
        health_check_path: spec.health_check_path,
        auto_deploy_branch: spec.auto_deploy_branch,
        deployment_timeout: Some(spec.deployment_timeout),
        process_counts: spec.process_counts,
        subdirectory: spec.subdirectory,
        health_check_host: spec.health_check_host,
        latest_image: None,
        latest_release: release.map(|release| VersionSummary {
            id: release.id.clone(),
            version: release.version,
            state: None,
            error: None,
            created: Some(release.created),
            awaits_approval: None,
        }),
        latest_deployment: None,
        status: Some(status),
        undeployed_changes,
    }
}

/// Whether the description and its config are ahead of the release that should run.
///
/// `newest` is the newest image that can be run, with its source.
pub(crate) fn is_ahead(
    row: &ServiceRow,
    release: &Release,
    config: &Frozen,
    newest: Option<&NewestImage>,
) -> bool {
    let count = |process: &String| row.process_counts.get(process).copied().unwrap_or(0);
    let other_counts = row
        .spec
        .process_counts
        .iter()
        .any(|(process, wanted)| count(process) != *wanted);
    let other_image = newest.is_some_and(|newest| {
        row.spec.comes_from(&newest.source) && release.image_version != Some(newest.version)
    });
    !row.spec.is_frozen_in(&release.document, config) || other_counts || other_image
}

fn deployment_summary(deployment: Deployment) -> VersionSummary {
    let awaits = deployment.needs_approval && deployment.state == DeploymentState::Pending;
    VersionSummary {
        awaits_approval: awaits.then_some(AwaitedApproval {
            by: Some(deployment.created_by),
            message: deployment.message,
        }),
        id: deployment.id,
        version: deployment.release_version,
        state: Some(deployment.state.word().to_owned()),
        error: deployment.error,
        created: Some(deployment.created),
    }
}

fn image_summary(image: ImageRow) -> VersionSummary {
    VersionSummary {
        id: image.id,
        version: image.version,
        state: Some(image.state.word().to_owned()),
        error: image.error,
        created: Some(image.created),
        awaits_approval: None,
    }
}

/// The state as far as the stored description alone tells it.
fn rough_state(row: &ServiceRow) -> ServiceState {
    match row.release_version {
        None => ServiceState::Undeployed,
        Some(_) if desired(row) == 0 => ServiceState::Paused,
        Some(_) => ServiceState::Converging,
    }
}

/// Whether a state comes from what was wanted before a change that the reconciler has not seen yet:
/// it must not read as the outcome.
fn is_out_of_date(row: &ServiceRow, seen: &Open<ServiceState>) -> bool {
    let at_rest = [ServiceState::Paused, ServiceState::Undeployed].map(Open::Known);
    at_rest.contains(seen) && *seen != Open::Known(rough_state(row))
}

/// How many instances should run.
fn desired(row: &ServiceRow) -> u32 {
    row.release_version
        .map_or(0, |_| row.process_counts.values().sum())
}
