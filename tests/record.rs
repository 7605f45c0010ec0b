//! The kept record, end to end: what stands in it, that it holds together whoever is killed when, and that it says later
//! what the scan said.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

#[path = "record/killed.rs"]
mod killed;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::pack::{Result, parquet_rows, quoted, zip};
use common::values::{Rng, kinds};
use common::{Ran, run_in};
use privascan::record::verify::{Checks, Depth, verify};
use serde_json::Value;
use sha2::{Digest, Sha256};

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "share"
version = "1"
review_by = 2027-07-01
date_order = "dmy"
[scope]
cadence = "P7D"
systems = [
  { id = "hr", root = "hr", owner = "hr-ops" },
  { id = "lab", root = "lab", use = "test" },
  { id = "trash", root = "trash" },
]
[[class]]
id = "staff"
match = { path = ["hr/**"] }
owner = "hr-ops"
purpose = "payroll"
allowed = ["hr/**"]
retention = "two-years"
[[class]]
id = "leavers"
match = { path = ["hr/leavers.csv"] }
retention = "after-end"
[purposes]
payroll = { basis = "A6-1-c" }
[[retention]]
id = "two-years"
trigger = { source = "record-date", field = "hired", fallback = ["path-date", "first-seen"], min_confidence = "weak" }
keep_max = "P2Y"
[[retention]]
id = "after-end"
trigger = { source = "event", event = "left", key = "staff_id" }
keep_max = "P1Y"
[[event]]
name = "left"
register = { file = "registers/left.csv", key = "staff_id", date = "left_on" }
[disposal]
quarantine = ["trash/**"]
register = "registers/disposal.jsonl"
[labels]
names = { "Confidential" = "confidential" }
"#;

const DISPOSALS: &str = "{\"id\":\"D-1\",\"item\":\"hr/old.csv\",\"class\":\"staff\",\"approved_at\":\"2026-01-02\",\
                         \"performed_at\":\"2026-01-03\",\"content_hash\":null}\n\
                         {\"id\":\"D-2\",\"item\":\"hr/anna.lindqvist@larkspur-mail.se.txt\",\
                         \"performed_at\":\"2026-01-03\"}\n";

