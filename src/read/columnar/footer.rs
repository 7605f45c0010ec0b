//! A look at a Parquet footer before the decoder gets it: whether columns are encrypted, and how deep the schema is.
//! The decoder recurses along the schema, and an exhausted stack cannot be contained.

/// Deepest schema that is read.
const MAX_DEPTH: usize = 100;

/// What the footer says.
#[derive(Debug, PartialEq, Eq)]
pub enum Footer {
    /// Nothing against reading it.
    Plain,
    /// It names an encryption algorithm.
    Encrypted,
    /// Its schema is nested too deep.
    TooDeep,
}

/// Looks at the `FileMetaData` structure (Thrift, compact protocol). `None` if it is damaged.
pub fn look(bytes: &[u8]) -> Option<Footer> {
    let mut thrift = Thrift { bytes };
    let mut footer = Footer::Plain;
    let mut id = 0;
    while let Some(kind) = thrift.field(&mut id)? {
        match (id, kind) {
            (2, LIST) if thrift.schema_depth()? > MAX_DEPTH => return Some(Footer::TooDeep),
            (2, LIST) => {}
            (8, STRUCT) => {
                footer = Footer::Encrypted;
                thrift.skip(kind, 0)?;
            }
            _ => thrift.skip(kind, 0)?,
        }
    }
    Some(footer)
}

const LIST: u8 = 9;
const STRUCT: u8 = 12;

struct Thrift<'a> {
    bytes: &'a [u8],
}

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn take(&mut self, n: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(n).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The kind of the next field, its number in `id`; inner `None` at the structure's end.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *id = match head >> 4 {
            0 => self.zigzag()?,
            delta => *id + i64::from(delta),
        };
        Some(Some(head & 0xf))
    }

    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let size = match head >> 4 {
            15 => self.varint()?,
            size => u64::from(size),
        };
        Some((size, head & 0xf))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > 64 {
            return None;
        }
        match kind {
            1 | 2 => Some(()),
            3 => self.take(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.take(8),
            8 => {
                let length = self.varint()?;
                self.take(length)
            }
            LIST | 10 => {
                let (size, kind) = self.list()?;
                (0..size).try_for_each(|_| self.element(kind, depth + 1))
            }
            11 => {
                let size = self.varint()?;
                if size == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                (0..size).try_for_each(|_| {
                    self.element(kinds >> 4, depth + 1)?;
                    self.element(kinds & 0xf, depth + 1)
                })
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, depth + 1)?;
                }
                Some(())
            }
            13 => self.take(16),
            _ => None,
        }
    }

    /// Booleans take a byte in collections and none as fields.
    fn element(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => self.take(1),
            kind => self.skip(kind, depth),
        }
    }

    /// The depth of the tree that a list of schema elements flattens, each with the number of its children.
    fn schema_depth(&mut self) -> Option<usize> {
        let (size, kind) = self.list()?;
        let mut open: Vec<i64> = Vec::new();
        let mut deepest = 0;
        for _ in 0..size {
            if kind != STRUCT {
                return None;
            }
            let (mut id, mut children) = (0, 0);
            while let Some(kind) = self.field(&mut id)? {
                match (id, kind) {
                    (5, 5) => children = self.zigzag()?,
                    _ => self.skip(kind, 0)?,
                }
            }
            while open.last().is_some_and(|left| *left <= 0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            open.push(children);
            deepest = deepest.max(open.len());
            if deepest > MAX_DEPTH {
                return Some(deepest);
            }
        }
        Some(deepest)
    }
}
