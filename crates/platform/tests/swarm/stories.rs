//! What a Swarm does by itself, seen through the platform.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};

use crate::bad_days::{outage, wait_whole_on};
use crate::bench::{Bench, Service, wait_for};
use crate::commits::commit;
use crate::load::{under_load, under_load_by};

/// The nodes on which instances are.
fn nodes(tasks: &[Value]) -> BTreeSet<String> {
    tasks
        .iter()
        .map(|task| task["NodeID"].to_string())
        .collect()
}

pub(crate) fn instances_run_on_all_nodes_and_answer(bench: &Bench) {
    let service = bench.run("spread", 3, &json!({}));
    assert_eq!(nodes(&bench.cluster.tasks(&service.id)).len(), 3);
    assert_eq!(service.visit(), Ok(200));
    // Their lines come from every node.
    let lines = || bench.get(&service.path("/logs?limit=1000"));
    wait_for("lines of all instances", lines, |logs| {
        let lines = logs["lines"].as_array().unwrap().iter();
        let from: BTreeSet<String> = lines.map(|line| line["instance"].to_string()).collect();
        from.len() == 3
    });
}

pub(crate) fn an_image_reaches_the_nodes_by_its_digest(bench: &Bench) {
    let service = bench.run("pinned", 1, &json!({}));
    let task = &bench.cluster.tasks(&service.id)[0];
    let image = task["Spec"]["ContainerSpec"]["Image"].as_str().unwrap();
    assert!(image.starts_with(&bench.cluster.registry), "{image}");
    assert!(image.contains("@sha256:"), "{image}");
}

pub(crate) fn what_is_built_is_pushed_and_runs(bench: &Bench) {
    let recipe = "FROM scratch\nCOPY sample /sample\nEXPOSE 8080\nENTRYPOINT [\"/sample\"]\n";
    let repository = bench.repository("acme/built");
    commit(&repository, &[("Dockerfile", recipe)]);
    let service = bench.create("built", 3, &json!({"github_repository": "acme/built"}));
    bench.post(&service.path("/images/build"), &json!({}));
    let images = || bench.get(&service.path("/images"))["items"][0].clone();
    let image = wait_for("the build to end", images, |image| {
        !matches!(image["state"].as_str(), Some("queued" | "building"))
    });
    assert_eq!(image["state"], "built", "{image}");
    service.deploy();
    service.wait_ready(3);
    assert_eq!(nodes(&bench.cluster.tasks(&service.id)).len(), 3);
    let task = &bench.cluster.tasks(&service.id)[0];
    let image = task["Spec"]["ContainerSpec"]["Image"].as_str().unwrap();
    assert!(image.contains("@sha256:"), "{image}");
}

pub(crate) fn a_restart_and_a_deploy_lose_no_request(bench: &Bench) {
    let service = bench.run("rolling", 6, &json!({}));
    let before = bench.cluster.tasks(&service.id);
    let ((), visits) = under_load_by(&two_edges(bench, &service), &service, || {
        bench.post(&service.path("/restart"), &json!({}));
        service.wait("the restart to begin", |status| {
            status["state"] != "running"
        });
        service.wait_ready(6);
        let (status, answer) = bench.call("PATCH", &service.path(""), &json!({"env": {"A": "1"}}));
        assert_eq!(status, 200, "{answer}");
        service.deploy();
        assert_eq!(service.wait_ended()["state"], "complete");
        service.wait_ready(6);
    });
    assert!(visits.sent > 1_000, "{}", visits.sent);
    assert!(visits.failed.is_empty(), "{visits:?}");
    let after = bench.cluster.tasks(&service.id);
    assert!(
        after
            .iter()
            .all(|task| !before.iter().any(|old| old["ID"] == task["ID"]))
    );
}

/// How many requests the platform knows of.
pub(crate) fn noted(bench: &Bench, service: &Service<'_>) -> usize {
    let logs = bench.get(&service.path("/access-logs?limit=100000"));
    logs["rows"].as_array().unwrap().len()
}

/// Waits until the edges of these nodes know a service.
pub(crate) fn wait_edges(bench: &Bench, service: &Service<'_>, nodes: &[usize]) -> Vec<String> {
    let edges: Vec<String> = nodes.iter().map(|node| bench.edge(*node)).collect();
    for edge in &edges {
        let visit = || service.visit_by(edge);
        let answer = wait_for("the edge to answer", visit, |answer| *answer == Ok(200));
        assert_eq!(answer, Ok(200));
    }
    edges
}

pub(crate) fn two_edges(bench: &Bench, service: &Service<'_>) -> Vec<String> {
    wait_edges(bench, service, &[1, 2])
}

