//! Whether text is a delimited table, by which characters, and whether its first record is a header.

/// How a delimited table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between two cells of a record.
    pub delimiter: u8,
    /// Whether `"` around a cell quotes it.
    pub quoted: bool,
    /// Cells that most records have.
    pub columns: usize,
}

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
const RECORDS: usize = 200;
/// A record of more bytes than this is not looked at for its cells.
const LONG: usize = 32 << 10;

/// The dialect of a table, `None` if the text is none. `named` says that its name calls it a table, then less
/// consistent ones are accepted.
pub fn sniff(text: &[u8], whole: bool, named: bool) -> Option<Dialect> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let quotes = memchr::memchr(b'"', text).is_some();
    let mut best: Option<(f64, Dialect)> = None;
    for delimiter in DELIMITERS {
        if memchr::memchr(delimiter, text).is_none() {
            continue;
        }
        for quoted in [true, false] {
            if !quoted && !quotes {
                continue;
            }
            let Some((score, columns)) = score(text, whole, named, delimiter, quoted) else { continue };
            if best.is_none_or(|(s, _)| score > s) {
                best = Some((score, Dialect { delimiter, quoted, columns }));
            }
        }
    }
    best.map(|(_, dialect)| dialect)
}

fn score(text: &[u8], whole: bool, named: bool, delimiter: u8, quoted: bool) -> Option<(f64, usize)> {
    let mut counts: Vec<usize> = Vec::new();
    let (mut spaced, mut cells, mut odd_quotes, mut last_filled) = (0, 0, 0, 0);
    let mut records = Records { rest: text, whole, delimiter, quoted, odd: 0 };
    let mut record = Vec::new();
    while counts.len() < RECORDS && records.next(&mut record) {
        counts.push(record.len());
        cells += record.len() - 1;
        spaced += record.iter().skip(1).filter(|c| c.starts_with(b" ")).count();
        last_filled += usize::from(record.last().is_some_and(|c| !c.is_empty()));
        odd_quotes = records.odd;
    }
    if counts.len() < 2 {
        return None;
    }
    let columns = mode(&counts);
    let fitting = counts.iter().filter(|c| **c == columns).count();
    let mut consistency = fitting as f64 / counts.len() as f64;
    // Text lines that happen to end in the character: code, pretty-printed objects.
    if columns < 2 || (columns == 2 && last_filled * 10 < counts.len()) {
        return None;
    }
    // Quotes that close in mid-cell say that they are no quotes here.
    consistency -= odd_quotes as f64 / counts.len() as f64;
    let enough = match named {
        true => consistency >= 0.6,
        false => {
            let prose = delimiter == b',' && spaced * 2 > cells;
            let records = if columns > 3 { 2 } else { 3 };
            consistency >= 0.95 && counts.len() >= records && !prose
        }
    };
    if !enough {
        return None;
    }
    let mut score = consistency * (1.0 - 0.5 / columns as f64);
    if counts[0] != columns {
        score *= 0.6; // Decimal commas stand in rows, not in headers.
    }
    if delimiter == b',' {
        score *= 0.97;
    }
    if quoted {
        score *= 1.01;
    }
    Some((score, columns))
}

fn mode(counts: &[usize]) -> usize {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len()).map_or(0, |run| run[0])
}

/// Splits a head into records, simply; the reader has its own fast splitter.
struct Records<'a> {
    rest: &'a [u8],
    whole: bool,
    delimiter: u8,
    quoted: bool,
    odd: usize,
}

impl Records<'_> {
    /// The next record that is not blank; `false` at the end, and where the head cuts a record.
    fn next(&mut self, record: &mut Vec<Vec<u8>>) -> bool {
        loop {
            record.clear();
            if self.rest.is_empty() {
                return false;
            }
            let mut at = 0;
            let ended = loop {
                let (cell, end) = self.cell(at);
                record.push(cell);
                match self.rest.get(end) {
                    Some(b) if *b == self.delimiter => at = end + 1,
                    Some(_) => break Some(end + 1),
                    None => break None,
                }
            };
            let len = ended.unwrap_or(self.rest.len());
            self.rest = &self.rest[len..];
            if (ended.is_none() && !self.whole) || len > LONG {
                return false;
            }
            if record.len() > 1 || !record[0].is_empty() {
                return true;
            }
        }
    }

    fn cell(&mut self, at: usize) -> (Vec<u8>, usize) {
        let mut cell = Vec::new();
        let mut i = at;
        if self.quoted && self.rest.get(i) == Some(&b'"') {
            i += 1;
            loop {
                match (self.rest.get(i), self.rest.get(i + 1)) {
                    (Some(b'"'), Some(b'"')) => {
                        cell.push(b'"');
                        i += 2;
                    }
                    (Some(b'"'), next) => {
                        i += 1;
                        let fits = next.is_none_or(|b| *b == self.delimiter || matches!(b, b'\r' | b'\n'));
                        self.odd += usize::from(!fits);
                        break;
                    }
                    (Some(b), _) => {
                        cell.push(*b);
                        i += 1;
                    }
                    (None, _) => {
                        self.odd += usize::from(self.whole);
                        break;
                    }
                }
            }
        }
        while let Some(b) = self.rest.get(i).filter(|b| **b != self.delimiter && **b != b'\n') {
            cell.push(*b);
            i += 1;
        }
        if self.rest.get(i) != Some(&self.delimiter) && cell.last() == Some(&b'\r') {
            cell.pop();
        }
        (cell, i)
    }
}

