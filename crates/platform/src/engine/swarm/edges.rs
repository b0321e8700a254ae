//! Ingress on every node, as a service of the Swarm.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::models::{
    Mount, MountType, NetworkAttachmentConfig, SecretSpec, Service, ServiceSpec, ServiceSpecMode,
    ServiceSpecUpdateConfig, ServiceSpecUpdateConfigFailureActionEnum,
    ServiceSpecUpdateConfigOrderEnum, TaskSpec, TaskSpecContainerSpec, TaskSpecContainerSpecFile,
    TaskSpecContainerSpecSecrets, TaskSpecRestartPolicy, TaskSpecRestartPolicyConditionEnum,
};
use bollard::query_parameters::ListSecretsOptionsBuilder;
use sha2::{Digest, Sha256};

use super::Swarm;
use super::conductor::named;
use super::describe::{self, DIGEST, OWNER};
use crate::engine::containers::describe::process_name;
use crate::engine::containers::failure::refused;
use crate::engine::{BuildSpec, EdgeSpec, Engine as _, EngineResult};

/// Where an edge finds what it is started with.
const SETTINGS: &str = "/run/secrets/edge.json";
/// Where it finds the control groups of its node.
const GROUPS: &str = "/node/cgroup";
/// What tells it which node it is on.
const NODE: &str = "PILOTHOUSE_NODE";
/// The label that tells the edges from the services that people have.
const EDGE: &str = "pilothouse.edge";
/// How long an edge may take to finish its requests and to tell of them, in nanoseconds.
const STOP_GRACE: i64 = 30_000_000_000;

impl Swarm {
    /// Makes every node take visitors; what is so already is left alone.
    pub(super) async fn edges(&self, spec: &EdgeSpec) -> EngineResult<()> {
        let image = self.edge_image(spec).await?;
        let (secret, secret_name) = self.edge_secret(&spec.settings).await?;
        let digest = short_hash(format!("{image} {secret_name} {}", spec.port).as_bytes());
        let name = process_name(&self.installation, "edge", "all");
        let service = self.edge_service(spec, &name, &digest, image, (secret, secret_name));
        let credentials = self.registry.credentials();
        let what = "running the edges";
        let known = self.services(None).await?;
        let Some(before) = known.iter().find(|service| named(service, &name)) else {
            let created = self.docker.create_service(service, credentials).await;
            return created.map(|_| ()).map_err(|error| refused(what, error));
        };
        let of = |service: &Service| {
            let spec = service.spec.as_ref()?;
            describe::label(spec, DIGEST).map(str::to_owned)
        };
        if of(before).as_deref() == Some(&digest) {
            return Ok(());
        }
        self.update(what.to_owned(), before, service).await
    }

    /// The reference of the image that edges run from, made and pushed where it is not there yet.
    async fn edge_image(&self, spec: &EdgeSpec) -> EngineResult<String> {
        let tag = format!("localhost/pilothouse-edge:{}", short_hash(&spec.context));
        if !self.has_image(&tag).await? {
            BuildSpec::plain(&tag, spec.context.clone())
                .run_quietly(self)
                .await?;
        }
        let facts = self.image_facts(&tag).await?;
        Ok(facts.reference().to_owned())
    }

    /// What an edge is started with, as a secret of the Swarm: its id and name.
    async fn edge_secret(&self, settings: &str) -> EngineResult<(String, String)> {
        let what = "handing the edges their settings";
        let name = format!("pilothouse-edge-{}", short_hash(settings.as_bytes()));
        let filters = HashMap::from([("name", vec![name.clone()])]);
        let options = ListSecretsOptionsBuilder::new().filters(&filters).build();
        let found = self.docker.list_secrets(Some(options)).await;
        let found = found.map_err(|error| refused(what, error))?;
        let same = found.into_iter().find(|secret| {
            let spec = secret.spec.as_ref();
            spec.is_some_and(|spec| spec.name.as_deref() == Some(&name))
        });
        if let Some(id) = same.and_then(|secret| secret.id) {
            return Ok((id, name));
        }
        let created = self
            .docker
            .create_secret(SecretSpec {
                name: Some(name.clone()),
                labels: Some(self.owned()),
                data: Some(STANDARD.encode(settings)),
                ..SecretSpec::default()
            })
            .await;
        match created {
            Ok(made) => Ok((made.id, name)),
            Err(error) => Err(refused(what, error)),
        }
    }

