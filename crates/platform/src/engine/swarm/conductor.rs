//! What the Swarm is told to keep, and how far it is with that.

use std::collections::HashMap;

use async_trait::async_trait;
use bollard::models::{
    Platform, Service, ServiceSpec, ServiceUpdateStatusStateEnum, Task, TaskState,
};
use bollard::query_parameters::UpdateServiceOptionsBuilder;

use super::describe::{self, DIGEST, Unit};
use super::nodes::Places;
use super::{Swarm, tasks};
use crate::engine::containers::describe::network_name;
use crate::engine::containers::failure::{refused, status};
use crate::engine::{
    Conducted, Conductor, EdgeSpec, EngineResult, NodeView, ProcessSpec, Rollout, Score,
};

impl Swarm {
    /// Makes a service of the Swarm be as specified; what is so already is left alone.
    async fn ensure(
        &self,
        spec: &ProcessSpec,
        unit: Unit,
        platforms: &[Platform],
        before: Option<&Service>,
    ) -> EngineResult<()> {
        let places = |node| describe::Places {
            platforms: platforms.to_vec(),
            node,
        };
        let what = || format!("conducting {}", spec.instance.slot.process);
        let credentials = self.registry.credentials();
        let Some(before) = before else {
            let service =
                describe::service(&self.installation, spec, unit, &self.probe, &places(None));
            let created = self.docker.create_service(service, credentials).await;
            return match created {
                // An attempt before this one has made it, and its answer was lost.
                Err(error) if status(&error) == Some(409) => Ok(()),
                Err(error) => Err(refused(what(), error)),
                Ok(_) => Ok(()),
            };
        };
        let node = self.keeps_on(unit, before).await?;
        let known = before.spec.as_ref();
        let digest = known.and_then(|known| describe::label(known, DIGEST));
        let kept = known.and_then(describe::kept_on);
        if digest == Some(&describe::digest(spec, &self.probe)) && kept == node.as_deref() {
            return Ok(());
        }
        let service = describe::service(&self.installation, spec, unit, &self.probe, &places(node));
        self.update(what(), before, service).await
    }

    /// The node on which a unit's disk is: where its task was placed first.
    async fn keeps_on(&self, unit: Unit, service: &Service) -> EngineResult<Option<String>> {
        if unit.ordinal.is_none() {
            return Ok(None);
        }
        if let Some(node) = service.spec.as_ref().and_then(describe::kept_on) {
            return Ok(Some(node.to_owned()));
        }
        let tasks = self.tasks(Some(std::slice::from_ref(service))).await?;
        Ok(tasks.iter().find_map(placed))
    }

    /// What is known of a process, from the services of the Swarm that are for it.
    fn conducted(&self, process: &str, services: &[&Service], tasks: &[Task]) -> Conducted {
        let specs = services.iter().filter_map(|service| service.spec.as_ref());
        let mut digests: Vec<&str> = specs
            .map(|spec| describe::label(spec, DIGEST).unwrap_or_default())
            .collect();
        digests.dedup();
        let is_unkept = |service: &&&Service| {
            let spec = service.spec.as_ref();
            let needs = spec.is_some_and(|spec| {
                describe::ordinal(spec).is_some() && describe::kept_on(spec).is_none()
            });
            needs
                && tasks
                    .iter()
                    .any(|task| task.service_id == service.id && placed(task).is_some())
        };
        Conducted {
            process: process.to_owned(),
            digest: match digests.as_slice() {
                // A disk that came to be on a node is still to be kept there.
                [one] if !services.iter().any(|service| is_unkept(&service)) => (*one).to_owned(),
                _ => String::new(),
            },
            rollout: services
                .iter()
                .map(|service| rollout(service))
                .max_by_key(weight)
                .unwrap_or(Rollout::Steady),
        }
    }
}

/// The node on which a task's disk came to be.
fn placed(task: &Task) -> Option<String> {
    let state = task.status.as_ref()?.state?;
    let has_begun = state >= TaskState::STARTING && state != TaskState::REJECTED;
    task.node_id.clone().filter(|_| has_begun)
}

fn rollout(service: &Service) -> Rollout {
    use ServiceUpdateStatusStateEnum as State;
    let update = service.update_status.as_ref();
    match update.and_then(|update| update.state) {
        Some(State::UPDATING) => Rollout::Rolling,
        Some(State::PAUSED) => Rollout::Stopped,
        Some(State::ROLLBACK_STARTED | State::ROLLBACK_COMPLETED | State::ROLLBACK_PAUSED) => {
            Rollout::WentBack
        }
        _ => Rollout::Steady,
    }
}

/// Of several, the one that matters most.
fn weight(rollout: &Rollout) -> u8 {
    match rollout {
        Rollout::Steady => 0,
        Rollout::Rolling => 1,
        Rollout::Stopped => 2,
        Rollout::WentBack => 3,
    }
}

