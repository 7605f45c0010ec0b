//! `dispose plan`: a scan, and its overdue items as a CSV.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::civil::Date;

use crate::cli::End;
use crate::cli::examine::{self, Examination, ExamineArgs, Examined};
use crate::cli::governed::Governed;
use crate::dispose::plan::{Row, write};
use crate::govern::due::{self, Due};
use crate::govern::{Assessing, Policy};
use crate::model::{ItemRecord, Likelihood};

/// Fingerprints that a row keeps.
const FINGERPRINTS: usize = 20;

#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// The policy; privascan.toml in the working directory without one
    ///
    /// Example: --policy privacy.toml
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Where the plan goes: a new file that only you can read
    ///
    /// Example: -o plan.csv
    #[arg(short = 'o', long = "output", value_name = "PLAN.csv")]
    pub output: PathBuf,

    /// The today of retention arithmetic
    ///
    /// Example: --as-of 2026-12-31
    #[arg(long, value_name = "DATE", value_parser = super::super::args::day_of)]
    pub as_of: Option<Date>,

    /// A record whose last run says since when items are known; nothing is added to it
    ///
    /// Example: --record evidence/
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,

    #[command(flatten)]
    pub examine: ExamineArgs,
}

/// Runs the command.
pub(super) fn run(args: &PlanArgs) -> Result<End> {
    if args.output.symlink_metadata().is_ok() {
        bail!(
            "-o {}: exists already; a plan may hold approvals and is not overwritten",
            args.output.display()
        );
    }
    let governed = Governed::open(&examine::policy(args.policy.as_deref())?)?;
    let own: Vec<PathBuf> = args.record.iter().chain([&args.output]).cloned().collect();
    let mut examination = Examination::new(&args.examine, Some(governed), args.as_of, &own)?;
    if let Some(evidence) = &mut examination.plan.evidence {
        std::sync::Arc::make_mut(evidence).content_hashes = true;
    }
    let examined = examination.run(args.record.as_deref(), &|_| {})?;
    let Some(governed) = &examined.governed else { bail!("no policy") };
    let rows = rows(&examined, governed);
    save(&args.output, &rows).with_context(|| format!("-o {}", args.output.display()))?;
    tell(&examined, &rows)?;
    Ok(if examined.is_complete() { End::Fine } else { End::Incomplete })
}

fn rows(examined: &Examined, governed: &Governed) -> Vec<Row> {
    let facts = examined.facts();
    let assessing = Assessing::new(&governed.policy, &facts, &examined.plan.taxonomy);
    let assessment = examined.assess(governed);
    let mut inside: BTreeMap<&str, Vec<&ItemRecord>> = BTreeMap::new();
    for member in assessing.items.iter().filter(|m| !m.is_outermost()) {
        inside.entry(member.outermost()).or_default().push(member.record);
    }
    let holds: Vec<String> = due::holds(&assessing).map(str::to_owned).collect();
    let keyed = examined.plan.protector.key_id() != "random";
    let row = |due: &Due<'_>| {
        let member = &assessing.items[due.at];
        let record = member.record;
        let parts = inside.get(member.path.as_str()).into_iter().flatten().copied();
        let deviation = &due.deviation;
        let fingerprints = match keyed {
            true => fingerprints(std::iter::once(record).chain(parts), &governed.policy),
            false => Vec::new(),
        };
        Row {
            id: String::new(),
            item: examined.raw_path(record),
            item_id: record.item.id.to_string(),
            system: due.system.to_owned(),
            class: due.class.map(|c| c.id.clone()),
            also_holds: due.also_holds.iter().map(|c| (*c).to_owned()).collect(),
            rule: due.rule.map(|r| r.id.clone()),
            trigger_source: deviation.trigger_source,
            trigger_date: deviation.trigger_date,
            due: deviation.due,
            days_over: deviation.days_over,
            dates: due.dates,
            owner: deviation.owner.clone(),
            action: due.rule.map(|r| r.action.word().to_owned()),
            method: due.rule.and_then(|r| r.method.clone()).unwrap_or_else(|| "quarantine".to_owned()),
            why: due.why.join("; "),
            advice: (!due.advice.is_empty()).then(|| due.advice.join("; ")),
            hold_check: holds.clone(),
            content_hash: record.evidence.content_hash.clone(),
            bytes: record.item.meta.bytes,
            policy_digest: governed.digest.clone(),
            key_id: (!fingerprints.is_empty()).then(|| examined.plan.protector.key_id().to_owned()),
            record_fingerprints: fingerprints,
            path: record.printed_path.clone(),
        }
        .sealed()
    };
    due::list(&assessing, &assessment).iter().map(row).collect()
}

/// Fingerprints of what was surely found in a file, a few of each kind.
fn fingerprints<'a>(records: impl Iterator<Item = &'a ItemRecord>, policy: &Policy) -> Vec<String> {
    let least = Likelihood::parse(&policy.thresholds.likelihood).unwrap_or(Likelihood::Likely);
    let findings = records.flat_map(|r| &r.findings);
    let counted =
        findings.filter(|f| f.likelihood >= least && f.flags.iter().all(|flag| flag != "likely_test"));
    let kinds: Vec<Vec<&String>> =
        counted.map(|f| f.occurrences.iter().map(|o| &o.fingerprint).collect()).collect();
    let longest = kinds.iter().map(Vec::len).max().unwrap_or(0);
    let (mut kept, mut seen) = (Vec::new(), BTreeSet::new());
    for fingerprint in (0..longest).flat_map(|n| kinds.iter().filter_map(move |kind| kind.get(n))) {
        if kept.len() < FINGERPRINTS && seen.insert(fingerprint) {
            kept.push((*fingerprint).clone());
        }
    }
    kept
}

/// Writes the whole plan or none; only its owner can read it.
fn save(path: &Path, rows: &[Row]) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    write(rows, io::BufWriter::new(file.as_file_mut()))?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|e| e.error)?;
    Ok(())
}

fn tell(examined: &Examined, rows: &[Row]) -> Result<()> {
    let mut out = io::stdout().lock();
    let blocked = rows.iter().filter(|r| r.advice.is_some());
    let mut advice: BTreeMap<&str, usize> = BTreeMap::new();
    for what in blocked.clone().flat_map(|r| r.advice.iter()).flat_map(|a| a.split("; ")) {
        *advice.entry(what).or_default() += 1;
    }
    let days = examined.facts.as_of;
    writeln!(
        out,
        "{} items to dispose of as of {days}: {} can be approved, {} need something else",
        rows.len(),
        rows.len() - blocked.count(),
        rows.iter().filter(|r| r.advice.is_some()).count()
    )?;
    for (what, times) in advice {
        writeln!(out, "  {times} {}", crate::report::printable(what))?;
    }
    if let Some(line) = examined.unread() {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
