//! A certificate that is replaced while the platform serves.

use std::fs;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::connect;
use crate::serving::{Issued, PATIENCE, Serving};

async fn serves(serving: &Serving, issued: &Issued) -> bool {
    let stream = connect(&serving.address(), &issued.der(), &["h2"]).await;
    let Ok(stream) = stream else {
        return false;
    };
    let shown = stream.get_ref().1.peer_certificates().unwrap();
    shown[0] == issued.der()
}

/// Waits until a certificate is served.
async fn until(serving: &Serving, issued: &Issued) {
    let begun = Instant::now();
    while !serves(serving, issued).await {
        assert!(begun.elapsed() < PATIENCE, "it was never taken in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn another_one_is_taken_in_by_itself() {
    let (first, second) = (Issued::new(), Issued::new());
    let serving = Serving::start(&first);
    assert!(serves(&serving, &first).await && !serves(&serving, &second).await);
    second.write(serving.folder.path());
    until(&serving, &second).await;
    assert!(!serves(&serving, &first).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_can_not_be_used_change_nothing() {
    let (first, second) = (Issued::new(), Issued::new());
    let serving = Serving::start(&first);
    let file = serving.certificate();
    // Never half of a file: that would be one more that can't be used.
    let put = |text: &str| {
        let new = file.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, &file).unwrap();
    };
    put("no certificate");
    let said = serving.says("the certificate before it stays in use");
    assert!(said.contains("holds no certificate"), "{said}");
    assert!(serves(&serving, &first).await);
    // The other half of it is still the old one's.
    put(&second.certificate);
    let said = serving.says("the certificate before it stays in use");
    assert!(said.contains("does not belong to"), "{said}");
    assert!(serves(&serving, &first).await);
    fs::remove_file(&file).unwrap();
    let said = serving.says("the certificate before it stays in use");
    assert!(said.contains("can't be read"), "{said}");
    assert!(serves(&serving, &first).await);
    second.write(serving.folder.path());
    until(&serving, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_has_it_read_anew() {
    let issued = Issued::new();
    let serving = Serving::start(&issued);
    serving.signal("-HUP");
    serving.says("the certificate was read anew");
    assert!(serves(&serving, &issued).await);
}
