//! The plan: a CSV that a tool writes, people approve row by row, and a tool reads again.
//!
//! A row is sealed: its id is a checksum of what was planned, so that a slip of a hand or a spreadsheet is noticed. It is
//! no signature. Spreadsheets rewrite dates; those are read back in the usual spellings and held against the seal.

use std::collections::HashMap;
use std::io;
use std::str::FromStr;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::DisposeError;
use crate::govern::policy::{DateOrder, Source};
use crate::model::hex;

/// The columns, in order.
pub const COLUMNS: [&str; 27] = [
    "id",
    "item",
    "item_id",
    "system",
    "class",
    "also_holds",
    "rule",
    "trigger_source",
    "trigger_date",
    "due",
    "days_over",
    "dates",
    "owner",
    "action",
    "method",
    "why",
    "advice",
    "hold_check",
    "content_hash",
    "bytes",
    "policy_digest",
    "record_fingerprints",
    "key_id",
    "path",
    "approve",
    "approved_by",
    "approved_at",
];

/// The first columns, of which all behind the id are sealed by it.
pub(super) const SEALED: usize = 23;
/// Hex digits of an id.
const ID_DIGITS: usize = 20;
/// Bytes that a plan may have.
pub const MAX_BYTES: usize = 1 << 30;
/// What a cell may not begin with: spreadsheets run it.
const RUN: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One item that is overdue, or was to be gone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Checksum of what was planned; names the entry in the register.
    pub id: String,
    /// The raw path, relative to the policy's folder.
    pub item: Vec<u8>,
    /// The item's id in scans.
    pub item_id: String,
    /// Declared system.
    pub system: String,
    /// The class under which it is overdue.
    pub class: Option<String>,
    /// Other classes that it, or what is in it, holds.
    pub also_holds: Vec<String>,
    /// The retention rule.
    pub rule: Option<String>,
    /// Where the trigger date comes from.
    pub trigger_source: Option<Source>,
    /// What started the clock.
    pub trigger_date: Option<Date>,
    /// When it was due.
    pub due: Option<Date>,
    /// Days past due and grace.
    pub days_over: Option<i64>,
    /// First and last of all dates that holds are held against.
    pub dates: Option<(Date, Date)>,
    /// Whom it belongs to.
    pub owner: Option<String>,
    /// What the rule wants: `delete`, `review`, …
    pub action: Option<String>,
    /// How, as the rule says: `quarantine` or `logical-delete`.
    pub method: String,
    /// The control test and what it says.
    pub why: String,
    /// What to do instead; a row with advice cannot be approved.
    pub advice: Option<String>,
    /// Holds that were looked at.
    pub hold_check: Vec<String>,
    /// SHA-256 of the content, hex.
    pub content_hash: Option<String>,
    /// Size.
    pub bytes: Option<u64>,
    /// SHA-256 of the policy, hex.
    pub policy_digest: String,
    /// Keyed fingerprints of identifiers in it.
    pub record_fingerprints: Vec<String>,
    /// Which key made them.
    pub key_id: Option<String>,
    /// The path as it may be printed.
    pub path: String,
}

/// Whether this is an id that a plan gives: nothing else may become part of a file's name.
pub fn is_id(id: &str) -> bool {
    let digits = id.strip_prefix("D-").unwrap_or_default();
    digits.len() == ID_DIGITS && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// What people wrote behind a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Approval {
    /// `yes`.
    pub approve: String,
    /// A role or person.
    pub by: String,
    /// When.
    pub at: String,
}

impl Approval {
    /// Whether the row is to be looked at: anything but nothing and `no`.
    pub fn is_given(&self) -> bool {
        !(self.approve.is_empty() || self.approve.eq_ignore_ascii_case("no"))
    }
}

/// A row as it was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Line of the file, from 1.
    pub line: u64,
    /// The id cell; anything may stand in it where the row is none.
    pub id: String,
    /// The row; `bad-row` or `changed-row` where it is none.
    pub row: Result<Row, &'static str>,
    /// The approval.
    pub approval: Approval,
}

impl Row {
    /// With the id that seals it.
    pub fn sealed(mut self) -> Self {
        self.id = self.seal();
        self
    }

