//! Text of registers to entries. What is wrong is said with file, line and key, and never with the value.

use std::collections::BTreeMap;
use std::hash::Hash;

use jiff::Timestamp;
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::super::policy::{DateOrder, EventRegister, Source};
use super::super::printable;
use super::{DisclosureEntry, DisposalEntry, ErasureRequest, MAX_REGISTER_BYTES, Moment, RegisterError};

/// Lines that a register may have.
const MAX_LINES: usize = 4_000_000;
/// Bytes of one line: room for some hundred thousand fingerprints.
const MAX_LINE_BYTES: usize = 16 << 20;

/// The register of disposals.
pub(super) fn disposal(file: &str, text: &str) -> Result<Vec<DisposalEntry>, RegisterError> {
    let entries = json_lines(file, text, |line| {
        Ok(DisposalEntry {
            id: line.needed("id")?,
            item: line.needed("item")?,
            item_id: None,
            system: line.text("system")?,
            class: line.text("class")?,
            rule: line.text("rule")?,
            trigger_date: line.day("trigger_date")?,
            trigger_source: line.source("trigger_source")?,
            due: line.day("due")?,
            approved_by: line.text("approved_by")?,
            approved_at: line.moment("approved_at")?,
            method: line.text("method")?,
            performed_by: line.text("performed_by")?,
            performed_at: line.moment("performed_at")?,
            refused: line.text("refused")?,
            tool: line.text("tool")?,
            tool_version: line.text("tool_version")?,
            content_hash: line.text("content_hash")?.map(|t| hex("content_hash", &t, 64)).transpose()?,
            quarantine: line.text("quarantine")?,
            record_fingerprints: line.fingerprints("record_fingerprints")?,
            key_id: line.text("key_id")?,
            verify_method: line.text("verify_method")?,
            verified_by_run: line.text("verified_by_run")?,
            media: line.0.get("media").filter(|m| !m.is_null()).cloned(),
            hold_check: line.texts("hold_check")?,
        })
    })?;
    Ok(last_of_each(entries, |e| e.id.clone()))
}

/// The register of erasure requests.
pub(super) fn erasure(file: &str, text: &str) -> Result<Vec<ErasureRequest>, RegisterError> {
    let requests = json_lines(file, text, |line| {
        Ok(ErasureRequest {
            id: line.needed("id")?,
            due: line.day("due")?,
            completed_on: line.day("completed_on")?,
            fingerprints: line.fingerprints("fingerprints")?,
            key_id: line.text("key_id")?,
        })
    })?;
    Ok(last_of_each(requests, |r| r.id.clone()))
}

/// The register of disclosures.
pub(super) fn disclosures(file: &str, text: &str) -> Result<Vec<DisclosureEntry>, RegisterError> {
    let table = Table::new(file, text)?;
    let columns = [table.column("recipient")?, table.column("class")?, table.column("from")?];
    let to = table.column_if("to");
    let mut entries = Vec::new();
    table.rows(|cell| {
        let [recipient, class, from] = columns.map(cell);
        let to = to.map(cell).filter(|to| !to.is_empty());
        if recipient.is_empty() || class.is_empty() {
            return Err("a row without `recipient` or `class`".to_owned());
        }
        let from = day("from", from, None)?;
        let to = to.map(|to| day("to", to, None)).transpose()?;
        if to.is_some_and(|to| to < from) {
            return Err("`to` is before `from`".to_owned());
        }
        entries.push(DisclosureEntry { recipient: recipient.to_owned(), class: class.to_owned(), from, to });
        Ok(())
    })?;
    Ok(entries)
}

/// The dates of an event by key. Rows without a date say that it has not happened; of several dates of a key the latest counts.
pub(super) fn events(
    register: &EventRegister,
    order: Option<DateOrder>,
    text: &str,
) -> Result<BTreeMap<String, Date>, RegisterError> {
    let table = Table::new(&register.file, text)?;
    let (key, date) = (table.column(&register.key)?, table.column(&register.date)?);
    let mut dates = BTreeMap::new();
    table.rows(|cell| {
        let (key, date) = (cell(key), cell(date));
        if date.is_empty() {
            return Ok(());
        }
        let name = printable(&register.date);
        if key.is_empty() {
            return Err(format!("a row with `{name}` and without `{}`", printable(&register.key)));
        }
        let found = day(&name, date, order)?;
        let latest = dates.entry(key.to_owned()).or_insert(found);
        *latest = found.max(*latest);
        Ok(())
    })?;
    Ok(dates)
}

fn last_of_each<T, K: Hash + Eq>(entries: Vec<T>, id: impl Fn(&T) -> K) -> Vec<T> {
    let mut places: FxHashMap<K, usize> = FxHashMap::default();
    let mut kept: Vec<T> = Vec::with_capacity(entries.len());
    for entry in entries {
        let place = *places.entry(id(&entry)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(earlier) => *earlier = entry,
            None => kept.push(entry),
        }
    }
    kept
}

fn wrong(file: &str, line: u64, what: impl Into<String>) -> RegisterError {
    RegisterError::Line { file: printable(file), line, what: what.into() }
}

fn bounded<'t>(file: &str, text: &'t str) -> Result<&'t str, RegisterError> {
    match text.len() > MAX_REGISTER_BYTES {
        true => Err(RegisterError::TooLarge { file: printable(file), limit: "512 MiB" }),
        false => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
    }
}

