//! `assess`: a policy against a kept run, without the data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use jiff::civil::Date;

use super::End;
use super::fail_on::FailOn;
use super::governed::{Governed, parse, zone_name};
use super::outputs::{OutputArgs, open_writers};
use super::scan::tell_unreached;
use crate::classify::Taxonomy;
use crate::govern::facts::{Facts, Reach, RunFacts};
use crate::govern::{Criteria, Policy, Registers, assess};
use crate::model::ItemRecord;
use crate::record::{Want, split_name};
use crate::report::Summary;

#[derive(Debug, Args)]
pub(super) struct AssessArgs {
    /// The record, and which run of it: a number or folder name; the last that completed without one
    ///
    /// Example: privascan assess evidence@12
    #[arg(value_name = "RECORD[@RUN]")]
    pub record: String,

    /// Another policy than the run's own
    ///
    /// Its time zone has to be the run's: dates were counted by the days of that zone. Example: --policy next-year.toml
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Another today than the run's own
    ///
    /// Example: --as-of 2027-03-31
    #[arg(long, value_name = "DATE", value_parser = super::args::day_of)]
    pub as_of: Option<Date>,

    #[command(flatten)]
    pub output: OutputArgs,

    /// Exit 1 at or above this: as for scan; repeatable
    ///
    /// Example: --fail-on deviation
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &AssessArgs) -> Result<End> {
    let taxonomy = Taxonomy::builtin()?;
    let fail_on: Vec<FailOn> =
        args.fail_on.iter().map(|w| FailOn::parse(w, &taxonomy)).collect::<Result<_>>()?;
    let (dir, which) = split_name(&args.record);
    let record = super::open_record(&dir)?;
    let run = record.find(which)?;
    let kept = record.load(run, Want::Occurrences)?;
    let manifest = &kept.manifest;
    let given = args.policy.as_deref().map(Governed::open).transpose()?;
    let policy = match (&given, record.policy_text(run, manifest)?) {
        (Some(given), _) => given.policy.clone(),
        (None, Some(text)) => parse(&text, "policy.toml")?,
        (None, None) => bail!("run {} was made without a policy; name one with --policy", run.sequence),
    };
    let (zone, of_run) = (zone_name(&policy), &manifest.identity.time_zone);
    if zone != *of_run {
        bail!(
            "policy.time_zone is {zone}, but this run counted days in {of_run}; scan again with this policy"
        );
    }
    let mut facts = manifest.run_facts();
    facts.as_of = args.as_of.unwrap_or(facts.as_of);
    if let Some(given) = &given {
        facts.policy_digest = Some(given.digest.clone());
        facts.roots = roots(&policy, &facts, &manifest.scope.targets, &kept.items);
    }
    let mut registers = record.registers(run, manifest)?;
    if let Some(given) = &given {
        // Before manifests said so, a run watched for what its registers held.
        facts.watched.get_or_insert_with(|| fingerprints(&registers).cloned().collect());
        registers = given.registers.clone();
    }
    let previous = record.previous(run.sequence).map(|run| record.load(run, Want::Findings)).transpose()?;
    let previous = previous.map(|kept| (kept.manifest.run_facts(), kept.items));
    let (history, reviews) = (record.history(run.sequence), record.reviews_for(run, facts.as_of));
    let criteria = Criteria::builtin()?;
    let assessment = assess(
        &policy,
        &Facts {
            run: &facts,
            items: &kept.items,
            previous: previous.as_ref().map(|(facts, items)| (facts, items.as_slice())),
            history: Some(&history),
            registers: &registers,
            reviews: &reviews,
            self_test: manifest.self_test.as_ref(),
            integrity: manifest.integrity.as_ref(),
        },
        &taxonomy,
        &criteria,
    );
    let concluded = criteria.conclude(&assessment.results, &policy.policy.frameworks);
    let Some(mut line) = manifest.run_record() else {
        bail!("{}: the manifest holds words that this version does not know", run.name);
    };
    line.unreached = facts.unreached();
    (line.as_of, line.policy_digest) = (Some(facts.as_of), facts.policy_digest.clone());
    let mut summary = Summary::default();
    let mut writers = open_writers(&args.output)?;
    if let Some(what) = super::not_whole(&record) {
        writers.iter_mut().for_each(|w| w.notice(&what));
    }
    let mut hit = assessment.results.iter().any(|r| fail_on.iter().any(|w| w.meets_result(r)));
    for item in &kept.items {
        summary.add(item);
        hit |= item.findings.iter().any(|f| fail_on.iter().any(|w| w.meets(f, &taxonomy)));
        writers.iter_mut().try_for_each(|w| w.item(item))?;
    }
    for mut writer in writers {
        writer.assessment(&assessment, &concluded)?;
        writer.finish(&line, &summary)?;
    }
    if args.output.quiet {
        tell_unreached(&line);
    }
    Ok(match (hit, line.complete() || args.output.allow_incomplete) {
        (true, _) => End::Found,
        (false, true) => End::Fine,
        (false, false) => End::Incomplete,
    })
}

fn fingerprints(registers: &Registers) -> impl Iterator<Item = &String> {
    let disposal = registers.disposal.iter().flatten().flat_map(|e| &e.record_fingerprints);
    disposal.chain(registers.erasure.iter().flatten().flat_map(|r| &r.fingerprints))
}

/// What is known of the roots of a policy that is not the run's: what the run said of a system with the same root; else
/// a root with items below it, inside of a target, was reached; else it was not scanned.
fn roots(
    policy: &Policy,
    facts: &RunFacts,
    targets: &[String],
    items: &[ItemRecord],
) -> BTreeMap<String, Reach> {
    let slashed = |path: &str| match path.trim_start_matches("./").trim_end_matches('/') {
        "" | "." => String::new(),
        path => format!("{path}/"),
    };
    let scanned: Vec<String> = targets.iter().map(|t| facts.base.apply(&slashed(t))).collect();
    let reach = |system: &crate::govern::policy::System| {
        if let Some(reach) = facts.roots.get(&system.id) {
            return *reach;
        }
        let root = slashed(&system.root);
        let covered = scanned.iter().any(|target| root.starts_with(target));
        let held = || items.iter().any(|i| facts.base.apply(&i.printed_path).starts_with(&root));
        if covered && held() { Reach::Reached } else { Reach::NotScanned }
    };
    policy.scope.systems.iter().map(|s| (s.id.clone(), reach(s))).collect()
}
