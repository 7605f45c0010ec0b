//! Parquet files, row group by row group, each with a decoder of its own so that damage stays where it is.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use bytes::{Buf, Bytes};
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetStatisticsPolicy, RowGroupMetaData,
};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::{SchemaDescriptor, Type};

use super::footer::{Footer, look};
use super::{BATCH_ROWS, Table, contained, gap_of, gap_of_io};
use crate::model::{Body, ContentVisitor, Gap, Reason, Seekable};
use crate::read::spool::seekable;
use crate::read::{Format, ReadContext, ReadError};

pub(super) const FORMAT: Format = Format {
    name: "parquet",
    about: "Apache Parquet; dictionary columns are searched once per distinct value",
    extensions: &["parquet", "parq", "pq"],
    // A text may begin like this, but holds no zero; the first structure of a Parquet file ends with one.
    recognises: |head| {
        (head.starts_with(b"PAR1") || head.starts_with(b"PARE")) && memchr::memchr(0, head).is_some()
    },
    read,
};

/// Encoded bytes that one batch of rows should come from.
const BATCH_BYTES: i64 = 8 << 20;
/// Damaged row groups that are told one by one.
const GROUP_GAPS: usize = 8;

fn read(
    cx: &ReadContext<'_>,
    _name: &[u8],
    body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let chunks = Chunks::new(seekable(cx.budget, body)?)?;
    check(&chunks)?;
    let metadata = load(&chunks, options())?;
    let file = metadata.metadata().file_metadata();
    let properties = file.key_value_metadata().into_iter().flatten();
    for property in properties.filter(|p| p.key != ARROW_SCHEMA_META_KEY) {
        visitor.property(property.key.as_bytes(), property.value.as_deref().unwrap_or_default().as_bytes());
    }
    let mut table = Table::new(cx, metadata.schema(), visitor);
    let result = groups(&chunks, &metadata, &mut table, visitor);
    table.finish(visitor);
    result
}

/// The file's own types: what a writer says besides of Arrow types may be wrong, and adds nothing to search. Nor do
/// statistics.
fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
}

/// The metadata, with row counts that follow from the columns. The decoder believes the stated ones, so that a file
/// that states none would look empty.
fn load(chunks: &Chunks, options: ArrowReaderOptions) -> Result<ArrowReaderMetadata, Gap> {
    contained(|| {
        let loaded = ArrowReaderMetadata::load(chunks, options.clone()).map_err(|e| gap(&e))?;
        let metadata = loaded.metadata();
        let counts: Vec<i64> = metadata.row_groups().iter().map(rows_of).collect();
        let total = counts.iter().fold(0i64, |sum, n| sum.saturating_add(*n));
        let stated = metadata.file_metadata();
        let same = metadata.row_groups().iter().zip(&counts).all(|(group, n)| group.num_rows() == *n);
        if same && stated.num_rows() == total {
            return Ok(loaded);
        }
        let corrected =
            |group: &RowGroupMetaData, n: i64| group.clone().into_builder().set_num_rows(n).build();
        let groups = metadata.row_groups().iter().zip(&counts).map(|(group, n)| corrected(group, *n));
        let groups = groups.collect::<Result<_, _>>().map_err(|e| gap(&e))?;
        let file = FileMetaData::new(
            stated.version(),
            total,
            None,
            stated.key_value_metadata().cloned(),
            stated.schema_descr_ptr(),
            None,
        );
        ArrowReaderMetadata::try_new(Arc::new(ParquetMetaData::new(file, groups)), options)
            .map_err(|e| gap(&e))
    })
}

/// Rows of a group: as stated, or as many as values in a column that has one for each row. Too many come up short, and
/// that is noticed.
fn rows_of(group: &RowGroupMetaData) -> i64 {
    let flat = group.columns().iter().filter(|column| column.column_descr().max_rep_level() == 0);
    flat.map(ColumnChunkMetaData::num_values).max().unwrap_or_default().max(group.num_rows())
}

