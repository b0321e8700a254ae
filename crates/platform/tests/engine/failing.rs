//! Instances that end or never start, images that are not there, an engine that goes away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use pilothouse::engine::{BuildSpec, EngineError, FetchProgress, InstanceSpec, connect_to};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::bench::{context, eventually, on_bench};

#[tokio::test]
async fn an_exit_code_is_told() {
    on_bench(|bench| async move {
        let instance = bench.started(&bench.spec("exit 3")).await;
        let (code, reason) = bench.end_of(&instance.id).await;
        assert_eq!((code, reason.as_str()), (3, "it ended with exit code 3"));
    })
    .await;
}

#[tokio::test]
async fn instances_can_be_listed_while_they_end() {
    on_bench(|bench| async move {
        let mut spec = bench.spec("trap 'exit 0' TERM; sleep 60 & wait");
        for ordinal in 0..3 {
            spec.slot.ordinal = ordinal;
            let instance = bench.started(&spec).await;
            let stop = bench.engine.stop(&instance.id, Duration::from_secs(5));
            tokio::pin!(stop);
            loop {
                tokio::select! {
                    stopped = &mut stop => break stopped.unwrap(),
                    all = bench.instances() => assert_eq!(all.len(), ordinal as usize + 1),
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_start_that_fails_says_why_and_leaves_nothing() {
    on_bench(|bench| async move {
        let tag = "localhost/pilothouse-engine-test:no-entry";
        let files: [(&str, &[u8]); 1] = [(
            "Dockerfile",
            b"FROM scratch\nCOPY Dockerfile /x\nENTRYPOINT [\"/no-such-program\"]\n",
        )];
        BuildSpec::plain(tag, context(&files))
            .run_quietly(bench.engine.as_ref())
            .await
            .unwrap();
        let spec = InstanceSpec {
            image: tag.to_owned(),
            ..bench.spec("")
        };
        let error = bench.engine.start(&spec).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error}");
        let words = error.to_string();
        assert!(
            words.starts_with("starting web.0 failed") && words.contains("no-such-program"),
            "{words}"
        );
        assert_eq!(bench.instances().await, []);
    })
    .await;
}

#[tokio::test]
async fn an_image_whose_registry_does_not_answer_is_no_missing_image() {
    on_bench(|bench| async move {
        // Nothing listens on port 1.
        let error = bench
            .engine
            .fetch_image("127.0.0.1:1/none:1", &FetchProgress::default())
            .await
            .unwrap_err();
        assert!(
            matches!(error, EngineError::RegistryUnreachable { .. }),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn where_nothing_answers_the_engine_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("none.sock");
    for host in [
        format!("unix://{}", socket.display()),
        "tcp://127.0.0.1:1".into(),
        "ssh://x".into(),
    ] {
        let error = connect_to(&host, "installation").await.err().unwrap();
        assert!(
            matches!(error, EngineError::Unavailable(_)),
            "{host}: {error}"
        );
    }
}

#[tokio::test]
async fn an_engine_may_go_and_come_back() {
    on_bench(|bench| async move {
        let running = bench
            .started(&bench.spec("trap 'exit 0' TERM; echo up; sleep 60 & wait"))
            .await;
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let relay = Relay::open(&socket);
        let engine = connect_to(&format!("unix://{}", socket.display()), "relayed")
            .await
            .unwrap();
        let mut lines = engine.logs(&running.id, None).await.unwrap();
        assert_eq!(lines.next().await.unwrap().unwrap().message, "up");

        relay.close().await;
        let broken = lines.next().await.unwrap().unwrap_err();
        assert!(matches!(broken, EngineError::Unavailable(_)), "{broken}");
        let error = engine.list(None).await.unwrap_err();
        assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
        let error = engine.start(&bench.spec("")).await.unwrap_err();
        assert!(matches!(error, EngineError::Unavailable(_)), "{error}");

        let relay = Relay::open(&socket);
        eventually("the engine answers again", || async {
            engine.list(None).await.ok()
        })
        .await;
        relay.close().await;
    })
    .await;
}

/// A socket that leads to the engine's, and can be closed.
struct Relay {
    socket: PathBuf,
    accepting: JoinHandle<()>,
}

impl Relay {
    fn open(socket: &Path) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        let accepting = tokio::spawn(async move {
            // Dropped with this task, and every connection with it.
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                connections.spawn(async move {
                    let mut far = UnixStream::connect(engine_socket()).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self {
            socket: socket.to_owned(),
            accepting,
        }
    }

    async fn close(self) {
        self.accepting.abort();
        let _ = self.accepting.await;
        std::fs::remove_file(&self.socket).unwrap();
    }
}

/// The socket that the other tests use.
fn engine_socket() -> PathBuf {
    let named = std::env::var("DOCKER_HOST").ok();
    let named = named
        .as_deref()
        .and_then(|host| host.strip_prefix("unix://"));
    let usual = ["/var/run/docker.sock", "/run/podman/podman.sock"];
    let mut all = named.into_iter().chain(usual).map(PathBuf::from);
    all.find(|path| path.exists()).unwrap()
}
