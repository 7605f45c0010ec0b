//! tar, streamed: old, ustar, GNU and pax.

use std::io::{self, Read};

use jiff::Timestamp;
use tar::{Archive, Entry, EntryType};

use super::guard::{Decoded, Stored, Tally};
use super::{before_entry, comment, may_open, settle, trailing_bytes};
use crate::model::{Body, ContentVisitor, Gap, ItemMeta, Reason};
use crate::read::{Format, LimitHit, ReadContext, ReadError, go};

pub(super) const FORMAT: Format = Format {
    name: "tar",
    about: "tar archives: old, ustar, GNU and pax",
    extensions: &["tar"],
    recognises,
    read,
};

/// What headers, long names and pax records before one entry may take in memory.
const HEADER_BYTES: u64 = 8 << 20;

/// The checksum of the first header: old archives have no other mark.
fn recognises(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<512>() else { return false };
    if block[0] == 0 || !block[148..156].iter().all(|b| matches!(b, b'0'..=b'7' | b' ' | 0)) {
        return false;
    }
    let digits = block[148..156].trim_ascii().split(|b| *b == 0).next().unwrap_or_default().trim_ascii();
    let stated = std::str::from_utf8(digits).ok().and_then(|d| u32::from_str_radix(d, 8).ok());
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    let field: u32 = block[148..156].iter().map(|b| u32::from(*b)).sum();
    stated == Some(sum - field + 8 * u32::from(b' '))
}

fn read(
    cx: &ReadContext<'_>,
    _name: &[u8],
    body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    if !may_open(cx, visitor) {
        return Ok(());
    }
    let tally = Tally::default();
    let result =
        archives(cx, &tally, Stored::new(body, &tally), visitor).map_err(|e| match (e, tally.failure()) {
            // The crate renames what failed below it.
            (ReadError::Gap(_), Some(below)) => below.into(),
            (e, _) => e,
        });
    settle(result, visitor)
}

/// The archive, and what stands behind its end: entries of another one, which no program lists, or anything else.
fn archives(
    cx: &ReadContext<'_>,
    tally: &Tally,
    stored: Stored<'_, Body<'_>>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let mut count = 0;
    let mut archive = Archive::new(stored);
    entries(cx, tally, &mut archive, &mut count, visitor)?;
    tally.allow(None);
    let mut blocks = Blocks { inner: archive.into_inner(), block: [0; 512], held: 0, at: 0 };
    while blocks.skip_zeros(cx)? {
        count += 1;
        before_entry(cx, count)?;
        if recognises(&blocks.block[..blocks.held]) {
            visitor.residue(Some("tar-after-end"));
            let mut archive = Archive::new(&mut blocks);
            let result = entries(cx, tally, &mut archive, &mut count, visitor);
            visitor.residue(None);
            result?;
            tally.allow(None);
        } else {
            trailing_bytes(UntilHeader(&mut blocks), visitor)?;
            drain(cx, &mut UntilHeader(&mut blocks))?;
        }
    }
    Ok(())
}

/// Content in blocks of 512 bytes, one of them looked at.
struct Blocks<R> {
    inner: R,
    block: [u8; 512],
    held: usize,
    /// Read of it so far.
    at: usize,
}

impl<R: Read> Blocks<R> {
    /// Makes a block the one that is looked at, if none is left; `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at < self.held {
            return Ok(true);
        }
        (self.at, self.held) = (0, 0);
        while self.held < self.block.len() {
            match self.inner.read(&mut self.block[self.held..]) {
                Ok(0) => break,
                Ok(n) => self.held += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(self.held > 0)
    }

    /// Passes over empty blocks; `false` at the end.
    fn skip_zeros(&mut self, cx: &ReadContext<'_>) -> Result<bool, ReadError> {
        while self.fill()? {
            if self.block[self.at..self.held].iter().any(|b| *b != 0) {
                return Ok(true);
            }
            self.at = self.held;
            if let Some(stop) = cx.budget.stop() {
                return Err(stop.into());
            }
        }
        Ok(false)
    }
}

impl<R: Read> Read for Blocks<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.fill()? {
            return Ok(0);
        }
        let n = (&self.block[self.at..self.held]).read(buf)?;
        self.at += n;
        Ok(n)
    }
}

/// Blocks up to one that an archive could begin with.
struct UntilHeader<'a, R>(&'a mut Blocks<R>);

impl<R: Read> Read for UntilHeader<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.0.fill()? || (self.0.at == 0 && recognises(&self.0.block[..self.0.held])) {
            return Ok(0);
        }
        self.0.read(buf)
    }
}