/// A share with a policy, and the values that are in it.
fn share(root: &Path) -> Result<Vec<String>> {
    let planted = kinds::plant(&mut Rng::new(5), 120);
    for folder in ["hr", "lab", "trash", "registers"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::write(root.join("privascan.toml"), POLICY)?;
    fs::write(root.join("registers/left.csv"), "staff_id,left_on\nE-00017,2024-02-29\nE-00018,2026-11-01\n")?;
    fs::write(root.join("registers/disposal.jsonl"), DISPOSALS)?;
    for (n, chunk) in planted.chunks(10).enumerate() {
        let rows: String = (0..)
            .zip(chunk)
            .map(|(i, (k, v))| format!("E-{:05},{},{},{:02}/03/2021\n", 17 + i, k.context, quoted(v), i + 1))
            .collect();
        let table = format!("staff_id,kind,value,hired\n{rows},,,\n,,,soon\n");
        let lines: String = chunk.iter().map(|(k, v)| format!("{}: {v}\n", k.context)).collect();
        let (name, content) = match n % 4 {
            0 => (format!("hr/{n}.csv"), table.into_bytes()),
            1 => (format!("lab/{n}.txt"), lines.into_bytes()),
            2 => (
                format!("hr/{n}.zip"),
                zip(&[("a.txt", lines.as_bytes()), ("b!/c.csv", table.as_bytes())], "")?,
            ),
            _ => (
                format!("trash/{n}.json"),
                serde_json::to_vec(&chunk.iter().map(|(k, v)| (k.context, v)).collect::<Vec<_>>())?,
            ),
        };
        fs::write(root.join(name), content)?;
    }
    fs::write(root.join("hr/leavers.csv"), "staff_id,note\nE-00017,left\nE-00099,unknown\n")?;
    // A name is content too; an item that cannot be read whole is an item.
    fs::write(root.join("hr/anna.lindqvist@larkspur-mail.se.txt"), "Confidential\n")?;
    fs::write(root.join("hr/broken.zip"), b"PK\x03\x04 and no more")?;
    let mut values: Vec<String> = planted.into_iter().map(|(_, v)| v).collect();
    values.push("anna.lindqvist@larkspur-mail.se".to_owned());
    Ok(values)
}

fn scan(root: &Path, more: &[&str]) -> Result<Ran> {
    let fixed = ["scan", "--record", "evidence", "--as-of", "2026-11-24", "--format", "jsonl"];
    Ok(run_in(root, fixed.iter().chain(more))?)
}

fn sorted(ran: &Ran) -> Vec<&str> {
    let mut lines: Vec<&str> = ran.stdout.lines().collect();
    lines.sort_unstable();
    lines
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Checks a whole record with nothing but SHA-256 and what the documentation says; gives the states of its runs.
fn check(record: &Path) -> Result<Vec<(String, &'static str)>> {
    let log = fs::read_to_string(record.join("log.jsonl"))?;
    let whole = log.rfind('\n').map_or(0, |at| at + 1);
    let mut previous = ZEROS.to_owned();
    let mut runs: BTreeMap<String, &'static str> = BTreeMap::new();
    for (n, line) in (1..).zip(log[..whole].lines()) {
        let (body, seal) = line.split_once(",\"hash\":\"").ok_or("a line without hash")?;
        assert_eq!(&seal[..64], hash(body.as_bytes()), "line {n}");
        let value: Value = serde_json::from_str(line)?;
        assert_eq!(value["seq"], n);
        assert_eq!(value["previous"], previous, "line {n}");
        previous = seal[..64].to_owned();
        let run = value["run"].as_str().ok_or("no run")?.to_owned();
        match value["event"].as_str() {
            Some("start") => assert!(runs.insert(run, "open").is_none()),
            Some("aborted") => assert_eq!(runs.insert(run, "aborted"), Some("open")),
            Some("end") => {
                let folder = record.join("runs").join(&run);
                let manifest = fs::read(folder.join("manifest.json"))?;
                assert_eq!(value["manifest"], hash(&manifest), "{run}");
                let manifest: Value = serde_json::from_slice(&manifest)?;
                let mut named = vec![PathBuf::from("manifest.json")];
                for file in manifest["files"].as_array().ok_or("no files")? {
                    let name = file["name"].as_str().ok_or("no name")?;
                    let content = fs::read(folder.join(name))?;
                    assert_eq!(file["sha256"], hash(&content), "{run}/{name}");
                    assert_eq!(file["bytes"], content.len());
                    named.push(PathBuf::from(name));
                }
                let mut there: Vec<PathBuf> = walkdir::WalkDir::new(&folder)
                    .into_iter()
                    .filter_map(|e| e.ok().filter(|e| e.file_type().is_file()))
                    .map(|e| e.path().strip_prefix(&folder).unwrap_or(e.path()).to_path_buf())
                    .collect();
                there.sort();
                named.sort();
                assert_eq!(there, named, "{run}");
                assert_eq!(runs.insert(run, "kept"), Some("open"));
            }
            _ => {}
        }
    }
    // What the tables say costs as much as an assessment of each run.
    let depth = if runs.len() < 4 { Depth::Whole } else { Depth::Files(usize::MAX) };
    assert_eq!(verify(record, &Checks { depth, ..Checks::default() })?.problems, []);
    Ok(runs.into_iter().collect())
}

#[test]
fn a_kept_run_is_private_whole_and_chained() -> Result<()> {
    let dir = tempfile::tempdir()?;
    share(dir.path())?;
    for _ in 0..2 {
        scan(dir.path(), &[])?.expect(3);
    }
    let record = dir.path().join("evidence");
    let runs = check(&record)?;
    assert_eq!(runs.iter().map(|(_, state)| *state).collect::<Vec<_>>(), ["kept", "kept"]);
    assert!(runs[0].0.starts_with("000001-20") && runs[1].0.starts_with("000002-20"), "{runs:?}");
    #[cfg(unix)]
    for entry in walkdir::WalkDir::new(&record) {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry?;
        let want = if entry.file_type().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(entry.metadata()?.permissions().mode() & 0o777, want, "{}", entry.path().display());
    }
    let folder = record.join("runs").join(&runs[1].0);
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("manifest.json"))?)?;
    assert_eq!(manifest["identity"]["previous_run"], runs[0].0.as_str());
    assert_eq!(
        manifest["change"],
        serde_json::json!({
            "previous_run": runs[0].0, "tool": false, "detectors": false, "policy": false, "settings": [],
        })
    );
    assert_eq!(manifest["configuration"]["policy"]["sha256"], hash(POLICY.as_bytes()));
    assert_eq!(fs::read_to_string(folder.join("policy.toml"))?, POLICY);
    assert_eq!(manifest["tool"]["binary_sha256"], hash(&fs::read(common::program())?));
    let systems = manifest["scope"]["systems"].as_array().ok_or("no systems")?;
    assert!(systems.iter().all(|s| s["reach"] == "reached" && s["items"].as_u64() > Some(2)), "{systems:?}");
    // The counts of the manifest are those of the rows, by whoever reads Parquet.
    let items = parquet_rows(fs::read(folder.join("items.parquet"))?)?;
    let coverage = &manifest["coverage"];
    assert_eq!(coverage["discovered"], items.len());
    let sum: u64 =
        coverage["outcomes"].as_array().ok_or("none")?.iter().filter_map(|o| o["items"].as_u64()).sum();
    assert_eq!(sum, items.len() as u64);
    for file in manifest["files"].as_array().ok_or("none")? {
        let name = file["name"].as_str().ok_or("none")?;
        if name.ends_with(".parquet") {
            assert_eq!(file["rows"], parquet_rows(fs::read(folder.join(name))?)?.len(), "{name}");
        }
    }
    let dates = parquet_rows(fs::read(folder.join("dates.parquet"))?)?;
    let of = |field: &str, source: &str, day: &str| {
        dates.iter().any(|d| d["field"] == field && d["source"] == source && d["day"] == day)
    };
    assert!(of("hired", "values", "2021-03-01") && of("staff_id", "event:left", "2024-02-29"), "{dates:?}");
    // Another format of the detectors in force is not needed: the kept file gives the same digest.
    let kept = fs::read_to_string(folder.join("patterns/detectors.toml"))?;
    let own =
        privascan::detect::definition::parse("kept", &kept)?.into_iter().map(|d| ("kept".to_owned(), d));
    let taxonomy = privascan::classify::Taxonomy::builtin()?;
    let detectors = privascan::detect::Detectors::compile(own.collect(), &|t| taxonomy.has(t));
    let detectors = detectors.map_err(|e| format!("{e:?}"))?;
    assert_eq!(manifest["configuration"]["detectors_digest"], detectors.digest());
    Ok(())
}

