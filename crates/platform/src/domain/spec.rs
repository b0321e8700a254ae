//! A service's description, and what of it is frozen into a release.

use std::collections::BTreeMap;

use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::open::Words;
use pilothouse_wire::patch::Patch;
use pilothouse_wire::quantity::{DeploymentTimeout, Port};
use pilothouse_wire::service::{Platform, ProcessCounts, ServiceCreate, ServicePatch, Volume};
use pilothouse_wire::text::HealthCheckPath;
use serde::{Deserialize, Serialize};

use super::Frozen;
use crate::store::{DescribedSource, Held, ImageSource};

/// The process that ingress routes to.
pub(crate) const WEB: &str = "web";

/// What a service should be, as people described it. Validated by the wire types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ServiceSpec {
    pub(crate) image: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) domains: Vec<String>,
    pub(crate) tags: Vec<String>,
    /// Kept with the config of every other level, not in the description's document.
    #[serde(skip)]
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) platform: String,
    pub(crate) github_repository: Option<String>,
    pub(crate) health_check_path: Option<String>,
    pub(crate) auto_deploy_branch: Option<String>,
    pub(crate) deployment_timeout: u32,
    pub(crate) process_counts: BTreeMap<String, u32>,
    pub(crate) subdirectory: Option<String>,
    pub(crate) health_check_host: Option<String>,
}

/// What instances are started from, frozen when a release is made. How many run is not part of it:
/// scaling needs no release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ReleaseDocument {
    pub(crate) image: String,
    pub(crate) port: Option<u16>,
    pub(crate) domains: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    /// Variable name → id of its secret.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) health_check_path: Option<String>,
    pub(crate) health_check_host: Option<String>,
    pub(crate) deployment_timeout: u32,
    pub(crate) processes: Vec<String>,
    /// Process → command, where the image's Procfile says it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) commands: BTreeMap<String, String>,
    /// Where the image comes from. Releases of before this was kept have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<ImageSource>,
}

/// The image that a release is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunImage {
    /// What instances are started from, as far as it is known when the release is made.
    pub(crate) reference: String,
    pub(crate) source: ImageSource,
    pub(crate) exposed_ports: Vec<u16>,
    pub(crate) commands: BTreeMap<String, String>,
}

impl RunImage {
    /// An image that is fetched when it is first run.
    pub(crate) fn fetched(reference: &str) -> Self {
        Self {
            reference: reference.to_owned(),
            source: ImageSource::Reference(reference.to_owned()),
            exposed_ports: Vec::new(),
            commands: BTreeMap::new(),
        }
    }
}

impl ReleaseDocument {
    /// The config that its instances receive.
    pub(crate) fn config(&self) -> Frozen {
        let plain = self.env.iter();
        let secrets = self.secrets.iter();
        plain
            .map(|(name, value)| (name.clone(), Held::Plain(value.clone())))
            .chain(secrets.map(|(name, id)| (name.clone(), Held::Sealed(id.clone()))))
            .collect()
    }

    /// How many instances of each process run when this release is deployed again: scale stays, but
    /// the processes are its own. One that came back runs as soon as it is scaled.
    pub(crate) fn counts_again(&self, now: &BTreeMap<String, u32>) -> BTreeMap<String, u32> {
        if self.processes.is_empty() {
            // Releases of before processes were kept.
            return now.clone();
        }
        let count = |process: &String| now.get(process).copied().unwrap_or(0);
        let own = self.processes.iter();
        own.map(|process| (process.clone(), count(process)))
            .collect()
    }

    fn freeze(&mut self, config: &Frozen) {
        for (name, held) in config {
            match held {
                Held::Plain(value) => self.env.insert(name.clone(), value.clone()),
                Held::Sealed(id) => self.secrets.insert(name.clone(), id.clone()),
            };
        }
    }

    fn holds(&self, config: &Frozen) -> bool {
        let held = |(name, held): (&String, &Held)| match held {
            Held::Plain(value) => self.env.get(name) == Some(value),
            Held::Sealed(id) => self.secrets.get(name) == Some(id),
        };
        config.len() == self.env.len() + self.secrets.len() && config.iter().all(held)
    }
}

impl ServiceSpec {
    /// The description that a create asks for, with the dialect's defaults filled in.
    pub(crate) fn create(create: ServiceCreate, dialect: Dialect) -> Self {
        let mut process_counts = plain(create.process_counts);
        if let Some(instances) = create.instances {
            process_counts.insert(WEB.to_owned(), instances.get());
        }
        process_counts.entry(WEB.to_owned()).or_insert(1);
        // E's default. In W, whose seed knows no health check, an open port is enough.
        let default_path = (dialect == Dialect::Environment).then(HealthCheckPath::default);
        Self {
            image: create.image.map(Into::into),
            port: create.port.map(Port::get),
            domains: strings(create.domains),
            tags: strings(create.tags),
            env: create
                .env
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            volumes: create.volumes.into_iter().map(Into::into).collect(),
            platform: create.platform.unwrap_or_default().word().to_owned(),
            github_repository: create.github_repository.map(Into::into),
            health_check_path: create.health_check_path.or(default_path).map(Into::into),
            auto_deploy_branch: create.auto_deploy_branch.map(Into::into),
            deployment_timeout: create.deployment_timeout.unwrap_or_default().get(),
            process_counts,
            subdirectory: create.subdirectory.map(Into::into),
            health_check_host: create.health_check_host.map(Into::into),
        }
    }

