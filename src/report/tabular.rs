//! Parquet and Arrow IPC: the same record batches in two containers.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, ListBuilder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::schema::{Cell, Field, Kind, SCHEMA_VERSION};
use super::sink::{Destination, Sink};
use super::tables::{self, Encoder};
use super::{Options, ReportWriter};

/// Rows of a batch, unless their text fills it earlier.
const BATCH_ROWS: usize = 8 * 1024;
/// Text of a batch.
const BATCH_BYTES: usize = 4 << 20;
/// A row group is closed at this many bytes in memory.
const ROW_GROUP_BYTES: usize = 32 << 20;
/// And at this many rows.
const ROW_GROUP_ROWS: usize = 1 << 20;

pub(super) fn open_parquet(destination: &Destination, _: Options) -> io::Result<Box<dyn ReportWriter>> {
    tables::open(destination, "parquet", |name, fields, sink| {
        let batch = Batch::new(name, &fields);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(format!("privascan {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer =
            ArrowWriter::try_new(sink, batch.schema.clone(), Some(properties)).map_err(parquet_error)?;
        Ok(Box::new(Parquet { batch, writer }))
    })
}

pub(super) fn open_arrow(destination: &Destination, _: Options) -> io::Result<Box<dyn ReportWriter>> {
    tables::open(destination, "arrow", |name, fields, sink| {
        let batch = Batch::new(name, &fields);
        let writer = FileWriter::try_new(sink, &batch.schema).map_err(arrow_error)?;
        Ok(Box::new(Arrow { batch, writer }))
    })
}

struct Parquet {
    batch: Batch,
    writer: ArrowWriter<Sink>,
}

impl Encoder for Parquet {
    fn row(&mut self, cells: &mut dyn Iterator<Item = Cell<'_>>) -> io::Result<()> {
        self.batch.push(cells);
        if self.batch.full() {
            self.writer.write(&self.batch.take()?).map_err(parquet_error)?;
            if self.writer.in_progress_size() > ROW_GROUP_BYTES {
                self.writer.flush().map_err(parquet_error)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Sink> {
        if self.batch.rows > 0 {
            self.writer.write(&self.batch.take()?).map_err(parquet_error)?;
        }
        self.writer.into_inner().map_err(parquet_error)
    }
}

struct Arrow {
    batch: Batch,
    writer: FileWriter<Sink>,
}

impl Encoder for Arrow {
    fn row(&mut self, cells: &mut dyn Iterator<Item = Cell<'_>>) -> io::Result<()> {
        self.batch.push(cells);
        if self.batch.full() {
            self.writer.write(&self.batch.take()?).map_err(arrow_error)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Sink> {
        if self.batch.rows > 0 {
            self.writer.write(&self.batch.take()?).map_err(arrow_error)?;
        }
        self.writer.finish().map_err(arrow_error)?;
        self.writer.into_inner().map_err(arrow_error)
    }
}

/// The Arrow schema of a table: descriptions and the schema's version as metadata.
pub(super) fn arrow_schema(name: &str, fields: &[Field]) -> SchemaRef {
    let fields: Vec<_> = fields
        .iter()
        .map(|f| {
            let data_type = match f.kind {
                Kind::Text => DataType::Utf8,
                Kind::Int => DataType::Int64,
                Kind::Float => DataType::Float64,
                Kind::Bool => DataType::Boolean,
                Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                Kind::Date => DataType::Date32,
                Kind::List => DataType::List(Arc::new(list_item())),
            };
            let about = HashMap::from([("description".to_owned(), f.about.to_owned())]);
            ArrowField::new(f.name, data_type, f.nullable).with_metadata(about)
        })
        .collect();
    let metadata = HashMap::from([
        ("privascan.table".to_owned(), name.to_owned()),
        ("privascan.schema_version".to_owned(), SCHEMA_VERSION.to_string()),
    ]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

fn list_item() -> ArrowField {
    ArrowField::new("item", DataType::Utf8, false)
}

/// Rows on their way into a record batch.
struct Batch {
    schema: SchemaRef,
    columns: Vec<Builder>,
    rows: usize,
    bytes: usize,
}

enum Builder {
    Text(StringBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Date(Date32Builder),
    List(ListBuilder<StringBuilder>),
}

impl Batch {
    fn new(name: &str, fields: &[Field]) -> Self {
        let columns = fields.iter().map(|f| Builder::new(f.kind)).collect();
        Self { schema: arrow_schema(name, fields), columns, rows: 0, bytes: 0 }
    }

    fn push(&mut self, cells: &mut dyn Iterator<Item = Cell<'_>>) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.bytes += column.push(cell);
        }
        self.rows += 1;
    }

    fn full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    fn take(&mut self) -> io::Result<RecordBatch> {
        (self.rows, self.bytes) = (0, 0);
        let arrays = self.columns.iter_mut().map(Builder::finish).collect();
        RecordBatch::try_new(self.schema.clone(), arrays).map_err(arrow_error)
    }
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Builder::Text(StringBuilder::new()),
            Kind::Int => Builder::Int(Int64Builder::new()),
            Kind::Float => Builder::Float(Float64Builder::new()),
            Kind::Bool => Builder::Bool(BooleanBuilder::new()),
            Kind::Time => Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::Date => Builder::Date(Date32Builder::new()),
            Kind::List => Builder::List(ListBuilder::new(StringBuilder::new()).with_field(list_item())),
        }
    }

    /// Appends a cell and says how much text it brought. A cell of another kind than its column becomes a null, which
    /// the batch then refuses where none may be.
    fn push(&mut self, cell: Cell<'_>) -> usize {
        match (self, cell) {
            (Builder::Text(b), Cell::Text(text)) => {
                b.append_value(&text);
                return text.len();
            }
            (Builder::List(b), Cell::List(texts)) => {
                texts.iter().for_each(|text| b.values().append_value(text));
                b.append(true);
                return texts.iter().map(|text| text.len()).sum();
            }
            (Builder::Int(b), Cell::Int(n)) => b.append_value(n),
            (Builder::Float(b), Cell::Float(x)) => b.append_value(x),
            (Builder::Bool(b), Cell::Bool(v)) => b.append_value(v),
            (Builder::Time(b), Cell::Time(t)) => b.append_value(t.as_microsecond()),
            (Builder::Date(b), Cell::Date(day)) => b.append_value(days_since_1970(day)),
            (Builder::Text(b), _) => b.append_null(),
            (Builder::Int(b), _) => b.append_null(),
            (Builder::Float(b), _) => b.append_null(),
            (Builder::Bool(b), _) => b.append_null(),
            (Builder::Time(b), _) => b.append_null(),
            (Builder::Date(b), _) => b.append_null(),
            (Builder::List(b), _) => b.append(false),
        }
        0
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Text(b) => Arc::new(b.finish()),
            Builder::Int(b) => Arc::new(b.finish()),
            Builder::Float(b) => Arc::new(b.finish()),
            Builder::Bool(b) => Arc::new(b.finish()),
            Builder::Time(b) => Arc::new(b.finish()),
            Builder::Date(b) => Arc::new(b.finish()),
            Builder::List(b) => Arc::new(b.finish()),
        }
    }
}

fn days_since_1970(day: Date) -> i32 {
    const EPOCH: Date = jiff::civil::date(1970, 1, 1);
    day.since(EPOCH).map_or(0, |span| span.get_days())
}

/// The sink's own error, which names the destination, where it is one.
fn parquet_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(e) => *e,
            Err(e) => io::Error::other(format!("cannot write Parquet: {e}")),
        },
        other => io::Error::other(format!("cannot write Parquet: {other}")),
    }
}

fn arrow_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, e) => e,
        other => io::Error::other(format!("cannot write Arrow: {other}")),
    }
}
