//! Replies: tolerant reading of whatever a platform sends, and addresses that hit the right one.

use std::collections::BTreeSet;

use pilothouse_wire::endpoint::{Endpoint, Method, NoQuery, dialect, url};
use pilothouse_wire::endpoints::{ALL, GetService, GetServiceLogs, ListOrgs, ListServices};
use pilothouse_wire::envelope::{Dialect, decode_error, decode_reply};
use pilothouse_wire::error::ErrorCode;
use pilothouse_wire::logs::LogQuery;
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::path::{NoParams, Scope, ServiceParams};
use pilothouse_wire::service::{Platform, Service};
use pilothouse_wire::status::{ServiceState, ServiceStatus};
use proptest::prelude::*;

fn environment() -> Scope {
    Scope::Environment {
        org: "acme".into(),
        project: "shop".into(),
        environment: "production".into(),
    }
}

fn workspace() -> Scope {
    Scope::Workspace {
        workspace: "acme".into(),
        project: "shop".into(),
    }
}

#[test]
fn a_body_that_is_no_utf_8_is_refused_with_the_place() {
    for dialect in [Dialect::Environment, Dialect::Workspace] {
        let error = decode_reply::<Service>(dialect, b"{\"id\":\"\xff\"}").unwrap_err();
        assert!(error.to_string().contains("index 7"), "{error}");
    }
}

#[test]
fn the_seeds_own_example_is_a_service() {
    let body = br#"[{"id": "uuid", "name": "API", "slug": "api", "platform": "wind",
        "github_repository": "acme/api", "process_counts": {"web": 2, "worker": 1}}]"#;
    let services: Vec<Service> = decode_reply(Dialect::Environment, body).unwrap();
    assert_eq!(services[0].platform, Some(Open::Known(Platform::Wind)));
    assert_eq!(services[0].web_instances(), 2);
    assert_eq!(services[0].status, None);
}

#[test]
fn unknown_fields_and_values_are_no_reason_to_fail() {
    let body = br#"{"data": {"id": "1", "name": "x", "platform": "fusion", "colour": 5},
        "message": "ok", "status": "success", "trace": []}"#;
    let service: Service = decode_reply(Dialect::Workspace, body).unwrap();
    assert_eq!(service.platform.unwrap().word(), "fusion");
    let status: ServiceStatus =
        serde_json::from_str(r#"{"total": 3, "ready": 2, "available": true, "state": "lively"}"#)
            .unwrap();
    assert_eq!(status.state.unwrap().known(), None::<ServiceState>);
}

#[test]
fn an_error_of_either_dialect_says_what_happened() {
    let w = br#"{"data": null, "message": "Choose another name.", "status": "error",
        "code": "name_taken", "errors": {"name": ["Taken."]}}"#;
    let e = br#"{"status": 409, "message": "Choose another name.", "code": "name_taken",
        "errors": {"name": ["Taken."]}}"#;
    for body in [w.as_slice(), e] {
        let error = decode_error(409, body);
        assert_eq!(error.code, Open::Known(ErrorCode::NameTaken));
        assert_eq!(error.message, "Choose another name.");
        assert_eq!(error.errors.of("name"), ["Taken."]);
    }
}

#[test]
fn a_page_of_a_proxy_is_still_an_error_in_words() {
    let error = decode_error(502, b"<html>Bad gateway</html>");
    assert_eq!(error.status, 502);
    assert!(error.message.contains("502") && error.message.contains("on the way"));
    assert_eq!(error.code.word(), "http_502");
}

#[test]
fn the_two_scopes_have_their_own_addresses() {
    let service = |scope| ServiceParams {
        scope,
        service: "api".into(),
    };
    assert_eq!(
        url::<GetService>(&service(environment()), &NoQuery),
        "/api/v1/orgs/acme/projects/shop/envs/production/services/api"
    );
    let query = LogQuery {
        filter: Some("a b&c".into()),
        ..LogQuery::default()
    };
    assert_eq!(
        url::<GetServiceLogs>(&service(workspace()), &query),
        "/api/v1/workspaces/acme/projects/shop/services/api/logs?filter=a%20b%26c"
    );
    assert_eq!(dialect::<ListServices>(&workspace()), Dialect::Workspace);
    assert_eq!(dialect::<ListOrgs>(&NoParams {}), Dialect::Environment);
}

#[test]
fn no_two_endpoints_share_a_name_or_an_address() {
    let names: BTreeSet<_> = ALL.iter().map(|endpoint| endpoint.name).collect();
    let places: BTreeSet<_> = ALL
        .iter()
        .map(|endpoint| (endpoint.method.name(), endpoint.path))
        .collect();
    assert_eq!((names.len(), places.len()), (ALL.len(), ALL.len()));
}

#[test]
fn only_the_workspace_dialect_has_put() {
    let put: Vec<_> = ALL
        .iter()
        .filter(|endpoint| endpoint.method == Method::Put)
        .flat_map(pilothouse_wire::endpoint::EndpointInfo::templates)
        .collect();
    assert_eq!(put.len(), 1);
    assert_eq!(put[0].0, Dialect::Workspace);
    assert_eq!(GetService::SUCCESS, 200);
}

proptest! {
    #[test]
    fn an_id_stays_one_segment(id in any::<String>()) {
        let params = ServiceParams { scope: environment(), service: id };
        let url = url::<GetService>(&params, &NoQuery);
        prop_assert_eq!(url.split('/').count(), 11);
        prop_assert!(url.bytes().all(|b| b.is_ascii_graphic() && b != b'?' && b != b'#'));
        prop_assert!(!url.ends_with("/.") && !url.ends_with("/.."));
    }

    #[test]
    fn no_body_makes_reading_an_error_panic(status in 400_u16..600, body in any::<Vec<u8>>()) {
        prop_assert_eq!(decode_error(status, &body).status, status);
    }

    #[test]
    fn an_open_value_arrives_as_it_was_sent(word in any::<String>()) {
        let sent = serde_json::to_string(&word).unwrap();
        let read: Open<Platform> = serde_json::from_str(&sent).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), sent);
    }

    #[test]
    fn a_service_arrives_as_it_was_sent(name in any::<String>(), image in any::<Option<String>>(), port in any::<Option<u16>>(), tags in any::<Vec<String>>()) {
        let service = Service { id: "1".into(), name, image, port, tags, ..Service::default() };
        let bytes = serde_json::to_vec(&service).unwrap();
        prop_assert!(!bytes.windows(4).any(|part| part == b"null") || service.name.contains("null")
            || service.tags.iter().chain(&service.image).any(|text| text.contains("null")));
        prop_assert_eq!(decode_reply::<Service>(Dialect::Environment, &bytes).unwrap(), service);
    }
}

#[test]
fn every_code_has_its_own_word() {
    let words: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(words.len(), ErrorCode::ALL.len());
}
