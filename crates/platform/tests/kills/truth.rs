//! Whether all that was acknowledged is there, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use pilothouse::engine::RunState;

use crate::bench::{Bench, request, text};
use crate::deed::{NAMED, SERVICES, TWINS};
use crate::ledger::{Kind, Service};
use crate::workshop::running;

/// Deployments that are listed at the most.
const LISTED: usize = 50;
const IMAGES_A_PAGE: u64 = 100;

/// Waits until everything is at rest, and holds it against the ledgers, which forget what is gone.
pub(crate) fn hold(bench: &Bench, ledgers: &mut [&mut Vec<Service>]) {
    let mut stored = at_rest(bench);
    for services in ledgers.iter_mut() {
        services.retain_mut(|service| {
            let found = stored.remove(&service.slug);
            assert!(
                service.is_there.seen(found.is_some()),
                "{} is there: {}, against {service:?}",
                service.slug,
                found.is_some()
            );
            if let Some(found) = &found {
                same(bench, service, found);
            }
            found.is_some()
        });
    }
    assert!(stored.is_empty(), "nobody has made {:?}", stored.keys());
    nothing_besides(bench);
    whole(bench);
}

/// The services by slug, once nothing of them is under way.
fn at_rest(bench: &Bench) -> BTreeMap<String, Value> {
    bench
        .wait_for("everything to be at rest", || {
            let (_, services) = bench.call("GET", SERVICES, &Value::Null);
            let services = services.as_array().unwrap().clone();
            let under_way: Vec<Value> = services
                .iter()
                .flat_map(|one| under_way(bench, &text(&one["slug"])))
                .collect();
            let is_over = under_way.is_empty();
            let by_slug = services.into_iter().map(|one| (text(&one["slug"]), one));
            (
                if is_over {
                    Ok(by_slug.collect())
                } else {
                    Err(under_way)
                },
                is_over,
            )
        })
        .unwrap_or_default()
}

/// What of a service will change by itself.
fn under_way(bench: &Bench, slug: &str) -> Vec<Value> {
    let read = |rest: &str| {
        bench
            .call("GET", &format!("{SERVICES}/{slug}{rest}"), &Value::Null)
            .1
    };
    let is_open = |one: &&Value| {
        let state = one["state"].as_str().unwrap_or_default();
        ["queued", "building", "pending", "running"].contains(&state)
    };
    let images = images(bench, slug);
    let deployments = read("/deployments");
    let mut open: Vec<Value> = images.iter().filter(is_open).cloned().collect();
    let deployments = deployments.as_array().into_iter().flatten();
    open.extend(deployments.filter(is_open).cloned());
    let status = read("/status");
    let state = status["state"].as_str().unwrap_or_default();
    if !["running", "paused", "undeployed"].contains(&state) {
        open.push(status);
    }
    open
}

fn images(bench: &Bench, slug: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let path = format!("{SERVICES}/{slug}/images?per_page={IMAGES_A_PAGE}&page={page}");
        let (_, listed) = bench.call("GET", &path, &Value::Null);
        all.extend(listed["items"].as_array().into_iter().flatten().cloned());
        if listed["pagination"]["total_pages"].as_u64().unwrap_or(0) <= page {
            break;
        }
    }
    all
}

/// Holds one service against its ledger.
fn same(bench: &Bench, service: &mut Service, found: &Value) {
    let about = format!("{found}\nagainst {service:?}");
    let instances = found["instances"].as_u64().unwrap();
    assert!(service.instances.seen(instances), "instances: {about}");
    assert!(service.tag.seen(text(&found["tags"][0])), "tags: {about}");
    same_config(bench, service);
    let deployments = deployments(bench, service);
    let mut builds = BTreeMap::new();
    for image in images(bench, &service.slug) {
        if let Some(tag) = image["build_ref"].as_str() {
            let others = builds.insert(tag.to_owned(), image.clone());
            assert!(others.is_none(), "built twice: {others:?} and {image}");
            assert!(service.builds.of(tag).is_some(), "not asked for: {image}");
        }
    }
    for (tag, mark) in service.builds.done() {
        let Some(image) = builds.get(tag) else {
            panic!("the build {tag} of {} is lost", service.slug);
        };
        if let Some(id) = &mark.id {
            assert_eq!(&image["id"], id.as_str());
        }
        // What a pipeline builds is deployed once, or the image says why not.
        let times = deployments.iter().filter(|one| one.as_str() == tag).count();
        assert!(times <= 1, "{tag} was deployed {times} times");
    }
    serves(bench, service, found);
}

fn same_config(bench: &Bench, service: &mut Service) {
    let path = format!("{SERVICES}/{}/config", service.slug);
    let (_, listed) = bench.call("GET", &path, &Value::Null);
    let stored: BTreeMap<String, String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["name"]), text(&one["value"])))
        .collect();
    assert_eq!(stored.get(TWINS[0]), stored.get(TWINS[1]), "half a bulk");
    for name in stored.keys() {
        let is_known = service.config.contains_key(name.as_str());
        assert!(is_known, "nobody has set {name} of {}", service.slug);
    }
    for (name, known) in &mut service.config {
        let before = format!("{known:?}");
        let value = stored.get(*name).cloned();
        assert!(
            known.seen(value.clone()),
            "{name} is {value:?}, not {before}"
        );
    }
}

