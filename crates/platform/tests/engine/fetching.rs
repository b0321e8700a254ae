//! Images that come from a registry, and those that do not.

use bollard::Docker;
use bollard::query_parameters::RemoveImageOptions;
use bytes::Bytes;
use pilothouse::engine::{EngineError, FetchProgress};
use uuid::Uuid;

use crate::bench::{context, eventually, on_bench};
use crate::registry::Registry;

/// So large that the engine has something to tell on the way.
const SIZE: usize = 16_000_000;

/// A layer that no engine has yet.
fn layer() -> Bytes {
    context(&[(&Uuid::new_v4().to_string(), &vec![7; SIZE])])
}

#[tokio::test]
async fn an_image_arrives_and_how_far_it_is_is_known() {
    on_bench(|bench| async move {
        let registry = Registry::of_layer(layer()).await;
        let image = format!("{}/team/shop:1", registry.host);
        let progress = FetchProgress::default();
        assert!(!bench.engine.has_image(&image).await.unwrap());
        let watch = async {
            let how_far = eventually("some of it is here", || async { progress.words() }).await;
            registry.hurry();
            how_far
        };
        let (fetched, how_far) = tokio::join!(bench.engine.fetch_image(&image, &progress), watch);
        fetched.unwrap();
        assert!(how_far.ends_with(" of 17 MB"), "{how_far}");
        assert!(bench.engine.has_image(&image).await.unwrap());
        let docker = Docker::connect_with_defaults().unwrap();
        docker
            .remove_image(&image, None::<RemoveImageOptions>, None)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_image_that_the_registry_does_not_have_is_not_found() {
    on_bench(|bench| async move {
        let registry = Registry::of_layer(layer()).await;
        for image in ["team/shop:2", "team/none:1"] {
            let image = format!("{}/{image}", registry.host);
            let progress = FetchProgress::default();
            let error = bench.engine.fetch_image(&image, &progress).await;
            let error = error.unwrap_err();
            assert!(
                matches!(&error, EngineError::ImageNotFound { reference, .. } if *reference == image),
                "{error}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_image_that_is_not_handed_out_is_denied() {
    on_bench(|bench| async move {
        let registry = Registry::of_layer(layer()).await;
        let image = format!("{}/team/secret:1", registry.host);
        let progress = FetchProgress::default();
        let error = bench.engine.fetch_image(&image, &progress).await;
        let error = error.unwrap_err();
        assert!(matches!(error, EngineError::ImageDenied { .. }), "{error}");
    })
    .await;
}