    fn seal(&self) -> String {
        let mut hasher = Sha256::new();
        for cell in &self.cells()[1..SEALED] {
            hasher.update((cell.len() as u64).to_le_bytes());
            hasher.update(cell);
        }
        format!("D-{}", &hex(&hasher.finalize())[..ID_DIGITS])
    }

    /// All cells but those that people fill in.
    fn cells(&self) -> [String; 24] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let date = |date: Option<Date>| date.map_or_else(String::new, |d| d.to_string());
        [
            self.id.clone(),
            to_cell(&self.item),
            self.item_id.clone(),
            self.system.clone(),
            text(&self.class),
            self.also_holds.join(";"),
            text(&self.rule),
            self.trigger_source.map_or("", Source::word).to_owned(),
            date(self.trigger_date),
            date(self.due),
            self.days_over.map_or_else(String::new, |n| n.to_string()),
            self.dates.map_or_else(String::new, |(first, last)| format!("{first}..{last}")),
            text(&self.owner),
            text(&self.action),
            self.method.clone(),
            self.why.clone(),
            text(&self.advice),
            self.hold_check.join(";"),
            text(&self.content_hash),
            self.bytes.map_or_else(String::new, |n| n.to_string()),
            self.policy_digest.clone(),
            self.record_fingerprints.join(";"),
            text(&self.key_id),
            self.path.clone(),
        ]
    }
}

/// Writes a plan; rows are in the order given.
pub fn write(rows: &[Row], out: impl io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for row in rows {
        let cells = row.cells().map(|cell| defuse(&cell));
        writer.write_record(cells.iter().map(String::as_str).chain(["", "", ""]))?;
    }
    writer.flush()
}

/// Reads a plan. Commas, semicolons or tabs part the cells; columns may stand in any order, and others beside them.
pub fn read(bytes: &[u8]) -> Result<Vec<Read>, DisposeError> {
    let refuse = |what: String| DisposeError::Plan(format!("--approved: {what}"));
    if bytes.len() > MAX_BYTES {
        return Err(refuse("larger than 1 GiB".to_owned()));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|d| first.iter().filter(|b| *b == d).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let headers = reader.headers().map_err(|_| refuse("no plan: its first line is no header".to_owned()))?;
    let places: HashMap<&str, usize> = headers.iter().enumerate().map(|(i, name)| (name.trim(), i)).collect();
    if places.len() != headers.len() {
        return Err(refuse("no plan: a column stands twice in its header".to_owned()));
    }
    let mut columns = [0; COLUMNS.len()];
    for (place, name) in columns.iter_mut().zip(COLUMNS) {
        *place = *places.get(name).ok_or_else(|| refuse(format!("no plan: column `{name}` is missing")))?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| {
            let line = e.position().map_or(0, csv::Position::line);
            refuse(format!("line {line}: not as many cells as in the header, or not UTF-8"))
        })?;
        let cells = columns.map(|at| undo(record.get(at).unwrap_or_default()));
        let [.., approve, by, at] = &cells;
        let trimmed = |cell: &String| cell.trim().to_owned();
        rows.push(Read {
            line: record.position().map_or(0, csv::Position::line),
            id: cells[0].clone(),
            row: row(&cells),
            approval: Approval { approve: trimmed(approve), by: trimmed(by), at: trimmed(at) },
        });
    }
    Ok(rows)
}

fn row(cells: &[String; COLUMNS.len()]) -> Result<Row, &'static str> {
    let text = |at: usize| (!cells[at].is_empty()).then(|| cells[at].clone());
    let list = |at: usize| match cells[at].as_str() {
        "" => Vec::new(),
        cell => cell.split(';').map(str::to_owned).collect(),
    };
    let dates = |at: usize| match cells[at].as_str() {
        "" => vec![None],
        cell => spellings(cell).into_iter().map(Some).collect(),
    };
    let row = Row {
        id: cells[0].clone(),
        item: from_cell(&cells[1]),
        item_id: cells[2].clone(),
        system: cells[3].clone(),
        class: text(4),
        also_holds: list(5),
        rule: text(6),
        trigger_source: text(7).map(|word| Source::parse(&word).ok_or("bad-row")).transpose()?,
        trigger_date: None,
        due: None,
        days_over: number(&cells[10])?,
        dates: text(11).map(|range| span(&range).ok_or("bad-row")).transpose()?,
        owner: text(12),
        action: text(13),
        method: cells[14].clone(),
        why: cells[15].clone(),
        advice: text(16),
        hold_check: list(17),
        content_hash: text(18),
        bytes: number(&cells[19])?,
        policy_digest: cells[20].clone(),
        record_fingerprints: list(21),
        key_id: text(22),
        path: cells[23].clone(),
    };
    let (triggers, dues) = (dates(8), dates(9));
    if triggers.is_empty() || dues.is_empty() {
        return Err("bad-row");
    }
    for trigger_date in &triggers {
        for due in &dues {
            let row = Row { trigger_date: *trigger_date, due: *due, ..row.clone() };
            if row.seal() == row.id {
                return Ok(row);
            }
        }
    }
    Err("changed-row")
}

