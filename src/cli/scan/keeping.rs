//! What a scan does for a record: what the runs before say, and what is kept of this one.

use std::collections::{BTreeMap, HashMap};
use std::io::IsTerminal;
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::classify::Taxonomy;
use crate::cli::governed::{Governed, zone_name};
use crate::detect::definition::to_toml;
use crate::govern::facts::{Integrity, PastRun, Review, RunFacts, SelfTest};
use crate::govern::policy::Policy;
use crate::govern::{Assessment, Registers};
use crate::model::{ItemId, ItemRecord, Outcome, RunRecord, hex};
use crate::record::manifest::{
    Configuration, Coverage, Identity, MANIFEST_VERSION, Manifest, Operator, Scope, SystemScope, Tool,
    drifted, results_of,
};
use crate::record::sign::SignKey;
use crate::record::verify::{Checks, Depth, verify};
use crate::record::{Appender, Beginning, KeptRegisters, Record, RecordError, Want};
use crate::report::Summary;
use crate::report::schema::SCHEMA_VERSION;
use crate::scan::{Reuse, ScanPlan};

/// Last kept runs whose files are hashed before a run begins: a month of weekly ones. `verify` looks at all.
const RUNS_HASHED: usize = 4;

/// A scan whose run is being kept.
pub(super) struct Keeping {
    appender: Appender,
    as_of: Date,
    /// The last completed run, its manifest and items.
    previous: Option<(RunFacts, Manifest, Vec<ItemRecord>)>,
    seen: HashMap<ItemId, (Option<Date>, Option<Date>)>,
    /// All runs before this one.
    pub history: Vec<PastRun>,
    /// Decisions in the record.
    pub reviews: Vec<Review>,
    /// Whether the record holds together.
    pub integrity: Integrity,
}

impl Keeping {
    /// Begins a run in the record.
    pub fn begin(dir: &Path, beginning: &Beginning, want: Want) -> Result<Self> {
        let mut integrity = Integrity::default();
        let checks = Checks { depth: Depth::Files(RUNS_HASHED), ..Checks::default() };
        let mut look = || {
            integrity = match verify(dir, &checks) {
                Ok(verified) => verified.integrity(),
                // There is no record yet.
                Err(RecordError::NoRecord { .. }) => Integrity::default(),
                Err(e) => Integrity { broken: vec![e.to_string()], ..Integrity::default() },
            };
        };
        let appender = Appender::begin(dir, beginning, &mut look)?;
        let record = Record::open(dir)?;
        let sequence = appender.sequence();
        let mut previous = None;
        if let Some(run) = record.previous(sequence) {
            // A damaged past is a finding of its own (MON-07) and no reason to have no present.
            match record.load(run, want) {
                Ok(kept) => previous = Some((kept.manifest.run_facts(), kept.manifest, kept.items)),
                Err(_) if !integrity.broken.is_empty() => {}
                Err(e) => integrity.broken.push(e.to_string()),
            }
        }
        let items = previous.iter().flat_map(|(_, _, items)| items);
        let seen = items.map(|i| (i.item.id, (i.evidence.first_seen, i.evidence.unread_since))).collect();
        let history = record.history(sequence);
        let reviews = record.reviews().cloned().collect();
        let as_of = beginning.as_of;
        Ok(Self { appender, as_of, previous, seen, history, reviews, integrity })
    }

    /// Name of the run.
    pub fn name(&self) -> &str {
        self.appender.name()
    }

    /// The last completed run and its items.
    pub fn previous(&self) -> Option<(&RunFacts, &[ItemRecord])> {
        self.previous.as_ref().map(|(facts, _, items)| (facts, items.as_slice()))
    }

