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
use crate::record::{Event, Record, Writer};

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
    #[arg(long, value_name = "DATE")]
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
    let mut writer = Writer::open(&args.record, false, now)?;
    let record = Record::open(&args.record)?;
    let run = record.find(args.run.as_deref())?;
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
