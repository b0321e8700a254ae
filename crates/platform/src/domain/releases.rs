//! Releases as the API tells them: what each is made of, and how it differs from the one before.

use pilothouse_wire::build::{LogStatus, WorkLog, WorkLogQuery};
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::path::{ServiceParams, VersionParams};
use pilothouse_wire::release::{FieldChange, Release, ReleaseImage, ReleaseState, ReleaseVariable};

use super::deploys::{config_changes, no_release};
use super::{Platform, ReleaseDocument, Result};
use crate::store::{self, ImageRow, ServiceRow};

/// A release's document with its image, where one is kept.
pub(super) struct ReleaseView {
    pub(super) document: ReleaseDocument,
    pub(super) image: Option<ImageRow>,
}

impl ReleaseView {
    /// What ran before the first release.
    pub(super) fn nothing() -> Self {
        Self {
            document: ReleaseDocument::default(),
            image: None,
        }
    }

    /// Everything but config and scale that instances are started from, by name.
    fn fields(&self) -> Vec<(String, Option<String>)> {
        let document = &self.document;
        let image = self.image.as_ref();
        let text = |number: Option<u16>| number.map(|number| number.to_string());
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let timeout = Some(document.deployment_timeout).filter(|seconds| *seconds > 0);
        let mut fields = vec![
            ("image".to_owned(), some(&self.reference())),
            (
                "commit".to_owned(),
                image.and_then(|image| image.built.commit_sha.clone()),
            ),
            ("port".to_owned(), text(document.port)),
            (
                "health_check_path".to_owned(),
                document.health_check_path.clone(),
            ),
            (
                "health_check_host".to_owned(),
                document.health_check_host.clone(),
            ),
            (
                "deployment_timeout".to_owned(),
                timeout.map(|seconds| format!("{seconds} s")),
            ),
        ];
        for (process, command) in &document.commands {
            fields.push((format!("{process} command"), Some(command.clone())));
        }
        fields
    }

    /// What instances are started from.
    pub(super) fn reference(&self) -> String {
        let pinned = self.image.as_ref().map(|image| &image.built.reference);
        pinned
            .filter(|reference| !reference.is_empty())
            .unwrap_or(&self.document.image)
            .clone()
    }
}

/// What differs between two releases but config and scale.
pub(super) fn changes(before: &ReleaseView, after: &ReleaseView) -> Vec<FieldChange> {
    let (before, after) = (before.fields(), after.fields());
    let value = |fields: &[(String, Option<String>)], name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.clone())
    };
    let mut names: Vec<&String> = before.iter().map(|(name, _)| name).collect();
    names.extend(after.iter().map(|(name, _)| name));
    let mut changes: Vec<FieldChange> = Vec::new();
    for name in names {
        let change = FieldChange {
            name: name.clone(),
            before: value(&before, name),
            after: value(&after, name),
        };
        if change.before != change.after && !changes.iter().any(|known| known.name == *name) {
            changes.push(change);
        }
    }
    changes
}

impl Platform {
    pub(crate) async fn list_releases(&self, at: &ServiceParams) -> Result<Vec<Release>> {
        let row = self.find_service(at).await?;
        let releases = self.store.releases(&row.id).await?;
        let mut told = Vec::with_capacity(releases.len());
        for (index, release) in store::listed(&releases).iter().enumerate() {
            let before = releases.get(index + 1);
            told.push(self.tell_release(&row, release, before).await?);
        }
        Ok(told)
    }

    pub(crate) async fn get_release(&self, at: &VersionParams) -> Result<Release> {
        let row = self.find_service(&at.service).await?;
        let release = self.find_release(&row, at).await?;
        let before = self.store.release_before(&row.id, release.version).await?;
        self.tell_release(&row, &release, before.as_ref()).await
    }

    /// How a release was put together: written from what it holds, since nothing of it changes.
    pub(crate) async fn release_log(
        &self,
        at: &VersionParams,
        query: WorkLogQuery,
    ) -> Result<WorkLog> {
        let release = self.get_release(at).await?;
        let text = put_together(&release);
        let length = text.len();
        let from = match (query.offset, query.tail) {
            (Some(offset), _) => usize::try_from(offset).unwrap_or(length).min(length),
            (_, Some(tail)) => length.saturating_sub(usize::try_from(tail).unwrap_or(length)),
            _ => 0,
        };
        let from = (from..=length).find(|at| text.is_char_boundary(*at));
        let text = text.get(from.unwrap_or(length)..).unwrap_or_default();
        let state = release.state.as_ref().and_then(Open::known);
        Ok(WorkLog {
            status: Open::Known(match state {
                Some(ReleaseState::Pending) => LogStatus::Running,
                Some(ReleaseState::Failed) => LogStatus::Error,
                _ => LogStatus::Success,
            }),
            version: release.version,
            log_text: text.to_owned(),
            error: release.error,
            error_detail: release.error_detail,
            build_step: None,
            next_offset: u64::try_from(length).ok(),
        })
    }

