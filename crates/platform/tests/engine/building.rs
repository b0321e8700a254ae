//! Builds that go wrong. One that goes right is what every other test runs on.

use pilothouse::engine::{BuildSpec, EngineError};

use crate::bench::{context, on_bench};

#[tokio::test]
async fn a_build_that_fails_says_at_which_step() {
    on_bench(|bench| async move {
        let files: [(&str, &[u8]); 1] = [("Dockerfile", b"FROM scratch\nCOPY nothing-here /x\n")];
        let error = BuildSpec::plain("localhost/none:1", context(&files))
            .run_quietly(bench.engine.as_ref())
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::BuildFailed { .. }), "{error}");
        assert!(error.to_string().contains("nothing-here"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_context_without_a_dockerfile_is_told() {
    on_bench(|bench| async move {
        let files: [(&str, &[u8]); 1] = [("readme", b"no recipe")];
        let error = BuildSpec::plain("localhost/none:1", context(&files))
            .run_quietly(bench.engine.as_ref())
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::BuildFailed { .. }), "{error}");
        assert!(error.to_string().contains("Dockerfile"), "{error}");
    })
    .await;
}
