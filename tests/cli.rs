//! The program as a user meets it: what it refuses and how, exit codes, flags, and the smaller commands.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

#[path = "cli/refused.rs"]
mod refused;
#[path = "cli/walk.rs"]
mod walk;

use std::io;

use common::{Ran, folder, run_in, run_with};
use serde_json::Value;

const KEY: &[u8] = b"a key of sixteen bytes or more\n";

/// Outcome and reason of the item at `path`, as `outcome(reason)`.
fn outcome(ran: &Ran, path: &str) -> String {
    let items = ran.records("item");
    let Some(item) = items.iter().find(|i| i["path"] == path) else {
        let paths: Vec<&Value> = items.iter().map(|i| &i["path"]).collect();
        return format!("no item; there are {paths:?}");
    };
    let word = item["outcome"].as_str().unwrap_or_default();
    item["reason"].as_str().map_or(word.to_owned(), |reason| format!("{word}({reason})"))
}

#[test]
fn exit_codes_say_what_was_found_and_whether_all_was_read() -> io::Result<()> {
    let dir = folder(&[
        (
            "whole/a.csv",
            b"id,email,card\n1,ana.lind@larkspur.co,4929420317588143\n2,b.berg@larkspur.co,none\n",
        ),
        ("broken/b.dat", b"\x00\x01\x02\xff\xfe\x00\x80\x81 mail b.berg@larkspur.co \x00\x00"),
        ("tests/c.txt", b"card 4111 1111 1111 1111\n"),
    ])?;
    let code = |args: &[&str]| run_in(dir.path(), ["scan"].iter().chain(args)).map(|ran| ran.code);
    assert_eq!(code(&["whole"])?, 0);
    // At or above what each word names, and not below.
    for (word, meets) in [
        ("public", 1),
        ("internal", 1),
        ("restricted", 1),
        ("possible", 1),
        ("very_likely", 1),
        ("EMAIL_ADDRESS", 1),
        ("US_SSN", 0),
        ("contact.email", 1),
        ("contact.*", 1),
        ("gov.national_id", 0),
        ("gov.*", 0),
    ] {
        assert_eq!(code(&["whole", "--fail-on", word])?, meets, "{word}");
    }
    assert_eq!(code(&["whole", "--fail-on", "gov.*", "--fail-on", "pay.*"])?, 1, "any of several");
    assert_eq!(code(&["whole", "--fail-on", "pay.*", "--detectors", "all,!pay.pan"])?, 0);
    assert_eq!(code(&["tests", "--fail-on", "CREDIT_CARD"])?, 0, "published test values never count");
    assert_eq!(code(&["broken"])?, 3);
    assert_eq!(code(&["broken", "--allow-incomplete"])?, 0);
    assert_eq!(code(&["broken", "whole", "--fail-on", "restricted"])?, 1, "found outweighs incomplete");
    assert_eq!(code(&["broken", "--fail-on", "restricted"])?, 3);
    assert_eq!(code(&["whole", "gone"])?, 2, "a named target that does not exist");
    Ok(())
}

#[test]
fn standard_input_takes_name_and_format_from_a_flag() -> io::Result<()> {
    let dir = folder(&[])?;
    let table = b"id,email\n1,ana.lind@larkspur.co\n";
    let ran = run_with(dir.path(), ["scan", "-", "--stdin-name", "q3.csv", "--format", "jsonl"], table)?;
    let ran = ran.expect(0);
    let item = &ran.records("item")[0];
    assert_eq!((&item["path"], &item["format"], &item["rows"]), (&"q3.csv".into(), &"csv".into(), &1.into()));
    let found = &ran.records("occurrence")[0];
    assert_eq!((&found["field"], &found["row"], &found["offset"]), (&"email".into(), &0.into(), &11.into()));
    // A .txt is text even when it looks like a table.
    let ran = run_with(dir.path(), ["scan", "-", "--stdin-name", "q3.txt", "--format", "jsonl"], table)?;
    assert_eq!(ran.expect(0).records("item")[0]["format"], "text");
    let ran = run_with(dir.path(), ["scan", "-", "--format", "jsonl"], b"")?.expect(0);
    assert_eq!(
        (&ran.records("item")[0]["path"], &ran.records("item")[0]["format"]),
        (&"-".into(), &"empty".into())
    );
    Ok(())
}

#[test]
fn names_are_printed_masked_raw_or_hashed() -> io::Result<()> {
    let dir =
        folder(&[("staff/ana.lind@larkspur.co.csv", b"ssn of ana.lind@larkspur.co,b\n586-52-5649,2\n")])?;
    let scan = |how: &[&str]| {
        let args = ["scan", "staff", "--format", "jsonl"];
        run_in(dir.path(), args.iter().chain(how)).map(|ran| ran.expect(0))
    };
    let masked = scan(&[])?;
    assert_eq!(masked.records("item")[0]["path"], "staff/a•••@•••.co.csv");
    assert!(!masked.stdout.contains("lind"), "{}", masked.stdout);
    let raw = scan(&["--paths", "raw"])?;
    assert_eq!(raw.records("item")[0]["path"], "staff/ana.lind@larkspur.co.csv");
    let field = |ran: &Ran| {
        ran.records("finding").iter().filter_map(|f| f["field"].as_str().map(str::to_owned)).next()
    };
    assert_eq!(field(&raw).as_deref(), Some("ssn of ana.lind@larkspur.co"));
    let hashed = scan(&["--paths", "hashed"])?;
    let path = hashed.records("item")[0]["path"].as_str().unwrap_or_default().to_owned();
    assert!(path.len() == 16 && path.bytes().all(|b| b.is_ascii_hexdigit()), "{path}");
    assert!(!hashed.stdout.contains("lind") && !hashed.stdout.contains("ssn of"), "{}", hashed.stdout);
    assert!(!hashed.stdout.contains("staff"), "{}", hashed.stdout);
    // Whatever is printed, the item is the same.
    let id = |ran: &Ran| ran.records("item")[0]["item_id"].clone();
    assert!(id(&masked) == id(&raw) && id(&raw) == id(&hashed));
    Ok(())
}

