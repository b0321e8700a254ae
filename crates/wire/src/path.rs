//! What stands in the variable parts of an endpoint's path.

mod encode;

use crate::envelope::Dialect;
use crate::project::DEFAULT_ENVIRONMENT;

pub(crate) use encode::{fill, query_string};

/// Where the services of one place are: the `S` of every service path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// W: the services of a project's default environment.
    Workspace {
        /// Id or slug.
        workspace: String,
        /// Id or slug.
        project: String,
    },
    /// E: the services of one environment.
    Environment {
        /// Id or slug.
        org: String,
        /// Id or slug.
        project: String,
        /// Id or slug.
        environment: String,
    },
}

impl Scope {
    /// W's template of the services' path.
    pub const WORKSPACE: &'static str = "/workspaces/{workspace_id}/projects/{project_id}/services";
    /// E's template of the services' path.
    pub const ENVIRONMENT: &'static str = "/orgs/{org}/projects/{project}/envs/{env}/services";

    /// The environment that the services are of: in W the project's default one.
    pub fn environment(&self) -> EnvironmentParams {
        let of = |org: &str, project: &str, environment: &str| EnvironmentParams {
            org: org.to_owned(),
            project: project.to_owned(),
            environment: environment.to_owned(),
        };
        match self {
            Self::Workspace { workspace, project } => of(workspace, project, DEFAULT_ENVIRONMENT),
            Self::Environment {
                org,
                project,
                environment,
            } => of(org, project, environment),
        }
    }

    /// The dialect that is spoken there.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Workspace { .. } => Dialect::Workspace,
            Self::Environment { .. } => Dialect::Environment,
        }
    }
}

/// A place that the same operations exist below: the dialect that is spoken there, and the template
/// of its path.
pub type Base = (Dialect, &'static str);

/// Where in the tree of orgs, projects and environments a call acts, each by id or slug. What is
/// absent is not narrowed down: nothing at all is the platform as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place<'a> {
    /// The org.
    pub org: Option<&'a str>,
    /// Its project.
    pub project: Option<&'a str>,
    /// That one's environment.
    pub environment: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The org, its project and that one's environment, as far as they are named.
    fn levels(self) -> [Option<&'a str>; 3] {
        [self.org, self.project, self.environment]
    }

    /// Whether the other place is this one or in it. Both are named in the same way: all by ids, or
    /// all by slugs.
    pub fn holds(self, other: Place<'_>) -> bool {
        let mut levels = self.levels().into_iter().zip(other.levels());
        levels.all(|(own, theirs)| own.is_none() || own == theirs)
    }

    /// How many levels are named.
    pub fn depth(self) -> usize {
        self.levels().into_iter().flatten().count()
    }

    /// The name of the narrowest level that is named.
    pub fn narrowest(self) -> Option<&'a str> {
        self.levels().into_iter().flatten().next_back()
    }
}

/// The values of a path's variable parts.
pub trait Params: Clone + Sized {
    /// What the first letter of a path that does not begin with `/` stands for: every place where
    /// the operation exists.
    const BASES: &'static [Base] = &[];

    /// The value of `{name}`.
    fn value(&self, name: &str) -> Option<&str>;

    /// Reads them from a matched path.
    fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self>;

    /// Which of [`Params::BASES`] these values are of.
    fn base(&self) -> Option<Base> {
        None
    }

    /// Where a call with these values acts. In W a project stands for its default environment.
    fn place(&self) -> Place<'_> {
        match self.value("workspace_id") {
            Some(workspace) => {
                let project = self.value("project_id");
                Place {
                    org: Some(workspace),
                    project,
                    environment: project.map(|_| DEFAULT_ENVIRONMENT),
                }
            }
            None => Place {
                org: self.value("org"),
                project: self.value("project"),
                environment: self.value("env"),
            },
        }
    }
}

macro_rules! params {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident = $part:literal),* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name { $($(#[$field_meta])* pub $field: String),* }

        impl Params for $name {
            fn value(&self, name: &str) -> Option<&str> {
                match name {
                    $($part => Some(&self.$field),)*
                    _ => None,
                }
            }

            fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
                let _ = value;
                Some(Self { $($field: value($part)?),* })
            }
        }
    };
}

params! {
    /// A path without variable parts.
    NoParams {}
}
params! {
    /// A machine that instances run on.
    NodeParams {
        /// The engine's id of it, or its name.
        node = "node"
    }
}
params! {
    /// A path inside a workspace.
    WorkspaceParams {
        /// Id or slug.
        workspace = "workspace_id"
    }
}
params! {
    /// A path inside an org.
    OrgParams {
        /// Id or slug.
        org = "org"
    }
}
params! {
    /// A path inside a project.
    ProjectParams {
        /// Id or slug.
        org = "org",
        /// Id or slug.
        project = "project"
    }
}
params! {
    /// A path inside an environment.
    EnvironmentParams {
        /// Id or slug.
        org = "org",
        /// Id or slug.
        project = "project",
        /// Id or slug.
        environment = "env"
    }
}
params! {
    /// Somebody who has a role in an org.
    PersonParams {
        /// Id or slug.
        org = "org",
        /// UUID.
        person = "person"
    }
}
params! {
    /// An invitation to an org.
    InvitationParams {
        /// Id or slug.
        org = "org",
        /// UUID.
        invitation = "invitation"
    }
}
params! {
    /// A key of an org.
    KeyParams {
        /// Id or slug.
        org = "org",
        /// UUID.
        key = "key"
    }
}

