#![doc = include_str!("../ARCHITECTURE.md")]

pub mod classify;
#[cfg(feature = "cli")]
pub mod cli;
pub mod detect;
#[cfg(all(feature = "evidence", unix))]
pub mod dispose;
pub mod govern;
pub mod model;
pub mod read;
#[cfg(feature = "evidence")]
pub mod record;
pub mod report;
pub mod scan;
pub mod source;

pub use model::{Finding, ItemRecord, Likelihood, Occurrence};
pub use scan::{Scanner, ScannerError};
