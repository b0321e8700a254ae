//! Why an operation was not done.

use pilothouse_wire::action::Reason;
use pilothouse_wire::error::FieldErrors;
use pilothouse_wire::session::Role;

use crate::engine::EngineError;
use crate::logs::LogError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why an operation was not done. Each says what failed, on what, and what to do next.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no such thing.
    #[error("There is no {what} '{reference}' here. Check the address, or look in the list.")]
    NotFound {
        /// `org`, `service`, …
        what: &'static str,
        /// The id or slug that was asked for.
        reference: String,
    },
    /// There is such a thing, but not for the caller to know of.
    #[error("There is no {what} '{reference}' here. Check the address, or look in the list.")]
    Hidden {
        /// `org`, `project` or `environment`.
        what: &'static str,
        /// The id or slug that was asked for.
        reference: String,
    },
    /// A name that must be unique is taken.
    #[error("The name '{name}' is taken by another {what}. Choose another name.")]
    NameTaken {
        /// `org`, `service`, …
        what: &'static str,
        /// The name that was asked for.
        name: String,
    },
    /// Another service receives this domain's traffic.
    #[error(
        "The domain {domain} belongs to the service '{owner}'. Choose another, or remove it there first."
    )]
    DomainTaken {
        /// In lower case.
        domain: String,
        /// The service's name.
        owner: String,
        /// Which of the request's domains it is.
        index: usize,
    },
    /// The state speaks against it.
    #[error("{}", .0.words())]
    WrongState(Reason),
    /// Every project keeps its default environment.
    #[error(
        "The environment '{0}' is the project's default, in which the workspace API keeps its services. Delete the project instead."
    )]
    DefaultEnvironment(String),
    /// Something is still inside.
    #[error("The {what} still holds {inside}. Delete them first.")]
    NotEmpty {
        /// What should be deleted.
        what: &'static str,
        /// `2 services: api, web`.
        inside: String,
    },
    /// The request breaks a rule that only the stored state shows.
    #[error("Some fields need a look.")]
    Invalid(FieldErrors),
    /// The credential opens nothing.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// The caller's role does not admit it.
    #[error("{}", forbidden(*.least, *.role))]
    Forbidden {
        /// The least role that admits it.
        least: Role,
        /// The caller's, at the place that was called.
        role: Option<Role>,
    },
    /// Too many wrong credentials.
    #[error("Too many attempts. Try again in {seconds} s.")]
    TooManyAttempts {
        /// How long to wait.
        seconds: u64,
    },
    /// The thing changed since the caller read it.
    #[error(
        "This was changed meanwhile. Read it again, look at what differs, then save once more."
    )]
    Stale,
    /// The same is being done.
    #[error("This is being done already. Wait for it, then ask again for its answer.")]
    UnderWay,
    /// The change was made, and its answer is not known any more.
    #[error(
        "This was done before, and the platform stopped before it answered. It is not done again: look at what is there."
    )]
    AnswerLost,
    /// A key of an earlier change.
    #[error(
        "This Idempotency-Key came with another request before. Give each change a key of its own."
    )]
    OtherRepeat,
    /// The body of a webhook is no push.
    #[error("This is not the body of a push. Let the webhook send `application/json`.")]
    NotAPush,
    /// The stored secrets.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored log lines.
    #[error(transparent)]
    Logs(LogError),
    /// The stored logs of builds and deployments.
    #[error("a log can't be read: {0}. Check the data directory")]
    Journal(#[from] std::io::Error),
    /// The container engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn forbidden(least: Role, role: Option<Role>) -> String {
    let theirs = match role {
        Some(role) => format!("yours is {role}"),
        None => "you have none here".to_owned(),
    };
    format!("This needs the role {least}, and {theirs}. Ask an admin to do it, or for that role.")
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        match error {
            LogError::NoPlace { field } => {
                Self::Invalid(FieldErrors::one(field, error.to_string()))
            }
            LogError::Files(_) | LogError::Unstored { .. } => Self::Logs(error),
        }
    }
}