#[test]
fn an_assessment_of_the_record_says_byte_for_byte_what_the_scan_said() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = dir.path();
    share(root)?;
    let first = scan(root, &["--occurrences", "all"])?.expect(3);
    assert!(!first.records("control_result").is_empty() && !first.records("date").is_empty());
    // The register names what the run prints masked.
    let masked =
        |d: &Value| d["test_id"] == "DSP-02" && d["path"].as_str().is_some_and(|p| p.contains("•••"));
    assert!(first.records("deviation").iter().any(masked), "{:?}", first.records("deviation"));
    // The data may go: the record stays.
    fs::remove_file(root.join("hr/0.csv"))?;
    let second = scan(root, &["--occurrences", "all", "--threads", "2"])?.expect(3);
    for folder in ["hr", "lab", "trash", "registers"] {
        fs::remove_dir_all(root.join(folder))?;
    }
    fs::remove_file(root.join("privascan.toml"))?;
    for (name, scan) in [("evidence@1", &first), ("evidence@2", &second), ("evidence", &second)] {
        let again = run_in(root, ["assess", name, "--format", "jsonl"])?.expect(3);
        assert_eq!(sorted(&again), sorted(scan), "{name}");
    }
    // A decision of a later day changes nothing about what was so on the run's own day.
    run_in(
        root,
        [
            "review",
            "evidence",
            "--subject",
            "MON-02",
            "--by",
            "dpo",
            "--decision",
            "seen",
            "--on",
            "2026-12-01",
        ],
    )?
    .expect(0);
    let again = run_in(root, ["assess", "evidence@2", "--format", "jsonl"])?.expect(3);
    assert_eq!(sorted(&again), sorted(&second));
    check(&root.join("evidence"))?;
    Ok(())
}

