//! Removes images, logs and events that nobody needs any more: never what a kept release holds.

use chrono::{DateTime, Utc};

use crate::domain::{Platform, Result};

/// Prunes every service that has more than is kept, and, where the clock is to be believed, what is too
/// old by it.
pub(super) async fn everything(platform: &Platform, now: Option<DateTime<Utc>>) {
    let settings = &platform.build_settings;
    let crowded = platform
        .store
        .crowded_services(settings.keep_releases, settings.keep_images);
    match crowded.await {
        Ok(ids) => {
            for id in ids {
                service(platform, &id).await;
            }
        }
        Err(error) => tracing::warn!(%error, "what is old can't be removed"),
    }
    if let Err(error) = stray_logs(platform).await {
        tracing::warn!(%error, "logs of what is forgotten can't be removed");
    }
    if let Some(now) = now
        && let Err(error) = platform.store.forget_old_events(now).await
    {
        tracing::warn!(%error, "old events can't be removed");
    }
    if let Err(error) = platform.store.forget_unused_secrets().await {
        tracing::warn!(%error, "secrets that nothing holds can't be removed");
    }
}

/// Removes the logs of work that is forgotten: a process that ended in between has left them.
async fn stray_logs(platform: &Platform) -> Result<()> {
    let journals = &platform.journals;
    // What is stored is stored before its log is begun, and so are those that are listed here.
    let ids = journals.ids()?;
    for id in platform.store.unknown_work(&ids).await? {
        journals.remove(&id);
    }
    Ok(())
}

/// Prunes one service.
pub(super) async fn service(platform: &Platform, service_id: &str) {
    if let Err(error) = try_service(platform, service_id).await {
        tracing::warn!(service = %service_id, %error, "what is old of a service can't be removed");
    }
}

async fn try_service(platform: &Platform, service_id: &str) -> Result<()> {
    let (store, settings) = (&platform.store, &platform.build_settings);
    let forgotten = store.forget_old_deployments(service_id, settings.keep_releases);
    for deployment in forgotten.await? {
        platform.journals.remove(&deployment);
    }
    let unneeded = store.unneeded_images(service_id, settings.keep_images);
    for image in unneeded.await? {
        // What can't be removed now is not forgotten either.
        if let Err(error) = platform.remove_image(&image).await {
            tracing::warn!(image = %image.id, %error, "an image can't be removed");
            continue;
        }
        platform.store.forget_image(&image.id).await?;
        platform.journals.remove(&image.id);
    }
    Ok(())
}
