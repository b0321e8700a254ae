//! What every test of the container engine stands on: an installation of its own on a real engine,
//! and an image that runs whatever its `SCRIPT` says.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use pilothouse::engine::{
    BuildSpec, Engine, EngineChoice, EngineInstance, EngineLine, InstanceSpec, RunState, Slot,
    connect,
};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// An image that evaluates `SCRIPT` in a shell.
pub(crate) const IMAGE: &str = "localhost/pilothouse-engine-test:1";
/// How long anything may take that should happen soon.
const PATIENCE: Duration = Duration::from_secs(60);

static IMAGE_BUILT: OnceCell<()> = OnceCell::const_new();

/// One service of one installation that no other test sees.
pub(crate) struct Bench {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) service_id: String,
    network: String,
}

/// Runs a test on a bench of its own, and cleans up after it however it ends.
pub(crate) async fn on_bench<F: Future<Output = ()>>(test: impl FnOnce(Arc<Bench>) -> F) {
    let bench = Arc::new(Bench::new().await);
    let outcome = AssertUnwindSafe(test(Arc::clone(&bench)))
        .catch_unwind()
        .await;
    bench.clean_up().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// An engine for an installation.
pub(crate) async fn connected(installation: &str) -> Arc<dyn Engine> {
    match connect(&EngineChoice::Containers, installation).await {
        Ok(engine) => engine,
        Err(error) => panic!("{error}. These tests need Docker or Podman; `make test` starts one"),
    }
}

impl Bench {
    async fn new() -> Self {
        let engine = connected(&Uuid::new_v4().to_string()).await;
        IMAGE_BUILT
            .get_or_init(|| async {
                let files = [
                    ("Dockerfile", DOCKERFILE.as_bytes()),
                    ("busybox", &busybox()),
                ];
                let spec = BuildSpec::plain(IMAGE, context(&files));
                spec.run_quietly(engine.as_ref()).await.unwrap();
            })
            .await;
        Self {
            engine,
            service_id: Uuid::new_v4().to_string(),
            network: Uuid::new_v4().to_string(),
        }
    }

    async fn clean_up(&self) {
        let engine = &self.engine;
        for instance in engine.list(None).await.unwrap() {
            // Under load Podman may refuse for a moment, as the platform has to bear too.
            eventually("it is removed", || async {
                engine.remove(&instance.id).await.ok()
            })
            .await;
        }
        engine.remove_volumes(&self.service_id).await.unwrap();
        engine.remove_network(&self.network).await.unwrap();
    }

    /// The first instance of `web`, running a script.
    pub(crate) fn spec(&self, script: &str) -> InstanceSpec {
        InstanceSpec {
            slot: Slot {
                service_id: self.service_id.clone(),
                process: "web".to_owned(),
                ordinal: 0,
            },
            slug: "shop".to_owned(),
            network: self.network.clone(),
            release_version: 1,
            generation: 0,
            image: IMAGE.to_owned(),
            command: None,
            port: None,
            env: BTreeMap::from([("SCRIPT".to_owned(), script.to_owned())]),
            volumes: Vec::new(),
        }
    }

    /// As [`Bench::spec`], serving a page on port 8080.
    pub(crate) fn page(&self, text: &str) -> InstanceSpec {
        let script =
            format!("mkdir /www; echo '{text}' > /www/index.html; exec httpd -f -p 8080 -h /www");
        InstanceSpec {
            port: Some(8080),
            ..self.spec(&script)
        }
    }

    pub(crate) async fn instances(&self) -> Vec<EngineInstance> {
        self.engine.list(Some(&self.service_id)).await.unwrap()
    }

    /// Starts an instance and gives it as the engine lists it.
    pub(crate) async fn started(&self, spec: &InstanceSpec) -> EngineInstance {
        self.engine.start(spec).await.unwrap();
        let of_spec = |one: &EngineInstance| {
            one.slot == spec.slot
                && one.release_version == spec.release_version
                && one.generation == spec.generation
        };
        self.instances().await.into_iter().find(of_spec).unwrap()
    }

    /// Waits until an instance has ended, and gives its exit code and reason.
    pub(crate) async fn end_of(&self, id: &str) -> (i64, String) {
        eventually("the instance ends", || async {
            let all = self.instances().await;
            match all.into_iter().find(|one| one.id == id)?.state {
                RunState::Exited { code, reason } => Some((code, reason)),
                _ => None,
            }
        })
        .await
    }

    /// All that an instance writes until it ends.
    pub(crate) async fn lines(&self, id: &str) -> Vec<EngineLine> {
        let lines = self.engine.logs(id, None).await.unwrap();
        let lines = tokio::time::timeout(PATIENCE, lines.collect::<Vec<_>>())
            .await
            .unwrap();
        lines.into_iter().map(Result::unwrap).collect()
    }

    /// As [`Bench::lines`], the words alone.
    pub(crate) async fn messages(&self, id: &str) -> Vec<String> {
        self.lines(id)
            .await
            .into_iter()
            .map(|line| line.message)
            .collect()
    }
}

/// Waits for a condition.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const DOCKERFILE: &str = "FROM scratch\n\
    COPY busybox /bin/busybox\n\
    ENTRYPOINT [\"/bin/busybox\", \"sh\", \"-c\", \"/bin/busybox --install -s /bin; eval \\\"$SCRIPT\\\"\"]\n";

/// A shell with its tools in one static file.
fn busybox() -> Vec<u8> {
    match std::fs::read("/bin/busybox") {
        Ok(bytes) => bytes,
        Err(error) => panic!("/bin/busybox: {error}. Install busybox-static; `make test` does"),
    }
}

/// A build's context of these files.
pub(crate) fn context(files: &[(&str, &[u8])]) -> Bytes {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap().into()
}
