//! What happened, as sentences for people: never a value of a variable, nor what a service wrote.

use std::collections::BTreeMap;

use chrono::Utc;
use pilothouse_wire::event::{EventKind, Events, EventsQuery};
use pilothouse_wire::open::Words;
use pilothouse_wire::path::ServiceParams;
use pilothouse_wire::release::{DeploymentKind, DeploymentState};

use super::{Actor, Platform, Result, ServiceSpec, Shown};
use crate::store::{Deployment, EventPlace, ImageRow, ImageSource, NewEvent};

/// Names that one sentence tells; of more it tells how many.
const NAMES: usize = 5;
/// What stands between why an instance ended and the last line that it wrote.
pub(crate) const LAST_LINE: &str = ". Its last line: ";

impl Platform {
    pub(crate) async fn service_events(
        &self,
        at: &ServiceParams,
        query: &EventsQuery,
    ) -> Result<Events> {
        let row = self.find_service(at).await?;
        self.events(EventPlace::Service, &row.id, query, &Shown::All)
            .await
    }

    /// What the caller may see at the org, project or environment that is called.
    pub(crate) async fn place_events(&self, actor: &Actor, query: &EventsQuery) -> Result<Events> {
        let spot = actor.spot();
        let place = match (&spot.project, &spot.environment) {
            (_, Some(_)) => EventPlace::Environment,
            (Some(_), None) => EventPlace::Project,
            (None, None) => EventPlace::Org,
        };
        let id = spot.place().narrowest().unwrap_or_default();
        self.events(place, id, query, &actor.shown()).await
    }

    async fn events(
        &self,
        place: EventPlace,
        id: &str,
        query: &EventsQuery,
        shown: &Shown,
    ) -> Result<Events> {
        let only = match shown {
            Shown::All => None,
            Shown::Only(ids) => Some(ids.as_slice()),
        };
        let now = Utc::now();
        Ok(self.store.events(place, id, only, query, now).await?)
    }
}

impl NewEvent {
    /// Something that somebody did.
    fn by(by: &str, kind: EventKind, message: String) -> Self {
        Self {
            kind,
            message,
            by: Some(by.to_owned()).filter(|by| !by.is_empty()),
            release_version: None,
            instance: None,
        }
    }

    pub(crate) fn created(by: &str) -> Self {
        Self::by(by, EventKind::Created, "The service was described.".into())
    }

    pub(crate) fn deleted(by: &str) -> Self {
        let message = "The service was deleted, with its instances, routes and volumes.";
        Self::by(by, EventKind::Deleted, message.into())
    }

    pub(crate) fn restarted(by: &str) -> Self {
        let message = "A restart of every instance was asked for.";
        Self::by(by, EventKind::Restarted, message.into())
    }

    /// What of a description changed besides its variables, and besides its counts where they act
    /// at once; `None`: nothing.
    pub(crate) fn updated(
        by: &str,
        (before, after): (&ServiceSpec, &ServiceSpec),
        is_renamed: bool,
        at_once: bool,
    ) -> Option<Self> {
        let mut changed = changed_fields(before, after);
        if !at_once && before.process_counts != after.process_counts {
            changed.push("instances");
        }
        if is_renamed {
            changed.insert(0, "name");
        }
        let message = format!("The description changed: {}.", named(&changed)?);
        Some(Self::by(by, EventKind::Updated, message))
    }

    /// Variables of one level; `None`: none changed.
    pub(crate) fn config_changed(by: &str, names: &[&str]) -> Option<Self> {
        let message = match names {
            [one] => format!("The variable {one} changed."),
            names => format!("{} variables changed: {}.", names.len(), named(names)?),
        };
        Some(Self::by(by, EventKind::ConfigChanged, message))
    }

    /// Another count of instances; `None`: the same.
    pub(crate) fn scaled(
        by: &str,
        before: &BTreeMap<String, u32>,
        after: &BTreeMap<String, u32>,
    ) -> Option<Self> {
        let count = |counts: &BTreeMap<String, u32>, name| counts.get(name).copied().unwrap_or(0);
        let changes: Vec<String> = after
            .iter()
            .filter(|(name, now)| count(before, *name) != **now)
            .map(|(name, now)| format!("{name} {} → {now}", count(before, name)))
            .collect();
        if changes.is_empty() {
            return None;
        }
        let is_paused = after.values().all(|now| *now == 0);
        let kind = match is_paused {
            true => EventKind::Paused,
            false => EventKind::Scaled,
        };
        let message = format!("Instances: {}.", changes.join(", "));
        Some(Self::by(by, kind, message))
    }

