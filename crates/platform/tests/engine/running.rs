//! Instances from start to removal, their disks and their neighbours.

use std::time::Duration;

use pilothouse::engine::{HealthCheck, InstanceSpec, RunState};

use crate::bench::{connected, eventually, on_bench};

const GRACE: Duration = Duration::from_secs(1);

fn index() -> HealthCheck {
    HealthCheck::Http {
        path: "/index.html".to_owned(),
        host: None,
    }
}

#[tokio::test]
async fn an_instance_lives_from_start_to_removal() {
    on_bench(|bench| async move {
        let engine = &bench.engine;
        let instance = bench.started(&bench.page("hello")).await;
        assert_eq!(instance.state, RunState::Running);
        assert!(instance.endpoint.unwrap().ip().is_loopback());
        for check in [index(), HealthCheck::Port, HealthCheck::Running] {
            let ready = || async { engine.probe(&instance, &check).await.ok() };
            eventually("it is ready", ready).await;
        }

        engine.stop(&instance.id, GRACE).await.unwrap();
        assert!(matches!(
            bench.instances().await[0].state,
            RunState::Exited { .. }
        ));
        assert!(engine.probe(&instance, &index()).await.is_err());
        engine.remove(&instance.id).await.unwrap();
        assert_eq!(bench.instances().await, []);

        // What is done already can be asked for again.
        engine.stop(&instance.id, GRACE).await.unwrap();
        engine.remove(&instance.id).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_health_check_says_what_it_saw() {
    on_bench(|bench| async move {
        let instance = bench.started(&bench.page("hello")).await;
        let missing = HealthCheck::Http {
            path: "/missing".to_owned(),
            host: Some("shop.example".to_owned()),
        };
        let answered = || async {
            let why = bench.engine.probe(&instance, &missing).await.unwrap_err();
            (why == "GET /missing answered 404").then_some(())
        };
        eventually("the check sees the answer", answered).await;
    })
    .await;
}

#[tokio::test]
async fn a_start_that_is_repeated_finds_what_runs() {
    on_bench(|bench| async move {
        let spec = bench.page("hello");
        let first = bench.started(&spec).await;
        let second = bench.started(&spec).await;
        assert_eq!(first, second);
        assert_eq!(bench.instances().await.len(), 1);

        let next = InstanceSpec {
            generation: 1,
            ..spec
        };
        let next = bench.started(&next).await;
        assert_ne!(next.id, first.id);
        assert_eq!((next.generation, bench.instances().await.len()), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn another_installation_sees_nothing_of_it() {
    on_bench(|bench| async move {
        bench.started(&bench.page("hello")).await;
        let other = connected("another-installation").await;
        assert_eq!(other.list(Some(&bench.service_id)).await.unwrap(), []);
        other.remove_volumes(&bench.service_id).await.unwrap();
        assert_eq!(bench.instances().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_volume_outlives_its_instance_and_goes_with_its_service() {
    on_bench(|bench| async move {
        let script = "cat /data/note 2>/dev/null || echo empty; echo kept > /data/note";
        let mut spec = InstanceSpec {
            volumes: vec![("notes".to_owned(), "/data".to_owned())],
            ..bench.spec(script)
        };
        let mut found = Vec::new();
        for generation in 0..3 {
            spec.generation = generation;
            let instance = bench.started(&spec).await;
            bench.end_of(&instance.id).await;
            found.extend(bench.messages(&instance.id).await);
            bench.engine.remove(&instance.id).await.unwrap();
            if generation == 1 {
                bench
                    .engine
                    .remove_volumes(&bench.service_id)
                    .await
                    .unwrap();
            }
        }
        assert_eq!(found, ["empty", "kept", "empty"]);
    })
    .await;
}

#[tokio::test]
async fn the_volumes_of_other_services_stay() {
    on_bench(|bench| async move {
        let script = "cat /data/note 2>/dev/null || echo empty; echo kept > /data/note";
        let mut spec = InstanceSpec {
            volumes: vec![("notes".to_owned(), "/data".to_owned())],
            ..bench.spec(script)
        };
        let mut found = Vec::new();
        for generation in 0..2 {
            spec.generation = generation;
            let instance = bench.started(&spec).await;
            bench.end_of(&instance.id).await;
            found.extend(bench.messages(&instance.id).await);
            bench.engine.remove(&instance.id).await.unwrap();
            bench
                .engine
                .remove_volumes("another-service")
                .await
                .unwrap();
        }
        assert_eq!(found, ["empty", "kept"]);
    })
    .await;
}

#[tokio::test]
async fn each_instance_has_a_volume_of_its_own() {
    on_bench(|bench| async move {
        let script = "cat /data/note 2>/dev/null || echo empty; echo kept > /data/note";
        let mut spec = InstanceSpec {
            volumes: vec![("notes".to_owned(), "/data".to_owned())],
            ..bench.spec(script)
        };
        for ordinal in 0..2 {
            spec.slot.ordinal = ordinal;
            let instance = bench.started(&spec).await;
            bench.end_of(&instance.id).await;
            assert_eq!(bench.messages(&instance.id).await, ["empty"]);
        }
    })
    .await;
}

#[tokio::test]
async fn neighbours_find_a_service_by_its_name() {
    on_bench(|bench| async move {
        bench.started(&bench.page("hello from the shop")).await;
        // A worker of the same service listens nowhere, and must not be found in its place.
        let mut worker = bench.spec("trap 'exit 0' TERM; sleep 60 & wait");
        worker.slot.process = "worker".to_owned();
        bench.started(&worker).await;
        let ask =
            "n=0; until [ $n = 5 ]; do wget -qO- http://shop:8080/index.html && n=$((n+1)); done";
        let mut caller = bench.spec(ask);
        caller.slot.process = "caller".to_owned();
        let caller = bench.started(&caller).await;
        let answers = bench.messages(&caller.id).await;
        let answered = answers
            .iter()
            .filter(|line| *line == "hello from the shop")
            .count();
        let failed = answers
            .iter()
            .filter(|line| line.contains("refused"))
            .count();
        assert_eq!((answered, failed), (5, 0), "{answers:?}");
    })
    .await;
}
