//! The cheap question before a walk: can a match begin with these bytes at all?
//!
//! Two tables answer it. Words that begin with lower-case letters, most of any prose, are looked up by up to five of
//! them; everything else by its first two bytes. Both err only by letting too much through.

/// Lower-case letters of a word that are looked up.
pub(super) const WORD_DEPTH: usize = 5;

/// Which beginnings pass.
pub(super) struct Filter {
    /// One bit each: `first * 256 + second`.
    pairs: Box<[u64; 1024]>,
    /// One bit for each value of [`bucket`].
    words: Box<[u64; 1024]>,
}

/// Whether a set of bytes holds `b`.
pub(super) fn has(set: &[u64; 4], b: u8) -> bool {
    set[usize::from(b) / 64] >> (b % 64) & 1 == 1
}

impl Filter {
    pub fn none() -> Self {
        Self { pairs: Box::new([0; 1024]), words: Box::new([0; 1024]) }
    }

    pub fn add_pair(&mut self, first: u8, second: u8) {
        let pair = usize::from(first) << 8 | usize::from(second);
        self.pairs[pair / 64] |= 1 << (pair % 64);
    }

    pub fn add_word(&mut self, letters: &[u8]) {
        let mut eight = [0; 8];
        eight[..letters.len()].copy_from_slice(letters);
        let bucket = bucket(u64::from_le_bytes(eight));
        self.words[bucket / 64] |= 1 << (bucket % 64);
    }

    /// Whether a match may begin at `from`.
    #[inline(always)]
    pub fn passes(&self, text: &[u8], from: usize) -> bool {
        let eight = match text.get(from..from + 8).and_then(|b| b.try_into().ok()) {
            Some(eight) => u64::from_le_bytes(eight),
            None => {
                // What follows the text is no letter, and may be anything to a pair.
                let mut eight = [b'\n'; 8];
                let rest = &text[from..];
                eight[..rest.len()].copy_from_slice(rest);
                u64::from_le_bytes(eight)
            }
        };
        let letters = leading_lower(eight).min(WORD_DEPTH as u32);
        let word = bucket(eight & ((1 << (8 * letters)) - 1));
        let pair = usize::from((eight as u16).swap_bytes());
        let (table, at) = if letters > 0 { (&self.words, word) } else { (&self.pairs, pair) };
        table[at / 64] >> (at % 64) & 1 == 1
    }
}

/// How many of the 8 bytes, from the lowest on, are lower-case letters before the first that is not.
fn leading_lower(eight: u64) -> u32 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let seven = eight & (0x7F * ONES);
    let from_a = seven + (0x80 - u64::from(b'a')) * ONES;
    let after_z = seven + (0x80 - u64::from(b'z') - 1) * ONES;
    let lower = from_a & !after_z & !eight & (0x80 * ONES);
    (!lower & (0x80 * ONES)).trailing_zeros() / 8
}

fn bucket(letters: u64) -> usize {
    (letters.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize
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
            assert_eq!(leading_lower(u64::from_le_bytes(eight)), letters, "{text}");
        }
    }
}
