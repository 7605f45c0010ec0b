//! Runs that are not as every Monday's: what tests say where something is missing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use super::common::{command, run_with};
use super::company::monday;
use super::runs::{Chain, Seen};

/// A policy that leaves things out, without a record and without a key.
pub fn sketch() -> Chain {
    let mut chain = Chain::new("privascan-2.toml");
    (chain.recorded, chain.keyed) = (false, false);
    chain.integrity = ("not-evaluated", Some("no-record".to_owned()));
    chain.week(8);
    chain
}

/// The disposal register is not where the policy says, and the run has no key.
pub fn without_register_and_key() -> Chain {
    let mut chain = Chain::new("privascan.toml");
    (chain.recorded, chain.keyed) = (false, false);
    chain.integrity = ("not-evaluated", Some("no-record".to_owned()));
    let company = chain.set(12);
    fs::remove_file(chain.dir().join("registers/disposal.jsonl")).expect("removed");
    chain.run(12, &company);
    chain
}

/// Another run with fewer detectors, then another policy, and a record that someone has touched.
pub fn other_rules() -> Chain {
    let mut chain = Chain::new("privascan.toml");
    chain.week(0);
    chain.detectors = Some(("all,!gov.national_id,!pay.pan", &["gov.national_id", "pay.pan"]));
    chain.week(1);
    chain.amend("\n# The same in other words.\n");
    chain.week(2);
    // The policy's change was noted, and nobody said a word about it.
    chain.week(3);
    let log = chain.record().join("log.jsonl");
    let text = fs::read_to_string(&log).expect("a log");
    fs::write(&log, text.replacen("\"as_of\":\"2026-01-05\"", "\"as_of\":\"2026-01-06\"", 1)).expect("a log");
    chain.integrity = ("fail", None);
    chain.week(4);
    chain
}

/// A detector of the company's own that finds nothing, since another claims all of it.
pub fn blind() -> Chain {
    let mut chain = Chain::new("privascan.toml");
    chain.recorded = false;
    chain.integrity = ("not-evaluated", Some("no-record".to_owned()));
    let folder = chain.home().join("patterns");
    fs::create_dir(&folder).expect("a folder");
    let detector = r#"
        [[detector]]
        id = "own-badge"
        info_type = "EMPLOYEE_ID"
        about = "A badge that looks like a mail address"
        pattern = "badge-[0-9]{4}@larkspur[.]co"
        anchor = "at"
        likelihood = "unlikely"
        examples = ["badge-1234@larkspur.co"]
        counterexamples = ["badge-12"]
    "#;
    fs::write(folder.join("badge.toml"), detector).expect("a detector");
    chain.patterns = Some(folder);
    chain.found("emp.hr_record");
    chain.week(6);
    chain
}

/// A system's root that the program may not list. Root may list all, so the program runs as somebody else then.
pub fn unreadable() -> Chain {
    const NOBODY: u32 = 65534;
    let mut chain = Chain::new("privascan.toml");
    chain.recorded = false;
    chain.integrity = ("not-evaluated", Some("no-record".to_owned()));
    let company = chain.set(4);
    let root = chain.dir().join("archive/vault");
    let mode = |mode| fs::set_permissions(&root, fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0);
    chain.unreadable.insert("archive/vault".to_owned());
    let mut program = command(&chain.dir());
    program.args(chain.arguments(monday(4)));
    // Who may list a folder in spite of its mode is root.
    if fs::read_dir(&root).is_ok() {
        give(chain.home(), NOBODY);
        program.uid(NOBODY).gid(NOBODY);
    }
    let output = program.output().expect("a run");
    mode(0o755);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    chain.compare(4, &company, &String::from_utf8_lossy(&output.stdout));
    chain
}

/// Gives a folder and all that is in it to someone.
fn give(path: &Path, to: u32) {
    chown(path, Some(to), Some(to)).expect("given");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            give(&entry.expect("an entry").path(), to);
        }
    }
}

/// What comes from standard input has no permissions.
pub fn standard_input() -> Seen {
    let chain = Chain::new("privascan.toml");
    let company = chain.set(0);
    let path = "hr/payroll/current/2025-11.csv";
    let args = ["scan", "-", "--stdin-name", path, "--policy", "privascan.toml", "--format", "jsonl"];
    let ran = run_with(&chain.dir(), args, &company.files[path].bytes).expect("a run");
    let of =
        |r: &&serde_json::Value| r["test_id"] == "DIS-05" && r["class"] == "payroll" && r["system"] == "hr";
    let results = ran.records("control_result");
    let result = results.iter().find(of).expect("a result");
    assert_eq!((&result["outcome"], &result["reason"]), (&"not-evaluated".into(), &"no-permissions".into()));
    Seen::from([("DIS-05".to_owned(), "no-permissions".to_owned())])
}
