//! What workers do: what is asked for, and what the ledger notes of it.

use serde_json::{Value, json};

use crate::engine::IMAGE;
use crate::ledger::{Kind, Service};
use crate::line::{Ask, Heard};

const PROJECT: &str = "/orgs/acme/projects/shop";
/// The services of the environment in which everything happens.
pub(crate) const SERVICES: &str = "/orgs/acme/projects/shop/envs/production/services";
const WORKSPACE_SERVICES: &str = "/workspaces/acme/projects/shop/services";
/// What the sample calls itself.
pub(crate) const NAMED: &str = "SERVICE_NAME";
/// Two variables that are only ever set together, to the same.
pub(crate) const TWINS: [&str; 2] = ["LEFT", "RIGHT"];
/// A variable that comes and goes.
pub(crate) const FLEETING: &str = "FLEETING";

/// One thing that is done to a service.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Create,
    Delete,
    Scale(u64),
    Restart,
    Tag(String),
    /// The name that the sample gives itself.
    Rename(String),
    Twins(String),
    Fleeting(String),
    /// Removes a variable by its id.
    Forget(String),
    /// A build, by the tag of the repository.
    Build(String),
    /// A deployment, by its reason.
    Deploy(String),
    /// The first release again, for a reason.
    RollBack(String),
    /// A build and a deployment of it: tag and reason.
    Pipeline(String, String),
    CancelImage(u64),
    CancelDeployment(String),
}

impl Deed {
    /// What is asked for; `key` is its own.
    pub(crate) fn ask(&self, service: &Service, key: String) -> Ask {
        let at_once = service.kind == Kind::AtOnce;
        let services = if at_once {
            WORKSPACE_SERVICES
        } else {
            SERVICES
        };
        let path = format!("{services}/{}", service.slug);
        let (method, path, body) = match self {
            Self::Create => ("POST", format!("{services}/"), description(service)),
            Self::Delete => ("DELETE", path, Value::Null),
            Self::Scale(count) => ("POST", path + "/scale", json!({"instances": count})),
            Self::Restart => ("POST", path + "/restart", Value::Null),
            Self::Tag(tag) => ("PATCH", path, json!({"tags": [tag]})),
            Self::Rename(name) if at_once => ("PATCH", path, json!({"env": {NAMED: name}})),
            Self::Rename(name) => {
                let body = json!({"name": NAMED, "value": name});
                ("POST", path + "/config", body)
            }
            Self::Twins(value) => {
                let text = TWINS.map(|name| format!("{name}={value}\n")).concat();
                ("POST", path + "/config/bulk", json!({"raw": text}))
            }
            Self::Fleeting(value) => {
                let body = json!({"name": FLEETING, "value": value});
                ("POST", path + "/config", body)
            }
            Self::Forget(id) => ("DELETE", format!("{path}/config/{id}"), Value::Null),
            Self::Build(tag) => {
                let is_built = service.kind == Kind::Built;
                let body = if is_built {
                    json!({"ref": tag})
                } else {
                    json!({})
                };
                ("POST", path + "/images/build", body)
            }
            Self::Deploy(why) => ("POST", path + "/deploy", json!({"message": why})),
            Self::RollBack(why) => {
                let body = json!({"release": 1, "message": why});
                ("POST", path + "/deploy", body)
            }
            Self::Pipeline(tag, why) => {
                let body = json!({
                    "service": service.slug, "env": "production", "ref": tag, "message": why,
                });
                ("POST", format!("{PROJECT}/pipeline/deploy"), body)
            }
            Self::CancelImage(version) => {
                let path = format!("{path}/images/{version}/cancel");
                ("POST", path, Value::Null)
            }
            Self::CancelDeployment(id) => {
                let path = format!("{path}/deployments/{id}/cancel");
                ("POST", path, Value::Null)
            }
        };
        Ask {
            method,
            path,
            body,
            key: (method == "POST").then_some(key),
        }
    }

    /// Notes what was heard of it.
    pub(crate) fn note(&self, service: &mut Service, heard: &Heard) {
        match self {
            Self::Create => service.is_there.sent(true, heard),
            Self::Delete => service.is_there.sent(false, heard),
            Self::Scale(count) => service.instances.sent(*count, heard),
            Self::Tag(tag) => service.tag.sent(tag.clone(), heard),
            Self::Rename(name) => service.variable(NAMED, Some(name), heard),
            Self::Twins(value) => {
                for name in TWINS {
                    service.variable(name, Some(value), heard);
                }
            }
            Self::Fleeting(value) => service.variable(FLEETING, Some(value), heard),
            Self::Forget(_) => service.variable(FLEETING, None, heard),
            // Of what is fetched one is like another.
            Self::Build(tag) if service.kind == Kind::Built => {
                service.builds.sent(tag, "image_id", heard);
            }
            Self::Deploy(why) | Self::RollBack(why) => {
                service.deploys.sent(why, "deployment_id", heard);
            }
            Self::Pipeline(tag, _) => service.builds.sent(tag, "image_id", heard),
            Self::Build(_) | Self::Restart | Self::CancelImage(_) | Self::CancelDeployment(_) => {}
        }
    }
}

fn description(service: &Service) -> Value {
    let mut body = json!({
        "name": service.slug, "port": 8080, "health_check_path": "/_health/",
        "domains": [service.domain()], "tags": ["new"], "deployment_timeout": 60,
    });
    let source = match service.kind {
        Kind::AtOnce => json!({
            "image": IMAGE,
            "volumes": [{"name": "data", "mount_path": "/data", "size_gb": 1}],
        }),
        Kind::Fetched => json!({"platform": "wind", "image": IMAGE}),
        Kind::Built => json!({"platform": "wind", "github_repository": "acme/web"}),
    };
    let (Some(body_fields), Value::Object(source)) = (body.as_object_mut(), source) else {
        unreachable!("both are objects");
    };
    body_fields.extend(source);
    body
}
