//! Where a match may begin and end.

use std::ops::Range;

use super::definition::Boundary;
use super::filter::Filter;
use super::masks::{BLOCK, Masks, masks};

/// Letters, digits and signs before an `@` that are looked at.
pub(super) const MAX_LOCAL: usize = 64;

/// Whether a match can begin with this byte.
pub(super) fn can_start(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'(' | b'-')
}

/// Whether `at` is a start.
#[cfg(test)]
pub(super) fn is_start(text: &[u8], at: usize) -> bool {
    let b = text[at];
    let before = at.checked_sub(1).map(|i| text[i]);
    can_start(b)
        && !before.is_some_and(|p| p.is_ascii_alphanumeric() || (p == b && !b.is_ascii_alphanumeric()))
}

/// Whether a byte can stand before an `@` in an address.
fn is_local(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-')
}

/// Where an address around the `@` at `at` begins, if anything stands before it.
pub(super) fn local_start(text: &[u8], at: usize) -> Option<usize> {
    let lowest = at.saturating_sub(MAX_LOCAL);
    let run = text[lowest..at].iter().rev().take_while(|b| is_local(**b)).count();
    let skip = text[at - run..at].iter().take_while(|b| !b.is_ascii_alphanumeric() && **b != b'_').count();
    (run > skip).then_some(at - run + skip)
}

/// Whether a digit at `at` is joined to a digit before it: it may be the middle of a number, version or address.
#[inline]
pub(super) fn inside_number(text: &[u8], at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).map(|i| text[i]);
    text[at].is_ascii_digit()
        && matches!(before(1), Some(b'.' | b'-' | b'/' | b':' | b'+'))
        && before(2).is_some_and(|b| b.is_ascii_digit())
}

/// Whether `boundary` allows a match to begin here.
pub(super) fn start_allowed(boundary: Boundary, text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|i| text[i]);
    match boundary {
        Boundary::None => true,
        _ if text[at].is_ascii_alphanumeric() && before.is_some_and(|b| b.is_ascii_alphanumeric()) => false,
        Boundary::Word => true,
        Boundary::Number => !inside_number(text, at),
    }
}

/// Whether `boundary` allows a match to end here.
pub(super) fn end_allowed(boundary: Boundary, text: &[u8], end: usize) -> bool {
    let last = text[end - 1];
    let next = text.get(end).copied();
    match boundary {
        Boundary::None => true,
        _ if next.is_some_and(|b| b.is_ascii_alphanumeric()) => false,
        Boundary::Word => true,
        Boundary::Number => {
            let joined =
                matches!(next, Some(b'.' | b'-' | b'/')) && text.get(end + 1).is_some_and(u8::is_ascii_digit);
            !(last.is_ascii_digit() && joined)
        }
    }
}

/// Calls `at_start` for every start in `owned` that the filter lets pass, in ascending order.
#[inline(always)]
pub(super) fn each_start(filter: &Filter, text: &[u8], owned: Range<usize>, mut at_start: impl FnMut(usize)) {
    let before = owned.start.checked_sub(1).map(|i| text[i]);
    let mut word = u64::from(before.is_some_and(|b| b.is_ascii_alphanumeric()));
    let mut dash = u64::from(before == Some(b'-'));
    let mut plus = u64::from(before == Some(b'+'));
    let mut paren = u64::from(before == Some(b'('));
    let mut base = owned.start;
    // What follows the text is no letter, and may be anything to a pair.
    let mut edge = [b'\n'; 2 * BLOCK];
    while base < owned.end {
        // A block and what its last word needs behind it; at the text's end, a copy of what there is.
        let near: &[u8; 2 * BLOCK] = match text.get(base..base + 2 * BLOCK).and_then(|b| b.try_into().ok()) {
            Some(near) => near,
            None => {
                let rest = &text[base..];
                edge[..rest.len()].copy_from_slice(rest);
                edge[rest.len()..].fill(b'\n');
                &edge
            }
        };
        let m: Masks = masks(near.first_chunk().unwrap_or(&[0; BLOCK]));
        let after_word = m.word << 1 | word;
        let signs = (m.dash & !(m.dash << 1 | dash))
            | (m.plus & !(m.plus << 1 | plus))
            | (m.paren & !(m.paren << 1 | paren));
        let mut starts = (m.word | signs) & !after_word;
        if owned.end - base < BLOCK {
            starts &= (1 << (owned.end - base)) - 1;
        }
        (word, dash, plus, paren) = (m.word >> 63, m.dash >> 63, m.plus >> 63, m.paren >> 63);
        // Most starts do not pass: deciding all of a block without a branch costs less than guessing each.
        let mut pass = 0;
        each_bit(starts & m.lower, |i| pass |= (filter.word_passes(eight(near, i)) as u64) << i);
        each_bit(starts & !m.lower, |i| pass |= (filter.pair_passes(eight(near, i)) as u64) << i);
        each_bit(pass, |i| at_start(base + i));
        base += BLOCK;
    }
}

/// Calls `f` with the place of each bit, from the lowest on; places are below [`BLOCK`].
#[inline(always)]
fn each_bit(mut bits: u64, mut f: impl FnMut(usize)) {
    while bits != 0 {
        f(bits.trailing_zeros() as usize & (BLOCK - 1));
        bits &= bits - 1;
    }
}

/// The 8 bytes at `i`, below [`BLOCK`].
#[inline(always)]
fn eight(near: &[u8; 2 * BLOCK], i: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&near[i..i + 8]);
    u64::from_le_bytes(eight)
}
