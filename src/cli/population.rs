//! `population`: what a sample can be drawn from.

use std::io::{self, Write};

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::End;
use super::args::ListFormat;
use crate::govern::registers::Moment;
use crate::record::{Record, Run, RunState, Want, split_name};
use crate::report::printable;

#[derive(Debug, Args)]
pub(super) struct PopulationArgs {
    /// The record; for items and disposals also which run of it
    #[arg(value_name = "RECORD[@RUN]")]
    pub record: String,

    /// Which population
    ///
    /// Example: --of disposals
    #[arg(long, value_name = "WHAT", default_value = "runs")]
    pub of: Of,

    /// First and last day: of the runs' as-of, of the disposals' performance
    ///
    /// Example: --period 2026-01-01..2026-06-30
    #[arg(long, value_name = "A..B")]
    pub period: Option<Period>,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
}

/// Populations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Of {
    /// Every run, aborted ones too, with the days since the last completed one
    Runs,
    /// Items of a run
    Items,
    /// Entries of the disposal register, as a run read it
    Disposals,
}

impl Of {
    /// `runs`, `items` or `disposals`.
    pub fn word(self) -> &'static str {
        match self {
            Of::Runs => "runs",
            Of::Items => "items",
            Of::Disposals => "disposals",
        }
    }

    /// Column that names a member.
    pub fn id(self) -> &'static str {
        match self {
            Of::Runs => "run",
            Of::Items => "item_id",
            Of::Disposals => "id",
        }
    }
}

/// Days from a first to a last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
}

impl std::str::FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").ok_or("two days with .. between them")?;
        let day = super::args::day_of;
        let period = Period { first: day(first)?, last: day(last)? };
        match period.first <= period.last {
            true => Ok(period),
            false => Err("the first day is after the last".to_owned()),
        }
    }
}

impl Period {
    /// Whether a day lies in it.
    pub fn holds(&self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

/// Runs the command.
pub(super) fn run(args: &PopulationArgs) -> Result<End> {
    let (columns, rows) = population(&args.record, args.of, args.period)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.format {
        ListFormat::Jsonl => {
            for row in rows {
                writeln!(out, "{}", line("population", &columns, row)?)?;
            }
        }
        ListFormat::Table => {
            table(&mut out, &columns, &rows)?;
            writeln!(out, "\n{} in this population", rows.len())?;
        }
    }
    out.flush()?;
    Ok(End::Fine)
}

/// The columns and rows of a population.
pub(super) fn population(name: &str, of: Of, period: Option<Period>) -> Result<Rows> {
    let (dir, which) = split_name(name);
    let record = super::open_record(&dir)?;
    let inside = |day: Date| period.is_none_or(|p| p.holds(day));
    match of {
        Of::Runs if which.is_some() => bail!("a population of runs is of the whole record; leave out @RUN"),
        Of::Runs => Ok(runs(&record, &inside)),
        Of::Items => items(&record, record.find(which)?),
        Of::Disposals => disposals(&record, record.find(which)?, period),
    }
}

/// A line of JSON for a row.
pub(super) fn line(record: &str, columns: &[&str], row: Vec<Value>) -> Result<String> {
    let mut line = serde_json::Map::from_iter([("record".to_owned(), json!(record))]);
    line.extend(columns.iter().map(|c| (*c).to_owned()).zip(row));
    ordered(columns, &line)
}

/// One line of JSON whose keys keep their order.
fn ordered(columns: &[&str], line: &serde_json::Map<String, Value>) -> Result<String> {
    let keys = std::iter::once("record").chain(columns.iter().copied());
    let pairs = keys.map(|key| Ok(format!("{}:{}", json!(key), serde_json::to_string(&line[key])?)));
    Ok(format!("{{{}}}", pairs.collect::<Result<Vec<_>>>()?.join(",")))
}

/// Rows under the names of their columns.
pub(super) fn table(out: &mut dyn Write, columns: &[&str], rows: &[Vec<Value>]) -> Result<()> {
    let cell = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text).into_owned(),
        other => other.to_string(),
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|i| rows.iter().map(|r| r[i].chars().count()).chain([columns[i].len()]).max().unwrap_or(0))
        .collect();
    let head: Vec<String> = columns.iter().map(|c| (*c).to_owned()).collect();
    for row in std::iter::once(&head).chain(&rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Names of columns, and the values of each row.
pub(super) type Rows = (Vec<&'static str>, Vec<Vec<Value>>);

fn runs(record: &Record, inside: &dyn Fn(Date) -> bool) -> Rows {
    let columns = vec![
        "sequence",
        "run",
        "state",
        "reason",
        "as_of",
        "started_at",
        "ended_at",
        "gap_days",
        "tool_version",
        "detectors_digest",
        "policy_digest",
    ];
    let mut last: Option<&Run> = None;
    let mut rows = Vec::new();
    for run in record.runs() {
        let gap = last.and_then(|l| l.as_of.until(run.as_of).ok()).map(|span| span.get_days());
        if inside(run.as_of) {
            rows.push(vec![
                json!(run.sequence),
                json!(run.name),
                json!(run.state.word()),
                json!(run.reason),
                json!(run.as_of.to_string()),
                json!(run.started_at.to_string()),
                json!(run.ended_at.map(|t| t.to_string())),
                json!(gap),
                json!(run.tool_version),
                json!(run.detectors_digest),
                json!(run.policy_digest),
            ]);
        }
        if run.state == RunState::Completed {
            last = Some(run);
        }
    }
    (columns, rows)
}

fn items(record: &Record, run: &Run) -> Result<Rows> {
    let mut items = record.load(run, Want::Findings)?.items;
    items.sort_by(|a, b| a.printed_path.cmp(&b.printed_path).then(a.item.id.cmp(&b.item.id)));
    let row = |i: &crate::model::ItemRecord| {
        vec![
            json!(i.item.id.to_string()),
            json!(i.printed_path),
            json!(i.outcome.word()),
            json!(i.outcome.reason().map(|r| r.code())),
            json!(i.item.meta.bytes),
            json!(i.findings.len()),
        ]
    };
    let columns = vec!["item_id", "path", "outcome", "reason", "bytes", "findings"];
    Ok((columns, items.iter().map(row).collect()))
}

fn disposals(record: &Record, run: &Run, period: Option<Period>) -> Result<Rows> {
    let manifest = record.manifest(run)?;
    let registers = record.registers(run, &manifest)?;
    let entries =
        registers.disposal.ok_or_else(|| anyhow!("run {} read no disposal register", run.sequence))?;
    let day = |moment: Option<Moment>| moment.map(Moment::day);
    let inside = |performed: Option<Date>| period.is_none_or(|p| performed.is_some_and(|d| p.holds(d)));
    let row = |e: &crate::govern::registers::DisposalEntry| {
        vec![
            json!(e.id),
            json!(e.item),
            json!(e.system),
            json!(e.class),
            json!(day(e.approved_at).map(|d| d.to_string())),
            json!(day(e.performed_at).map(|d| d.to_string())),
            json!(e.method),
        ]
    };
    let columns = vec!["id", "item", "system", "class", "approved_at", "performed_at", "method"];
    let entries = entries.iter().filter(|e| inside(day(e.performed_at)));
    Ok((columns, entries.map(row).collect()))
}
