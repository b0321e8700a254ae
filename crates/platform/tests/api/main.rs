//! The API over its real router, in the order of its addresses. After the last test, every endpoint
//! of the wire must have been answered with success in each dialect it has.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

mod approvals;
mod audit;
mod client;
mod config;
mod console;
mod coverage;
mod delivery;
mod environments;
mod errors;
mod events;
mod figures;
mod headers;
mod images;
mod logs;
mod meta;
mod nodes;
mod oidc;
mod openapi;
mod orgs;
mod origins;
mod overview;
mod people;
mod pipeline;
mod projects;
mod pushes;
mod repeats;
mod repositories;
mod roles;
mod seed;
mod services;
mod session;
mod stale;
mod telemetry;
mod verdict;
mod workspaces;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

/// Collects async tests under the name of their module.
struct Tests {
    runtime: Arc<Runtime>,
    trials: Vec<Trial>,
}

impl Tests {
    fn add<F, Fut>(&mut self, name: &str, test: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let runtime = Arc::clone(&self.runtime);
        let run = move || {
            let ended = runtime.block_on(async { tokio::spawn(test()).await });
            ended.map_err(|panic| Failed::from(panic.to_string()))
        };
        self.trials.push(Trial::test(name, run));
    }
}

/// Adds tests by their paths.
macro_rules! tests {
    ($tests:ident: $($module:ident::$test:ident),* $(,)?) => {
        $($tests.add(concat!(stringify!($module), "::", stringify!($test)), $module::$test);)*
    };
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They mostly wait for simulated instances, not for a core.
    arguments.test_threads.get_or_insert(16);
    let runtime = Arc::new(Runtime::new().unwrap());
    let mut tests = Tests {
        runtime,
        trials: Vec::new(),
    };
    tests!(tests:
        meta::tells_what_it_is_without_a_key,
        meta::probes_answer_at_the_root,
        audit::every_change_has_a_name_on_it,
        audit::refusals_are_told_once_each,
        audit::it_is_read_by_admins_in_pages_and_never_written_again,
        approvals::a_deploy_waits_for_another_admin,
        approvals::every_way_to_deploy_waits,
        approvals::what_waits_for_an_approval_can_be_cancelled_and_stays_in_line,
        repeats::the_same_again_is_done_once,
        repeats::a_key_stands_for_one_request_of_one_caller,
        repeats::of_many_at_once_one_is_done,
        nodes::tell_what_runs_on_them,
        nodes::are_drained_and_take_part_again,
        stale::a_change_of_an_older_state_is_refused,
        roles::every_route_asks_for_its_role,
        roles::viewers_read_names_and_no_values,
        roles::lists_tell_what_one_may_see,
        oidc::the_page_is_told_where_people_sign_in,
        oidc::without_a_provider_there_is_no_way_to_one,
        oidc::a_provider_that_is_away_keeps_nobody_from_anything_else,
        oidc::nobody_is_sent_to_another_site,
        oidc::a_state_that_nobody_began_opens_nothing_and_is_slowed_down,
        oidc::an_address_is_part_of_an_invitation_and_of_a_person,
        people::keys_are_made_told_once_and_revoked,
        people::a_key_ends_when_it_was_said_to,
        people::what_a_key_or_an_invitation_may_be_is_checked,
        people::an_invitation_lets_one_person_in,
        people::roles_change_at_once_and_never_ones_own,
        people::a_sign_in_link_is_not_a_way_up,
        people::a_sessions_secret_is_replaced_while_it_is_used,
        people::a_session_ends_idle_and_in_any_case,
        people::one_can_sign_out_everywhere,
        session::a_key_signs_in_and_the_cookie_works,
        session::the_first_link_works_once,
        session::wrong_keys_are_slowed_down,
        session::both_headers_are_accepted_in_both_dialects,
        session::another_sites_page_changes_nothing,
        session::a_proxy_makes_cookies_secure,
        orgs::live_from_create_to_delete,
        orgs::refuse_what_is_taken_or_full,
        workspaces::are_orgs_in_envelopes,
        projects::live_from_create_to_delete,
        environments::live_from_create_to_delete,
        environments::refuse_what_is_taken_or_full,
        environments::the_default_one_stays,
        services::live_from_create_to_delete_as_workspace,
        services::live_from_create_to_delete_as_environment,
        services::a_workspace_acts_at_once,
        services::an_environment_waits_for_deploy,
        services::null_clears_and_left_out_stays,
        services::put_is_patch,
        services::instances_are_the_count_of_web,
        services::the_state_speaks_against_it,
        services::domains_belong_to_one,
        services::names_are_taken_once_even_at_once,
        services::a_deleted_name_is_free_at_once,
        services::changes_at_once_are_all_kept,
        services::both_scopes_show_the_same_service,
        logs::they_keep_to_their_window,
        logs::pages_neither_skip_nor_repeat_lines_of_one_instant,
        logs::a_client_that_knows_the_window_alone_misses_no_line,
        logs::what_is_followed_is_told_once_even_if_it_comes_late,
        logs::rows_of_one_instant_are_paged_newest_first,
        logs::lines_hold_anything_and_queries_have_bounds,
        telemetry::every_request_is_one_row,
        telemetry::rates_count_every_request,
        telemetry::instances_are_measured_and_each_metric_has_its_own_outcome,
        telemetry::windows_of_any_kind_have_an_outcome,
        telemetry::a_deleted_service_leaves_nothing_behind,
        figures::tell_how_the_platform_does,
        events::a_services_life_is_told_at_every_level,
        events::deployments_that_end_otherwise_say_why,
        events::config_is_told_by_name_where_it_changed,
        events::windows_kinds_and_limits_choose,
        verdict::more_errors_are_told_with_their_sample_sizes,
        verdict::alike_is_told_as_no_difference_seen,
        verdict::a_few_requests_are_too_little_to_say,
        verdict::there_is_not_always_one_to_tell,
        overview::nothing_is_told_of_an_empty_place,
        overview::each_level_tells_of_what_is_below_it,
        overview::the_newest_deploy_and_build_are_told_if_they_failed,
        overview::errors_are_told_with_how_many_requests_they_are_of,
        overview::unknown_places,
        config::every_level_has_the_same_operations,
        config::the_nearest_level_wins_and_says_what_it_hides,
        config::secrets_are_never_read_back,
        config::members_leave_secrets_alone,
        config::a_stale_change_is_refused_and_nothing_is_lost,
        config::bulk_is_all_or_nothing,
        config::a_preview_tells_whom_a_change_reaches,
        config::one_store_has_two_views,
        config::config_waits_for_the_next_release,
        config::unknown_levels_and_variables,
        delivery::a_deploy_tells_its_story_to_the_end,
        delivery::a_release_says_what_differs_from_the_one_before,
        delivery::a_rollback_brings_image_and_config_back_and_nothing_else,
        delivery::a_deploy_that_fails_leaves_the_old_release,
        delivery::a_deploy_of_which_nothing_moves_ends_by_itself,
        delivery::a_cancelled_deploy_leaves_the_old_release,
        delivery::a_first_deploy_that_is_cancelled_leaves_nothing,
        delivery::the_second_of_two_deploys_replaces_or_waits,
        delivery::unknown_deployments,
        images::a_commit_becomes_an_image_a_release_and_a_deployment,
        images::branches_tags_and_commits_are_built,
        images::builds_that_fail_say_why,
        images::a_reference_is_fetched_and_pinned,
        images::only_what_no_release_needs_is_pruned,
        pipeline::a_pipeline_builds_and_deploys_and_goes_back,
        pipeline::a_release_is_promoted_with_the_targets_config,
        pipeline::what_is_built_and_can_not_be_deployed_says_why,
        pipeline::a_promotion_and_a_rollback_wait_where_that_is_asked_for,
        pushes::a_push_to_the_branch_is_built_and_deployed,
        seed::services_answer_as_the_seed_writes_them,
        seed::delivery_answers_as_the_seed_writes_it,
        errors::malformed_json,
        errors::every_bad_field_at_once,
        errors::bodies_are_bounded,
        errors::bodies_are_json,
        errors::unknown_addresses_and_methods,
        errors::unknown_ids_in_each_place,
        errors::no_key_or_a_wrong_one,
        errors::unknown_query_parameters,
        errors::a_slash_at_the_end_is_optional,
        errors::a_database_that_is_held_says_so,
        console::serves_files_as_they_are_built,
        console::answers_deep_links_with_the_page,
        console::keeps_to_its_folder,
        console::says_how_to_build_it,
        headers::are_on_every_answer,
        headers::name_all_that_the_page_may_run,
        headers::keep_to_tls_where_it_is,
        origins::are_told_to_browsers_by_name,
        origins::are_told_nothing_where_they_are_others,
        openapi::describes_every_endpoint,
        openapi::is_as_it_was_agreed,
    );
    let filtered = arguments.filter.is_some() || !arguments.skip.is_empty() || arguments.list;
    let conclusion = libtest_mimic::run(&arguments, tests.trials);
    if !filtered && !conclusion.has_failed() {
        let missed = coverage::missed();
        if !missed.is_empty() {
            println!("no test had success with: {}", missed.join(", "));
            return ExitCode::FAILURE;
        }
    }
    conclusion.exit_code()
}
