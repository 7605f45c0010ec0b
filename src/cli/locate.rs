//! `locate`: where identifiers of one person occur, without ever showing one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use super::End;
use super::args::ListFormat;
use super::examine::{Examination, ExamineArgs, Examined};
use super::governed::Governed;
use crate::classify::protect::normalize;
use crate::govern::registers::ErasureRequest;
use crate::model::{ItemRecord, Likelihood, LocatedAt, Outcome};
use crate::report::printable;
use crate::scan::{Literals, MAX_LITERAL, MIN_LITERAL, ScanPlan, Unsuitable, spellings};

/// Identifiers that are read at most.
const MAX_IDENTIFIERS: usize = 10_000;
/// Bytes of standard input that are read at most.
const MAX_INPUT: u64 = 4 << 20;

#[derive(Debug, Args)]
pub(super) struct LocateArgs {
    /// A policy whose systems are looked through and whose exclusions hold
    ///
    /// Example: --policy privacy.toml
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Id of an erasure request: adds it to the register that --append names
    ///
    /// With a key only: the register holds keyed fingerprints and never an identifier. Scans with that policy and key then
    /// check that the person is gone (DSP-06). Example: --request ER-7 --append registers/erasure.jsonl
    #[arg(long, value_name = "ID", requires = "append")]
    pub request: Option<String>,

    /// The register of erasure requests, JSON lines
    ///
    /// Example: --append registers/erasure.jsonl
    #[arg(long, value_name = "REGISTER", requires = "request")]
    pub append: Option<PathBuf>,

    /// Day by which the request has to be met; a month from today without one
    ///
    /// Example: --due 2026-12-31
    #[arg(long, value_name = "DATE", requires = "request", value_parser = super::args::day_of)]
    pub due: Option<Date>,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,

    #[command(flatten)]
    pub examine: ExamineArgs,
}

/// Runs the command.
pub(super) fn run(args: &LocateArgs) -> Result<End> {
    if args.examine.targets.iter().any(|t| t.as_os_str() == "-") {
        bail!("TARGET -: standard input holds the identifiers; name files and folders");
    }
    if args.examine.targets.is_empty() && args.policy.is_none() {
        bail!("nowhere to look: name files and folders, or a policy with --policy");
    }
    let governed = args.policy.as_deref().map(Governed::open).transpose()?;
    let own: Vec<PathBuf> = args.append.iter().cloned().collect();
    let mut examination = Examination::new(&args.examine, governed, None, &own)?;
    if args.request.is_some() && examination.plan.protector.key_id() == "random" {
        bail!(
            "--request: needs a key, or nothing could be compared later; name one with --key-file or PRIVASCAN_KEY"
        );
    }
    let values = identifiers(io::stdin().lock())?;
    let literals = Literals::new(&values).map_err(|(at, why)| {
        let number = at + 1;
        match why {
            Unsuitable::Short => anyhow!(
                "identifier {number}: too short to be told from other text; {MIN_LITERAL} letters and digits at least"
            ),
            Unsuitable::Long => anyhow!("identifier {number}: longer than {MAX_LITERAL} bytes"),
        }
    })?;
    let plan = &mut examination.plan;
    // Evidence is for other commands, but for what is looked for here.
    let evidence = crate::scan::EvidencePlan { literals: Some(Arc::new(literals)), ..Default::default() };
    plan.evidence = Some(Arc::new(evidence));
    plan.min_likelihood = Likelihood::VeryUnlikely;
    plan.occurrences = 0;
    let mut examined = examination.run(None, &|item| item.findings = Vec::new())?;
    examined.items.sort_by(|a, b| a.printed_path.cmp(&b.printed_path).then(a.item.id.cmp(&b.item.id)));
    let report = Report::of(&examined, values.len());
    match args.format {
        ListFormat::Table => report.table()?,
        ListFormat::Jsonl => report.lines()?,
    }
    if let (Some(id), Some(register)) = (&args.request, &args.append) {
        append(args, id, register, &examined, &report, &values)?;
    }
    Ok(match (report.found(), examined.is_complete()) {
        (true, _) => End::Found,
        (false, true) => End::Fine,
        (false, false) => End::Incomplete,
    })
}

