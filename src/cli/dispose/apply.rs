//! `dispose apply`: approved rows of a plan, performed.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::cli::End;
use crate::cli::args::{KnowledgeArgs, ListFormat};
use crate::cli::examine;
use crate::cli::governed::{self, Governed};
use crate::cli::scan::listen;
use crate::dispose::apply::{self, Ended, Outcome};
use crate::dispose::register::Register;
use crate::dispose::site::{Means, Site, own_files};
use crate::dispose::{DisposeError, about, plan, settle};
use crate::govern::Assessing;
use crate::govern::facts::RunFacts;
use crate::report::printable;
use crate::scan::printed;

#[derive(Debug, Args)]
pub(in crate::cli) struct ApplyArgs {
    /// The plan with its approvals
    ///
    /// Example: --approved plan.csv
    #[arg(long, value_name = "PLAN.csv")]
    pub approved: PathBuf,

    /// The policy of the plan; privascan.toml in the working directory without one
    ///
    /// Example: --policy privacy.toml
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Move approved items into this folder, which has to exist; they keep their paths
    ///
    /// Example: --quarantine to-delete/
    #[arg(long, value_name = "DIR", required_unless_present = "method")]
    pub quarantine: Option<PathBuf>,

    /// Delete approved items whose rule says so, instead of moving them; media are not sanitised
    ///
    /// Example: --method logical-delete
    #[arg(long, value_name = "M", conflicts_with = "quarantine")]
    pub method: Option<Method>,

    /// The today that approvals, holds and due days are held against
    ///
    /// Example: --as-of 2026-12-31
    #[arg(long, value_name = "DATE", value_parser = super::super::args::day_of)]
    pub as_of: Option<Date>,

    /// Who does it, for the register; the account without one
    ///
    /// Example: --by it-operations
    #[arg(long, value_name = "ROLE")]
    pub by: Option<String>,

    /// Say what would be done, and touch nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,

    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

/// Ways to dispose of an item other than moving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Method {
    /// The file is unlinked
    LogicalDelete,
}

/// Runs the command.
pub(super) fn run(args: &ApplyArgs) -> Result<End> {
    let means = means(args)?;
    let bytes =
        read_plan(&args.approved).with_context(|| format!("--approved {}", args.approved.display()))?;
    let rows = plan::read(&bytes)?;
    let policy_file = examine::policy(args.policy.as_deref())?;
    let (path, name) = register_of(&policy_file)?;
    let mut register = match args.dry_run {
        true => Opened::Looked(Register::look(&path, &name)?),
        false => {
            let (register, torn) = Register::open(&path, &name)?;
            say_torn(torn, &name)?;
            Opened::Locked(register)
        }
    };
    // Read when nobody else writes it any more.
    let governed = Governed::open(&policy_file)?;
    let names = examine::printing(&args.knowledge)?;
    let shown = |path: &[u8]| printed(&names, std::iter::once(path)).concat();
    let today = governed::day(Timestamp::now(), &governed.zone);
    let as_of = args.as_of.unwrap_or(today);
    if as_of > today && !args.dry_run {
        bail!(
            "--as-of {as_of}: today is {today}, and nothing is disposed of before its time; --dry-run says what would be done"
        );
    }
    let facts = RunFacts { as_of, ..RunFacts::default() };
    let facts = examine::bare(&facts, &governed.registers);
    let assessing = Assessing::new(&governed.policy, &facts, &names.taxonomy);
    let own: Vec<PathBuf> = governed.own_files().into_iter().chain([args.approved.clone()]).collect();
    let own = own_files(own.iter().map(PathBuf::as_path));
    let by = args.by.clone().unwrap_or_else(account);
    let interrupted = Arc::new(AtomicBool::new(false));
    listen(&interrupted)?;
    let site = Site {
        assessing: &assessing,
        policy_digest: &governed.digest,
        folder: governed.folder(),
        zone: &governed.zone,
        now: &Timestamp::now,
        printed: &shown,
        by: &by,
        version: env!("CARGO_PKG_VERSION"),
        own: &own,
        interrupted: &interrupted,
        before_move: None,
    };
    warn(&means, &site, &governed)?;
    let mut telling = Telling { args, means: &means, shown: &shown, counts: Counts::default() };
    let finished = match &mut register {
        Opened::Looked(register) => {
            let mut open = HashSet::new();
            if let Some(register) = register {
                settle::look_only(&site, register, &mut |end| {
                    if matches!(end.outcome, Outcome::Unsettled(_)) {
                        open.insert(end.id.clone());
                    }
                    telling.tell(&end)
                })?;
            }
            let mut tell = |end: Ended| telling.tell(&end);
            apply::rehearse(&site, &means, &rows, register.as_ref(), &open, &mut tell).map(|()| true)
        }
        Opened::Locked(register) => settle::settle(&site, register, &mut |end| telling.tell(&end))
            .and_then(|()| apply::apply(&site, &means, &rows, register, &mut |end| telling.tell(&end))),
    };
    let finished = match finished {
        Ok(finished) => finished,
        // Some of it may be done: that is said, with what stopped the rest.
        Err(e @ (DisposeError::Io { .. } | DisposeError::Replaced(_))) => {
            writeln!(io::stderr(), "privascan: {}", printable(&e.to_string()))?;
            false
        }
        Err(e) => return Err(e.into()),
    };
    telling.sum(rows.iter().filter(|r| !r.approval.is_given()).count())?;
    Ok(match (finished && telling.counts.open == 0, telling.counts.refused) {
        (false, _) => End::Incomplete,
        (true, 0) => End::Fine,
        (true, _) => End::Found,
    })
}

