//! Checks of telephone numbers.

use super::checksum::digit;
use super::contact::{birth_date, one_repeated};
use super::{Input, Validator};

/// Validators of telephone numbers.
pub const TABLE: &[Validator] = &[
    Validator {
        name: "phone-intl",
        input: Input::Compact,
        accepts: phone_intl,
        pass_rate: 0.3,
        about: "Country calling code (ITU-T E.164 annex, list of 2016 with later additions) and length of the national number in that country",
    },
    Validator {
        name: "phone-nanp",
        input: Input::Compact,
        accepts: phone_nanp,
        pass_rate: 0.57,
        about: "North American Numbering Plan: area code and exchange begin with 2 to 9, no N11, no N9X area (NANPA planning letters, 2024)",
    },
    Validator {
        name: "phone-national",
        input: Input::Raw,
        accepts: phone_national,
        pass_rate: 0.8,
        about: "7 to 12 digits that are neither one repeated digit nor a calendar date",
    },
    Validator {
        name: "phone-uk",
        input: Input::Compact,
        accepts: phone_uk,
        pass_rate: 0.5,
        about: "UK national number: 01, 02, 03, 07 or 08/09 with 10 or 11 digits (Ofcom National Telephone Numbering Plan, 2024)",
    },
    Validator {
        name: "phone-fr",
        input: Input::Compact,
        accepts: phone_fr,
        pass_rate: 0.9,
        about: "French national number: 0, a zone from 1 to 9, eight digits (ARCEP numbering plan, 2023)",
    },
    Validator {
        name: "phone-de",
        input: Input::Compact,
        accepts: phone_de,
        pass_rate: 0.7,
        about: "German national number: 0, area code from 2 or mobile 15/16/17, 7 to 12 digits in all (Bundesnetzagentur number plan, 2023)",
    },
    Validator {
        name: "phone-reserved",
        input: Input::Compact,
        accepts: phone_reserved,
        pass_rate: 0.001,
        about: "Numbers kept free for fiction: 555-0100 to 0199 (NANPA), Ofcom, ARCEP, Bundesnetzagentur and ACMA ranges (2024)",
    },
];

/// Calling code, shortest and longest national number, whether a `(0)` may stand before it.
type Plan = (u16, u8, u8, bool);

