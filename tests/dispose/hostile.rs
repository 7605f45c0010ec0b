//! What has to be refused: other things at the path, other rows in the plan, other rules.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::common::pack::Result;
use super::common::values::Rng;
use super::{OLD, POLICY, Share, approve, bytes, column, rows};

/// Applies to all approved rows after `change`; gives the outcome of the one for `name`. Nothing is touched but what is done.
fn after(change: impl FnOnce(&Share) -> Result<()>, name: &str) -> Result<String> {
    let share = Share::new()?;
    share.approve()?;
    change(&share)?;
    let before = share.tree()?;
    let rehearsed = share.apply(&["--quarantine", "q", "--dry-run"])?.records("disposal");
    assert_eq!(share.tree()?, before);
    let ran = share.apply(&["--quarantine", "q"])?;
    let lines = ran.records("disposal");
    let line = lines.iter().find(|l| l["path"] == name).expect("an outcome for each approved row");
    let reason = |line: &serde_json::Value| {
        line["reason"].as_str().or(line["outcome"].as_str()).unwrap_or_default().replace("ready", "done")
    };
    let before_that = rehearsed.iter().find(|l| l["path"] == name).expect("an outcome for each approved row");
    assert_eq!(reason(before_that), reason(line));
    let reason = reason(line);
    let refused: Vec<_> =
        lines.iter().filter(|l| l["outcome"] == "refused").filter_map(|l| l["path"].as_str()).collect();
    let after = share.tree()?;
    for (path, hash) in &before {
        let inside = path.strip_prefix(share.root())?.to_string_lossy().into_owned();
        let kept = after.get(path) == Some(hash);
        let moved = after.get(&share.root().join("q").join(&inside)) == Some(hash);
        let may_go = OLD.contains(&inside.as_str()) && !refused.contains(&inside.as_str());
        assert!(if may_go { moved } else { kept }, "{inside} of {refused:?}\n{}", ran.stdout);
    }
    Ok(reason)
}

