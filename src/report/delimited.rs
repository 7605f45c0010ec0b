//! CSV: lists joined by `;`, and no cell that a spreadsheet would take for a formula. Files and pipes get text as it is;
//! a terminal gets what would act on it as an escape.

use std::borrow::Cow;
use std::io;

use super::schema::{Cell, Field};
use super::sink::{Destination, Sink};
use super::tables::{self, Encoder};
use super::text::printable;
use super::{Options, ReportWriter};

pub(super) fn open(destination: &Destination, _: Options) -> io::Result<Box<dyn ReportWriter>> {
    tables::open(destination, "csv", |_, fields, sink| {
        let visible = sink.is_terminal();
        let mut writer = csv::Writer::from_writer(sink);
        writer.write_record(fields.iter().map(|f: &Field| f.name)).map_err(io_error)?;
        Ok(Box::new(Csv { writer, cell: String::new(), visible }))
    })
}

struct Csv {
    writer: csv::Writer<Sink>,
    cell: String,
    visible: bool,
}

impl Encoder for Csv {
    fn row(&mut self, cells: &mut dyn Iterator<Item = Cell<'_>>) -> io::Result<()> {
        for cell in cells {
            self.cell.clear();
            print(&cell, &mut self.cell);
            self.writer.write_field(&*shown(&self.cell, self.visible)).map_err(io_error)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io_error)
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        self.writer.into_inner().map_err(|e| e.into_error())
    }
}

/// A cell for a terminal, or as it is.
pub(super) fn shown(cell: &str, visible: bool) -> Cow<'_, str> {
    if visible { printable(cell) } else { Cow::Borrowed(cell) }
}

pub(super) fn print(cell: &Cell<'_>, out: &mut String) {
    match cell {
        Cell::Null => {}
        Cell::Text(text) => {
            defuse(text, out);
            out.push_str(text);
        }
        Cell::List(texts) => {
            if let Some(first) = texts.first() {
                defuse(first, out);
            }
            for (i, text) in texts.iter().enumerate() {
                if i > 0 {
                    out.push(';');
                }
                out.push_str(text);
            }
        }
        Cell::Int(n) => out.push_str(&n.to_string()),
        Cell::Float(x) => out.push_str(&format!("{x:?}")),
        Cell::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Cell::Time(t) => out.push_str(&t.to_string()),
        Cell::Date(day) => out.push_str(&day.to_string()),
    }
}

/// A cell that no spreadsheet takes for a formula.
pub fn spreadsheet_safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    defuse(text, &mut out);
    out.push_str(text);
    out
}

/// Spreadsheets run what follows these characters, the full-width ones too, even inside quotes.
fn defuse(text: &str, out: &mut String) {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        out.push('\'');
    }
}

pub(super) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(e) => e,
        other => io::Error::other(format!("cannot write CSV: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_escapes_and_a_file_the_text() {
        let hostile = "a\u{1b}[2J\u{202e}b\n";
        assert_eq!(shown(hostile, true), "a\\x1b[2J\\u{202e}b\\n");
        assert_eq!(shown(hostile, false), hostile);
        let mut cell = String::new();
        print(&Cell::Text("=1+1".into()), &mut cell);
        assert_eq!(shown(&cell, true), "'=1+1", "a formula stays none");
    }
}
