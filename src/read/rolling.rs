//! Decoded content rolling through one reused buffer.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder};

use crate::model::{Body, Gap, Reason};

use super::charset::{Charset, utf32};
use super::{HEAD, ReadContext, ReadError};

/// First size of the buffer: room for a whole head and the notice that nothing follows it.
const FIRST: usize = HEAD + 64;

/// Decoded content from front to back. Trouble below (a failing store, a spent budget) ends the content early and
/// is told by [`Rolling::finish`], so that what came before it is examined all the same.
pub struct Rolling<'c, R> {
    cx: &'c ReadContext<'c>,
    source: R,
    transcoder: Option<Transcoder>,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    free: bool,
    trouble: Option<ReadError>,
}

struct Transcoder {
    decoder: Decode,
    raw: Vec<u8>,
    at: usize,
    len: usize,
    ended: bool,
}

enum Decode {
    Legacy(Decoder),
    Utf32 { big: bool },
}

impl Transcoder {
    /// Decodes into `out` what it can; gives the bytes written, and whether all that was read is decoded.
    fn decode(&mut self, out: &mut [u8]) -> (usize, bool) {
        let raw = &self.raw[self.at..self.len];
        match &mut self.decoder {
            Decode::Legacy(decoder) => {
                let (result, used, written, _) = decoder.decode_to_utf8(raw, out, self.ended);
                self.at += used;
                (written, result == CoderResult::InputEmpty)
            }
            Decode::Utf32 { big } => {
                let mut written = 0;
                for unit in raw.chunks(4) {
                    if out.len() - written < 4 || (unit.len() < 4 && !self.ended) {
                        break;
                    }
                    let char = utf32(unit, *big).unwrap_or(char::REPLACEMENT_CHARACTER);
                    written += char.encode_utf8(&mut out[written..]).len();
                    self.at += unit.len();
                }
                (written, self.at == self.len)
            }
        }
    }
}

impl<'c, 'b> Rolling<'c, Body<'b>> {
    /// Text content of any encoding, decoded to UTF-8.
    pub fn text(cx: &'c ReadContext<'c>, mut body: Body<'b>) -> Result<Self, ReadError> {
        let charset = Charset::of(body.peek(HEAD)?);
        Ok(Self::new(cx, body, charset, 0))
    }
}

impl<'c, R: Read> Rolling<'c, R> {
    /// Content from `source`, whose first decoded byte is at `offset`.
    pub fn new(cx: &'c ReadContext<'c>, source: R, charset: Charset, offset: u64) -> Self {
        let decoder = match charset {
            Charset::Utf8 | Charset::Binary => None,
            // The byte order mark is content: it counts in offsets.
            Charset::Other(encoding) => Some(Decode::Legacy(encoding.new_decoder_without_bom_handling())),
            Charset::Utf32 { big } => Some(Decode::Utf32 { big }),
        };
        let transcoder = decoder.map(|decoder| Transcoder {
            decoder,
            raw: cx.buffers.take(),
            at: 0,
            len: 0,
            ended: false,
        });
        let buf = cx.buffers.take_used();
        Self {
            cx,
            source,
            transcoder,
            buf,
            start: 0,
            end: 0,
            offset,
            ended: false,
            free: false,
            trouble: None,
        }
    }

    /// The source spends the budget itself.
    pub fn without_spending(mut self) -> Self {
        self.free = true;
        self
    }

    /// What is in memory from the first byte not consumed.
    pub fn data(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// Offset of the first byte of [`Rolling::data`].
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether nothing follows [`Rolling::data`].
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Lets go of the first `n` bytes.
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
        self.offset += n as u64;
    }

    /// Reads on until [`Rolling::data`] has `n` bytes or the content ends.
    pub fn fill(&mut self, n: usize) {
        if self.end - self.start >= n || self.ended {
            return;
        }
        if self.start > 0 && self.start + n + 16 > self.buf.len() {
            self.buf.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < n && !self.ended {
            // 16 bytes are what a transcoder needs to be sure to get on. Growing by steps spares small content the
            // cost of clearing a large buffer.
            if self.end + 16 > self.buf.len() {
                let len = (self.buf.len() * 4).max(FIRST).min((self.start + n + 16).max(FIRST));
                self.buf.resize(len.max(self.end + 16), 0);
            }
            if let Err(trouble) = self.read_some() {
                self.trouble = Some(trouble);
                self.ended = true;
            }
        }
    }

    /// What ended the content early, if anything did.
    pub fn finish(&mut self) -> Result<(), ReadError> {
        self.trouble.take().map_or(Ok(()), Err)
    }

    /// Whether the content ended early.
    pub fn is_cut(&self) -> bool {
        self.trouble.is_some()
    }

    fn read_some(&mut self) -> Result<(), ReadError> {
        let Some(t) = &mut self.transcoder else {
            let n = read(&mut self.source, &mut self.buf[self.end..])?;
            self.ended = n == 0;
            let spent = if self.free { Ok(()) } else { spend(self.cx, n) };
            // What the budget still covers is examined.
            self.end += if spent.is_ok() { n } else { self.cx.budget.within(n as u64) as usize };
            return spent;
        };
        if t.len - t.at < 4 && !t.ended {
            // What is left of a character that the last read cut stays in front.
            t.raw.copy_within(t.at..t.len, 0);
            t.len -= t.at;
            t.at = 0;
            t.raw.resize(HEAD, 0);
            let n = read(&mut self.source, &mut t.raw[t.len..])?;
            t.ended = n == 0;
            let spent = spend(self.cx, n);
            t.len += if spent.is_ok() { n } else { self.cx.budget.within(n as u64) as usize };
            spent?;
        }
        let (written, all) = t.decode(&mut self.buf[self.end..]);
        self.end += written;
        self.ended = t.ended && all;
        Ok(())
    }
}

impl<R> Drop for Rolling<'_, R> {
    fn drop(&mut self) {
        self.cx.buffers.give_used(std::mem::take(&mut self.buf));
        if let Some(t) = &mut self.transcoder {
            self.cx.buffers.give(std::mem::take(&mut t.raw));
        }
    }
}

/// One read.
pub fn read(source: &mut impl Read, buf: &mut [u8]) -> Result<usize, ReadError> {
    loop {
        match source.read(buf) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            other => return Ok(other?),
        }
    }
}

/// Spends the budget, or says that it is spent. Entries of containers are spent by their container.
pub fn spend(cx: &ReadContext<'_>, n: usize) -> Result<(), ReadError> {
    if cx.depth > 0 || cx.budget.spend(n as u64) {
        return Ok(());
    }
    let detail = format!("more than {} decoded bytes", cx.budget.limits.item_bytes);
    Err(Gap::new(Reason::LimitBytes, detail).into())
}
