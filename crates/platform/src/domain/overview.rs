//! How an org, a project or an environment does at a glance. Nothing is read a service: a look at ten
//! thousand of them costs a few milliseconds.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use pilothouse_wire::environment::EnvironmentType;
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::overview::{
    Attention, Cell, CellDeployment, Concern, ErrorShare, MAX_ATTENTION, Overview, StateCount,
};
use pilothouse_wire::release::DeploymentState;
use pilothouse_wire::status::{ServiceState, StatusSummary};

use super::{Actor, Platform, Result, Shown};
use crate::store::{Deployment, FailedBuild, Listed, Place};

impl Platform {
    /// Of everything that the caller may see at the org, project or environment that is called.
    pub(crate) async fn overview(&self, actor: &Actor) -> Result<Overview> {
        let place_id = actor.spot().place().narrowest().unwrap_or_default();
        let mut places = self.store.places_below(place_id).await?;
        if let Shown::Only(ids) = actor.shown() {
            places.retain(|place| ids.contains(&place.id) || ids.contains(&place.project_id));
        }
        let ids: Vec<&str> = places.iter().map(|place| place.id.as_str()).collect();
        let listed = self.store.listed_in(&ids).await?;
        let failing = self.telemetry.failing(Utc::now());
        let mut survey = Survey::default();
        for (place, services) in places.iter().zip(&listed) {
            let seen: Vec<Seen<'_>> = services
                .iter()
                .map(|service| self.look_at(service, &failing))
                .collect();
            survey.add(place, &seen);
        }
        Ok(survey.finish())
    }

    fn look_at<'a>(
        &self,
        listed: &'a Arc<Listed>,
        failing: &HashMap<String, ErrorShare>,
    ) -> Seen<'a> {
        Seen {
            name: &listed.row.name,
            slug: &listed.row.slug,
            status: self.summary(&listed.row),
            release: listed.row.release_version,
            deployment: listed.deployment.as_ref(),
            failed_build: listed.failed_build.as_ref(),
            errors: failing.get(&listed.row.id).copied(),
        }
    }
}

/// What an overview looks at of a service.
struct Seen<'a> {
    name: &'a str,
    slug: &'a str,
    status: StatusSummary,
    /// The release that should run.
    release: Option<u32>,
    /// The newest one.
    deployment: Option<&'a Deployment>,
    failed_build: Option<&'a FailedBuild>,
    /// Its last requests, where any failed.
    errors: Option<ErrorShare>,
}

/// One reason to look at a service.
struct Reason {
    concern: Concern,
    since: Option<DateTime<Utc>>,
    why: Option<String>,
    version: Option<u32>,
    errors: Option<ErrorShare>,
}

impl Reason {
    fn new(concern: Concern, since: Option<DateTime<Utc>>, why: Option<String>) -> Self {
        Self {
            concern,
            since,
            why,
            version: None,
            errors: None,
        }
    }
}

impl Seen<'_> {
    /// The newest deployment, if it failed.
    fn failed_deployment(&self) -> Option<&Deployment> {
        self.deployment
            .filter(|deployment| deployment.state == DeploymentState::Error)
    }

    /// What is wrong with it, the worst first.
    fn reasons(&self) -> impl Iterator<Item = Reason> {
        let state = match self.status.state.known() {
            Some(ServiceState::Down) => Some(Concern::Down),
            Some(ServiceState::Degraded) => Some(Concern::Degraded),
            _ => None,
        };
        let failed = self.failed_deployment();
        let troubled = state.map(|concern| {
            let why = self.status.message.clone();
            let why = why.or_else(|| failed.and_then(|failed| failed.error.clone()));
            Reason::new(concern, self.status.since, why)
        });
        let errors = self.errors.filter(|share| share.is_high());
        let errors = errors.map(|share| Reason {
            errors: Some(share),
            ..Reason::new(Concern::Errors, None, None)
        });
        // A release that failed and is run all the same is what the state tells of.
        let is_told =
            |failed: &&Deployment| state.is_some() && self.release == Some(failed.release_version);
        let deployment = failed
            .filter(|failed| !is_told(failed))
            .map(|failed| Reason {
                version: Some(failed.release_version),
                ..Reason::new(
                    Concern::DeployFailed,
                    Some(failed.updated),
                    failed.error.clone(),
                )
            });
        let build = self.failed_build.map(|failed| Reason {
            version: Some(failed.version),
            ..Reason::new(
                Concern::BuildFailed,
                Some(failed.ended),
                failed.error.clone(),
            )
        });
        [troubled, errors, deployment, build].into_iter().flatten()
    }
}

