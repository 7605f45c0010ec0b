//! Values that are looked for as such: identifiers of one person, in the forms in which people and programs write them.
//!
//! Two searches. One over the text as it stands, for e-mail addresses and escaped forms. One over the text without what
//! people put between the parts of a number or name (spaces, dots, dashes), in lower case: there a value has one form.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use crate::classify::protect::normalize;
use crate::detect::definition::Normalize;

mod forms;
#[cfg(test)]
mod tests;

pub use forms::spellings;

/// Letters and digits that a value has at least: shorter ones stand everywhere.
pub const MIN_LITERAL: usize = 5;
/// Bytes that a value has at most.
pub const MAX_LITERAL: usize = 256;
/// Bytes that a value can take in a text, with all that stands between its parts.
const MAX_SPAN: usize = 1024;
/// Signs in a row that part a value and do not end it.
const MAX_BETWEEN: u8 = 3;

/// Values to look for, compiled. Never printed.
pub struct Literals {
    exact: Search,
    compact: Search,
    /// Forms in which detectors compare values.
    normalized: HashMap<(u8, Vec<u8>), u32>,
    count: usize,
}

/// What is looked for in one of the two texts.
struct Search {
    automaton: Option<AhoCorasick>,
    needles: Vec<Needle>,
}

/// One form of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Needle {
    /// Index of the value.
    value: u32,
    kind: Kind,
}

/// What has to stand around a form.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// No letter or digit on either side.
    Word,
    /// The same, but before it a country prefix or trunk zero may stand; the digits of the prefix, where they are known.
    National(Option<String>),
    /// It is the part from the `@` on; before it has to stand this, and maybe a tag.
    Domain(String),
}

/// Why a value is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsuitable {
    /// Fewer letters and digits than [`MIN_LITERAL`].
    Short,
    /// More bytes than [`MAX_LITERAL`].
    Long,
}

impl fmt::Debug for Literals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Literals({})", self.count)
    }
}

impl Literals {
    /// Compiles values; the first that cannot be looked for is named by its index.
    pub fn new(values: &[String]) -> Result<Self, (usize, Unsuitable)> {
        let (mut exact, mut compact) = (Vec::new(), Vec::new());
        let mut normalized = HashMap::new();
        for (at, value) in values.iter().enumerate() {
            let value = value.trim();
            if value.chars().filter(|c| c.is_alphanumeric()).count() < MIN_LITERAL {
                return Err((at, Unsuitable::Short));
            }
            if value.len() > MAX_LITERAL {
                return Err((at, Unsuitable::Long));
            }
            let number = at as u32;
            let needle = |kind| Needle { value: number, kind };
            for form in forms::exact(value) {
                exact.push((form.text, needle(form.kind)));
            }
            for form in forms::compact(value) {
                compact.push((form.text, needle(form.kind)));
            }
            for text in spellings(value) {
                for (code, how) in HOW {
                    let mut form = Vec::new();
                    normalize(how, text.as_bytes(), &mut form);
                    normalized.entry((code, form)).or_insert(number);
                }
            }
        }
        Ok(Self { exact: Search::new(exact), compact: Search::new(compact), normalized, count: values.len() })
    }

    /// The value whose form for comparison this is.
    pub(super) fn normalized(&self, how: Normalize, form: &[u8]) -> Option<u32> {
        let code = HOW.iter().find(|(_, h)| *h == how).map(|(code, _)| *code)?;
        self.normalized.get(&(code, form.to_vec())).copied()
    }

