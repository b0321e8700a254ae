//! Requests: what one side encodes the other decodes to the same, and no input makes a check panic.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests do"
)]

use std::collections::BTreeMap;

use pilothouse_wire::access::{AccessQuery, StatusFilter};
use pilothouse_wire::decode::{decode_body, decode_query};
use pilothouse_wire::deploy::Scale;
use pilothouse_wire::endpoint::Query;
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::environment::{EnvironmentCreate, EnvironmentPatch};
use pilothouse_wire::event::{EventKind, EventsQuery};
use pilothouse_wire::image::ImageReference;
use pilothouse_wire::logs::{LogCursor, LogQuery, Page};
use pilothouse_wire::metrics::MetricsQuery;
use pilothouse_wire::name::derive_slug;
use pilothouse_wire::open::Words;
use pilothouse_wire::org::Named;
use pilothouse_wire::patch::Patch;
use pilothouse_wire::quantity::{
    DeploymentTimeout, EventLimit, InstanceCount, LogLimit, Port, Since, Step, VolumeSize,
};
use pilothouse_wire::service::{Platform, ServiceCreate, ServicePatch, VolumeSpec};
use pilothouse_wire::session::SignIn;
use pilothouse_wire::text::{
    BranchName, Domain, GithubRepository, HealthCheckHost, HealthCheckPath, MountPath, Name,
    ProcessName, Subdirectory, Tag, VariableName, VariableValue, VolumeName,
};
use pilothouse_wire::window::Window;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// A strategy of every value of a newtype whose text matches the pattern.
fn text<T: std::str::FromStr<Err = String> + std::fmt::Debug>(
    pattern: &'static str,
) -> impl Strategy<Value = T> {
    pattern.prop_filter_map("not valid", |text| text.parse().ok())
}

fn counts() -> impl Strategy<Value = BTreeMap<ProcessName, InstanceCount>> {
    btree_map(text("[a-v][a-z0-9]{0,8}"), instances(), 0..4)
}

fn instances() -> impl Strategy<Value = InstanceCount> {
    (0_u64..=100).prop_map(|n| InstanceCount::new(n).unwrap())
}

fn domain() -> impl Strategy<Value = Domain> {
    text(r"(\*\.)?[a-z][a-z0-9-]{0,8}[a-z0-9](\.[a-z][a-z0-9]{0,5}){1,3}")
}

/// At most one volume, so that no name or path is given twice.
fn volumes() -> impl Strategy<Value = Vec<VolumeSpec>> {
    vec(
        (
            text::<VolumeName>("[a-z][a-z0-9]{0,10}"),
            text::<MountPath>("/[a-z]{1,8}(/[a-z]{1,8}){0,3}"),
            1_u64..=1024,
        )
            .prop_map(|(name, mount_path, size)| VolumeSpec {
                name,
                mount_path,
                size_gb: VolumeSize::new(size).unwrap(),
            }),
        0..2,
    )
}

fn env() -> impl Strategy<Value = BTreeMap<VariableName, VariableValue>> {
    let value = "[^\0]{0,40}".prop_map(|text| VariableValue::new(&text).unwrap());
    btree_map(text("[A-Za-z_][A-Za-z0-9_]{0,20}"), value, 0..5)
}

fn image() -> impl Strategy<Value = ImageReference> {
    text(
        r"([a-z]{2,8}\.[a-z]{2,3}(:[1-9][0-9]{1,3})?/)?[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?(/[a-z0-9]{1,8})?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,10})?(@sha256:[0-9a-f]{64})?",
    )
}

fn port() -> impl Strategy<Value = Port> {
    (1_u64..=65535).prop_map(|n| Port::new(n).unwrap())
}

fn timeout() -> impl Strategy<Value = DeploymentTimeout> {
    (1_u64..=3600).prop_map(|n| DeploymentTimeout::new(n).unwrap())
}

fn patch<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Patch<T>> {
    prop_oneof![
        Just(Patch::Keep),
        Just(Patch::Clear),
        value.prop_map(Patch::Set)
    ]
}

