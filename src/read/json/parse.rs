//! The push parser: tokens to values under paths, with places to go back to.

use crate::model::{Cell, ContentVisitor, FieldId};

use super::lex::{self, Token};
use super::paths::{Node, Paths, ROOT, ROOT_ELEMENT};

/// Containers around a value.
const DEPTH: usize = 128;

/// Values of one batch.
#[derive(Default)]
pub struct Batch {
    /// Values, each followed by a newline.
    pub text: Vec<u8>,
    /// Those that are not empty.
    pub cells: Vec<Cell>,
}

impl Batch {
    /// Empties it.
    pub fn clear(&mut self) {
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
pub struct Here {
    stack: Vec<Frame>,
    expect: Expect,
    /// Of the value that comes next.
    node: Node,
    /// 0-based number of the row.
    pub row: u64,
    /// The row has begun.
    open: bool,
    /// Inside an array of rows.
    in_rows: bool,
}

/// How a call of [`Parser::parse`] ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The content is over, at the end of a document.
    Done,
    /// More data is needed from `pos` on, or enough rows were read.
    More,
    /// Well-formed as far as it goes, but it ends in mid-document.
    Cut,
    /// Not well-formed.
    Bad,
}

/// How much of a batch belongs to whole records.
pub struct Mark {
    /// Length of its text.
    pub text: usize,
    /// Length of its cells.
    pub cells: usize,
}

/// The parser of one item.
pub struct Parser {
    paths: Paths,
    /// Where it stands.
    pub here: Here,
    /// Rows are documents, and elements of an array that is one.
    lines: bool,
    /// Documents so far.
    pub documents: u64,
    /// Keys so far, those parsed again included.
    pub keys: u64,
    /// Rows so far, those parsed again included.
    pub rows: u64,
    /// Rows after which it stops.
    pub stop_at: u64,
    /// How far the last `parse` came: the end of its last whole token.
    pub pos: usize,
    /// The end of its last whole record.
    pub record_end: usize,
    /// What was in the batch there.
    pub mark: Mark,
    /// Where the parser stood there.
    pub saved: Here,
    key: Vec<u8>,
}

impl Parser {
    /// At the start of the content. `lines` says that documents are the rows.
    pub fn new(lines: bool) -> Self {
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

    /// Between two documents.
    pub fn at_document(&self) -> bool {
        self.here.expect == Expect::Document
    }

    /// Parses whole tokens of `data`, appending values to `batch`.
    pub fn parse(
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
                    if let Some(frame) = self.here.stack.last_mut()
                        && let Some((node, len)) =
                            self.paths.expected(frame.node, &data[i + 1..], &mut frame.guess)
                    {
                        self.here.node = node;
                        self.here.expect = Expect::Colon;
                        self.keys += 1;
                        i += len + 2;
                        if data.get(i) == Some(&b':') {
                            self.here.expect = Expect::Value;
                            i += 1;
                        }
                        continue;
                    }
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
    pub fn restart(&mut self, here: Here) {
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