#[test]
fn items_keep_the_day_they_were_first_seen_and_since_when_they_cannot_be_read() -> Result<()> {
    let dir = tempfile::tempdir()?;
    share(dir.path())?;
    scan(dir.path(), &[])?.expect(3);
    fs::write(dir.path().join("hr/new.csv"), "a,b\n1,2\n")?;
    let ran =
        run_in(dir.path(), ["scan", "--record", "evidence", "--as-of", "2026-12-01", "--format", "jsonl"])?;
    let items = ran.expect(3).records("item");
    let item = |path: &str| items.iter().find(|i| i["path"] == path).cloned().unwrap_or_default();
    assert_eq!(item("hr/0.csv")["first_seen"], "2026-11-24");
    assert_eq!(item("hr/new.csv")["first_seen"], "2026-12-01");
    assert_eq!(item("hr/broken.zip")["unread_since"], "2026-11-24");
    assert_eq!(item("hr/0.csv")["unread_since"], Value::Null);
    // What a scan writes and reads for itself is no data; without a target that is left out by being in no system.
    let ran = run_in(dir.path(), ["scan", ".", "--record", "evidence", "--format", "jsonl"])?.expect(3);
    let own: Vec<Value> = ran.records("item").into_iter().filter(|i| i["reason"] == "own_output").collect();
    let mut own: Vec<&str> = own.iter().filter_map(|i| i["path"].as_str()).collect();
    own.sort_unstable();
    assert_eq!(own, ["evidence", "privascan.toml", "registers/disposal.jsonl", "registers/left.csv"]);
    Ok(())
}

#[test]
fn no_raw_value_is_in_any_file_of_the_record() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let values = share(dir.path())?;
    scan(
        dir.path(),
        &["--occurrences", "all", "--include", "anna.lindqvist@larkspur-mail.se.txt", "--include", "*"],
    )?
    .expect(3);
    let mut texts = Vec::new();
    for entry in walkdir::WalkDir::new(dir.path().join("evidence")) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let content = fs::read(entry.path())?;
            if entry.path().extension().is_some_and(|e| e == "parquet") {
                let rows = parquet_rows(content.clone())?;
                texts.extend(rows.iter().map(|r| r.values().cloned().collect::<Vec<_>>().join("\n")));
            }
            texts.push(String::from_utf8_lossy(&content).into_owned());
        }
    }
    // Detectors have published examples; no planted value is one.
    let values = values.iter().filter(|v| v.len() >= 7);
    let search = aho_corasick::AhoCorasick::new(values)?;
    for text in &texts {
        let hit = search.find(text);
        assert!(
            hit.is_none(),
            "{:?}",
            hit.map(|h| text[h.start().saturating_sub(40)..].chars().take(160).collect::<String>())
        );
    }
    assert!(texts.iter().any(|t| t.contains("•••")), "the search is not blind: masks do come out");
    Ok(())
}

