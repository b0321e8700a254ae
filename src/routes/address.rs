//! What an address of the console means, and how it is written.

mod escape;

use escape::{decode, encode};
use wire::path::{
    EnvironmentParams, Level, OrgParams, Params, ProjectParams, Scope, ServiceParams,
};

/// A page of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// What runs.
    Overview,
    /// What is measured of it.
    Metrics,
    /// What it writes.
    Logs,
    /// What ingress answered for it.
    Requests,
    /// What was built of it.
    Images,
    /// What was released of it.
    Releases,
    /// The variables that it receives.
    Config,
    /// How it is described.
    Settings,
}

impl Tab {
    /// Every tab, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Metrics,
        Self::Logs,
        Self::Requests,
        Self::Images,
        Self::Releases,
        Self::Config,
        Self::Settings,
    ];

    /// The word in the address.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
            Self::Requests => "requests",
            Self::Images => "images",
            Self::Releases => "releases",
            Self::Config => "config",
            Self::Settings => "settings",
        }
    }

    /// The word on the page.
    pub fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Metrics => "Metrics",
            Self::Logs => "Logs",
            Self::Requests => "Requests",
            Self::Images => "Images",
            Self::Releases => "Releases",
            Self::Config => "Config",
            Self::Settings => "Settings",
        }
    }

    /// Whether it shows a span of time, which is the same for all such pages of a service.
    pub fn has_time_range(self) -> bool {
        matches!(self, Self::Metrics | Self::Logs | Self::Requests)
    }

    fn read(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.slug() == slug)
    }
}

/// A page about who may do what in an org.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessPage {
    /// People and invitations.
    People,
    /// Keys of programs.
    Keys,
    /// Who did what.
    Audit,
}

impl AccessPage {
    /// Every one, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::People, Self::Keys, Self::Audit];

    /// The word in the address.
    pub fn slug(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Keys => "keys",
            Self::Audit => "audit",
        }
    }

    /// The word on the page.
    pub fn label(self) -> &'static str {
        match self {
            Self::People => "People",
            Self::Keys => "Keys",
            Self::Audit => "Audit",
        }
    }

    /// What it tells.
    pub fn about(self) -> &'static str {
        match self {
            Self::People => "Who may do what in this organisation",
            Self::Keys => "What programs come in with",
            Self::Audit => "Every change and every refused attempt",
        }
    }

    fn read(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.slug() == slug)
    }
}

/// An address of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Sign-in.
    Connect,
    /// The overview of the last used org.
    Home,
    /// The machines that instances run on.
    Nodes,
    /// An org: its projects.
    Org {
        /// Id or slug.
        org: String,
    },
    /// Who may do what in an org, and who did.
    Access {
        /// Id or slug.
        org: String,
        /// Which page of it.
        page: AccessPage,
    },
    /// A project: its environments.
    Project {
        /// Id or slug.
        org: String,
        /// Id or slug.
        project: String,
    },
    /// How an environment does at a glance.
    Overview(EnvironmentParams),
    /// The services of one place.
    Services(Scope),
    /// The newest deployments of the services of one place.
    Deployments(Scope),
    /// The form that creates a service there.
    NewService(Scope),
    /// A page of one service.
    Service(ServiceParams, Tab),
    /// The config of an org, a project or an environment. That of a service is one of its pages.
    Config(Level),
}

impl Address {
    /// A page of a service.
    pub fn service(scope: &Scope, service: &str, tab: Tab) -> Self {
        let params = ServiceParams {
            scope: scope.clone(),
            service: service.to_owned(),
        };
        Self::Service(params, tab)
    }

    /// The path of one image of a service.
    pub fn image(params: &ServiceParams, version: u32) -> String {
        let images = Self::Service(params.clone(), Tab::Images);
        format!("{}?image={version}", images.path())
    }

    /// The path of one release of a service.
    pub fn release(params: &ServiceParams, version: u32) -> String {
        let releases = Self::Service(params.clone(), Tab::Releases);
        format!("{}?release={version}", releases.path())
    }

    /// The config of a level.
    pub fn config(level: Level) -> Self {
        match level {
            Level::Service(params) => Self::Service(params, Tab::Config),
            level => Self::Config(level),
        }
    }

    /// How an environment does at a glance. W has no page for it.
    pub fn overview(scope: &Scope) -> Option<Self> {
        environment_params(scope).map(Self::Overview)
    }

