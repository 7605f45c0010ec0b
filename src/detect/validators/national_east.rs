//! Numbers that the states of central, south-eastern and eastern Europe give to people and taxpayers.

use super::Validator;
use super::checksum::{civil_date, digits, dot, mod11_10, number};
use super::national::compact;

/// Validators of central, south-eastern and eastern Europe.
pub const TABLE: &[Validator] = &[
    compact(
        "cz-birth-number",
        cz_birth_number,
        0.0122,
        "Rodne cislo of ten digits: date and divisibility by 11 (zakon 133/2000 Sb.)",
    ),
    compact(
        "cz-birth-number-old",
        cz_birth_number_old,
        0.039,
        "Rodne cislo of nine digits, given until 1953: date only (zakon 133/2000 Sb.)",
    ),
    compact("cz-ico", cz_ico, 0.1, "ICO: check digit modulo 11 (CSU; zakon 111/2009 Sb.)"),
    compact(
        "sk-dic",
        sk_dic,
        0.049,
        "DIC, IC DPH: third digit and divisibility by 11 (Financna sprava SR; OECD TIN sheet SK)",
    ),
    compact(
        "ro-cnp",
        ro_cnp,
        0.0017,
        "CNP: date, county and check digit modulo 11 (OUG 97/2005; HG 1375/2006)",
    ),
    compact(
        "bg-egn",
        bg_egn,
        0.011,
        "EGN: date with century in the month, check digit modulo 11 (GRAO, Naredba RD-02-20-9)",
    ),
    compact("hr-oib", hr_oib, 0.1, "OIB: ISO 7064 MOD 11,10 (Pravilnik o OIB, NN 1/2009)"),
    compact(
        "yu-jmbg",
        yu_jmbg,
        6.6e-4,
        "JMBG, EMSO: date, region and check digit modulo 11 (Zakon o JMBG; Uredba o EMSO)",
    ),
    compact(
        "hu-tax-id",
        hu_tax_id,
        0.0095,
        "Adoazonosito jel: 8 and check digit modulo 11 (1996. evi XX. torveny)",
    ),
    compact(
        "hu-personal-id",
        hu_personal_id,
        0.0013,
        "Szemelyi szam: date and check digit modulo 11 (1996. evi XX. torveny)",
    ),
    compact(
        "si-tin",
        si_tin,
        0.073,
        "Davcna stevilka: first digit and check digit modulo 11 (ZDavP-2; OECD TIN sheet SI)",
    ),
    compact(
        "ua-rntrc",
        ua_rntrc,
        0.1,
        "RNOKPP: check digit modulo 11 modulo 10 (Ministry of Finance of Ukraine, order 822/2017)",
    ),
    compact(
        "ru-inn",
        ru_inn,
        0.01,
        "INN of a person: two check digits modulo 11 (FNS, order ED-7-14/559@ 2020)",
    ),
    compact(
        "ru-inn-company",
        ru_inn_company,
        0.1,
        "INN of a company: check digit modulo 11 (FNS, order ED-7-14/559@ 2020)",
    ),
    compact("ru-snils", ru_snils, 0.01, "SNILS: key modulo 101 (PFR, order 1-P 2017)"),
];

/// Year and month as written, and day; women have 50 more in the month, since 2004 perhaps 20 more.
fn cz_date(d: &[u32], century: u32, late: bool) -> bool {
    let month = match d[2] * 10 + d[3] {
        m @ 1..=12 => m,
        m @ 51..=62 => m - 50,
        m @ 21..=32 if late => m - 20,
        m @ 71..=82 if late => m - 70,
        _ => return false,
    };
    civil_date(century + d[0] * 10 + d[1], month, d[4] * 10 + d[5])
}

fn cz_birth_number(v: &[u8]) -> bool {
    let (Some(d), Some(n)) = (digits::<10>(v), v.get(..9).and_then(number)) else { return false };
    let late = d[0] * 10 + d[1] < 54;
    // Until 1985 a remainder of 10 was written 0.
    n % 11 % 10 == u64::from(d[9]) && cz_date(&d, if late { 2000 } else { 1900 }, late)
}

fn cz_birth_number_old(v: &[u8]) -> bool {
    digits::<9>(v).is_some_and(|d| d[0] * 10 + d[1] < 54 && d[6..] != [0, 0, 0] && cz_date(&d, 1900, false))
}

