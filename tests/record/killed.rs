//! Writers that are killed, and writers that come at once.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::common::pack::Result;
use super::common::values::Rng;
use super::common::{command, run_in};
use super::{check, scan, share};

fn start(root: &Path, args: &[&str]) -> Result<Child> {
    let mut command = command(root);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    Ok(command.spawn()?)
}

#[test]
fn only_one_writer_is_let_in() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = dir.path();
    // It waits for its input, and the record with it.
    let mut first = start(root, &["scan", "-", "--record", "evidence"])?;
    let begun = Instant::now();
    let log = root.join("evidence/log.jsonl");
    while fs::read(&log).map_or(0, |l| l.len()) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the first never began");
        std::thread::sleep(Duration::from_millis(10));
    }
    for args in [
        vec!["scan", ".", "--record", "evidence"],
        vec!["review", "evidence", "--run", "1", "--subject", "RET-01", "--by", "b", "--decision", "d"],
    ] {
        let ran = run_in(root, args)?.expect(2);
        assert!(ran.stderr.contains("another run is appending to this record"), "{}", ran.stderr);
    }
    first.stdin.take().ok_or("no input")?.write_all(b"nothing\n")?;
    assert_eq!(first.wait()?.code(), Some(0));
    assert_eq!(check(&root.join("evidence"))?.len(), 1);
    run_in(root, ["scan", ".", "--record", "evidence"])?.expect(0);
    assert_eq!(check(&root.join("evidence"))?.iter().map(|(_, s)| *s).collect::<Vec<_>>(), ["kept", "kept"]);
    Ok(())
}

/// Kills as many runs as `PRIVASCAN_KILLS` says, at any moment of their life.
#[test]
fn whenever_a_run_is_killed_the_record_holds_and_the_next_run_appends() -> Result<()> {
    let kills = std::env::var("PRIVASCAN_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20u64);
    let dir = tempfile::tempdir()?;
    let root = dir.path();
    share(root)?;
    let begun = Instant::now();
    scan(root, &[])?.expect(3);
    let life = begun.elapsed().as_micros() as u64;
    let record = root.join("evidence");
    let mut rng = Rng::new(begun.elapsed().as_nanos() as u64);
    let (mut kept, mut aborted) = (1, 0);
    for n in 0..kills {
        let args = ["scan", "--record", "evidence", "--as-of", "2026-11-24", "--quiet"];
        let mut child = start(root, &args)?;
        // Every third at the very end, where most is decided.
        let moment = if n % 3 == 0 { rng.between(life * 7 / 10, life * 11 / 10) } else { rng.below(life) };
        std::thread::sleep(Duration::from_micros(moment));
        // It may have ended by itself.
        let _ = child.kill();
        child.wait()?;
        let states = check(&record)?;
        let earlier = states.len().min(kept + aborted);
        assert!(states[..earlier].iter().all(|(_, s)| *s != "open"), "{states:?}");
        run_in(root, ["population", "evidence"])?.expect(0);
        if states.len() > earlier && states[earlier].1 == "kept" {
            kept += 1;
        } else if states.len() > earlier {
            aborted += 1;
        }
        // The next writer closes what was left open; a decision is the smallest one.
        run_in(root, ["review", "evidence", "--subject", "RET-01", "--by", "b", "--decision", "d"])?
            .expect(0);
        let states = check(&record)?;
        assert_eq!(states.iter().filter(|(_, s)| *s == "kept").count(), kept, "{states:?}");
        assert_eq!(states.iter().filter(|(_, s)| *s == "aborted").count(), aborted, "{states:?}");
        let folders: Vec<_> = fs::read_dir(record.join("runs"))?.collect::<std::io::Result<_>>()?;
        assert_eq!(folders.len(), kept, "{folders:?}");
    }
    println!("{kept} kept, {aborted} aborted");
    scan(root, &[])?.expect(3);
    assert_eq!(check(&record)?.iter().filter(|(_, s)| *s == "kept").count(), kept + 1);
    Ok(())
}

#[test]
fn a_run_without_end_line_is_aborted_however_far_it_came() -> Result<()> {
    for cut in ["no end line", "half an end line", "no folder either"] {
        let dir = tempfile::tempdir()?;
        let root = dir.path();
        share(root)?;
        scan(root, &[])?.expect(3);
        scan(root, &[])?.expect(3);
        let record = root.join("evidence");
        let log = fs::read_to_string(record.join("log.jsonl"))?;
        let last = log[..log.len() - 1].rfind('\n').map_or(0, |at| at + 1);
        let kept = if cut == "half an end line" { last + 100 } else { last };
        let name = check(&record)?[1].0.clone();
        fs::write(record.join("log.jsonl"), &log[..kept])?;
        let runs = record.join("runs");
        // What stands there while a run ends.
        fs::create_dir(runs.join(format!(".{name}.closing.partial")))?;
        if cut == "no folder either" {
            fs::rename(runs.join(&name), runs.join(format!(".{name}.partial")))?;
        }
        // Who reads only leaves it alone.
        assert_eq!(check(&record)?[1].1, "open", "{cut}");
        let ran = run_in(root, ["population", "evidence", "--format", "jsonl"])?.expect(0);
        assert_eq!(ran.records("population")[1]["state"], "open");
        run_in(root, ["assess", "evidence@2", "--quiet"])?.expect(2);
        scan(root, &[])?.expect(3);
        let states: Vec<_> = check(&record)?.into_iter().map(|(_, state)| state).collect();
        assert_eq!(states, ["kept", "aborted", "kept"], "{cut}");
        assert_eq!(fs::read_dir(record.join("runs"))?.count(), 2, "{cut}");
    }
    Ok(())
}

#[test]
fn a_file_among_the_runs_is_none_of_ours() -> Result<()> {
    let dir = tempfile::tempdir()?;
    share(dir.path())?;
    scan(dir.path(), &[])?.expect(3);
    let (file, folder) =
        (dir.path().join("evidence/runs/.x.partial"), dir.path().join("evidence/runs/.y.partial"));
    fs::write(&file, "someone's note")?;
    fs::create_dir(&folder)?;
    scan(dir.path(), &[])?.expect(3);
    assert_eq!(fs::read_to_string(&file)?, "someone's note");
    assert!(!folder.exists());
    Ok(())
}