#[test]
fn exit_codes_follow_roots_and_control_tests() -> Result<()> {
    let dir = tempfile::tempdir()?;
    share(dir.path())?;
    fs::remove_file(dir.path().join("hr/broken.zip"))?;
    let run = |args: &[&str]| run_in(dir.path(), ["scan", "--quiet"].iter().chain(args));
    run(&[])?.expect(0);
    run(&["--fail-on", "DSP-02"])?.expect(1);
    run(&["--fail-on", "deviation"])?.expect(1);
    run(&["--fail-on", "DSP-02", "lab"])?.expect(0);
    run(&["--fail-on", "COL-99"])?.expect(2);
    run(&["--paths", "hashed"])?.expect(2);
    run(&["--policy", "nowhere.toml"])?.expect(2);
    let other = tempfile::tempdir()?;
    run_in(other.path(), ["scan", "--quiet", "--fail-on", "RET-01"])?.expect(2);
    // A root that is gone is told, with and without a target.
    fs::rename(dir.path().join("lab"), dir.path().join("elsewhere"))?;
    run(&["--record", "evidence"])?.expect(3);
    run(&["."])?.expect(3);
    run(&["hr"])?.expect(0);
    run(&["--allow-incomplete"])?.expect(0);
    let ran = run_in(dir.path(), ["assess", "evidence", "--quiet"])?;
    ran.expect(3);
    // The policy's folder can be anywhere around the run.
    let policy = dir.path().join("privascan.toml");
    let policy = policy.to_str().ok_or("not UTF-8")?;
    let inside =
        run_in(&dir.path().join("hr"), ["scan", "--policy", policy, "--format", "jsonl", "."])?.expect(0);
    let outside = run_in(other.path(), ["scan", "--policy", policy, "--format", "jsonl"])?.expect(3);
    assert_eq!(
        inside.records("item").len(),
        outside
            .records("item")
            .iter()
            .filter(|i| { i["path"].as_str().is_some_and(|p| p.contains("/hr/")) })
            .count()
    );
    Ok(())
}