prop_compose! {
    fn create()(
        name in text::<Name>("[A-Za-z][ -~àé日本]{0,30}"),
        image in option::of(image()),
        port in option::of(port()),
        domains in vec(domain(), 0..2),
        instances in option::of(instances()),
        tags in vec(text::<Tag>("[!-~]{1,20}"), 0..2),
        env in env(),
        volumes in volumes(),
        platform in option::of(select(Platform::ALL)),
        repository in option::of(text::<GithubRepository>("[a-z]{1,8}/[a-z][a-z.]{0,8}")),
        health_check_path in option::of(text::<HealthCheckPath>("/[a-z_]{0,10}/?")),
    )(
        auto_deploy_branch in option::of(text::<BranchName>("[a-z]{1,8}(/[a-z]{1,8})?")),
        deployment_timeout in option::of(timeout()),
        process_counts in counts(),
        subdirectory in option::of(text::<Subdirectory>("[a-z]{1,8}(/[a-z]{1,8})?")),
        health_check_host in option::of(text::<HealthCheckHost>("[a-z]{1,8}(\\.[a-z]{1,8})?")),
        name in Just(name), image in Just(image), port in Just(port), domains in Just(domains),
        instances in Just(instances), mut tags in Just(tags), env in Just(env), volumes in Just(volumes),
        platform in Just(platform), repository in Just(repository), health_check_path in Just(health_check_path),
    ) -> ServiceCreate {
        tags.dedup();
        let mut domains = domains;
        domains.dedup_by_key(|domain| domain.canonical());
        ServiceCreate {
            image, port, domains, instances, tags, env, volumes, platform,
            github_repository: repository, health_check_path, auto_deploy_branch,
            deployment_timeout, process_counts, subdirectory, health_check_host,
            ..ServiceCreate::named(name)
        }
    }
}

prop_compose! {
    fn update()(
        name in option::of(text::<Name>("[A-Za-z][ -~]{0,30}")),
        image in patch(image()),
        port in patch(port()),
        domain in patch(domain()),
        instances in option::of(instances()),
        env in patch(env()),
        volumes in patch(volumes()),
        platform in option::of(select(Platform::ALL)),
        health_check_path in patch(text::<HealthCheckPath>("/[a-z_]{0,10}/?")),
        deployment_timeout in patch(timeout()),
        process_counts in option::of(counts()),
    ) -> ServicePatch {
        ServicePatch {
            name, image, port, instances, env, volumes, platform, health_check_path,
            domains: domain.map(|domain| vec![domain]),
            deployment_timeout, process_counts,
            ..ServicePatch::default()
        }
    }
}

