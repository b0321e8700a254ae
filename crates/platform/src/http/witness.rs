//! What the audit learns of a request: who, from where, what and at which place.

use std::net::IpAddr;
use std::sync::Arc;

use http::request::Parts;
use pilothouse_wire::endpoint::{BASE, Endpoint};
use pilothouse_wire::path::Place;
use pilothouse_wire::release::FieldChange;

use super::Context;
use super::credentials::peer;
use super::trace::RequestId;
use crate::domain::{Actor, Attempt, Ended, Platform, Result};

/// Remembers of a request what the audit tells of it.
pub(super) struct Witness {
    platform: Arc<Platform>,
    action: &'static str,
    subject: String,
    address: IpAddr,
    request_id: String,
    /// Who calls, as soon as that is known.
    pub(super) actor: Option<Actor>,
    org: Option<String>,
    project: Option<String>,
    environment: Option<String>,
}

impl Witness {
    pub(super) fn of<E: Endpoint>(context: &Context, request: &Parts, id: &RequestId) -> Self {
        let path = request.uri.path();
        Self {
            platform: Arc::clone(&context.platform),
            action: E::NAME,
            subject: path.strip_prefix(BASE).unwrap_or(path).to_owned(),
            address: peer(context, request),
            request_id: id.to_string(),
            actor: None,
            org: None,
            project: None,
            environment: None,
        }
    }

    /// Where the call acts.
    pub(super) fn at(&mut self, place: Place<'_>) {
        self.org = place.org.map(str::to_owned);
        self.project = place.project.map(str::to_owned);
        self.environment = place.environment.map(str::to_owned);
    }

    /// The call was done, and changed this.
    pub(super) async fn done(&self, changes: &[FieldChange]) -> Result<()> {
        self.tell(Ended::Done(changes)).await
    }

    /// The caller may not do it. A refusal stays one whether or not it can be written down.
    pub(super) async fn refused(&self, reason: &str) {
        if let Err(error) = self.tell(Ended::Refused(reason)).await {
            tracing::error!(request_id = self.request_id, %error, "a refusal is missing in the audit");
        }
    }

    async fn tell(&self, ended: Ended<'_>) -> Result<()> {
        let attempt = Attempt {
            action: self.action,
            subject: &self.subject,
            place: Place {
                org: self.org.as_deref(),
                project: self.project.as_deref(),
                environment: self.environment.as_deref(),
            },
            address: self.address,
            request_id: self.request_id.clone(),
        };
        self.platform
            .audit(&attempt, self.actor.as_ref(), ended)
            .await
    }
}
