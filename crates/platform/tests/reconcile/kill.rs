//! The platform is killed in the middle of things; the next start finishes them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::bench::Bench;
use crate::containers::sample;

/// What must be true after each kill: so many instances, each in a slot of its own.
fn is_whole(bench: &Bench, count: usize) {
    bench.wait_running(count);
    let real = bench.real();
    let slots: BTreeSet<_> = real.iter().map(|one| one.slot.clone()).collect();
    assert_eq!((real.len(), slots.len()), (count, count), "{real:?}");
}

/// Kills the platform as soon as something really runs that is so.
fn kill_when(bench: &mut Bench, is_so: impl Fn(usize) -> bool) {
    bench.wait_for("the middle", || {
        let count = bench.real().len();
        (count, is_so(count))
    });
    bench.kill();
    bench.start_again();
}

#[test]
fn in_the_middle_of_a_create() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(3));
    kill_when(&mut bench, |count| count > 0);
    is_whole(&bench, 3);
}

#[test]
fn right_after_the_answer() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(2));
    kill_when(&mut bench, |_| true);
    is_whole(&bench, 2);
}

#[test]
fn in_the_middle_of_scaling() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(1));
    is_whole(&bench, 1);
    let adopted = bench.real().remove(0).id;
    for (count, middle) in [(4, 2), (1, 3)] {
        let scale = json!({"instances": count});
        assert_eq!(bench.service("POST", "web/scale", &scale).0, 202);
        kill_when(&mut bench, |real| {
            if count == 4 {
                real >= middle
            } else {
                real <= middle
            }
        });
        is_whole(&bench, count);
    }
    assert_eq!(bench.real().remove(0).id, adopted);
}

#[test]
fn in_the_middle_of_a_restart() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(2));
    is_whole(&bench, 2);
    let before: BTreeSet<_> = bench.real().into_iter().map(|one| one.id).collect();
    assert_eq!(bench.service("POST", "web/restart", &Value::Null).0, 202);
    kill_when(&mut bench, |real| real > 2);
    is_whole(&bench, 2);
    let after: BTreeSet<_> = bench.real().into_iter().map(|one| one.id).collect();
    assert!(before.is_disjoint(&after));
}

#[test]
fn in_the_middle_of_a_delete() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(2));
    is_whole(&bench, 2);
    assert_eq!(bench.service("DELETE", "web", &Value::Null).0, 200);
    bench.kill();
    bench.start_again();
    bench.wait_for("the end", || {
        let real = bench.real();
        let done = real.is_empty();
        (real, done)
    });
}

#[test]
fn between_a_change_that_acts_at_once_and_its_release() {
    let mut bench = Bench::simulated();
    let path = "/orgs/acme/projects/shop/envs/production/services/";
    let body = json!({"name": "web", "platform": "wind", "image": "shop:1"});
    assert_eq!(bench.call("POST", path, &body).0, 201);
    bench.kill();
    // As W stores a new service, before its release.
    bench.runtime.block_on(async {
        let file = bench.folder.path().join("pilothouse.db");
        let options = SqliteConnectOptions::new().filename(file);
        let mut database = options.connect().await.unwrap();
        let left = "INSERT INTO unfinished SELECT id, 'somebody', 0 FROM services";
        sqlx::query(left).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    });
    for _ in 0..2 {
        bench.start_again();
        bench.wait_running(1);
        let (_, all) = bench.service("GET", "web/deployments", &Value::Null);
        assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
        assert_eq!(all[0]["by"], "somebody", "{all}");
        bench.kill();
    }
}