    fn owned(&self) -> HashMap<String, String> {
        HashMap::from([(OWNER.to_owned(), self.installation.clone())])
    }

    fn edge_service(
        &self,
        spec: &EdgeSpec,
        name: &str,
        digest: &str,
        image: String,
        (secret, secret_name): (String, String),
    ) -> ServiceSpec {
        let mut labels = self.owned();
        labels.insert(EDGE.to_owned(), "all".to_owned());
        labels.insert(DIGEST.to_owned(), digest.to_owned());
        let words = [
            "edge",
            "--groups",
            GROUPS,
            "--settings",
            SETTINGS,
            "--listen",
        ];
        let mut args: Vec<String> = words.map(str::to_owned).into();
        args.push(format!("0.0.0.0:{}", spec.port));
        let file = TaskSpecContainerSpecFile {
            name: Some("edge.json".to_owned()),
            uid: Some("0".to_owned()),
            gid: Some("0".to_owned()),
            mode: Some(0o400),
        };
        let container = TaskSpecContainerSpec {
            image: Some(image),
            labels: Some(HashMap::from([(EDGE.to_owned(), "all".to_owned())])),
            args: Some(args),
            env: Some(vec![format!("{NODE}={{{{.Node.ID}}}}")]),
            stop_grace_period: Some(STOP_GRACE),
            read_only: Some(true),
            mounts: Some(vec![Mount {
                source: Some("/sys/fs/cgroup".to_owned()),
                target: Some(GROUPS.to_owned()),
                typ: Some(MountType::BIND),
                read_only: Some(true),
                ..Mount::default()
            }]),
            secrets: Some(vec![TaskSpecContainerSpecSecrets {
                file: Some(file),
                secret_id: Some(secret),
                secret_name: Some(secret_name),
            }]),
            ..TaskSpecContainerSpec::default()
        };
        ServiceSpec {
            name: Some(name.to_owned()),
            labels: Some(labels),
            task_template: Some(TaskSpec {
                container_spec: Some(container),
                restart_policy: Some(TaskSpecRestartPolicy {
                    condition: Some(TaskSpecRestartPolicyConditionEnum::ANY),
                    ..TaskSpecRestartPolicy::default()
                }),
                // The visitor's own address is seen, and every instance's port is reached.
                networks: Some(vec![NetworkAttachmentConfig {
                    target: Some("host".to_owned()),
                    ..NetworkAttachmentConfig::default()
                }]),
                ..TaskSpec::default()
            }),
            mode: Some(ServiceSpecMode {
                global: Some(HashMap::new()),
                ..ServiceSpecMode::default()
            }),
            // Two of them can't listen at one port.
            update_config: Some(ServiceSpecUpdateConfig {
                parallelism: Some(1),
                order: Some(ServiceSpecUpdateConfigOrderEnum::STOP_FIRST),
                failure_action: Some(ServiceSpecUpdateConfigFailureActionEnum::ROLLBACK),
                ..ServiceSpecUpdateConfig::default()
            }),
            ..ServiceSpec::default()
        }
    }

    /// Whether a service of the Swarm is the edges.
    pub(super) fn is_edges(service: &Service) -> bool {
        let spec = service.spec.as_ref();
        spec.is_some_and(|spec| describe::label(spec, EDGE).is_some())
    }

    /// Ends the edges, where there are any.
    pub(super) async fn end_edges(&self) -> EngineResult<()> {
        for service in self.services(None).await? {
            if Self::is_edges(&service) {
                self.delete(&service).await?;
            }
        }
        Ok(())
    }
}

fn short_hash(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
