//! Images of the sample, made on an engine over its API.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

/// Builds an image of the sample; its label makes it another than every one before.
pub(crate) fn build(host: &str, sample: &Path, name: &str) {
    let recipe =
        format!("FROM scratch\nLABEL name={name}\nCOPY sample name /\nENTRYPOINT [\"/sample\"]\n");
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("Dockerfile"), recipe).unwrap();
    std::fs::copy(sample, folder.path().join("sample")).unwrap();
    // Nodes have no layer of it yet.
    std::fs::write(folder.path().join("name"), name).unwrap();
    let words = send(
        host,
        &packed(&folder, &["Dockerfile", "sample", "name"]),
        &format!("build?t={name}"),
    );
    assert!(words.contains("Successfully built"), "{words}");
}

/// Loads an image of the sample that says that it is for another processor.
pub(crate) fn load(host: &str, sample: &Path, name: &str, processor: &str) {
    let folder = TempDir::new().unwrap();
    std::fs::copy(sample, folder.path().join("sample")).unwrap();
    let layer = packed(&folder, &["sample"]);
    std::fs::rename(layer, folder.path().join("layer.tar")).unwrap();
    let sum = Command::new("sha256sum")
        .arg(folder.path().join("layer.tar"))
        .output();
    let sum = String::from_utf8(sum.unwrap().stdout).unwrap();
    let digest = sum.split(' ').next().unwrap();
    let config = json!({
        "architecture": processor,
        "os": "linux",
        "config": {"Entrypoint": ["/sample"]},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{digest}")]},
    });
    let manifest = json!([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]);
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    std::fs::write(folder.path().join("manifest.json"), manifest.to_string()).unwrap();
    let whole = packed(&folder, &["manifest.json", "config.json", "layer.tar"]);
    let words = send(host, &whole, "images/load");
    assert!(words.contains("Loaded image"), "{words}");
}

fn packed(folder: &TempDir, files: &[&str]) -> std::path::PathBuf {
    let tar = folder.path().join("packed.tar");
    let packed = Command::new("tar")
        .arg("-cf")
        .arg(&tar)
        .arg("-C")
        .arg(folder.path())
        .args(files)
        .status();
    assert!(packed.unwrap().success());
    tar
}

fn send(host: &str, tar: &Path, path: &str) -> String {
    let sent = Command::new("curl")
        .args(["-sS", "-X", "POST", "-H", "Content-Type: application/x-tar"])
        .args(["--data-binary", &format!("@{}", tar.display())])
        .args(["--unix-socket", host.strip_prefix("unix://").unwrap()])
        .arg(format!("http://engine/{path}"))
        .output();
    String::from_utf8(sent.unwrap().stdout).unwrap()
}
