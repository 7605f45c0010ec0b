//! What stands in more than one table, cell by cell.

use std::collections::HashMap;

use super::Finds;
use crate::model::{Finding, ItemRecord};
use crate::record::manifest::Manifest;
use crate::record::read::{Record, Run};
use crate::record::tables::{Row, each_row};
use crate::report::Summary;
use crate::report::schema::{Cell, RUN, RunRow};

/// Every table.
pub(super) const TABLES: [&str; 8] = [
    "items.parquet",
    "findings.parquet",
    "occurrences.parquet",
    "dates.parquet",
    "control_results.parquet",
    "deviations.parquet",
    "criteria.parquet",
    "runs.parquet",
];

/// Columns that repeat what another table says.
pub(super) fn check(
    record: &Record,
    run: &Run,
    manifest: &Manifest,
    items: &[ItemRecord],
    finds: &mut Finds<'_>,
) {
    let by_id: HashMap<String, &ItemRecord> = items.iter().map(|i| (i.item.id.to_string(), i)).collect();
    let by_finding: HashMap<&str, &Finding> =
        items.iter().flat_map(|i| &i.findings).map(|f| (f.finding_id.as_str(), f)).collect();
    let path = |row: Row<'_>| -> Result<bool, String> {
        Ok(by_id
            .get(row.text("item_id")?)
            .is_some_and(|i| Some(i.printed_path.as_str()) == row.maybe_text("path").unwrap_or(None)))
    };
    let mut table = |name: &str, same: &dyn Fn(Row<'_>) -> Result<bool, String>| {
        let Ok(bytes) = record.file(run, manifest, name) else { return };
        let mut number = 0u64;
        let read = each_row(bytes, &mut |row| {
            number += 1;
            if !same(row)? {
                finds.add(
                    name,
                    format!("row {number} says other things of its item or finding than their tables"),
                );
            }
            Ok(())
        });
        if let Err(what) = read {
            finds.add(name, what);
        }
    };
    table("findings.parquet", &path);
    table("dates.parquet", &path);
    table("occurrences.parquet", &|row| {
        let Some(finding) = by_finding.get(row.text("finding_id")?) else { return Ok(false) };
        let field_index = row.maybe_int("field_index")?;
        Ok(path(row)?
            && row.text("info_type")? == finding.info_type
            && row.text("category")? == finding.category
            && row.list("flags")? == finding.flags
            && row.maybe_text("field")? == finding.field.as_deref()
            && field_index == finding.field_index.map(u64::from))
    });
    sums(record, run, manifest, items, finds);
}

/// The run's own row.
fn sums(record: &Record, run: &Run, manifest: &Manifest, items: &[ItemRecord], finds: &mut Finds<'_>) {
    const NAME: &str = "runs.parquet";
    let Some(line) = manifest.run_record() else {
        finds.add("manifest.json", "holds words that this build does not know");
        return;
    };
    let Ok(bytes) = record.file(run, manifest, NAME) else { return };
    let mut summary = Summary::default();
    items.iter().for_each(|item| summary.add(item));
    let wanted = RunRow { run: &line, summary: &summary };
    let read = each_row(bytes, &mut |row| {
        for column in RUN.columns {
            let (name, cell) = (column.field.name, (column.value)(&wanted));
            let same = match &cell {
                // The schema of the run's version; the manifest has it too.
                _ if name == "schema_version" => {
                    row.int(name)? == manifest.tool.schema_version.unsigned_abs()
                }
                _ if !row.has(name) => true,
                Cell::Null => row.is_null(name),
                Cell::Text(text) => row.maybe_text(name)? == Some(&**text),
                Cell::Int(n) => row.maybe_signed(name)? == Some(*n),
                Cell::Float(n) => row.float(name)? == *n,
                Cell::Bool(b) => row.flag(name)? == *b,
                Cell::Time(at) => row.time(name)? == Some(*at),
                Cell::Date(day) => row.day(name)? == Some(*day),
                Cell::List(all) => row.list(name)?.iter().eq(all.iter()),
            };
            if !same {
                finds.add(NAME, format!("{name} is not what items and manifest give"));
            }
        }
        Ok(())
    });
    if let Err(what) = read {
        finds.add(NAME, what);
    }
}
