//! The engine behind a bench, as it is without the platform.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use pilothouse::engine::{BuildSpec, Engine, EngineChoice, EngineInstance, connect, connect_to};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::bench::{Bench, PATIENCE};
use crate::disk::Disk;

/// The folder of a Podman on its disk.
const STATE: &str = "engine";

/// The image of the sample service.
pub(crate) const IMAGE: &str = "localhost/pilothouse-reconcile-test:1";

/// A Podman on a small disk of its own, for as long as it is held.
pub(crate) struct SmallEngine {
    /// `unix:///…`
    pub(crate) host: String,
    disk: Disk,
    _folder: TempDir,
}

impl SmallEngine {
    /// On a disk of so many MiB.
    pub(crate) fn start(size: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let disk = Disk::mount(folder.path(), size);
        let private = ["--private", "--subnets", "10.201"];
        let host = make_engine(&private, &folder.path().join(STATE));
        let host = host.trim().strip_prefix("DOCKER_HOST=").unwrap();
        Self {
            host: host.to_owned(),
            disk,
            _folder: folder,
        }
    }

    /// How much of its disk is free, in bytes.
    pub(crate) fn free(&self) -> u64 {
        self.disk.free()
    }
}

impl Drop for SmallEngine {
    fn drop(&mut self) {
        make_engine(&["--remove"], &self.disk.folder.join(STATE));
    }
}

fn make_engine(args: &[&str], state: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.make/engine");
    let done = Command::new(script)
        .args(args)
        .arg("--state")
        .arg(state)
        .output()
        .unwrap();
    let is_done = done.status.success() || thread::panicking();
    assert!(is_done, "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

impl Bench {
    /// Whether an image holds a text in any of its layers or its history.
    pub(crate) fn image_holds(&self, reference: &str, text: &str) -> bool {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            engine.image_facts(reference).await.unwrap();
        });
        let host = self.engine_host();
        let saved = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--unix-socket"])
            .arg(host.trim_start_matches("unix://"))
            .arg(format!("http://localhost/images/{reference}/get"))
            .output()
            .unwrap();
        assert!(saved.status.success(), "{saved:?}");
        memchr::memmem::find(&saved.stdout, text.as_bytes()).is_some()
    }

    /// Whether an image is there.
    pub(crate) fn has_image(&self, reference: &str) -> bool {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            engine.has_image(reference).await.unwrap()
        })
    }

    /// What really runs.
    pub(crate) fn real(&self) -> Vec<EngineInstance> {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            engine.list(None).await.unwrap()
        })
    }

    /// Kills an instance behind the platform's back, with its first signal.
    pub(crate) fn kill_instance(&self, id: &str) {
        let host = self.engine_host();
        let killed = Command::new("curl")
            .args(["--silent", "--show-error", "--fail-with-body"])
            .args(["--request", "POST", "--unix-socket"])
            .arg(host.trim_start_matches("unix://"))
            .arg(format!("http://localhost/containers/{id}/kill"))
            .output()
            .unwrap();
        assert!(killed.status.success(), "{killed:?}");
    }

    /// What an instance that ended has written, as the engine has it.
    pub(crate) fn written(&self, id: &str) -> Vec<String> {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            let lines = engine.logs(id, None).await.unwrap();
            lines.map(|line| line.unwrap().message).collect().await
        })
    }

    /// Stops an instance behind the platform's back.
    pub(crate) fn stop(&self, id: &str) {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            engine.stop(id, Duration::from_secs(5)).await.unwrap();
        });
    }

    pub(crate) async fn connect(&self) -> Arc<dyn Engine> {
        let file = self.folder.path().join("installation");
        let installation = std::fs::read_to_string(file).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            match connect_to(&self.engine_host(), installation.trim()).await {
                Ok(engine) => return engine,
                // A machine with much to do may keep it from answering.
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
        }
    }
}

pub(crate) fn sample_binary() -> PathBuf {
    let built = "../../target/x86_64-unknown-linux-musl/release/pilothouse-sample";
    std::env::var_os("PILOTHOUSE_SAMPLE_BINARY").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(built),
        PathBuf::from,
    )
}

/// Builds the sample's image, once.
pub(crate) fn build_image() {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let binary = sample_binary();
        let Ok(binary) = std::fs::read(&binary) else {
            panic!(
                "there is no sample at {}; `make test` builds it",
                binary.display()
            );
        };
        let dockerfile = "FROM scratch\nCOPY sample /sample\nENTRYPOINT [\"/sample\"]\n";
        let mut tar = tar::Builder::new(Vec::new());
        for (name, bytes) in [("Dockerfile", dockerfile.as_bytes()), ("sample", &binary)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o755);
            header.set_mtime(0);
            tar.append_data(&mut header, name, bytes).unwrap();
        }
        let context = tar.into_inner().unwrap();
        Runtime::new().unwrap().block_on(async {
            let engine = connect(&EngineChoice::Containers, "build").await;
            let engine = engine.unwrap_or_else(|error| {
                panic!("{error}. These tests need Docker or Podman; `make test` starts one")
            });
            let spec = BuildSpec::plain(IMAGE, context.into());
            spec.run_quietly(engine.as_ref()).await.unwrap();
        });
    });
}
