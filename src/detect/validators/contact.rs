//! Checks of e-mail addresses, dates, coordinates and postcodes.

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
        pass_rate: 0.000_1,
        about: "Domains reserved for documentation and tests (RFC 2606:1999, RFC 6761:2013) and localhost",
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

/// Whether all bytes are the same.
pub fn one_repeated(value: &[u8]) -> bool {
    value.windows(2).all(|w| w.first() == w.last())
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
        assert_eq!(UK_AREAS.len() % 2, 0);
        assert!(uk_postcode(b"SW1A1AA") && uk_postcode(b"M11AE") && uk_postcode(b"EC1A1BB"));
        assert!(!uk_postcode(b"QQ11AA") && !uk_postcode(b"SW1A1CA"));
    }
}
