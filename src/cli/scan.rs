//! `scan`: arguments to a plan, records to writers, the ledger to an exit code.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::End;
use super::args::{Paths, ScanArgs, When};
use super::{keys, knowledge};
use crate::classify::Taxonomy;
use crate::model::{Finding, Likelihood, RunRecord};
use crate::read::Limits;
use crate::report::{self, Colour, Destination, Options, ReportWriter, Summary};
use crate::scan::{self, PathStyle, Progress, ScanPlan};
use crate::source::files::{self, Selection, Target};

/// Runs the command.
pub(super) fn run(args: ScanArgs) -> Result<End> {
    let started_at = Timestamp::now();
    let (detectors, taxonomy) = knowledge::load(&args.knowledge)?;
    let fail_on: Vec<FailOn> =
        args.fail_on.iter().map(|w| FailOn::parse(w, &taxonomy)).collect::<Result<_>>()?;
    let mut writers = open_writers(&args)?;
    let own: Vec<PathBuf> = writers.iter().flat_map(|w| w.outputs()).collect();
    let interrupted = Arc::new(AtomicBool::new(false));
    let bar = progress_bar(&args);
    let plan = ScanPlan {
        targets: targets(&args)?,
        selection: Selection::new(
            &args.include,
            &args.exclude,
            &args.ignore_file,
            args.one_file_system,
            &own,
        )?,
        detectors,
        taxonomy,
        protector: keys::protector(args.key_file.as_deref())?,
        limits: limits(&args)?,
        threads: args.threads.map_or_else(all_processors, usize::from),
        min_likelihood: likelihood(&args.min_likelihood)?,
        occurrences: match args.occurrences.as_str() {
            "all" => usize::MAX,
            n => n.parse().map_err(|_| anyhow!("--occurrences {n}: a number or all"))?,
        },
        paths: match args.paths {
            Paths::Masked => PathStyle::Masked,
            Paths::Raw => PathStyle::Raw,
            Paths::Hashed => PathStyle::Hashed,
        },
        evidence: None,
        totals: bar.is_some(),
        interrupted: interrupted.clone(),
    };
    let twice = interrupted.clone();
    ctrlc::set_handler(move || {
        // The second one is for those who cannot wait.
        if twice.swap(true, Ordering::Relaxed) {
            std::process::exit(3);
        }
    })
    .context("cannot listen for Ctrl-C")?;

    let mut summary = Summary::default();
    let mut hit = false;
    let ledger = scan::run(
        &plan,
        &mut |record| {
            summary.add(&record);
            hit |= record.findings.iter().any(|f| fail_on.iter().any(|w| w.meets(f, &plan.taxonomy)));
            writers.iter_mut().try_for_each(|w| w.item(&record))
        },
        &mut |progress| show(bar.as_ref(), progress),
    )
    .map_err(|e| match e {
        scan::ScanError::Output(e) => anyhow::Error::from(e),
        other => other.into(),
    })?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }

    let was_interrupted = interrupted.load(Ordering::Relaxed);
    let complete = ledger.complete() && !was_interrupted;
    let run = RunRecord {
        run_id: run_id()?,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        detectors_digest: plan.detectors.digest().to_owned(),
        detectors: plan.detectors.definitions().filter(|d| !d.decoy).count() as u64,
        key_id: plan.protector.key_id().to_owned(),
        targets: scan::printed_targets(&plan),
        settings: settings(&args),
        min_likelihood: plan.min_likelihood,
        started_at,
        finished_at: Timestamp::now(),
        interrupted: was_interrupted,
        ledger,
    };
    for writer in writers {
        writer.finish(&run, &summary)?;
    }
    Ok(match (hit, complete || args.allow_incomplete) {
        (true, _) => End::Found,
        (false, true) => End::Fine,
        (false, false) => End::Incomplete,
    })
}

fn targets(args: &ScanArgs) -> Result<Vec<Target>> {
    let given = match args.targets.is_empty() {
        true => vec![PathBuf::from(".")],
        false => args.targets.clone(),
    };
    let targets: Vec<Target> = given
        .into_iter()
        .map(|path| match path.as_os_str() == "-" {
            true => Target::Stdin { name: args.stdin_name.clone() },
            false => Target::Path(path),
        })
        .collect();
    Ok(files::check_targets(&targets)?)
}