pub(crate) fn edges_take_visitors_and_tell_of_them(bench: &Bench) {
    let service = bench.run("edged", 3, &json!({}));
    let edges = wait_edges(bench, &service, &[1, 2, 3]);
    let before = wait_for(
        "the first requests to be told",
        || noted(bench, &service),
        |noted| *noted >= edges.len(),
    );
    // They also tell what the instances of their nodes use.
    service.wait("what is used to be known", |status| {
        let mut instances = status["instances"].as_array().unwrap().iter();
        instances.all(|one| one["memory"].as_u64() > Some(0) && one["cpu"].is_number())
    });
    let ((), visits) = under_load_by(&edges[..2], &service, || {
        bench.post(&service.path("/restart"), &json!({}));
        service.wait("the restart to begin", |status| {
            status["state"] != "running"
        });
        service.wait_ready(3);
    });
    assert!(visits.failed.is_empty(), "{visits:?}");
    wait_for(
        "every request to be told once",
        || noted(bench, &service),
        |noted| *noted == before + visits.sent,
    );
}

pub(crate) fn who_has_no_token_is_told_no_route(bench: &Bench) {
    let ask = |path: &str, token: &str| bench.knock(path, token, None);
    for path in ["/edge/routes", "/edge/rows", "/edge/usage", "/elsewhere"] {
        for token in ["", "none"] {
            assert_eq!(ask(path, token), "401", "{path}");
        }
    }
}

pub(crate) fn a_release_that_is_not_healthy_goes_back(bench: &Bench) {
    let service = bench.run("falling", 2, &json!({"deployment_timeout": 10}));
    let (status, answer) = bench.call(
        "PATCH",
        &service.path(""),
        &json!({"env": {"UNHEALTHY": "1"}}),
    );
    assert_eq!(status, 200, "{answer}");
    let (ended, visits) = under_load(&service, || {
        service.deploy();
        service.wait_ended()
    });
    assert_eq!(ended["state"], "error");
    let why = ended["error"].as_str().unwrap();
    assert!(why.contains("did not become healthy"), "{why}");
    assert!(visits.failed.is_empty(), "{visits:?}");
    // What served before serves on, and the page says what is wrong.
    let status = service.wait_ready(2);
    let message = status["message"].as_str().unwrap();
    assert!(message.contains("Release v1 goes on serving"), "{message}");
    wait_for(
        "the Swarm to be back",
        || bench.cluster.tasks(&service.id),
        |tasks| {
            let is_old =
                |task: &Value| task["Spec"]["ContainerSpec"]["Labels"]["pilothouse.release"] == "1";
            tasks.len() == 2 && tasks.iter().all(is_old)
        },
    );
}

pub(crate) fn an_instance_that_crashes_is_replaced_and_told(bench: &Bench) {
    let service = bench.run("crashing", 2, &json!({}));
    let victim = bench.cluster.tasks(&service.id)[0].clone();
    bench.cluster.kill_task(&victim);
    wait_for(
        "the crash to be told",
        || service.happened(),
        |kinds| kinds.iter().any(|kind| kind == "crashed"),
    );
    service.wait_ready(2);
    let tasks = bench.cluster.tasks(&service.id);
    assert!(tasks.iter().all(|task| task["ID"] != victim["ID"]));
}

pub(crate) fn an_ordinal_stays_with_its_disk(bench: &Bench) {
    let volumes = json!([{"name": "data", "mount_path": "/data", "size_gb": 1}]);
    let service = bench.run("keeping", 2, &json!({"volumes": volumes}));
    let kept = || {
        let services = bench.cluster.services(&service.id);
        let kept = services.iter().map(|one| {
            let placement = &one["Spec"]["TaskTemplate"]["Placement"];
            placement["Constraints"][0].as_str().map(str::to_owned)
        });
        kept.collect::<Vec<_>>()
    };
    let before = wait_for("each to be kept on its node", kept, |kept| {
        kept.len() == 2 && kept.iter().all(Option::is_some)
    });
    let on = |tasks: &[Value]| {
        let mut on: Vec<(String, String)> = tasks
            .iter()
            .map(|task| {
                let labels = &task["Spec"]["ContainerSpec"]["Labels"];
                let ordinal = labels["pilothouse.ordinal"].to_string();
                (ordinal, task["NodeID"].to_string())
            })
            .collect();
        on.sort();
        on
    };
    let first = on(&bench.cluster.tasks(&service.id));
    bench.post(&service.path("/restart"), &json!({}));
    service.wait("the restart to begin", |status| {
        status["state"] != "running"
    });
    service.wait_ready(2);
    assert_eq!(on(&bench.cluster.tasks(&service.id)), first);
    assert_eq!(kept(), before);
    // Nor does it leave its disk for having been away.
    for count in [1, 0] {
        bench.post(&service.path("/scale"), &json!({"instances": count}));
        service.wait("the rest to end", |status| {
            status["total"] == count && status["state"] != "converging"
        });
    }
    service.wait("the pause", |status| status["state"] == "paused");
    bench.post(&service.path("/scale"), &json!({"instances": 2}));
    service.wait_ready(2);
    assert_eq!(on(&bench.cluster.tasks(&service.id)), first);
    let empty = bench.create("resting", 0, &json!({"volumes": volumes}));
    empty.deploy();
    assert_eq!(empty.wait_ended()["state"], "complete");
}

