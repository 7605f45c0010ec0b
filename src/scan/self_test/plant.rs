//! Files with planted values: one per format, one value per line or row.

use std::io::Write;

use sha2::{Digest, Sha256};

/// A value to plant, and what it has to be found as.
#[derive(Clone, Debug)]
pub(super) struct Canary {
    pub detector: String,
    pub info_type: String,
    /// The field it needs around it; only tables have one.
    pub field: Option<String>,
    pub text: String,
    /// It imitates the detector's values and is none.
    pub decoy: bool,
}

/// A file with values in it.
pub(super) struct Planted {
    pub bytes: Vec<u8>,
    /// For each canary its row, or its number among lines.
    pub places: Vec<u64>,
    /// For running text: the first line of each canary.
    lines: Vec<u64>,
}

impl Planted {
    /// The place that a line belongs to; lines count from 0.
    pub fn place_of_line(&self, line: u64) -> u64 {
        self.lines.partition_point(|first| *first <= line).saturating_sub(1) as u64
    }
}

/// A format that values can be planted in.
pub(super) struct Format {
    pub name: &'static str,
    pub file: &'static str,
    /// Whether values have fields.
    pub is_table: bool,
    pub plant: fn(&[&Canary]) -> Planted,
}

/// All of them.
pub(super) static FORMATS: &[Format] = &[
    Format { name: "text", file: "canaries.txt", is_table: false, plant: text },
    Format { name: "csv", file: "canaries.csv", is_table: true, plant: |c| delimited(c, b',') },
    Format { name: "tsv", file: "canaries.tsv", is_table: true, plant: |c| delimited(c, b'\t') },
    Format { name: "json", file: "canaries.json", is_table: true, plant: json },
    Format { name: "jsonl", file: "canaries.jsonl", is_table: true, plant: jsonl },
    #[cfg(feature = "tabular")]
    Format { name: "parquet", file: "canaries.parquet", is_table: true, plant: tables::parquet },
    #[cfg(feature = "tabular")]
    Format { name: "arrow", file: "canaries.arrow", is_table: true, plant: tables::arrow },
    Format { name: "gzip", file: "canaries.txt.gz", is_table: false, plant: |c| wrapped(c, gzip) },
    #[cfg(feature = "archives")]
    Format { name: "zstd", file: "canaries.txt.zst", is_table: false, plant: |c| wrapped(c, packed::zstd) },
    #[cfg(feature = "archives")]
    Format { name: "bzip2", file: "canaries.txt.bz2", is_table: false, plant: |c| wrapped(c, packed::bzip2) },
    #[cfg(feature = "archives")]
    Format { name: "xz", file: "canaries.txt.xz", is_table: false, plant: |c| wrapped(c, packed::xz) },
    #[cfg(feature = "archives")]
    Format { name: "lzip", file: "canaries.txt.lz", is_table: false, plant: |c| wrapped(c, packed::lzip) },
    #[cfg(feature = "archives")]
    Format { name: "zip", file: "canaries.zip", is_table: false, plant: |c| wrapped(c, packed::zip) },
    #[cfg(feature = "archives")]
    Format { name: "tar", file: "canaries.tar", is_table: false, plant: |c| wrapped(c, packed::tar) },
];

/// Puts values in an order that depends on the seed alone.
pub(super) fn shuffle(canaries: &mut [Canary], seed: u64) {
    canaries.sort_by_cached_key(|c| {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_le_bytes());
        hasher.update(c.detector.as_bytes());
        hasher.update(c.text.as_bytes());
        hasher.finalize().to_vec()
    });
}

fn text(canaries: &[&Canary]) -> Planted {
    let (mut bytes, mut lines, mut line) = (Vec::new(), Vec::new(), 0);
    for canary in canaries {
        lines.push(line);
        bytes.extend_from_slice(canary.text.as_bytes());
        // An empty line between two keeps the words around one from speaking for the next.
        bytes.extend_from_slice(b"\n\n");
        line += canary.text.matches('\n').count() as u64 + 2;
    }
    Planted { bytes, places: (0..canaries.len() as u64).collect(), lines }
}

fn wrapped(canaries: &[&Canary], wrap: fn(&[u8]) -> std::io::Result<Vec<u8>>) -> Planted {
    let planted = text(canaries);
    // A format that cannot be written plants nothing, and so misses all of it.
    Planted { bytes: wrap(&planted.bytes).unwrap_or_default(), ..planted }
}

fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(content)?;
    out.finish()
}

