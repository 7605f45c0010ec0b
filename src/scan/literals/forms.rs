//! The forms of a value: as typed, without what stands between its parts, escaped, dialled.

use super::{Kind, MAX_BETWEEN, is_between, is_local};

/// A form and what has to stand around it.
pub(super) struct Form {
    pub text: String,
    pub kind: Kind,
}

/// Country prefixes of two digits (E.164); 1 and 7 have one, all others three.
const TWO_DIGITS: &[&str] = &[
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
    "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];
/// Digits of a national number that are looked for by themselves.
const MIN_NATIONAL: usize = 7;

/// A value that may be a telephone number, taken apart.
struct Phone {
    /// Country prefix, where it is written.
    country: Option<String>,
    /// Without prefix and trunk zero.
    national: String,
    /// All digits, without a leading 00 of the prefix.
    digits: String,
}

impl Phone {
    fn of(value: &str) -> Option<Self> {
        let plus = value.starts_with('+');
        let rest = value.strip_prefix('+').unwrap_or(value);
        if !rest.chars().all(|c| c.is_ascii_digit() || is_between(c)) {
            return None;
        }
        let all: String = rest.chars().filter(char::is_ascii_digit).collect();
        let international = plus || all.starts_with("00");
        let digits = if plus { all.as_str() } else { all.strip_prefix("00").unwrap_or(&all) };
        if !(MIN_NATIONAL..=16).contains(&digits.len()) {
            return None;
        }
        let (country, national) = match international {
            true => {
                let length = match digits.get(..2) {
                    Some(two) if TWO_DIGITS.contains(&two) => 2,
                    _ if digits.starts_with(['1', '7']) => 1,
                    _ => 3,
                };
                let (country, national) = digits.split_at(length);
                (Some(country.to_owned()), national)
            }
            false => (None, digits),
        };
        let national = national.strip_prefix('0').unwrap_or(national).to_owned();
        Some(Self { country, national, digits: digits.to_owned() })
    }
}

/// User and domain of an e-mail address, in lower case.
fn email(value: &str) -> Option<(String, String)> {
    let value = value.strip_prefix("mailto:").unwrap_or(value).to_lowercase();
    let (user, domain) = value.rsplit_once('@')?;
    let is_user = user.starts_with(char::is_alphanumeric) && user.bytes().all(|b| is_local(&b));
    let is_domain = domain.contains('.') && !domain.contains(char::is_whitespace);
    (is_user && is_domain).then(|| (user.to_owned(), domain.to_owned()))
}

/// Forms that are looked for in the text as it stands, in ASCII without regard to case.
pub(super) fn exact(value: &str) -> Vec<Form> {
    if let Some((user, domain)) = email(value) {
        let untagged = user.split('+').next().unwrap_or_default().to_owned();
        let users = if untagged == user { vec![user] } else { vec![user, untagged] };
        // Without regard to case goes for ASCII alone.
        let mut spelled = vec![domain.clone(), domain.to_uppercase()];
        spelled.extend(value.rsplit_once('@').map(|(_, typed)| typed.to_owned()));
        spelled.retain(|text| *text == domain || !text.is_ascii());
        spelled.sort();
        spelled.dedup();
        let at = ["@", "%40", "\\u0040"].iter();
        let domains: Vec<String> =
            at.flat_map(|at| spelled.iter().map(move |domain| format!("{at}{domain}"))).collect();
        let form =
            |text: &String, user: &String| Form { text: text.clone(), kind: Kind::Domain(user.clone()) };
        return domains.iter().flat_map(|text| users.iter().map(move |user| form(text, user))).collect();
    }
    let mut texts =
        vec![percent(value, "%20"), percent(value, "+"), json(value), json(&value.to_lowercase())];
    texts.push(json(&value.to_uppercase()));
    texts.push(percent(&value.to_lowercase(), "%20"));
    texts.push(percent(&value.to_uppercase(), "%20"));
    // What has other signs than those that may stand between parts, or more of them in a row, is found as it is.
    let parted =
        |text: &str| text.chars().all(is_between) && text.chars().count() <= usize::from(MAX_BETWEEN);
    if !value.split(char::is_alphanumeric).all(parted) {
        texts.extend([value.to_owned(), value.to_lowercase(), value.to_uppercase()]);
    } else {
        texts.retain(|text| text != value && *text != value.to_lowercase() && *text != value.to_uppercase());
    }
    texts.sort();
    texts.dedup();
    texts.into_iter().map(|text| Form { text, kind: Kind::Word }).collect()
}

/// Forms that are looked for in the text without what stands between parts.
pub(super) fn compact(value: &str) -> Vec<Form> {
    if email(value).is_some() {
        return Vec::new();
    }
    let squeezed: String =
        value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    // Signs that never stand between parts end a form; such values are found as they are.
    let other = |c: char| !(c.is_alphanumeric() || is_between(c) || c == '+');
    if value.chars().any(other) {
        return Vec::new();
    }
    let mut forms = vec![Form { text: squeezed.clone(), kind: Kind::Word }];
    if let Some(phone) = Phone::of(value) {
        if phone.digits != squeezed {
            forms.push(Form { text: phone.digits.clone(), kind: Kind::Word });
        }
        if phone.national.len() >= MIN_NATIONAL {
            forms.push(Form { text: phone.national, kind: Kind::National(phone.country) });
        }
    }
    forms
}

/// Ways to write a value that a detector may know: as typed, and for a number also as it is dialled.
pub fn spellings(value: &str) -> Vec<String> {
    let value = value.trim();
    let mut all = vec![value.to_owned()];
    if let Some((user, domain)) = email(value) {
        all.push(format!("{user}@{domain}"));
        if let Some((name, _)) = user.split_once('+') {
            all.push(format!("{name}@{domain}"));
        }
    }
    if let Some(Phone { country, national, digits }) = Phone::of(value)
        && national.len() >= MIN_NATIONAL
    {
        all.push(digits);
        all.extend([national.clone(), format!("0{national}")]);
        if let Some(country) = country {
            let forms = [format!("+{country}{national}"), format!("00{country}{national}")];
            all.extend(forms);
            all.push(format!("{country}0{national}"));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// As in a URL.
fn percent(value: &str, space: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        match c {
            ' ' => out.push_str(space),
            c if c.is_ascii_alphanumeric() || "-._~".contains(c) => out.push(c),
            c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out.push_str(&format!("%{byte:02x}"))),
        }
    }
    out
}

/// As in JSON that is ASCII alone.
fn json(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_ascii() => out.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out
}
