//! What goes wrong on a Swarm, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use serde_json::{Value, json};

use crate::bench::{Bench, Service, wait_for};
use crate::load::{Visits, under_load_by};
use crate::stories::{set_availability, two_edges};

/// How many seconds something is away, where that is said: then there is time for all that goes wrong.
const OUTAGE: &str = "PILOTHOUSE_OUTAGE";

/// Whether there is time for what takes minutes.
pub(crate) fn are_long() -> bool {
    std::env::var_os(OUTAGE).is_some()
}

/// How long something is away.
pub(crate) fn outage() -> Duration {
    let seconds = std::env::var(OUTAGE).ok();
    Duration::from_secs(seconds.map_or(10, |seconds| seconds.parse().unwrap()))
}

pub(crate) fn another_platform_is_refused(bench: &Bench) {
    let said = bench.refusal(&bench.cluster.registry);
    assert!(said.contains("it belongs to the platform"), "{said}");
}

pub(crate) fn a_registry_that_is_away_is_refused(bench: &Bench) {
    let (host, _) = bench.cluster.registry.split_once(':').unwrap();
    let said = bench.refusal(&format!("{host}:9"));
    assert!(said.contains("reaching the registry"), "{said}");
    assert!(said.contains("check --registry"), "{said}");
}

/// All nodes of this cluster have the clock of one machine, so a visitor tells for one of them.
pub(crate) fn a_clock_that_is_wrong_is_told(bench: &Bench) {
    let node = || bench.get("/nodes/node2");
    let id = node()["id"].as_str().unwrap().to_owned();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = DateTime::from_timestamp(i64::try_from(now.as_secs()).unwrap() + 90, 0).unwrap();
    let usage = json!({"node": id, "at": at, "containers": []}).to_string();
    let tell_and_look = || {
        assert_eq!(bench.tell_as_edge("/edge/usage", &usage), "204");
        node()["message"].clone()
    };
    // The node's own edge says otherwise every few seconds.
    wait_for("the clock to be told", tell_and_look, |message| {
        let message = message.as_str().unwrap_or_default();
        message.contains("s ahead of the platform's")
    });
    wait_for("the clock to be right again", node, |node| {
        node["message"].is_null()
    });
}

pub(crate) fn an_image_for_another_platform_is_told(bench: &Bench) {
    bench.make_image_for("arm64", "elsewhere");
    let more = json!({"image": bench.image("elsewhere"), "deployment_timeout": 5});
    let service = bench.create("foreign", 1, &more);
    service.deploy();
    let ended = service.wait_ended();
    assert_eq!(ended["state"], "error");
    let why = ended["error"].as_str().unwrap();
    assert!(why.contains("no node takes it"), "{why}");
    assert!(why.contains("unsupported platform"), "{why}");
}

/// The release that served serves on, whether the platform or a node needs the registry.
pub(crate) fn a_registry_that_goes_away_leaves_what_runs(bench: &Bench) {
    bench.make_image("pushed");
    let known = bench.run("known", 1, &json!({"image": bench.image("pushed")}));
    bench.make_image("unpushed");
    let service = bench.run("unsupplied", 6, &json!({}));
    bench.cluster.kill_registry();
    let deploy = |tag: &str| {
        let body = json!({"image": bench.image(tag)});
        let (status, answer) = bench.call("PATCH", &service.path(""), &body);
        assert_eq!(status, 200, "{answer}");
        service.deploy();
        let ended = service.wait_ended();
        assert_eq!(ended["state"], "error", "{ended}");
        ended["error"].as_str().unwrap().to_owned()
    };
    let ((), visits) = under_load_by(&two_edges(bench, &service), &service, || {
        let why = deploy("unpushed");
        assert!(why.contains("reaching the registry"), "{why}");
        // Some nodes have never had this one.
        let why = deploy("pushed");
        assert!(
            why.contains("has not its image and could not fetch it"),
            "{why}"
        );
        service.wait_ready(6);
    });
    assert!(visits.failed.is_empty(), "{visits:?}");
    bench.cluster.start_registry();
    service.deploy();
    assert_eq!(service.wait_ended()["state"], "complete");
    known.wait_ready(1);
}

