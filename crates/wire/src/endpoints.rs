//! Every endpoint, once.

use crate::deploy::{DeployRequest, Deployed, Scale};
use crate::endpoint::{Access, BodyRule, Endpoint, EndpointInfo, Method, NoBody, NoQuery};
use crate::environment::{Environment, EnvironmentCreate, EnvironmentPatch};
use crate::logs::{LogQuery, Logs};
use crate::meta::Meta;
use crate::org::{Named, Org, Rename};
use crate::path::{
    EnvironmentParams, NoParams, OrgParams, ProjectParams, Scope, ServiceParams, WorkspaceParams,
};
use crate::project::Project;
use crate::service::{Service, ServiceCreate, ServicePatch};
use crate::session::{Done, Session, SignIn};
use crate::status::ServiceStatus;

/// Every endpoint of the API, in the order of the documentation.
pub const ALL: &[EndpointInfo] = &[
    EndpointInfo::of::<GetMeta>(),
    EndpointInfo::of::<GetSession>(),
    EndpointInfo::of::<SignInSession>(),
    EndpointInfo::of::<SignOutSession>(),
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
    EndpointInfo::of::<DeployService>(),
];

/// What the platform is and can do.
pub struct GetMeta;

impl Endpoint for GetMeta {
    const NAME: &'static str = "meta.get";
    const SUMMARY: &'static str = "What the platform is and can do.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/meta";
    const ACCESS: Access = Access::Public;

    type Params = NoParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Meta;
}

/// Who is signed in.
pub struct GetSession;

impl Endpoint for GetSession {
    const NAME: &'static str = "session.get";
    const SUMMARY: &'static str = "Who is signed in.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/auth/session";

    type Params = NoParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Session;
}

/// Signs a browser in with a key or a one-time token, and sets the session cookie.
pub struct SignInSession;

impl Endpoint for SignInSession {
    const NAME: &'static str = "session.create";
    const SUMMARY: &'static str =
        "Signs a browser in with a key or a one-time token, and sets the session cookie.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/auth/session";
    const SUCCESS: u16 = 201;
    const BODY: BodyRule = BodyRule::Required;
    const ACCESS: Access = Access::Public;

    type Params = NoParams;
    type Query = NoQuery;
    type Body = SignIn;
    type Reply = Session;
}

/// Signs the browser out.
pub struct SignOutSession;

impl Endpoint for SignOutSession {
    const NAME: &'static str = "session.delete";
    const SUMMARY: &'static str = "Signs the browser out.";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/auth/session";

    type Params = NoParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Done;
}

/// Every org.
pub struct ListOrgs;

impl Endpoint for ListOrgs {
    const NAME: &'static str = "org.list";
    const SUMMARY: &'static str = "Every org.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/orgs/";

    type Params = NoParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Vec<Org>;
}

/// Creates an org.
pub struct CreateOrg;

impl Endpoint for CreateOrg {
    const NAME: &'static str = "org.create";
    const SUMMARY: &'static str = "Creates an org.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/orgs/";
    const SUCCESS: u16 = 201;
    const BODY: BodyRule = BodyRule::Required;

    type Params = NoParams;
    type Query = NoQuery;
    type Body = Named;
    type Reply = Org;
}

/// One org.
pub struct GetOrg;

impl Endpoint for GetOrg {
    const NAME: &'static str = "org.get";
    const SUMMARY: &'static str = "One org.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/orgs/{org}";

    type Params = OrgParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Org;
}

/// Renames an org.
pub struct UpdateOrg;

impl Endpoint for UpdateOrg {
    const NAME: &'static str = "org.update";
    const SUMMARY: &'static str = "Renames an org.";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/orgs/{org}";
    const BODY: BodyRule = BodyRule::Required;

    type Params = OrgParams;
    type Query = NoQuery;
    type Body = Rename;
    type Reply = Org;
}

/// Deletes an org that holds no project.
pub struct DeleteOrg;

impl Endpoint for DeleteOrg {
    const NAME: &'static str = "org.delete";
    const SUMMARY: &'static str = "Deletes an org that holds no project.";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/orgs/{org}";

    type Params = OrgParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Done;
}

/// Every project of an org.
pub struct ListProjects;

impl Endpoint for ListProjects {
    const NAME: &'static str = "project.list";
    const SUMMARY: &'static str = "Every project of an org.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/orgs/{org}/projects/";

    type Params = OrgParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Vec<Project>;
}

/// Creates a project with its environment `production`.
pub struct CreateProject;

