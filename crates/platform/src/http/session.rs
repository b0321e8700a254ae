//! Signing in and out of the console.

use http::header::SET_COOKIE;
use pilothouse_wire::endpoints::{GetSession, SignInSession, SignOutEverywhere, SignOutSession};
use pilothouse_wire::session::Done;

use super::answer::{Answer, Reply};
use super::call::Call;
use super::credentials::{peer, session, session_cookie};
use super::trace::RequestId;
use super::witness::Witness;
use crate::domain::Error;

/// `GET /auth/session`
pub(super) async fn get(call: Call<GetSession>) -> Answer<GetSession> {
    let actor = call.caller()?;
    Ok(call.platform().session_of(actor).await?.into())
}

/// `POST /auth/session`
pub(super) async fn sign_in(call: Call<SignInSession>) -> Answer<SignInSession> {
    let from = peer(&call.context, &call.request);
    let platform = &call.context.platform;
    let id = RequestId::of(&call.request);
    let mut witness = Witness::of::<SignInSession>(&call.context, &call.request, &id);
    let (secret, actor) = match platform.sign_in(call.body, from).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            if matches!(error, Error::Unauthorized(_)) {
                witness.refused(&error.to_string()).await;
            }
            return Err(error);
        }
    };
    witness.actor = Some(actor.clone());
    witness.done(&[]).await?;
    let reply = Reply::from(platform.session_of(&actor).await?);
    let cookie = session_cookie(&call.context, &secret.secret, secret.seconds());
    Ok(match cookie {
        Some(cookie) => reply.with(SET_COOKIE, cookie),
        None => reply,
    })
}

/// `DELETE /auth/session`
pub(super) async fn sign_out(call: Call<SignOutSession>) -> Answer<SignOutSession> {
    if let Some(secret) = session(&call.request.headers) {
        call.platform().sign_out(secret).await?;
    }
    let reply = Reply::from(Done::OK);
    Ok(match session_cookie(&call.context, "", 0) {
        Some(cookie) => reply.with(SET_COOKIE, cookie),
        None => reply,
    })
}

/// `DELETE /auth/sessions`
pub(super) async fn sign_out_everywhere(
    call: Call<SignOutEverywhere>,
) -> Answer<SignOutEverywhere> {
    call.platform().sign_out_everywhere(call.caller()?).await?;
    let reply = Reply::from(Done::OK);
    Ok(match session_cookie(&call.context, "", 0) {
        Some(cookie) => reply.with(SET_COOKIE, cookie),
        None => reply,
    })
}