/// The third node's disk is small, and full; its daemon goes on saying that it is ready, takes what is
/// placed there, and never begins with it.
pub(crate) fn a_full_disk_is_told_and_others_run_it(bench: &Bench) {
    bench.make_image("large");
    let node = || bench.get("/nodes/node3");
    bench.cluster.fill_disk(3);
    let told = wait_for("the full disk to be told", node, |node| {
        !node["message"].is_null()
    });
    assert_eq!(told["state"], "ready");
    let message = told["message"].as_str().unwrap();
    assert!(
        message.contains("Its disk is full, whatever its engine says"),
        "{message}"
    );
    let service = bench.create("squeezed", 3, &json!({"image": bench.image("large")}));
    service.deploy();
    service.wait("what it waits for to be told", |status| {
        let message = status["message"].as_str().unwrap_or_default();
        message.contains("the disk of node3 is full")
    });
    set_availability(bench, 3, "drain");
    wait_whole_on(bench, &service.id, &[1, 2], 3);
    service.wait_ready(3);
    bench.cluster.empty_disk(3);
    bench.cluster.kill_daemon(3);
    bench.cluster.start_daemon(3);
    wait_state(bench, 3, "ready");
    set_availability(bench, 3, "active");
    wait_for("room to be told", node, |node| node["message"].is_null());
}

pub(crate) fn a_disk_that_is_away_is_waited_for(bench: &Bench) {
    let volumes = json!([{"name": "data", "mount_path": "/data", "size_gb": 1}]);
    let service = bench.run("bound", 3, &json!({"volumes": volumes}));
    let on_third = || {
        let tasks = bench.cluster.tasks(&service.id);
        let mut nodes = tasks
            .iter()
            .map(|task| bench.cluster.number_of(&task["NodeID"]));
        nodes.any(|node| node == 3)
    };
    assert!(on_third());
    set_availability(bench, 3, "drain");
    service.wait("the page to say where the disk is", |status| {
        let message = status["message"].as_str().unwrap_or_default();
        message.contains("its disk is on node3, which is drained: it waits for that node")
    });
    set_availability(bench, 3, "active");
    service.wait_ready(3);
    assert!(on_third());
}

/// How long all may take to be ready again after the Swarm knows of a lost node.
const RECOVERY: Duration = Duration::from_secs(30);
/// How long visitors may still be sent to instances that no longer answer.
const MISLED: Duration = Duration::from_secs(2);

fn wait_state(bench: &Bench, node: usize, state: &str) {
    let what = format!("node{node} to be {state}");
    wait_for(&what, || bench.cluster.state(node), |now| now == state);
}

/// Whether all that is to run does, on these nodes alone, once for each slot.
pub(crate) fn wait_whole_on(bench: &Bench, id: &str, nodes: &[usize], count: usize) {
    wait_for(
        "just what should run to run",
        || bench.cluster.tasks(id),
        |tasks| {
            let runs = |task: &Value| {
                let node = bench.cluster.number_of(&task["NodeID"]);
                task["Status"]["State"] == "running" && nodes.contains(&node)
            };
            let slots: BTreeSet<String> =
                tasks.iter().map(|task| task["Slot"].to_string()).collect();
            tasks.len() == count && slots.len() == count && tasks.iter().all(runs)
        },
    );
}

