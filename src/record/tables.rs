//! Kept tables back to items. Columns are found by name, so that records of earlier versions stay readable.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use bytes::Bytes;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::manifest::outcome;
use crate::model::{
    DateField, DateSource, Evidence, Finding, Gap, Item, ItemId, ItemMeta, ItemPath, ItemRecord, Likelihood,
    Occurrence, Place, Reason, Relation, Signals,
};

/// Why a table is refused, without the table's name.
type Result<T> = std::result::Result<T, String>;

/// Rows that are decoded at a time.
const BATCH: usize = 4096;

/// Hands each row of a Parquet file to `take`.
pub(super) fn each_row(bytes: Vec<u8>, take: &mut dyn FnMut(Row<'_>) -> Result<()>) -> Result<()> {
    let mut number = 0;
    let read = || {
        let broken = |_| "is no Parquet file that can be read".to_owned();
        let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).map_err(broken)?;
        let batches = builder.with_batch_size(BATCH).build().map_err(broken)?;
        for batch in batches {
            let batch = batch.map_err(|_| "cannot be decoded".to_owned())?;
            for row in 0..batch.num_rows() {
                number += 1;
                take(Row { batch: &batch, row }).map_err(|what| format!("row {number}: {what}"))?;
            }
        }
        Ok(())
    };
    // Damage that the decoder does not expect makes it panic.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("cannot be decoded".to_owned()))
}

/// Rows that a Parquet file has, as its footer says; [`each_row`] hands out as many or fails.
pub(super) fn count_rows(bytes: Vec<u8>) -> Result<u64> {
    let broken = || "is no Parquet file that can be read".to_owned();
    let read = || ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).map_err(|_| broken());
    let builder = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(broken()))?;
    u64::try_from(builder.metadata().file_metadata().num_rows()).map_err(|_| broken())
}

/// One row of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl<'a> Row<'a> {
    /// The column, if it is there, of the type asked for and has a value.
    fn column(self, name: &str, is: fn(&DataType) -> bool) -> Result<Option<&'a dyn Array>> {
        let Some(column) = self.batch.column_by_name(name) else { return Ok(None) };
        match is(column.data_type()) {
            true => Ok((!column.is_null(self.row)).then_some(column.as_ref())),
            false => Err(format!("{name} has another type")),
        }
    }

    /// Whether there is a column of this name.
    pub fn has(self, name: &str) -> bool {
        self.batch.column_by_name(name).is_some()
    }

    /// Whether there is no value.
    pub fn is_null(self, name: &str) -> bool {
        self.batch.column_by_name(name).is_none_or(|c| c.is_null(self.row))
    }

    pub fn maybe_text(self, name: &str) -> Result<Option<&'a str>> {
        let column = self.column(name, |t| *t == DataType::Utf8)?;
        Ok(column.map(|c| c.as_string::<i32>().value(self.row)))
    }

    pub fn text(self, name: &str) -> Result<&'a str> {
        self.maybe_text(name)?.ok_or_else(|| format!("no {name}"))
    }

    pub fn maybe_string(self, name: &str) -> Result<Option<String>> {
        Ok(self.maybe_text(name)?.map(str::to_owned))
    }

    pub fn maybe_signed(self, name: &str) -> Result<Option<i64>> {
        let column = self.column(name, |t| *t == DataType::Int64)?;
        Ok(column.map(|c| c.as_primitive::<Int64Type>().value(self.row)))
    }

    pub fn maybe_int(self, name: &str) -> Result<Option<u64>> {
        let value = self.maybe_signed(name)?;
        value.map(|v| u64::try_from(v).map_err(|_| format!("{name} is below 0"))).transpose()
    }

    pub fn int(self, name: &str) -> Result<u64> {
        self.maybe_int(name)?.ok_or_else(|| format!("no {name}"))
    }

    fn index(self, name: &str) -> Result<Option<u32>> {
        let value = self.maybe_int(name)?;
        value.map(|v| u32::try_from(v).map_err(|_| format!("{name} is too large"))).transpose()
    }

    pub fn float(self, name: &str) -> Result<f64> {
        let column = self.column(name, |t| *t == DataType::Float64)?;
        column.map(|c| c.as_primitive::<Float64Type>().value(self.row)).ok_or_else(|| format!("no {name}"))
    }

    pub fn flag(self, name: &str) -> Result<bool> {
        let column = self.column(name, |t| *t == DataType::Boolean)?;
        Ok(column.is_some_and(|c| c.as_boolean().value(self.row)))
    }

    pub fn time(self, name: &str) -> Result<Option<Timestamp>> {
        let is = |t: &DataType| matches!(t, DataType::Timestamp(TimeUnit::Microsecond, _));
        let Some(column) = self.column(name, is)? else { return Ok(None) };
        let micros = column.as_primitive::<TimestampMicrosecondType>().value(self.row);
        Timestamp::from_microsecond(micros).map(Some).map_err(|_| format!("{name} is no instant"))
    }

    pub fn day(self, name: &str) -> Result<Option<Date>> {
        let Some(column) = self.column(name, |t| *t == DataType::Date32)? else { return Ok(None) };
        let days = column.as_primitive::<Date32Type>().value(self.row);
        let day = 0.days().try_days(days).and_then(|span| date(1970, 1, 1).checked_add(span));
        day.map(Some).map_err(|_| format!("{name} is no day"))
    }

    pub fn list(self, name: &str) -> Result<Vec<String>> {
        let is = |t: &DataType| matches!(t, DataType::List(item) if *item.data_type() == DataType::Utf8);
        let Some(column) = self.column(name, is)? else { return Ok(Vec::new()) };
        let values = column.as_list::<i32>().value(self.row);
        Ok(values.as_string::<i32>().iter().flatten().map(str::to_owned).collect())
    }

    /// A list of `text:number`.
    pub fn counts(self, name: &str) -> Result<Vec<(String, u64)>> {
        let split = |text: String| {
            let (word, n) = text.rsplit_once(':')?;
            Some((word.to_owned(), n.parse().ok()?))
        };
        let list = self.list(name)?;
        list.into_iter().map(|t| split(t).ok_or_else(|| format!("{name} has no count"))).collect()
    }

    fn likelihood(self) -> Result<Likelihood> {
        Likelihood::parse(self.text("likelihood")?).ok_or_else(|| "no such likelihood".to_owned())
    }

    fn item_id(self) -> Result<ItemId> {
        let text = self.text("item_id")?;
        let mut id = [0; 16];
        let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        for (at, byte) in id.iter_mut().enumerate().filter(|_| digits) {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| "no item_id")?;
        }
        digits.then_some(ItemId(id)).ok_or_else(|| "item_id is not 32 hex digits".to_owned())
    }
}