    /// A release with its image.
    pub(super) async fn view(&self, row: &ServiceRow, version: u32) -> Result<Option<ReleaseView>> {
        match self.store.release(&row.id, version).await? {
            Some(release) => Ok(Some(self.view_of(row, &release).await?)),
            None => Ok(None),
        }
    }

    async fn view_of(&self, row: &ServiceRow, release: &store::Release) -> Result<ReleaseView> {
        let image = match release.image_version {
            Some(version) => self.store.image(&row.id, version).await?,
            None => None,
        };
        Ok(ReleaseView {
            document: release.document.clone(),
            image,
        })
    }

    pub(super) async fn find_release(
        &self,
        row: &ServiceRow,
        at: &VersionParams,
    ) -> Result<store::Release> {
        let release = match at.number() {
            Some(version) => self.store.release(&row.id, version).await?,
            None => None,
        };
        release.ok_or_else(|| match at.number() {
            Some(version) => no_release(version),
            None => super::Error::NotFound {
                what: "release",
                reference: at.version.chars().take(64).collect(),
            },
        })
    }

    async fn tell_release(
        &self,
        row: &ServiceRow,
        release: &store::Release,
        before: Option<&store::Release>,
    ) -> Result<Release> {
        let view = self.view_of(row, release).await?;
        let before = match before {
            Some(before) => Some(self.view_of(row, before).await?),
            None => None,
        };
        let image = view.image.as_ref();
        let config = view.document.config();
        let (state, error) = match image {
            Some(image) if image.state.is_under_way() => (ReleaseState::Pending, None),
            Some(image) if image.error.is_some() => (ReleaseState::Failed, image.error.clone()),
            _ => (ReleaseState::Built, None),
        };
        let nothing = ReleaseView::nothing();
        Ok(Release {
            id: release.id.clone(),
            version: release.version,
            platform: Some(row.spec.platform().word().to_owned()),
            image: ReleaseImage {
                version: release.image_version,
                reference: view.reference(),
                digest: image.and_then(|image| image.built.digest.clone()),
                commit_sha: image.and_then(|image| image.built.commit_sha.clone()),
            },
            configuration: config
                .iter()
                .map(|(name, held)| ReleaseVariable {
                    name: name.clone(),
                    value: held.shown().to_owned(),
                    secret: held.is_secret(),
                })
                .collect(),
            processes: view.document.commands.clone(),
            port: view.document.port,
            image_changes: changes(before.as_ref().unwrap_or(&nothing), &view),
            configuration_changes: config_changes(before.as_ref(), &view),
            built: state == ReleaseState::Built,
            error,
            error_detail: image.and_then(|image| image.error_detail.clone()),
            commit_sha: image.and_then(|image| image.built.commit_sha.clone()),
            health_check_path: view.document.health_check_path.clone(),
            created: Some(release.created),
            updated: Some(release.created),
            deployed_by: Some(release.created_by.clone()),
            message: release.message.clone(),
            state: Some(Open::Known(state)),
            current: row.release_version == Some(release.version),
        })
    }
}

/// What a release is made of, one thing a line.
fn put_together(release: &Release) -> String {
    let mut lines = vec![format!("Release v{}", release.version)];
    let image = &release.image;
    lines.push(match image.version {
        Some(version) => format!("image v{version}: {}", image.reference),
        None => format!("image: {}", image.reference),
    });
    if let Some(commit) = &release.commit_sha {
        lines.push(format!("commit {commit}"));
    }
    let secrets = release
        .configuration
        .iter()
        .filter(|one| one.secret)
        .count();
    lines.push(format!(
        "config: {} variables, of them {secrets} secret",
        release.configuration.len()
    ));
    for change in release.configuration_changes.by_name() {
        lines.push(format!("  {} {}", change.kind.word(), change.name));
    }
    for change in &release.image_changes {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let (before, after) = (value(&change.before), value(&change.after));
        lines.push(format!("  {}: {before} → {after}", change.name));
    }
    lines.join("\n") + "\n"
}
