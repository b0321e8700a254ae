//! The shape of an endpoint: everything that both sides must agree on, as one type.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::conceal::Conceal;
use crate::decode::{DecodeFields, Fields};
use crate::envelope::Dialect;
use crate::path::{self, Base, Params};
use crate::session::Role;

/// The path under which the whole API lives.
pub const BASE: &str = "/api/v1";

/// An HTTP method of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or does.
    Post,
    /// Changes what is named.
    Patch,
    /// Here the same as [`Method::Patch`].
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The method's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether a request carries a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyRule {
    /// Never.
    None,
    /// It may be left out, which is the same as `{}`.
    Optional,
    /// Always.
    Required,
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: needs no key.
    Public,
    /// Whoever has a valid key or session.
    SignedIn,
    /// Who has a role at the place that the path names, or anywhere in it: what is told there is
    /// what they may see.
    Inside,
    /// Who may read at the place that is called.
    Viewer,
    /// Who may ship there.
    Member,
    /// Who may do everything there.
    Admin,
}

impl Access {
    /// The least role that opens it; none where no certain one is asked for.
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Public | Self::SignedIn | Self::Inside => None,
            Self::Viewer => Some(Role::Viewer),
            Self::Member => Some(Role::Member),
            Self::Admin => Some(Role::Admin),
        }
    }
}

/// The query part of a URL.
pub trait Query: DecodeFields {
    /// Names and values, in a fixed order, without what is not set.
    fn pairs(&self) -> Vec<(&'static str, String)>;

    /// The names that no source document describes: a platform that has nothing but one is not asked
    /// with them.
    const BEYOND: &'static [&'static str] = &[];

