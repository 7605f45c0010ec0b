//! JSON documents and JSON Lines, streamed as records of values under key paths.

mod lex;
mod parse;
mod paths;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::ops::ControlFlow;

use crate::model::{
    Body, CellBatch, ContentVisitor, Escapes, FieldId, Flow, Gap, ItemMeta, Reason, TextWindow,
};

use super::rolling::Rolling;
use super::text::rest_as_text;
use super::{Format, HEAD, ReadContext, ReadError, go};
use parse::{Batch, End, Parser};

/// One document.
pub const JSON: Format = Format {
    name: "json",
    about: "JSON document",
    extensions: &["json", "geojson", "topojson", "jsonld", "ipynb", "har", "avsc", "webmanifest"],
    recognises: |head| recognised(head) == Some(false),
    read: |cx, _, body, visitor| read(cx, body, false, visitor),
};

/// One document per line, or documents one after another.
pub const JSONL: Format = Format {
    name: "jsonl",
    about: "JSON documents, one per line or concatenated",
    extensions: &["jsonl", "ndjson", "ldjson"],
    recognises: |head| recognised(head) == Some(true),
    read: |cx, _, body, visitor| read(cx, body, true, visitor),
};

/// Source bytes of a batch; a larger record makes a larger batch, up to [`BATCH_MAX`].
const BATCH: usize = 256 << 10;
/// A record beyond this goes out in parts.
const BATCH_MAX: usize = 2 << 20;

fn recognised(head: &[u8]) -> Option<bool> {
    sniff(&super::charset::Charset::of(head).decode(head), head.len() < HEAD, false)
}

/// Whether a decoded head is JSON, and if so whether it is several documents. `named` says that the name calls it
/// JSON; then it may break off or be a bare value.
pub fn sniff(text: &[u8], whole: bool, named: bool) -> Option<bool> {
    let mut parser = Parser::new(true);
    let mut batch = Batch::default();
    let end = parser.parse(text, whole, &mut batch, &mut Nobody);
    let several = parser.documents > 1 || (parser.documents == 1 && !parser.at_document());
    let begins = matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | 0xEF));
    match end {
        End::Done => (parser.documents > 0 && (begins || named)).then_some(several),
        End::More => (begins || named).then_some(several),
        End::Cut => (parser.keys > 0 && named).then_some(several),
        // Broken only after records that are worth having.
        End::Bad => (parser.rows > 0 && parser.keys > 0 && begins && named).then_some(several),
    }
}

fn read(
    cx: &ReadContext<'_>,
    body: Body<'_>,
    lines: bool,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let mut rolling = Rolling::text(cx, body)?;
    let mut batch = Batch { text: cx.buffers.take(), ..Batch::default() };
    let read = records(cx, &mut rolling, lines, &mut batch, visitor);
    cx.buffers.give(batch.text);
    read
}

fn records<R: Read>(
    cx: &ReadContext<'_>,
    rolling: &mut Rolling<'_, R>,
    lines: bool,
    batch: &mut Batch,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let limit = cx.budget.limits.record_bytes.clamp(4 << 10, 1 << 30);
    let sample = cx.budget.limits.sample_rows.unwrap_or(u64::MAX);
    let usual = BATCH.min(limit);
    let mut parser = Parser::new(lines);
    parser.stop_at = sample;
    let mut want = usual;
    loop {
        if let Some(stop) = cx.budget.stop() {
            return Err(stop.into());
        }
        rolling.fill(want);
        let start = parser.here.clone();
        batch.clear();
        let end = parser.parse(rolling.data(), rolling.ended(), batch, visitor);
        let sampled = parser.here.row >= sample;
        if end == End::More && !sampled && parser.record_end == 0 {
            // No record ends in what is in memory.
            let have = rolling.data().len();
            if have < BATCH_MAX.min(limit) {
                want = (have * 2).min(BATCH_MAX.min(limit));
                parser.restart(start);
                continue;
            }
            if parser.pos > 0 {
                // A long record: its values so far.
                hand_over(rolling, parser.pos, start.row, parser.here.row + 1, batch, visitor)?;
                want = usual;
                continue;
            }
            if have >= limit {
                let what = format!("a value is longer than {limit} bytes");
                return rest_as_text(cx, rolling, Reason::LimitMemory, &what, visitor);
            }
            want = (have * 2).min(limit);
            parser.restart(start);
            continue;
        }
        want = usual;
        if end == End::Done && !sampled {
            hand_over(rolling, rolling.data().len(), start.row, parser.here.row, batch, visitor)?;
            break;
        }
        // Up to the last record that is whole; what follows is read again with more data, or as text.
        batch.text.truncate(parser.mark.text);
        batch.cells.truncate(parser.mark.cells);
        let done = parser.record_end;
        parser.restart(parser.saved.clone());
        hand_over(rolling, done, start.row, parser.here.row, batch, visitor)?;
        if sampled {
            rolling.fill(HEAD);
            // Closing brackets are no further row.
            if rolling.data().iter().any(|b| !b.is_ascii_whitespace() && !matches!(b, b']' | b'}')) {
                return Err(Gap::new(Reason::Sampled, format!("the first {sample} rows were read")).into());
            }
            break;
        }
        if matches!(end, End::Bad | End::Cut) {
            return rest_as_text(cx, rolling, Reason::Malformed, "not well-formed", visitor);
        }
    }
    rolling.finish()
}

/// Hands the first `done` bytes over with the values in them, of rows `first_row` to before `end_row`. A record in
/// parts counts in each batch it has values in.
fn hand_over<R: Read>(
    rolling: &mut Rolling<'_, R>,
    done: usize,
    first_row: u64,
    end_row: u64,
    batch: &Batch,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    if done == 0 {
        return Ok(());
    }
    let raw = &rolling.data()[..done];
    let rows = (end_row - first_row) as u32;
    let (text, cells, raw_offset) = (&batch.text, &batch.cells, rolling.offset());
    go(visitor.cells(&CellBatch {
        text,
        cells,
        first_row,
        rows,
        raw,
        raw_offset,
        escapes: Escapes::Backslash,
    }))?;
    rolling.consume(done);
    Ok(())
}

/// For sniffing.
struct Nobody;

impl ContentVisitor for Nobody {
    fn format(&mut self, _: &str) {}
    fn text(&mut self, _: &TextWindow<'_>) -> Flow {
        ControlFlow::Continue(())
    }
    fn field(&mut self, _: &[u8], index: u32) -> FieldId {
        FieldId(index)
    }
    fn cells(&mut self, _: &CellBatch<'_>) -> Flow {
        ControlFlow::Continue(())
    }
    fn entry(&mut self, _: &[u8], _: ItemMeta, _: Body<'_>) -> Flow {
        ControlFlow::Continue(())
    }
    fn failed_entry(&mut self, _: &[u8], _: ItemMeta, _: Gap) -> Flow {
        ControlFlow::Continue(())
    }
    fn comment(&mut self, _: &[u8]) {}
    fn gap(&mut self, _: Gap) {}
}
