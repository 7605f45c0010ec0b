//! Bytes of an item as a stream, made seekable on demand.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use bytes::Bytes;

/// The content of an item, read once from front to back. What was peeked is read again.
pub struct Body<'a> {
    head: Head<'a>,
    /// Start of what was peeked and not read yet, in `head`.
    at: usize,
    /// Its end.
    filled: usize,
    ended: bool,
    rest: Rest<'a>,
    /// An error met while peeking, told when reading gets there.
    failed: Option<io::Error>,
}

/// The buffer for what was peeked: lent, so that it serves one item after the other, or made when needed.
enum Head<'a> {
    Own(Vec<u8>),
    Lent(&'a mut Vec<u8>),
}

impl Head<'_> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        match self {
            Head::Own(buffer) => buffer,
            Head::Lent(buffer) => buffer,
        }
    }
}

enum Rest<'a> {
    Stream(Box<dyn Read + 'a>),
    File(SizedFile<'a>),
    Memory(Cursor<Bytes>),
}

/// A file whose end is known from its size, so that a small one costs a single read. What is appended meanwhile is
/// not read: who opened the file compares sizes afterwards.
struct SizedFile<'a> {
    file: &'a File,
    /// Bytes left; `None` for a size of 0, which files of the kernel state whatever they hold.
    left: Option<u64>,
}

impl Read for SizedFile<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(left) = self.left else { return self.file.read(buf) };
        let most = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let got = self.file.read(&mut buf[..most])?;
        // Shorter than stated: the end is where the file says it is.
        self.left = Some(if got == 0 { 0 } else { left - got as u64 });
        Ok(got)
    }
}

impl<'a> Body<'a> {
    fn new(head: Head<'a>, rest: Rest<'a>) -> Self {
        Self { head, at: 0, filled: 0, ended: false, failed: None, rest }
    }

    /// A body over any reader, an archive entry for example.
    pub fn stream(reader: impl Read + 'a) -> Self {
        Self::new(Head::Own(Vec::new()), Rest::Stream(Box::new(reader)))
    }

    /// A body over an open regular file of this size; who opened it can look at it again afterwards. `buffer` is
    /// overwritten by what is peeked.
    pub fn file(file: &'a File, size: u64, buffer: &'a mut Vec<u8>) -> Self {
        let left = (size > 0).then_some(size);
        Self::new(Head::Lent(buffer), Rest::File(SizedFile { file, left }))
    }

    /// A body over bytes in memory.
    pub fn memory(bytes: impl Into<Bytes>) -> Self {
        Self::new(Head::Own(Vec::new()), Rest::Memory(Cursor::new(bytes.into())))
    }

    /// Up to `n` bytes from the front without consuming them; fewer only at the end of the content, or before a place
    /// that cannot be read: reading on gives the error.
    pub fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        let have = self.filled - self.at;
        let known = match &self.rest {
            Rest::File(SizedFile { left: Some(left), .. }) => usize::try_from(*left).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let n = n.min(have.saturating_add(known));
        self.ended |= known == 0;
        let head = self.head.buffer();
        head.copy_within(self.at..self.filled, 0);
        (self.at, self.filled) = (0, have);
        if head.len() < n {
            head.resize(n, 0);
        }
        while self.filled < n && !self.ended && self.failed.is_none() {
            match read_retrying(&mut self.rest, &mut head[self.filled..n]) {
                Ok(0) => self.ended = true,
                Ok(got) => self.filled += got,
                Err(e) if self.filled == 0 => return Err(e),
                Err(e) => self.failed = Some(e),
            }
        }
        Ok(&head[..self.filled.min(n)])
    }

    /// The same content from its start with random access: the file itself, the bytes themselves, or for a stream a
    /// copy made by `spool` (which bounds it).
    pub fn seekable(self, spool: impl FnOnce(&mut dyn Read) -> io::Result<Seekable>) -> io::Result<Seekable> {
        match self.rest {
            Rest::File(SizedFile { file, .. }) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(0))?;
                Ok(Seekable::File(file))
            }
            Rest::Memory(cursor) => Ok(Seekable::Memory(Cursor::new(cursor.into_inner()))),
            Rest::Stream(_) => spool(&mut { self }),
        }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at < self.filled {
            let n = buf.len().min(self.filled - self.at);
            buf[..n].copy_from_slice(&self.head.buffer()[self.at..self.at + n]);
            self.at += n;
            return Ok(n);
        }
        if let Some(e) = self.failed.take() {
            return Err(e);
        }
        // The end seen by a peek is not asked for again: a small file costs one read and one more.
        if self.ended { Ok(0) } else { self.rest.read(buf) }
    }
}

impl Read for Rest<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Rest::Stream(r) => r.read(buf),
            Rest::File(r) => r.read(buf),
            Rest::Memory(r) => r.read(buf),
        }
    }
}

fn read_retrying(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buf) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            other => return other,
        }
    }
}

/// Content with random access.
#[derive(Debug)]
pub enum Seekable {
    /// A regular file, possibly an unlinked temporary one.
    File(File),
    /// Bytes in memory.
    Memory(Cursor<Bytes>),
}

impl Seekable {
    /// Length of the content in bytes.
    #[allow(clippy::len_without_is_empty)] // Nobody asks.
    pub fn len(&self) -> io::Result<u64> {
        match self {
            Seekable::File(f) => Ok(f.metadata()?.len()),
            Seekable::Memory(c) => Ok(c.get_ref().len() as u64),
        }
    }
}

impl Read for Seekable {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Seekable::File(f) => f.read(buf),
            Seekable::Memory(c) => c.read(buf),
        }
    }
}

impl Seek for Seekable {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        match self {
            Seekable::File(f) => f.seek(pos),
            Seekable::Memory(c) => c.seek(pos),
        }
    }
}