/// Loses the third node under load, and waits until the others have taken over in time. Gives what became
/// of the visitors, and how long some were still sent there.
fn lose_the_third(service: &Service<'_>, what: &str, lose: impl FnOnce()) -> Visits {
    let bench = service.bench;
    let edges = two_edges(bench, service);
    let begun = Instant::now();
    let ((lost, took), visits) = under_load_by(&edges, service, || {
        lose();
        let lost = begun.elapsed();
        wait_state(bench, 3, "down");
        let known = Instant::now();
        wait_whole_on(bench, &service.id, &[1, 2], 6);
        service.wait_ready(6);
        (lost, known.elapsed())
    });
    let misled = visits.misled_for(lost);
    figure(&format!("swarm_{what}_ready_again_s"), took, RECOVERY);
    figure(&format!("swarm_{what}_misled_s"), misled, MISLED);
    assert!(took <= RECOVERY, "{took:?}");
    assert!(misled <= MISLED, "{misled:?} of {:?}", visits.waited);
    visits
}

/// Tells a figure with its bar, where figures are wanted.
fn figure(name: &str, took: Duration, at_most: Duration) {
    if std::env::var_os("PILOTHOUSE_FIGURES").is_some() {
        let (took, bar) = (took.as_secs_f64(), at_most.as_secs());
        println!("\n{name}: {took:.1} (wanted: at most {bar})");
    }
}

/// The daemon ends at once, while its instances go on for as long as nobody stops them.
pub(crate) fn a_daemon_that_is_killed_loses_no_request(bench: &Bench) {
    let service = bench.run("surviving", 6, &json!({}));
    let visits = lose_the_third(&service, "daemon_killed", || bench.cluster.kill_daemon(3));
    assert!(visits.failed.is_empty(), "{visits:?}");
    wait_for(
        "the loss to be told",
        || bench.get(&service.path("/events")).to_string(),
        |events| events.contains("its node node3 does not answer"),
    );
    wait_for(
        "the log to say where lines are missing",
        || {
            bench
                .get(&service.path("/logs?limit=1000&filter=pilothouse"))
                .to_string()
        },
        |logs| logs.contains("its node node3 does not answer: what it wrote last is missing here"),
    );
    bench.cluster.start_daemon(3);
    wait_state(bench, 3, "ready");
    wait_whole_on(bench, &service.id, &[1, 2], 6);
}

/// The node is cut off, and its instances with it: nobody reaches them, and they go on.
pub(crate) fn a_node_that_is_cut_off_is_left_and_taken_back(bench: &Bench) {
    let service = bench.run("parted", 6, &writing());
    let begun = Instant::now();
    let visits = lose_the_third(&service, "node_cut_off", || {
        bench.cluster.set_link(3, "down");
    });
    wait_for("time to pass", || begun.elapsed(), |away| *away >= outage());
    // A request goes to the next instance where one takes no connection, or is lost with its answer.
    assert!(visits.failed.is_empty(), "{visits:?}");
    // One that is lost is known to be: few visitors wait for it.
    assert!(visits.waited.len() < visits.sent / 20, "{visits:?}");
    bench.cluster.set_link(3, "up");
    wait_state(bench, 3, "ready");
    wait_whole_on(bench, &service.id, &[1, 2], 6);
    let status = service.wait_ready(6);
    assert_eq!(status["instances"].as_array().unwrap().len(), 6, "{status}");
    // What its instances wrote meanwhile is there, and nothing twice.
    wait_no_line_is_lost(&service);
}

/// What an instance of a writing service writes: so many numbered lines a second.
fn writing() -> Value {
    json!({"env": {"LOG_RATE": "20"}})
}

/// How often each numbered line is there.
fn times(lines: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for line in lines {
        if line.contains("of the log intake test") {
            *times.entry(line).or_default() += 1;
        }
    }
    times
}

