//! What was measured of a service.

use chrono::Utc;
use pilothouse_wire::access::{AccessLogs, AccessQuery};
use pilothouse_wire::metrics::{Metrics, MetricsQuery};
use pilothouse_wire::path::ServiceParams;

use super::{Platform, Result};
use crate::logs::Held;

impl Platform {
    pub(crate) async fn service_metrics(
        &self,
        at: &ServiceParams,
        query: &MetricsQuery,
    ) -> Result<Metrics> {
        let row = self.find_service(at).await?;
        Ok(self.telemetry.metrics(&row.id, query, Utc::now()).await)
    }

    pub(crate) async fn service_access_logs(
        &self,
        at: &ServiceParams,
        query: AccessQuery,
    ) -> Result<Held<AccessLogs>> {
        let row = self.find_service(at).await?;
        Ok(self.telemetry.access(&row.id, query).await?)
    }
}
