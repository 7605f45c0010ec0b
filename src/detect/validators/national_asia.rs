//! Numbers that the states of Asia, Oceania, Africa and the Middle East give to people and taxpayers.

use super::Validator;
use super::checksum::{alphanumeric, civil_date, digits, dot, luhn, mod11_2, verhoeff};
use super::national::compact;

/// Validators of Asia, Oceania, Africa and the Middle East.
pub const TABLE: &[Validator] = &[
    compact(
        "in-aadhaar",
        in_aadhaar,
        0.08,
        "Aadhaar: first digit 2-9, Verhoeff, no palindrome (UIDAI, A UID Numbering Scheme, 2010)",
    ),
    compact("in-pan", in_pan, 0.385, "PAN: kind of holder in fourth place (Income Tax Department, Rule 114)"),
    compact(
        "in-gstin",
        in_gstin,
        0.0045,
        "GSTIN: state, PAN, Z, check character modulo 36 (GSTN; CGST Rules 2017, rule 10)",
    ),
    compact(
        "in-voter",
        in_voter,
        0.1,
        "EPIC: three letters, Luhn over the digits (Election Commission of India)",
    ),
    compact(
        "cn-resident-id",
        cn_resident_id,
        7e-5,
        "Resident identity number: region, date, ISO 7064 MOD 11-2 (GB 11643-1999)",
    ),
    compact(
        "tw-national-id",
        tw_national_id,
        0.04,
        "National and resident certificate number: letter, sex, weights modulo 10 (MOI, Taiwan)",
    ),
    compact(
        "hk-hkid",
        hk_hkid,
        0.09,
        "HKID: one or two letters, modulo 11, A for 10 (Immigration Department, Cap. 177A)",
    ),
    compact("sg-nric-fin", sg_nric_fin, 0.0385, "NRIC, FIN: prefix S, T, F, G, M and letter modulo 11 (ICA)"),
    compact(
        "kr-rrn",
        kr_rrn,
        0.0019,
        "RRN: date, sex, check digit modulo 11, as given until October 2020 (MOIS)",
    ),
    compact(
        "kr-rrn-date",
        kr_rrn_date,
        0.022,
        "RRN: date and sex only, since numbers from October 2020 have no check digit (MOIS)",
    ),
    compact(
        "kr-frn",
        kr_frn,
        0.0015,
        "Foreign registration number: date, sex, check digit modulo 11 (Ministry of Justice, Korea)",
    ),
    compact(
        "kr-frn-date",
        kr_frn_date,
        0.0146,
        "Foreign registration number: date and sex only (Ministry of Justice, Korea)",
    ),
    compact(
        "jp-my-number",
        jp_my_number,
        0.1,
        "Individual number: check digit modulo 11 (MIC ordinance 85/2014, art. 5)",
    ),
    compact("th-tnin", th_tnin, 0.08, "Thai citizen number: first digit 1-8, check digit modulo 11 (DOPA)"),
    compact(
        "my-nric",
        my_nric,
        0.026,
        "MyKad: date and place of birth code (JPN, National Registration Regulations 1990)",
    ),
    compact("id-nik", id_nik, 0.0277, "NIK: province and date, women plus 40 (Permendagri 72/2022)"),
    compact(
        "au-medicare",
        au_medicare,
        0.05,
        "Medicare card: weights 1 3 7 9 modulo 10, first digit 2 to 6 (Services Australia)",
    ),
    compact("au-tfn", au_tfn, 0.091, "TFN: weights modulo 11 (ATO, TFN algorithm)"),
    compact(
        "au-abn",
        au_abn,
        0.0101,
        "ABN: modulo 89 after one is taken from the first digit (ABR, Format of the ABN)",
    ),
    compact("au-acn", au_acn, 0.1, "ACN: weights 8-1 modulo 10 (ASIC, ACN check digit)"),
    compact(
        "nz-ird",
        nz_ird,
        0.045,
        "IRD number: range and two-stage check digit modulo 11 (Inland Revenue, RWT and NRWT specification 2020)",
    ),
    compact(
        "za-id",
        za_id,
        0.0011,
        "South African ID: date, citizenship and Luhn (Identification Act 68/1997)",
    ),
    compact("ng-nin", ng_nin, 0.1, "NIN: Verhoeff (NIMC)"),
    compact("tr-national-id", tr_national_id, 0.009, "T.C. kimlik no: two check digits modulo 10 (NVI)"),
    compact("tr-vkn", tr_vkn, 0.1, "Vergi kimlik no: check digit of shifted powers of two (Gelir Idaresi)"),
    compact("il-id", il_id, 0.1, "Mispar zehut: Luhn (Population and Immigration Authority)"),
    compact("ae-emirates-id", ae_emirates_id, 4e-5, "Emirates ID: 784, year of birth, Luhn (ICP)"),
    compact(
        "sa-national-id",
        sa_national_id,
        0.02,
        "Saudi national and residence number: 1 or 2 and Luhn (Absher)",
    ),
];