enum Opened {
    Looked(Option<Register>),
    Locked(Register),
}

fn means(args: &ApplyArgs) -> Result<Means> {
    match (&args.quarantine, args.method) {
        (Some(folder), _) if !folder.is_dir() => {
            bail!("--quarantine {}: no such folder; make it first", folder.display())
        }
        (Some(folder), _) => Ok(Means::Quarantine(folder.clone())),
        (None, Some(Method::LogicalDelete)) => Ok(Means::LogicalDelete),
        (None, None) => bail!("say where items go with --quarantine DIR, or --method logical-delete"),
    }
}

/// The disposal register of a policy: its path and how the policy names it.
pub(super) fn register_of(policy_file: &Path) -> Result<(PathBuf, String)> {
    let shown = policy_file.display().to_string();
    let text = std::fs::read_to_string(policy_file).with_context(|| format!("--policy {shown}"))?;
    let policy = governed::parse(&text, &shown)?;
    let Some(name) = policy.disposal.and_then(|d| d.register) else {
        bail!("{shown}: disposal.register is missing; a disposal has to be written down somewhere");
    };
    let path = policy_file.parent().map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name));
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty() && !p.is_dir()) {
        bail!("register {name}: no folder {}; make it first", folder.display());
    }
    Ok((path, name))
}