impl Scope {
    const BASES: &'static [Base] = &[
        (Dialect::Workspace, Self::WORKSPACE),
        (Dialect::Environment, Self::ENVIRONMENT),
    ];

    fn base(&self) -> Base {
        match self {
            Self::Workspace { .. } => Self::BASES[0],
            Self::Environment { .. } => Self::BASES[1],
        }
    }
}

impl Params for Scope {
    const BASES: &'static [Base] = Self::BASES;

    fn value(&self, name: &str) -> Option<&str> {
        match (self, name) {
            (Self::Workspace { workspace, .. }, "workspace_id") => Some(workspace),
            (Self::Workspace { project, .. }, "project_id")
            | (Self::Environment { project, .. }, "project") => Some(project),
            (Self::Environment { org, .. }, "org") => Some(org),
            (Self::Environment { environment, .. }, "env") => Some(environment),
            _ => None,
        }
    }

    fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        match value("workspace_id") {
            Some(workspace) => Some(Self::Workspace {
                workspace,
                project: value("project_id")?,
            }),
            None => Some(Self::Environment {
                org: value("org")?,
                project: value("project")?,
                environment: value("env")?,
            }),
        }
    }

    fn base(&self) -> Option<Base> {
        Some(Self::base(self))
    }
}

/// A path of one service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceParams {
    /// Where it is.
    pub scope: Scope,
    /// Id or slug.
    pub service: String,
}

impl Params for ServiceParams {
    const BASES: &'static [Base] = Scope::BASES;

    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "service" => Some(&self.service),
            name => self.scope.value(name),
        }
    }

    fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            scope: Scope::read(value)?,
            service: value("service")?,
        })
    }

    fn base(&self) -> Option<Base> {
        Some(self.scope.base())
    }
}

/// Something of a service that is counted up from 1: an image or a release.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VersionParams {
    /// Whose it is.
    pub service: ServiceParams,
    /// Its number. What is no number names nothing.
    pub version: String,
}

impl VersionParams {
    /// The number, if it is one.
    pub fn number(&self) -> Option<u32> {
        self.version.parse().ok()
    }
}

impl Params for VersionParams {
    const BASES: &'static [Base] = Scope::BASES;

    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "version" => Some(&self.version),
            name => self.service.value(name),
        }
    }

    fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            service: ServiceParams::read(value)?,
            version: value("version")?,
        })
    }

    fn base(&self) -> Option<Base> {
        self.service.base()
    }
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeploymentParams {
    /// Whose it is.
    pub service: ServiceParams,
    /// UUID.
    pub deployment: String,
}

impl Params for DeploymentParams {
    const BASES: &'static [Base] = Scope::BASES;

    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "deployment" => Some(&self.deployment),
            name => self.service.value(name),
        }
    }

    fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            service: ServiceParams::read(value)?,
            deployment: value("deployment")?,
        })
    }

    fn base(&self) -> Option<Base> {
        self.service.base()
    }
}

/// A level that config is kept at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// A whole org.
    Org(OrgParams),
    /// Every environment of a project.
    Project(ProjectParams),
    /// Every service of an environment.
    Environment(EnvironmentParams),
    /// One service, in either dialect.
    Service(ServiceParams),
}

impl Params for Level {
    const BASES: &'static [Base] = &[
        (Dialect::Environment, "/orgs/{org}/config"),
        (
            Dialect::Environment,
            "/orgs/{org}/projects/{project}/config",
        ),
        (
            Dialect::Environment,
            "/orgs/{org}/projects/{project}/envs/{env}/config",
        ),
        (
            Dialect::Environment,
            "/orgs/{org}/projects/{project}/envs/{env}/services/{service}/config",
        ),
        (
            Dialect::Workspace,
            "/workspaces/{workspace_id}/projects/{project_id}/services/{service}/config",
        ),
    ];

    fn value(&self, name: &str) -> Option<&str> {
        match self {
            Self::Org(params) => params.value(name),
            Self::Project(params) => params.value(name),
            Self::Environment(params) => params.value(name),
            Self::Service(params) => params.value(name),
        }
    }

    fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        ServiceParams::read(value)
            .map(Self::Service)
            .or_else(|| EnvironmentParams::read(value).map(Self::Environment))
            .or_else(|| ProjectParams::read(value).map(Self::Project))
            .or_else(|| OrgParams::read(value).map(Self::Org))
    }

    fn base(&self) -> Option<Base> {
        let index = match self {
            Self::Org(_) => 0,
            Self::Project(_) => 1,
            Self::Environment(_) => 2,
            Self::Service(params) => match params.scope {
                Scope::Environment { .. } => 3,
                Scope::Workspace { .. } => 4,
            },
        };
        Self::BASES.get(index).copied()
    }
}

/// One variable of a level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VariableParams {
    /// Where it is kept.
    pub level: Level,
    /// UUID.
    pub id: String,
}

impl Params for VariableParams {
    const BASES: &'static [Base] = Level::BASES;

    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "config_id" => Some(&self.id),
            name => self.level.value(name),
        }
    }

    fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            level: Level::read(value)?,
            id: value("config_id")?,
        })
    }

    fn base(&self) -> Option<Base> {
        self.level.base()
    }
}