/// A day in a year of two digits whose century is not known.
fn short_date(d: &[u32; 6]) -> bool {
    civil_date(2000 + d[0] * 10 + d[1], d[2] * 10 + d[3], d[4] * 10 + d[5])
}

fn in_aadhaar(v: &[u8]) -> bool {
    v.len() == 12 && v[0] >= b'2' && verhoeff(v) && !v.iter().eq(v.iter().rev())
}

fn in_pan(v: &[u8]) -> bool {
    v.len() == 10
        && v[..5].iter().chain(&v[9..]).all(u8::is_ascii_uppercase)
        && digits::<4>(&v[5..9]).is_some_and(|d| d != [0, 0, 0, 0])
        && b"ABCFGHJKLPT".contains(&v[3])
}

fn in_gstin(v: &[u8]) -> bool {
    if v.len() != 15 || !in_pan(&v[2..12]) || v[12] == b'0' || v[13] != b'Z' {
        return false;
    }
    let state = digits::<2>(&v[..2]).is_some_and(|d| matches!(d[0] * 10 + d[1], 1..=38 | 97 | 99));
    let sum = v[..14].iter().zip([1, 2].iter().cycle()).try_fold(0, |sum, (&b, w)| {
        let product = alphanumeric(b)? * w;
        Some(sum + product / 36 + product % 36)
    });
    state && sum.map(|s| (36 - s % 36) % 36) == alphanumeric(v[14])
}

fn in_voter(v: &[u8]) -> bool {
    v.len() == 10 && v[..3].iter().all(u8::is_ascii_uppercase) && luhn(&v[3..])
}

fn cn_resident_id(v: &[u8]) -> bool {
    let Some(d) = v.get(..17).and_then(digits::<17>) else { return false };
    let region = matches!(
        d[0] * 10 + d[1],
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91
    );
    let year = d[6] * 1000 + d[7] * 100 + d[8] * 10 + d[9];
    v.len() == 18
        && region
        && (1850..2100).contains(&year)
        && civil_date(year, d[10] * 10 + d[11], d[12] * 10 + d[13])
        && mod11_2(v)
}

