//! Numbers that states give to people and companies, with right check digits.

#[path = "values_ids_far.rs"]
pub mod far;

use super::people::Country;
use super::{Date, Rng, digits_of, join, luhn, mod_11_10, mod97, weigh};

/// Draws until `make` yields a number: some check digits do not exist for some numbers.
pub fn until(rng: &mut Rng, mut make: impl FnMut(&mut Rng) -> Option<String>) -> String {
    loop {
        if let Some(value) = make(rng) {
            return value;
        }
    }
}

fn birthday(rng: &mut Rng) -> Date {
    rng.date(1950, 1999)
}

/// The number by which `country` knows its people, with the info type it has.
pub fn national_id(rng: &mut Rng, country: Country) -> (&'static str, String) {
    match country {
        Country::Us => ("US_SSN", us_ssn(rng)),
        Country::De => ("DE_TAX_ID", de_tax_id(rng)),
        Country::Gb => ("UK_NINO", uk_nino(rng)),
        Country::Fr => ("FRANCE_NIR", fr_nir(rng)),
        Country::Pl => ("PL_PESEL", pl_pesel(rng)),
        Country::Es => ("ES_NIF", es_nif(rng)),
        Country::It => ("IT_FISCAL_CODE", it_fiscal_code(rng)),
        Country::Nl => ("NL_BSN", nl_bsn(rng)),
    }
}

/// US social security number.
pub fn us_ssn(rng: &mut Rng) -> String {
    let area = loop {
        let n = rng.between(101, 799);
        if n != 666 {
            break n;
        }
    };
    format!("{area:03}-{:02}-{:04}", rng.between(1, 98), rng.between(1000, 9998))
}

/// US taxpayer number of people without an SSN.
pub fn us_itin(rng: &mut Rng) -> String {
    format!("9{:02}-{}-{:04}", rng.below(100), rng.between(70, 88), rng.between(1000, 9998))
}

/// US health care provider.
pub fn us_npi(rng: &mut Rng) -> String {
    let mut d = vec![8, 0, 8, 4, 0, 1];
    d.extend(rng.digits(8));
    d.push(luhn(&d));
    join(&d[5..])
}

/// US licence to prescribe controlled substances.
pub fn us_dea(rng: &mut Rng) -> String {
    let d = rng.digits(6);
    let check = (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10;
    format!("{}{}{}{check}", rng.chars("ABFM", 1), rng.chars("ABCDEFGHJKLMNPRSTW", 1), join(&d))
}

/// US Medicare beneficiary.
pub fn us_mbi(rng: &mut Rng) -> String {
    const A: &str = "ACDEFGHJKMNPQRTUVWXY";
    const AN: &str = "ACDEFGHJKMNPQRTUVWXY0123456789";
    const N: &str = "0123456789";
    let mut c = |alphabet| rng.chars(alphabet, 1);
    let first = c("123456789");
    format!("{first}{}{}{}-{}{}{}-{}{}{}{}", c(A), c(AN), c(N), c(A), c(AN), c(N), c(A), c(A), c(N), c(N))
}

/// British health service number.
pub fn uk_nhs(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let mut d = vec![rng.between(4, 7) as u32];
        d.extend(rng.digits(8));
        let check = (11 - weigh(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
        d.push(check);
        (check < 10).then(|| format!("{} {} {}", join(&d[..3]), join(&d[3..6]), join(&d[6..])))
    })
}

/// British national insurance number.
pub fn uk_nino(rng: &mut Rng) -> String {
    let first = rng.chars("ACEHJLMPRSWXY", 1);
    let (second, suffix) = (rng.chars("ABCEHJLMPRSWXY", 1), rng.chars("ABCD", 1));
    let d = rng.digits(6);
    format!("{first}{second} {} {} {} {suffix}", join(&d[..2]), join(&d[2..4]), join(&d[4..]))
}

/// German tax id: one of the first ten digits stands twice, one not at all.
pub fn de_tax_id(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let mut d: Vec<u32> = (0..10).collect();
        for i in (1..10).rev() {
            d.swap(i, rng.below(i as u64 + 1) as usize);
        }
        let (from, to) = (rng.below(10) as usize, rng.below(10) as usize);
        d[to] = d[from];
        if d[0] == 0 || from == to {
            return None;
        }
        d.push(mod_11_10(&d));
        Some(join(&d))
    })
}

