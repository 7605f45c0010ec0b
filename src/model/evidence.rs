//! What is kept of an item beyond findings, for questions of retention and disposal.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::content::Place;

/// Facts of one item that control tests are about. Empty where nobody asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// SHA-256 of the stored bytes, or of the decoded bytes of an entry, 64 hex digits; `None` when not read whole.
    pub content_hash: Option<String>,
    /// How this item survived its deletion inside a container (`zip-unlisted-entry`, …); `None` for what is in the open.
    pub residue: Option<String>,
    /// Sensitivity label that the item itself carries, one of the names that were looked for.
    pub label: Option<String>,
    /// Dates by field or source, counted per day.
    pub dates: Vec<DateField>,
    /// How often each watched fingerprint (32 hex digits) was met, sorted.
    pub watched: Vec<(String, u64)>,
    /// Day of the first run of the record that saw this item.
    pub first_seen: Option<Date>,
    /// Day since which no run could read it whole.
    pub unread_since: Option<Date>,
    /// Taken over from the last run, because content and rules are the same.
    pub reused: bool,
    /// Values that were looked for as such and stand here, by number; never kept.
    pub located: Vec<Located>,
}

/// A value that was looked for, in one item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Located {
    /// Which of the values, from 0.
    pub value: u32,
    /// Info types that detectors know it as, here.
    pub kinds: Vec<String>,
    /// How often it stands here.
    pub count: u64,
    /// The first places.
    pub places: Vec<LocatedAt>,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq)]
pub struct LocatedAt {
    /// What it is in.
    pub place: Place,
    /// From 1.
    pub line: Option<u64>,
    /// In code points, from 1.
    pub column: Option<u64>,
    /// 0-based row of a table.
    pub row: Option<u64>,
    /// Name of the field as it may be printed.
    pub field: Option<String>,
}

impl Default for LocatedAt {
    fn default() -> Self {
        Self { place: Place::Content, line: None, column: None, row: None, field: None }
    }
}

/// Where the dates of a [`DateField`] come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateSource {
    /// The values of a field.
    Values,
    /// An events register, looked up by the values of a field.
    Event(String),
    /// The document's own record of its creation.
    DocumentCreated,
    /// The document's own record of its last change.
    DocumentModified,
}

/// Dates of one field, counted per day: enough to judge every row later, without the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct DateField {
    /// The field's name as it may be printed; empty for a document's own dates.
    pub field: String,
    /// 0-based index of the field.
    pub field_index: Option<u32>,
    /// Where the dates come from.
    pub source: DateSource,
    /// Values per day.
    pub days: BTreeMap<Date, u64>,
    /// Rows without a value.
    pub empty: u64,
    /// Values that are no date; for an event, keys without a register row.
    pub unparsed: u64,
    /// Values that are one date or another, day and month being exchangeable.
    pub ambiguous: u64,
}

impl DateSource {
    /// The word of the record: `values`, `event:NAME`, `document-created` or `document-modified`.
    pub fn word(&self) -> String {
        match self {
            DateSource::Values => "values".to_owned(),
            DateSource::Event(name) => format!("event:{name}"),
            DateSource::DocumentCreated => "document-created".to_owned(),
            DateSource::DocumentModified => "document-modified".to_owned(),
        }
    }

    /// The source that a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "values" => DateSource::Values,
            "document-created" => DateSource::DocumentCreated,
            "document-modified" => DateSource::DocumentModified,
            other => DateSource::Event(other.strip_prefix("event:")?.to_owned()),
        })
    }
}

impl DateField {
    /// Whether a policy that names `field` means this one: the same name or the last part of a key path, in any case.
    pub fn is_named(&self, field: &str) -> bool {
        is_field_named(&self.field, field)
    }

    /// Values that are dates.
    pub fn dated(&self) -> u64 {
        self.days.values().sum()
    }
}

/// Whether a policy that names `wanted` means the field `name`: the same name or the last part of a key path, in any case.
pub fn is_field_named(name: &str, wanted: &str) -> bool {
    let last = name.rsplit(['.', '/']).next().unwrap_or_default();
    name.eq_ignore_ascii_case(wanted) || last.eq_ignore_ascii_case(wanted)
}
