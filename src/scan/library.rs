//! Scanning what a program already holds: bytes, streams, record batches. No threads, no files, no report.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::item_scan::ItemScan;
use super::worker::{Progress, State, Worker};
use super::{PathStyle, ScanPlan};
use crate::classify::{Protector, Taxonomy, TaxonomyError};
use crate::detect::{self, Definition, DefinitionError, Detectors, Scratch};
use crate::model::{Body, Item, ItemMeta, ItemPath, ItemRecord, Likelihood};
use crate::read::{Budget, Buffers, Limits};
use crate::source::files::item_id;
use crate::source::{Access, Discovered, FilesError, Selection};

/// Finds personal data in what a program holds, with the same readers, detectors and rules as the command `scan`.
///
/// ```
/// # fn main() -> Result<(), privascan::ScannerError> {
/// let mut scanner = privascan::Scanner::builtin()?;
/// let records = scanner.bytes("staff.csv", b"name,ssn\nAna Lind,536-22-8719\nJo Park,219-09-4417\n");
/// let finding = &records[0].findings[0];
/// assert_eq!((finding.info_type.as_str(), finding.count), ("US_SSN", 2));
/// assert_eq!(finding.occurrences[0].mask, "•••-••-•719");
/// # Ok(())
/// # }
/// ```
///
/// One scanner serves one thread. A clone shares the compiled detectors and has buffers of its own, so a pool takes one
/// clone for each thread. What comes back holds masks, fingerprints, counts and places, never a value; the item's own
/// raw name is in `ItemRecord::item`, and only `printed_path` is fit to be shown.
pub struct Scanner {
    plan: Arc<ScanPlan>,
    scratch: Scratch,
    buffers: Buffers,
}

/// Why there is no scanner.
#[derive(Debug, thiserror::Error)]
pub enum ScannerError {
    /// Detectors are wrong: one line for each mistake.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Detectors(Vec<DefinitionError>),
    /// The taxonomy is wrong.
    #[error(transparent)]
    Taxonomy(#[from] TaxonomyError),
    /// The system gives no random numbers for a key.
    #[error("the system gives no random numbers")]
    Random,
    /// Globs are wrong, which an empty selection never is.
    #[error(transparent)]
    Selection(#[from] FilesError),
}

impl ScanPlan {
    /// Built-in knowledge and the defaults of the command, without targets: what a [`Scanner`] asks for. Change what
    /// should be different. Fingerprints are of a random key; set `protector` to [`Protector::with_key`] to compare
    /// values across scanners and runs.
    pub fn builtin() -> Result<Self, ScannerError> {
        Self::with_detectors(Vec::new())
    }

    /// The same with detectors of your own, each with the name of the file it came from, as
    /// [`load_dir`](crate::detect::definition::load_dir) gives them. One with the id of a built-in takes its place.
    pub fn with_detectors(own: Vec<(String, Definition)>) -> Result<Self, ScannerError> {
        let taxonomy = Taxonomy::builtin()?;
        let mut all = detect::builtin().map_err(|e| ScannerError::Detectors(vec![e]))?;
        all.retain(|(_, definition)| own.iter().all(|(_, other)| other.id != definition.id));
        all.extend(own);
        let detectors =
            Detectors::compile(all, &|name| taxonomy.has(name)).map_err(ScannerError::Detectors)?;
        Self::of(Arc::new(detectors), Arc::new(taxonomy))
    }

    /// The same with knowledge that is at hand already.
    pub fn of(detectors: Arc<Detectors>, taxonomy: Arc<Taxonomy>) -> Result<Self, ScannerError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| ScannerError::Random)?;
        Ok(Self {
            targets: Vec::new(),
            selection: Selection::new(&[], &[], &[], false, &[])?,
            detectors,
            taxonomy,
            protector: Protector::random(&key).ok_or(ScannerError::Random)?,
            limits: Limits::default(),
            threads: 1,
            totals: false,
            min_likelihood: Likelihood::Possible,
            occurrences: 10,
            paths: PathStyle::Masked,
            evidence: None,
            reuse: None,
            interrupted: Arc::new(AtomicBool::new(false)),
        })
    }
}

impl Scanner {
    /// With built-in knowledge and the defaults of the command.
    pub fn builtin() -> Result<Self, ScannerError> {
        ScanPlan::builtin().map(Self::new)
    }

    /// With the knowledge, limits and settings of a plan; its targets and threads mean nothing here.
    pub fn new(plan: ScanPlan) -> Self {
        Self::sharing(Arc::new(plan))
    }