/// One a line; blank lines say nothing.
fn identifiers(input: impl BufRead) -> Result<Vec<String>> {
    let mut values: Vec<String> = Vec::new();
    let mut bytes = Vec::new();
    input.take(MAX_INPUT + 1).read_to_end(&mut bytes).context("cannot read standard input")?;
    if bytes.len() as u64 > MAX_INPUT {
        bail!("standard input: more than {} MiB of identifiers", MAX_INPUT >> 20);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    for (line, bytes) in (1..).zip(bytes.split(|b| *b == b'\n')) {
        let Ok(text) = std::str::from_utf8(bytes) else { bail!("standard input line {line}: not UTF-8") };
        let text = text.trim();
        if !text.is_empty() && values.iter().all(|v| v != text) {
            values.push(text.to_owned());
        }
    }
    match values.len() {
        0 => bail!("standard input: no identifiers; write one on each line"),
        n if n > MAX_IDENTIFIERS => bail!("standard input: more than {MAX_IDENTIFIERS} identifiers"),
        _ => Ok(values),
    }
}

/// What was found, without what was looked for.
struct Report<'a> {
    items: &'a [ItemRecord],
    identifiers: usize,
    /// Items that were examined, whole or in part.
    examined: usize,
    /// Items that were not read or not whole, by outcome and reason.
    unread: BTreeMap<String, u64>,
    /// Items left out by decision, by reason.
    left_out: BTreeMap<String, u64>,
}

/// One identifier in one item.
#[derive(Serialize)]
struct Line<'a> {
    record: &'static str,
    identifier: u32,
    item_id: String,
    path: &'a str,
    format: Option<&'a str>,
    kinds: &'a [String],
    count: u64,
    places: Vec<Spot<'a>>,
}

#[derive(Serialize)]
struct Spot<'a> {
    place: &'static str,
    line: Option<u64>,
    column: Option<u64>,
    row: Option<u64>,
    field: Option<&'a str>,
}

/// What all of it comes to.
#[derive(Serialize)]
struct Sum<'a> {
    record: &'static str,
    identifiers: Vec<IdentifierSum>,
    items: usize,
    examined: usize,
    not_read: &'a BTreeMap<String, u64>,
    left_out: &'a BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct IdentifierSum {
    identifier: u32,
    count: u64,
    items: u64,
    kinds: BTreeSet<String>,
}

impl<'a> Report<'a> {
    fn of(examined: &'a Examined, identifiers: usize) -> Self {
        let mut report = Self {
            items: &examined.items,
            identifiers,
            examined: 0,
            unread: BTreeMap::new(),
            left_out: BTreeMap::new(),
        };
        for outcome in examined.items.iter().map(|i| i.outcome) {
            report.examined += usize::from(matches!(outcome, Outcome::Scanned | Outcome::Partial(_)));
            let list = match outcome {
                Outcome::Scanned => continue,
                Outcome::Skipped(_) => &mut report.left_out,
                Outcome::Partial(_) | Outcome::Failed(_) => &mut report.unread,
            };
            let reason = outcome.reason().map_or("", |r| r.code());
            *list.entry(format!("{} ({reason})", outcome.word())).or_default() += 1;
        }
        report
    }

    fn found(&self) -> bool {
        self.items.iter().any(|i| !i.evidence.located.is_empty())
    }

    fn sums(&self) -> Vec<IdentifierSum> {
        let new = |at| IdentifierSum { identifier: at + 1, count: 0, items: 0, kinds: BTreeSet::new() };
        let mut sums: Vec<IdentifierSum> = (0..self.identifiers as u32).map(new).collect();
        for located in self.items.iter().flat_map(|i| &i.evidence.located) {
            if let Some(sum) = sums.get_mut(located.value as usize) {
                sum.count += located.count;
                sum.items += 1;
                sum.kinds.extend(located.kinds.iter().cloned());
            }
        }
        sums
    }

    fn lines(&self) -> Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        for item in self.items {
            for located in &item.evidence.located {
                let spot = |at: &'a LocatedAt| Spot {
                    place: at.place.word(),
                    line: at.line,
                    column: at.column,
                    row: at.row,
                    field: at.field.as_deref(),
                };
                let line = Line {
                    record: "location",
                    identifier: located.value + 1,
                    item_id: item.item.id.to_string(),
                    path: &item.printed_path,
                    format: item.format.as_deref(),
                    kinds: &located.kinds,
                    count: located.count,
                    places: located.places.iter().map(spot).collect(),
                };
                writeln!(out, "{}", serde_json::to_string(&line)?)?;
            }
        }
        let sum = Sum {
            record: "location_summary",
            identifiers: self.sums(),
            items: self.items.len(),
            examined: self.examined,
            not_read: &self.unread,
            left_out: &self.left_out,
        };
        writeln!(out, "{}", serde_json::to_string(&sum)?)?;
        Ok(out.flush()?)
    }

    fn table(&self) -> Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let kinds = |kinds: &mut dyn Iterator<Item = &String>| {
            let names: Vec<&str> = kinds.map(String::as_str).collect();
            if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
        };
        for item in self.items {
            for located in &item.evidence.located {
                let places: Vec<String> = located.places.iter().take(5).map(place).collect();
                let more = if located.count > places.len() as u64 { ", …" } else { "" };
                writeln!(
                    out,
                    "{}: identifier {}{} {}: {}{more}",
                    printable(&item.printed_path),
                    located.value + 1,
                    kinds(&mut located.kinds.iter()),
                    times(located.count),
                    printable(&places.join(", ")),
                )?;
            }
        }
        let examined = self.examined;
        for sum in self.sums() {
            let number = sum.identifier;
            match sum.count {
                0 => writeln!(out, "identifier {number}: no hits in {examined} items examined")?,
                n => writeln!(
                    out,
                    "identifier {number}{}: {} in {} of {examined} items examined",
                    kinds(&mut sum.kinds.iter()),
                    times(n),
                    sum.items
                )?,
            }
        }
        for (what, list) in
            [("not read, or not whole", &self.unread), ("left out by decision", &self.left_out)]
        {
            let all: u64 = list.values().sum();
            if all > 0 {
                let parts: Vec<String> = list.iter().map(|(word, n)| format!("{word} {n}")).collect();
                writeln!(out, "{all} of {} items {what}: {}", self.items.len(), parts.join(", "))?;
            }
        }
        Ok(out.flush()?)
    }
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

