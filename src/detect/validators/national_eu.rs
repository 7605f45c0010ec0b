//! Numbers that the states of western and southern Europe give to people and taxpayers.

use super::Validator;
use super::checksum::{alphanumeric, civil_date, digits, dot, icao_731, luhn, mod11_10, number};
use super::national::compact;

/// Validators of western and southern Europe.
pub const TABLE: &[Validator] = &[
    compact(
        "de-tax-id",
        de_tax_id,
        0.0034,
        "Steuer-ID: ISO 7064 MOD 11,10 and one repeated digit (BZSt; StIdV section 1)",
    ),
    compact(
        "de-vat",
        de_vat,
        0.1,
        "USt-IdNr.: DE and nine digits, ISO 7064 MOD 11,10 (BZSt; UStG section 27a)",
    ),
    compact(
        "de-id-card",
        de_id_card,
        0.087,
        "Document number with ICAO 7-3-1 check digit and the letters in use (PAuswV; TR-03127)",
    ),
    compact(
        "de-document-number",
        de_document_number,
        0.86,
        "Nine characters of a document number, letters in use (PassV; BMI, Muster)",
    ),
    compact(
        "de-pension-number",
        de_pension_number,
        0.0055,
        "Versicherungsnummer: date and check digit (VKVV section 2; VNrV)",
    ),
    compact(
        "fr-nir",
        fr_nir,
        0.0031,
        "NIR: sex, month and key modulo 97, Corsica as 2A and 2B (INSEE; decret 82-103)",
    ),
    compact(
        "fr-spi",
        fr_spi,
        4e-4,
        "Numero fiscal (SPI): first digit 0-3, key modulo 511 (DGFiP; OECD TIN sheet FR)",
    ),
    compact("fr-siren", fr_siren, 0.1, "SIREN: Luhn (INSEE; ISO/IEC 6523 ICD 0002)"),
    compact("fr-siret", fr_siret, 0.01, "SIRET: Luhn over SIREN and over all; La Poste by digit sum (INSEE)"),
    compact(
        "es-nif",
        es_nif,
        0.0385,
        "DNI, or NIF beginning with K, L, M: letter modulo 23 (Real Decreto 1065/2007)",
    ),
    compact("es-nie", es_nie, 0.0385, "NIE: X, Y, Z and letter modulo 23 (Orden INT/2058/2008)"),
    compact("es-cif", es_cif, 0.046, "NIF of entities: digit or letter modulo 10 (Orden EHA/451/2008)"),
    compact(
        "es-nuss",
        es_nuss,
        0.006,
        "NUSS: province and key modulo 97 (Seguridad Social, Orden de 18-1-1996)",
    ),
    compact(
        "it-fiscal-code",
        it_fiscal_code,
        0.023,
        "Codice fiscale: month, day, control letter, omocodia (DM 23-12-1976)",
    ),
    compact(
        "it-vat",
        it_vat,
        0.0104,
        "Partita IVA: province office and Luhn (DPR 633/1972 art. 35; DM 23-12-1976)",
    ),
    compact("nl-bsn", nl_bsn, 0.091, "BSN: elfproef (Logisch Ontwerp BSN, RvIG)"),
    compact(
        "be-nrn",
        be_nrn,
        0.0024,
        "Rijksregisternummer and BIS: date and modulo 97 for both centuries (KB 3-4-1984)",
    ),
    compact(
        "pt-nif",
        pt_nif,
        0.075,
        "NIF: first digit and check digit modulo 11 (Portaria 386/98; DL 14/2013)",
    ),
    compact(
        "pt-cc",
        pt_cc,
        0.1,
        "Cartao de Cidadao: Luhn over letters and digits (AMA, algoritmo de validacao)",
    ),
    compact(
        "ie-ppsn",
        ie_ppsn,
        0.0435,
        "PPSN: letter modulo 23, second letter counted (Department of Social Protection; OECD TIN sheet IE)",
    ),
    compact(
        "at-svnr",
        at_svnr,
        0.0035,
        "SVNR: date and check digit modulo 11 in fourth place (ASVG section 31; OeGK)",
    ),
    compact("ch-ahv", ch_ahv, 1e-4, "AHV number: 756 and EAN-13 check digit (AHVV art. 133bis; BSV)"),
    compact("gr-amka", gr_amka, 0.0036, "AMKA: date and Luhn (Law 3655/2008; IDIKA)"),
    compact("gr-afm", gr_afm, 0.1, "AFM: powers of two modulo 11 modulo 10 (AADE; OECD TIN sheet GR)"),
    compact(
        "lu-nin",
        lu_nin,
        5e-5,
        "Matricule: date, Luhn and Verhoeff (reglement grand-ducal du 21-2-2013)",
    ),
];

