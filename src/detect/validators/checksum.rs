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
