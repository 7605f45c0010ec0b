//! Checks of health identifiers.

use super::checksum::{digit, luhn};
use super::contact::one_repeated;
use super::{Input, Validator};

/// Validators of health identifiers.
pub const TABLE: &[Validator] = &[
    Validator {
        name: "npi",
        input: Input::Compact,
        accepts: npi,
        pass_rate: 0.02,
        about: "10 digits from 1 or 2, Luhn with 80840 before them (45 CFR 162.406; CMS NPI check digit, 2004)",
    },
    Validator {
        name: "dea",
        input: Input::Compact,
        accepts: dea,
        pass_rate: 0.07,
        about: "Registrant type letter, letter or 9, seven digits of which the last is the sum of 1st, 3rd, 5th and twice 2nd, 4th, 6th mod 10 (US DEA Diversion Control Division)",
    },
    Validator {
        name: "mbi",
        input: Input::Compact,
        accepts: mbi,
        pass_rate: 0.5,
        about: "11 characters by position, without S L O I B Z (CMS, Understanding the MBI format, 2020)",
    },
    Validator {
        name: "nhs",
        input: Input::Compact,
        accepts: nhs,
        pass_rate: 0.09,
        about: "10 digits, weights 10 to 2 mod 11 (NHS Data Dictionary, NHS number)",
    },
    Validator {
        name: "nhs-test",
        input: Input::Compact,
        accepts: nhs_test,
        pass_rate: 0.001,
        about: "NHS numbers from 999, kept for tests (NHS Digital, synthetic data guidance)",
    },
    Validator {
        name: "kvnr",
        input: Input::Compact,
        accepts: kvnr,
        pass_rate: 0.1,
        about: "Letter as two digits and eight digits, weights 1 and 2 with digit sums mod 10 (GKV-Spitzenverband, § 290 SGB V)",
    },
    Validator {
        name: "ohip",
        input: Input::Compact,
        accepts: ohip,
        pass_rate: 0.09,
        about: "10 digits not from 0 with Luhn, version letters left out (Ontario Ministry of Health, technical specification)",
    },
    Validator {
        name: "bc-phn",
        input: Input::Compact,
        accepts: bc_phn,
        pass_rate: 0.009,
        about: "10 digits from 9, weights 2 4 8 5 10 9 7 3 mod 11 (British Columbia, Teleplan specification)",
    },
    Validator {
        name: "ramq",
        input: Input::Compact,
        accepts: ramq,
        pass_rate: 0.07,
        about: "Four letters, a date of birth with 50 added to the month of women, two digits (RAMQ, numéro d'assurance maladie)",
    },
    Validator {
        name: "icd10",
        input: Input::Compact,
        accepts: icd10,
        pass_rate: 0.9,
        about: "Letter, digit, digit or A/B, up to four more; not a code of chapter U that is unassigned (ICD-10 5th ed. 2016, ICD-10-CM 2025)",
    },
];

/// A US national provider identifier.
pub fn npi(value: &[u8]) -> bool {
    let mut whole = *b"808400000000000";
    let Some(tail) = whole.get_mut(5..) else { return false };
    if value.len() != tail.len() || !matches!(value.first(), Some(b'1' | b'2')) || one_repeated(value) {
        return false;
    }
    tail.copy_from_slice(value);
    luhn(&whole)
}

/// A number of the US Drug Enforcement Administration.
pub fn dea(value: &[u8]) -> bool {
    let Some((head, digits)) = value.split_at_checked(2) else { return false };
    let &[kind, initial] = head else { return false };
    if !b"ABCDEFGHJKLMPRSTUX".contains(&kind) || !(initial.is_ascii_uppercase() || initial == b'9') {
        return false;
    }
    let sum = digits.iter().take(6).enumerate().try_fold(0, |sum, (i, &b)| {
        let d = digit(b)?;
        Some(sum + if i % 2 == 0 { d } else { 2 * d })
    });
    let last = digits.get(6).and_then(|&b| digit(b));
    digits.len() == 7 && !one_repeated(digits) && sum.zip(last).is_some_and(|(sum, last)| sum % 10 == last)
}

/// A US Medicare beneficiary identifier.
pub fn mbi(value: &[u8]) -> bool {
    let letter = |b: u8| b.is_ascii_uppercase() && !b"SLOIBZ".contains(&b);
    value.len() == 11
        && value.iter().enumerate().all(|(i, &b)| match i {
            0 => (b'1'..=b'9').contains(&b),
            1 | 4 | 7 | 8 => letter(b),
            2 | 5 => letter(b) || b.is_ascii_digit(),
            _ => b.is_ascii_digit(),
        })
}

/// An NHS number of England, Wales and the Isle of Man.
pub fn nhs(value: &[u8]) -> bool {
    let Some((body, &[last])) = value.split_at_checked(9) else { return false };
    let sum = body.iter().zip(2..=10).try_fold(0, |sum, (&b, i)| Some(sum + digit(b)? * (12 - i)));
    let Some((sum, check)) = sum.zip(digit(last)) else { return false };
    !one_repeated(value) && (sum + check) % 11 == 0 && body.first() != Some(&b'0')
}