/// The reasons of a service's deployments, each held against the ledger.
fn deployments(bench: &Bench, service: &Service) -> Vec<String> {
    let path = format!("{SERVICES}/{}/deployments", service.slug);
    let (_, listed) = bench.call("GET", &path, &Value::Null);
    let listed = listed.as_array().unwrap();
    let mut reasons = Vec::new();
    for one in listed {
        let Some(why) = one["message"].as_str() else {
            continue;
        };
        let is_known = service.deploys.of(why).is_some() || service.builds.of(why).is_some();
        assert!(is_known, "nobody has asked for {one}");
        assert!(!reasons.iter().any(|known| known == why), "twice: {one}");
        reasons.push(why.to_owned());
    }
    for (why, mark) in service.deploys.done() {
        let is_old = listed.len() == LISTED;
        let is_there = reasons.iter().any(|known| known == why);
        assert!(
            is_old || is_there,
            "the deployment {why} of {} is lost",
            service.slug
        );
        if let Some(id) = &mark.id {
            let mut ids = listed.iter().map(|one| &one["id"]);
            assert!(is_old || ids.any(|one| one == id.as_str()), "{id}");
        }
    }
    reasons
}

/// As many instances run as should, and ingress answers with what was set last.
fn serves(bench: &Bench, service: &Service, found: &Value) {
    let path = format!("{SERVICES}/{}/status", service.slug);
    let (_, status) = bench.call("GET", &path, &Value::Null);
    let desired = status["desired"].as_u64().unwrap_or_default();
    if service.kind == Kind::AtOnce {
        assert_eq!(desired, found["instances"].as_u64().unwrap(), "{status}");
    }
    let id = text(&found["id"]);
    let slots = bench.wait_for("just the instances that should run", || {
        let all = bench.real();
        let own: Vec<_> = all
            .into_iter()
            .filter(|one| one.slot.service_id == id)
            .collect();
        let run = own.iter().all(|one| one.state == RunState::Running);
        let slots: BTreeSet<_> = own.iter().map(|one| one.slot.clone()).collect();
        let wanted = usize::try_from(desired).unwrap();
        let is_so = run && own.len() == wanted && slots.len() == wanted;
        (own, is_so)
    });
    let answer = request(&bench.ingress, "GET", "/", &service.domain(), "", "").unwrap();
    let is_well = match slots.is_empty() {
        // It is known, and nothing of it runs; or it was never deployed.
        true => [502, 503, 404].contains(&answer.0),
        false => answer.0 == 200,
    };
    assert!(is_well, "{answer:?} of {service:?}, {status}");
    if service.kind == Kind::AtOnce && !slots.is_empty() {
        let said: Value = serde_json::from_str(&answer.1).unwrap();
        let name = Some(text(&said["service"]));
        let known = service.config.get(NAMED);
        let is_last = known.map_or(name.as_deref() == Some("sample"), |known| {
            known.may_be(&name)
        });
        assert!(is_last, "{name:?} of {service:?}");
    }
}

/// What runs on the engine belongs to what is stored, and nothing of builds lies about.
fn nothing_besides(bench: &Bench) {
    let (_, services) = bench.call("GET", SERVICES, &Value::Null);
    let ids = services.as_array().unwrap().iter();
    let ids: BTreeSet<String> = ids.map(|one| text(&one["id"])).collect();
    bench.wait_for("nothing to run of what is deleted", || {
        let orphans: Vec<_> = bench
            .real()
            .into_iter()
            .filter(|one| !ids.contains(&one.slot.service_id))
            .collect();
        let volumes: Vec<_> = bench
            .owners_of_volumes()
            .difference(&ids)
            .cloned()
            .collect();
        let none = orphans.is_empty() && volumes.is_empty();
        ((orphans, volumes), none)
    });
    let networks = bench.networks();
    assert!(networks.len() <= 1, "{networks:?}");
    bench.wait_for("no build to leave a folder or a process", || {
        let mut files = work(bench);
        files.retain(|file| file.is_dir());
        let git = running(&bench.aside.path().display().to_string());
        let git: Vec<_> = git
            .into_iter()
            .filter(|line| line.contains("git"))
            .collect();
        let none = files.is_empty() && git.is_empty();
        ((files, git), none)
    });
}

impl Bench {
    /// The services of this platform that have a volume, by id.
    fn owners_of_volumes(&self) -> BTreeSet<String> {
        let volumes = self.listed("volumes", &json!({}));
        let owners = volumes.iter();
        owners
            .map(|volume| text(&volume["Labels"]["pilothouse.service"]))
            .collect()
    }

    /// The networks of this platform, by name.
    pub(crate) fn networks(&self) -> BTreeSet<String> {
        let networks = self.listed("networks", &json!({}));
        networks.iter().map(|one| text(&one["Name"])).collect()
    }
}

/// The logs of builds and deployments, and what builds work in.
pub(crate) fn work(bench: &Bench) -> Vec<PathBuf> {
    let work = std::fs::read_dir(bench.folder.path().join("work"));
    let files = work.into_iter().flatten();
    files.map(|file| file.unwrap().path()).collect()
}

/// The database itself.
fn whole(bench: &Bench) {
    let file = bench.folder.path().join("pilothouse.db");
    let (sound, dangling) = bench.runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let mut database = options.connect().await.unwrap();
        let sound: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(&mut database)
            .await
            .unwrap();
        let dangling = sqlx::query("PRAGMA foreign_key_check")
            .fetch_all(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
        (sound, dangling.len())
    });
    assert_eq!((sound.as_str(), dangling), ("ok", 0));
}
