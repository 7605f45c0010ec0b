//! Checks of e-mail addresses, telephone numbers, dates, coordinates and postcodes.

use super::checksum::digit;
use super::{Input, Validator};

/// Validators of contact data.
pub const TABLE: &[Validator] = &[
    Validator {
        name: "email-domain",
        input: Input::Raw,
        accepts: email_domain,
        pass_rate: 0.5,
        about: "Local part and domain are well formed (RFC 5321:2008, 4.1.2) and the top-level domain is plausible: two or more letters or xn--, and no file extension",
    },
    Validator {
        name: "email-reserved",
        input: Input::Raw,
        accepts: email_reserved,
        pass_rate: 0.0,
        about: "Domains reserved for documentation and tests (RFC 2606:1999, RFC 6761:2013) and localhost",
    },
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
    Validator {
        name: "birth-date",
        input: Input::Raw,
        accepts: birth_date,
        pass_rate: 0.4,
        about: "A calendar date from 1900 to 2035, day before month or month before day or with a month's name",
    },
    Validator {
        name: "age-range",
        input: Input::Raw,
        accepts: age_range,
        pass_rate: 0.8,
        about: "A first number from 1 to 120",
    },
    Validator {
        name: "lat-lon",
        input: Input::Raw,
        accepts: lat_lon,
        pass_rate: 0.4,
        about: "Two decimal numbers, the first within ±90 and the second within ±180 (ISO 6709:2022), not both zero",
    },
    Validator {
        name: "uk-postcode",
        input: Input::Compact,
        accepts: uk_postcode,
        pass_rate: 0.1,
        about: "Postcode area in use and inward letters without C I K M O V (Royal Mail, Programmers' Guide edition 7)",
    },
];

/// Extensions of files that look like a top-level domain and are none.
const FILE_EXTENSIONS: &[&[u8]] = &[
    b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"ico", b"css", b"js", b"jsx", b"tsx", b"json",
    b"html", b"htm", b"xml", b"yaml", b"yml", b"txt", b"pdf", b"exe", b"dll", b"bmp", b"scss", b"less",
    b"woff", b"jar", b"tgz", b"class", b"lock", b"log", b"tmp", b"bak", b"csv", b"sql", b"php", b"rb",
    b"java", b"docx", b"xlsx", b"lua", b"service", b"target", b"socket", b"timer",
];

fn split_at_sign(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = value.iter().rposition(|&b| b == b'@')?;
    Some((value.get(..at)?, value.get(at + 1..)?))
}

/// Whether the address is well formed and its last label can be a top-level domain.
pub fn email_domain(value: &[u8]) -> bool {
    let Some((local, domain)) = split_at_sign(value) else { return false };
    if local.is_empty() || local.len() > 64 || domain.len() > 253 {
        return false;
    }
    if local.first() == Some(&b'.') || local.last() == Some(&b'.') || local.windows(2).any(|w| w == b"..") {
        return false;
    }
    if local.eq_ignore_ascii_case(b"git") {
        return false; // the user of every SSH remote
    }
    if domain.eq_ignore_ascii_case(b"localhost") {
        return true;
    }
    let mut last: &[u8] = b"";
    let mut labels = 0;
    for label in domain.split(|&b| b == b'.') {
        if label.is_empty() || label.len() > 63 || label.first() == Some(&b'-') || label.last() == Some(&b'-')
        {
            return false;
        }
        labels += 1;
        last = label;
    }
    let ace = last.len() > 4 && last.get(..4).is_some_and(|p| p.eq_ignore_ascii_case(b"xn--"));
    let letters = last.len() >= 2
        && last.len() <= 24
        && (last.iter().all(u8::is_ascii_alphabetic)
            || last.iter().all(|b| !b.is_ascii() || b.is_ascii_alphabetic()));
    labels >= 2 && (ace || letters) && !FILE_EXTENSIONS.iter().any(|e| last.eq_ignore_ascii_case(e))
}

