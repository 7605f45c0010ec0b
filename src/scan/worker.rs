//! One thread's share of a run: opens items, examines them, sends their records.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Sender;

use super::item_scan::ItemScan;
use super::queue::Queue;
use super::{BATCH, ScanPlan};
use crate::detect::Scratch;
use crate::model::{Body, ContentVisitor, Gap, ItemMeta, ItemRecord, Outcome, Reason, Stop};
use crate::read::{Budget, Buffers, HEAD};
use crate::source::{Access, Discovered, Owners, accessed, open_regular};

/// After so many bytes a worker lets others have the rest of what it took.
const LARGE: u64 = 1 << 20;

/// What a run has done so far, for a progress bar.
#[derive(Debug, Default)]
pub struct Progress {
    /// Items discovered.
    pub discovered: AtomicU64,
    /// Bytes of the items discovered, as stored.
    pub total_bytes: AtomicU64,
    /// Items with an outcome.
    pub items: AtomicU64,
    /// Bytes of decoded content examined.
    pub bytes: AtomicU64,
    /// Stored bytes of the items with an outcome.
    pub stored_bytes: AtomicU64,
    /// Findings so far.
    pub findings: AtomicU64,
}

/// Everything of a worker that examining an item changes.
pub(super) struct State<'p> {
    pub plan: &'p ScanPlan,
    pub progress: &'p Progress,
    pub normalized: Vec<u8>,
    /// For the name of the item being read.
    pub name: Vec<u8>,
    records: Vec<ItemRecord>,
    sender: Sender<Vec<ItemRecord>>,
}

impl<'p> State<'p> {
    pub fn new(plan: &'p ScanPlan, progress: &'p Progress, sender: Sender<Vec<ItemRecord>>) -> Self {
        Self { plan, progress, normalized: Vec::new(), name: Vec::new(), records: Vec::new(), sender }
    }

    /// Hands a record on.
    pub fn send(&mut self, record: ItemRecord) {
        self.records.push(record);
        if self.records.len() >= BATCH {
            self.flush();
        }
    }

    /// Hands on what is known of the entries of an item, and gives back that of the item itself.
    fn take_over(&mut self, record: ItemRecord, entries: Vec<ItemRecord>) -> ItemRecord {
        for known in entries.iter().chain([&record]) {
            self.progress.bytes.fetch_add(known.bytes_examined, Ordering::Relaxed);
            self.progress.findings.fetch_add(known.findings.len() as u64, Ordering::Relaxed);
        }
        entries.into_iter().for_each(|entry| self.send(entry));
        record
    }

    /// Sends what is held back.
    pub fn flush(&mut self) {
        if !self.records.is_empty() {
            // The collector only goes away when the run is over; then nobody wants the records.
            self.sender.send(std::mem::take(&mut self.records)).unwrap_or_default();
        }
    }
}

/// One thread's tools.
pub(super) struct Worker<'p> {
    state: State<'p>,
    scratch: Scratch,
    buffers: Buffers,
    /// For the first bytes of each file.
    head: Vec<u8>,
    owners: Owners,
}

impl<'p> Worker<'p> {
    pub fn new(plan: &'p ScanPlan, progress: &'p Progress, sender: Sender<Vec<ItemRecord>>) -> Self {
        Self {
            state: State::new(plan, progress, sender),
            scratch: plan.detectors.scratch(),
            buffers: Buffers::default(),
            head: Vec::new(),
            owners: Owners::default(),
        }
    }

    /// Sends what is held back.
    pub fn flush(&mut self) {
        self.state.flush();
    }

    /// Examines items until there are none, and sends all their records.
    pub fn run(&mut self, queue: &Queue) {
        let mut tasks = VecDeque::new();
        while queue.take(BATCH, &mut tasks) {
            let mut bytes = 0;
            while let Some(task) = tasks.pop_front() {
                let record = self.examine(task);
                bytes += record.bytes_examined;
                self.state.send(record);
                if bytes > LARGE && !tasks.is_empty() {
                    queue.give_back(&mut tasks);
                }
            }
            self.state.flush();
        }
    }

    /// Examines one item; what is inside of it is sent.
    pub fn examine(&mut self, task: Discovered) -> ItemRecord {
        let plan = self.state.plan;
        let wants_accessed = plan.evidence.as_ref().is_some_and(|e| e.accessed);
        let budget = Budget::new(&plan.limits, &plan.interrupted);
        let known = plan.reuse.as_deref().filter(|r| r.knows(task.item.id)).map(|r| (r, task.item.clone()));
        let mut scan =
            ItemScan::new(&mut self.state, &mut self.scratch, &self.buffers, &budget, task.item, None);
        if let Access::Decided(outcome, detail) = task.access {
            return scan.decide(outcome, detail);
        }
        match budget.stop() {
            Some(Stop::Interrupted) => {
                return scan.decide(Outcome::Skipped(Reason::Interrupted), String::new());
            }
            Some(Stop::Timeout) => return scan.decide(Outcome::Failed(Reason::LimitTime), String::new()),
            None => {}
        }
        let path = match task.access {
            Access::File(path) => path,
            _ => {
                scan.read(Body::stream(std::io::stdin().lock()));
                return scan.finish();
            }
        };
        match open_regular(&path) {
            Ok(Some((file, meta))) => {
                if let Some((reuse, item)) = known {
                    let stored = || stored_meta(&mut self.owners, &meta, wants_accessed);
                    match reuse.unchanged(&item, &file, &meta, stored, &self.buffers, &budget) {
                        Ok(None) => {}
                        Ok(Some((record, entries))) => {
                            drop(scan);
                            return self.state.take_over(record, entries);
                        }
                        Err(_) => return scan.decide(Outcome::Failed(Reason::ReadError), String::new()),
                    }
                }
                scan.stored(stored_meta(&mut self.owners, &meta, wants_accessed));
                scan.read_file(&file, meta.len(), &mut self.head);
                if meta.len() > HEAD as u64 || scan.hashes() {
                    let same = file.metadata().is_ok_and(|now| {
                        now.len() == meta.len() && now.modified().ok() == meta.modified().ok()
                    });
                    // What is read at once, and not again to be hashed, cannot change meanwhile.
                    if !same {
                        scan.hashed(None);
                        scan.gap(Gap::new(
                            Reason::ChangedWhileRead,
                            "size or time is not what it was before",
                        ));
                    }
                }
                scan.finish()
            }
            Ok(None) => {
                scan.decide(Outcome::Skipped(Reason::SpecialFile), "replaced since it was listed".into())
            }
            Err(e) => {
                if let Ok(meta) = path.symlink_metadata() {
                    scan.stored(stored_meta(&mut self.owners, &meta, wants_accessed));
                }
                let reason = match e.kind() {
                    std::io::ErrorKind::PermissionDenied => Reason::PermissionDenied,
                    std::io::ErrorKind::NotFound => Reason::NotFound,
                    _ => Reason::ReadError,
                };
                scan.decide(Outcome::Failed(reason), "cannot be opened".into())
            }
        }
    }
}

fn stored_meta(owners: &mut Owners, meta: &Metadata, wants_accessed: bool) -> ItemMeta {
    ItemMeta { accessed: if wants_accessed { accessed(meta) } else { None }, ..owners.meta(meta) }
}
