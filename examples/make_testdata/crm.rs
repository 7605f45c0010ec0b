//! Customers: a JSONL export, a UTF-16 export, a Latin-1 list of suppliers, support tickets, chats.

use crate::values::people::{Country, Person};
use crate::values::{Rng, ids, money, people};
use crate::{Result, Share, rng};

pub fn add(share: &mut Share) -> Result<()> {
    share.add("crm/customers.jsonl", customers());
    share.add("crm/export-utf16.csv", utf16_export());
    share.add("crm/suppliers-latin1.csv", suppliers());
    share.add("crm/segments.csv", segments());
    share.add("support/tickets.json", tickets());
    share.add("support/chat-2026-02.txt", chat());
    Ok(())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn customers() -> String {
    let mut rng = rng("crm/customers");
    const NOTES: &[&str] = &[
        "Prefers delivery before noon.",
        "Complained about a late pallet; settled with a voucher.",
        "Asks for paper invoices.",
        "Moved last year, old address still in the carrier portal.",
        "",
    ];
    let mut out = String::new();
    for n in 0..400_u64 {
        let who = Person::any(&mut rng);
        // Three agents typed a card number where it does not belong.
        let note = match n {
            57 => format!("Card declined, customer read us a new one: {}", money::visa_spaced(&mut rng)),
            211 => format!("pls charge {} exp 09/28 until SEPA works", money::mastercard(&mut rng)),
            346 => format!("paid by phone w/ {}", money::amex(&mut rng)),
            _ => (*rng.pick(NOTES)).to_owned(),
        };
        out.push_str(&format!(
            "{{\"id\":{},\"name\":{{\"first\":{},\"last\":{}}},\"contact\":{{\"email\":{},\"phones\":[{}],\"address\":\
             {{\"street\":{},\"city\":{},\"postcode\":{},\"country\":\"{}\"}}}},\"birth_date\":{},\"consent\":\
             {{\"newsletter\":{},\"profiling\":{},\"given_at\":\"{}T09:{:02}:00Z\"}},\"last_ip\":\"{}\",\"notes\":{}}}\n",
            700_100 + n,
            quoted(who.first),
            quoted(who.last),
            quoted(&who.email),
            quoted(&who.phone),
            quoted(&who.street),
            quoted(who.city),
            quoted(who.postcode),
            who.country.code(),
            if rng.chance(3, 4) { quoted(&who.born.iso()) } else { "null".to_owned() },
            rng.chance(1, 2),
            rng.chance(1, 5),
            rng.date(2019, 2025).iso(),
            rng.below(60),
            people::ipv4(&mut rng),
            quoted(&note),
        ));
    }
    out
}

fn utf16_export() -> Vec<u8> {
    let mut rng = rng("crm/export-utf16");
    let mut text = String::from(
        "Kundennummer;Anrede;Vorname;Nachname;Straße;PLZ;Ort;E-Mail;Telefon;Geburtsdatum;IBAN\r\n",
    );
    for n in 0..120 {
        let who = Person::from(&mut rng, Country::De);
        text.push_str(&format!(
            "{};{};{};{};{};{};{};{};{};{};{}\r\n",
            55_000 + n,
            rng.pick(&["Frau", "Herr"]),
            who.first,
            who.last,
            who.street,
            who.postcode,
            who.city,
            who.email,
            who.phone,
            who.born.dotted(),
            money::on_paper(&money::iban_de(&mut rng)),
        ));
    }
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

fn suppliers() -> Vec<u8> {
    let mut rng = rng("crm/suppliers");
    let mut text = String::from("fournisseur;contact;courriel;tél;TVA;SIREN\r\n");
    for n in 0..30 {
        let who = Person::from(&mut rng, Country::Fr);
        text.push_str(&format!(
            "Société {} {n};{};{};{};{};{}\r\n",
            rng.pick(&["Éclair Fret", "Côte Ouest", "Générale du Quai"]),
            who.name(),
            who.email,
            who.phone,
            ids::de_vat(&mut rng),
            ids::fr_siren(&mut rng),
        ));
    }
    // Every character of it is in Latin-1.
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// Nothing personal: counts by postcode area.
fn segments() -> String {
    let mut rng = rng("crm/segments");
    let mut out = String::from("region,customers,orders,returns,share\n");
    for region in ["north", "south", "east", "west", "islands"] {
        let n = rng.between(40, 900);
        out.push_str(&format!("{region},{n},{},{},0.{:02}\n", n * 3 + 11, n / 20, rng.between(5, 40)));
    }
    out
}

fn ticket(rng: &mut Rng, n: u64) -> String {
    let who = Person::any(rng);
    let body = match n % 6 {
        0 => format!("My order has not come. Please call me: {}", who.phone),
        1 => format!("Refund to {} please, thanks!", money::on_paper(&money::iban_nl(rng))),
        2 => format!("You asked for my date of birth: {}. I do not see why.", who.born.dotted()),
        3 => format!("New address from May: {}, {} {}.", who.street, who.postcode, who.city),
        4 => format!(
            "I can't log in, my password {} does not work any more",
            crate::values::secrets::password(rng)
        ),
        _ => "The tracking page shows nothing since Tuesday.".to_owned(),
    };
    format!(
        "    {{\n      \"ticket\": \"LL-{}\",\n      \"opened\": \"{}T{:02}:14:05+01:00\",\n      \"requester\": {{\n        \
         \"name\": {},\n        \"email\": {},\n        \"tags\": [\"web\", \"{}\"]\n      }},\n      \"thread\": [\n        \
         {{ \"from\": \"customer\", \"text\": {} }},\n        {{ \"from\": \"agent\", \"text\": \"Thank you, we are looking \
         into it.\" }}\n      ]\n    }}",
        9_000 + n,
        rng.date(2025, 2025).iso(),
        rng.between(7, 19),
        quoted(&who.name()),
        quoted(&who.email),
        rng.pick(&["vip", "standard", "b2b"]),
        quoted(&body),
    )
}

fn tickets() -> String {
    let mut rng = rng("support/tickets");
    let tickets: Vec<String> = (0..48).map(|n| ticket(&mut rng, n)).collect();
    format!("{{\n  \"exported\": \"2026-03-02\",\n  \"tickets\": [\n{}\n  ]\n}}\n", tickets.join(",\n"))
}

fn chat() -> String {
    let mut rng = rng("support/chat");
    let mut out = String::from("# Chat archive, February 2026\n\n");
    for n in 0..30 {
        let who = Person::any(&mut rng);
        let (time, agent) =
            (format!("{:02}:{:02}", rng.between(8, 17), rng.below(60)), rng.pick(&["Noor", "Tomasz"]));
        let line = match n % 5 {
            0 => format!("you can reach me at {}", who.email),
            1 => format!("it's {}, ring twice", who.phone),
            2 => "ok thanks".to_owned(),
            3 => format!("order 4411{} still says customs", rng.between(1000, 9999)),
            _ => format!("card ends with {}, is that enough?", rng.between(1000, 9999)),
        };
        out.push_str(&format!("[{time}] {}: {line}\n[{time}] {agent}: One moment please.\n", who.first));
    }
    out
}
