//! `locate`, end to end: one person's identifiers in every format and form, and none of them in what is said.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use common::pack::{Result, zip};
use common::{Ran, run_with};
use serde_json::Value;
use tempfile::TempDir;

const EMAIL: &str = "ana.lind@larkspur.co";
const PHONE: &str = "+44 20 7946 0991";
const NAME: &str = "Åsa Tannhäuser";
const SSN: &str = "219-09-4417";
const NOWHERE: &str = "nobody.at.all@larkspur.co";

fn identifiers() -> String {
    format!("{EMAIL}\n\n  {PHONE}\r\n{NAME}\n{SSN}\n{NOWHERE}\n")
}

fn parquet(rows: &[(&str, &str)]) -> Result<Vec<u8>> {
    let column = |pick: fn(&(&str, &str)) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(pick(row))).collect::<StringArray>())
    };
    let columns = [("who", column(|r| r.0.to_owned())), ("how", column(|r| r.1.to_owned()))];
    let batch = RecordBatch::try_from_iter(columns)?;
    let mut out = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(out)
}

fn share() -> Result<TempDir> {
    let dir = tempfile::tempdir()?;
    let root = dir.path();
    for folder in ["crm", "hr", "registers"] {
        fs::create_dir_all(root.join(folder))?;
    }
    let csv =
        "name,email,phone\nJo Park,jo@larkspur.co,\n\"Lind, Ana\",ANA.LIND@larkspur.co,\"020 7946 0991\"\n";
    fs::write(root.join("crm/leads.csv"), csv)?;
    let jsonl = "{\"to\":\"x\"}\n{\"to\":\"ana\\u002elind\\u0040larkspur.co\",\"name\":\"\\u00c5sa Tannh\\u00e4user\"}\n";
    fs::write(root.join("crm/mails.jsonl"), jsonl)?;
    fs::write(
        root.join("hr/table.parquet"),
        parquet(&[("Jo", "none"), ("ÅSA TANNHÄUSER", "SSN 219094417")])?,
    )?;
    let inner = zip(&[("inner/note.txt", "first\n  call 0044 (0)20 7946-0991 today\n".as_bytes())], "")?;
    fs::write(root.join("hr/outer.zip"), zip(&[("deep.zip", &inner), ("leads.csv", csv.as_bytes())], "")?)?;
    fs::write(root.join("hr/Åsa Tannhäuser 2020.txt"), "nothing in here\n")?;
    fs::write(root.join("hr/by-header.csv"), format!("id,{EMAIL}\n1,2\n"))?;
    fs::write(
        root.join("hr/other.txt"),
        "diana.lind@larkspur.co +49 20 7946 0991 Åsa Tannhäuserin 2190944170\n",
    )?;
    fs::write(root.join("hr/latin1.txt"), b"Herr \xc5sa Tannh\xe4user, sehr geehrter\n")?;
    let mut long = fs::File::create(root.join("hr/long.txt"))?;
    for _ in 0..20_000 {
        writeln!(long, "a line of text that says nothing about anyone at all, and no more")?;
    }
    writeln!(long, "but here: {EMAIL}")?;
    Ok(dir)
}

/// Runs it and holds that nothing of what is looked for comes out.
fn locate(root: &Path, args: &[&str], code: i32) -> Result<Ran> {
    let input = identifiers();
    let ran = run_with(root, std::iter::once(&"locate").chain(args), input.as_bytes())?.expect(code);
    silent(&ran.stdout);
    silent(&ran.stderr);
    Ok(ran)
}

#[track_caller]
fn silent(text: &str) {
    let squeezed: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    for secret in ["analind", "2079460991", "tannhäuser", "tannhauser", "219094417", "nobodyatall"] {
        assert!(!squeezed.contains(secret), "{secret} in\n{text}");
    }
}

/// Counts by path and identifier.
fn counts(ran: &Ran) -> BTreeMap<(String, u64), u64> {
    let key = |l: &Value| {
        (l["path"].as_str().unwrap_or_default().to_owned(), l["identifier"].as_u64().unwrap_or(0))
    };
    ran.records("location").iter().map(|l| (key(l), l["count"].as_u64().unwrap_or(0))).collect()
}

