//! The shape of a case file.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What the case shows.
    pub about: String,
    /// The policy file.
    pub policy: String,
    pub run: CaseRun,
    #[serde(default)]
    pub item: Vec<CaseItem>,
    pub previous: Option<CasePrevious>,
    /// Absent: no record.
    pub history: Option<Vec<CasePast>>,
    #[serde(default)]
    pub registers: CaseRegisters,
    #[serde(default)]
    pub review: Vec<CaseReview>,
    pub self_test: Option<CaseSelfTest>,
    pub integrity: Option<CaseIntegrity>,
    pub expect: Vec<Expect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseRun {
    pub as_of: toml::value::Datetime,
    #[serde(default)]
    pub interrupted: bool,
    pub detectors_digest: Option<String>,
    pub policy_digest: Option<String>,
    pub key_id: Option<String>,
    /// Categories without an enabled detector.
    #[serde(default)]
    pub categories_off: Vec<String>,
    /// Systems that were not `reached`.
    #[serde(default)]
    pub roots: BTreeMap<String, String>,
    /// What the paths of the run begin with and those of the policy do not.
    #[serde(default)]
    pub strip: String,
    /// Fingerprints that were watched for. Absent: all.
    pub watched: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CasePrevious {
    pub run: CaseRun,
    #[serde(default)]
    pub item: Vec<CaseItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseItem {
    pub path: String,
    /// As it may be printed. Absent: the path itself.
    pub printed: Option<String>,
    /// `scanned`, or an outcome and reason: `failed:encrypted`.
    pub outcome: Option<String>,
    pub format: Option<String>,
    pub bytes: Option<u64>,
    pub rows: Option<u64>,
    pub modified: Option<toml::value::Datetime>,
    pub created: Option<toml::value::Datetime>,
    pub accessed: Option<toml::value::Datetime>,
    pub owner: Option<String>,
    pub group: Option<String>,
    /// Octal.
    pub mode: Option<String>,
    /// `category`, with ` x3` for the count, ` ~possible` for the likelihood, ` test` for test values.
    #[serde(default)]
    pub finds: Vec<String>,
    pub content_hash: Option<String>,
    pub residue: Option<String>,
    pub label: Option<String>,
    pub first_seen: Option<toml::value::Datetime>,
    pub unread_since: Option<toml::value::Datetime>,
    #[serde(default)]
    pub watched: Vec<String>,
    #[serde(default)]
    pub dates: Vec<CaseDates>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseDates {
    #[serde(default)]
    pub field: String,
    /// As in the record: `values` (default), `event:NAME`, `document-created`, `document-modified`.
    pub source: Option<String>,
    /// Rows per day.
    #[serde(default)]
    pub days: BTreeMap<String, u64>,
    #[serde(default)]
    pub empty: u64,
    #[serde(default)]
    pub unparsed: u64,
    #[serde(default)]
    pub ambiguous: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CasePast {
    pub sequence: u64,
    pub as_of: toml::value::Datetime,
    #[serde(default = "yes")]
    pub completed: bool,
    pub detectors_digest: Option<String>,
    pub policy_digest: Option<String>,
    #[serde(default)]
    pub drifted: Vec<String>,
}

fn yes() -> bool {
    true
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseRegisters {
    /// JSON lines, as in the file. Absent: no register.
    pub disposal: Option<Vec<String>>,
    pub disclosures: Option<Vec<CaseDisclosure>>,
    /// JSON lines, as in the file.
    pub erasure: Option<Vec<String>>,
    #[serde(default)]
    pub events: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseDisclosure {
    pub recipient: String,
    pub class: String,
    pub from: String,
    pub to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseReview {
    pub subject: String,
    pub sequence: u64,
    pub on: String,
    pub by: String,
    pub decision: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseSelfTest {
    pub hit: u64,
    #[serde(default)]
    pub missed: Vec<String>,
    #[serde(default)]
    pub without_generator: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseIntegrity {
    pub runs: u64,
    #[serde(default)]
    pub broken: Vec<String>,
    pub anchored: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// In the folder `gate` only.
    pub test: Option<String>,
    pub system: Option<String>,
    pub class: Option<String>,
    pub outcome: String,
    pub reason: Option<String>,
    pub population: u64,
    pub evaluated: u64,
    #[serde(default)]
    pub deviations: u64,
    #[serde(default)]
    pub excepted: u64,
    /// `reason:count`
    #[serde(default)]
    pub not_evaluated: Vec<String>,
    /// Paths of all deviations, excepted ones too, sorted. Absent: not looked at.
    pub paths: Option<Vec<String>>,
    /// `due/days_over` of the first deviation in path order.
    pub due: Option<String>,
    pub days_over: Option<i64>,
    pub trigger_date: Option<String>,
    pub trigger_source: Option<String>,
    pub rows: Option<u64>,
    /// The detail of the first deviation in path order.
    pub detail: Option<String>,
    /// The result has a note that holds this; empty: it has none.
    pub note: Option<String>,
}
