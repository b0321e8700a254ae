//! Addresses and their paths, both ways.

use super::*;
use proptest::prelude::{any, prop_assert_eq, proptest};

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
fn every_address_is_written_and_read() {
    let org = || "acme".to_owned();
    let all = [
        ("/connect", Address::Connect),
        ("/", Address::Home),
        ("/nodes", Address::Nodes),
        ("/o/acme", Address::Org { org: org() }),
        (
            "/o/acme/p/shop",
            Address::Project {
                org: org(),
                project: "shop".into(),
            },
        ),
        (
            "/o/acme/p/shop/e/production",
            Address::Services(environment()),
        ),
        (
            "/o/acme/p/shop/e/production/services/new",
            Address::NewService(environment()),
        ),
        (
            "/o/acme/p/shop/e/production/overview",
            Address::Overview(EnvironmentParams {
                org: org(),
                project: "shop".into(),
                environment: "production".into(),
            }),
        ),
        (
            "/o/acme/p/shop/e/production/deployments",
            Address::Deployments(environment()),
        ),
        (
            "/o/acme/p/shop/e/production/s/api/logs",
            Address::service(&environment(), "api", Tab::Logs),
        ),
        ("/w/acme/p/shop", Address::Services(workspace())),
        (
            "/w/acme/p/shop/services/new",
            Address::NewService(workspace()),
        ),
        (
            "/w/acme/p/shop/s/api/settings",
            Address::service(&workspace(), "api", Tab::Settings),
        ),
        (
            "/o/acme/config",
            Address::Config(Level::Org(OrgParams { org: org() })),
        ),
        (
            "/o/acme/p/shop/config",
            Address::Config(Level::Project(ProjectParams {
                org: org(),
                project: "shop".into(),
            })),
        ),
        (
            "/o/acme/p/shop/e/production/config",
            Address::Config(Level::Environment(EnvironmentParams {
                org: org(),
                project: "shop".into(),
                environment: "production".into(),
            })),
        ),
        (
            "/o/acme/p/shop/e/production/s/api/config",
            Address::config(Level::Service(ServiceParams {
                scope: environment(),
                service: "api".into(),
            })),
        ),
    ];
    for (path, address) in all {
        assert_eq!(address.path(), path);
        assert_eq!(Address::read(path), Some(address));
    }
}

#[test]
fn a_service_without_a_tab_is_its_overview() {
    let overview = Address::service(&workspace(), "api", Tab::Overview);
    assert_eq!(Address::read("/w/acme/p/shop/s/api/"), Some(overview));
}

#[test]
fn an_image_and_a_release_have_addresses_of_their_own() {
    let params = ServiceParams {
        scope: workspace(),
        service: "api".into(),
    };
    assert_eq!(
        Address::image(&params, 7),
        "/w/acme/p/shop/s/api/images?image=7"
    );
    assert_eq!(
        Address::release(&params, 12),
        "/w/acme/p/shop/s/api/releases?release=12"
    );
}

#[test]
fn an_unknown_address_has_a_nearest_parent() {
    let logs = "/o/acme/p/shop/e/production/s/api/nothing";
    assert_eq!(
        Address::nearest(logs),
        Address::service(&environment(), "api", Tab::Overview)
    );
    assert_eq!(Address::nearest("/nothing/at/all"), Address::Home);
}

#[test]
fn every_address_leads_up_to_the_first() {
    let mut address = Address::service(&environment(), "api", Tab::Logs);
    let mut paths = Vec::new();
    while address != Address::Home {
        address = address.parent();
        paths.push(address.path());
    }
    let up = [
        "/o/acme/p/shop/e/production",
        "/o/acme/p/shop",
        "/o/acme",
        "/",
    ];
    assert_eq!(paths, up);
}

#[test]
fn config_belongs_to_what_it_is_of() {
    let config = Address::read("/o/acme/p/shop/e/production/config");
    let config = config.unwrap();
    assert_eq!(config.scope(), Some(environment()));
    assert_eq!(
        (config.org(), config.project()),
        (Some("acme"), Some("shop"))
    );
    assert_eq!(config.parent(), Address::Services(environment()));
    assert_eq!(Address::read("/o/acme/config").unwrap().project(), None);
}

#[test]
fn only_environments_have_an_overview() {
    let overview = Address::read("/o/acme/p/shop/e/production/overview/");
    let overview = overview.unwrap();
    assert_eq!(overview.scope(), Some(environment()));
    assert_eq!(
        (overview.org(), overview.project()),
        (Some("acme"), Some("shop"))
    );
    assert_eq!(overview.parent(), Address::Services(environment()));
    assert_eq!(Address::read("/w/acme/p/shop/overview"), None);
}

#[test]
fn sign_in_comes_back_to_the_whole_address() {
    assert_eq!(
        Address::connect_and_return("/o/acme?q=a b"),
        "/connect?next=%2Fo%2Facme%3Fq%3Da%20b"
    );
}

proptest! {
    #[test]
    fn any_name_survives_its_address(org in any::<String>(), service in ".+") {
        let org = format!("x{org}");
        let scope = Scope::Environment { org, project: "p".into(), environment: "e".into() };
        let address = Address::service(&scope, &service, Tab::Overview);
        prop_assert_eq!(Address::read(&address.path()), Some(address));
    }

    #[test]
    fn reading_never_panics(path in any::<String>()) {
        let _ = Address::read(&path);
        let _ = Address::nearest(&path);
    }
}

#[test]
fn a_query_leaves_out_what_has_no_text() {
    let logs = Address::service(&environment(), "api", Tab::Logs);
    let path = logs.path_with(&[
        ("window", String::new()),
        ("start", "2026-04-22T15:30:00Z".into()),
        ("filter", "a b&c".into()),
    ]);
    assert_eq!(
        path,
        "/o/acme/p/shop/e/production/s/api/logs?start=2026-04-22T15%3A30%3A00Z&filter=a%20b%26c"
    );
    assert_eq!(logs.path_with(&[]), logs.path());
}
