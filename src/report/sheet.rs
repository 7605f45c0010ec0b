//! A page of text and the rows behind it: one to read, the other for programs.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::delimited;
use super::jsonl::write_line;
use super::schema::Cell;
use super::sink::{Destination, Sink};
use super::terminal::WIDTH;
use super::text::{left, printable, right, shorten, width, wrap};
use super::{Colour, Options};

/// Columns between two columns of a grid.
const GAP: usize = 2;
/// No column of a grid is cut below this.
const LEAST: usize = 6;

/// What `report` shows: lines of at most 80 columns, and rows.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// The value of `"record"` in JSON lines.
    record: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell<'static>>>,
    /// Lines, and whether each is a title.
    lines: Vec<(String, bool)>,
}

impl Sheet {
    pub(super) fn new(record: &'static str, columns: &[&'static str]) -> Self {
        Self { record, columns: columns.to_vec(), ..Self::default() }
    }

    /// A title, with an empty line before all but the first.
    pub(super) fn title(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push((String::new(), false));
        }
        self.lines.extend(wrap(text, WIDTH).into_iter().map(|line| (line, true)));
    }

    /// Text that wraps, before all else.
    pub fn first(&mut self, text: &str) {
        let lines = wrap(&printable(text), WIDTH).into_iter().map(|line| (line, true));
        self.lines.splice(0..0, lines.chain([(String::new(), false)]));
    }

    /// Text that wraps.
    pub(super) fn line(&mut self, indent: usize, text: &str) {
        for line in wrap(text, WIDTH - indent) {
            self.lines.push((format!("{:indent$}{}", "", line.replace('\u{a0}', " ")), false));
        }
    }

    /// A term, and text that wraps beside it.
    pub(super) fn entry(&mut self, term: &str, columns: usize, text: &str) {
        let indent = 2 + columns + GAP;
        for (i, line) in wrap(text, WIDTH - indent).iter().enumerate() {
            let term = if i == 0 { left(&shorten(term, columns), columns) } else { " ".repeat(columns) };
            let line = format!("  {term}{:GAP$}{}", "", line.replace('\u{a0}', " "));
            self.lines.push((line.trim_end().to_owned(), false));
        }
    }

    /// Lines in columns, indented by 2; a head that begins with `>` is one of numbers, to the right. What does not fit is
    /// shortened, the widest column first.
    pub(super) fn grid(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let to_right: Vec<bool> = head.iter().map(|h| h.starts_with('>')).collect();
        let head: Vec<String> = head.iter().map(|h| h.trim_start_matches('>').to_owned()).collect();
        let columns = || std::iter::once(&head).chain(rows);
        let mut widths: Vec<usize> =
            (0..head.len()).map(|i| columns().map(|r| width(&r[i])).max().unwrap_or(0)).collect();
        let room = (WIDTH - 2).saturating_sub(GAP * head.len().saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            let Some(widest) = widths.iter_mut().max().filter(|w| **w > LEAST) else { break };
            *widest -= 1;
        }
        for (n, row) in columns().enumerate() {
            let cells = row.iter().zip(&widths).zip(&to_right).map(|((cell, width), to_right)| {
                let cell = shorten(cell, *width);
                if *to_right { right(&cell, *width) } else { left(&cell, *width) }
            });
            let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
            self.lines.push((format!("  {line}").trim_end().to_owned(), n == 0));
        }
    }

    /// A row for programs.
    pub(super) fn row(&mut self, cells: Vec<Cell<'static>>) {
        self.rows.push(cells);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes it as `table`, `csv` or `jsonl`.
    pub fn write(&self, format: &str, destination: &Destination, options: Options) -> io::Result<()> {
        let mut sink = Sink::open(destination)?;
        match format {
            "csv" => {
                let visible = sink.is_terminal();
                sink.write_all(&self.csv(visible)?)?;
            }
            "jsonl" => {
                for row in &self.rows {
                    let object = Object { record: self.record, columns: &self.columns, row };
                    write_line(&mut sink, &object)?;
                }
            }
            _ => {
                for (line, title) in &self.lines {
                    match (title, options.colour) {
                        (true, Colour::Always) => writeln!(sink, "\x1b[1m{line}\x1b[0m")?,
                        _ => writeln!(sink, "{line}")?,
                    }
                }
            }
        }
        sink.finish()
    }

    fn csv(&self, visible: bool) -> io::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).map_err(delimited::io_error)?;
        for row in &self.rows {
            for cell in row {
                let mut text = String::new();
                delimited::print(cell, &mut text);
                writer.write_field(&*delimited::shown(&text, visible)).map_err(delimited::io_error)?;
            }
            writer.write_record(None::<&[u8]>).map_err(delimited::io_error)?;
        }
        writer.into_inner().map_err(|e| e.into_error())
    }
}

struct Object<'a> {
    record: &'static str,
    columns: &'a [&'static str],
    row: &'a [Cell<'static>],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len() + 1))?;
        map.serialize_entry("record", self.record)?;
        for (column, cell) in self.columns.iter().zip(self.row) {
            map.serialize_entry(column, cell)?;
        }
        map.end()
    }
}
