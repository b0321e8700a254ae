//! Deploys: a release of the latest image and the config, or an older release again, and what it would
//! change.

use std::collections::BTreeMap;

use pilothouse_wire::action::{Action, Reason};
use pilothouse_wire::config::ConfigDiff;
use pilothouse_wire::deploy::{DeployRequest, Deployed, WhenBusy};
use pilothouse_wire::error::FieldErrors;
use pilothouse_wire::path::ServiceParams;
use pilothouse_wire::release::{DeployPreview, DeploymentKind, FieldChange, PreviewQuery};

use super::releases::{ReleaseView, changes};
use super::spec::RunImage;
use super::{Error, Frozen, Platform, ReleaseDocument, Result, WEB, audit, diff, frozen};
use crate::store::{self, Cause, ImageSource, ReleaseImage, Rollout, ServiceRow};

/// What a deploy would make a release of.
pub(super) struct Choice {
    pub(super) image: RunImage,
    of: ReleaseImage,
}

impl Choice {
    /// An image that runs in another environment, there or to be fetched from where it is.
    pub(super) fn promoted(
        source: ImageSource,
        image: Option<store::ImageRow>,
        document: &ReleaseDocument,
    ) -> Self {
        let built = image.map(|image| image.built).unwrap_or_default();
        let reference = match &source {
            ImageSource::Promoted { reference, .. } => reference.clone(),
            _ => document.image.clone(),
        };
        Self {
            image: RunImage {
                reference,
                source: source.clone(),
                exposed_ports: built.exposed_ports.clone(),
                commands: document.commands.clone(),
            },
            of: ReleaseImage::Promoted(source, built),
        }
    }

    /// An image that is there.
    pub(super) fn built(image: store::ImageRow) -> Self {
        Self {
            of: ReleaseImage::Version(image.version),
            image: RunImage {
                reference: image.built.reference,
                source: image.source,
                exposed_ports: image.built.exposed_ports,
                commands: image.built.processes,
            },
        }
    }

    /// The image of a description, which is fetched when it is first run.
    pub(super) fn fetched(reference: &str) -> Self {
        let image = RunImage::fetched(reference);
        Self {
            of: ReleaseImage::Fetched(image.source.clone()),
            image,
        }
    }
}

impl Platform {
    pub(crate) async fn deploy_service(
        &self,
        at: &ServiceParams,
        body: DeployRequest,
        by: &str,
    ) -> Result<Deployed> {
        let _changing = self.changing.lock().await;
        let row = self.find_service(at).await?;
        let waits = body.when_busy == Some(WhenBusy::Wait);
        let message = body.message.as_deref();
        let rollout = match body.release {
            Some(version) => {
                let cause = Cause {
                    kind: DeploymentKind::Rollback,
                    by,
                    message,
                    waits,
                };
                self.roll_out_again(&row, version, cause).await?
            }
            None => {
                self.admit_deploy(&row).await?;
                let cause = Cause {
                    kind: DeploymentKind::Deploy,
                    by,
                    message,
                    waits,
                };
                self.roll_out(&row, cause).await?
            }
        };
        Ok(deployed(rollout))
    }

    /// What a deploy now would change against what should run.
    pub(crate) async fn preview_deploy(
        &self,
        at: &ServiceParams,
        query: PreviewQuery,
    ) -> Result<DeployPreview> {
        let row = self.find_service(at).await?;
        let running = match row.release_version {
            Some(version) => self.view(&row, version).await?,
            None => None,
        };
        let mut preview = DeployPreview {
            running_release: row.release_version,
            ..DeployPreview::default()
        };
        let (next, counts) = match query.release {
            Some(version) => {
                let view = self.view(&row, version).await?;
                let view = view.ok_or_else(|| no_release(version))?;
                preview.release = version;
                preview.stays = stays(&row, &view);
                let counts = view.document.counts_again(&row.process_counts);
                (view, counts)
            }
            None => {
                preview.release = self.store.next_release(&row.id).await?;
                let choice = match self.choose(&row).await {
                    Ok(choice) => choice,
                    Err(Error::WrongState(reason)) => {
                        preview.obstacle = Some(reason.words().to_owned());
                        return Ok(preview);
                    }
                    Err(error) => return Err(error),
                };
                let config = frozen(&self.levels_of(&row.id).await?);
                let counts = row.spec.counts(&choice.image);
                let document = row.spec.document(&config, &choice.image);
                let image = self.image_of(&row, &choice).await?;
                (ReleaseView { document, image }, counts)
            }
        };
        let (image, config) = match &running {
            Some(running) => (
                changes(running, &next),
                diff(&running.document.config(), &next.document.config()),
            ),
            None => (
                changes(&ReleaseView::nothing(), &next),
                diff(&Frozen::new(), &next.document.config()),
            ),
        };
        preview.image = image;
        preview.config = config;
        let before = match running {
            Some(_) => row.process_counts.clone(),
            None => BTreeMap::new(),
        };
        preview.processes = count_changes(&before, &counts);
        Ok(preview)
    }

