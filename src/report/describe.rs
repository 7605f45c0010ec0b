//! The schema, said in words: what `privascan schema` prints.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::jsonl::write_line;
use super::schema::{
    CONTROL_RESULT, CRITERION, DATE, DEVIATION, FINDING, Field, ITEM, OCCURRENCE, RUN, Record,
    SCHEMA_VERSION, Table,
};
use super::text::wrap;
use crate::model::{Likelihood, Reason};

/// Outcome words and their meaning.
pub(super) const OUTCOMES: [(&str, &str); 4] = [
    ("scanned", "Wholly examined."),
    ("partial", "Examined in part; reason and gaps say what is missing."),
    ("skipped", "Not examined, by decision; the reason says whose."),
    ("failed", "Wanted, but could not be examined."),
];

/// Levels with the score each starts from, from the lowest to the highest.
pub(super) const LIKELIHOODS: [(Likelihood, f32); 5] = [
    (Likelihood::VeryUnlikely, 0.0),
    (Likelihood::Unlikely, 0.2),
    (Likelihood::Possible, 0.45),
    (Likelihood::Likely, 0.7),
    (Likelihood::VeryLikely, 0.9),
];

const WIDTH: usize = 80;

/// Describes every table, column, outcome, reason code and likelihood: as text for people, or as JSON lines.
pub fn describe(out: &mut dyn Write, as_jsonl: bool) -> io::Result<()> {
    if as_jsonl { as_lines(out) } else { as_text(out) }
}

/// A table without the type of its rows.
struct Described {
    name: &'static str,
    file: &'static str,
    about: &'static str,
    fields: Vec<Field>,
}

fn tables() -> [Described; 8] {
    fn one<R: Record>(table: &'static Table<R>) -> Described {
        Described { name: table.name, file: table.file, about: table.about, fields: table.fields().collect() }
    }
    [
        one(&RUN),
        one(&ITEM),
        one(&FINDING),
        one(&OCCURRENCE),
        one(&DATE),
        one(&CONTROL_RESULT),
        one(&DEVIATION),
        one(&CRITERION),
    ]
}

fn as_text(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "privascan output schema, version {SCHEMA_VERSION}")?;
    writeln!(out)?;
    paragraph(
        out,
        0,
        "JSON lines carry the table's name in \"record\". A directory of CSV, Parquet or Arrow files has one file per \
         table. Types: text; int (64-bit, signed); float (64-bit); bool; time (UTC, microseconds); date (calendar day, 2021-03-01 in JSON and CSV); list (of text: a \
         JSON array, a list column in Parquet and Arrow, joined by ; in CSV). Columns marked ? may be empty (null).",
    )?;
    for table in tables() {
        writeln!(out)?;
        writeln!(out, "{} (file {}.*)", table.name, table.file)?;
        paragraph(out, 2, table.about)?;
        for field in table.fields {
            let kind = format!("{}{}", field.kind.word(), if field.nullable { "?" } else { "" });
            entry(out, 32, &format!("{:<23} {kind}", field.name), field.about)?;
        }
    }
    writeln!(out, "\nOutcomes")?;
    OUTCOMES.iter().try_for_each(|(word, about)| entry(out, 22, word, about))?;
    writeln!(out, "\nReason codes")?;
    Reason::ALL.iter().try_for_each(|reason| entry(out, 22, reason.code(), reason.about()))?;
    writeln!(out, "\nLikelihood, by score")?;
    for (i, (level, from)) in LIKELIHOODS.iter().enumerate() {
        let until = match LIKELIHOODS.get(i + 1) {
            Some((_, next)) => format!("from {from:.2} to below {next:.2}"),
            None => format!("from {from:.2} to 1.00"),
        };
        entry(out, 22, level.word(), &until)?;
    }
    Ok(())
}

fn paragraph(out: &mut dyn Write, indent: usize, text: &str) -> io::Result<()> {
    wrap(text, WIDTH - indent).iter().try_for_each(|line| writeln!(out, "{:indent$}{line}", ""))
}

fn entry(out: &mut dyn Write, indent: usize, term: &str, text: &str) -> io::Result<()> {
    for (i, line) in wrap(text, WIDTH - indent - 2).iter().enumerate() {
        let term = if i == 0 { term } else { "" };
        writeln!(out, "  {term:<indent$}{line}")?;
    }
    Ok(())
}

fn as_lines(out: &mut dyn Write) -> io::Result<()> {
    line(out, "schema", &[("version", json!(SCHEMA_VERSION))])?;
    for table in tables() {
        let name = ("table", json!(table.name));
        line(out, "table", &[name.clone(), ("file", json!(table.file)), ("about", json!(table.about))])?;
        for field in table.fields {
            let column = [
                name.clone(),
                ("column", json!(field.name)),
                ("type", json!(field.kind.word())),
                ("nullable", json!(field.nullable)),
                ("about", json!(field.about)),
            ];
            line(out, "column", &column)?;
        }
    }
    for (word, about) in OUTCOMES {
        line(out, "outcome", &[("outcome", json!(word)), ("about", json!(about))])?;
    }
    for reason in Reason::ALL {
        line(out, "reason", &[("reason", json!(reason.code())), ("about", json!(reason.about()))])?;
    }
    for (i, (level, from)) in LIKELIHOODS.iter().enumerate() {
        // Through text, so that 0.45 stays 0.45.
        let exact = |x: f32| format!("{x}").parse::<f64>().unwrap_or_default();
        let below = LIKELIHOODS.get(i + 1).map(|(_, next)| exact(*next));
        let bounds = [("from", json!(exact(*from))), ("below", json!(below))];
        line(out, "likelihood", &[&[("likelihood", json!(level.word()))], &bounds[..]].concat())?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, record: &str, entries: &[(&str, Value)]) -> io::Result<()> {
    write_line(out, &Ordered { record, entries })
}

/// An object whose keys keep their order, `record` first.
struct Ordered<'a> {
    record: &'a str,
    entries: &'a [(&'a str, Value)],
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len() + 1))?;
        map.serialize_entry("record", self.record)?;
        for (key, value) in self.entries {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
