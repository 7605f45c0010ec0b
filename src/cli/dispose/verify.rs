//! `dispose verify`: a scan for what was disposed of, and a certificate of what it found.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use super::apply::{account, register_of, say_torn};
use crate::cli::End;
use crate::cli::args::ListFormat;
use crate::cli::examine::{self, Examination, ExamineArgs, Examined};
use crate::cli::governed::Governed;
use crate::dispose::DisposeError;
use crate::dispose::apply::{Ended, Outcome};
use crate::dispose::certificate::{Certificate, Store};
use crate::dispose::register::Register;
use crate::dispose::settle;
use crate::dispose::site::{OwnFiles, Site};
use crate::govern::facts::RunFacts;
use crate::govern::verified::{Said, Verified, verified};
use crate::govern::{Assessing, ControlOutcome, Registers};
use crate::model::{Outcome as ItemOutcome, Reason};
use crate::report::printable;
use crate::scan::printed;

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// The policy; privascan.toml in the working directory without one
    ///
    /// Example: --policy privacy.toml
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// The today of the verification: disposals up to it are looked for
    ///
    /// Example: --as-of 2026-12-31
    #[arg(long, value_name = "DATE", value_parser = super::super::args::day_of)]
    pub as_of: Option<Date>,

    /// Write a certificate: register, results and coverage; .md or .json, readable by its owner only
    ///
    /// Example: --certificate batch-7.md
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,

    /// Add to the register which run verified each disposal, and settle what an earlier run left open
    #[arg(long)]
    pub register_result: bool,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,

    #[command(flatten)]
    pub examine: ExamineArgs,
}

/// Runs the command.
pub(super) fn run(args: &VerifyArgs) -> Result<End> {
    let form = args.certificate.as_deref().map(form).transpose()?;
    let policy_file = examine::policy(args.policy.as_deref())?;
    let (path, name) = register_of(&policy_file)?;
    let mut register = match args.register_result {
        true => {
            let (register, torn) = Register::open(&path, &name)?;
            say_torn(torn, &name)?;
            Some(register)
        }
        false => Register::look(&path, &name)?,
    };
    let open = match &mut register {
        Some(register) => open_ones(args, &policy_file, register)?,
        None => 0,
    };
    let governed = Governed::open(&policy_file)?;
    let own: Vec<PathBuf> = args.certificate.clone().into_iter().collect();
    let mut examination = Examination::new(&args.examine, Some(governed), args.as_of, &own)?;
    if let Some(evidence) = &mut examination.plan.evidence {
        std::sync::Arc::make_mut(evidence).content_hashes = true;
    }
    let examined =
        examination.run(None, &|item| item.findings.iter_mut().for_each(|f| f.occurrences.clear()))?;
    let Some(governed) = &examined.governed else { bail!("no policy") };
    let facts = examined.facts();
    let assessing = Assessing::new(&governed.policy, &facts, &examined.plan.taxonomy);
    let assessment = examined.assess(governed);
    let left_out = !args.examine.exclude.is_empty()
        && examined.items.iter().any(|i| i.outcome == ItemOutcome::Skipped(Reason::Excluded));
    let Some(entries) = verified(&assessing, &assessment, left_out) else {
        bail!("register {name}: no such file; there is nothing to verify");
    };
    let certificate = certificate(&examined, governed, entries);
    tell(args, &examined, &certificate, open)?;
    if let (Some(path), Some(form)) = (&args.certificate, form) {
        let text = if form == Form::Json { certificate.json()? } else { certificate.markdown()? };
        save(path, &text).with_context(|| format!("--certificate {}", path.display()))?;
    }
    if args.register_result
        && let Some(register) = &mut register
    {
        for entry in certificate.entries.iter().filter(|e| e.outcome() == ControlOutcome::Pass) {
            let Some(line) = register.last(&entry.entry.id) else { continue };
            let mut line = line.clone();
            let how = format!("absent at source and no copy found {} (DSP-02, DSP-03)", entry.how());
            line.insert("verify_method".to_owned(), how.into());
            line.insert("verified_by_run".to_owned(), certificate.run_id.clone().into());
            register.add_map(line)?;
        }
    }
    let says =
        |outcome| certificate.entries.iter().any(|e| [e.absent.outcome, e.copies.outcome].contains(&outcome));
    Ok(match () {
        () if says(ControlOutcome::Fail) => End::Found,
        () if open > 0 || says(ControlOutcome::NotEvaluated) => End::Incomplete,
        // Nothing was to be found; then only what was looked at counts.
        () if certificate.entries.is_empty() && !examined.is_complete() => End::Incomplete,
        () => End::Fine,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Markdown,
    Json,
}

fn form(path: &Path) -> Result<Form> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("md") => Ok(Form::Markdown),
        Some("json") => Ok(Form::Json),
        _ => bail!("--certificate {}: end its name in .md or .json", path.display()),
    }
}

