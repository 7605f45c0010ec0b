//! Numbers that states outside Europe give to people and companies.

use super::super::{Rng, digits_of, join, luhn, weigh};
use super::until;

/// Brazilian taxpayer.
pub fn br_cpf(rng: &mut Rng) -> String {
    let mut d = rng.digits(9);
    for first in [10, 11] {
        let weights: Vec<u32> = (2..=first).rev().collect();
        let check = 11 - weigh(&d, &weights) % 11;
        d.push(if check > 9 { 0 } else { check });
    }
    format!("{}.{}.{}-{}", join(&d[..3]), join(&d[3..6]), join(&d[6..9]), join(&d[9..]))
}

/// Australian tax file number.
pub fn au_tfn(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let mut d = vec![rng.between(1, 8) as u32];
        d.extend(rng.digits(7));
        // The last weight is 10, which is −1 modulo 11.
        let check = weigh(&d, &[1, 4, 3, 7, 5, 8, 6, 9]) % 11;
        d.push(check);
        (check < 10).then(|| format!("{} {} {}", join(&d[..3]), join(&d[3..6]), join(&d[6..])))
    })
}

/// Australian business.
pub fn au_abn(rng: &mut Rng) -> String {
    let body = rng.digits(9);
    let sum = weigh(&body, &[3, 5, 7, 9, 11, 13, 15, 17, 19]);
    // The two digits in front, weighed as one number less ten, make the sum a multiple of 89. They run from 11 to 99.
    let front = 11 + (89 - (sum + 1) % 89) % 89;
    format!("{front} {} {} {}", join(&body[..3]), join(&body[3..6]), join(&body[6..]))
}

/// Australian company.
pub fn au_acn(rng: &mut Rng) -> String {
    let mut d = rng.digits(8);
    d.push((10 - weigh(&d, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10);
    format!("{} {} {}", join(&d[..3]), join(&d[3..6]), join(&d[6..]))
}

/// Australian health insurance card.
pub fn au_medicare(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(2, 6) as u32];
    d.extend(rng.digits(7));
    d.push(weigh(&d, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10);
    format!("{} {} {}", join(&d[..4]), join(&d[4..9]), rng.between(1, 9))
}

/// Canadian social insurance number.
pub fn ca_sin(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 7) as u32];
    d.extend(rng.digits(7));
    d.push(luhn(&d));
    format!("{}-{}-{}", join(&d[..3]), join(&d[3..6]), join(&d[6..]))
}

/// Indian Aadhaar.
pub fn in_aadhaar(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(2, 9) as u32];
    d.extend(rng.digits(10));
    d.push(verhoeff(&d));
    format!("{} {} {}", join(&d[..4]), join(&d[4..8]), join(&d[8..]))
}

/// Indian tax number of a person.
pub fn in_pan(rng: &mut Rng) -> String {
    const AZ: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let (head, name, last) = (rng.chars(AZ, 3), rng.chars(AZ, 1), rng.chars(AZ, 1));
    format!("{head}P{name}{:04}{last}", rng.between(1000, 9899))
}

/// The check digit of the dihedral group of order ten.
fn verhoeff(digits: &[u32]) -> u32 {
    const PERMUTE: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let multiply = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let state = digits.iter().rev().enumerate().fold(0, |state, (i, d)| {
        let moved = (0..(i + 1) % 8).fold(*d, |d, _| PERMUTE[d as usize]);
        multiply(state, moved)
    });
    (0..10).find(|d| multiply(state, *d) == 0).unwrap_or(0)
}

/// Singaporean identity card.
pub fn sg_nric(rng: &mut Rng) -> String {
    let prefix = *rng.pick(&["S", "T"]);
    let d = rng.digits(7);
    let sum = weigh(&d, &[2, 7, 6, 5, 4, 3, 2]) + if prefix == "T" { 4 } else { 0 };
    format!("{prefix}{}{}", join(&d), char::from(b"JZIHGFEDCBA"[(sum % 11) as usize]))
}

/// Korean resident registration number.
pub fn kr_rrn(rng: &mut Rng) -> String {
    let mut d = digits_of(&rng.date(1950, 1999).yymmdd());
    d.push(rng.between(1, 2) as u32);
    d.extend(digits_of(&format!("{:02}", rng.between(0, 90))));
    d.extend(rng.digits(3));
    d.push((11 - weigh(&d, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10);
    format!("{}-{}", join(&d[..6]), join(&d[6..]))
}

/// Thai identity card.
pub fn th_tnin(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 5) as u32, rng.between(1, 9) as u32];
    d.extend(rng.digits(10));
    d.push((11 - weigh(&d, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10);
    format!(
        "{}-{}-{}-{}-{}",
        join(&d[..1]),
        join(&d[1..5]),
        join(&d[5..10]),
        join(&d[10..12]),
        join(&d[12..])
    )
}

/// Turkish citizen.
pub fn tr_tckn(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 9) as u32];
    d.extend(rng.digits(8));
    let (odd, even) = (d[0] + d[2] + d[4] + d[6] + d[8], d[1] + d[3] + d[5] + d[7]);
    d.push((odd * 7 + 90 - even) % 10);
    d.push(d.iter().sum::<u32>() % 10);
    join(&d)
}

/// South African identity number.
pub fn za_id(rng: &mut Rng) -> String {
    let mut d = digits_of(&rng.date(1950, 1999).yymmdd());
    d.extend(rng.digits(4));
    d.extend([0, 8]);
    d.push(luhn(&d));
    join(&d)
}

/// Chinese resident identity card.
pub fn cn_ric(rng: &mut Rng) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let born = rng.date(1950, 1999);
    let region = *rng.pick(&["110101", "310104", "440305", "320102"]);
    let body = format!("{region}{}{:03}", born.iso().replace('-', ""), rng.between(1, 998));
    let sum = weigh(&digits_of(&body), &WEIGHTS) % 11;
    format!("{body}{}", char::from(b"10X98765432"[sum as usize]))
}

/// Japanese individual number.
pub fn jp_my_number(rng: &mut Rng) -> String {
    let mut d = rng.digits(11);
    let rest = weigh(&d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    d.push(if rest < 2 { 0 } else { 11 - rest });
    join(&d)
}

/// Mexican population register.
pub fn mx_curp(rng: &mut Rng) -> String {
    let born = rng.date(1950, 1999);
    let name = format!("{}{}{}", rng.chars("BCDGLMRT", 1), rng.chars("AEIU", 1), rng.chars("GLMRST", 2));
    let (sex, state) = (*rng.pick(&["H", "M"]), *rng.pick(&["DF", "JC", "NL", "OC", "YN"]));
    let body =
        format!("{name}{}{sex}{state}{}{}", born.yymmdd(), rng.chars("BCDFGLMNRSTZ", 3), rng.below(10));
    // Ñ stands between N and O, so letters from O on count one more.
    let value = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'N' => u32::from(b - b'A') + 10,
        _ => u32::from(b - b'A') + 11,
    };
    let sum: u32 = body.bytes().enumerate().map(|(i, b)| (18 - i as u32) * value(b)).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Israeli identity number.
pub fn il_id(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 3) as u32];
    d.extend(rng.digits(7));
    d.push(luhn(&d));
    join(&d)
}
