//! The fast splitter of delimited tables: source bytes to cells.

use crate::model::{Cell, FieldId};

use super::dialect::Dialect;

/// Cells of one batch, and where the splitter stands.
#[derive(Default)]
pub struct Batch {
    /// Cells, each followed by a newline.
    pub text: Vec<u8>,
    /// The cells that are not empty.
    pub cells: Vec<Cell>,
    /// Rows among them.
    pub rows: u32,
    /// Fields by column.
    pub fields: Vec<FieldId>,
}

/// Why the splitter stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Nothing more that is complete.
    AtEnd,
    /// As many rows as were wanted.
    AtRows,
    /// The content ends inside quotes.
    InQuotes,
}

/// Columns beyond which cells go to the last one.
const MAX_COLUMNS: usize = 16_384;

const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;

const fn pattern(b: u8) -> u64 {
    b as u64 * 0x0101_0101_0101_0101
}

/// The top bit of each byte of `word` that equals the pattern's; exact, without borrow between bytes.
#[inline(always)]
fn equal(word: u64, pattern: u64) -> u64 {
    let x = word ^ pattern;
    !(((x & LOW) + LOW) | x | LOW)
}

/// Where the current record and the stretch not yet copied to the text stand.
struct At {
    /// Source not yet copied starts here.
    segment: usize,
    record: usize,
    record_text: usize,
    record_cells: usize,
    cell: usize,
    column: usize,
}

