//! Running text in windows.

use std::io::Read;
use std::ops::Range;

use crate::model::{Body, ContentVisitor, Gap, Reason, TextWindow};

use super::charset::Charset;
use super::rolling::Rolling;
use super::{Format, ReadContext, ReadError, go};

/// Text of any encoding.
pub const TEXT: Format = Format {
    name: "text",
    about: "plain text in UTF-8, UTF-16 or a legacy encoding",
    extensions: &["txt", "text", "log", "md"],
    recognises: |head| Charset::of(head) != Charset::Binary,
    read,
};

/// Bytes in which matches may start, per window.
const OWNED: usize = 256 << 10;

fn read(
    cx: &ReadContext<'_>,
    _name: &[u8],
    body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    windows(cx, &mut Rolling::text(cx, body)?, true, visitor)
}

/// Text whose encoding is known already.
pub(super) fn read_in(
    charset: Charset,
    cx: &ReadContext<'_>,
    body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    windows(cx, &mut Rolling::new(cx, body, charset, 0), true, visitor)
}

/// Hands what is left of a reader over as text, for readers that give up. `offset` is where it starts in the
/// decoded content. The encoding is judged by its first bytes.
pub fn read_text(
    cx: &ReadContext<'_>,
    rest: impl Read,
    offset: u64,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let mut body = Body::stream(rest);
    let charset = Charset::of(body.peek(super::HEAD)?);
    windows(cx, &mut Rolling::new(cx, body, charset, offset), true, visitor)
}

/// A structured reader gives up: the gap, and what is left as text.
pub(super) fn rest_as_text<R: Read>(
    cx: &ReadContext<'_>,
    rolling: &mut Rolling<'_, R>,
    reason: Reason,
    what: &str,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    // Content that was cut short for another reason says so at its end; its last record is no damage of its own.
    if !rolling.is_cut() {
        visitor.gap(Gap::new(reason, format!("{what}; read as text from offset {}", rolling.offset())));
        visitor.format(TEXT.name);
    }
    windows(cx, rolling, true, visitor)
}

/// Hands all that is left over as windows. Empty text has no window.
pub(super) fn windows<R: Read>(
    cx: &ReadContext<'_>,
    rolling: &mut Rolling<'_, R>,
    located: bool,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    windows_of(OWNED, cx, rolling, located, visitor)
}

fn windows_of<R: Read>(
    size: usize,
    cx: &ReadContext<'_>,
    rolling: &mut Rolling<'_, R>,
    located: bool,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let reach = cx.reach;
    let mut behind = 0;
    loop {
        if let Some(stop) = cx.budget.stop() {
            return Err(stop.into());
        }
        // 4 more than is shown, so that the last character shown is whole and a window always follows.
        rolling.fill(behind + size + reach.ahead + 4);
        let data = rolling.data();
        if data.len() == behind {
            break;
        }
        let last = rolling.ended() && data.len() - behind <= size + reach.ahead;
        let cut = if last { data.len() } else { cut(data, behind..behind + size) };
        let mut end = if last { cut } else { cut + reach.ahead };
        while end < data.len() && is_continuation(data[end]) && end < cut + reach.ahead + 3 {
            end += 1;
        }
        let window =
            TextWindow { bytes: &data[..end], owned: behind..cut, offset: rolling.offset(), last, located };
        let from = char_start(data, cut.saturating_sub(reach.behind));
        go(visitor.text(&window))?;
        if last {
            break;
        }
        rolling.consume(from);
        behind = cut - from;
    }
    rolling.finish()
}

/// Where to end a range that more text follows: after a newline in its last quarter, else between characters.
fn cut(data: &[u8], owned: Range<usize>) -> usize {
    let tail = owned.end - (owned.end - owned.start) / 4;
    if let Some(newline) = memchr::memrchr(b'\n', &data[tail..owned.end]) {
        return tail + newline + 1;
    }
    match char_start(data, owned.end) {
        at if at > owned.start => at,
        _ => owned.end,
    }
}

/// The start of the character that `at` is in; `at` itself in bytes that are no characters.
fn char_start(data: &[u8], at: usize) -> usize {
    let mut start = at;
    while start > 0 && at - start < 3 && start < data.len() && is_continuation(data[start]) {
        start -= 1;
    }
    if start < data.len() && is_continuation(data[start]) { at } else { start }
}

