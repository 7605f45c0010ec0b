//! What a zip holds between, before and behind what its directory lists: entries that were deleted from the directory
//! only, and bytes that are none of its own.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use zip::read::read_zipfile_from_stream;

use super::guard::{Decoded, Stored, Tally, exceeds};
use super::zip::{entry, gap_of, timestamp};
use super::{before_entry, trailing_bytes};
use crate::model::{Body, ContentVisitor, Gap, ItemMeta, Reason};
use crate::read::{ReadContext, ReadError, go};

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const HOW: &str = "zip-unlisted-entry";
/// Bytes looked through at a time.
const CHUNK: usize = 16 << 10;
/// Length of a local header without name and extra field.
const HEADER: u64 = 30;

/// Where the entries are that the directory lists.
#[derive(Default)]
pub struct Listed(Vec<Range<u64>>);

impl Listed {
    /// An entry by the places of its header and of its data, or where that begins at the earliest.
    pub fn add(&mut self, header: u64, data: u64, length: u64) {
        self.0.push(header..data.saturating_add(length));
    }

    /// What is between them, up to the directory.
    fn holes(mut self, directory: u64) -> Vec<Range<u64>> {
        self.0.sort_by_key(|r| r.start);
        let mut holes = Vec::new();
        let mut at = 0;
        for listed in self.0.into_iter().chain(std::iter::once(directory..directory)) {
            if listed.start > at {
                holes.push(at..listed.start);
            }
            at = at.max(listed.end);
        }
        holes
    }
}

/// A local header, as far as it has to be understood here.
struct Header {
    method: u16,
    encrypted: bool,
    /// Its sizes stand behind the data.
    open_ended: bool,
    name: Vec<u8>,
    data: Range<u64>,
}

/// The content of a zip, as a source of holes.
pub struct Holes<'c, 't, 'b, S> {
    pub cx: &'c ReadContext<'b>,
    pub tally: &'t Tally,
    pub content: Stored<'t, BufReader<S>>,
    /// Entries opened so far, and bytes that came out of them.
    pub count: u64,
    pub decoded: u64,
    /// Length of the content.
    pub stored: u64,
}