/// Waits until every line that any container of a service has written is stored just once.
fn wait_no_line_is_lost(service: &Service<'_>) {
    let bench = service.bench;
    let differs = || {
        let written = times(bench.cluster.written(&service.id));
        let logs = bench.get(&service.path("/logs?limit=100000"));
        let lines = logs["lines"].as_array().unwrap().iter();
        let stored = times(lines.map(|line| line["message"].as_str().unwrap().to_owned()));
        // What is written between the two looks is stored alone.
        let odd = written
            .iter()
            .filter(|(line, times)| stored.get(*line).is_none_or(|stored| stored < times));
        let odd: Vec<_> = odd
            .map(|(line, times)| (line.clone(), *times, stored.get(line).copied()))
            .collect();
        let more = stored
            .values()
            .sum::<usize>()
            .saturating_sub(written.values().sum());
        (odd.len(), odd.first().cloned(), more)
    };
    wait_for(
        "every line to be stored once",
        differs,
        |(missing, _, more)| *missing == 0 && *more < 200,
    );
}

/// The only manager is killed, and started again: its own instances end with that.
pub(crate) fn a_manager_that_starts_again_loses_nothing(bench: &Bench) {
    let service = bench.run("managed", 6, &writing());
    let edges = crate::stories::wait_edges(bench, &service, &[2, 3]);
    let ((), visits) = under_load_by(&edges, &service, || {
        bench.cluster.kill_daemon(1);
        service.wait("the platform to notice", |status| {
            let message = status["message"].as_str().unwrap_or_default();
            message.contains("does not answer")
        });
        bench.cluster.start_daemon(1);
        wait_whole_on(bench, &service.id, &[1, 2, 3], 6);
        service.wait_ready(6);
    });
    assert!(visits.failed.is_empty(), "{visits:?}");
    let status = service.status();
    assert_eq!(status["instances"].as_array().unwrap().len(), 6, "{status}");
    wait_no_line_is_lost(&service);
}

fn set_role(bench: &Bench, node: usize, role: &str) {
    let set = || bench.cluster.set_role(node, role);
    wait_for("a role to be taken", set, Result::is_ok).unwrap();
}

pub(crate) fn managers_without_a_majority_are_told(bench: &Bench) {
    let service = bench.run("leaderless", 3, &json!({}));
    let edges = crate::stories::wait_edges(bench, &service, &[1]);
    for node in [2, 3] {
        set_role(bench, node, "manager");
    }
    // One that is killed before it knows the others itself never finds them again.
    for node in [1, 2, 3] {
        let managers = || bench.cluster.managers(node);
        wait_for("three managers", managers, |managers| *managers == 3);
    }
    let is_read_only = || bench.get("/meta")["engine"]["read_only"].clone();
    let ((), visits) = under_load_by(&edges, &service, || {
        for node in [2, 3] {
            bench.cluster.kill_daemon(node);
        }
        wait_for("the loss to be told", is_read_only, |told| *told == true);
        let detail = bench.get("/meta")["engine"]["detail"].to_string();
        assert!(
            detail.contains("most managers of the Swarm are away"),
            "{detail}"
        );
        let scale = || bench.call("POST", &service.path("/scale"), &json!({"instances": 4}));
        let refused = wait_for("changes to be refused", scale, |(status, _)| *status == 503);
        assert_eq!(refused.1["code"], "engine_unavailable", "{}", refused.1);
        let why = refused.1["message"].as_str().unwrap();
        assert!(why.contains("most managers of the Swarm are away"), "{why}");
        // All that is known is still told.
        assert_eq!(service.status()["instances"].as_array().unwrap().len(), 3);
    });
    assert!(visits.failed.is_empty(), "{visits:?}");
    for node in [2, 3] {
        bench.cluster.start_daemon(node);
    }
    wait_for("the majority to be back", is_read_only, |told| {
        *told == false
    });
    // One after the other: half of them are no majority.
    for (node, managers) in [(2, 3), (3, 2)] {
        wait_state(bench, node, "ready");
        let reachable = || bench.cluster.managers(1);
        wait_for("them to reach each other", reachable, |known| {
            *known == managers
        });
        set_role(bench, node, "worker");
    }
    bench.post(&service.path("/scale"), &json!({"instances": 3}));
    service.wait_ready(3);
}
