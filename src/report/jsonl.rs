//! JSON lines, written as items come.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::ser::Formatter;

use super::schema::{
    CONTROL_RESULT, CRITERION, Cell, DATE, DEVIATION, DeviationRow, FINDING, FindingRow, ITEM, OCCURRENCE,
    OccurrenceRow, RUN, Record, RunRow, Table, date_rows,
};
use super::sink::{Destination, Sink};
use super::text::deceptive;
use super::{Options, ReportWriter, Summary};
use crate::govern::Assessment;
use crate::govern::outcome::CriterionResult;
use crate::model::{ItemRecord, RunRecord};

pub(super) fn open(destination: &Destination, _: Options) -> io::Result<Box<dyn ReportWriter>> {
    Ok(Box::new(Jsonl { sink: Sink::open(destination)?, line: Vec::new() }))
}

struct Jsonl {
    sink: Sink,
    line: Vec<u8>,
}

impl Jsonl {
    fn row<'a, R: Record>(&mut self, table: &Table<R>, row: &'a R::Row<'a>) -> io::Result<()> {
        self.line.clear();
        write_line(&mut self.line, &Object { table, row })?;
        self.sink.write_all(&self.line)
    }
}

impl ReportWriter for Jsonl {
    fn item(&mut self, record: &ItemRecord) -> io::Result<()> {
        self.row(&ITEM, &record)?;
        for finding in &record.findings {
            self.row(&FINDING, &FindingRow { record, finding })?;
            for occurrence in &finding.occurrences {
                self.row(&OCCURRENCE, &OccurrenceRow { record, finding, occurrence })?;
            }
        }
        for row in date_rows(record) {
            self.row(&DATE, &row)?;
        }
        if self.sink.live() { self.sink.flush() } else { Ok(()) }
    }

    fn assessment(&mut self, assessment: &Assessment, criteria: &[CriterionResult]) -> io::Result<()> {
        for result in &assessment.results {
            self.row(&CONTROL_RESULT, &result)?;
            for deviation in &result.deviating {
                self.row(&DEVIATION, &DeviationRow { result, deviation })?;
            }
        }
        criteria.iter().try_for_each(|criterion| self.row(&CRITERION, &criterion))
    }

    fn finish(mut self: Box<Self>, run: &RunRecord, summary: &Summary) -> io::Result<()> {
        self.row(&RUN, &RunRow { run, summary })?;
        self.sink.finish()
    }

    fn outputs(&self) -> Vec<PathBuf> {
        self.sink.paths()
    }
}

/// Writes one value as one line of JSON.
pub(super) fn write_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Visible))?;
    out.write_all(b"\n")
}

struct Object<'t, 'r, R: Record> {
    table: &'t Table<R>,
    row: &'r R::Row<'r>,
}

impl<R: Record> Serialize for Object<'_, '_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.table.columns.len() + 1))?;
        map.serialize_entry("record", self.table.name)?;
        for column in self.table.columns {
            map.serialize_entry(column.field.name, &(column.value)(self.row))?;
        }
        map.end()
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Null => serializer.serialize_unit(),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Int(n) => serializer.serialize_i64(*n),
            Cell::Float(x) => serializer.serialize_f64(*x),
            Cell::Bool(b) => serializer.serialize_bool(*b),
            Cell::Time(t) => serializer.collect_str(t),
            Cell::Date(day) => serializer.collect_str(day),
            Cell::List(texts) => serializer.collect_seq(texts),
        }
    }
}

/// JSON that is the same to a parser, and shows on a terminal what would otherwise act there or hide: DEL, C1 controls,
/// bidirectional overrides.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| deceptive(*c)) {
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }
}
