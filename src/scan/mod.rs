//! Running it: threads, channels, the ledger.
//!
//! One thread lists, N workers examine, the calling thread collects. Workers never start parallel work of their own.

mod evidence;
mod item_scan;
mod library;
mod lines;
mod literals;
mod locating;
mod names;
mod queue;
mod reuse;
pub mod self_test;
mod worker;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use crate::classify::{Protector, Taxonomy};
use crate::detect::Detectors;
use crate::model::{ItemRecord, Ledger, Likelihood};
use crate::read::Limits;
use crate::source::files::{self, Selection, Target};
use queue::Queue;
use worker::Worker;

pub use evidence::EvidencePlan;
pub use library::{Scanner, ScannerError, examine_file};
pub use literals::{Literals, MAX_LITERAL, MIN_LITERAL, Unsuitable, spellings};
pub use names::PathStyle;
pub use reuse::Reuse;
pub use worker::Progress;

/// Items handed over at a time.
const BATCH: usize = 64;

/// Everything a run needs to know.
pub struct ScanPlan {
    /// What to scan; checked.
    pub targets: Vec<Target>,
    /// What of it.
    pub selection: Selection,
    /// With what knowledge.
    pub detectors: Arc<Detectors>,
    /// What findings mean.
    pub taxonomy: Arc<Taxonomy>,
    /// Masks' companion: fingerprints.
    pub protector: Protector,
    /// What one item may cost.
    pub limits: Limits,
    /// Workers.
    pub threads: usize,
    /// Lowest likelihood that counts.
    pub min_likelihood: Likelihood,
    /// Occurrences kept of each finding.
    pub occurrences: usize,
    /// How names are printed.
    pub paths: PathStyle,
    /// What is gathered of each item beyond findings; `None`: nothing, at no cost.
    pub evidence: Option<Arc<EvidencePlan>>,
    /// What an earlier run with the same rules knows.
    pub reuse: Option<Arc<Reuse>>,
    /// Whether `Progress::total_bytes` is wanted, which costs a system call an item.
    pub totals: bool,
    /// Set to end the run early.
    pub interrupted: Arc<AtomicBool>,
}

/// Why a run ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A consumer of records failed.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// The pool of threads could not be made.
    #[error("cannot start {0} threads; use fewer with --threads")]
    Threads(usize),
    /// The ledger does not close: a defect of this program.
    #[error("the items do not add up ({0} discovered); please report this")]
    Ledger(u64),
}

/// Scans. `on_item` gets each record as it is done, in no certain order; `on_tick` is called some ten times a second.
pub fn run(
    plan: &ScanPlan,
    on_item: &mut dyn FnMut(ItemRecord) -> io::Result<()>,
    on_tick: &mut dyn FnMut(&Progress),
) -> Result<Ledger, ScanError> {
    let threads = plan.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|_| ScanError::Threads(threads))?;
    let progress = Progress::default();
    let queue = Queue::default();
    let (sender, records) = bounded::<Vec<ItemRecord>>(threads * 32);

    std::thread::scope(|scope| {
        let (progress, queue) = (&progress, &queue);
        scope.spawn(move || list(plan, progress, queue));
        scope.spawn(move || {
            pool.broadcast(|_| Worker::new(plan, progress, sender.clone()).run(queue));
        });
        let end = collect(plan, records, progress, on_item, on_tick);
        queue.abandon();
        end
    })
}

/// Lists the targets and hands items out in batches.
fn list(plan: &ScanPlan, progress: &Progress, queue: &Queue) {
    let mut batch = Vec::with_capacity(BATCH);
    files::visit(&plan.targets, &plan.selection, plan.totals, &mut |found| {
        progress.discovered.fetch_add(1, Ordering::Relaxed);
        progress.total_bytes.fetch_add(found.item.meta.bytes.unwrap_or(0), Ordering::Relaxed);
        batch.push(found);
        batch.len() < BATCH || queue.add(&mut batch)
    });
    queue.add(&mut batch);
    queue.finish();
}

fn collect(
    plan: &ScanPlan,
    records: Receiver<Vec<ItemRecord>>,
    progress: &Progress,
    on_item: &mut dyn FnMut(ItemRecord) -> io::Result<()>,
    on_tick: &mut dyn FnMut(&Progress),
) -> Result<Ledger, ScanError> {
    let mut ledger = Ledger::default();
    let mut outermost = 0;
    let mut ticked = std::time::Instant::now();
    let pause = Duration::from_millis(100);
    loop {
        match records.recv_timeout(pause) {
            Ok(batch) => {
                for record in batch {
                    ledger.add(record.outcome, record.bytes_examined);
                    progress.items.fetch_add(1, Ordering::Relaxed);
                    if record.item.path.depth() == 0 {
                        outermost += 1;
                        let stored = record.item.meta.bytes.unwrap_or(0);
                        progress.stored_bytes.fetch_add(stored, Ordering::Relaxed);
                    }
                    if let Err(e) = on_item(record) {
                        plan.interrupted.store(true, Ordering::Relaxed);
                        return Err(e.into());
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if ticked.elapsed() >= pause {
            on_tick(progress);
            ticked = std::time::Instant::now();
        }
    }
    let listed = progress.discovered.load(Ordering::Relaxed);
    if ledger.closes() && outermost == listed { Ok(ledger) } else { Err(ScanError::Ledger(listed)) }
}

/// The plan's targets as they may be printed.
pub fn printed_targets(plan: &ScanPlan) -> Vec<String> {
    let names = plan.targets.iter().map(|target| match target {
        Target::Path(path) => path.as_os_str().as_encoded_bytes(),
        Target::Stdin { name } => name.as_bytes(),
    });
    printed(plan, names)
}

/// Names as they may be printed: what was found in them is masked, as in the names of items.
pub fn printed<'a>(plan: &ScanPlan, names: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut scratch = plan.detectors.scratch();
    names.map(|name| names::print(name, plan, &mut scratch).text).collect()
}
