//! Signing in and out of the console.

use http::header::SET_COOKIE;
use pilothouse_wire::endpoints::{GetSession, SignInSession, SignOutSession};
use pilothouse_wire::session::Done;

use super::answer::{Answer, Reply};
use super::call::Call;
use super::credentials::{peer, session, session_cookie};
use crate::domain::{Error, SESSION_SECONDS};

/// `GET /auth/session`
pub(super) async fn get(call: Call<GetSession>) -> Answer<GetSession> {
    let actor = call.actor.ok_or(Error::Unauthorized("Sign in first."))?;
    Ok(actor.session().into())
}

/// `POST /auth/session`
pub(super) async fn sign_in(call: Call<SignInSession>) -> Answer<SignInSession> {
    let from = peer(&call.context, &call.request);
    let platform = &call.context.platform;
    let (secret, actor) = platform.sign_in(call.body, from).await?;
    let reply = Reply::from(actor.session());
    let cookie = session_cookie(&call.context, &secret, SESSION_SECONDS);
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
