//! Where a part of a value stands in its source, when the source writes the value with escapes.

use std::ops::Range;

use crate::model::Escapes;

/// The bytes of `raw` (which begins with the value) that write `value[part]`. `None` if `raw` does not write `value`.
pub fn locate(escapes: Escapes, raw: &[u8], value: &[u8], part: Range<usize>) -> Option<Range<usize>> {
    let (mut at, mut out) = (0, 0);
    let (mut start, mut end) = (None, None);
    while out <= part.end {
        if start.is_none() && out >= part.start {
            start = Some(at);
        }
        if out >= part.end {
            end = Some(at);
            break;
        }
        let (used, written) = step(escapes, raw.get(at..)?)?;
        if used == 1 && value.get(out) != raw.get(at) {
            return None;
        }
        at += used;
        out += written;
    }
    Some(start?..end?)
}

/// Bytes of source, and of value, that the next escape or plain byte takes.
fn step(escapes: Escapes, raw: &[u8]) -> Option<(usize, usize)> {
    let first = *raw.first()?;
    match escapes {
        Escapes::Doubled if first == b'"' && raw.get(1) == Some(&b'"') => Some((2, 1)),
        Escapes::Backslash if first == b'\\' => match raw.get(1)? {
            b'u' => {
                let unit = |at: usize| {
                    let digits = std::str::from_utf8(raw.get(at..at + 4)?).ok()?;
                    u16::from_str_radix(digits, 16).ok()
                };
                let high = unit(2)?;
                let low = (raw.get(6..8) == Some(b"\\u")).then(|| unit(8)).flatten();
                let pair = char::decode_utf16([high].into_iter().chain(low)).next()?;
                match pair {
                    Ok(c) if c.len_utf16() == 2 => Some((12, c.len_utf8())),
                    Ok(c) => Some((6, c.len_utf8())),
                    Err(_) => Some((6, char::REPLACEMENT_CHARACTER.len_utf8())),
                }
            }
            _ => Some((2, 1)),
        },
        _ => Some((1, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_behind_escapes() {
        let csv = locate(Escapes::Doubled, br#"say ""hi"" to 123"#, br#"say "hi" to 123"#, 12..15);
        assert_eq!(csv, Some(14..17));
        let json = r#"a\n\u00e9\ud83d\ude00 \"12\u0033\","#.as_bytes();
        let value = "a\né😀 \"123\"".as_bytes();
        let at = value.iter().position(|b| *b == b'1').expect("there");
        let found = locate(Escapes::Backslash, json, value, at..at + 3).expect("found");
        assert_eq!(&json[found], br"12\u0033");
        assert_eq!(locate(Escapes::Doubled, b"other", b"value", 1..2), None);
        assert_eq!(locate(Escapes::Doubled, b"val", b"value", 1..5), None);
    }
}
