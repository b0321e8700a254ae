//! The platform is killed in the middle of things; the next start finishes them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

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
