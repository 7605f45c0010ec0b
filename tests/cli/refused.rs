//! Nonsense: refused with one clear line and the right exit code.

use std::fs::{self, File};
use std::io::{self, Read};
use std::process::Stdio;

use crate::common::{command, folder, run_in};

/// A sound detector with these lines put in or exchanged.
fn detector(id: &str, changed: &[(&str, &str)]) -> String {
    let mut lines = vec![
        ("id", format!("\"{id}\"")),
        ("info_type", "\"US_SSN\"".to_owned()),
        ("about", "\"A number\"".to_owned()),
        ("pattern", r"'\d{3}-\d{2}-\d{4}'".to_owned()),
        ("likelihood", "\"likely\"".to_owned()),
        ("examples", "[\"123-45-6789\"]".to_owned()),
        ("counterexamples", "[\"123-45\"]".to_owned()),
    ];
    for (key, value) in changed {
        lines.retain(|(k, _)| k != key);
        lines.push((key, (*value).to_owned()));
    }
    let body: Vec<String> = lines.into_iter().map(|(k, v)| format!("{k} = {v}")).collect();
    format!("[[detector]]\n{}\n", body.join("\n"))
}

#[test]
fn one_line_and_exit_code_2() -> io::Result<()> {
    let twice = detector("my-number", &[]) + &detector("my-number", &[]);
    let own = [
        ("sound", detector("my-number", &[])),
        ("toml", "# one\n# two\nx = [\n".to_owned()),
        ("field", "[[detector]]\nid = \"my-number\"\nfoo = 1\n".to_owned()),
        ("twice", twice),
        ("unbounded", detector("my-number", &[("pattern", r"'\d+-\d*'")])),
        ("validator", detector("my-number", &[("validators", "[\"astrology\"]")])),
        ("type", detector("my-number", &[("info_type", "\"STAR_SIGN\"")])),
        ("word", detector("my-number", &[("likelihood", "\"certain\"")])),
        ("regex", detector("my-number", &[("pattern", "'(unclosed'")])),
        ("bare", detector("my-number", &[("examples", "[]")])),
    ];
    let dir = folder(&[("t/a.txt", b"nothing\n"), ("short.key", b"short\n"), ("is-a-file", b"x")])?;
    fs::create_dir(dir.path().join("empty"))?;
    for (name, text) in &own {
        fs::create_dir(dir.path().join(name))?;
        fs::write(dir.path().join(name).join("own.toml"), text)?;
    }
    run_in(dir.path(), ["scan", "t", "--patterns", "sound"])?.expect(0);

    let cases: &[(&[&str], &[&str])] = &[
        (&["scan", "t", "--nonsense"], &["--nonsense"]),
        (&["nonsense"], &["nonsense"]),
        (&["scan", "t", "--format", "xml"], &["xml", "jsonl, csv"]),
        (&["scan", "gone"], &["gone", "no such file"]),
        (&["scan", "t", "gone/deeper"], &["gone/deeper", "no such file"]),
        (&["scan", "t", "--patterns", "toml"], &["own.toml", "line 3"]),
        (&["scan", "t", "--patterns", "field"], &["own.toml", "line 3", "`foo`"]),
        (&["scan", "t", "--patterns", "twice"], &["my-number", "own.toml", "rename one"]),
        (&["scan", "t", "--patterns", "unbounded"], &["my-number", "own.toml"]),
        (&["scan", "t", "--patterns", "validator"], &["my-number", "`astrology`", "--validators"]),
        (&["scan", "t", "--patterns", "type"], &["my-number", "`STAR_SIGN`"]),
        (&["scan", "t", "--patterns", "word"], &["own.toml", "line 8", "`certain`"]),
        (&["scan", "t", "--patterns", "regex"], &["my-number", "own.toml"]),
        (&["scan", "t", "--patterns", "bare"], &["my-number", "example"]),
        (&["scan", "t", "--patterns", "empty"], &["empty", "no .toml"]),
        (&["scan", "t", "--patterns", "nowhere"], &["nowhere", "No such file"]),
        (&["scan", "t", "--patterns", "is-a-file"], &["is-a-file"]),
        (&["scan", "t", "-o", "nowhere/out.jsonl"], &["nowhere/out.jsonl", "make the folder"]),
        (&["scan", "t", "-o", "out"], &["out", "extension"]),
        (&["scan", "t", "-o", "empty/", "--format", "jsonl"], &["empty/", "jsonl is one file"]),
        (&["scan", "t", "-o", "/dev/full", "--format", "jsonl"], &["/dev/full", "No space left"]),
        (&["scan", "t", "--include", "[a"], &["--include [a", "unclosed"]),
        (&["scan", "t", "--exclude", "a{b"], &["--exclude a{b", "unclosed"]),
        (&["scan", "t", "--ignore-file", "nowhere"], &["--ignore-file nowhere", "No such file"]),
        (&["scan", "t", "--fail-on", "everything"], &["--fail-on everything", "restricted"]),
        (&["scan", "t", "--fail-on", "gov"], &["--fail-on gov"]),
        (&["scan", "t", "--min-likelihood", "maybe"], &["--min-likelihood maybe", "possible"]),
        (&["scan", "t", "--detectors", "us-nonsense"], &["--detectors us-nonsense", "detectors list"]),
        (&["scan", "t", "--detectors", "!all"], &["--detectors", "none"]),
        (&["scan", "t", "--key-file", "short.key"], &["short.key", "16 bytes", "this one 5"]),
        (&["scan", "t", "--key-file", "nowhere"], &["--key-file nowhere", "No such file"]),
        (&["scan", "t", "--temp-dir", "nowhere"], &["--temp-dir nowhere", "no such folder"]),
        (&["scan", "t", "--occurrences", "some"], &["--occurrences some"]),
        (&["scan", "t", "--timeout-per-item", "0"], &["--timeout-per-item 0"]),
        (&["scan", "t", "--timeout-per-item", "-1"], &["-1"]),
        (&["scan", "t", "--threads", "0"], &["--threads"]),
        (&["scan", "t", "--max-item-bytes", "lots"], &["--max-item-bytes", "lots"]),
        (&["scan", "t", "--sample-rows", "x"], &["--sample-rows", "x"]),
        (&["scan", "t", "--paths", "open"], &["--paths", "masked"]),
        (&["scan", ""], &["value is required"]),
        (&["detectors", "show", "us-nonsense"], &["us-nonsense", "detectors list"]),
        (&["completions", "cobol"], &["cobol", "bash"]),
    ];
    for (args, words) in cases {
        let ran = run_in(dir.path(), *args)?;
        let whole = format!("{args:?} ended with {} and said {:?}", ran.code, ran.stderr);
        assert_eq!(ran.code, 2, "{whole}");
        assert!(
            ran.stderr.starts_with("privascan: ") && ran.stderr.trim_end().lines().count() == 1,
            "{whole}"
        );
        assert!(!ran.stderr.contains("os error"), "{whole}");
        for word in *words {
            assert!(ran.stderr.contains(word), "{word:?} is missing: {whole}");
        }
        assert_eq!(ran.stdout, "", "{whole}");
    }
    // What was refused leaves nothing behind.
    let left: Vec<_> = fs::read_dir(dir.path().join("empty"))?.collect();
    assert!(left.is_empty() && !dir.path().join("out").exists());
    Ok(())
}

