//! What a platform answers: the whole API, or the part that one of its two source documents
//! describes, with what was found beside it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::endpoints;
use crate::envelope::Dialect;

/// Which operations a platform answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// All of them, in both dialects.
    #[default]
    Whole,
    /// Some of them, in one dialect.
    Part {
        /// The dialect.
        dialect: Dialect,
        /// The names of what it answers: [`Endpoint::NAME`].
        operations: BTreeSet<String>,
    },
}

/// The fields that W's document lets a service be created with.
const WORKSPACE_FIELDS: &[&str] = &[
    "name",
    "image",
    "port",
    "domains",
    "instances",
    "tags",
    VOLUMES,
];
/// In W's document of a creation alone.
const VOLUMES: &str = "volumes";
/// The fields that E's document lets a service be created and changed with.
const ENVIRONMENT_FIELDS: &[&str] = &[
    "name",
    "platform",
    "github_repository",
    "health_check_path",
    "auto_deploy_branch",
    "deployment_timeout",
];

/// What is done to a service with fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// It is made.
    Create,
    /// It is changed.
    Update,
}

impl Offer {
    /// What the document of a dialect describes, and nothing more.
    pub fn documented(dialect: Dialect) -> Self {
        let described = endpoints::ALL.iter();
        let described = described.filter(|info| info.seeds.contains(&dialect));
        Self::Part {
            dialect,
            operations: described.map(|info| info.name.to_owned()).collect(),
        }
    }

    /// All that there is in a dialect, described or not: what is asked to find out.
    pub fn every(dialect: Dialect) -> Self {
        Self::Part {
            dialect,
            operations: endpoints::ALL
                .iter()
                .map(|info| info.name.to_owned())
                .collect(),
        }
    }

    /// Whether an endpoint is answered.
    pub fn answers<E: Endpoint>(&self) -> bool {
        self.has(E::NAME)
    }

    /// Whether an endpoint of this name is answered.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Part { operations, .. } => operations.contains(name),
        }
    }

    /// Takes over what was found out about an operation.
    pub fn learn(&mut self, name: &str, is_answered: bool) {
        if let Self::Part { operations, .. } = self {
            match is_answered {
                true => operations.insert(name.to_owned()),
                false => operations.remove(name),
            };
        }
    }

    /// The only dialect that is spoken, where there is but one.
    pub fn dialect(&self) -> Option<Dialect> {
        match self {
            Self::Whole => None,
            Self::Part { dialect, .. } => Some(*dialect),
        }
    }

    /// Whether a service can be made or changed with a field.
    pub fn takes(&self, writing: Writing, field: &str) -> bool {
        let is_made = writing == Writing::Create;
        match self.dialect() {
            None => true,
            Some(Dialect::Workspace) => {
                WORKSPACE_FIELDS.contains(&field) && (is_made || field != VOLUMES)
            }
            Some(Dialect::Environment) => ENVIRONMENT_FIELDS.contains(&field),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::{
        BulkConfig, DeployService, GetMeta, GetServiceLogs, ListConfig, ListServices, SetConfig,
    };

    #[test]
    fn each_document_has_its_own_operations() {
        let workspace = Offer::documented(Dialect::Workspace);
        let environment = Offer::documented(Dialect::Environment);
        for (offer, services, logs, config, deploy) in [
            (&workspace, true, true, false, false),
            (&environment, true, false, true, true),
            (&Offer::Whole, true, true, true, true),
        ] {
            assert_eq!(offer.answers::<ListServices>(), services);
            assert_eq!(offer.answers::<GetServiceLogs>(), logs);
            assert_eq!(offer.answers::<ListConfig>(), config);
            assert_eq!(offer.answers::<SetConfig>(), config);
            assert_eq!(offer.answers::<DeployService>(), deploy);
        }
        for offer in [&workspace, &environment] {
            assert!(!offer.answers::<GetMeta>() && !offer.answers::<BulkConfig>());
        }
    }

    #[test]
    fn as_many_are_described_as_the_documents_tell_of() {
        let count = |dialect| match Offer::documented(dialect) {
            Offer::Part { operations, .. } => operations.len(),
            Offer::Whole => 0,
        };
        assert_eq!(count(Dialect::Workspace), 11);
        assert_eq!(count(Dialect::Environment), 15);
    }

    #[test]
    fn what_was_found_out_is_kept() {
        let mut offer = Offer::documented(Dialect::Environment);
        offer.learn(BulkConfig::NAME, true);
        offer.learn(ListConfig::NAME, false);
        let text = serde_json::to_string(&offer).unwrap();
        let offer: Offer = serde_json::from_str(&text).unwrap();
        assert!(offer.answers::<BulkConfig>() && !offer.answers::<ListConfig>());
        let whole: Offer = serde_json::from_str("\"whole\"").unwrap();
        assert_eq!(whole, Offer::Whole);
    }

    #[test]
    fn a_service_is_written_with_what_is_described() {
        let workspace = Offer::documented(Dialect::Workspace);
        assert!(workspace.takes(Writing::Create, "volumes"));
        assert!(!workspace.takes(Writing::Update, "volumes"));
        assert!(!workspace.takes(Writing::Create, "env"));
        let environment = Offer::documented(Dialect::Environment);
        assert!(environment.takes(Writing::Update, "deployment_timeout"));
        assert!(!environment.takes(Writing::Create, "image"));
        assert!(Offer::Whole.takes(Writing::Update, "env"));
    }
}
