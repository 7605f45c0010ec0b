//! The demo share: the first thing that people scan.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::collections::BTreeSet;
use std::io;

use common::{demo, package, run, run_in};

#[test]
fn the_summary_has_its_five_sections_in_80_columns() -> io::Result<()> {
    // A test's output is no terminal: no colour, whatever the width of the one around it.
    let ran = run(["scan", "testdata/demo"])?.expect(3);
    assert_eq!(ran.stderr, "");
    let sections = [
        "Items by outcome",
        "Findings by tier and category",
        "The 5 places that hold most",
        "What was not read, and why",
        "What to do next",
    ];
    let at: Vec<Option<usize>> = sections.iter().map(|s| ran.stdout.find(s)).collect();
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?}\n{}", ran.stdout);
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    assert!(!ran.stdout.contains('\u{1b}'));
    let lower = ran.stdout.to_lowercase();
    assert!(!lower.contains("compliant") && !lower.contains("certified"));
    for word in ["restricted", "confidential", "internal", "pay.pan", "gov.national_id", "contact.email"] {
        assert!(ran.stdout.contains(word), "{word}\n{}", ran.stdout);
    }
    for reason in ["encrypted", "malformed", "unknown_format"] {
        assert!(ran.stdout.contains(reason), "{reason}\n{}", ran.stdout);
    }
    Ok(())
}

#[test]
fn what_the_share_is_known_to_hold_is_found_where_it_is() -> io::Result<()> {
    let ran = run_in(&demo(), ["scan", ".", "--format", "jsonl"])?.expect(3);
    let found: BTreeSet<(String, String)> = ran
        .records("finding")
        .iter()
        .map(|f| {
            let text = |key: &str| f[key].as_str().unwrap_or_default().to_owned();
            (text("path"), text("info_type"))
        })
        .collect();
    for (path, info_type) in [
        ("hr/employees-2026.csv", "US_SSN"),
        ("hr/employees-2026.csv", "IBAN_CODE"),
        ("hr/employees-2026.csv", "DATE_OF_BIRTH"),
        ("hr/payroll/2026-02.tsv", "IBAN_CODE"),
        ("hr/scan-passport-•••-••-•649.txt", "US_SSN"),
        ("hr/benefits/claims-2025.csv", "US_MBI"),
        ("crm/customers.jsonl", "CREDIT_CARD"),
        ("crm/export-utf16.csv", "EMAIL_ADDRESS"),
        ("finance/payments.parquet", "CREDIT_CARD"),
        ("finance/refunds.arrow", "IBAN_CODE"),
        ("finance/wallets.txt.bz2!/wallets.txt", "CRYPTO"),
        ("logs/access.log", "IP_ADDRESS"),
        ("logs/app-2026-03.log.gz!/app-2026-03.log", "CREDIT_CARD"),
        ("it/id_rsa.bak", "PRIVATE_KEY"),
        ("it/devices.csv", "MAC_ADDRESS"),
        ("it/badge-reader.dat", "EMAIL_ADDRESS"),
    ] {
        assert!(found.contains(&(path.to_owned(), info_type.to_owned())), "{info_type} in {path}");
    }
    let quiet = ["public/", "crm/segments.csv", "legal/signed/"];
    let loud: Vec<_> = found.iter().filter(|(p, _)| quiet.iter().any(|q| p.starts_with(q))).collect();
    assert!(loud.is_empty(), "{loud:?}");
    let tests = ran.records("finding").into_iter().filter(|f| f["path"] == "test/fixtures.csv");
    assert!(tests.clone().count() > 0);
    for finding in tests {
        assert!(
            finding["flags"].to_string().contains("likely_test") && finding["tier"] == "public",
            "{finding}"
        );
    }
    Ok(())
}

#[test]
fn the_share_is_what_its_generator_writes() -> io::Result<()> {
    // Cargo builds examples before it runs tests, beside the folder that the tests are in.
    let test = std::env::current_exe()?;
    let built = test.parent().and_then(|deps| deps.parent()).map(|p| p.join("examples/make_testdata"));
    let Some(generator) = built.filter(|p| p.is_file()) else {
        eprintln!("not run: the example make_testdata is not built");
        return Ok(());
    };
    let output = std::process::Command::new(generator)
        .current_dir(package())
        .args(["testdata/demo", "--check"])
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    Ok(())
}