fn place(at: &LocatedAt) -> String {
    let field = at.field.as_ref().map(|f| format!(" field {f}")).unwrap_or_default();
    match (at.row, at.line) {
        (Some(row), _) => format!("row {row}{field}"),
        (None, Some(line)) => match at.column {
            Some(column) => format!("line {line}:{column}"),
            None => format!("line {line}"),
        },
        (None, None) if !field.is_empty() => field.trim_start().to_owned(),
        (None, None) => at.place.word().replace('_', " "),
    }
}

/// Adds the request with the fingerprints of every form of its identifiers under every kind that they may be.
fn append(
    args: &LocateArgs,
    id: &str,
    register: &std::path::Path,
    examined: &Examined,
    report: &Report<'_>,
    values: &[String],
) -> Result<()> {
    let plan = &examined.plan;
    let mut fingerprints = BTreeSet::new();
    let mut scratch = plan.detectors.scratch();
    for (sum, value) in report.sums().iter().zip(values) {
        let before = fingerprints.len();
        for text in spellings(value) {
            for kind in kinds(plan, &mut scratch, &text, &sum.kinds) {
                let mut form = Vec::new();
                normalize(kind.normalize, text.as_bytes(), &mut form);
                fingerprints.insert(plan.protector.fingerprint(&kind.info_type, &form));
            }
        }
        if fingerprints.len() == before {
            writeln!(
                io::stderr(),
                "privascan: identifier {}: no detector knows its kind; scans cannot check that it is gone, locate can",
                sum.identifier
            )?;
        }
    }
    if fingerprints.is_empty() {
        bail!("--request: no detector knows any of the identifiers; nothing was added to the register");
    }
    let due = args.due.unwrap_or_else(|| examined.facts.as_of.saturating_add(1.month()));
    let request = ErasureRequest {
        id: id.to_owned(),
        due: Some(due),
        completed_on: None,
        fingerprints: fingerprints.into_iter().collect(),
        key_id: Some(plan.protector.key_id().to_owned()),
    };
    let mut line = serde_json::to_string(&request)?;
    line.push('\n');
    add(register, &line).with_context(|| format!("--append {}", register.display()))
}

/// Detectors that this may be a value of: those that find it by itself, and those that found it.
fn kinds<'p>(
    plan: &'p ScanPlan,
    scratch: &mut crate::detect::Scratch,
    text: &str,
    found: &BTreeSet<String>,
) -> Vec<&'p crate::detect::Definition> {
    let definitions = plan.detectors.definitions().enumerate().filter(|(_, d)| !d.decoy);
    let mut alone = |at: usize| {
        let detector = u16::try_from(at).unwrap_or(u16::MAX);
        let matches = plan.detectors.search_alone(scratch, text.as_bytes(), detector);
        matches.iter().any(|m| m.start == 0 && m.end == text.len())
    };
    definitions.filter(|(at, d)| found.contains(&d.info_type) || alone(*at)).map(|(_, d)| d).collect()
}

/// Adds a line to a register, after the end of its last.
fn add(register: &std::path::Path, line: &str) -> io::Result<()> {
    let mut options = std::fs::File::options();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(register)?;
    file.lock()?;
    let mut before = Vec::new();
    file.read_to_end(&mut before)?;
    if before.last().is_some_and(|last| *last != b'\n') {
        file.write_all(b"\n")?;
    }
    file.write_all(line.as_bytes())?;
    file.sync_all()
}