    /// A deployment whose every instance was ready.
    pub(crate) fn deployed(done: &Deployment) -> Self {
        let version = done.release_version;
        let is_back = done.kind == DeploymentKind::Rollback.word();
        let (kind, mut message) = match (is_back, done.before.release_version) {
            (true, Some(before)) if before != version => (
                EventKind::RolledBack,
                format!("Release v{version} took the place of v{before} again"),
            ),
            (true, _) => (
                EventKind::RolledBack,
                format!("Release v{version} was deployed again"),
            ),
            (false, _) => (
                EventKind::Deployed,
                format!("Release v{version} was deployed"),
            ),
        };
        match &done.message {
            Some(why) => message.push_str(&format!(": {why}")),
            None => message.push('.'),
        }
        Self {
            release_version: Some(version),
            ..Self::by(&done.created_by, kind, message)
        }
    }

    /// A deployment that ended otherwise, and why.
    pub(crate) fn not_deployed(
        ended: &Deployment,
        state: DeploymentState,
        why: &str,
        good: Option<u32>,
    ) -> Self {
        let version = ended.release_version;
        let kind = match state {
            DeploymentState::Cancelled => EventKind::DeployCancelled,
            _ => EventKind::DeployFailed,
        };
        let why = own_words(why);
        let mut message = match why.starts_with(&format!("Release v{version} ")) {
            true => format!("{why}."),
            false => format!("Release v{version} was not deployed: {why}."),
        };
        if let Some(good) = good.filter(|good| *good != version) {
            message.push_str(&format!(" Release v{good} goes on."));
        }
        Self {
            release_version: Some(version),
            ..Self::by(&ended.created_by, kind, message)
        }
    }

    pub(crate) fn restart_failed(release_version: u32, why: &str) -> Self {
        Self {
            kind: EventKind::RestartFailed,
            message: format!("{}.", own_words(why)),
            by: None,
            release_version: Some(release_version),
            instance: None,
        }
    }

    pub(crate) fn recovered(instance: &str, release_version: u32) -> Self {
        Self {
            kind: EventKind::Recovered,
            message: format!("{instance} has run well for a minute."),
            by: None,
            release_version: Some(release_version),
            instance: Some(instance.to_owned()),
        }
    }

    pub(crate) fn image_built(row: &ImageRow, commit: Option<&str>) -> Self {
        let version = row.version;
        let short = commit.and_then(|commit| commit.get(..7));
        let message = match (&row.source, short) {
            (ImageSource::Repository { .. }, Some(commit)) => {
                format!("Image v{version} was built from commit {commit}.")
            }
            (ImageSource::Repository { .. }, None) => format!("Image v{version} was built."),
            (ImageSource::Reference(_) | ImageSource::Promoted { .. }, _) => {
                format!("Image v{version} was fetched and pinned.")
            }
        };
        Self::by(&row.created_by, EventKind::ImageBuilt, message)
    }

    pub(crate) fn build_failed(row: &ImageRow, why: &str) -> Self {
        let message = format!(
            "Image v{} could not be made: {}.",
            row.version,
            own_words(why)
        );
        Self::by(&row.created_by, EventKind::BuildFailed, message)
    }
}

/// Why something failed, without what the service itself wrote, and without the end of the sentence.
pub(crate) fn own_words(why: &str) -> &str {
    let own = why.split_once(LAST_LINE).map_or(why, |(own, _)| own);
    own.trim_end_matches('.')
}

/// What of a description differs, but for its variables and its counts, in the words of the form.
fn changed_fields(before: &ServiceSpec, after: &ServiceSpec) -> Vec<&'static str> {
    let fields = [
        ("image", before.image != after.image),
        (
            "repository",
            before.github_repository != after.github_repository,
        ),
        (
            "branch",
            before.auto_deploy_branch != after.auto_deploy_branch,
        ),
        ("subdirectory", before.subdirectory != after.subdirectory),
        ("port", before.port != after.port),
        ("platform", before.platform != after.platform),
        (
            "health check path",
            before.health_check_path != after.health_check_path,
        ),
        (
            "health check host",
            before.health_check_host != after.health_check_host,
        ),
        (
            "deployment timeout",
            before.deployment_timeout != after.deployment_timeout,
        ),
        ("domains", before.domains != after.domains),
        ("volumes", before.volumes != after.volumes),
        ("tags", before.tags != after.tags),
    ];
    fields
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
}

/// `a, b and 4 more`; `None` for nothing.
fn named(names: &[&str]) -> Option<String> {
    let shown = names.get(..NAMES).unwrap_or(names).join(", ");
    match names.len() {
        0 => None,
        count if count > NAMES => Some(format!("{shown} and {} more", count - NAMES)),
        _ => Some(shown),
    }
}
