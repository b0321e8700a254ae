//! What a person has typed about a service: every field as text, valid or not.

use wire::envelope::Dialect;
use wire::open::Words;
use wire::service::{Platform, Service};

/// Where the instances' image comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// A container image that exists.
    #[default]
    Image,
    /// A repository that the platform builds.
    Repository,
}

/// How many instances of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessRow {
    /// `worker`.
    pub name: String,
    /// How many.
    pub count: String,
}

/// One volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeRow {
    /// Unique in its service.
    pub name: String,
    /// Where it appears inside an instance.
    pub mount_path: String,
    /// Size in GB.
    pub size_gb: String,
}

/// One variable.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct VariableRow {
    /// The name.
    pub name: String,
    /// The value, white space and all.
    pub value: String,
}

impl std::fmt::Debug for VariableRow {
    /// Values may be confidential: only the name is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VariableRow({}=…)", self.name)
    }
}

/// Everything the form holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceDraft {
    /// Which of the two sources is filled in.
    pub source: Source,
    /// The name.
    pub name: String,
    /// OCI reference.
    pub image: String,
    /// `owner/name`.
    pub repository: String,
    /// The branch whose pushes are deployed.
    pub branch: String,
    /// The folder of the repository that is built.
    pub subdirectory: String,
    /// The port of `web`; empty: takes no traffic.
    pub port: String,
    /// Instances of `web`.
    pub instances: String,
    /// The platform's word.
    pub platform: String,
    /// Health check path; empty: an open port is enough.
    pub health_path: String,
    /// The `Host` of health checks; empty: the platform's choice.
    pub health_host: String,
    /// Deployment timeout in seconds.
    pub timeout: String,
    /// Processes beside `web`.
    pub processes: Vec<ProcessRow>,
    /// Domains.
    pub domains: Vec<String>,
    /// Volumes.
    pub volumes: Vec<VolumeRow>,
    /// Variables of the service's own level.
    pub variables: Vec<VariableRow>,
    /// Tags, parted by spaces or commas.
    pub tags: String,
}

const WEB: &str = "web";

impl ServiceDraft {
    /// A new service with its defaults filled in visibly.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            instances: "1".to_owned(),
            platform: Platform::default().word().to_owned(),
            health_path: match dialect {
                Dialect::Workspace => String::new(),
                Dialect::Environment => wire::text::HealthCheckPath::default().as_str().to_owned(),
            },
            timeout: wire::quantity::DeploymentTimeout::default().to_string(),
            ..Self::default()
        }
    }

    /// A service as it is saved.
    pub fn of(service: &Service) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            source: match (&service.image, &service.github_repository) {
                (None, Some(_)) => Source::Repository,
                _ => Source::Image,
            },
            name: service.name.clone(),
            image: text(&service.image),
            repository: text(&service.github_repository),
            branch: text(&service.auto_deploy_branch),
            subdirectory: text(&service.subdirectory),
            port: service
                .port
                .map_or_else(String::new, |port| port.to_string()),
            instances: match (service.instances, service.process_counts.get(WEB)) {
                (Some(count), _) | (None, Some(&count)) => count,
                (None, None) => u32::from(service.process_counts.is_empty()),
            }
            .to_string(),
            platform: service.platform.as_ref().map_or_else(
                || Platform::default().word().to_owned(),
                |platform| platform.word().to_owned(),
            ),
            health_path: text(&service.health_check_path),
            health_host: text(&service.health_check_host),
            timeout: service.deployment_timeout.map_or_else(
                || wire::quantity::DeploymentTimeout::default().to_string(),
                |seconds| seconds.to_string(),
            ),
            processes: service
                .process_counts
                .iter()
                .filter(|(name, _)| *name != WEB)
                .map(|(name, count)| ProcessRow {
                    name: name.clone(),
                    count: count.to_string(),
                })
                .collect(),
            domains: service.domains.clone(),
            volumes: service
                .volumes
                .iter()
                .map(|volume| VolumeRow {
                    name: volume.name.clone(),
                    mount_path: volume.mount_path.clone(),
                    size_gb: volume.size_gb.to_string(),
                })
                .collect(),
            variables: service
                .env
                .iter()
                .map(|(name, value)| VariableRow {
                    name: name.clone(),
                    value: value.clone(),
                })
                .collect(),
            tags: service.tags.join(" "),
        }
    }

    /// Takes in what others saved: every field that still is as it was read becomes what it is now.
    pub fn rebase(&mut self, before: &Self, now: &Self) {
        macro_rules! take_in {
            ($($field:ident),*) => {
                $(if self.$field == before.$field {
                    self.$field = now.$field.clone();
                })*
            };
        }
        take_in!(
            source,
            name,
            image,
            repository,
            branch,
            subdirectory,
            port,
            instances,
            platform,
            health_path,
            health_host,
            timeout,
            processes,
            domains,
            volumes,
            variables,
            tags
        );
    }

    /// The tags, one by one.
    pub fn tag_words(&self) -> Vec<&str> {
        self.tags
            .split([' ', ','])
            .filter(|tag| !tag.is_empty())
            .collect()
    }

    /// Takes over pasted variables: a name that is there gets the new value.
    pub fn merge_variables(&mut self, pasted: Vec<(String, String)>) {
        self.variables
            .retain(|row| !(row.name.is_empty() && row.value.is_empty()));
        for (name, value) in pasted {
            match self.variables.iter_mut().find(|row| row.name == name) {
                Some(row) => row.value = value,
                None => self.variables.push(VariableRow { name, value }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_saved_is_taken_in_and_what_was_typed_stays() {
        let before = ServiceDraft {
            port: "8080".into(),
            tags: "edge".into(),
            domains: vec!["a.example".into()],
            ..ServiceDraft::new(Dialect::Workspace)
        };
        let mut typed = ServiceDraft {
            port: "9090".into(),
            ..before.clone()
        };
        let now = ServiceDraft {
            port: "7070".into(),
            tags: "edge shop".into(),
            domains: Vec::new(),
            ..before.clone()
        };
        typed.rebase(&before, &now);
        let expected = ServiceDraft {
            port: "9090".into(),
            ..now
        };
        assert_eq!(typed, expected);
    }
}