/// An NHS number that no patient has.
pub fn nhs_test(value: &[u8]) -> bool {
    value.len() == 10 && value.starts_with(b"999")
}

/// The unchanging part of a German health insurance number.
pub fn kvnr(value: &[u8]) -> bool {
    let Some((&letter, digits)) = value.split_first() else { return false };
    if !letter.is_ascii_uppercase() || digits.len() != 9 || one_repeated(digits) {
        return false;
    }
    let n = u32::from(letter - b'A') + 1;
    let Some((&last, body)) = digits.split_last() else { return false };
    let cross = |x: u32| x / 10 + x % 10;
    let start = n / 10 + cross(2 * (n % 10));
    let sum = body.iter().enumerate().try_fold(start, |sum, (i, &b)| {
        let d = digit(b)?;
        Some(sum + if i % 2 == 0 { d } else { cross(2 * d) })
    });
    sum.zip(digit(last)).is_some_and(|(sum, last)| sum % 10 == last)
}

/// An Ontario health number, with or without its version letters.
pub fn ohip(value: &[u8]) -> bool {
    let Some((number, version)) = value.split_at_checked(10) else { return false };
    version.len() <= 2
        && version.iter().all(u8::is_ascii_uppercase)
        && number.first() != Some(&b'0')
        && !one_repeated(number)
        && luhn(number)
}

/// A British Columbia personal health number.
pub fn bc_phn(value: &[u8]) -> bool {
    let [b'9', body @ .., last] = value else { return false };
    let sum =
        body.iter().zip([2, 4, 8, 5, 10, 9, 7, 3]).try_fold(0, |sum, (&b, w)| Some(sum + digit(b)? * w % 11));
    body.len() == 8 && sum.zip(digit(*last)).is_some_and(|(sum, last)| 11 - sum % 11 == last)
}

/// A Quebec health insurance number.
pub fn ramq(value: &[u8]) -> bool {
    let Some((name, digits)) = value.split_at_checked(4) else { return false };
    let two = |at: usize| Some(digit(*digits.get(at)?)? * 10 + digit(*digits.get(at + 1)?)?);
    let (Some(month), Some(day)) = (two(2), two(4)) else { return false };
    digits.len() == 8
        && name.iter().all(u8::is_ascii_uppercase)
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(month, 1..=12 | 51..=62)
        && (1..=31).contains(&day)
}

/// A diagnosis code of ICD-10 or its national versions.
pub fn icd10(value: &[u8]) -> bool {
    let [letter, tens, units, rest @ ..] = value else { return false };
    letter.is_ascii_uppercase()
        && tens.is_ascii_digit()
        && (units.is_ascii_digit() || matches!(units, b'A' | b'B'))
        && rest.len() <= 4
        && (*letter != b'U' || matches!(tens, b'0' | b'1' | b'4' | b'5' | b'6' | b'7' | b'8'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_never_panics() {
        let long = [b'9'; 300];
        for v in [&b""[..], &long, &[0xff; 300], "éüß".as_bytes(), b"A", b"9", b"AB", &[b'A'; 300]] {
            for validator in TABLE {
                (validator.accepts)(v);
            }
        }
    }

    #[test]
    fn one_wrong_digit_is_noticed() {
        type Accepts = fn(&[u8]) -> bool;
        let cases: [(&[u8], Accepts); 6] = [
            (b"1234567893", npi),
            (b"AB1234563", dea),
            (b"9434765919", nhs),
            (b"A000500015", kvnr),
            (b"5123876491", ohip),
            (b"9698658215", bc_phn),
        ];
        for (good, accepts) in cases {
            assert!(accepts(good), "{}", String::from_utf8_lossy(good));
            for at in (0..good.len()).filter(|&at| good[at].is_ascii_digit()) {
                let survivors = (b'0'..=b'9')
                    .filter(|&d| d != good[at])
                    .filter(|&d| {
                        let mut bad = good.to_vec();
                        bad[at] = d;
                        accepts(&bad)
                    })
                    .count();
                assert!(survivors <= 1, "{} at {at}", String::from_utf8_lossy(good));
            }
        }
    }

    #[test]
    fn structures() {
        assert!(mbi(b"1EG4TE5MK73") && !mbi(b"0EG4TE5MK73") && !mbi(b"1SG4TE5MK73") && !mbi(b"1EG4TE5MK7A"));
        assert!(
            ramq(b"BOUF94032911") && ramq(b"TREM85531402") && !ramq(b"BOUF94132911") && !ramq(b"BOUF9403291")
        );
        assert!(
            icd10(b"E119") && icd10(b"S72001A") && icd10(b"C7A1") && !icd10(b"11E9") && !icd10(b"E119ABCDE")
        );
        assert!(nhs_test(b"9990000018"));
    }
}
