//! zip, by its central directory; without one, entry by entry from the front.

use std::io::{self, BufReader, Read, Seek};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use zip::ZipArchive;
use zip::read::read_zipfile_from_stream;
use zip::result::ZipError;

use super::guard::{Decoded, Stored, Tally, exceeds};
use super::holes::{Holes, Listed};
use super::{before_entry, comment, may_open, settle};
use crate::model::{Body, ContentVisitor, Gap, ItemMeta, Reason, Seekable};
use crate::read::spool::seekable_part;
use crate::read::{Format, LimitHit, ReadContext, ReadError, go};

pub(super) const FORMAT: Format = Format {
    name: "zip",
    about: "zip archives, zip64 too; and what is built on them",
    extensions: &["zip", "jar", "war", "ear", "apk", "xpi", "whl"],
    recognises: |head| {
        [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08PK\x03\x04"]
            .iter()
            .any(|magic| head.starts_with(magic))
    },
    read,
};

/// Largest central directory that is held in memory: some hundred thousand entries.
const DIRECTORY_BYTES: u64 = 64 << 20;

type Store<'t> = Stored<'t, BufReader<Seekable>>;

fn read(
    cx: &ReadContext<'_>,
    _name: &[u8],
    body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    if !may_open(cx, visitor) {
        return Ok(());
    }
    let result = open(cx, body, visitor);
    settle(result, visitor)
}

fn open(cx: &ReadContext<'_>, body: Body<'_>, visitor: &mut dyn ContentVisitor) -> Result<(), ReadError> {
    let tally = Tally::default();
    let (mut content, cut) = seekable_part(cx.budget, body)?;
    if let Some(e) = cut {
        // The directory is at the end that was not read.
        settle(Err(e.into()), visitor)?;
        return streamed(cx, &tally, content, visitor);
    }
    let stored = content.len()?;
    if directory_bytes(&mut content)?.is_some_and(|bytes| bytes > DIRECTORY_BYTES) {
        visitor.gap(Gap::new(Reason::LimitMemory, "the central directory is too large to hold"));
        return streamed(cx, &tally, content, visitor);
    }
    content.rewind()?;
    // The directory is read twice where it is damaged, so the first reader must not take the content with it.
    let spare = match &content {
        Seekable::File(file) => Seekable::File(file.try_clone()?),
        Seekable::Memory(cursor) => Seekable::Memory(cursor.clone()),
    };
    match ZipArchive::new(Stored::new(BufReader::new(content), &tally)) {
        Ok(archive) => listed(cx, &tally, stored, archive, visitor),
        Err(e) => {
            visitor
                .gap(gap_of(&e, "the central directory could not be read; entries were read from the front"));
            streamed(cx, &tally, spare, visitor)
        }
    }
}

/// Entries as the central directory lists them.
fn listed(
    cx: &ReadContext<'_>,
    tally: &Tally,
    stored: u64,
    mut archive: ZipArchive<Store<'_>>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    comment(visitor, archive.comment());
    if archive.has_duplicate_names() {
        let detail = "several entries share one name; of each such name only one entry was opened";
        visitor.gap(Gap::new(Reason::Malformed, detail));
    }
    let mut count = 0;
    let mut decoded = 0;
    let mut places = Listed::default();
    for index in 0..archive.len() {
        let data = archive.by_index_data(index).map_err(|e| gap_of(&e, "an entry could not be listed"))?;
        let name = data.name_raw().to_vec();
        let (header, length) = (data.header_start(), data.compressed_size());
        places.add(header, header + 30 + name.len() as u64, length);
        let (encrypted, directory, link) =
            (data.encrypted(), data.is_dir() && data.size() == 0, data.is_symlink());
        let meta = ItemMeta {
            bytes: Some(data.size()),
            modified: data.last_modified().and_then(timestamp),
            mode: data.unix_mode().map(|mode| mode & 0o7777),
            ..ItemMeta::default()
        };
        comment(visitor, data.comment().as_bytes());
        if directory {
            continue;
        }
        count += 1;
        before_entry(cx, count)?;
        // Entries may overlap: many that are small each can still be one bomb.
        if exceeds(decoded, stored, cx.budget) {
            return Err(
                Gap::new(Reason::LimitRatio, format!("entries from number {count} on not opened")).into()
            );
        }
        if link {
            go(visitor.skipped_entry(&name, meta, Reason::Symlink))?;
            continue;
        }
        if encrypted {
            go(visitor.failed_entry(&name, meta, Gap::new(Reason::Encrypted, "")))?;
            continue;
        }
        match archive.by_index(index) {
            Ok(mut file) => {
                file.data_start().into_iter().for_each(|start| places.add(header, start, length));
                decoded += entry(cx, tally, &name, meta, &mut file, visitor)?;
            }
            Err(e) => go(visitor.failed_entry(&name, meta, gap_of(&e, "the entry could not be opened")))?,
        }
    }
    let directory = archive.central_directory_start();
    let content = archive.into_inner();
    Holes { cx, tally, content, count, decoded, stored }.read(places, directory, visitor)
}

/// Entries from the front, each found where the one before it ends. Such a pass cannot go past an entry whose
/// length stands only in the directory.
fn streamed(
    cx: &ReadContext<'_>,
    tally: &Tally,
    mut content: Seekable,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    content.rewind()?;
    let mut stream = Stored::new(BufReader::new(content), tally);
    let mut count = 0;
    loop {
        let mut file = match read_zipfile_from_stream(&mut stream) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(()),
            Err(_) => {
                let detail = format!("after {count} entries no further entry could be read from the front");
                return Err(Gap::new(Reason::Malformed, detail).into());
            }
        };
        let name = file.name_raw().to_vec();
        let meta = ItemMeta {
            bytes: Some(file.size()),
            modified: file.last_modified().and_then(timestamp),
            ..ItemMeta::default()
        };
        if file.is_dir() && file.size() == 0 {
            continue;
        }
        count += 1;
        before_entry(cx, count)?;
        entry(cx, tally, &name, meta, &mut file, visitor)?;
    }
}