/// Eleven digits; among the first ten one stands twice or three times (not in a row), the others at most once.
fn de_tax_id(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    let mut counts = [0u8; 10];
    for x in &d[..10] {
        counts[*x as usize] += 1;
    }
    let repeated = counts.iter().filter(|c| **c > 1).count();
    let most = counts.iter().max().copied().unwrap_or(0);
    let in_a_row = d[..10].windows(3).any(|w| w[0] == w[1] && w[1] == w[2]);
    d[0] != 0 && repeated == 1 && most <= 3 && !in_a_row && mod11_10(v)
}

/// Digits and the consonants of German documents.
fn de_character(b: &u8) -> bool {
    b.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(b)
}

fn de_document_number(v: &[u8]) -> bool {
    v.len() == 9
        && b"CFGHJKLMNPRTVWXYZ".contains(&v[0])
        && v.iter().all(de_character)
        && v.iter().filter(|b| b.is_ascii_digit()).count() >= 1
}

fn de_vat(v: &[u8]) -> bool {
    v.len() == 11 && v.starts_with(b"DE") && v[2] != b'0' && mod11_10(&v[2..])
}

fn de_id_card(v: &[u8]) -> bool {
    v.len() == 10 && de_document_number(&v[..9]) && icao_731(v)
}

/// Area, date of birth (day plus 50 for a second person), letter as two digits, serial, check digit.
fn de_pension_number(v: &[u8]) -> bool {
    let (12, Some(head), Some(tail)) =
        (v.len(), v.get(..8).and_then(digits::<8>), v.get(9..).and_then(digits::<3>))
    else {
        return false;
    };
    let letter = v[8];
    if !letter.is_ascii_uppercase() {
        return false;
    }
    let n = u32::from(letter - b'A') + 1;
    let (day, month, year) = (head[2] * 10 + head[3], head[4] * 10 + head[5], head[6] * 10 + head[7]);
    let day = if day > 50 { day - 50 } else { day };
    let letters = [n / 10, n % 10];
    let places = head.iter().chain(&letters).chain(&tail[..2]);
    let sum: u32 =
        places.zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]).map(|(d, w)| d * w).map(|p| p / 10 + p % 10).sum();
    head[0] * 10 + head[1] > 1 && civil_date(2000 + year, month, day) && sum % 10 == tail[2]
}

fn fr_nir(v: &[u8]) -> bool {
    if v.len() != 15 || !matches!(v[0], b'1'..=b'4' | b'7' | b'8') {
        return false;
    }
    // Corsica: 2A counts as 19, 2B as 18.
    let (less, corsica) = match v[6] {
        b'A' if v[5] == b'2' => (1_000_000, true),
        b'B' if v[5] == b'2' => (2_000_000, true),
        _ => (0, false),
    };
    let mut plain = [0u8; 13];
    plain.copy_from_slice(&v[..13]);
    if corsica {
        plain[6] = b'0';
    }
    let (Some(n), Some(key)) = (number(&plain), number(&v[13..])) else { return false };
    let month = n / 100_000_000 % 100;
    (matches!(month, 1..=12 | 20 | 30..=42) || month >= 50)
        && (1..=97).contains(&key)
        && 97 - (n - less) % 97 == key
        && n / 1000 % 100 != 0
}

