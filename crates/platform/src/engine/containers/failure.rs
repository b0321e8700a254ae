//! What the engine's API answers when it fails, in the words of the platform.

use std::time::Duration;

use bollard::errors::Error as ApiError;
use tokio::time::timeout;

use crate::engine::{EngineError, EngineResult};

/// The status that the engine answered with, if it answered.
pub(in crate::engine) fn status(error: &ApiError) -> Option<u16> {
    match error {
        ApiError::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// Whether the engine answered something that can't be read, as Podman does for an instant while a
/// container changes its state.
pub(super) fn is_garbled(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::JsonDataError { .. } | ApiError::JsonSerdeError { .. }
    )
}

/// An operation on `what` that failed.
pub(in crate::engine) fn refused(what: impl Into<String>, error: ApiError) -> EngineError {
    if is_away(&error) {
        return unavailable(error);
    }
    EngineError::Refused {
        what: what.into(),
        why: words(error),
    }
}

/// What the engine answers, if it does within this time: the client's own limit ends with the head of
/// an answer.
pub(in crate::engine) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = EngineResult<T>>,
) -> EngineResult<T> {
    timeout(limit, answer).await.unwrap_or_else(|_| {
        let why = format!("no answer within {} s", limit.as_secs());
        Err(EngineError::Unavailable(why))
    })
}

/// An engine that could not be asked.
pub(in crate::engine) fn unavailable(error: ApiError) -> EngineError {
    match is_leaderless(&error) {
        true => leaderless(&words(error)),
        false => EngineError::Unavailable(words(error)),
    }
}

/// A pull that failed, sorted by what can be done about it.
pub(in crate::engine) fn pull(reference: &str, error: ApiError) -> EngineError {
    if is_away(&error) {
        return unavailable(error);
    }
    pull_words(reference, words(error))
}

/// As [`pull`], for a failure that was told while the pull went on. Engines tell it in words alone.
pub(in crate::engine) fn pull_words(reference: &str, why: String) -> EngineError {
    const NOT_FOUND: [&str; 5] = [
        "manifest unknown",
        "not found",
        "does not exist",
        "name unknown",
        "no such image",
    ];
    const DENIED: [&str; 4] = [
        "unauthorized",
        "denied",
        "authentication required",
        "forbidden",
    ];
    const UNREACHABLE: [&str; 7] = [
        "dial tcp",
        "no such host",
        "connection refused",
        "timeout",
        "deadline exceeded",
        "tls:",
        "x509:",
    ];
    let said = why.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let reference = reference.to_owned();
    if says(&UNREACHABLE) {
        EngineError::RegistryUnreachable { reference, why }
    } else if says(&NOT_FOUND) {
        EngineError::ImageNotFound { reference, why }
    } else if says(&DENIED) {
        EngineError::ImageDenied { reference, why }
    } else {
        EngineError::Refused {
            what: format!("fetching the image {reference}"),
            why,
        }
    }
}

/// The engine's own words.
pub(in crate::engine) fn words(error: ApiError) -> String {
    match error {
        ApiError::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        ApiError::DockerStreamError { error } => error.trim().to_owned(),
        other => other.to_string(),
    }
}

/// What a manager of a Swarm says that has lost the others: it can neither tell nor change anything.
const LEADERLESS: [&str; 2] = ["does not have a leader", "code = DeadlineExceeded"];

fn is_leaderless(error: &ApiError) -> bool {
    matches!(error, ApiError::DockerResponseServerError { message, .. } if tells_of_no_leader(message))
}

/// A manager that has lost the others, in its words without those of its protocol.
pub(in crate::engine) fn leaderless(words: &str) -> EngineError {
    let said = words.rsplit_once("desc = ").map_or(words, |(_, said)| said);
    EngineError::Leaderless(said.trim().trim_end_matches('.').to_owned())
}

/// Whether these are the words of a manager that has lost the others.
pub(in crate::engine) fn tells_of_no_leader(words: &str) -> bool {
    LEADERLESS.iter().any(|known| words.contains(known))
}

/// Whether nobody answered at all, or nobody who can.
fn is_away(error: &ApiError) -> bool {
    if is_leaderless(error) {
        return true;
    }
    matches!(
        error,
        ApiError::IOError { .. }
            | ApiError::RequestTimeoutError
            | ApiError::SocketNotFoundError(_)
            | ApiError::HttpClientError { .. }
            | ApiError::HyperResponseError { .. }
            | ApiError::HyperLegacyError { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_without_the_others_is_told_from_one_that_is_away() {
        let said = |message: &str| ApiError::DockerResponseServerError {
            status_code: 503,
            message: message.to_owned(),
        };
        let lost = said("rpc error: code = Unknown desc = The swarm does not have a leader.");
        let words = "The swarm does not have a leader".to_owned();
        assert_eq!(refused("x", lost), EngineError::Leaderless(words));
        assert!(matches!(
            refused("x", said("busy")),
            EngineError::Refused { .. }
        ));
        let silent = ApiError::RequestTimeoutError;
        assert!(matches!(refused("x", silent), EngineError::Unavailable(_)));
    }

    #[test]
    fn a_failed_pull_is_sorted_by_what_can_be_done() {
        let sorted = |why: &str| pull_words("r", why.to_owned());
        let dial = "pinging container registry localhost:1: dial tcp 127.0.0.1:1: connect: connection refused";
        assert!(matches!(
            sorted(dial),
            EngineError::RegistryUnreachable { .. }
        ));
        let unknown = "reading manifest 9 in r: manifest unknown: manifest unknown";
        assert!(matches!(sorted(unknown), EngineError::ImageNotFound { .. }));
        let docker =
            "pull access denied for r, repository does not exist or may require 'docker login'";
        assert!(matches!(sorted(docker), EngineError::ImageNotFound { .. }));
        let denied = "unauthorized: authentication required";
        assert!(matches!(sorted(denied), EngineError::ImageDenied { .. }));
        assert!(matches!(
            sorted("no space left on device"),
            EngineError::Refused { .. }
        ));
    }
}