fn number<T: FromStr>(cell: &str) -> Result<Option<T>, &'static str> {
    if cell.is_empty() { Ok(None) } else { cell.trim().parse().map(Some).map_err(|_| "bad-row") }
}

fn span(cell: &str) -> Option<(Date, Date)> {
    let (first, last) = cell.split_once("..")?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The days that a cell may mean: one as it was written, up to two as spreadsheets rewrite it (`3/1/2021`, `01.03.2021`).
fn spellings(cell: &str) -> Vec<Date> {
    let cell = cell.trim();
    if let Ok(day) = cell.parse() {
        return vec![day];
    }
    let parts: Vec<&str> = cell.split(['/', '.', '-']).collect();
    let number = |at: usize| parts.get(at).and_then(|p| p.trim().parse::<i16>().ok());
    let (Some(a), Some(b), Some(c), 3) = (number(0), number(1), number(2), parts.len()) else {
        return Vec::new();
    };
    let year = |y: i16| if (0..100).contains(&y) { y + 2000 } else { y };
    let short = |n: i16| i8::try_from(n).unwrap_or(0);
    let orders = match parts[0].trim().len() {
        4 => [(a, b, c), (a, b, c)],
        _ => [(year(c), b, a), (year(c), a, b)],
    };
    let mut days: Vec<Date> =
        orders.iter().filter_map(|(y, m, d)| Date::new(*y, short(*m), short(*d)).ok()).collect();
    days.dedup();
    days
}

/// The one day that a cell means, given the order of day and month where it is known.
pub(super) fn day(cell: &str, order: Option<DateOrder>) -> Option<Date> {
    match (spellings(cell).as_slice(), order) {
        ([day], _) => Some(*day),
        ([dmy, _], Some(DateOrder::Dmy)) => Some(*dmy),
        ([_, mdy], Some(DateOrder::Mdy)) => Some(*mdy),
        _ => None,
    }
}

/// No cell that a spreadsheet would run; [`undo`] gives it back.
fn defuse(cell: &str) -> String {
    match cell.starts_with('\'') || cell.starts_with(RUN) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

fn undo(cell: &str) -> String {
    cell.strip_prefix('\'').unwrap_or(cell).to_owned()
}

/// A raw path as text: bytes that are not UTF-8, control characters, and what looks like one of these, as `\xNN`.
pub fn to_cell(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    let code = |out: &mut String, byte: u8| out.push_str(&format!("\\x{byte:02x}"));
    for chunk in path.utf8_chunks() {
        let valid = chunk.valid();
        for (at, c) in valid.char_indices() {
            match c {
                '\\' if valid.as_bytes().get(at + 1) == Some(&b'x') => code(&mut out, b'\\'),
                // A backslash at the end of a chunk stands before a byte that becomes `\x`, which begins with none.
                c if c.is_control() => {
                    c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| code(&mut out, byte));
                }
                c => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| code(&mut out, *byte));
    }
    out
}

/// The raw path that a text stands for.
pub fn from_cell(cell: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(cell.len());
    let mut rest = cell.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.strip_prefix(b"x").and_then(|digits| digits.get(..2)).filter(|_| *first == b'\\');
        let byte =
            code.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u8::from_str_radix(d, 16).ok());
        match byte {
            Some(byte) => {
                out.push(byte);
                rest = &rest[4..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}
