//! The cheap question before a walk: can a match begin with these bytes at all?
//!
//! Two tables answer it. Words that begin with lower-case letters, most of any prose, are looked up by up to eight of
//! them and, where fewer stand there, half of the byte that follows; everything else by its first two bytes. Both err only by letting too much through: other words of the same
//! hash, and all that could be the beginning of a hex number.

/// Most lower-case letters of a word that are looked up.
pub(super) const WORD_DEPTH: usize = 8;
/// Words that are listed; with more, fewer letters of each are.
const MOST_WORDS: usize = 20_000;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * ONES;
/// Keeps the first n bytes.
const KEPT: [u64; 9] = {
    let mut kept = [u64::MAX; 9];
    let mut n = 0;
    while n < 8 {
        kept[n] = (1 << (8 * n)) - 1;
        n += 1;
    }
    kept
};
/// Bits for pairs.
const PAIRS: usize = 1 << 16;
/// Bits for words.
const WORDS: usize = 1 << 17;

/// Which beginnings pass.
pub(super) struct Filter {
    /// Pairs, one bit each at `first * 256 + second`; then words, one bit for each value of [`bucket`].
    bits: Box<[u64; (PAIRS + WORDS) / 64]>,
    /// Letters of a word that are looked up.
    pub depth: usize,
    words: usize,
}

/// Whether a set of bytes holds `b`.
pub(super) fn has(set: &[u64; 4], b: u8) -> bool {
    set[usize::from(b) / 64] >> (b % 64) & 1 == 1
}

impl Filter {
    pub fn none() -> Self {
        Self { bits: Box::new([0; (PAIRS + WORDS) / 64]), depth: WORD_DEPTH, words: 0 }
    }

    /// Sets a bit; whether it was not set before.
    fn set(&mut self, bit: usize) -> bool {
        let new = self.bits[bit / 64] >> (bit % 64) & 1 == 0;
        self.bits[bit / 64] |= 1 << (bit % 64);
        new
    }

    pub fn add_pair(&mut self, first: u8, second: u8) {
        self.set(usize::from(first) << 8 | usize::from(second));
    }

    /// Whether there are too many words to list at this depth.
    pub fn is_crowded(&self) -> bool {
        self.words > MOST_WORDS && self.depth > 1
    }

    /// Forgets all words, to list them by fewer letters.
    pub fn shorten(&mut self) {
        self.bits[PAIRS / 64..].fill(0);
        self.words = 0;
        self.depth -= 1;
    }

    /// Lets a word pass; `next` is what follows where it is shorter than the filter's depth.
    pub fn add_word(&mut self, letters: &[u8], next: Option<u8>) {
        let mut eight = [0; 8];
        eight[..letters.len()].copy_from_slice(letters);
        let word = u64::from_le_bytes(eight);
        if let Some(next) = next {
            eight[letters.len()] = next & 0xF0;
        }
        // Hex digits begin with too many words to list; see `word_passes`.
        if !is_hex(word) && self.set(bucket(u64::from_le_bytes(eight))) {
            self.words += 1;
        }
    }

    /// Whether a match may begin with these 8 bytes, the first of them no lower-case letter: 1 or 0.
    #[inline(always)]
    pub fn pair_passes(&self, eight: u64) -> usize {
        self.get(usize::from((eight as u16).swap_bytes()))
    }

    /// Whether a match may begin with these 8 bytes, the first of them a lower-case letter: 1 or 0.
    #[inline(always)]
    pub fn word_passes(&self, eight: u64) -> usize {
        // The lowest bit of the first byte that is no lower-case letter; 0 if all are.
        let other = others(eight);
        let first = (other & other.wrapping_neg()) >> 7;
        let letters = first.wrapping_sub(1);
        // The letters, and of the byte after them the upper half.
        let key = eight & first.wrapping_mul(0xF1).wrapping_sub(1) & KEPT[self.depth];
        self.get(bucket(key)) | usize::from(is_hex(key & letters))
    }

    #[inline(always)]
    fn get(&self, bit: usize) -> usize {
        (self.bits[bit / 64] >> (bit % 64)) as usize & 1
    }
}

/// Whether letters (or zeros) are all from `a` to `f`.
pub(super) fn is_hex(letters: u64) -> bool {
    (letters + (0x7F - u64::from(b'f')) * ONES) & HIGHS == 0
}

fn bucket(letters: u64) -> usize {
    PAIRS + (letters.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 47) as usize
}

/// The lower-case letters at `from`, at most 8 and as one number, and how many they are; if there are any and 8 bytes of text.
#[inline(always)]
pub(super) fn first_word(text: &[u8], from: usize) -> Option<(u64, usize)> {
    let eight = u64::from_le_bytes(*text.get(from..)?.first_chunk()?);
    let other = others(eight);
    let first = (other & other.wrapping_neg()) >> 7;
    let letters = eight & first.wrapping_sub(1);
    (letters != 0).then_some((letters, other.trailing_zeros() as usize / 8))
}

/// The high bit of each byte that is no lower-case letter.
#[inline(always)]
fn others(eight: u64) -> u64 {
    let seven = eight & (0x7F * ONES);
    let from_a = seven + (0x80 - u64::from(b'a')) * ONES;
    let after_z = seven + (0x80 - u64::from(b'z') - 1) * ONES;
    !(from_a & !after_z & !eight) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_letters_are_counted_up_to_the_first_other_byte() {
        for (text, letters) in [
            ("abcdefgh", 8),
            ("a", 1),
            ("", 0),
            ("aZcdefgh", 1),
            ("az{b", 2),
            ("a`", 1),
            ("abcé", 3),
            ("Zebra", 0),
        ] {
            let mut eight = [0; 8];
            let bytes = &text.as_bytes()[..text.len().min(8)];
            eight[..bytes.len()].copy_from_slice(bytes);
            let first_other = others(u64::from_le_bytes(eight)).trailing_zeros() / 8;
            assert_eq!(first_other, letters, "{text}");
        }
    }
}
