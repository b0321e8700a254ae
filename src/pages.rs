//! Pages: one file each, with the same order inside: parameters, data, derived values, actions,
//! view, private parts.

pub mod access;
pub mod config;
pub mod connect;
pub mod deployments;
pub mod events;
pub mod home;
pub mod new_service;
pub mod nodes;
pub mod not_found;
pub mod org;
pub mod overview;
pub mod parts;
pub mod places;
pub mod project;
pub mod service;
pub mod services;
pub mod typed;
