//! Numbers that the states of the Americas and the United Kingdom give to people and taxpayers.

use super::checksum::{alphanumeric, civil_date, digits, dot, luhn, number};
use super::{Input, Validator};

/// A validator over letters and digits.
pub(super) const fn compact(
    name: &'static str,
    accepts: fn(&[u8]) -> bool,
    pass_rate: f32,
    about: &'static str,
) -> Validator {
    Validator { name, input: Input::Compact, accepts, pass_rate, about }
}

/// Validators of the Americas and the United Kingdom.
pub const TABLE: &[Validator] = &[
    compact(
        "us-ssn",
        us_ssn,
        0.889,
        "SSN ranges: no area 000, 666, 9xx, no group 00, no serial 0000 (SSA POMS RM 10201.030)",
    ),
    compact(
        "us-ssn-test",
        us_ssn_test,
        4e-8,
        "SSNs of SSA advertisements and specimens, and runs of one digit",
    ),
    compact(
        "us-itin",
        us_itin,
        0.043,
        "ITIN: 9xx, group 50-65, 70-88, 90-92 or 94-99 (IRS Publication 1915, 1-2024)",
    ),
    compact("us-atin", us_atin, 0.001, "ATIN: 9xx with group 93 (IRS, About Form W-7A)"),
    compact(
        "us-ein",
        us_ein,
        0.81,
        "EIN prefixes that an IRS campus or the Internet assigns (IRS, How EINs are assigned)",
    ),
    compact(
        "uk-nino",
        uk_nino,
        0.55,
        "NINO: prefixes in use and suffix A-D (HMRC National Insurance Manual NIM39110)",
    ),
    compact(
        "uk-utr",
        uk_utr,
        0.091,
        "UTR: check digit first, weights 6-10, 5-2 modulo 11 (HMRC specification for CIS and SA, 2013)",
    ),
    compact(
        "uk-driving-licence",
        uk_driving_licence,
        0.066,
        "Driver number: padded surname, date of birth, initials (DVLA INF45)",
    ),
    compact("ca-sin", ca_sin, 0.09, "SIN: Luhn, first digit not 8 (ESDC, SIN Code of Practice)"),
    compact(
        "ca-sin-fictitious",
        ca_sin_fictitious,
        0.1,
        "SIN beginning with 0: never issued, used in samples (CRA)",
    ),
    compact(
        "mx-curp",
        mx_curp,
        1.8e-4,
        "CURP: date, sex, state and check digit modulo 10 (Instructivo normativo CURP, DOF 18-10-2021)",
    ),
    compact(
        "mx-rfc-shape",
        mx_rfc_shape,
        0.036,
        "RFC: date of birth or of founding (SAT, Anexo 1-A RMF 2024)",
    ),
    compact("mx-rfc", mx_rfc, 0.003, "RFC: date and check digit modulo 11 (SAT, Anexo 1-A RMF 2024)"),
    compact("br-cpf", br_cpf, 0.01, "CPF: two check digits modulo 11 (Receita Federal, IN RFB 2172/2024)"),
    compact(
        "br-cnpj",
        br_cnpj,
        0.01,
        "CNPJ: two check digits modulo 11, letters allowed (Receita Federal, IN RFB 2229/2024)",
    ),
    compact("ar-cuit", ar_cuit, 0.0115, "CUIT/CUIL: prefix and check digit modulo 11 (AFIP, RG 10/1997)"),
    compact(
        "cl-rut",
        cl_rut,
        0.091,
        "RUT: check digit modulo 11, K for 10 (Servicio de Impuestos Internos; DL 3/1969)",
    ),
    compact(
        "co-nit",
        co_nit,
        0.1,
        "NIT: check digit modulo 11 over prime weights (DIAN, orden administrativa 4/1989)",
    ),
    compact(
        "ec-cedula",
        ec_cedula,
        0.0192,
        "Cedula: province, kind of holder and Luhn (Registro Civil del Ecuador)",
    ),
    compact("pe-ruc", pe_ruc, 0.005, "RUC: prefix and check digit modulo 11 (SUNAT)"),
    compact("uy-ci", uy_ci, 0.1, "Cedula de identidad: weights 2987634 modulo 10 (DNIC, Uruguay)"),
];

