//! What a made-up file holds: its bytes, and beside them the truth about them.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Cursor, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use serde::Serialize;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::values::people::{Country, Person, phone_in};
use super::values::{Rng, ids, money, secrets};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Dates of one field, as they were written.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Dates {
    pub field: String,
    /// Rows per day.
    pub days: BTreeMap<String, u64>,
    pub empty: u64,
    pub unparsed: u64,
    pub ambiguous: u64,
}

/// A file or an entry before it has a place.
#[derive(Clone, Debug, Default)]
pub struct Body {
    pub bytes: Vec<u8>,
    pub format: &'static str,
    pub rows: u64,
    /// Real values by category.
    pub holds: BTreeMap<&'static str, u64>,
    /// Published test values by category.
    pub tests: BTreeMap<&'static str, u64>,
    pub dates: Vec<Dates>,
    /// Values of fields that are keys of a register.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Info type and compared form of each identifier.
    pub values: Vec<(&'static str, String)>,
    pub entries: Vec<(String, Body)>,
    pub mode: u32,
    /// Last change; the entries of a zip say none.
    pub modified: Option<Date>,
    /// Outcome and reason, when it cannot be read whole.
    pub unread: Option<(&'static str, &'static str)>,
    /// The label that it carries.
    pub label: Option<&'static str>,
    /// It was deleted from the container that it is in.
    pub residue: bool,
}

impl Body {
    fn new(format: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        let modified = Some(jiff::civil::date(2026, 1, 2));
        Self { bytes: bytes.into(), format, mode: 0o640, modified, ..Self::default() }
    }

    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    pub fn modified(mut self, year: i16, month: i8, day: i8) -> Self {
        self.modified = Some(jiff::civil::date(year, month, day));
        self
    }

    /// Puts a line with a label before a text.
    pub fn labelled(mut self, label: &'static str) -> Self {
        self.bytes.splice(0..0, format!("Classification: {label}\n").into_bytes());
        self.label = Some(label);
        self
    }

    fn unread(mut self, outcome: &'static str, reason: &'static str) -> Self {
        self.unread = Some((outcome, reason));
        self
    }

    fn hold(&mut self, category: &'static str, info_type: &'static str, value: &str) {
        *self.holds.entry(category).or_default() += 1;
        let compact: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
        match info_type {
            "EMAIL_ADDRESS" => self.values.push((info_type, value.to_lowercase())),
            "PERSON_NAME" | "CVV_NUMBER" | "AUTH_TOKEN" => {}
            _ => self.values.push((info_type, compact.to_uppercase())),
        }
    }
}

/// The category of an identifier.
pub fn category_of(info_type: &str) -> Option<&'static str> {
    Some(match info_type {
        "EMAIL_ADDRESS" => "contact.email",
        "PHONE_NUMBER" => "contact.phone",
        "US_SSN" => "gov.national_id",
        "IBAN_CODE" => "fin.bank_account",
        "CREDIT_CARD" => "pay.pan",
        _ => return None,
    })
}

/// One cell of a date column.
#[derive(Clone, Copy, Debug)]
pub enum Cell {
    Day(Date),
    Empty,
    /// A word that is no date.
    Word,
    /// Numbers that are one date or another.
    Either,
}

/// `n` days from `first` on, one after the other, again from the start after `span`.
pub fn days(first: (i16, i8, i8), span: i64, n: usize) -> Vec<Cell> {
    let first = jiff::civil::date(first.0, first.1, first.2);
    let day = |i| first.checked_add(jiff::Span::new().days(i % span)).unwrap_or(first);
    (0..n as i64).map(|i| Cell::Day(day(i))).collect()
}

