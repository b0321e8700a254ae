//! `POST /api/v1/webhooks/github`: pushes, in GitHub's format and with its signature.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::HeaderMap;
use pilothouse_wire::audit::CallerKind;
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::error::ErrorCode;
use pilothouse_wire::release::FieldChange;
use serde_json::json;

use super::Context;
use super::answer::{self, Failure};
use super::trace::RequestId;
use super::witness::Witness;
use crate::domain::{self, Taken};

/// The largest body, in bytes: what GitHub sends at most is 25 MB, a push of it far less.
const MAX_BODY: usize = 5 * 1024 * 1024;

/// What the audit calls it.
const PUSH: &str = "service.push";

const UNSIGNED: &str = "The signature is missing or wrong. Give the webhook the secret that `pilothouse webhook-secret` prints.";

/// Takes a push. The signature is over the body as it was sent, so it is not read before.
pub(super) async fn take(State(context): State<Context>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts);
    let witness = Witness::of_action(PUSH, &context, &parts, &id);
    // Finished also when the Git host does not wait for it.
    let work = tokio::spawn({
        let id = id.clone();
        async move { try_take(&context, &parts.headers, body, witness, &id).await }
    });
    let taken = work.await;
    let taken = taken.unwrap_or_else(|error| Err(Failure::internal(&error, &id)));
    taken.unwrap_or_else(|failure| failure.response(Dialect::Environment, &id))
}

/// Writes down what a push builds: for each service, where its admins see it.
async fn tell(witness: &mut Witness, taken: &Taken) -> domain::Result<()> {
    if taken.building.is_empty() {
        return witness.unchanged().await;
    }
    witness.by_program(CallerKind::Webhook, taken.by.clone());
    let became = |name: &str, after: &str| FieldChange {
        name: name.to_owned(),
        before: None,
        after: Some(after.to_owned()),
    };
    for pushed in &taken.building {
        witness.at(pushed.place.place());
        let changes = [
            became("service", &pushed.name),
            became("commit", &taken.commit),
        ];
        witness.done(&changes).await?;
    }
    Ok(())
}

async fn try_take(
    context: &Context,
    headers: &HeaderMap,
    body: Body,
    mut witness: Witness,
    id: &RequestId,
) -> Result<Response, Failure> {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| {
        Failure::new(
            ErrorCode::TooLarge,
            "The body is larger than 5 MiB, or broke off.",
        )
    })?;
    let platform = &context.platform;
    if !platform.is_signed(&body, header("x-hub-signature-256")) {
        witness.refused(UNSIGNED).await;
        return Err(Failure::new(ErrorCode::Unauthorized, UNSIGNED));
    }
    witness.by_program(CallerKind::Webhook, "a push".to_owned());
    let push = platform.take_push(header("x-github-event"), &body);
    let taken = match witness.telling(push).await {
        Ok(taken) => taken,
        Err(error) => {
            let failure = Failure::of(error, id);
            witness.failed(&[], failure.message()).await;
            return Err(failure);
        }
    };
    tell(&mut witness, &taken)
        .await
        .map_err(|error| Failure::of(error, id))?;
    let (status, reply) = match taken.ignored {
        Some(why) => (200, json!({"ok": true, "ignored": why})),
        None => {
            let names: Vec<_> = taken.building.iter().map(|pushed| &pushed.name).collect();
            (202, json!({"ok": true, "building": names}))
        }
    };
    Ok(answer::json(status, reply.to_string()))
}
