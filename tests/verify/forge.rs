//! Forging a record as someone would who can write to it: tables, manifests and the log, hashes recomputed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use privascan::record::sign::SignKey;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::common::pack::Result;

pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Folders of the record's runs, in order.
pub fn runs(record: &Path) -> Result<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(record.join("runs"))?.map(|e| e.map(|e| e.path())).collect::<std::io::Result<_>>()?;
    all.sort();
    Ok(all)
}

/// Reads a table of a run whole.
pub fn read_table(run: &Path, table: &str) -> Result<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(run.join(table))?)?;
    let schema = reader.schema().clone();
    let batches = reader.build()?.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}

/// Writes a table and gives the manifest its new hash.
pub fn write_table(run: &Path, table: &str, batch: &RecordBatch) -> Result<()> {
    let mut writer = ArrowWriter::try_new(File::create(run.join(table))?, batch.schema(), None)?;
    writer.write(batch)?;
    writer.close()?;
    let content = fs::read(run.join(table))?;
    change_manifest(run, |manifest| {
        for file in manifest["files"].as_array_mut().into_iter().flatten() {
            if file["name"] == table {
                file["sha256"] = hash(&content).into();
                file["bytes"] = content.len().into();
                file["rows"] = batch.num_rows().into();
            }
        }
    })
}

/// The same table with other values in one column.
fn with_column(batch: &RecordBatch, name: &str, column: ArrayRef) -> Result<RecordBatch> {
    let at = batch.schema().index_of(name)?;
    let mut columns = batch.columns().to_vec();
    columns[at] = column;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// Changes the number in one row and column.
pub fn change_number(run: &Path, table: &str, row: usize, name: &str, to: impl Fn(i64) -> i64) -> Result<()> {
    let batch = read_table(run, table)?;
    let column = batch.column_by_name(name).ok_or("no such column")?.as_primitive::<Int64Type>();
    let values = column.iter().enumerate().map(|(at, v)| if at == row { v.map(&to) } else { v });
    let column: Int64Array = values.collect();
    write_table(run, table, &with_column(&batch, name, Arc::new(column))?)
}

/// Changes the text in one row and column.
pub fn change_text(run: &Path, table: &str, row: usize, name: &str, to: &str) -> Result<()> {
    let batch = read_table(run, table)?;
    let column = batch.column_by_name(name).ok_or("no such column")?.as_string::<i32>();
    let values = column.iter().enumerate().map(|(at, v)| if at == row { Some(to) } else { v });
    let column: StringArray = values.collect();
    write_table(run, table, &with_column(&batch, name, Arc::new(column))?)
}

/// Leaves a row out.
pub fn remove_row(run: &Path, table: &str, row: usize) -> Result<()> {
    let batch = read_table(run, table)?;
    let rest = batch.num_rows() - row - 1;
    let parts = [batch.slice(0, row), batch.slice(row + 1, rest)];
    write_table(run, table, &concat_batches(&batch.schema(), &parts)?)
}

pub fn manifest(run: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&fs::read(run.join("manifest.json"))?)?)
}

pub fn change_manifest(run: &Path, change: impl FnOnce(&mut Value)) -> Result<()> {
    let mut manifest = manifest(run)?;
    change(&mut manifest);
    fs::write(run.join("manifest.json"), serde_json::to_string_pretty(&manifest)?)?;
    Ok(())
}

/// The log's lines.
pub fn log(record: &Path) -> Result<Vec<String>> {
    Ok(fs::read_to_string(record.join("log.jsonl"))?.lines().map(str::to_owned).collect())
}

/// Writes the log anew: numbers, manifests and their hashes, chain, and signatures where there is a key.
pub fn reseal(record: &Path, lines: &[String], key: Option<&SignKey>) -> Result<()> {
    let mut previous = "0".repeat(64);
    let mut text = String::new();
    for (seq, line) in (1..).zip(lines) {
        let value: Value = serde_json::from_str(line)?;
        let body = line.split_once(",\"hash\":").ok_or("no hash")?.0;
        let before = body.rsplit_once(",\"previous\":").ok_or("no previous")?.0;
        let mut body = before.replacen(&format!("\"seq\":{}", value["seq"]), &format!("\"seq\":{seq}"), 1);
        let folder = record.join("runs").join(value["run"].as_str().ok_or("no run")?);
        if value["event"] == "start" && folder.join("manifest.json").exists() {
            change_manifest(&folder, |m| m["identity"]["previous_head"] = previous.as_str().into())?;
        }
        if let (Some(old), Ok(manifest)) =
            (value["manifest"].as_str(), fs::read(folder.join("manifest.json")))
        {
            body = body.replace(old, &hash(&manifest));
        }
        body.push_str(&format!(",\"previous\":\"{previous}\""));
        previous = hash(body.as_bytes());
        let end = value["event"] == "end";
        let sign = key.filter(|_| end).map(|key| format!(",\"signature\":\"{}\"", key.sign(&previous)));
        text.push_str(&format!("{body},\"hash\":\"{previous}\"{}}}\n", sign.unwrap_or_default()));
    }
    fs::write(record.join("log.jsonl"), text)?;
    Ok(())
}

/// Copies a folder with all in it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(&target)?,
            false => fs::copy(entry.path(), &target).map(|_| ())?,
        }
    }
    Ok(())
}
