//! A run: what was asked for, with what knowledge, and how the items added up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::finding::Likelihood;
use super::item::Outcome;

/// What a run's own line says. The only place where times, durations and ids of the run stand.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Unique id of the run.
    pub run_id: String,
    /// Version of the tool.
    pub tool_version: String,
    /// Hash over all detector definitions in force, hex.
    pub detectors_digest: String,
    /// How many detectors were on.
    pub detectors: u64,
    /// `random` for a key of this run only, else the first 16 hex digits of SHA-256 over the key.
    pub key_id: String,
    /// Targets as they may be printed.
    pub targets: Vec<String>,
    /// Settings that differ from the defaults, as `flag=value`; never a path or key.
    pub settings: Vec<String>,
    /// Lowest likelihood that counts.
    pub min_likelihood: Likelihood,
    /// Start of the run.
    pub started_at: Timestamp,
    /// End of the run.
    pub finished_at: Timestamp,
    /// The "today" of retention arithmetic; `None` without a policy and a record.
    pub as_of: Option<Date>,
    /// SHA-256 of the policy file, hex.
    pub policy_digest: Option<String>,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// Declared systems that were to be read and whose root was not there, not mounted or not readable, by id.
    pub unreached: Vec<(String, Reach)>,
    /// The ledger.
    pub ledger: Ledger,
}

impl RunRecord {
    /// Everything that was to be read was reached and wholly read.
    pub fn complete(&self) -> bool {
        self.ledger.complete() && !self.interrupted && self.unreached.is_empty()
    }
}

/// Counts of items by outcome and reason: the population of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Items discovered: everything that has an outcome.
    pub discovered: u64,
    /// Items by outcome word and reason code (`""` for scanned).
    pub by_outcome: BTreeMap<(&'static str, &'static str), u64>,
    /// Bytes of decoded content examined.
    pub bytes_examined: u64,
}

impl Ledger {
    /// Counts one item.
    pub fn add(&mut self, outcome: Outcome, bytes_examined: u64) {
        self.discovered += 1;
        self.bytes_examined += bytes_examined;
        let reason = outcome.reason().map_or("", |r| r.code());
        *self.by_outcome.entry((outcome.word(), reason)).or_default() += 1;
    }

    /// Items with this outcome word.
    pub fn count(&self, word: &str) -> u64 {
        self.by_outcome.iter().filter(|((w, _), _)| *w == word).map(|(_, n)| n).sum()
    }

    /// The conservation law: discovered = scanned + partial + skipped + failed.
    pub fn closes(&self) -> bool {
        self.discovered == self.by_outcome.values().sum::<u64>()
    }

    /// Nothing failed and nothing was partial.
    pub fn complete(&self) -> bool {
        self.count("failed") == 0 && self.count("partial") == 0
    }
}

/// What became of a system's root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Listed from its beginning.
    #[default]
    Reached,
    /// It does not exist.
    Missing,
    /// It is declared a mount point and is none.
    Unmounted,
    /// It, or a folder in it, could not be listed.
    Unreadable,
    /// The run's targets do not cover it.
    NotScanned,
}

impl Reach {
    /// The word of the manifest, and with `root-` before it the reason of results.
    pub fn word(self) -> &'static str {
        match self {
            Reach::Reached => "reached",
            Reach::Missing => "missing",
            Reach::Unmounted => "unmounted",
            Reach::Unreadable => "unreadable",
            Reach::NotScanned => "not-scanned",
        }
    }

    /// It was to be read and could not be.
    pub fn is_lost(self) -> bool {
        matches!(self, Reach::Missing | Reach::Unmounted | Reach::Unreadable)
    }

    /// What a word of the manifest means.
    pub fn parse(word: &str) -> Option<Self> {
        [Reach::Reached, Reach::Missing, Reach::Unmounted, Reach::Unreadable, Reach::NotScanned]
            .into_iter()
            .find(|r| r.word() == word)
    }

    /// The reason of results, for all but `Reached`.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Reach::Reached => None,
            Reach::Missing => Some("root-missing"),
            Reach::Unmounted => Some("root-unmounted"),
            Reach::Unreadable => Some("root-unreadable"),
            Reach::NotScanned => Some("root-not-scanned"),
        }
    }
}
