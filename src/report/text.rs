//! Text for a terminal: made visible, measured in columns, cut and wrapped.

use std::borrow::Cow;
use std::fmt::Write;

use bytesize::ByteSize;

/// The text with everything that would act on a terminal, reorder it or hide in it shown as an escape.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(deceptive) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if !deceptive(c) => out.push(c),
            c if u32::from(c) < 0x100 => write_escape(&mut out, format_args!("\\x{:02x}", u32::from(c))),
            c => write_escape(&mut out, format_args!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(out)
}

fn write_escape(out: &mut String, escape: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(escape);
}

/// Controls, bidirectional marks and overrides, line separators, invisible format characters. Joiners stay: scripts
/// and emoji need them.
pub(super) fn deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Columns a character takes: 2 for East Asian wide and emoji, 0 for joiners and marks of the common blocks. Where
/// the blocks are coarser than the standard they are wider, which is the safe side.
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x200c | 0x200d | 0x0300..=0x036f | 0x1ab0..=0x1ace | 0x1dc0..=0x1dff | 0x20d0..=0x20f0 => 0,
        0xfe00..=0xfe0e | 0xfe20..=0xfe2f | 0xe0100..=0xe01ef => 0,
        0x1100..=0x115f | 0x231a..=0x231b | 0x2329..=0x232a | 0x23e9..=0x23ec | 0x23f0 | 0x23f3 => 2,
        0x25fd..=0x25fe | 0x2600..=0x27bf | 0x2b1b..=0x2b1c | 0x2b50 | 0x2b55 => 2,
        0x2e80..=0x303e | 0x3041..=0xa4cf | 0xa960..=0xa97f | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe10..=0xfe19 | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x16fe0..=0x191ff | 0x1aff0..=0x1b2ff | 0x1d300..=0x1d37f | 0x1f000..=0x1faff | 0x20000..=0x3fffd => {
            2
        }
        0x17a4 | 0x17d8 => 3,
        // U+FE0F too: it makes an emoji of what stands before it.
        _ => 1,
    }
}

/// The text in at most `columns`, with `…` for what was taken from its middle: a path's end says more than its start.
pub(super) fn shorten(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(1);
    let head = take(text.chars(), room / 3);
    let mut tail: Vec<char> = take(text.chars().rev(), room - room / 3).chars().collect();
    tail.reverse();
    Cow::Owned(format!("{head}…{}", tail.into_iter().collect::<String>()))
}

fn take(chars: impl Iterator<Item = char>, columns: usize) -> String {
    let mut left = columns;
    chars
        .take_while(|c| match left.checked_sub(char_width(*c)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        })
        .collect()
}

/// The text in lines of at most `columns`, broken at spaces; a word that is longer is broken anywhere.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let mut rest = word;
        let gap = usize::from(used > 0);
        if used + gap + width(word) > columns && used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while width(rest) > columns {
            let mut part = take(rest.chars(), columns);
            if part.is_empty() {
                part = rest.chars().take(1).collect();
            }
            rest = &rest[part.len()..];
            lines.push(part);
        }
        if rest.is_empty() {
            continue;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(rest);
        used += width(rest);
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The text with spaces after it up to `columns`.
pub(super) fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text with spaces before it up to `columns`.
pub(super) fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// A number with thousands separators.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun, `1 item` or `1,200 items`.
pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// Bytes for people.
pub(super) fn bytes(n: u64) -> String {
    ByteSize::b(n).display().iec().to_string()
}

/// A path as a shell takes it; `None` for one that cannot be typed back from what is shown.
pub(super) fn shell_word(path: &str) -> Option<String> {
    if path.is_empty() || path.contains(deceptive) || path.contains(['•', '\\', '…', '\u{fffd}']) {
        return None;
    }
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+,=:@%".contains(c));
    match (plain, path.starts_with('-')) {
        (true, false) => Some(path.to_owned()),
        (_, true) => Some(shell_word(&format!("./{path}"))?),
        (false, _) => Some(format!("'{}'", path.replace('\'', "'\\''"))),
    }
}
