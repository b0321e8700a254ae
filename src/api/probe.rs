//! What a platform elsewhere answers: asked before the page goes on with it.

use wire::access::AccessQuery;
use wire::build::PageQuery;
use wire::endpoint::{Endpoint, NoBody, NoQuery};
use wire::endpoints::{
    GetEnvironmentOverview, GetMeta, GetService, GetServiceAccessLogs, GetServiceLogs,
    GetServiceMetrics, GetServiceStatus, GetSession, ListConfig, ListConfigHistory,
    ListDeployments, ListEnvironments, ListImages, ListOrgs, ListProjects, ListReleases,
    ListServiceEvents, ListServices, PreviewDeploy, ResolveConfig,
};
use wire::envelope::Dialect;
use wire::event::EventsQuery;
use wire::logs::LogQuery;
use wire::meta::Meta;
use wire::metrics::MetricsQuery;
use wire::offer::Offer;
use wire::path::{Level, NoParams, OrgParams, Params, ProjectParams, Scope, ServiceParams};
use wire::quantity::LogLimit;
use wire::release::PreviewQuery;
use wire::service::Service;

use super::client::is_anything_at;
use super::connection::{KeyRing, Platform};
use super::{Answer, Connection, Failure, call};

/// The name that a platform of this kind gives itself.
const WHOLE: &str = "pilothouse";

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it answers.
    pub offer: Offer,
    /// What it says of itself, where it does.
    pub meta: Option<Meta>,
    /// As whom it lets this page in, where it says so.
    pub who: Option<String>,
    /// Milliseconds that the first answer took.
    pub took: u32,
    /// So many milliseconds its clock is ahead of this machine's, where it tells its time.
    pub ahead: Option<i64>,
    /// What was asked for, in this order.
    pub checks: Vec<Check>,
}

/// One operation and what came of asking for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The operation: [`Endpoint::NAME`].
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of asking for an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is answered.
    Answers,
    /// The platform does not have it.
    Absent,
    /// The key does not open it.
    Refused,
    /// It failed, in words.
    Fails(String),
}

/// Why a platform can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The first call failed.
    Failed(Failure),
    /// Something is there and does not let this page read its answers.
    Closed,
    /// A page that came over TLS may not call without.
    Insecure,
    /// It does not accept the key.
    KeyRefused,
    /// It does not tell what it holds, and nothing says where its services are.
    NoPlace,
    /// Nothing is where the services were said to be.
    NothingThere,
}

impl Trouble {
    /// What is wrong and what to do about it; `origin` is where this page is from.
    pub fn words(&self, origin: &str) -> String {
        match self {
            Self::Failed(Failure::Unreachable) => {
                "Nothing answers there. Check the address, and that this machine reaches it."
                    .to_owned()
            }
            Self::Failed(failure) => failure.words(),
            Self::Closed => format!(
                "Something is there, but lets no page of {origin} in. Whoever runs it has to allow \
                 that origin: a Pilothouse does with --allow-origin {origin}."
            ),
            Self::Insecure => {
                "This page came over TLS, so that its platforms have to as well: give \
                               an https address."
                    .to_owned()
            }
            Self::KeyRefused => {
                "It does not accept this key. Paste it again, or get another.".to_owned()
            }
            Self::NoPlace => "It does not tell what it holds. Say where its services are: \
                              workspace/project, or org/project/environment."
                .to_owned(),
            Self::NothingThere => {
                "It has no services at that place. Check each name of it.".to_owned()
            }
        }
    }
}