#[test]
fn one_person_is_found_in_every_format_and_form() -> Result<()> {
    let dir = share()?;
    let ran = locate(dir.path(), &["crm", "hr", "--format", "jsonl"], 1)?;
    let want: BTreeMap<(String, u64), u64> = [
        ("crm/leads.csv", 1, 1),
        ("crm/leads.csv", 2, 1),
        ("crm/mails.jsonl", 1, 1),
        ("crm/mails.jsonl", 3, 1),
        ("hr/table.parquet", 3, 1),
        ("hr/table.parquet", 4, 1),
        ("hr/outer.zip!/deep.zip!/inner/note.txt", 2, 1),
        ("hr/outer.zip!/leads.csv", 1, 1),
        ("hr/outer.zip!/leads.csv", 2, 1),
        ("hr/••• 2020.txt", 3, 1),
        ("hr/by-header.csv", 1, 1),
        ("hr/latin1.txt", 3, 1),
        ("hr/long.txt", 1, 1),
    ]
    .map(|(path, identifier, count)| ((path.to_owned(), identifier), count))
    .into();
    assert_eq!(counts(&ran), want);
    let lines = ran.records("location");
    let of = |path: &str, identifier: u64| {
        lines.iter().find(|l| l["path"] == path && l["identifier"] == identifier).expect("a line")
    };
    let leads = of("crm/leads.csv", 1);
    assert_eq!(
        (&leads["places"][0]["row"], &leads["places"][0]["field"]),
        (&Value::from(1), &Value::from("email"))
    );
    assert_eq!(leads["kinds"], serde_json::json!(["EMAIL_ADDRESS"]));
    assert!(
        of("hr/table.parquet", 4)["kinds"].as_array().is_some_and(|k| k.contains(&Value::from("US_SSN"))),
        "{lines:?}"
    );
    let note = of("hr/outer.zip!/deep.zip!/inner/note.txt", 2);
    assert_eq!(
        (&note["places"][0]["line"], &note["places"][0]["column"]),
        (&Value::from(2), &Value::from(16))
    );
    assert_eq!(of("hr/long.txt", 1)["places"][0]["line"], 20_001);
    assert_eq!(of("hr/••• 2020.txt", 3)["places"][0]["place"], "item_name");
    let header = &of("hr/by-header.csv", 1)["places"][0];
    assert_eq!(header["place"], "field_name");
    let sum = ran.records("location_summary").remove(0);
    let hits: Vec<u64> =
        sum["identifiers"].as_array().expect("a list").iter().filter_map(|i| i["count"].as_u64()).collect();
    assert_eq!(hits, [5, 3, 4, 1, 0]);
    assert_eq!((&sum["items"], &sum["examined"]), (&Value::from(12), &Value::from(12)));
    Ok(())
}

#[test]
fn any_number_of_threads_says_the_same_and_a_person_reads_where() -> Result<()> {
    let dir = share()?;
    let of = |threads: &str| locate(dir.path(), &["crm", "hr", "--format", "jsonl", "--threads", threads], 1);
    assert_eq!(of("1")?.stdout, of("3")?.stdout);
    let ran = locate(dir.path(), &["crm", "hr"], 1)?;
    for line in [
        "crm/leads.csv: identifier 1 (EMAIL_ADDRESS) once: row 1 field email",
        "hr/outer.zip!/deep.zip!/inner/note.txt: identifier 2",
        "identifier 5: no hits in 12 items examined",
    ] {
        assert!(ran.stdout.contains(line), "{line} is not in\n{}", ran.stdout);
    }
    Ok(())
}

#[test]
fn nothing_found_and_not_everything_read_are_different_ends() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("a.txt"), "about somebody else\n")?;
    let ran = locate(dir.path(), &["."], 0)?;
    assert!(ran.stdout.contains("identifier 1: no hits in 1 items examined"), "{}", ran.stdout);
    fs::write(dir.path().join("b.zip"), b"PK\x03\x04 and no more")?;
    let ran = locate(dir.path(), &["."], 3)?;
    assert!(ran.stdout.contains("1 of 2 items not read, or not whole"), "{}", ran.stdout);
    Ok(())
}