impl Batch {
    /// Splits the complete records of `data` from `from` on, at most `max_rows`; `complete` says that nothing follows
    /// `data`. Gives how many bytes of `data` are done with. `declare` makes the field of a new column.
    pub fn split(
        &mut self,
        data: &[u8],
        from: usize,
        complete: bool,
        max_rows: u32,
        dialect: &Dialect,
        declare: &mut dyn FnMut(u32) -> FieldId,
    ) -> (usize, Stopped) {
        self.text.clear();
        self.cells.clear();
        self.rows = 0;
        let mut at =
            At { segment: from, record: from, record_text: 0, record_cells: 0, cell: from, column: 0 };
        if max_rows == 0 {
            return (from, Stopped::AtRows);
        }
        let delimiter = dialect.delimiter;
        let (delimiters, newlines) = (pattern(delimiter), pattern(b'\n'));
        let quotes = if dialect.quoted { pattern(b'"') } else { newlines };
        let mut i = from;
        let mut stopped = Stopped::AtEnd;
        'scan: loop {
            while let Some(word) = data.get(i..).and_then(|d| d.first_chunk::<8>()) {
                let word = u64::from_le_bytes(*word);
                let mut hits = equal(word, delimiters) | equal(word, newlines) | equal(word, quotes);
                while hits != 0 {
                    let p = i + (hits.trailing_zeros() >> 3) as usize;
                    hits &= hits - 1;
                    match self.structural(data, p, complete, delimiter, &mut at, declare) {
                        Next::Go => {}
                        Next::Jump(to) => {
                            i = to;
                            if self.rows == max_rows {
                                stopped = Stopped::AtRows;
                                break 'scan;
                            }
                            continue 'scan;
                        }
                        Next::Record if self.rows == max_rows => {
                            stopped = Stopped::AtRows;
                            break 'scan;
                        }
                        Next::Record => {}
                        Next::Open => {
                            stopped = if complete { Stopped::InQuotes } else { Stopped::AtEnd };
                            break 'scan;
                        }
                    }
                }
                i += 8;
            }
            while i < data.len() {
                let b = data[i];
                if b == delimiter || b == b'\n' || (b == b'"' && dialect.quoted) {
                    match self.structural(data, i, complete, delimiter, &mut at, declare) {
                        Next::Go => {}
                        Next::Jump(to) => {
                            i = to;
                            if self.rows == max_rows {
                                stopped = Stopped::AtRows;
                                break 'scan;
                            }
                            continue 'scan;
                        }
                        Next::Record if self.rows == max_rows => {
                            stopped = Stopped::AtRows;
                            break 'scan;
                        }
                        Next::Record => {}
                        Next::Open => {
                            stopped = if complete { Stopped::InQuotes } else { Stopped::AtEnd };
                            break 'scan;
                        }
                    }
                }
                i += 1;
            }
            break;
        }
        if complete && stopped == Stopped::AtEnd && at.record < data.len() {
            // The last record has no newline.
            self.end_record(data, data.len(), delimiter, &mut at, declare);
        }
        // What belongs to a record that is not complete is split again with more data.
        let done = at.record.min(data.len());
        self.cells.truncate(at.record_cells);
        if at.segment <= done {
            copy(&mut self.text, &data[at.segment..done], delimiter);
        } else {
            self.text.truncate(at.record_text);
        }
        (done, stopped)
    }

    #[inline(always)]
    fn structural(
        &mut self,
        data: &[u8],
        p: usize,
        complete: bool,
        delimiter: u8,
        at: &mut At,
        declare: &mut dyn FnMut(u32) -> FieldId,
    ) -> Next {
        let b = data[p];
        if b == delimiter {
            self.end_cell(p, at, declare);
            at.cell = p + 1;
            at.column += 1;
            return Next::Go;
        }
        if b == b'\n' {
            self.end_record(data, p, delimiter, at, declare);
            return Next::Record;
        }
        if p != at.cell {
            return Next::Go; // A quote in mid-cell is content.
        }
        self.quoted(data, p, complete, delimiter, at, declare)
    }

    #[inline(always)]
    fn end_cell(&mut self, end: usize, at: &At, declare: &mut dyn FnMut(u32) -> FieldId) {
        if end > at.cell {
            let start = (self.text.len() + (at.cell - at.segment)) as u32;
            let field = self.field(at.column, declare);
            let len = (end - at.cell) as u32;
            self.cells.push(Cell {
                start,
                end: start + len,
                field,
                row: self.rows,
                raw: at.cell as u32,
                times: 1,
            });
        }
    }

    #[inline(always)]
    fn field(&mut self, column: usize, declare: &mut dyn FnMut(u32) -> FieldId) -> FieldId {
        match self.fields.get(column) {
            Some(field) => *field,
            None => self.new_field(column, declare),
        }
    }

    #[cold]
    fn new_field(&mut self, column: usize, declare: &mut dyn FnMut(u32) -> FieldId) -> FieldId {
        while self.fields.len() <= column.min(MAX_COLUMNS) {
            self.fields.push(declare(self.fields.len() as u32));
        }
        self.fields[self.fields.len() - 1]
    }

    /// Ends the record at the newline at `p`, or at the end of the content.
    #[inline(always)]
    fn end_record(
        &mut self,
        data: &[u8],
        p: usize,
        delimiter: u8,
        at: &mut At,
        declare: &mut dyn FnMut(u32) -> FieldId,
    ) {
        let carriage = p > at.cell && data[p - 1] == b'\r';
        let end = p - usize::from(carriage);
        self.end_cell(end, at, declare);
        let blank = at.column == 0 && end == at.record;
        if carriage || p == data.len() {
            copy(&mut self.text, &data[at.segment..end], delimiter);
            self.text.push(b'\n');
            at.segment = p + 1;
        }
        self.next_record(p + 1, blank, at);
    }

    #[inline(always)]
    fn next_record(&mut self, start: usize, blank: bool, at: &mut At) {
        self.rows += u32::from(!blank);
        at.record = start;
        at.record_cells = self.cells.len();
        at.record_text = self.text.len() + (start - at.segment);
        at.cell = start;
        at.column = 0;
    }

    fn quoted(
        &mut self,
        data: &[u8],
        p: usize,
        complete: bool,
        delimiter: u8,
        at: &mut At,
        declare: &mut dyn FnMut(u32) -> FieldId,
    ) -> Next {
        copy(&mut self.text, &data[at.segment..p], delimiter);
        at.segment = p;
        let start = self.text.len();
        let mut from = p + 1;
        let close = loop {
            let Some(quote) = memchr::memchr(b'"', &data[from..]).map(|n| from + n) else {
                // Already copied bytes before the record's start stay; the rest is cut off by `split`.
                at.segment = data.len() + 1;
                return Next::Open;
            };
            match data.get(quote + 1) {
                Some(b'"') => {
                    self.text.extend_from_slice(&data[from..=quote]);
                    from = quote + 2;
                }
                None if !complete => {
                    at.segment = data.len() + 1;
                    return Next::Open;
                }
                _ => break quote,
            }
        };
        self.text.extend_from_slice(&data[from..close]);
        // What follows the closing quote belongs to the cell, as lenient readers have it.
        let end = match data[close + 1..].first() {
            Some(b) if *b == delimiter || *b == b'\n' => close + 1,
            _ => match memchr::memchr2(delimiter, b'\n', &data[close + 1..]) {
                Some(n) => close + 1 + n,
                None if complete => data.len(),
                None => {
                    at.segment = data.len() + 1;
                    return Next::Open;
                }
            },
        };
        let ends_record = data.get(end) != Some(&delimiter);
        let mut tail = &data[close + 1..end];
        if ends_record && let Some(before) = tail.strip_suffix(b"\r") {
            tail = before;
        }
        self.text.extend_from_slice(tail);
        if self.text.len() > start {
            let field = self.field(at.column, declare);
            let end = self.text.len() as u32;
            let raw = (p + 1) as u32;
            self.cells.push(Cell { start: start as u32, end, field, row: self.rows, raw, times: 1 });
        }
        self.text.push(b'\n');
        at.segment = end + 1;
        if ends_record {
            self.next_record(end + 1, false, at);
        } else {
            at.cell = end + 1;
            at.column += 1;
        }
        Next::Jump(end + 1)
    }
}

