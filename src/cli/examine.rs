//! A scan whose items a command looks at itself: the same path as `scan --policy`, without outputs.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use clap::{Args, FromArgMatches};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

use super::args::{KnowledgeArgs, ScanArgs};
use super::governed::{self, Governed};
use super::scan::{
    all_processors, categories_on, evidence, limits, listen, printed_base, run_id, selection, targets,
};
use super::{keys, knowledge};
use crate::govern::facts::{Base, Facts, Reach, RunFacts};
use crate::govern::{Assessment, Criteria, Registers, assess};
use crate::model::{ItemRecord, Ledger, Likelihood, Outcome};
use crate::record::manifest::SystemScope;
use crate::record::{Record, Want};
use crate::scan::{self, PathStyle, ScanPlan};

/// What is scanned, and with what.
#[derive(Debug, Args)]
pub(super) struct ExamineArgs {
    /// Files and folders; the systems of the policy if none is given
    #[arg(value_name = "TARGET")]
    pub targets: Vec<PathBuf>,

    /// Key for fingerprints, or PRIVASCAN_KEY: as for scan
    ///
    /// Example: --key-file ~/.privascan.key
    #[arg(long, value_name = "F")]
    pub key_file: Option<PathBuf>,

    /// Leave out what matches this glob, on record; repeatable
    ///
    /// Example: --exclude 'node_modules/'
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub exclude: Vec<String>,

    #[command(flatten)]
    pub knowledge: KnowledgeArgs,

    /// Threads that examine items; all processors by default
    ///
    /// Example: --threads 4
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<std::num::NonZeroUsize>,

    /// Folder for temporary copies of content that needs random access; created 0600 and unlinked at once
    ///
    /// Example: --temp-dir /var/tmp
    #[arg(long, value_name = "D", help_heading = "Limits")]
    pub temp_dir: Option<PathBuf>,
}

/// A scan that is ready to run.
pub(super) struct Examination {
    /// Everything the scan needs to know; may be changed before it runs.
    pub plan: ScanPlan,
    /// The policy, where there is one.
    pub governed: Option<Governed>,
    /// How raw paths become paths relative to the policy's folder.
    pub raw_base: Base,
    /// The registers, paths in them as they may be printed.
    pub registers: Registers,
    /// What conclusions depend on.
    pub facts: RunFacts,
    /// When it began.
    pub started_at: Timestamp,
    /// The declared systems, and whether they were reached.
    pub systems: Vec<SystemScope>,
}

/// What came of a scan.
pub(super) struct Examined {
    /// Everything the scan knew.
    pub plan: ScanPlan,
    /// The policy, where there is one.
    pub governed: Option<Governed>,
    /// How raw paths become paths relative to the policy's folder.
    pub raw_base: Base,
    /// The registers.
    pub registers: Registers,
    /// What conclusions depend on.
    pub facts: RunFacts,
    /// Counts by outcome.
    pub ledger: Ledger,
    /// The items.
    pub items: Vec<ItemRecord>,
    /// When it began.
    pub started_at: Timestamp,
    /// The declared systems, and whether they were reached.
    pub systems: Vec<SystemScope>,
    /// The last completed run of a record, where one was named.
    pub previous: Option<(RunFacts, Vec<ItemRecord>)>,
}

impl Examination {
    /// Makes it ready. `own` are further files that are no content.
    pub fn new(
        args: &ExamineArgs,
        governed: Option<Governed>,
        as_of: Option<Date>,
        own: &[PathBuf],
    ) -> Result<Self> {
        let started_at = Timestamp::now();
        let scan_args = scan_args(args)?;
        let (detectors, taxonomy) = knowledge::load(&args.knowledge)?;
        let targets = targets(&scan_args, governed.as_ref())?;
        let zone = governed.as_ref().map_or(TimeZone::UTC, |g| g.zone.clone());
        let as_of = as_of.unwrap_or_else(|| governed::day(started_at, &zone));
        let whole = args.targets.is_empty();
        let systems = governed.as_ref().map_or_else(Vec::new, |g| g.systems(&targets, whole));
        let raw_base = governed.as_ref().map_or_else(|| Ok(Base::default()), |g| g.base(&targets))?;
        let own: Vec<PathBuf> =
            own.iter().cloned().chain(governed.iter().flat_map(Governed::own_files)).collect();
        let plan = ScanPlan {
            selection: selection(&scan_args, &own, governed.as_ref(), &raw_base)?,
            targets,
            detectors,
            taxonomy,
            protector: keys::protector(args.key_file.as_deref())?,
            limits: limits(&scan_args)?,
            threads: args.threads.map_or_else(all_processors, usize::from),
            min_likelihood: Likelihood::Possible,
            occurrences: 20,
            paths: PathStyle::Masked,
            evidence: evidence(&scan_args, governed.as_ref()).map(Arc::new),
            reuse: None,
            totals: false,
            interrupted: Arc::new(AtomicBool::new(false)),
        };
        let base = printed_base(&plan, &raw_base);
        let registers = governed
            .as_ref()
            .map_or_else(Registers::default, |g| g.printed_registers(&plan, &raw_base, &base));
        let facts = RunFacts {
            run_id: run_id()?,
            as_of,
            interrupted: false,
            detectors_digest: plan.detectors.digest().to_owned(),
            policy_digest: governed.as_ref().map(|g| g.digest.clone()),
            key_id: plan.protector.key_id().to_owned(),
            base,
            categories_on: categories_on(&plan.detectors, &plan.taxonomy),
            detectors_left_out: args.knowledge.detectors != ["all"],
            roots: systems
                .iter()
                .map(|s| (s.id.clone(), Reach::parse(&s.reach).unwrap_or_default()))
                .collect(),
            watched: None,
        };
        Ok(Self { plan, governed, raw_base, registers, facts, started_at, systems })
    }

