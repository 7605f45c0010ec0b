//! What is walked, what is left out on record, limits, and the end by Ctrl-C.

use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Ran, command, folder, pack, run_in};
use crate::outcome;

#[test]
fn own_outputs_are_not_read_and_so_is_what_a_killed_run_left() -> io::Result<()> {
    let dir = folder(&[
        ("a.txt", b"mail ana.lind@larkspur.co\n"),
        (".out.jsonl.Ab12Cd.partial", b"{\"record\":\"item\"}\n"),
        (".other.jsonl.Ab12Cd.partial", b"someone else's\n"),
        ("sub/.out.jsonl.Ab12Cd.partial", b"not beside it\n"),
    ])?;
    let args = ["scan", ".", "-o", "out.jsonl", "-o", "tables/", "--format", "csv"];
    for n in 0..2 {
        run_in(dir.path(), args)?.expect(0);
        let ran =
            Ran { code: 0, stdout: fs::read_to_string(dir.path().join("out.jsonl"))?, stderr: String::new() };
        let leftover = outcome(&ran, ".out.jsonl.Ab12Cd.partial");
        assert_eq!(leftover, "skipped(own_output)");
        assert_eq!(outcome(&ran, ".other.jsonl.Ab12Cd.partial"), "scanned");
        assert_eq!(outcome(&ran, "sub/.out.jsonl.Ab12Cd.partial"), "scanned");
        assert_eq!(outcome(&ran, "a.txt"), "scanned");
        let items = ran.records("item");
        let own = |i: &&serde_json::Value| i["reason"] == "own_output";
        // The second run meets the first one's outputs too.
        assert_eq!(items.iter().filter(own).count(), [10, 19][n], "{}", ran.stdout);
        assert_eq!(items.len(), [13, 22][n], "{}", ran.stdout);
    }
    let left = fs::read_dir(dir.path())?
        .filter(|e| e.as_ref().is_ok_and(|e| e.file_name().as_bytes().ends_with(b".partial")));
    assert_eq!(left.count(), 2, "no temporary file of a finished run stays");
    Ok(())
}

#[test]
fn what_is_left_out_is_on_record_and_hidden_things_are_not_left_out() -> io::Result<()> {
    let dir = folder(&[
        (".gitignore", b"secret.txt\n"),
        ("secret.txt", b"x\n"),
        (".cache/x.json", b"{}\n"),
        ("a.csv", b"a,b\n1,2\n"),
        ("logs/b.log", b"x\n"),
        ("logs/c.log", b"x\n"),
        ("rules", b"*.csv\nlogs/\n!logs/\n"),
    ])?;
    let scan = |more: &[&str]| {
        let args = ["scan", ".", "--format", "jsonl"];
        run_in(dir.path(), args.iter().chain(more)).map(|ran| ran.expect(0))
    };
    let all = scan(&[])?;
    for path in [".gitignore", "secret.txt", ".cache/x.json", "logs/b.log"] {
        assert_eq!(outcome(&all, path), "scanned", "{path}");
    }
    let ran = scan(&["--exclude", "logs/", "--exclude", "*.json"])?;
    assert_eq!(outcome(&ran, "logs"), "skipped(excluded)");
    assert_eq!(outcome(&ran, ".cache/x.json"), "skipped(excluded)");
    let ran = scan(&["--include", "*.log"])?;
    assert_eq!(
        (outcome(&ran, "logs/b.log"), outcome(&ran, "a.csv")),
        ("scanned".into(), "skipped(excluded)".into())
    );
    let ran = scan(&["--ignore-file", "rules"])?;
    assert_eq!(
        (outcome(&ran, "a.csv"), outcome(&ran, "logs/c.log")),
        ("skipped(excluded)".into(), "scanned".into())
    );
    Ok(())
}

