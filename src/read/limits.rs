//! One shared budget per outermost item, spent at every level of nesting.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::model::{Reason, Stop};

/// What one outermost item may cost. Every limit that bites is a recorded gap.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Containers around the innermost item.
    pub depth: usize,
    /// Entries of one container.
    pub entries: u64,
    /// Decoded bytes, all levels together.
    pub item_bytes: u64,
    /// Decoded bytes for each stored byte, once more than 64 MiB are decoded.
    pub ratio: u64,
    /// Bytes of one record, cell or other unit that has to be in memory whole.
    pub record_bytes: usize,
    /// Time for the outermost item.
    pub time: Option<Duration>,
    /// Rows of each table that are read.
    pub sample_rows: Option<u64>,
    /// Bytes a stream may hold in memory when random access is needed, before a temporary file is used.
    pub spool_bytes: usize,
    /// Folder for such temporary files.
    pub temp_dir: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 8,
            entries: 100_000,
            item_bytes: 64 << 30,
            ratio: 200,
            record_bytes: 8 << 20,
            time: None,
            sample_rows: None,
            spool_bytes: 4 << 20,
            temp_dir: None,
        }
    }
}

/// What is left of the limits for one outermost item.
pub struct Budget<'a> {
    /// The limits themselves.
    pub limits: &'a Limits,
    decoded: Cell<u64>,
    deadline: Option<Instant>,
    interrupted: &'a AtomicBool,
}

impl<'a> Budget<'a> {
    /// A full budget; the clock starts now. `interrupted` is set by the user's Ctrl-C.
    pub fn new(limits: &'a Limits, interrupted: &'a AtomicBool) -> Self {
        Self { limits, decoded: Cell::new(0), deadline: limits.time.map(|t| Instant::now() + t), interrupted }
    }

    /// Spends decoded bytes; `false` once more than `item_bytes` are spent.
    pub fn spend(&self, bytes: u64) -> bool {
        let total = self.decoded.get().saturating_add(bytes);
        self.decoded.set(total);
        total <= self.limits.item_bytes
    }

    /// Of the `bytes` spent last, how many were within the limit.
    pub fn within(&self, bytes: u64) -> u64 {
        bytes - self.decoded.get().saturating_sub(self.limits.item_bytes).min(bytes)
    }

    /// Why reading has to stop now, if it has to. Called between windows, batches and entries.
    pub fn stop(&self) -> Option<Stop> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Some(Stop::Interrupted);
        }
        self.deadline.filter(|d| Instant::now() >= *d).map(|_| Stop::Timeout)
    }
}

/// A limit that bit inside a stream, carried by an `io::Error` through readers that know nothing of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.code())]
pub struct LimitHit(pub Reason);

impl LimitHit {
    /// The limit behind an error, however deep decoders have wrapped it.
    pub fn find(e: &io::Error) -> Option<Reason> {
        let mut next: Option<&(dyn Error + 'static)> = e.get_ref().map(|inner| inner as _);
        while let Some(e) = next {
            if let Some(LimitHit(reason)) = e.downcast_ref::<LimitHit>() {
                return Some(*reason);
            }
            next = match e.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner as _),
                None => e.source(),
            };
        }
        None
    }
}

impl From<LimitHit> for io::Error {
    fn from(hit: LimitHit) -> Self {
        io::Error::other(hit)
    }
}

impl From<Stop> for LimitHit {
    fn from(stop: Stop) -> Self {
        LimitHit(match stop {
            Stop::Interrupted => Reason::Interrupted,
            Stop::Timeout => Reason::LimitTime,
        })
    }
}
