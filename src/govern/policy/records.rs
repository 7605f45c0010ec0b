//! Registers, labels, holds, exceptions and thresholds.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::values::{Period, date, maybe_date};

/// `[[event]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Name that triggers use.
    pub name: String,
    /// Where its dates are.
    pub register: EventRegister,
}

/// `event.register`: a CSV file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRegister {
    /// Path, relative to the policy's folder.
    pub file: String,
    /// Column of the key.
    pub key: String,
    /// Column of the date.
    pub date: String,
}

/// `[disposal]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposal {
    /// Where things wait to be deleted.
    #[serde(default)]
    pub quarantine: Vec<String>,
    /// Copies that are tolerated for a while.
    pub backups: Option<Backups>,
    /// The register, JSON lines.
    pub register: Option<String>,
}

/// `disposal.backups`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backups {
    /// Where they are.
    pub roots: Vec<String>,
    /// How long after the disposal a copy may remain there.
    pub expiry: Period,
}

/// `[erasure]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Requests with keyed fingerprints, JSON lines; `privascan locate` writes them.
    pub register: String,
}

/// `[disclosures]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosures {
    /// CSV with columns `recipient`, `class`, `from`, `to`; further columns are kept for people.
    pub register: Option<String>,
    /// Places of sharing outside disclosure systems.
    #[serde(default)]
    pub globs: Vec<String>,
}

/// `[labels]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Label to tier. Letters' case does not matter.
    pub names: BTreeMap<String, String>,
    /// Labels that hold for a place.
    #[serde(default)]
    pub declared: Vec<DeclaredLabel>,
    /// Tiers whose items have to carry a label.
    #[serde(default)]
    pub required: Vec<String>,
}

/// `labels.declared`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredLabel {
    /// Where.
    pub glob: String,
    /// Key of `labels.names`.
    pub label: String,
}

/// `[[deidentified]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deidentified {
    /// Name of the set.
    pub id: String,
    /// Its items.
    pub path: Vec<String>,
}

/// `[[hold]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Name.
    pub id: String,
    /// What it holds.
    #[serde(rename = "match")]
    pub matches: HoldMatch,
    /// First day.
    #[serde(deserialize_with = "date")]
    pub placed: Date,
    /// Day by which it has to be looked at again (MON-05).
    #[serde(default, deserialize_with = "maybe_date")]
    pub review_by: Option<Date>,
    /// Last day; absent: in force.
    #[serde(default, deserialize_with = "maybe_date")]
    pub released: Option<Date>,
}

/// `hold.match`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldMatch {
    /// One of these globs; empty: any place.
    #[serde(default)]
    pub path: Vec<String>,
    /// This class; absent: any.
    pub class: Option<String>,
    /// First trigger date it is about.
    #[serde(default, deserialize_with = "maybe_date")]
    pub from: Option<Date>,
    /// Last trigger date it is about.
    #[serde(default, deserialize_with = "maybe_date")]
    pub to: Option<Date>,
}

/// `[[exception]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Name.
    pub id: String,
    /// The test it is about.
    pub test: String,
    /// What it covers.
    #[serde(default, rename = "match")]
    pub matches: ExceptionMatch,
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub compensating: Option<String>,
    /// A role.
    pub approved_by: String,
    /// First day.
    #[serde(deserialize_with = "date")]
    pub approved_on: Date,
    /// Last day; open-ended is an error.
    #[serde(deserialize_with = "date")]
    pub expires: Date,
}

/// `exception.match`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionMatch {
    /// One of these globs; empty: any place.
    #[serde(default)]
    pub path: Vec<String>,
    /// This class; absent: any.
    pub class: Option<String>,
}

/// `[thresholds]`: the numeric limits of the tests.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Lowest likelihood that counts.
    pub likelihood: String,
    /// Share of rows with bad dates above which a table is not judged (RET-01).
    pub bad_dates: f64,
    /// Share of items without usable date above which RET-03 fails.
    pub no_date: f64,
    /// Days that an approved disposal may take, and that quarantine may last without a rule (DSP-01).
    pub disposal_days: u32,
    /// Share of an entry's record fingerprints that make a copy (DSP-03).
    pub copy_share: f64,
    /// Days that an unread item may wait for a decision (MON-02).
    pub decision_days: u32,
    /// Relative change of a class's matches that is drift (MON-04).
    pub drift: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            likelihood: "likely".to_owned(),
            bad_dates: 0.01,
            no_date: 0.02,
            disposal_days: 30,
            copy_share: 0.5,
            decision_days: 30,
            drift: 0.2,
        }
    }
}

/// `[fingerprints]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprints {
    /// Where the key is kept, for people; never the key.
    pub key_ref: String,
}
