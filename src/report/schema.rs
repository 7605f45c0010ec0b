//! The tables and columns of every output: the only definition.
//!
//! A change here is a change of the contract: append nullable columns, never rename, reuse or retype one, and raise
//! [`SCHEMA_VERSION`].

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;

use super::summary::Summary;
use crate::model::{DateField, Finding, ItemRecord, Occurrence, RunRecord};

/// Version of the tables and columns below.
pub const SCHEMA_VERSION: i64 = 2;

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer: what every reader of these files has.
    Int,
    /// 64-bit floating point.
    Float,
    /// True or false.
    Bool,
    /// Instant in UTC, to the microsecond.
    Time,
    /// Calendar day.
    Date,
    /// List of texts.
    List,
}

impl Kind {
    /// The word `privascan schema` uses.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Bool => "bool",
            Kind::Time => "time",
            Kind::Date => "date",
            Kind::List => "list",
        }
    }
}

/// One value of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// For [`Kind::Text`].
    Text(Cow<'a, str>),
    /// For [`Kind::Int`].
    Int(i64),
    /// For [`Kind::Float`].
    Float(f64),
    /// For [`Kind::Bool`].
    Bool(bool),
    /// For [`Kind::Time`].
    Time(Timestamp),
    /// For [`Kind::Date`].
    Date(Date),
    /// For [`Kind::List`].
    List(Vec<Cow<'a, str>>),
}

/// What a column is, apart from where its values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether a value may be missing.
    pub nullable: bool,
    /// What it means, in one line.
    pub about: &'static str,
}

/// A kind of record, with the form its rows have in memory.
pub trait Record: 'static {
    /// Borrows everything a row of this table says.
    type Row<'a>;
}

/// A column of `R`.
pub struct Column<R: Record> {
    /// What it is.
    pub field: Field,
    /// Its value in a row.
    pub value: for<'a> fn(&'a R::Row<'a>) -> Cell<'a>,
}

/// A table of records `R`.
pub struct Table<R: Record> {
    /// The value of `"record"` in JSON lines.
    pub name: &'static str,
    /// Name of its file in a directory, without extension.
    pub file: &'static str,
    /// One row per what.
    pub about: &'static str,
    /// Its columns in order.
    pub columns: &'static [Column<R>],
}

impl<R: Record> Table<R> {
    /// What its columns are.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.columns.iter().map(|c| c.field)
    }

    /// The cells of one row, in the order of the columns.
    pub fn cells<'a>(&self, row: &'a R::Row<'a>) -> impl Iterator<Item = Cell<'a>> {
        self.columns.iter().map(move |c| (c.value)(row))
    }
}

/// Records `run`.
pub enum Runs {}
impl Record for Runs {
    type Row<'a> = RunRow<'a>;
}
/// A row of [`RUN`].
#[derive(Clone, Copy)]
pub struct RunRow<'a> {
    /// The run.
    pub run: &'a RunRecord,
    /// What its items added up to.
    pub summary: &'a Summary,
}

/// Records `item`.
pub enum Items {}
impl Record for Items {
    type Row<'a> = &'a ItemRecord;
}

/// Records `finding`.
pub enum Findings {}
impl Record for Findings {
    type Row<'a> = FindingRow<'a>;
}
/// A row of [`FINDING`].
#[derive(Clone, Copy)]
pub struct FindingRow<'a> {
    /// The item it is in.
    pub record: &'a ItemRecord,
    /// The finding.
    pub finding: &'a Finding,
}

/// Records `occurrence`.
pub enum Occurrences {}
impl Record for Occurrences {
    type Row<'a> = OccurrenceRow<'a>;
}
/// A row of [`OCCURRENCE`].
#[derive(Clone, Copy)]
pub struct OccurrenceRow<'a> {
    /// The item it is in.
    pub record: &'a ItemRecord,
    /// The finding it is a sample of.
    pub finding: &'a Finding,
    /// The occurrence.
    pub occurrence: &'a Occurrence,
}

