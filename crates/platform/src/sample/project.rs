//! What the sample project holds, and how it is made.

use pilothouse_wire::decode::decode_body;
use pilothouse_wire::deploy::DeployRequest;
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::environment::{EnvironmentCreate, EnvironmentType};
use pilothouse_wire::org::Named;
use pilothouse_wire::path::{Scope, ServiceParams};
use pilothouse_wire::project::DEFAULT_ENVIRONMENT;
use pilothouse_wire::service::ServiceCreate;
use pilothouse_wire::text::Name;
use serde_json::{Value, json};

use super::image::TAG;
use crate::domain::{Error, Platform, Result};

const ORG: &str = "Acme";
const PROJECT: &str = "Shop";
const STAGING: &str = "Staging";
/// Who made it, in the history.
const BY: &str = "sample";

/// One service: its name, instances, domains and the neighbours that it calls.
struct Sample {
    name: &'static str,
    instances: u32,
    domains: &'static [&'static str],
    calls: &'static str,
    tag: &'static str,
    keeps_data: bool,
}

const PRODUCTION: &[Sample] = &[
    Sample {
        name: "catalog",
        instances: 2,
        domains: &[],
        calls: "",
        tag: "backend",
        keeps_data: false,
    },
    Sample {
        name: "mailer",
        instances: 1,
        domains: &[],
        calls: "",
        tag: "backend",
        keeps_data: false,
    },
    Sample {
        name: "cart",
        instances: 1,
        domains: &[],
        calls: "http://catalog:8080/",
        tag: "backend",
        keeps_data: true,
    },
    Sample {
        name: "checkout",
        instances: 1,
        domains: &["api.shop.localhost"],
        calls: "http://cart:8080/,http://mailer:8080/",
        tag: "backend",
        keeps_data: false,
    },
    Sample {
        name: "storefront",
        instances: 2,
        domains: &["storefront.localhost"],
        calls: "http://catalog:8080/,http://cart:8080/",
        tag: "frontend",
        keeps_data: false,
    },
];

const IN_STAGING: &[Sample] = &[
    Sample {
        name: "catalog",
        instances: 1,
        domains: &[],
        calls: "",
        tag: "backend",
        keeps_data: false,
    },
    Sample {
        name: "storefront",
        instances: 1,
        domains: &["storefront.staging.localhost"],
        calls: "http://catalog:8080/",
        tag: "frontend",
        keeps_data: false,
    },
];

/// Makes what is not there.
pub(super) async fn make(platform: &Platform) -> Result<()> {
    let (org, project) = (slug(ORG)?, slug(PROJECT)?);
    ignore_taken(platform.create_org(named(ORG)?).await)?;
    ignore_taken(platform.create_project(&org, named(PROJECT)?).await)?;
    let staging = EnvironmentCreate {
        name: name(STAGING)?,
        env_type: Some(EnvironmentType::Staging),
        protected: None,
        auto_deploy_branch: None,
        ephemeral: None,
    };
    ignore_taken(platform.create_environment(&org, &project, staging).await)?;
    let environments = [
        (DEFAULT_ENVIRONMENT.to_owned(), PRODUCTION),
        (slug(STAGING)?, IN_STAGING),
    ];
    for (environment, services) in environments {
        let scope = Scope::Environment {
            org: org.clone(),
            project: project.clone(),
            environment,
        };
        for service in services {
            make_service(platform, &scope, service).await?;
        }
    }
    Ok(())
}

async fn make_service(platform: &Platform, scope: &Scope, sample: &Sample) -> Result<()> {
    let create = match decode_body::<ServiceCreate>(sample.request(), Dialect::Environment) {
        Ok(create) => create,
        Err(errors) => return Err(Error::Invalid(errors)),
    };
    match platform.create_service(scope, create, BY).await {
        Err(Error::NameTaken { .. }) => return Ok(()),
        made => made?,
    };
    let at = ServiceParams {
        scope: scope.clone(),
        service: sample.name.to_owned(),
    };
    let why = DeployRequest {
        message: Some("The sample project".to_owned()),
        ..DeployRequest::default()
    };
    platform.deploy_service(&at, why, BY).await?;
    Ok(())
}

impl Sample {
    fn request(&self) -> Value {
        let mut request = json!({
            "name": self.name,
            "platform": "wind",
            "image": TAG,
            "port": 8080,
            "instances": self.instances,
            "domains": self.domains,
            "tags": ["sample", self.tag],
            "env": {"PORT": "8080", "SERVICE_NAME": self.name, "CALLS": self.calls},
            "health_check_path": "/_health/",
        });
        if self.keeps_data {
            request["volumes"] = json!([{"name": "data", "mount_path": "/data", "size_gb": 1}]);
        }
        request
    }
}

fn name(text: &str) -> Result<Name> {
    let invalid = |words| pilothouse_wire::error::FieldErrors::one("name", words);
    Name::new(text).map_err(|words: String| Error::Invalid(invalid(words)))
}

fn named(text: &str) -> Result<Named> {
    Ok(Named { name: name(text)? })
}

fn slug(text: &str) -> Result<String> {
    Ok(name(text)?.slug())
}

/// What is there already stays as it is.
fn ignore_taken<T>(made: Result<T>) -> Result<()> {
    match made {
        Ok(_) | Err(Error::NameTaken { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