/// What the other side reads of what this side writes.
fn sent<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn a_create_arrives_as_it_was_sent(create in create()) {
        let mut expected = create.clone();
        expected.image.get_or_insert_with(|| "nginx".parse().unwrap());
        prop_assert_eq!(decode_body(sent(&expected), Dialect::Workspace), Ok(expected));
    }

    #[test]
    fn an_update_arrives_as_it_was_sent(update in update()) {
        prop_assert_eq!(decode_body(sent(&update), Dialect::Environment), Ok(update));
    }

    #[test]
    fn a_scale_arrives_as_it_was_sent(count in instances(), counts in counts()) {
        let scale = if counts.is_empty() { Scale::Instances(count) } else { Scale::ProcessCounts(counts) };
        prop_assert_eq!(decode_body(sent(&scale), Dialect::Workspace), Ok(scale));
    }

    #[test]
    fn a_log_query_arrives_as_it_was_sent(
        since in option::of(1_u64..=1_000_000), limit in option::of(1_u64..=100_000),
        filter in option::of("[^\0]{1,30}"), start in option::of(0_i64..4_000_000_000), page in page(),
    ) {
        let query = LogQuery {
            window: window(since, start),
            limit: limit.map(|n| LogLimit::new(n).unwrap()),
            filter,
            page,
        };
        let pairs = query.pairs().into_iter().map(|(name, value)| (name.to_owned(), value));
        prop_assert_eq!(decode_query(pairs), Ok(query));
    }

    #[test]
    fn a_metrics_query_arrives_as_it_was_sent(
        names in prop::collection::btree_set("[a-z_0-9]{1,20}", 0..6), since in option::of(1_u64..=1_000_000),
        start in option::of(0_i64..4_000_000_000), step in option::of(1_u64..=86_400),
    ) {
        let query = MetricsQuery {
            names,
            window: window(since, start),
            step: step.map(|n| Step::new(n).unwrap()),
        };
        let pairs = query.pairs().into_iter().map(|(name, value)| (name.to_owned(), value));
        prop_assert_eq!(decode_query(pairs), Ok(query));
    }

    #[test]
    fn an_access_query_arrives_as_it_was_sent(
        since in option::of(1_u64..=1_000_000), start in option::of(0_i64..4_000_000_000),
        limit in option::of(1_u64..=100_000), status in vec(status(), 0..5),
        method in vec("[A-Z]{1,10}", 0..5), path_contains in option::of("[^\0]{1,30}"),
        page in page(),
    ) {
        let query = AccessQuery {
            window: window(since, start),
            limit: limit.map(|n| LogLimit::new(n).unwrap()),
            status,
            method,
            path_contains,
            page,
        };
        let pairs = query.pairs().into_iter().map(|(name, value)| (name.to_owned(), value));
        prop_assert_eq!(decode_query(pairs), Ok(query));
    }

    #[test]
    fn an_events_query_arrives_as_it_was_sent(
        since in option::of(1_u64..=1_000_000), start in option::of(0_i64..4_000_000_000),
        limit in option::of(1_u64..=1_000), kinds in subsequence(EventKind::ALL.to_vec(), 0..4),
    ) {
        let query = EventsQuery {
            window: window(since, start),
            limit: limit.map(|n| EventLimit::new(n).unwrap()),
            kinds,
        };
        let pairs = query.pairs().into_iter().map(|(name, value)| (name.to_owned(), value));
        prop_assert_eq!(decode_query(pairs), Ok(query));
    }

    #[test]
    fn no_text_makes_a_check_panic(text in any::<String>()) {
        macro_rules! check { ($($ty:ty),*) => { $(if let Ok(valid) = text.parse::<$ty>() {
            // A valid value stays valid: it is its own canonical spelling.
            prop_assert_eq!(valid.to_string().parse::<$ty>(), Ok(valid));
        })* } }
        check!(Name, Domain, HealthCheckHost, HealthCheckPath, MountPath, VolumeName, Tag, ProcessName,
            VariableName, GithubRepository, BranchName, Subdirectory, ImageReference, Port,
            InstanceCount, VolumeSize, DeploymentTimeout, LogLimit, LogCursor, Since, Step, StatusFilter);
        let _ = VariableValue::new(&text);
    }

    #[test]
    fn near_misses_never_panic_either(text in r"[*.:/@a-zA-Z0-9_\[\]{}%~-]{0,80}") {
        if let Ok(image) = text.parse::<ImageReference>() {
            prop_assert!(!image.parts().repository.is_empty());
        }
        let _ = text.parse::<Domain>();
        let _ = text.parse::<BranchName>();
    }

    #[test]
    fn a_slug_is_always_fit_for_an_address(name in any::<String>()) {
        let slug = derive_slug(&name);
        prop_assert!(slug.len() <= 63);
        prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
        prop_assert_eq!(derive_slug(&slug), slug);
    }

    #[test]
    fn no_json_makes_a_body_panic(text in r#"[\[\]{}":,a-z0-9 ]{0,60}"#, field in "[a-z_]{1,12}") {
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
            let body = serde_json::json!({ field: value.clone() });
            for body in [value, body] {
                let _ = decode_body::<ServiceCreate>(body.clone(), Dialect::Workspace);
                let _ = decode_body::<ServicePatch>(body.clone(), Dialect::Environment);
                let _ = decode_body::<EnvironmentCreate>(body.clone(), Dialect::Environment);
                let _ = decode_body::<EnvironmentPatch>(body.clone(), Dialect::Environment);
                let _ = decode_body::<Scale>(body.clone(), Dialect::Workspace);
                let _ = decode_body::<SignIn>(body.clone(), Dialect::Environment);
                let _ = decode_body::<Named>(body, Dialect::Environment);
            }
        }
    }
}

/// The faults of a body, as `field: sentence`, in order.
fn faults(dialect: Dialect, body: &serde_json::Value) -> Vec<String> {
    let errors = decode_body::<ServiceCreate>(body.clone(), dialect).unwrap_err();
    errors
        .iter()
        .map(|(field, words)| format!("{field}: {}", words.join(" ")))
        .collect()
}

#[test]
fn every_bad_field_is_named_at_once() {
    let body = serde_json::json!({
        "name": "", "port": 70000, "domains": ["ok.example", "no_", "OK.example"],
        "env": {"1X": "a", "GOOD": 5}, "volumes": [{"name": "d", "mount_path": "data"}],
        "process_counts": {"web": 3}, "instances": 2, "colour": "red",
    });
    assert_eq!(
        faults(Dialect::Workspace, &body),
        [
            "colour: There is no such field.",
            "domains.1: A domain is letters, digits and hyphens between dots, like shop.example.com or *.example.com.",
            "env.1X: A variable name is letters, digits and _, and does not start with a digit.",
            "env.GOOD: This takes a text, not a number.",
            "image: Give the image that its instances run.",
            "instances: This is the count of the process web: give one of the two, or the same number.",
            "name: A name is 1 to 63 characters.",
            "port: A port is between 1 and 65535.",
            "volumes.0.mount_path: A mount path starts with / and holds no .., like /data.",
            "volumes.0.size_gb: Say how large it is, in GB.",
        ]
    );
}