    /// Makes a release of the description as it is, and rolls it out.
    pub(super) async fn roll_out(&self, row: &ServiceRow, cause: Cause<'_>) -> Result<Rollout> {
        let choice = self.choose(row).await?;
        self.roll_out_of(row, choice, cause).await
    }

    /// The same with an image of choice.
    pub(super) async fn roll_out_of(
        &self,
        row: &ServiceRow,
        choice: Choice,
        cause: Cause<'_>,
    ) -> Result<Rollout> {
        refuse_unknown_processes(row, &choice.image)?;
        let config = frozen(&self.levels_of(&row.id).await?);
        let document = row.spec.document(&config, &choice.image);
        let counts = row.spec.counts(&choice.image);
        let rollout = self
            .store
            .roll_out(&row.id, &document, &counts, &choice.of, cause)
            .await?;
        let story = format!(
            "Release v{}: {}, {} variables, {}.",
            rollout.release_version,
            document.image,
            config.len(),
            counts_in_words(&counts),
        );
        self.begin_story(row, &rollout, cause, &story);
        Ok(rollout)
    }

    /// Rolls out a release that is there.
    pub(super) async fn roll_out_again(
        &self,
        row: &ServiceRow,
        version: u32,
        cause: Cause<'_>,
    ) -> Result<Rollout> {
        let release = self.store.release(&row.id, version).await?;
        let release = release.ok_or_else(|| no_release(version))?;
        if let Some(version) = release.image_version {
            let image = self.store.image(&row.id, version).await?;
            if image.is_some_and(|image| image.error.is_some()) {
                return Err(Error::WrongState(Reason::NO_BUILT_IMAGE));
            }
        }
        let story = format!(
            "Release v{version} again, from {}: {} with its config. Scale, domains and volumes stay.",
            release.created.format("%Y-%m-%d %H:%M"),
            release.document.image,
        );
        let rollout = self
            .store
            .roll_out_again(&row.id, (release.id, version), cause)
            .await?;
        self.begin_story(row, &rollout, cause, &story);
        Ok(rollout)
    }

    fn begin_story(&self, row: &ServiceRow, rollout: &Rollout, cause: Cause<'_>, story: &str) {
        let number = |version: u32| format!("v{version}");
        audit::note(
            "release",
            row.release_version.map(number),
            Some(number(rollout.release_version)),
        );
        let note = |line: &str| self.journals.note(&rollout.deployment_id, line);
        note(story);
        note(&match cause.message {
            Some(message) => format!("Asked for by {}: {message}", cause.by),
            None => format!("Asked for by {}.", cause.by),
        });
        if let Some(replaced) = &rollout.replaced {
            let words = format!("Release v{} took its place.", rollout.release_version);
            self.journals.note(replaced, &words);
            note("It takes the place of a deployment that was under way.");
        }
        if rollout.needs_approval {
            note("It waits for another admin to approve it: the environment is protected.");
        } else if rollout.waits {
            note("It waits for the deployment that is under way.");
        }
        match row.release_version {
            Some(version) if version != rollout.release_version && !rollout.needs_approval => {
                note(&format!(
                    "v{version} goes on serving until the new instances are ready."
                ));
            }
            _ => {}
        }
        self.change_asked(&row.id);
    }

