//! What bytes mean: formats to windows, cells and entries. Knows formats and never detectors.

pub mod limits;

pub use limits::{Budget, Limits};