/// Counts of services by state.
#[derive(Default)]
struct Counts([u32; ServiceState::ALL.len()]);

impl Counts {
    fn add(&mut self, state: &Open<ServiceState>) {
        let place = ServiceState::ALL
            .iter()
            .position(|known| state.known() == Some(*known));
        if let Some(count) = place.and_then(|place| self.0.get_mut(place)) {
            *count += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own += other;
        }
    }

    /// What needs attention first, without states that none is in.
    fn tell(&self) -> Vec<StateCount> {
        let all = ServiceState::ALL.iter().copied().zip(self.0);
        all.filter(|(_, count)| *count > 0)
            .map(|(state, count)| StateCount {
                state: Open::Known(state),
                count,
            })
            .collect()
    }
}

/// An overview while places are added to it.
#[derive(Default)]
struct Survey {
    counts: Counts,
    attention: Vec<(Urgency, Attention)>,
    cells: Vec<Cell>,
}

/// What sorts before others: production, then the worse reason, then the later instant; errors go on
/// now, and those of many requests come first.
type Urgency = (bool, Concern, Reverse<Option<DateTime<Utc>>>, Reverse<u64>);

impl Survey {
    fn add(&mut self, place: &Place, services: &[Seen<'_>]) {
        let mut counts = Counts::default();
        for service in services {
            counts.add(&service.status.state);
            for reason in service.reasons() {
                self.note(place, service, reason);
            }
        }
        self.counts.merge(&counts);
        let counts = counts.tell();
        let newest = services
            .iter()
            .filter_map(|service| Some((service, service.deployment?)))
            .max_by_key(|(_, deployment)| deployment.created);
        self.cells.push(Cell {
            project: place.project.clone(),
            project_name: place.project_name.clone(),
            environment: place.environment.clone(),
            environment_name: place.environment_name.clone(),
            env_type: Some(place.env_type.clone()),
            protected: place.protected,
            state: counts.first().map(|worst| worst.state.clone()),
            services: counts,
            deployment: newest.map(|(service, deployment)| told(service, deployment)),
        });
    }

    fn note(&mut self, place: &Place, service: &Seen<'_>, reason: Reason) {
        let is_elsewhere = place.env_type != Open::Known(EnvironmentType::Production);
        let failed = reason.errors.map_or(0, |share| share.errors);
        let urgency = (
            is_elsewhere,
            reason.concern,
            Reverse(reason.since),
            Reverse(failed),
        );
        let attention = Attention {
            concern: Open::Known(reason.concern),
            project: place.project.clone(),
            environment: place.environment.clone(),
            service: service.slug.to_owned(),
            name: service.name.to_owned(),
            since: reason.since,
            why: reason.why,
            version: reason.version,
            errors: reason.errors,
        };
        self.attention.push((urgency, attention));
    }

    fn finish(mut self) -> Overview {
        // Stable: what is equally urgent stays by project, environment and name.
        self.attention.sort_by_key(|(urgency, _)| *urgency);
        let more = self.attention.len().saturating_sub(MAX_ATTENTION);
        self.attention.truncate(MAX_ATTENTION);
        let attention = self.attention.into_iter();
        Overview {
            services: self.counts.tell(),
            attention: attention.map(|(_, attention)| attention).collect(),
            more_attention: u32::try_from(more).unwrap_or(u32::MAX),
            cells: self.cells,
        }
    }
}

fn told(service: &Seen<'_>, deployment: &Deployment) -> CellDeployment {
    CellDeployment {
        service: service.slug.to_owned(),
        name: service.name.to_owned(),
        release: deployment.release_version,
        serving: service
            .release
            .filter(|serving| *serving != deployment.release_version),
        state: Some(Open::Known(deployment.state)),
        created: Some(deployment.created),
        by: Some(deployment.created_by.clone()).filter(|by| !by.is_empty()),
    }
}

#[cfg(test)]
mod tests;