    /// The image that a release made now would run.
    pub(super) async fn choose(&self, row: &ServiceRow) -> Result<Choice> {
        if let Some(built) = self.store.latest_built(&row.id).await?
            && row.spec.comes_from(&built.source)
        {
            return Ok(Choice::built(built));
        }
        match (&row.spec.image, &row.spec.github_repository) {
            (Some(reference), _) => Ok(Choice::fetched(reference)),
            (None, Some(_)) => Err(Error::WrongState(Reason::NO_BUILT_IMAGE)),
            (None, None) => Err(Error::WrongState(Reason::NO_IMAGE)),
        }
    }

    async fn image_of(&self, row: &ServiceRow, choice: &Choice) -> Result<Option<store::ImageRow>> {
        match choice.of {
            ReleaseImage::Version(version) => Ok(self.store.image(&row.id, version).await?),
            ReleaseImage::Fetched(_) | ReleaseImage::Promoted(..) => Ok(None),
        }
    }

    pub(super) async fn admit_deploy(&self, row: &ServiceRow) -> Result<()> {
        self.choose(row).await?;
        self.admit(row, Action::Deploy)
    }
}

/// The reply to whoever asked for a deploy.
pub(super) fn deployed(rollout: Rollout) -> Deployed {
    Deployed {
        ok: true,
        release_id: rollout.release_id,
        deployment_id: rollout.deployment_id,
        release_version: rollout.release_version,
        needs_approval: rollout.needs_approval,
    }
}

pub(super) fn no_release(version: u32) -> Error {
    Error::NotFound {
        what: "release",
        reference: version.to_string(),
    }
}

/// A process that should run must be one that the image has, where the image says which it has.
fn refuse_unknown_processes(row: &ServiceRow, image: &RunImage) -> Result<()> {
    if image.commands.is_empty() {
        return Ok(());
    }
    let is_unknown = |(process, count): &(&String, &u32)| {
        **count > 0 && *process != WEB && !image.commands.contains_key(*process)
    };
    let Some((process, _)) = row.spec.process_counts.iter().find(is_unknown) else {
        return Ok(());
    };
    let known: Vec<&str> = image.commands.keys().map(String::as_str).collect();
    let words = format!(
        "The image has no process {process}: its Procfile names {}.",
        known.join(", ")
    );
    Err(Error::Invalid(FieldErrors::one("process_counts", words)))
}

fn counts_in_words(counts: &BTreeMap<String, u32>) -> String {
    let counts = counts.iter().filter(|(_, count)| **count > 0);
    let words: Vec<String> = counts
        .map(|(process, count)| format!("{process} {count}"))
        .collect();
    match words.is_empty() {
        true => "no instances".to_owned(),
        false => words.join(", "),
    }
}

fn count_changes(
    before: &BTreeMap<String, u32>,
    after: &BTreeMap<String, u32>,
) -> Vec<FieldChange> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let count = |of: &BTreeMap<String, u32>, name: &str| of.get(name).copied().unwrap_or(0);
    let changed = names
        .into_iter()
        .filter(|name| count(before, name) != count(after, name));
    changed
        .map(|name| FieldChange {
            name: name.clone(),
            before: before.get(name).map(u32::to_string),
            after: after.get(name).map(u32::to_string),
        })
        .collect()
}

/// What a rollback leaves as it is although the release had it otherwise.
fn stays(row: &ServiceRow, release: &ReleaseView) -> Vec<FieldChange> {
    let document = &release.document;
    let volumes = |volumes: &[pilothouse_wire::service::Volume]| {
        let paths: Vec<String> = volumes
            .iter()
            .map(|volume| format!("{} at {}", volume.name, volume.mount_path))
            .collect();
        paths.join(", ")
    };
    let pairs = [
        (
            "domains",
            document.domains.join(", "),
            row.attached.domains.join(", "),
        ),
        (
            "volumes",
            volumes(&document.volumes),
            volumes(&row.attached.volumes),
        ),
    ];
    let differing = pairs.into_iter().filter(|(_, then, now)| then != now);
    differing
        .map(|(name, then, now)| FieldChange {
            name: name.to_owned(),
            before: Some(then).filter(|text| !text.is_empty()),
            after: Some(now).filter(|text| !text.is_empty()),
        })
        .collect()
}

/// The diff of what two releases run with.
pub(super) fn config_changes(before: Option<&ReleaseView>, after: &ReleaseView) -> ConfigDiff {
    let before = before
        .map(|view| view.document.config())
        .unwrap_or_default();
    diff(&before, &after.document.config())
}
