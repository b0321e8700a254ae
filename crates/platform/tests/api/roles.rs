//! What each role may do: every route in every dialect, by the table of endpoints.

use pilothouse_wire::endpoint::Access;
use pilothouse_wire::endpoints;
use pilothouse_wire::open::Words;
use pilothouse_wire::session::Role;

use crate::client::Api;

/// A template with something in the place of each variable part.
fn filled(template: &str) -> String {
    let parts = template.split('/').map(|part| match part.starts_with('{') {
        true => "none",
        false => part,
    });
    let path: Vec<&str> = parts.collect();
    path.join("/").trim_start_matches("/api/v1").to_owned()
}

pub(crate) async fn every_route_asks_for_its_role() {
    let api = Api::with_shop().await;
    for role in Role::ALL {
        let key = api.app.create_key(role.word(), *role).await.unwrap();
        for endpoint in endpoints::ALL {
            for (_, template) in endpoint.templates() {
                let (method, path) = (endpoint.method.name(), filled(&template));
                let asked = api.anonymous(method, &path).header("x-api-key", &key);
                let got = asked.send().await;
                let least = endpoint.access.role();
                match least.filter(|least| !role.admits(*least)) {
                    Some(least) => {
                        let got = got.fails(403, "forbidden");
                        let words = got.message();
                        let says = [format!("role {least}"), format!("yours is {role}")];
                        assert!(says.iter().all(|part| words.contains(part)), "{words}");
                    }
                    None => assert_ne!(got.status, 403, "{role}: {method} {path}"),
                }
            }
        }
    }
    for endpoint in endpoints::ALL {
        for (_, template) in endpoint.templates() {
            let (method, path) = (endpoint.method.name(), filled(&template));
            let got = api.anonymous(method, &path).send().await;
            let is_open = endpoint.access == Access::Public;
            assert_eq!(got.status != 401, is_open, "{method} {path}");
        }
    }
    api.app.close().await;
}