    /// Finds values that start in a range of a text, each place once for each value, by place.
    pub(super) fn search(&self, text: &[u8], owned: Range<usize>) -> Vec<(u32, Range<usize>)> {
        let mut found = Vec::new();
        // A little before, to see what a value follows.
        let from = owned.start.saturating_sub(MAX_SPAN);
        let until = text.len().min(owned.end.saturating_add(MAX_SPAN));
        let part = &text[from..until];
        if let Some(automaton) = &self.exact.automaton {
            for m in automaton.find_overlapping_iter(part) {
                let needle = &self.exact.needles[m.pattern().as_usize()];
                if let Some(place) = needle.stands(part, m.start()..m.end()) {
                    found.push((needle.value, from + place.start..from + place.end));
                }
            }
        }
        if let Some(automaton) = &self.compact.automaton {
            let compacted = Compacted::of(part);
            for m in automaton.find_overlapping_iter(&compacted.bytes) {
                let needle = &self.compact.needles[m.pattern().as_usize()];
                let place = compacted.place(m.start()..m.end());
                if needle.stands_compact(part, &compacted, m.start(), &place) {
                    found.push((needle.value, from + place.start..from + place.end));
                }
            }
        }
        found.retain(|(_, place)| owned.contains(&place.start));
        // Of forms that overlap, the first and longest.
        found.sort_by_key(|(value, place)| (*value, place.start, usize::MAX - place.end));
        let mut last: Option<(u32, usize)> = None;
        found.retain(|(value, place)| {
            let apart = last.is_none_or(|(other, end)| other != *value || place.start >= end);
            if apart {
                last = Some((*value, place.end));
            }
            apart
        });
        found.sort_by_key(|(value, place)| (place.start, *value));
        found
    }
}

const HOW: [(u8, Normalize); 3] = [(0, Normalize::Compact), (1, Normalize::Lower), (2, Normalize::Verbatim)];

impl Search {
    fn new(needles: Vec<(String, Needle)>) -> Self {
        let texts: Vec<&str> = needles.iter().map(|(text, _)| text.as_str()).collect();
        let automaton = (!texts.is_empty()).then(|| {
            AhoCorasickBuilder::new()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .build(&texts)
        });
        // A few short texts are never too many for the automaton.
        let automaton = automaton.and_then(Result::ok);
        Self { automaton, needles: needles.into_iter().map(|(_, needle)| needle).collect() }
    }
}

impl Needle {
    /// Where the value stands, if what is around a match over the text as it is allows it.
    fn stands(&self, text: &[u8], place: Range<usize>) -> Option<Range<usize>> {
        match &self.kind {
            Kind::Domain(user) => {
                let after = &text[place.end..];
                let goes_on = match after.first() {
                    Some(b'.' | b'-') => after.get(1).is_some_and(u8::is_ascii_alphanumeric),
                    _ => joins(char_before(&text[..place.end]), char_after(after)),
                };
                let start = text[..place.start].iter().rposition(|b| !is_local(b)).map_or(0, |at| at + 1);
                let whole = std::str::from_utf8(&text[start..place.start]).ok()?;
                // Quotes and the like may stand before it.
                let from = whole.find(char::is_alphanumeric)?;
                let name = whole[from..].to_lowercase();
                let untagged = name.split('+').next().unwrap_or_default();
                let same = name == *user || untagged == *user;
                (same && !goes_on).then_some(start + from..place.end)
            }
            _ => is_word(text, &place).then_some(place),
        }
    }

    /// Whether what is around a match over the compacted text allows it.
    fn stands_compact(&self, text: &[u8], compacted: &Compacted, start: usize, place: &Range<usize>) -> bool {
        match &self.kind {
            Kind::National(country) => {
                let ends = !joins(char_before(&text[..place.end]), char_after(&text[place.end..]));
                let allowed = |tight: bool| {
                    let run = compacted.digits_before(start, tight);
                    let first = compacted.starts.get(start - run.len()).map_or(0, |at| *at as usize);
                    let plus = text[..first].last() == Some(&b'+');
                    let word = !joins(char_before(&text[..first]), char_after(&text[first..]));
                    (word && is_prefix(run, country.as_deref(), plus), plus)
                };
                // What follows a plus is the prefix of some country, and no other number beside this one.
                let (loose, plus) = allowed(false);
                ends && (loose || (!plus && allowed(true).0))
            }
            _ => is_word(text, place),
        }
    }
}

/// Whether digits before a national number are how it is dialled: nothing, a trunk zero, or a country's prefix.
fn is_prefix(run: &[u8], country: Option<&str>, plus: bool) -> bool {
    let Ok(run) = std::str::from_utf8(run) else { return false };
    let trunk = |rest: &str| rest.strip_suffix('0').unwrap_or(rest).to_owned();
    let is_country = |digits: &str| match country {
        Some(country) => digits == country || trunk(digits) == country,
        None => (1..=3).contains(&digits.len()) || (digits.len() == 4 && digits.ends_with('0')),
    };
    match run {
        "" | "0" => true,
        _ if plus => is_country(run),
        _ => match run.strip_prefix("00") {
            Some(rest) if !rest.is_empty() => is_country(rest),
            _ => country.is_some() && is_country(run),
        },
    }
}