/// Country calling codes, E.164.
#[rustfmt::skip]
const PLANS: &[Plan] = &[
    (1, 10, 10, false), (7, 10, 10, false), (20, 8, 10, true), (27, 9, 9, true), (30, 10, 10, false), (31, 9, 9, true),
    (32, 8, 9, true), (33, 9, 9, true), (34, 9, 9, false), (36, 8, 9, false), (39, 6, 11, false), (40, 9, 9, true),
    (41, 9, 9, true), (43, 7, 13, true), (44, 9, 10, true), (45, 8, 8, false), (46, 7, 10, true), (47, 8, 8, false),
    (48, 9, 9, false), (49, 6, 12, true), (51, 8, 9, true), (52, 10, 11, false), (53, 8, 8, true), (54, 10, 11, true),
    (55, 10, 11, true), (56, 9, 9, false), (57, 8, 10, true), (58, 10, 10, true), (60, 8, 10, true), (61, 9, 9, true),
    (62, 8, 12, true), (63, 8, 10, true), (64, 8, 10, true), (65, 8, 8, false), (66, 8, 9, true), (81, 9, 10, true),
    (82, 8, 10, true), (84, 9, 10, true), (86, 9, 11, true), (90, 10, 10, true), (91, 10, 10, true), (92, 9, 10, true),
    (93, 9, 9, true), (94, 9, 9, true), (95, 7, 10, true), (98, 10, 10, true),
    (211, 9, 9, true), (212, 9, 9, true), (213, 8, 9, true), (216, 8, 8, false), (218, 8, 9, true), (220, 7, 7, false),
    (221, 9, 9, false), (222, 8, 8, false), (223, 8, 8, false), (224, 8, 9, false), (225, 10, 10, false),
    (226, 8, 8, false), (227, 8, 8, false), (228, 8, 8, false), (229, 8, 10, false), (230, 7, 8, false),
    (231, 7, 9, true), (232, 8, 8, true), (233, 9, 9, true), (234, 8, 10, true), (235, 8, 8, false), (236, 8, 8, false),
    (237, 8, 9, false), (238, 7, 7, false), (239, 7, 7, false), (240, 9, 9, false), (241, 7, 8, true), (242, 9, 9, false),
    (243, 9, 9, true), (244, 9, 9, false), (245, 7, 9, false), (246, 7, 7, false), (248, 7, 7, false), (249, 9, 9, true),
    (250, 9, 9, true), (251, 9, 9, true), (252, 7, 9, true), (253, 8, 8, false), (254, 9, 10, true), (255, 9, 9, true),
    (256, 9, 9, true), (257, 8, 8, false), (258, 8, 9, false), (260, 9, 9, true), (261, 9, 9, true), (262, 9, 9, true),
    (263, 8, 10, true), (264, 8, 9, true), (265, 7, 9, true), (266, 8, 8, false), (267, 7, 8, false), (268, 8, 8, false),
    (269, 7, 7, false), (290, 4, 5, false), (291, 7, 7, true), (297, 7, 7, false), (298, 6, 6, false), (299, 6, 6, false),
    (350, 8, 8, false), (351, 9, 9, false), (352, 4, 11, false), (353, 7, 9, true), (354, 7, 9, false), (355, 8, 9, true),
    (356, 8, 8, false), (357, 8, 8, false), (358, 5, 12, true), (359, 7, 9, true), (370, 8, 8, true), (371, 8, 8, false),
    (372, 7, 8, false), (373, 8, 8, true), (374, 8, 8, true), (375, 9, 9, true), (376, 6, 9, false), (377, 8, 9, true),
    (378, 6, 10, true), (380, 9, 9, true), (381, 8, 10, true), (382, 8, 8, true), (383, 8, 9, true), (385, 8, 9, true),
    (386, 8, 8, true), (387, 8, 9, true), (389, 8, 8, true), (420, 9, 9, false), (421, 9, 9, true), (423, 7, 9, false),
    (500, 5, 5, false), (501, 7, 7, false), (502, 8, 8, false), (503, 8, 8, false), (504, 8, 8, false), (505, 8, 8, false),
    (506, 8, 8, false), (507, 7, 8, false), (508, 6, 6, true), (509, 8, 8, false), (590, 9, 9, true), (591, 8, 8, true),
    (592, 7, 7, false), (593, 8, 9, true), (594, 9, 9, true), (595, 9, 9, true), (596, 9, 9, true), (597, 6, 7, false),
    (598, 8, 8, true), (599, 7, 8, false), (670, 7, 8, false), (672, 6, 6, false), (673, 7, 7, false), (674, 7, 7, false),
    (675, 7, 8, false), (676, 5, 7, false), (677, 5, 7, false), (678, 5, 7, false), (679, 7, 7, false), (680, 7, 7, false),
    (681, 6, 6, false), (682, 5, 5, false), (683, 4, 7, false), (685, 5, 7, false), (686, 5, 8, false), (687, 6, 6, false),
    (688, 5, 6, false), (689, 6, 8, false), (690, 4, 7, false), (691, 7, 7, false), (692, 7, 7, false), (800, 8, 8, false),
    (808, 8, 8, false), (850, 8, 10, true), (852, 8, 8, false), (853, 8, 8, false), (855, 8, 9, true), (856, 8, 10, true),
    (870, 9, 9, false), (878, 10, 12, false), (880, 8, 10, true), (881, 8, 9, false), (882, 7, 12, false),
    (883, 7, 12, false), (886, 8, 9, true), (888, 7, 11, false), (960, 7, 7, false), (961, 7, 8, true), (962, 8, 9, true),
    (963, 8, 9, true), (964, 8, 10, true), (965, 7, 8, false), (966, 8, 9, true), (967, 7, 9, true), (968, 7, 8, false),
    (970, 8, 9, true), (971, 8, 9, true), (972, 8, 9, true), (973, 8, 8, false), (974, 7, 8, false), (975, 7, 8, false),
    (976, 8, 8, true), (977, 8, 10, true), (979, 9, 9, false), (992, 9, 9, false), (993, 8, 8, true), (994, 9, 9, true),
    (995, 9, 9, true), (996, 9, 9, true), (998, 9, 9, false),
];

