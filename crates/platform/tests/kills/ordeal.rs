//! Kill after kill, with a look at everything in between and at the end.

use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::bench::Bench;
use crate::commits::git;
use crate::deed::SERVICES;
use crate::engine::build_image;
use crate::ledger::Service;
use crate::line::Line;
use crate::truth;
use crate::worker::Worker;
use crate::workshop::recipe;

/// How often the platform is killed where `PILOTHOUSE_KILLS` says nothing: about 90 s of it on two
/// cores that others use too. `make ordeal` kills 100 times.
const KILLS: u32 = 40;
/// How many kills come before everything is looked at.
const KILLS_A_LEG: u32 = 20;
const WORKERS: u64 = 3;
/// How long it may serve before it is killed.
const SERVES: Duration = Duration::from_millis(1_500);
/// How long it may have begun to start before it is killed, in one of four starts.
const STARTS: Duration = Duration::from_millis(300);
/// Marks that a worker may use up, each a tag of the repository.
const MARKS: u32 = 5_000;

#[test]
fn what_is_acknowledged_outlives_kills_at_any_moment() {
    let kills = number("PILOTHOUSE_KILLS").map_or(KILLS, |kills| u32::try_from(kills).unwrap());
    let seed = number("PILOTHOUSE_SEED").unwrap_or_else(rand::random);
    println!("{kills} kills, PILOTHOUSE_SEED={seed}");
    let began = Instant::now();
    build_image();
    // Nothing is forgotten that will be looked for.
    let mut bench = Bench::containers_with(&[
        ("PILOTHOUSE_KEEP_IMAGES", "10000"),
        ("PILOTHOUSE_KEEP_RELEASES", "10000"),
    ]);
    let commit = bench.commit("acme/web", &[("Dockerfile", &recipe("one"))]);
    tag_for_everybody(&bench, &commit);
    let mut chance = StdRng::seed_from_u64(seed);
    let mut workers: Vec<Worker> = (0..WORKERS)
        .map(|number| {
            let own = StdRng::seed_from_u64(seed.wrapping_add(number + 1));
            Worker::new(format!("w{number}"), own)
        })
        .collect();
    let line = Line::new(&bench.console, &bench.key);
    let mut left = kills;
    while left > 0 {
        let now = left.min(KILLS_A_LEG);
        left -= now;
        leg(&mut bench, &line, &mut workers, &mut chance, now);
        let mut ledgers = ledgers(&mut workers);
        truth::hold(&bench, &mut ledgers);
        let after = began.elapsed().as_secs();
        println!("{} kills, all is well after {after} s", kills - left);
    }
    for worker in &workers {
        let (answered, lost, again) = (worker.answered, worker.lost, worker.again);
        println!("{answered} answers, {lost} lost, {again} asked for again");
        assert!(answered > 0, "a worker has done nothing");
    }
    delete_all(&mut bench, &mut workers);
}

fn number(name: &str) -> Option<u64> {
    let given = std::env::var(name).ok()?;
    Some(
        given
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {given}")),
    )
}

/// Gives the commit so many names that each build can have one of its own.
fn tag_for_everybody(bench: &Bench, commit: &str) {
    let repository = bench.aside.path().join("acme/web");
    let mut refs = String::from("# pack-refs with: peeled fully-peeled sorted\n");
    let mut names: Vec<String> = (0..WORKERS)
        .flat_map(|worker| (1..=MARKS).map(move |mark| format!("w{worker}-{mark}")))
        .collect();
    names.sort();
    for name in names {
        refs.push_str(&format!("{commit} refs/tags/{name}\n"));
    }
    std::fs::write(repository.join(".git/packed-refs"), refs).unwrap();
    assert_eq!(git(&repository, &["rev-parse", "w0-1"]), commit);
}

/// Some kills while everybody works; at the end it serves, and nothing is unanswered.
fn leg(bench: &mut Bench, line: &Line, workers: &mut [Worker], chance: &mut StdRng, kills: u32) {
    line.set_over(false);
    thread::scope(|scope| {
        // A platform that does not start again, and a worker who is told what can't be, end it all.
        let over = Over(line);
        let work: Vec<_> = workers
            .iter_mut()
            .map(|worker| {
                scope.spawn(move || {
                    let _over = Over(line);
                    worker.work(line);
                })
            })
            .collect();
        let mut left = kills;
        while left > 0 && line.goes_on() {
            thread::sleep(SERVES.mul_f64(chance.random()));
            bench.kill();
            left -= 1;
            while left > 0 && chance.random_bool(0.25) {
                bench.begin_again();
                thread::sleep(STARTS.mul_f64(chance.random()));
                bench.kill();
                left -= 1;
            }
            bench.start_again();
            line.moves(&bench.console);
        }
        drop(over);
        for one in work {
            one.join().unwrap();
        }
    });
    line.set_over(false);
    for worker in workers {
        worker.settle(line);
    }
}

/// Ends the work when it is dropped.
struct Over<'a>(&'a Line);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.set_over(true);
    }
}

fn ledgers(workers: &mut [Worker]) -> Vec<&mut Vec<Service>> {
    workers
        .iter_mut()
        .map(|worker| &mut worker.services)
        .collect()
}

/// Deletes every service: nothing is left.
fn delete_all(bench: &mut Bench, workers: &mut [Worker]) {
    for service in ledgers(workers).into_iter().flatten() {
        let path = format!("{SERVICES}/{}", service.slug);
        assert_eq!(bench.call("DELETE", &path, &Value::Null).0, 200);
    }
    for services in ledgers(workers) {
        services.clear();
    }
    truth::hold(bench, &mut ledgers(workers));
    // A log that a build began after its service went goes with the next start.
    bench.kill();
    bench.start_again();
    bench.wait_for("nothing to be left", || {
        let left = (bench.real(), bench.networks(), truth::work(bench));
        let none = left.0.is_empty() && left.1.is_empty() && left.2.is_empty();
        (left, none)
    });
    bench.no_step_is_left();
}
