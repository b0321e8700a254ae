//! The machines that instances run on.

use super::endpoint;
use crate::node::{Node, NodePatch};
use crate::path::{NoParams, NodeParams};

endpoint! {
    /// The machines that instances run on, by name.
    pub struct ListNodes = "node.list";
    Get "/nodes" (NoParams) -> Vec<Node>;
    access: Viewer,
}

endpoint! {
    /// One of them. The `ETag` is the revision that a change may ask for with `If-Match`.
    pub struct GetNode = "node.get";
    Get "/nodes/{node}" (NodeParams) -> Node;
    access: Viewer,
}

endpoint! {
    /// Lets a node take instances, or moves those that it has to the others.
    pub struct UpdateNode = "node.update";
    Patch "/nodes/{node}" (NodeParams) -> Node;
    body: Required NodePatch,
    access: Admin,
}
