//! `privascan policy` as a user meets it.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::io;

use common::{demo, folder, package, run_in};
use serde_json::Value;

fn example() -> io::Result<String> {
    let page = std::fs::read_to_string(package().join("docs/policy.md"))?;
    let block = page.split("```toml\n").nth(1).unwrap_or_default();
    Ok(block.split("```").next().unwrap_or_default().to_owned())
}

#[test]
fn check_says_all_that_is_wrong_and_exits_as_agreed() -> io::Result<()> {
    let sound = std::fs::read(package().join("testdata/policies/sound.toml"))?;
    let wrong = String::from_utf8_lossy(&sound).replace("\"two-years\"\n[p", "\"two-yaers\"\n[p");
    let warned = String::from_utf8_lossy(&sound).replace("purpose = \"orders\"\n", "");
    let dir = folder(&[
        ("privascan.toml", &sound),
        ("wrong.toml", wrong.as_bytes()),
        ("warned.toml", warned.as_bytes()),
        ("bytes.toml", b"schema = \"\xff\"\n"),
    ])?;
    let ran = run_in(dir.path(), ["policy", "check"])?.expect(0);
    assert_eq!(ran.stdout, "privascan.toml: no mistakes found; 1 system, 1 class, 1 retention rule\n");
    let ran = run_in(dir.path(), ["policy", "check", "wrong.toml"])?.expect(1);
    assert_eq!(
        ran.stdout,
        "wrong.toml:10:13: error: no retention rule is called `two-yaers`; did you mean `two-years`?\n\
         \nwrong.toml: 1 error\n"
    );
    let ran = run_in(dir.path(), ["policy", "check", "wrong.toml", "--format", "jsonl"])?.expect(1);
    let lines: Vec<Value> = ran.stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        lines[0],
        serde_json::json!({
            "file": "wrong.toml", "line": 10, "column": 13, "level": "error", "code": "unknown-retention",
            "key": "class[0].retention", "says": "no retention rule is called `two-yaers`",
            "fix": "did you mean `two-years`?",
        })
    );
    let ran = run_in(dir.path(), ["policy", "check", "warned.toml"])?.expect(0);
    assert!(ran.stdout.contains("warned.toml: no errors, 2 warnings: it can be used;"), "{}", ran.stdout);
    let ran = run_in(dir.path(), ["policy", "check", "bytes.toml"])?.expect(1);
    assert!(ran.stdout.starts_with("bytes.toml:1:11: error: this is not UTF-8;"), "{}", ran.stdout);
    for (file, said) in [("gone.toml", "policy init"), (".", "cannot read .")] {
        let ran = run_in(dir.path(), ["policy", "check", file])?.expect(2);
        assert!(ran.stderr.contains(said) && ran.stderr.lines().count() == 1, "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    Ok(())
}

#[test]
fn check_looks_for_what_the_policy_names_and_asks_the_detectors() -> io::Result<()> {
    let text = String::from_utf8_lossy(&std::fs::read(package().join("testdata/policies/sound.toml"))?)
        .replace("root = \".\"", "root = \"office\"");
    let dir = folder(&[("gov/privascan.toml", text.as_bytes()), ("office/a.txt", b"x")])?;
    let ran = run_in(dir.path(), ["policy", "check", "gov/privascan.toml"])?.expect(0);
    assert!(ran.stdout.contains(":4:36: warning: `office` is not there;"), "{}", ran.stdout);
    std::fs::rename(dir.path().join("gov/privascan.toml"), dir.path().join("privascan.toml"))?;
    let ran = run_in(dir.path(), ["policy", "check", "--detectors", "all,!person.name"])?.expect(0);
    assert!(ran.stdout.contains("no detector of this build finds `person.name`"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("not there"), "{}", ran.stdout);
    Ok(())
}

#[test]
fn a_draft_of_the_demo_can_be_used_and_holds_no_value() -> io::Result<()> {
    let dir = folder(&[])?;
    let share = dir.path().join("share");
    copy(&demo(), &share)?;
    let ran = run_in(dir.path(), ["policy", "init", "share"])?.expect(0);
    assert!(ran.stdout.contains("privascan.toml is written"), "{}", ran.stdout);
    let text = std::fs::read_to_string(dir.path().join("privascan.toml"))?;
    let ran = run_in(dir.path(), ["policy", "check"])?.expect(0);
    assert!(ran.stdout.contains("no errors"), "{}\n{text}", ran.stdout);
    for said in [
        "id = \"share\"",
        "{ id = \"hr\", root = \"share/hr\", owner = \"TODO: who answers for this\" }",
        "root = \"share/test\", owner = \"TODO: who answers for this\", use = \"test\"",
        "id = \"people\"",
        "id = \"payment-cards\"",
        "allowed = []",
        "# special = {",
        "**/.cache/**",
    ] {
        assert!(text.contains(said), "no {said} in\n{text}");
    }
    // Masks and values of the share's findings, and names that hold some.
    let found = run_in(dir.path(), ["scan", "share", "--format", "jsonl", "--allow-incomplete"])?.expect(0);
    let masks: Vec<Value> = found.records("occurrence");
    assert!(masks.len() > 100);
    for mask in masks.iter().filter_map(|o| o["mask"].as_str()).filter(|m| m.chars().count() > 5) {
        assert!(!text.contains(mask), "{mask}");
    }
    for value in ["586-52-5649", "@", "kettler", "4111"] {
        assert!(!text.to_lowercase().contains(value), "{value}");
    }
    // Nothing is written over.
    let ran = run_in(dir.path(), ["policy", "init", "share"])?.expect(2);
    assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(dir.path().join("privascan.toml"))?, text);
    // The policy of a folder inside speaks of paths below it.
    let inside = share.join("hr");
    let ran = run_in(&inside, ["policy", "init", "-o", "-"])?.expect(0);
    assert!(
        ran.stdout.contains("root = \"payroll\"") && ran.stdout.contains("root = \".\""),
        "{}",
        ran.stdout
    );
    let ran = run_in(&inside, ["policy", "init", ".."])?.expect(2);
    assert!(ran.stderr.contains("or above"), "{}", ran.stderr);
    let ran = run_in(dir.path(), ["policy", "init", "gone", "-o", "other.toml"])?.expect(2);
    assert!(ran.stderr.contains("no such file"), "{}", ran.stderr);
    Ok(())
}

#[test]
fn a_draft_names_no_folder_with_something_personal_in_its_name() -> io::Result<()> {
    let dir = folder(&[
        ("b.berg@larkspur.co/a.txt", b"mail ana.lind@larkspur.co\n"),
        ("orders/2024.csv", b"placed_on,born_on,email,b.berg@larkspur.co date\n2024-01-02,1980-01-01,ana.lind@larkspur.co,x\n"),
        ("orders/2025.csv", b"placed_on,date_of_birth,email\n2024-01-02,1980-01-01,ana.lind@larkspur.co\n"),
    ])?;
    let ran = run_in(dir.path(), ["policy", "init", "-o", "-"])?.expect(0);
    // No piece of an address either, such as what stands behind its last dot.
    assert!(!ran.stdout.contains("larkspur") && !ran.stdout.contains("co date"), "{}", ran.stdout);
    assert!(ran.stdout.contains("# In no system: 1 folder with 1 item."), "{}", ran.stdout);
    assert!(ran.stdout.contains("dates found there: placed_on (2 items)"), "{}", ran.stdout);
    Ok(())
}

const CONTRACT: &str = "\
apiVersion: v3.1.0
kind: DataContract
name: shop
version: 2.0.0
schema:
  - name: orders
    properties:
      - { name: placed_at, classification: confidential }
slaProperties:
  - property: retention
    value: 3
    unit: y
    element: orders.placed_at
  - property: retention
    value: 36
    unit: hours
    element: clicks.at
";

#[test]
fn retention_of_a_contract_goes_into_a_policy_that_stays_sound() -> io::Result<()> {
    let sound = std::fs::read(package().join("testdata/policies/sound.toml"))?;
    let bomb: String = (0..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, i| {
        text + &format!("a{0}: &a{0} [*a{i}, *a{i}, *a{i}, *a{i}]\n", i + 1)
    });
    let dir = folder(&[
        ("privascan.toml", &sound),
        ("c.yaml", CONTRACT.as_bytes()),
        ("bomb.yaml", bomb.as_bytes()),
        ("broken.yaml", b"slaProperties: [{ property: retention\nx"),
    ])?;
    let ran = run_in(dir.path(), ["policy", "import", "--odcs", "c.yaml"])?.expect(0);
    assert!(ran.stdout.starts_with("# From c.yaml\n[[retention]]\nid = \"orders-3y\"\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("`36 hours` is left out"), "{}", ran.stderr);
    let ran =
        run_in(dir.path(), ["policy", "import", "--odcs", "c.yaml", "--into", "privascan.toml"])?.expect(0);
    assert!(ran.stdout.contains("added rules orders-3y and classes orders;"), "{}", ran.stdout);
    let text = std::fs::read_to_string(dir.path().join("privascan.toml"))?;
    assert!(text.as_bytes().starts_with(&sound));
    run_in(dir.path(), ["policy", "check"])?.expect(0);
    // A second time the ids are taken: nothing is added.
    let ran =
        run_in(dir.path(), ["policy", "import", "--odcs", "c.yaml", "--into", "privascan.toml"])?.expect(2);
    assert!(
        ran.stderr.contains("is there already") && ran.stderr.contains("nothing was added"),
        "{}",
        ran.stderr
    );
    assert_eq!(std::fs::read_to_string(dir.path().join("privascan.toml"))?, text);
    for (file, said) in
        [("bomb.yaml", "bomb.yaml"), ("broken.yaml", "broken.yaml:"), ("gone.yaml", "gone.yaml")]
    {
        let ran = run_in(dir.path(), ["policy", "import", "--odcs", file])?.expect(2);
        let last = ran.stderr.lines().last().unwrap_or_default().to_owned();
        assert!(last.contains(said) && ran.stderr.lines().count() == 1, "{}", ran.stderr);
    }
    Ok(())
}

#[test]
fn schedules_come_as_table_csv_and_lines_and_no_cell_is_a_formula() -> io::Result<()> {
    let text = example()?.replace("authority = \"tax acts\"", "authority = \"=HYPERLINK(1)\"");
    let dir = folder(&[("privascan.toml", text.as_bytes()), ("bad.toml", b"schema = 1\n")])?;
    let ran = run_in(dir.path(), ["policy", "schedule", "--format", "csv"])?.expect(0);
    let mut rows = csv::Reader::from_reader(ran.stdout.as_bytes());
    let header: Vec<String> = rows.headers()?.iter().map(str::to_owned).collect();
    assert_eq!(&header[..2], ["class", "categories"]);
    let rows: Vec<csv::StringRecord> = rows.records().collect::<Result<_, _>>()?;
    let cell = |row: usize, name: &str| {
        let at = header.iter().position(|h| h == name).unwrap_or(usize::MAX);
        rows[row].get(at).unwrap_or_default().to_owned()
    };
    assert_eq!(rows.len(), 3);
    assert_eq!(cell(1, "authority"), "'=HYPERLINK(1)");
    assert_eq!(
        cell(1, "trigger"),
        "record-date invoice_date, else path-date, from the end of that fiscal year"
    );
    assert_eq!(cell(0, "systems"), "ward;portal");
    let ran = run_in(dir.path(), ["policy", "ropa", "--format", "jsonl"])?.expect(0);
    let lines: Vec<Value> = ran.stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["activity"], "RP-01");
    assert_eq!(lines[1]["recipients"], serde_json::json!(["regional-lab"]));
    let ran = run_in(dir.path(), ["policy", "schedule"])?.expect(0);
    assert!(ran.stdout.starts_with("class          patient-file\n"), "{}", ran.stdout);
    let ran = run_in(dir.path(), ["policy", "schedule", "bad.toml"])?.expect(2);
    assert!(ran.stderr.contains("bad.toml:1:") && ran.stderr.contains("errors"), "{}", ran.stderr);
    Ok(())
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (entry, to) = (entry?, to);
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => {
                std::fs::copy(entry.path(), &target)?;
            }
        }
    }
    Ok(())
}