/// Looks at a platform: whether it is there, what it speaks, and which operations it answers. A
/// dialect that is given is the only one.
///
/// # Errors
/// What stands against its use.
pub async fn probe(platform: &Platform, dialect: Option<Dialect>) -> Result<Found, Trouble> {
    if is_insecure(&platform.base) {
        return Err(Trouble::Insecure);
    }
    // Asked without a key, so that no platform has to allow a header for it.
    let stranger = Connection::to(Platform {
        key: KeyRing::default(),
        ..platform.clone()
    });
    let began = js_sys::Date::now();
    let answer = ask::<GetMeta>(&stranger, &NoParams {}, &NoQuery).await;
    let mut is_closed = false;
    let took = (js_sys::Date::now() - began).max(0.0) as u32;
    let ahead = answer.as_ref().ok().and_then(Answer::ahead);
    let meta = match answer {
        Ok(answer) => answer.read::<Meta>().ok(),
        Err(failure @ (Failure::Offline | Failure::Timeout(_))) => {
            return Err(Trouble::Failed(failure));
        }
        // Of what a platform does not have, it may not tell pages of other origins either.
        Err(Failure::Unreachable) if !is_anything_at(&format!("{}/meta", platform.base)).await => {
            return Err(Trouble::Failed(Failure::Unreachable));
        }
        Err(failure) => {
            is_closed = failure == Failure::Unreachable;
            None
        }
    };
    let found = Found {
        offer: Offer::Whole,
        who: None,
        took,
        ahead,
        checks: Vec::new(),
        meta,
    };
    let is_whole = found.meta.as_ref().is_some_and(|meta| meta.name == WHOLE);
    let looked = match dialect {
        None if is_whole => look_at_whole(&with_offer(platform, Offer::Whole), found).await,
        _ => look_at_part(platform, dialect, found).await,
    };
    match looked {
        Err(Trouble::NoPlace) if is_closed => Err(Trouble::Closed),
        Err(Trouble::Failed(Failure::Unreachable)) => Err(Trouble::Closed),
        looked => looked,
    }
}

/// Whether browsers keep a page from calling there: one that came over TLS may only do so without to
/// its own machine.
fn is_insecure(base: &str) -> bool {
    let page = web_sys::window().and_then(|window| window.location().protocol().ok());
    let host = base.strip_prefix("http://");
    let is_own = |host: &str| {
        ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .any(|own| host.starts_with(own))
    };
    page.as_deref() == Some("https:") && host.is_some_and(|host| !is_own(host))
}

fn with_offer(platform: &Platform, offer: Offer) -> Connection {
    Connection::to(Platform {
        offer,
        ..platform.clone()
    })
}

async fn ask<E: Endpoint<Body = NoBody>>(
    at: &Connection,
    params: &E::Params,
    query: &E::Query,
) -> Result<Answer, Failure> {
    let request = call::<E>(at, params, query, &NoBody).request.apart();
    request.send().await
}

/// A platform of this kind: it tells who the key is of, and its first service shows the rest.
async fn look_at_whole(at: &Connection, found: Found) -> Result<Found, Trouble> {
    let session = ask::<GetSession>(at, &NoParams {}, &NoQuery).await;
    let session = session.map_err(refused)?;
    let who = session.read::<wire::session::Session>().ok();
    let mut looking = Looking {
        at,
        found: Found {
            who: who.map(|who| who.name),
            ..found
        },
    };
    if let Some(scope) = looking.first_place().await {
        looking.services(&scope).await?;
    }
    Ok(looking.found)
}

/// A platform that has at least what one of the documents describes.
async fn look_at_part(
    platform: &Platform,
    dialect: Option<Dialect>,
    found: Found,
) -> Result<Found, Trouble> {
    let fits = |scope: &&Scope| dialect.is_none_or(|dialect| scope.dialect() == dialect);
    let Some(scope) = platform.places.iter().find(fits) else {
        return Err(Trouble::NoPlace);
    };
    let offer = Offer::documented(scope.dialect());
    // What goes beyond the document is asked for as well, in the way of its dialect.
    let at = with_offer(platform, Offer::every(scope.dialect()));
    let mut looking = Looking {
        at: &at,
        found: Found { offer, ..found },
    };
    looking.services(scope).await?;
    Ok(looking.found)
}

fn refused(failure: Failure) -> Trouble {
    match failure {
        Failure::Refused(error) if matches!(error.status, 401 | 403) => Trouble::KeyRefused,
        failure => Trouble::Failed(failure),
    }
}

struct Looking<'a> {
    at: &'a Connection,
    found: Found,
}