#[test]
fn links_and_pipes_are_recorded_and_odd_names_printed_safely() -> io::Result<()> {
    let dir = folder(&[("real/a.txt", b"mail ana.lind@larkspur.co\n")])?;
    let root = dir.path();
    std::os::unix::fs::symlink("real", root.join("to-folder"))?;
    std::os::unix::fs::symlink("a.txt", root.join("real/to-file"))?;
    std::os::unix::fs::symlink("nowhere", root.join("dangling"))?;
    std::os::unix::fs::symlink(".", root.join("real/loop"))?;
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status()?.success());
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"na\xefve\x1b[31m.txt")), "mail b.berg@larkspur.co\n")?;
    let ran = run_in(root, ["scan", ".", "--format", "jsonl"])?.expect(0);
    for path in ["to-folder", "real/to-file", "dangling", "real/loop"] {
        assert_eq!(outcome(&ran, path), "skipped(symlink)", "{path}");
    }
    assert_eq!(outcome(&ran, "pipe"), "skipped(special_file)");
    assert_eq!(outcome(&ran, "na\\xefve\u{1b}[31m.txt"), "scanned");
    assert!(!ran.stdout.contains('\u{1b}'), "no escape sequence reaches the terminal");
    let table = run_in(root, ["scan", "."])?.expect(0);
    assert!(!table.stdout.contains('\u{1b}') && table.stdout.contains("\\xefve"), "{}", table.stdout);
    // A link that is named is followed, once.
    let ran = run_in(root, ["scan", "to-folder", "--format", "jsonl"])?.expect(0);
    assert_eq!(outcome(&ran, "to-folder/a.txt"), "scanned");
    Ok(())
}

#[test]
fn limits_that_bite_are_gaps() -> pack::Result<()> {
    let rows: String = (0..500).map(|n| format!("{n},name{n}\n")).collect();
    let inner = pack::zip(&[("x.txt", b"mail ana.lind@larkspur.co\n")], "")?;
    let nested = pack::zip(&[("inner.zip", &inner)], "")?;
    let dir = folder(&[
        ("t.csv", format!("n,name\n{rows}").as_bytes()),
        ("nest.zip", &nested),
        ("long.txt", "some words and more words\n".repeat(200_000).as_bytes()),
    ])?;
    let scan = |args: &[&str]| {
        run_in(dir.path(), ["scan", "--format", "jsonl"].iter().chain(args)).map(|ran| ran.expect(3))
    };
    let ran = scan(&["t.csv", "--sample-rows", "10"])?;
    assert_eq!(outcome(&ran, "t.csv"), "partial(sampled)");
    assert_eq!(ran.records("item")[0]["rows"], 10);
    assert_eq!(ran.records("run")[0]["settings"], serde_json::json!(["sample-rows=10"]));

    let ran = scan(&["long.txt", "--max-item-bytes", "1MB"])?;
    assert_eq!(outcome(&ran, "long.txt"), "partial(limit_bytes)");

    let ran = scan(&["nest.zip", "--max-depth", "1"])?;
    assert_eq!(outcome(&ran, "nest.zip!/inner.zip"), "failed(limit_depth)");
    assert!(ran.records("finding").is_empty());
    let ran = run_in(dir.path(), ["scan", "nest.zip", "--max-depth", "2", "--format", "jsonl"])?.expect(0);
    assert_eq!(outcome(&ran, "nest.zip!/inner.zip!/x.txt"), "scanned");

    let ran = scan(&["long.txt", "--timeout-per-item", "0.000001"])?;
    assert_eq!(outcome(&ran, "long.txt"), "failed(limit_time)");
    assert_eq!(ran.records("run")[0]["complete"], false);
    // A pause in the middle that is longer than an item may take.
    let slow = format!(
        "(cat long.txt; sleep 1; cat long.txt) | {} scan - --format jsonl --timeout-per-item 0.6",
        env!("CARGO_BIN_EXE_privascan")
    );
    let output = std::process::Command::new("sh").current_dir(dir.path()).args(["-c", &slow]).output()?;
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains(r#""outcome":"partial","reason":"limit_time""#));
    Ok(())
}

#[test]
fn what_may_not_be_read_is_failed() -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[("a.txt", b"x\n"), ("shut.txt", b"x\n"), ("shut/b.txt", b"x\n")])?;
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
    for path in ["shut.txt", "shut"] {
        fs::set_permissions(dir.path().join(path), fs::Permissions::from_mode(0o000))?;
    }
    let Some(mut unprivileged) = unprivileged(dir.path()) else {
        eprintln!("not run: needs a user whom permissions bind, or setpriv to become one");
        return Ok(());
    };
    let output = unprivileged.args(["scan", ".", "--format", "jsonl"]).output()?;
    fs::set_permissions(dir.path().join("shut"), fs::Permissions::from_mode(0o755))?;
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
    .expect(3);
    assert_eq!(outcome(&ran, "shut.txt"), "failed(permission_denied)");
    assert_eq!(outcome(&ran, "shut"), "failed(permission_denied)");
    assert_eq!(outcome(&ran, "a.txt"), "scanned");
    assert_eq!(ran.stderr, "");
    Ok(())
}