fn plan_of(digits: &[u8]) -> Option<(&'static Plan, usize)> {
    let mut code = 0u16;
    for (i, &b) in digits.iter().take(3).enumerate() {
        code = code * 10 + digit(b)? as u16;
        if let Ok(at) = PLANS.binary_search_by_key(&code, |p| p.0) {
            return PLANS.get(at).map(|p| (p, i + 1));
        }
    }
    None
}

/// The digits before an extension (`X12`, `EXT12`).
fn without_extension(value: &[u8]) -> &[u8] {
    let end = value.iter().position(|b| !b.is_ascii_digit()).unwrap_or(value.len());
    value.get(..end).unwrap_or(value)
}

/// An international number without its `+` (or with the prefix 00).
pub fn phone_intl(value: &[u8]) -> bool {
    let digits = without_extension(value);
    let digits = digits.strip_prefix(b"00").unwrap_or(digits);
    let Some((&(code, min, max, trunk), used)) = plan_of(digits) else { return false };
    let mut national = digits.get(used..).unwrap_or_default();
    if trunk && national.first() == Some(&b'0') {
        national = national.get(1..).unwrap_or_default();
    }
    if national.len() < usize::from(min) || national.len() > usize::from(max) || one_repeated(national) {
        return false;
    }
    code != 1 || nanp(national)
}

fn nanp(d: &[u8]) -> bool {
    let [a, b, c, e, f, g, ..] = *d else { return false };
    let n11 = |x: u8, y: u8| x == b'1' && y == b'1';
    d.len() == 10
        && d.iter().all(u8::is_ascii_digit)
        && (b'2'..=b'9').contains(&a)
        && b != b'9'
        && !n11(b, c)
        && (b'2'..=b'9').contains(&e)
        && !n11(f, g)
}

/// A number of the North American Numbering Plan, with or without the leading 1 and an extension.
pub fn phone_nanp(value: &[u8]) -> bool {
    let digits = without_extension(value);
    match digits.len() {
        11 => digits.strip_prefix(b"1").is_some_and(nanp),
        _ => nanp(digits),
    }
}

/// A national number of a country we do not know.
pub fn phone_national(value: &[u8]) -> bool {
    let mut count = 0;
    let mut same = true;
    let mut first = 0;
    for &b in value.iter().filter(|b| b.is_ascii_digit()) {
        if count == 0 {
            first = b;
        }
        same &= b == first;
        count += 1;
    }
    (7..=12).contains(&count) && !same && !birth_date(value)
}

/// A UK number as dialled within the country.
pub fn phone_uk(value: &[u8]) -> bool {
    let d = without_extension(value);
    if d.len() != value.len() || one_repeated(d.get(1..).unwrap_or_default()) {
        return false;
    }
    match d {
        [b'0', b'1' | b'8', ..] => matches!(d.len(), 10 | 11),
        [b'0', b'2' | b'3' | b'7' | b'9', ..] => d.len() == 11,
        _ => false,
    }
}

/// A French number as dialled within the country.
pub fn phone_fr(value: &[u8]) -> bool {
    let d = without_extension(value);
    d.len() == value.len()
        && d.len() == 10
        && d.first() == Some(&b'0')
        && d.get(1) != Some(&b'0')
        && !one_repeated(d.get(2..).unwrap_or_default())
}

/// A German number as dialled within the country.
pub fn phone_de(value: &[u8]) -> bool {
    let d = without_extension(value);
    if d.len() != value.len() || one_repeated(d.get(1..).unwrap_or_default()) {
        return false;
    }
    match d {
        [b'0', b'1', b'5'..=b'7', ..] => matches!(d.len(), 11 | 12),
        [b'0', b'2'..=b'9', ..] => (7..=12).contains(&d.len()),
        _ => false,
    }
}