/// The first records of a table: lines before it, and its header if it has one.
pub struct Opening {
    /// Records before the header that do not belong to the table (a title, a note).
    pub preamble: usize,
    /// Names of the columns, verbatim; empty without a header.
    pub header: Option<Vec<Vec<u8>>>,
}

/// Looks for the header in a decoded head.
pub fn opening(text: &[u8], whole: bool, dialect: &Dialect) -> Opening {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut records =
        Records { rest: text, whole, delimiter: dialect.delimiter, quoted: dialect.quoted, odd: 0 };
    let mut rows: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut record = Vec::new();
    while rows.len() < 30 && records.next(&mut record) {
        rows.push(std::mem::take(&mut record));
    }
    // A title stands alone in its record; a table that is merely ragged does not begin so.
    let narrow = |r: &Vec<Vec<u8>>| r.iter().filter(|c| !c.is_empty()).count() <= 1;
    let preamble = match rows.iter().take(8).position(|r| r.len() == dialect.columns && !narrow(r)) {
        Some(n) if rows[..n].iter().all(narrow) => n,
        _ => 0,
    };
    let found = rows.get(preamble).is_some_and(|first| is_header(first, &rows[preamble + 1..]));
    Opening { preamble: if found { preamble } else { 0 }, header: found.then(|| rows[preamble].clone()) }
}

fn is_header(first: &[Vec<u8>], rows: &[Vec<Vec<u8>>]) -> bool {
    let named: Vec<&[u8]> = first.iter().map(|c| c.trim_ascii()).filter(|c| !c.is_empty()).collect();
    if named.is_empty() || named.len() * 2 < first.len() {
        return false;
    }
    let mut distinct = named.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() * 10 < named.len() * 6
        || named.iter().filter(|c| c.len() > 100).count() * 4 > named.len()
    {
        return false;
    }
    // A value of the first record that looks like data speaks for data, unless the cells below it are of another kind.
    let (mut names, mut data) = (0, 0);
    for (column, cell) in first.iter().enumerate() {
        let kind = Kind::of(cell);
        if kind == Kind::Blank {
            continue;
        }
        let below =
            rows.iter().filter_map(|r| r.get(column)).map(|c| Kind::of(c)).filter(|k| *k != Kind::Blank);
        let (same, all) = below.fold((0, 0), |(s, n), k| (s + usize::from(k == kind), n + 1));
        match kind {
            Kind::Word if all > 0 && same == 0 => names += 2,
            Kind::Word => {
                let again = rows.iter().filter(|r| r.get(column).is_some_and(|c| c == cell)).count();
                if again > 0 { data += 1 } else { names += 1 }
            }
            _ if all > 0 && same == 0 => {}
            Kind::Email => data += 4,
            _ => data += 2,
        }
    }
    names > data
}

/// The kind of a cell, as far as header detection cares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Word,
    Number,
    Date,
    Email,
    Digits,
}

impl Kind {
    fn of(cell: &[u8]) -> Kind {
        let cell = cell.trim_ascii();
        let digits = cell.iter().filter(|b| b.is_ascii_digit()).count();
        let letters = cell.iter().filter(|b| b.is_ascii_alphabetic() || **b >= 0x80).count();
        if cell.is_empty() {
            return Kind::Blank;
        }
        if let Some(at) = memchr::memchr(b'@', cell)
            && at > 0
            && memchr::memchr(b'.', &cell[at..]).is_some()
        {
            return Kind::Email;
        }
        if digits > 0 && letters == 0 {
            let separators = cell.iter().filter(|b| matches!(b, b'-' | b'/' | b'.' | b':')).count();
            let plain = cell.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b','));
            return match () {
                _ if (6..=8).contains(&digits) && separators == 2 && cell.len() <= 10 => Kind::Date,
                _ if plain => Kind::Number,
                _ => Kind::Digits,
            };
        }
        // Long numbers with a few letters: identifiers, timestamps, phone numbers with a word.
        if digits >= 5 && digits > letters { Kind::Digits } else { Kind::Word }
    }
}
