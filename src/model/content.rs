//! What readers hand over: windows of text, batches of cells, entries, comments, gaps.

use std::ops::{ControlFlow, Range};

use super::body::Body;
use super::item::{Gap, ItemMeta, Reason};

/// Why reading stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The user interrupted the run.
    Interrupted,
    /// The time an item may take is over.
    Timeout,
}

/// Whether to go on reading.
pub type Flow = ControlFlow<Stop>;

/// Where in an item a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// In the content itself.
    Content,
    /// In the item's own name.
    ItemName,
    /// In a header or key.
    FieldName,
    /// In a comment of an archive or in a document's properties.
    Comment,
}

impl Place {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Place::Content => "content",
            Place::ItemName => "item_name",
            Place::FieldName => "field_name",
            Place::Comment => "comment",
        }
    }
}

/// A stretch of running text. Windows of one item come in order, and their `owned` ranges tile the text without
/// hole or overlap; the rest of `bytes` is look-around, as much of it as the detectors' reach where the text has it.
#[derive(Clone, Debug)]
pub struct TextWindow<'a> {
    /// Decoded bytes (UTF-8 where the text was decodable).
    pub bytes: &'a [u8],
    /// The range of `bytes` in which a match may *start*.
    pub owned: Range<usize>,
    /// Offset of `bytes[0]` in the innermost decoded content.
    pub offset: u64,
    /// No window follows: `bytes` ends where the text ends.
    pub last: bool,
    /// Whether offsets and lines mean something to a person (false for printable runs of a binary file).
    pub located: bool,
}

/// Names a field of the item being read; given by [`ContentVisitor::field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

/// One value of a table or record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Start in [`CellBatch::text`].
    pub start: u32,
    /// End in [`CellBatch::text`].
    pub end: u32,
    /// The field it belongs to.
    pub field: FieldId,
    /// Row relative to [`CellBatch::first_row`].
    pub row: u32,
    /// Where the value starts in [`CellBatch::raw`]; [`Cell::NO_RAW`] if unknown.
    pub raw: u32,
    /// How often the value stands in the source at this place; more than 1 for dictionary values searched once.
    pub times: u32,
}

impl Cell {
    /// The value's place in the source text is not known.
    pub const NO_RAW: u32 = u32::MAX;
}

/// How a format writes what it cannot write plainly inside a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// A doubled quote, as in CSV.
    Doubled,
    /// Backslash sequences, as in JSON.
    Backslash,
}

/// Values of one table, in any order, joined in one buffer. Between two cells stands exactly one `\n`, so no match of
/// a pattern can cross from one to the next; a cell may itself hold newlines.
#[derive(Clone, Debug)]
pub struct CellBatch<'a> {
    /// All values, unescaped, each followed by `\n`.
    pub text: &'a [u8],
    /// Cells by ascending `start`.
    pub cells: &'a [Cell],
    /// 0-based number of the batch's first data row.
    pub first_row: u64,
    /// Rows in this batch; a row counts also when all its values are empty.
    pub rows: u32,
    /// The stretch of source text that these rows were read from; empty for formats without one.
    pub raw: &'a [u8],
    /// Offset of `raw[0]` in the innermost decoded content; batches' `raw` follow one another without hole.
    pub raw_offset: u64,
    /// How values are written in `raw`.
    pub escapes: Escapes,
}

/// The reader's counterpart: what it hands content to. Implemented by `scan`, and by tests.
pub trait ContentVisitor {
    /// The format this item turned out to be (`csv`, `gzip`, …). Called once, before content; again if a reader gives up and text takes over.
    fn format(&mut self, name: &str);

    /// Running text.
    fn text(&mut self, window: &TextWindow<'_>) -> Flow;

    /// Declares a field (column, key path) of this item; the same name gives the same id only if `index` is equal.
    /// `name` is verbatim. `index` is the 0-based column, or for records the order of first appearance.
    fn field(&mut self, name: &[u8], index: u32) -> FieldId;

    /// Values of fields declared before.
    fn cells(&mut self, batch: &CellBatch<'_>) -> Flow;

    /// An item inside this one. The visitor reads it before it returns.
    fn entry(&mut self, name: &[u8], meta: ItemMeta, body: Body<'_>) -> Flow;

    /// An item inside this one that could not be opened: it gets an outcome of its own.
    fn failed_entry(&mut self, name: &[u8], meta: ItemMeta, gap: Gap) -> Flow;

    /// An item inside this one that is left alone by decision, a link for example: it gets an outcome of its own.
    fn skipped_entry(&mut self, name: &[u8], meta: ItemMeta, reason: Reason) -> Flow {
        self.failed_entry(name, meta, Gap::new(reason, ""))
    }

    /// The entries that follow are what is left of deleted ones, in this way (`zip-unlisted-entry`); `None`: they are not.
    fn residue(&mut self, how: Option<&'static str>) {
        let _ = how;
    }

    /// A comment.
    fn comment(&mut self, text: &[u8]);

    /// Something that the item says of itself under a name: a document property, a key of a table's metadata.
    fn property(&mut self, name: &[u8], value: &[u8]) {
        let _ = name;
        self.comment(value);
    }

    /// Something of this item was not examined, or not as what it claims to be.
    fn gap(&mut self, gap: Gap);
}