    /// The config of an environment. W has no page for it.
    pub fn environment_config(scope: &Scope) -> Option<Self> {
        let params = environment_params(scope)?;
        Some(Self::Config(Level::Environment(params)))
    }

    /// The path of the list of orgs, even where one was used last.
    pub fn all_orgs() -> String {
        Self::Home.path() + "?all=yes"
    }

    /// The path.
    pub fn path(&self) -> String {
        match self {
            Self::Connect => "/connect".to_owned(),
            Self::Home => "/".to_owned(),
            Self::Nodes => "/nodes".to_owned(),
            Self::Org { org } => join(&["o", org]),
            Self::Access { org, page } => join(&["o", org, page.slug()]),
            Self::Project { org, project } => join(&["o", org, "p", project]),
            Self::Overview(params) => scope_path(&environment_scope(params)) + "/overview",
            Self::Services(scope) => scope_path(scope),
            Self::Deployments(scope) => scope_path(scope) + "/deployments",
            Self::NewService(scope) => scope_path(scope) + "/services/new",
            Self::Service(params, tab) => {
                scope_path(&params.scope) + &join(&["s", &params.service, tab.slug()])
            }
            Self::Config(Level::Service(params)) => {
                Self::Service(params.clone(), Tab::Config).path()
            }
            Self::Config(_) => self.parent().path() + "/config",
        }
    }

    /// The path with a query of these parameters; those without a text are left out.
    pub fn path_with(&self, parameters: &[(&str, String)]) -> String {
        let mut path = self.path();
        let given = parameters.iter().filter(|(_, text)| !text.is_empty());
        for (place, (name, text)) in given.enumerate() {
            path.push(if place == 0 { '?' } else { '&' });
            path.push_str(name);
            path.push('=');
            encode(text, &mut path);
        }
        path
    }

    /// The sign-in page that comes back to `next`.
    pub fn connect_and_return(next: &str) -> String {
        let mut path = Self::Connect.path() + "?next=";
        encode(next, &mut path);
        path
    }

