//! Mounts endpoints: one place that turns a request into a call and an outcome into a response.

use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use http::HeaderValue;
use http::header::SET_COOKIE;
use pilothouse_wire::endpoint::{Access, Endpoint, EndpointInfo, Method};
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::error::ErrorCode;
use pilothouse_wire::path::{Params, Place};
use tracing::Instrument;
use utoipa::ToSchema;

use super::Context;
use super::answer::{Answer, Failure, success};
use super::call::{self, Call};
use super::credentials::{has_key, identify, refuse_foreign_page};
use super::openapi::Document;
use super::repeat::{self, Turn};
use super::trace::RequestId;
use super::witness::Witness;
use crate::domain::{Actor, gather};

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The endpoints mounted so far, and the document that describes them.
pub(super) struct Table {
    context: Context,
    pub(super) router: Router,
    pub(super) document: Document,
    pub(super) mounted: Vec<&'static str>,
}

impl Table {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            router: Router::new(),
            document: Document::default(),
            mounted: Vec::new(),
        }
    }

    /// Mounts `E` under every template it has, with and without a slash at the end.
    pub(super) fn mount<E, F, Fut>(mut self, handler: F) -> Self
    where
        E: Endpoint,
        E::Params: Send,
        E::Query: Send,
        E::Body: ToSchema + Send,
        E::Reply: ToSchema + Send,
        F: Fn(Call<E>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Answer<E>> + Send + 'static,
    {
        self.mounted.push(E::NAME);
        for (dialect, template) in EndpointInfo::of::<E>().templates() {
            self.document.add::<E>(dialect, &template);
            let bare = template.trim_end_matches('/');
            for path in [bare.to_owned(), format!("{bare}/")] {
                let (context, handler) = (self.context.clone(), handler.clone());
                let serve =
                    move |request: Request| answer::<E, F, Fut>(context, handler, dialect, request);
                self.router = self.router.route(&path, on(filter(E::METHOD), serve));
            }
        }
        self
    }
}

fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Patch => MethodFilter::PATCH,
        Method::Put => MethodFilter::PUT,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// Answers one request. The work runs in a task of its own: it is finished even when the client
