//! What the audit learns of a request: who, from where, what and at which place.

use std::sync::Arc;

use http::request::Parts;
use pilothouse_wire::audit::CallerKind;
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
                address: peer(context, request).to_string(),
                request_id: id.to_string(),
                program: None,
            },
            actor: None,
        }
    }

    /// Where the call acts.
    pub(super) fn at(&mut self, place: Place<'_>) {
        let levels = [place.org, place.project, place.environment];
        self.attempt.place = levels.map(|level| level.map(str::to_owned));
    }

    /// Runs what the call does. That it is to be told of is stored with what it changes.
    pub(super) async fn telling<T>(&self, call: impl Future<Output = T>) -> T {
        let actor = self.actor.as_ref();
        self.platform.telling(&self.attempt, actor, call).await
    }

    /// The call failed in the end, and is told of if something of it is stored.
    pub(super) async fn failed(&self, changes: &[FieldChange], reason: &str) {
        if let Err(error) = self.tell(Ended::Failed(changes, reason)).await {
            let request_id = &self.attempt.request_id;
            tracing::error!(request_id, %error, "what failed is missing in the audit");
        }
    }

    /// The call changed nothing that is to be told of.
    pub(super) async fn unchanged(&self) -> Result<()> {
        self.tell(Ended::Unchanged).await
    }

    /// What calls without a key, and in whose name.
    pub(super) fn by_program(&mut self, kind: CallerKind, name: String) {
        self.attempt.program = Some((kind, name));
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
