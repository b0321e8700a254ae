//! The real binary over a real Docker Swarm of three nodes, each a daemon in a network of its own.
//! It needs root, dockerd and docker-registry, which `make test` installs.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

#[path = "../reconcile/asking.rs"]
mod asking;
mod bad_days;
mod bench;
mod cluster;
#[path = "../reconcile/commits.rs"]
mod commits;
mod images;
mod load;
mod stories;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use bench::Bench;

/// A test of the shared cluster.
type Story = fn(&Bench);

/// Adds tests by their paths.
macro_rules! stories {
    ($($folder:ident::$story:ident),* $(,)?) => {
        [$((stringify!($story), $folder::$story as Story)),*]
    };
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // Those that leave the cluster and the platform to the others.
    let peaceful = stories![
        stories::instances_run_on_all_nodes_and_answer,
        stories::an_image_reaches_the_nodes_by_its_digest,
        stories::what_is_built_is_pushed_and_runs,
        stories::a_restart_and_a_deploy_lose_no_request,
        stories::edges_take_visitors_and_tell_of_them,
        stories::who_has_no_token_is_told_no_route,
        stories::a_release_that_is_not_healthy_goes_back,
        stories::an_instance_that_crashes_is_replaced_and_told,
        stories::an_ordinal_stays_with_its_disk,
        stories::a_service_comes_and_goes_with_its_scale,
        bad_days::another_platform_is_refused,
        bad_days::a_registry_that_is_away_is_refused,
        bad_days::a_clock_that_is_wrong_is_told,
        bad_days::an_image_for_another_platform_is_told,
    ];
    // Those that don't, one after the other.
    let mut violent = stories![
        stories::a_platform_that_comes_back_leaves_what_is_right,
        stories::edges_serve_on_while_the_platform_is_away,
        stories::a_drained_node_gives_its_instances_away,
        bad_days::a_daemon_that_is_killed_loses_no_request,
        bad_days::a_node_that_is_cut_off_is_left_and_taken_back,
    ]
    .to_vec();
    // Those that take minutes: `make bench` has the time.
    if bad_days::are_long() {
        violent.extend(stories![
            bad_days::a_registry_that_goes_away_leaves_what_runs,
            bad_days::a_full_disk_is_told_and_others_run_it,
            bad_days::a_disk_that_is_away_is_waited_for,
            bad_days::a_manager_that_starts_again_loses_nothing,
            bad_days::managers_without_a_majority_are_told,
        ]);
    }
    if arguments.list {
        let all = peaceful.iter().chain(&violent);
        let trials = all.map(|(name, _)| Trial::test(*name, || Ok(()))).collect();
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    let bench = Arc::new(Bench::start());
    let trials = |stories: &[(&'static str, Story)]| {
        let trials = stories.iter().map(|(name, story)| {
            let (bench, story) = (Arc::clone(&bench), *story);
            Trial::test(*name, move || told(|| story(&bench)))
        });
        trials.collect()
    };
    let first = libtest_mimic::run(&arguments, trials(&peaceful));
    let alone = Arguments {
        test_threads: Some(1),
        ..arguments
    };
    let second = libtest_mimic::run(&alone, trials(&violent));
    match first.has_failed() || second.has_failed() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// Turns a panic into a failure: the cluster must go however a test ends.
fn told(story: impl FnOnce()) -> Result<(), Failed> {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(story));
    ended.map_err(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Failed::from(words.unwrap_or("it panicked"))
    })
}
