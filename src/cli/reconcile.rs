//! `reconcile`: a kept run against a listing that someone else made of the same store.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::End;
use super::args::ListFormat;
use crate::model::{ItemId, ItemPath, Outcome};
use crate::record::{Want, split_name};
use crate::report::printable;
use crate::scan::{ScanPlan, printed};
use crate::source::files::item_id;

#[derive(Debug, Args)]
pub(super) struct ReconcileArgs {
    /// The record, and which run of it: a number or folder name; the last that completed without one
    #[arg(value_name = "RECORD[@RUN]")]
    pub record: String,

    /// Files of the store, one a line: a path, or a path, a tab and its size in bytes
    ///
    /// Paths as the scan saw them: relative to its working directory, or absolute if its targets were.
    /// Example: find share -type f -printf '%p\t%s\n' > listing.txt
    #[arg(long, value_name = "FILE")]
    pub listing: PathBuf,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
}

/// A line of the listing.
struct Listed {
    path: Vec<u8>,
    bytes: Option<u64>,
}

/// Files that both know, by what the run made of them: that a file is there says nothing of whether it was read.
#[derive(Default)]
struct Agree(BTreeMap<(&'static str, &'static str), u64>);

impl Agree {
    fn add(&mut self, outcome: Outcome) {
        let reason = outcome.reason().map_or("", |r| r.code());
        *self.0.entry((outcome.word(), reason)).or_default() += 1;
    }

    fn files(&self) -> u64 {
        self.0.values().sum()
    }

    fn of(&self, word: &str) -> u64 {
        self.0.iter().filter(|((w, _), _)| *w == word).map(|(_, n)| n).sum()
    }

    /// Counts by `scanned`, or outcome and reason.
    fn by_word(&self) -> BTreeMap<String, u64> {
        let name = |(word, reason): &(&str, &str)| match *reason {
            "" => (*word).to_owned(),
            reason => format!("{word}({reason})"),
        };
        self.0.iter().map(|(key, n)| (name(key), *n)).collect()
    }

    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        for (word, about) in [
            ("scanned", "read wholly"),
            ("partial", "read in part"),
            ("skipped", "left out"),
            ("failed", "failed"),
        ] {
            let of = self.0.iter().filter(|((w, reason), _)| *w == word && !reason.is_empty());
            let reasons: Vec<String> = of.map(|((_, reason), n)| format!("{reason} {n}")).collect();
            let reasons =
                if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
            if self.of(word) > 0 || word == "scanned" {
                writeln!(out, "    {} {about}{reasons}", self.of(word))?;
            }
        }
        Ok(())
    }
}

