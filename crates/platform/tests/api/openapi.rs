//! `/openapi.json`: made from the endpoints' own types, and agreed on as a file.

use std::path::PathBuf;

use pilothouse_wire::endpoints;
use serde_json::Value;

use crate::client::Api;

pub(crate) async fn describes_every_endpoint() {
    let api = Api::start().await;
    let got = api.anonymous("GET", "/openapi.json").send().await.is(200);
    assert_eq!(got.body["openapi"], "3.1.0");
    let mut described = 0;
    for endpoint in endpoints::ALL {
        let method = endpoint.method.name().to_ascii_lowercase();
        for (_, template) in endpoint.templates() {
            let operation = &got.body["paths"][&template][&method];
            assert_eq!(
                operation["summary"], endpoint.summary,
                "{method} {template}"
            );
            described += 1;
        }
    }
    let paths = got.body["paths"].as_object().unwrap();
    let operations: usize = paths
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(operations, described);
    let text = got.text.as_str();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        let schema = &got.body["components"]["schemas"][name];
        assert_ne!(
            schema,
            &Value::Null,
            "{name} is referred to and not described"
        );
    }
}

/// The document is kept beside the tests, so that a change of the API shows in its review. Write it
/// again with `UPDATE_OPENAPI=1 cargo test -p pilothouse --test api`.
pub(crate) async fn is_as_it_was_agreed() {
    let api = Api::start().await;
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/api/openapi.json");
    let now = serde_json::to_string_pretty(&api.app.openapi()).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        agreed == now,
        "the API differs from tests/api/openapi.json: write it again with UPDATE_OPENAPI=1"
    );
}
