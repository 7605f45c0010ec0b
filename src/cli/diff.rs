//! `diff`: two kept runs, side by side.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;
use clap::Args;

use super::End;
use super::args::ListFormat;
use crate::record::{Want, split_name};
use crate::report::printable;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The earlier run
    #[arg(value_name = "RECORD@A")]
    pub before: String,

    /// The later run
    #[arg(value_name = "RECORD@B")]
    pub after: String,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
}

/// What is compared: by kind and key, what is shown and what has to be equal.
type Entries = BTreeMap<(&'static str, String), Entry>;

/// Which run is compared.
struct Compared {
    record: String,
    run: u64,
    id: String,
    as_of: jiff::civil::Date,
    started_at: jiff::Timestamp,
}

struct Entry {
    shown: String,
    says: String,
}

/// Runs the command.
pub(super) fn run(args: &DiffArgs) -> Result<End> {
    let ((one, before), (other, after)) = (entries(&args.before)?, entries(&args.after)?);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let note = match () {
        () if one.id == other.id => Some("both are the same run, which differs from itself in nothing"),
        () if one.started_at > other.started_at => Some("the first of them is the later one"),
        () => None,
    };
    match args.format {
        ListFormat::Table => {
            for (word, run) in [("from", &one), ("to", &other)] {
                let Compared { record, run, as_of, started_at, .. } = run;
                writeln!(out, "{word:<4} run {run} of {record}, as of {as_of}, started {started_at}")?;
            }
            note.iter().try_for_each(|note| writeln!(out, "note: {note}"))?;
        }
        ListFormat::Jsonl => {
            let told = |c: &Compared| {
                serde_json::json!({
                    "record": c.record, "run": c.id, "sequence": c.run, "as_of": c.as_of.to_string(),
                    "started_at": c.started_at.to_string(),
                })
            };
            let line = serde_json::json!({
                "record": "compared", "before": told(&one), "after": told(&other), "note": note,
            });
            writeln!(out, "{line}")?;
        }
    }
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut lines = Vec::new();
    for key in keys {
        let (then, now) = (before.get(key), after.get(key));
        let (change, entry) = match (then, now) {
            (None, Some(now)) => ("appeared", now),
            (Some(then), None) => ("went", then),
            (Some(then), Some(now)) if then.says == now.says => ("stayed", now),
            (_, Some(now)) => ("changed", now),
            (None, None) => continue,
        };
        *counts.entry((key.0, change)).or_default() += 1;
        if change != "stayed" {
            let says = |e: Option<&Entry>| e.map(|e| e.says.clone());
            lines.push((key, change, entry, says(then), says(now)));
        }
    }
    for (key, change, entry, then, now) in &lines {
        match args.format {
            ListFormat::Jsonl => {
                let line = serde_json::json!({
                    "record": "difference", "kind": key.0, "change": change, "key": key.1, "what": entry.shown,
                    "before": then, "after": now,
                });
                writeln!(out, "{line}")?;
            }
            ListFormat::Table => {
                let both = match (then, now) {
                    (Some(then), Some(now)) => format!("{then} -> {now}"),
                    (one, other) => one.clone().or_else(|| other.clone()).unwrap_or_default(),
                };
                writeln!(out, "{change:<9} {:<8} {}  {}", key.0, printable(&entry.shown), printable(&both))?;
            }
        }
    }
    if args.format == ListFormat::Table {
        for kind in ["item", "finding", "control"] {
            let n = |change| counts.get(&(kind, change)).copied().unwrap_or(0);
            let (appeared, went, changed, stayed) = (n("appeared"), n("went"), n("changed"), n("stayed"));
            writeln!(out, "{kind}: {appeared} appeared, {went} went, {changed} changed, {stayed} stayed")?;
        }
    }
    out.flush()?;
    Ok(if lines.is_empty() { End::Fine } else { End::Found })
}

fn entries(name: &str) -> Result<(Compared, Entries)> {
    let (dir, which) = split_name(name);
    let record = super::open_record(&dir)?;
    let run = record.find(which)?;
    let kept = record.load(run, Want::Findings)?;
    let (assessment, _) = record.assessment(run, &kept.manifest)?;
    let compared = Compared {
        record: printable(&dir.to_string_lossy()).into_owned(),
        run: run.sequence,
        id: run.name.clone(),
        as_of: run.as_of,
        started_at: run.started_at,
    };
    let mut entries = Entries::new();
    for item in &kept.items {
        let reason = item.outcome.reason().map_or_else(String::new, |r| format!("({})", r.code()));
        let says = format!("{}{reason}", item.outcome.word());
        let shown = item.printed_path.clone();
        entries.insert(("item", item.item.id.to_string()), Entry { shown, says });
        for finding in &item.findings {
            let field = finding.field.as_ref().map_or_else(String::new, |f| format!(" [{f}]"));
            let shown = format!("{}{field} {}", item.printed_path, finding.info_type);
            let matches = if finding.count == 1 { "match" } else { "matches" };
            let says = format!("{} {matches}, {}", finding.count, finding.likelihood.word());
            entries.insert(("finding", finding.finding_id.clone()), Entry { shown, says });
        }
    }
    for result in &assessment.results {
        let part = |p: &Option<String>| p.clone().unwrap_or_else(|| "-".to_owned());
        let key = format!("{} {} {}", result.test_id, part(&result.system), part(&result.class));
        let reason = result.reason.as_ref().map_or_else(String::new, |r| format!("({r})"));
        let says = format!(
            "{}{reason}, {} of {} deviate",
            result.outcome.word(),
            result.deviations,
            result.population
        );
        entries.insert(("control", key.clone()), Entry { shown: key, says });
    }
    Ok((compared, entries))
}
