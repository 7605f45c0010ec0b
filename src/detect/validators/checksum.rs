//! Check digit algorithms that many identifiers share.

use super::{Input, Validator};

/// Validators that are an algorithm and nothing else.
pub const TABLE: &[Validator] = &[Validator {
    name: "luhn",
    input: Input::Compact,
    accepts: luhn,
    pass_rate: 0.1,
    about: "Luhn mod 10 over all digits (ISO/IEC 7812-1:2017, annex B)",
}];

/// Value of an ASCII digit.
pub fn digit(b: u8) -> Option<u32> {
    b.is_ascii_digit().then(|| u32::from(b - b'0'))
}

/// Luhn mod 10, check digit last (ISO/IEC 7812-1:2017, annex B). Anything but digits is refused.
pub fn luhn(value: &[u8]) -> bool {
    let mut sum = 0;
    for (i, &b) in value.iter().rev().enumerate() {
        let Some(d) = digit(b) else { return false };
        sum += match i % 2 {
            0 => d,
            _ if d > 4 => 2 * d - 9,
            _ => 2 * d,
        };
    }
    value.len() > 1 && sum % 10 == 0
}

/// The digits of a value of exactly `N` digits.
pub fn digits<const N: usize>(value: &[u8]) -> Option<[u32; N]> {
    let bytes: &[u8; N] = value.try_into().ok()?;
    let mut out = [0; N];
    for (slot, &b) in out.iter_mut().zip(bytes) {
        *slot = digit(b)?;
    }
    Some(out)
}

/// Sum of products, as far as both go.
pub fn dot(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

/// Sum of digits times weights; `None` unless there are as many digits as weights and nothing else.
pub fn weighted(value: &[u8], weights: &[u32]) -> Option<u32> {
    if value.len() != weights.len() {
        return None;
    }
    value.iter().zip(weights).try_fold(0u32, |sum, (&b, w)| sum.checked_add(digit(b)?.checked_mul(*w)?))
}

/// The number that digits write; `None` for anything but 1 to 18 digits.
pub fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 {
        return None;
    }
    value.iter().try_fold(0u64, |n, &b| Some(n * 10 + u64::from(digit(b)?)))
}

/// Value of a digit or an ASCII letter, `A` being 10, in either case.
pub fn alphanumeric(b: u8) -> Option<u32> {
    char::from(b).to_digit(36)
}

/// ISO/IEC 7064:2003 MOD 97-10 over digits and letters (`A` as 10), check digits last: the remainder is 1.
pub fn mod97_10(value: &[u8]) -> bool {
    let remainder = value.iter().try_fold(0u32, |r, &b| {
        let v = alphanumeric(b)?;
        Some((r * if v > 9 { 100 } else { 10 } + v) % 97)
    });
    value.len() > 2 && remainder == Some(1)
}

/// ISO/IEC 7064:2003 MOD 11,10 (hybrid) over digits, check digit last.
pub fn mod11_10(value: &[u8]) -> bool {
    let Some((&last, body)) = value.split_last() else { return false };
    let product = body.iter().try_fold(10u32, |p, &b| {
        let s = (p + digit(b)?) % 10;
        Some(if s == 0 { 10 } else { s } * 2 % 11)
    });
    match (product, digit(last)) {
        (Some(p), Some(check)) => !body.is_empty() && (p + check) % 10 == 1,
        _ => false,
    }
}

/// ISO/IEC 7064:2003 MOD 11-2 (pure) over digits, check character last, `X` being 10.
pub fn mod11_2(value: &[u8]) -> bool {
    let Some((&last, body)) = value.split_last() else { return false };
    let product = body.iter().try_fold(0u32, |p, &b| Some((p + digit(b)?) * 2 % 11));
    let check = if last.eq_ignore_ascii_case(&b'X') { Some(10) } else { digit(last) };
    match (product, check) {
        (Some(p), Some(check)) => !body.is_empty() && (p + check) % 11 == 1,
        _ => false,
    }
}

/// Weights 7, 3, 1 modulo 10 over digits, letters (`A` as 10) and fillers `<`, check digit last
/// (ICAO Doc 9303 part 3, 8th edition 2021, section 4.9).
pub fn icao_731(value: &[u8]) -> bool {
    let Some((&last, body)) = value.split_last() else { return false };
    let sum = body.iter().zip([7, 3, 1].iter().cycle()).try_fold(0u32, |sum, (&b, w)| {
        let v = if b == b'<' { 0 } else { alphanumeric(b)? };
        Some((sum + v * w) % 10)
    });
    !body.is_empty() && sum.is_some() && sum == digit(last)
}

/// Verhoeff's dihedral check (J. Verhoeff, Error Detecting Decimal Codes, Mathematical Centre Tracts 29, 1969),
/// check digit last.
pub fn verhoeff(value: &[u8]) -> bool {
    /// The permutation that is applied once more at each place.
    const STEP: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut state = 0;
    for (i, &b) in value.iter().rev().enumerate() {
        let Some(mut d) = digit(b) else { return false };
        for _ in 0..i % 8 {
            d = STEP[d as usize];
        }
        state = dihedral(state, d);
    }
    value.len() > 1 && state == 0
}

/// Product in the dihedral group of order 10, elements below 5 being the rotations.
fn dihedral(a: u32, b: u32) -> u32 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// Whether this day is in the Gregorian calendar. Knows no today: which years are plausible is the caller's to say.
pub fn civil_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
pub mod proof {
    //! What every room of validators proves about itself.

