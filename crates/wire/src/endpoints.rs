//! Every endpoint, once, by what it is about.

mod access;
mod config;
mod delivery;
mod events;
mod nodes;
mod overview;
mod places;
mod platform;
mod services;

use crate::endpoint::EndpointInfo;

pub use access::*;
pub use config::*;
pub use delivery::*;
pub use events::*;
pub use nodes::*;
pub use overview::*;
pub use places::*;
pub use platform::*;
pub use services::*;

/// Declares an endpoint: what documents it, its name, method, path with the type of its variable
/// parts, and its reply; then what differs from a call without query and body that answers 200; who
/// may call it; which field names the environment that it acts in, where the path does not; and the
/// dialects whose source document describes it.
macro_rules! endpoint {
    (
        #[doc = $summary:literal]
        pub struct $name:ident = $operation:literal;
        $method:ident $path:literal ($params:ty) -> $reply:ty;
        $(query: $query:ty,)?
        $(body: $rule:ident $body:ty,)?
        $(success: $success:literal,)?
        access: $access:ident,
        $(changes: $changes:literal,)?
        $(in: $part:ident.$field:ident,)?
        $(seeds: [$($seed:ident),+],)?
    ) => {
        #[doc = $summary]
        pub struct $name;

        impl $crate::endpoint::Endpoint for $name {
            const NAME: &'static str = $operation;
            const SUMMARY: &'static str = $summary.trim_ascii();
            const METHOD: $crate::endpoint::Method = $crate::endpoint::Method::$method;
            const PATH: &'static str = $path;
            $(const SUCCESS: u16 = $success;)?
            $(const BODY: $crate::endpoint::BodyRule = $crate::endpoint::BodyRule::$rule;)?
            const ACCESS: $crate::endpoint::Access = $crate::endpoint::Access::$access;
            $(const CHANGES: bool = $changes;)?
            $(const SEEDS: &'static [$crate::envelope::Dialect] = &[$($crate::envelope::Dialect::$seed),+];)?

            type Params = $params;
            type Query = endpoint!(@or $crate::endpoint::NoQuery $(, $query)?);
            type Body = endpoint!(@or $crate::endpoint::NoBody $(, $body)?);
            type Reply = $reply;

            $(endpoint!(@in $part $field);)?
        }
    };
    (@in query $field:ident) => {
        const NAMES_ENVIRONMENT: bool = true;

        fn environment<'a>(query: &'a Self::Query, _body: &'a Self::Body) -> Option<&'a str> {
            Some(&query.$field)
        }
    };
    (@in body $field:ident) => {
        const NAMES_ENVIRONMENT: bool = true;

        fn environment<'a>(_query: &'a Self::Query, body: &'a Self::Body) -> Option<&'a str> {
            Some(&body.$field)
        }
    };
    (@or $default:ty) => { $default };
    (@or $default:ty, $given:ty) => { $given };
}
use endpoint;

/// Every endpoint of the API, in the order of the documentation.
pub const ALL: &[EndpointInfo] = &[
    EndpointInfo::of::<GetMeta>(),
    EndpointInfo::of::<GetSession>(),
    EndpointInfo::of::<SignInSession>(),
    EndpointInfo::of::<SignOutSession>(),
    EndpointInfo::of::<SignOutEverywhere>(),
    EndpointInfo::of::<ListNodes>(),
    EndpointInfo::of::<GetNode>(),
    EndpointInfo::of::<UpdateNode>(),
    EndpointInfo::of::<ListOrgs>(),
    EndpointInfo::of::<CreateOrg>(),
    EndpointInfo::of::<GetOrg>(),
    EndpointInfo::of::<UpdateOrg>(),
    EndpointInfo::of::<DeleteOrg>(),
    EndpointInfo::of::<ListProjects>(),
    EndpointInfo::of::<CreateProject>(),
    EndpointInfo::of::<GetProject>(),
    EndpointInfo::of::<UpdateProject>(),
    EndpointInfo::of::<DeleteProject>(),
    EndpointInfo::of::<ListEnvironments>(),
    EndpointInfo::of::<CreateEnvironment>(),
    EndpointInfo::of::<GetEnvironment>(),
    EndpointInfo::of::<UpdateEnvironment>(),
    EndpointInfo::of::<DeleteEnvironment>(),
    EndpointInfo::of::<GetOrgOverview>(),
    EndpointInfo::of::<GetProjectOverview>(),
    EndpointInfo::of::<GetEnvironmentOverview>(),
    EndpointInfo::of::<ListPeople>(),
    EndpointInfo::of::<GetPerson>(),
    EndpointInfo::of::<UpdatePerson>(),
    EndpointInfo::of::<RemovePerson>(),
    EndpointInfo::of::<CreateSignInLink>(),
    EndpointInfo::of::<ListInvitations>(),
    EndpointInfo::of::<CreateInvitation>(),
    EndpointInfo::of::<DeleteInvitation>(),
    EndpointInfo::of::<ListKeys>(),
    EndpointInfo::of::<CreateKey>(),
    EndpointInfo::of::<RevokeKey>(),
    EndpointInfo::of::<GetOrgAudit>(),
    EndpointInfo::of::<GetAudit>(),
    EndpointInfo::of::<ListWorkspaces>(),
    EndpointInfo::of::<CreateWorkspace>(),
    EndpointInfo::of::<ListWorkspaceProjects>(),
    EndpointInfo::of::<CreateWorkspaceProject>(),
    EndpointInfo::of::<ListServices>(),
    EndpointInfo::of::<CreateService>(),
    EndpointInfo::of::<GetService>(),
    EndpointInfo::of::<UpdateService>(),
    EndpointInfo::of::<PutService>(),
    EndpointInfo::of::<DeleteService>(),
    EndpointInfo::of::<GetServiceStatus>(),
    EndpointInfo::of::<ScaleService>(),
    EndpointInfo::of::<RestartService>(),
    EndpointInfo::of::<GetServiceLogs>(),
    EndpointInfo::of::<GetServiceMetrics>(),
    EndpointInfo::of::<GetServiceAccessLogs>(),
    EndpointInfo::of::<DeployService>(),
    EndpointInfo::of::<PreviewDeploy>(),
    EndpointInfo::of::<ListReleases>(),
    EndpointInfo::of::<GetRelease>(),
    EndpointInfo::of::<GetReleaseLog>(),
    EndpointInfo::of::<GetReleaseVerdict>(),
    EndpointInfo::of::<ListDeployments>(),
    EndpointInfo::of::<GetDeployment>(),
    EndpointInfo::of::<GetDeploymentLog>(),
    EndpointInfo::of::<ApproveDeployment>(),
    EndpointInfo::of::<CancelDeployment>(),
    EndpointInfo::of::<ListImages>(),
    EndpointInfo::of::<GetImage>(),
    EndpointInfo::of::<GetImageLog>(),
    EndpointInfo::of::<BuildImage>(),
    EndpointInfo::of::<CancelImage>(),
    EndpointInfo::of::<GetPipeline>(),
    EndpointInfo::of::<RunPipeline>(),
    EndpointInfo::of::<RollBack>(),
    EndpointInfo::of::<PreviewPromotion>(),
    EndpointInfo::of::<Promote>(),
    EndpointInfo::of::<ListConfig>(),
    EndpointInfo::of::<ResolveConfig>(),
    EndpointInfo::of::<SetConfig>(),
    EndpointInfo::of::<DeleteConfig>(),
    EndpointInfo::of::<BulkConfig>(),
    EndpointInfo::of::<PreviewConfig>(),
    EndpointInfo::of::<ListConfigHistory>(),
    EndpointInfo::of::<ListServiceEvents>(),
    EndpointInfo::of::<ListEnvironmentEvents>(),
    EndpointInfo::of::<ListProjectEvents>(),
    EndpointInfo::of::<ListOrgEvents>(),
];
