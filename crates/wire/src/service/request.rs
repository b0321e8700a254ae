//! The bodies that create and update a service, over either dialect.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Platform, VolumeSpec};
use crate::config::{MASKED, stands_in};
use crate::decode::{DecodeFields, Fields};
use crate::envelope::Dialect;
use crate::error::FieldErrors;
use crate::image::ImageReference;
use crate::patch::Patch;
use crate::quantity::{DeploymentTimeout, InstanceCount, Port};
use crate::text::{
    BranchName, Domain, GithubRepository, HealthCheckHost, HealthCheckPath, Name, ProcessName,
    Subdirectory, Tag, VariableName, VariableValue,
};

/// How many of each a service may hold.
pub mod limits {
    /// Domains of a service.
    pub const DOMAINS: usize = 50;
    /// Tags of a service.
    pub const TAGS: usize = 20;
    /// Variables of a service's own level.
    pub const VARIABLES: usize = 500;
    /// Volumes of a service.
    pub const VOLUMES: usize = 10;
    /// Processes of a service.
    pub const PROCESSES: usize = 20;
}

/// How many instances of each process should run.
pub type ProcessCounts = BTreeMap<ProcessName, InstanceCount>;

/// The body that creates a service. Both dialects take the union of their fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceCreate {
    /// Its name; the slug is derived from it.
    pub name: Name,
    /// The OCI reference that its instances run. W requires it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageReference>,
    /// The port that `web` listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    /// Host names that ingress routes to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<Domain>,
    /// How many instances of `web` should run; 1 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<InstanceCount>,
    /// Free labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Non-secret variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub env: BTreeMap<VariableName, VariableValue>,
    /// The disks that each instance receives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<VolumeSpec>,
    /// The pool that runs it. E requires it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// `owner/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github_repository: Option<GithubRepository>,
    /// Answers 2xx once an instance is ready. E: `/_health/` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<HealthCheckPath>,
    /// The branch whose pushes are built and deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_deploy_branch: Option<BranchName>,
    /// Seconds; 180 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_timeout: Option<DeploymentTimeout>,
    /// How many instances of each process should run.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, InstanceCount>))]
    pub process_counts: ProcessCounts,
    /// The folder of the repository that is built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdirectory: Option<Subdirectory>,
    /// The `Host` that health checks are sent with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_host: Option<HealthCheckHost>,
}

impl ServiceCreate {
    /// A request with nothing but a name.
    pub fn named(name: Name) -> Self {
        Self {
            name,
            image: None,
            port: None,
            domains: Vec::new(),
            instances: None,
            tags: Vec::new(),
            env: BTreeMap::new(),
            volumes: Vec::new(),
            platform: None,
            github_repository: None,
            health_check_path: None,
            auto_deploy_branch: None,
            deployment_timeout: None,
            process_counts: BTreeMap::new(),
            subdirectory: None,
            health_check_host: None,
        }
    }

    /// Notes the faults that no field has by itself: too many of something, or something twice.
    pub fn cross_check(&self, errors: &mut FieldErrors) {
        check_domains(errors, Some(&self.domains));
        check_tags(errors, Some(&self.tags));
        check_env(errors, Some(&self.env));
        check_volumes(errors, Some(&self.volumes));
        check_counts(errors, Some(&self.process_counts), self.instances);
    }
}