#[test]
fn auditors_reconcile_draw_populations_and_compare() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = dir.path();
    share(root)?;
    scan(root, &[])?.expect(3);
    let mut listing: Vec<String> = Vec::new();
    for entry in walkdir::WalkDir::new(root) {
        let entry = entry?;
        let path = entry.path().strip_prefix(root)?.to_string_lossy().into_owned();
        let inside = ["hr", "lab", "trash"].iter().any(|f| path.starts_with(f));
        if inside {
            let size = if entry.file_type().is_file() {
                format!("\t{}", entry.metadata()?.len())
            } else {
                String::new()
            };
            listing.push(format!("./{path}{size}"));
        }
    }
    fs::write(root.join("listing.txt"), listing.join("\n"))?;
    let reconcile =
        || run_in(root, ["reconcile", "evidence@1", "--listing", "listing.txt", "--format", "jsonl"]);
    assert_eq!(reconcile()?.expect(0).stdout, "");
    let changed = listing.join("\n").replace("./hr/0.csv\t", "./hr/0.csv\t9") + "\nhr/forgotten.csv\t5\n";
    let changed = changed.replacen("./lab/1.txt", "./lab/other.txt", 1);
    fs::write(root.join("listing.txt"), changed)?;
    let ran = reconcile()?.expect(1);
    let mut told: Vec<(String, String)> = ran
        .records("reconciliation")
        .iter()
        .map(|r| {
            (r["difference"].as_str().unwrap_or("").to_owned(), r["path"].as_str().unwrap_or("").to_owned())
        })
        .collect();
    told.sort();
    let want = [
        ("not-in-listing", "lab/1.txt"),
        ("not-in-record", "hr/forgotten.csv"),
        ("not-in-record", "lab/other.txt"),
        ("size", "hr/0.csv"),
    ];
    assert_eq!(told, want.map(|(a, b)| (a.to_owned(), b.to_owned())));

    fs::write(root.join("hr/0.csv"), "nothing\n")?;
    scan(root, &[])?.expect(3);
    run_in(root, ["diff", "evidence@1", "evidence@1"])?.expect(0);
    let diff = run_in(root, ["diff", "evidence@1", "evidence@2", "--format", "jsonl"])?.expect(1);
    let went = diff.records("difference");
    assert!(
        !went.is_empty()
            && went
                .iter()
                .all(|d| d["kind"] == "control"
                    || d["what"].as_str().is_some_and(|w| w.starts_with("hr/0.csv"))),
        "{went:?}"
    );
    run_in(root, ["diff", "evidence@1", "evidence@3"])?.expect(2);

    let population = |of: &str, more: &[&str]| {
        let fixed = ["population", "evidence", "--format", "jsonl", "--of", of];
        run_in(root, fixed.iter().chain(more))
    };
    let runs = population("runs", &[])?.expect(0).records("population");
    assert_eq!(runs.len(), 2);
    assert_eq!((&runs[1]["state"], &runs[1]["gap_days"]), (&Value::from("completed"), &Value::from(0)));
    assert_eq!(population("runs", &["--period", "2027-01-01..2027-02-01"])?.expect(0).stdout, "");
    population("runs", &["--period", "2027-01-01"])?.expect(2);
    let items = population("items", &[])?.expect(0).records("population");
    assert!(items.iter().any(|i| i["path"] == "hr/leavers.csv"));
    let disposals =
        population("disposals", &["--period", "2026-01-01..2026-01-31"])?.expect(0).records("population");
    assert_eq!(disposals.len(), 2);
    assert_eq!(
        (&disposals[0]["id"], &disposals[0]["item"]),
        (&Value::from("D-1"), &Value::from("hr/old.csv"))
    );
    Ok(())
}

#[test]
fn a_damaged_or_foreign_record_is_refused_in_one_line() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = dir.path();
    share(root)?;
    let refused = |args: &[&str], what: &str| -> Result<()> {
        let ran = run_in(root, args)?.expect(2);
        assert!(ran.stderr.contains(what) && ran.stderr.lines().count() == 1, "{args:?}: {}", ran.stderr);
        Ok(())
    };
    refused(&["assess", "nothing"], "no record")?;
    refused(&["review", "hr", "--subject", "s", "--by", "b", "--decision", "d"], "no record")?;
    refused(&["scan", "--record", "hr"], "holds other things")?;
    scan(root, &[])?.expect(3);
    refused(&["assess", "evidence@7"], "no run 7")?;
    let zoned = POLICY.replace("version = \"1\"", "version = \"1\"\ntime_zone = \"Europe/Berlin\"");
    fs::write(root.join("zoned.toml"), zoned)?;
    refused(&["assess", "evidence", "--policy", "zoned.toml"], "Europe/Berlin")?;

    let runs = check(&root.join("evidence"))?;
    let folder = root.join("evidence/runs").join(&runs[0].0);
    let table = fs::read(folder.join("findings.parquet"))?;
    let mut damaged = table.clone();
    damaged[table.len() / 2] ^= 1;
    fs::write(folder.join("findings.parquet"), &damaged)?;
    refused(&["assess", "evidence"], "findings.parquet: is not the file that the manifest vouches for")?;
    // A damaged past is no reason to have no present.
    scan(root, &[])?.expect(3);
    let log = fs::read_to_string(root.join("evidence/log.jsonl"))?;
    fs::write(root.join("evidence/log.jsonl"), log.replacen("\"event\":\"end\"", "\"event\":\"end", 1))?;
    refused(&["assess", "evidence"], "line 2 is malformed")?;
    refused(&["scan", "--record", "evidence"], "line 2 is malformed")?;
    Ok(())
}