/// Items as they were kept: paths are those that may be printed.
pub(super) struct Items {
    pub records: Vec<ItemRecord>,
    by_id: HashMap<ItemId, usize>,
}

impl Items {
    /// From `items.parquet`.
    pub fn read(bytes: Vec<u8>) -> Result<Self> {
        let mut items = Self { records: Vec::new(), by_id: HashMap::new() };
        each_row(bytes, &mut |row| {
            let record = item(row)?;
            items.by_id.insert(record.item.id, items.records.len());
            items.records.push(record);
            Ok(())
        })?;
        Ok(items)
    }

    fn of(&mut self, row: Row<'_>) -> Result<&mut ItemRecord> {
        let at = self.by_id.get(&row.item_id()?).copied();
        at.and_then(|at| self.records.get_mut(at)).ok_or_else(|| "is of no item of the run".to_owned())
    }

    /// Adds `findings.parquet`.
    pub fn findings(&mut self, bytes: Vec<u8>) -> Result<()> {
        each_row(bytes, &mut |row| {
            let finding = finding(row)?;
            self.of(row)?.findings.push(finding);
            Ok(())
        })
    }

    /// Adds `occurrences.parquet`.
    pub fn occurrences(&mut self, bytes: Vec<u8>) -> Result<()> {
        each_row(bytes, &mut |row| {
            let id = row.text("finding_id")?;
            let findings = &mut self.of(row)?.findings;
            let finding = findings.iter_mut().find(|f| f.finding_id == id);
            finding.ok_or("is of no finding of the run")?.occurrences.push(occurrence(row)?);
            Ok(())
        })
    }

    /// Adds `dates.parquet`.
    pub fn dates(&mut self, bytes: Vec<u8>) -> Result<()> {
        each_row(bytes, &mut |row| {
            let source = DateSource::parse(row.text("source")?).ok_or("no such source")?;
            let fields = &mut self.of(row)?.evidence.dates;
            // The row without day begins a field.
            let Some(day) = row.day("day")? else {
                fields.push(DateField {
                    field: row.maybe_string("field")?.unwrap_or_default(),
                    field_index: row.index("field_index")?,
                    source,
                    days: Default::default(),
                    empty: row.int("empty")?,
                    unparsed: row.int("unparsed")?,
                    ambiguous: row.int("ambiguous")?,
                });
                return Ok(());
            };
            let field = fields.last_mut().filter(|f| f.source == source);
            let days = &mut field.ok_or("a day of no field")?.days;
            *days.entry(day).or_default() += row.int("count")?;
            Ok(())
        })
    }
}