impl DecodeFields for ServiceCreate {
    fn required_in(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
        match dialect {
            Dialect::Workspace => &[("image", "Give the image that its instances run.")],
            Dialect::Environment => &[("platform", "Choose the platform that runs it.")],
        }
    }

    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "Give the service a name.");
        let image = fields.optional("image");
        let port = fields.optional("port");
        let domains = fields.or_default("domains");
        let instances = fields.optional("instances");
        let tags = fields.or_default("tags");
        let env = fields.or_default("env");
        let volumes = fields.or_default("volumes");
        let platform = fields.optional("platform");
        let github_repository = fields.optional("github_repository");
        let health_check_path = fields.optional("health_check_path");
        let auto_deploy_branch = fields.optional("auto_deploy_branch");
        let deployment_timeout = fields.optional("deployment_timeout");
        let process_counts = fields.or_default("process_counts");
        let subdirectory = fields.optional("subdirectory");
        let health_check_host = fields.optional("health_check_host");
        let errors = fields.errors();
        check_domains(errors, domains.as_deref());
        check_tags(errors, tags.as_deref());
        check_env(errors, env.as_ref());
        check_volumes(errors, volumes.as_deref());
        check_counts(errors, process_counts.as_ref(), instances.flatten());
        Some(Self {
            name: name?,
            image: image?,
            port: port?,
            domains: domains?,
            instances: instances?,
            tags: tags?,
            env: env?,
            volumes: volumes?,
            platform: platform?,
            github_repository: github_repository?,
            health_check_path: health_check_path?,
            auto_deploy_branch: auto_deploy_branch?,
            deployment_timeout: deployment_timeout?,
            process_counts: process_counts?,
            subdirectory: subdirectory?,
            health_check_host: health_check_host?,
        })
    }
}

/// The body that updates a service: what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServicePatch {
    /// The new name. The slug stays, so that links keep working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// The OCI reference that its instances run.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ImageReference>))]
    pub image: Patch<ImageReference>,
    /// The port that `web` listens on.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Port>))]
    pub port: Patch<Port>,
    /// Every host name that ingress routes to it.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Domain>>))]
    pub domains: Patch<Vec<Domain>>,
    /// How many instances of `web` should run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<InstanceCount>,
    /// Every label.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Tag>>))]
    pub tags: Patch<Vec<Tag>>,
    /// Every non-secret variable: names that are left out go.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<String, String>>))]
    pub env: Patch<BTreeMap<VariableName, VariableValue>>,
    /// Every volume.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<VolumeSpec>>))]
    pub volumes: Patch<Vec<VolumeSpec>>,
    /// The pool that runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// `owner/name`.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<GithubRepository>))]
    pub github_repository: Patch<GithubRepository>,
    /// Answers 2xx once an instance is ready; cleared: readiness is an open port.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<HealthCheckPath>))]
    pub health_check_path: Patch<HealthCheckPath>,
    /// The branch whose pushes are built and deployed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BranchName>))]
    pub auto_deploy_branch: Patch<BranchName>,
    /// Seconds; cleared: 180.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DeploymentTimeout>))]
    pub deployment_timeout: Patch<DeploymentTimeout>,
    /// How many instances of each process should run: processes that are left out go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<String, InstanceCount>>))]
    pub process_counts: Option<ProcessCounts>,
    /// The folder of the repository that is built.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Subdirectory>))]
    pub subdirectory: Patch<Subdirectory>,
    /// The `Host` that health checks are sent with.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<HealthCheckHost>))]
    pub health_check_host: Patch<HealthCheckHost>,
}

impl ServicePatch {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether running instances are replaced when the change takes effect: whatever of a service
    /// decides what runs is frozen in a release, and a release rolls out.
    pub fn replaces_instances(&self) -> bool {
        !(self.image.is_keep()
            && self.port.is_keep()
            && self.domains.is_keep()
            && self.env.is_keep()
            && self.volumes.is_keep()
            && self.health_check_path.is_keep()
            && self.health_check_host.is_keep()
            && self.deployment_timeout.is_keep()
            && self.instances.is_none()
            && self.process_counts.is_none())
    }
}