#[test]
fn what_cannot_be_looked_for_is_refused_in_one_line() -> Result<()> {
    let dir = share()?;
    let refused = |input: &[u8], args: &[&str], said: &str| -> Result<()> {
        let ran = run_with(dir.path(), std::iter::once(&"locate").chain(args), input)?.expect(2);
        assert!(ran.stderr.contains(said) && ran.stderr.lines().count() == 1, "{}", ran.stderr);
        assert!(ran.stdout.is_empty());
        silent(&ran.stderr);
        Ok(())
    };
    refused(b"ana.lind@larkspur.co\n1234\n", &["."], "identifier 2: too short")?;
    refused(b"", &["."], "no identifiers")?;
    refused(b"\xff\xff\xff\xff\xff\xff\n", &["."], "line 1: not UTF-8")?;
    refused(&[b'a'; 300], &["."], "identifier 1: longer than 256 bytes")?;
    refused(b"ana.lind@larkspur.co\n", &["-"], "standard input holds the identifiers")?;
    refused(b"ana.lind@larkspur.co\n", &[], "nowhere to look")?;
    refused(b"ana.lind@larkspur.co\n", &[".", "--request", "ER-7", "--append", "r.jsonl"], "--key-file")?;
    refused(b"ana.lind@larkspur.co\n", &[".", "--request", "ER-7"], "--append")?;
    assert!(!dir.path().join("r.jsonl").exists());
    Ok(())
}

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "share"
version = "1"
[scope]
systems = [{ id = "crm", root = "crm" }, { id = "hr", root = "hr" }]
[erasure]
register = "registers/erasure.jsonl"
"#;

#[test]
fn a_request_holds_fingerprints_and_scans_check_it() -> Result<()> {
    let dir = share()?;
    let root = dir.path();
    fs::write(root.join("policy.toml"), POLICY)?;
    fs::write(root.join("key"), "0123456789abcdef0123456789abcdef\n")?;
    fs::write(root.join("registers/erasure.jsonl"), "{\"id\":\"ER-6\",\"fingerprints\":[]}")?;
    let args = [
        "--policy",
        "policy.toml",
        "--key-file",
        "key",
        "--request",
        "ER-7",
        "--append",
        "registers/erasure.jsonl",
        "--due",
        "2026-11-01",
    ];
    locate(root, &args, 1)?;
    let register = fs::read_to_string(root.join("registers/erasure.jsonl"))?;
    silent(&register);
    let line: Value = serde_json::from_str(register.lines().nth(1).ok_or("no line")?)?;
    assert_eq!((&line["id"], &line["due"]), (&Value::from("ER-7"), &Value::from("2026-11-01")));
    assert!(
        line["fingerprints"]
            .as_array()
            .is_some_and(|f| f.iter().all(|f| f.as_str().is_some_and(|f| f.len() == 32)))
    );

    let dsp_06 = || -> Result<Value> {
        let scan = [
            "scan",
            "--policy",
            "policy.toml",
            "--key-file",
            "key",
            "--as-of",
            "2026-11-24",
            "--format",
            "jsonl",
        ];
        let ran = run_with(root, scan, b"")?;
        ran.records("control_result")
            .into_iter()
            .find(|r| r["test_id"] == "DSP-06")
            .ok_or_else(|| "no DSP-06".into())
    };
    assert_eq!(dsp_06()?["outcome"], "fail");
    // Without her, the test passes: the others' data stays, and what only looks like hers.
    for gone in [
        "crm/leads.csv",
        "crm/mails.jsonl",
        "hr/table.parquet",
        "hr/outer.zip",
        "hr/by-header.csv",
        "hr/long.txt",
        "hr/latin1.txt",
        "hr/Åsa Tannhäuser 2020.txt",
    ] {
        fs::remove_file(root.join(gone))?;
    }
    fs::write(root.join("crm/leads.csv"), "name,email\nJo Park,jo@larkspur.co\n")?;
    let result = dsp_06()?;
    assert_eq!(
        (&result["outcome"], &result["population"]),
        (&Value::from("pass"), &Value::from(1)),
        "{result}"
    );
    Ok(())
}