    /// What a path means; a trailing slash makes no difference.
    pub fn read(path: &str) -> Option<Self> {
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(decode)
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [] => Some(Self::Home),
            ["connect"] => Some(Self::Connect),
            ["nodes"] => Some(Self::Nodes),
            ["o", org] => Some(Self::Org {
                org: (*org).to_owned(),
            }),
            ["o", org, "config"] => Some(Self::Config(Level::Org(OrgParams {
                org: (*org).to_owned(),
            }))),
            ["o", org, page] => Some(Self::Access {
                org: (*org).to_owned(),
                page: AccessPage::read(page)?,
            }),
            ["o", org, "p", project] => Some(Self::Project {
                org: (*org).to_owned(),
                project: (*project).to_owned(),
            }),
            ["o", org, "p", project, "config"] => {
                Some(Self::Config(Level::Project(ProjectParams {
                    org: (*org).to_owned(),
                    project: (*project).to_owned(),
                })))
            }
            ["o", org, "p", project, "e", environment, "config"] => {
                Some(Self::Config(Level::Environment(EnvironmentParams {
                    org: (*org).to_owned(),
                    project: (*project).to_owned(),
                    environment: (*environment).to_owned(),
                })))
            }
            ["o", org, "p", project, "e", environment, "overview"] => {
                Some(Self::Overview(EnvironmentParams {
                    org: (*org).to_owned(),
                    project: (*project).to_owned(),
                    environment: (*environment).to_owned(),
                }))
            }
            ["o", org, "p", project, "e", environment, rest @ ..] => {
                let scope = Scope::Environment {
                    org: (*org).to_owned(),
                    project: (*project).to_owned(),
                    environment: (*environment).to_owned(),
                };
                Self::read_in(scope, rest)
            }
            ["w", workspace, "p", project, rest @ ..] => {
                let scope = Scope::Workspace {
                    workspace: (*workspace).to_owned(),
                    project: (*project).to_owned(),
                };
                Self::read_in(scope, rest)
            }
            _ => None,
        }
    }

    fn read_in(scope: Scope, rest: &[&str]) -> Option<Self> {
        match rest {
            [] => Some(Self::Services(scope)),
            ["deployments"] => Some(Self::Deployments(scope)),
            ["services", "new"] => Some(Self::NewService(scope)),
            ["s", service] => Some(Self::service(&scope, service, Tab::Overview)),
            ["s", service, tab] => Some(Self::service(&scope, service, Tab::read(tab)?)),
            _ => None,
        }
    }

    /// The nearest address above a path that means nothing.
    pub fn nearest(path: &str) -> Self {
        let mut path = path;
        while let Some((parent, _)) = path.rsplit_once('/') {
            match Self::read(parent) {
                Some(address) => return address,
                None => path = parent,
            }
        }
        Self::Home
    }

    /// The address one step up.
    pub fn parent(&self) -> Self {
        match self {
            Self::Service(ServiceParams { scope, .. }, _)
            | Self::Deployments(scope)
            | Self::NewService(scope) => Self::Services(scope.clone()),
            Self::Overview(params) => Self::Services(environment_scope(params)),
            Self::Services(Scope::Environment { org, project, .. }) => Self::Project {
                org: org.clone(),
                project: project.clone(),
            },
            Self::Project { org, .. } | Self::Access { org, .. } => Self::Org { org: org.clone() },
            Self::Services(Scope::Workspace { .. })
            | Self::Org { .. }
            | Self::Home
            | Self::Nodes
            | Self::Connect => Self::Home,
            Self::Config(Level::Org(OrgParams { org })) => Self::Org { org: org.clone() },
            Self::Config(Level::Project(ProjectParams { org, project })) => Self::Project {
                org: org.clone(),
                project: project.clone(),
            },
            Self::Config(Level::Environment(params)) => Self::Services(environment_scope(params)),
            Self::Config(Level::Service(params)) => Self::Service(params.clone(), Tab::Overview),
        }
    }

    /// Where services are, for the addresses inside such a place.
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Self::Services(scope) | Self::Deployments(scope) | Self::NewService(scope) => {
                Some(scope.clone())
            }
            Self::Service(params, _) | Self::Config(Level::Service(params)) => {
                Some(params.scope.clone())
            }
            Self::Overview(params) | Self::Config(Level::Environment(params)) => {
                Some(environment_scope(params))
            }
            Self::Connect
            | Self::Home
            | Self::Nodes
            | Self::Org { .. }
            | Self::Access { .. }
            | Self::Project { .. }
            | Self::Config(Level::Org(_) | Level::Project(_)) => None,
        }
    }

    /// The org, or workspace, that the address is inside of.
    pub fn org(&self) -> Option<&str> {
        match self {
            Self::Org { org } | Self::Access { org, .. } | Self::Project { org, .. } => Some(org),
            Self::Connect | Self::Home | Self::Nodes => None,
            Self::Services(scope) | Self::Deployments(scope) | Self::NewService(scope) => {
                owner(scope)
            }
            Self::Overview(params) => owner(params),
            Self::Service(params, _) => owner(params),
            Self::Config(level) => owner(level),
        }
    }

    /// The project that the address is inside of.
    pub fn project(&self) -> Option<&str> {
        match self {
            Self::Project { project, .. } => Some(project),
            Self::Connect | Self::Home | Self::Nodes | Self::Org { .. } | Self::Access { .. } => {
                None
            }
            Self::Services(scope) | Self::Deployments(scope) | Self::NewService(scope) => {
                project(scope)
            }
            Self::Overview(params) => project(params),
            Self::Service(params, _) => project(params),
            Self::Config(level) => project(level),
        }
    }
}

/// The org of a path, or its workspace.
fn owner(of: &impl Params) -> Option<&str> {
    of.value("org").or_else(|| of.value("workspace_id"))
}

fn project(of: &impl Params) -> Option<&str> {
    of.value("project").or_else(|| of.value("project_id"))
}

fn environment_params(scope: &Scope) -> Option<EnvironmentParams> {
    match scope {
        Scope::Workspace { .. } => None,
        Scope::Environment {
            org,
            project,
            environment,
        } => Some(EnvironmentParams {
            org: org.clone(),
            project: project.clone(),
            environment: environment.clone(),
        }),
    }
}

fn environment_scope(params: &EnvironmentParams) -> Scope {
    Scope::Environment {
        org: params.org.clone(),
        project: params.project.clone(),
        environment: params.environment.clone(),
    }
}

fn scope_path(scope: &Scope) -> String {
    match scope {
        Scope::Workspace { workspace, project } => join(&["w", workspace, "p", project]),
        Scope::Environment {
            org,
            project,
            environment,
        } => join(&["o", org, "p", project, "e", environment]),
    }
}

fn join(parts: &[&str]) -> String {
    let mut path = String::new();
    for part in parts {
        path.push('/');
        encode(part, &mut path);
    }
    path
}

#[cfg(test)]
mod tests;