/// German VAT number.
pub fn de_vat(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 9) as u32];
    d.extend(rng.digits(7));
    d.push(mod_11_10(&d));
    format!("DE{}", join(&d))
}

/// German identity card.
pub fn de_id_card(rng: &mut Rng) -> String {
    let body = format!("{}{}", rng.chars("LMPRTVWXY", 1), rng.chars("CFGHJKLMNPRTVWXYZ0123456789", 8));
    let sum: u32 = body
        .bytes()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(b, w)| w * if b.is_ascii_digit() { u32::from(b - b'0') } else { u32::from(b - b'A') + 10 })
        .sum();
    format!("{body}{}", sum % 10)
}

/// French social security number, key included.
pub fn fr_nir(rng: &mut Rng) -> String {
    let born = birthday(rng);
    let department = rng.between(21, 95);
    let body = format!(
        "{}{:02}{:02}{department:02}{:03}{:03}",
        rng.between(1, 2),
        born.year % 100,
        born.month,
        rng.between(1, 899),
        rng.between(1, 989)
    );
    format!("{body}{:02}", 97 - mod97(&digits_of(&body)))
}

/// French company register (SIREN).
pub fn fr_siren(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(3, 9) as u32];
    d.extend(rng.digits(7));
    d.push(luhn(&d));
    join(&d)
}

const ES_LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Spanish tax number of a citizen.
pub fn es_nif(rng: &mut Rng) -> String {
    let n = rng.between(10_000_000, 79_999_999);
    format!("{n}{}", char::from(ES_LETTERS[(n % 23) as usize]))
}

/// Spanish number of a foreigner.
pub fn es_nie(rng: &mut Rng) -> String {
    let (kind, n) = (rng.below(3), rng.between(1_000_000, 9_999_999));
    let check = ES_LETTERS[((kind * 10_000_000 + n) % 23) as usize];
    format!("{}{n}{}", ['X', 'Y', 'Z'][kind as usize], char::from(check))
}

/// Italian tax code.
pub fn it_fiscal_code(rng: &mut Rng) -> String {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let born = birthday(rng);
    let day = born.day + if rng.chance(1, 2) { 40 } else { 0 };
    let month = char::from(b"ABCDEHLMPRST"[born.month as usize - 1]);
    let town = *rng.pick(&["H501", "F205", "L219", "F839", "A944", "L781"]);
    let name = rng.chars("BCDFGLMNPRSTVZ", 6);
    let body = format!("{name}{:02}{month}{day:02}{town}", born.year % 100);
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let n = if b.is_ascii_digit() { b - b'0' } else { b - b'A' };
            if i % 2 == 0 { ODD[usize::from(n)] } else { u32::from(n) }
        })
        .sum();
    format!("{body}{}", char::from(b'A' + (sum % 26) as u8))
}

/// Italian VAT number.
pub fn it_vat(rng: &mut Rng) -> String {
    let mut d = rng.digits(7);
    d.extend([0, rng.between(1, 9) as u32, rng.below(10) as u32]);
    d.push(luhn(&d));
    join(&d)
}

/// Polish PESEL.
pub fn pl_pesel(rng: &mut Rng) -> String {
    let mut d = digits_of(&birthday(rng).yymmdd());
    d.extend(rng.digits(4));
    d.push((10 - weigh(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10);
    join(&d)
}

/// Polish tax number.
pub fn pl_nip(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let mut d = vec![rng.between(5, 9) as u32];
        d.extend(rng.digits(8));
        let check = weigh(&d, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
        d.push(check);
        (check < 10)
            .then(|| format!("{}-{}-{}-{}", join(&d[..3]), join(&d[3..6]), join(&d[6..8]), join(&d[8..])))
    })
}

/// Finnish personal identity code.
pub fn fi_hetu(rng: &mut Rng) -> String {
    let (born, serial) = (birthday(rng).ddmmyy(), rng.between(2, 899));
    let n: u64 = digits_of(&format!("{born}{serial:03}")).iter().fold(0, |n, d| n * 10 + u64::from(*d));
    format!("{born}-{serial:03}{}", char::from(b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(n % 31) as usize]))
}

/// Swedish personal number.
pub fn se_personnummer(rng: &mut Rng) -> String {
    let mut d = digits_of(&birthday(rng).yymmdd());
    d.extend(digits_of(&format!("{:03}", rng.between(10, 899))));
    d.push(luhn(&d));
    format!("{}-{}", join(&d[..6]), join(&d[6..]))
}