fn limits(args: &ScanArgs) -> Result<Limits> {
    let time = match args.timeout_per_item {
        None => None,
        Some(s) => Some(
            Duration::try_from_secs_f64(s)
                .ok()
                .filter(|t| !t.is_zero())
                .with_context(|| format!("--timeout-per-item {s}: a number of seconds above 0"))?,
        ),
    };
    if let Some(dir) = args.temp_dir.as_deref().filter(|d| !d.is_dir()) {
        bail!("--temp-dir {}: no such folder", dir.display());
    }
    Ok(Limits {
        depth: args.max_depth,
        item_bytes: args.max_item_bytes.as_u64(),
        ratio: args.max_ratio,
        time,
        sample_rows: args.sample_rows,
        temp_dir: args.temp_dir.clone(),
        ..Limits::default()
    })
}

fn all_processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn likelihood(word: &str) -> Result<Likelihood> {
    let words = Likelihood::ALL.map(Likelihood::word).join(", ");
    Likelihood::parse(word).with_context(|| format!("--min-likelihood {word}: use one of {words}"))
}

/// A writer for each `-o`, and one for standard output: `--format` if no `-o` needed it, else the summary.
fn open_writers(args: &ScanArgs) -> Result<Vec<Box<dyn ReportWriter>>> {
    let options = Options {
        colour: match args.color {
            When::Always => Colour::Always,
            When::Auto if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() => {
                Colour::Always
            }
            _ => Colour::Never,
        },
    };
    let mut format_used = false;
    let mut writers = Vec::new();
    for path in &args.outputs {
        let destination = Destination::of(path);
        let by_name = match destination {
            Destination::File(_) => report::format_of(path).map(|f| f.name),
            _ => None,
        };
        let format = match (by_name, &args.format) {
            (Some(name), _) => name,
            (None, Some(name)) => {
                format_used = true;
                name
            }
            (None, None) => bail!(
                "-o {}: its extension names no format; add one such as .jsonl or .parquet, or say --format",
                path.display()
            ),
        };
        writers.push(open(format, &destination, path, options)?);
    }
    let format = args.format.as_deref().filter(|_| !format_used).unwrap_or("table");
    let explicit = args.format.is_some() && !format_used;
    if explicit || !args.quiet {
        writers.push(open(format, &Destination::Stdout, Path::new("-"), options)?);
    }
    Ok(writers)
}

fn open(format: &str, to: &Destination, path: &Path, options: Options) -> Result<Box<dyn ReportWriter>> {
    report::open(format, to, options).map_err(|e| {
        let folder_missing = e.kind() == io::ErrorKind::NotFound;
        let hint = if folder_missing { "; make the folder first" } else { "" };
        match folder_missing && !e.to_string().contains("cannot write") {
            true => anyhow!("cannot write {}: {e}{hint}", path.display()),
            false => anyhow!("{e}{hint}"),
        }
    })
}

fn run_id() -> Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| anyhow!("the system gives no random numbers: {e}"))?;
    Ok(crate::model::hex(&bytes))
}

/// What differs from the defaults; never a path, a glob or a key, which may be content.
fn settings(args: &ScanArgs) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |on: bool, what: String| all.extend(on.then_some(what));
    let knowledge = &args.knowledge;
    add(knowledge.detectors != ["all"], format!("detectors={}", knowledge.detectors.join(",")));
    add(knowledge.patterns.is_some(), "patterns=own".to_owned());
    add(!args.include.is_empty(), format!("include={} globs", args.include.len()));
    add(!args.exclude.is_empty(), format!("exclude={} globs", args.exclude.len()));
    add(!args.ignore_file.is_empty(), format!("ignore-file={} files", args.ignore_file.len()));
    add(args.one_file_system, "one-file-system".to_owned());
    add(args.max_depth != 8, format!("max-depth={}", args.max_depth));
    add(args.max_item_bytes.as_u64() != 64 << 30, format!("max-item-bytes={}", args.max_item_bytes.as_u64()));
    add(args.max_ratio != 200, format!("max-ratio={}", args.max_ratio));
    let seconds = args.timeout_per_item.unwrap_or_default();
    add(args.timeout_per_item.is_some(), format!("timeout-per-item={seconds}"));
    let rows = args.sample_rows.unwrap_or_default();
    add(args.sample_rows.is_some(), format!("sample-rows={rows}"));
    add(args.occurrences != "10", format!("occurrences={}", args.occurrences));
    add(!matches!(args.paths, Paths::Masked), format!("paths={:?}", args.paths).to_lowercase());
    all
}

