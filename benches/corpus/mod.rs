//! What the benches read: made from a seed, so that two runs measure the same bytes.
//!
//! The first five are shaped like what people have; the rest are the worst that a search could meet.

// Each bench uses a part of this.
#![allow(dead_code)]

pub mod encoded;
#[path = "../../tests/common/values.rs"]
pub mod values;

use values::people::Person;
use values::{Rng, ids, money, people};

/// Whether this is a test that the bench runs at all, and not a measurement: `cargo test` does not say `--bench`.
pub fn brief() -> bool {
    let said = |word: &str| std::env::args().any(|arg| arg == word);
    said("--test") || !said("--bench")
}

/// Makes at least this many bytes, cut off exactly there.
pub type Make = fn(&mut Rng, usize) -> Vec<u8>;

/// Every corpus by name.
pub const CORPORA: &[(&str, Make)] = &[
    ("csv", csv),
    ("jsonl", jsonl),
    ("log", log),
    ("prose", prose),
    ("source", source),
    ("one_line", one_line),
    ("digits", digits),
    ("at_signs", at_signs),
    ("one_letter", one_letter),
    ("keyword_soup", keyword_soup),
];

/// The corpus of this name, the same for the same size.
pub fn corpus(name: &str, bytes: usize) -> Vec<u8> {
    let make = CORPORA.iter().find(|(n, _)| *n == name).map_or(csv as Make, |(_, make)| *make);
    make(&mut Rng::named(1, name), bytes)
}

fn fill(bytes: usize, mut more: impl FnMut(&mut String)) -> Vec<u8> {
    let mut out = String::with_capacity(bytes + 1024);
    while out.len() < bytes {
        more(&mut out);
    }
    let mut out = out.into_bytes();
    out.truncate(bytes);
    out
}

/// One customer, as text fields.
pub struct Row {
    /// Number, name, mail, telephone, SSN, date of birth, card, IBAN, IP address, note.
    pub fields: [String; 10],
}

/// Names of the fields of a [`Row`].
pub const FIELDS: [&str; 10] = [
    "customer_id",
    "full_name",
    "email",
    "phone",
    "ssn",
    "date_of_birth",
    "card_number",
    "iban",
    "last_ip",
    "note",
];

/// A made-up customer.
pub fn row(rng: &mut Rng, number: u64) -> Row {
    let who = Person::any(rng);
    let note =
        *rng.pick(&["", "prefers mornings", "asks for paper invoices", "moved in spring, new contract"]);
    Row {
        fields: [
            (700_000 + number).to_string(),
            who.name(),
            who.email,
            who.phone,
            ids::us_ssn(rng),
            who.born.iso(),
            money::visa(rng),
            money::iban_de(rng),
            people::ipv4(rng),
            note.to_owned(),
        ],
    }
}

/// A table in which nearly every cell is personal.
pub fn csv(rng: &mut Rng, bytes: usize) -> Vec<u8> {
    let mut number = 0;
    fill(bytes, |out| {
        if out.is_empty() {
            out.push_str(&FIELDS.join(","));
        } else {
            let fields = row(rng, number).fields;
            out.push_str(&fields.map(|f| if f.contains(',') { format!("\"{f}\"") } else { f }).join(","));
            number += 1;
        }
        out.push('\n');
    })
}

/// The same customers as nested records.
pub fn jsonl(rng: &mut Rng, bytes: usize) -> Vec<u8> {
    let mut number = 0;
    fill(bytes, |out| {
        let [id, name, email, phone, ssn, born, card, iban, ip, note] = row(rng, number).fields;
        number += 1;
        out.push_str(&format!(
            "{{\"customer_id\":{id},\"name\":\"{name}\",\"contact\":{{\"email\":\"{email}\",\"phones\":[\"{phone}\"]}},\
             \"ssn\":\"{ssn}\",\"date_of_birth\":\"{born}\",\"payment\":{{\"card\":\"{card}\",\"iban\":\"{iban}\"}},\
             \"last_ip\":\"{ip}\",\"note\":\"{note}\"}}\n"
        ));
    })
}

