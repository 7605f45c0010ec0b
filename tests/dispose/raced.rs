//! What someone does to a file between its being checked and its being moved.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use privascan::classify::Taxonomy;
use privascan::dispose::DisposeError;
use privascan::dispose::apply::{Outcome, apply};
use privascan::dispose::plan;
use privascan::dispose::register::Register;
use privascan::dispose::site::{Means, OwnFiles, Site};
use privascan::govern::facts::{Facts, RunFacts};
use privascan::govern::{Assessing, Policy, Registers};

use super::common::pack::Result;
use super::{POLICY, Share, column, hash};

/// Disposes of `hr/old.csv` alone, with something that happens right before the move.
fn race(share: &Share, means: &Means, happens: &dyn Fn(&Path)) -> Result<Outcome> {
    let (mut outcomes, stopped) = run(share, means, &["hr/old.csv"], happens)?;
    assert!(stopped.is_none(), "{stopped:?}");
    Ok(outcomes.remove(0))
}

/// The same for some files, with what stopped it.
fn run(
    share: &Share,
    means: &Means,
    names: &[&str],
    happens: &dyn Fn(&Path),
) -> Result<(Vec<Outcome>, Option<DisposeError>)> {
    let rows: Vec<_> =
        share.approve()?.into_iter().filter(|r| names.contains(&r[column("item")].as_str())).collect();
    let rows = plan::read(&super::bytes(&rows)?)?;
    let policy = Policy::load(POLICY).map_err(|_| "no policy")?;
    let (run, registers) =
        (RunFacts { as_of: date(2026, 11, 24), ..RunFacts::default() }, Registers::default());
    let facts = Facts {
        run: &run,
        items: &[],
        previous: None,
        history: None,
        registers: &registers,
        reviews: &[],
        self_test: None,
        integrity: None,
    };
    let taxonomy = Taxonomy::builtin()?;
    let assessing = Assessing::new(&policy, &facts, &taxonomy);
    let hook = || happens(share.root());
    let site = Site {
        assessing: &assessing,
        policy_digest: &hash(POLICY.as_bytes()),
        folder: share.root(),
        zone: &TimeZone::UTC,
        now: &Timestamp::now,
        printed: &|path| String::from_utf8_lossy(path).into_owned(),
        by: "test",
        version: "0",
        own: &OwnFiles::default(),
        interrupted: &AtomicBool::new(false),
        before_move: Some(&hook),
    };
    let (mut register, _) = Register::open(&share.root().join("registers/disposal.jsonl"), "disposal.jsonl")?;
    let mut outcomes = Vec::new();
    let ended = apply(&site, means, &rows, &mut register, &mut |end| {
        outcomes.push(end.outcome);
        Ok(())
    });
    Ok((outcomes, ended.err()))
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Refused(refused) => refused.reason,
        Outcome::Done(_) => "done",
        Outcome::Unsettled(_) => "unsettled",
        _ => "other",
    }
}

const OTHER: &str = "another file, which nobody approved";

#[test]
fn what_is_put_in_its_place_is_left_there() -> Result<()> {
    let quarantine = |share: &Share| Means::Quarantine(share.root().join("q"));
    for (want, happens) in [
        (
            "replaced",
            (|root: &Path| {
                fs::rename(root.join("hr/old.csv"), root.join("hr/mine")).expect("rename");
                fs::write(root.join("hr/old.csv"), OTHER).expect("write");
            }) as fn(&Path),
        ),
        ("replaced", |root| {
            fs::write(root.join("hr/tmp"), OTHER).expect("write");
            fs::rename(root.join("hr/tmp"), root.join("hr/old.csv")).expect("rename");
        }),
        ("replaced", |root| {
            fs::rename(root.join("hr/old.csv"), root.join("hr/mine")).expect("rename");
            symlink("mine", root.join("hr/old.csv")).expect("link");
        }),
        ("replaced", |root| {
            fs::rename(root.join("hr/old.csv"), root.join("hr/mine")).expect("rename");
            fs::create_dir(root.join("hr/old.csv")).expect("mkdir");
            fs::write(root.join("hr/old.csv/inside"), OTHER).expect("write");
        }),
        ("hard-link", |root| fs::hard_link(root.join("hr/old.csv"), root.join("hr/second")).expect("link")),
        ("changed-while-read", |root| {
            let mut text = fs::read_to_string(root.join("hr/old.csv")).expect("read");
            text.push_str("Jo Park,jo@larkspur.co,2026-01-01\n");
            fs::write(root.join("hr/old.csv"), text).expect("write");
        }),
        ("not-found", |root| fs::rename(root.join("hr/old.csv"), root.join("hr/mine")).expect("rename")),
    ] {
        for delete in [false, true] {
            let share = Share::new()?;
            let means = if delete { Means::LogicalDelete } else { quarantine(&share) };
            let expected = Share::new()?;
            happens(expected.root());
            let outcome = race(&share, &means, &happens)?;
            assert_eq!(reason(&outcome), want, "delete {delete}");
            let relative = |share: &Share| -> Result<Vec<(std::path::PathBuf, String)>> {
                let tree = share.tree()?.into_iter();
                let kept = tree.filter(|(p, _)| !p.ends_with("hr/backup.zip"));
                kept.map(|(p, h)| Ok((p.strip_prefix(share.root())?.to_path_buf(), h))).collect()
            };
            assert_eq!(relative(&share)?, relative(&expected)?, "{want} delete {delete}");
            let register = share.register()?;
            let last = register.last().expect("an entry");
            assert!(last["performed_at"].is_null() && last["refused"] == want, "{last}");
        }
    }
    Ok(())
}

