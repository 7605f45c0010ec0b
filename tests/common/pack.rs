//! Containers and tables with given content, for tests that look into them again.

use std::collections::HashMap;
use std::io::{Cursor, Write};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, StructArray,
};
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema, TimestampMicrosecondType};
use arrow::util::display::array_value_to_string;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What packing may fail with.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A gzip member.
pub fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(content)?;
    Ok(out.finish()?)
}

/// A Zstandard frame.
pub fn zstd(content: &[u8]) -> Result<Vec<u8>> {
    Ok(zstd::encode_all(content, 1)?)
}

/// An xz stream.
pub fn xz(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0))?;
    out.write_all(content)?;
    Ok(out.finish()?)
}

/// A bzip2 stream.
pub fn bzip2(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
    out.write_all(content)?;
    Ok(out.finish()?)
}

/// A tar of regular files.
pub fn tar(files: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let mut out = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        header.set_entry_type(tar::EntryType::Regular);
        out.append_data(&mut header, name, *content)?;
    }
    Ok(out.into_inner()?)
}

/// A zip; entries at odd places are stored, the others deflated.
pub fn zip(files: &[(&str, &[u8])], comment: &str) -> Result<Vec<u8>> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    out.set_comment(comment)?;
    for (i, (name, content)) in files.iter().enumerate() {
        let method = if i % 2 == 1 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        out.start_file(*name, SimpleFileOptions::default().compression_method(method))?;
        out.write_all(content)?;
    }
    Ok(out.finish()?.into_inner())
}

/// A zip whose directory no longer lists the entries at these places: as when they were deleted from it.
pub fn unlist(zip: &[u8], gone: &[usize]) -> Result<Vec<u8>> {
    let find = |what: &[u8], from: usize| {
        zip[from..].windows(what.len()).position(|w| w == what).map(|at| from + at).ok_or("no such part")
    };
    let start = find(b"PK\x01\x02", 0)?;
    let end = find(b"PK\x05\x06", start)?;
    let mut headers = Vec::new();
    let mut at = start;
    while at < end {
        let length = |place: usize| usize::from(u16::from_le_bytes([zip[at + place], zip[at + place + 1]]));
        let next = at + 46 + length(28) + length(30) + length(32);
        headers.push(&zip[at..next]);
        at = next;
    }
    let kept: Vec<&[u8]> =
        headers.iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, h)| *h).collect();
    let count = u16::try_from(kept.len())?.to_le_bytes();
    let size = u32::try_from(kept.concat().len())?.to_le_bytes();
    let mut tail = zip[end..].to_vec();
    tail[8..10].copy_from_slice(&count);
    tail[10..12].copy_from_slice(&count);
    tail[12..16].copy_from_slice(&size);
    Ok([&zip[..start], &kept.concat(), &tail].concat())
}

/// A zip written to something that cannot be written again, so that lengths stand behind the entries.
pub fn streamed_zip(files: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let mut out = ZipWriter::new_stream(Vec::new());
    for (name, content) in files {
        out.start_file(*name, SimpleFileOptions::default())?;
        out.write_all(content)?;
    }
    Ok(out.finish()?.into_inner())
}

/// A zip whose only entry is encrypted.
pub fn encrypted_zip(name: &str, content: &[u8]) -> Result<Vec<u8>> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    out.start_file(name, SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, "larkspur"))?;
    out.write_all(content)?;
    Ok(out.finish()?.into_inner())
}

/// UTF-16 with a byte order mark; little endian or big.
pub fn utf16(text: &str, little: bool) -> Vec<u8> {
    let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
}

/// Latin-1; `None` for a text that it cannot hold.
pub fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// One cell of CSV, quoted.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A column for [`batch`]: its name and what stands in its rows.
pub enum Column {
    /// Text.
    Text(String, Vec<Option<String>>),
    /// Text in a dictionary.
    Dictionary(String, Vec<String>),
    /// A list of texts in each row.
    List(String, Vec<Vec<String>>),
    /// A structure of one text.
    Nested(String, String, Vec<String>),
}

/// A record batch of these columns and a running number.
pub fn batch(columns: &[Column]) -> Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for column in columns {
        let (name, array): (&str, ArrayRef) = match column {
            Column::Text(name, values) => (name, Arc::new(StringArray::from(values.clone()))),
            Column::Dictionary(name, values) => {
                let array: DictionaryArray<Int32Type> = values.iter().map(String::as_str).collect();
                (name, Arc::new(array))
            }
            Column::List(name, rows) => {
                let mut list = ListBuilder::new(StringBuilder::new());
                for row in rows {
                    row.iter().for_each(|value| list.values().append_value(value));
                    list.append(true);
                }
                (name, Arc::new(list.finish()))
            }
            Column::Nested(name, inner, values) => {
                let fields = Fields::from(vec![Field::new(inner, DataType::Utf8, true)]);
                let inner: ArrayRef = Arc::new(StringArray::from(values.clone()));
                (name, Arc::new(StructArray::try_new(fields, vec![inner], None)?))
            }
        };
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let rows = arrays.first().map_or(0, |a| a.len()) as i64;
    fields.push(Field::new("line", DataType::Int64, false));
    arrays.push(Arc::new((0..rows).collect::<Int64Array>()));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// A Parquet file; `notes` become key-value metadata.
pub fn parquet(batch: &RecordBatch, compression: Compression, notes: &[(&str, &str)]) -> Result<Vec<u8>> {
    let notes = notes.iter().map(|(k, v)| KeyValue::new((*k).to_owned(), (*v).to_owned())).collect();
    let properties =
        WriterProperties::builder().set_compression(compression).set_key_value_metadata(Some(notes)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
    writer.write(batch)?;
    Ok(writer.into_inner()?)
}

/// An Arrow file.
pub fn arrow_file(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner()?)
}

/// An Arrow stream.
pub fn arrow_stream(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner()?)
}

/// One row of a table as texts, by column.
pub type Row = HashMap<String, String>;

/// Every row of a Parquet file, all columns as text; nulls are empty.
pub fn parquet_rows(content: Vec<u8>) -> Result<Vec<Row>> {
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(content))?
            .build()?;
    rows(reader)
}

/// Every row of an Arrow file, all columns as text; nulls are empty.
pub fn arrow_rows(content: Vec<u8>) -> Result<Vec<Row>> {
    rows(arrow::ipc::reader::FileReader::try_new(Cursor::new(content), None)?)
}

/// Every row of a CSV with a header.
pub fn csv_rows(content: &[u8]) -> Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(content);
    Ok(reader.deserialize().collect::<std::result::Result<_, _>>()?)
}

fn rows(
    batches: impl Iterator<Item = std::result::Result<RecordBatch, arrow::error::ArrowError>>,
) -> Result<Vec<Row>> {
    let mut all = Vec::new();
    for batch in batches {
        let batch = batch?;
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let mut cells = Row::new();
            for (field, column) in schema.fields().iter().zip(batch.columns()) {
                let cell = match column.as_primitive_opt::<TimestampMicrosecondType>() {
                    // Names of time zones are more than this build of arrow knows.
                    Some(times) if times.is_valid(row) => format!("{} µs", times.value(row)),
                    Some(_) => String::new(),
                    None => array_value_to_string(column, row)?,
                };
                cells.insert(field.name().clone(), cell);
            }
            all.push(cells);
        }
    }
    Ok(all)
}
