//! `policy check`, `init`, `import`, `schedule`, `ropa`.

mod import;
mod init;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::End;
use super::args::{KnowledgeArgs, ListFormat};
use super::knowledge;
use crate::classify::Taxonomy;
use crate::govern::Criteria;
use crate::govern::lint::{self, Checked, Known, Level, Problem};
use crate::govern::policy::Policy;
use crate::govern::schedule::{self, Entry, Sheet};
use crate::record::{Record, Want, split_name};
use crate::report::{printable, spreadsheet_safe};

/// Where a policy is when nobody says.
pub(super) const DEFAULT: &str = "privascan.toml";

/// A larger file is no policy.
const LARGEST: u64 = 16 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Every mistake in a policy file, with its place and a way out
    #[command(
        after_help = "Exit codes: 0 no errors (warnings do not count); 1 errors; 2 the file cannot be read"
    )]
    Check(CheckArgs),
    /// Scan a folder and draft a policy for what is found
    Init(init::InitArgs),
    /// Rules from a data contract, as text for a policy
    Import(import::ImportArgs),
    /// The retention schedule: what is kept for how long, why, and what happens then
    Schedule(SheetArgs),
    /// The record of processing activities (Art. 30 GDPR), as far as the policy knows it
    Ropa(SheetArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The policy
    ///
    /// Example: privascan policy check governance/privascan.toml
    #[arg(value_name = "FILE", default_value = DEFAULT)]
    pub file: PathBuf,
    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
    /// A kept run: also name the categories found in it that no class speaks of
    ///
    /// Example: --record evidence@12
    #[arg(long, value_name = "RECORD[@RUN]")]
    pub record: Option<String>,
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SheetArgs {
    /// The policy
    #[arg(value_name = "FILE", default_value = DEFAULT)]
    pub file: PathBuf,
    /// table for people, csv for spreadsheets, jsonl for programs
    ///
    /// Example: privascan policy schedule --format csv > schedule.csv
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: SheetFormat,
}

/// Forms of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SheetFormat {
    Table,
    Csv,
    Jsonl,
}

/// Runs the command.
pub(super) fn run(command: &PolicyCommand) -> Result<End> {
    match command {
        PolicyCommand::Check(args) => check(args),
        PolicyCommand::Init(args) => init::run(args),
        PolicyCommand::Import(args) => import::run(args),
        PolicyCommand::Schedule(args) => sheet(args, schedule::schedule),
        PolicyCommand::Ropa(args) => sheet(args, schedule::ropa),
    }
}

/// The bytes of a policy file.
fn read(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => {
            anyhow::anyhow!("{shown}: no such policy; write one with `privascan policy init`, or name it")
        }
        _ => anyhow::Error::new(e).context(format!("cannot read {shown}")),
    })?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
    if bytes.len() as u64 > LARGEST {
        bail!("{shown}: larger than 16 MiB; is this a policy?");
    }
    Ok(bytes)
}

/// Checks a policy file against the knowledge of this build, and the files it names against those that are there.
fn checked(path: &Path, bytes: &[u8], args: &KnowledgeArgs) -> Result<Checked> {
    let (detectors, taxonomy) = knowledge::load(args)?;
    let detectable: BTreeSet<String> = detectors
        .definitions()
        .filter(|d| !d.decoy)
        .map(|d| taxonomy.category_of(&d.info_type).name.clone())
        .collect();
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let exists = move |named: &str| folder.join(named).exists();
    let frameworks: Vec<String> = Criteria::builtin()?.frameworks().iter().map(|f| f.name.clone()).collect();
    let known = Known {
        detectable: Some(&detectable),
        exists: Some(&exists),
        frameworks: &frameworks,
        ..Known::of(&taxonomy)
    };
    Ok(lint::check_bytes(bytes, known))
}

/// `policy check`.
fn check(args: &CheckArgs) -> Result<End> {
    let checked = checked(&args.file, &read(&args.file)?, &args.knowledge)?;
    let shown = args.file.display().to_string();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for problem in &checked.problems {
        match args.format {
            ListFormat::Table => writeln!(out, "{}:{}", printable(&shown), printable(&problem.to_string()))?,
            ListFormat::Jsonl => writeln!(out, "{}", line(&shown, problem))?,
        }
    }
    if args.format == ListFormat::Table {
        let between = if checked.problems.is_empty() { "" } else { "\n" };
        writeln!(out, "{between}{}: {}", printable(&shown), conclusion(&checked))?;
    }
    if let (Some(name), Some(policy)) = (&args.record, &checked.policy) {
        gaps(&mut out, name, policy, args.format)?;
    }
    out.flush()?;
    Ok(if checked.policy.is_some() { End::Fine } else { End::Found })
}