/// Disposals that a killed run left open: settled if the register may be written to, else told. How many remain.
fn open_ones(args: &VerifyArgs, policy_file: &Path, register: &mut Register) -> Result<usize> {
    if register.open_intents().is_empty() {
        return Ok(0);
    }
    let governed = Governed::open(policy_file)?;
    let names = examine::printing(&args.examine.knowledge)?;
    let shown = |path: &[u8]| printed(&names, std::iter::once(path)).concat();
    let (run, registers) = (RunFacts::default(), Registers::default());
    let facts = examine::bare(&run, &registers);
    let assessing = Assessing::new(&governed.policy, &facts, &names.taxonomy);
    let by = account();
    let site = Site {
        assessing: &assessing,
        policy_digest: &governed.digest,
        folder: governed.folder(),
        zone: &governed.zone,
        now: &Timestamp::now,
        printed: &shown,
        by: &by,
        version: env!("CARGO_PKG_VERSION"),
        own: &OwnFiles::default(),
        interrupted: &AtomicBool::new(false),
        before_move: None,
    };
    let mut open = 0;
    let mut each = |end: Ended| {
        let what = match end.outcome {
            Outcome::SettledDone => "was done",
            Outcome::SettledNotDone => "was not done",
            _ => "cannot be settled",
        };
        open += usize::from(!args.register_result || matches!(end.outcome, Outcome::Unsettled(_)));
        let line = format!("privascan: {} was left open by an earlier run: it {what}", printable(&end.id));
        writeln!(io::stderr(), "{line}")
            .map_err(|source| DisposeError::Io { what: "standard error".to_owned(), source })
    };
    match args.register_result {
        true => settle::settle(&site, register, &mut each)?,
        false => settle::look_only(&site, register, &mut each)?,
    }
    Ok(open)
}

fn certificate<'a>(
    examined: &'a Examined,
    governed: &Governed,
    entries: Vec<Verified<'a>>,
) -> Certificate<'a> {
    let mut coverage: BTreeMap<String, u64> = BTreeMap::new();
    for outcome in examined.items.iter().map(|i| i.outcome) {
        let word = match outcome.reason() {
            None => outcome.word().to_owned(),
            Some(reason) => format!("{} ({})", outcome.word(), reason.code()),
        };
        *coverage.entry(word).or_default() += 1;
    }
    let head = &governed.policy.policy;
    Certificate {
        run_id: examined.facts.run_id.clone(),
        verified_at: examined.started_at,
        as_of: examined.facts.as_of,
        tool_version: env!("CARGO_PKG_VERSION"),
        policy: format!("{} {}", head.id, head.version),
        policy_digest: governed.digest.clone(),
        key_id: examined.facts.key_id.clone(),
        stores: examined
            .systems
            .iter()
            .map(|s| Store { system: s.id.clone(), root: s.root.clone(), reach: s.reach.clone() })
            .collect(),
        coverage: coverage.into_iter().collect(),
        entries,
    }
}

#[derive(Serialize)]
struct Line<'a> {
    record: &'static str,
    id: &'a str,
    path: &'a str,
    system: Option<&'a str>,
    class: Option<&'a str>,
    outcome: &'static str,
    absent_at_source: Value,
    residual_copies: Value,
    copies_tolerated: usize,
    copies_looked_for: String,
}

fn tell(args: &VerifyArgs, examined: &Examined, certificate: &Certificate<'_>, open: usize) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let json = |said: &Said| json!({"outcome": said.outcome.word(), "reason": said.reason, "detail": said.detail, "path": said.path});
    let words = |said: &Said| {
        let more: Vec<&str> = [said.reason.as_deref(), said.path.as_deref(), said.detail.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(": ")) };
        format!("{}{}", said.outcome.word(), printable(&more))
    };
    let mut counts: BTreeMap<ControlOutcome, usize> = BTreeMap::new();
    for entry in &certificate.entries {
        let outcome = entry.outcome();
        *counts.entry(outcome).or_default() += 1;
        match args.format {
            ListFormat::Jsonl => {
                let line = Line {
                    record: "disposal_verification",
                    id: &entry.entry.id,
                    path: &entry.entry.item,
                    system: entry.system,
                    class: entry.entry.class.as_deref(),
                    outcome: outcome.word(),
                    absent_at_source: json(&entry.absent),
                    residual_copies: json(&entry.copies),
                    copies_tolerated: entry.tolerated,
                    copies_looked_for: entry.how(),
                };
                writeln!(out, "{}", serde_json::to_string(&line)?)?;
            }
            ListFormat::Table => {
                let (id, path) = (printable(&entry.entry.id), printable(&entry.entry.item));
                writeln!(
                    out,
                    "{:<13} {id}  {path}: absent {}, copies {} ({})",
                    outcome.word(),
                    words(&entry.absent),
                    words(&entry.copies),
                    entry.how()
                )?;
            }
        }
    }
    if args.format == ListFormat::Table {
        let count = |outcome| counts.get(&outcome).copied().unwrap_or(0);
        let all = certificate.entries.len();
        match all {
            0 => writeln!(out, "no performed disposal in the register as of {}", certificate.as_of)?,
            _ => writeln!(
                out,
                "{all} performed disposals: {} verified, {} with something found, {} excepted, {} not verifiable",
                count(ControlOutcome::Pass),
                count(ControlOutcome::Fail),
                count(ControlOutcome::Excepted),
                count(ControlOutcome::NotEvaluated),
            )?,
        }
        writeln!(
            out,
            "{} items examined; {}",
            examined.items.len(),
            examined.unread().unwrap_or_else(|| "all of them whole or left out by decision".to_owned())
        )?;
        if open > 0 {
            writeln!(
                out,
                "{open} disposals were left open by an earlier run; run dispose apply, or --register-result"
            )?;
        }
        writeln!(out, "{}", certificate.sentence())?;
    }
    out.flush()?;
    Ok(())
}

fn save(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}
