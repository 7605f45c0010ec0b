//! Printable runs of binary content, for formats that nobody here reads.

use std::io::{self, Read};

use crate::model::{Body, ContentVisitor};

use super::rolling::{self, Rolling};
use super::text::windows;
use super::{HEAD, ReadContext, ReadError};

/// Characters that make a run.
const MIN: usize = 4;

/// Hands the printable runs of a binary item over as text without places, each run followed by a newline.
pub fn read(cx: &ReadContext<'_>, body: Body<'_>, visitor: &mut dyn ContentVisitor) -> Result<(), ReadError> {
    let mut trouble = None;
    let runs =
        Runs { cx, body, raw: cx.buffers.take(), finder: Finder::default(), at: 0, trouble: &mut trouble };
    let mut rolling = Rolling::new(cx, runs, None, 0).without_spending();
    windows(cx, &mut rolling, false, visitor)?;
    drop(rolling);
    trouble.map_or(Ok(()), Err)
}

/// Printable runs as a stream.
struct Runs<'c, 'b, 'g> {
    cx: &'c ReadContext<'c>,
    body: Body<'b>,
    raw: Vec<u8>,
    finder: Finder,
    /// How much of the finder's output is given out.
    at: usize,
    trouble: &'g mut Option<ReadError>,
}

impl Read for Runs<'_, '_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.finder.out.len() {
            self.finder.out.clear();
            self.at = 0;
            if self.finder.ended {
                return Ok(0);
            }
            // Without a single run this loop may go on for long: it ends early when asked to.
            if self.cx.budget.stop().is_some() {
                return Ok(0);
            }
            self.raw.resize(HEAD, 0);
            let read = rolling::read(&mut self.body, &mut self.raw)
                .and_then(|n| rolling::spend(self.cx, n).map(|()| n));
            match read {
                Ok(0) => self.finder.end(),
                Ok(n) => self.finder.push(&self.raw[..n]),
                Err(trouble) => {
                    *self.trouble = Some(trouble);
                    self.finder.end();
                }
            }
        }
        let n = buf.len().min(self.finder.out.len() - self.at);
        buf[..n].copy_from_slice(&self.finder.out[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Drop for Runs<'_, '_, '_> {
    fn drop(&mut self) {
        self.cx.buffers.give(std::mem::take(&mut self.raw));
    }
}

/// Finds runs of UTF-8 and of UTF-16LE at once. A live run of one kind breaks the other.
#[derive(Default)]
struct Finder {
    narrow: Run,
    wide: Run,
    /// Bytes of a UTF-8 character that is not complete, and its length.
    partial: [u8; 4],
    have: usize,
    need: usize,
    /// A printable byte that a zero byte would make a UTF-16 character.
    half: Option<u8>,
    out: Vec<u8>,
    ended: bool,
}

/// A run: held back until it is long enough, then streamed.
#[derive(Default)]
struct Run {
    held: Vec<u8>,
    chars: usize,
}

impl Run {
    #[inline]
    fn push(&mut self, char: &[u8], out: &mut Vec<u8>) {
        self.chars += 1;
        if self.chars > MIN {
            out.extend_from_slice(char);
            return;
        }
        self.held.extend_from_slice(char);
        if self.chars == MIN {
            out.extend_from_slice(&self.held);
            self.held.clear();
        }
    }

    #[inline]
    fn end(&mut self, out: &mut Vec<u8>) {
        if self.chars >= MIN {
            out.push(b'\n');
        }
        self.chars = 0;
        self.held.clear();
    }
}

impl Finder {
    fn push(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.narrow_byte(b);
            self.wide_byte(b);
        }
    }

    fn end(&mut self) {
        self.narrow.end(&mut self.out);
        self.wide.end(&mut self.out);
        self.ended = true;
    }

    #[inline]
    fn narrow_byte(&mut self, b: u8) {
        if self.have > 0 {
            if b & 0xC0 == 0x80 {
                self.partial[self.have] = b;
                self.have += 1;
                if self.have == self.need {
                    let char = &self.partial[..self.need];
                    self.have = 0;
                    match std::str::from_utf8(char).ok().and_then(|s| s.chars().next()) {
                        Some(c) if c.is_alphanumeric() => self.narrow.push(char, &mut self.out),
                        _ => self.narrow.end(&mut self.out),
                    }
                }
                return;
            }
            self.have = 0;
            self.narrow.end(&mut self.out);
        }
        match b {
            b' '..=b'~' | b'\t' => self.narrow.push(&[b], &mut self.out),
            0xC3..=0xF4 => {
                self.partial[0] = b;
                self.have = 1;
                self.need = if b < 0xE0 { 2 } else { 3 + usize::from(b >= 0xF0) };
            }
            _ => self.narrow.end(&mut self.out),
        }
    }

    #[inline]
    fn wide_byte(&mut self, b: u8) {
        let printable = matches!(b, b' '..=b'~' | b'\t' | 0xA1..=0xFF);
        match self.half.take() {
            Some(first) if b == 0 => {
                let mut utf8 = [0; 4];
                let char = char::from(first).encode_utf8(&mut utf8);
                self.wide.push(char.as_bytes(), &mut self.out);
            }
            half => {
                if half.is_some() || !printable {
                    self.wide.end(&mut self.out);
                }
                self.half = printable.then_some(b);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reason;
    use crate::read::testing::{Recorder, Trickle, read as read_item, with};
    use crate::read::{Limits, Reach};

    fn runs(bytes: &[u8], chunk: usize) -> Recorder {
        let mut recorder = Recorder::default();
        with(&Limits::default(), Reach { behind: 4, ahead: 8 }, |cx| {
            read(cx, Body::stream(Trickle(bytes, chunk)), &mut recorder).unwrap();
        });
        recorder
    }

    #[test]
    fn runs_of_both_kinds_are_found_whatever_the_chunks() {
        let mut bytes = b"\x00\x01abc\x02abcd\x03\xFF\x80".to_vec();
        bytes.extend("wide Zoë".encode_utf16().flat_map(u16::to_le_bytes));
        bytes.extend_from_slice(b"\x01\x02\x03");
        bytes.extend_from_slice("Größe 12\0".as_bytes());
        for chunk in 1..9 {
            let found = runs(&bytes, chunk);
            assert_eq!(found.text(), "abcd\nwide Zoë\nGröße 12\n");
            assert!(!found.located);
        }
    }

    #[test]
    fn a_run_longer_than_any_buffer_stays_one_run() {
        let mut bytes = vec![b'x'; 700_000];
        bytes.insert(0, 0);
        assert_eq!(runs(&bytes, 10_000).text.len(), 700_001);
    }

    #[test]
    fn unknown_and_known_binaries_carry_their_gaps() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01".to_vec();
        png.extend_from_slice(b"\0\0anna@example.org\0\0\x01\x02");
        let found = read_item("picture.jpg", &png);
        assert_eq!(
            (found.formats.as_slice(), found.reasons()),
            (&["png".to_owned()][..], vec![Reason::UnsupportedFormat])
        );
        assert!(found.text().contains("anna@example.org\n"));
        let found = read_item("x", b"\x01\x02\0\0\x05\x06secret-ish\0\x01\x02\x03");
        assert_eq!((found.formats[0].as_str(), found.reasons()), ("binary", vec![Reason::UnknownFormat]));
        assert_eq!(found.text(), "secret-ish\n");
    }
}