#[test]
fn fingerprints_are_equal_under_one_key_however_it_is_given() -> io::Result<()> {
    let dir = folder(&[("a.txt", b"mail ana.lind@larkspur.co\n"), ("k", KEY)])?;
    let scan = |key: Option<&str>| -> io::Result<(String, String)> {
        let mut command = common::command(dir.path());
        if let Some(key) = key {
            command.env("PRIVASCAN_KEY", key);
        }
        let output = command.args(["scan", "a.txt", "--format", "jsonl"]).output()?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let ran = Ran { code: output.status.code().unwrap_or(-1), stdout, stderr: String::new() };
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        Ok((text(&ran.records("occurrence")[0]["fingerprint"]), text(&ran.records("run")[0]["key_id"])))
    };
    // The file's final newline is none of the key's.
    let by_file = scan(Some("a key of sixteen bytes or more"))?;
    let output = run_in(dir.path(), ["scan", "a.txt", "--format", "jsonl", "--key-file", "k"])?.expect(0);
    assert_eq!(output.records("occurrence")[0]["fingerprint"], by_file.0.as_str());
    assert_eq!(output.records("run")[0]["key_id"], by_file.1.as_str());
    let (random, other) = (scan(None)?, scan(None)?);
    assert_eq!(random.1, "random");
    assert!(random.0 != other.0 && random.0 != by_file.0);
    Ok(())
}

#[test]
fn keys_are_new_private_and_never_written_over() -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[])?;
    let (a, b) = (run_in(dir.path(), ["key", "new"])?, run_in(dir.path(), ["key", "new"])?);
    assert!(a.stdout != b.stdout && a.stdout.trim().len() == 64, "{}", a.stdout);
    run_in(dir.path(), ["key", "new", "-o", "k"])?.expect(0);
    let mode = std::fs::metadata(dir.path().join("k"))?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = run_in(dir.path(), ["key", "new", "-o", "k"])?.expect(2);
    assert!(again.stderr.starts_with("privascan: cannot write k: ") && again.stderr.contains("exists"));
    Ok(())
}

#[test]
fn the_smaller_commands_say_sane_things() -> io::Result<()> {
    let dir = folder(&[])?;
    let say = |args: &[&str]| run_in(dir.path(), args).map(|ran| ran.expect(0).stdout);
    let schema = say(&["schema"])?;
    for word in ["occurrence", "fingerprint", "likely_test", "permission_denied", "interrupted", "item_name"]
    {
        assert!(schema.contains(word), "{word}");
    }
    for line in
        say(&["schema", "--format", "jsonl"])?.lines().chain(say(&["formats", "--format", "jsonl"])?.lines())
    {
        serde_json::from_str::<Value>(line).map_err(io::Error::other)?;
    }
    for format in ["csv", "jsonl", "parquet", "arrow", "zip", "tar", "gzip", "zstd", "bzip2", "xz", "text"] {
        assert!(say(&["formats"])?.lines().any(|l| l.starts_with(format)), "{format}");
    }
    let lines = say(&["detectors", "list", "--format", "jsonl"])?;
    for line in lines.lines() {
        let value: Value = serde_json::from_str(line).map_err(io::Error::other)?;
        let keys: Vec<&str> = value.as_object().into_iter().flatten().map(|(k, _)| k.as_str()).collect();
        let mut wanted =
            ["id", "info_type", "category", "countries", "validators", "likelihood", "examples"].to_vec();
        wanted.sort_unstable();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, wanted);
        assert!(value["examples"].as_u64() > Some(1) && value["countries"].is_array(), "{line}");
    }
    assert!(lines.lines().count() >= 45);
    assert!(lines.contains("\"us-ssn\"") && say(&["detectors", "list"])?.contains("us-ssn"));
    let only = say(&["detectors", "list", "--format", "jsonl", "--detectors", "DE,!de-tax-id"])?;
    assert!(
        only.lines().count() > 1
            && only.lines().all(|l| l.contains("\"DE\"") && !l.contains("\"id\":\"de-tax-id\""))
    );
    assert!(say(&["detectors", "show", "us-ssn"])?.contains("US_SSN"));
    assert!(say(&["detectors", "show", "--validators"])?.contains("luhn"));
    let tested = say(&["detectors", "test", "mail ana.lind@larkspur.co"])?;
    assert!(tested.contains("EMAIL_ADDRESS") && !tested.contains("lind"), "{tested}");
    assert!(say(&["completions", "bash"])?.contains("_privascan"));
    let man = say(&["man"])?;
    assert!(man.contains(".TH privascan") && man.contains("scan"), "{man}");
    assert!(say(&["--version"])?.starts_with("privascan "));
    let help = say(&["scan", "--help"])?;
    assert!(help.contains("Exit codes") && help.contains("Example:"));
    Ok(())
}

#[test]
fn every_example_of_every_detector_holds() -> io::Result<()> {
    let ran = run_in(common::package(), ["detectors", "check"])?.expect(0);
    assert!(ran.stdout.trim_end().ends_with(", 0 failed"), "{}", ran.stdout);
    Ok(())
}