impl Endpoint for CreateProject {
    const NAME: &'static str = "project.create";
    const SUMMARY: &'static str = "Creates a project with its environment `production`.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/orgs/{org}/projects/";
    const SUCCESS: u16 = 201;
    const BODY: BodyRule = BodyRule::Required;

    type Params = OrgParams;
    type Query = NoQuery;
    type Body = Named;
    type Reply = Project;
}

/// One project.
pub struct GetProject;

impl Endpoint for GetProject {
    const NAME: &'static str = "project.get";
    const SUMMARY: &'static str = "One project.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/orgs/{org}/projects/{project}";

    type Params = ProjectParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Project;
}

/// Renames a project.
pub struct UpdateProject;

impl Endpoint for UpdateProject {
    const NAME: &'static str = "project.update";
    const SUMMARY: &'static str = "Renames a project.";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/orgs/{org}/projects/{project}";
    const BODY: BodyRule = BodyRule::Required;

    type Params = ProjectParams;
    type Query = NoQuery;
    type Body = Rename;
    type Reply = Project;
}

/// Deletes a project that holds no service.
pub struct DeleteProject;

impl Endpoint for DeleteProject {
    const NAME: &'static str = "project.delete";
    const SUMMARY: &'static str = "Deletes a project that holds no service.";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/orgs/{org}/projects/{project}";

    type Params = ProjectParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Done;
}

/// Every environment of a project.
pub struct ListEnvironments;

impl Endpoint for ListEnvironments {
    const NAME: &'static str = "environment.list";
    const SUMMARY: &'static str = "Every environment of a project.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/orgs/{org}/projects/{project}/envs/";

    type Params = ProjectParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Vec<Environment>;
}

/// Creates an environment.
pub struct CreateEnvironment;

impl Endpoint for CreateEnvironment {
    const NAME: &'static str = "environment.create";
    const SUMMARY: &'static str = "Creates an environment.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/orgs/{org}/projects/{project}/envs/";
    const SUCCESS: u16 = 201;
    const BODY: BodyRule = BodyRule::Required;

    type Params = ProjectParams;
    type Query = NoQuery;
    type Body = EnvironmentCreate;
    type Reply = Environment;
}

/// One environment.
pub struct GetEnvironment;

impl Endpoint for GetEnvironment {
    const NAME: &'static str = "environment.get";
    const SUMMARY: &'static str = "One environment.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/orgs/{org}/projects/{project}/envs/{env}";

    type Params = EnvironmentParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Environment;
}

/// Changes an environment.
pub struct UpdateEnvironment;

impl Endpoint for UpdateEnvironment {
    const NAME: &'static str = "environment.update";
    const SUMMARY: &'static str = "Changes an environment.";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/orgs/{org}/projects/{project}/envs/{env}";
    const BODY: BodyRule = BodyRule::Required;

    type Params = EnvironmentParams;
    type Query = NoQuery;
    type Body = EnvironmentPatch;
    type Reply = Environment;
}

/// Deletes an environment that holds no service.
pub struct DeleteEnvironment;

impl Endpoint for DeleteEnvironment {
    const NAME: &'static str = "environment.delete";
    const SUMMARY: &'static str = "Deletes an environment that holds no service.";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/orgs/{org}/projects/{project}/envs/{env}";

    type Params = EnvironmentParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Done;
}

/// Every workspace.
pub struct ListWorkspaces;

impl Endpoint for ListWorkspaces {
    const NAME: &'static str = "workspace.list";
    const SUMMARY: &'static str = "Every workspace.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/workspaces/";

    type Params = NoParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Vec<Org>;
}

/// Creates a workspace.
pub struct CreateWorkspace;

impl Endpoint for CreateWorkspace {
    const NAME: &'static str = "workspace.create";
    const SUMMARY: &'static str = "Creates a workspace.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/workspaces/";
    const SUCCESS: u16 = 201;
    const BODY: BodyRule = BodyRule::Required;

    type Params = NoParams;
    type Query = NoQuery;
    type Body = Named;
    type Reply = Org;
}

/// Every project of a workspace.
pub struct ListWorkspaceProjects;

impl Endpoint for ListWorkspaceProjects {
    const NAME: &'static str = "workspace.project.list";
    const SUMMARY: &'static str = "Every project of a workspace.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/workspaces/{workspace_id}/projects/";

    type Params = WorkspaceParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Vec<Project>;
}

/// Creates a project with its environment `production`.
pub struct CreateWorkspaceProject;

impl Endpoint for CreateWorkspaceProject {
    const NAME: &'static str = "workspace.project.create";
    const SUMMARY: &'static str = "Creates a project with its environment `production`.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/workspaces/{workspace_id}/projects/";
    const SUCCESS: u16 = 201;
    const BODY: BodyRule = BodyRule::Required;