/// Runs the command.
pub(super) fn run(args: &ReconcileArgs) -> Result<End> {
    let (dir, which) = split_name(&args.record);
    let record = super::open_record(&dir)?;
    let run = record.find(which)?;
    let items = record.load(run, Want::Findings)?.items;
    let text =
        std::fs::read(&args.listing).with_context(|| format!("--listing {}", args.listing.display()))?;
    let listed = listing(&text);
    let kept: HashMap<ItemId, _> =
        items.iter().filter(|i| i.item.path.depth() == 0).map(|i| (i.item.id, i)).collect();

    let (mut only_listed, mut sizes, mut matched, mut below) =
        (Vec::new(), BTreeMap::new(), HashSet::new(), 0u64);
    for line in &listed {
        let id = item_id(&ItemPath::new(line.path.as_slice()));
        match kept.get(&id) {
            Some(item) => {
                matched.insert(id);
                let (now, then) = (line.bytes, item.item.meta.bytes);
                if let (Some(now), Some(then)) = (now, then)
                    && now != then
                {
                    sizes.insert(item.printed_path.as_str(), (now, then));
                }
            }
            // A folder that was left out is one item for all below it.
            None if ancestors(&line.path).any(|folder| {
                let item = kept.get(&item_id(&ItemPath::new(folder)));
                item.is_some_and(|i| matches!(i.outcome, Outcome::Skipped(_)))
            }) =>
            {
                below += 1;
            }
            None => only_listed.push(line.path.as_slice()),
        }
    }
    let mut only_kept: Vec<(&str, &str)> = kept
        .iter()
        .filter(|(id, item)| !matched.contains(id) && !stands_for_a_folder(&item.printed_path, &listed))
        .map(|(_, item)| (item.printed_path.as_str(), item.outcome.word()))
        .collect();
    only_kept.sort_unstable();
    // Names in a listing are content as they are anywhere.
    let plan = ScanPlan::builtin()?;
    let mut only_listed = printed(&plan, only_listed.into_iter());
    only_listed.sort_unstable();

    let mut agree = Agree::default();
    let matched = matched.iter().filter_map(|id| kept.get(id));
    matched.filter(|i| !sizes.contains_key(i.printed_path.as_str())).for_each(|i| agree.add(i.outcome));

    let mut out = io::BufWriter::new(io::stdout().lock());
    let differ = only_listed.len() + only_kept.len() + sizes.len();
    match args.format {
        ListFormat::Jsonl => {
            let mut line = |value: serde_json::Value| writeln!(out, "{value}");
            for path in &only_listed {
                line(
                    serde_json::json!({"record": "reconciliation", "difference": "not-in-record", "path": path}),
                )?;
            }
            for (path, outcome) in &only_kept {
                line(serde_json::json!({
                    "record": "reconciliation", "difference": "not-in-listing", "path": path, "outcome": outcome,
                }))?;
            }
            for (path, (now, then)) in &sizes {
                line(serde_json::json!({
                    "record": "reconciliation", "difference": "size", "path": path, "listed": now, "recorded": then,
                }))?;
            }
            line(serde_json::json!({
                "record": "reconciled", "run": run.sequence, "listed": listed.len(), "recorded": kept.len(),
                "agree": agree.files(), "agree_by_outcome": agree.by_word(), "left_out_with_their_folder": below,
                "differ": differ,
            }))?;
        }
        ListFormat::Table => {
            writeln!(
                out,
                "run {}: {} files in the record, {} in the listing",
                run.sequence,
                kept.len(),
                listed.len()
            )?;
            writeln!(
                out,
                "  {} agree, {below} lie in folders that were left out on record, {differ} differ",
                agree.files()
            )?;
            agree.print(&mut out)?;
            section(&mut out, "In the listing and not in the record", &only_listed)?;
            let only_kept: Vec<String> = only_kept.iter().map(|(p, o)| format!("{p} ({o})")).collect();
            section(&mut out, "In the record and not in the listing", &only_kept)?;
            let sizes: Vec<String> =
                sizes.iter().map(|(p, (now, then))| format!("{p}: {now} listed, {then} recorded")).collect();
            section(&mut out, "Of another size", &sizes)?;
        }
    }
    out.flush()?;
    Ok(if differ == 0 { End::Fine } else { End::Found })
}

fn section(out: &mut dyn Write, title: &str, lines: &[String]) -> io::Result<()> {
    if !lines.is_empty() {
        writeln!(out, "\n{title}: {}", lines.len())?;
        lines.iter().try_for_each(|line| writeln!(out, "  {}", printable(line)))?;
    }
    Ok(())
}

/// Lines without folders: a path that others go on from is one.
fn listing(text: &[u8]) -> Vec<Listed> {
    let mut all: Vec<Listed> = text
        .split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
        .map(|line| {
            let cut = line.iter().rposition(|b| *b == b'\t');
            let size = cut.and_then(|at| std::str::from_utf8(&line[at + 1..]).ok()?.trim().parse().ok());
            let path = if size.is_some() { &line[..cut.unwrap_or(line.len())] } else { line };
            let path = path.strip_prefix(b"./").unwrap_or(path);
            Listed { path: path.to_vec(), bytes: size }
        })
        .collect();
    let folders: HashSet<Vec<u8>> = all.iter().flat_map(|l| ancestors(&l.path)).map(<[u8]>::to_vec).collect();
    all.retain(|line| line.path != b"." && !folders.contains(&line.path));
    all
}

/// Every folder around a path, the innermost first.
fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().rev().filter(|(_, b)| **b == b'/');
    slashes.map(|(at, _)| &path[..at]).filter(|p| !p.is_empty())
}

/// Whether an item of the record is a folder that was left out: a listing of files has only what is below it.
fn stands_for_a_folder(printed_path: &str, listed: &[Listed]) -> bool {
    let start = format!("{printed_path}/");
    listed.iter().any(|line| line.path.starts_with(start.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_with_and_without_sizes_and_without_folders() {
        let all = listing(b".\n./a\n./a/b.csv\t12\nc\td\t7\r\ne \xff\n\nf\tg\n");
        let got: Vec<(Vec<u8>, Option<u64>)> = all.into_iter().map(|l| (l.path, l.bytes)).collect();
        let want: Vec<(Vec<u8>, Option<u64>)> = vec![
            (b"a/b.csv".to_vec(), Some(12)),
            (b"c\td".to_vec(), Some(7)),
            (b"e \xff".to_vec(), None),
            (b"f\tg".to_vec(), None),
        ];
        assert_eq!(got, want);
        assert_eq!(ancestors(b"a/b/c").collect::<Vec<_>>(), [b"a/b".as_slice(), b"a".as_slice()]);
    }
}
