//! `/meta`, `/healthz`, `/readyz`.

use serde_json::json;

use crate::client::Api;

pub(crate) async fn tells_what_it_is_without_a_key() {
    let api = Api::start().await;
    let meta = api.anonymous("GET", "/meta").send().await.is(200).body;
    assert_eq!(meta["name"], "pilothouse");
    assert_eq!(meta["dialects"], json!(["workspaces", "environments"]));
    assert_eq!(meta["engine"]["kind"], "simulated");
    assert_eq!(meta["engine"]["available"], true);
    assert_eq!(meta["ingress"], "http://127.0.0.1:7080");
}

pub(crate) async fn probes_answer_at_the_root() {
    let api = Api::start().await;
    for probe in ["//healthz", "//readyz"] {
        let got = api.anonymous("GET", probe).send().await.is(200);
        assert_eq!(got.body, json!({"ok": true}));
    }
}
