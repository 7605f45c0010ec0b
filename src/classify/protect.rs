//! What may leave the worker instead of a value: a mask and a keyed fingerprint.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::detect::definition::Normalize;
use crate::model::hex;

/// Shown for each hidden letter or digit.
const HIDDEN: char = '•';
/// Longest mask, in characters.
const MAX_SHOWN: usize = 64;
/// Shortest key, in bytes.
pub const MIN_KEY: usize = 16;

/// How much of a value may be shown.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// Nothing, not even the length.
    NoneShown,
    /// First 6 and last 4 digits.
    Card,
    /// Last 4, and never more than a third of the letters and digits.
    Last4,
    /// First letter and top-level domain.
    Email,
    /// A leading `+` with two digits, and the last 2.
    Phone,
    /// First two octets of IPv4, first group of IPv6.
    Ip,
    /// Initials.
    Name,
    /// Letters and digits hidden, punctuation kept.
    Generic,
}

impl Mask {
    /// The masked value.
    pub fn apply(self, value: &[u8]) -> String {
        let text = String::from_utf8_lossy(value);
        let total = text.chars().filter(|c| c.is_alphanumeric()).count();
        match self {
            Mask::NoneShown => HIDDEN.to_string().repeat(8),
            Mask::Card if total >= 13 => hide(&text, |i, _| i < 6 || i + 4 >= total),
            Mask::Card | Mask::Last4 => {
                let shown = (total / 3).min(4);
                hide(&text, |i, _| i + shown >= total)
            }
            Mask::Email => {
                let first: String = text.chars().take(1).filter(|c| c.is_alphanumeric()).collect();
                let tld = text.rsplit_once('.').map_or("", |(_, tld)| tld);
                let tld = if tld.len() <= 6 && text.contains('@') { tld } else { "•••" };
                format!("{first}•••@•••.{tld}")
            }
            Mask::Phone => {
                let lead = if text.starts_with('+') { 2 } else { 0 };
                let shown = (total / 3).min(lead + 2);
                hide(&text, |i, _| (i < lead && shown > 2) || i + 2 >= total)
            }
            Mask::Ip => {
                let (separator, keep) = if text.contains(':') { (':', 1) } else { ('.', 2) };
                let mut parts = text.split(separator);
                let shown: Vec<&str> = parts.by_ref().take(keep).collect();
                let hidden = parts.map(|_| "•");
                shown.into_iter().chain(hidden).collect::<Vec<_>>().join(&separator.to_string())
            }
            Mask::Name => hide(&text, |_, first_of_word| first_of_word),
            Mask::Generic => hide(&text, |_, _| false),
        }
    }
}

/// Hides every letter and digit but those for which `show(position among letters and digits, first of its word)`.
fn hide(text: &str, show: impl Fn(usize, bool) -> bool) -> String {
    let mut at = 0;
    let mut in_word = false;
    let mut out: String = text
        .chars()
        .take(MAX_SHOWN)
        .map(|c| {
            if !c.is_alphanumeric() {
                in_word = false;
                return c;
            }
            let shown = show(at, !in_word);
            at += 1;
            in_word = true;
            if shown { c } else { HIDDEN }
        })
        .collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        out.push('…');
    }
    out
}

/// Makes fingerprints: equal for equal values under one key, and of no use to anyone without it.
#[derive(Clone)]
pub struct Protector {
    hmac: Hmac<Sha256>,
    key_id: String,
}

impl Protector {
    /// With the user's key; `None` when it is shorter than [`MIN_KEY`].
    pub fn with_key(key: &[u8]) -> Option<Self> {
        let id = hex(&Sha256::digest(key)[..8]);
        (key.len() >= MIN_KEY).then(|| Self::new(key, id)).flatten()
    }

    /// With a key of this run only.
    pub fn random(key: &[u8; 32]) -> Option<Self> {
        Self::new(key, "random".to_owned())
    }

    fn new(key: &[u8], key_id: String) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(|hmac| Self { hmac, key_id })
    }

    /// `random`, or the first 16 hex digits of SHA-256 over the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// HMAC-SHA-256 over info type and normalised value, the first 16 bytes as hex.
    pub fn fingerprint(&self, info_type: &str, normalized: &[u8]) -> String {
        hex(&self.fingerprint_bytes(info_type, normalized))
    }

    /// The same as bytes.
    pub fn fingerprint_bytes(&self, info_type: &str, normalized: &[u8]) -> [u8; 16] {
        let mut mac = self.hmac.clone();
        mac.update(info_type.as_bytes());
        mac.update(&[0]);
        mac.update(normalized);
        let mut first = [0; 16];
        first.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        first
    }
}

/// Appends the form of `value` in which two values are compared.
pub fn normalize(how: Normalize, value: &[u8], out: &mut Vec<u8>) {
    match how {
        Normalize::Compact => {
            out.extend(
                value.iter().filter(|b| b.is_ascii_alphanumeric() || **b >= 0x80).map(u8::to_ascii_uppercase),
            );
        }
        Normalize::Lower => out.extend(value.iter().map(u8::to_ascii_lowercase)),
        Normalize::Verbatim => out.extend_from_slice(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_show_what_the_contract_allows_and_no_more() {
        let shown = |mask: Mask, value: &str| mask.apply(value.as_bytes());
        assert_eq!(shown(Mask::NoneShown, "hunter2"), "••••••••");
        assert_eq!(shown(Mask::Card, "4539 1488 0343 6467"), "4539 14•• •••• 6467");
        assert_eq!(shown(Mask::Card, "12345"), "••••5");
        assert_eq!(shown(Mask::Last4, "123-45-6789"), "•••-••-•789");
        assert_eq!(shown(Mask::Last4, "DE89370400440532013000"), "••••••••••••••••••3000");
        assert_eq!(shown(Mask::Email, "ana.lind@larkspur.co"), "a•••@•••.co");
        assert_eq!(shown(Mask::Phone, "+44 20 7946 0991"), "+44 •• •••• ••91");
        assert_eq!(shown(Mask::Phone, "(312) 445-7788"), "(•••) •••-••88");
        assert_eq!(shown(Mask::Ip, "81.2.69.142"), "81.2.•.•");
        assert_eq!(shown(Mask::Name, "Dr. Åsa Berg"), "D•. Å•• B•••");
        assert_eq!(shown(Mask::Generic, "12 Elm Street"), "•• ••• ••••••");
        assert_eq!(shown(Mask::Generic, &"a".repeat(100)).chars().count(), 65);
    }

    #[test]
    fn a_fingerprint_is_equal_for_equal_values_only_under_the_same_key() {
        let a = Protector::with_key(b"0123456789abcdef").expect("long enough");
        let b = Protector::with_key(b"0123456789abcdeg").expect("long enough");
        assert_eq!(a.fingerprint("X", b"1"), a.fingerprint("X", b"1"));
        assert_ne!(a.fingerprint("X", b"1"), a.fingerprint("X", b"2"));
        assert_ne!(a.fingerprint("X", b"1"), a.fingerprint("Y", b"1"));
        assert_ne!(a.fingerprint("X", b"1"), b.fingerprint("X", b"1"));
        assert!(Protector::with_key(b"short").is_none());
        assert_eq!(a.fingerprint("X", b"1").len(), 32);
    }
}