fn fr_spi(v: &[u8]) -> bool {
    let (13, Some(n)) = (v.len(), number(v)) else { return false };
    v[0] <= b'3' && n >= 1000 && n / 1000 % 511 == n % 1000
}

fn fr_siren(v: &[u8]) -> bool {
    v.len() == 9 && luhn(v) && v.iter().any(|&b| b != b'0')
}

fn fr_siret(v: &[u8]) -> bool {
    let (Some(d), Some(siren)) = (digits::<14>(v), v.get(..9)) else { return false };
    let whole = luhn(v) || (siren == b"356000000" && d.iter().sum::<u32>().is_multiple_of(5));
    fr_siren(siren) && whole
}

/// Control letter of Spanish numbers of people.
fn es_letter(n: u64) -> u8 {
    b"TRWAGMYFPDXBNJZSQVHLCKE"[(n % 23) as usize]
}

fn es_nif(v: &[u8]) -> bool {
    let &[first, ref middle @ .., letter] = v else { return false };
    if v.len() != 9 {
        return false;
    }
    let n = if b"KLM".contains(&first) { number(middle) } else { number(&v[..8]) };
    n.is_some_and(|n| n > 0 && es_letter(n) == letter)
}

fn es_nie(v: &[u8]) -> bool {
    let &[first @ b'X'..=b'Z', ref middle @ .., letter] = v else { return false };
    let lead = u64::from(first - b'X') * 10_000_000;
    v.len() == 9 && number(middle).is_some_and(|n| es_letter(lead + n) == letter)
}

fn es_cif(v: &[u8]) -> bool {
    let &[kind, ref middle @ .., check] = v else { return false };
    let Some(d) = digits::<7>(middle) else { return false };
    let doubled = |x: u32| 2 * x / 10 + 2 * x % 10;
    let sum = d[1] + d[3] + d[5] + doubled(d[0]) + doubled(d[2]) + doubled(d[4]) + doubled(d[6]);
    let control = (10 - sum % 10) % 10;
    let as_digit = check == b'0' + control as u8;
    let as_letter = check == b"JABCDEFGHI"[control as usize];
    match kind {
        b'P' | b'Q' | b'S' => as_letter,
        b'A' | b'B' | b'E' | b'H' => as_digit,
        b'C' | b'D' | b'F' | b'G' | b'J' | b'N' | b'R' | b'U' | b'V' | b'W' => as_digit || as_letter,
        _ => false,
    }
}

fn es_nuss(v: &[u8]) -> bool {
    let (12, Some(n)) = (v.len(), number(v)) else { return false };
    let (province, person, key) = (n / 10_000_000_000, n / 100 % 100_000_000, n % 100);
    let whole = if person < 10_000_000 { province * 10_000_000 } else { province * 100_000_000 } + person;
    (1..=66).contains(&province) && person > 0 && whole % 97 == key
}

/// A digit of the codice fiscale, or the letter that replaces it where two people would have the same code.
fn it_digit(b: u8) -> Option<u32> {
    match b {
        b'0'..=b'9' => Some(u32::from(b - b'0')),
        _ => b"LMNPQRSTUV".iter().position(|&l| l == b).map(|p| p as u32),
    }
}

fn it_fiscal_code(v: &[u8]) -> bool {
    /// Values of 0-9 and of A-J alike, then K-Z, in odd places.
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    if v.len() != 16 || ![0, 1, 2, 3, 4, 5, 8, 11, 15].iter().all(|&i: &usize| v[i].is_ascii_uppercase()) {
        return false;
    }
    if ![6, 7, 9, 10, 12, 13, 14].iter().all(|&i: &usize| it_digit(v[i]).is_some()) {
        return false;
    }
    let Some(month) = b"ABCDEHLMPRST".iter().position(|&m| m == v[8]) else { return false };
    let two = |i: usize| it_digit(v[i]).unwrap_or(0) * 10 + it_digit(v[i + 1]).unwrap_or(0);
    let day = two(9);
    let day = if day > 40 { day - 40 } else { day };
    let sum: u32 = v[..15]
        .iter()
        .enumerate()
        .map(|(i, &b)| {
            let value = if b.is_ascii_digit() { b - b'0' } else { b - b'A' };
            if i % 2 == 0 { ODD[usize::from(value)] } else { u32::from(value) }
        })
        .sum();
    let written = v.iter().filter(|b| b.is_ascii_digit()).count();
    written > 1 && civil_date(2000 + two(6), month as u32 + 1, day) && u32::from(v[15] - b'A') == sum % 26
}

