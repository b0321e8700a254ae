//! What the audit learns of a request: who, from where, what and at which place.

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
    attempt: Attempt,
    /// Who calls, as soon as that is known.
    pub(super) actor: Option<Actor>,
}

impl Witness {
    pub(super) fn of<E: Endpoint>(context: &Context, request: &Parts, id: &RequestId) -> Self {
        Self::of_action(E::NAME, context, request, id)
    }

    /// The same of what is no endpoint of the API's table.
    pub(super) fn of_action(
        action: &'static str,
        context: &Context,
        request: &Parts,
        id: &RequestId,
    ) -> Self {
        let path = request.uri.path();
        Self {
            platform: Arc::clone(&context.platform),
            attempt: Attempt {
                action,
                subject: path.strip_prefix(BASE).unwrap_or(path).to_owned(),
                place: [const { None }; 3],
                address: peer(context, request),
                request_id: id.to_string(),
            },
            actor: None,
        }
    }

    /// Where the call acts.
    pub(super) fn at(&mut self, place: Place<'_>) {
        let levels = [place.org, place.project, place.environment];
        self.attempt.place = levels.map(|level| level.map(str::to_owned));
    }

    /// The call was done, and changed this.
    pub(super) async fn done(&self, changes: &[FieldChange]) -> Result<()> {
        self.tell(Ended::Done(changes)).await
    }

    /// The caller may not do it. A refusal stays one whether or not it can be written down.
    pub(super) async fn refused(&self, reason: &str) {
        if let Err(error) = self.tell(Ended::Refused(reason)).await {
            let request_id = &self.attempt.request_id;
            tracing::error!(request_id, %error, "a refusal is missing in the audit");
        }
    }

    async fn tell(&self, ended: Ended<'_>) -> Result<()> {
        let actor = self.actor.as_ref();
        self.platform.audit(&self.attempt, actor, ended).await
    }
}
