//! The policy file: what an organisation promises about its data. TOML, unknown keys are errors.
//!
//! These are the shapes; `policy check` (`lint.rs`) says what does not fit together.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

mod places;
mod records;
mod rules;
mod values;

pub use places::{overlaps, plain_root};
pub use records::*;
pub use rules::*;
pub use values::Period;
use values::maybe_date;

/// The only version of the shapes below.
pub const SCHEMA: &str = "retention-policy/1";

/// A whole policy file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// [`SCHEMA`].
    pub schema: String,
    /// Who approved what, and until when.
    pub policy: Head,
    /// The population an auditor reconciles.
    pub scope: Scope,
    /// Kinds of records.
    #[serde(default, rename = "class")]
    pub classes: Vec<Class>,
    /// Why data may be held, by the name that classes use.
    #[serde(default)]
    pub purposes: BTreeMap<String, Purpose>,
    /// Rules: when a clock starts and how long it runs.
    #[serde(default)]
    pub retention: Vec<Retention>,
    /// Dates from outside, such as the end of a contract.
    #[serde(default, rename = "event")]
    pub events: Vec<Event>,
    /// Where disposal is registered and what is tolerated.
    #[serde(default)]
    pub disposal: Option<Disposal>,
    /// Requests to erase a person's data.
    #[serde(default)]
    pub erasure: Option<Erasure>,
    /// What is disclosed to whom.
    #[serde(default)]
    pub disclosures: Option<Disclosures>,
    /// Sensitivity labels.
    #[serde(default)]
    pub labels: Option<Labels>,
    /// Sets that are said to be de-identified.
    #[serde(default)]
    pub deidentified: Vec<Deidentified>,
    /// Legal holds.
    #[serde(default, rename = "hold")]
    pub holds: Vec<Hold>,
    /// Approved exceptions.
    #[serde(default, rename = "exception")]
    pub exceptions: Vec<Exception>,
    /// Limits of the tests.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// Where the key of fingerprints comes from.
    #[serde(default)]
    pub fingerprints: Option<Fingerprints>,
}

/// `[policy]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Name of the policy.
    pub id: String,
    /// Its version.
    pub version: String,
    /// A role, not a person.
    pub approved_by: Option<String>,
    /// First day in force.
    #[serde(default, deserialize_with = "maybe_date")]
    pub effective: Option<Date>,
    /// Day by which it has to be looked at again (MON-05).
    #[serde(default, deserialize_with = "maybe_date")]
    pub review_by: Option<Date>,
    /// IANA name of the zone whose days count; UTC without one.
    pub time_zone: Option<String>,
    /// `MM-DD`, for `align = "fiscal-year-end"`.
    pub fiscal_year_end: Option<String>,
    /// How dates such as 03/04/2021 are read; without it they are ambiguous unless the column decides.
    pub date_order: Option<DateOrder>,
    /// Frameworks whose criteria are reported; all without it.
    #[serde(default)]
    pub frameworks: Vec<String>,
}

/// Order of day and month in dates written with numbers only.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// 31/12/2021
    Dmy,
    /// 12/31/2021
    Mdy,
}

/// `[scope]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Declared systems.
    pub systems: Vec<System>,
    /// What is left out, by whose leave and until when.
    #[serde(default)]
    pub exclude: Vec<Exclusion>,
    /// Least share of items and of bytes that has to be wholly read (MON-01).
    #[serde(default = "readable")]
    pub min_readable: f64,
    /// Longest time between two runs (MON-03), ISO 8601.
    pub cadence: Option<Period>,
    /// Tiers, ascending; has to be the order of the taxonomy.
    #[serde(default)]
    pub tiers: Vec<String>,
}

fn readable() -> f64 {
    0.98
}