    /// Applies an update.
    pub(crate) fn update(&mut self, patch: ServicePatch) {
        patch.image.map(Into::into).apply(&mut self.image);
        patch.port.map(Port::get).apply(&mut self.port);
        patch
            .domains
            .map(strings)
            .apply_or_default(&mut self.domains);
        patch.tags.map(strings).apply_or_default(&mut self.tags);
        patch
            .env
            .map(|env| {
                env.into_iter()
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect()
            })
            .apply_or_default(&mut self.env);
        patch
            .volumes
            .map(|volumes| volumes.into_iter().map(Into::into).collect())
            .apply_or_default(&mut self.volumes);
        if let Some(platform) = patch.platform {
            platform.word().clone_into(&mut self.platform);
        }
        patch
            .github_repository
            .map(Into::into)
            .apply(&mut self.github_repository);
        patch
            .health_check_path
            .map(Into::into)
            .apply(&mut self.health_check_path);
        patch
            .auto_deploy_branch
            .map(Into::into)
            .apply(&mut self.auto_deploy_branch);
        match patch.deployment_timeout {
            Patch::Keep => {}
            Patch::Clear => self.deployment_timeout = DeploymentTimeout::default().get(),
            Patch::Set(timeout) => self.deployment_timeout = timeout.get(),
        }
        if let Some(counts) = patch.process_counts {
            let web = self.web();
            self.process_counts = plain(counts);
            self.process_counts.entry(WEB.to_owned()).or_insert(web);
        }
        if let Some(instances) = patch.instances {
            self.process_counts.insert(WEB.to_owned(), instances.get());
        }
        patch
            .subdirectory
            .map(Into::into)
            .apply(&mut self.subdirectory);
        patch
            .health_check_host
            .map(Into::into)
            .apply(&mut self.health_check_host);
    }

    /// How many instances of `web` should run.
    pub(crate) fn web(&self) -> u32 {
        self.process_counts.get(WEB).copied().unwrap_or(1)
    }

    /// The platform, where this build knows it.
    pub(crate) fn platform(&self) -> Platform {
        Platform::from_word(&self.platform).unwrap_or_default()
    }

    /// Whether a release made now would hold what this one does.
    pub(crate) fn is_frozen_in(&self, document: &ReleaseDocument, config: &Frozen) -> bool {
        let same_source = match &document.source {
            Some(source) => self.comes_from(source),
            None => self.image.as_ref() == Some(&document.image),
        };
        same_source
            && (self.port.is_none() || self.port == document.port)
            && self.domains == document.domains
            && document.holds(config)
            && self.volumes == document.volumes
            && self.health_check_path == document.health_check_path
            && self.health_check_host == document.health_check_host
            && self.deployment_timeout == document.deployment_timeout
            && self
                .process_counts
                .keys()
                .all(|process| document.processes.contains(process))
    }

    /// Whether an image from there is one of this description.
    pub(crate) fn comes_from(&self, source: &ImageSource) -> bool {
        match source {
            ImageSource::Repository {
                name, subdirectory, ..
            } => {
                self.github_repository.as_ref() == Some(name) && *subdirectory == self.subdirectory
            }
            ImageSource::Reference(reference) => self.image.as_ref() == Some(reference),
            ImageSource::Promoted { instead_of, .. } => instead_of
                .as_ref()
                .is_none_or(|described| *described == self.described_source()),
        }
    }

    /// Where images of this description come from.
    pub(crate) fn described_source(&self) -> DescribedSource {
        DescribedSource {
            image: self.image.clone(),
            github_repository: self.github_repository.clone(),
            subdirectory: self.subdirectory.clone(),
        }
    }

    /// How many instances of each process a release of an image runs: as described, and none of the
    /// processes that only the image names.
    pub(crate) fn counts(&self, image: &RunImage) -> BTreeMap<String, u32> {
        let mut counts = self.process_counts.clone();
        for process in image.commands.keys() {
            counts.entry(process.clone()).or_insert(0);
        }
        counts
    }

    /// What a release made now would hold.
    pub(crate) fn document(&self, config: &Frozen, image: &RunImage) -> ReleaseDocument {
        let mut document = ReleaseDocument {
            image: image.reference.clone(),
            port: self.port.or(image.exposed_ports.first().copied()),
            domains: self.domains.clone(),
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            volumes: self.volumes.clone(),
            health_check_path: self.health_check_path.clone(),
            health_check_host: self.health_check_host.clone(),
            deployment_timeout: self.deployment_timeout,
            processes: self.counts(image).into_keys().collect(),
            commands: image.commands.clone(),
            source: Some(image.source.clone()),
        };
        document.freeze(config);
        document
    }