/// Hands one entry on; returns how much came out of it.
pub(super) fn entry(
    cx: &ReadContext<'_>,
    tally: &Tally,
    name: &[u8],
    meta: ItemMeta,
    file: &mut dyn Read,
    visitor: &mut dyn ContentVisitor,
) -> Result<u64, ReadError> {
    let mut decoded = 0;
    let counted = Counted { inner: file, count: &mut decoded };
    go(visitor.entry(name, meta, Body::stream(Decoded::new(counted, tally, cx.budget))))?;
    Ok(decoded)
}

struct Counted<'a, R> {
    inner: R,
    count: &'a mut u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        *self.count += n as u64;
        Ok(n)
    }
}

/// Zip times have no zone; they are taken for UTC. The earliest one is what writers put that state none.
pub(super) fn timestamp(time: zip::DateTime) -> Option<Timestamp> {
    if time == zip::DateTime::default() {
        return None;
    }
    let date = DateTime::new(
        i16::try_from(time.year()).ok()?,
        i8::try_from(time.month()).ok()?,
        i8::try_from(time.day()).ok()?,
        i8::try_from(time.hour()).ok()?,
        i8::try_from(time.minute()).ok()?,
        i8::try_from(time.second()).ok()?.min(59),
        0,
    );
    TimeZone::UTC.to_timestamp(date.ok()?).ok()
}

pub(super) fn gap_of(e: &ZipError, detail: &str) -> Gap {
    let reason = match e {
        ZipError::Io(e) => match LimitHit::find(e) {
            Some(reason) => reason,
            None if e.kind() == io::ErrorKind::UnexpectedEof => Reason::Malformed,
            None if e.kind() == io::ErrorKind::InvalidData => Reason::Malformed,
            None => Reason::ReadError,
        },
        ZipError::UnsupportedArchive(what) if *what == ZipError::PASSWORD_REQUIRED => Reason::Encrypted,
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            Reason::UnsupportedFormat
        }
        ZipError::InvalidPassword => Reason::Encrypted,
        _ => Reason::Malformed,
    };
    Gap::new(reason, detail)
}

/// The size of the central directory as the last record states it, or where it starts in the 64-bit record's case.
fn directory_bytes(content: &mut Seekable) -> io::Result<Option<u64>> {
    const END: &[u8] = b"PK\x05\x06";
    let length = content.len()?;
    content.seek(io::SeekFrom::Start(length.saturating_sub(66_000)))?;
    let mut tail = Vec::new();
    content.take(66_000).read_to_end(&mut tail)?;
    let Some(at) = memchr::memmem::rfind(&tail, END) else { return Ok(None) };
    let stated = tail.get(at + 12..at + 16).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    if stated != Some(u32::MAX) {
        return Ok(stated.map(u64::from));
    }
    let record = memchr::memmem::rfind(&tail[..at], b"PK\x06\x06");
    let stated = record.and_then(|at| tail.get(at + 40..at + 48)).and_then(|b| b.try_into().ok());
    Ok(stated.map(u64::from_le_bytes))
}
