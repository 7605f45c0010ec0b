//! What lies where, and when it comes and goes. The README of `testdata/company` tells the story.

use super::Company;
use super::body::{
    self, Body, Cell, Fill, Form, Result, broken, database, days, memo, prose, sealed_zip, ssn_note, table,
    tar, ticket, token, zip,
};

pub(super) fn fill(c: &mut Company) -> Result<()> {
    payroll(c)?;
    applicants(c)?;
    memos(c)?;
    crm(c)?;
    payments(c)?;
    archive(c)?;
    outbox_and_test(c)?;
    lab(c)?;
    backup(c)
}

/// A payroll run; `paid` is the first day that its rows name.
fn run_of(name: &str, paid: Option<(i16, i8, i8)>, form: Form) -> Result<Body> {
    let n = 12;
    let mut columns = vec![
        ("ref", Fill::Number("P")),
        ("first_name", Fill::First),
        ("last_name", Fill::Last),
        ("ssn", Fill::Ssn),
        ("iban", Fill::Iban),
    ];
    if let Some(first) = paid {
        columns.push(("pay_date", Fill::Days(days(first, 1, n))));
    }
    Ok(table(name, n, &columns, form)?.mode(0o600))
}

fn customers(name: &str, order: Vec<Cell>, form: Form) -> Result<Body> {
    let n = order.len();
    let columns = [
        ("ref", Fill::Number("C")),
        ("email", Fill::Email),
        ("phone", Fill::Phone),
        ("last_order", Fill::Days(order)),
    ];
    table(name, n, &columns, form)
}

fn payroll(c: &mut Company) -> Result<()> {
    c.put("hr/payroll/current/2025-11.csv", 0..26, run_of("2025-11", Some((2025, 11, 28)), Form::Csv)?);
    // Its active phase ends on 28 February; someone thinks of it at the end of March.
    let february = run_of("2025-02", Some((2025, 2, 28)), Form::Csv)?;
    c.put("hr/payroll/current/2025-02.csv", 0..12, february.clone());
    c.put("hr/payroll/archive/2025-02.csv", 12..26, february);
    // Overdue from 15 February, disposed of on 16 March, and back for two weeks from a restore.
    let january = january()?;
    c.put("hr/payroll/archive/2024-01.csv", 0..10, january.clone());
    c.put("hr/payroll/archive/2024-01.csv", 16..18, january.clone());
    c.put("lab/tmp/old-payroll.csv", 11..14, january);
    // No date in it and none in its path; lost in week 14.
    c.put("hr/payroll/archive/summary.csv", 0..14, run_of("summary", None, Form::Csv)?);
    // Open to everyone in weeks 4 to 9.
    let december = run_of("2025-12", Some((2025, 12, 22)), Form::Csv)?;
    let mode = if (4..10).contains(&c.week) { 0o644 } else { 0o600 };
    c.put("hr/payroll/current/2025-12.csv", 0..26, december.mode(mode));
    // Dated by their paths.
    c.put("hr/payroll/archive/2024-06/run.parquet", 0..26, run_of("2024-06", None, Form::Parquet)?);
    c.put("hr/payroll/archive/2023/run.csv", 0..26, held_run()?);
    // Lost while on hold.
    c.put("hr/payroll/archive/2023/bonus.csv", 0..8, run_of("bonus", Some((2024, 3, 15)), Form::Csv)?);
    // Lost before its time.
    c.put("hr/payroll/current/2025-10.csv", 0..19, run_of("2025-10", Some((2025, 10, 30)), Form::Csv)?);
    Ok(())
}

/// The run that is disposed of.
pub(super) fn january() -> Result<Body> {
    run_of("2024-01", Some((2024, 1, 31)), Form::Csv)
}

/// The run that is on hold.
pub(super) fn held_run() -> Result<Body> {
    run_of("2023", None, Form::Csv)
}

/// An application.
pub(super) fn applicant(id: &'static str) -> Result<Body> {
    let columns = [
        ("applicant_id", Fill::Key(vec![id])),
        ("first_name", Fill::First),
        ("last_name", Fill::Last),
        ("email", Fill::Email),
    ];
    table(id, 1, &columns, Form::Jsonl)
}

fn applicants(c: &mut Company) -> Result<()> {
    c.put("hr/applicants/A-101.jsonl", 0..5, applicant("A-101")?);
    c.put("hr/applicants/A-102.jsonl", 0..26, applicant("A-102")?);
    // Someone adds an account to pay expenses to, and takes it out again.
    let columns = [
        ("applicant_id", Fill::Key(vec!["A-103"])),
        ("first_name", Fill::First),
        ("last_name", Fill::Last),
        ("email", Fill::Email),
        ("iban", Fill::Iban),
    ];
    let body = if (9..16).contains(&c.week) {
        table("A-103", 1, &columns, Form::Jsonl)?
    } else {
        applicant("A-103")?
    };
    c.put("hr/applicants/A-103.jsonl", 0..26, body);
    // An application that a broken scanner made.
    c.put("hr/applicants/A-106.parquet", 3..7, broken(9));
    // Moved into quarantine by the book, and forgotten there.
    c.put("hr/applicants/A-104.jsonl", 0..12, applicant("A-104")?);
    c.put("hr/to-delete/A-104.jsonl", 12..17, applicant("A-104")?);
    // Moved there by hand.
    c.put("hr/to-delete/A-105.jsonl", 18..24, applicant("A-105")?);
    Ok(())
}