pub(crate) fn a_service_comes_and_goes_with_its_scale(bench: &Bench) {
    let service = bench.run("scaled", 1, &json!({}));
    bench.post(&service.path("/scale"), &json!({"instances": 4}));
    service.wait_ready(4);
    bench.post(&service.path("/scale"), &json!({"instances": 0}));
    service.wait("it to be paused", |status| status["state"] == "paused");
    assert_eq!(bench.cluster.services(&service.id).len(), 1);
    let (status, _) = bench.call("DELETE", &service.path(""), &Value::Null);
    assert_eq!(status, 200);
    wait_for(
        "nothing of it to be left",
        || bench.cluster.services(&service.id),
        Vec::is_empty,
    );
}

/// Ends the platform, so nothing else may need it meanwhile.
pub(crate) fn a_platform_that_comes_back_leaves_what_is_right(bench: &Bench) {
    let service = bench.run("adopted", 3, &json!({}));
    let look = || {
        let services = bench.cluster.services(&service.id);
        let versions = services
            .iter()
            .map(|one| one["Version"]["Index"].to_string());
        let tasks = bench.cluster.tasks(&service.id);
        let mut ids: Vec<String> = tasks.iter().map(|task| task["ID"].to_string()).collect();
        ids.sort();
        (versions.collect::<Vec<_>>(), ids)
    };
    let before = look();
    bench.kill();
    bench.start_again();
    service.wait_ready(3);
    assert_eq!(service.visit(), Ok(200));
    assert_eq!(look(), before);
    // A crash that was told before is no news.
    assert!(!service.happened().iter().any(|kind| kind == "crashed"));
}

pub(crate) fn edges_serve_on_while_the_platform_is_away(bench: &Bench) {
    let service = bench.run("lonely", 3, &json!({}));
    let edges = wait_edges(bench, &service, &[1, 2, 3]);
    let before = wait_for(
        "the first requests to be told",
        || noted(bench, &service),
        |noted| *noted >= edges.len(),
    );
    bench.kill();
    let begun = Instant::now();
    let ((), visits) = under_load_by(&edges[..2], &service, || {
        wait_for(
            "time to pass",
            || begun.elapsed(),
            |elapsed| *elapsed >= outage(),
        );
    });
    assert!(visits.sent > 1_000, "{}", visits.sent);
    assert!(visits.failed.is_empty(), "{visits:?}");
    bench.start_again();
    wait_for(
        "every request to be told once",
        || noted(bench, &service),
        |noted| *noted == before + visits.sent,
    );
}

/// Sets whether a node takes instances, and gives what is told of it then.
pub(crate) fn set_availability(bench: &Bench, node: usize, availability: &str) -> Value {
    let path = format!("/nodes/node{node}");
    let body = json!({"availability": availability});
    let (status, answer) = bench.call("PATCH", &path, &body);
    assert_eq!(status, 200, "{answer}");
    answer
}

pub(crate) fn a_drained_node_gives_its_instances_away(bench: &Bench) {
    let service = bench.run("drained", 6, &json!({}));
    let nodes = bench.get("/nodes");
    let names = nodes.as_array().unwrap().iter().map(|node| &node["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["node1", "node2", "node3"]);
    let ((), visits) = under_load_by(&two_edges(bench, &service), &service, || {
        assert_eq!(set_availability(bench, 3, "drain")["availability"], "drain");
        wait_whole_on(bench, &service.id, &[1, 2], 6);
        service.wait_ready(6);
    });
    assert!(visits.failed.is_empty(), "{visits:?}");
    let drained = bench.get("/nodes/node3");
    assert_eq!(drained["instances"], json!([]), "{drained}");
    assert_eq!(
        set_availability(bench, 3, "active")["availability"],
        "active"
    );
    let audit = bench.get("/audit?action=node.update").to_string();
    assert!(audit.contains("node3"), "{audit}");
}
