//! What was left open, and what can and cannot be told of it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde_json::{Value, json};

use super::common::pack::Result;
use super::{Share, approve, column};

const OTHER: &str = "another file, which nobody approved";
const NAME: &str = "hr/old.csv";

/// A share whose register says that a disposal of one file has begun.
struct Open {
    share: Share,
    id: String,
    line: Value,
}

impl Open {
    fn new(name: &str, quarantine: bool) -> Result<Self> {
        let share = Share::new()?;
        let plan = share.plan()?;
        let row = plan.iter().find(|r| r[column("item")] == name).expect("listed");
        let mut intent = json!({"at": "2026-11-24T08:00:00Z", "by": "night shift", "from": name});
        if quarantine {
            fs::create_dir_all(share.root().join("q/hr"))?;
            intent["into"] = share.root().join("q").canonicalize()?.to_string_lossy().into();
            intent["to"] = name.into();
        }
        let id = row[column("id")].clone();
        let line = json!({
            "id": id, "item": name, "system": "hr", "class": "staff", "approved_by": "dpo", "approved_at": "2026-11-24",
            "method": if quarantine { "quarantine" } else { "logical-delete" },
            "content_hash": row[column("content_hash")], "intent": intent,
        });
        Ok(Self { share, id, line })
    }

    fn staged(&self) -> std::path::PathBuf {
        self.share.root().join(format!("hr/.{}.disposing", self.id))
    }

    /// Settles it and says how: `done`, `not-done` or `unsettled`. What cannot be told is not touched, and the same the next time.
    fn settle(&self) -> Result<String> {
        self.share.write("registers/disposal.jsonl", &format!("{}\n", self.line))?;
        self.share.save(&[])?;
        let before = self.share.tree()?;
        let said = |more: &[&str], code| -> Result<String> {
            let ran = self.share.apply(more)?.expect(code);
            let lines = ran.records("disposal");
            assert_eq!(lines.len(), 1, "{}", ran.stdout);
            let word = lines[0]["reason"].as_str().or(lines[0]["outcome"].as_str());
            Ok(word.unwrap_or_default().to_owned())
        };
        let ran = self.share.apply(&["--quarantine", "q", "--dry-run"])?;
        assert_eq!(self.share.tree()?, before);
        let how = said(&["--quarantine", "q"], ran.code)?;
        let rehearsed = ran.records("disposal");
        assert_eq!(rehearsed[0]["reason"].as_str().or(rehearsed[0]["outcome"].as_str()), Some(how.as_str()));
        let register = self.share.register()?;
        if how == "unsettled" {
            assert_eq!(ran.code, 3);
            assert_eq!(self.share.tree()?, before);
            assert_eq!(register.len(), 1);
            assert_eq!(said(&["--quarantine", "q"], 3)?, how);
        } else {
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            let last = register.last().expect("an entry");
            assert_eq!(last["performed_at"].is_string(), how == "done");
            if how == "done" {
                assert_eq!(last["performed_by"], "night shift", "whoever settles it has not done it");
            }
        }
        Ok(how)
    }
}

#[test]
fn a_deletion_is_done_where_that_is_written_and_else_it_cannot_be_told() -> Result<()> {
    type Change = fn(&Open) -> Result<()>;
    let cases: [(&str, bool, &str, Change); 10] = [
        ("as it was", false, "not-done", |_| Ok(())),
        ("given back", true, "not-done", |_| Ok(())),
        ("gone", false, "unsettled", |o| Ok(fs::remove_file(o.share.root().join(NAME))?)),
        ("gone, after it was staged", true, "done", |o| Ok(fs::remove_file(o.share.root().join(NAME))?)),
        ("other content", false, "unsettled", |o| o.share.write(NAME, OTHER)),
        ("other content, after it was staged", true, "done", |o| o.share.write(NAME, OTHER)),
        ("staged", true, "not-done", |o| Ok(fs::rename(o.share.root().join(NAME), o.staged())?)),
        ("changed where it waits", true, "unsettled", |o| {
            fs::remove_file(o.share.root().join(NAME))?;
            Ok(fs::write(o.staged(), OTHER)?)
        }),
        ("linked where it waits", true, "unsettled", |o| {
            fs::rename(o.share.root().join(NAME), o.staged())?;
            Ok(fs::hard_link(o.staged(), o.share.root().join("hr/second"))?)
        }),
        ("no root", true, "unsettled", |o| {
            Ok(fs::rename(o.share.root().join("hr"), o.share.root().join("unmounted"))?)
        }),
    ];
    for (what, staged, want, change) in cases {
        let mut open = Open::new(NAME, false)?;
        if staged {
            open.line["staged_at"] = "2026-11-24T08:00:01Z".into();
        }
        change(&open)?;
        assert_eq!(open.settle()?, want, "{what}");
    }
    let mut open = Open::new("hr/deep/er/2019-03.txt", false)?;
    open.line["staged_at"] = "2026-11-24T08:00:01Z".into();
    fs::remove_dir_all(open.share.root().join("hr/deep/er"))?;
    assert_eq!(open.settle()?, "unsettled", "no folder");
    Ok(())
}