fn memos(c: &mut Company) -> Result<()> {
    // Overdue as a memorandum, and not yet as a list of customers.
    let guests = customers("guests", days((2025, 9, 1), 10, 10), Form::Csv)?;
    c.put("hr/memos/2023/guests.csv", 22..25, guests);
    c.put("hr/memos/2025/heating.txt", 0..26, memo("heating"));
    c.put("hr/memos/2024/travel.txt", 0..26, memo("travel"));
    let minutes = memo("minutes").labelled(if (15..18).contains(&c.week) { "Public" } else { "Internal" });
    c.put("hr/memos/2025/02/minutes.txt", 0..26, minutes);
    c.put("hr/memos/trip-2025-04.txt", 0..26, memo("trip").labelled("Confidential"));
    c.put("hr/handbook.txt", 0..26, prose(30, &[]));
    c.put("hr/cache/preview.txt", 0..26, memo("preview"));
    c.put("hr/tools/deploy.env", 6..9, token("tools"));
    c.put("attic/visitors.txt", 0..26, memo("visitors"));
    Ok(())
}

fn crm(c: &mut Company) -> Result<()> {
    let crm = "exports/crm";
    let eu =
        if c.week < 4 { eu()? } else { customers("customers-eu-2", days((2024, 6, 3), 300, 60), Form::Csv)? };
    c.put("exports/crm/customers-eu.csv", 0..26, eu);
    c.put(
        &format!("{crm}/customers-de.parquet"),
        0..26,
        customers("customers-de", days((2024, 9, 2), 200, 40), Form::Parquet)?,
    );
    // Three rows are overdue from 3 March on, until someone takes them out.
    let mut old = days((2024, 2, 1), 200, 40);
    if c.week < 12 {
        old.splice(0..3, days((2022, 12, 18), 3, 3));
    }
    c.put(
        "exports/crm/customers-old.csv",
        0..26,
        customers(&format!("customers-old-{}", old.len()), old, Form::Csv)?,
    );
    // A tenth of the rows has no date that can be read.
    let mut leads = days((2025, 1, 7), 100, 40);
    if c.week < 12 {
        leads[3] = Cell::Empty;
        leads[7] = Cell::Word;
        leads[11] = Cell::Empty;
        leads[13] = Cell::Day(jiff::civil::date(2031, 1, 1));
    }
    c.put("exports/crm/leads.csv", 0..26, customers("leads", leads, Form::Csv)?);
    c.put("exports/crm/us-list.csv", 17..19, customers("us-list", vec![Cell::Either; 10], Form::Csv)?);
    let inner = customers("export", days((2025, 3, 3), 90, 20), Form::Csv)?;
    c.put(
        "exports/crm/export.zip",
        0..26,
        zip(vec![("crm/customers.csv", inner), ("readme.txt", prose(2, &[]))])?,
    );
    let cohort = if (9..11).contains(&c.week) {
        table(
            "cohort-leak",
            20,
            &[("ref", Fill::Number("R")), ("weight", Fill::Weight), ("email", Fill::Email)],
            Form::Csv,
        )?
    } else {
        table(
            "cohort",
            20,
            &[("ref", Fill::Number("R")), ("weight", Fill::Weight), ("town", Fill::Town)],
            Form::Csv,
        )?
    };
    c.put("exports/crm/research/cohort.csv", 0..26, cohort);
    let columns = [
        ("ref", Fill::Number("C")),
        ("email", Fill::Email),
        ("phone", Fill::Phone),
        ("ssn", Fill::Ssn),
        ("last_order", Fill::Days(days((2025, 5, 5), 20, 8))),
    ];
    c.put("exports/crm/credit-check.csv", 10..13, table("credit-check", 8, &columns, Form::Csv)?);
    c.put("exports/crm/tmp/pay.csv", 13..16, run_of("tmp-pay", Some((2026, 2, 27)), Form::Csv)?);
    let shared = customers("partner", days((2025, 8, 4), 30, 10), Form::Csv)?;
    c.put("exports/crm/partner/list.csv", 2..26, shared);
    c.put("attic/old-customers.csv", 10..15, customers("attic", days((2022, 3, 1), 30, 12), Form::Csv)?);
    Ok(())
}