/// Records `date`.
pub enum Dates {}
impl Record for Dates {
    type Row<'a> = DateRow<'a>;
}
/// A row of [`DATE`].
#[derive(Clone, Copy)]
pub struct DateRow<'a> {
    /// The item it is in.
    pub record: &'a ItemRecord,
    /// The field.
    pub dates: &'a DateField,
    /// A day and how many values are it; `None` for the row that tells of what is no date.
    pub day: Option<(Date, u64)>,
}

/// The rows that one field of an item gives: what is no date, then each day in order.
pub fn date_rows(record: &ItemRecord) -> impl Iterator<Item = DateRow<'_>> {
    record.evidence.dates.iter().flat_map(move |dates| {
        let days = dates.days.iter().map(|(day, count)| Some((*day, *count)));
        std::iter::once(None).chain(days).map(move |day| DateRow { record, dates, day })
    })
}

macro_rules! columns {
    ($($name:literal $kind:ident $null:ident $about:literal = $value:expr;)+) => {
        &[$(Column {
            field: Field { name: $name, kind: Kind::$kind, nullable: columns!($null), about: $about },
            value: $value,
        }),+]
    };
    (required) => { false };
    (nullable) => { true };
}

mod controls;
pub use controls::{
    CONTROL_RESULT, CRITERION, ControlResults, Criteria, DEVIATION, DeviationRow, Deviations,
};

/// One row per run.
pub static RUN: Table<Runs> = Table {
    name: "run",
    file: "runs",
    about: "One row per run. The only table with times, durations and ids of a run.",
    columns: columns! {
        "run_id" Text required "Unique id of the run." = |r| text(&r.run.run_id);
        "tool_version" Text required "Version of privascan." = |r| text(&r.run.tool_version);
        "schema_version" Int required "Version of these tables and columns." = |_| Cell::Int(SCHEMA_VERSION);
        "detectors_digest" Text required "Hash over all detector definitions in force, hex."
            = |r| text(&r.run.detectors_digest);
        "detectors" Int required "Number of detectors that were on." = |r| int(r.run.detectors);
        "key_id" Text required "Fingerprint key: random (of this run only), or the first 16 hex digits of its SHA-256."
            = |r| text(&r.run.key_id);
        "targets" List required "What was named to be scanned." = |r| texts(&r.run.targets);
        "settings" List required "Settings that differ from the defaults, flag=value." = |r| texts(&r.run.settings);
        "min_likelihood" Text required "Lowest likelihood that was counted."
            = |r| word(r.run.min_likelihood.word());
        "started_at" Time required "Start of the run." = |r| time(r.run.started_at);
        "finished_at" Time required "End of the run." = |r| time(r.run.finished_at);
        "seconds" Float required "Duration in seconds." = |r| Cell::Float(seconds(r.run));
        "interrupted" Bool required "Whether the run was interrupted." = |r| Cell::Bool(r.run.interrupted);
        "complete" Bool required "Nothing failed, nothing was partial, every root that was to be read was reached, and the run was not interrupted."
            = |r| Cell::Bool(r.run.complete());
        "discovered" Int required "Items discovered: scanned + partial + skipped + failed."
            = |r| int(r.run.ledger.discovered);
        "scanned" Int required "Items wholly examined." = |r| int(r.run.ledger.count("scanned"));
        "partial" Int required "Items examined in part." = |r| int(r.run.ledger.count("partial"));
        "skipped" Int required "Items not examined, by decision." = |r| int(r.run.ledger.count("skipped"));
        "failed" Int required "Items that were wanted but could not be examined."
            = |r| int(r.run.ledger.count("failed"));
        "reasons" List required "Items by outcome and reason, outcome(reason):count." = |r| reasons(r.run);
        "bytes_examined" Int required "Bytes of decoded content examined." = |r| int(r.run.ledger.bytes_examined);
        "findings" Int required "Findings, without those in published test values."
            = |r| int(r.summary.total.findings);
        "matches" Int required "Matches of these findings." = |r| int(r.summary.total.matches);
        "likely_test_matches" Int required "Matches in published test or documentation values."
            = |r| int(r.summary.likely_test.matches);
        "as_of" Date nullable "The today of all retention arithmetic; null without a policy and a record."
            = |r| r.run.as_of.map_or(Cell::Null, Cell::Date);
        "policy_digest" Text nullable "SHA-256 of the policy file, hex." = |r| maybe(r.run.policy_digest.as_deref());
    },
};