fn ends_with_ignore_case(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && text.get(text.len() - end.len()..).is_some_and(|t| t.eq_ignore_ascii_case(end))
}

/// Whether the domain is one that nobody owns.
pub fn email_reserved(value: &[u8]) -> bool {
    const DOMAINS: &[&[u8]] = &[
        b"example.com",
        b"example.org",
        b"example.net",
        b"test",
        b"invalid",
        b"example",
        b"localhost",
        b"localdomain",
    ];
    let Some((_, domain)) = split_at_sign(value) else { return false };
    DOMAINS.iter().any(|d| {
        ends_with_ignore_case(domain, d)
            && (domain.len() == d.len() || domain.get(domain.len() - d.len() - 1) == Some(&b'.'))
    })
}

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

/// Whether all bytes are the same.
pub fn one_repeated(value: &[u8]) -> bool {
    value.windows(2).all(|w| w.first() == w.last())
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

/// Up to three numbers of a text, with the length of each, and how many there are.
fn numbers(value: &[u8]) -> ([(u32, usize); 3], usize) {
    let mut found = [(0u32, 0usize); 3];
    let mut count = 0;
    for run in value.split(|b| !b.is_ascii_digit()).filter(|r| !r.is_empty()) {
        if let Some(slot) = found.get_mut(count) {
            let n = run.iter().take(9).fold(0, |n, b| n * 10 + u32::from(b - b'0'));
            *slot = (n, run.len());
        }
        count += 1;
    }
    (found, count)
}

fn year(n: (u32, usize)) -> bool {
    match n.1 {
        4 => (1900..=2035).contains(&n.0),
        _ => n.1 == 2,
    }
}

fn day_and_month(day: u32, month: u32) -> bool {
    let last = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// A date someone may be born on, in any usual order.
pub fn birth_date(value: &[u8]) -> bool {
    let ([a, b, c], count) = numbers(value);
    match count {
        3 if a.1 == 4 => year(a) && day_and_month(c.0, b.0),
        3 => a.1 <= 2 && b.1 <= 2 && year(c) && (day_and_month(a.0, b.0) || day_and_month(b.0, a.0)),
        2 if a.1 == 4 => year(a) && (1..=31).contains(&b.0),
        2 => a.1 <= 2 && b.1 == 4 && year(b) && (1..=31).contains(&a.0),
        1 if a.1 == 8 => {
            let (y, m, d) = (a.0 / 10_000, a.0 / 100 % 100, a.0 % 100);
            (year((y, 4)) && day_and_month(d, m)) || {
                let (first, second, y) = (a.0 / 1_000_000, a.0 / 10_000 % 100, a.0 % 10_000);
                year((y, 4)) && (day_and_month(first, second) || day_and_month(second, first))
            }
        }
        _ => false,
    }
}

/// An age someone may have.
pub fn age_range(value: &[u8]) -> bool {
    let ([a, ..], count) = numbers(value);
    count >= 1 && (1..=120).contains(&a.0)
}

/// Degrees times 10 000 at the start of a text, and what follows them.
fn degrees(text: &[u8]) -> Option<(i64, &[u8])> {
    let start = text.iter().position(u8::is_ascii_digit)?;
    let negative = start > 0 && text.get(start - 1) == Some(&b'-');
    let (mut n, mut decimals, mut dot, mut end) = (0i64, 0, false, start);
    for &b in text.get(start..)?.iter().take(24) {
        match b {
            b'.' if !dot => dot = true,
            b'0'..=b'9' if dot && decimals >= 4 => {}
            b'0'..=b'9' => {
                n = n.saturating_mul(10).saturating_add(i64::from(b - b'0'));
                decimals += i32::from(dot);
            }
            _ => break,
        }
        end += 1;
    }
    for _ in decimals..4 {
        n = n.saturating_mul(10);
    }
    Some((if negative { -n } else { n }, text.get(end..)?))
}

/// Latitude and longitude in decimal degrees.
pub fn lat_lon(value: &[u8]) -> bool {
    let Some((lat, rest)) = degrees(value) else { return false };
    let Some((lon, _)) = degrees(rest) else { return false };
    lat.abs() <= 900_000 && lon.abs() <= 1_800_000 && (lat, lon) != (0, 0)
}

/// Postcode areas of the United Kingdom and the Crown dependencies, two bytes each.
const UK_AREAS: &[u8] =
    b"ABALB BABBBDBFBHBLBNBRBSBTBXCACBCFCHCMCOCRCTCVCWDADDDEDGDHDLDNDTDYE ECEHENEXFKFYG GLGUGY\
    HAHDHGHPHRHSHUHXIGIMIPIVJEKAKTKWKYL LALDLELLLNLSLUM MEMKMLN NENGNNNPNRNWOLOXPAPEPHPLPOPR\
    RGRHRMS SASESGSKSLSMSNSOSPSRSSSTSWSYTATDTFTNTQTRTSTWUBW WAWCWDWFWNWRWSWVYOZE";

/// A postcode of the United Kingdom.
pub fn uk_postcode(value: &[u8]) -> bool {
    let n = value.len();
    if !(5..=7).contains(&n) {
        return false;
    }
    let (outward, inward) = value.split_at(n - 3);
    let letters = outward.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let area = match outward {
        [a, ..] if letters == 1 => [*a, b' '],
        [a, b, ..] if letters == 2 => [*a, *b],
        _ => return false,
    };
    let unit = |b: u8| b.is_ascii_uppercase() && !b"CIKMOV".contains(&b);
    outward.get(letters).is_some_and(u8::is_ascii_digit)
        && matches!(*inward, [d, x, y] if d.is_ascii_digit() && unit(x) && unit(y))
        && UK_AREAS.chunks(2).any(|a| a == area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_never_panics() {
        let long = [b'9'; 300];
        for v in [&b""[..], b"@", b"+", b".", &long, &[0xff; 300], "é@ü.ß".as_bytes(), b"-", b"00", b"0"] {
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
        assert_eq!(UK_AREAS.len() % 2, 0);
    }

    #[test]
    fn email() {
        for good in ["a@b.co", "first.last+tag@mail.firma.de", "x@xn--mnchen-3ya.de", "root@localhost"] {
            assert!(email_domain(good.as_bytes()), "{good}");
        }
        for bad in
            ["a@b", "icon@2x.png", "a@b.c", "git@github.com", "a..b@c.de", ".a@c.de", "a@-c.de", "pkg@1.2.3"]
        {
            assert!(!email_domain(bad.as_bytes()), "{bad}");
        }
        assert!(email_reserved(b"a@mail.Example.com") && email_reserved(b"a@b.test"));
        assert!(!email_reserved(b"a@myexample.com") && !email_reserved(b"a@contest"));
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

    #[test]
    fn dates() {
        for good in ["1984-03-12", "12.3.1984", "3/28/84", "12 March 1984", "March 12, 1984", "19840312"] {
            assert!(birth_date(good.as_bytes()), "{good}");
        }
        for bad in ["1984-13-12", "32.1.1984", "30/2/1990", "12.3.1784", "1.2.3.4", "99991231"] {
            assert!(!birth_date(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn places() {
        assert!(lat_lon(b"48.8584, 2.2945") && lat_lon(b"-33.8568,151.2153"));
        assert!(!lat_lon(b"98.8584, 2.2945") && !lat_lon(b"48.8584, 202.2945") && !lat_lon(b"48.85"));
        assert!(uk_postcode(b"SW1A1AA") && uk_postcode(b"M11AE") && uk_postcode(b"EC1A1BB"));
        assert!(!uk_postcode(b"QQ11AA") && !uk_postcode(b"SW1A1CA"));
    }
}