/// What an update names: the id, and the version that it is made to.
pub(super) fn identity(service: &Service) -> (String, i32) {
    let version = service.version.as_ref().and_then(|version| version.index);
    let version = i32::try_from(version.unwrap_or_default()).unwrap_or(i32::MAX);
    (service.id.clone().unwrap_or_default(), version)
}

#[async_trait]
impl Conductor for Swarm {
    fn digest(&self, spec: &ProcessSpec) -> String {
        describe::digest(spec, &self.probe)
    }

    async fn score(&self, service_id: &str) -> EngineResult<Score> {
        let services = self.services(Some(service_id)).await?;
        let tasks = self.tasks(Some(&services)).await?;
        let places: Places = self.places().await?;
        let mut processes: HashMap<&str, Vec<&Service>> = HashMap::new();
        for service in &services {
            if let Some(process) = service.spec.as_ref().and_then(describe::process) {
                processes.entry(process).or_default().push(service);
            }
        }
        let processes = processes
            .iter()
            .map(|(process, services)| self.conducted(process, services, &tasks))
            .collect();
        let mut fallen: Vec<_> = tasks
            .iter()
            .filter_map(|task| tasks::fallen(task, &places))
            .collect();
        fallen.sort_by_key(|fallen| fallen.at);
        let ended = tasks.iter().filter_map(|task| tasks::ended(task, &places));
        Ok(Score {
            processes,
            fallen,
            ended: ended.collect(),
        })
    }

    async fn conduct(&self, spec: &ProcessSpec) -> EngineResult<()> {
        let network = network_name(&self.installation, &spec.instance.network);
        self.builder
            .ensure_network(&network, Some("overlay"))
            .await?;
        let slot = &spec.instance.slot;
        let known = self.services(Some(&slot.service_id)).await?;
        let of_process = |spec: &&ServiceSpec| describe::process(spec) == Some(&slot.process);
        let known_specs = known.iter().filter_map(|service| service.spec.as_ref());
        let kept = known_specs
            .filter(of_process)
            .filter_map(describe::ordinal)
            .collect();
        let units = describe::units(spec, &kept);
        let image = &spec.instance.image;
        let platforms = self.registry.platforms(&self.docker, image).await;
        for unit in &units {
            let name = describe::service_name(&self.installation, spec, *unit);
            let before = known.iter().find(|service| named(service, &name));
            self.ensure(spec, *unit, &platforms, before).await?;
        }
        // What ran before it had a disk, or while it had one.
        for service in &known {
            let Some(spec_now) = service.spec.as_ref() else {
                continue;
            };
            let is_of_process = describe::process(spec_now) == Some(&slot.process);
            let is_wanted = units
                .iter()
                .any(|unit| unit.ordinal == describe::ordinal(spec_now));
            if is_of_process && !is_wanted {
                self.delete(service).await?;
            }
        }
        Ok(())
    }

    async fn set_edges(&self, edges: Option<&EdgeSpec>) -> EngineResult<()> {
        match edges {
            Some(edges) => self.edges(edges).await,
            None => self.end_edges().await,
        }
    }

    fn note_node(&self, node: &str, view: NodeView) {
        self.seen.note(node, view);
    }

    async fn dismiss(&self, service_id: &str, process: &str) -> EngineResult<()> {
        for service in self.services(Some(service_id)).await? {
            if service.spec.as_ref().and_then(describe::process) == Some(process) {
                self.delete(&service).await?;
            }
        }
        Ok(())
    }
}

/// Whether a service of the Swarm has this name.
pub(super) fn named(service: &Service, name: &str) -> bool {
    let spec = service.spec.as_ref();
    spec.is_some_and(|spec| spec.name.as_deref() == Some(name))
}

impl Swarm {
    /// Makes a service of the Swarm be another, unless somebody has changed it meanwhile.
    pub(super) async fn update(
        &self,
        what: String,
        before: &Service,
        after: ServiceSpec,
    ) -> EngineResult<()> {
        let (id, version) = identity(before);
        let options = UpdateServiceOptionsBuilder::new().version(version).build();
        let credentials = self.registry.credentials();
        let updated = self.docker.update_service(&id, after, options, credentials);
        let updated = updated.await;
        updated.map(|_| ()).map_err(|error| refused(what, error))
    }

    /// Ends a service of the Swarm; one that is gone is left at that.
    pub(super) async fn delete(&self, service: &Service) -> EngineResult<()> {
        let (id, _) = identity(service);
        match self.docker.delete_service(&id).await {
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) => Err(refused(format!("ending the Swarm's service {id}"), error)),
            Ok(()) => Ok(()),
        }
    }
}
