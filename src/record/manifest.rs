//! `manifest.json`: everything about a run that is not a row. Keys keep their order; new ones may be added.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::govern::facts::{Base, Integrity, Reach, RunFacts, SelfTest};
use crate::govern::{Assessment, ControlOutcome};
use crate::model::{ItemRecord, Ledger, Likelihood, Outcome, Reason, RunRecord};

/// Version of the shape below.
pub const MANIFEST_VERSION: u64 = 1;

/// What a kept run says about itself.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`].
    pub manifest_version: u64,
    /// Which run, when.
    pub identity: Identity,
    /// What with.
    pub tool: Tool,
    /// How it was told to work.
    pub configuration: Configuration,
    /// Who let it run.
    pub operator: Operator,
    /// What it was to look at.
    pub scope: Scope,
    /// What became of it.
    pub coverage: Coverage,
    /// What the control tests said, by test.
    pub results: Vec<TestResults>,
    /// What the detectors' self-test came to (MON-06).
    pub self_test: Option<SelfTest>,
    /// Whether the record held together when the run began (MON-07).
    pub integrity: Option<Integrity>,
    /// What differs from the previous completed run; `None` for the first.
    pub change: Option<Change>,
    /// Name of the run that unchanged items were taken over from (`--incremental`).
    pub incremental_from: Option<String>,
    /// Registers that were read, and what of each is kept.
    pub registers: Vec<RegisterCopy>,
    /// Every other file of the folder.
    pub files: Vec<KeptFile>,
}

/// Which run, when.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Identity {
    /// Name of the folder.
    pub run: String,
    /// Number of the run in the record, from 1.
    pub sequence: u64,
    /// Name of the previous completed run.
    pub previous_run: Option<String>,
    /// Hash of the log's last line when the run began.
    pub previous_head: String,
    /// UTC.
    pub started_at: Timestamp,
    /// UTC.
    pub finished_at: Timestamp,
    /// Where these times come from.
    pub clock: String,
    /// The "today" of all arithmetic.
    pub as_of: Date,
    /// IANA name of the zone whose days count.
    pub time_zone: String,
    /// Whether the user ended it early.
    pub interrupted: bool,
}

/// What with.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Tool {
    /// `privascan`
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the program file, hex; `None` where the system does not show it.
    pub binary_sha256: Option<String>,
    /// Processor and system.
    pub platform: String,
    /// Optional parts that are built in.
    pub features: Vec<String>,
    /// Version of tables and columns.
    pub schema_version: i64,
}

/// How it was told to work.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Configuration {
    /// The policy, if there was one.
    pub policy: Option<PolicyCopy>,
    /// Hash over the detectors in force; `patterns/detectors.toml` holds them.
    pub detectors_digest: String,
    /// How many detectors were on.
    pub detectors: u64,
    /// Categories that they find.
    pub categories_on: BTreeSet<String>,
    /// `random`, or the first 16 hex digits of SHA-256 over the fingerprint key.
    pub key_id: String,
    /// Lowest likelihood that was counted.
    pub min_likelihood: String,
    /// Every setting after defaults, by the name of its flag. What was found in globs and names is masked.
    pub settings: BTreeMap<String, String>,
    /// Those that differ from the defaults, as the run's line has them.
    pub changed: Vec<String>,
    /// Hash over what was gathered of items beside findings: date fields, events, labels, watched fingerprints.
    #[serde(default)]
    pub evidence_digest: Option<String>,
    /// Every numeric limit of the tests, after defaults.
    pub thresholds: BTreeMap<String, serde_json::Value>,
}

/// The policy of a run; its text is in `policy.toml`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct PolicyCopy {
    /// Name of the policy.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

/// Who let it run.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct Operator {
    /// Account in force.
    pub account: Option<String>,
    /// Name of the machine.
    pub host: Option<String>,
    /// `PRIVASCAN_TRIGGER` where set; else `ci`, `terminal` or `unattended`.
    pub trigger: String,
}

/// What it was to look at.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct Scope {
    /// Targets as they may be printed.
    pub targets: Vec<String>,
    /// How paths of items become paths relative to the policy's folder.
    pub base: Base,
    /// Each declared system.
    pub systems: Vec<SystemScope>,
    /// Fingerprints that were looked for, 32 hex digits each; `None`: those of the registers that are kept.
    #[serde(default)]
    pub watched: Option<BTreeSet<String>>,
}

