//! `report`: a kept run, or a period of runs, rendered for one reader.

mod period;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};

use super::End;
use super::args::When;
use super::governed::parse;
use super::population::Period;
use crate::classify::Taxonomy;
use crate::govern::{Criteria, Policy};
use crate::model::ItemRecord;
use crate::record::{Manifest, Record, Run, Want, split_name};
use crate::report::views::{self, Kept, Told};
use crate::report::{self, Colour, Destination, Options, Sheet, Summary};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The record, and which run of it: a number or folder name; the last that completed without one
    ///
    /// Example: privascan report evidence@12 --view overdue
    #[arg(value_name = "RECORD[@RUN]")]
    pub record: String,

    /// What to show, for whom; summary for a run, period with --period
    ///
    /// Example: --view coverage
    #[arg(long, value_name = "V")]
    pub view: Option<View>,

    /// Runs whose as-of lies between these days, both included
    ///
    /// Example: --period 2026-01-01..2026-06-30
    #[arg(long, value_name = "A..B")]
    pub period: Option<Period>,

    /// Output format: table, csv or jsonl
    ///
    /// Without it the extension of -o says so, else it is table. Example: --format jsonl
    #[arg(long, value_name = "F")]
    pub format: Option<String>,

    /// Where to; standard output without it
    ///
    /// Example: -o overdue.csv
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Colour of the table
    ///
    /// Example: --color never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

/// Views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum View {
    /// What was found, what the policy says, what to do next
    Summary,
    /// What is kept too long, the longest first, with rule, dates and owner
    Overdue,
    /// What was read of each system, and what not
    Coverage,
    /// What each control test says of each class in each system
    Controls,
    /// What that says about criteria of frameworks, and cannot say
    Criteria,
    /// Every deviation
    Deviations,
    /// Boundary and commitments for the public; nothing that was found
    Public,
    /// Classes that feed financial statements (SOC 1)
    Icfr,
    /// A period of runs: cadence, changes, tests over time, what became of deviations
    Period,
}

/// Runs the command.
pub(super) fn run(args: &ReportArgs) -> Result<End> {
    let view = match (args.view, args.period) {
        (Some(view), _) => view,
        (None, Some(_)) => View::Period,
        (None, None) => View::Summary,
    };
    let (dir, which) = split_name(&args.record);
    let record = super::open_record(&dir)?;
    let warning = super::not_whole(&record);
    let format = format(args)?;
    let destination = args.output.as_deref().map_or(Destination::Stdout, Destination::of);
    if let Destination::Directory(path) = &destination {
        bail!("-o {}: a view is one file, and this is a folder", path.display());
    }
    match (view, args.period) {
        (View::Period | View::Public, Some(_)) if which.is_some() => {
            bail!("--period speaks of many runs; leave out @RUN")
        }
        (View::Period, None) => bail!("--view period needs the days: --period 2026-01-01..2026-06-30"),
        (View::Period, Some(days)) => {
            period::sheet(&record, days)?.write(format, &destination, options(args))?;
        }
        (View::Public, Some(days)) => {
            let mut sheet = public_of_period(&record, days)?;
            warning.iter().for_each(|what| sheet.first(what));
            sheet.write(format, &destination, options(args))?;
        }
        (_, Some(_)) => bail!("--period goes with --view period or public"),
        (_, None) => {
            let run = record.find(which)?;
            let output = Output { format, destination: &destination, options: options(args), warning };
            of_run(&record, run, view, &output)?;
        }
    }
    Ok(End::Fine)
}

fn options(args: &ReportArgs) -> Options {
    let colour = match args.color {
        When::Always => Colour::Always,
        When::Auto
            if args.output.is_none()
                && std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none() =>
        {
            Colour::Always
        }
        _ => Colour::Never,
    };
    Options { colour }
}

/// `table`, `csv` or `jsonl`.
fn format(args: &ReportArgs) -> Result<&'static str> {
    const KNOWN: [&str; 3] = ["table", "csv", "jsonl"];
    if let Some(word) = &args.format {
        return KNOWN.into_iter().find(|k| k == word).ok_or_else(|| {
            anyhow!("--format {word}: a view is written as {}; assess writes the rest", KNOWN.join(", "))
        });
    }
    let Some(path) = args.output.as_deref().filter(|p| *p != Path::new("-")) else { return Ok("table") };
    let known = report::format_of(path).and_then(|f| KNOWN.into_iter().find(|k| *k == f.name));
    known.with_context(|| {
        format!("-o {}: its extension names none of {}; say --format", path.display(), KNOWN.join(", "))
    })
}