impl<S: Read + Seek> Holes<'_, '_, '_, S> {
    /// Reads what is in the holes, and what stands before the first entry and behind the end.
    pub fn read(
        &mut self,
        listed: Listed,
        directory: u64,
        visitor: &mut dyn ContentVisitor,
    ) -> Result<(), ReadError> {
        for hole in listed.holes(directory) {
            let mut at = hole.start;
            while let Some(found) = self.find(at..hole.end)? {
                if hole.start == 0 && at == 0 && found > 0 {
                    self.bytes(0..found, visitor)?;
                }
                at = self.unlisted(found, hole.end, visitor)?;
            }
            if hole.start == 0 && at == 0 {
                self.bytes(hole, visitor)?;
            }
        }
        if let Some(end) = self.end(directory)? {
            self.bytes(end..self.stored, visitor)?;
        }
        Ok(())
    }

    /// The next place in a hole where a local header may begin.
    fn find(&mut self, hole: Range<u64>) -> Result<Option<u64>, ReadError> {
        let mut at = hole.start;
        let mut chunk = Vec::new();
        while at + HEADER < hole.end {
            if let Some(stop) = self.cx.budget.stop() {
                return Err(stop.into());
            }
            let wanted = (hole.end - at).min(CHUNK as u64);
            self.take(at..at + wanted, &mut chunk)?;
            for found in memchr::memmem::find_iter(&chunk, LOCAL) {
                let found = at + found as u64;
                if self.header(found, hole.end)?.is_some() {
                    return Ok(Some(found));
                }
            }
            if chunk.len() < CHUNK {
                break;
            }
            at += CHUNK as u64 - 3;
        }
        Ok(None)
    }

    fn take(&mut self, range: Range<u64>, out: &mut Vec<u8>) -> io::Result<()> {
        out.clear();
        self.content.seek(SeekFrom::Start(range.start))?;
        (&mut self.content).take(range.end - range.start).read_to_end(out)?;
        Ok(())
    }

    /// The header at this place, if it is one.
    fn header(&mut self, at: u64, end: u64) -> io::Result<Option<Header>> {
        let mut fixed = Vec::new();
        self.take(at..at + HEADER, &mut fixed)?;
        if fixed.len() < HEADER as usize || !fixed.starts_with(LOCAL) {
            return Ok(None);
        }
        let short = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let (version, flags, method) = (short(4), short(6), short(8));
        let size = u32::from_le_bytes([fixed[18], fixed[19], fixed[20], fixed[21]]);
        let (name_length, extra) = (u64::from(short(26)), u64::from(short(28)));
        let start = at + HEADER + name_length + extra;
        if version & 0xff > 100 || !matches!(method, 0..=20 | 93..=99) || name_length == 0 || start > end {
            return Ok(None);
        }
        let mut name = Vec::new();
        self.take(at + HEADER..at + HEADER + name_length, &mut name)?;
        let open_ended = flags & 8 != 0 && size == 0;
        // A size that stands elsewhere is taken for all that is left.
        let length = if open_ended || size == u32::MAX { end - start } else { u64::from(size) };
        let data = start..start.saturating_add(length).min(end);
        Ok(Some(Header { method, encrypted: flags & 1 != 0, open_ended, name, data }))
    }

    /// Hands on the entry at this place; returns where to look on.
    fn unlisted(&mut self, at: u64, end: u64, visitor: &mut dyn ContentVisitor) -> Result<u64, ReadError> {
        let Some(header) = self.header(at, end)? else { return Ok(at + 1) };
        // Folders too, so that looking through them ends.
        self.count += 1;
        before_entry(self.cx, self.count)?;
        if header.name.ends_with(b"/") && (header.open_ended || header.data.is_empty()) {
            return Ok(header.data.start);
        }
        if exceeds(self.decoded, self.stored, self.cx.budget) {
            return Err(Gap::new(Reason::LimitRatio, "entries that are not listed were not opened").into());
        }
        visitor.residue(Some(HOW));
        let result = self.open(at, &header, visitor);
        visitor.residue(None);
        result.map(|next| next.max(at + 1))
    }

    fn open(&mut self, at: u64, header: &Header, visitor: &mut dyn ContentVisitor) -> Result<u64, ReadError> {
        let Header { name, data, .. } = header;
        if header.encrypted {
            go(visitor.failed_entry(name, ItemMeta::default(), Gap::new(Reason::Encrypted, "")))?;
            return Ok(data.end);
        }
        if header.open_ended {
            return self.open_ended(header, visitor);
        }
        self.content.seek(SeekFrom::Start(at))?;
        let mut part = (&mut self.content).take(data.end - at);
        let gap = match read_zipfile_from_stream(&mut part) {
            Ok(Some(mut file)) => {
                let modified = file.last_modified().and_then(timestamp);
                let meta = ItemMeta { bytes: Some(file.size()), modified, ..ItemMeta::default() };
                self.decoded += entry(self.cx, self.tally, name, meta, &mut file, visitor)?;
                return Ok(data.end);
            }
            Ok(None) => Gap::new(Reason::Malformed, "the entry could not be opened"),
            Err(e) => gap_of(&e, "the entry could not be opened"),
        };
        go(visitor.failed_entry(name, ItemMeta::default(), gap))?;
        Ok(data.end)
    }

    /// An entry whose length stands behind it: deflated data says where it ends, stored data ends before what follows.
    fn open_ended(&mut self, header: &Header, visitor: &mut dyn ContentVisitor) -> Result<u64, ReadError> {
        let Header { name, data, .. } = header;
        let meta = ItemMeta::default();
        if header.method == 8 {
            self.content.seek(SeekFrom::Start(data.start))?;
            let mut inflate =
                flate2::read::DeflateDecoder::new((&mut self.content).take(data.end - data.start));
            self.decoded += entry(self.cx, self.tally, name, meta, &mut inflate, visitor)?;
            return Ok(data.start + inflate.total_in());
        }
        if header.method == 0 {
            let next = self.find(data.clone())?.unwrap_or(data.end);
            self.content.seek(SeekFrom::Start(data.start))?;
            let part = (&mut self.content).take(next - data.start);
            go(visitor.entry(name, meta, Body::stream(Decoded::new(part, self.tally, self.cx.budget))))?;
            return Ok(next);
        }
        let gap = Gap::new(Reason::UnsupportedFormat, "the entry does not say how long it is");
        go(visitor.failed_entry(name, meta, gap))?;
        Ok(data.start)
    }

    /// Hands on bytes that are no entry, unless they are only zeros.
    fn bytes(&mut self, range: Range<u64>, visitor: &mut dyn ContentVisitor) -> Result<(), ReadError> {
        let mut at = range.start;
        let mut chunk = Vec::new();
        while at < range.end {
            if let Some(stop) = self.cx.budget.stop() {
                return Err(stop.into());
            }
            self.take(at..range.end.min(at + CHUNK as u64), &mut chunk)?;
            let zeros = chunk.iter().take_while(|b| **b == 0).count();
            if zeros < chunk.len() {
                self.count += 1;
                before_entry(self.cx, self.count)?;
                let start = at + zeros as u64;
                self.content.seek(SeekFrom::Start(start))?;
                return trailing_bytes((&mut self.content).take(range.end - start), visitor);
            }
            if chunk.is_empty() {
                break;
            }
            at += chunk.len() as u64;
        }
        Ok(())
    }

    /// Where the directory and its end records end; `None` if they are not as they should be.
    fn end(&mut self, directory: u64) -> io::Result<Option<u64>> {
        let mut at = directory;
        let mut fixed = Vec::new();
        loop {
            self.take(at..at + 46, &mut fixed)?;
            let short =
                |at: usize| fixed.get(at..at + 2).map(|b| u64::from(u16::from_le_bytes([b[0], b[1]])));
            let lengths = |places: &[usize]| places.iter().map(|at| short(*at)).sum::<Option<u64>>();
            let length = match fixed.get(..4) {
                Some(b"PK\x01\x02") => lengths(&[28, 30, 32]).map(|n| 46 + n),
                Some(b"PK\x05\x05") => lengths(&[4]).map(|n| 6 + n),
                Some(b"PK\x06\x06") => {
                    let stated = fixed.get(4..12).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
                    stated.and_then(|n| n.checked_add(12))
                }
                Some(b"PK\x06\x07") => Some(20),
                Some(b"PK\x05\x06") => return Ok(lengths(&[20]).map(|n| (at + 22 + n).min(self.stored))),
                _ => None,
            };
            match length.and_then(|n| at.checked_add(n)).filter(|next| *next < self.stored) {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
    }
}
