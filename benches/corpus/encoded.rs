//! The same customers in each format that has a reader.

use std::error::Error;
use std::io::{Cursor, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::values::Rng;
use super::{FIELDS, row};

/// A format's name, the file name of its item, and the item.
pub type Encoded = (&'static str, &'static str, Vec<u8>);

/// `rows` customers in every format.
pub fn all(rows: u64) -> Result<Vec<Encoded>, Box<dyn Error>> {
    let mut rng = Rng::named(1, "encoded");
    let table: Vec<[String; 10]> = (0..rows).map(|n| row(&mut rng, n).fields).collect();
    let csv = delimited(&table, ',');
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gzip.write_all(&csv)?;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    zip.start_file("customers.csv", options)?;
    zip.write_all(&csv)?;
    let batch = batch(&table)?;
    Ok(vec![
        ("text", "customers.txt", csv.clone()),
        ("tsv", "customers.tsv", delimited(&table, '\t')),
        ("jsonl", "customers.jsonl", jsonl(&table, "", "\n", "\n")),
        ("json", "customers.json", jsonl(&table, "[", ",\n", "]\n")),
        ("gzip", "customers.csv.gz", gzip.finish()?),
        ("zstd", "customers.csv.zst", zstd::encode_all(csv.as_slice(), 3)?),
        ("zip", "customers.zip", zip.finish()?.into_inner()),
        ("parquet", "customers.parquet", parquet(&batch)?),
        ("arrow", "customers.arrow", ipc(&batch)?),
        ("csv", "customers.csv", csv),
    ])
}

fn delimited(table: &[[String; 10]], delimiter: char) -> Vec<u8> {
    let line = |fields: &[String]| {
        let quoted: Vec<String> = fields
            .iter()
            .map(|f| if f.contains(delimiter) { format!("\"{f}\"") } else { f.clone() })
            .collect();
        quoted.join(&delimiter.to_string()) + "\n"
    };
    let mut out = line(&FIELDS.map(str::to_owned));
    out.extend(table.iter().map(|fields| line(fields)));
    out.into_bytes()
}

fn jsonl(table: &[[String; 10]], before: &str, between: &str, after: &str) -> Vec<u8> {
    let lines: Vec<String> = table
        .iter()
        .map(|fields| {
            let members: Vec<String> =
                FIELDS.iter().zip(fields).map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
            format!("{{{}}}", members.join(","))
        })
        .collect();
    format!("{before}{}{after}", lines.join(between)).into_bytes()
}

fn batch(table: &[[String; 10]]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let schema = Schema::new(FIELDS.map(|name| Field::new(name, DataType::Utf8, false)).to_vec());
    let columns = (0..FIELDS.len())
        .map(|i| Arc::new(StringArray::from_iter_values(table.iter().map(|fields| &fields[i]))) as ArrayRef)
        .collect();
    RecordBatch::try_new(Arc::new(schema), columns)
}

fn parquet(batch: &RecordBatch) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None)?;
    writer.write(batch)?;
    Ok(writer.into_inner()?)
}

fn ipc(batch: &RecordBatch) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner()?)
}