/// Danish CPR number of the kind that had a check digit.
pub fn dk_cpr(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let mut d = digits_of(&birthday(rng).ddmmyy());
        d.push(rng.below(4) as u32);
        d.extend(rng.digits(2));
        let check = (11 - weigh(&d, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
        d.push(check);
        (check < 10).then(|| format!("{}-{}", join(&d[..6]), join(&d[6..])))
    })
}

/// Norwegian birth number.
pub fn no_fnr(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let mut d = digits_of(&birthday(rng).ddmmyy());
        d.extend(digits_of(&format!("{:03}", rng.between(100, 499))));
        d.push((11 - weigh(&d, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11);
        d.push((11 - weigh(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11);
        d.iter().all(|n| *n < 10).then(|| join(&d))
    })
}

/// Dutch citizen service number.
pub fn nl_bsn(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let mut d = vec![rng.between(1, 7) as u32];
        d.extend(rng.digits(7));
        let check = weigh(&d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        d.push(check);
        (check < 10).then(|| join(&d))
    })
}

/// Belgian national register number.
pub fn be_nrn(rng: &mut Rng) -> String {
    let born = birthday(rng);
    let serial = rng.between(1, 997);
    let check = 97 - mod97(&digits_of(&format!("{}{serial:03}", born.yymmdd())));
    format!("{:02}.{:02}.{:02}-{serial:03}.{check:02}", born.year % 100, born.month, born.day)
}

/// Swiss social insurance number.
pub fn ch_ahv(rng: &mut Rng) -> String {
    let mut d = vec![7, 5, 6];
    d.extend(rng.digits(9));
    d.push((10 - weigh(&d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10) % 10);
    format!("{}.{}.{}.{}", join(&d[..3]), join(&d[3..7]), join(&d[7..11]), join(&d[11..]))
}

/// Austrian social insurance number.
pub fn at_svnr(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let serial = digits_of(&rng.between(100, 999).to_string());
        let born = digits_of(&birthday(rng).ddmmyy());
        let check = (weigh(&serial, &[3, 7, 9]) + weigh(&born, &[5, 8, 4, 2, 1, 6])) % 11;
        (check < 10).then(|| format!("{}{check} {}", join(&serial), join(&born)))
    })
}

/// Croatian personal number.
pub fn hr_oib(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 9) as u32];
    d.extend(rng.digits(9));
    d.push(mod_11_10(&d));
    join(&d)
}

/// Czech and Slovak birth number.
pub fn cz_rodne_cislo(rng: &mut Rng) -> String {
    until(rng, |rng| {
        let born = Date { year: rng.between(1955, 1999), ..birthday(rng) };
        let head = format!("{}{:03}", born.yymmdd(), rng.between(100, 998));
        let rest = digits_of(&head).iter().fold(0, |r, d| (r * 10 + d) % 11);
        (rest < 10).then(|| format!("{}/{}{rest}", &head[..6], &head[6..]))
    })
}

/// Romanian personal code.
pub fn ro_cnp(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 2) as u32];
    d.extend(digits_of(&birthday(rng).yymmdd()));
    d.extend(digits_of(&format!("{:02}{:03}", rng.between(1, 40), rng.between(1, 998))));
    let check = weigh(&d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    d.push(if check == 10 { 1 } else { check });
    join(&d)
}

/// Bulgarian civil number.
pub fn bg_egn(rng: &mut Rng) -> String {
    let mut d = digits_of(&birthday(rng).yymmdd());
    d.extend(rng.digits(3));
    d.push(weigh(&d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10);
    join(&d)
}

/// Irish personal public service number.
pub fn ie_ppsn(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 9) as u32];
    d.extend(rng.digits(6));
    let check = weigh(&d, &[8, 7, 6, 5, 4, 3, 2]) % 23;
    format!("{}{}", join(&d), char::from(b"WABCDEFGHIJKLMNOPQRSTUV"[check as usize]))
}

/// Portuguese tax number.
pub fn pt_nif(rng: &mut Rng) -> String {
    let mut d = vec![rng.between(1, 2) as u32];
    d.extend(rng.digits(7));
    let check = 11 - weigh(&d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    d.push(if check > 9 { 0 } else { check });
    join(&d)
}
