//! Disposal, end to end: what is approved goes, and nothing else, whoever interferes.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular", unix))]

mod common;

#[path = "dispose/hostile.rs"]
mod hostile;
#[path = "dispose/killed.rs"]
mod killed;

#[path = "dispose/raced.rs"]
mod raced;
#[path = "dispose/registered.rs"]
mod registered;
#[path = "dispose/settled.rs"]
mod settled;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::pack::{Result, zip};
use common::{Ran, run_in};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "share"
version = "1"
review_by = 2027-07-01
[scope]
systems = [
  { id = "hr", root = "hr", owner = "hr-ops" },
  { id = "crm", root = "crm", owner = "sales" },
]
[[class]]
id = "staff"
match = { path = ["hr/**"] }
owner = "hr-ops"
purpose = "payroll"
allowed = ["hr/**"]
retention = "two-years"
[[class]]
id = "contract"
match = { path = ["hr/*contract*"] }
owner = "legal"
purpose = "payroll"
retention = "ten-years"
[purposes]
payroll = { basis = "A6-1-c" }
[[retention]]
id = "two-years"
trigger = { source = "record-date", field = "hired", fallback = ["path-date"] }
keep_max = "P2Y"
grace = "P30D"
action = "delete"
method = "logical-delete"
[[retention]]
id = "ten-years"
trigger = { source = "path-date" }
keep_max = "P10Y"
[disposal]
quarantine = ["hr/trash/**"]
register = "registers/disposal.jsonl"
"#;

/// Where each column of a plan stands.
fn column(name: &str) -> usize {
    privascan::dispose::plan::COLUMNS.iter().position(|c| *c == name).expect("a column")
}

/// A share with overdue files of many names.
struct Share {
    dir: TempDir,
}

const OLD: [&str; 5] =
    ["hr/old.csv", "hr/deep/er/2019-03.txt", "hr/=1+1.csv", "hr/-a, \"b\".csv", "hr/Ä b.csv"];

impl Share {
    fn new() -> Result<Self> {
        let share = Self { dir: tempfile::tempdir()? };
        for folder in ["hr/deep/er", "crm", "registers", "q"] {
            fs::create_dir_all(share.root().join(folder))?;
        }
        share.write("policy.toml", POLICY)?;
        for (n, name) in (0..).zip(OLD) {
            share.write(
                name,
                &format!("name,email,hired\nAna Lind,ana.lind{n}@larkspur.co,2020-01-0{}\n", n + 1),
            )?;
        }
        share.write("hr/new.csv", "name,email,hired\nJo Park,jo@larkspur.co,2026-01-02\n")?;
        share.write(
            "hr/some.csv",
            "name,email,hired\nJo Park,jo@larkspur.co,2026-01-02\nA,a@larkspur.co,2020-01-02\n",
        )?;
        share.write("hr/2019-02-03 contract.txt", "Dear Ana Lind, ana.lind@larkspur.co\n")?;
        let table = fs::read(share.root().join("hr/old.csv"))?;
        fs::write(share.root().join("hr/backup.zip"), zip(&[("old.csv", &table)], "")?)?;
        share.write("crm/leads.csv", "name,email\nJo Park,jo@larkspur.co\n")?;
        Ok(share)
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        Ok(fs::write(self.root().join(path), text)?)
    }

    fn run(&self, args: &[&str]) -> Result<Ran> {
        Ok(run_in(self.root(), args)?)
    }

    fn plan(&self) -> Result<Vec<Vec<String>>> {
        let file = self.root().join("plan.csv");
        if file.exists() {
            fs::remove_file(&file)?;
        }
        self.run(&["dispose", "plan", "--policy", "policy.toml", "-o", "plan.csv", "--as-of", "2026-11-24"])?
            .expect(0);
        rows(&fs::read(&file)?)
    }

    /// Plans, approves every row that may be, and gives the plan's rows.
    fn approve(&self) -> Result<Vec<Vec<String>>> {
        let mut rows = self.plan()?;
        for row in rows.iter_mut().filter(|row| row[column("advice")].is_empty()) {
            approve(row);
        }
        self.save(&rows)?;
        Ok(rows)
    }

