//! Many services on a real Swarm of three nodes: until all run, and what a platform that comes back to
//! them does and needs. Prints `name: figure`, and the bar beside it. It needs what the tests of the
//! Swarm need.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't go on has no figure"
)]

#[path = "../tests/reconcile/asking.rs"]
mod asking;
#[path = "../tests/swarm/bench.rs"]
#[expect(dead_code, reason = "the tests of the Swarm need more of it")]
mod bench;
#[path = "../tests/swarm/cluster.rs"]
#[expect(dead_code, reason = "the tests of the Swarm need more of it")]
mod cluster;
#[path = "../tests/swarm/images.rs"]
mod images;

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use asking::request;
use bench::Bench;

const SERVICES: u32 = 60;
const REPLICAS: u32 = 3;
/// How long all may take to run, and how long a platform is watched that has nothing to do.
const PATIENCE: Duration = Duration::from_secs(900);
const WATCHED: Duration = Duration::from_secs(30);
/// What the engine tells of that only its own instances' health has caused.
const OF_INSTANCES: [&str; 1] = ["container"];

fn main() {
    let bench = Bench::start();
    let begun = Instant::now();
    let more = json!({"deployment_timeout": 900});
    for number in 0..SERVICES {
        bench
            .create(&format!("s{number}"), REPLICAS, &more)
            .deploy();
    }
    wait_for_all(&bench);
    let converged = begun.elapsed().as_secs_f64();
    println!("swarm_{SERVICES}_services_of_{REPLICAS}_converged_s: {converged:.0}");

    bench.kill();
    let since = seconds();
    bench.start_again();
    wait_for_all(&bench);
    let back = Instant::now();
    while back.elapsed() < WATCHED {
        thread::sleep(Duration::from_secs(1));
    }
    let writes = writes(&bench, since, seconds());
    println!(
        "swarm_engine_writes_of_a_platform_that_comes_back: {} (wanted: at most 0)",
        writes.len()
    );
    for write in writes.iter().take(10) {
        println!("  {write}");
    }
    let (_, figures) = request(&bench.console(), "GET", "/metrics", "x", "", "").unwrap();
    let mean = |name: &str, labels: &str| {
        let figure = |part: &str| {
            let name = format!("pilothouse_reconcile_{name}_seconds_{part}{labels} ");
            let mut lines = figures.lines();
            let line = lines.find_map(|line| line.strip_prefix(&name));
            line.unwrap().parse::<f64>().unwrap()
        };
        figure("sum") / figure("count") * 1e3
    };
    println!(
        "swarm_look_at_all_ms: {:.1} (wanted: at most 200)",
        mean("look", "")
    );
    println!(
        "swarm_pass_of_a_service_ms: {:.1} (wanted: at most 200)",
        mean("pass", r#"{outcome="rest"}"#)
    );
}

/// Waits until every instance of every service is ready.
fn wait_for_all(bench: &Bench) {
    let begun = Instant::now();
    loop {
        let services = bench.get("/orgs/acme/projects/shop/envs/production/services");
        let is_ready = |one: &&Value| {
            one["status"]["state"] == "running" && one["status"]["ready"] == REPLICAS
        };
        let ready = services.as_array().unwrap().iter().filter(is_ready).count();
        if u32::try_from(ready) == Ok(SERVICES) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{ready} services are ready");
        thread::sleep(Duration::from_secs(1));
    }
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// What the manager's engine was made to do between two moments, in its own words.
fn writes(bench: &Bench, since: u64, until: u64) -> Vec<String> {
    let path = format!("/events?since={since}&until={until}");
    let told = bench.cluster.asked(1, "GET", &path, &Value::Null);
    let told = String::from_utf8(told).unwrap();
    let events = told
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_platform =
        events.filter(|event| !OF_INSTANCES.contains(&event["Type"].as_str().unwrap_or_default()));
    of_platform
        .map(|event| format!("{} {}", event["Type"], event["Action"]))
        .collect()
}
