//! Disposals that are killed at any moment, and those that end on another file system.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::common::command;
use super::common::pack::Result;
use super::common::values::Rng;
use super::{Share, hash};

/// Enough files that a kill falls between two of them.
fn many(share: &Share, files: usize) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(share.root().join("hr/many"))?;
    let mut all = Vec::new();
    for n in 0..files {
        let name = format!("hr/many/{n}.csv");
        share.write(&name, &format!("name,email,hired\nAna Lind,ana{n}@larkspur.co,2020-01-01\n"))?;
        all.push(PathBuf::from(name));
    }
    Ok(all)
}

/// A quarantine on another device, if there is one.
fn elsewhere(share: &Share) -> Result<Option<tempfile::TempDir>> {
    let Ok(dir) = tempfile::tempdir_in("/dev/shm") else { return Ok(None) };
    let other = dir.path().metadata()?.dev() != share.root().metadata()?.dev();
    Ok(other.then_some(dir))
}

fn kill_and_finish(share: &Share, quarantine: Option<&Path>, kills: u64) -> Result<()> {
    let files = many(share, 12)?;
    let place = quarantine.map(|q| q.to_string_lossy().into_owned());
    let means: Vec<&str> = match &place {
        Some(place) => vec!["--quarantine", place],
        None => vec!["--method", "logical-delete"],
    };
    let fixed =
        ["dispose", "apply", "--policy", "policy.toml", "--approved", "plan.csv", "--as-of", "2026-11-24"];
    let args: Vec<&str> = fixed.iter().copied().chain(means.iter().copied()).collect();
    let mut rng = Rng::new(u64::from(std::process::id()));
    let mut life = Duration::ZERO;
    let mut moments = [0; 3];
    for kill in 0..=kills {
        // From the start each time.
        many(share, files.len())?;
        let register = share.root().join("registers/disposal.jsonl");
        if register.exists() {
            fs::remove_file(&register)?;
        }
        if let Some(quarantine) = quarantine {
            fs::remove_dir_all(quarantine.join("hr"))
                .or_else(|e| if quarantine.join("hr").exists() { Err(e) } else { Ok(()) })?;
        }
        if kill == 0 {
            share.approve()?;
            let rows = super::rows(&fs::read(share.root().join("plan.csv"))?)?;
            let only: Vec<_> =
                rows.into_iter().filter(|r| r[super::column("item")].starts_with("hr/many/")).collect();
            assert_eq!(only.len(), files.len());
            share.save(&only)?;
        }
        let hashes: Vec<String> =
            files.iter().map(|f| Ok(hash(&fs::read(share.root().join(f))?))).collect::<Result<_>>()?;
        let begun = Instant::now();
        let mut child = command(share.root());
        let mut child = child.args(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        if kill == 0 {
            assert_eq!(child.wait()?.code(), Some(0));
            life = begun.elapsed();
        } else {
            // Starting takes most of its life, and nothing can go wrong there.
            let (from, to) = (life.as_micros() as u64 / 4, life.as_micros() as u64 * 11 / 10);
            std::thread::sleep(Duration::from_micros(rng.between(from, to)));
            // It may have ended by itself.
            let _ = child.kill();
            child.wait()?;
        }
        let gone = files.iter().filter(|f| !share.root().join(f).exists()).count();
        moments[usize::from(gone > 0) + usize::from(gone == files.len())] += u64::from(kill > 0);
        // Nothing is gone that the register says nothing about, and nothing is lost.
        let text = fs::read(&register).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let at_quarantine = |file: &Path| quarantine.map(|q| q.join(file)).filter(|p| p.exists());
        for (file, hash_before) in files.iter().zip(&hashes) {
            let source = share.root().join(file);
            let said = text.contains(&format!("\"from\":\"{}\"", file.display()));
            if !source.exists() {
                assert!(said, "kill {kill}: {} is gone and not in the register", file.display());
                let place = at_quarantine(file);
                let waiting = source.parent().map(fs::read_dir).transpose()?.into_iter().flatten().flatten();
                let waits =
                    waiting.filter(|e| e.file_name().to_string_lossy().ends_with(".disposing")).count() > 0;
                assert!(
                    quarantine.is_none() || place.is_some() || waits,
                    "kill {kill}: {} is lost",
                    file.display()
                );
            } else {
                assert_eq!(hash(&fs::read(&source)?), *hash_before);
            }
        }
        // The next one finishes.
        let ran = share.run(&[&args[..], &["--format", "jsonl"]].concat())?.expect(0);
        assert!(ran.records("disposal").iter().all(|l| l["outcome"] != "refused"), "{}", ran.stdout);
        let register = share.register()?;
        for (file, hash_before) in files.iter().zip(&hashes) {
            assert!(!share.root().join(file).exists(), "kill {kill}: {}", file.display());
            if let Some(quarantine) = quarantine {
                assert_eq!(hash(&fs::read(quarantine.join(file))?), *hash_before, "kill {kill}");
            }
            let name = file.to_string_lossy();
            let last = register.iter().rfind(|l| l["item"] == *name).expect("an entry");
            assert!(last["performed_at"].is_string() && last["intent"].is_null(), "kill {kill}: {last}");
        }
        let left: Vec<_> = fs::read_dir(share.root().join("hr/many"))?.collect::<std::io::Result<_>>()?;
        assert!(left.is_empty(), "kill {kill}: {left:?}");
        if let Some(quarantine) = quarantine {
            assert_eq!(fs::read_dir(quarantine.join("hr/many"))?.count(), files.len(), "kill {kill}");
        }
    }
    println!(
        "{} killed before the first, {} in the middle, {} after the last",
        moments[0], moments[1], moments[2]
    );
    Ok(())
}

/// `PRIVASCAN_KILLS`, or 20.
fn kills() -> u64 {
    std::env::var("PRIVASCAN_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

#[test]
fn a_killed_move_is_finished_by_the_next() -> Result<()> {
    let share = Share::new()?;
    let quarantine = share.root().join("q");
    kill_and_finish(&share, Some(&quarantine), kills())
}

#[test]
fn a_killed_deletion_is_finished_by_the_next() -> Result<()> {
    kill_and_finish(&Share::new()?, None, kills() / 2)
}

#[test]
fn a_killed_move_to_another_device_is_finished_by_the_next() -> Result<()> {
    let share = Share::new()?;
    let Some(quarantine) = elsewhere(&share)? else {
        println!("not run: /dev/shm is no other device");
        return Ok(());
    };
    kill_and_finish(&share, Some(quarantine.path()), kills() / 2)
}

#[test]
fn a_move_to_another_device_keeps_content_mode_and_time() -> Result<()> {
    let share = Share::new()?;
    let Some(quarantine) = elsewhere(&share)? else {
        println!("not run: /dev/shm is no other device");
        return Ok(());
    };
    share.approve()?;
    let before = share.root().join("hr/old.csv").metadata()?;
    let content = fs::read(share.root().join("hr/old.csv"))?;
    let place = quarantine.path().to_string_lossy().into_owned();
    let outcomes = share.outcomes(&["--quarantine", &place], 0)?;
    assert!(outcomes.values().all(|o| o == "done"), "{outcomes:?}");
    let moved = quarantine.path().join("hr/old.csv");
    let after = moved.metadata()?;
    assert_eq!(fs::read(&moved)?, content);
    assert_eq!(
        (after.mode(), after.mtime(), after.mtime_nsec()),
        (before.mode(), before.mtime(), before.mtime_nsec())
    );
    assert!(!share.root().join("hr/old.csv").exists());
    let register = share.register()?;
    let entry = register.iter().rfind(|l| l["item"] == "hr/old.csv").expect("an entry");
    let shown = entry["quarantine"].as_str().expect("a path");
    assert!(shown.starts_with("../") && shown.ends_with("/hr/old.csv"), "{shown}");
    Ok(())
}

#[test]
fn two_disposals_at_once_are_one_too_many() -> Result<()> {
    let share = Share::new()?;
    share.approve()?;
    share.write("registers/disposal.jsonl", "")?;
    let file = fs::File::options().append(true).open(share.root().join("registers/disposal.jsonl"))?;
    file.lock()?;
    let ran = share.apply(&["--quarantine", "q"])?.expect(2);
    assert!(ran.stderr.contains("another disposal is at work"), "{}", ran.stderr);
    file.unlock()?;
    share.apply(&["--quarantine", "q"])?.expect(0);
    Ok(())
}

#[test]
fn a_line_that_was_not_finished_is_dropped_and_one_without_end_is_kept() -> Result<()> {
    let share = Share::new()?;
    share.approve()?;
    share.write("registers/disposal.jsonl", "{\"id\":\"D-1\",\"item\":\"hr/x\"}\n{\"id\":\"D-2\",\"ite")?;
    let ran = share.apply(&["--quarantine", "q"])?.expect(0);
    assert!(ran.stderr.contains("its last line was not whole"), "{}", ran.stderr);
    let register = share.register()?;
    assert!(register[0]["id"] == "D-1" && register.iter().all(|l| l["id"] != "D-2"));
    let share = Share::new()?;
    share.approve()?;
    share.write("registers/disposal.jsonl", "{\"id\":\"D-1\",\"item\":\"hr/x\"}")?;
    share.apply(&["--quarantine", "q"])?.expect(0);
    assert_eq!(share.register()?[0]["id"], "D-1");
    Ok(())
}
