//! Personnel: the master list, payroll, sick leave, benefit claims, applications.

use crate::values::people::{Country, Person};
use crate::values::{Rng, ids, money};
use crate::{DOMAIN, Share, rng};

const ROLES: &[&str] =
    &["Dispatcher", "Driver", "Accountant", "Warehouse lead", "Planner", "Sales", "Engineer"];

pub fn add(share: &mut Share) {
    share.add("hr/employees-2026.csv", employees());
    share.add("hr/payroll/2026-02.tsv", payroll());
    share.add("hr/sick-leave-2025.csv", sick_leave());
    share.add("hr/benefits/claims-2025.csv", claims());
    for (i, country) in [Country::Pl, Country::De, Country::Us, Country::Fr].into_iter().enumerate() {
        let (path, text) = application(i as u64, country);
        share.add(path, text);
    }
    // The name of the file says more than the file.
    let ssn = ids::us_ssn(&mut rng("hr/scan-passport"));
    share.add(
        format!("hr/scan-passport-{ssn}.txt"),
        "Scan of the passport was moved to the locked cabinet on 14 January.\nAsk Human Resources for the key.\n",
    );
}

fn country(rng: &mut Rng) -> Country {
    use Country::{De, Es, Fr, Gb, It, Nl, Pl, Us};
    *rng.pick(&[Us, Us, Us, Us, De, De, Gb, Gb, Fr, Pl, Es, It, Nl])
}

fn employees() -> String {
    let mut rng = rng("hr/employees");
    let mut out = String::from(
        "employee_id,full_name,role,work_email,private_email,phone,country,ssn,national_id,date_of_birth,iban,\
         routing_number,account_number,salary,street_address,city,postcode,hired_on\r\n",
    );
    for n in 0..180 {
        let country = country(&mut rng);
        let who = Person::from(&mut rng, country);
        let (_, id) = ids::national_id(&mut rng, country);
        let (ssn, national) = if country == Country::Us { (id, String::new()) } else { (String::new(), id) };
        let iban = money::iban_in(&mut rng, country).unwrap_or_default();
        let (routing, account) = if country == Country::Us {
            (money::routing_number(&mut rng), rng.between(100_000_000, 9_999_999_999).to_string())
        } else {
            Default::default()
        };
        out.push_str(&format!(
            "E{:05},{},{},{},{},{},{},{ssn},{national},{},{iban},{routing},{account},{},{},\"{}\",{},{}\r\n",
            10_200 + n * 7,
            who.name(),
            rng.pick(ROLES),
            who.work_email(DOMAIN),
            who.email,
            who.phone,
            country.code(),
            who.born.iso(),
            rng.between(310, 1280) * 100,
            who.street,
            who.city,
            who.postcode,
            rng.date(2004, 2025).iso(),
        ));
    }
    out
}

fn payroll() -> String {
    let mut rng = rng("hr/payroll");
    let mut out = String::from("Personalnummer\tName\tSteuer-ID\tIBAN\tBrutto\tNetto\tKirchensteuer\n");
    for n in 0..60 {
        let who = Person::from(&mut rng, Country::De);
        let gross = rng.between(2_900, 7_400);
        out.push_str(&format!(
            "{}\t{}\t{}\t{}\t{gross},00\t{},{:02}\t{}\n",
            4100 + n,
            who.name(),
            ids::de_tax_id(&mut rng),
            money::on_paper(&money::iban_de(&mut rng)),
            gross * 62 / 100,
            rng.below(100),
            rng.pick(&["ev", "rk", "--", "--"]),
        ));
    }
    out
}

fn sick_leave() -> String {
    let mut rng = rng("hr/sick-leave");
    const NOTES: &[(&str, &str)] = &[
        ("J10.1", "influenza"),
        ("M54.5", "low back pain"),
        ("F32.1", "moderate depressive episode; wishes no contact before June"),
        ("S82.0", "fracture of the kneecap, accident at the loading bay"),
        ("O80", "maternity leave follows"),
        ("E10.9", "type 1 diabetes, new insulin pump"),
    ];
    let mut out = String::from("employee_id,name,from,to,icd10,diagnosis,certificate\n");
    for n in 0..40 {
        let who = Person::any(&mut rng);
        let from = rng.date(2025, 2025);
        let (code, note) = rng.pick(NOTES);
        out.push_str(&format!(
            "E{:05},{},{},{}-{:02}-28,{code},\"{note}\",{}\n",
            10_200 + n * 21,
            who.name(),
            from.iso(),
            from.year,
            from.month,
            rng.pick(&["yes", "yes", "missing"]),
        ));
    }
    out
}

fn claims() -> String {
    let mut rng = rng("hr/claims");
    let mut out = String::from(
        "claim,member,medicare_beneficiary_id,provider_npi,prescriber_dea,diagnosis,amount_usd,paid_on\n",
    );
    for n in 0..35 {
        let who = Person::from(&mut rng, Country::Us);
        out.push_str(&format!(
            "C-{},{},{},{},{},{},{}.{:02},{}\n",
            88_120 + n,
            who.name(),
            ids::us_mbi(&mut rng),
            ids::us_npi(&mut rng),
            ids::us_dea(&mut rng),
            rng.pick(&["E11.9", "I10", "J45.909", "M17.11", "Z00.00"]),
            rng.between(40, 2_900),
            rng.below(100),
            rng.date(2025, 2025).us(),
        ));
    }
    out
}

fn application(n: u64, country: Country) -> (String, String) {
    let mut rng = rng(&format!("hr/application/{n}"));
    let who = Person::from(&mut rng, country);
    let (_, id) = ids::national_id(&mut rng, country);
    let role = rng.pick(ROLES);
    let path = format!(
        "hr/applicants/{}-{}.txt",
        crate::values::people::plain(who.last),
        crate::values::people::plain(who.first)
    );
    let personal = match country {
        Country::Pl => format!("PESEL: {id}\nData urodzenia: {}", who.born.dotted()),
        Country::De => format!("geboren am {} in {}\nSteuer-ID: {id}", who.born.dotted(), who.city),
        Country::Us => format!("SSN: {id} (for the background check)\nDate of birth: {}", who.born.us()),
        _ => format!("née le {}\nNuméro de sécurité sociale : {id}", who.born.dotted()),
    };
    let extra = *rng.pick(&[
        "I have a recognised disability (hearing) and need a desk away from the loading bay.",
        "I have been a member of the transport workers' union since 2012.",
        "References on request. My present employer does not know that I am applying.",
    ]);
    let text = format!(
        "{}\n{}\n{} {}\nTel. {}\nE-mail: {}\n\n{personal}\n\n\
         Application: {role}\n\nDear Ms Solberg,\n\n\
         I read of the opening at Larkspur Logistics and would like to join your team. For nine years I have worked \
         in transport planning, the last four of them with responsibility for a team of twelve.\n\n\
         {extra}\n\nEmployment\n  2017 - today   Harbourline Freight, team lead planning\n  \
         2012 - 2017    Oberland Spedition, dispatcher\n\nLanguages: English, {}\nDriving licence: B, C\n\n\
         I could start on the first of June. My salary expectation is {} per year.\n\nKind regards\n{}\n",
        who.name(),
        who.street,
        who.postcode,
        who.city,
        who.phone,
        who.email,
        rng.pick(&["German", "Polish", "French", "Dutch"]),
        rng.between(42, 78) * 1000,
        who.name(),
    );
    (path, text)
}