/// Names what a kept run found and no class speaks of.
fn gaps(out: &mut impl Write, name: &str, policy: &Policy, format: ListFormat) -> Result<()> {
    let taxonomy = Taxonomy::builtin()?;
    let (dir, which) = split_name(name);
    let record = Record::open(&dir)?;
    let run = record.find(which)?;
    let kept = record.load(run, Want::Findings)?;
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for finding in kept.items.iter().flat_map(|item| &item.findings) {
        if !finding.flags.iter().any(|flag| flag == "likely_test") {
            *found.entry(finding.category.clone()).or_default() += finding.count;
        }
    }
    let open = lint::gaps(policy, &found, &taxonomy);
    for (category, matches) in &open {
        match format {
            ListFormat::Table => {
                writeln!(out, "gap: {category}: {matches} matches in run {}, and no class", run.sequence)?;
            }
            ListFormat::Jsonl => {
                let gap = serde_json::json!({ "gap": category, "matches": matches, "run": run.sequence });
                writeln!(out, "{gap}")?;
            }
        }
    }
    if open.is_empty() && format == ListFormat::Table {
        let items = kept.items.len();
        writeln!(out, "no gaps: a class speaks of each of {} categories in {items} items", found.len())?;
    }
    Ok(())
}

/// One problem as an object.
fn line(file: &str, problem: &Problem) -> serde_json::Value {
    serde_json::json!({
        "file": file, "line": problem.line, "column": problem.column, "level": problem.level.word(),
        "code": problem.code, "key": problem.key, "says": problem.says, "fix": problem.fix,
    })
}

/// What it all comes to.
fn conclusion(checked: &Checked) -> String {
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let (errors, warnings) = (checked.count(Level::Error), checked.count(Level::Warning));
    match (&checked.policy, errors, warnings) {
        (None, errors, 0) => count(errors, "error"),
        (None, errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
        (Some(policy), _, warnings) => {
            let what = format!(
                "{}, {}, {}",
                count(policy.scope.systems.len(), "system"),
                match policy.classes.len() {
                    1 => "1 class".to_owned(),
                    n => format!("{n} classes"),
                },
                count(policy.retention.len(), "retention rule")
            );
            match warnings {
                0 => format!("no mistakes found; {what}"),
                n => format!("no errors, {}: it can be used; {what}", count(n, "warning")),
            }
        }
    }
}

/// A policy that can be used; refused in one line otherwise.
fn load(path: &Path) -> Result<Policy> {
    let bytes = read(path)?;
    let shown = path.display();
    let Ok(text) = std::str::from_utf8(&bytes) else { bail!("{shown}: not UTF-8") };
    Policy::load(text).map_err(|errors| anyhow::anyhow!("{shown}:{}", lint::in_one_line(&errors)))
}

/// `policy schedule` and `policy ropa`.
fn sheet(args: &SheetArgs, make: fn(&Policy) -> Sheet) -> Result<End> {
    let sheet = make(&load(&args.file)?);
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.format {
        SheetFormat::Table => blocks(&sheet, &mut out)?,
        SheetFormat::Csv => {
            let screen = io::stdout().is_terminal();
            let cell = |text: String| if screen { printable(&text).into_owned() } else { text };
            let mut writer = csv::Writer::from_writer(&mut out);
            writer.write_record(sheet.columns)?;
            for row in &sheet.rows {
                writer.write_record(row.iter().map(|entry| cell(spreadsheet_safe(&entry.joined()))))?;
            }
            writer.flush()?;
        }
        SheetFormat::Jsonl => {
            for row in &sheet.rows {
                writeln!(out, "{}", object(&sheet, row))?;
            }
        }
    }
    out.flush()?;
    Ok(End::Fine)
}

/// A row as an object; what has no value is null.
fn object(sheet: &Sheet, row: &[Entry]) -> serde_json::Value {
    let entries = sheet.columns.iter().zip(row).map(|(name, entry)| {
        let value = match entry {
            Entry::Text(text) if text.is_empty() => serde_json::Value::Null,
            Entry::Text(text) => text.as_str().into(),
            Entry::List(texts) => texts.as_slice().into(),
        };
        ((*name).to_owned(), value)
    });
    serde_json::Value::Object(entries.collect())
}

/// Rows below each other, each with what it has.
fn blocks(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    let widest = sheet.columns.iter().map(|c| c.len()).max().unwrap_or(0);
    for (i, row) in sheet.rows.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        for (name, entry) in sheet.columns.iter().zip(row) {
            let text = match entry {
                Entry::Text(text) => text.clone(),
                Entry::List(texts) => texts.join(", "),
            };
            if !text.is_empty() {
                writeln!(out, "{:<widest$}  {}", name.replace('_', " "), printable(&text))?;
            }
        }
    }
    if sheet.rows.is_empty() {
        writeln!(out, "the policy declares nothing")?;
    }
    Ok(())
}
