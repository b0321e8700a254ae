//! The simulated engine, through the same trait.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use pilothouse::engine::{
    Engine, EngineError, EngineInstance, FetchProgress, HealthCheck, InstanceSpec, RunState,
    Simulated, Slot,
};
use pilothouse_wire::node::NodeAvailability;

use crate::bench::eventually;

const GRACE: Duration = Duration::from_secs(1);

fn spec(service: u32, image: &str) -> InstanceSpec {
    InstanceSpec {
        slot: Slot {
            service_id: format!("service {service}"),
            process: "web".to_owned(),
            ordinal: 0,
        },
        slug: "shop".to_owned(),
        network: "network".to_owned(),
        release_version: 1,
        generation: 0,
        image: image.to_owned(),
        command: None,
        port: Some(8080),
        env: BTreeMap::new(),
        volumes: Vec::new(),
    }
}

fn health() -> HealthCheck {
    HealthCheck::Http {
        path: "/_health/".to_owned(),
        host: None,
    }
}

async fn only(engine: &Simulated) -> EngineInstance {
    let mut all = engine.list(None).await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test]
async fn an_instance_becomes_ready_writes_and_ends() {
    let engine = Simulated::new(NonZeroU16::MIN);
    for _ in 0..2 {
        engine.start(&spec(0, "shop:1")).await.unwrap();
    }
    let instance = only(&engine).await;
    assert_eq!(
        engine.probe(&instance, &health()).await,
        Err("it is starting".to_owned())
    );
    eventually("it is ready", || async {
        engine.probe(&instance, &health()).await.ok()
    })
    .await;

    let lines = engine.logs(&instance.id, None).await.unwrap();
    let first: Vec<_> = lines.take(2).map(Result::unwrap).collect().await;
    let again = engine
        .logs(&instance.id, Some(first[1].timestamp))
        .await
        .unwrap();
    let (second, stopped) =
        tokio::join!(again.collect::<Vec<_>>(), engine.stop(&instance.id, GRACE));
    stopped.unwrap();
    assert_eq!(second[0].as_ref(), Ok(&first[1]));
    assert!(matches!(
        only(&engine).await.state,
        RunState::Exited { code: 0, .. }
    ));

    engine.remove(&instance.id).await.unwrap();
    assert_eq!(engine.list(None).await.unwrap(), []);
}

#[tokio::test]
async fn images_can_ask_for_trouble() {
    let engine = Simulated::new(NonZeroU16::MIN);
    let progress = FetchProgress::default();
    assert!(!engine.has_image("shop:missing").await.unwrap());
    let missing = engine.fetch_image("shop:missing", &progress).await;
    assert!(matches!(missing, Err(EngineError::ImageNotFound { .. })));
    assert!(engine.has_image("shop:1").await.unwrap());
    engine.fetch_image("shop:1", &progress).await.unwrap();
    assert!(!engine.has_image("shop:slow").await.unwrap());

    engine.start(&spec(1, "shop:crash")).await.unwrap();
    let crashed = eventually("it crashes", || async {
        let instance = only(&engine).await;
        matches!(instance.state, RunState::Exited { code: 1, .. }).then_some(instance)
    })
    .await;
    let lines: Vec<_> = engine
        .logs(&crashed.id, None)
        .await
        .unwrap()
        .collect()
        .await;
    assert!(
        lines
            .last()
            .unwrap()
            .as_ref()
            .unwrap()
            .message
            .starts_with("fatal")
    );
    engine.remove(&crashed.id).await.unwrap();

    engine.start(&spec(2, "shop:unhealthy")).await.unwrap();
    let why = engine.probe(&only(&engine).await, &health()).await;
    assert_eq!(why, Err("GET /_health/ answered 503".to_owned()));
}

#[tokio::test]
async fn ten_thousand_services_cost_little() {
    let engine = Simulated::new(NonZeroU16::MIN);
    for service in 0..10_000 {
        engine.start(&spec(service, "shop:1")).await.unwrap();
    }
    let start = Instant::now();
    for service in 0..10_000 {
        let id = format!("service {service}");
        assert_eq!(engine.list(Some(&id)).await.unwrap().len(), 1);
    }
    // A look at one that took the time of all would take minutes.
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn what_is_on_a_node_that_is_drained_moves() {
    let engine = Simulated::new(NonZeroU16::new(2).unwrap());
    for service in 0..4 {
        engine.start(&spec(service, "shop:1")).await.unwrap();
    }
    let on = |all: &[EngineInstance], node: &str| {
        let on = all.iter().filter(|one| one.node.as_deref() == Some(node));
        on.cloned().collect::<Vec<_>>()
    };
    let before = engine.list(None).await.unwrap();
    assert_eq!(on(&before, "simulated-1").len(), 2);
    let drained = NodeAvailability::Drained;
    engine
        .set_availability("simulated-2", drained)
        .await
        .unwrap();
    let after = engine.list(None).await.unwrap();
    assert!(
        on(&after, "simulated-1")
            .iter()
            .all(|one| one.state == RunState::Running)
    );
    for one in on(&after, "simulated-2") {
        let RunState::Exited { code, reason } = &one.state else {
            panic!("{one:?}");
        };
        assert!(*code < 0 && reason == "its node is drained", "{one:?}");
        engine.remove(&one.id).await.unwrap();
    }
    engine.start(&spec(9, "shop:1")).await.unwrap();
    let all = engine.list(None).await.unwrap();
    assert_eq!(on(&all, "simulated-1").len(), 3);
    assert_eq!(engine.nodes().await.unwrap()[1].availability, drained);
}
