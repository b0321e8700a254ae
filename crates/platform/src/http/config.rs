//! Config, at every level.

use pilothouse_wire::endpoint::Endpoint;
use pilothouse_wire::endpoints::{
    BulkConfig, DeleteConfig, ListConfig, ListConfigHistory, PreviewConfig, ResolveConfig,
    SetConfig,
};
use pilothouse_wire::session::Done;

use super::answer::{Answer, Reply};
use super::call::Call;
use super::revision::{self, with_tag};
use crate::domain::{Error, Revised};

/// `GET C`
pub(super) async fn list(call: Call<ListConfig>) -> Answer<ListConfig> {
    Ok(revised(call.platform().list_config(&call.params).await?))
}

/// `GET C/resolved`
pub(super) async fn resolved(call: Call<ResolveConfig>) -> Answer<ResolveConfig> {
    Ok(call.platform().resolve_config(&call.params).await?.into())
}

/// `POST C`
pub(super) async fn set(call: Call<SetConfig>) -> Answer<SetConfig> {
    let expected = expected(&call)?;
    let body = call.body.clone();
    let platform = call.platform();
    let done = platform.set_config(&call.params, body, expected, call.caller()?);
    Ok(revised(done.await?))
}

/// `DELETE C/{config_id}`
pub(super) async fn delete(call: Call<DeleteConfig>) -> Answer<DeleteConfig> {
    let expected = expected(&call)?;
    let platform = call.platform();
    let revision = platform.delete_config(&call.params, expected, call.caller()?);
    Ok(revised(Revised {
        revision: revision.await?,
        content: Done::OK,
    }))
}

/// `POST C/bulk`
pub(super) async fn bulk(call: Call<BulkConfig>) -> Answer<BulkConfig> {
    let expected = expected(&call)?;
    let platform = call.platform();
    let done = platform.bulk_config(&call.params, call.body.clone(), expected, call.caller()?);
    Ok(revised(done.await?))
}

/// `POST C/preview`
pub(super) async fn preview(call: Call<PreviewConfig>) -> Answer<PreviewConfig> {
    let platform = call.platform();
    let preview = platform.preview_config(&call.params, call.body.clone(), call.caller()?);
    Ok(preview.await?.into())
}

/// `GET C/history`
pub(super) async fn history(call: Call<ListConfigHistory>) -> Answer<ListConfigHistory> {
    Ok(call.platform().config_history(&call.params).await?.into())
}

fn revised<T>(revised: Revised<T>) -> Reply<T> {
    with_tag(revised.content.into(), &revised.revision.to_string())
}

/// The revision that a change asks for.
fn expected<E: Endpoint>(call: &Call<E>) -> Result<Option<u32>, Error> {
    let number = revision::expected(call).map(|tag| tag.parse().map_err(|_| Error::Stale));
    number.transpose()
}