/// What a column is filled with.
#[derive(Clone, Debug)]
pub enum Fill {
    Number(&'static str),
    Town,
    Weight,
    First,
    Last,
    Email,
    Phone,
    /// Addresses of RFC 2606.
    TestEmail,
    /// Numbers kept for fiction.
    TestPhone,
    Ssn,
    Iban,
    Card,
    Cvv,
    Days(Vec<Cell>),
    Key(Vec<&'static str>),
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Csv,
    Jsonl,
    Parquet,
}

/// A table of `n` rows; `name` decides about its values, so that a copy can be made by giving it again.
pub fn table(name: &str, n: usize, columns: &[(&str, Fill)], form: Form) -> Result<Body> {
    let mut body = Body::new("", []);
    let mut rng = Rng::named(super::SEED, name);
    body.rows = n as u64;
    let people: Vec<Person> = (0..n).map(|_| Person::from(&mut rng, Country::De)).collect();
    let cells: Vec<Vec<Option<String>>> = columns
        .iter()
        .map(|(field, fill)| (0..n).map(|i| cell(&mut body, field, fill, i, &people[i], &mut rng)).collect())
        .collect();
    let row = |i: usize| cells.iter().map(move |column| column[i].as_deref());
    match form {
        Form::Csv => {
            body.format = "csv";
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            writeln!(body.bytes, "{}", names.join(","))?;
            for i in 0..n {
                let cells: Vec<&str> = row(i).map(Option::unwrap_or_default).collect();
                writeln!(body.bytes, "{}", cells.join(","))?;
            }
        }
        Form::Jsonl => {
            body.format = "jsonl";
            for i in 0..n {
                let object: serde_json::Map<String, serde_json::Value> =
                    columns.iter().zip(row(i)).map(|((name, _), v)| ((*name).to_owned(), v.into())).collect();
                writeln!(body.bytes, "{}", serde_json::Value::Object(object))?;
            }
        }
        Form::Parquet => {
            body.format = "parquet";
            let arrays = columns.iter().zip(&cells).map(|((name, fill), cells)| match fill {
                Fill::Days(days) => {
                    let epoch = jiff::civil::date(1970, 1, 1);
                    let day = |c: &Cell| match c {
                        Cell::Day(d) => d.since(epoch).ok().map(|s| s.get_days()),
                        _ => None,
                    };
                    let array: ArrayRef = Arc::new(days.iter().take(n).map(day).collect::<Date32Array>());
                    (Field::new(*name, DataType::Date32, true), array)
                }
                _ => {
                    let array: ArrayRef = Arc::new(cells.iter().cloned().collect::<StringArray>());
                    (Field::new(*name, DataType::Utf8, true), array)
                }
            });
            let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = arrays.unzip();
            let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
            let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None)?;
            writer.write(&batch)?;
            body.bytes = writer.into_inner()?;
        }
    }
    Ok(body)
}

/// Makes one cell and notes what it is.
fn cell(body: &mut Body, field: &str, fill: &Fill, i: usize, who: &Person, rng: &mut Rng) -> Option<String> {
    let (category, info_type, value) = match fill {
        Fill::Number(prefix) => return Some(format!("{prefix}{:04}", i + 1)),
        Fill::Town => return Some((*rng.pick(&["north", "south", "harbour", "yard"])).to_owned()),
        Fill::Weight => return Some(rng.between(2, 98).to_string()),
        Fill::First => ("person.name", "PERSON_NAME", who.first.to_owned()),
        Fill::Last => ("person.name", "PERSON_NAME", who.last.to_owned()),
        Fill::Email => ("contact.email", "EMAIL_ADDRESS", who.email.clone()),
        Fill::Phone => ("contact.phone", "PHONE_NUMBER", phone_in(rng, Country::De)),
        Fill::TestEmail => {
            *body.tests.entry("contact.email").or_default() += 1;
            return Some(format!("person{i}@example.com"));
        }
        Fill::TestPhone => {
            *body.tests.entry("contact.phone").or_default() += 1;
            return Some(format!("(212) 555-01{:02}", 10 + i % 90));
        }
        Fill::Ssn => ("gov.national_id", "US_SSN", ids::us_ssn(rng)),
        Fill::Iban => ("fin.bank_account", "IBAN_CODE", money::iban_de(rng)),
        Fill::Card => ("pay.pan", "CREDIT_CARD", money::visa(rng)),
        Fill::Cvv => ("pay.cvv", "CVV_NUMBER", rng.between(101, 998).to_string()),
        Fill::Days(cells) => return date_cell(body, field, cells[i]),
        Fill::Key(keys) => {
            let key = keys[i % keys.len()].to_owned();
            body.keys.entry(field.to_owned()).or_default().push(key.clone());
            return Some(key);
        }
    };
    body.hold(category, info_type, &value);
    Some(value)
}

fn date_cell(body: &mut Body, field: &str, cell: Cell) -> Option<String> {
    if body.dates.iter().all(|d| d.field != field) {
        body.dates.push(Dates { field: field.to_owned(), ..Dates::default() });
    }
    let dates = body.dates.iter_mut().find(|d| d.field == field)?;
    match cell {
        Cell::Day(day) => {
            *dates.days.entry(day.to_string()).or_default() += 1;
            return Some(day.to_string());
        }
        Cell::Empty => dates.empty += 1,
        Cell::Word => dates.unparsed += 1,
        Cell::Either => dates.ambiguous += 1,
    }
    match cell {
        Cell::Word => Some("soon".to_owned()),
        Cell::Either => Some("03/04/2025".to_owned()),
        _ => None,
    }
}

/// Prose without anything personal, and after it these lines.
pub fn prose(lines: usize, after: &[&str]) -> Body {
    let mut text = String::new();
    for i in 0..lines {
        text.push_str(
            ["The yard was swept.\n", "Gate two sticks in wet weather.\n", "Pallets were counted.\n"][i % 3],
        );
    }
    for line in after {
        text.push_str(line);
        text.push('\n');
    }
    Body::new("text", text)
}

/// A memorandum with an address to write to.
pub fn memo(name: &str) -> Body {
    let who = Person::from(&mut Rng::named(super::SEED, name), Country::De);
    let mut body = prose(3, &[&format!("Questions go to {} please.", who.email)]);
    body.hold("contact.email", "EMAIL_ADDRESS", &who.email);
    body
}

/// Settings with a token in them.
pub fn token(name: &str) -> Body {
    let token = secrets::github_token(&mut Rng::named(super::SEED, name));
    let mut body = Body::new("text", format!("RETRIES=3\nGITHUB_TOKEN={token}\n"));
    body.hold("auth.token", "AUTH_TOKEN", &token);
    body
}

/// A support ticket that quotes these card numbers.
pub fn ticket(cards: &[String]) -> Body {
    let mut body = prose(2, &[]);
    for card in cards {
        body.bytes.extend(format!("The customer paid with card {card} at the counter.\n").bytes());
        body.hold("pay.pan", "CREDIT_CARD", card);
    }
    body
}

/// A text with one social security number.
pub fn ssn_note(name: &str) -> Body {
    let ssn = ids::us_ssn(&mut Rng::named(super::SEED, name));
    let mut body = prose(1, &[&format!("SSN: {ssn}")]);
    body.hold("gov.national_id", "US_SSN", &ssn);
    body
}

/// A zip.
pub fn zip(entries: Vec<(&str, Body)>) -> Result<Body> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in &entries {
        out.start_file(*name, SimpleFileOptions::default())?;
        out.write_all(&body.bytes)?;
    }
    let mut body = Body::new("zip", out.finish()?.into_inner());
    body.entries =
        entries.into_iter().map(|(name, b)| (name.to_owned(), Body { modified: None, ..b })).collect();
    Ok(body)
}

