//! A gateway over TLS to a platform over TLS.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use http_body_util::Full;
use tempfile::TempDir;

use crate::client::{Got, ask, connect, request};
use crate::serving::{Issued, Serving, command};

/// A gateway to a platform, which believes the certificates of a file.
fn gateway(platform: &Serving, believed: &std::path::Path, own: &Issued) -> Serving {
    let folder = TempDir::new().unwrap();
    own.write(folder.path());
    let key = folder.path().join("upstream.key");
    fs::write(&key, platform.key()).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let upstream = format!("https://{}", platform.address());
    let key = key.to_str().unwrap();
    let mut command = command(
        folder.path(),
        &["--upstream", &upstream, "--upstream-key-file", key],
    );
    command.env("SSL_CERT_FILE", believed);
    Serving::of(folder, command)
}

async fn get(gate: &Serving, own: &Issued, path: &str) -> Got {
    let address = gate.address();
    let stream = connect(&address, &own.der(), &["h2"]).await.unwrap();
    let get = request(&address, "h2", "GET", path);
    ask(stream, get.body(Full::default()).unwrap()).await
}

#[tokio::test]
async fn it_asks_whom_it_believes_and_nobody_else() {
    let (issued, own) = (Issued::new(), Issued::new());
    let platform = Serving::start(&issued);
    let gate = gateway(&platform, &platform.certificate(), &own);
    let got = get(&gate, &own, "/api/v1/orgs/").await;
    assert_eq!((got.status, got.body.as_str()), (200, "[]"));
    assert!(got.headers.contains_key("strict-transport-security"));
    assert_eq!(get(&gate, &own, "/readyz").await.status, 200);

    let stranger = gateway(&platform, &gate.certificate(), &own);
    let got = get(&stranger, &own, "/api/v1/orgs/").await;
    assert_eq!(got.status, 503, "{got:?}");
    assert!(got.body.contains("upstream_unavailable"), "{got:?}");
    stranger.says("there is no connection");
}
