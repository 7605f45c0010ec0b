//! A visitor that records, and the smallest context, for the tests of readers.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use super::{Budget, Buffers, Limits, Reach, ReadContext};
use crate::model::{Body, CellBatch, ContentVisitor, FieldId, Flow, Gap, ItemMeta, Reason, TextWindow};

/// One value as it was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub field: String,
    pub index: u32,
    pub row: u64,
    pub text: String,
    /// Absolute.
    pub offset: u64,
}

/// Keeps everything it is given, and checks what must hold of any reader.
#[derive(Default)]
pub struct Recorder {
    pub formats: Vec<String>,
    /// Owned text, joined.
    pub text: Vec<u8>,
    /// Offset of the first owned byte.
    pub text_offset: Option<u64>,
    pub windows: Vec<(u64, Vec<u8>, std::ops::Range<usize>, bool)>,
    pub located: bool,
    pub fields: Vec<(String, u32)>,
    pub values: Vec<Value>,
    pub rows: u64,
    pub batches: usize,
    /// Source text of all batches, joined.
    pub raw: Vec<u8>,
    pub raw_end: Option<u64>,
    pub comments: Vec<Vec<u8>>,
    pub gaps: Vec<Gap>,
}

impl Recorder {
    pub fn reasons(&self) -> Vec<Reason> {
        self.gaps.iter().map(|g| g.reason).collect()
    }

    /// `field=value` of every cell, in order.
    pub fn pairs(&self) -> Vec<String> {
        self.values.iter().map(|v| format!("{}={}", v.field, v.text)).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

impl ContentVisitor for Recorder {
    fn format(&mut self, name: &str) {
        self.formats.push(name.to_owned());
    }

    fn text(&mut self, w: &TextWindow<'_>) -> Flow {
        assert!(self.windows.last().is_none_or(|l| !l.3), "a window after the last");
        let start = w.offset + w.owned.start as u64;
        match self.text_offset {
            None => self.text_offset = Some(start),
            Some(first) => assert_eq!(start, first + self.text.len() as u64, "owned ranges tile"),
        }
        self.text.extend_from_slice(&w.bytes[w.owned.clone()]);
        self.windows.push((w.offset, w.bytes.to_vec(), w.owned.clone(), w.last));
        self.located = w.located;
        ControlFlow::Continue(())
    }

    fn field(&mut self, name: &[u8], index: u32) -> FieldId {
        let key = (String::from_utf8_lossy(name).into_owned(), index);
        let at = self.fields.iter().position(|f| *f == key).unwrap_or_else(|| {
            self.fields.push(key);
            self.fields.len() - 1
        });
        FieldId(at as u32)
    }

    fn cells(&mut self, b: &CellBatch<'_>) -> Flow {
        if let Some(end) = self.raw_end {
            assert_eq!(end, b.raw_offset, "raw stretches tile");
        }
        self.raw_end = Some(b.raw_offset + b.raw.len() as u64);
        self.raw.extend_from_slice(b.raw);
        let mut before = 0;
        for c in b.cells {
            assert!(c.start >= before && c.end > c.start && c.row < b.rows);
            before = c.end + 1;
            assert_eq!(b.text[c.end as usize], b'\n');
            assert!(c.start == 0 || b.text[c.start as usize - 1] == b'\n');
            let (name, index) = self.fields[c.field.0 as usize].clone();
            self.values.push(Value {
                field: name,
                index,
                row: b.first_row + u64::from(c.row),
                text: String::from_utf8_lossy(&b.text[c.start as usize..c.end as usize]).into_owned(),
                offset: b.raw_offset + u64::from(c.raw),
            });
        }
        self.rows = self.rows.max(b.first_row + u64::from(b.rows));
        self.batches += 1;
        ControlFlow::Continue(())
    }

    fn entry(&mut self, _: &[u8], _: ItemMeta, _: Body<'_>) -> Flow {
        ControlFlow::Continue(())
    }

    fn failed_entry(&mut self, _: &[u8], _: ItemMeta, _: Gap) -> Flow {
        ControlFlow::Continue(())
    }

    fn comment(&mut self, text: &[u8]) {
        self.comments.push(text.to_vec());
    }

    fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }
}

/// Runs `f` with a context of these limits and this reach.
pub fn with<T>(limits: &Limits, reach: Reach, f: impl FnOnce(&ReadContext<'_>) -> T) -> T {
    let (interrupted, buffers) = (AtomicBool::new(false), Buffers::default());
    let budget = Budget::new(limits, &interrupted);
    f(&ReadContext { budget: &budget, reach, depth: 0, buffers: &buffers })
}

/// A few bytes at a time, as a slow stream gives them.
pub struct Trickle<'a>(pub &'a [u8], pub usize);

impl std::io::Read for Trickle<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(buf.len()).min(self.0.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

/// Reads bytes under a name with these limits.
pub fn read_with(limits: &Limits, name: &str, bytes: &[u8]) -> Recorder {
    let mut recorder = Recorder::default();
    with(limits, Reach { behind: 40, ahead: 80 }, |cx| {
        let _ = super::read(cx, name.as_bytes(), Body::stream(bytes), &mut recorder);
    });
    recorder
}

/// Reads bytes under a name.
pub fn read(name: &str, bytes: &[u8]) -> Recorder {
    read_with(&Limits::default(), name, bytes)
}