/// A zip of one entry that says it is encrypted.
pub fn sealed_zip(name: &str, content: Body) -> Result<Body> {
    let hidden = Body { bytes: content.bytes.clone(), ..Body::new("", []) };
    let mut body = zip(vec![(name, hidden.unread("failed", "encrypted"))])?;
    // Bit 0 of the general purpose flags, in the local header and in the directory.
    body.bytes[6] |= 1;
    let directory = body.bytes.windows(4).position(|w| w == b"PK\x01\x02").ok_or("no directory")?;
    body.bytes[directory + 8] |= 1;
    Ok(body)
}

/// A tar of these files, and after its end what an earlier, longer one left.
pub fn tar(files: Vec<(&str, Body)>, left: Vec<(&str, Body)>) -> Result<Body> {
    let mut bytes = tar_of(&files)?;
    if !left.is_empty() {
        bytes.extend(tar_of(&left)?);
    }
    let mut body = Body::new("tar", bytes);
    let inside =
        |(name, b): (&str, Body), residue| (name.to_owned(), Body { residue, ..b.modified(1970, 1, 1) });
    body.entries = files.into_iter().map(|f| inside(f, false)).collect();
    body.entries.extend(left.into_iter().map(|f| inside(f, true)));
    Ok(body)
}

fn tar_of(files: &[(&str, Body)]) -> Result<Vec<u8>> {
    let mut out = tar::Builder::new(Vec::new());
    for (name, body) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.bytes.len() as u64);
        header.set_mode(0o640);
        out.append_data(&mut header, name, body.bytes.as_slice())?;
    }
    Ok(out.into_inner()?)
}

/// The first page of a database, and nothing in it.
pub fn database() -> Body {
    let mut bytes = b"SQLite format 3\0\x10\x00\x01\x01\x00\x40\x20\x20".to_vec();
    bytes.resize(4096, 0);
    Body::new("sqlite", bytes).unread("partial", "unsupported_format")
}

/// What a broken disk made of a Parquet file.
pub fn broken(n: u8) -> Body {
    let mut bytes = b"PAR1".to_vec();
    bytes.resize(40 + usize::from(n), 0);
    Body::new("parquet", bytes).unread("failed", "malformed")
}

/// A register of the company, which lies outside all systems.
pub fn register(path: &str, text: String) -> Body {
    let rows = text.lines().count() as u64;
    let csv = path.ends_with(".csv");
    let mut body = Body::new(if csv { "csv" } else { "jsonl" }, text);
    body.rows = rows - u64::from(csv);
    body
}