    /// Scans. `keep` takes from each record what is not needed.
    pub fn run(mut self, record: Option<&Path>, keep: &dyn Fn(&mut ItemRecord)) -> Result<Examined> {
        let previous = record.map(previous).transpose()?.flatten();
        let seen: HashMap<_, _> =
            previous.iter().flat_map(|(_, items)| items).map(|i| (i.item.id, i)).collect();
        listen(&self.plan.interrupted)?;
        let (mut items, as_of) = (Vec::new(), self.facts.as_of);
        let ledger = scan::run(
            &self.plan,
            &mut |mut item| {
                if previous.is_some() {
                    let before = seen.get(&item.item.id).map(|i| &i.evidence);
                    item.evidence.first_seen = Some(before.and_then(|e| e.first_seen).unwrap_or(as_of));
                    item.evidence.unread_since = before.and_then(|e| e.unread_since);
                }
                keep(&mut item);
                items.push(item);
                Ok(())
            },
            &mut |_| {},
        )?;
        drop(seen);
        self.facts.interrupted = self.plan.interrupted.load(Ordering::Relaxed);
        let Self { plan, governed, raw_base, registers, facts, started_at, systems } = self;
        Ok(Examined {
            plan,
            governed,
            raw_base,
            registers,
            facts,
            ledger,
            items,
            started_at,
            systems,
            previous,
        })
    }
}

impl Examined {
    /// The facts that control tests are given.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            run: &self.facts,
            items: &self.items,
            previous: self.previous.as_ref().map(|(facts, items)| (facts, items.as_slice())),
            history: None,
            registers: &self.registers,
            reviews: &[],
            self_test: None,
            integrity: None,
        }
    }

    /// Holds the policy against what was found.
    pub fn assess(&self, governed: &Governed) -> Assessment {
        assess(&governed.policy, &self.facts(), &self.plan.taxonomy, &Criteria::default())
    }

    /// Whether everything was looked at.
    pub fn is_complete(&self) -> bool {
        self.ledger.complete() && !self.facts.interrupted && self.facts.unreached().is_empty()
    }

    /// What was not read, in one line: `3 of 120 items not read whole: encrypted 2, malformed 1`.
    pub fn unread(&self) -> Option<String> {
        let mut reasons: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
        for outcome in self.items.iter().map(|i| i.outcome) {
            if let Outcome::Partial(reason) | Outcome::Failed(reason) = outcome {
                *reasons.entry(reason.code()).or_default() += 1;
            }
        }
        let all: u64 = reasons.values().sum();
        let parts: Vec<String> = reasons.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
        (all > 0).then(|| format!("{all} of {} items not read whole: {}", self.items.len(), parts.join(", ")))
    }

    /// The raw path of an item, relative to the policy's folder.
    pub fn raw_path(&self, item: &ItemRecord) -> Vec<u8> {
        let path = item.item.path.joined();
        match path.strip_prefix(self.raw_base.strip.as_bytes()) {
            Some(rest) => [self.raw_base.prepend.as_bytes(), rest].concat(),
            None => path.to_vec(),
        }
    }
}

/// Facts of a policy and its registers, without items.
pub(super) fn bare<'a>(run: &'a RunFacts, registers: &'a Registers) -> Facts<'a> {
    Facts {
        run,
        items: &[],
        previous: None,
        history: None,
        registers,
        reviews: &[],
        self_test: None,
        integrity: None,
    }
}

/// The policy that is named, else the one in the working directory.
pub(super) fn policy(named: Option<&Path>) -> Result<PathBuf> {
    match named {
        Some(path) => Ok(path.to_path_buf()),
        None if Path::new("privascan.toml").is_file() => Ok(PathBuf::from("privascan.toml")),
        None => anyhow::bail!(
            "no policy: name one with --policy, or have privascan.toml in the working directory"
        ),
    }
}

/// A plan that knows how names are printed and scans nothing.
pub(super) fn printing(args: &KnowledgeArgs) -> Result<ScanPlan> {
    let (detectors, taxonomy) = knowledge::load(args)?;
    Ok(ScanPlan::of(detectors, taxonomy)?)
}

/// The arguments of `scan` that say the same; all others at their defaults.
fn scan_args(args: &ExamineArgs) -> Result<ScanArgs> {
    let mut words: Vec<OsString> = vec!["scan".into()];
    for glob in &args.exclude {
        words.extend(["--exclude".into(), OsString::from(glob)]);
    }
    if let Some(dir) = &args.temp_dir {
        words.extend(["--temp-dir".into(), dir.clone().into_os_string()]);
    }
    words.push("--".into());
    words.extend(args.targets.iter().map(|t| t.clone().into_os_string()));
    let command = ScanArgs::augment_args(clap::Command::new("scan"));
    let matches = command.try_get_matches_from(words).map_err(|e| anyhow::anyhow!(e.kind().to_string()))?;
    Ok(ScanArgs::from_arg_matches(&matches)?)
}

fn previous(dir: &Path) -> Result<Option<(RunFacts, Vec<ItemRecord>)>> {
    let record = Record::open(dir)?;
    let run = record.find(None)?;
    let kept = record.load(run, Want::Findings)?;
    Ok(Some((kept.manifest.run_facts(), kept.items)))
}
