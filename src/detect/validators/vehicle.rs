//! Checks of vehicle identifiers.

use super::contact::one_repeated;
use super::{Input, Validator};

/// Validators of vehicle identifiers.
pub const TABLE: &[Validator] = &[
    Validator {
        name: "vin",
        input: Input::Compact,
        accepts: vin,
        pass_rate: 0.06,
        about: "17 characters without I O Q and the check digit in the ninth (49 CFR 565.15, ISO 3779:2009)",
    },
    Validator {
        name: "vin-shape",
        input: Input::Compact,
        accepts: vin_shape,
        pass_rate: 0.7,
        about: "17 characters without I O Q, letters and digits mixed, the last four digits (ISO 3779:2009)",
    },
    Validator {
        name: "plate-shape",
        input: Input::Compact,
        accepts: plate_shape,
        pass_rate: 0.5,
        about: "Four to nine letters and digits with at least one of each",
    },
];

/// Whether the value can be a registration plate.
pub fn plate_shape(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    (4..=9).contains(&value.len()) && digits > 0 && digits < value.len()
}

/// Whether the value is built like a chassis number.
pub fn vin_shape(value: &[u8]) -> bool {
    let letters = value.iter().filter(|b| b.is_ascii_uppercase()).count();
    value.len() == 17
        && value.iter().all(|&b| b.is_ascii_digit() || b.is_ascii_uppercase() && !b"IOQ".contains(&b))
        && (2..=14).contains(&letters)
        && value.get(13..).is_some_and(|v| v.iter().all(u8::is_ascii_digit))
        && !one_repeated(value.get(..8).unwrap_or_default())
}

/// A chassis number with a right check digit.
pub fn vin(value: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum = value.iter().zip(WEIGHTS).try_fold(0, |sum, (&b, w)| {
        let v = match b {
            b'0'..=b'9' => u32::from(b - b'0'),
            b'A'..=b'H' => u32::from(b - b'A') + 1,
            b'J'..=b'N' | b'P' | b'R' => u32::from(b - b'J') + 1,
            b'S'..=b'Z' => u32::from(b - b'S') + 2,
            _ => return None,
        };
        Some(sum + v * w)
    });
    let check = value.get(8).map(|&b| if b == b'X' { 10 } else { u32::from(b.wrapping_sub(b'0')) });
    vin_shape(value) && sum.zip(check).is_some_and(|(sum, check)| sum % 11 == check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chassis_numbers() {
        for v in [&b""[..], &[b'1'; 300], &[0xff; 17], "éüß".as_bytes()] {
            assert!(!vin(v) && !vin_shape(v));
        }
        let good = b"1M8GDM9AXKP042788";
        assert!(vin(good) && vin(b"1HGCM82633A004352") && !vin(b"11111111111111111"));
        assert!(vin_shape(b"WVWZZZ1JZXW000001") && !vin_shape(b"WVWZZZ1JZXW00000I"));
        for at in 9..17 {
            let mut bad = *good;
            bad[at] = if bad[at] == b'5' { b'6' } else { b'5' };
            assert!(!vin(&bad), "{at}");
        }
    }
}