#[test]
fn a_move_is_done_where_the_very_file_arrived_or_that_is_written() -> Result<()> {
    let gone = |o: &Open| fs::remove_file(o.share.root().join(NAME));
    let copied = |o: &Open| fs::copy(o.share.root().join(NAME), o.share.root().join("q").join(NAME));

    let mut open = Open::new(NAME, true)?;
    let file = open.share.root().join(NAME).metadata()?;
    open.line["intent"]["file"] = json!([file.dev(), file.ino()]);
    fs::rename(open.share.root().join(NAME), open.share.root().join("q").join(NAME))?;
    open.share.write(NAME, OTHER)?;
    assert_eq!(open.settle()?, "done", "renamed, and another at its place");

    let open = Open::new(NAME, true)?;
    copied(&open)?;
    assert_eq!(open.settle()?, "not-done", "copied");
    let open = Open::new(NAME, true)?;
    copied(&open)?;
    gone(&open)?;
    assert_eq!(open.settle()?, "unsettled", "copied, and someone took it away");
    let open = Open::new(NAME, true)?;
    copied(&open)?;
    open.share.write(NAME, OTHER)?;
    assert_eq!(open.settle()?, "unsettled", "copied, and someone changed it");
    let mut open = Open::new(NAME, true)?;
    open.line["staged_at"] = "2026-11-24T08:00:01Z".into();
    copied(&open)?;
    gone(&open)?;
    assert_eq!(open.settle()?, "done", "copied and taken away");
    let open = Open::new(NAME, true)?;
    copied(&open)?;
    fs::rename(open.share.root().join(NAME), open.staged())?;
    assert_eq!(open.settle()?, "done", "copied and staged");
    assert!(!open.staged().exists());

    let open = Open::new(NAME, true)?;
    gone(&open)?;
    open.share.write("q/hr/old.csv", OTHER)?;
    assert_eq!(open.settle()?, "unsettled", "another in the quarantine");
    let open = Open::new(NAME, true)?;
    gone(&open)?;
    assert_eq!(open.settle()?, "unsettled", "nowhere");
    let open = Open::new(NAME, true)?;
    gone(&open)?;
    fs::remove_dir_all(open.share.root().join("q/hr"))?;
    assert_eq!(open.settle()?, "unsettled", "no folder in the quarantine");
    Ok(())
}

#[test]
fn a_line_that_is_not_ours_is_not_acted_upon() -> Result<()> {
    for id in
        ["/../victim", "../../victim", "D-0", "D-0123456789abcdef012\u{e9}", "D-0123456789ABCDEF0123", "d/0"]
    {
        let mut open = Open::new(NAME, false)?;
        open.line["id"] = id.into();
        fs::rename(open.share.root().join(NAME), open.share.root().join("victim.disposing"))?;
        assert_eq!(open.settle()?, "unsettled", "{id}");
    }
    let mut open = Open::new(NAME, false)?;
    open.line["intent"] = json!({"from": 5});
    assert_eq!(open.settle()?, "unsettled");
    Ok(())
}

#[test]
fn what_cannot_be_settled_is_not_disposed_of_either() -> Result<()> {
    let open = Open::new(NAME, false)?;
    let mut plan = open.share.plan()?;
    plan.retain(|row| row[column("id")] == open.id);
    approve(&mut plan[0]);
    open.share.save(&plan)?;
    open.share.write("registers/disposal.jsonl", &format!("{}\n", open.line))?;
    fs::copy(open.share.root().join(NAME), open.staged())?;
    let before = open.share.tree()?;
    for more in [&["--quarantine", "q", "--dry-run"][..], &["--quarantine", "q"]] {
        let ran = open.share.apply(more)?.expect(3);
        let lines = ran.records("disposal");
        assert_eq!(lines.len(), 2, "{}", ran.stdout);
        assert_eq!(lines[1]["reason"], "unsettled");
        assert_eq!(open.share.tree()?, before);
    }
    // Someone looked, and wrote down what they found.
    fs::remove_file(open.staged())?;
    let mut line = open.line.clone();
    line["intent"] = Value::Null;
    line["refused"] = "found at its place".into();
    open.share.write("registers/disposal.jsonl", &format!("{}\n{line}\n", open.line))?;
    assert_eq!(open.share.outcomes(&["--quarantine", "q"], 0)?[NAME], "done");
    Ok(())
}