#[test]
fn a_short_key_in_the_environment_is_refused() -> io::Result<()> {
    let dir = folder(&[("a.txt", b"x\n")])?;
    let output = command(dir.path()).arg("scan").env("PRIVASCAN_KEY", "secretbutshort").output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("privascan: PRIVASCAN_KEY: ") && !said.contains("secretbutshort"), "{said}");
    Ok(())
}

/// Everything that prints.
const TALKERS: &[&[&str]] = &[
    &["scan", "t", "--format", "jsonl"],
    &["scan", "t"],
    &["scan", "t", "--format", "csv"],
    &["scan", "t", "--format", "parquet"],
    &["scan", "t", "--format", "arrow"],
    &["schema"],
    &["formats"],
    &["detectors", "list"],
    &["detectors", "show", "us-ssn"],
    &["detectors", "check"],
    &["detectors", "test", "mail ana.lind@larkspur.co"],
    &["key", "new"],
    &["completions", "zsh"],
    &["man"],
    &["scan", "--help"],
    &["--version"],
];

#[test]
fn a_full_disk_is_an_error_that_names_the_output() -> io::Result<()> {
    let dir = folder(&[("t/a.txt", b"mail ana.lind@larkspur.co\n")])?;
    for args in TALKERS {
        let full = File::options().write(true).open("/dev/full")?;
        let output = command(dir.path()).args(*args).stdout(full).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let whole = format!("{args:?} ended with {:?} and said {said:?}", output.status.code());
        assert_eq!(output.status.code(), Some(2), "{whole}");
        assert!(said.starts_with("privascan: ") && said.trim_end().lines().count() == 1, "{whole}");
        assert!(said.contains("No space left on device") && !said.contains("larkspur"), "{whole}");
    }
    Ok(())
}

#[test]
fn a_reader_that_had_enough_is_success() -> io::Result<()> {
    let dir = folder(&[])?;
    fs::create_dir(dir.path().join("t"))?;
    for n in 0..400 {
        fs::write(
            dir.path().join(format!("t/{n}.txt")),
            format!("mail ana{n}.lind@larkspur.co\n").repeat(20),
        )?;
    }
    for args in TALKERS {
        let mut child =
            command(dir.path()).args(*args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // One byte, as `head -c1` takes it; then the pipe is gone.
        if let Some(mut out) = child.stdout.take() {
            out.read_exact(&mut [0])?;
        }
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{args:?}");
    }
    // Nobody reads at all.
    let (reader, writer) = io::pipe()?;
    drop(reader);
    let output = command(dir.path()).args(["scan", "t", "--format", "jsonl"]).stdout(writer).output()?;
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    Ok(())
}