/// Log lines: a mail address or an IP address in one of three, numbers of all kinds in every one.
pub fn log(rng: &mut Rng, bytes: usize) -> Vec<u8> {
    fill(bytes, |out| {
        let (at, id) = (rng.below(86_400), rng.next_u64());
        out.push_str(&format!(
            "2026-03-02T{:02}:{:02}:{:02}.{:03}Z ",
            at / 3600,
            at / 60 % 60,
            at % 60,
            id % 1000
        ));
        match id % 9 {
            0 => out.push_str(&format!("INFO auth login ok user={} rid={id:016x}\n", people::email(rng))),
            1 => {
                out.push_str(&format!("INFO http {} GET /v2/orders/{} 200\n", people::ipv4(rng), id % 99_999))
            }
            2 => out.push_str(&format!("WARN mail bounced to={} code=550\n", people::email(rng))),
            _ => out.push_str(&format!(
                "DEBUG pool worker={} took={}us trace={id:016x}\n",
                id % 64,
                id % 90_000
            )),
        }
    })
}

const WORDS: &[&str] = &[
    "the",
    "shipment",
    "of",
    "and",
    "to",
    "in",
    "was",
    "held",
    "at",
    "river",
    "until",
    "customs",
    "had",
    "paper",
    "agreement",
    "between",
    "both",
    "parties",
    "shall",
    "which",
    "number",
    "address",
    "person",
    "account",
    "name",
    "late",
    "autumn",
    "because",
    "harbour",
    "office",
    "without",
    "card",
    "birth",
    "social",
    "security",
    "tax",
    "driver",
];

/// Running text with something personal every few paragraphs.
pub fn prose(rng: &mut Rng, bytes: usize) -> Vec<u8> {
    fill(bytes, |out| {
        for n in 0..rng.between(60, 120) {
            let word = rng.pick(WORDS);
            out.push_str(word);
            out.push_str(if n % 13 == 12 { ". " } else { " " });
        }
        if rng.chance(1, 4) {
            out.push_str(&format!("Write to {} or call {}.", people::email(rng), people::us_phone(rng)));
        }
        out.push_str("\n\n");
    })
}

/// Text like source code: names, numbers, hashes, hardly anything personal.
pub fn source(rng: &mut Rng, bytes: usize) -> Vec<u8> {
    fill(bytes, |out| {
        let (a, b, n) = (rng.pick(WORDS), rng.pick(WORDS), rng.next_u64());
        match n % 5 {
            0 => out.push_str(&format!("fn {a}_{b}(mut {a}: u{}) -> Option<u64> {{\n", 8 << (n % 4))),
            1 => out.push_str(&format!(
                "    let {b} = self.{a}.get({}).copied().unwrap_or(0x{n:x});\n",
                n % 4096
            )),
            2 => out.push_str(&format!(
                "    // {a} {b}: see issue {} of {}.{}.{}\n",
                n % 9999,
                n % 9,
                n % 21,
                n % 33
            )),
            3 => out.push_str(&format!("    assert_eq!({a}({}), \"{n:016x}\", \"{b}\");\n", n % 100_000)),
            _ => out.push_str("}\n\n"),
        }
    })
}

/// The table without a line end, as minified exports are.
pub fn one_line(rng: &mut Rng, bytes: usize) -> Vec<u8> {
    let mut out = csv(rng, bytes);
    out.iter_mut().filter(|b| **b == b'\n').for_each(|b| *b = b';');
    out
}

/// Digits and nothing else: everything might be a number.
pub fn digits(rng: &mut Rng, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|_| b'0' + rng.below(10) as u8).collect()
}

/// `@` and nothing else: every byte might be the middle of an address.
pub fn at_signs(_: &mut Rng, bytes: usize) -> Vec<u8> {
    vec![b'@'; bytes]
}

/// One letter, again and again: no end of a word in sight.
pub fn one_letter(_: &mut Rng, bytes: usize) -> Vec<u8> {
    vec![b'a'; bytes]
}

/// The words that stand beside ids, without the ids.
pub fn keyword_soup(rng: &mut Rng, bytes: usize) -> Vec<u8> {
    let words: Vec<&str> = values::KINDS.iter().map(|kind| kind.context).collect();
    let mut out = fill(bytes, |out| {
        let word = *rng.pick(&words);
        out.push_str(word);
        out.push(if rng.chance(1, 12) { '\n' } else { ' ' });
    });
    // A character may have been cut in two.
    while std::str::from_utf8(&out).is_err() && out.len() + 4 > bytes {
        out.pop();
    }
    out
}
