//! Images, releases, deployments, and the pipeline that they make.

use pilothouse_wire::endpoints::{
    ApproveDeployment, BuildImage, CancelDeployment, CancelImage, DeployService, GetDeployment,
    GetDeploymentLog, GetImage, GetImageLog, GetPipeline, GetRelease, GetReleaseLog,
    GetReleaseVerdict, ListDeployments, ListImages, ListReleases, PreviewDeploy, PreviewPromotion,
    Promote, RollBack, RunPipeline,
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

/// `GET S/{service}/releases/{version}/verdict`
pub(super) async fn verdict(call: Call<GetReleaseVerdict>) -> Answer<GetReleaseVerdict> {
    Ok(call.platform().release_verdict(&call.params).await?.into())
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

/// `GET S/{service}/images`
pub(super) async fn images(call: Call<ListImages>) -> Answer<ListImages> {
    let images = call.platform().list_images(&call.params, call.query);
    Ok(images.await?.into())
}

/// `GET S/{service}/images/{version}`
pub(super) async fn image(call: Call<GetImage>) -> Answer<GetImage> {
    Ok(call.platform().get_image(&call.params).await?.into())
}

/// `GET S/{service}/images/{version}/log`
pub(super) async fn image_log(call: Call<GetImageLog>) -> Answer<GetImageLog> {
    let log = call.platform().image_log(&call.params, call.query);
    Ok(log.await?.into())
}

/// `POST S/{service}/images/build`
pub(super) async fn build(call: Call<BuildImage>) -> Answer<BuildImage> {
    let platform = call.platform();
    let started = platform.build_image(&call.params, call.body.clone(), call.by());
    Ok(started.await?.into())
}

/// `POST S/{service}/images/{version}/cancel`
pub(super) async fn cancel_image(call: Call<CancelImage>) -> Answer<CancelImage> {
    call.platform()
        .cancel_image(&call.params, call.by())
        .await?;
    Ok(Done::OK.into())
}

/// `GET /orgs/{org}/projects/{project}/pipeline/status`
pub(super) async fn pipeline(call: Call<GetPipeline>) -> Answer<GetPipeline> {
    let status = call.platform().pipeline_status(&call.params, &call.query);
    Ok(status.await?.into())
}

/// `POST /orgs/{org}/projects/{project}/pipeline/deploy`
pub(super) async fn run_pipeline(call: Call<RunPipeline>) -> Answer<RunPipeline> {
    let platform = call.platform();
    let started = platform.run_pipeline(&call.params, call.body.clone(), call.by());
    Ok(started.await?.into())
}

/// `POST /orgs/{org}/projects/{project}/pipeline/rollback`
pub(super) async fn roll_back(call: Call<RollBack>) -> Answer<RollBack> {
    let platform = call.platform();
    let deployed = platform.roll_back(&call.params, call.body.clone(), call.by());
    Ok(deployed.await?.into())
}

/// `GET /orgs/{org}/projects/{project}/promote/preview`
pub(super) async fn preview_promotion(call: Call<PreviewPromotion>) -> Answer<PreviewPromotion> {
    let (platform, actor) = (call.platform(), call.caller()?);
    let preview = platform.preview_promotion(&call.params, &call.query, actor);
    Ok(preview.await?.into())
}

/// `POST /orgs/{org}/projects/{project}/promote`
pub(super) async fn promote(call: Call<Promote>) -> Answer<Promote> {
    let platform = call.platform();
    let deployed = platform.promote(&call.params, &call.body, call.caller()?);
    Ok(deployed.await?.into())
}

/// `POST S/{service}/deployments/{deployment}/approve`
pub(super) async fn approve_deployment(call: Call<ApproveDeployment>) -> Answer<ApproveDeployment> {
    let (platform, actor) = (call.platform(), call.caller()?);
    let approved = platform.approve_deployment(&call.params, actor).await?;
    Ok(approved.into())
}