fn groups(
    chunks: &Chunks,
    metadata: &ArrowReaderMetadata,
    table: &mut Table<'_, '_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let sample = table.cx.budget.limits.sample_rows.unwrap_or(u64::MAX);
    let mut lenient = None;
    let mut first_row = 0;
    let mut damaged = 0;
    for (index, group) in metadata.metadata().row_groups().iter().enumerate() {
        let rows = u64::try_from(group.num_rows()).unwrap_or_default();
        if rows == 0 {
            continue;
        }
        if first_row >= sample {
            table.sampled = true;
            break;
        }
        table.next_row = first_row;
        let mut result = read_group(chunks, &exact(metadata, group), index, first_row, table, visitor);
        if matches!(&result, Err(ReadError::Gap(gap)) if gap.reason == Reason::Malformed) {
            // Text that is not UTF-8 fails in the decoder, and is text for all that.
            let lenient = lenient.get_or_insert_with(|| without_text_types(chunks, metadata).ok());
            if let Some(lenient) = lenient {
                result = read_group(chunks, &exact(lenient, group), index, first_row, table, visitor);
            }
        }
        first_row = first_row.saturating_add(rows);
        if result.is_ok() && table.next_row < first_row.min(sample) {
            result = Err(Gap::new(Reason::Malformed, "").into());
        }
        match result {
            Ok(()) => {}
            Err(ReadError::Gap(Gap { reason, .. })) if reason != Reason::LimitBytes => {
                damaged += 1;
                if damaged <= GROUP_GAPS {
                    let read = table.next_row.min(first_row);
                    let detail = format!("row group {index} was not read from row {read} on");
                    visitor.gap(Gap::new(reason, detail));
                }
            }
            Err(e) => return Err(e),
        }
    }
    if damaged > GROUP_GAPS {
        let detail = format!("{} more row groups were not read to their end", damaged - GROUP_GAPS);
        visitor.gap(Gap::new(Reason::Malformed, detail));
    }
    Ok(())
}

/// Reads a row group from the row on that the table has come to.
fn read_group(
    chunks: &Chunks,
    metadata: &ArrowReaderMetadata,
    index: usize,
    first_row: u64,
    table: &mut Table<'_, '_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let group = metadata.metadata().row_group(index);
    let mean = group.total_byte_size().max(0) / group.num_rows().max(1);
    let rows = usize::try_from(BATCH_BYTES / mean.max(1)).unwrap_or(BATCH_ROWS).clamp(1, BATCH_ROWS);
    let skipped = usize::try_from(table.next_row - first_row).unwrap_or(usize::MAX);
    let mut batches = contained(|| {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), metadata.clone());
        let builder = builder.with_row_groups(vec![index]).with_batch_size(rows).with_offset(skipped);
        builder.build().map_err(|e| gap(&e))
    })?;
    loop {
        let next = contained(|| batches.next().transpose().map_err(|e| gap_of(&e)))?;
        match next {
            None => return Ok(()),
            Some(batch) if !table.batch(&batch, visitor)? => return Ok(()),
            Some(_) => {}
        }
    }
}

/// The same metadata with types that cost least to read this row group: dictionaries where all values are in them,
/// views into the pages elsewhere. As it was, if the decoder does not take that.
fn exact(metadata: &ArrowReaderMetadata, group: &RowGroupMetaData) -> ArrowReaderMetadata {
    let mut columns = group.columns().iter();
    let fields: Vec<FieldRef> =
        metadata.schema().fields().iter().map(|field| retyped(field, &mut columns)).collect();
    // What other columns hold says nothing here, so the schema is not to be matched against the file's own.
    let schema = Schema::new_with_metadata(fields, metadata.schema().metadata().clone());
    let options = options().with_schema(Arc::new(schema));
    contained(|| ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).map_err(|e| gap(&e)))
        .unwrap_or_else(|_| metadata.clone())
}

fn retyped(field: &FieldRef, columns: &mut std::slice::Iter<'_, ColumnChunkMetaData>) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|f| retyped(f, columns)).collect()),
        DataType::List(f) => DataType::List(retyped(f, columns)),
        DataType::Map(f, sorted) => DataType::Map(retyped(f, columns), *sorted),
        plain @ (DataType::Utf8 | DataType::Binary) => {
            match (columns.next().is_some_and(in_dictionary), plain) {
                (true, plain) => DataType::Dictionary(Box::new(DataType::Int32), Box::new(plain.clone())),
                (false, DataType::Utf8) => DataType::Utf8View,
                (false, _) => DataType::BinaryView,
            }
        }
        other => {
            columns.next();
            other.clone()
        }
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}

/// Whether all values of a column chunk are in its dictionary, as far as the writer says.
fn in_dictionary(column: &ColumnChunkMetaData) -> bool {
    column.dictionary_page_offset().is_some()
        && column.page_encoding_stats_mask().is_none_or(|mask| {
            mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
        })
}