    /// Every name that it knows, each with a sentence for the API's documentation.
    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// No query at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoQuery;

impl DecodeFields for NoQuery {
    fn decode_fields(_fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

impl Query for NoQuery {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// No body at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoBody;

impl DecodeFields for NoBody {
    fn decode_fields(_fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// One operation of the API. Both sides compile against it: the console sends it, the platform
/// mounts it, and the OpenAPI document and the coverage test list it.
pub trait Endpoint: 'static {
    /// `service.list`: unique.
    const NAME: &'static str;
    /// One sentence for the API's documentation.
    const SUMMARY: &'static str;
    /// The method.
    const METHOD: Method;
    /// The path's template below [`BASE`]. One that begins with a capital letter exists below each of
    /// [`Params::BASES`], which the letter stands for: `S` for the services of a scope, `C` for the
    /// config of a level. A trailing slash is optional on the platform.
    const PATH: &'static str;
    /// HTTP status of success.
    const SUCCESS: u16 = 200;
    /// Whether a body is sent.
    const BODY: BodyRule = BodyRule::None;
    /// Who may call it.
    const ACCESS: Access;
    /// Whether it changes something.
    const CHANGES: bool = !matches!(Self::METHOD, Method::Get);
    /// Whether it changes what runs: it is refused while the engine takes no changes.
    const MOVES_INSTANCES: bool = Self::CHANGES && is_of_what_runs(Self::PATH);
    /// Whether the query or the body names the environment that the call acts in, and not the path.
    const NAMES_ENVIRONMENT: bool = false;
    /// The dialects whose source document describes it: a platform that has nothing but what the
    /// document says answers it.
    const SEEDS: &'static [Dialect] = &[];

    /// The path's variable parts.
    type Params: Params;
    /// The query.
    type Query: Query;
    /// The request body.
    type Body: Serialize + DecodeFields;
    /// What is answered, before the dialect wraps it.
    type Reply: Serialize + DeserializeOwned + Conceal;

    /// The environment that the call acts in, where [`Endpoint::NAMES_ENVIRONMENT`].
    fn environment<'a>(_query: &'a Self::Query, _body: &'a Self::Body) -> Option<&'a str> {
        None
    }
}

/// Whether a path is that of services, of nodes or of a pipeline.
const fn is_of_what_runs(path: &str) -> bool {
    const PIPELINE: &[u8] = b"/pipeline/";
    let mut rest = path.as_bytes();
    if matches!(rest, [b'S', ..] | [b'/', b'n', b'o', b'd', b'e', b's', ..]) {
        return true;
    }
    while let [_, after @ ..] = rest {
        if begins_with(rest, PIPELINE) {
            return true;
        }
        rest = after;
    }
    false
}

const fn begins_with(text: &[u8], mut with: &[u8]) -> bool {
    let mut text = text;
    while let [wanted, more @ ..] = with {
        match text {
            [first, rest @ ..] if *first == *wanted => (text, with) = (rest, more),
            _ => return false,
        }
    }
    true
}

/// What is known of an endpoint without its types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointInfo {
    /// [`Endpoint::NAME`].
    pub name: &'static str,
    /// [`Endpoint::SUMMARY`].
    pub summary: &'static str,
    /// [`Endpoint::METHOD`].
    pub method: Method,
    /// [`Endpoint::PATH`].
    pub path: &'static str,
    /// [`Params::BASES`].
    pub bases: &'static [Base],
    /// [`Endpoint::SUCCESS`].
    pub success: u16,
    /// [`Endpoint::BODY`].
    pub body: BodyRule,
    /// [`Endpoint::ACCESS`].
    pub access: Access,
    /// [`Endpoint::NAMES_ENVIRONMENT`].
    pub names_environment: bool,
    /// [`Endpoint::SEEDS`].
    pub seeds: &'static [Dialect],
}

impl EndpointInfo {
    /// What is known of `E`.
    pub const fn of<E: Endpoint>() -> Self {
        Self {
            name: E::NAME,
            summary: E::SUMMARY,
            method: E::METHOD,
            path: E::PATH,
            bases: E::Params::BASES,
            success: E::SUCCESS,
            body: E::BODY,
            access: E::ACCESS,
            names_environment: E::NAMES_ENVIRONMENT,
            seeds: E::SEEDS,
        }
    }

    /// Every full path template, each with the dialect that its replies are written in.
    pub fn templates(&self) -> Vec<(Dialect, String)> {
        match below_base(self.path) {
            Some(rest) => self
                .bases
                .iter()
                .filter(|(dialect, _)| self.method != Method::Put || *dialect == Dialect::Workspace)
                .map(|(dialect, base)| (*dialect, format!("{BASE}{base}{rest}")))
                .collect(),
            None => vec![(fixed_dialect(self.path), format!("{BASE}{}", self.path))],
        }
    }
}

/// What follows the letter that stands for a place, if the path begins with one.
fn below_base(path: &str) -> Option<&str> {
    path.strip_prefix(|first: char| first.is_ascii_uppercase())
}

fn fixed_dialect(path: &str) -> Dialect {
    if path.starts_with("/workspaces") {
        Dialect::Workspace
    } else {
        Dialect::Environment
    }
}

/// The dialect in which a call with these parameters is answered.
pub fn dialect<E: Endpoint>(params: &E::Params) -> Dialect {
    params
        .base()
        .map_or_else(|| fixed_dialect(E::PATH), |(dialect, _)| dialect)
}

/// The path and query of a call, below the platform's origin: `/api/v1/orgs/acme`.
pub fn url<E: Endpoint>(params: &E::Params, query: &E::Query) -> String {
    url_with::<E>(params, &query.pairs())
}

/// The same with nothing in the query but what a source document describes.
pub fn documented_url<E: Endpoint>(params: &E::Params, query: &E::Query) -> String {
    let mut pairs = query.pairs();
    pairs.retain(|(name, _)| !E::Query::BEYOND.contains(name));
    url_with::<E>(params, &pairs)
}

fn url_with<E: Endpoint>(params: &E::Params, pairs: &[(&'static str, String)]) -> String {
    let mut url = String::from(BASE);
    match (below_base(E::PATH), params.base()) {
        (Some(rest), Some((_, base))) => {
            url.push_str(&path::fill(base, params));
            url.push_str(&path::fill(rest, params));
        }
        _ => url.push_str(&path::fill(E::PATH, params)),
    }
    url.push_str(&path::query_string(pairs));
    url
}