fn cz_ico(v: &[u8]) -> bool {
    let Some(d) = digits::<8>(v) else { return false };
    let remainder = dot(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11;
    d[7] == (11 - remainder) % 10 && d[..7].iter().any(|&x| x != 0)
}

fn sk_dic(v: &[u8]) -> bool {
    let v = v.strip_prefix(b"SK").unwrap_or(v);
    let (10, Some(n)) = (v.len(), number(v)) else { return false };
    v[0] != b'0' && matches!(v[2], b'2'..=b'4' | b'7'..=b'9') && n.is_multiple_of(11)
}

fn ro_cnp(v: &[u8]) -> bool {
    let Some(d) = digits::<13>(v) else { return false };
    let century = match d[0] {
        3 | 4 => 1800,
        5 | 6 => 2000,
        0 => return false,
        _ => 1900,
    };
    let check = dot(&d[..12], &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    matches!(d[7] * 10 + d[8], 1..=48 | 51 | 52 | 70 | 80..=83)
        && d[12] == if check == 10 { 1 } else { check }
        && civil_date(century + d[1] * 10 + d[2], d[3] * 10 + d[4], d[5] * 10 + d[6])
}

fn bg_egn(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    let (century, month) = match d[2] * 10 + d[3] {
        m @ 1..=12 => (1900, m),
        m @ 21..=32 => (1800, m - 20),
        m @ 41..=52 => (2000, m - 40),
        _ => return false,
    };
    dot(&d[..9], &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == d[9]
        && civil_date(century + d[0] * 10 + d[1], month, d[4] * 10 + d[5])
}

fn hr_oib(v: &[u8]) -> bool {
    v.len() == 11 && mod11_10(v)
}

fn yu_jmbg(v: &[u8]) -> bool {
    let Some(d) = digits::<13>(v) else { return false };
    let year = d[4] * 100 + d[5] * 10 + d[6];
    let year = if year >= 850 { 1000 + year } else { 2000 + year };
    let check = (11 - dot(&d[..12], &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    (year < 2100)
        && d[12] == check % 10
        && check != 10
        && civil_date(year, d[2] * 10 + d[3], d[0] * 10 + d[1])
}

fn hu_tax_id(v: &[u8]) -> bool {
    digits::<10>(v).is_some_and(|d| d[0] == 8 && dot(&d[..9], &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == d[9])
}

fn hu_personal_id(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    let (century, rising) = match d[0] {
        1 | 2 => (1900, true),
        3 | 4 => (2000, false),
        _ => return false,
    };
    let (year, month, day) = (century + d[1] * 10 + d[2], d[3] * 10 + d[4], d[5] * 10 + d[6]);
    // Weights were turned round for births from 1997.
    let sum = if rising && year < 1997 {
        dot(&d[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    } else {
        dot(&d[..10], &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    };
    sum % 11 == d[10] && civil_date(year, month, day)
}

fn si_tin(v: &[u8]) -> bool {
    let v = v.strip_prefix(b"SI").unwrap_or(v);
    let Some(d) = digits::<8>(v) else { return false };
    let check = 11 - dot(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11;
    d[0] != 0 && check != 11 && d[7] == check % 10
}

fn ua_rntrc(v: &[u8]) -> bool {
    // The first weight is -1, which is 10 modulo 11.
    let Some(d) = digits::<10>(v) else { return false };
    d[..5].iter().any(|&x| x != 0) && dot(&d[..9], &[10, 5, 7, 9, 4, 6, 10, 5, 7]) % 11 % 10 == d[9]
}

/// Weights of the last check digit; the others take a tail of them.
const RU_INN: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];

fn ru_inn_company(v: &[u8]) -> bool {
    digits::<10>(v).is_some_and(|d| dot(&d[..9], &RU_INN[2..]) % 11 % 10 == d[9] && d[..4] != [0, 0, 0, 0])
}

fn ru_inn(v: &[u8]) -> bool {
    digits::<12>(v).is_some_and(|d| {
        dot(&d[..10], &RU_INN[1..]) % 11 % 10 == d[10]
            && dot(&d[..11], &RU_INN) % 11 % 10 == d[11]
            && d[..4] != [0, 0, 0, 0]
    })
}

fn ru_snils(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    let sum = dot(&d[..9], &[9, 8, 7, 6, 5, 4, 3, 2, 1]);
    // Numbers up to 001-001-998 have no key.
    number(&v[..9]).is_some_and(|n| n > 1_001_998) && sum % 101 % 100 == d[9] * 10 + d[10]
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
                ("cz-birth-number", Kind::Check, &["9010294403", "5509213149", "5210047018"]),
                ("cz-birth-number-old", Kind::Structure, &["435329347", "265702814", "385212691"]),
                ("cz-ico", Kind::Check, &["23650931", "78949190", "31268439"]),
                ("sk-dic", Kind::Check, &["2029140619", "SK2087235062", "SK1034162393"]),
                ("ro-cnp", Kind::Check, &["5680419189613", "1710510118216", "6610911074779"]),
                ("bg-egn", Kind::Check, &["1408236072", "6208287045", "6444024495"]),
                ("hr-oib", Kind::Check, &["87030047564", "90410530905", "91626723569"]),
                ("yu-jmbg", Kind::Check, &["2010930504052", "1610912507870", "1812978501441"]),
                ("hu-tax-id", Kind::Check, &["8212976033", "8617900784", "8777368037"]),
                ("hu-personal-id", Kind::Check, &["28502150268", "19208049708", "15107065583"]),
                ("si-tin", Kind::Check, &["62698648", "SI96604654", "20303670"]),
                ("ua-rntrc", Kind::Check, &["3838806335", "2673119848", "2934526543"]),
                ("ru-inn", Kind::Check, &["723835215645", "195247823260", "034735726807"]),
                ("ru-inn-company", Kind::Check, &["3852118801", "5619986892", "0519647174"]),
                ("ru-snils", Kind::Check, &["24297609296", "18277836520", "44559767743"]),
            ],
        );
    }
}