fn item(row: Row<'_>) -> Result<ItemRecord> {
    let printed_path = row.text("path")?.to_owned();
    let depth = usize::try_from(row.int("depth")?).map_err(|_| "depth is too large")?;
    let mode = row.maybe_text("mode")?.map(|m| u32::from_str_radix(m, 8).map_err(|_| "mode is not octal"));
    let evidence = Evidence {
        content_hash: row.maybe_string("content_hash")?,
        residue: row.maybe_string("residue")?,
        label: row.maybe_string("label")?,
        dates: Vec::new(),
        watched: row.counts("watched")?,
        first_seen: row.day("first_seen")?,
        unread_since: row.day("unread_since")?,
        reused: row.flag("reused")?,
        located: Vec::new(),
    };
    Ok(ItemRecord {
        item: Item {
            id: row.item_id()?,
            path: path(&printed_path, depth),
            meta: ItemMeta {
                bytes: row.maybe_int("bytes")?,
                modified: row.time("modified_at")?,
                created: row.time("created_at")?,
                accessed: row.time("accessed_at")?,
                owner: row.maybe_text("owner")?.map(Into::into),
                group: row.maybe_text("group")?.map(Into::into),
                mode: mode.transpose()?,
            },
        },
        printed_path,
        format: row.maybe_string("format")?,
        outcome: outcome(row.text("outcome")?, row.maybe_text("reason")?).ok_or("no such outcome")?,
        gaps: row.list("gaps")?.iter().map(|g| gap(g)).collect::<Result<_>>()?,
        values_examined: row.int("values_examined")?,
        bytes_examined: row.int("bytes_examined")?,
        rows: row.maybe_int("rows")?,
        findings: Vec::new(),
        co_occurrence: row.counts("co_occurrence")?,
        evidence,
    })
}

/// What is printed of a path, with as many containers around it as it had; a name may itself hold `!/`.
fn path(printed: &str, depth: usize) -> ItemPath {
    let mut names: Vec<&str> = printed.rsplitn(depth.saturating_add(1), "!/").collect();
    let outermost = ItemPath::new(names.pop().unwrap_or_default());
    names.iter().rev().fold(outermost, |path, name| path.entry(name.as_bytes()))
}

fn gap(text: &str) -> Result<Gap> {
    let (code, detail) = text.split_once(": ").unwrap_or((text, ""));
    let reason = Reason::ALL.iter().find(|r| r.code() == code).ok_or("no such reason")?;
    Ok(Gap::new(*reason, detail))
}

fn finding(row: Row<'_>) -> Result<Finding> {
    Ok(Finding {
        finding_id: row.text("finding_id")?.to_owned(),
        field: row.maybe_string("field")?,
        field_index: row.index("field_index")?,
        info_type: row.text("info_type")?.to_owned(),
        detector: row.text("detector")?.to_owned(),
        category: row.text("category")?.to_owned(),
        tier: row.text("tier")?.to_owned(),
        flags: row.list("flags")?,
        relation: match row.text("relation")? {
            "is" => Relation::Is,
            "contains" => Relation::Contains,
            _ => return Err("no such relation".to_owned()),
        },
        likelihood: row.likelihood()?,
        score: row.float("score")? as f32,
        count: row.int("count")?,
        values_examined: row.maybe_int("values_examined")?,
        distinct_estimate: row.int("distinct_estimate")?,
        occurrences: Vec::new(),
    })
}

fn occurrence(row: Row<'_>) -> Result<Occurrence> {
    let places = [Place::Content, Place::ItemName, Place::FieldName, Place::Comment];
    let word = row.text("place")?;
    let mut signals = Signals::default();
    for word in row.list("signals")? {
        signals.add(Signals::parse(&word).ok_or("no such signal")?);
    }
    Ok(Occurrence {
        place: places.into_iter().find(|p| p.word() == word).ok_or("no such place")?,
        offset: row.maybe_int("offset")?,
        length: row.maybe_int("length")?,
        line: row.maybe_int("line")?,
        column: row.maybe_int("column")?,
        row: row.maybe_int("row")?,
        mask: row.text("mask")?.to_owned(),
        fingerprint: row.text("fingerprint")?.to_owned(),
        likelihood: row.likelihood()?,
        signals,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_containers_it_had() {
        let check = |printed: &str, depth: usize, name: &str| {
            let path = path(printed, depth);
            assert_eq!(
                (path.depth(), path.name(), path.joined()),
                (depth, name.as_bytes(), printed.as_bytes())
            );
        };
        check("a/b.csv", 0, "a/b.csv");
        check("odd!/folder/b.csv", 0, "odd!/folder/b.csv");
        check("a.zip!/b.tar!/c", 2, "c");
        check("odd!/a.zip!/b", 1, "b");
    }

    #[test]
    fn what_is_no_parquet_is_refused() {
        for bytes in [vec![], b"PAR1".to_vec(), b"PAR1\xff\xff\xff\x7fPAR1".to_vec(), vec![0; 4096]] {
            assert!(Items::read(bytes).is_err());
        }
    }
}
