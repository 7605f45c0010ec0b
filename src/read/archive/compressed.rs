//! Single compressed streams: containers of one entry.

use std::io::{self, BufRead, BufReader, Read};

use jiff::Timestamp;
use lzma_rust2::{LzipReader, XzReader};

use super::guard::{Decoded, Stored, Tally};
use super::{before_entry, comment, may_open, settle, trailing_bytes};
use crate::model::{Body, ContentVisitor, ItemMeta, Reason};
use crate::read::{Budget, Format, LimitHit, ReadContext, ReadError, go};

pub(super) const GZIP: Format = Format {
    name: "gzip",
    about: "gzip, concatenated members too",
    extensions: &["gz", "tgz", "taz", "gzip"],
    recognises: |head| head.starts_with(&[0x1f, 0x8b, 8]),
    read: |cx, name, body, visitor| read(cx, name, body, visitor, Kind::Gzip),
};

pub(super) const ZSTD: Format = Format {
    name: "zstd",
    about: "Zstandard frames",
    extensions: &["zst", "zstd", "tzst"],
    recognises: zstd_head,
    read: |cx, name, body, visitor| read(cx, name, body, visitor, Kind::Zstd),
};

pub(super) const BZIP2: Format = Format {
    name: "bzip2",
    about: "bzip2, concatenated streams too",
    extensions: &["bz2", "tbz2", "tbz", "bz"],
    recognises: bzip2_head,
    read: |cx, name, body, visitor| read(cx, name, body, visitor, Kind::Bzip2),
};

pub(super) const XZ: Format = Format {
    name: "xz",
    about: "xz, concatenated streams too",
    extensions: &["xz", "txz"],
    recognises: |head| head.starts_with(b"\xfd7zXZ\0"),
    read: |cx, name, body, visitor| read(cx, name, body, visitor, Kind::Xz),
};

pub(super) const LZIP: Format = Format {
    name: "lzip",
    about: "lzip, concatenated members too",
    extensions: &["lz", "tlz"],
    recognises: |head| head.starts_with(b"LZIP\x01"),
    read: |cx, name, body, visitor| read(cx, name, body, visitor, Kind::Lzip),
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

type Source<'a> = BufReader<Stored<'a, Body<'a>>>;

/// The stored side, with a look ahead that does not end where a buffer does.
struct Input<'a> {
    /// Looked at, and not consumed from `at` on.
    ahead: Vec<u8>,
    at: usize,
    source: Source<'a>,
}

impl Input<'_> {
    /// The next `n` bytes; fewer only where the content ends.
    fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        self.ahead.drain(..self.at);
        self.at = 0;
        while self.ahead.len() < n {
            let more = self.source.fill_buf()?;
            if more.is_empty() {
                break;
            }
            let taken = more.len().min(n - self.ahead.len());
            self.ahead.extend_from_slice(&more[..taken]);
            self.source.consume(taken);
        }
        Ok(&self.ahead[..self.ahead.len().min(n)])
    }

    /// Passes over zeros, which pad.
    fn skip_zeros(&mut self, budget: &Budget<'_>) -> io::Result<()> {
        loop {
            if let Some(stop) = budget.stop() {
                return Err(LimitHit::from(stop).into());
            }
            let next = self.fill_buf()?;
            let (zeros, length) = (next.iter().take_while(|b| **b == 0).count(), next.len());
            self.consume(zeros);
            if zeros < length || length == 0 {
                return Ok(());
            }
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at < self.ahead.len() { Ok(&self.ahead[self.at..]) } else { self.source.fill_buf() }
    }

    fn consume(&mut self, n: usize) {
        if self.at < self.ahead.len() { self.at += n } else { self.source.consume(n) }
    }
}

/// How a stream is compressed.
#[derive(Clone, Copy)]
enum Kind {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Lzip,
}

impl Kind {
    /// Whether a stream begins like this.
    fn begins(self, head: &[u8]) -> bool {
        match self {
            Kind::Gzip => head.starts_with(&[0x1f, 0x8b, 8]),
            Kind::Zstd => matches!(head, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..0x60, 0x2a, 0x4d, 0x18, ..]),
            Kind::Bzip2 => head.starts_with(b"BZh"),
            Kind::Xz => head.starts_with(b"\xfd7zXZ\0"),
            // Its reader goes on by itself.
            Kind::Lzip => false,
        }
    }
}

