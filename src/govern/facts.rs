//! What control tests are given. They know no files, no clock and no database: only this.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::registers::Registers;
use crate::model::ItemRecord;
pub use crate::model::Reach;

/// Everything an assessment looks at besides the policy.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The run that is assessed.
    pub run: &'a RunFacts,
    /// Its items.
    pub items: &'a [ItemRecord],
    /// The last completed run before it, if a record holds one.
    pub previous: Option<(&'a RunFacts, &'a [ItemRecord])>,
    /// All earlier runs of the record, in order, aborted ones too; `None` without a record.
    pub history: Option<&'a [PastRun]>,
    /// What the registers say.
    pub registers: &'a Registers,
    /// Decisions kept in the record.
    pub reviews: &'a [Review],
    /// Whether detectors find what is planted.
    pub self_test: Option<&'a SelfTest>,
    /// Whether the record holds together; `None` without a record.
    pub integrity: Option<&'a Integrity>,
}

/// A run, as far as conclusions depend on it.
#[derive(Clone, Debug, Default)]
pub struct RunFacts {
    /// Its id.
    pub run_id: String,
    /// Its "today".
    pub as_of: Date,
    /// It was interrupted.
    pub interrupted: bool,
    /// Hash over the detectors in force.
    pub detectors_digest: String,
    /// SHA-256 of the policy file, hex; `None` without one.
    pub policy_digest: Option<String>,
    /// `random`, or the id of the key.
    pub key_id: String,
    /// How item paths become paths relative to the policy's folder.
    pub base: Base,
    /// Categories that an enabled detector finds.
    pub categories_on: BTreeSet<String>,
    /// Some detectors were left out. What their values are is not known of a fingerprint, so none of them proves absence.
    pub detectors_left_out: bool,
    /// What became of each system's root, by system id.
    pub roots: BTreeMap<String, Reach>,
    /// Fingerprints that were watched for, 32 hex digits each; `None`: all that stand in the registers. A kept run
    /// watched for what the registers held then.
    pub watched: Option<BTreeSet<String>>,
}

impl RunFacts {
    /// Systems that were to be read and whose root was not reached.
    pub fn unreached(&self) -> Vec<(String, Reach)> {
        let lost = self.roots.iter().filter(|(_, reach)| reach.is_lost());
        lost.map(|(id, reach)| (id.clone(), *reach)).collect()
    }
}

/// How the printed path of an item becomes one relative to the policy's folder: without the beginning `strip` and with
/// the beginning `prepend`; unchanged if it does not begin with `strip`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct Base {
    /// `testdata/company/`
    pub strip: String,
    /// `hr/`, for a run from inside the folder.
    pub prepend: String,
}

impl Base {
    /// The path relative to the policy's folder.
    pub fn apply(&self, printed: &str) -> String {
        match printed.strip_prefix(&self.strip) {
            Some(rest) => format!("{}{rest}", self.prepend),
            None => printed.to_owned(),
        }
    }

    /// The path that an item has in the run if its path relative to the policy's folder is `path`, and the run could
    /// have met it.
    pub fn undo(&self, path: &str) -> Option<String> {
        path.strip_prefix(&self.prepend).map(|rest| format!("{}{rest}", self.strip))
    }
}

/// An earlier run of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRun {
    /// Its number.
    pub sequence: u64,
    /// Its "today".
    pub as_of: Date,
    /// It came to its end.
    pub completed: bool,
    /// Hash over the detectors in force.
    pub detectors_digest: String,
    /// SHA-256 of its policy file, hex.
    pub policy_digest: Option<String>,
    /// Systems whose drift it noted.
    pub drifted: BTreeSet<String>,
}

/// A decision that someone took about something in the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// What about: an `item_id`, a `finding_id`, `drift:SYSTEM`, or a test id.
    pub subject: String,
    /// Run it speaks of.
    pub sequence: u64,
    /// Who, as a role.
    pub by: String,
    /// When.
    pub on: Date,
    /// What was decided, in the reviewer's words.
    pub decision: String,
}

/// What the detectors' self-test came to.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct SelfTest {
    /// Pairs of kind and format that were tried: planted values found.
    pub hit: u64,
    /// Pairs whose planted value was missed, as `KIND × format`.
    pub missed: Vec<String>,
    /// Formats in use that no canary can be made for.
    pub without_generator: Vec<String>,
    /// Values that must not be found and were.
    pub false_alarms: u64,
    /// Values that must not be found.
    pub decoys: u64,
    /// Seed of the values.
    pub seed: u64,
}

/// What verification of the record came to.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct Integrity {
    /// Runs whose lines and files were checked.
    pub runs: u64,
    /// What does not hold, one line each.
    pub broken: Vec<String>,
    /// Whether the head equals one that was noted outside; `None`: nobody noted one.
    pub anchored: Option<bool>,
    /// What of the record was looked at, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
}
