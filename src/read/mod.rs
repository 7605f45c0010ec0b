//! What bytes mean: formats to windows, cells and entries. Knows formats and never detectors.
//!
//! Each format is one constant in one file, listed in [`formats`]. A reader pushes what it finds into a
//! [`ContentVisitor`]; nesting is plain recursion through [`ContentVisitor::entry`].

#[cfg(feature = "archives")]
pub mod archive;
mod charset;
#[cfg(feature = "tabular")]
pub mod columnar;
mod delimited;
mod dialect;
pub mod escape;
mod identify;
mod json;
pub mod limits;
mod rolling;
mod split;
pub mod spool;
mod strings;
#[cfg(test)]
mod testing;
mod text;

use std::cell::RefCell;
use std::io;
use std::ops::ControlFlow;

use crate::model::{Body, ContentVisitor, Flow, Gap, Reason, Stop};

use identify::Kind;

pub use limits::{Budget, LimitHit, Limits};
pub use text::read_text;

/// How much of an item identification looks at.
pub const HEAD: usize = 64 << 10;

/// Formats that their first bytes tell, room by room.
const BY_MAGIC: &[&[Format]] = &[
    #[cfg(feature = "archives")]
    archive::FORMATS,
    #[cfg(feature = "tabular")]
    columnar::FORMATS,
];

/// Formats that are told apart together, by content and then by name.
const TEXTUAL: &[Format] = &[json::JSONL, json::JSON, delimited::CSV, delimited::TSV, text::TEXT];

/// Every format with a reader in this build.
pub fn formats() -> impl Iterator<Item = &'static Format> {
    BY_MAGIC.iter().chain([&TEXTUAL]).flat_map(|room| room.iter())
}

/// How far around its start a match can look, in bytes. Given by the detectors, obeyed by text windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Bytes kept before the owned range.
    pub behind: usize,
    /// Bytes needed after the owned range, except where it ends at a newline or the text ends.
    pub ahead: usize,
}

/// What a reader works with.
pub struct ReadContext<'a> {
    /// Shared by all levels of one outermost item.
    pub budget: &'a Budget<'a>,
    /// For text windows.
    pub reach: Reach,
    /// Containers around this item.
    pub depth: usize,
    /// Reused buffers of this thread.
    pub buffers: &'a Buffers,
}

/// Buffers of one thread, reused from item to item so that a small file costs no allocation.
#[derive(Default)]
pub struct Buffers {
    empty: RefCell<Vec<Vec<u8>>>,
    used: RefCell<Vec<Vec<u8>>>,
}

impl Buffers {
    /// Larger buffers are not kept.
    const LARGEST: usize = 4 << 20;

    /// An empty buffer, with capacity if one was given back.
    pub fn take(&self) -> Vec<u8> {
        self.empty.borrow_mut().pop().unwrap_or_default()
    }

    /// Gives a buffer back.
    pub fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= Self::LARGEST {
            buffer.clear();
            self.empty.borrow_mut().push(buffer);
        }
    }

    /// A buffer of any length with anything in it, to be overwritten: what needs no clearing costs none.
    pub fn take_used(&self) -> Vec<u8> {
        self.used.borrow_mut().pop().unwrap_or_default()
    }

    /// Gives back a buffer as it is.
    pub fn give_used(&self, buffer: Vec<u8>) {
        if buffer.capacity() <= Self::LARGEST {
            self.used.borrow_mut().push(buffer);
        }
    }
}

/// Why a reader did not reach the end of an item.
#[derive(Debug)]
pub enum ReadError {
    /// The visitor or the budget asked to stop.
    Stop(Stop),
    /// This much is not examined, for this reason.
    Gap(Gap),
}

impl From<Stop> for ReadError {
    fn from(stop: Stop) -> Self {
        ReadError::Stop(stop)
    }
}

impl From<Gap> for ReadError {
    fn from(gap: Gap) -> Self {
        ReadError::Gap(gap)
    }
}

impl From<io::Error> for ReadError {
    /// An error of the store or of a decoder below; the foreign text is not kept.
    fn from(e: io::Error) -> Self {
        match LimitHit::find(&e) {
            Some(Reason::LimitTime) => return ReadError::Stop(Stop::Timeout),
            Some(Reason::Interrupted) => return ReadError::Stop(Stop::Interrupted),
            Some(reason) => {
                return ReadError::Gap(Gap::new(reason, "the content behind the limit was not read"));
            }
            None => {}
        }
        let reason = match e.kind() {
            io::ErrorKind::PermissionDenied => Reason::PermissionDenied,
            io::ErrorKind::NotFound => Reason::NotFound,
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => {
                Reason::Malformed
            }
            _ => Reason::ReadError,
        };
        ReadError::Gap(Gap::new(reason, e.kind().to_string()))
    }
}

/// Turns a visitor's answer into `?`.
pub fn go(flow: Flow) -> Result<(), ReadError> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(stop) => Err(ReadError::Stop(stop)),
    }
}

/// A format's reader.
pub type ReadFn =
    fn(&ReadContext<'_>, name: &[u8], Body<'_>, &mut dyn ContentVisitor) -> Result<(), ReadError>;

/// A format with a reader.
pub struct Format {
    /// The word in the items table, `csv` for example.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// Lower-case file name extensions without the dot.
    pub extensions: &'static [&'static str],
    /// Whether the first bytes (64 KiB at most) are of this format, name unseen.
    pub recognises: fn(head: &[u8]) -> bool,
    /// Reads the item. `name` is the innermost segment of its path.
    pub read: ReadFn,
}

/// Identifies an item by its content, then by its name, and reads it. What goes wrong is told to the visitor as gaps.
pub fn read(cx: &ReadContext<'_>, name: &[u8], body: Body<'_>, visitor: &mut dyn ContentVisitor) -> Flow {
    match read_identified(cx, name, body, visitor) {
        Ok(()) => Flow::Continue(()),
        Err(ReadError::Stop(stop)) => Flow::Break(stop),
        Err(ReadError::Gap(gap)) => {
            visitor.gap(gap);
            Flow::Continue(())
        }
    }
}

fn named(visitor: &mut dyn ContentVisitor, format: &Format, half: Option<identify::HalfRead>) {
    visitor.format(half.map_or(format.name, |h| h.name));
    if let Some(half) = half {
        visitor.gap(Gap::new(Reason::UnsupportedFormat, half.why));
    }
}

fn read_identified(
    cx: &ReadContext<'_>,
    name: &[u8],
    mut body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let head = body.peek(HEAD)?;
    if head.is_empty() {
        visitor.format("empty");
        return Ok(());
    }
    match identify::identify(head, name) {
        Kind::Known(format) => {
            named(visitor, format, identify::half_read(format, head, name));
            (format.read)(cx, name, body, visitor)
        }
        Kind::Text(charset) => {
            named(visitor, &text::TEXT, identify::half_read(&text::TEXT, head, name));
            text::read_in(charset, cx, body, visitor)
        }
        Kind::Unsupported(short) => {
            visitor.format(&short);
            visitor.gap(Gap::new(Reason::UnsupportedFormat, "printable runs were searched"));
            strings::read(cx, body, visitor)
        }
        Kind::Binary => {
            visitor.format("binary");
            visitor.gap(Gap::new(Reason::UnknownFormat, "printable runs were searched"));
            strings::read(cx, body, visitor)
        }
    }
}
