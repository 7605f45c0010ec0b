//! The mask pass: for each block of 64 bytes, which bytes are what, as bit masks.
//!
//! x86-64 has SSE2 by definition, so there is no run-time choice. The portable twin serves other machines; a test
//! holds the two equal. This is the only file with `unsafe`.
//!
//! [`tuned`] lets the loop around it use what newer machines have.

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;

/// Bit i speaks of byte i.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// ASCII letters and digits.
    pub word: u64,
    /// ASCII lower-case letters.
    pub lower: u64,
    /// `+`.
    pub plus: u64,
    /// `(`.
    pub paren: u64,
    /// `-`.
    pub dash: u64,
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn masks(block: &[u8; BLOCK]) -> Masks {
    // SAFETY: `sse2` asks for SSE2 and nothing else, which every x86-64 machine has.
    #[allow(unsafe_code)]
    unsafe {
        sse2(block)
    }
}

/// Runs `f`, compiled for the machine's newer instructions where it has them. What `f` is made of is inlined into it.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn tuned<R>(f: impl FnOnce() -> R) -> R {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn newer<R>(f: impl FnOnce() -> R) -> R {
        f()
    }
    let has = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt");
    if !has {
        return f();
    }
    // SAFETY: every feature that `newer` is compiled for was found on this machine.
    #[allow(unsafe_code)]
    unsafe {
        newer(f)
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn tuned<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn sse2(block: &[u8; BLOCK]) -> Masks {
    use std::arch::x86_64::*;

    let mut out = Masks::default();
    for lane in 0..4 {
        let half = |from: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&block[lane * 16 + from..lane * 16 + from + 8]);
            i64::from_le_bytes(eight)
        };
        let bytes = _mm_set_epi64x(half(8), half(0));
        let in_range = |x: __m128i, first: u8, count: u8| {
            let from_zero = _mm_sub_epi8(x, _mm_set1_epi8(first as i8));
            _mm_cmpeq_epi8(_mm_min_epu8(from_zero, _mm_set1_epi8(count as i8 - 1)), from_zero)
        };
        let equals = |b: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b as i8));
        let bits = |x: __m128i| u64::from(_mm_movemask_epi8(x) as u16) << (lane * 16);

        let folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        out.word |= bits(_mm_or_si128(in_range(folded, b'a', 26), in_range(bytes, b'0', 10)));
        out.lower |= bits(in_range(bytes, b'a', 26));
        out.plus |= bits(equals(b'+'));
        out.paren |= bits(equals(b'('));
        out.dash |= bits(equals(b'-'));
    }
    out
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn masks(block: &[u8; BLOCK]) -> Masks {
    portable(block)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn portable(block: &[u8; BLOCK]) -> Masks {
    let mut out = Masks::default();
    for (i, &b) in block.iter().enumerate() {
        out.word |= u64::from(b.is_ascii_alphanumeric()) << i;
        out.lower |= u64::from(b.is_ascii_lowercase()) << i;
        out.plus |= u64::from(b == b'+') << i;
        out.paren |= u64::from(b == b'(') << i;
        out.dash |= u64::from(b == b'-') << i;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_position_has_the_masks_of_the_portable_twin() {
        for byte in 0..=255 {
            for at in 0..BLOCK {
                let mut block = [b' '; BLOCK];
                block[at] = byte;
                assert_eq!(masks(&block), portable(&block), "byte {byte} at {at}");
            }
        }
    }
}