fn entries(
    cx: &ReadContext<'_>,
    tally: &Tally,
    archive: &mut Archive<impl Read>,
    count: &mut u64,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let damaged = |count: u64| Gap::new(Reason::Malformed, format!("damaged after {count} entries"));
    let mut unread = 0;
    let mut list = archive.entries().map_err(|_| damaged(0))?;
    loop {
        tally.allow(Some(HEADER_BYTES + unread));
        let Some(entry) = list.next() else { return Ok(()) };
        let mut entry = entry.map_err(|_| damaged(*count))?;
        tally.allow(None);
        let kind = entry.header().entry_type();
        let size = entry.size();
        if kind.is_dir() && size == 0 {
            continue;
        }
        *count += 1;
        before_entry(cx, *count)?;
        properties(&mut entry, visitor);
        let name = entry.path_bytes().into_owned();
        let meta = meta(&entry);
        match kind {
            EntryType::Symlink | EntryType::Link if size == 0 => {
                go(visitor.skipped_entry(&name, meta, Reason::Symlink))?;
            }
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                go(visitor.skipped_entry(&name, meta, Reason::SpecialFile))?;
            }
            EntryType::XGlobalHeader => {
                let mut records = Vec::new();
                (&mut entry).take(HEADER_BYTES).read_to_end(&mut records).map_err(|_| damaged(*count))?;
                pax_comments(&records, visitor);
            }
            _ => {
                let whole = Whole { left: size, inner: &mut entry };
                // Only holes decode to more than is stored, so only they are paid for.
                let body = match kind {
                    EntryType::GNUSparse => Body::stream(Decoded::new(whole, tally, cx.budget)),
                    _ => Body::stream(whole),
                };
                go(visitor.entry(&name, meta, body))?;
            }
        }
        unread = match kind {
            // The crate skips what is stored; reading on would yield the holes too.
            EntryType::GNUSparse => {
                entry.header().entry_size().unwrap_or_default().min(cx.budget.limits.item_bytes)
            }
            _ => drain(cx, &mut entry).map_err(|_| damaged(*count)).map(|()| 0)?,
        };
    }
}

/// Reads past what is left of an entry, so that the allowance for headers is for headers only.
fn drain(cx: &ReadContext<'_>, entry: &mut impl Read) -> io::Result<()> {
    let mut buffer = [0; 16 << 10];
    loop {
        if let Some(stop) = cx.budget.stop() {
            return Err(LimitHit::from(stop).into());
        }
        match entry.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn meta(entry: &Entry<'_, impl Read>) -> ItemMeta {
    let header = entry.header();
    let seconds = header.mtime().ok().and_then(|s| i64::try_from(s).ok());
    let owner = match header.username() {
        Ok(Some(name)) if !name.is_empty() => Some(name.to_owned()),
        _ => header.uid().ok().map(|id| id.to_string()),
    };
    ItemMeta {
        bytes: Some(entry.size()),
        modified: seconds.and_then(|s| Timestamp::from_second(s).ok()),
        owner: owner.map(Into::into),
        mode: header.mode().ok().map(|mode| mode & 0o7777),
        ..ItemMeta::default()
    }
}

/// Extended attributes and comments in an entry's pax records.
fn properties(entry: &mut Entry<'_, impl Read>, visitor: &mut dyn ContentVisitor) {
    if let Ok(Some(records)) = entry.pax_extensions() {
        for record in records.flatten() {
            property(record.key_bytes(), record.value_bytes(), visitor);
        }
    }
}

fn pax_comments(records: &[u8], visitor: &mut dyn ContentVisitor) {
    for record in tar::PaxExtensions::new(records).flatten() {
        property(record.key_bytes(), record.value_bytes(), visitor);
    }
}

fn property(key: &[u8], value: &[u8], visitor: &mut dyn ContentVisitor) {
    const STRUCTURE: [&[u8]; 12] = [
        b"path",
        b"linkpath",
        b"size",
        b"mtime",
        b"atime",
        b"ctime",
        b"uid",
        b"gid",
        b"uname",
        b"gname",
        b"charset",
        b"hdrcharset",
    ];
    if !STRUCTURE.contains(&key) && !key.starts_with(b"GNU.sparse.") && !key.starts_with(b"LIBARCHIVE.") {
        comment(visitor, value);
    }
}

/// An entry that ends early is damaged, although the crate lets it end in peace.
struct Whole<R> {
    left: u64,
    inner: R,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        if n == 0 && self.left > 0 && !buf.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(n as u64);
        Ok(n)
    }
}
