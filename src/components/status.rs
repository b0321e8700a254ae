//! States as shape and word, never colour alone.

use leptos::prelude::*;
use wire::build::{ImageState, LogStatus};
use wire::node::NodeState;
use wire::open::Open;
use wire::release::{DeploymentState, ReleaseState};
use wire::status::{InstanceState, ServiceState};

/// A shape and its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Ok,
    /// A turning ring.
    Busy,
    /// A triangle.
    Warn,
    /// A square.
    Bad,
    /// Two bars.
    Off,
    /// A dashed ring.
    None,
}

impl Shape {
    /// What the style sheet knows it by.
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "state ok",
            Self::Busy => "state busy",
            Self::Warn => "state warn",
            Self::Bad => "state bad",
            Self::Off => "state off",
            Self::None => "state none",
        }
    }
}

/// How a service's state looks and reads.
pub fn service_state(state: &Open<ServiceState>) -> (Shape, String) {
    let (shape, word) = match state {
        Open::Known(ServiceState::Running) => (Shape::Ok, "Running"),
        Open::Known(ServiceState::Converging) => (Shape::Busy, "Converging"),
        Open::Known(ServiceState::Degraded) => (Shape::Warn, "Degraded"),
        Open::Known(ServiceState::Down) => (Shape::Bad, "Down"),
        Open::Known(ServiceState::Paused) => (Shape::Off, "Paused"),
        Open::Known(ServiceState::Undeployed) => (Shape::None, "Never deployed"),
        Open::Unknown(word) => (Shape::None, word.as_str()),
    };
    (shape, word.to_owned())
}

/// How an instance's state looks and reads.
pub fn instance_state(state: &Open<InstanceState>) -> (Shape, String) {
    let (shape, word) = match state {
        Open::Known(InstanceState::Pending) => (Shape::Busy, "Pending"),
        Open::Known(InstanceState::Starting) => (Shape::Busy, "Starting"),
        Open::Known(InstanceState::Ready) => (Shape::Ok, "Ready"),
        Open::Known(InstanceState::Unhealthy) => (Shape::Warn, "Unhealthy"),
        Open::Known(InstanceState::Restarting) => (Shape::Warn, "Restarting"),
        Open::Known(InstanceState::Draining) => (Shape::Off, "Draining"),
        Open::Known(InstanceState::Failed) => (Shape::Bad, "Failed"),
        Open::Unknown(word) => (Shape::None, word.as_str()),
    };
    (shape, word.to_owned())
}

/// How a node's state looks and reads.
pub fn node_state(state: &Open<NodeState>) -> (Shape, String) {
    let (shape, word) = match state {
        Open::Known(NodeState::Ready) => (Shape::Ok, "Ready"),
        Open::Known(NodeState::Down) => (Shape::Bad, "Away"),
        Open::Known(NodeState::Disconnected) => (Shape::Warn, "Disconnected"),
        Open::Known(NodeState::Unknown) => (Shape::None, "Not known"),
        Open::Unknown(word) => (Shape::None, word.as_str()),
    };
    (shape, word.to_owned())
}

/// How an image's state looks and reads.
pub fn image_state(state: &Open<ImageState>) -> (Shape, String) {
    let (shape, word) = match state {
        Open::Known(ImageState::Queued) => (Shape::Busy, "Queued"),
        Open::Known(ImageState::Building) => (Shape::Busy, "Building"),
        Open::Known(ImageState::Built) => (Shape::Ok, "Built"),
        Open::Known(ImageState::Failed) => (Shape::Bad, "Failed"),
        Open::Known(ImageState::Cancelled) => (Shape::Off, "Cancelled"),
        Open::Unknown(word) => (Shape::None, word.as_str()),
    };
    (shape, word.to_owned())
}

/// How a release's state looks and reads.
pub fn release_state(state: &Open<ReleaseState>) -> (Shape, String) {
    let (shape, word) = match state {
        Open::Known(ReleaseState::Pending) => (Shape::Busy, "Waits for its image"),
        Open::Known(ReleaseState::Built) => (Shape::Ok, "Created"),
        Open::Known(ReleaseState::Failed) => (Shape::Bad, "Failed"),
        Open::Unknown(word) => (Shape::None, word.as_str()),
    };
    (shape, word.to_owned())
}

/// How a deployment's state looks and reads.
pub fn deployment_state(state: &Open<DeploymentState>) -> (Shape, String) {
    let (shape, word) = match state {
        Open::Known(DeploymentState::Pending) => (Shape::Busy, "Waiting"),
        Open::Known(DeploymentState::Running) => (Shape::Busy, "Rolling out"),
        Open::Known(DeploymentState::Complete) => (Shape::Ok, "Deployed"),
        Open::Known(DeploymentState::Error) => (Shape::Bad, "Failed"),
        Open::Known(DeploymentState::Cancelled) => (Shape::Off, "Cancelled"),
        Open::Unknown(word) => (Shape::None, word.as_str()),
    };
    (shape, word.to_owned())
}

/// How the state of what a log tells of looks and reads.
pub fn log_status(status: &Open<LogStatus>) -> (Shape, String) {
    let (shape, word) = match status {
        Open::Known(LogStatus::Pending) => (Shape::Busy, "Waiting"),
        Open::Known(LogStatus::Running) => (Shape::Busy, "Running, live"),
        Open::Known(LogStatus::Success) => (Shape::Ok, "Ended well"),
        Open::Known(LogStatus::Error) => (Shape::Bad, "Failed"),
        Open::Known(LogStatus::Cancelled) => (Shape::Off, "Cancelled"),
        Open::Unknown(word) => (Shape::None, word.as_str()),
    };
    (shape, word.to_owned())
}

/// Draws a state.
pub fn state_mark((shape, word): (Shape, String)) -> impl IntoView {
    view! {
        <span class=shape.class()>
            <i></i>
            <span>{word}</span>
        </span>
    }
}
