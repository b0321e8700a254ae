//! Changes of a description that act at once: W's. The description is stored first and its release
//! after it; where the process ends in between, the next one makes the release.

use pilothouse_wire::release::DeploymentKind;

use super::deploys::Choice;
use super::{Platform, Result};
use crate::store::{Cause, ServiceRow, Unfinished};

impl Platform {
    /// Makes the release of a change that was stored.
    pub(super) async fn take_effect(&self, row: &ServiceRow, left: &Unfinished) -> Result<()> {
        let cause = Cause {
            kind: DeploymentKind::Change,
            by: &left.by,
            message: None,
            waits: false,
        };
        let choice = match &row.spec.image {
            // What was asked for last runs, not what was built before.
            Some(image) if left.fetches => Ok(Choice::fetched(image)),
            _ => self.choose(row).await,
        };
        let rolled_out = match choice {
            Ok(choice) => self.roll_out_of(row, choice, cause).await,
            Err(error) => Err(error),
        };
        if let Err(error) = rolled_out {
            self.store.forget_unfinished(&row.id).await?;
            return Err(error);
        }
        Ok(())
    }

    /// Makes the releases to which the process before this one did not come.
    ///
    /// # Errors
    /// The database can't be read.
    pub(crate) async fn finish_changes(&self) -> Result<()> {
        let _changing = self.changing.lock().await;
        for (row, left) in self.store.unfinished().await? {
            tracing::info!(service = %row.id, "a change that was interrupted takes effect");
            if let Err(error) = self.take_effect(&row, &left).await {
                tracing::warn!(service = %row.id, %error, "a change that was interrupted can't take effect");
            }
        }
        Ok(())
    }
}