fn progress_bar(args: &ScanArgs) -> Option<ProgressBar> {
    if args.quiet || args.no_progress || !io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::new(0);
    let template = "{bar:24} {bytes}/{total_bytes} {binary_bytes_per_sec} ETA {eta} {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Some(bar)
}

fn show(bar: Option<&ProgressBar>, progress: &Progress) {
    let Some(bar) = bar else { return };
    let get = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
    let done = get(&progress.stored_bytes).max(get(&progress.bytes)).min(get(&progress.total_bytes));
    bar.set_length(get(&progress.total_bytes));
    bar.set_position(done);
    let (items, listed, findings) =
        (get(&progress.items), get(&progress.discovered), get(&progress.findings));
    bar.set_message(format!("{items}/{listed} items, {findings} findings"));
}

/// One `--fail-on`.
#[derive(Debug, PartialEq)]
enum FailOn {
    Tier(usize),
    Likelihood(Likelihood),
    InfoType(String),
    Category(String),
    /// With its final dot.
    Prefix(String),
}

impl FailOn {
    fn parse(word: &str, taxonomy: &Taxonomy) -> Result<Self> {
        if let Some(rank) = taxonomy.tier_rank(word) {
            return Ok(FailOn::Tier(rank));
        }
        if let Some(level) = Likelihood::parse(word) {
            return Ok(FailOn::Likelihood(level));
        }
        if taxonomy.has(word) {
            return Ok(FailOn::InfoType(word.to_owned()));
        }
        let names = || taxonomy.categories().iter().map(|c| c.name.as_str());
        if names().any(|n| n == word) {
            return Ok(FailOn::Category(word.to_owned()));
        }
        if let Some(prefix) = word.strip_suffix('*').filter(|p| p.ends_with('.'))
            && names().any(|n| n.starts_with(prefix))
        {
            return Ok(FailOn::Prefix(prefix.to_owned()));
        }
        bail!(
            "--fail-on {word}: no tier ({}), likelihood, info type or category; see `privascan detectors list`",
            taxonomy.tiers().join(", ")
        )
    }

    /// Published test values meet nothing.
    fn meets(&self, finding: &Finding, taxonomy: &Taxonomy) -> bool {
        !finding.flags.iter().any(|f| f == "likely_test")
            && match self {
                FailOn::Tier(rank) => taxonomy.tier_rank(&finding.tier).is_some_and(|r| r >= *rank),
                FailOn::Likelihood(level) => finding.likelihood >= *level,
                FailOn::InfoType(name) => finding.info_type == *name,
                FailOn::Category(name) => finding.category == *name,
                FailOn::Prefix(prefix) => finding.category.starts_with(prefix),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fail_on_takes_the_words_of_the_contract_and_refuses_others() {
        let taxonomy = Taxonomy::builtin().expect("sound");
        let parse = |w: &str| FailOn::parse(w, &taxonomy);
        assert_eq!(parse("restricted").expect("tier"), FailOn::Tier(3));
        assert_eq!(parse("likely").expect("likelihood"), FailOn::Likelihood(Likelihood::Likely));
        assert_eq!(parse("US_SSN").expect("info type"), FailOn::InfoType("US_SSN".to_owned()));
        assert_eq!(parse("gov.*").expect("prefix"), FailOn::Prefix("gov.".to_owned()));
        assert_eq!(parse("pay.pan").expect("category"), FailOn::Category("pay.pan".to_owned()));
        for nonsense in ["", "gov", "gov*", "everything", "nope.*"] {
            assert!(parse(nonsense).is_err(), "{nonsense}");
        }
    }
}
