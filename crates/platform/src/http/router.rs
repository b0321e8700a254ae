//! The one table of endpoint → handler, and what stands around it.

use axum::Router;
use axum::body::Bytes;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use pilothouse_wire::endpoint::BASE;
use pilothouse_wire::endpoints as e;

use super::answer::json;
use super::mount::Table;
use super::{
    Context, access, config, cors, delivery, events, fallback, figures, harden, meta, nodes, oidc,
    orgs, overview, push, services, session, trace,
};
use crate::oidc::{CALLBACK, START};
use crate::origin::Origin;

/// The whole HTTP surface of the platform but ingress. Pages of these other origins may call the API.
pub(crate) fn router(context: Context, console: Router, pages: &[Origin]) -> Router {
    let table = table(context.clone());
    let document = Bytes::from(table.document.finish().to_string());
    let api = table
        .router
        .route(
            &format!("{BASE}/openapi.json"),
            get(move || async move { json(200, document) }),
        )
        .method_not_allowed_fallback(fallback::method_not_allowed);
    let webhook = Router::new()
        .route(&format!("{BASE}/webhooks/github"), post(push::take))
        .with_state(context.clone())
        .method_not_allowed_fallback(fallback::method_not_allowed);
    let provider = Router::new()
        .route(&format!("{BASE}{START}"), get(oidc::start))
        .route(&format!("{BASE}{CALLBACK}"), get(oidc::come_back))
        .with_state(context.clone())
        .method_not_allowed_fallback(fallback::method_not_allowed);
    let api = api.merge(webhook).merge(provider);
    // No address of the API is ever answered with the page.
    let api = ["/api", "/api/", "/api/{*rest}"]
        .into_iter()
        .fold(api, |api, path| api.route(path, any(fallback::not_found)));
    let api = match pages {
        [] => api,
        pages => api.layer(cors::cors(pages)),
    };
    let probes = Router::new()
        .route("/healthz", get(meta::healthz))
        .route("/readyz", get(meta::readyz))
        .route("/metrics", get(figures::metrics))
        .with_state(context.clone());
    api.merge(probes)
        .fallback_service(console)
        .layer(from_fn_with_state(context.secure(), harden))
        .layer(from_fn_with_state(context.figures, trace))
}

/// The OpenAPI document of every mounted endpoint.
pub(crate) fn openapi(context: Context) -> serde_json::Value {
    table(context).document.finish()
}

