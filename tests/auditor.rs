//! An auditor's way through a record: population, sample, one item examined again, on a copy; and what is said when something
//! for it is missing.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

// Each test file uses a part of this.
#[allow(dead_code)]
#[path = "verify/forge.rs"]
mod forge;

use std::fs;
use std::path::Path;

use common::pack::{Result, zip};
use common::{Ran, run_in};
use forge::{change_number, hash, log, reseal, runs};
use serde_json::Value;

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "share"
version = "1"
review_by = 2027-07-01
[scope]
systems = [ { id = "hr", root = "hr" } ]
exclude = [ { glob = "hr/left-out/**", reason = "vendor", approved_by = "dpo", expires = 2027-01-01 } ]
[[class]]
id = "staff"
match = { path = ["hr/**"] }
owner = "hr-ops"
purpose = "payroll"
retention = "two-years"
[purposes]
payroll = { basis = "A6-1-c" }
[[retention]]
id = "two-years"
trigger = { source = "record-date", field = "hired", min_confidence = "weak" }
keep_max = "P2Y"
[disposal]
register = "disposal.jsonl"
"#;

const OWN: &str = r#"
[[detector]]
id = "badge"
info_type = "EMPLOYEE_ID"
about = "Badge of the company"
pattern = 'BDG-[0-9]{5}'
likelihood = "likely"
examples = ["BDG-12345"]
counterexamples = ["BDG-12"]
"#;

/// The share, scanned with a key and a detector of its own, and a copy of its record elsewhere.
fn audited() -> Result<(tempfile::TempDir, Vec<Value>)> {
    let dir = tempfile::tempdir()?;
    let share = dir.path().join("share");
    fs::create_dir_all(share.join("hr/left-out"))?;
    fs::create_dir(share.join("own"))?;
    let staff = "name,email,ssn,hired\nAna Lind,ana.lind@larkspur.co,536-22-8719,2021-03-01\n\
                 Jo Park,jo.park@larkspur.co,219-09-4417,2026-02-11\n";
    fs::write(share.join("privascan.toml"), POLICY)?;
    fs::write(
        share.join("disposal.jsonl"),
        "{\"id\":\"D-1\",\"item\":\"hr/old.csv\",\"performed_at\":\"2026-01-03\"}\n",
    )?;
    fs::write(share.join("own/badge.toml"), OWN)?;
    fs::write(share.join("hr/staff.csv"), staff)?;
    fs::write(share.join("hr/badges.txt"), "badge BDG-12345, badge BDG-54321\n")?;
    fs::write(share.join("hr/old.zip"), zip(&[("in/a.csv", staff.as_bytes())], "")?)?;
    fs::write(share.join("hr/anna.lindqvist@larkspur-mail.se.txt"), "jo.park@larkspur.co\n")?;
    fs::write(share.join("hr/left-out/x.csv"), staff)?;
    fs::write(share.join("key"), "0123456789abcdef0123456789abcdef\n")?;
    let args = ["scan", "--record", "ev", "--as-of", "2026-11-24", "--key-file", "key", "--patterns", "own"];
    let ran = run_in(&share, args.iter().chain(&["--quiet"]))?;
    assert!([0, 3].contains(&ran.code), "{}", ran.stderr);
    fs::rename(share.join("ev"), dir.path().join("ev"))?;
    // Their own rules have changed since; the kept ones count.
    fs::remove_dir_all(share.join("own"))?;
    let items = run_in(dir.path(), ["population", "ev", "--of", "items", "--format", "jsonl"])?.expect(0);
    Ok((dir, items.records("population")))
}

fn id(items: &[Value], path: &str) -> Result<String> {
    let item = items.iter().find(|i| i["path"] == path).ok_or(format!("no {path} in {items:#?}"))?;
    Ok(item["item_id"].as_str().unwrap_or_default().to_owned())
}

fn reperform(dir: &Path, id: &str, more: &[&str]) -> Result<Ran> {
    let fixed = ["reperform", "ev", "--item", id, "--key-file", "share/key"];
    Ok(run_in(dir, fixed.iter().chain(more))?)
}

const ROOT: [&str; 2] = ["--root", "share"];