enum Next {
    Go,
    Record,
    Jump(usize),
    /// More data is needed to close a quoted cell.
    Open,
}

/// Copies a stretch without quotes, where every delimiter separates cells.
#[inline]
fn copy(text: &mut Vec<u8>, raw: &[u8], delimiter: u8) {
    text.extend(raw.iter().map(|b| if *b == delimiter { b'\n' } else { *b }));
}

/// The end of the record that starts at `from`, behind its newline; blank lines before it included.
pub fn record_end(data: &[u8], from: usize, complete: bool, dialect: &Dialect) -> Option<usize> {
    let (mut quoted, mut cell_start, mut content) = (false, true, false);
    for (i, b) in data.iter().enumerate().skip(from) {
        match *b {
            b'"' if dialect.quoted && (quoted || cell_start) => quoted = !quoted,
            // A doubled quote inside closes and opens again.
            b'"' if dialect.quoted && data[i - 1] == b'"' => quoted = true,
            b'\n' if !quoted && content => return Some(i + 1),
            _ => {}
        }
        content |= !matches!(*b, b'\r' | b'\n');
        cell_start = !quoted && (*b == dialect.delimiter || *b == b'\n');
    }
    (complete && content).then_some(data.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows of non-empty cells as (column, text, raw), read in pieces of growing data.
    fn split(data: &[u8], step: usize, delimiter: u8) -> (Vec<Vec<(u32, String, usize)>>, usize, Stopped) {
        let dialect = Dialect { delimiter, quoted: true, columns: 2 };
        let mut batch = Batch::default();
        let (mut base, mut have, mut rows) = (0, 0, Vec::new());
        loop {
            have = (have + step).min(data.len());
            let complete = have == data.len();
            let (done, stopped) =
                batch.split(&data[base..have], 0, complete, u32::MAX, &dialect, &mut FieldId);
            let first = rows.len();
            rows.resize(first + batch.rows as usize, Vec::new());
            for c in &batch.cells {
                assert_eq!(batch.text[c.end as usize], b'\n');
                let text = String::from_utf8_lossy(&batch.text[c.start as usize..c.end as usize]);
                rows[first + c.row as usize].push((c.field.0, text.into_owned(), base + c.raw as usize));
            }
            base += done;
            if complete {
                return (rows, base, stopped);
            }
        }
    }

    fn reference(data: &[u8], delimiter: u8) -> Vec<Vec<(u32, String)>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(data);
        let filled = |r: csv::ByteRecord| {
            let cells = r.iter().enumerate().filter(|(_, c)| !c.is_empty());
            cells.map(|(i, c)| (i as u32, String::from_utf8_lossy(c).into_owned())).collect()
        };
        reader.byte_records().map(|r| filled(r.unwrap())).collect()
    }

    proptest! {
        #[test]
        fn cells_are_those_of_the_csv_crate(
            parts in proptest::collection::vec(
                prop_oneof![Just(","), Just("\n"), Just("\r\n"), Just("\""), Just("\"\""), Just("\",\""), Just("ab"),
                    Just("longer text without anything"), Just(" "), Just("ü")], 0..40),
            step in 1usize..60,
        ) {
            let data = parts.concat();
            let (rows, done, stopped) = split(data.as_bytes(), step, b',');
            if stopped == Stopped::InQuotes {
                // Whole records before the quote, and nothing of its own.
                let (again, all, _) = split(&data.as_bytes()[..done], step, b',');
                prop_assert_eq!((again, all), (rows, done));
                return Ok(());
            }
            prop_assert_eq!(done, data.len());
            let plain: Vec<Vec<(u32, String)>> =
                rows.iter().map(|r| r.iter().map(|(f, t, _)| (*f, t.clone())).collect()).collect();
            prop_assert_eq!(plain, reference(data.as_bytes(), b','));
            for (_, text, raw) in rows.into_iter().flatten() {
                // Up to the first quote, the source at the place is the value.
                let value = text.split('"').next().unwrap_or_default();
                prop_assert!(data[raw..].starts_with(value) || text.starts_with('"'));
            }
        }
    }

    #[test]
    fn columns_without_end_stop_at_the_last_one() {
        let data = format!("{}\n", "x,".repeat(20_000));
        let (rows, _, _) = split(data.as_bytes(), 100_000, b',');
        assert_eq!(rows[0].len(), 20_000);
        assert_eq!(rows[0].last().unwrap().0 as usize, MAX_COLUMNS);
    }

    #[test]
    fn the_end_of_a_record_respects_quotes() {
        let dialect = Dialect { delimiter: b',', quoted: true, columns: 2 };
        let end = |data: &str| record_end(data.as_bytes(), 0, false, &dialect);
        assert_eq!(end("\r\n\na,b\nc"), Some(7));
        assert_eq!(end("\"a\n\"\"b\",c\nd\n"), Some(11));
        assert_eq!(end("\"a\nb,c\n"), None);
    }
}
