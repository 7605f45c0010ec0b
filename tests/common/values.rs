//! Made-up values with right check digits, from a seed: for the demo data, the tests and the benches.
//!
//! Included with `#[path]`, so that it is not part of the product. Values stand outside the published test and
//! documentation ranges unless [`test_values`] says otherwise: no 555-01xx, no `example.com`, no well-known test card.

// Each of the example, the tests and the benches uses a part of this.
#![allow(dead_code, unused_imports)]

#[path = "values_ids.rs"]
pub mod ids;
#[path = "values_kinds.rs"]
pub mod kinds;
#[path = "values_money.rs"]
pub mod money;
#[path = "values_people.rs"]
pub mod people;
#[path = "values_secrets.rs"]
pub mod secrets;

pub use kinds::{KINDS, Kind};

/// SplitMix64: small, fast, the same everywhere, and good enough for made-up data.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator of one seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator for one named thing, so that what one file draws does not shift what another gets.
    pub fn named(seed: u64, name: &str) -> Self {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
        Self(seed ^ hash)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next_u64() % n
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True about `n` times in `of`.
    pub fn chance(&mut self, n: u64, of: u64) -> bool {
        self.below(of) < n
    }

    /// One of `list`.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }

    /// `n` characters of an ASCII alphabet.
    pub fn chars(&mut self, alphabet: &str, n: usize) -> String {
        (0..n).map(|_| char::from(*self.pick(alphabet.as_bytes()))).collect()
    }

    /// `n` decimal digits as numbers.
    pub fn digits(&mut self, n: usize) -> Vec<u32> {
        (0..n).map(|_| self.below(10) as u32).collect()
    }

    /// `n` bytes.
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next_u64() as u8).collect()
    }

    /// A day of the years from `first` to `last`.
    pub fn date(&mut self, first: u64, last: u64) -> Date {
        let month = self.between(1, 12);
        let days = match month {
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        Date { year: self.between(first, last), month, day: self.between(1, days) }
    }
}

/// A day, without a calendar behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Four digits.
    pub year: u64,
    /// From 1.
    pub month: u64,
    /// From 1.
    pub day: u64,
}

impl Date {
    /// `1984-03-09`
    pub fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// `09.03.1984`
    pub fn dotted(self) -> String {
        format!("{:02}.{:02}.{:04}", self.day, self.month, self.year)
    }

    /// `03/09/1984`
    pub fn us(self) -> String {
        format!("{:02}/{:02}/{:04}", self.month, self.day, self.year)
    }

    /// `840309`
    pub fn yymmdd(self) -> String {
        format!("{:02}{:02}{:02}", self.year % 100, self.month, self.day)
    }

    /// `090384`
    pub fn ddmmyy(self) -> String {
        format!("{:02}{:02}{:02}", self.day, self.month, self.year % 100)
    }
}

/// Digits as text.
pub fn join(digits: &[u32]) -> String {
    digits.iter().map(|d| char::from_digit(*d, 10).unwrap_or('0')).collect()
}

/// The digits of a text; everything else in it is passed over.
pub fn digits_of(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// Sum of digits times weights.
pub fn weigh(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

/// The Luhn check digit that follows `digits`.
pub fn luhn(digits: &[u32]) -> u32 {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { *d })
        .sum();
    (10 - sum % 10) % 10
}

/// The remainder by 97 of a number too long for a machine word.
pub fn mod97(digits: &[u32]) -> u32 {
    digits.iter().fold(0, |rest, d| (rest * 10 + d) % 97)
}

/// The ISO 7064 Mod 11,10 check digit that follows `digits`.
pub fn mod_11_10(digits: &[u32]) -> u32 {
    let product = digits.iter().fold(10, |product, d| {
        let sum = (product + d) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10
}

/// Published values that nobody owns, as (info type, value).
pub mod test_values {
    /// Card numbers that payment providers print in their manuals.
    pub const CARDS: &[&str] =
        &["4111 1111 1111 1111", "5555555555554444", "378282246310005", "4242-4242-4242-4242"];
    /// 555-0100 to 555-0199 are kept for fiction.
    pub const PHONES: &[&str] = &["(212) 555-0142", "+1 415-555-0117", "503.555.0199", "212-555-0101"];
    /// Domains of RFC 2606.
    pub const EMAILS: &[&str] =
        &["jane.roe@example.com", "sam@example.org", "qa+signup@example.net", "root@host.test"];
    /// Networks of RFC 5737 and RFC 3849.
    pub const ADDRESSES: &[&str] = &["192.0.2.44", "198.51.100.7", "203.0.113.250", "2001:db8::42"];
    /// Numbers printed on advertisements and in official guidance.
    pub const SSNS: &[&str] = &["078-05-1120", "219-09-9999"];
    /// The IBANs of the registry's examples.
    pub const IBANS: &[&str] = &["GB82 WEST 1234 5698 7654 32", "DE89 3704 0044 0532 0130 00"];
}
