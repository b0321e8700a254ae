//! Deploys, releases and deployments, under both scopes.

use pilothouse_wire::endpoints::{
    CancelDeployment, DeployService, GetDeployment, GetDeploymentLog, GetRelease, GetReleaseLog,
    ListDeployments, ListReleases, PreviewDeploy,
};
use pilothouse_wire::session::Done;

use super::answer::Answer;
use super::call::Call;

/// `POST S/{service}/deploy`
pub(super) async fn deploy(call: Call<DeployService>) -> Answer<DeployService> {
    let platform = call.platform();
    let deployed = platform.deploy_service(&call.params, call.body.clone(), call.by());
    Ok(deployed.await?.into())
}

/// `GET S/{service}/deploy/preview`
pub(super) async fn preview(call: Call<PreviewDeploy>) -> Answer<PreviewDeploy> {
    let preview = call.platform().preview_deploy(&call.params, call.query);
    Ok(preview.await?.into())
}

/// `GET S/{service}/releases`
pub(super) async fn releases(call: Call<ListReleases>) -> Answer<ListReleases> {
    Ok(call.platform().list_releases(&call.params).await?.into())
}

/// `GET S/{service}/releases/{version}`
pub(super) async fn release(call: Call<GetRelease>) -> Answer<GetRelease> {
    Ok(call.platform().get_release(&call.params).await?.into())
}

/// `GET S/{service}/releases/{version}/log`
pub(super) async fn release_log(call: Call<GetReleaseLog>) -> Answer<GetReleaseLog> {
    let log = call.platform().release_log(&call.params, call.query);
    Ok(log.await?.into())
}

/// `GET S/{service}/deployments`
pub(super) async fn deployments(call: Call<ListDeployments>) -> Answer<ListDeployments> {
    Ok(call.platform().list_deployments(&call.params).await?.into())
}

/// `GET S/{service}/deployments/{deployment}`
pub(super) async fn deployment(call: Call<GetDeployment>) -> Answer<GetDeployment> {
    Ok(call.platform().get_deployment(&call.params).await?.into())
}

/// `GET S/{service}/deployments/{deployment}/log`
pub(super) async fn deployment_log(call: Call<GetDeploymentLog>) -> Answer<GetDeploymentLog> {
    let log = call.platform().deployment_log(&call.params, call.query);
    Ok(log.await?.into())
}

/// `POST S/{service}/deployments/{deployment}/cancel`
pub(super) async fn cancel_deployment(call: Call<CancelDeployment>) -> Answer<CancelDeployment> {
    let cancelled = call.platform().cancel_deployment(&call.params, call.by());
    cancelled.await?;
    Ok(Done::OK.into())
}
