//! The kept record: what runs found, kept so that others can check it later without the data.
//!
//! ```text
//! RECORD/
//!   log.jsonl                  start and end of each run, chained by hashes (log.rs)
//!   lock                       empty; locked while something is appended
//!   runs/000001-2026-11-24T06-00-00Z/
//!     manifest.json            everything that is no row (manifest.rs)
//!     items.parquet findings.parquet occurrences.parquet dates.parquet
//!     control_results.parquet deviations.parquet criteria.parquet runs.parquet
//!     policy.toml              the policy, byte for byte
//!     patterns/detectors.toml  every detector in force
//!     patterns/taxonomy.toml
//!     registers/               entries of registers as they were understood
//! ```
//!
//! [`Appender`] writes a run, [`Record`] reads. Folders are 0700, files 0600. Whatever moment a writer is killed at: earlier runs are
//! untouched, and its own is whole or becomes `aborted` by the next writer.

mod append;
mod kept;
pub mod log;
pub mod manifest;
mod read;
mod results;
pub mod sign;
mod tables;
pub mod verify;

use std::io;
use std::path::{Path, PathBuf};

pub use append::{Appender, Beginning, Writer};
pub use kept::{Kept, KeptRegisters, Want};
pub use log::{Event, Line, Log};
pub use manifest::Manifest;
pub use read::{Record, Run, RunState, split_name};

/// Why a record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The folder holds no record.
    #[error("{}: no record ({why})", shown(.path))]
    NoRecord {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        why: &'static str,
    },
    /// Someone else appends.
    #[error("{}: another run is appending to this record; wait until it ends", shown(.0))]
    Locked(PathBuf),
    /// No such run.
    #[error("{}: {what}; `privascan population` lists the runs", shown(.path))]
    NoRun {
        /// The record.
        path: PathBuf,
        /// What was asked for.
        what: String,
    },
    /// A file does not hold what it has to.
    #[error("{}: {what}", shown(.path))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
    /// What is known of criteria is wrong: a defect of this program.
    #[error(transparent)]
    Criteria(#[from] crate::govern::criteria::CriteriaError),
    /// The store failed.
    #[error("{}: {source}", shown(.path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

fn shown(path: &Path) -> String {
    crate::report::printable(&path.to_string_lossy()).into_owned()
}

impl RecordError {
    /// For `map_err`: the file, then the system's answer.
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    fn malformed(path: &Path, what: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_path_buf(), what: what.into() }
    }
}