#[test]
fn a_name_that_is_taken_at_the_last_moment_gets_a_number() -> Result<()> {
    let share = Share::new()?;
    let means = Means::Quarantine(share.root().join("q"));
    let outcome = race(&share, &means, &|root| {
        let place = root.join("q/hr/old.csv");
        if !place.exists() {
            fs::write(place, OTHER).expect("write");
        }
    })?;
    assert_eq!(outcome, Outcome::Done(Some(b"q/hr/old.csv~1".to_vec())));
    assert_eq!(fs::read_to_string(share.root().join("q/hr/old.csv"))?, OTHER);
    Ok(())
}

#[test]
fn a_folder_that_becomes_a_link_leads_nowhere() -> Result<()> {
    let share = Share::new()?;
    let means = Means::Quarantine(share.root().join("q"));
    let outcome = race(&share, &means, &|root| {
        fs::rename(root.join("hr"), root.join("hr-moved")).expect("rename");
        fs::create_dir(root.join("decoy")).expect("mkdir");
        fs::write(root.join("decoy/old.csv"), OTHER).expect("write");
        symlink("decoy", root.join("hr")).expect("link");
    })?;
    // The folder that was checked is open: what was approved goes, wherever it is called from now.
    assert_eq!(reason(&outcome), "done");
    assert_eq!(fs::read_to_string(share.root().join("decoy/old.csv"))?, OTHER);
    assert!(!share.root().join("hr-moved/old.csv").exists());
    Ok(())
}

/// Someone else replaces the file as fast as they can while disposals run.
#[cfg(target_os = "linux")]
#[test]
fn in_a_loop_of_races_nothing_is_lost() -> Result<()> {
    let share = Share::new()?;
    share.approve()?;
    let rows = super::rows(&fs::read(share.root().join("plan.csv"))?)?;
    let only: Vec<_> = rows.into_iter().filter(|r| r[column("item")] == "hr/old.csv").collect();
    share.save(&only)?;
    let content = fs::read(share.root().join("hr/old.csv"))?;
    let stop = AtomicBool::new(false);
    let made = std::thread::scope(|scope| -> Result<u64> {
        let busy = scope.spawn(|| {
            let mut made = 0u64;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                made += 1;
                let other = share.root().join(format!("hr/other-{made}"));
                fs::write(&other, format!("{OTHER} {made}")).expect("write");
                // Two files change places and back.
                for _ in 0..2 {
                    let (here, flags) = (rustix::fs::CWD, rustix::fs::RenameFlags::EXCHANGE);
                    // While it is being moved there is nothing to exchange.
                    let _ =
                        rustix::fs::renameat_with(here, share.root().join("hr/old.csv"), here, &other, flags);
                }
            }
            made
        });
        for _ in 0..30 {
            let ran = share.apply(&["--quarantine", "q"])?;
            assert!([0, 1, 3].contains(&ran.code), "{}", ran.stderr);
            if ran.code == 0 {
                break;
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        busy.join().map_err(|_| "the other one failed".into())
    })?;
    // Every file that was made is somewhere, as it was made, and so is the approved one.
    let tree = share.tree()?;
    for n in 1..=made {
        let wanted = hash(format!("{OTHER} {n}").as_bytes());
        assert!(tree.values().any(|h| *h == wanted), "{n} of {made}");
    }
    let wanted = hash(&content);
    assert!(tree.values().any(|h| *h == wanted));
    let moved = share.root().join("q/hr/old.csv");
    assert!(!moved.exists() || hash(&fs::read(&moved)?) == wanted);
    Ok(())
}

/// What editors, `sed -i` and the rotation of logs do.
#[test]
fn a_register_that_is_replaced_stops_everything() -> Result<()> {
    let replace = |root: &Path| {
        let (path, new) = (root.join("registers/disposal.jsonl"), root.join("registers/new"));
        fs::copy(&path, &new).expect("copy");
        fs::rename(&new, &path).expect("rename");
    };
    let cut = |root: &Path| {
        let file = fs::File::options().write(true).open(root.join("registers/disposal.jsonl")).expect("open");
        file.set_len(0).expect("cut");
    };
    let take = |root: &Path| fs::remove_file(root.join("registers/disposal.jsonl")).expect("remove");
    for happens in [&replace as &dyn Fn(&Path), &cut, &take] {
        for delete in [false, true] {
            let share = Share::new()?;
            let means = if delete { Means::LogicalDelete } else { Means::Quarantine(share.root().join("q")) };
            let before = share.tree()?;
            let (outcomes, stopped) = run(&share, &means, &["hr/old.csv", "hr/=1+1.csv"], happens)?;
            assert!(matches!(stopped, Some(DisposeError::Replaced(_))), "{stopped:?}");
            let after = share.tree()?;
            if delete {
                // What could not be written down was not done.
                assert!(outcomes.is_empty(), "{outcomes:?}");
            } else {
                // What was done is said, and nothing more is done.
                assert_eq!(outcomes.iter().map(reason).collect::<Vec<_>>(), ["done"]);
            }
            let gone = before.keys().filter(|path| !after.contains_key(*path)).count();
            assert_eq!(gone, usize::from(!delete));
        }
    }
    Ok(())
}