/// A declared store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Name.
    pub id: String,
    /// Folder or file, relative to the policy's folder.
    pub root: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Whether the organisation decides about the data or works for someone who does.
    #[serde(default)]
    pub role: Role,
    /// What it is for.
    #[serde(default, rename = "use")]
    pub used_for: Use,
    /// Whom a disclosure system discloses to.
    pub recipient: Option<String>,
    /// Fewer examined items than this are no scan of it (MON-01, DSP-02).
    #[serde(default = "one")]
    pub min_items: u64,
    /// The root has to be a mount point: an empty folder in its place is no scan of it.
    #[serde(default)]
    pub mount: bool,
}

fn one() -> u64 {
    1
}

/// `system.role`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Decides why and how.
    #[default]
    Controller,
    /// Works for one who does.
    Processor,
}

/// `system.use`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// Daily work.
    #[default]
    Production,
    /// Development and test; real data has no place there (COL-05).
    Test,
    /// What others can fetch (DIS-01).
    Disclosure,
    /// Kept, not worked with.
    Archive,
}

/// `scope.exclude`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// What is left out.
    pub glob: String,
    /// Why.
    pub reason: String,
    /// A role.
    pub approved_by: Option<String>,
    /// Last day of the leave (MON-05).
    #[serde(default, deserialize_with = "maybe_date")]
    pub expires: Option<Date>,
}

/// `[[class]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Name.
    pub id: String,
    /// Categories it may hold; `gov.*` for all that begin so. `None`: not stated (COL-03).
    pub categories: Option<Vec<String>>,
    /// What makes an item one of this class; without it, any of `categories`.
    #[serde(rename = "match")]
    pub matches: Option<ClassMatch>,
    /// Tier of the class.
    pub tier: Option<String>,
    /// Who answers for it; MON-05 asks for one.
    pub owner: Option<String>,
    /// Kinds of persons.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// Key of `[purposes]`; MON-05 asks for one.
    pub purpose: Option<String>,
    /// Feeds financial statements: the SOC 1 subset.
    #[serde(default)]
    pub icfr: bool,
    /// Legal flags beside those of the taxonomy.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Where it may be (COL-02); `[]` nowhere; absent: not stated.
    pub allowed: Option<Vec<String>>,
    /// Who may read it (DIS-05).
    pub access: Option<Access>,
    /// Promises that a scan cannot test: recorded, never reported as tested.
    #[serde(default)]
    pub attested: Vec<String>,
    /// Condition for a special category, by category or prefix (COL-04).
    #[serde(default)]
    pub special: BTreeMap<String, String>,
    /// Categories that must not occur at all (DIS-03).
    #[serde(default)]
    pub prohibited: Vec<String>,
    /// Id of a `[[retention]]` rule.
    pub retention: Option<String>,
    /// Display rule, kept for reports.
    pub mask: Option<String>,
}

/// `class.match`: all that is given has to hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassMatch {
    /// Each of these categories.
    #[serde(default)]
    pub all_of: Vec<String>,
    /// One of these categories.
    #[serde(default)]
    pub any_of: Vec<String>,
    /// One of these globs.
    #[serde(default)]
    pub path: Vec<String>,
}

/// `class.access`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// What everyone may do.
    pub other: Option<Other>,
    /// Groups that may read it; absent: any group.
    pub groups: Option<Vec<String>>,
}

/// `access.other`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Other {
    /// Nothing.
    None,
    /// Read, and for folders search.
    Read,
    /// Anything.
    Write,
}

/// `[purposes]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Legal basis, a DPV `eu-gdpr` id such as `A6-1-c`.
    pub basis: Option<String>,
    /// Notice that tells of it.
    pub notice: Option<String>,
    /// Entry in the record of processing.
    pub ropa: Option<String>,
}

impl Policy {
    /// Parses a policy file. The error says line and column.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The rule of a class.
    pub fn rule(&self, class: &Class) -> Option<&Retention> {
        let id = class.retention.as_deref()?;
        self.retention.iter().find(|r| r.id == id)
    }
}

/// Whether `category` is `name`, or begins as `name` says with a final `.*`.
pub fn speaks_of(name: &str, category: &str) -> bool {
    match name.strip_suffix('*') {
        Some(prefix) => prefix.ends_with('.') && category.starts_with(prefix),
        None => name == category,
    }
}