    fn sharing(plan: Arc<ScanPlan>) -> Self {
        Self { scratch: plan.detectors.scratch(), buffers: Buffers::default(), plan }
    }

    /// The detectors in force.
    pub fn detectors(&self) -> &Detectors {
        &self.plan.detectors
    }

    /// Examines bytes as the file of this name would be: by their content, then by the name. The record of the item
    /// comes first; those of what is inside of it (an archive's entries) follow.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) -> Vec<ItemRecord> {
        let meta = ItemMeta { bytes: Some(bytes.len() as u64), ..ItemMeta::default() };
        self.item(name, meta, |scan, _, _| scan.read(Body::stream(bytes)))
    }

    /// Examines a stream to its end, in bounded memory.
    pub fn stream(&mut self, name: &str, stream: impl Read) -> Vec<ItemRecord> {
        self.item(name, ItemMeta::default(), |scan, _, _| scan.read(Body::stream(stream)))
    }

    /// Examines one item with a reader of the caller's choice.
    fn item(
        &mut self,
        name: &str,
        meta: ItemMeta,
        read: impl FnOnce(&mut ItemScan<'_, '_>, &Budget<'_>, &Buffers),
    ) -> Vec<ItemRecord> {
        let plan = &*self.plan;
        let progress = Progress::default();
        let (sender, entries) = crossbeam_channel::unbounded();
        let mut state = State::new(plan, &progress, sender);
        let path = ItemPath::new(name);
        let item = Item { id: item_id(&path), path, meta };
        let budget = Budget::new(&plan.limits, &plan.interrupted);
        let mut scan = ItemScan::new(&mut state, &mut self.scratch, &self.buffers, &budget, item, None);
        read(&mut scan, &budget, &self.buffers);
        let mut records = vec![scan.finish()];
        state.flush();
        records.extend(entries.try_iter().flatten());
        records
    }
}

/// Examines one file as a run that met it under `path` would, wherever it is now. Its record comes first; those of what
/// is inside of it follow.
pub fn examine_file(plan: &ScanPlan, path: ItemPath, file: PathBuf) -> Vec<ItemRecord> {
    let progress = Progress::default();
    let (sender, entries) = crossbeam_channel::unbounded();
    let mut worker = Worker::new(plan, &progress, sender);
    let item = Item { id: item_id(&path), path, meta: ItemMeta::default() };
    let mut records = vec![worker.examine(Discovered { item, access: Access::File(file) })];
    worker.flush();
    records.extend(entries.try_iter().flatten());
    records
}

impl Clone for Scanner {
    fn clone(&self) -> Self {
        Self::sharing(self.plan.clone())
    }
}

#[cfg(feature = "tabular")]
mod tables {
    use arrow::array::RecordBatch;
    use arrow::datatypes::Schema;
    use arrow::error::ArrowError;

    use super::Scanner;
    use crate::model::{ContentVisitor, Gap, ItemMeta, ItemRecord, Reason, Stop};
    use crate::read::{Reach, ReadContext, ReadError, columnar};

    impl Scanner {
        /// Examines the columns of one batch; nested ones by their leaves, dictionaries once for each value.
        pub fn batch(&mut self, name: &str, batch: &RecordBatch) -> ItemRecord {
            self.batches(name, batch.schema_ref(), std::iter::once(Ok(batch.clone())))
        }

        /// Examines the batches of one table as they come. What cannot be decoded ends it, with a gap in the record.
        pub fn batches(
            &mut self,
            name: &str,
            schema: &Schema,
            batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
        ) -> ItemRecord {
            let reach = self.plan.detectors.reach();
            let reach = Reach { behind: reach.behind, ahead: reach.ahead };
            let mut records = self.item(name, ItemMeta::default(), |scan, budget, buffers| {
                scan.format("arrow");
                let context = ReadContext { budget, reach, depth: 0, buffers };
                match columnar::read_batches(&context, schema, batches, scan) {
                    Ok(()) => {}
                    Err(ReadError::Gap(gap)) => scan.gap(gap),
                    Err(ReadError::Stop(Stop::Interrupted)) => scan.gap(Gap::new(Reason::Interrupted, "")),
                    Err(ReadError::Stop(Stop::Timeout)) => scan.gap(Gap::new(Reason::LimitTime, "")),
                }
            });
            records.swap_remove(0)
        }
    }
}