    /// What the last completed run knows, if it went by the same rules as `plan`; else why nothing is taken over. Its
    /// occurrences have to be loaded.
    pub fn reuse(
        &mut self,
        plan: &ScanPlan,
        settings: &BTreeMap<String, String>,
        zone: &str,
    ) -> std::result::Result<Reuse, String> {
        let Some((_, manifest, items)) = &mut self.previous else {
            return Err("the record holds no completed run".to_owned());
        };
        let then = &manifest.configuration;
        let (ours, theirs) = (tool(), &manifest.tool);
        let evidence = plan.evidence.as_ref().map(|e| e.digest());
        let same_build = ours.version == theirs.version
            && ours.binary_sha256.is_some()
            && ours.binary_sha256 == theirs.binary_sha256;
        // What decides where to look, how fast, and what to do about it does not change what is found in an item.
        let other = [
            "threads",
            "include",
            "exclude",
            "ignore-file",
            "one-file-system",
            "stdin-name",
            "fail-on",
            "policy",
            "allow-incomplete",
            "incremental",
        ];
        let decides = |(name, _): &(&String, &String)| !other.contains(&name.as_str());
        let changed =
            settings.iter().filter(decides).find(|(name, value)| then.settings.get(*name) != Some(*value));
        match () {
            () if !same_build => Err("it was made by another build".to_owned()),
            () if then.detectors_digest != plan.detectors.digest() => {
                Err("it had other detectors".to_owned())
            }
            () if then.key_id != plan.protector.key_id() => Err("it had another key".to_owned()),
            () if manifest.identity.time_zone != zone => Err("it counted days in another zone".to_owned()),
            () if then.evidence_digest != evidence => {
                Err("it looked for other dates, events, labels or fingerprints".to_owned())
            }
            () => match changed {
                Some((name, _)) => Err(format!("it had another {name}")),
                None => Ok(Reuse::of(items.clone())),
            },
        }
    }

    /// Name of the last completed run.
    pub fn previous_name(&self) -> Option<String> {
        self.previous.as_ref().map(|(_, manifest, _)| manifest.identity.run.clone())
    }

    /// Says of an item since when it is known, and since when it cannot be read.
    pub fn date(&self, record: &mut ItemRecord) {
        let (first_seen, unread_since) = self.seen.get(&record.item.id).copied().unwrap_or_default();
        record.evidence.first_seen = Some(first_seen.unwrap_or(self.as_of));
        record.evidence.unread_since = match record.outcome {
            Outcome::Partial(_) | Outcome::Failed(_) => Some(unread_since.unwrap_or(self.as_of)),
            Outcome::Scanned | Outcome::Skipped(_) => None,
        };
    }

    /// The run on its way into the record.
    pub fn appender(&mut self) -> &mut Appender {
        &mut self.appender
    }

    /// Gives up; nothing of the run is kept.
    pub fn abort(self, at: Timestamp) -> Result<()> {
        Ok(self.appender.abort(at)?)
    }

    /// Makes the run final.
    pub fn finish(mut self, whole: &Whole<'_>) -> Result<()> {
        let detectors = to_toml(whole.plan.detectors.definitions())?;
        self.appender.keep("patterns/detectors.toml", detectors.as_bytes())?;
        self.appender.keep("patterns/taxonomy.toml", Taxonomy::builtin_text().as_bytes())?;
        if let Some(governed) = whole.governed {
            self.appender.keep("policy.toml", governed.text.as_bytes())?;
        }
        for (name, text) in KeptRegisters::of(whole.registers)?.files {
            self.appender.keep(name, text.as_bytes())?;
        }
        let manifest = self.manifest(whole);
        let drifted = whole.assessment.map(drifted).unwrap_or_default();
        let sign = whole.sign_key.map(|key| |hash: &str| key.sign(hash));
        let sign = sign.as_ref().map(|sign| sign as &dyn Fn(&str) -> String);
        self.appender.finish(manifest, drifted, whole.run, whole.summary, sign)?;
        Ok(())
    }