fn table(context: Context) -> Table {
    Table::new(context)
        .mount::<e::GetMeta, _, _>(meta::get)
        .mount::<e::GetSession, _, _>(session::get)
        .mount::<e::SignInSession, _, _>(session::sign_in)
        .mount::<e::SignOutSession, _, _>(session::sign_out)
        .mount::<e::SignOutEverywhere, _, _>(session::sign_out_everywhere)
        .mount::<e::ListNodes, _, _>(nodes::list)
        .mount::<e::GetNode, _, _>(nodes::get)
        .mount::<e::UpdateNode, _, _>(nodes::update)
        .mount::<e::ListOrgs, _, _>(orgs::list)
        .mount::<e::CreateOrg, _, _>(orgs::create)
        .mount::<e::GetOrg, _, _>(orgs::get)
        .mount::<e::UpdateOrg, _, _>(orgs::update)
        .mount::<e::DeleteOrg, _, _>(orgs::delete)
        .mount::<e::ListProjects, _, _>(orgs::list_projects)
        .mount::<e::CreateProject, _, _>(orgs::create_project)
        .mount::<e::GetProject, _, _>(orgs::get_project)
        .mount::<e::UpdateProject, _, _>(orgs::update_project)
        .mount::<e::DeleteProject, _, _>(orgs::delete_project)
        .mount::<e::ListEnvironments, _, _>(orgs::list_environments)
        .mount::<e::CreateEnvironment, _, _>(orgs::create_environment)
        .mount::<e::GetEnvironment, _, _>(orgs::get_environment)
        .mount::<e::UpdateEnvironment, _, _>(orgs::update_environment)
        .mount::<e::DeleteEnvironment, _, _>(orgs::delete_environment)
        .mount::<e::GetOrgOverview, _, _>(overview::org)
        .mount::<e::GetProjectOverview, _, _>(overview::project)
        .mount::<e::GetEnvironmentOverview, _, _>(overview::environment)
        .mount::<e::ListPeople, _, _>(access::people)
        .mount::<e::GetPerson, _, _>(access::person)
        .mount::<e::UpdatePerson, _, _>(access::update_person)
        .mount::<e::RemovePerson, _, _>(access::remove_person)
        .mount::<e::CreateSignInLink, _, _>(access::sign_in_link)
        .mount::<e::ListInvitations, _, _>(access::invitations)
        .mount::<e::CreateInvitation, _, _>(access::invite)
        .mount::<e::DeleteInvitation, _, _>(access::take_back)
        .mount::<e::ListKeys, _, _>(access::keys)
        .mount::<e::CreateKey, _, _>(access::make_key)
        .mount::<e::RevokeKey, _, _>(access::revoke_key)
        .mount::<e::GetOrgAudit, _, _>(access::org_audit)
        .mount::<e::GetAudit, _, _>(access::audit)
        .mount::<e::ListWorkspaces, _, _>(orgs::list_workspaces)
        .mount::<e::CreateWorkspace, _, _>(orgs::create_workspace)
        .mount::<e::ListWorkspaceProjects, _, _>(orgs::list_workspace_projects)
        .mount::<e::CreateWorkspaceProject, _, _>(orgs::create_workspace_project)
        .mount::<e::ListServices, _, _>(services::list)
        .mount::<e::CreateService, _, _>(services::create)
        .mount::<e::GetService, _, _>(services::get)
        .mount::<e::UpdateService, _, _>(services::update)
        .mount::<e::PutService, _, _>(services::put)
        .mount::<e::DeleteService, _, _>(services::delete)
        .mount::<e::GetServiceStatus, _, _>(services::status)
        .mount::<e::ScaleService, _, _>(services::scale)
        .mount::<e::RestartService, _, _>(services::restart)
        .mount::<e::GetServiceLogs, _, _>(services::logs)
        .mount::<e::GetServiceMetrics, _, _>(services::metrics)
        .mount::<e::GetServiceAccessLogs, _, _>(services::access_logs)
        .mount::<e::DeployService, _, _>(delivery::deploy)
        .mount::<e::PreviewDeploy, _, _>(delivery::preview)
        .mount::<e::ListReleases, _, _>(delivery::releases)
        .mount::<e::GetRelease, _, _>(delivery::release)
        .mount::<e::GetReleaseLog, _, _>(delivery::release_log)
        .mount::<e::GetReleaseVerdict, _, _>(delivery::verdict)
        .mount::<e::ListDeployments, _, _>(delivery::deployments)
        .mount::<e::GetDeployment, _, _>(delivery::deployment)
        .mount::<e::GetDeploymentLog, _, _>(delivery::deployment_log)
        .mount::<e::ApproveDeployment, _, _>(delivery::approve_deployment)
        .mount::<e::CancelDeployment, _, _>(delivery::cancel_deployment)
        .mount::<e::ListImages, _, _>(delivery::images)
        .mount::<e::GetImage, _, _>(delivery::image)
        .mount::<e::GetImageLog, _, _>(delivery::image_log)
        .mount::<e::BuildImage, _, _>(delivery::build)
        .mount::<e::CancelImage, _, _>(delivery::cancel_image)
        .mount::<e::GetPipeline, _, _>(delivery::pipeline)
        .mount::<e::RunPipeline, _, _>(delivery::run_pipeline)
        .mount::<e::RollBack, _, _>(delivery::roll_back)
        .mount::<e::PreviewPromotion, _, _>(delivery::preview_promotion)
        .mount::<e::Promote, _, _>(delivery::promote)
        .mount::<e::ListConfig, _, _>(config::list)
        .mount::<e::ResolveConfig, _, _>(config::resolved)
        .mount::<e::SetConfig, _, _>(config::set)
        .mount::<e::DeleteConfig, _, _>(config::delete)
        .mount::<e::BulkConfig, _, _>(config::bulk)
        .mount::<e::PreviewConfig, _, _>(config::preview)
        .mount::<e::ListConfigHistory, _, _>(config::history)
        .mount::<e::ListServiceEvents, _, _>(events::of_service)
        .mount::<e::ListEnvironmentEvents, _, _>(events::of_environment)
        .mount::<e::ListProjectEvents, _, _>(events::of_project)
        .mount::<e::ListOrgEvents, _, _>(events::of_org)
}
