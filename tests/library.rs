//! The library as a program uses it: the example, held to what it has to find, and what it must not give away.

#[path = "../examples/library.rs"]
mod example;

use std::io::Read;

use privascan::model::{Outcome, Reason, Relation};
use privascan::read::Limits;
use privascan::scan::ScanPlan;
use privascan::{ItemRecord, Likelihood, Scanner};

type Tested = Result<(), Box<dyn std::error::Error>>;

/// Field, info type, relation and count of each finding, sorted.
fn found(record: &ItemRecord) -> Vec<(&str, &str, &str, u64)> {
    let mut all: Vec<_> = record
        .findings
        .iter()
        .map(|f| (f.field.as_deref().unwrap_or(""), f.info_type.as_str(), f.relation.word(), f.count))
        .collect();
    all.sort();
    all
}

#[test]
fn the_example_finds_what_stands_in_its_bytes() -> Tested {
    let mut scanner = Scanner::builtin()?;
    let records = example::bytes(&mut scanner);
    let [record] = records.as_slice() else { panic!("{} records", records.len()) };
    assert_eq!(record.outcome, Outcome::Scanned);
    assert_eq!((record.format.as_deref(), record.rows), (Some("csv"), Some(2)));
    assert_eq!(
        found(record),
        [
            ("email", "EMAIL_ADDRESS", "is", 2),
            ("note", "CREDIT_CARD", "contains", 1),
            ("ssn", "US_SSN", "is", 2),
        ]
    );
    let lines = example::lines(record).join("\n");
    assert!(lines.contains("customers.csv ssn US_SSN restricted likely •••-••-•719"), "{lines}");
    for value in ["536-22", "ana.lind", "4539 1488 0343 6467"] {
        assert!(!lines.contains(value) && !format!("{:?}", record.findings).contains(value), "{value}");
    }
    example::run()
}

#[cfg(feature = "tabular")]
#[test]
fn the_example_finds_what_stands_in_its_batch() -> Tested {
    let mut scanner = Scanner::builtin()?;
    let record = scanner.batch("warehouse.customers", &example::table()?);
    assert_eq!(record.outcome, Outcome::Scanned);
    assert_eq!((record.rows, record.values_examined), (Some(3), 5));
    assert_eq!(
        found(&record),
        [("account.iban", "IBAN_CODE", "is", 2), ("card_number", "CREDIT_CARD", "is", 3)]
    );
    assert!(record.findings.iter().all(|f| f.relation == Relation::Is));
    assert_eq!(record.findings[0].occurrences[1].row, Some(1));
    Ok(())
}

#[cfg(feature = "tabular")]
#[test]
fn batches_of_one_table_are_one_item_and_a_broken_one_is_a_gap() -> Tested {
    let mut scanner = Scanner::builtin()?;
    let batch = example::table()?;
    let broken = arrow::error::ArrowError::ParseError("no".to_owned());
    let stream = [Ok(batch.clone()), Ok(batch.clone()), Err(broken), Ok(batch.clone())];
    let record = scanner.batches("customers", batch.schema_ref(), stream.into_iter());
    assert_eq!((record.outcome, record.rows), (Outcome::Partial(Reason::Malformed), Some(6)));
    assert_eq!(
        found(&record),
        [("account.iban", "IBAN_CODE", "is", 4), ("card_number", "CREDIT_CARD", "is", 6)]
    );
    Ok(())
}

#[test]
fn a_stream_is_examined_as_its_bytes_are_and_items_do_not_touch_each_other() -> Tested {
    let mut scanner = Scanner::builtin()?;
    let first = example::bytes(&mut scanner);
    scanner.bytes("unfinished.txt", b"the customer's SSN is 536-22-");
    let mut trickle = std::io::Cursor::new(&example::CUSTOMERS[..40]).chain(&example::CUSTOMERS[40..]);
    let again = scanner.stream("customers.csv", &mut trickle);
    assert_eq!(again[0].findings, first[0].findings);
    Ok(())
}

#[test]
fn a_plan_changes_what_a_scanner_counts_keeps_and_spends() -> Tested {
    let mut plan = ScanPlan::builtin()?;
    plan.occurrences = 1;
    plan.min_likelihood = Likelihood::VeryLikely;
    plan.limits = Limits { sample_rows: Some(3), ..Limits::default() };
    let mut scanner = Scanner::new(plan).clone();
    let table = [b"email,ssn\n".to_vec(), b"ana.lind@larkspur-logistics.co,536-22-8719\n".repeat(9)].concat();
    let record = scanner.bytes("staff.csv", &table).remove(0);
    assert_eq!((record.outcome, record.rows), (Outcome::Partial(Reason::Sampled), Some(3)));
    assert_eq!(
        found(&record),
        [("email", "EMAIL_ADDRESS", "is", 3)],
        "an SSN in its column is likely, not more"
    );
    assert_eq!(record.findings[0].occurrences.len(), 1);
    Ok(())
}

#[test]
fn detectors_of_ones_own_are_used_and_mistakes_in_them_are_told() -> Tested {
    let own = |pattern: &str| {
        let text = format!(
            "[[detector]]\nid = \"acme-staff\"\ninfo_type = \"EMPLOYEE_ID\"\nabout = \"Staff number of Acme\"\n\
             pattern = '{pattern}'\nlikelihood = \"likely\"\nexamples = [\"AC-204417\"]\ncounterexamples = [\"AC-2\"]\n"
        );
        let parsed = privascan::detect::definition::parse("acme.toml", &text)?;
        Ok::<_, Box<dyn std::error::Error>>(parsed.into_iter().map(|d| ("acme.toml".to_owned(), d)).collect())
    };
    let mut scanner = Scanner::new(ScanPlan::with_detectors(own(r"AC-\d{6}")?)?);
    let record = scanner.bytes("list.txt", b"staff AC-204417\n").remove(0);
    assert_eq!(found(&record), [("", "EMPLOYEE_ID", "contains", 1)]);
    let refused = ScanPlan::with_detectors(own(r"AC-\d+")?).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(refused.contains("acme.toml") && refused.contains("unbounded"), "{refused}");
    Ok(())
}

#[test]
fn clones_serve_threads_and_agree() -> Tested {
    let mut scanner = Scanner::builtin()?;
    let mut other = scanner.clone();
    let theirs =
        std::thread::spawn(move || example::bytes(&mut other)).join().map_err(|_| "the thread panicked")?;
    let ours = example::bytes(&mut scanner);
    assert_eq!(ours[0].findings, theirs[0].findings, "fingerprints are of one key");
    Ok(())
}