fn tw_national_id(v: &[u8]) -> bool {
    /// Values of the letters, in the order in which counties got them.
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some(d) = v.get(1..).and_then(digits::<9>) else { return false };
    let Some(n) = LETTERS.iter().position(|&l| l == v[0]) else { return false };
    let letter = n as u32 + 10;
    let sum = letter / 10 + letter % 10 * 9 + dot(&d, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(d[0], 1 | 2 | 8 | 9) && sum.is_multiple_of(10)
}

fn hk_hkid(v: &[u8]) -> bool {
    let (letters, rest) = match v.len() {
        8 => v.split_at(1),
        9 => v.split_at(2),
        _ => return false,
    };
    let (Some(d), true) = (digits::<6>(&rest[..6]), letters.iter().all(u8::is_ascii_uppercase)) else {
        return false;
    };
    // A single letter stands after a blank, which counts 36.
    let value = |b: u8| u32::from(b - b'A') + 10;
    let lead = match *letters {
        [a, b] => value(a) * 9 + value(b) * 8,
        _ => 36 * 9 + value(letters[0]) * 8,
    };
    let check = match rest[6] {
        b'A' => 10,
        b @ b'0'..=b'9' => u32::from(b - b'0'),
        _ => return false,
    };
    (lead + dot(&d, &[7, 6, 5, 4, 3, 2]) + check).is_multiple_of(11)
}

fn sg_nric_fin(v: &[u8]) -> bool {
    let &[prefix, ref middle @ .., check] = v else { return false };
    let Some(d) = digits::<7>(middle) else { return false };
    let (offset, letters) = match prefix {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    check == letters[((offset + dot(&d, &[2, 7, 6, 5, 4, 3, 2])) % 11) as usize]
}

/// The digits of a Korean number whose date fits the century of its seventh digit.
fn kr_dated(v: &[u8]) -> Option<[u32; 13]> {
    let d = digits::<13>(v)?;
    let century = match d[6] {
        0 | 9 => 1800,
        1 | 2 | 5 | 6 => 1900,
        _ => 2000,
    };
    civil_date(century + d[0] * 10 + d[1], d[2] * 10 + d[3], d[4] * 10 + d[5]).then_some(d)
}

fn kr_rrn_date(v: &[u8]) -> bool {
    kr_dated(v).is_some_and(|d| matches!(d[6], 0..=4 | 9))
}

fn kr_frn_date(v: &[u8]) -> bool {
    kr_dated(v).is_some_and(|d| matches!(d[6], 5..=8))
}

/// Remainder of the first twelve digits of a Korean number.
fn kr_remainder(d: &[u32; 13]) -> u32 {
    dot(&d[..12], &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11
}

fn kr_rrn(v: &[u8]) -> bool {
    kr_rrn_date(v) && digits::<13>(v).is_some_and(|d| (11 - kr_remainder(&d)) % 10 == d[12])
}

fn kr_frn(v: &[u8]) -> bool {
    kr_frn_date(v) && digits::<13>(v).is_some_and(|d| (13 - kr_remainder(&d)) % 10 == d[12])
}

fn jp_my_number(v: &[u8]) -> bool {
    let Some(d) = digits::<12>(v) else { return false };
    let check = match dot(&d[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => 0,
        r => 11 - r,
    };
    d[11] == check && d[..11].iter().any(|&x| x != d[0])
}

fn th_tnin(v: &[u8]) -> bool {
    let Some(d) = digits::<13>(v) else { return false };
    (1..=8).contains(&d[0])
        && (11 - dot(&d[..12], &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == d[12]
}

fn my_nric(v: &[u8]) -> bool {
    let (12, Some(date), Some(place)) =
        (v.len(), v.get(..6).and_then(digits::<6>), v.get(6..8).and_then(digits::<2>))
    else {
        return false;
    };
    let place = place[0] * 10 + place[1];
    let known = matches!(place, 1..=16 | 21..=68 | 71 | 72 | 74..=79 | 82..=93 | 98 | 99);
    known && short_date(&date) && digits::<4>(&v[8..]).is_some_and(|d| d != [0, 0, 0, 0])
}

fn id_nik(v: &[u8]) -> bool {
    let Some(d) = digits::<16>(v) else { return false };
    let province = matches!(
        d[0] * 10 + d[1],
        11..=19 | 21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81 | 82 | 91..=97
    );
    let day = d[6] * 10 + d[7];
    let day = if day > 40 { day - 40 } else { day };
    province
        && d[2..4] != [0, 0]
        && d[12..] != [0, 0, 0, 0]
        && civil_date(2000 + d[10] * 10 + d[11], d[8] * 10 + d[9], day)
}

fn au_medicare(v: &[u8]) -> bool {
    digits::<10>(v).is_some_and(|d| {
        (2..=6).contains(&d[0]) && dot(&d[..8], &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == d[8] && d[9] != 0
    })
}

fn au_tfn(v: &[u8]) -> bool {
    if let Some(d) = digits::<8>(v) {
        return dot(&d, &[10, 7, 8, 4, 6, 3, 5, 1]).is_multiple_of(11) && d[..3] != [0, 0, 0];
    }
    digits::<9>(v)
        .is_some_and(|d| dot(&d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && d[..3] != [0, 0, 0])
}

fn au_abn(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    // One is taken from the first digit, whose weight is 10.
    d[0] != 0 && (dot(&d, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10).is_multiple_of(89)
}

fn au_acn(v: &[u8]) -> bool {
    let Some(d) = digits::<9>(v) else { return false };
    d[8] == (10 - dot(&d[..8], &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 && d[..8].iter().any(|&x| x != 0)
}

fn nz_ird(v: &[u8]) -> bool {
    let mut nine = [b'0'; 9];
    match v.len() {
        8 => nine[1..].copy_from_slice(v),
        9 => nine.copy_from_slice(v),
        _ => return false,
    }
    let Some(d) = digits::<9>(&nine) else { return false };
    let number = d.iter().fold(0, |n, x| n * 10 + x);
    let check = |weights: &[u32]| (11 - dot(&d[..8], weights) % 11) % 11;
    let digit = match check(&[3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => check(&[7, 4, 3, 2, 5, 2, 7, 6]),
        c => c,
    };
    (10_000_000..=150_000_000).contains(&number) && digit == d[8]
}

fn za_id(v: &[u8]) -> bool {
    let Some(d) = digits::<13>(v) else { return false };
    luhn(v) && d[10] <= 2 && v.first_chunk::<6>().and_then(|b| digits::<6>(b)).is_some_and(|d| short_date(&d))
}

fn ng_nin(v: &[u8]) -> bool {
    v.len() == 11 && verhoeff(v) && v.iter().any(|&b| b != v[0])
}

fn tr_national_id(v: &[u8]) -> bool {
    let Some(d) = digits::<11>(v) else { return false };
    let odd = d[0] + d[2] + d[4] + d[6] + d[8];
    let even = d[1] + d[3] + d[5] + d[7];
    d[0] != 0 && d[9] == (odd * 7 + 100 - even) % 10 && d[10] == d[..10].iter().sum::<u32>() % 10
}

fn tr_vkn(v: &[u8]) -> bool {
    let Some(d) = digits::<10>(v) else { return false };
    let sum: u32 = d[..9]
        .iter()
        .zip((1..=9).rev())
        .map(|(x, place)| match (x + place) % 10 {
            0 => 0,
            9 => 9,
            t => t * 2u32.pow(place) % 9,
        })
        .sum();
    d[..9].iter().any(|&x| x != 0) && d[9] == (10 - sum % 10) % 10
}

fn il_id(v: &[u8]) -> bool {
    v.len() == 9 && luhn(v) && v[..4] != *b"0000"
}

fn ae_emirates_id(v: &[u8]) -> bool {
    let Some(d) = digits::<15>(v) else { return false };
    let year = d[3] * 1000 + d[4] * 100 + d[5] * 10 + d[6];
    v.starts_with(b"784") && (1900..2100).contains(&year) && luhn(v)
}

fn sa_national_id(v: &[u8]) -> bool {
    v.len() == 10 && matches!(v[0], b'1' | b'2') && luhn(v)
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
                ("in-aadhaar", Kind::Check, &["781497601977", "915323615221", "256279190909"]),
                ("in-pan", Kind::Structure, &["ILEPD6062M", "AQLCT5758A", "VIYPN7373A"]),
                ("in-gstin", Kind::Check, &["27HXZPA9175Q1Z1", "22PAHPX4730M1ZY", "11PHOPJ1348H1Z5"]),
                ("in-voter", Kind::Check, &["LUX9846098", "SWF6001036", "EZK4594321"]),
                (
                    "cn-resident-id",
                    Kind::Check,
                    &["118432191401060486", "510820190906104148", "119391193206041508"],
                ),
                ("tw-national-id", Kind::Leaky, &["W850468100", "C291559924", "O949507744"]),
                ("hk-hkid", Kind::Check, &["K6634613", "IQ1382261", "U5637411"]),
                ("sg-nric-fin", Kind::Check, &["S8280628H", "T0742841Z", "G5603462K"]),
                ("kr-rrn", Kind::Check, &["9606161651189", "0903083321911", "6908172172172"]),
                ("kr-rrn-date", Kind::Structure, &["7402031489609", "8002111994980", "6203142905978"]),
                ("kr-frn", Kind::Check, &["9106185669431", "7505275616938", "9605225366164"]),
                ("kr-frn-date", Kind::Structure, &["6302106318685", "7307025769435", "9705055538007"]),
                ("jp-my-number", Kind::Check, &["957206342440", "703605166092", "286073591512"]),
                ("th-tnin", Kind::Leaky, &["4652150605128", "6932538130183", "3647331690107"]),
                ("my-nric", Kind::Structure, &["930320017763", "580823032723", "870701019312"]),
                ("id-nik", Kind::Structure, &["3509074301570008", "3604054304050001", "3609080207380006"]),
                ("au-medicare", Kind::Structure, &["2951673011", "4287301631", "3570948221"]),
                ("au-tfn", Kind::Check, &["071876738", "863460855", "148110774"]),
                ("au-abn", Kind::Check, &["54351218459", "79715526181", "49293693085"]),
                ("au-acn", Kind::Leaky, &["418300240", "441697883", "219334611"]),
                ("nz-ird", Kind::Check, &["132410844", "18640201", "119206359"]),
                ("za-id", Kind::Check, &["4703105991082", "0309170482082", "9807193193082"]),
                ("ng-nin", Kind::Check, &["03642455938", "58666986637", "47768300435"]),
                ("tr-national-id", Kind::Check, &["12860971666", "67781290358", "58569600650"]),
                ("tr-vkn", Kind::Check, &["8164126803", "7686897546", "4298625895"]),
                ("il-id", Kind::Check, &["096847942", "844822478", "544228836"]),
                ("ae-emirates-id", Kind::Check, &["784197324068283", "784209838046950", "784192837235081"]),
                ("sa-national-id", Kind::Check, &["1474660642", "2482616972", "1221236480"]),
            ],
        );
    }
}