/// Social Security number: ranges that were or can be issued.
fn us_ssn(v: &[u8]) -> bool {
    let (9, Some(n)) = (v.len(), number(v)) else { return false };
    let (area, group, serial) = (n / 1_000_000, n / 10_000 % 100, n % 10_000);
    area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
}

/// Published SSNs that belong to nobody.
fn us_ssn_test(v: &[u8]) -> bool {
    let (9, Some(n)) = (v.len(), number(v)) else { return false };
    matches!(n, 78_051_120 | 219_099_999 | 123_456_789 | 987_654_320..=987_654_329)
        || n.is_multiple_of(111_111_111)
}

fn us_itin(v: &[u8]) -> bool {
    let (9, Some(n)) = (v.len(), number(v)) else { return false };
    n >= 900_000_000 && matches!(n / 10_000 % 100, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

fn us_atin(v: &[u8]) -> bool {
    let (9, Some(n)) = (v.len(), number(v)) else { return false };
    n >= 900_000_000 && n / 10_000 % 100 == 93
}

fn us_ein(v: &[u8]) -> bool {
    let (9, Some(n)) = (v.len(), number(v)) else { return false };
    let assigned = matches!(
        n / 10_000_000,
        1..=6 | 10..=16 | 20..=27 | 30..=48 | 50..=68 | 71..=77 | 80..=88 | 90..=95 | 98 | 99
    );
    assigned && !n.is_multiple_of(10_000_000)
}

fn uk_nino(v: &[u8]) -> bool {
    let &[a, b, ref six @ .., suffix] = v else { return false };
    a.is_ascii_uppercase()
        && !b"DFIQUV".contains(&a)
        && b.is_ascii_uppercase()
        && !b"DFIOQUV".contains(&b)
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&[a, b])
        && digits::<6>(six).is_some()
        && (b'A'..=b'D').contains(&suffix)
}

fn uk_utr(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    const CHECK: [u32; 11] = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    let remainder = dot(&d[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    d[0] == CHECK[remainder as usize] && d[1..].iter().any(|&x| x != 0)
}

/// Surname of five (filled with 9), decade, month (a woman's plus 50), day, year, initials, 9, two letters.
fn uk_driving_licence(v: &[u8]) -> bool {
    let (16, Some(born)) = (v.len(), v.get(5..11).and_then(digits::<6>)) else { return false };
    let surname = v[..5].iter().position(|&b| b == b'9').unwrap_or(5);
    let filled = v[surname..5].iter().all(|&b| b == b'9') && v[..surname].iter().all(u8::is_ascii_uppercase);
    let month = (born[1] * 10 + born[2]) % 50;
    // The century is unknown: a leap year serves both.
    let date = civil_date(2000, month, born[3] * 10 + born[4]);
    let initials = v[11].is_ascii_uppercase() && (v[12].is_ascii_uppercase() || v[12] == b'9');
    surname > 0
        && filled
        && date
        && initials
        && v[13].is_ascii_digit()
        && v[14..].iter().all(u8::is_ascii_uppercase)
}

fn ca_sin(v: &[u8]) -> bool {
    v.len() == 9 && luhn(v) && v[0] != b'8' && v[..4] != *b"0000"
}

fn ca_sin_fictitious(v: &[u8]) -> bool {
    v.len() == 9 && v[0] == b'0'
}

/// Whether `YYMMDD` is a day of a plausible year; without a century, 29 February counts in years that divide by 4.
fn short_date(v: &[u8]) -> bool {
    digits::<6>(v).is_some_and(|d| civil_date(2000 + d[0] * 10 + d[1], d[2] * 10 + d[3], d[4] * 10 + d[5]))
}

/// States of Mexico as the CURP writes them, `NE` for born abroad.
const MX_STATES: &[u8] = b"ASBCBSCCCLCMCSCHDFDGGTGRHGJCMCMNMSNTNLOCPLQTQRSPSLSRTCTSTLVZYNZSNE";

fn mx_curp(v: &[u8]) -> bool {
    if v.len() != 18 || !v[..4].iter().chain(&v[10..16]).all(u8::is_ascii_uppercase) {
        return false;
    }
    let state = MX_STATES.chunks(2).any(|s| s == &v[11..13]);
    let (Some(year), Some(rest)) = (v.get(4..6).and_then(digits::<2>), v.get(6..10).and_then(digits::<4>))
    else {
        return false;
    };
    let century = if v[16].is_ascii_digit() { 1900 } else { 2000 };
    let born = civil_date(century + year[0] * 10 + year[1], rest[0] * 10 + rest[1], rest[2] * 10 + rest[3]);
    // The alphabet has an Ñ after the N, so that letters from O on count one more.
    let sum = v[..17].iter().zip((2..=18).rev()).try_fold(0, |sum, (&b, weight)| {
        let value = alphanumeric(b)?;
        Some(sum + (value + u32::from(b > b'N')) * weight)
    });
    state
        && born
        && b"HMX".contains(&v[10])
        && sum.is_some_and(|s| v[17] == b'0' + ((10 - s % 10) % 10) as u8)
}

fn mx_rfc_shape(v: &[u8]) -> bool {
    let letters = v.len().saturating_sub(9);
    (letters == 3 || letters == 4)
        && v[..letters].iter().all(u8::is_ascii_uppercase)
        && short_date(&v[letters..letters + 6])
        && v[letters + 6..].iter().all(u8::is_ascii_alphanumeric)
        && (v[v.len() - 1].is_ascii_digit() || v[v.len() - 1] == b'A')
}

fn mx_rfc(v: &[u8]) -> bool {
    if !mx_rfc_shape(v) {
        return false;
    }
    // Alphabet 0-9 A-N & O-Z space Ñ: letters after N count one more; a company's number begins with a space (37).
    let (body, check) = v.split_at(v.len() - 1);
    let start = if v.len() == 12 { 37 * 13 } else { 0 };
    let sum =
        body.iter().rev().zip(2..).fold(start, |sum, (&b, weight)| {
            sum + (alphanumeric(b).unwrap_or(0) + u32::from(b > b'N')) * weight
        });
    let expected = (11 - sum % 11) % 11;
    alphanumeric(check[0]) == Some(expected)
}

fn br_cpf(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    const W: [u32; 10] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let check = |sum: u32| (11 - sum % 11) % 11 % 10;
    d[9] == check(dot(&d[..9], &W[1..])) && d[10] == check(dot(&d[..10], &W)) && d.iter().any(|&x| x != d[0])
}

fn br_cnpj(v: &[u8]) -> bool {
    if v.len() != 14 || digits::<2>(&v[12..]).is_none() || !v.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    const W: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let check = |n: usize| {
        let sum: u32 = v[..n].iter().zip(&W[13 - n..]).map(|(&b, w)| u32::from(b - b'0') * w).sum();
        b'0' + ((11 - sum % 11) % 11 % 10) as u8
    };
    v[12] == check(12) && v[13] == check(13) && v[..12].iter().any(|&b| b != v[0])
}

fn ar_cuit(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    let remainder = dot(&d[..10], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = [0, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1][remainder as usize];
    let prefix = matches!(d[0] * 10 + d[1], 20 | 23..=27 | 30 | 33 | 34 | 50 | 51 | 55);
    prefix && d[10] == check
}

fn cl_rut(v: &[u8]) -> bool {
    let Some((&check, body)) = v.split_last() else { return false };
    if !matches!(body.len(), 7 | 8) {
        return false;
    }
    let Some(n) = number(body) else { return false };
    let sum: u32 =
        body.iter().rev().zip([2, 3, 4, 5, 6, 7].iter().cycle()).map(|(&b, w)| u32::from(b - b'0') * w).sum();
    let expected = match (11 - sum % 11) % 11 {
        10 => b'K',
        c => b'0' + c as u8,
    };
    n >= 100_000 && check == expected
}

fn co_nit(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    let remainder = dot(&d[..9], &[41, 37, 29, 23, 19, 17, 13, 7, 3]) % 11;
    d[9] == [0, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1][remainder as usize] && d[0] != 0
}

fn ec_cedula(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    let province = d[0] * 10 + d[1];
    matches!(province, 1..=24 | 30 | 50) && d[2] <= 6 && luhn(v)
}

fn pe_ruc(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    let check = (11 - dot(&d[..10], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 10;
    matches!(d[0] * 10 + d[1], 10 | 15..=17 | 20) && d[10] == check
}

fn uy_ci(v: &[u8]) -> bool {
    let Some(d) = digits::<8>(v) else { return false };
    let check = (10 - dot(&d[..7], &[2, 9, 8, 7, 6, 3, 4]) % 10) % 10;
    d[..7].iter().any(|&x| x != 0) && d[7] == check
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
                ("us-ssn", Kind::Structure, &["241592066", "136849908", "515989502"]),
                ("us-ssn-test", Kind::Structure, &["078051120", "219099999", "987654321"]),
                ("us-itin", Kind::Structure, &["955882095", "962929611", "916551540"]),
                ("us-atin", Kind::Structure, &["988934415", "988938741", "991936225"]),
                ("us-ein", Kind::Structure, &["635930286", "042506811", "561110746"]),
                ("uk-nino", Kind::Structure, &["LW924088A", "HX039646B", "WH441679A"]),
                ("uk-utr", Kind::Check, &["9606620383", "1795471043", "8108238828"]),
                (
                    "uk-driving-licence",
                    Kind::Structure,
                    &["WEX99704251A99SD", "OQDKB003072CH9VD", "LFV99306017J99NP"],
                ),
                ("ca-sin", Kind::Check, &["567132436", "626484471", "570755132"]),
                ("ca-sin-fictitious", Kind::Structure, &["046454286", "000000018"]),
                ("mx-curp", Kind::Leaky, &["CAND190103MDFHCD87", "CEML960924HNLHCB85", "CANF830625HMCHGG18"]),
                ("mx-rfc-shape", Kind::Structure, &["CAMG360410G19", "FESL150504FN3", "GASG350327WX6"]),
                ("mx-rfc", Kind::Check, &["DENL860225D78", "FONG680120QN8", "CBS4301176F5"]),
                ("br-cpf", Kind::Check, &["84138064370", "18074447162", "47555163233"]),
                ("br-cnpj", Kind::Check, &["08693677000911", "VH726A73000631", "35614721000419"]),
                ("ar-cuit", Kind::Check, &["20687843720", "30768122616", "20374355059"]),
                ("cl-rut", Kind::Check, &["149723250", "64800507", "14277349K"]),
                ("co-nit", Kind::Check, &["9587586481", "9681960977", "8643467767"]),
                ("ec-cedula", Kind::Check, &["1239784158", "0414117465", "1427182553"]),
                ("pe-ruc", Kind::Check, &["10450361777", "20228721752", "10404339678"]),
                ("uy-ci", Kind::Check, &["45733585", "56444789", "21701629"]),
            ],
        );
    }

    #[test]
    fn detectors_of_governments_name_validators_that_accept_their_examples() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/government");
        let detectors = crate::detect::definition::load_dir(&dir).unwrap();
        assert!(detectors.len() >= 140);
        for (_, d) in &detectors {
            for name in d.validators.iter().chain(&d.likely_test) {
                let v = super::super::find(name).unwrap_or_else(|| panic!("{}: no validator {name}", d.id));
                for example in d.examples.iter().filter(|_| d.validators.contains(name)) {
                    let value = example.split(['⟦', '⟧']).nth(1).unwrap();
                    let compact: Vec<u8> = value
                        .bytes()
                        .filter(u8::is_ascii_alphanumeric)
                        .map(|b| b.to_ascii_uppercase())
                        .collect();
                    assert!((v.accepts)(&compact), "{}: {name} refuses {value}", d.id);
                }
            }
        }
    }
}