/// The program in `dir` as a user whom permissions bind; `None` where there is no way to be one.
pub fn unprivileged(dir: &std::path::Path) -> Option<Command> {
    let bound = fs::File::open(dir.join("shut.txt")).is_err();
    if bound {
        return Some(command(dir));
    }
    let probe = |with: &mut Command| with.arg("--version").output().is_ok_and(|o| o.status.success());
    let via = || {
        // A copy, since the build folder may be closed to others.
        let copy = dir.join("program-copy");
        fs::copy(crate::common::program(), &copy).ok()?;
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy).current_dir(dir);
        command.env_remove("PRIVASCAN_KEY");
        Some(command)
    };
    probe(&mut via()?).then(via).flatten()
}

#[test]
fn control_c_ends_cleanly_with_what_was_found() -> io::Result<()> {
    let dir = folder(&[("z/b.txt", b"mail b.berg@larkspur.co\n"), ("z/c.txt", b"x\n")])?;
    // First comes a file that takes minutes: addresses, and then a hole.
    let big = fs::File::create(dir.path().join("a.bin"))?;
    let start = "mail ana.lind@larkspur.co\u{0}\u{1}\u{2}".repeat(60_000);
    (&big).write_all(&[&b"\x00\x01\xff\xfe"[..], start.as_bytes()].concat())?;
    big.set_len(1 << 40)?;
    let child = command(dir.path())
        .args(["scan", ".", "--threads", "1", "--max-item-bytes", "2TiB", "--format", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let id = child.id().to_string();
    // Until it is well inside the hole, or some time where the system does not tell.
    let read = || -> Option<u64> {
        let io = fs::read_to_string(format!("/proc/{id}/io")).ok()?;
        io.lines().find_map(|l| l.strip_prefix("rchar: ")?.parse().ok())
    };
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3 + 27 * u64::from(read().is_some())) {
        if read() > Some(24 << 20) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(Command::new("kill").args(["-INT", &id]).status()?.success(), "it still runs");
    let begun = Instant::now();
    let output = child.wait_with_output()?;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
    .expect(3);
    assert_eq!(ran.stderr, "");
    let run = &ran.records("run")[0];
    assert_eq!((&run["interrupted"], &run["complete"]), (&true.into(), &false.into()));
    // An unknown format is the earlier gap; that it was cut short is told beside it.
    assert_eq!(outcome(&ran, "a.bin"), "partial(unknown_format)");
    let gaps = ran.records("item").iter().find(|i| i["path"] == "a.bin").map(|i| i["gaps"].clone());
    assert!(gaps.is_some_and(|g| g.to_string().contains("interrupted")), "{}", ran.stdout);
    assert_eq!(ran.records("finding").len(), 1, "what was found is kept");
    for path in ["z/b.txt", "z/c.txt"] {
        assert_eq!(outcome(&ran, path), "skipped(interrupted)", "{path}");
    }
    Ok(())
}

#[test]
fn control_c_ends_a_stream_too() -> io::Result<()> {
    let dir = folder(&[])?;
    let mut child = command(dir.path())
        .args(["scan", "-", "--format", "jsonl", "--allow-incomplete"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    stdin.write_all("mail ana.lind@larkspur.co, and words\n".repeat(80_000).as_bytes())?;
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status()?.success(), "it still runs");
    let begun = Instant::now();
    // More comes, as from a stream that knows nothing of this; the program may already be gone.
    while begun.elapsed() < Duration::from_secs(20) && child.try_wait()?.is_none() {
        let _ = stdin.write_all("words and words\n".repeat(4_000).as_bytes());
    }
    drop(stdin);
    let output = child.wait_with_output()?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let ran = Ran { code: output.status.code().unwrap_or(-1), stdout, stderr: String::new() }.expect(0);
    assert_eq!(outcome(&ran, "-"), "partial(interrupted)");
    assert!(
        ran.records("run")[0]["interrupted"] == true
            && ran.records("finding")[0]["count"].as_u64() > Some(99)
    );
    Ok(())
}