/// A decoder of one stream; of all of them for lzip.
enum Decoder<'a> {
    Gzip(Box<flate2::bufread::GzDecoder<Input<'a>>>),
    Zstd(zstd::stream::read::Decoder<'static, Input<'a>>),
    Bzip2(bzip2::bufread::BzDecoder<Input<'a>>),
    Xz(Box<XzReader<Input<'a>>>),
    Lzip(Box<LzipReader<Input<'a>>>),
}

impl<'a> Decoder<'a> {
    fn open(kind: Kind, mut input: Input<'a>) -> io::Result<Self> {
        Ok(match kind {
            Kind::Gzip => Self::Gzip(Box::new(flate2::bufread::GzDecoder::new(input))),
            Kind::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?.single_frame();
                decoder.window_log_max(27)?;
                Self::Zstd(decoder)
            }
            Kind::Bzip2 => Self::Bzip2(bzip2::bufread::BzDecoder::new(input)),
            Kind::Xz => Self::Xz(Box::new(XzReader::new_mem_limit(input, false, MEMORY_KIB))),
            Kind::Lzip => {
                // The reader takes no memory limit, but the header names the size of the dictionary (at most 512 MiB).
                // Later members may name another: that much is possible, and no more.
                let coded = input.peek(6)?.get(5).copied().unwrap_or_default();
                if 1u64 << (coded & 0x1f) > u64::from(MEMORY_KIB) << 10 {
                    return Err(LimitHit(Reason::LimitMemory).into());
                }
                Self::Lzip(Box::new(LzipReader::new(input)))
            }
        })
    }

    /// What is left of the input behind a stream that was read to its end.
    fn into_input(self) -> Input<'a> {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.into_inner(),
            Self::Bzip2(decoder) => decoder.into_inner(),
            Self::Xz(decoder) => decoder.into_inner(),
            Self::Lzip(decoder) => decoder.into_inner(),
        }
    }

    /// Name, comment and time of change in the header.
    fn header(&self) -> (Option<Vec<u8>>, Option<Vec<u8>>, Option<Timestamp>) {
        let Self::Gzip(decoder) = self else { return (None, None, None) };
        let header = decoder.header();
        let seconds = header.map(|h| h.mtime()).filter(|seconds| *seconds > 0);
        (
            header.and_then(|h| h.filename()).map(<[u8]>::to_vec),
            header.and_then(|h| h.comment()).map(<[u8]>::to_vec),
            seconds.and_then(|seconds| Timestamp::from_second(i64::from(seconds)).ok()),
        )
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buf),
            // The decoder has one kind of error for damage and for a window that asks for too much memory.
            Self::Zstd(decoder) => {
                decoder.read(buf).map_err(|e| match e.to_string().contains("too much memory") {
                    true => LimitHit(Reason::LimitMemory).into(),
                    false => e,
                })
            }
            Self::Bzip2(decoder) => decoder.read(buf),
            Self::Xz(decoder) => decoder.read(buf),
            Self::Lzip(decoder) => decoder.read(buf),
        }
    }
}

/// The streams of a file, one after another as one content, and then what is left of the input.
struct Streams<'a, 'b> {
    kind: Kind,
    now: Now<'a>,
    budget: &'b Budget<'b>,
}

enum Now<'a> {
    In(Decoder<'a>),
    /// Behind the last stream.
    Behind(Input<'a>),
    Failed,
}

impl Read for Streams<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let decoder = match &mut self.now {
                Now::In(decoder) => decoder,
                Now::Behind(_) => return Ok(0),
                // Who reads on after an error gets one again.
                Now::Failed => return Err(io::ErrorKind::InvalidData.into()),
            };
            let n = decoder.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            if let Now::In(decoder) = std::mem::replace(&mut self.now, Now::Failed) {
                let mut input = decoder.into_input();
                input.skip_zeros(self.budget)?;
                self.now = match self.kind.begins(input.peek(6)?) {
                    true => Now::In(Decoder::open(self.kind, input)?),
                    false => Now::Behind(input),
                };
            }
        }
    }
}

fn read(
    cx: &ReadContext<'_>,
    name: &[u8],
    body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
    kind: Kind,
) -> Result<(), ReadError> {
    if !may_open(cx, visitor) {
        return Ok(());
    }
    let result = before_entry(cx, 1).and_then(|()| {
        let tally = Tally::default();
        let source = BufReader::with_capacity(32 << 10, Stored::new(body, &tally));
        let decoder = Decoder::open(kind, Input { ahead: Vec::new(), at: 0, source })?;
        let (stored_name, text, modified) = decoder.header();
        if let Some(text) = text {
            comment(visitor, &text);
        }
        let inside = match stored_name {
            Some(stored) if !stored.is_empty() => stored,
            _ => inner_name(name),
        };
        let meta = ItemMeta { modified, ..ItemMeta::default() };
        let mut streams = Streams { kind, now: Now::In(decoder), budget: cx.budget };
        go(visitor.entry(&inside, meta, Body::stream(Decoded::new(&mut streams, &tally, cx.budget))))?;
        if let Now::Behind(mut rest) = streams.now
            && !rest.peek(1)?.is_empty()
        {
            trailing_bytes(rest, visitor)?;
        }
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