    type Params = WorkspaceParams;
    type Query = NoQuery;
    type Body = Named;
    type Reply = Project;
}

/// Every service, by name.
pub struct ListServices;

impl Endpoint for ListServices {
    const NAME: &'static str = "service.list";
    const SUMMARY: &'static str = "Every service, by name.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "S/";

    type Params = Scope;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Vec<Service>;
}

/// Creates a service. W starts it at once, E waits for a deploy.
pub struct CreateService;

impl Endpoint for CreateService {
    const NAME: &'static str = "service.create";
    const SUMMARY: &'static str = "Creates a service. W starts it at once, E waits for a deploy.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "S/";
    const SUCCESS: u16 = 201;
    const BODY: BodyRule = BodyRule::Required;

    type Params = Scope;
    type Query = NoQuery;
    type Body = ServiceCreate;
    type Reply = Service;
}

/// One service's description.
pub struct GetService;

impl Endpoint for GetService {
    const NAME: &'static str = "service.get";
    const SUMMARY: &'static str = "One service's description.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "S/{service}";

    type Params = ServiceParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Service;
}

/// Changes a service; what is left out stays. W applies it at once, E waits for a deploy.
pub struct UpdateService;

impl Endpoint for UpdateService {
    const NAME: &'static str = "service.update";
    const SUMMARY: &'static str =
        "Changes a service; what is left out stays. W applies it at once, E waits for a deploy.";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "S/{service}";
    const BODY: BodyRule = BodyRule::Required;

    type Params = ServiceParams;
    type Query = NoQuery;
    type Body = ServicePatch;
    type Reply = Service;
}

/// The same as the update.
pub struct PutService;

impl Endpoint for PutService {
    const NAME: &'static str = "service.put";
    const SUMMARY: &'static str = "The same as the update.";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "S/{service}";
    const BODY: BodyRule = BodyRule::Required;

    type Params = ServiceParams;
    type Query = NoQuery;
    type Body = ServicePatch;
    type Reply = Service;
}

/// Removes a service with its instances, routes and volumes. Irreversible.
pub struct DeleteService;

impl Endpoint for DeleteService {
    const NAME: &'static str = "service.delete";
    const SUMMARY: &'static str =
        "Removes a service with its instances, routes and volumes. Irreversible.";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "S/{service}";

    type Params = ServiceParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Done;
}

/// Live instance counts and whether the service is available.
pub struct GetServiceStatus;

impl Endpoint for GetServiceStatus {
    const NAME: &'static str = "service.status";
    const SUMMARY: &'static str = "Live instance counts and whether the service is available.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "S/{service}/status";

    type Params = ServiceParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = ServiceStatus;
}

/// Changes how many instances run. 0 pauses without deleting.
pub struct ScaleService;

impl Endpoint for ScaleService {
    const NAME: &'static str = "service.scale";
    const SUMMARY: &'static str = "Changes how many instances run. 0 pauses without deleting.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "S/{service}/scale";
    const SUCCESS: u16 = 202;
    const BODY: BodyRule = BodyRule::Required;

    type Params = ServiceParams;
    type Query = NoQuery;
    type Body = Scale;
    type Reply = Done;
}

/// Replaces every instance, one at a time, without interrupting traffic.
pub struct RestartService;

impl Endpoint for RestartService {
    const NAME: &'static str = "service.restart";
    const SUMMARY: &'static str =
        "Replaces every instance, one at a time, without interrupting traffic.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "S/{service}/restart";
    const SUCCESS: u16 = 202;

    type Params = ServiceParams;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Done;
}

/// Lines of every instance within a window, oldest first.
pub struct GetServiceLogs;

impl Endpoint for GetServiceLogs {
    const NAME: &'static str = "service.logs";
    const SUMMARY: &'static str = "Lines of every instance within a window, oldest first.";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "S/{service}/logs";

    type Params = ServiceParams;
    type Query = LogQuery;
    type Body = NoBody;
    type Reply = Logs;
}

/// Makes a release of the description and rolls it out.
pub struct DeployService;

impl Endpoint for DeployService {
    const NAME: &'static str = "service.deploy";
    const SUMMARY: &'static str = "Makes a release of the description and rolls it out.";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "S/{service}/deploy";
    const SUCCESS: u16 = 202;
    const BODY: BodyRule = BodyRule::Optional;

    type Params = ServiceParams;
    type Query = NoQuery;
    type Body = DeployRequest;
    type Reply = Deployed;
}