    fn manifest(&self, whole: &Whole<'_>) -> Manifest {
        let (run, plan, policy) = (whole.run, whole.plan, whole.governed.map(|g| &g.policy));
        let previous = self.previous.as_ref().map(|(_, manifest, _)| manifest);
        let mut manifest = Manifest {
            manifest_version: MANIFEST_VERSION,
            identity: Identity {
                run: run.run_id.clone(),
                sequence: self.appender.sequence(),
                previous_run: previous.map(|p| p.identity.run.clone()),
                previous_head: self.appender.previous_head().to_owned(),
                started_at: run.started_at,
                finished_at: run.finished_at,
                clock: "system, UTC".to_owned(),
                as_of: whole.facts.as_of,
                time_zone: policy.map_or_else(|| "UTC".to_owned(), zone_name),
                interrupted: run.interrupted,
            },
            tool: tool(),
            configuration: Configuration {
                policy: whole.governed.map(Governed::copy),
                detectors_digest: run.detectors_digest.clone(),
                detectors: run.detectors,
                categories_on: whole.facts.categories_on.clone(),
                key_id: run.key_id.clone(),
                min_likelihood: run.min_likelihood.word().to_owned(),
                settings: whole.settings.clone(),
                evidence_digest: plan.evidence.as_ref().map(|e| e.digest()),
                changed: run.settings.clone(),
                thresholds: policy.map(thresholds).unwrap_or_default(),
            },
            operator: operator(),
            scope: Scope {
                targets: run.targets.clone(),
                base: whole.facts.base.clone(),
                systems: whole
                    .systems
                    .iter()
                    .map(|s| SystemScope {
                        resolved_root: crate::scan::printed(
                            plan,
                            std::iter::once(s.resolved_root.as_bytes()),
                        )
                        .concat(),
                        ..s.clone()
                    })
                    .collect(),
                watched: whole.facts.watched.clone(),
            },
            coverage: Coverage::of(&run.ledger, self.appender.stored_bytes()),
            results: whole.assessment.map(results_of).unwrap_or_default(),
            self_test: whole.self_test.cloned(),
            integrity: Some(self.integrity.clone()),
            change: None,
            incremental_from: plan.reuse.is_some().then(|| self.previous_name()).flatten(),
            registers: whole.governed.map(|g| g.copies.clone()).unwrap_or_default(),
            files: Vec::new(),
        };
        manifest.change = previous.map(|p| manifest.change_since(p));
        manifest
    }
}

/// Everything about a finished scan.
pub(super) struct Whole<'a> {
    pub run: &'a RunRecord,
    pub summary: &'a Summary,
    pub plan: &'a ScanPlan,
    pub settings: &'a BTreeMap<String, String>,
    pub facts: &'a RunFacts,
    pub systems: &'a [SystemScope],
    pub governed: Option<&'a Governed>,
    /// With paths as they may be printed.
    pub registers: &'a Registers,
    pub self_test: Option<&'a SelfTest>,
    pub assessment: Option<&'a Assessment>,
    pub sign_key: Option<&'a SignKey>,
}

fn tool() -> Tool {
    let own = std::env::current_exe().and_then(std::fs::File::open).and_then(|mut file| {
        let mut hasher = Hasher::default();
        std::io::copy(&mut file, &mut hasher).map(|_| hex(&sha2::Digest::finalize(hasher.0)))
    });
    let features = [
        ("archives", cfg!(feature = "archives")),
        ("tabular", cfg!(feature = "tabular")),
        ("mimalloc", cfg!(feature = "mimalloc")),
    ];
    Tool {
        name: "privascan".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        binary_sha256: own.ok(),
        platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        features: features.iter().filter(|(_, on)| *on).map(|(name, _)| (*name).to_owned()).collect(),
        schema_version: SCHEMA_VERSION,
    }
}

#[derive(Default)]
struct Hasher(sha2::Sha256);

impl std::io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        sha2::Digest::update(&mut self.0, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn operator() -> Operator {
    let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let host = || std::fs::read_to_string("/etc/hostname").ok().map(|h| h.trim().to_owned());
    let trigger = variable("PRIVASCAN_TRIGGER").unwrap_or_else(|| {
        match (variable("CI"), std::io::stdin().is_terminal()) {
            (Some(_), _) => "ci",
            (None, true) => "terminal",
            (None, false) => "unattended",
        }
        .to_owned()
    });
    Operator {
        account: ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(variable),
        host: variable("HOSTNAME").or_else(host),
        trigger,
    }
}

/// Every numeric limit of the tests, after defaults.
fn thresholds(policy: &Policy) -> BTreeMap<String, serde_json::Value> {
    let mut all: BTreeMap<String, serde_json::Value> = match serde_json::to_value(&policy.thresholds) {
        Ok(serde_json::Value::Object(map)) => map.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    all.insert("min_readable".to_owned(), policy.scope.min_readable.into());
    if let Some(cadence) = &policy.scope.cadence {
        all.insert("cadence".to_owned(), cadence.to_string().into());
    }
    for system in &policy.scope.systems {
        all.insert(format!("min_items:{}", system.id), system.min_items.into());
    }
    all
}