/// The customers of weeks 0 to 3.
pub(super) fn eu() -> Result<Body> {
    customers("customers-eu", days((2024, 6, 3), 300, 60), Form::Csv)
}

fn cards(name: &str, n: usize) -> Result<Body> {
    Ok(table(name, n, &[("ref", Fill::Number("K")), ("card_number", Fill::Card)], Form::Jsonl)?.mode(0o600))
}

/// The cards of last summer.
pub(super) fn old_cards() -> Result<Body> {
    Ok(cards("cards-2025", 4)?.modified(2025, 6, 20))
}

/// The cards of the year before.
pub(super) fn older_cards() -> Result<Body> {
    Ok(cards("cards-2024", 8)?.modified(2024, 11, 20))
}

fn payments(c: &mut Company) -> Result<()> {
    let recent = match c.week {
        0..10 => cards("recent-1", 10)?.modified(2025, 12, 20),
        10..20 => cards("recent-2", 10)?.modified(2026, 3, 10),
        _ => cards("recent-3", 10)?.modified(2026, 5, 20),
    };
    c.put("payments/vault/recent/cards.jsonl", 0..26, recent);
    c.put("payments/vault/old/cards-2025.jsonl", 0..11, old_cards()?);
    c.put("payments/vault/old/cards-2024.jsonl", 0..17, older_cards()?);
    let columns = [("ref", Fill::Number("K")), ("card_number", Fill::Card), ("cvv", Fill::Cvv)];
    let batch = table("batch", 6, &columns, Form::Csv)?.mode(0o600).modified(2026, 4, 19);
    c.put("payments/vault/recent/batch.csv", 15..17, batch);
    // Two of the four cards that were disposed of.
    let quoted: Vec<String> = old_cards()?.values.into_iter().take(2).map(|(_, card)| card).collect();
    c.put("payments/tickets/t-2.txt", 13..15, ticket(&quoted).modified(2026, 4, 3));
    let quoted: Vec<String> = cards("ticket", 1)?.values.into_iter().map(|(_, card)| card).collect();
    c.put("payments/tickets/t-1.txt", 18..20, ticket(&quoted).modified(2026, 5, 9));
    c.put("payments/keys/deploy.env", 0..26, token("payments").mode(0o600));
    c.put("payments/readme.txt", 0..26, prose(5, &[]));
    Ok(())
}

fn archive(c: &mut Company) -> Result<()> {
    let there = [0..15, 17..26];
    for weeks in there {
        c.put("archive/vault/payroll/2024-09.csv", weeks, run_of("2024-09", Some((2024, 9, 30)), Form::Csv)?);
    }
    for weeks in [0..15, 17..21, 23..26] {
        c.put(
            "archive/vault/crm/2024.csv",
            weeks,
            customers("vault", days((2024, 3, 4), 200, 30), Form::Csv)?,
        );
    }
    Ok(())
}

fn outbox_and_test(c: &mut Company) -> Result<()> {
    c.put("share/out/pay-2026-01.csv", 3..22, run_of("pay-2026-01", Some((2026, 1, 5)), Form::Csv)?);
    c.put("share/out/customers.csv", 6..9, customers("out", days((2025, 6, 2), 30, 12), Form::Csv)?);
    let columns = [("ref", Fill::Number("T")), ("email", Fill::TestEmail), ("phone", Fill::TestPhone)];
    c.put("test/fixtures.csv", 0..26, table("fixtures", 12, &columns, Form::Csv)?);
    c.put("test/dump.csv", 5..7, customers("dump", days((2025, 7, 7), 30, 15), Form::Csv)?);
    Ok(())
}

fn lab(c: &mut Company) -> Result<()> {
    for n in 1..=5 {
        c.put(&format!("lab/notes-{n}.txt"), 0..26, prose(4 + n, &[]));
    }
    c.put("lab/logbook.txt", 0..26, prose(3000, &[]));
    let open = || vec![("notes.txt", prose(3, &[]))];
    c.put("lab/shelf.tar", 0..3, tar(open(), vec![])?);
    c.put("lab/shelf.tar", 3..8, tar(open(), vec![("old.txt", ssn_note("residue"))])?);
    c.put("lab/shelf.tar", 8..26, tar(open(), vec![])?);
    c.put("lab/sealed.zip", 1..26, sealed_zip("plans.txt", prose(4, &[]))?);
    c.put("lab/inventory.sqlite", 10..19, database());
    for n in 0..6 {
        c.put(&format!("lab/disk/block-{n}.parquet"), 12..14, broken(n));
    }
    Ok(())
}

fn backup(c: &mut Company) -> Result<()> {
    c.put("backup/hr/A-101.jsonl", 0..13, applicant("A-101")?);
    let inner = customers("customers-eu-2", body::days((2024, 6, 3), 300, 60), Form::Csv)?;
    c.put("backup/crm/customers.zip", 0..26, zip(vec![("customers-eu.csv", inner)])?);
    Ok(())
}
