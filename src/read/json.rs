//! JSON documents and JSON Lines, streamed as records of values under key paths.

use std::io::Read;
use std::ops::ControlFlow;

use crate::model::{Body, Cell, CellBatch, ContentVisitor, FieldId, Flow, Gap, ItemMeta, Reason, TextWindow};

use super::json_lex::{self as lex, Token};
use super::json_paths::{Node, Paths, ROOT, ROOT_ELEMENT};
use super::rolling::Rolling;
use super::text::rest_as_text;
use super::{Format, HEAD, ReadContext, ReadError, go};

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
/// Containers around a value.
const DEPTH: usize = 128;

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
    go(visitor.cells(&CellBatch { text, cells, first_row, rows, raw, raw_offset }))?;
    rolling.consume(done);
    Ok(())
}

#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    cells: Vec<Cell>,
}

impl Batch {
    fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    /// A value: `raw` is where it starts in the source.
    #[inline(always)]
    fn push(&mut self, value: &[u8], escaped: bool, raw: usize, field: FieldId, row: u32) -> bool {
        let start = self.text.len() as u32;
        if escaped {
            if !lex::unescape(value, &mut self.text) {
                return false;
            }
        } else {
            self.text.extend_from_slice(value);
        }
        let end = self.text.len() as u32;
        self.text.push(b'\n');
        if end > start {
            self.cells.push(Cell { start, end, field, row, raw: raw as u32, times: 1 });
        }
        true
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Document,
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

#[derive(Clone, Copy)]
struct Frame {
    node: Node,
    object: bool,
    /// An array whose elements are rows.
    rows: bool,
    guess: u32,
}

/// Where the parser stands between two tokens; what it needs to go on from there.
#[derive(Clone)]
struct Here {
    stack: Vec<Frame>,
    expect: Expect,
    /// Of the value that comes next.
    node: Node,
    row: u64,
    /// The row has begun.
    open: bool,
    /// Inside an array of rows.
    in_rows: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The content is over, at the end of a document.
    Done,
    /// More data is needed from `pos` on, or enough rows were read.
    More,
    /// Well-formed as far as it goes, but it ends in mid-document.
    Cut,
    /// Not well-formed.
    Bad,
}

struct Mark {
    text: usize,
    cells: usize,
}

struct Parser {
    paths: Paths,
    here: Here,
    /// Rows are documents, and elements of an array that is one.
    lines: bool,
    documents: u64,
    keys: u64,
    rows: u64,
    stop_at: u64,
    /// How far the last `parse` came: the end of its last whole token.
    pos: usize,
    /// The end of its last whole record, and what was there.
    record_end: usize,
    mark: Mark,
    saved: Here,
    key: Vec<u8>,
}

impl Parser {
    fn new(lines: bool) -> Self {
        let here = Here {
            stack: Vec::new(),
            expect: Expect::Document,
            node: ROOT,
            row: 0,
            open: false,
            in_rows: false,
        };
        let (saved, mark) = (here.clone(), Mark { text: 0, cells: 0 });
        Self {
            paths: Paths::new(),
            here,
            lines,
            documents: 0,
            keys: 0,
            rows: 0,
            stop_at: u64::MAX,
            pos: 0,
            record_end: 0,
            mark,
            saved,
            key: Vec::new(),
        }
    }

    fn at_document(&self) -> bool {
        self.here.expect == Expect::Document
    }

    /// Parses whole tokens of `data`, appending values to `batch`.
    fn parse(
        &mut self,
        data: &[u8],
        ended: bool,
        batch: &mut Batch,
        visitor: &mut dyn ContentVisitor,
    ) -> End {
        self.record_end = 0;
        self.mark = Mark { text: batch.text.len(), cells: batch.cells.len() };
        self.save();
        let first_row = self.here.row;
        let mut i = 0;
        loop {
            while let Some(b' ' | b'\n' | b'\r' | b'\t') = data.get(i) {
                i += 1;
            }
            self.pos = i;
            if self.here.row >= self.stop_at {
                return End::More;
            }
            let Some(&b) = data.get(i) else {
                return match ended {
                    true if self.at_document() => End::Done,
                    true => End::Cut,
                    false => End::More,
                };
            };
            match self.here.expect {
                Expect::CommaOrEnd if b == b',' => {
                    let object = self.here.stack.last().is_some_and(|f| f.object);
                    self.here.expect = if object { Expect::Key } else { Expect::Value };
                    i += 1;
                }
                Expect::CommaOrEnd | Expect::KeyOrEnd | Expect::ValueOrEnd if matches!(b, b'}' | b']') => {
                    let empty = self.here.expect != Expect::CommaOrEnd;
                    let Some(frame) = self.here.stack.pop_if(|f| f.object == (b == b'}')) else {
                        return End::Bad;
                    };
                    if empty && !matches!(frame.node, ROOT | ROOT_ELEMENT) {
                        // A key is content even if nothing ever stands under it.
                        self.paths.field(frame.node, visitor);
                    }
                    self.here.in_rows &= !frame.rows;
                    i += 1;
                    self.after_value(i, batch);
                }
                Expect::Key | Expect::KeyOrEnd if b == b'"' => {
                    let (end, escaped) = match lex::string(data, i + 1) {
                        Token::Whole { end, escaped } => (end, escaped),
                        Token::Open => return open(ended),
                        Token::Bad => return End::Bad,
                    };
                    if !self.enter_key(&data[i + 1..end], escaped, i + 1, first_row, batch, visitor) {
                        return End::Bad;
                    }
                    i = end + 1;
                }
                Expect::Colon if b == b':' => {
                    self.here.expect = Expect::Value;
                    i += 1;
                }
                Expect::Document if b == 0x1E => i += 1,
                Expect::Document if b == 0xEF && self.documents == 0 => {
                    match (data[i..].starts_with(b"\xEF\xBB\xBF"), data.len() - i < 3 && !ended) {
                        (true, _) => i += 3,
                        (_, true) => return End::More,
                        _ => return End::Bad,
                    }
                }
                Expect::Document | Expect::Value | Expect::ValueOrEnd => {
                    match self.value(data, i, ended, first_row, batch, visitor) {
                        Ok(next) => i = next,
                        Err(end) => return end,
                    }
                }
                _ => return End::Bad,
            }
        }
    }

    #[inline]
    fn value(
        &mut self,
        data: &[u8],
        i: usize,
        ended: bool,
        first_row: u64,
        batch: &mut Batch,
        visitor: &mut dyn ContentVisitor,
    ) -> Result<usize, End> {
        let b = data[i];
        if matches!(b, b'{' | b'[') {
            if self.here.stack.len() >= DEPTH {
                return Err(End::Bad);
            }
            self.open_container(b == b'{', i, batch);
            return Ok(i + 1);
        }
        let token = match b {
            b'"' => lex::string(data, i + 1),
            b'0'..=b'9' => lex::number(data, i, ended),
            b'-' if data.get(i + 1) == Some(&b'I') => lex::word(data, i, ended),
            b'-' => lex::number(data, i, ended),
            _ => lex::word(data, i, ended),
        };
        let (end, escaped) = match token {
            Token::Whole { end, escaped } => (end, escaped),
            Token::Open => return Err(open(ended)),
            Token::Bad => return Err(End::Bad),
        };
        let field = self.paths.field(self.here.node, visitor);
        self.here.open = true;
        let row = (self.here.row - first_row) as u32;
        let next = match b {
            b'"' => {
                if !batch.push(&data[i + 1..end], escaped, i + 1, field, row) {
                    return Err(End::Bad);
                }
                end + 1
            }
            b'0'..=b'9' | b'-' => {
                batch.push(&data[i..end], false, i, field, row);
                end
            }
            _ => end,
        };
        self.after_value(next, batch);
        Ok(next)
    }

    fn open_container(&mut self, object: bool, i: usize, batch: &Batch) {
        let depth = self.here.stack.len();
        let in_array = self.here.stack.last().is_some_and(|f| !f.object);
        let rows_begin = object && in_array && !self.here.in_rows && (!self.lines || depth == 1);
        if rows_begin && self.here.open && !self.lines {
            // What stood before the array is a row of its own.
            self.end_row(i, batch);
        }
        let here = &mut self.here;
        if here.stack.is_empty() && self.lines {
            here.open = true;
        }
        if object {
            if let Some(frame) = here.stack.last_mut() {
                frame.rows |= rows_begin;
                here.in_rows |= rows_begin;
                here.open |= frame.rows;
            }
            let node = if here.node == ROOT_ELEMENT { ROOT } else { here.node };
            here.stack.push(Frame { node, object, rows: false, guess: 0 });
            here.expect = Expect::KeyOrEnd;
        } else {
            let node = self.paths.elements(here.node);
            here.node = node;
            here.stack.push(Frame { node, object, rows: false, guess: 0 });
            here.expect = Expect::ValueOrEnd;
        }
    }

    #[inline(always)]
    fn enter_key(
        &mut self,
        key: &[u8],
        escaped: bool,
        raw: usize,
        first_row: u64,
        batch: &mut Batch,
        visitor: &mut dyn ContentVisitor,
    ) -> bool {
        let Some(frame) = self.here.stack.last_mut() else { return false };
        self.keys += 1;
        let (node, hand_over) = if escaped {
            self.key.clear();
            if !lex::unescape(key, &mut self.key) {
                return false;
            }
            self.paths.key(frame.node, &self.key, &mut frame.guess)
        } else {
            self.paths.key(frame.node, key, &mut frame.guess)
        };
        if hand_over {
            let field = self.paths.field(node, visitor);
            batch.push(key, escaped, raw, field, (self.here.row - first_row) as u32);
            self.here.open = true;
        }
        self.here.node = node;
        self.here.expect = Expect::Colon;
        true
    }

    /// A value ended before `i`.
    #[inline(always)]
    fn after_value(&mut self, i: usize, batch: &Batch) {
        let here = &mut self.here;
        let row_ends = match here.stack.last() {
            Some(frame) => {
                here.expect = Expect::CommaOrEnd;
                if !frame.object {
                    here.node = frame.node;
                }
                frame.rows
            }
            None => {
                here.expect = Expect::Document;
                here.node = ROOT;
                self.documents += 1;
                true
            }
        };
        if row_ends {
            self.end_row(i, batch);
        }
    }

    /// A record ended before `i`, if one was begun.
    #[inline(always)]
    fn end_row(&mut self, i: usize, batch: &Batch) {
        self.here.row += u64::from(self.here.open);
        self.rows += u64::from(self.here.open);
        self.here.open = false;
        self.record_end = i;
        self.mark = Mark { text: batch.text.len(), cells: batch.cells.len() };
        self.save();
    }

    /// Goes back to where it stood, because what came after was not handed over.
    fn restart(&mut self, here: Here) {
        self.here = here;
        self.paths.take_back();
    }

    fn save(&mut self) {
        self.paths.commit();
        self.saved.stack.clear();
        self.saved.stack.extend_from_slice(&self.here.stack);
        self.saved.expect = self.here.expect;
        self.saved.node = self.here.node;
        self.saved.row = self.here.row;
        self.saved.open = self.here.open;
        self.saved.in_rows = self.here.in_rows;
    }
}

/// A token that the data ends in: more is needed, or it was broken off.
fn open(ended: bool) -> End {
    if ended { End::Cut } else { End::More }
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
