//! Which fields a service is written with: all of them, or those that a platform's document describes.

use std::mem;

use wire::envelope::Dialect;
use wire::error::FieldErrors;
use wire::offer::{Offer, Writing};
use wire::service::ServiceCreate;

use super::draft::{ServiceDraft, Source};
use super::field::Field;

/// Whose rules and defaults hold, and which fields there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The dialect.
    pub dialect: Dialect,
    offer: Offer,
    writing: Writing,
}

impl Rules {
    /// Those of a dialect, with every field.
    pub fn of(dialect: Dialect) -> Self {
        Self::new(dialect, Offer::Whole, Writing::Create)
    }

    /// Those of a platform.
    pub fn new(dialect: Dialect, offer: Offer, writing: Writing) -> Self {
        Self {
            dialect,
            offer,
            writing,
        }
    }

    /// Whether the platform takes a field.
    pub fn takes(&self, field: Field) -> bool {
        self.takes_path(&field.path())
    }

    fn takes_path(&self, path: &str) -> bool {
        let root = path.split('.').next().unwrap_or(path);
        self.offer.takes(self.writing, root)
    }

    /// A draft whose source is one that the platform takes.
    pub fn fit(&self, draft: ServiceDraft) -> ServiceDraft {
        match self.takes(Field::Image) {
            true => draft,
            false => ServiceDraft {
                source: Source::Repository,
                ..draft
            },
        }
    }

    /// Leaves out what is wrong with fields that are not shown. Where a repository is the only source,
    /// a service may be described without one.
    pub(super) fn forgive(&self, draft: &ServiceDraft, errors: &mut FieldErrors) {
        let may_be_empty = !self.takes(Field::Image) && draft.repository.trim().is_empty();
        let repository = Field::Repository.path();
        errors.retain(|path| self.takes_path(path) && !(may_be_empty && path == repository));
    }

    /// Leaves out what the platform does not take.
    pub(super) fn narrow(&self, request: &mut ServiceCreate) {
        let empty = ServiceCreate::named(request.name.clone());
        let whole = mem::replace(request, empty);
        macro_rules! keep {
            ($($field:ident),*) => {
                $(if self.takes_path(stringify!($field)) {
                    request.$field = whole.$field;
                })*
            };
        }
        keep!(
            image,
            port,
            domains,
            instances,
            tags,
            env,
            volumes,
            platform,
            github_repository,
            health_check_path,
            auto_deploy_branch,
            deployment_timeout,
            process_counts,
            subdirectory,
            health_check_host
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(dialect: Dialect, draft: &ServiceDraft) -> serde_json::Value {
        let rules = Rules::new(dialect, Offer::documented(dialect), Writing::Create);
        serde_json::to_value(rules.fit(draft.clone()).create(&rules).unwrap()).unwrap()
    }

    fn draft(dialect: Dialect) -> ServiceDraft {
        ServiceDraft {
            name: "orders".into(),
            image: "orders:2.4".into(),
            port: "8080".into(),
            ..ServiceDraft::new(dialect)
        }
    }

    #[test]
    fn only_what_a_document_describes_is_sent() {
        assert_eq!(
            sent(Dialect::Workspace, &draft(Dialect::Workspace)),
            json!({"name": "orders", "image": "orders:2.4", "port": 8080, "instances": 1})
        );
        let environment = ServiceDraft {
            repository: "acme/orders".into(),
            ..draft(Dialect::Environment)
        };
        assert_eq!(
            sent(Dialect::Environment, &environment),
            json!({
                "name": "orders",
                "platform": "wind",
                "github_repository": "acme/orders",
                "health_check_path": "/_health/",
                "deployment_timeout": 180
            })
        );
    }

    #[test]
    fn a_field_that_is_not_shown_has_no_fault() {
        let dialect = Dialect::Environment;
        let rules = Rules::new(dialect, Offer::documented(dialect), Writing::Update);
        let broken = ServiceDraft {
            port: "none".into(),
            ..draft(dialect)
        };
        assert!(rules.fit(broken.clone()).create(&rules).is_ok());
        let errors = broken.create(&Rules::of(dialect)).unwrap_err();
        assert!(!errors.of("port").is_empty());
    }
}
