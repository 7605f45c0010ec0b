//! Columnar tables: Parquet and Arrow IPC files, and record batches that a program already holds.
//!
//! The values of a batch are handed over column by column. One [`CellBatch`](crate::model::CellBatch) holds a whole
//! batch of rows if it fits; if not, further ones follow with the same `first_row` and `rows` = 0, because `rows`
//! counts rows that are new in a call. Values of dictionary-encoded columns are handed over once per batch, with
//! their number in `times` and the first of their rows in `row`; the other rows are not told.

mod flatten;
mod footer;
mod ipc;
mod parquet;
#[cfg(test)]
mod tests;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;

use super::{Format, ReadContext, ReadError};
use crate::model::{ContentVisitor, Gap, Reason};
use flatten::{Leaves, Notes};

/// The formats of this file.
pub const FORMATS: &[Format] = &[parquet::FORMAT, ipc::FORMAT];

/// Rows of one batch, at most.
const BATCH_ROWS: usize = 8192;

/// Hands over the rows of a table as they come, up to `sample_rows`. A batch that cannot be decoded ends it with a
/// gap.
pub fn read_batches(
    cx: &ReadContext<'_>,
    schema: &Schema,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let mut table = Table::new(cx, schema, visitor);
    let mut batches = batches;
    let result = loop {
        match contained(|| batches.next().transpose().map_err(|e| gap_of(&e))) {
            Ok(None) => break Ok(()),
            Err(gap) => break Err(gap.into()),
            Ok(Some(batch)) => match table.batch(&batch, visitor) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(e) => break Err(e),
            },
        }
    };
    table.finish(visitor);
    result
}

/// Hands over one batch that a program holds; `first_row` is the number of its first row in the table.
pub fn visit_batch(
    cx: &ReadContext<'_>,
    batch: &RecordBatch,
    first_row: u64,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let mut table = Table::new(cx, batch.schema_ref(), visitor);
    table.next_row = first_row;
    let result = table.batch(batch, visitor);
    table.finish(visitor);
    result.map(|_| ())
}

/// A table that is being read: its fields, and how far we are.
struct Table<'c, 'b> {
    cx: &'c ReadContext<'b>,
    leaves: Leaves,
    notes: Notes,
    next_row: u64,
    sampled: bool,
}

impl<'c, 'b> Table<'c, 'b> {
    fn new(cx: &'c ReadContext<'b>, schema: &Schema, visitor: &mut dyn ContentVisitor) -> Self {
        let leaves = Leaves::declare(schema, visitor);
        Self { cx, leaves, notes: Notes::default(), next_row: 0, sampled: false }
    }

    /// Hands a batch over; `false` if no more rows are wanted.
    fn batch(&mut self, batch: &RecordBatch, visitor: &mut dyn ContentVisitor) -> Result<bool, ReadError> {
        let mut from = 0;
        while from < batch.num_rows() {
            if let Some(stop) = self.cx.budget.stop() {
                return Err(stop.into());
            }
            let wanted = self.cx.budget.limits.sample_rows.unwrap_or(u64::MAX).saturating_sub(self.next_row);
            let rows =
                (batch.num_rows() - from).min(BATCH_ROWS).min(usize::try_from(wanted).unwrap_or(usize::MAX));
            if rows == 0 {
                self.sampled = true;
                return Ok(false);
            }
            let part = batch.slice(from, rows);
            let text = self.leaves.hand_over(self.cx, &part, self.next_row, &mut self.notes, visitor)?;
            from += rows;
            self.next_row += rows as u64;
            // Rows cost too: a file of a few bytes can claim any number of equal ones.
            if !self.cx.budget.spend(text + (rows * self.leaves.len().max(1)) as u64) {
                let detail = format!("rows from {} on were not read", self.next_row);
                return Err(Gap::new(Reason::LimitBytes, detail).into());
            }
        }
        Ok(true)
    }

    /// Tells the gaps that concern the table as a whole.
    fn finish(self, visitor: &mut dyn ContentVisitor) {
        if self.sampled {
            visitor.gap(Gap::new(Reason::Sampled, format!("the first {} rows were read", self.next_row)));
        }
        self.notes.tell(visitor);
    }
}

/// Runs foreign decoders: on hostile bytes they may panic, and that must not cost what was found elsewhere. What the
/// panic says is dropped.
fn contained<T>(run: impl FnOnce() -> Result<T, Gap>) -> Result<T, Gap> {
    let failed = || Gap::new(Reason::Malformed, "the decoder gave up on damaged content");
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(failed()))
}

fn gap_of(e: &ArrowError) -> Gap {
    let reason = match e {
        ArrowError::NotYetImplemented(_) => Reason::UnsupportedFormat,
        ArrowError::IoError(_, e) => return gap_of_io(e),
        ArrowError::ExternalError(e) => match e.downcast_ref::<std::io::Error>() {
            Some(e) => return gap_of_io(e),
            None => Reason::Malformed,
        },
        _ => Reason::Malformed,
    };
    Gap::new(reason, "values could not be decoded")
}

fn gap_of_io(e: &std::io::Error) -> Gap {
    match super::LimitHit::find(e) {
        Some(reason) => Gap::new(reason, "the content behind the limit was not read"),
        None => match ReadError::from(std::io::Error::from(e.kind())) {
            ReadError::Gap(gap) => gap,
            ReadError::Stop(_) => Gap::new(Reason::ReadError, "the store failed"),
        },
    }
}
