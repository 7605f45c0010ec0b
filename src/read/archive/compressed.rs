//! Single compressed streams: containers of one entry.

use std::io::{self, BufReader, Read};

use jiff::Timestamp;
use lzma_rust2::{LzipReader, XzReader};

use super::guard::{Decoded, Stored, Tally};
use super::{before_entry, comment, may_open, settle};
use crate::model::{Body, ContentVisitor, ItemMeta, Reason};
use crate::read::{Format, LimitHit, ReadContext, ReadError, go};

pub(super) const GZIP: Format = Format {
    name: "gzip",
    about: "gzip, concatenated members too",
    extensions: &["gz", "tgz", "taz", "gzip"],
    recognises: |head| head.starts_with(&[0x1f, 0x8b, 8]),
    read: |cx, name, body, visitor| read(cx, name, body, visitor, gzip),
};

pub(super) const ZSTD: Format = Format {
    name: "zstd",
    about: "Zstandard frames",
    extensions: &["zst", "zstd", "tzst"],
    recognises: zstd_head,
    read: |cx, name, body, visitor| read(cx, name, body, visitor, zstd),
};

pub(super) const BZIP2: Format = Format {
    name: "bzip2",
    about: "bzip2, concatenated streams too",
    extensions: &["bz2", "tbz2", "tbz", "bz"],
    recognises: bzip2_head,
    read: |cx, name, body, visitor| read(cx, name, body, visitor, bzip2),
};

pub(super) const XZ: Format = Format {
    name: "xz",
    about: "xz, concatenated streams too",
    extensions: &["xz", "txz"],
    recognises: |head| head.starts_with(b"\xfd7zXZ\0"),
    read: |cx, name, body, visitor| read(cx, name, body, visitor, xz),
};

pub(super) const LZIP: Format = Format {
    name: "lzip",
    about: "lzip, concatenated members too",
    extensions: &["lz", "tlz"],
    recognises: |head| head.starts_with(b"LZIP\x01"),
    read: |cx, name, body, visitor| read(cx, name, body, visitor, lzip),
};

/// Largest memory that the dictionary of a stream may ask for.
const MEMORY_KIB: u32 = 64 << 10;

fn zstd_head(head: &[u8]) -> bool {
    match head.first_chunk() {
        Some(&[0x28, 0xb5, 0x2f, 0xfd]) => true,
        // Skippable frames may come first; what they skip says nothing about this being zstd, a second frame does.
        Some(&[low, 0x2a, 0x4d, 0x18]) if (0x50..0x60).contains(&low) => {
            let Some(length) = head.get(4..8).and_then(|l| l.try_into().ok()).map(u32::from_le_bytes) else {
                return false;
            };
            head.get(8 + length as usize..).is_some_and(zstd_head)
        }
        _ => false,
    }
}

fn bzip2_head(head: &[u8]) -> bool {
    const BLOCK: &[u8] = &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
    const END: &[u8] = &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90];
    head.starts_with(b"BZh")
        && matches!(head.get(3), Some(b'1'..=b'9'))
        && head.get(4..10).is_some_and(|magic| magic == BLOCK || magic == END)
}

/// A decoder and what its header says of the entry.
struct Opened<'a> {
    decoder: Box<dyn Read + 'a>,
    name: Option<Vec<u8>>,
    comment: Option<Vec<u8>>,
    modified: Option<Timestamp>,
}

impl<'a> Opened<'a> {
    fn plain(decoder: impl Read + 'a) -> Self {
        Self { decoder: Box::new(decoder), name: None, comment: None, modified: None }
    }
}

type Input<'a> = BufReader<Stored<'a, Body<'a>>>;
type Open = for<'a> fn(Input<'a>) -> io::Result<Opened<'a>>;

fn gzip(input: Input<'_>) -> io::Result<Opened<'_>> {
    let decoder = flate2::bufread::MultiGzDecoder::new(input);
    let header = decoder.header();
    let name = header.and_then(|h| h.filename()).map(<[u8]>::to_vec);
    let comment = header.and_then(|h| h.comment()).map(<[u8]>::to_vec);
    let modified =
        header.filter(|h| h.mtime() > 0).and_then(|h| Timestamp::from_second(i64::from(h.mtime())).ok());
    Ok(Opened { decoder: Box::new(decoder), name, comment, modified })
}

fn zstd(input: Input<'_>) -> io::Result<Opened<'_>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
    decoder.window_log_max(27)?;
    Ok(Opened::plain(WindowErrors(decoder)))
}

fn bzip2(input: Input<'_>) -> io::Result<Opened<'_>> {
    Ok(Opened::plain(bzip2::bufread::MultiBzDecoder::new(input)))
}

fn xz(input: Input<'_>) -> io::Result<Opened<'_>> {
    Ok(Opened::plain(XzReader::new_mem_limit(input, true, MEMORY_KIB)))
}

fn lzip(mut input: Input<'_>) -> io::Result<Opened<'_>> {
    use std::io::BufRead;
    // The reader takes no memory limit, but the header names the size of the dictionary (at most 512 MiB). Later
    // members may name another: that much is possible, and no more.
    let coded = input.fill_buf()?.get(5).copied().unwrap_or_default();
    if 1u64 << (coded & 0x1f) > u64::from(MEMORY_KIB) << 10 {
        return Err(LimitHit(Reason::LimitMemory).into());
    }
    Ok(Opened::plain(LzipReader::new(input)))
}

/// Tells a window that asks for too much memory from damage; the decoder has one kind of error for both.
struct WindowErrors<R>(R);

impl<R: Read> Read for WindowErrors<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf).map_err(|e| match e.to_string().contains("too much memory") {
            true => LimitHit(Reason::LimitMemory).into(),
            false => e,
        })
    }
}

fn read(
    cx: &ReadContext<'_>,
    name: &[u8],
    body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
    open: Open,
) -> Result<(), ReadError> {
    if !may_open(cx, visitor) {
        return Ok(());
    }
    let result = before_entry(cx, 1).and_then(|()| {
        let tally = Tally::default();
        let opened = open(BufReader::with_capacity(32 << 10, Stored::new(body, &tally)))?;
        if let Some(text) = opened.comment {
            comment(visitor, &text);
        }
        let inside = match opened.name {
            Some(stored) if !stored.is_empty() => stored,
            _ => inner_name(name),
        };
        let meta = ItemMeta { modified: opened.modified, ..ItemMeta::default() };
        go(visitor.entry(&inside, meta, Body::stream(Decoded::new(opened.decoder, &tally, cx.budget))))?;
        match tally.failure().filter(|e| LimitHit::find(e).is_none()) {
            Some(e) => Err(e.into()),
            None => Ok(()),
        }
    });
    settle(result, visitor)
}

/// The name of what is inside: the last part of the path without its compression extension.
fn inner_name(name: &[u8]) -> Vec<u8> {
    let base = name.rsplit(|b| *b == b'/').next().unwrap_or(name);
    let Some(dot) = base.iter().rposition(|b| *b == b'.').filter(|dot| *dot > 0) else {
        return base.to_vec();
    };
    let (stem, extension) = base.split_at(dot);
    match &extension[1..].to_ascii_lowercase()[..] {
        b"gz" | b"gzip" | b"zst" | b"zstd" | b"bz2" | b"bz" | b"xz" | b"lz" => stem.to_vec(),
        b"tgz" | b"taz" | b"tzst" | b"tbz2" | b"tbz" | b"txz" | b"tlz" => [stem, b".tar"].concat(),
        _ => base.to_vec(),
    }
}
