//! Numbers that the states of northern and eastern Europe give to people and taxpayers.

use super::Validator;
use super::checksum::{alphanumeric, civil_date, digits, dot, luhn, mod11_10, number};
use super::national::compact;

/// Validators of northern and eastern Europe.
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
                ("cz-birth-number", Kind::Check, &["9010294403", "5509213149", "5210047018"]),
                ("cz-birth-number-old", Kind::Structure, &["435329347", "265702814", "385212691"]),
                ("cz-ico", Kind::Check, &["23650931", "78949190", "31268439"]),
                ("sk-dic", Kind::Check, &["2029140619", "SK2087235062", "SK1034162393"]),
                ("ro-cnp", Kind::Check, &["5680419189613", "1710510118216", "6610911074779"]),
                ("bg-egn", Kind::Check, &["1408236072", "6208287045", "6444024495"]),
                ("hr-oib", Kind::Check, &["87030047564", "90410530905", "91626723569"]),
                ("yu-jmbg", Kind::Check, &["2010930504052", "1610912507870", "1812978501441"]),
                ("baltic-code", Kind::Check, &["67308187360", "47607298666", "31606174520"]),
                ("lt-code", Kind::Check, &["38106086013", "67909110322", "69804065933"]),
                ("lv-code", Kind::Structure, &["04039617285", "32211189653", "16029429959"]),
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