/// Prefixes of international numbers that belong to nobody; each leaves the digits that may vary.
const FICTION: &[(&[u8], usize)] = &[
    (b"441632960", 3),
    (b"442079460", 3),
    (b"441134960", 3),
    (b"441144960", 3),
    (b"441154960", 3),
    (b"441164960", 3),
    (b"441174960", 3),
    (b"441184960", 3),
    (b"441214960", 3),
    (b"441314960", 3),
    (b"441414960", 3),
    (b"441514960", 3),
    (b"441614960", 3),
    (b"441914980", 3),
    (b"442896496", 3),
    (b"442920180", 3),
    (b"447700900", 3),
    (b"448081570", 3),
    (b"449098790", 3),
    (b"443069990", 3),
    (b"3319900", 4),
    (b"3326191", 4),
    (b"3335301", 4),
    (b"3346571", 4),
    (b"3353649", 4),
    (b"3363998", 4),
    (b"493023125", 3),
    (b"496990009", 3),
    (b"494066969", 3),
    (b"492214710", 3),
    (b"498999998", 3),
    (b"4915228817386", 0),
    (b"4915228895456", 0),
    (b"4915254599371", 0),
    (b"49171392000", 1),
    (b"6125550", 4),
    (b"6127010", 4),
    (b"6135550", 4),
    (b"6137010", 4),
    (b"6175550", 4),
    (b"6177010", 4),
    (b"6185550", 4),
    (b"6187010", 4),
    (b"61491570", 3),
];

/// Whether the number lies in a range that is kept for films and manuals.
pub fn phone_reserved(value: &[u8]) -> bool {
    let d = without_extension(value);
    let d = d.strip_prefix(b"00").unwrap_or(d);
    let nanp = match d.len() {
        11 => d.strip_prefix(b"1").unwrap_or_default(),
        _ => d,
    };
    if nanp.len() == 10 && nanp.get(3..8) == Some(b"55501") {
        return true;
    }
    // With the calling code, with a trunk 0 after it, or nationally with the trunk 0 alone.
    FICTION.iter().any(|&(prefix, free)| {
        let national = prefix.get(2..).unwrap_or_default();
        let fits = |d: &[u8], p: &[u8]| d.len() == p.len() + free && d.starts_with(p);
        fits(d, prefix)
            || d.strip_prefix(b"0").is_some_and(|d| fits(d, national))
            || (d.get(..2) == prefix.get(..2)
                && d.get(2) == Some(&b'0')
                && d.get(3..).is_some_and(|d| fits(d, national)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_never_panics() {
        let long = [b'9'; 300];
        for v in [&b""[..], b"+", &long, &[0xff; 300], "é@ü.ß".as_bytes(), b"00", b"0", b"1"] {
            for validator in TABLE {
                (validator.accepts)(v);
            }
        }
    }

    #[test]
    fn plans_are_sorted_and_no_code_hides_another() {
        assert!(PLANS.windows(2).all(|w| w[0].0 < w[1].0));
        for &(code, ..) in PLANS {
            assert!(code < 10 || !PLANS.iter().any(|p| p.0 == code / 10 || (code > 99 && p.0 == code / 100)));
        }
    }

    #[test]
    fn phones() {
        for good in
            ["442083661177", "4402083661177", "14155552671", "33142685300", "00493012345678", "390612345678"]
        {
            assert!(phone_intl(good.as_bytes()), "{good}");
        }
        for bad in ["4420", "11155552671", "999123456789", "33000000000", "2101234567"] {
            assert!(!phone_intl(bad.as_bytes()), "{bad}");
        }
        assert!(phone_nanp(b"4155552671") && phone_nanp(b"14155552671") && phone_nanp(b"4155552671X12"));
        assert!(!phone_nanp(b"1234567890") && !phone_nanp(b"9115552671") && !phone_nanp(b"4159112671"));
        assert!(phone_uk(b"02083661177") && !phone_uk(b"0208366117"));
        assert!(phone_fr(b"0142685300") && !phone_fr(b"0042685300"));
        assert!(phone_de(b"03012345678") && phone_de(b"015112345678") && !phone_de(b"0101234567"));
        assert!(
            phone_national(b"912 34 56 78") && !phone_national(b"2024-05-12") && !phone_national(b"0000000")
        );
    }

    #[test]
    fn numbers_of_fiction() {
        for v in [
            "4155550123",
            "14155550199",
            "442079460958",
            "02079460958",
            "4402079460958",
            "0639981234",
            "07700900123",
        ] {
            assert!(phone_reserved(v.as_bytes()), "{v}");
        }
        assert!(!phone_reserved(b"4155552671") && !phone_reserved(b"02083661177"));
    }
}
