//! The fields of the service form, one by one: how each is read, written and named on the wire.

use super::draft::ServiceDraft;

/// One text field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `name`
    Name,
    /// `image`
    Image,
    /// `github_repository`
    Repository,
    /// `auto_deploy_branch`
    Branch,
    /// `subdirectory`
    Subdirectory,
    /// `port`
    Port,
    /// `instances`
    Instances,
    /// `platform`
    Platform,
    /// `health_check_path`
    HealthPath,
    /// `health_check_host`
    HealthHost,
    /// `deployment_timeout`
    Timeout,
    /// The name of a process.
    ProcessName(usize),
    /// The count of a process.
    ProcessCount(usize),
    /// `domains.0`
    Domain(usize),
    /// `volumes.0.name`
    VolumeName(usize),
    /// `volumes.0.mount_path`
    VolumePath(usize),
    /// `volumes.0.size_gb`
    VolumeSize(usize),
    /// The name of a variable.
    VariableName(usize),
    /// The value of a variable.
    VariableValue(usize),
    /// `tags`
    Tags,
}

impl Field {
    /// The path under which the form's own checks note a fault. Rows of the two maps,
    /// `process_counts` and `env`, are numbered here and keyed by name on the wire.
    pub fn path(self) -> String {
        let plain = match self {
            Self::Name => "name",
            Self::Image => "image",
            Self::Repository => "github_repository",
            Self::Branch => "auto_deploy_branch",
            Self::Subdirectory => "subdirectory",
            Self::Port => "port",
            Self::Instances => "instances",
            Self::Platform => "platform",
            Self::HealthPath => "health_check_path",
            Self::HealthHost => "health_check_host",
            Self::Timeout => "deployment_timeout",
            Self::Tags => "tags",
            Self::ProcessName(row) => return format!("process_counts.{row}.name"),
            Self::ProcessCount(row) => return format!("process_counts.{row}.count"),
            Self::Domain(row) => return format!("domains.{row}"),
            Self::VolumeName(row) => return format!("volumes.{row}.name"),
            Self::VolumePath(row) => return format!("volumes.{row}.mount_path"),
            Self::VolumeSize(row) => return format!("volumes.{row}.size_gb"),
            Self::VariableName(row) => return format!("env.{row}.name"),
            Self::VariableValue(row) => return format!("env.{row}.value"),
        };
        plain.to_owned()
    }

    /// The text in a draft; empty for a row that is gone.
    pub fn read(self, draft: &ServiceDraft) -> &str {
        let row = match self {
            Self::Name => Some(&draft.name),
            Self::Image => Some(&draft.image),
            Self::Repository => Some(&draft.repository),
            Self::Branch => Some(&draft.branch),
            Self::Subdirectory => Some(&draft.subdirectory),
            Self::Port => Some(&draft.port),
            Self::Instances => Some(&draft.instances),
            Self::Platform => Some(&draft.platform),
            Self::HealthPath => Some(&draft.health_path),
            Self::HealthHost => Some(&draft.health_host),
            Self::Timeout => Some(&draft.timeout),
            Self::Tags => Some(&draft.tags),
            Self::ProcessName(row) => draft.processes.get(row).map(|process| &process.name),
            Self::ProcessCount(row) => draft.processes.get(row).map(|process| &process.count),
            Self::Domain(row) => draft.domains.get(row),
            Self::VolumeName(row) => draft.volumes.get(row).map(|volume| &volume.name),
            Self::VolumePath(row) => draft.volumes.get(row).map(|volume| &volume.mount_path),
            Self::VolumeSize(row) => draft.volumes.get(row).map(|volume| &volume.size_gb),
            Self::VariableName(row) => draft.variables.get(row).map(|variable| &variable.name),
            Self::VariableValue(row) => draft.variables.get(row).map(|variable| &variable.value),
        };
        row.map_or("", String::as_str)
    }

    /// Changes the text in a draft; nothing for a row that is gone.
    pub fn write(self, draft: &mut ServiceDraft, text: String) {
        let place = match self {
            Self::Name => Some(&mut draft.name),
            Self::Image => Some(&mut draft.image),
            Self::Repository => Some(&mut draft.repository),
            Self::Branch => Some(&mut draft.branch),
            Self::Subdirectory => Some(&mut draft.subdirectory),
            Self::Port => Some(&mut draft.port),
            Self::Instances => Some(&mut draft.instances),
            Self::Platform => Some(&mut draft.platform),
            Self::HealthPath => Some(&mut draft.health_path),
            Self::HealthHost => Some(&mut draft.health_host),
            Self::Timeout => Some(&mut draft.timeout),
            Self::Tags => Some(&mut draft.tags),
            Self::ProcessName(row) => draft.processes.get_mut(row).map(|row| &mut row.name),
            Self::ProcessCount(row) => draft.processes.get_mut(row).map(|row| &mut row.count),
            Self::Domain(row) => draft.domains.get_mut(row),
            Self::VolumeName(row) => draft.volumes.get_mut(row).map(|row| &mut row.name),
            Self::VolumePath(row) => draft.volumes.get_mut(row).map(|row| &mut row.mount_path),
            Self::VolumeSize(row) => draft.volumes.get_mut(row).map(|row| &mut row.size_gb),
            Self::VariableName(row) => draft.variables.get_mut(row).map(|row| &mut row.name),
            Self::VariableValue(row) => draft.variables.get_mut(row).map(|row| &mut row.value),
        };
        if let Some(place) = place {
            *place = text;
        }
    }
}
