//! Records to bytes. The only room that names output columns, and that escapes what came from content.
//!
//! A caller opens one [`ReportWriter`] per destination with [`open`], hands each item's record to all of them and to
//! one [`Summary`], and ends them with [`ReportWriter::finish`]. Nothing stands at a file's final name before that.

mod controls;
mod delimited;
mod describe;
mod jsonl;
pub mod schema;
mod sheet;
mod sink;
mod steps;
mod summary;
mod tables;
#[cfg(feature = "tabular")]
mod tabular;
mod terminal;
mod text;
pub mod views;
mod words;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use crate::govern::Assessment;
use crate::govern::outcome::CriterionResult;
use crate::model::{ItemRecord, RunRecord};

pub use delimited::spreadsheet_safe;
pub use describe::describe;
pub use sheet::Sheet;
pub use sink::Destination;
pub use steps::not_reached;
pub use summary::{Group, Place, Summary, TOP_PLACES, Tally, Unread};
pub use terminal::{render as render_summary, render_assessed};
pub use text::{printable, wrap};

/// Writes the records of one run to one destination.
pub trait ReportWriter: Send {
    /// Takes one item with its findings and occurrences.
    fn item(&mut self, record: &ItemRecord) -> io::Result<()>;

    /// Takes what a person has to know before all else.
    fn notice(&mut self, _: &str) {}

    /// Takes what a policy says of all items taken before. Called at most once, before [`ReportWriter::finish`].
    fn assessment(&mut self, _: &Assessment, _: &[CriterionResult]) -> io::Result<()> {
        Ok(())
    }

    /// Takes the run's own record and makes the output final. A writer that is dropped instead leaves no file.
    fn finish(self: Box<Self>, run: &RunRecord, summary: &Summary) -> io::Result<()>;

    /// Every path this writer writes to, under temporary and final name: what a scan must treat as its own output.
    fn outputs(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Whether the summary for people is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    #[default]
    Never,
    /// ANSI colours.
    Always,
}

/// What a writer may be told beyond its destination.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Colour of `table`.
    pub colour: Colour,
}

/// One output format.
pub struct Format {
    /// The word of `--format`.
    pub name: &'static str,
    /// File name extensions that stand for it, without dot.
    pub extensions: &'static [&'static str],
    /// One line about it.
    pub about: &'static str,
    /// Whether a directory may be given: one file per table.
    pub directory: bool,
    constructor: fn(&Destination, Options) -> io::Result<Box<dyn ReportWriter>>,
}

/// The formats this build writes.
pub static WRITERS: &[Format] = &[
    Format {
        name: "table",
        extensions: &["txt"],
        about: "summary for people, 80 columns wide",
        directory: false,
        constructor: terminal::open,
    },
    Format {
        name: "jsonl",
        extensions: &["jsonl", "ndjson"],
        about: "one JSON object per line: items, findings, occurrences, control results, and the run at the end",
        directory: false,
        constructor: jsonl::open,
    },
    Format {
        name: "csv",
        extensions: &["csv"],
        about: "comma-separated, RFC 4180; a file holds the findings, a directory one file per table",
        directory: true,
        constructor: delimited::open,
    },
    #[cfg(feature = "tabular")]
    Format {
        name: "parquet",
        extensions: &["parquet", "pq"],
        about: "Apache Parquet, zstd; a file holds the findings, a directory one file per table",
        directory: true,
        constructor: tabular::open_parquet,
    },
    #[cfg(feature = "tabular")]
    Format {
        name: "arrow",
        extensions: &["arrow", "feather", "ipc"],
        about: "Arrow IPC file (Feather 2); a file holds the findings, a directory one file per table",
        directory: true,
        constructor: tabular::open_arrow,
    },
];

/// The format with this name.
pub fn format(name: &str) -> Option<&'static Format> {
    WRITERS.iter().find(|f| f.name == name)
}

/// The format that a file name's extension stands for.
pub fn format_of(path: &Path) -> Option<&'static Format> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    WRITERS.iter().find(|f| f.extensions.contains(&extension.as_str()))
}

/// Opens a writer of this format. Errors are one line for the user; a usage error has the kind `InvalidInput`.
pub fn open(name: &str, destination: &Destination, options: Options) -> io::Result<Box<dyn ReportWriter>> {
    let Some(format) = format(name) else {
        let names: Vec<_> = WRITERS.iter().map(|f| f.name).collect();
        let message = format!("unknown format {}; this build writes {}", printable(name), names.join(", "));
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    };
    if matches!(destination, Destination::Directory(_)) && !format.directory {
        let message = format!("cannot write {destination}: {name} is one file, and this is a directory");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    (format.constructor)(destination, options)
}
