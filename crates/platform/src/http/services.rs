//! Services, under both scopes.

use pilothouse_wire::endpoints::{
    CreateService, DeleteService, GetService, GetServiceAccessLogs, GetServiceLogs,
    GetServiceMetrics, GetServiceStatus, ListServices, PutService, RestartService, ScaleService,
    UpdateService,
};
use pilothouse_wire::session::Done;

use super::answer::{Answer, Reply};
use super::call::Call;
use super::revision::{expected, tagged};

/// `GET S`
pub(super) async fn list(call: Call<ListServices>) -> Answer<ListServices> {
    let readable = call.reads_values();
    let listing = call.platform().list_services(&call.params, readable);
    Ok(Reply::written(listing.await?))
}

/// `POST S`
pub(super) async fn create(call: Call<CreateService>) -> Answer<CreateService> {
    let (by, platform) = (call.by().to_owned(), &call.context.platform);
    let service = platform
        .create_service(&call.params, call.body, &by)
        .await?;
    Ok(service.into())
}

/// `GET S/{service}`
pub(super) async fn get(call: Call<GetService>) -> Answer<GetService> {
    let service = call.platform().get_service(&call.params).await?;
    Ok(tagged(service))
}

/// `PATCH S/{service}`
pub(super) async fn update(call: Call<UpdateService>) -> Answer<UpdateService> {
    let expected = expected(&call);
    let (by, platform) = (call.by().to_owned(), &call.context.platform);
    let service = platform
        .update_service(&call.params, call.body, expected.as_deref(), &by)
        .await?;
    Ok(tagged(service))
}

/// `PUT S/{service}`, W only: the same as `PATCH`.
pub(super) async fn put(call: Call<PutService>) -> Answer<PutService> {
    let expected = expected(&call);
    let (by, platform) = (call.by().to_owned(), &call.context.platform);
    let service = platform
        .update_service(&call.params, call.body, expected.as_deref(), &by)
        .await?;
    Ok(tagged(service))
}

/// `DELETE S/{service}`
pub(super) async fn delete(call: Call<DeleteService>) -> Answer<DeleteService> {
    let platform = call.platform();
    platform.delete_service(&call.params, call.by()).await?;
    Ok(Done::OK.into())
}

/// `GET S/{service}/status`
pub(super) async fn status(call: Call<GetServiceStatus>) -> Answer<GetServiceStatus> {
    Ok(call.platform().service_status(&call.params).await?.into())
}

/// `POST S/{service}/scale`
pub(super) async fn scale(call: Call<ScaleService>) -> Answer<ScaleService> {
    let platform = &call.context.platform;
    let by = call.by().to_owned();
    platform.scale_service(&call.params, call.body, &by).await?;
    Ok(Done::OK.into())
}

/// `POST S/{service}/restart`
pub(super) async fn restart(call: Call<RestartService>) -> Answer<RestartService> {
    let platform = call.platform();
    platform.restart_service(&call.params, call.by()).await?;
    Ok(Done::OK.into())
}

/// `GET S/{service}/logs`
pub(super) async fn logs(call: Call<GetServiceLogs>) -> Answer<GetServiceLogs> {
    let platform = &call.context.platform;
    let logs = platform.service_logs(&call.params, call.query).await?;
    Ok(Reply::held(logs))
}

/// `GET S/{service}/metrics`
pub(super) async fn metrics(call: Call<GetServiceMetrics>) -> Answer<GetServiceMetrics> {
    let platform = &call.context.platform;
    let metrics = platform.service_metrics(&call.params, &call.query).await?;
    Ok(metrics.into())
}

/// `GET S/{service}/access-logs`
pub(super) async fn access_logs(call: Call<GetServiceAccessLogs>) -> Answer<GetServiceAccessLogs> {
    let platform = &call.context.platform;
    let logs = platform
        .service_access_logs(&call.params, call.query)
        .await?;
    Ok(Reply::held(logs))
}
