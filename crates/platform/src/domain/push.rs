//! Pushes that a Git host tells of: a push to the branch that deploys by itself is built and deployed.

use hmac::{Hmac, Mac};
use pilothouse_wire::open::Words;
use pilothouse_wire::release::DeploymentKind;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::images::build_source;
use super::{Error, Platform, Result};
use crate::store::{NewImage, ServiceRow, Spot, ThenDeploy};

/// A push as GitHub sends it
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>), as far as it counts.
#[derive(Debug, Deserialize)]
struct Push {
    #[serde(rename = "ref")]
    reference: String,
    after: String,
    #[serde(default)]
    deleted: bool,
    repository: Repository,
    #[serde(default)]
    pusher: Option<Pusher>,
    #[serde(default)]
    head_commit: Option<Commit>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Debug, Deserialize)]
struct Pusher {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Commit {
    message: String,
}

/// What became of a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The services that are built.
    pub(crate) building: Vec<Pushed>,
    /// Who pushed, as the Git host tells.
    pub(crate) by: String,
    /// What was pushed.
    pub(crate) commit: String,
    /// Why nothing is, if so.
    pub(crate) ignored: Option<&'static str>,
}

/// A service that a push builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pushed {
    pub(crate) name: String,
    /// The ids of its org, project and environment.
    pub(crate) place: Spot,
}

fn ignored(why: &'static str) -> Taken {
    Taken {
        ignored: Some(why),
        ..Taken::default()
    }
}

impl Platform {
    /// Whether a body is signed with the platform's webhook secret: `sha256=` and the HMAC in hex
    /// (<https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>).
    pub(crate) fn is_signed(&self, body: &[u8], signature: &str) -> bool {
        let Some(signature) = signature.strip_prefix("sha256=").and_then(unhex) else {
            return false;
        };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.webhook_secret.as_bytes()) else {
            return false;
        };
        mac.update(body);
        // In constant time.
        mac.verify_slice(&signature).is_ok()
    }

    /// Takes a push whose signature is right.
    pub(crate) async fn take_push(&self, event: &str, body: &[u8]) -> Result<Taken> {
        match event {
            "push" => {}
            "ping" => return Ok(ignored("The webhook works.")),
            _ => return Ok(ignored("Only pushes are of interest.")),
        }
        let push: Push = serde_json::from_slice(body).map_err(|_| Error::NotAPush)?;
        let Some(branch) = push.reference.strip_prefix("refs/heads/") else {
            return Ok(ignored("It is no push to a branch."));
        };
        if push.deleted {
            return Ok(ignored("The branch was deleted."));
        }
        if push.after.bytes().all(|byte| byte == b'0') {
            return Ok(ignored("It names no commit."));
        }
        if !is_commit(&push.after) {
            return Err(Error::NotAPush);
        }
        let by = push.pusher.as_ref().map_or("a push", |pusher| &pusher.name);
        let by: String = by.chars().filter(|c| !c.is_control()).take(63).collect();
        let first_line = |commit: &Commit| commit.message.lines().next().map(str::to_owned);
        let message = push.head_commit.as_ref().and_then(first_line);
        let then = ThenDeploy {
            by: by.clone(),
            message: message.map(|message| message.chars().take(200).collect()),
            kind: DeploymentKind::Push.word().to_owned(),
            // What is pushed last is what shall run.
            waits: false,
        };
        let repository = &push.repository.full_name;
        let services = self.store.services_of_branch(repository, branch).await?;
        // The commit that was pushed, whatever the branch holds when its turn comes.
        let source = |row: &ServiceRow| build_source(row, Some(push.after.clone()));
        let sources = services.iter().map(source).collect::<Result<Vec<_>>>()?;
        let images = services.iter().zip(&sources).map(|(row, source)| NewImage {
            service_id: &row.id,
            source,
            fetched: false,
            then_deploy: Some(&then),
            by: &by,
        });
        let digest = Sha256::digest(body);
        if !self.store.take_push(&digest, images.collect()).await? {
            return Ok(ignored("This push was taken before."));
        }
        if services.is_empty() {
            return Ok(ignored("No service deploys this branch by itself."));
        }
        self.builds.wake();
        let mut building = Vec::new();
        for row in services {
            let place = self.store.spot_of_environment(&row.environment_id).await?;
            building.push(Pushed {
                name: row.name,
                place,
            });
        }
        Ok(Taken {
            building,
            by,
            commit: push.after,
            ignored: None,
        })
    }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte != b'0')
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !text.len().is_multiple_of(2) || !is_hex {
        return None;
    }
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_read_strictly() {
        assert_eq!(unhex("00fF"), Some(vec![0, 255]));
        for bad in ["0", "0g", "+1", "ää"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_but_a_whole_commit_is_built() {
        assert!(is_commit(&"a1".repeat(20)));
        for bad in ["", "main", &"0".repeat(40), &"g".repeat(40)] {
            assert!(!is_commit(bad), "{bad}");
        }
    }
}
