//! The machines that instances run on.

use pilothouse_wire::endpoints::{GetNode, ListNodes, UpdateNode};

use super::answer::Answer;
use super::call::Call;
use super::revision::{expected, tagged};

/// `GET /nodes`
pub(super) async fn list(call: Call<ListNodes>) -> Answer<ListNodes> {
    Ok(call.platform().list_nodes().await?.into())
}

/// `GET /nodes/{node}`
pub(super) async fn get(call: Call<GetNode>) -> Answer<GetNode> {
    let node = call.platform().find_node(&call.params.node).await?;
    Ok(tagged(node))
}

/// `PATCH /nodes/{node}`
pub(super) async fn update(call: Call<UpdateNode>) -> Answer<UpdateNode> {
    let (platform, expected) = (call.platform(), expected(&call));
    let changed = platform.update_node(&call.params.node, &call.body, expected.as_deref());
    Ok(tagged(changed.await?))
}