/// What became of a declared system.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct SystemScope {
    /// Its id.
    pub id: String,
    /// Its root as declared.
    pub root: String,
    /// The absolute path with links resolved, as it may be printed.
    pub resolved_root: String,
    /// Number of the device it is on.
    pub device: Option<u64>,
    /// `reached`, `missing`, `unmounted`, `unreadable` or `not-scanned`.
    pub reach: String,
    /// Items discovered in it.
    pub items: u64,
    /// Stored bytes of its outermost items.
    pub bytes: u64,
}

/// What became of what was discovered.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct Coverage {
    /// Items discovered; the sum of `items` below.
    pub discovered: u64,
    /// Bytes of decoded content examined.
    pub bytes_examined: u64,
    /// By outcome and reason.
    pub outcomes: Vec<OutcomeCount>,
}

/// Items of one outcome and reason.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct OutcomeCount {
    /// `scanned`, `partial`, `skipped` or `failed`.
    pub outcome: String,
    /// The reason code, for all but `scanned`.
    pub reason: Option<String>,
    /// Items.
    pub items: u64,
    /// Stored bytes of the outermost ones among them.
    pub bytes: u64,
}

/// What one control test said.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct TestResults {
    /// `RET-01`
    pub test_id: String,
    /// Results by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Sum over its results.
    pub population: u64,
    /// Sum over its results.
    pub evaluated: u64,
    /// Sum over its results.
    pub deviations: u64,
    /// Sum over its results.
    pub excepted: u64,
}

/// What differs from the previous completed run.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct Change {
    /// Its name.
    pub previous_run: String,
    /// Another version or program file.
    pub tool: bool,
    /// Other detectors.
    pub detectors: bool,
    /// Another policy.
    pub policy: bool,
    /// Names of settings with another value.
    pub settings: Vec<String>,
}

/// A register, as the run read it.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct RegisterCopy {
    /// `disposal`, `disclosures`, `erasure`, or `event:NAME`.
    pub register: String,
    /// The file, as the policy names it.
    pub named: String,
    /// SHA-256 of the file, hex; `None`: it was not there.
    pub sha256: Option<String>,
    /// Copy in the folder: the entries as they were understood, paths in them as they may be printed. `None` for
    /// events, whose keys are content.
    pub file: Option<String>,
}

/// A file of the folder.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct KeptFile {
    /// Its path in the folder, `/` between components.
    pub name: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// Rows, for tables.
    pub rows: Option<u64>,
}

impl Coverage {
    /// The counts of a ledger, and stored bytes by the same keys.
    pub fn of(ledger: &Ledger, bytes: &BTreeMap<(&'static str, &'static str), u64>) -> Self {
        let outcomes = ledger.by_outcome.iter().map(|(key, items)| OutcomeCount {
            outcome: key.0.to_owned(),
            reason: Some(key.1.to_owned()).filter(|r| !r.is_empty()),
            items: *items,
            bytes: bytes.get(key).copied().unwrap_or(0),
        });
        Self {
            discovered: ledger.discovered,
            bytes_examined: ledger.bytes_examined,
            outcomes: outcomes.collect(),
        }
    }

    /// The ledger that has these counts; `None` where a word is unknown.
    pub fn ledger(&self) -> Option<Ledger> {
        let mut ledger = Ledger {
            discovered: self.discovered,
            bytes_examined: self.bytes_examined,
            by_outcome: BTreeMap::new(),
        };
        for count in &self.outcomes {
            let outcome = outcome(&count.outcome, count.reason.as_deref())?;
            let reason = outcome.reason().map_or("", Reason::code);
            *ledger.by_outcome.entry((outcome.word(), reason)).or_default() += count.items;
        }
        Some(ledger)
    }
}

/// The outcome that a word and a reason code name.
pub(super) fn outcome(word: &str, reason: Option<&str>) -> Option<Outcome> {
    let reason = match reason {
        None => None,
        Some(code) => Some(*Reason::ALL.iter().find(|r| r.code() == code)?),
    };
    Some(match (word, reason) {
        ("scanned", None) => Outcome::Scanned,
        ("partial", Some(r)) => Outcome::Partial(r),
        ("skipped", Some(r)) => Outcome::Skipped(r),
        ("failed", Some(r)) => Outcome::Failed(r),
        _ => return None,
    })
}