#[test]
fn each_dialect_requires_its_own_seeds_fields() {
    let body = serde_json::json!({"name": "api"});
    assert_eq!(
        faults(Dialect::Workspace, &body),
        ["image: Give the image that its instances run."]
    );
    assert_eq!(
        faults(Dialect::Environment, &body),
        ["platform: Choose the platform that runs it."]
    );
}

#[test]
fn a_domain_is_unique_whatever_its_case() {
    let body =
        serde_json::json!({"name": "a", "image": "b", "domains": ["A.example", "a.EXAMPLE"]});
    assert_eq!(
        faults(Dialect::Workspace, &body),
        ["domains.1: This domain is given twice."]
    );
}

#[test]
fn null_clears_what_can_be_cleared_and_nothing_else() {
    let cleared = serde_json::json!({"image": null, "domains": null});
    let patch: ServicePatch = decode_body(cleared, Dialect::Environment).unwrap();
    assert_eq!((patch.image, patch.domains), (Patch::Clear, Patch::Clear));
    let refused = serde_json::json!({"name": null, "instances": null});
    let errors = decode_body::<ServicePatch>(refused, Dialect::Environment).unwrap_err();
    assert_eq!(errors.len(), 2);
}

fn window(since: Option<u64>, start: Option<i64>) -> Window {
    let instant = |seconds| chrono::DateTime::from_timestamp(seconds, 123_456_789);
    Window {
        since: since.map(|n| Since::new(n).unwrap()),
        start: start.filter(|_| since.is_none()).and_then(instant),
        end: None,
    }
}

fn status() -> impl Strategy<Value = StatusFilter> {
    prop_oneof![
        (100_u16..600).prop_map(StatusFilter::Exactly),
        (1_u16..=5).prop_map(StatusFilter::Class),
    ]
}

fn page() -> impl Strategy<Value = Page> {
    let cursor = || option::of("[!-~]{1,128}".prop_map(|text| text.parse::<LogCursor>().unwrap()));
    (cursor(), cursor()).prop_map(|(before, after)| Page { before, after })
}

#[test]
fn a_filter_of_many_kilobytes_and_a_made_up_place_are_refused() {
    let pairs = [
        ("filter", "x".repeat(10 * 1024)),
        ("before", " ".to_owned()),
        ("after", "\u{e4}".to_owned()),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    let errors = decode_query::<LogQuery>(pairs).unwrap_err();
    assert_eq!(errors.of("filter"), ["A filter holds at most 4 KiB."]);
    for place in ["before", "after"] {
        assert_eq!(
            errors.of(place),
            ["Send older or newer as an answer holds it."]
        );
    }
}

#[test]
fn a_status_is_chosen_alone_or_with_its_class() {
    let chosen = |text: &str, status| text.parse::<StatusFilter>().unwrap().matches(status);
    assert!(chosen("404", 404) && !chosen("404", 403));
    assert!(chosen("5XX", 503) && !chosen("5xx", 499));
    for refused in ["", "99", "600", "0xx", "6xx", "x", "-1"] {
        assert!(refused.parse::<StatusFilter>().is_err(), "{refused}");
    }
}

#[test]
fn a_window_is_given_one_way() {
    let pairs = |pairs: &[(&str, &str)]| {
        let owned: Vec<_> = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        decode_query::<LogQuery>(owned)
    };
    let both = pairs(&[("since", "60"), ("start", "2026-04-22T15:30:00Z")]).unwrap_err();
    assert_eq!(both.of("since"), ["Give either since, or start and end."]);
    let reversed = pairs(&[
        ("start", "2026-04-22T15:30:00Z"),
        ("end", "2026-04-22T15:00:00Z"),
    ]);
    assert_eq!(
        reversed.unwrap_err().of("start"),
        ["The start must be before the end."]
    );
    let unknown = pairs(&[("tail", "5")]).unwrap_err();
    assert_eq!(unknown.of("tail"), ["There is no such field."]);
}

#[test]
fn a_credential_is_never_shown_by_debug() {
    let body = serde_json::json!({"key": "ph_secret"});
    let sign_in: SignIn = decode_body(body, Dialect::Environment).unwrap();
    assert!(!format!("{sign_in:?}").contains("secret"));
}
