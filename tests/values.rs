//! The made-up values are what they claim: distinct, repeatable, and outside the published test ranges.

mod common;

use std::collections::BTreeSet;

use common::values::{KINDS, Rng, digits_of, kinds, luhn, mod97, test_values};

#[test]
fn two_hundred_planted_values_are_distinct_and_repeatable() {
    let planted = kinds::plant(&mut Rng::new(11), 200);
    let again = kinds::plant(&mut Rng::new(11), 200);
    let values: BTreeSet<&str> = planted.iter().map(|(_, v)| v.as_str()).collect();
    assert_eq!(values.len(), 200);
    assert!(planted.iter().zip(&again).all(|((_, a), (_, b))| a == b));
    assert!(
        planted.iter().all(|(_, v)| !v.contains('\n') && v.len() >= 8),
        "a canary must be long enough to look for"
    );
}

#[test]
fn there_are_kinds_enough() {
    let info_types: BTreeSet<&str> = KINDS.iter().map(|k| k.info_type).collect();
    assert!(
        KINDS.len() >= 60 && info_types.len() >= 40,
        "{} kinds, {} info types",
        KINDS.len(),
        info_types.len()
    );
}

#[test]
fn check_digits_hold_by_rules_written_down_elsewhere() {
    let mut rng = Rng::new(5);
    for kind in KINDS {
        for _ in 0..50 {
            let value = (kind.make)(&mut rng);
            let digits = digits_of(&value);
            let (last, body) = digits.split_last().map_or((0, &[][..]), |(l, b)| (*l, b));
            match kind.info_type {
                "CREDIT_CARD" | "CA_SIN" | "IMEI_HARDWARE_ID" | "ZA_ID_NUMBER" | "IL_ID_NUMBER" => {
                    assert_eq!(luhn(body), last, "{}", kind.info_type);
                }
                "IBAN_CODE" => {
                    let moved = format!("{}{}", &value[4..], &value[..4]);
                    let expanded: String =
                        moved.chars().filter_map(|c| c.to_digit(36)).map(|d| d.to_string()).collect();
                    assert_eq!(mod97(&digits_of(&expanded)), 1, "{}", kind.info_type);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn no_value_is_a_published_test_value() {
    let plain = |s: &str| s.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let published: BTreeSet<String> =
        [test_values::CARDS, test_values::SSNS, test_values::IBANS].concat().into_iter().map(plain).collect();
    let mut rng = Rng::new(9);
    for kind in KINDS {
        for _ in 0..200 {
            let value = (kind.make)(&mut rng);
            assert!(!published.contains(&plain(&value)), "{}", kind.info_type);
            assert!(!value.contains("example."), "{}", kind.info_type);
            assert!(
                kind.info_type != "PHONE_NUMBER" || !plain(&value).contains("55501"),
                "a telephone of fiction"
            );
        }
    }
}
