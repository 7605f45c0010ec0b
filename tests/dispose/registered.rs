//! The register as a file among others, and as what plans and verifications are made of.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::common::pack::{Result, zip};
use super::{OLD, POLICY, Share, approve, column, rows};

const REGISTER: &str = "registers/disposal.jsonl";

#[test]
fn a_file_that_is_no_register_is_left_as_it_is() -> Result<()> {
    let entry = r#"{"id":"D-1","item":"hr/x"}"#;
    for text in [
        "# to do\ncall the archive".to_owned(),
        "name,owner\nhr,ops".to_owned(),
        format!("{entry}\n[1, 2"),
        format!("{entry}\nnotes\n{{\"id\":\"D-2\",\"it"),
        "{\"name\": 5}\n{\"id\":\"D-2\",\"it".to_owned(),
        format!("{entry}\n{{\"item\": 5}}"),
        "\u{0}\u{0}\u{0}".to_owned(),
        "{ not: json }".to_owned(),
    ] {
        let share = Share::new()?;
        share.approve()?;
        share.write(REGISTER, &text)?;
        let before = share.tree()?;
        let verify = ["dispose", "verify", "--policy", "policy.toml", "--register-result"];
        for ran in [share.apply(&["--quarantine", "q"])?, share.run(&verify)?] {
            let ran = ran.expect(2);
            assert!(ran.stderr.contains("no entry of a register"), "{text}: {}", ran.stderr);
            assert_eq!(fs::read_to_string(share.root().join(REGISTER))?, text);
        }
        assert_eq!(share.tree()?, before);
    }
    // What was cut off is said by whoever cuts it.
    let share = Share::new()?;
    share.write(REGISTER, &format!("{entry}\n{{\"id\":\"D-2\",\"it"))?;
    let ran = share.run(&["dispose", "verify", "--policy", "policy.toml", "--register-result"])?;
    assert!(ran.stderr.contains("its last line was not whole"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(share.root().join(REGISTER))?, format!("{entry}\n"));
    Ok(())
}

#[test]
fn a_plan_offers_no_content_that_nobody_saw() -> Result<()> {
    let share = Share::new()?;
    let entry = |more: Value| {
        let mut line = json!({"id": "D-1", "item": "crm/leads.csv", "system": "crm", "class": "staff", "rule": "two-years",
            "trigger_date": "2015-01-01", "due": "2017-01-01", "approved_by": "dpo", "approved_at": "2018-01-01",
            "content_hash": "0".repeat(64)});
        line.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        format!("{line}\n")
    };
    let planned = |line: String| -> Result<bool> {
        share.write(REGISTER, &line)?;
        Ok(share.plan()?.iter().any(|row| row[column("item")] == "crm/leads.csv"))
    };
    let same = super::hash(&fs::read(share.root().join("crm/leads.csv"))?);
    assert!(planned(entry(json!({"content_hash": same})))?);
    assert!(!planned(entry(json!({})))?, "the old file's dates for a new one");
    assert!(!planned(entry(json!({"content_hash": same, "refused": "hard-link"})))?);
    Ok(())
}

/// Plans with a key, approves, and moves everything to a folder that no system has.
fn disposed(share: &Share, quarantine: &str) -> Result<()> {
    share.write("key", "0123456789abcdef0123456789abcdef")?;
    fs::remove_file(share.root().join("hr/backup.zip"))?;
    let plan = ["dispose", "plan", "--policy", "policy.toml", "-o", "plan.csv", "--key-file", "key"];
    share.run(&[&plan[..], &["--as-of", "2026-11-24"]].concat())?.expect(0);
    let mut planned = rows(&fs::read(share.root().join("plan.csv"))?)?;
    planned.iter_mut().filter(|row| row[column("advice")].is_empty()).for_each(|row| approve(row));
    share.save(&planned)?;
    share.apply(&["--quarantine", quarantine])?.expect(0);
    Ok(())
}

#[test]
fn no_more_is_certified_than_was_looked_at() -> Result<()> {
    let share = Share::new()?;
    disposed(&share, "q")?;
    let verify = |more: &[&str], code| -> Result<(Value, String)> {
        let fixed = ["dispose", "verify", "--policy", "policy.toml", "--certificate", "c.json"];
        share.run(&[&fixed[..], more].concat())?.expect(code);
        let whole: Value = serde_json::from_slice(&fs::read(share.root().join("c.json"))?)?;
        let statement = whole["statement"].as_str().unwrap_or_default().to_owned();
        Ok((whole, statement))
    };
    let (whole, statement) = verify(&["--key-file", "key"], 0)?;
    assert!(statement.starts_with("Absence verified in the listed stores"), "{statement}");
    assert_eq!(whole["entries"][0]["copies_looked_for"], "by content hash and fingerprints");
    // Without the key, and with another.
    share.write("other-key", "fedcba9876543210fedcba9876543210")?;
    for key in [&[][..], &["--key-file", "other-key"]] {
        let (whole, statement) = verify(key, 0)?;
        assert!(statement.starts_with("Absence was verified only where"), "{statement}");
        let how = whole["entries"][0]["copies_looked_for"].as_str().unwrap_or_default();
        assert!(how.starts_with("by content hash only"), "{how}");
    }
    let (_, statement) = verify(&["--key-file", "key", "--detectors", "contact.email"], 0)?;
    assert!(statement.starts_with("Absence was verified only where"), "{statement}");
    verify(&["--register-result"], 0)?;
    let register = share.register()?;
    let how = register.last().expect("an entry")["verify_method"].as_str().unwrap_or_default().to_owned();
    assert!(how.contains("by content hash only") && !how.contains("hash and fingerprints"), "{how}");
    // What was left out was not looked at.
    let (whole, statement) = verify(&["--key-file", "key", "--exclude", "leads.csv"], 3)?;
    assert!(statement.starts_with("Absence was verified only where"), "{statement}");
    for entry in whole["entries"].as_array().expect("entries") {
        assert_eq!(entry["residual_copies"]["reason"], "coverage");
        assert_eq!(entry["absent_at_source"]["outcome"], "not-evaluated");
    }
    Ok(())
}

#[test]
fn tolerated_copies_are_named() -> Result<()> {
    let share = Share::new()?;
    fs::create_dir_all(share.root().join("hr/trash"))?;
    disposed(&share, "hr/trash")?;
    let verify = [
        "dispose",
        "verify",
        "--policy",
        "policy.toml",
        "--key-file",
        "key",
        "--certificate",
        "c.md",
        "--register-result",
    ];
    share.run(&verify)?.expect(0);
    let text = fs::read_to_string(share.root().join("c.md"))?;
    assert!(text.contains("Absence was verified only where"), "{text}");
    let register = share.register()?;
    let how = register.last().expect("an entry")["verify_method"].as_str().unwrap_or_default();
    assert!(how.contains("1 tolerated in quarantine and backups"), "{how}");
    Ok(())
}

/// Plans on the day before, so that what begins on the day itself is new to the plan.
fn planned_before(share: &Share) -> Result<()> {
    let plan = ["dispose", "plan", "--policy", "policy.toml", "-o", "plan.csv", "--as-of", "2026-11-23"];
    share.run(&plan)?;
    let mut planned = rows(&fs::read(share.root().join("plan.csv"))?)?;
    for row in planned.iter_mut().filter(|row| row[column("advice")].is_empty()) {
        approve(row);
        row[column("approved_at")] = "2026-11-23".to_owned();
    }
    share.save(&planned)
}

#[test]
fn a_hold_that_the_plan_did_not_know_stops_what_it_may_be_about() -> Result<()> {
    let held = |matches: &str| -> Result<std::collections::BTreeMap<String, String>> {
        let share = Share::new()?;
        let archive = zip(&[("inner/letter.txt", b"Dear Ana Lind, ana.lind@larkspur.co")], "")?;
        fs::write(share.root().join("hr/2018-02.zip"), archive)?;
        let hold = format!("[[hold]]\nid = \"LH-9\"\nmatch = {{ {matches} }}\nplaced = 2026-11-24\n");
        share.write("policy.toml", &format!("{POLICY}{hold}"))?;
        planned_before(&share)?;
        let ran = share.apply(&["--quarantine", "q"])?;
        let lines = ran.records("disposal");
        let said = |l: &Value| l["reason"].as_str().or(l["outcome"].as_str()).unwrap_or_default().to_owned();
        Ok(lines.iter().map(|l| (l["path"].as_str().unwrap_or_default().to_owned(), said(l))).collect())
    };
    let said = held("path = [\"hr/*.zip!/inner/**\"]")?;
    assert_eq!(said["hr/2018-02.zip"], "hold-since-plan", "{said:?}");
    assert_eq!(said["hr/old.csv"], "done", "{said:?}");
    let said = held("path = [\"**/letter.txt\"]")?;
    assert_eq!(said["hr/2018-02.zip"], "hold-since-plan", "{said:?}");
    // A class or days that the plan did not see may be in what was not read.
    for matches in ["class = \"contract\"", "from = 1990-01-01, to = 1991-01-01"] {
        let said = held(matches)?;
        assert!(said.values().all(|s| s == "hold-since-plan" || s == "on-hold"), "{matches} {said:?}");
    }
    let said = held("path = [\"crm/**\"]")?;
    assert!(said.values().all(|s| s == "done"), "{said:?}");
    Ok(())
}

#[test]
fn a_root_that_becomes_a_link_is_not_followed() -> Result<()> {
    let become_link = |share: &Share, what: &str| -> Result<()> {
        fs::rename(share.root().join(what), share.root().join("elsewhere"))?;
        Ok(symlink("elsewhere", share.root().join(what))?)
    };
    let share = Share::new()?;
    share.approve()?;
    become_link(&share, "hr")?;
    let before = share.tree()?;
    let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
    assert!(!outcomes.is_empty() && outcomes.values().all(|o| o == "symlink"), "{outcomes:?}");
    assert_eq!(share.tree()?, before);
    // A folder between the policy's and the root.
    let share = Share::new()?;
    fs::create_dir(share.root().join("data"))?;
    fs::rename(share.root().join("hr"), share.root().join("data/hr"))?;
    let policy = POLICY.replace("root = \"hr\"", "root = \"./data/hr/\"").replace("\"hr/", "\"data/hr/");
    share.write("policy.toml", &policy)?;
    share.approve()?;
    become_link(&share, "data")?;
    let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
    assert!(!outcomes.is_empty() && outcomes.values().all(|o| o == "symlink"), "{outcomes:?}");
    fs::remove_file(share.root().join("data"))?;
    fs::rename(share.root().join("elsewhere"), share.root().join("data"))?;
    let outcomes = share.outcomes(&["--quarantine", "q"], 0)?;
    assert!(outcomes.values().all(|o| o == "done"), "{outcomes:?}");
    Ok(())
}

#[test]
fn nothing_is_disposed_of_before_its_time() -> Result<()> {
    let share = Share::new()?;
    share.approve()?;
    let before = share.tree()?;
    let fixed =
        ["dispose", "apply", "--policy", "policy.toml", "--approved", "plan.csv", "--quarantine", "q"];
    let ran = share.run(&[&fixed[..], &["--as-of", "2199-01-01"]].concat())?.expect(2);
    assert!(ran.stderr.contains("before its time"), "{}", ran.stderr);
    assert_eq!(share.tree()?, before);
    share.run(&[&fixed[..], &["--as-of", "2199-01-01", "--dry-run"]].concat())?.expect(0);
    // Another day than that of the clock is written down.
    let plan = ["dispose", "plan", "--policy", "policy.toml", "-o", "before.csv", "--as-of", "2025-01-01"];
    share.run(&plan)?;
    let mut planned = rows(&fs::read(share.root().join("before.csv"))?)?;
    for row in planned.iter_mut().filter(|row| row[column("advice")].is_empty()) {
        approve(row);
        row[column("approved_at")] = "2025-01-01".to_owned();
    }
    share.save(&planned)?;
    share.run(&[&fixed[..], &["--as-of", "2025-01-01"]].concat())?.expect(0);
    let register = share.register()?;
    assert!(!register.is_empty() && register.iter().all(|l| l["as_of"] == "2025-01-01"), "{register:?}");
    Ok(())
}

#[test]
fn what_is_back_is_not_called_done() -> Result<()> {
    let share = Share::new()?;
    share.approve()?;
    share.apply(&["--quarantine", "q"])?.expect(0);
    fs::copy(share.root().join("q/hr/old.csv"), share.root().join("hr/old.csv"))?;
    share.write(OLD[2], "something else by the same name")?;
    for more in [&["--quarantine", "q", "--dry-run"][..], &["--quarantine", "q"]] {
        let outcomes = share.outcomes(more, 1)?;
        assert_eq!(outcomes["hr/old.csv"], "back-again");
        assert!(outcomes.iter().all(|(p, o)| p == "hr/old.csv" || o == "done-before"), "{outcomes:?}");
    }
    assert!(share.root().join("hr/old.csv").exists());
    Ok(())
}

#[test]
fn a_rehearsal_says_what_is_in_the_quarantine_already() -> Result<()> {
    let share = Share::new()?;
    fs::create_dir_all(share.root().join("hr/trash"))?;
    share.approve()?;
    share.apply(&["--quarantine", "hr/trash"])?.expect(0);
    share.approve()?;
    let outcomes = share.outcomes(&["--quarantine", "hr/trash", "--dry-run"], 1)?;
    assert!(outcomes.values().all(|o| o == "in-quarantine"), "{outcomes:?}");
    Ok(())
}

#[test]
fn no_cell_of_a_damaged_row_is_printed() -> Result<()> {
    let share = Share::new()?;
    let mut plan = share.approve()?;
    plan.retain(|row| row[column("item")] == "hr/old.csv");
    plan[0][column("id")] = "ana.lind@larkspur.co\u{1b}[2J".to_owned();
    share.save(&plan)?;
    let fixed =
        ["dispose", "apply", "--policy", "policy.toml", "--approved", "plan.csv", "--quarantine", "q"];
    for format in ["table", "jsonl"] {
        let ran =
            share.run(&[&fixed[..], &["--as-of", "2026-11-24", "--format", format]].concat())?.expect(1);
        assert!(ran.stdout.contains("changed-row") && !ran.stdout.contains("larkspur"), "{}", ran.stdout);
    }
    Ok(())
}

#[test]
fn a_plan_without_end_is_not_read_to_the_end() -> Result<()> {
    let share = Share::new()?;
    // A file of 3 GiB that takes no space.
    let file = fs::File::create(share.root().join("plan.csv"))?;
    file.set_len(3 << 30)?;
    let ran = share.apply(&["--quarantine", "q"])?.expect(2);
    assert!(ran.stderr.contains("larger than 1 GiB"), "{}", ran.stderr);
    Ok(())
}