impl Looking<'_> {
    /// The first environment that is listed.
    async fn first_place(&mut self) -> Option<Scope> {
        let orgs = self.check::<ListOrgs>(&NoParams {}, &NoQuery).await?;
        let org = orgs.first()?.slug.clone();
        let params = OrgParams { org: org.clone() };
        let projects = self.check::<ListProjects>(&params, &NoQuery).await?;
        let project = projects.first()?.slug.clone();
        let params = ProjectParams {
            org: org.clone(),
            project: project.clone(),
        };
        let environments = self.check::<ListEnvironments>(&params, &NoQuery).await?;
        Some(Scope::Environment {
            environment: environments.first()?.slug.clone(),
            org,
            project,
        })
    }

    /// The services of a place, and everything that is read of the first.
    async fn services(&mut self, scope: &Scope) -> Result<(), Trouble> {
        let answer = ask::<ListServices>(self.at, scope, &NoQuery).await;
        if let Err(failure) = answer {
            return Err(match failure.is_not_found() {
                true => Trouble::NothingThere,
                false => refused(failure),
            });
        }
        let services = self.check::<ListServices>(scope, &NoQuery).await;
        let first = services.as_ref().and_then(|services| services.first());
        if let Some(service) = first {
            self.first_service(scope, service).await;
        }
        Ok(())
    }

    async fn first_service(&mut self, scope: &Scope, service: &Service) {
        let params = ServiceParams {
            scope: scope.clone(),
            service: service.address().to_owned(),
        };
        let level = Level::Service(params.clone());
        let page = PageQuery {
            page: 1,
            per_page: 1,
        };
        let logs = LogQuery {
            limit: LogLimit::new(1).ok(),
            ..LogQuery::default()
        };
        self.check::<GetService>(&params, &NoQuery).await;
        self.check::<GetServiceStatus>(&params, &NoQuery).await;
        self.check::<GetServiceLogs>(&params, &logs).await;
        let metrics = MetricsQuery::default();
        self.check::<GetServiceMetrics>(&params, &metrics).await;
        let requests = AccessQuery {
            limit: LogLimit::new(1).ok(),
            ..AccessQuery::default()
        };
        self.check::<GetServiceAccessLogs>(&params, &requests).await;
        if scope.dialect() == Dialect::Environment {
            self.check::<ListConfig>(&level, &NoQuery).await;
            self.check::<ResolveConfig>(&level, &NoQuery).await;
            self.check::<ListConfigHistory>(&level, &NoQuery).await;
        }
        self.check::<ListImages>(&params, &page).await;
        self.check::<ListReleases>(&params, &NoQuery).await;
        self.check::<ListDeployments>(&params, &NoQuery).await;
        let preview = PreviewQuery::default();
        self.check::<PreviewDeploy>(&params, &preview).await;
        let events = EventsQuery::default();
        self.check::<ListServiceEvents>(&params, &events).await;
        if scope.dialect() == Dialect::Environment {
            let environment = scope.environment();
            self.check::<GetEnvironmentOverview>(&environment, &NoQuery)
                .await;
        }
    }

    /// Asks for one operation, and keeps what came of it.
    async fn check<E>(&mut self, params: &E::Params, query: &E::Query) -> Option<E::Reply>
    where
        E: Endpoint<Body = NoBody>,
        E::Params: Params,
    {
        let answer = ask::<E>(self.at, params, query).await;
        let read = answer.and_then(|answer| answer.read::<E::Reply>());
        let (outcome, reply) = match read {
            Ok(reply) => (Outcome::Answers, Some(reply)),
            Err(failure) => (outcome(&failure), None),
        };
        match outcome {
            Outcome::Answers => self.found.offer.learn(E::NAME, true),
            Outcome::Absent => self.found.offer.learn(E::NAME, false),
            Outcome::Refused | Outcome::Fails(_) => {}
        }
        self.found.checks.push(Check {
            name: E::NAME,
            outcome,
        });
        reply
    }
}

/// What a failure says about an operation.
fn outcome(failure: &Failure) -> Outcome {
    match failure {
        Failure::Refused(error) => match error.status {
            404 | 405 | 501 => Outcome::Absent,
            401 | 403 => Outcome::Refused,
            _ => Outcome::Fails(failure.words()),
        },
        failure => Outcome::Fails(failure.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::envelope::decode_error;

    #[test]
    fn what_is_not_there_is_told_apart_from_what_fails() {
        let of = |status| {
            let error = decode_error(status, br#"{"message":"No."}"#);
            outcome(&Failure::Refused(Box::new(error)))
        };
        for status in [404, 405, 501] {
            assert_eq!(of(status), Outcome::Absent);
        }
        assert_eq!(of(403), Outcome::Refused);
        assert_eq!(of(500), Outcome::Fails("No.".into()));
        assert!(matches!(
            outcome(&Failure::Timeout(30)),
            Outcome::Fails(words) if words.contains("30 seconds")
        ));
    }

    #[test]
    fn every_trouble_says_what_to_do() {
        let origin = "https://console.example";
        assert!(
            Trouble::Closed
                .words(origin)
                .contains("--allow-origin https://console.example")
        );
        assert!(
            Trouble::NoPlace
                .words(origin)
                .contains("org/project/environment")
        );
        assert!(
            Trouble::Failed(Failure::Unreachable)
                .words(origin)
                .contains("address")
        );
    }
}
