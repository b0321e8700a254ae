//! States as shape and word, never colour alone.

use leptos::prelude::*;
use wire::open::Open;
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
    fn class(self) -> &'static str {
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

/// Draws a state.
pub fn state_mark((shape, word): (Shape, String)) -> impl IntoView {
    view! {
        <span class=shape.class()>
            <i></i>
            <span>{word}</span>
        </span>
    }
}