impl DecodeFields for ServicePatch {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.replacement("name");
        let image = fields.patch("image");
        let port = fields.patch("port");
        let domains = fields.patch("domains");
        let instances = fields.replacement("instances");
        let tags = fields.patch("tags");
        let env = fields.patch("env");
        let volumes = fields.patch("volumes");
        let platform = fields.replacement("platform");
        let github_repository = fields.patch("github_repository");
        let health_check_path = fields.patch("health_check_path");
        let auto_deploy_branch = fields.patch("auto_deploy_branch");
        let deployment_timeout = fields.patch("deployment_timeout");
        let process_counts = fields.replacement("process_counts");
        let subdirectory = fields.patch("subdirectory");
        let health_check_host = fields.patch("health_check_host");
        let errors = fields.errors();
        check_domains(errors, domains.as_ref().and_then(set).map(Vec::as_slice));
        check_tags(errors, tags.as_ref().and_then(set).map(Vec::as_slice));
        check_env(errors, env.as_ref().and_then(set));
        check_volumes(errors, volumes.as_ref().and_then(set).map(Vec::as_slice));
        let counts = process_counts.as_ref().and_then(Option::as_ref);
        check_counts(errors, counts, instances.flatten());
        Some(Self {
            name: name?,
            image: image?,
            port: port?,
            domains: domains?,
            instances: instances?,
            tags: tags?,
            env: env?,
            volumes: volumes?,
            platform: platform?,
            github_repository: github_repository?,
            health_check_path: health_check_path?,
            auto_deploy_branch: auto_deploy_branch?,
            deployment_timeout: deployment_timeout?,
            process_counts: process_counts?,
            subdirectory: subdirectory?,
            health_check_host: health_check_host?,
        })
    }
}

fn set<T>(patch: &Patch<T>) -> Option<&T> {
    match patch {
        Patch::Set(value) => Some(value),
        Patch::Keep | Patch::Clear => None,
    }
}

fn check_domains(errors: &mut FieldErrors, domains: Option<&[Domain]>) {
    let Some(domains) = domains else { return };
    check_count(errors, "domains", domains.len(), limits::DOMAINS);
    let names = domains.iter().map(Domain::canonical);
    check_unique(errors, "domains", names, "This domain is given twice.");
}

fn check_tags(errors: &mut FieldErrors, tags: Option<&[Tag]>) {
    let Some(tags) = tags else { return };
    check_count(errors, "tags", tags.len(), limits::TAGS);
    check_unique(errors, "tags", tags.iter(), "This tag is given twice.");
}

fn check_env(errors: &mut FieldErrors, env: Option<&BTreeMap<VariableName, VariableValue>>) {
    if let Some(env) = env {
        check_count(errors, "env", env.len(), limits::VARIABLES);
        for (name, value) in env {
            if stands_in(value.as_str()) {
                errors.add(&format!("env.{}", name.as_str()), MASKED);
            }
        }
    }
}

fn check_volumes(errors: &mut FieldErrors, volumes: Option<&[VolumeSpec]>) {
    let Some(volumes) = volumes else { return };
    check_count(errors, "volumes", volumes.len(), limits::VOLUMES);
    let names = volumes.iter().map(|volume| &volume.name);
    check_unique(errors, "volumes", names, "This volume name is given twice.");
    let paths = volumes.iter().map(|volume| &volume.mount_path);
    check_unique(errors, "volumes", paths, "This mount path is given twice.");
}

fn check_counts(
    errors: &mut FieldErrors,
    counts: Option<&ProcessCounts>,
    instances: Option<InstanceCount>,
) {
    let Some(counts) = counts else { return };
    check_count(errors, "process_counts", counts.len(), limits::PROCESSES);
    let web = counts.get(&ProcessName::web()).copied();
    if let (Some(web), Some(instances)) = (web, instances)
        && web != instances
    {
        errors.add(
            "instances",
            "This is the count of the process web: give one of the two, or the same number.",
        );
    }
}

fn check_count(errors: &mut FieldErrors, name: &str, count: usize, most: usize) {
    if count > most {
        errors.add(name, format!("At most {most} fit here, not {count}."));
    }
}

fn check_unique<T: Ord>(
    errors: &mut FieldErrors,
    name: &str,
    values: impl Iterator<Item = T>,
    words: &str,
) {
    let mut seen = BTreeSet::new();
    for (index, value) in values.enumerate() {
        if !seen.insert(value) {
            errors.add(&format!("{name}.{index}"), words);
        }
    }
}