    fn save(&self, rows: &[Vec<String>]) -> Result<()> {
        Ok(fs::write(self.root().join("plan.csv"), bytes(rows)?)?)
    }

    fn apply(&self, more: &[&str]) -> Result<Ran> {
        let fixed = [
            "dispose",
            "apply",
            "--policy",
            "policy.toml",
            "--approved",
            "plan.csv",
            "--as-of",
            "2026-11-24",
        ];
        let format = ["--format", "jsonl"];
        self.run(&[&fixed[..], &format, more].concat())
    }

    /// Applies and gives the outcome of each approved row by its raw path in the plan: `done`, or the reason.
    fn outcomes(&self, more: &[&str], code: i32) -> Result<BTreeMap<String, String>> {
        let ran = self.apply(more)?.expect(code);
        let outcome = |line: &Value| match line["reason"].as_str() {
            Some(reason) => reason.to_owned(),
            None => line["outcome"].as_str().unwrap_or_default().to_owned(),
        };
        let text = |line: &Value| line["path"].as_str().unwrap_or_default().to_owned();
        Ok(ran.records("disposal").iter().map(|line| (text(line), outcome(line))).collect())
    }

    fn register(&self) -> Result<Vec<Value>> {
        match fs::read_to_string(self.root().join("registers/disposal.jsonl")) {
            Ok(text) => text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect(),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Everything but the tool's own files: content by path, where a link goes for links.
    fn tree(&self) -> Result<BTreeMap<PathBuf, String>> {
        let mut all = BTreeMap::new();
        walk(self.root(), &mut all)?;
        let own = |path: &Path| {
            !["plan.csv", "registers/disposal.jsonl"].iter().any(|own| path == self.root().join(own))
        };
        Ok(all.into_iter().filter(|(path, _)| own(path)).collect())
    }
}

fn walk(folder: &Path, all: &mut BTreeMap<PathBuf, String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let meta = path.symlink_metadata()?;
        if meta.is_dir() {
            walk(&path, all)?;
        } else if !meta.is_file() && !meta.is_symlink() {
            all.insert(path.clone(), "special".to_owned());
        } else if meta.is_symlink() {
            all.insert(path.clone(), format!("-> {}", fs::read_link(&path)?.display()));
        } else {
            all.insert(path.clone(), hash(&fs::read(&path)?));
        }
    }
    Ok(())
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let rows = reader.records().map(|r| Ok(r?.iter().map(str::to_owned).collect()));
    rows.collect()
}

fn bytes(rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(privascan::dispose::plan::COLUMNS)?;
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(writer.into_inner()?)
}

fn approve(row: &mut [String]) {
    row[column("approve")] = "yes".to_owned();
    row[column("approved_by")] = "privacy-officer".to_owned();
    row[column("approved_at")] = "2026-11-24".to_owned();
}

#[test]
fn a_plan_lists_what_is_overdue_and_says_what_cannot_go_whole() -> Result<()> {
    let share = Share::new()?;
    let rows = share.plan()?;
    let advice: BTreeMap<&str, &str> =
        rows.iter().map(|r| (r[column("item")].as_str(), r[column("advice")].as_str())).collect();
    let want = [
        ("hr/old.csv", ""),
        ("hr/deep/er/2019-03.txt", ""),
        ("hr/=1+1.csv", ""),
        ("hr/-a, \"b\".csv", ""),
        ("hr/Ä b.csv", ""),
        ("hr/some.csv", "rows"),
        ("hr/2019-02-03 contract.txt", "redact or split"),
        ("hr/backup.zip!/old.csv", "redact or split"),
    ];
    assert_eq!(advice, want.into_iter().collect());
    let of = |item: &str| rows.iter().find(|r| r[column("item")] == item).expect("listed");
    let row = of("hr/old.csv");
    let cells =
        ["system", "class", "rule", "trigger_source", "trigger_date", "due", "days_over", "owner", "action"];
    // 2022-01-01 and 30 days are 2022-01-31, and from there to 2026-11-24 it is 1758 days.
    let want =
        ["hr", "staff", "two-years", "record-date", "2020-01-01", "2022-01-01", "1758", "hr-ops", "delete"];
    assert_eq!(cells.map(|c| row[column(c)].as_str()), want);
    assert_eq!(row[column("content_hash")], hash(&fs::read(share.root().join("hr/old.csv"))?));
    assert_eq!(row[column("policy_digest")], hash(POLICY.as_bytes()));
    assert_eq!(of("hr/2019-02-03 contract.txt")[column("also_holds")], "contract");
    let mode = fs::metadata(share.root().join("plan.csv"))?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // A plan may hold approvals.
    let again = share.run(&["dispose", "plan", "--policy", "policy.toml", "-o", "plan.csv"])?.expect(2);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    Ok(())
}

#[test]
fn what_is_approved_moves_and_nothing_else() -> Result<()> {
    let share = Share::new()?;
    let mut plan = share.plan()?;
    let before = share.tree()?;
    for name in &OLD[..3] {
        approve(plan.iter_mut().find(|r| r[column("item")] == *name).expect("listed"));
    }
    share.save(&plan)?;
    share.apply(&["--quarantine", "q", "--dry-run"])?.expect(0);
    assert_eq!(share.tree()?, before);
    assert!(share.register()?.is_empty());

    let outcomes = share.outcomes(&["--quarantine", "q"], 0)?;
    assert_eq!(outcomes, OLD[..3].iter().map(|n| ((*n).to_owned(), "done".to_owned())).collect());
    let moved = |path: &Path| {
        let inside = path.strip_prefix(share.root()).expect("inside").to_path_buf();
        OLD[..3].iter().any(|name| Path::new(name) == inside).then(|| share.root().join("q").join(&inside))
    };
    let want: BTreeMap<PathBuf, String> = before
        .iter()
        .map(|(path, hash)| (moved(path).unwrap_or_else(|| path.clone()), hash.clone()))
        .collect();
    assert_eq!(share.tree()?, want);

    // Written down before and after.
    let register = share.register()?;
    assert_eq!(register.len(), 6);
    for pair in register.chunks(2) {
        assert_eq!(pair[0]["id"], pair[1]["id"]);
        assert!(pair[0]["intent"].is_object() && pair[0]["performed_at"].is_null());
        assert!(pair[1]["intent"].is_null() && pair[1]["performed_at"].is_string());
        assert_eq!(pair[1]["approved_by"], "privacy-officer");
        assert_eq!(pair[1]["method"], "quarantine");
        let item = pair[1]["item"].as_str().expect("a path");
        assert_eq!(pair[1]["quarantine"], format!("q/{item}"));
        assert_eq!(pair[1]["content_hash"], before[&share.root().join(item)]);
    }
    // Once more: nothing is left to do.
    let outcomes = share.outcomes(&["--quarantine", "q"], 0)?;
    assert!(outcomes.values().all(|o| o == "done-before"), "{outcomes:?}");
    assert_eq!(share.register()?.len(), 6);
    assert_eq!(share.tree()?, want);
    Ok(())
}

#[test]
fn deletion_wants_a_rule_that_says_so() -> Result<()> {
    let share = Share::new()?;
    let policy = POLICY.replace("method = \"logical-delete\"\n", "");
    share.write("policy.toml", &policy)?;
    share.approve()?;
    let before = share.tree()?;
    let outcomes = share.outcomes(&["--method", "logical-delete"], 1)?;
    assert!(outcomes.values().all(|o| o == "method-not-approved"), "{outcomes:?}");
    assert_eq!(share.tree()?, before);
    share.write("policy.toml", POLICY)?;
    share.approve()?;
    let outcomes = share.outcomes(&["--method", "logical-delete"], 0)?;
    assert_eq!(outcomes.len(), OLD.len());
    let gone: BTreeSet<PathBuf> = OLD.iter().map(|name| share.root().join(name)).collect();
    let want: BTreeMap<_, _> = before.into_iter().filter(|(path, _)| !gone.contains(path)).collect();
    let after: BTreeMap<_, _> = share.tree()?.into_iter().collect();
    assert_eq!(after.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    Ok(())
}

#[test]
fn a_taken_name_gets_a_number_and_nothing_in_the_quarantine_is_replaced() -> Result<()> {
    let share = Share::new()?;
    fs::create_dir_all(share.root().join("q/hr"))?;
    share.write("q/hr/old.csv", "another")?;
    share.approve()?;
    share.apply(&["--quarantine", "q"])?.expect(0);
    assert_eq!(fs::read_to_string(share.root().join("q/hr/old.csv"))?, "another");
    assert!(share.root().join("q/hr/old.csv~1").exists());
    let register = share.register()?;
    assert!(register.iter().any(|line| line["quarantine"] == "q/hr/old.csv~1"), "{register:?}");
    Ok(())
}

#[test]
fn a_quarantine_inside_the_scope_is_emptied_by_a_second_plan() -> Result<()> {
    let share = Share::new()?;
    fs::create_dir_all(share.root().join("hr/trash"))?;
    share.approve()?;
    let ran = share.apply(&["--quarantine", "hr/trash"])?.expect(0);
    assert!(!ran.stderr.contains("copy"), "{}", ran.stderr);
    // What lies in it is overdue still, and is not moved into where it is.
    let outcomes = {
        share.approve()?;
        share.outcomes(&["--quarantine", "hr/trash"], 1)?
    };
    assert!(outcomes.values().all(|o| o == "in-quarantine"), "{outcomes:?}");
    assert_eq!(outcomes.len(), OLD.len());
    share.outcomes(&["--method", "logical-delete"], 0)?;
    assert!(!share.root().join("hr/trash/hr/old.csv").exists());
    // Elsewhere in the scope, the next scan would see copies.
    let share = Share::new()?;
    fs::create_dir_all(share.root().join("hr/aside"))?;
    share.approve()?;
    let ran = share.apply(&["--quarantine", "hr/aside"])?.expect(0);
    assert!(ran.stderr.contains("will call what is in it a copy"), "{}", ran.stderr);
    Ok(())
}

#[test]
fn what_spreadsheets_do_to_a_plan_is_understood() -> Result<()> {
    let share = Share::new()?;
    let mut rows = share.approve()?;
    for row in &mut rows {
        for name in ["trigger_date", "due"] {
            let cell = &mut row[column(name)];
            let parts: Vec<i32> = cell.split('-').filter_map(|p| p.parse().ok()).collect();
            *cell = if parts.len() == 3 {
                format!("{}/{}/{}", parts[1], parts[2], parts[0])
            } else {
                String::new()
            };
        }
    }
    // Semicolons, a byte order mark, and a column that someone added.
    let text: Vec<String> = std::iter::once(privascan::dispose::plan::COLUMNS.map(str::to_owned).to_vec())
        .chain(rows)
        .map(|row| {
            row.iter()
                .map(|c| format!("\"{}\"", c.replace('"', "\"\"")))
                .chain(["note".to_owned()])
                .collect::<Vec<_>>()
                .join(";")
        })
        .collect();
    fs::write(share.root().join("plan.csv"), format!("\u{feff}{}\r\n", text.join("\r\n")))?;
    let outcomes = share.outcomes(&["--quarantine", "q"], 0)?;
    assert_eq!(outcomes.len(), OLD.len());
    let register = share.register()?;
    assert!(
        register.iter().any(|l| l["item"] == "hr/old.csv" && l["trigger_date"] == "2020-01-01"),
        "{register:?}"
    );
    Ok(())
}

#[test]
fn what_was_disposed_of_is_verified_and_certified() -> Result<()> {
    let share = Share::new()?;
    fs::create_dir_all(share.root().join("hr/trash"))?;
    share.write("key", "0123456789abcdef0123456789abcdef")?;
    fs::remove_file(share.root().join("hr/backup.zip"))?;
    let plan = [
        "dispose",
        "plan",
        "--policy",
        "policy.toml",
        "-o",
        "plan.csv",
        "--as-of",
        "2026-11-24",
        "--key-file",
        "key",
    ];
    share.run(&plan)?.expect(0);
    let mut planned = rows(&fs::read(share.root().join("plan.csv"))?)?;
    planned.iter_mut().filter(|row| row[column("advice")].is_empty()).for_each(|row| approve(row));
    share.save(&planned)?;
    share.apply(&["--quarantine", "hr/trash"])?.expect(0);
    let register = share.register()?;
    let old = register.iter().rfind(|l| l["item"] == "hr/old.csv").expect("an entry");
    assert_eq!(old["record_fingerprints"].as_array().map(Vec::len), Some(1), "{old}");

    let verify = |more: &[&str], code| -> Result<Ran> {
        let fixed =
            ["dispose", "verify", "--policy", "policy.toml", "--key-file", "key", "--format", "jsonl"];
        Ok(share.run(&[&fixed[..], more].concat())?.expect(code))
    };
    let ran = verify(&["--certificate", "c.json", "--as-of", "2030-01-01"], 0)?;
    let lines = ran.records("disposal_verification");
    assert_eq!(lines.len(), OLD.len());
    assert!(lines.iter().all(|l| l["outcome"] == "pass" && l["copies_tolerated"] == 1), "{lines:?}");
    let certificate: Value = serde_json::from_slice(&fs::read(share.root().join("c.json"))?)?;
    let statement = certificate["statement"].as_str().unwrap_or_default();
    assert!(
        statement.starts_with("Absence was verified only where"),
        "there are tolerated copies: {statement}"
    );
    assert_eq!(certificate["entries"].as_array().map(Vec::len), Some(OLD.len()));
    assert_eq!(certificate["coverage"]["scanned"], 9);
    assert_eq!(share.register()?, register);
    // The person's address in another text is a residual copy, by its fingerprint.
    share.write("crm/letter.txt", "Email: ana.lind0@larkspur.co, she asked.\n")?;
    let ran = verify(&["--certificate", "c.md"], 1)?;
    let failed: Vec<Value> =
        ran.records("disposal_verification").into_iter().filter(|l| l["outcome"] == "fail").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["residual_copies"]["path"], "crm/letter.txt");
    let text = fs::read_to_string(share.root().join("c.md"))?;
    assert!(text.contains("Absence was verified only where"), "{text}");
    assert!(!text.contains("larkspur.co"), "{text}");
    fs::remove_file(share.root().join("crm/letter.txt"))?;
    // Back at its place.
    fs::copy(share.root().join("hr/trash/hr/old.csv"), share.root().join("hr/old.csv"))?;
    let ran = verify(&[], 1)?;
    let failed: Vec<Value> =
        ran.records("disposal_verification").into_iter().filter(|l| l["outcome"] == "fail").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["absent_at_source"]["reason"], "still-there");
    fs::remove_file(share.root().join("hr/old.csv"))?;
    // Where something cannot be read, absence is not proven.
    fs::write(share.root().join("hr/broken.zip"), b"PK\x03\x04 and no more")?;
    let ran = verify(&[], 3)?;
    assert!(ran.records("disposal_verification").iter().all(|l| l["outcome"] != "pass"), "{}", ran.stdout);
    fs::remove_file(share.root().join("hr/broken.zip"))?;
    verify(&["--register-result"], 0)?;
    let register = share.register()?;
    assert!(
        register
            .iter()
            .rev()
            .take(OLD.len())
            .all(|l| l["verified_by_run"].is_string() && l["performed_at"].is_string())
    );
    // A policy that does not reach the store proves nothing.
    fs::rename(share.root().join("hr"), share.root().join("elsewhere"))?;
    verify(&[], 3)?;
    Ok(())
}
