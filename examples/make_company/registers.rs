//! What the company writes down about itself, as it stands in a week.

use serde_json::{Value, json};

use super::body::{Body, Result};
use super::places::{applicant, eu, held_run, january, old_cards, older_cards};
use super::{Company, KEY, fingerprint, hash, key_id};

pub(super) fn fill(c: &mut Company) -> Result<()> {
    let files = [
        ("registers/closed.csv", closed(c.week)),
        ("registers/disposal.jsonl", disposal(c.week)?),
        ("registers/disclosures.csv", disclosures(c.week)),
        ("registers/erasure.jsonl", erasure(c.week)?),
    ];
    for (path, text) in files {
        c.put(path, 0..26, super::body::register(path, text));
    }
    Ok(())
}

/// The lines that are known in a week.
fn known<T>(week: u32, lines: impl IntoIterator<Item = (u32, T)>) -> impl Iterator<Item = T> {
    lines.into_iter().filter(move |(from, _)| *from <= week).map(|(_, line)| line)
}

fn closed(week: u32) -> String {
    let lines = [
        (0, "A-101,2025-07-01\n"),
        (0, "A-103,2025-12-01\n"),
        (0, "A-104,2025-09-01\n"),
        (6, "A-102,2026-02-10\n"),
    ];
    format!("applicant_id,closed_on\n{}", known(week, lines).collect::<String>())
}

fn disclosures(week: u32) -> String {
    let lines = [
        (3, "payroll-vendor,payroll,2026-01-20,2026-04-30,DPA-7\n"),
        (4, "route-planner,customer,2026-02-01,,DPA-9\n"),
    ];
    format!("recipient,class,from,to,contract\n{}", known(week, lines).collect::<String>())
}

fn prints(body: &Body) -> Result<Vec<String>> {
    body.values.iter().map(|(kind, value)| fingerprint(KEY, kind, value)).collect()
}

fn disposal(week: u32) -> Result<String> {
    let entry = |id: &str, item: &str, system: &str, class: &str, rule: &str, more: Value| {
        let mut line = json!({"id": id, "item": item, "system": system, "class": class, "rule": rule,
            "approved_by": "privacy-officer", "method": "logical-delete"});
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        line
    };
    let january = |more| entry("D-1", "hr/payroll/archive/2024-01.csv", "hr", "payroll", "pay-2y", more);
    let a101 = |more| entry("D-2", "hr/applicants/A-101.jsonl", "hr", "applicant", "applicant-6m", more);
    let older = |more| {
        entry("D-6", "payments/vault/old/cards-2024.jsonl", "payments", "cardholder", "cards-6m", more)
    };
    let (january_hash, a101_hash) = (hash(&january_bytes()?), hash(&applicant("A-101")?.bytes));
    let older_hash = hash(&older_cards()?.bytes);
    let lines = [
        (
            3,
            entry(
                "D-9",
                "archive/vault/payroll/2023-05.csv",
                "archive",
                "payroll",
                "pay-2y",
                json!({"approved_at": "2026-01-20", "performed_at": "2026-01-22", "trigger_date": "2023-05-31"}),
            ),
        ),
        (
            4,
            a101(
                json!({"approved_at": "2026-01-30", "content_hash": a101_hash, "trigger_date": "2025-07-01"}),
            ),
        ),
        (
            5,
            a101(json!({"approved_at": "2026-01-30", "performed_at": "2026-02-09", "performed_by": "hr-ops",
                "content_hash": a101_hash, "trigger_date": "2025-07-01"})),
        ),
        (
            8,
            january(
                json!({"approved_at": "2026-03-02", "content_hash": january_hash, "trigger_date": "2024-01-31"}),
            ),
        ),
        (8, older(json!({"approved_at": "2026-03-02", "content_hash": older_hash}))),
        (
            10,
            january(json!({"approved_at": "2026-03-02", "performed_at": "2026-03-16T06:00:00Z",
                "content_hash": january_hash, "trigger_date": "2024-01-31"})),
        ),
        (
            11,
            entry(
                "D-5",
                "payments/vault/old/cards-2025.jsonl",
                "payments",
                "cardholder",
                "cards-6m",
                json!({"approved_at": "2026-03-20", "performed_at": "2026-03-22",
                    "record_fingerprints": prints(&old_cards()?)?, "key_id": key_id(KEY)}),
            ),
        ),
        (
            12,
            entry(
                "D-4",
                "hr/applicants/A-104.jsonl",
                "hr",
                "applicant",
                "applicant-6m",
                json!({"approved_at": "2026-03-27", "performed_at": "2026-03-30", "method": "quarantine",
                    "content_hash": hash(&applicant("A-104")?.bytes), "quarantine": "hr/to-delete/A-104.jsonl",
                    "trigger_date": "2025-09-01"}),
            ),
        ),
        (
            14,
            entry(
                "D-10",
                "exports/crm/customers-us.csv",
                "crm",
                "customer",
                "crm-3y",
                json!({"approved_at": "2026-04-08", "performed_at": "2026-04-09",
                    "record_fingerprints": ["0123456789abcdef0123456789abcdef"], "key_id": "0011223344556677"}),
            ),
        ),
        (
            17,
            older(
                json!({"approved_at": "2026-03-02", "performed_at": "2026-05-04", "content_hash": older_hash}),
            ),
        ),
    ];
    Ok(known(week, lines).map(|line| format!("{line}\n")).collect())
}

fn january_bytes() -> Result<Vec<u8>> {
    Ok(january()?.bytes)
}

fn erasure(week: u32) -> Result<String> {
    let of = |values: &[(&'static str, String)]| -> Result<Vec<String>> {
        values.iter().map(|(kind, value)| fingerprint(KEY, kind, value)).collect()
    };
    let person = eu()?.values;
    let mail: Vec<_> =
        person.iter().filter(|(kind, _)| *kind == "EMAIL_ADDRESS").skip(4).take(1).cloned().collect();
    let held: Vec<_> = held_run()?.values.into_iter().filter(|(kind, _)| *kind == "US_SSN").take(1).collect();
    let lines = [
        (0, json!({"id": "E-1", "due": "2026-01-15", "fingerprints": of(&mail)?, "key_id": key_id(KEY)})),
        (2, json!({"id": "E-2", "due": "2026-03-05", "fingerprints": of(&held)?, "key_id": key_id(KEY)})),
        (
            21,
            json!({"id": "E-3", "completed_on": "2026-05-28", "due": "2026-06-30",
                "fingerprints": ["00000000000000000000000000000001"], "key_id": "0011223344556677"}),
        ),
    ];
    Ok(known(week, lines).map(|line| format!("{line}\n")).collect())
}
