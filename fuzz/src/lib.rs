//! What the targets share.

/// Calls a macro with every endpoint that takes a body or a query.
#[macro_export]
macro_rules! endpoints {
    ($use:ident) => {
        $use!(
            SignInSession,
            CreateOrg,
            UpdateOrg,
            CreateProject,
            UpdateProject,
            CreateEnvironment,
            UpdateEnvironment,
            UpdatePerson,
            CreateInvitation,
            CreateKey,
            GetOrgAudit,
            GetAudit,
            CreateWorkspace,
            CreateWorkspaceProject,
            CreateService,
            UpdateService,
            PutService,
            ScaleService,
            GetServiceLogs,
            GetServiceMetrics,
            GetServiceAccessLogs,
            DeployService,
            PreviewDeploy,
            GetReleaseLog,
            GetDeploymentLog,
            ListImages,
            GetImageLog,
            BuildImage,
            GetPipeline,
            RunPipeline,
            RollBack,
            PreviewPromotion,
            Promote,
            SetConfig,
            BulkConfig,
            PreviewConfig,
            ListServiceEvents,
            ListEnvironmentEvents,
            ListProjectEvents,
            ListOrgEvents
        )
    };
}

/// The first byte, and the rest as text.
pub fn choice(data: &[u8]) -> Option<(usize, &str)> {
    let (first, rest) = data.split_first()?;
    Some((usize::from(*first), std::str::from_utf8(rest).ok()?))
}