/// Where a view goes.
struct Output<'a> {
    format: &'static str,
    destination: &'a Destination,
    options: Options,
    /// First line for people.
    warning: Option<String>,
}

fn of_run(record: &Record, run: &Run, view: View, output: &Output<'_>) -> Result<()> {
    let want = if view == View::Summary { Want::Occurrences } else { Want::Findings };
    let manifest = record.manifest(run)?;
    if view == View::Summary {
        if output.format != "table" {
            bail!("--view summary is for people; --view controls, deviations or coverage gives rows");
        }
        let items = record.load(run, want)?.items;
        return summary(record, run, &manifest, &items, output);
    }
    let policy = policy_of(record, run, &manifest)?;
    let mut sheet = if view == View::Public {
        let completed = !manifest.identity.interrupted;
        let looked = period::looked_at(record, run, &manifest, &policy)?;
        let told = Told {
            first: manifest.identity.as_of,
            last: manifest.identity.as_of,
            completed: u64::from(completed),
            incomplete: u64::from(!completed),
            runs: if completed { vec![looked] } else { Vec::new() },
        };
        views::management_summary(&policy, &told)
    } else {
        // Only one of the views looks at items.
        let items = if view == View::Coverage { record.load(run, want)?.items } else { Vec::new() };
        let (assessment, concluded) = record.assessment(run, &manifest)?;
        let (line, facts) = (line_of(run, &manifest)?, manifest.run_facts());
        let (criteria, taxonomy) = (Criteria::builtin()?, Taxonomy::builtin()?);
        let kept = Kept {
            run: &line,
            facts: &facts,
            items: &items,
            policy: &policy,
            assessment: &assessment,
            concluded: &concluded,
            criteria: &criteria,
            taxonomy: &taxonomy,
        };
        let view = match view {
            View::Overdue => views::View::Overdue,
            View::Coverage => views::View::Coverage,
            View::Criteria => views::View::Criteria,
            View::Deviations => views::View::Deviations,
            View::Icfr => views::View::Icfr,
            _ => views::View::Controls,
        };
        views::show(view, &kept)
    };
    output.warning.iter().for_each(|what| sheet.first(what));
    sheet.write(output.format, output.destination, output.options)?;
    Ok(())
}

fn line_of(run: &Run, manifest: &Manifest) -> Result<crate::model::RunRecord> {
    manifest
        .run_record()
        .with_context(|| format!("{}: the manifest holds words that this version does not know", run.name))
}

/// The policy of a run.
fn policy_of(record: &Record, run: &Run, manifest: &Manifest) -> Result<Policy> {
    match record.policy_text(run, manifest)? {
        Some(text) => parse(&text, "policy.toml"),
        None => {
            bail!("run {} was made without a policy; `privascan assess` holds one against it", run.sequence)
        }
    }
}

/// What the scan printed, from the record.
fn summary(
    record: &Record,
    run: &Run,
    manifest: &Manifest,
    items: &[ItemRecord],
    output: &Output<'_>,
) -> Result<()> {
    let mut summary = Summary::default();
    items.iter().for_each(|item| summary.add(item));
    let mut writer = report::open("table", output.destination, output.options)?;
    output.warning.iter().for_each(|what| writer.notice(what));
    if manifest.configuration.policy.is_some() {
        let (assessment, concluded) = record.assessment(run, manifest)?;
        writer.assessment(&assessment, &concluded)?;
    }
    writer.finish(&line_of(run, manifest)?, &summary)?;
    Ok(())
}

/// The management summary over the runs of a period, by the policy of the last of them.
fn public_of_period(record: &Record, days: Period) -> Result<Sheet> {
    let runs = || record.runs().iter().filter(|r| days.holds(r.as_of));
    let mut told = Told { first: days.first, last: days.last, ..Told::default() };
    let mut policy = None;
    for run in runs().filter(|r| r.is_kept()) {
        let manifest = record.manifest(run)?;
        let own = match manifest.configuration.policy {
            Some(_) => Some(policy_of(record, run, &manifest)?),
            None => None,
        };
        if run.state == crate::record::RunState::Completed {
            told.completed += 1;
            told.runs.push(match &own {
                Some(policy) => period::looked_at(record, run, &manifest, policy)?,
                None => Vec::new(),
            });
        }
        policy = own.or(policy);
    }
    told.incomplete = runs().count() as u64 - told.completed;
    match policy {
        Some(policy) => Ok(views::management_summary(&policy, &told)),
        None => bail!("no run of the period was made with a policy, so there are no commitments to tell"),
    }
}