/// goes away or the time is over, so that no change is left half done, and a panic in it costs no
/// more than this one answer.
async fn answer<E, F, Fut>(
    context: Context,
    handler: F,
    dialect: Dialect,
    request: Request,
) -> Response
where
    E: Endpoint,
    E::Params: Send,
    E::Query: Send,
    E::Body: Send,
    E::Reply: Send,
    F: Fn(Call<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answer<E>> + Send + 'static,
{
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts);
    let span = tracing::info_span!("request", id = %id, endpoint = E::NAME);
    let work = {
        let id = id.clone();
        async move {
            let mut witness = Witness::of::<E>(&context, &parts, &id);
            let cookie = match identified::<E>(&context, &parts, &id).await {
                Ok((actor, cookie)) => {
                    witness.actor = actor;
                    cookie
                }
                Err(failure) => {
                    if has_key(&parts)
                        && let Some(words) = failure.unknown()
                    {
                        witness.refused(words).await;
                    }
                    return failure.response(dialect, &id);
                }
            };
            let platform = std::sync::Arc::clone(&context.platform);
            let asked = repeat::turn::<E>(&platform, witness.actor.as_ref(), &parts, body, &id);
            let mut response = match asked.await {
                Ok(Turn::Do(body, keyed)) => {
                    let response =
                        perform::<E, F, Fut>(context, &handler, dialect, parts, body, witness, &id);
                    match keyed {
                        Some(keyed) => repeat::once(&platform, keyed, response).await,
                        None => response.await,
                    }
                }
                Ok(Turn::Done(response)) => response,
                Err(failure) => failure.response(dialect, &id),
            };
            // Whoever signs out gets no secret instead.
            if let Some(cookie) = cookie
                && !response.headers().contains_key(SET_COOKIE)
            {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
    };
    let task = tokio::spawn(work.instrument(span));
    let failure = match tokio::time::timeout(TIMEOUT, task).await {
        Ok(Ok(response)) => return response,
        Ok(Err(panic)) => Failure::internal(&panic, &id),
        Err(_) => Failure::new(
            ErrorCode::Timeout,
            "This takes longer than 30 s. It may still be done: look before trying again.",
        ),
    };
    failure.response(dialect, &id)
}

/// Does what is asked, if the caller may, and writes it down.
async fn perform<E, F, Fut>(
    context: Context,
    handler: &F,
    dialect: Dialect,
    parts: http::request::Parts,
    body: axum::body::Body,
    mut witness: Witness,
    id: &RequestId,
) -> Response
where
    E: Endpoint,
    F: Fn(Call<E>) -> Fut,
    Fut: Future<Output = Answer<E>>,
{
    let outcome = async {
        let call = unpack::<E>(context, dialect, parts, body, &mut witness, id).await?;
        let reads_values = call.reads_values();
        let is_told = E::CHANGES && E::ACCESS != Access::Public;
        // On the heap: what is awaited within what is awaited adds up on the stack.
        let work = Box::pin(gather(handler(call)));
        let (outcome, changes) = match is_told {
            true => witness.telling(work).await,
            false => work.await,
        };
        let mut reply = match outcome {
            Ok(reply) => reply,
            Err(error) => {
                let failure = Failure::of(error, id);
                if is_told {
                    witness.failed(&changes, failure.message()).await;
                }
                return Err(failure);
            }
        };
        if is_told {
            let noted = witness.done(&changes).await;
            noted.map_err(|error| Failure::of(error, id))?;
        }
        if !reads_values {
            reply.conceal();
        }
        Ok::<_, Failure>(success::<E>(reply, dialect, id))
    };
    match outcome.await {
        Ok(response) => response,
        Err(failure) => {
            if let Some(words) = failure.refused() {
                witness.refused(words).await;
            }
            failure.response(dialect, id)
        }
    }
}

/// Who calls, where that is asked, and the cookie that replaces theirs.
async fn identified<E: Endpoint>(
    context: &Context,
    request: &http::request::Parts,
    id: &RequestId,
) -> Result<(Option<Actor>, Option<HeaderValue>), Failure> {
    if E::ACCESS == Access::Public {
        refuse_foreign_page(request)?;
        return Ok((None, None));
    }
    let (actor, cookie) = identify(context, request, id).await?;
    Ok((Some(actor), cookie))
}

async fn unpack<E: Endpoint>(
    context: Context,
    dialect: Dialect,
    mut request: http::request::Parts,
    body: axum::body::Body,
    witness: &mut Witness,
    id: &RequestId,
) -> Result<Call<E>, Failure> {
    let params = call::params::<E>(&mut request).await?;
    let place = params.place();
    witness.at(place);
    if let Some(actor) = &mut witness.actor {
        // Who has nothing to do here learns nothing of what a right request looks like.
        let access = if E::NAMES_ENVIRONMENT {
            Access::Inside
        } else {
            E::ACCESS
        };
        let admitted = context.platform.admit_at(actor, access, place).await;
        admitted.map_err(|error| Failure::of(error, id))?;
    }
    if E::MOVES_INSTANCES {
        let takes = context.platform.observed.takes_changes();
        takes.map_err(|error| Failure::of(error.into(), id))?;
    }
    let query = call::query::<E>(&request)?;
    let body = call::body::<E>(&request, body, dialect).await?;
    if let Some(environment) = E::environment(&query, &body) {
        let place = Place {
            environment: Some(environment),
            ..place
        };
        witness.at(place);
        if let Some(actor) = &mut witness.actor {
            let admitted = context.platform.admit_at(actor, E::ACCESS, place).await;
            admitted.map_err(|error| Failure::of(error, id))?;
        }
    }
    Ok(Call {
        context,
        actor: witness.actor.clone(),
        params,
        query,
        body,
        request,
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use axum::body::Body;
    use http::StatusCode;
    use pilothouse_wire::endpoints::GetMeta;
    use tower::ServiceExt;

    use super::*;
    use crate::app::{Parts, app};

    #[tokio::test]
    async fn a_panic_costs_one_answer_and_tells_nothing_of_itself() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(Parts::simulated(folder.path().to_owned(), NonZeroU16::MIN))
            .await
            .unwrap();
        let panics = |_: Call<GetMeta>| async { panic!("a secret of the inside") };
        let context = Context::new(std::sync::Arc::clone(&app.platform), false, false);
        let router = Table::new(context).mount::<GetMeta, _, _>(panics).router;
        for _ in 0..2 {
            let request = Request::get("/api/v1/meta").body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let body = axum::body::to_bytes(response.into_body(), 10_000).await;
            let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
            assert!(body.contains("\"internal\"") && body.contains("request_id"));
            assert!(!body.contains("secret"), "{body}");
        }
        app.close().await;
    }
}