/// What control tests said, by test.
pub fn results_of(assessment: &Assessment) -> Vec<TestResults> {
    let mut by_test: BTreeMap<&str, TestResults> = BTreeMap::new();
    for result in &assessment.results {
        let sum = by_test.entry(&result.test_id).or_insert_with(|| TestResults {
            test_id: result.test_id.clone(),
            outcomes: BTreeMap::new(),
            population: 0,
            evaluated: 0,
            deviations: 0,
            excepted: 0,
        });
        *sum.outcomes.entry(result.outcome.word().to_owned()).or_default() += 1;
        sum.population += result.population;
        sum.evaluated += result.evaluated;
        sum.deviations += result.deviations;
        sum.excepted += result.excepted;
    }
    by_test.into_values().collect()
}

/// Systems in which MON-04 noted a change: what the next run asks to be acknowledged.
pub fn drifted(assessment: &Assessment) -> Vec<String> {
    let noted = assessment
        .results
        .iter()
        .filter(|r| r.test_id == "MON-04" && r.note.is_some() && r.outcome != ControlOutcome::NotEvaluated);
    let systems: BTreeSet<String> = noted.filter_map(|r| r.system.clone()).collect();
    systems.into_iter().collect()
}

impl SystemScope {
    /// Counts an item of this system.
    pub fn count(&mut self, record: &ItemRecord) {
        self.items += 1;
        if record.item.path.depth() == 0 {
            self.bytes = self.bytes.saturating_add(record.item.meta.bytes.unwrap_or(0));
        }
    }
}

impl Manifest {
    /// What conclusions depend on.
    pub fn run_facts(&self) -> RunFacts {
        let policy = self.configuration.policy.as_ref();
        // An unknown word is a version to come; nothing can be said of such a root.
        let reach = |word: &str| Reach::parse(word).unwrap_or(Reach::NotScanned);
        RunFacts {
            run_id: self.identity.run.clone(),
            as_of: self.identity.as_of,
            interrupted: self.identity.interrupted,
            detectors_digest: self.configuration.detectors_digest.clone(),
            policy_digest: policy.map(|p| p.sha256.clone()),
            key_id: self.configuration.key_id.clone(),
            base: self.scope.base.clone(),
            categories_on: self.configuration.categories_on.clone(),
            detectors_left_out: self.configuration.settings.get("detectors").is_some_and(|d| d != "all"),
            roots: self.scope.systems.iter().map(|s| (s.id.clone(), reach(&s.reach))).collect(),
            watched: self.scope.watched.clone(),
        }
    }

    /// The run's own line in outputs; `None` where a word in the manifest is unknown.
    pub fn run_record(&self) -> Option<RunRecord> {
        let (identity, configuration) = (&self.identity, &self.configuration);
        Some(RunRecord {
            run_id: identity.run.clone(),
            tool_version: self.tool.version.clone(),
            detectors_digest: configuration.detectors_digest.clone(),
            detectors: configuration.detectors,
            key_id: configuration.key_id.clone(),
            targets: self.scope.targets.clone(),
            settings: configuration.changed.clone(),
            min_likelihood: Likelihood::parse(&configuration.min_likelihood)?,
            started_at: identity.started_at,
            finished_at: identity.finished_at,
            as_of: Some(identity.as_of),
            policy_digest: configuration.policy.as_ref().map(|p| p.sha256.clone()),
            interrupted: identity.interrupted,
            unreached: self.run_facts().unreached(),
            ledger: self.coverage.ledger()?,
        })
    }

    /// What differs between this run and the one before.
    pub fn change_since(&self, previous: &Manifest) -> Change {
        let (now, then) = (&self.configuration, &previous.configuration);
        let names: BTreeSet<&String> = now.settings.keys().chain(then.settings.keys()).collect();
        let differs = |name: &&&String| now.settings.get(**name) != then.settings.get(**name);
        Change {
            previous_run: previous.identity.run.clone(),
            tool: self.tool.version != previous.tool.version
                || self.tool.binary_sha256 != previous.tool.binary_sha256,
            detectors: now.detectors_digest != then.detectors_digest,
            policy: now.policy.as_ref().map(|p| &p.sha256) != then.policy.as_ref().map(|p| &p.sha256),
            settings: names.iter().filter(differs).map(|name| (*name).clone()).collect(),
        }
    }
}