/// The bytes of a plan, and no more than a plan may have.
fn read_plan(path: &Path) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other("larger than 1 GiB");
    let file = File::open(path)?;
    if file.metadata()?.len() > plan::MAX_BYTES as u64 {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // It may grow, and a pipe does not say how much there is.
    file.take(plan::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > plan::MAX_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Says that a line which a killed run left unfinished was taken away.
pub(super) fn say_torn(torn: bool, name: &str) -> io::Result<()> {
    match torn {
        true => writeln!(
            io::stderr(),
            "privascan: register {}: its last line was not whole and was dropped",
            printable(name)
        ),
        false => Ok(()),
    }
}

/// The account that runs this.
pub(super) fn account() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"].into_iter();
    names
        .filter_map(|name| std::env::var(name).ok())
        .find(|n| !n.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// A quarantine that scans look into has to be known to the policy, or what is in it counts as a copy.
fn warn(means: &Means, site: &Site<'_>, governed: &Governed) -> Result<()> {
    let Means::Quarantine(folder) = means else { return Ok(()) };
    let inside = String::from_utf8_lossy(&site.relative(folder, b"x")).into_owned();
    let globs = governed.policy.disposal.as_ref().map_or(&[][..], |d| d.quarantine.as_slice());
    let known = crate::govern::assess::Globs::new(globs).matches_path(&inside);
    if site.assessing.system_of(&inside).is_some() && !known {
        writeln!(
            io::stderr(),
            "privascan: --quarantine lies in a system of the policy and no glob of disposal.quarantine matches it: \
             the next scan will call what is in it a copy"
        )?;
    }
    Ok(())
}

/// A line of JSON for each approved row.
#[derive(Serialize)]
struct Line<'a> {
    record: &'static str,
    id: &'a str,
    item_id: &'a str,
    path: &'a str,
    outcome: &'static str,
    reason: Option<&'static str>,
    detail: Option<&'a str>,
    method: &'static str,
    quarantine: Option<&'a str>,
}

fn json(line: &Line<'_>) -> Result<String, DisposeError> {
    serde_json::to_string(line)
        .map_err(|e| DisposeError::Io { what: "standard output".to_owned(), source: e.into() })
}

#[derive(Default)]
struct Counts {
    done: usize,
    before: usize,
    ready: usize,
    refused: usize,
    settled: usize,
    open: usize,
}

struct Telling<'a> {
    args: &'a ApplyArgs,
    means: &'a Means,
    shown: &'a dyn Fn(&[u8]) -> String,
    counts: Counts,
}

impl Telling<'_> {
    fn tell(&mut self, end: &Ended) -> Result<(), DisposeError> {
        let counts = &mut self.counts;
        let (outcome, reason, counter) = match &end.outcome {
            Outcome::Done(_) => ("done", None, &mut counts.done),
            Outcome::DoneBefore => ("done", Some("done-before"), &mut counts.before),
            Outcome::Ready => ("ready", None, &mut counts.ready),
            Outcome::Refused(refused) => ("refused", Some(refused.reason), &mut counts.refused),
            Outcome::SettledDone => ("settled", Some("done"), &mut counts.settled),
            Outcome::SettledNotDone => ("settled", Some("not-done"), &mut counts.settled),
            Outcome::Unsettled(_) => ("unsettled", None, &mut counts.open),
        };
        *counter += 1;
        let detail = match &end.outcome {
            Outcome::Refused(refused) => refused.detail.clone(),
            Outcome::Unsettled(why) => Some((*why).to_owned()),
            _ => None,
        };
        let (path, id) = ((self.shown)(&end.item), printable(&end.id));
        let now_at = match &end.outcome {
            Outcome::Done(Some(place)) => Some((self.shown)(place)),
            _ => None,
        };
        let line = match self.args.format {
            ListFormat::Jsonl => json(&Line {
                record: "disposal",
                id: &id,
                item_id: &end.item_id,
                path: &path,
                outcome,
                reason,
                detail: detail.as_deref(),
                method: self.means.word(),
                quarantine: now_at.as_deref(),
            })?,
            ListFormat::Table => {
                let about = reason.and_then(about).map(|a| format!(": {a}")).unwrap_or_default();
                let reason = reason.map(|r| format!(" {r}")).unwrap_or_default();
                let detail = detail.map(|d| format!(" ({d})")).unwrap_or_default();
                let arrow = now_at.map(|p| format!(" -> {}", printable(&p))).unwrap_or_default();
                let id = if id.is_empty() { "-" } else { &id };
                format!("{outcome:<9} {id}  {}{arrow}{reason}{about}{detail}", printable(&path))
            }
        };
        // What has been done has to be said as it is done, whoever ends this.
        let mut out = io::stdout().lock();
        let written = writeln!(out, "{line}").and_then(|()| out.flush());
        match written {
            Err(source) if source.kind() != io::ErrorKind::BrokenPipe => {
                Err(DisposeError::Io { what: "standard output".to_owned(), source })
            }
            _ => Ok(()),
        }
    }

    fn sum(&self, not_approved: usize) -> Result<()> {
        let c = &self.counts;
        let approved = c.done + c.before + c.ready + c.refused;
        if self.args.format == ListFormat::Jsonl {
            return Ok(());
        }
        let did = match (self.args.dry_run, self.means) {
            (true, _) => "would be done",
            (false, Means::Quarantine(_)) => "moved into quarantine",
            (false, Means::LogicalDelete) => "deleted from the file system; media are not sanitised",
        };
        let number = if self.args.dry_run { c.ready } else { c.done };
        let mut parts = vec![format!("{number} {did}"), format!("{} refused", c.refused)];
        if c.before > 0 {
            parts.push(format!("{} done before", c.before));
        }
        if c.settled > 0 {
            parts.push(format!("{} left open by an earlier run settled", c.settled));
        }
        if c.open > 0 {
            parts.push(format!("{} cannot be settled", c.open));
        }
        let what =
            format!("{approved} approved rows: {}; {not_approved} rows not approved", parts.join(", "));
        match writeln!(io::stdout(), "{what}") {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}
