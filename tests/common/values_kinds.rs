//! The kinds of values that tests plant: each with the info type it is, and a word that belongs beside it.

use super::Rng;
use super::ids::{self, far};
use super::{money, people, secrets};

/// One kind of value.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The info type that should be found.
    pub info_type: &'static str,
    /// What people write before it: `SSN` in `SSN: 123-45-6789`.
    pub context: &'static str,
    /// Makes one.
    pub make: fn(&mut Rng) -> String,
}

const fn kind(info_type: &'static str, context: &'static str, make: fn(&mut Rng) -> String) -> Kind {
    Kind { info_type, context, make }
}

/// `n` values of all kinds in turn, no two of them equal.
pub fn plant(rng: &mut Rng, n: usize) -> Vec<(Kind, String)> {
    let mut planted: Vec<(Kind, String)> = Vec::with_capacity(n);
    for kind in KINDS.iter().cycle().take(n) {
        let value = loop {
            let value = (kind.make)(rng);
            if planted.iter().all(|(_, other)| *other != value) {
                break value;
            }
        };
        planted.push((*kind, value));
    }
    planted
}

/// Every kind. None spans lines.
pub const KINDS: &[Kind] = &[
    kind("EMAIL_ADDRESS", "e-mail", people::email),
    kind("PHONE_NUMBER", "phone", people::us_phone),
    kind("PHONE_NUMBER", "mobile", people::intl_phone),
    kind("IP_ADDRESS", "ip address", people::ipv4),
    kind("IP_ADDRESS", "ip address", people::ipv6),
    kind("MAC_ADDRESS", "mac address", people::mac),
    kind("IMEI_HARDWARE_ID", "IMEI", people::imei),
    kind("VEHICLE_IDENTIFICATION_NUMBER", "VIN", people::vin),
    kind("DATE_OF_BIRTH", "date of birth", people::date_of_birth),
    kind("CREDIT_CARD", "card number", money::visa),
    kind("CREDIT_CARD", "credit card", money::visa_spaced),
    kind("CREDIT_CARD", "card", money::mastercard),
    kind("CREDIT_CARD", "amex card", money::amex),
    kind("CREDIT_CARD", "card number", money::discover),
    kind("IBAN_CODE", "IBAN", money::iban_de),
    kind("IBAN_CODE", "IBAN", money::iban_gb),
    kind("IBAN_CODE", "IBAN", money::iban_nl),
    kind("IBAN_CODE", "IBAN", money::iban_fr),
    kind("IBAN_CODE", "IBAN", money::iban_es),
    kind("IBAN_CODE", "IBAN", money::iban_pl),
    kind("SWIFT_CODE", "SWIFT code", money::swift),
    kind("ABA_ROUTING_NUMBER", "routing number", money::routing_number),
    kind("CRYPTO", "bitcoin wallet", money::bitcoin),
    kind("US_SSN", "SSN", ids::us_ssn),
    kind("US_ITIN", "ITIN", ids::us_itin),
    kind("US_NPI", "NPI", ids::us_npi),
    kind("MEDICAL_LICENSE", "DEA number", ids::us_dea),
    kind("US_MBI", "Medicare beneficiary", ids::us_mbi),
    kind("UK_NHS", "NHS number", ids::uk_nhs),
    kind("UK_NINO", "national insurance number", ids::uk_nino),
    kind("DE_TAX_ID", "Steuer-ID", ids::de_tax_id),
    kind("DE_VAT_ID", "USt-IdNr", ids::de_vat),
    kind("DE_ID_CARD", "Personalausweis", ids::de_id_card),
    kind("FRANCE_NIR", "numéro de sécurité sociale", ids::fr_nir),
    kind("ES_NIF", "NIF", ids::es_nif),
    kind("ES_NIE", "NIE", ids::es_nie),
    kind("IT_FISCAL_CODE", "codice fiscale", ids::it_fiscal_code),
    kind("IT_VAT_CODE", "partita IVA", ids::it_vat),
    kind("PL_PESEL", "PESEL", ids::pl_pesel),
    kind("FI_PERSONAL_IDENTITY_CODE", "henkilötunnus", ids::fi_hetu),
    kind("SE_PERSONNUMMER", "personnummer", ids::se_personnummer),
    kind("DK_CPR", "CPR", ids::dk_cpr),
    kind("NO_FODSELSNUMMER", "fødselsnummer", ids::no_fnr),
    kind("NL_BSN", "BSN", ids::nl_bsn),
    kind("BE_NATIONAL_NUMBER", "rijksregisternummer", ids::be_nrn),
    kind("CH_AHV", "AHV-Nummer", ids::ch_ahv),
    kind("AT_SVNR", "Sozialversicherungsnummer", ids::at_svnr),
    kind("HR_OIB", "OIB", ids::hr_oib),
    kind("CZ_RODNE_CISLO", "rodné číslo", ids::cz_rodne_cislo),
    kind("IE_PPSN", "PPSN", ids::ie_ppsn),
    kind("PT_NIF", "contribuinte", ids::pt_nif),
    kind("RO_CNP", "CNP", ids::ro_cnp),
    kind("BG_EGN", "EGN", ids::bg_egn),
    kind("PL_NIP", "NIP", ids::pl_nip),
    kind("FR_SIREN", "SIREN", ids::fr_siren),
    kind("BR_CPF", "CPF", far::br_cpf),
    kind("AU_TFN", "tax file number", far::au_tfn),
    kind("AU_ABN", "ABN", far::au_abn),
    kind("AU_ACN", "ACN", far::au_acn),
    kind("AU_MEDICARE", "Medicare card", far::au_medicare),
    kind("CA_SIN", "social insurance number", far::ca_sin),
    kind("IN_AADHAAR", "Aadhaar", far::in_aadhaar),
    kind("IN_PAN", "PAN card", far::in_pan),
    kind("SG_NRIC_FIN", "NRIC", far::sg_nric),
    kind("KR_RRN", "주민등록번호", far::kr_rrn),
    kind("TH_TNIN", "Thai national ID", far::th_tnin),
    kind("TR_NATIONAL_ID", "TC kimlik no", far::tr_tckn),
    kind("ZA_ID_NUMBER", "South African ID number", far::za_id),
    kind("CN_RESIDENT_ID", "身份证号", far::cn_ric),
    kind("JP_MY_NUMBER", "My Number", far::jp_my_number),
    kind("MX_CURP", "CURP", far::mx_curp),
    kind("IL_ID_NUMBER", "teudat zehut", far::il_id),
    kind("AWS_CREDENTIALS", "aws_access_key_id", secrets::aws_key_id),
    kind("AUTH_TOKEN", "github token", secrets::github_token),
    kind("AUTH_TOKEN", "slack token", secrets::slack_token),
    kind("GCP_API_KEY", "api key", secrets::google_key),
    kind("JSON_WEB_TOKEN", "bearer", secrets::jwt),
    kind("PASSWORD", "database url", secrets::database_url),
];
