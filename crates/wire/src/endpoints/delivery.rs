//! Images, releases, deployments, and the pipeline that they make.

use super::endpoint;
use crate::build::{
    BuildRequest, BuildStarted, Image, ImagePage, PageQuery, WorkLog, WorkLogQuery,
};
use crate::deploy::{DeployRequest, Deployed};
use crate::path::{DeploymentParams, ProjectParams, ServiceParams, VersionParams};
use crate::pipeline::{
    PipelineQuery, PipelineRequest, PipelineStatus, Promotion, PromotionPreview,
};
use crate::release::{DeployPreview, Deployment, PreviewQuery, Release};
use crate::session::Done;
use crate::verdict::Verdict;

endpoint! {
    /// A page of a service's images, the newest first.
    pub struct ListImages = "image.list";
    Get "S/{service}/images" (ServiceParams) -> ImagePage;
    query: PageQuery,
    access: Viewer,
    seeds: [Environment],
}

endpoint! {
    /// One image.
    pub struct GetImage = "image.get";
    Get "S/{service}/images/{version}" (VersionParams) -> Image;
    access: Viewer,
    seeds: [Environment],
}

endpoint! {
    /// The log of a build, whole or in part.
    pub struct GetImageLog = "image.log";
    Get "S/{service}/images/{version}/log" (VersionParams) -> WorkLog;
    query: WorkLogQuery,
    access: Viewer,
    seeds: [Environment],
}

endpoint! {
    /// Asks for a build of the repository, or fetches the image and pins its digest.
    pub struct BuildImage = "image.build";
    Post "S/{service}/images/build" (ServiceParams) -> BuildStarted;
    body: Optional BuildRequest,
    success: 202,
    access: Member,
    seeds: [Environment],
}

endpoint! {
    /// Ends a build that waits or runs.
    pub struct CancelImage = "image.cancel";
    Post "S/{service}/images/{version}/cancel" (VersionParams) -> Done;
    success: 202,
    access: Member,
}

endpoint! {
    /// The 50 newest releases, the newest first.
    pub struct ListReleases = "release.list";
    Get "S/{service}/releases" (ServiceParams) -> Vec<Release>;
    access: Viewer,
    seeds: [Environment],
}

endpoint! {
    /// One release.
    pub struct GetRelease = "release.get";
    Get "S/{service}/releases/{version}" (VersionParams) -> Release;
    access: Viewer,
    seeds: [Environment],
}

endpoint! {
    /// How a release was put together.
    pub struct GetReleaseLog = "release.log";
    Get "S/{service}/releases/{version}/log" (VersionParams) -> WorkLog;
    query: WorkLogQuery,
    access: Viewer,
    seeds: [Environment],
}

endpoint! {
    /// What was measured before and after a release began to serve, and what the difference is worth.
    pub struct GetReleaseVerdict = "release.verdict";
    Get "S/{service}/releases/{version}/verdict" (VersionParams) -> Verdict;
    access: Viewer,
}

endpoint! {
    /// Makes a release of the latest image and the config, and rolls it out; or rolls out an older one again.
    pub struct DeployService = "service.deploy";
    Post "S/{service}/deploy" (ServiceParams) -> Deployed;
    body: Optional DeployRequest,
    success: 202,
    access: Member,
    seeds: [Environment],
}

endpoint! {
    /// What a deploy now would change against what runs.
    pub struct PreviewDeploy = "deploy.preview";
    Get "S/{service}/deploy/preview" (ServiceParams) -> DeployPreview;
    query: PreviewQuery,
    access: Viewer,
}

endpoint! {
    /// The 50 newest deployments, the newest first.
    pub struct ListDeployments = "deployment.list";
    Get "S/{service}/deployments" (ServiceParams) -> Vec<Deployment>;
    access: Viewer,
}

endpoint! {
    /// One deployment.
    pub struct GetDeployment = "deployment.get";
    Get "S/{service}/deployments/{deployment}" (DeploymentParams) -> Deployment;
    access: Viewer,
}

endpoint! {
    /// The steps of a deployment, one a line.
    pub struct GetDeploymentLog = "deployment.log";
    Get "S/{service}/deployments/{deployment}/log" (DeploymentParams) -> WorkLog;
    query: WorkLogQuery,
    access: Viewer,
}

endpoint! {
    /// Approves a deployment to a protected environment, which somebody else asked for.
    pub struct ApproveDeployment = "deployment.approve";
    Post "S/{service}/deployments/{deployment}/approve" (DeploymentParams) -> Deployment;
    success: 202,
    access: Admin,
}

endpoint! {
    /// Ends a deployment that waits or runs. What ran before goes on.
    pub struct CancelDeployment = "deployment.cancel";
    Post "S/{service}/deployments/{deployment}/cancel" (DeploymentParams) -> Done;
    success: 202,
    access: Member,
}

endpoint! {
    /// The newest image, release and deployment of a service.
    pub struct GetPipeline = "pipeline.status";
    Get "/orgs/{org}/projects/{project}/pipeline/status" (ProjectParams) -> PipelineStatus;
    query: PipelineQuery,
    access: Viewer,
    in: query.env,
}

endpoint! {
    /// Builds, releases and deploys in one go.
    pub struct RunPipeline = "pipeline.deploy";
    Post "/orgs/{org}/projects/{project}/pipeline/deploy" (ProjectParams) -> BuildStarted;
    body: Required PipelineRequest,
    success: 202,
    access: Member,
    in: body.env,
}

endpoint! {
    /// Deploys the last release again that was healthy before the one that should run.
    pub struct RollBack = "pipeline.rollback";
    Post "/orgs/{org}/projects/{project}/pipeline/rollback" (ProjectParams) -> Deployed;
    body: Required PipelineRequest,
    success: 202,
    access: Member,
    in: body.env,
}

endpoint! {
    /// What a promotion would carry over.
    pub struct PreviewPromotion = "promotion.preview";
    Get "/orgs/{org}/projects/{project}/promote/preview" (ProjectParams) -> PromotionPreview;
    query: Promotion,
    access: Viewer,
    in: query.target_env,
}

endpoint! {
    /// Carries the image that runs in one environment to the same service of another, and deploys it there with that one's own config.
    pub struct Promote = "promotion.create";
    Post "/orgs/{org}/projects/{project}/promote" (ProjectParams) -> Deployed;
    body: Required Promotion,
    success: 202,
    access: Member,
    in: body.target_env,
}
