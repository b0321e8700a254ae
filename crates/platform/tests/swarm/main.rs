//! The real binary over a real Docker Swarm of three nodes, each a daemon in a network of its own.
//! It needs root, dockerd and docker-registry, which `make test` installs.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

#[path = "../reconcile/asking.rs"]
mod asking;
mod bench;
mod cluster;
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
    ($($story:ident),* $(,)?) => {
        [$((stringify!($story), stories::$story as Story)),*]
    };
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // Those that leave the cluster and the platform to the others.
    let peaceful = stories![
        instances_run_on_all_nodes_and_answer,
        an_image_reaches_the_nodes_by_its_digest,
        a_restart_and_a_deploy_lose_no_request,
        edges_take_visitors_and_tell_of_them,
        who_has_no_token_is_told_no_route,
        a_release_that_is_not_healthy_goes_back,
        an_instance_that_crashes_is_replaced_and_told,
        an_ordinal_stays_with_its_disk,
        a_service_comes_and_goes_with_its_scale,
        another_platform_is_refused,
        a_registry_that_is_away_is_refused,
    ];
    // Those that don't, one after the other.
    let violent = stories![
        a_platform_that_comes_back_leaves_what_is_right,
        edges_serve_on_while_the_platform_is_away,
        a_drained_node_gives_its_instances_away,
        a_daemon_that_is_killed_loses_no_request,
        a_node_that_is_cut_off_is_left_and_taken_back,
    ];
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
