//! What the organisation itself writes down: disposals, events, disclosures, erasure requests.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::policy::Source;
use super::{Policy, printable};

mod parse;
#[cfg(test)]
mod tests;

/// Bytes that a register may have.
pub const MAX_REGISTER_BYTES: usize = 512 << 20;

/// Why registers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The file is there and cannot be read.
    #[error("register {file}: {source}")]
    Unreadable {
        /// As the policy names it.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file is larger than [`MAX_REGISTER_BYTES`], or has more lines than a register may have.
    #[error("register {file}: too large; {limit} at most")]
    TooLarge {
        /// As the policy names it.
        file: String,
        /// How much would do.
        limit: &'static str,
    },
    /// A line is not what the register holds.
    #[error("register {file} line {line}: {what}")]
    Line {
        /// As the policy names it.
        file: String,
        /// From 1.
        line: u64,
        /// What is wrong, without the value.
        what: String,
    },
}

/// Everything read from the registers that a policy names. `None`: the policy names none, or it is not there.
#[derive(Clone, Debug, Default)]
pub struct Registers {
    /// The disposal register, one entry per id, the last line of each.
    pub disposal: Option<Vec<DisposalEntry>>,
    /// Disclosures.
    pub disclosures: Option<Vec<DisclosureEntry>>,
    /// Erasure requests, one per id, the last line of each.
    pub erasure: Option<Vec<ErasureRequest>>,
    /// Events by name, then by key.
    pub events: BTreeMap<String, BTreeMap<String, Date>>,
    /// Files that the policy names and that do not exist, as it names them.
    pub missing: Vec<String>,
}

impl Registers {
    /// Reads the registers that the policy names. `open` gives the text of a file, by its path relative to the policy's
    /// folder, and should read no more than [`MAX_REGISTER_BYTES`]. A file that is not there (`NotFound`) counts as absent and is listed
    /// in `missing`.
    pub fn read(
        policy: &Policy,
        open: &mut dyn FnMut(&str) -> io::Result<String>,
    ) -> Result<Self, RegisterError> {
        let mut registers = Self::default();
        let mut text = |file: &str| match open(file) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if !registers.missing.iter().any(|m| m == file) {
                    registers.missing.push(file.to_owned());
                }
                Ok(None)
            }
            Err(source) => Err(RegisterError::Unreadable { file: printable(file), source }),
        };
        if let Some(file) = policy.disposal.as_ref().and_then(|d| d.register.as_deref()) {
            registers.disposal = text(file)?.map(|t| parse::disposal(file, &t)).transpose()?;
        }
        if let Some(file) = policy.disclosures.as_ref().and_then(|d| d.register.as_deref()) {
            registers.disclosures = text(file)?.map(|t| parse::disclosures(file, &t)).transpose()?;
        }
        if let Some(erasure) = &policy.erasure {
            let file = &erasure.register;
            registers.erasure = text(file)?.map(|t| parse::erasure(file, &t)).transpose()?;
        }
        for event in &policy.events {
            if let Some(text) = text(&event.register.file)? {
                let dates = parse::events(&event.register, policy.policy.date_order, &text)?;
                registers.events.insert(event.name.clone(), dates);
            }
        }
        Ok(registers)
    }
}

/// The disposal register: JSON lines, of each `id` the last. `file` is named in errors.
pub fn parse_disposal(file: &str, text: &str) -> Result<Vec<DisposalEntry>, RegisterError> {
    parse::disposal(file, text)
}

/// The register of erasure requests: JSON lines, of each `id` the last. `file` is named in errors.
pub fn parse_erasure(file: &str, text: &str) -> Result<Vec<ErasureRequest>, RegisterError> {
    parse::erasure(file, text)
}

/// One item that was approved for disposal or disposed of.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct DisposalEntry {
    /// Entry id; a later line with it replaces an earlier one.
    pub id: String,
    /// The item's path relative to the policy's folder, nesting joined by `!/`; or `item_id:` and its id.
    pub item: String,
    /// Id of the item at that path, where `item` is not the path itself but what may be printed of it: as runs keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// Declared system.
    #[serde(default)]
    pub system: Option<String>,
    /// Class.
    #[serde(default)]
    pub class: Option<String>,
    /// Retention rule.
    #[serde(default)]
    pub rule: Option<String>,
    /// What started the clock.
    #[serde(default)]
    pub trigger_date: Option<Date>,
    /// Where that date comes from: a word of `trigger.source`. Absent: someone's own knowledge, which counts as strong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_source: Option<Source>,
    /// When it was due.
    #[serde(default)]
    pub due: Option<Date>,
    /// A role or person.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// When it was approved: a date or an instant.
    #[serde(default)]
    pub approved_at: Option<Moment>,
    /// `quarantine`, `logical-delete`, …; media methods are only ever attested.
    #[serde(default)]
    pub method: Option<String>,
    /// Who did it.
    #[serde(default)]
    pub performed_by: Option<String>,
    /// When it was done; absent: not done yet.
    #[serde(default)]
    pub performed_at: Option<Moment>,
    /// Why it was not done in the end; a later line may say that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// With what.
    #[serde(default)]
    pub tool: Option<String>,
    /// Its version.
    #[serde(default)]
    pub tool_version: Option<String>,
    /// SHA-256 of the item before, hex.
    #[serde(default)]
    pub content_hash: Option<String>,
    /// Where it was moved to, relative to the policy's folder.
    #[serde(default)]
    pub quarantine: Option<String>,
    /// Keyed fingerprints of identifiers in it, 32 hex digits each.
    #[serde(default)]
    pub record_fingerprints: Vec<String>,
    /// Which key made them.
    #[serde(default)]
    pub key_id: Option<String>,
    /// How it was verified.
    #[serde(default)]
    pub verify_method: Option<String>,
    /// Run that verified it.
    #[serde(default)]
    pub verified_by_run: Option<String>,
    /// NIST SP 800-88 block copied from a certificate; attested, never tested.
    #[serde(default)]
    pub media: Option<serde_json::Value>,
    /// Holds that were looked at.
    #[serde(default)]
    pub hold_check: Vec<String>,
}

/// A day, with or without the time.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(untagged)]
pub enum Moment {
    /// An instant.
    At(Timestamp),
    /// A day.
    On(Date),
}

impl Moment {
    /// The day, in UTC for an instant.
    pub fn day(self) -> Date {
        match self {
            Moment::At(instant) => jiff::tz::TimeZone::UTC.to_datetime(instant).date(),
            Moment::On(day) => day,
        }
    }

    /// The day, in this zone for an instant.
    pub fn day_in(self, zone: &jiff::tz::TimeZone) -> Date {
        match self {
            Moment::At(instant) => zone.to_datetime(instant).date(),
            Moment::On(day) => day,
        }
    }
}

/// One disclosure that was allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct DisclosureEntry {
    /// To whom.
    pub recipient: String,
    /// Class of what.
    pub class: String,
    /// First day.
    pub from: Date,
    /// Last day; absent: until further notice.
    pub to: Option<Date>,
}

/// A person's request to be erased, without the person.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct ErasureRequest {
    /// Id of the request.
    pub id: String,
    /// Day by which it has to be done.
    #[serde(default)]
    pub due: Option<Date>,
    /// Day on which it was said to be done.
    #[serde(default)]
    pub completed_on: Option<Date>,
    /// Keyed fingerprints of the person's identifiers, 32 hex digits each.
    pub fingerprints: Vec<String>,
    /// Which key made them.
    #[serde(default)]
    pub key_id: Option<String>,
}
