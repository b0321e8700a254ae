//! Removes images, logs and events that nobody needs any more: never what a kept release holds.

use crate::domain::{Platform, Result};

/// Prunes every service that has more than is kept.
pub(super) async fn everything(platform: &Platform) {
    let keep = platform.build_settings.keep_images;
    match platform.store.crowded_services(keep).await {
        Ok(ids) => {
            for id in ids {
                service(platform, &id).await;
            }
        }
        Err(error) => tracing::warn!(%error, "what is old can't be removed"),
    }
    if let Err(error) = platform.store.forget_old_events(chrono::Utc::now()).await {
        tracing::warn!(%error, "old events can't be removed");
    }
    if let Err(error) = platform.store.forget_unused_secrets().await {
        tracing::warn!(%error, "secrets that nothing holds can't be removed");
    }
}

/// Prunes one service.
pub(super) async fn service(platform: &Platform, service_id: &str) {
    if let Err(error) = try_service(platform, service_id).await {
        tracing::warn!(service = %service_id, %error, "what is old of a service can't be removed");
    }
}

async fn try_service(platform: &Platform, service_id: &str) -> Result<()> {
    let keep = platform.build_settings.keep_images;
    for deployment in platform.store.forget_old_deployments(service_id).await? {
        platform.journals.remove(&deployment);
    }
    for image in platform.store.unneeded_images(service_id, keep).await? {
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
