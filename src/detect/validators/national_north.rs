//! Numbers that the states of northern Europe, the Baltic and Poland give to people and taxpayers.

use super::Validator;
use super::checksum::{alphanumeric, civil_date, digits, dot, luhn, number};
use super::national::compact;

/// Validators of northern Europe, the Baltic and Poland.
pub const TABLE: &[Validator] = &[
    compact(
        "pl-pesel",
        pl_pesel,
        0.011,
        "PESEL: date with century in the month, check digit modulo 10 (ustawa o ewidencji ludnosci, art. 15)",
    ),
    compact("pl-nip", pl_nip, 0.082, "NIP: check digit modulo 11 (rozporzadzenie MF; OECD TIN sheet PL)"),
    compact(
        "pl-regon",
        pl_regon,
        0.1,
        "REGON of 9 or 14 digits: check digit modulo 11 (GUS, Dz.U. 2015 poz. 2009)",
    ),
    compact(
        "pl-id-card",
        pl_id_card,
        0.1,
        "Dowod osobisty: weights 7, 3, 1 modulo 10, check digit in fourth place (MSWiA)",
    ),
    compact(
        "se-personnummer",
        se_personnummer,
        0.0075,
        "Personnummer and samordningsnummer: date and Luhn (SKV 704; SKV 707)",
    ),
    compact("se-orgnr", se_orgnr, 0.08, "Organisationsnummer: third digit from 2 and Luhn (SKV 709)"),
    compact(
        "no-fodselsnummer",
        no_fodselsnummer,
        0.0023,
        "Fodselsnummer and D-number: date and two check digits modulo 11 (Skatteetaten; folkeregisterforskriften 2-2)",
    ),
    compact(
        "no-synthetic",
        no_synthetic,
        0.4,
        "Month plus 40, 65 or 80: synthetic test people (Skatteetaten, Tenor; NAV Dolly)",
    ),
    compact(
        "dk-cpr",
        dk_cpr,
        0.0036,
        "CPR: date and check digit modulo 11, as given until 2007 (CPR-kontoret, Personnummeret i CPR)",
    ),
    compact(
        "dk-cpr-date",
        dk_cpr_date,
        0.039,
        "CPR: date of birth only, since numbers without check digit are given (CPR-kontoret, Personnummeret i CPR)",
    ),
    compact(
        "fi-hetu",
        fi_hetu,
        1.0e-3,
        "Henkilotunnus: date and check character modulo 31 (Digi- ja vaestotietovirasto; asetus 128/2010)",
    ),
    compact(
        "fi-hetu-temporary",
        fi_hetu_temporary,
        0.1,
        "Serial 900-999: temporary or test use (Digi- ja vaestotietovirasto)",
    ),
    compact(
        "is-kennitala",
        is_kennitala,
        0.0021,
        "Kennitala: date (companies: day plus 40), check digit modulo 11, century (Thjodskra)",
    ),
    compact(
        "baltic-code",
        baltic_code,
        0.0026,
        "Isikukood, asmens kodas: date and two-stage check digit modulo 11 (EVS 585:2007)",
    ),
    compact(
        "lt-code",
        lt_code,
        0.0013,
        "Asmens kodas: as isikukood, first digit 3-6 (Lietuvos gyventoju registro nuostatai)",
    ),
    compact(
        "lv-code",
        lv_code,
        0.012,
        "Personas kods: date and check digit modulo 11, or 32 and no check since 2017 (Iedzivotaju registra likums)",
    ),
];

/// A day in a year of two digits whose century is not known.
fn short_date(year: u32, month: u32, day: u32) -> bool {
    civil_date(2000 + year, month, day)
}