/// The metadata read again with text columns as binary ones.
fn without_text_types(chunks: &Chunks, metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata, Gap> {
    let untyped = |_| Gap::new(Reason::Malformed, "types could not be set aside");
    let root = bare(metadata.metadata().file_metadata().schema_descr().root_schema()).map_err(untyped)?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    load(chunks, options().with_parquet_schema(schema))
}

fn bare(schema: &Type) -> Result<Type, ParquetError> {
    use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
    match schema {
        Type::PrimitiveType { basic_info, physical_type: Physical::BYTE_ARRAY, .. }
            if matches!(basic_info.converted_type(), ConvertedType::UTF8)
                || matches!(basic_info.logical_type_ref(), Some(LogicalType::String)) =>
        {
            Type::primitive_type_builder(schema.name(), Physical::BYTE_ARRAY)
                .with_repetition(basic_info.repetition())
                .build()
        }
        Type::PrimitiveType { .. } => Ok(schema.clone()),
        Type::GroupType { basic_info, fields } => {
            let fields = fields.iter().map(|f| bare(f).map(Arc::new)).collect::<Result<_, _>>()?;
            let mut builder = Type::group_type_builder(schema.name())
                .with_fields(fields)
                .with_converted_type(basic_info.converted_type())
                .with_logical_type(basic_info.logical_type_ref().cloned());
            if basic_info.has_repetition() {
                builder = builder.with_repetition(basic_info.repetition());
            }
            builder.build()
        }
    }
}

/// Looks at the end of the file before the decoder does.
fn check(chunks: &Chunks) -> Result<(), Gap> {
    let damaged = || Gap::new(Reason::Malformed, "the footer is damaged");
    let encrypted = || Gap::new(Reason::Encrypted, "columns or the footer are encrypted");
    let length = chunks.len();
    let tail = chunks.get_bytes(length.saturating_sub(8), 8.min(length as usize)).map_err(|_| damaged())?;
    match tail.get(4..) {
        Some(b"PAR1") => {}
        Some(b"PARE") => return Err(encrypted()),
        _ => return Err(damaged()),
    }
    let size = tail.first_chunk().map(|n| u32::from_le_bytes(*n)).unwrap_or_default();
    let start = length.checked_sub(8 + u64::from(size)).ok_or_else(damaged)?;
    let footer = chunks.get_bytes(start, size as usize).map_err(|e| gap(&e))?;
    match look(&footer).ok_or_else(damaged)? {
        Footer::Plain => Ok(()),
        Footer::Encrypted => Err(encrypted()),
        Footer::TooDeep => Err(Gap::new(Reason::LimitDepth, "the schema is nested too deep")),
    }
}

fn gap(e: &ParquetError) -> Gap {
    let reason = match e {
        ParquetError::NYI(_) => Reason::UnsupportedFormat,
        ParquetError::External(e) => match e.downcast_ref::<std::io::Error>() {
            Some(e) => return gap_of_io(e),
            None => Reason::Malformed,
        },
        _ => Reason::Malformed,
    };
    Gap::new(reason, "the file could not be decoded")
}

/// Random access that checks what is asked for against what is there, before memory is taken for it.
#[derive(Clone)]
enum Chunks {
    File(Arc<File>, u64),
    Memory(Bytes),
}

impl Chunks {
    fn new(content: Seekable) -> std::io::Result<Self> {
        let length = content.len()?;
        Ok(match content {
            Seekable::File(file) => Chunks::File(Arc::new(file), length),
            Seekable::Memory(cursor) => Chunks::Memory(cursor.into_inner()),
        })
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        match self {
            Chunks::File(_, length) => *length,
            Chunks::Memory(bytes) => bytes.len() as u64,
        }
    }
}

impl ChunkReader for Chunks {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let left = self.len().checked_sub(start).ok_or_else(|| ParquetError::EOF(String::new()))?;
        Ok(match self {
            Chunks::File(file, _) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(start))?;
                Box::new(BufReader::new(file).take(left))
            }
            Chunks::Memory(bytes) => Box::new(bytes.slice(start as usize..).reader()),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.len());
        if end.is_none() {
            return Err(ParquetError::EOF(String::new()));
        }
        match self {
            Chunks::File(file, _) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = vec![0; length];
                file.read_exact(&mut bytes)?;
                Ok(bytes.into())
            }
            Chunks::Memory(bytes) => Ok(bytes.slice(start as usize..start as usize + length)),
        }
    }
}