/// One row per discovered item.
pub static ITEM: Table<Items> = Table {
    name: "item",
    file: "items",
    about: "One row per discovered item, whether or not it could be read.",
    columns: columns! {
        "item_id" Text required "Stable id of the item: what joins the tables." = |r| item_id(r);
        "path" Text required "Path as it may be printed; nesting joined by !/ ." = |r| text(&r.printed_path);
        "format" Text nullable "Format its content turned out to have." = |r| maybe(r.format.as_deref());
        "bytes" Int nullable "Size as the store or the archive states it." = |r| maybe_int(r.item.meta.bytes);
        "modified_at" Time nullable "Last modification."
            = |r| r.item.meta.modified.map_or(Cell::Null, time);
        "owner" Text nullable "Owner in the store." = |r| maybe(r.item.meta.owner.as_deref());
        "mode" Text nullable "Unix permission bits, octal." = |r| match r.item.meta.mode {
            Some(mode) => Cell::Text(format!("{:04o}", mode & 0o7777).into()),
            None => Cell::Null,
        };
        "outcome" Text required "How its examination ended: scanned, partial, skipped or failed."
            = |r| word(r.outcome.word());
        "reason" Text nullable "Reason code of every outcome but scanned."
            = |r| r.outcome.reason().map_or(Cell::Null, |reason| word(reason.code()));
        "gaps" List required "What was not examined, code: detail." = |r| Cell::List(
            r.gaps.iter().map(|gap| match gap.detail.as_str() {
                "" => Cow::Borrowed(gap.reason.code()),
                detail => Cow::Owned(format!("{}: {detail}", gap.reason.code())),
            }).collect()
        );
        "depth" Int required "Containers around it." = |r| int(r.item.path.depth() as u64);
        "values_examined" Int required "Non-empty values examined in fields." = |r| int(r.values_examined);
        "bytes_examined" Int required "Bytes of decoded content examined." = |r| int(r.bytes_examined);
        "rows" Int nullable "Data rows or records read." = |r| maybe_int(r.rows);
        "co_occurrence" List required "Categories that meet in one row, joined by +, and in how many rows, after a colon."
            = |r| Cell::List(r.co_occurrence.iter().map(|(names, n)| format!("{names}:{n}").into()).collect());
        "created_at" Time nullable "Creation, where the store keeps it." = |r| r.item.meta.created.map_or(Cell::Null, time);
        "accessed_at" Time nullable "Last access; only where a policy asks for it."
            = |r| r.item.meta.accessed.map_or(Cell::Null, time);
        "group" Text nullable "Group in the store." = |r| maybe(r.item.meta.group.as_deref());
        "content_hash" Text nullable "SHA-256 of the stored bytes, of an entry of the decoded ones; null when not asked for or not read whole."
            = |r| maybe(r.evidence.content_hash.as_deref());
        "residue" Text nullable "How it survived its deletion inside a container; null for what is in the open."
            = |r| maybe(r.evidence.residue.as_deref());
        "label" Text nullable "Sensitivity label that the item itself carries." = |r| maybe(r.evidence.label.as_deref());
        "first_seen" Date nullable "Day of the first run of the record that saw it."
            = |r| r.evidence.first_seen.map_or(Cell::Null, Cell::Date);
        "unread_since" Date nullable "Day since which no run could read it whole."
            = |r| r.evidence.unread_since.map_or(Cell::Null, Cell::Date);
        "reused" Bool nullable "Taken over from the last run: content and rules are the same."
            = |r| Cell::Bool(r.evidence.reused);
        "watched" List required "Watched fingerprints that were met, each with how often, after a colon."
            = |r| Cell::List(r.evidence.watched.iter().map(|(print, n)| format!("{print}:{n}").into()).collect());
    },
};