/// Bytes before the `@` of an e-mail address (RFC 5322 atoms, RFC 6531).
fn is_local(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || b".!#$&'*+-/=?^_`{|}~".contains(b) || *b >= 0x80
}

/// Whether no letter or digit goes on with a value on either side.
fn is_word(text: &[u8], place: &Range<usize>) -> bool {
    let (before, value, after) = (&text[..place.start], &text[place.clone()], &text[place.end..]);
    !joins(char_before(before), char_after(value)) && !joins(char_before(value), char_after(after))
}

/// Whether two characters in a row are of one word. Scripts that know no case put no spaces between words.
fn joins(a: Option<char>, b: Option<char>) -> bool {
    let in_word = |c: char| c.is_numeric() || c.is_lowercase() || c.is_uppercase();
    a.is_some_and(in_word) && b.is_some_and(in_word)
}

fn char_after(text: &[u8]) -> Option<char> {
    text[..text.len().min(4)].utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next())
}

fn char_before(text: &[u8]) -> Option<char> {
    let from = (1..=text.len().min(4)).find(|n| (text[text.len() - n] as i8) >= -0x40)?;
    std::str::from_utf8(&text[text.len() - from..]).ok().and_then(|t| t.chars().next())
}

/// A text in lower case and without what stands between the parts of a value; other signs are line ends.
struct Compacted {
    bytes: Vec<u8>,
    /// Where the character of each byte starts in the text.
    starts: Vec<u32>,
    /// Where it ends.
    ends: Vec<u32>,
    /// Whether nothing was left out before it.
    tight: Vec<bool>,
}

impl Compacted {
    fn of(text: &[u8]) -> Self {
        let room = text.len();
        let mut compacted = Self {
            bytes: Vec::with_capacity(room),
            starts: Vec::with_capacity(room),
            ends: Vec::with_capacity(room),
            tight: Vec::with_capacity(room),
        };
        let (mut at, mut between) = (0, 0);
        for chunk in text.utf8_chunks() {
            for c in chunk.valid().chars() {
                let end = at + c.len_utf8();
                if c.is_alphanumeric() {
                    for lower in c.to_lowercase() {
                        compacted.push(lower, at, end, between == 0);
                    }
                    between = 0;
                } else if is_between(c) && between < MAX_BETWEEN {
                    between += 1;
                } else {
                    compacted.push('\n', at, end, false);
                    between = 0;
                }
                at = end;
            }
            if !chunk.invalid().is_empty() {
                let end = at + chunk.invalid().len();
                compacted.push('\n', at, end, false);
                (at, between) = (end, 0);
            }
        }
        compacted
    }

    fn push(&mut self, c: char, start: usize, end: usize, tight: bool) {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            self.bytes.push(byte);
            self.starts.push(start as u32);
            self.ends.push(end as u32);
            self.tight.push(tight);
        }
    }

    fn place(&self, part: Range<usize>) -> Range<usize> {
        let start = self.starts.get(part.start).map_or(0, |at| *at as usize);
        let end = self.ends.get(part.end.wrapping_sub(1)).map_or(start, |at| *at as usize);
        start..end
    }

    /// Up to seven digits before a byte; `tight`: with nothing between them.
    fn digits_before(&self, at: usize, tight: bool) -> &[u8] {
        let mut from = at;
        while from > 0 && at - from < 7 {
            let joined = !tight || self.tight.get(from).copied().unwrap_or(false);
            if !joined || !self.bytes[from - 1].is_ascii_digit() {
                break;
            }
            from -= 1;
        }
        &self.bytes[from..at]
    }
}

/// What people put between the parts of a number or a name.
fn is_between(c: char) -> bool {
    matches!(
        c,
        ' ' | '-'
            | '.'
            | '/'
            | '('
            | ')'
            | '_'
            | ':'
            | ','
            | '\''
            | '’'
            | '‐'
            | '‑'
            | '–'
            | '\u{a0}'
            | '\u{ad}'
            | '\u{2009}'
            | '\u{202f}'
    )
}