/// Every line that is not blank as a JSON object, read by `entry`.
fn json_lines<T>(
    file: &str,
    text: &str,
    entry: impl Fn(Line) -> Result<T, String>,
) -> Result<Vec<T>, RegisterError> {
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(bounded(file, text)?.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        if entries.len() == MAX_LINES {
            return Err(RegisterError::TooLarge { file: printable(file), limit: "4 million lines" });
        }
        if line.len() > MAX_LINE_BYTES {
            return Err(wrong(file, number, "longer than 16 MiB"));
        }
        let object: Map<String, Value> = serde_json::from_str(line)
            .map_err(|e| wrong(file, number, format!("no JSON object (column {})", e.column())))?;
        entries.push(entry(Line(object)).map_err(|what| wrong(file, number, what))?);
    }
    Ok(entries)
}

/// One JSON line; `null` is as good as absent.
struct Line(Map<String, Value>);

impl Line {
    fn text(&self, key: &str) -> Result<Option<String>, String> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("`{key}` is no text")),
        }
    }

    fn needed(&self, key: &str) -> Result<String, String> {
        self.text(key)?.filter(|t| !t.trim().is_empty()).ok_or_else(|| format!("no `{key}`"))
    }

    fn day(&self, key: &str) -> Result<Option<Date>, String> {
        self.text(key)?.map(|text| day(key, &text, None)).transpose()
    }

    fn moment(&self, key: &str) -> Result<Option<Moment>, String> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match text.parse::<Timestamp>() {
            Ok(instant) => Ok(Some(Moment::At(instant))),
            Err(_) => day(key, &text, None).map(|day| Some(Moment::On(day))),
        }
    }

    fn source(&self, key: &str) -> Result<Option<Source>, String> {
        let wrong = |_| format!("`{key}` is no trigger source, such as `record-date`");
        let text = self.text(key)?.map(Value::String);
        text.map(|t| serde_json::from_value(t).map_err(wrong)).transpose()
    }

    fn texts(&self, key: &str) -> Result<Vec<String>, String> {
        let wrong = || format!("`{key}` is no list of texts");
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(all)) => {
                all.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
            }
            Some(_) => Err(wrong()),
        }
    }

    fn fingerprints(&self, key: &str) -> Result<Vec<String>, String> {
        self.texts(key)?.iter().map(|text| hex(key, text, 32)).collect()
    }
}

fn hex(key: &str, text: &str, digits: usize) -> Result<String, String> {
    match text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("`{key}` is not {digits} hex digits")),
    }
}

/// A day, or the day of a local time; with an order of day and month also as `31/12/2026`.
fn day(key: &str, text: &str, order: Option<DateOrder>) -> Result<Date, String> {
    let wrong = || format!("`{key}` is no date as in 2026-07-01");
    let Some(first) = text.get(..10.min(text.len())) else { return Err(wrong()) };
    let rest = &text[first.len()..];
    if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
        return Err(wrong());
    }
    let numbered = order.and_then(|order| {
        let mut parts = text.split(['/', '.', '-']);
        let (a, b, year) = (parts.next()?, parts.next()?, parts.next()?);
        let (day, month) = match order {
            DateOrder::Dmy => (a, b),
            DateOrder::Mdy => (b, a),
        };
        let fits = parts.next().is_none() && year.len() == 4;
        let parsed = (year.parse(), month.parse(), day.parse());
        match parsed {
            (Ok(year), Ok(month), Ok(day)) if fits => Date::new(year, month, day).ok(),
            _ => None,
        }
    });
    match first.parse() {
        Ok(day) => Ok(day),
        Err(_) => numbered.ok_or_else(wrong),
    }
}

/// A CSV file with a header.
struct Table<'t> {
    file: &'t str,
    text: &'t [u8],
    header: csv::StringRecord,
    reader: csv::Reader<&'t [u8]>,
}

impl<'t> Table<'t> {
    fn new(file: &'t str, text: &'t str) -> Result<Self, RegisterError> {
        let text = bounded(file, text)?;
        let first = text.lines().next().unwrap_or_default();
        // Spreadsheets of half of Europe write semicolons and call it CSV.
        let delimiter = [b',', b';', b'\t'].into_iter().find(|d| first.contains(char::from(*d)));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter.unwrap_or(b','))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|_| wrong(file, 1, "no CSV header"))?.clone();
        Ok(Self { file, text: text.as_bytes(), header, reader })
    }

    fn column_if(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name.trim())
    }

    fn column(&self, name: &str) -> Result<usize, RegisterError> {
        let missing = || wrong(self.file, 1, format!("no column `{}`", printable(name)));
        self.column_if(name).ok_or_else(missing)
    }

    /// Gives every row that is not blank to `take`, which reads its cells by column.
    fn rows(
        mut self,
        mut take: impl for<'r> FnMut(&dyn Fn(usize) -> &'r str) -> Result<(), String>,
    ) -> Result<(), RegisterError> {
        let mut row = csv::StringRecord::new();
        for _ in 0..MAX_LINES {
            let start = self.reader.position().clone();
            let line = || {
                // The reader passes over blank lines before a row.
                let rest =
                    self.text.get(usize::try_from(start.byte()).unwrap_or(usize::MAX)..).unwrap_or_default();
                let blank = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
                start.line() + blank.map(|b| u64::from(*b == b'\n')).sum::<u64>()
            };
            match self.reader.read_record(&mut row) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(_) => return Err(wrong(self.file, line(), "no CSV row")),
            }
            if row.iter().all(str::is_empty) {
                continue;
            }
            take(&|column| row.get(column).unwrap_or_default())
                .map_err(|what| wrong(self.file, line(), what))?;
        }
        Err(RegisterError::TooLarge { file: printable(self.file), limit: "4 million rows" })
    }
}