/// One row per finding.
pub static FINDING: Table<Findings> = Table {
    name: "finding",
    file: "findings",
    about: "One row per info type in a field of an item, with counts.",
    columns: columns! {
        "finding_id" Text required "Stable id of the finding." = |r| text(&r.finding.finding_id);
        "item_id" Text required "The item it is in." = |r| item_id(r.record);
        "path" Text required "The item's path as it may be printed." = |r| text(&r.record.printed_path);
        "field" Text nullable "Column, key or header; null for running text, names and comments."
            = |r| maybe(r.finding.field.as_deref());
        "field_index" Int nullable "Index of the field, from 0." = |r| maybe_int(r.finding.field_index.map(u64::from));
        "info_type" Text required "What was found." = |r| text(&r.finding.info_type);
        "detector" Text required "Detector that found it." = |r| text(&r.finding.detector);
        "category" Text required "Data category, dotted." = |r| text(&r.finding.category);
        "tier" Text required "Sensitivity: public, internal, confidential or restricted."
            = |r| text(&r.finding.tier);
        "flags" List required "Legal and handling flags; likely_test marks published test values."
            = |r| texts(&r.finding.flags);
        "relation" Text required "is: the field's values are this; contains: some values, or running text, contain it."
            = |r| word(r.finding.relation.word());
        "likelihood" Text required "Highest likelihood among the matches counted."
            = |r| word(r.finding.likelihood.word());
        "score" Float required "The score behind it, 0 to 1." = |r| Cell::Float(rounded(r.finding.score));
        "count" Int required "Matches at or above the run's lowest likelihood." = |r| int(r.finding.count);
        "values_examined" Int nullable "Non-empty values of the field that were examined; null where there are no fields."
            = |r| maybe_int(r.finding.values_examined);
        "distinct_estimate" Int required "Estimated number of distinct values among them."
            = |r| int(r.finding.distinct_estimate);
    },
};

/// One row per kept sample.
pub static OCCURRENCE: Table<Occurrences> = Table {
    name: "occurrence",
    file: "occurrences",
    about: "One row per kept, masked sample of a finding.",
    columns: columns! {
        "finding_id" Text required "The finding it is a sample of." = |r| text(&r.finding.finding_id);
        "item_id" Text required "The item it is in." = |r| item_id(r.record);
        "path" Text required "The item's path as it may be printed." = |r| text(&r.record.printed_path);
        "info_type" Text required "What was found." = |r| text(&r.finding.info_type);
        "category" Text required "Data category, dotted." = |r| text(&r.finding.category);
        "flags" List required "Flags of the finding." = |r| texts(&r.finding.flags);
        "place" Text required "Where in the item: content, item_name, field_name or comment."
            = |r| word(r.occurrence.place.word());
        "offset" Int nullable "Byte offset in the innermost decoded content, from 0; null in binary formats."
            = |r| maybe_int(r.occurrence.offset);
        "length" Int nullable "Length in bytes." = |r| maybe_int(r.occurrence.length);
        "line" Int nullable "Line, from 1." = |r| maybe_int(r.occurrence.line);
        "column" Int nullable "Column in code points, from 1." = |r| maybe_int(r.occurrence.column);
        "row" Int nullable "Data row, from 0." = |r| maybe_int(r.occurrence.row);
        "field" Text nullable "Column, key or header." = |r| maybe(r.finding.field.as_deref());
        "field_index" Int nullable "Index of the field, from 0." = |r| maybe_int(r.finding.field_index.map(u64::from));
        "mask" Text required "The value, masked." = |r| text(&r.occurrence.mask);
        "fingerprint" Text required "Keyed fingerprint of the value: equal for equal values under one key."
            = |r| text(&r.occurrence.fingerprint);
        "likelihood" Text required "Likelihood of this match." = |r| word(r.occurrence.likelihood.word());
        "signals" List required "Why: checksum, hotword, field_name, negative_hotword, whole_value, likely_test, dictionary."
            = |r| Cell::List(r.occurrence.signals.words().into_iter().map(Cow::Borrowed).collect());
    },
};