#[test]
fn a_sample_is_drawn_again_and_its_items_examined_again() -> Result<()> {
    let (dir, items) = audited()?;
    let root = dir.path();
    let draw = |n: &str, seed: &str| -> Result<Vec<Value>> {
        let args = ["sample", "ev", "--of", "items", "--seed", seed, "--n", n, "--format", "jsonl"];
        let ran = run_in(root, args)?.expect(0);
        let head = ran.records("sample");
        assert_eq!((&head[0]["population"], &head[0]["seed"]), (&items.len().into(), &seed.into()));
        Ok(ran.records("sampled"))
    };
    let drawn = draw("3", "audit 2026")?;
    // As the documentation says it, without the program.
    let ids: Vec<String> = items.iter().filter_map(|i| i["item_id"].as_str().map(str::to_owned)).collect();
    let mut keys: Vec<(String, String)> =
        ids.into_iter().map(|id| (hash(format!("audit 2026:{id}").as_bytes()), id)).collect();
    keys.sort();
    let told: Vec<(String, String)> = drawn
        .iter()
        .map(|d| {
            (
                d["key"].as_str().unwrap_or_default().to_owned(),
                d["item_id"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    assert_eq!(told, keys[..3]);
    assert_eq!(draw("2", "audit 2026")?, drawn[..2], "a smaller sample is the beginning of a larger one");
    assert_ne!(draw("3", "audit 2027")?, drawn);
    assert_eq!(draw("99", "s")?.len(), items.len());
    let ran = run_in(root, ["sample", "ev", "--of", "runs", "--seed", "s", "--n", "5"])?.expect(0);
    assert!(ran.stdout.contains("1 drawn of a population of 1 runs, seed s"), "{}", ran.stdout);
    let ran = run_in(root, ["sample", "ev", "--of", "disposals", "--seed", "s", "--n", "5"])?.expect(0);
    assert!(ran.stdout.contains("D-1"), "{}", ran.stdout);
    run_in(root, ["sample", "ev", "--of", "items", "--seed", "s", "--n", "0"])?.expect(2);

    for path in ["hr/staff.csv", "hr/badges.txt", "hr/old.zip", "hr/old.zip!/in/a.csv"] {
        let ran = reperform(root, &id(&items, path)?, &ROOT)?.expect(0);
        assert!(ran.stdout.ends_with("\nsame\n"), "{path}:\n{}", ran.stdout);
    }
    let ran = reperform(root, &id(&items, "hr/badges.txt")?, &ROOT)?.expect(0);
    assert!(ran.stdout.contains("finding EMPLOYEE_ID"), "the detector that is kept:\n{}", ran.stdout);
    let ran = reperform(root, &id(&items, "hr/staff.csv")?, &ROOT)?.expect(0);
    assert!(ran.stdout.contains("control test RET-01 hr/staff"), "{}", ran.stdout);
    for value in ["536-22-8719", "ana.lind@larkspur.co"] {
        assert!(!ran.stdout.contains(value), "{}", ran.stdout);
    }
    Ok(())
}

#[test]
fn what_is_different_is_shown_beside_what_was_kept() -> Result<()> {
    let (dir, items) = audited()?;
    let record = dir.path().join("ev");
    // Someone who can write to the record made less of it, and all hashes anew.
    let run = &runs(&record)?[0];
    let findings = forge::read_table(run, "findings.parquet")?;
    let paths = arrow::array::AsArray::as_string::<i32>(findings.column_by_name("path").ok_or("no path")?);
    let row =
        (0..findings.num_rows()).find(|n| paths.value(*n) == "hr/badges.txt").ok_or("no such finding")?;
    change_number(run, "findings.parquet", row, "count", |n| n - 1)?;
    reseal(&record, &log(&record)?, None)?;
    let ran = reperform(dir.path(), &id(&items, "hr/badges.txt")?, &ROOT)?.expect(1);
    let line = ran.stdout.lines().find(|l| l.starts_with("finding EMPLOYEE_ID")).unwrap_or_default();
    assert!(
        line.contains("count 1") && line.contains("count 2") && line.ends_with("DIFFERENT"),
        "{}",
        ran.stdout
    );
    let args = [&ROOT[..], &["--format", "jsonl"]].concat();
    let ran = reperform(dir.path(), &id(&items, "hr/badges.txt")?, &args)?.expect(1);
    assert_eq!(ran.records("reperformance")[0]["same"], false);
    // The other items are as they were.
    reperform(dir.path(), &id(&items, "hr/staff.csv")?, &ROOT)?.expect(0);
    Ok(())
}

#[test]
fn what_is_missing_is_named() -> Result<()> {
    let (dir, items) = audited()?;
    let root = dir.path();
    let staff = id(&items, "hr/staff.csv")?;
    let says = |ran: Ran, words: &[&str]| {
        let text = format!("{}{}", ran.stdout, ran.stderr);
        for word in words {
            assert!(text.contains(word), "no {word} in\n{text}");
        }
    };
    // Nothing there; it lies elsewhere.
    says(reperform(root, &staff, &[])?.expect(3), &["needs the file hr/staff.csv", "--root"]);
    fs::create_dir_all(root.join("copy/hr"))?;
    fs::rename(root.join("share/hr/staff.csv"), root.join("copy/hr/staff.csv"))?;
    says(reperform(root, &staff, &ROOT)?.expect(3), &["needs the file hr/staff.csv", "not compared"]);
    reperform(root, &staff, &["--root", "copy"])?.expect(0);
    reperform(root, &staff, &["--file", "copy/hr/staff.csv"])?.expect(0);
    // It has changed.
    let content = fs::read(root.join("copy/hr/staff.csv"))?;
    fs::write(root.join("copy/hr/staff.csv"), [&content[..], b"x,y,z,\n"].concat())?;
    says(
        reperform(root, &staff, &["--root", "copy"])?.expect(3),
        &["content has changed since", &hash(&content)],
    );
    fs::write(root.join("copy/hr/staff.csv"), &content)?;
    // Another key, or none.
    fs::write(root.join("other"), "ffffffffffffffffffffffffffffffff\n")?;
    let key_id = &hash(b"0123456789abcdef0123456789abcdef")[..16];
    for more in [&["--key-file", "other"][..], &[]] {
        let args = ["reperform", "ev", "--item", &staff, "--root", "copy"];
        says(run_in(root, args.iter().chain(more))?.expect(3), &["needs the key", key_id, "as far as"]);
    }
    // A name that was printed masked.
    let masked =
        items.iter().find(|i| i["path"].as_str().is_some_and(|p| p.contains('•'))).ok_or("none is masked")?;
    let masked = masked["item_id"].as_str().unwrap_or_default();
    says(reperform(root, masked, &ROOT)?.expect(2), &["--file"]);
    let file = "share/hr/anna.lindqvist@larkspur-mail.se.txt";
    let ran = reperform(root, masked, &["--file", file])?.expect(0);
    assert!(!ran.stdout.contains("lindqvist"), "{}", ran.stdout);
    says(reperform(root, masked, &["--file", "share/hr/badges.txt"])?.expect(2), &["the end of this path"]);
    // Left out, unknown.
    let out = items.iter().find(|i| i["reason"] == "excluded").ok_or("none is left out")?;
    says(
        reperform(root, out["item_id"].as_str().unwrap_or_default(), &ROOT)?.expect(2),
        &["left this item out (excluded)"],
    );
    says(reperform(root, "00", &ROOT)?.expect(2), &["no such item"]);
    // The rules are gone.
    let patterns = runs(&root.join("ev"))?[0].join("patterns/detectors.toml");
    fs::remove_file(patterns)?;
    says(reperform(root, &staff, &["--root", "copy"])?.expect(2), &["patterns/detectors.toml"]);
    Ok(())
}

#[test]
fn a_run_without_key_is_compared_but_for_fingerprints() -> Result<()> {
    let dir = common::folder(&[("a.txt", b"jo.park@larkspur.co\n")])?;
    let root = dir.path();
    run_in(root, ["scan", "a.txt", "--record", "ev", "--quiet"])?.expect(0);
    let items =
        run_in(root, ["population", "ev", "--of", "items", "--format", "jsonl"])?.records("population");
    let item = items[0]["item_id"].as_str().unwrap_or_default();
    let ran = run_in(root, ["reperform", "ev", "--item", item])?.expect(0);
    assert!(ran.stdout.contains("fingerprints are of a key of that run only"), "{}", ran.stdout);
    Ok(())
}

#[test]
fn a_run_is_signed_with_a_key_of_the_program() -> Result<()> {
    let dir = common::folder(&[("a.txt", b"jo.park@larkspur.co\n")])?;
    let root = dir.path();
    let ran = run_in(root, ["key", "new", "--sign", "-o", "audit.key"])?.expect(0);
    assert_eq!(ran.stdout, "audit.key.pub\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(root.join("audit.key").metadata()?.permissions().mode() & 0o777, 0o600);
    }
    run_in(root, ["key", "new", "--sign", "-o", "audit.key"])?.expect(2);
    run_in(root, ["key", "new", "--sign"])?.expect(2);
    let scan = ["scan", "a.txt", "--record", "ev", "--quiet", "--sign-key"];
    run_in(root, scan.iter().chain(&["audit.key"]))?.expect(0);
    let note = ["anchor", "ev", "--note", "mail", "--sign-key", "audit.key"];
    run_in(root, note)?.expect(0);
    // 64 hex digits are a key as well.
    fs::write(root.join("hex"), "11".repeat(32))?;
    run_in(root, scan.iter().chain(&["hex"]))?.expect(0);
    let ran = run_in(root, ["verify", "ev", "--verify-key", "audit.key.pub"])?.expect(1);
    assert_eq!(ran.stdout.matches("BROKEN").count(), 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("log.jsonl line 5: is signed, but not with this key"), "{}", ran.stdout);
    let ran = run_in(root, scan.iter().chain(&["audit.key.pub"]))?.expect(2);
    assert!(ran.stderr.contains("no Ed25519 private key"), "{}", ran.stderr);
    assert_eq!(log(&root.join("ev"))?.len(), 5, "a key that is none leaves no run");
    Ok(())
}