fn it_vat(v: &[u8]) -> bool {
    let v = v.strip_prefix(b"IT").unwrap_or(v);
    let (11, Some(n)) = (v.len(), number(v)) else { return false };
    matches!(n / 10 % 1000, 1..=100 | 120 | 121 | 888 | 999) && n >= 10_000 && luhn(v)
}

fn nl_bsn(v: &[u8]) -> bool {
    // The last weight is -1, which is 10 modulo 11.
    let Some(d) = digits::<9>(v) else { return false };
    dot(&d, &[9, 8, 7, 6, 5, 4, 3, 2, 10]).is_multiple_of(11) && d[..3] != [0, 0, 0]
}

/// Date (BIS: month plus 20 or 40; unknown parts 00), serial, and 97 minus the remainder.
fn be_nrn(v: &[u8]) -> bool {
    let (11, Some(n)) = (v.len(), number(v)) else { return false };
    let (year, month, day) = (n / 1_000_000_000, n / 10_000_000 % 100, n / 100_000 % 100);
    let (body, key) = (n / 100, n % 100);
    let month = match month {
        0..=12 => month,
        20..=32 => month - 20,
        40..=52 => month - 40,
        _ => return false,
    };
    let date = match (month, day) {
        (0, 0..=31) | (_, 0) => true,
        _ => {
            civil_date(2000 + year as u32, month as u32, day as u32) || (year == 0 && month == 2 && day == 29)
        }
    };
    let serial = body % 1000;
    date && serial > 0 && (97 - body % 97 == key || 97 - (2_000_000_000 + body) % 97 == key)
}