/// One row per date field of an item and day.
pub static DATE: Table<Dates> = Table {
    name: "date",
    file: "dates",
    about: "One row per item, field, source and day: how many values are that day. One more row per field, without \
            day, tells of what is no date.",
    columns: columns! {
        "item_id" Text required "The item they are in." = |r| item_id(r.record);
        "path" Text required "The item's path as it may be printed." = |r| text(&r.record.printed_path);
        "field" Text nullable "Column or key; null for a document's own dates."
            = |r| maybe(Some(r.dates.field.as_str()).filter(|f| !f.is_empty()));
        "field_index" Int nullable "Index of the field, from 0." = |r| maybe_int(r.dates.field_index.map(u64::from));
        "source" Text required "values, event:NAME, document-created or document-modified."
            = |r| Cell::Text(r.dates.source.word().into());
        "day" Date nullable "The day; null in the row that tells of what is no date."
            = |r| r.day.map_or(Cell::Null, |(day, _)| Cell::Date(day));
        "count" Int required "Values that are this day." = |r| int(r.day.map_or(0, |(_, n)| n));
        "empty" Int nullable "Rows without a value; only in the row without day." = |r| aside(r, r.dates.empty);
        "unparsed" Int nullable "Values that are no date, or keys without an event." = |r| aside(r, r.dates.unparsed);
        "ambiguous" Int nullable "Values that are one date or another." = |r| aside(r, r.dates.ambiguous);
    },
};

fn aside(row: &DateRow<'_>, count: u64) -> Cell<'static> {
    if row.day.is_none() { int(count) } else { Cell::Null }
}

fn text(value: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(value))
}

fn word(value: &'static str) -> Cell<'static> {
    Cell::Text(Cow::Borrowed(value))
}

fn maybe(value: Option<&str>) -> Cell<'_> {
    value.map_or(Cell::Null, text)
}

fn texts(values: &[String]) -> Cell<'_> {
    Cell::List(values.iter().map(|v| Cow::Borrowed(v.as_str())).collect())
}

/// Sizes that archives only claim may exceed what a signed integer holds.
fn int(value: u64) -> Cell<'static> {
    Cell::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn maybe_int(value: Option<u64>) -> Cell<'static> {
    value.map_or(Cell::Null, int)
}

/// Cut to what all encodings can hold, so that they agree.
fn time(value: Timestamp) -> Cell<'static> {
    Cell::Time(Timestamp::from_microsecond(value.as_microsecond()).unwrap_or(value))
}

fn rounded(score: f32) -> f64 {
    let hundredths = (f64::from(score) * 100.0).round();
    if hundredths.is_finite() { hundredths / 100.0 } else { 0.0 }
}

fn item_id(record: &ItemRecord) -> Cell<'_> {
    Cell::Text(record.item.id.to_string().into())
}

fn reasons(run: &RunRecord) -> Cell<'_> {
    let with_reason = run.ledger.by_outcome.iter().filter(|((_, reason), _)| !reason.is_empty());
    Cell::List(with_reason.map(|((word, reason), n)| format!("{word}({reason}):{n}").into()).collect())
}

/// Duration of a run in seconds, to the millisecond.
pub(super) fn seconds(run: &RunRecord) -> f64 {
    let millis = run.finished_at.as_millisecond().saturating_sub(run.started_at.as_millisecond());
    millis.max(0) as f64 / 1000.0
}