fn pl_pesel(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    let (century, month) = match d[2] * 10 + d[3] {
        m @ 1..=12 => (1900, m),
        m @ 21..=32 => (2000, m - 20),
        m @ 81..=92 => (1800, m - 80),
        _ => return false,
    };
    dot(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
        && civil_date(century + d[0] * 10 + d[1], month, d[4] * 10 + d[5])
}

fn pl_nip(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    d[0] != 0 && dot(&d[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d[9]
}

fn pl_regon(v: &[u8]) -> bool {
    let nine = |v: &[u8]| {
        digits::<9>(v).is_some_and(|d| {
            d[8] == dot(&d[..8], &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10 && d[..8].iter().any(|&x| x != 0)
        })
    };
    match digits::<14>(v) {
        Some(d) => {
            nine(&v[..9]) && d[13] == dot(&d[..13], &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]) % 11 % 10
        }
        None => nine(v),
    }
}

fn pl_id_card(v: &[u8]) -> bool {
    if v.len() != 9 || !v[..3].iter().all(u8::is_ascii_uppercase) || digits::<6>(&v[3..]).is_none() {
        return false;
    }
    let sum: u32 =
        v.iter().zip([7, 3, 1, 9, 7, 3, 1, 7, 3]).map(|(&b, w)| alphanumeric(b).unwrap_or(0) * w).sum();
    sum.is_multiple_of(10)
}

fn se_personnummer(v: &[u8]) -> bool {
    let (century, ten) = match v.len() {
        12 if matches!(&v[..2], b"18" | b"19" | b"20") => (number(&v[..2]), &v[2..]),
        10 => (Some(20), v),
        _ => return false,
    };
    let (Some(d), Some(century)) = (digits::<10>(ten), century) else { return false };
    let day = d[4] * 10 + d[5];
    let day = if day > 60 { day - 60 } else { day };
    luhn(ten) && civil_date(century as u32 * 100 + d[0] * 10 + d[1], d[2] * 10 + d[3], day)
}

fn se_orgnr(v: &[u8]) -> bool {
    v.len() == 10 && luhn(v) && v[2] >= b'2' && v[0] != b'0'
}

fn no_fodselsnummer(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    let day = d[0] * 10 + d[1];
    let day = if day > 40 { day - 40 } else { day };
    let month = match d[2] * 10 + d[3] {
        m @ 1..=12 => m,
        m @ 41..=52 => m - 40,
        m @ 66..=77 => m - 65,
        m @ 81..=92 => m - 80,
        _ => return false,
    };
    short_date(d[4] * 10 + d[5], month, day)
        && dot(&d[..10], &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && dot(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

fn no_synthetic(v: &[u8]) -> bool {
    digits::<11>(v).is_some_and(|d| matches!(d[2] * 10 + d[3], 41..=52 | 66..=77 | 81..=92))
}

fn dk_cpr_date(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    let year = d[4] * 10 + d[5];
    let century = match d[6] {
        0..=3 => 1900,
        4 | 9 if year < 37 => 2000,
        4 | 9 => 1900,
        _ if year < 58 => 2000,
        _ => 1800,
    };
    civil_date(century + year, d[2] * 10 + d[3], d[0] * 10 + d[1])
}

fn dk_cpr(v: &[u8]) -> bool {
    digits::<10>(v).is_some_and(|d| dot(&d, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
        && dk_cpr_date(v)
}

/// Date, serial and check character of a henkilotunnus; the signs `-` and `+` are no longer there.
fn fi_parts(v: &[u8]) -> Option<([u32; 6], [u32; 3], u8)> {
    let serial = match v.len() {
        10 => &v[6..9],
        11 if b"ABCDEFYXWVU".contains(&v[6]) => &v[7..10],
        _ => return None,
    };
    Some((digits::<6>(&v[..6])?, digits::<3>(serial)?, v[v.len() - 1]))
}

fn fi_hetu(v: &[u8]) -> bool {
    let Some((date, serial, check)) = fi_parts(v) else { return false };
    let n = date.iter().chain(&serial).fold(0, |n, d| n * 10 + d);
    serial != [0, 0, 0]
        && serial != [0, 0, 1]
        && short_date(date[4] * 10 + date[5], date[2] * 10 + date[3], date[0] * 10 + date[1])
        && check == b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(n % 31) as usize]
}

fn fi_hetu_temporary(v: &[u8]) -> bool {
    fi_parts(v).is_some_and(|(_, serial, _)| serial[0] == 9)
}

fn is_kennitala(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    let day = d[0] * 10 + d[1];
    let day = if day > 40 { day - 40 } else { day };
    matches!(d[9], 0 | 8 | 9)
        && dot(&d[..9], &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
        && short_date(d[4] * 10 + d[5], d[2] * 10 + d[3], day)
}

fn baltic_code(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    if !(1..=8).contains(&d[0]) {
        return false;
    }
    let check = match dot(&d[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => dot(&d[..10], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        r => r,
    };
    let year = 1800 + (d[0] - 1) / 2 * 100 + d[1] * 10 + d[2];
    d[10] == check && civil_date(year, d[3] * 10 + d[4], d[5] * 10 + d[6])
}

fn lt_code(v: &[u8]) -> bool {
    v.first().is_some_and(|b| (b'3'..=b'6').contains(b)) && baltic_code(v)
}

fn lv_code(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    if d[0] == 3 && d[1] == 2 {
        return true;
    }
    let check = (1101 - dot(&d[..10], &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11 % 10;
    d[6] < 3
        && d[10] == check
        && civil_date(1800 + d[6] * 100 + d[4] * 10 + d[5], d[2] * 10 + d[3], d[0] * 10 + d[1])
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
                ("pl-pesel", Kind::Check, &["79021865570", "06042753810", "27310929333"]),
                ("pl-nip", Kind::Check, &["7303633050", "6559527668", "7824567976"]),
                ("pl-regon", Kind::Check, &["268104536", "56289915273356", "437494682"]),
                ("pl-id-card", Kind::Check, &["AFF180854", "CCT592504", "CWL417832"]),
                ("se-personnummer", Kind::Check, &["4104021342", "194801298227", "6406756178"]),
                ("se-orgnr", Kind::Check, &["5585105074", "5567903629", "5588744465"]),
                ("no-fodselsnummer", Kind::Check, &["08090192281", "60067909111", "08124661839"]),
                ("no-synthetic", Kind::Structure, &["01418012345", "01818012345", "01668012345"]),
                ("dk-cpr", Kind::Check, &["0708972568", "2808701750", "2103424928"]),
                ("dk-cpr-date", Kind::Structure, &["2103112780", "2411251363", "1806663989"]),
                ("fi-hetu", Kind::Check, &["021247554Y", "250502A212H", "290382083Y"]),
                ("fi-hetu-temporary", Kind::Structure, &["0101809006", "010190A950L"]),
                ("is-kennitala", Kind::Check, &["0602513129", "1312700890", "0103287800"]),
                ("baltic-code", Kind::Check, &["67308187360", "47607298666", "31606174520"]),
                ("lt-code", Kind::Check, &["38106086013", "67909110322", "69804065933"]),
                ("lv-code", Kind::Structure, &["04039617285", "32211189653", "16029429959"]),
            ],
        );
    }
}