fn pt_nif(v: &[u8]) -> bool {
    let Some(d) = digits::<9>(v) else { return false };
    let first = matches!(d[0], 1 | 2 | 3 | 5 | 6 | 7 | 8 | 9) || (d[0] == 4 && d[1] == 5);
    first && d[8] == (11 - dot(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10
}

fn pt_cc(v: &[u8]) -> bool {
    if v.len() != 12 || digits::<9>(&v[..9]).is_none() || !v[11].is_ascii_digit() {
        return false;
    }
    let sum = v.iter().enumerate().try_fold(0, |sum, (i, &b)| {
        let doubled = alphanumeric(b)? * if i % 2 == 0 { 2 } else { 1 };
        Some(sum + if i % 2 == 0 && doubled > 9 { doubled - 9 } else { doubled })
    });
    sum.is_some_and(|s| s % 10 == 0)
}

fn ie_ppsn(v: &[u8]) -> bool {
    let Some(d) = v.get(..7).and_then(digits::<7>) else { return false };
    let second = match v[7..] {
        [_] => 0,
        [_, b @ b'A'..=b'I'] => u32::from(b - b'A') + 1,
        [_, b'W'] => 0,
        _ => return false,
    };
    let remainder = (dot(&d, &[8, 7, 6, 5, 4, 3, 2]) + second * 9) % 23;
    v[7] == b"WABCDEFGHIJKLMNOPQRSTUV"[remainder as usize]
}

fn at_svnr(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    let month = d[6] * 10 + d[7];
    // Months 13 to 15 stand for dates that are full or unknown.
    let month = if (13..=15).contains(&month) { 1 } else { month };
    d[0] != 0
        && dot(&d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == d[3]
        && civil_date(2000 + d[8] * 10 + d[9], month, d[4] * 10 + d[5])
}

fn ch_ahv(v: &[u8]) -> bool {
    let Some(d) = digits::<13>(v) else { return false };
    v.starts_with(b"756") && dot(&d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

fn gr_amka(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    luhn(v) && civil_date(2000 + d[4] * 10 + d[5], d[2] * 10 + d[3], d[0] * 10 + d[1])
}

fn gr_afm(v: &[u8]) -> bool {
    let Some(d) = digits::<9>(v) else { return false };
    let remainder = dot(&d[..8], &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10;
    d[8] == remainder && d[..8].iter().any(|&x| x != 0)
}

fn lu_nin(v: &[u8]) -> bool {
    let (Some(d), Some(first)) = (digits::<13>(v), v.get(..11)) else { return false };
    let year = d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3];
    let mut other = [0u8; 12];
    other[..11].copy_from_slice(first);
    other[11] = v[12];
    (1850..2100).contains(&year)
        && civil_date(year, d[4] * 10 + d[5], d[6] * 10 + d[7])
        && luhn(&v[..12])
        && super::checksum::verhoeff(&other)
}

#[cfg(test)]
mod tests {
    use super::super::checksum::proof::{self, Kind};
    use super::TABLE;

    #[test]
    fn values_pass_and_wrong_digits_fail_at_the_stated_rate() {
        proof::table(
            TABLE,
            &[
                ("de-vat", Kind::Check, &["DE281584659", "DE812539072", "DE319407286"]),
                ("de-tax-id", Kind::Check, &["26608419376", "75961458038", "38120647257"]),
                ("de-id-card", Kind::Check, &["L14H3309C4", "T220003426", "L85W7144G8"]),
                ("de-document-number", Kind::Structure, &["L70M1151G", "T22000228", "L23N5301F"]),
                ("de-pension-number", Kind::Check, &["09281192F160", "96031090C226", "78110433V613"]),
                ("fr-nir", Kind::Check, &["169075152874658", "141092A60492561", "117098993082843"]),
                ("fr-spi", Kind::Check, &["1066745725010", "0001772999340", "0166077457413"]),
                ("fr-siren", Kind::Check, &["615453024", "929636769", "406222919"]),
                ("fr-siret", Kind::Check, &["24450581409819", "13801497200069", "32576441300986"]),
                ("es-nif", Kind::Check, &["41400338Q", "M8511428W", "28579908Q"]),
                ("es-nie", Kind::Check, &["Y0763530J", "Z7054396W", "Y4000222F"]),
                ("es-cif", Kind::Check, &["B71793178", "P3044063J", "C20337879"]),
                ("es-nuss", Kind::Check, &["063235297682", "546787932289", "486538650271"]),
                (
                    "it-fiscal-code",
                    Kind::Check,
                    &["ABPXUT09A29E362P", "CEYIRA00H17B22RX", "LPSKEA37M66I020L"],
                ),
                ("it-vat", Kind::Check, &["IT28711720210", "60360510196", "IT50337340637"]),
                ("nl-bsn", Kind::Check, &["441059806", "554272179", "518120685"]),
                ("be-nrn", Kind::Check, &["90032030932", "12052083615", "16030454215"]),
                ("pt-nif", Kind::Check, &["547901569", "669614483", "303131470"]),
                ("pt-cc", Kind::Check, &["410290621ET0", "601626891UV8", "262960122VG2"]),
                ("ie-ppsn", Kind::Check, &["7896346B", "3731532WA", "3512959F"]),
                ("at-svnr", Kind::Check, &["1897140378", "2676231131", "9329140800"]),
                ("ch-ahv", Kind::Check, &["7565184032382", "7564281966255", "7566824189305"]),
                ("gr-amka", Kind::Check, &["25112667032", "26118400436", "27019810780"]),
                ("gr-afm", Kind::Check, &["617411986", "829465570", "907666186"]),
                ("lu-nin", Kind::Check, &["1927090314426", "1914040710007", "1960082904271"]),
            ],
        );
    }
}