fn is_continuation(b: u8) -> bool {
    b & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::read::testing::{Recorder, Trickle, read as read_item, read_with, with};
    use crate::read::{Limits, Reach};

    fn windowed(text: &[u8], size: usize, reach: Reach, chunk: usize) -> Recorder {
        let mut recorder = Recorder::default();
        with(&Limits::default(), reach, |cx| {
            let mut rolling = Rolling::new(cx, Trickle(text, chunk), Charset::Utf8, 0);
            windows_of(size, cx, &mut rolling, true, &mut recorder).unwrap();
        });
        recorder
    }

    proptest! {
        #[test]
        fn owned_ranges_tile_and_windows_show_what_the_text_has(
            text in "[a-c\nü€😀]{0,120}", size in 4usize..20, behind in 0usize..9, ahead in 0usize..9, chunk in 1usize..40,
        ) {
            let text = text.as_bytes();
            let found = windowed(text, size, Reach { behind, ahead }, chunk);
            prop_assert_eq!(&found.text, text);
            prop_assert_eq!(found.windows.is_empty(), text.is_empty());
            for (i, (offset, bytes, owned, last)) in found.windows.iter().enumerate() {
                let at = *offset as usize;
                prop_assert_eq!(bytes.as_slice(), &text[at..at + bytes.len()]);
                prop_assert!(std::str::from_utf8(bytes).is_ok(), "a character is cut");
                prop_assert!(owned.start >= behind.min(at + owned.start));
                let shown = bytes.len() - owned.end;
                prop_assert!(*last || shown >= ahead);
                prop_assert!(shown <= ahead + 3 && owned.start <= behind + 3);
                prop_assert_eq!(*last, i + 1 == found.windows.len());
                prop_assert!(!last || at + bytes.len() == text.len());
            }
        }

        #[test]
        fn bytes_that_are_no_text_tile_as_well(
            text in proptest::collection::vec(any::<u8>(), 0..200), size in 1usize..20, ahead in 0usize..9,
        ) {
            let found = windowed(&text, size, Reach { behind: 3, ahead }, 7);
            prop_assert_eq!(found.text, text);
        }
    }

    #[test]
    fn windows_end_at_a_newline_near_their_end() {
        let found = windowed(b"01234567\n9abcdefghij", 10, Reach { behind: 2, ahead: 3 }, 100);
        assert_eq!(found.windows[0].2, 0..9);
        let found = windowed(b"01\n3456789abcdefghij", 10, Reach { behind: 2, ahead: 3 }, 100);
        assert_eq!(found.windows[0].2, 0..10);
    }

    #[test]
    fn large_text_comes_in_windows_of_bounded_size() {
        let text = "Lorem ipsum dolor sit amet, consectetur\n".repeat(40_000);
        let found = read_item("big.txt", text.as_bytes());
        assert_eq!(found.text, text.as_bytes());
        assert!(found.windows.len() >= 6);
        assert!(found.windows.iter().all(|w| w.1.len() <= OWNED + 200));
    }

    #[test]
    fn encodings_come_out_as_utf8_and_marks_count() {
        let text = "Straße 5\r\nÉtienne; Zoë\n";
        let mut utf16 = vec![0xFF, 0xFE];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let found = read_item("a.txt", &utf16);
        assert_eq!(found.text(), format!("\u{feff}{text}"));
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read_item("a.txt", &be).text(), text);
        for bytes in [u32::to_le_bytes, u32::to_be_bytes] {
            let text = format!("\u{feff}{text}").repeat(5000);
            let utf32: Vec<u8> = text.chars().flat_map(|c| bytes(c as u32)).collect();
            assert_eq!(read_item("a.txt", &utf32).text(), text);
        }
        let marked = format!("\u{feff}{text}");
        assert_eq!(read_item("a.txt", marked.as_bytes()).text(), marked);
        let latin: Vec<u8> = text.chars().map(|c| c as u32 as u8).collect();
        let found = read_item("a.txt", &latin.repeat(20_000));
        assert_eq!(found.text(), text.repeat(20_000));
        assert!(found.gaps.is_empty());
    }

    #[test]
    fn characters_cut_by_a_read_come_out_whole() {
        let text = "Zoë 😀\n".repeat(300);
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_be_bytes()).collect();
        let cases = [(Charset::Other(encoding_rs::UTF_16LE), le), (Charset::Utf32 { big: true }, wide)];
        for (charset, bytes) in cases {
            for chunk in [1, 3, 7] {
                let mut recorder = Recorder::default();
                with(&Limits::default(), Reach { behind: 1, ahead: 1 }, |cx| {
                    let mut rolling = Rolling::new(cx, Trickle(&bytes, chunk), charset, 0);
                    windows_of(50, cx, &mut rolling, true, &mut recorder).unwrap();
                });
                assert_eq!(recorder.text(), text);
            }
        }
    }

    #[test]
    fn invalid_bytes_late_in_utf8_pass_as_they_are() {
        let mut text = "grün\n".repeat(30_000).into_bytes();
        text.extend_from_slice(b"\xFF\xFEend");
        assert_eq!(read_item("a.log", &text).text, text);
    }

    #[test]
    fn a_spent_budget_is_a_gap_after_what_was_read() {
        let limits = Limits { item_bytes: 100_000, ..Limits::default() };
        let found = read_with(&limits, "a.txt", &b"some text\n".repeat(20_000));
        assert_eq!(found.reasons(), [Reason::LimitBytes]);
        assert!(!found.text.is_empty() && found.text.len() <= 100_000);
        assert!(found.windows.last().unwrap().3);
    }

    #[test]
    fn a_failing_store_is_a_gap_after_what_was_read() {
        struct Failing(bool);
        impl Read for Failing {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(std::io::ErrorKind::ConnectionReset.into());
                }
                buf[..5].copy_from_slice(b"hello");
                Ok(5)
            }
        }
        let mut recorder = Recorder::default();
        with(&Limits::default(), Reach { behind: 1, ahead: 1 }, |cx| {
            let mut rolling = Rolling::new(cx, Failing(false), Charset::Utf8, 0);
            let end = windows(cx, &mut rolling, true, &mut recorder);
            assert!(matches!(end, Err(ReadError::Gap(g)) if g.reason == Reason::ReadError));
        });
        assert_eq!(recorder.text(), "hello");
    }

    #[test]
    fn what_is_left_of_a_stream_starts_at_its_offset() {
        let mut recorder = Recorder::default();
        with(&Limits::default(), Reach { behind: 1, ahead: 1 }, |cx| {
            read_text(cx, &b"rest"[..], 1000, &mut recorder).unwrap();
        });
        assert_eq!((recorder.text_offset, recorder.text()), (Some(1000), "rest".to_owned()));
    }
}