    /// Whether a release of this description would hold what one of the other would, as far as the
    /// description decides it.
    pub(crate) fn freezes_as(&self, other: &Self) -> bool {
        let document = |of: &Self| {
            let image = RunImage::fetched(of.image.as_deref().unwrap_or_default());
            of.document(&Frozen::new(), &image)
        };
        self.env == other.env && document(self) == document(other)
    }
}

fn plain(counts: ProcessCounts) -> BTreeMap<String, u32> {
    counts
        .into_iter()
        .map(|(process, count)| (process.into(), count.get()))
        .collect()
}

fn strings<T: Into<String>>(values: Vec<T>) -> Vec<String> {
    values.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(json: &serde_json::Value, dialect: Dialect) -> ServiceSpec {
        let create = pilothouse_wire::decode::decode_body(json.clone(), dialect).unwrap();
        ServiceSpec::create(create, dialect)
    }

    /// The config of a service alone.
    fn config(spec: &ServiceSpec) -> Frozen {
        let env = spec.env.iter();
        env.map(|(name, value)| (name.clone(), Held::Plain(value.clone())))
            .collect()
    }

    #[test]
    fn instances_are_the_count_of_web() {
        let json = serde_json::json!({"name": "a", "image": "b", "instances": 3, "process_counts": {"worker": 2}});
        let mut spec = create(&json, Dialect::Workspace);
        assert_eq!((spec.web(), spec.process_counts["worker"]), (3, 2));
        let patch = serde_json::json!({"process_counts": {"worker": 1}});
        spec.update(pilothouse_wire::decode::decode_body(patch, Dialect::Workspace).unwrap());
        assert_eq!((spec.web(), spec.process_counts["worker"]), (3, 1));
    }

    #[test]
    fn only_the_environment_dialect_assumes_a_health_check() {
        let json = serde_json::json!({"name": "a", "image": "b", "platform": "wind"});
        let path = |dialect| create(&json, dialect).health_check_path;
        assert_eq!(path(Dialect::Environment).as_deref(), Some("/_health/"));
        assert_eq!(path(Dialect::Workspace), None);
    }

    #[test]
    fn each_change_that_a_release_freezes_is_seen() {
        let json = serde_json::json!({"name": "a", "image": "b"});
        let spec = create(&json, Dialect::Workspace);
        let document = spec.document(&config(&spec), &RunImage::fetched("b"));
        assert!(spec.is_frozen_in(&document, &config(&spec)));
        for patch in [
            serde_json::json!({"image": "c"}),
            serde_json::json!({"port": 80}),
            serde_json::json!({"domains": ["a.example"]}),
            serde_json::json!({"env": {"A": "1"}}),
            serde_json::json!({"volumes": [{"name": "a", "mount_path": "/a", "size_gb": 1}]}),
            serde_json::json!({"health_check_path": "/up"}),
            serde_json::json!({"health_check_host": "a.example"}),
            serde_json::json!({"deployment_timeout": 1}),
            serde_json::json!({"process_counts": {"worker": 1}}),
        ] {
            let mut changed = spec.clone();
            let update = pilothouse_wire::decode::decode_body(patch.clone(), Dialect::Workspace);
            changed.update(update.unwrap());
            assert!(
                !changed.is_frozen_in(&document, &config(&changed)),
                "{patch}"
            );
        }
    }

    #[test]
    fn a_release_runs_its_own_processes_again_at_the_scale_of_now() {
        let counts = |counts: &[(&str, u32)]| -> BTreeMap<String, u32> {
            let counts = counts.iter();
            counts
                .map(|(process, count)| ((*process).to_owned(), *count))
                .collect()
        };
        let of = |processes: &[&str]| ReleaseDocument {
            processes: processes.iter().map(|one| (*one).to_owned()).collect(),
            ..ReleaseDocument::default()
        };
        let now = counts(&[("web", 3), ("worker", 2)]);
        assert_eq!(of(&["web"]).counts_again(&now), counts(&[("web", 3)]));
        let with_clock = of(&["clock", "web"]).counts_again(&now);
        assert_eq!(with_clock, counts(&[("clock", 0), ("web", 3)]));
        assert_eq!(of(&[]).counts_again(&now), now);
    }

    #[test]
    fn an_empty_update_changes_nothing() {
        let json = serde_json::json!({"name": "a", "image": "b", "port": 80, "env": {"A": "1"}, "tags": ["x"]});
        let before = create(&json, Dialect::Workspace);
        let mut after = before.clone();
        after.update(ServicePatch::default());
        assert_eq!(after, before);
    }
}
