//! Cards, accounts and other numbers of money.

use super::people::Country;
use super::{Rng, join, luhn, mod97};

/// A card number of `length` digits that begins with `prefix`, without spaces.
fn card_of(rng: &mut Rng, prefix: &str, length: usize) -> Vec<u32> {
    let mut d = super::digits_of(prefix);
    d.extend(rng.digits(length - 1 - d.len()));
    d.push(luhn(&d));
    d
}

fn in_groups(digits: &[u32], sizes: &[usize], between: &str) -> String {
    let mut rest = digits;
    let groups: Vec<String> = sizes
        .iter()
        .map(|n| {
            let (group, tail) = rest.split_at(*n);
            rest = tail;
            join(group)
        })
        .collect();
    groups.join(between)
}

/// A Visa number without spaces.
pub fn visa(rng: &mut Rng) -> String {
    let prefix = rng.pick(&["4539", "4716", "4485", "4929"]);
    join(&card_of(rng, prefix, 16))
}

/// A Visa number in groups of four.
pub fn visa_spaced(rng: &mut Rng) -> String {
    in_groups(&card_of(rng, "4532", 16), &[4, 4, 4, 4], " ")
}

/// A Mastercard number of the old or the new range, with dashes.
pub fn mastercard(rng: &mut Rng) -> String {
    let prefix = rng.pick(&["5204", "5391", "5412", "2489", "2561"]);
    in_groups(&card_of(rng, prefix, 16), &[4, 4, 4, 4], "-")
}

/// An American Express number in its own groups.
pub fn amex(rng: &mut Rng) -> String {
    let prefix = rng.pick(&["3437", "3764"]);
    in_groups(&card_of(rng, prefix, 15), &[4, 6, 5], " ")
}

/// A Discover number.
pub fn discover(rng: &mut Rng) -> String {
    join(&card_of(rng, "6011", 16))
}

/// A card of any brand, in any form.
pub fn card(rng: &mut Rng) -> String {
    let make = *rng.pick(&[visa, visa_spaced, mastercard, amex]);
    make(rng)
}

fn iban(country: &str, bban: &str) -> String {
    let expanded: Vec<u32> = format!("{bban}{country}00")
        .bytes()
        .flat_map(|b| match b {
            b'0'..=b'9' => vec![u32::from(b - b'0')],
            _ => {
                let n = u32::from(b - b'A') + 10;
                vec![n / 10, n % 10]
            }
        })
        .collect();
    format!("{country}{:02}{bban}", 98 - mod97(&expanded))
}

/// An IBAN in groups of four, as on paper.
pub fn on_paper(iban: &str) -> String {
    iban.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// A German IBAN.
pub fn iban_de(rng: &mut Rng) -> String {
    let bank = rng.pick(&["20090500", "37050299", "52060410", "70020270"]);
    let account = join(&rng.digits(10));
    iban("DE", &format!("{bank}{account}"))
}

/// A British IBAN of an invented bank.
pub fn iban_gb(rng: &mut Rng) -> String {
    let rest = join(&rng.digits(14));
    iban("GB", &format!("LRKS{rest}"))
}

/// A Dutch IBAN of an invented bank.
pub fn iban_nl(rng: &mut Rng) -> String {
    let rest = join(&rng.digits(10));
    iban("NL", &format!("NWHB{rest}"))
}

/// A French IBAN, the RIB key included.
pub fn iban_fr(rng: &mut Rng) -> String {
    let (bank, branch) = (rng.between(10_000, 39_999), rng.between(10_000, 99_999));
    let account = rng.below(99_999_999_999);
    let key = 97 - (89 * bank + 15 * branch + 3 * account) % 97;
    iban("FR", &format!("{bank}{branch}{account:011}{key:02}"))
}

/// An Austrian IBAN.
pub fn iban_at(rng: &mut Rng) -> String {
    let rest = join(&rng.digits(16));
    iban("AT", &rest)
}

/// A Spanish IBAN, both account check digits included.
pub fn iban_es(rng: &mut Rng) -> String {
    const WEIGHTS: [u32; 10] = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
    let check = |digits: &[u32]| match 11 - super::weigh(digits, &WEIGHTS) % 11 {
        11 => 0,
        10 => 1,
        n => n,
    };
    let bank = rng.digits(8);
    let account = rng.digits(10);
    let first = check(&[&[0, 0], bank.as_slice()].concat());
    iban("ES", &format!("{}{first}{}{}", join(&bank), check(&account), join(&account)))
}

/// A Polish IBAN, the bank's check digit included.
pub fn iban_pl(rng: &mut Rng) -> String {
    let mut bank = vec![1];
    bank.extend(rng.digits(6));
    bank.push((10 - super::weigh(&bank, &[3, 9, 7, 1, 3, 9, 7]) % 10) % 10);
    let account = rng.digits(16);
    iban("PL", &format!("{}{}", join(&bank), join(&account)))
}

/// The IBAN of an account in `country`; none in the United States.
pub fn iban_in(rng: &mut Rng, country: Country) -> Option<String> {
    Some(match country {
        Country::Us => return None,
        Country::De => iban_de(rng),
        Country::Gb => iban_gb(rng),
        Country::Fr => iban_fr(rng),
        Country::Pl => iban_pl(rng),
        Country::Es => iban_es(rng),
        Country::It => iban_at(rng),
        Country::Nl => iban_nl(rng),
    })
}

/// A SWIFT code of an invented bank.
pub fn swift(rng: &mut Rng) -> String {
    let country = rng.pick(&["DE", "GB", "FR", "NL", "US", "AT"]);
    let bank = rng.pick(&["LRKS", "NWHB", "TIDX", "OBRM"]);
    format!("{bank}{country}{}XXX", rng.chars("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 2))
}

/// A US bank routing number.
pub fn routing_number(rng: &mut Rng) -> String {
    let prefix = *rng.pick(&["01", "02", "05", "07", "09", "11", "12", "21", "26", "31"]);
    let mut d = super::digits_of(prefix);
    d.extend(rng.digits(6));
    let sum = super::weigh(&d, &[3, 7, 1, 3, 7, 1, 3, 7]);
    d.push((10 - sum % 10) % 10);
    join(&d)
}

/// A Bitcoin address (Bech32, witness version 0).
pub fn bitcoin(rng: &mut Rng) -> String {
    const CHARSET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    // Version 0, then 20 bytes as 32 groups of 5 bits.
    let mut data = vec![0_u8];
    data.extend(rng.bytes(32).iter().map(|b| b & 31));
    let polymod = |values: &[u8]| {
        values.iter().fold(1_u32, |chk, v| {
            let top = chk >> 25;
            let mut next = (chk & 0x01ff_ffff) << 5 ^ u32::from(*v);
            for (i, g) in
                [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3_u32].iter().enumerate()
            {
                if top >> i & 1 == 1 {
                    next ^= g;
                }
            }
            next
        })
    };
    let mut checked = vec![b'b' >> 5, b'c' >> 5, 0, b'b' & 31, b'c' & 31];
    checked.extend(&data);
    checked.extend([0; 6]);
    let sum = polymod(&checked) ^ 1;
    data.extend((0..6).map(|i| (sum >> (5 * (5 - i)) & 31) as u8));
    let address: String = data.iter().map(|d| char::from(CHARSET[usize::from(*d)])).collect();
    format!("bc1{address}")
}
