//! The smallest pieces of JSON: strings, numbers, words, escapes.

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A whole token that ends before `end`; `escaped` if a string needs unescaping.
    Whole { end: usize, escaped: bool },
    /// The data ends inside it.
    Open,
    /// Not JSON.
    Bad,
}

const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
const QUOTE: u64 = 0x2222_2222_2222_2222;
const BACKSLASH: u64 = 0x5C5C_5C5C_5C5C_5C5C;
const NEWLINE: u64 = 0x0A0A_0A0A_0A0A_0A0A;

#[inline(always)]
fn equal(word: u64, pattern: u64) -> u64 {
    let x = word ^ pattern;
    !(((x & LOW) + LOW) | x | LOW)
}

/// A string from behind its opening quote; `end` is its closing quote. Raw control characters pass, as many writers
/// leave them, but a raw newline says that a quote is missing.
#[inline]
pub fn string(data: &[u8], from: usize) -> Token {
    let mut i = from;
    let mut escaped = false;
    loop {
        while let Some(word) = data.get(i..).and_then(|d| d.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*word);
            let hits = equal(word, QUOTE) | equal(word, BACKSLASH) | equal(word, NEWLINE);
            if hits != 0 {
                i += (hits.trailing_zeros() >> 3) as usize;
                break;
            }
            i += 8;
        }
        match data.get(i) {
            None => return Token::Open,
            Some(b'"') => return Token::Whole { end: i, escaped },
            Some(b'\\') => {
                escaped = true;
                i += 2;
            }
            Some(b'\n') => return Token::Bad,
            Some(_) => i += 1,
        }
    }
}

/// A number from its first character. Only `ended` data can end it.
#[inline]
pub fn number(data: &[u8], from: usize, ended: bool) -> Token {
    let len = data[from..]
        .iter()
        .take_while(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
        .count();
    let end = from + len;
    if end == data.len() && !ended {
        return Token::Open;
    }
    let digits = |d: &[u8]| d.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut rest = &data[from..end];
    rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let whole = digits(rest);
    rest = &rest[whole..];
    let mut good = whole > 0;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let n = digits(fraction);
        good &= n > 0;
        rest = &fraction[n..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
        let n = digits(exponent);
        good &= n > 0;
        rest = &exponent[n..];
    }
    if good && rest.is_empty() { Token::Whole { end, escaped: false } } else { Token::Bad }
}

/// `true`, `false`, `null`, and the words that some writers put for numbers.
pub fn word(data: &[u8], from: usize, ended: bool) -> Token {
    for word in [&b"true"[..], b"false", b"null", b"NaN", b"Infinity", b"-Infinity"] {
        if data[from..].starts_with(word) {
            return Token::Whole { end: from + word.len(), escaped: false };
        }
        if !ended && word.starts_with(&data[from..]) {
            return Token::Open;
        }
    }
    Token::Bad
}

/// Appends what a string with escapes means; `false` if an escape is wrong.
pub fn unescape(mut raw: &[u8], out: &mut Vec<u8>) -> bool {
    while let Some(at) = memchr::memchr(b'\\', raw) {
        out.extend_from_slice(&raw[..at]);
        let Some(kind) = raw.get(at + 1) else { return false };
        raw = &raw[at + 2..];
        match kind {
            b'"' | b'\\' | b'/' => out.push(*kind),
            b'b' => out.push(0x08),
            b'f' => out.push(0x0C),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let Some(mut code) = hex4(raw) else { return false };
                raw = &raw[4..];
                if (0xD800..0xDC00).contains(&code)
                    && let Some(low) = raw.strip_prefix(b"\\u").and_then(hex4)
                    && (0xDC00..0xE000).contains(&low)
                {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    raw = &raw[6..];
                }
                let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return false,
        }
    }
    out.extend_from_slice(raw);
    true
}

fn hex4(raw: &[u8]) -> Option<u32> {
    let digits = raw.get(..4)?;
    digits.iter().try_fold(0, |n, b| Some(n * 16 + (*b as char).to_digit(16)?))
}
