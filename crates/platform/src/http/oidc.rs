//! `/auth/oidc`: the way to the provider of identities and back, which a browser walks by itself. So
//! nothing here answers with JSON: it ends at a page of the console, with a word where nobody came in.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use form_urlencoded::Serializer;
use http::header::{LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use pilothouse_wire::endpoint::BASE;
use pilothouse_wire::endpoints::SignInSession;
use pilothouse_wire::open::Words;
use pilothouse_wire::release::FieldChange;
use pilothouse_wire::sign_in::{REFUSED, Refusal};
use sha2::{Digest, Sha256};

use super::Context;
use super::credentials::{cookie, peer, session_cookie};
use super::fallback;
use super::trace::RequestId;
use super::witness::Witness;
use crate::domain::{Back, Platform, Turned, gather};
use crate::oidc::{CALLBACK, FLOW_LASTS, Oidc};

/// The name in the audit of an account that becomes somebody's.
const LINK: &str = "person.link";

/// `GET /auth/oidc/start`: to the provider.
pub(super) async fn start(State(context): State<Context>, request: Request) -> Response {
    let platform = &context.platform;
    let Some(oidc) = &platform.oidc else {
        return fallback::not_found(request).await;
    };
    let (parts, _) = request.into_parts();
    let next = parameter(&parts, "next");
    let departure = platform.set_out(oidc, next.as_deref(), peer(&context, &parts));
    match departure.await {
        Ok(departure) => {
            let mut response = to(&departure.address);
            let seconds = FLOW_LASTS.as_secs();
            let kept = flow_cookie(&context, &departure.state, &departure.browser, seconds);
            set_cookie(response.headers_mut(), kept);
            response
        }
        Err(turned) => to(&door(&turned)),
    }
}

/// `GET /auth/oidc/callback`: back from the provider. The work runs in a task of its own, so that it
/// is finished and written down even when the browser goes away.
pub(super) async fn come_back(State(context): State<Context>, request: Request) -> Response {
    if context.platform.oidc.is_none() {
        return fallback::not_found(request).await;
    }
    let (parts, _) = request.into_parts();
    let work = tokio::spawn(async move { finish(&context, &parts).await });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a sign-in failed");
        to(&door(&Turned::failed(Refusal::Failed, "/")))
    })
}

async fn finish(context: &Context, parts: &Parts) -> Response {
    let platform = &context.platform;
    let state = parameter(parts, "state").unwrap_or_default();
    let browser = cookie(&parts.headers, &cookie_name(&state));
    let back = Back {
        browser: browser.unwrap_or_default().to_owned(),
        code: parameter(parts, "code"),
        error: parameter(parts, "error"),
        state,
    };
    let spent = flow_cookie(context, &back.state, "", 0);
    let mut response = match let_in(context, platform, parts, back).await {
        Ok(response) => response,
        Err(turned) => to(&door(&turned)),
    };
    set_cookie(response.headers_mut(), spent);
    response
}

async fn let_in(
    context: &Context,
    platform: &Platform,
    parts: &Parts,
    back: Back,
) -> Result<Response, Turned> {
    let oidc = platform.oidc.as_ref();
    let oidc = oidc.ok_or_else(|| Turned::failed(Refusal::Failed, "/"))?;
    let id = RequestId::of(parts);
    let mut witness = Witness::of::<SignInSession>(context, parts, &id);
    let (arrived, changes) = gather(platform.arrive(oidc, back, peer(context, parts))).await;
    let arrival = match arrived {
        Ok(arrival) => arrival,
        Err(turned) => {
            if let Some(reason) = &turned.reason {
                witness.refused(reason).await;
            }
            return Err(turned);
        }
    };
    witness.actor = Some(arrival.actor.clone());
    let noted = async {
        if !changes.is_empty() {
            let mut linking = Witness::of_action(LINK, context, parts, &id);
            linking.actor = Some(arrival.actor);
            linking.done(&changes).await?;
        }
        witness.done(&[way(oidc)]).await
    };
    noted.await.map_err(|error| {
        tracing::error!(%error, "a sign-in can't be written down");
        Turned::failed(Refusal::Failed, &arrival.next)
    })?;
    let mut response = to(&arrival.next);
    let seconds = arrival.secret.seconds();
    let session = session_cookie(context, &arrival.secret.secret, seconds);
    set_cookie(response.headers_mut(), session);
    Ok(response)
}

/// By which way somebody has come in.
fn way(oidc: &Oidc) -> FieldChange {
    FieldChange {
        name: "with".to_owned(),
        before: None,
        after: Some(oidc.settings.name.clone()),
    }
}

/// The first value of a parameter of the query.
fn parameter(request: &Parts, named: &str) -> Option<String> {
    let query = request.uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, value)| (name == named).then(|| value.into_owned()))
}

/// The page for signing in, with why nobody came in and where they wanted to be.
fn door(turned: &Turned) -> String {
    let query = Serializer::new(String::new())
        .append_pair(REFUSED, turned.refusal.word())
        .append_pair("next", &turned.next)
        .finish();
    format!("/connect?{query}")
}

fn to(address: &str) -> Response {
    let mut response = Response::new(Body::empty());
    match HeaderValue::from_str(address) {
        Ok(address) => {
            *response.status_mut() = StatusCode::SEE_OTHER;
            response.headers_mut().insert(LOCATION, address);
        }
        // Addresses are of ASCII, as whoever makes one here sees to.
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

/// The cookie that ties a sign-in to its browser, of a name of its own: two may go on at a time. It
/// comes back with the provider's redirect, so it can't be `SameSite=Strict`.
fn flow_cookie(context: &Context, state: &str, secret: &str, seconds: u64) -> Option<HeaderValue> {
    let secure = if context.secure().0 { "; Secure" } else { "" };
    let name = cookie_name(state);
    HeaderValue::from_str(&format!(
        "{name}={secret}; Path={BASE}{CALLBACK}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    ))
    .ok()
}

fn cookie_name(state: &str) -> String {
    let hash = Sha256::digest(state.as_bytes());
    let hash: String = hash
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("pilothouse_sign_in_{hash}")
}

fn set_cookie(headers: &mut HeaderMap, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        headers.append(SET_COOKIE, cookie);
    }
}