#[test]
fn what_is_not_what_was_planned_is_refused() -> Result<()> {
    let name = "hr/old.csv";
    let aside = |share: &Share| fs::rename(share.root().join(name), share.root().join("hr/aside"));
    type Change<'a> = Box<dyn FnOnce(&Share) -> Result<()> + 'a>;
    let cases: [(&str, Change<'_>); 9] = [
        (
            "symlink",
            Box::new(move |s| {
                aside(s)?;
                Ok(symlink("aside", s.root().join(name))?)
            }),
        ),
        ("hard-link", Box::new(|s| Ok(fs::hard_link(s.root().join(name), s.root().join("hr/other"))?))),
        (
            "content-changed",
            Box::new(|s| s.write(name, "name,email,hired\nAna Lind,ana.lind1@larkspur.co,2020-01-01\n")),
        ),
        ("content-changed", Box::new(|s| s.write(name, "more"))),
        ("not-found", Box::new(move |s| Ok(aside(s)?))),
        ("not-found", Box::new(move |s| Ok(fs::rename(s.root().join(name), s.root().join("hr/OLD.csv"))?))),
        (
            "not-a-file",
            Box::new(move |s| {
                aside(s)?;
                Ok(fs::create_dir(s.root().join(name))?)
            }),
        ),
        (
            "not-a-file",
            Box::new(move |s| {
                aside(s)?;
                let made = std::process::Command::new("mkfifo").arg(s.root().join(name)).status()?;
                assert!(made.success());
                Ok(())
            }),
        ),
        (
            "done",
            Box::new(|s| {
                let file = s.root().join(name);
                let same = fs::read(&file)?;
                fs::remove_file(&file)?;
                Ok(fs::write(&file, same)?)
            }),
        ),
    ];
    for (reason, change) in cases {
        assert_eq!(after(change, name)?, reason);
    }
    Ok(())
}

#[test]
fn no_folder_of_the_path_may_be_a_link() -> Result<()> {
    let name = "hr/deep/er/2019-03.txt";
    let inner = |s: &Share| -> Result<()> {
        fs::rename(s.root().join("hr/deep/er"), s.root().join("hr/deep/real"))?;
        Ok(symlink("real", s.root().join("hr/deep/er"))?)
    };
    assert_eq!(after(inner, name)?, "symlink");
    let outer = |s: &Share| -> Result<()> {
        fs::rename(s.root().join("hr/deep"), s.root().join("elsewhere"))?;
        Ok(symlink("../elsewhere", s.root().join("hr/deep"))?)
    };
    assert_eq!(after(outer, name)?, "symlink");
    Ok(())
}

#[test]
fn the_quarantine_may_hold_no_link_either() -> Result<()> {
    let share = Share::new()?;
    share.approve()?;
    fs::create_dir(share.root().join("outside"))?;
    symlink("../outside", share.root().join("q/hr"))?;
    let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
    assert!(outcomes.values().all(|o| o != "done"), "{outcomes:?}");
    assert_eq!(fs::read_dir(share.root().join("outside"))?.count(), 0);
    Ok(())
}

#[test]
fn names_that_are_not_utf_8_go_and_come_back() -> Result<()> {
    let share = Share::new()?;
    let odd: [&[u8]; 4] = [
        b"hr/\xff\xfe 2019-01.txt",
        b"hr/a\\x41 2019-02.txt",
        b"hr/line\nend 2019-03.txt",
        b"hr/'@x 2019-04.txt",
    ];
    for name in odd {
        fs::write(share.root().join(std::ffi::OsStr::from_bytes(name)), b"about Ana Lind\n")?;
    }
    share.approve()?;
    share.apply(&["--quarantine", "q"])?.expect(0);
    for name in odd {
        let name = std::ffi::OsStr::from_bytes(name);
        assert!(!share.root().join(name).exists() && share.root().join("q").join(name).exists(), "{name:?}");
    }
    Ok(())
}

#[test]
fn approvals_that_are_none_are_refused() -> Result<()> {
    let share = Share::new()?;
    let before = share.tree()?;
    for (approve, by, at, want) in [
        ("y", "dpo", "2026-11-24", "bad-approval"),
        ("true", "dpo", "2026-11-24", "bad-approval"),
        ("yes", "", "2026-11-24", "bad-approval"),
        ("yes", "dpo", "", "bad-approval"),
        ("yes", "dpo", "soon", "bad-approval"),
        ("yes", "dpo", "03/04/2026", "bad-approval"),
        ("yes", "dpo", "2026-11-25", "approval-in-future"),
        ("yes", "dpo", "2026-11-25T00:00:00Z", "approval-in-future"),
    ] {
        let mut plan = share.plan()?;
        let row = plan.iter_mut().find(|r| r[column("item")] == "hr/old.csv").expect("listed");
        row[column("approve")] = approve.to_owned();
        row[column("approved_by")] = by.to_owned();
        row[column("approved_at")] = at.to_owned();
        share.save(&plan)?;
        let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
        assert_eq!(outcomes.values().collect::<Vec<_>>(), [want], "{approve} {by} {at}");
        assert_eq!(share.tree()?, before);
    }
    for unapproved in ["", "no", "No"] {
        let mut plan = share.plan()?;
        for row in &mut plan {
            approve_all_but(row, unapproved);
        }
        share.save(&plan)?;
        assert!(share.outcomes(&["--quarantine", "q"], 0)?.is_empty());
        assert_eq!(share.tree()?, before);
    }
    Ok(())
}

fn approve_all_but(row: &mut [String], word: &str) {
    approve(row);
    row[column("approve")] = word.to_owned();
}

#[test]
fn a_row_with_advice_cannot_be_approved() -> Result<()> {
    let share = Share::new()?;
    let mut plan = share.plan()?;
    plan.iter_mut().for_each(|row| approve(row));
    share.save(&plan)?;
    let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
    assert_eq!(outcomes.values().filter(|o| *o == "not-approvable").count(), 3, "{outcomes:?}");
    assert_eq!(outcomes["hr/some.csv"], "not-approvable");
    // Nor without the advice.
    let share = Share::new()?;
    let mut plan = share.plan()?;
    for row in &mut plan {
        approve(row);
        row[column("advice")] = String::new();
    }
    share.save(&plan)?;
    let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
    assert_eq!(outcomes[""], "changed-row", "{outcomes:?}");
    Ok(())
}

#[test]
fn holds_exceptions_and_other_policies_are_looked_at_again() -> Result<()> {
    let share = Share::new()?;
    let hold = "[[hold]]\nid = \"LH-1\"\nmatch = { path = [\"hr/old*\"] }\nplaced = 2026-11-24\n";
    let by_class =
        "[[hold]]\nid = \"LH-2\"\nmatch = { class = \"contract\", from = 2019-01-01 }\nplaced = 2026-01-01\n";
    let exception = "[[exception]]\nid = \"EX-1\"\ntest = \"RET-01\"\nmatch = { path = [\"hr/=*\"] }\nreason = \"tax audit\"\n\
                     approved_by = \"dpo\"\napproved_on = 2026-11-24\nexpires = 2026-12-31\n";
    share.write("policy.toml", &format!("{POLICY}{hold}{by_class}{exception}"))?;
    share.run(&["dispose", "plan", "--policy", "policy.toml", "-o", "plan.csv", "--as-of", "2026-11-23"])?;
    let mut plan = rows(&fs::read(share.root().join("plan.csv"))?)?;
    for row in plan.iter_mut().filter(|r| r[column("advice")].is_empty()) {
        approve(row);
        row[column("approved_at")] = "2026-11-23".to_owned();
    }
    share.save(&plan)?;
    let contract = plan.iter().find(|r| r[column("item")].contains("contract")).expect("listed");
    assert_eq!(contract[column("advice")], "redact or split; hold LH-2");
    assert_eq!(contract[column("hold_check")], "LH-2");
    // The day after the plan, hold and exception are in force.
    let ran = share
        .run(&[
            "dispose",
            "apply",
            "--policy",
            "policy.toml",
            "--approved",
            "plan.csv",
            "--quarantine",
            "q",
            "--as-of",
            "2026-11-24",
            "--format",
            "jsonl",
        ])?
        .expect(1);
    let of =
        |path: &str| ran.records("disposal").into_iter().find(|l| l["path"] == path).expect("an outcome");
    assert_eq!(
        (of("hr/old.csv")["reason"].as_str(), of("hr/old.csv")["detail"].as_str()),
        (Some("on-hold"), Some("LH-1"))
    );
    assert_eq!(of("hr/=1+1.csv")["reason"], "excepted");
    assert_eq!(of("hr/Ä b.csv")["outcome"], "done");
    let register = share.register()?;
    let entry = register.last().expect("an entry");
    assert_eq!(entry["hold_check"], serde_json::json!(["LH-1", "LH-2"]));

    let share = Share::new()?;
    share.approve()?;
    let before = share.tree()?;
    // Before its time.
    let ran = share
        .run(&[
            "dispose",
            "apply",
            "--policy",
            "policy.toml",
            "--approved",
            "plan.csv",
            "--quarantine",
            "q",
            "--as-of",
            "2021-01-01",
            "--format",
            "jsonl",
        ])?
        .expect(1);
    assert!(ran.records("disposal").iter().all(|l| l["reason"] == "approval-in-future"));
    let mut plan = share.plan()?;
    for row in plan.iter_mut().filter(|r| r[column("advice")].is_empty()) {
        approve(row);
        row[column("approved_at")] = "2020-12-31".to_owned();
    }
    share.save(&plan)?;
    let ran = share
        .run(&[
            "dispose",
            "apply",
            "--policy",
            "policy.toml",
            "--approved",
            "plan.csv",
            "--quarantine",
            "q",
            "--as-of",
            "2021-01-01",
            "--format",
            "jsonl",
        ])?
        .expect(1);
    let reasons: Vec<_> = ran.records("disposal").into_iter().map(|l| l["reason"].clone()).collect();
    assert_eq!(reasons.iter().filter(|r| *r == "not-due").count(), OLD.len(), "{reasons:?}");
    assert_eq!(share.tree()?, before);
    share.write("policy.toml", &format!("{POLICY}# changed\n"))?;
    let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
    assert!(outcomes.values().all(|o| o == "policy-changed"), "{outcomes:?}");
    Ok(())
}

#[test]
fn a_plan_that_was_tampered_with_touches_nothing() -> Result<()> {
    let share = Share::new()?;
    share.write("outside.csv", "not in any system")?;
    let plan = share.approve()?;
    let before = share.tree()?;
    let at = plan.iter().position(|r| r[column("item")] == "hr/old.csv").expect("listed");
    let absolute = share.root().join("crm/leads.csv").to_string_lossy().into_owned();
    for (name, value) in [
        ("item", "crm/leads.csv"),
        ("item", "hr/../crm/leads.csv"),
        ("item", "../outside.csv"),
        ("item", absolute.as_str()),
        ("item", "/etc/passwd"),
        ("item", "hr/new.csv"),
        ("item", "hr//old.csv"),
        ("item", "hr/./old.csv"),
        ("item", "HR/old.csv"),
        ("item", ""),
        ("content_hash", "0000000000000000000000000000000000000000000000000000000000000000"),
        ("content_hash", ""),
        ("policy_digest", "0000000000000000000000000000000000000000000000000000000000000000"),
        ("system", "crm"),
        ("method", "quarantine"),
        ("trigger_date", "2019-01-01"),
        ("due", "not a day"),
        ("id", "D-00000000000000000000"),
    ] {
        let mut row = plan[at].clone();
        row[column(name)] = value.to_owned();
        share.save(&[row])?;
        let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
        assert!(
            ["changed-row", "bad-row"].contains(&outcomes.values().next().expect("one").as_str()),
            "{name} {value} {outcomes:?}"
        );
        assert_eq!(share.tree()?, before, "{name} {value}");
    }
    // Someone who knows how rows are sealed gets no further than to what lies in the system and is what the row says.
    let bytes = fs::read(share.root().join("crm/leads.csv"))?;
    for (item, hash, want) in [
        ("crm/leads.csv", super::hash(&bytes), "outside-root"),
        ("hr/../crm/leads.csv", super::hash(&bytes), "outside-root"),
        ("../outside.csv", super::hash(b"not in any system"), "outside-root"),
        (absolute.as_str(), super::hash(&bytes), "outside-root"),
        ("hr//old.csv", plan[at][column("content_hash")].clone(), "outside-root"),
        ("hr/new.csv", plan[at][column("content_hash")].clone(), "content-changed"),
    ] {
        let parsed = privascan::dispose::plan::read(&super::bytes(&[plan[at].clone()])?)?;
        let row = parsed[0].row.clone().expect("a row");
        let row =
            privascan::dispose::plan::Row { item: item.into(), content_hash: Some(hash), bytes: None, ..row }
                .sealed();
        let mut out = Vec::new();
        privascan::dispose::plan::write(&[row], &mut out)?;
        let mut forged = rows(&out)?;
        approve(&mut forged[0]);
        share.save(&forged)?;
        let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
        assert_eq!(outcomes.values().collect::<Vec<_>>(), [want], "{item}");
        assert_eq!(share.tree()?, before, "{item}");
    }
    Ok(())
}

#[test]
fn a_plan_that_is_none_is_refused_in_one_line() -> Result<()> {
    let share = Share::new()?;
    let plan = share.approve()?;
    let before = share.tree()?;
    let whole = String::from_utf8(bytes(&plan)?)?;
    for (text, said) in [
        (String::new(), "column `id` is missing"),
        (whole.replacen("item_id", "itemid", 1), "column `item_id` is missing"),
        (whole.replacen("item_id", "item", 1), "a column stands twice"),
        (format!("{whole}a,b\n"), "not as many cells"),
    ] {
        fs::write(share.root().join("plan.csv"), text)?;
        let ran = share.apply(&["--quarantine", "q"])?.expect(2);
        assert!(ran.stderr.contains(said) && ran.stderr.lines().count() == 1, "{}", ran.stderr);
        assert_eq!(share.tree()?, before);
    }
    for (args, said) in [
        (vec!["--quarantine", "nowhere"], "no such folder"),
        (vec![], "--quarantine"),
        (vec!["--quarantine", "q", "--method", "logical-delete"], "cannot be used with"),
    ] {
        let ran = share.apply(&args)?.expect(2);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    share.save(&plan)?;
    fs::remove_dir_all(share.root().join("registers"))?;
    let ran = share.apply(&["--quarantine", "q"])?.expect(2);
    assert!(ran.stderr.contains("make it first"), "{}", ran.stderr);
    Ok(())
}

/// Random edits of one cell or byte: what moves was approved, and is what was planned.
#[test]
fn no_edit_of_a_plan_touches_what_was_not_approved() -> Result<()> {
    let share = Share::new()?;
    let mut plan = share.plan()?;
    for name in &OLD[..2] {
        approve(plan.iter_mut().find(|r| r[column("item")] == *name).expect("listed"));
    }
    let approved = &OLD[..2];
    let before = share.tree()?;
    let mut rng = Rng::new(u64::from(std::process::id()));
    for round in 0..24 {
        let mut text = bytes(&plan)?;
        let mut edited = plan.clone();
        match round % 4 {
            0 | 1 => {
                for _ in 0..=rng.below(3) {
                    let at = rng.below(text.len() as u64) as usize;
                    match rng.below(3) {
                        0 => drop(text.remove(at)),
                        1 => text.insert(at, (rng.below(95) + 32) as u8),
                        _ => text[at] = (rng.below(256)) as u8,
                    }
                }
            }
            _ => {
                // A cell of one row in another, but for approvals.
                let (from, to) =
                    (rng.below(plan.len() as u64) as usize, rng.below(plan.len() as u64) as usize);
                let cell = rng.below(column("approve") as u64) as usize;
                edited[to][cell] = plan[from][cell].clone();
                if round % 4 == 3 {
                    edited.swap(from, to);
                }
                text = bytes(&edited)?;
            }
        }
        fs::write(share.root().join("plan.csv"), text)?;
        share.apply(&["--quarantine", "q"])?;
        let after = share.tree()?;
        for (path, hash) in &before {
            let inside = path.strip_prefix(share.root())?.to_string_lossy().into_owned();
            let kept = after.get(path) == Some(hash);
            let moved = after.get(&share.root().join("q").join(&inside)) == Some(hash);
            assert!(kept || (moved && approved.contains(&inside.as_str())), "round {round}: {inside}");
            if moved {
                fs::rename(share.root().join("q").join(&inside), path)?;
            }
        }
        assert_eq!(after.len(), before.len(), "round {round}");
        let register = share.root().join("registers/disposal.jsonl");
        if register.exists() {
            fs::remove_file(register)?;
        }
    }
    Ok(())
}

#[test]
fn a_folder_that_may_not_be_written_to_is_a_refusal() -> Result<()> {
    let share = Share::new()?;
    share.approve()?;
    let folder = share.root().join("hr/deep/er");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500))?;
    // Whoever may write everywhere can do it here too.
    let free = fs::write(folder.join("probe"), "").is_ok();
    if !free {
        let outcomes = share.outcomes(&["--quarantine", "q"], 1)?;
        assert_eq!(outcomes["hr/deep/er/2019-03.txt"], "no-permission");
        let register = share.register()?;
        let last = register.iter().rfind(|l| l["item"] == "hr/deep/er/2019-03.txt").expect("an entry");
        assert_eq!(last["refused"], "no-permission");
        assert!(last["intent"].is_null() && last["performed_at"].is_null());
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    Ok(())
}
