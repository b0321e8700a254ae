//! What stands in the variable parts of an endpoint's path.

use crate::envelope::Dialect;

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

    /// The dialect that is spoken there.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Workspace { .. } => Dialect::Workspace,
            Self::Environment { .. } => Dialect::Environment,
        }
    }
}

/// The values of a path's variable parts.
pub trait Params: Clone + Sized {
    /// The value of `{name}`.
    fn value(&self, name: &str) -> Option<&str>;

    /// Reads them from a matched path.
    fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Self>;

    /// The dialect that the path belongs to, where the values decide it.
    fn dialect(&self) -> Option<Dialect> {
        None
    }
}

macro_rules! params {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident = $part:literal),* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
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

impl Params for Scope {
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

    fn dialect(&self) -> Option<Dialect> {
        Some(Self::dialect(self))
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

    fn dialect(&self) -> Option<Dialect> {
        Some(self.scope.dialect())
    }
}

/// Fills a template's `{parts}`, each encoded so that it stays one segment (RFC 3986, 3.3).
pub(crate) fn fill(template: &str, params: &impl Params) -> String {
    let mut path = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(before);
        encode(params.value(name).unwrap_or_default(), &mut path);
        rest = after;
    }
    path.push_str(rest);
    path
}

/// Percent-encodes everything but unreserved characters, and the dots of `.` and `..`, which a URL
/// parser would take for folders.
fn encode(segment: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let dots_only = segment.bytes().all(|b| b == b'.');
    for byte in segment.bytes() {
        match byte {
            b'.' if !dots_only => into.push('.'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                into.push(char::from(byte));
            }
            _ => {
                into.push('%');
                into.push(char::from(HEX[usize::from(byte >> 4)]));
                into.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// Encodes a query string from name and value pairs, with its `?`; empty without pairs.
pub(crate) fn query_string(pairs: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        encode(value, &mut text);
    }
    text
}
