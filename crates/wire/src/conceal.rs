//! What whoever may only read is not told: the values of plain variables. Every reply says what of
//! it that is, so that no endpoint can forget.

use crate::access::AccessLogs;
use crate::audit::Audit;
use crate::build::{BuildStarted, Image, ImagePage, WorkLog};
use crate::config::{
    BulkOutcome, ConfigDiff, ConfigEvent, ConfigPreview, MASK, Overridden, ResolvedVariable,
    Variable, VariableChange,
};
use crate::deploy::Deployed;
use crate::environment::Environment;
use crate::event::Events;
use crate::key::{Key, NewKey};
use crate::logs::Logs;
use crate::meta::Meta;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::org::Org;
use crate::overview::Overview;
use crate::person::{Invitation, Person, SignInLink};
use crate::pipeline::{PipelineStatus, PromotionPreview};
use crate::project::Project;
use crate::release::{DeployPreview, Deployment, Release, ReleaseVariable};
use crate::service::Service;
use crate::session::{Done, Session};
use crate::status::ServiceStatus;
use crate::verdict::Verdict;

/// What stands in the place of a plain variable's value for whoever may not read it. It can't be set
/// as a value, like [`MASK`].
pub const HIDDEN: &str = "**hidden**";

/// A reply that can be told without the values of variables.
pub trait Conceal {
    /// Puts [`HIDDEN`] in the place of every value.
    fn conceal(&mut self);
}

macro_rules! nothing_to_conceal {
    ($($reply:ty),* $(,)?) => {
        $(impl Conceal for $reply {
            fn conceal(&mut self) {}
        })*
    };
}

nothing_to_conceal!(
    AccessLogs,
    Audit,
    BuildStarted,
    BulkOutcome,
    Deployed,
    Deployment,
    Done,
    Environment,
    Events,
    Image,
    ImagePage,
    Invitation,
    Key,
    Logs,
    Meta,
    Metrics,
    NewKey,
    Node,
    Org,
    Overview,
    Person,
    PipelineStatus,
    Project,
    ServiceStatus,
    Session,
    SignInLink,
    Verdict,
    WorkLog,
);

/// A secret stays told as one: that it is a secret is no secret.
impl Conceal for String {
    fn conceal(&mut self) {
        if self != MASK {
            HIDDEN.clone_into(self);
        }
    }
}

impl<T: Conceal> Conceal for Option<T> {
    fn conceal(&mut self) {
        if let Some(inner) = self {
            inner.conceal();
        }
    }
}

impl<T: Conceal> Conceal for Vec<T> {
    fn conceal(&mut self) {
        self.iter_mut().for_each(Conceal::conceal);
    }
}

macro_rules! conceal {
    ($($reply:ident: $($field:ident),+;)*) => {
        $(impl Conceal for $reply {
            fn conceal(&mut self) {
                $(self.$field.conceal();)+
            }
        })*
    };
}

conceal! {
    Variable: value;
    Overridden: value;
    ResolvedVariable: value, overrides;
    VariableChange: before, after;
    ConfigEvent: change;
    ConfigDiff: added, removed, changed;
    ConfigPreview: changes;
    ReleaseVariable: value;
    Release: configuration, configuration_changes;
    DeployPreview: config;
    PromotionPreview: config_diff;
}

impl Conceal for Service {
    fn conceal(&mut self) {
        self.env.values_mut().for_each(Conceal::conceal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ChangeKind;
    use crate::open::Open;

    #[test]
    fn names_stay_and_values_go() {
        let mut service = Service {
            env: [("A".to_owned(), "1".to_owned())].into(),
            ..Service::default()
        };
        service.conceal();
        assert_eq!(service.env["A"], HIDDEN);
        let mut change = VariableChange {
            name: "A".into(),
            kind: Open::Known(ChangeKind::Changed),
            before: Some(MASK.into()),
            after: Some("2".into()),
        };
        change.conceal();
        assert_eq!(change.name, "A");
        assert_eq!(change.before.as_deref(), Some(MASK));
        assert_eq!(change.after.as_deref(), Some(HIDDEN));
    }
}
