//! `review`: decisions about what runs found, in the record's log.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::End;
use super::governed::day;
use crate::govern::CONTROL_TESTS;
use crate::record::{Event, Record, Run, Want, Writer};
use crate::report::printable;
use crate::scan::{ScanPlan, printed};

#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    /// The record
    #[arg(value_name = "RECORD")]
    pub record: PathBuf,

    /// What was decided about: an item_id, a finding_id, drift:SYSTEM, or a control test id
    ///
    /// Example: --subject drift:crm
    #[arg(long, value_name = "S")]
    pub subject: String,

    /// Who decided, as a role
    ///
    /// Example: --by privacy-officer
    #[arg(long, value_name = "ROLE")]
    pub by: String,

    /// What was decided
    ///
    /// Example: --decision 'encrypted archive of legal, kept under LH-1'
    #[arg(long, value_name = "TEXT")]
    pub decision: String,

    /// Run that it is about; the last that completed without one
    #[arg(long, value_name = "N")]
    pub run: Option<String>,

    /// Day of the decision; today without one
    #[arg(long, value_name = "DATE", value_parser = super::args::day_of)]
    pub on: Option<Date>,
}

/// Runs the command.
pub(super) fn run(args: &ReviewArgs) -> Result<End> {
    let now = Timestamp::now();
    for (flag, text) in [("subject", &args.subject), ("by", &args.by), ("decision", &args.decision)] {
        if text.trim().is_empty() {
            bail!("--{flag}: says nothing");
        }
    }
    about_nobody(args)?;
    sound(&Record::open(&args.record)?)?;
    let mut writer = Writer::open(&args.record, false, now)?;
    // Someone may have written before the lock was ours.
    let record = Record::open(&args.record)?;
    sound(&record)?;
    let run = about(&record, args)?;
    let event = Event::Review {
        subject: args.subject.clone(),
        by: args.by.clone(),
        on: args.on.unwrap_or_else(|| day(now, &TimeZone::UTC)),
        decision: args.decision.clone(),
    };
    let hash = writer.append(&event, &run.name, now, None)?;
    writeln!(io::stdout(), "kept as a decision about run {}; the log's head is now {hash}", run.sequence)?;
    Ok(End::Fine)
}

/// The record is kept for years and shown to many: a decision names a role and no person.
fn about_nobody(args: &ReviewArgs) -> Result<()> {
    let plan = ScanPlan::builtin()?;
    for (flag, text) in [("by", &args.by), ("decision", &args.decision)] {
        let shown = printed(&plan, std::iter::once(text.as_bytes())).concat();
        if shown != *text {
            bail!(
                "--{flag}: holds what looks like personal data ({}); name a role such as privacy-officer, and nobody's data",
                printable(&shown)
            );
        }
    }
    Ok(())
}

/// Nothing is added behind what does not hold.
fn sound(record: &Record) -> Result<()> {
    match super::not_whole(record) {
        Some(what) => bail!("nothing is kept: {what}"),
        None => Ok(()),
    }
}

/// The run that the decision is about, if it knows the subject.
fn about<'a>(record: &'a Record, args: &ReviewArgs) -> Result<&'a Run> {
    let run = record.find(args.run.as_deref())?;
    let kept = record.load(run, Want::Findings)?;
    let (assessment, _) = record.assessment(run, &kept.manifest)?;
    let subject = args.subject.as_str();
    let known = match subject.strip_prefix("drift:") {
        Some(system) => kept.manifest.scope.systems.iter().any(|s| s.id == system),
        None => {
            CONTROL_TESTS.iter().any(|t| t.id == subject)
                || kept.items.iter().any(|i| {
                    i.item.id.to_string() == subject || i.findings.iter().any(|f| f.finding_id == subject)
                })
                // What was lost is an item of the run before.
                || assessment
                    .results
                    .iter()
                    .flat_map(|r| &r.deviating)
                    .any(|d| d.item_id.as_deref() == Some(subject))
        }
    };
    if !known {
        bail!(
            "--subject: run {} knows no such thing; it is an item_id or finding_id of that run, drift:SYSTEM of a system \
             it declares, or the id of a control test such as RET-01",
            run.sequence
        );
    }
    Ok(run)
}