/// The columns of a table: notes, and one for each field that a value needs.
fn columns(canaries: &[&Canary]) -> Vec<String> {
    let mut columns = vec!["remark".to_owned()];
    let mut fields: Vec<String> = canaries.iter().filter_map(|c| c.field.clone()).collect();
    fields.sort();
    fields.dedup();
    columns.append(&mut fields);
    columns
}

fn column_of(columns: &[String], canary: &Canary) -> usize {
    let field = canary.field.as_ref();
    field.and_then(|f| columns.iter().position(|c| c == f)).unwrap_or(0)
}

fn rows(canaries: &[&Canary]) -> Vec<u64> {
    (0..canaries.len() as u64).collect()
}

fn delimited(canaries: &[&Canary], delimiter: u8) -> Planted {
    let columns = columns(canaries);
    let mut out = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let mut written = out.write_record(&columns);
    for canary in canaries {
        let mut row = vec![""; columns.len()];
        row[column_of(&columns, canary)] = &canary.text;
        written = written.and_then(|()| out.write_record(&row));
    }
    let bytes = written.ok().and_then(|()| out.into_inner().ok()).unwrap_or_default();
    Planted { bytes, places: rows(canaries), lines: Vec::new() }
}

fn object(canary: &Canary) -> serde_json::Value {
    let key = canary.field.clone().unwrap_or_else(|| "remark".to_owned());
    serde_json::Value::Object([(key, canary.text.clone().into())].into_iter().collect())
}

fn jsonl(canaries: &[&Canary]) -> Planted {
    let lines: String = canaries.iter().map(|c| format!("{}\n", object(c))).collect();
    Planted { bytes: lines.into_bytes(), places: rows(canaries), lines: Vec::new() }
}

fn json(canaries: &[&Canary]) -> Planted {
    let all: Vec<serde_json::Value> = canaries.iter().map(|c| object(c)).collect();
    let bytes = serde_json::to_vec_pretty(&all).unwrap_or_default();
    Planted { bytes, places: rows(canaries), lines: Vec::new() }
}

#[cfg(feature = "tabular")]
mod tables {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    use arrow::error::ArrowError;

    use super::{Canary, Planted, column_of, columns, rows};

    fn batch(canaries: &[&Canary]) -> Result<RecordBatch, ArrowError> {
        let columns = columns(canaries);
        let arrays = columns.iter().enumerate().map(|(i, name)| {
            let values = canaries.iter().map(|c| (column_of(&columns, c) == i).then_some(c.text.as_str()));
            (name.clone(), Arc::new(values.collect::<StringArray>()) as ArrayRef, true)
        });
        RecordBatch::try_from_iter_with_nullable(arrays)
    }

    fn planted(canaries: &[&Canary], bytes: Result<Vec<u8>, ArrowError>) -> Planted {
        Planted { bytes: bytes.unwrap_or_default(), places: rows(canaries), lines: Vec::new() }
    }

    pub fn arrow(canaries: &[&Canary]) -> Planted {
        let write = || {
            let batch = batch(canaries)?;
            let mut out = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema())?;
            out.write(&batch)?;
            out.into_inner()
        };
        planted(canaries, write())
    }

    pub fn parquet(canaries: &[&Canary]) -> Planted {
        let write = || {
            let batch = batch(canaries)?;
            let mut out = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None)
                .map_err(|e| ArrowError::ExternalError(Box::new(e)))?;
            out.write(&batch).map_err(|e| ArrowError::ExternalError(Box::new(e)))?;
            out.into_inner().map_err(|e| ArrowError::ExternalError(Box::new(e)))
        };
        planted(canaries, write())
    }
}

#[cfg(feature = "archives")]
mod packed {
    use std::io::{self, Cursor, Write};

    pub fn zstd(content: &[u8]) -> io::Result<Vec<u8>> {
        zstd::encode_all(content, 1)
    }

    pub fn bzip2(content: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
        out.write_all(content)?;
        out.finish()
    }

    pub fn xz(content: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0))?;
        out.write_all(content)?;
        out.finish()
    }

    pub fn lzip(content: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = lzma_rust2::LzipWriter::new(Vec::new(), lzma_rust2::LzipOptions::with_preset(0));
        out.write_all(content)?;
        out.finish()
    }

    pub fn zip(content: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        out.start_file("canaries.txt", zip::write::SimpleFileOptions::default()).map_err(io::Error::other)?;
        out.write_all(content)?;
        out.finish().map(Cursor::into_inner).map_err(io::Error::other)
    }

    pub fn tar(content: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        out.append_data(&mut header, "canaries.txt", content)?;
        out.into_inner()
    }
}