    use super::super::Validator;

    /// What single wrong digits do to a validator's values.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub enum Kind {
        /// A check digit refuses nearly all of them.
        Check,
        /// A check digit whose weights share a factor with the modulus: some pass.
        Leaky,
        /// Only structure: some digits are free.
        Structure,
    }

    /// A validator, whether it has a check digit, and values it accepts.
    pub type Case<'a> = (&'a str, Kind, &'a [&'a str]);

    /// Small deterministic generator (xorshift64).
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, n: u8) -> u8 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % u64::from(n)) as u8
        }
    }

    /// Every validator of `table` has a case; its values pass, single wrong digits fail as a check digit promises,
    /// random values of the same shape pass about as often as stated, and hostile bytes do not panic.
    pub fn table(table: &[Validator], cases: &[Case]) {
        let wrong: Vec<String> = table.iter().flat_map(|v| faults(v, cases)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn faults(v: &Validator, cases: &[Case]) -> Vec<String> {
        let mut faults = Vec::new();
        let Some((_, kind, values)) = cases.iter().find(|(name, ..)| *name == v.name) else {
            return vec![format!("{}: no case in its test", v.name)];
        };
        for value in values.iter().filter(|value| !(v.accepts)(value.as_bytes())) {
            faults.push(format!("{}: {value} is refused", v.name));
        }
        let stated = f64::from(v.pass_rate);
        let bound = match kind {
            Kind::Check => 0.03 + stated / 2.0,
            Kind::Leaky => 0.15,
            Kind::Structure => 1.0,
        };
        let share = mutations(v, values);
        if share > bound {
            faults.push(format!("{}: {share} of single wrong digits pass, more than {bound}", v.name));
        }
        // Patterns allow fewer letters than the random ones here, so for these the stated share may be higher.
        let plain = values.iter().all(|value| value.bytes().all(|b| b.is_ascii_digit()));
        let found = at_random(v, values);
        if found > stated * 1.3 + 1e-4 || (plain && found < stated * 0.6 - 1e-4) {
            faults.push(format!("{}: {found} of random values pass, {stated} stated", v.name));
        }
        hostile(v, values);
        faults
    }

    fn mutations(v: &Validator, values: &[&str]) -> f64 {
        let (mut tried, mut passed) = (0u32, 0u32);
        for value in values {
            let mut bytes = value.as_bytes().to_vec();
            for i in 0..bytes.len() {
                let good = bytes[i];
                for other in (b'0'..=b'9').filter(|o| good.is_ascii_digit() && *o != good) {
                    bytes[i] = other;
                    tried += 1;
                    passed += u32::from((v.accepts)(&bytes));
                }
                bytes[i] = good;
            }
        }
        f64::from(passed) / f64::from(tried.max(1))
    }

    fn at_random(v: &Validator, values: &[&str]) -> f64 {
        const ROUNDS: u32 = 40_000;
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        let mut passed = 0u32;
        for round in 0..ROUNDS {
            let mut bytes = values[round as usize % values.len()].as_bytes().to_vec();
            for b in &mut bytes {
                match b {
                    b'0'..=b'9' => *b = b'0' + chance.below(10),
                    b'A'..=b'Z' => *b = b'A' + chance.below(26),
                    _ => {}
                }
            }
            passed += u32::from((v.accepts)(&bytes));
        }
        f64::from(passed) / f64::from(ROUNDS)
    }

    fn hostile(v: &Validator, values: &[&str]) {
        let mut chance = Chance(7);
        for fill in [0u8, b'0', b'9', b'Z', 0xff] {
            for length in 0..40 {
                (v.accepts)(&vec![fill; length]);
            }
        }
        for value in values {
            for end in 0..value.len() {
                assert!(value.is_char_boundary(end));
                (v.accepts)(&value.as_bytes()[..end]);
            }
            for _ in 0..500 {
                let mut bytes = value.as_bytes().to_vec();
                let at = usize::from(chance.below(64)) % bytes.len();
                bytes[at] = chance.below(255);
                (v.accepts)(&bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_samples_of_the_standards_pass() {
        assert!(luhn(b"79927398713"));
        assert!(verhoeff(b"2363") && !verhoeff(b"2633"));
        assert!(mod11_2(b"07940") && mod11_2(b"079X") && mod11_2(b"079x"));
        assert!(mod11_10(b"07945"));
        assert!(mod97_10(b"079444"));
        assert!(icao_731(b"L898902C36") && icao_731(b"D231458907"));
        assert!(icao_731(b"ZE184226B<<<<<1"));
    }

    #[test]
    fn sums_and_numbers_refuse_what_is_not_digits() {
        assert_eq!(weighted(b"123", &[1, 2, 3]), Some(14));
        assert_eq!(weighted(b"12", &[1, 2, 3]), None);
        assert_eq!(weighted(b"1a3", &[1, 2, 3]), None);
        assert_eq!(number(b"0042"), Some(42));
        assert_eq!(number(b""), None);
        assert_eq!(digits::<3>(b"12x"), None);
    }

    #[test]
    fn dates_follow_the_gregorian_calendar() {
        assert!(civil_date(2000, 2, 29) && civil_date(2024, 2, 29) && civil_date(1999, 12, 31));
        assert!(!civil_date(1900, 2, 29) && !civil_date(2023, 4, 31) && !civil_date(2023, 13, 1));
        assert!(!civil_date(2023, 0, 1) && !civil_date(2023, 1, 0));
    }
}
