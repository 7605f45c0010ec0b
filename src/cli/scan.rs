//! `scan`: arguments to a plan, records to writers, the ledger and the policy to an exit code.

mod keeping;
mod settings;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::args::{Paths, ScanArgs};
use super::fail_on::FailOn;
use super::governed::{self, Governed};
use super::outputs::open_writers;
use super::{End, complain, keys, knowledge};
use crate::classify::Taxonomy;
use crate::detect::Detectors;
use crate::govern::facts::{Base, Facts, Reach, RunFacts};
use crate::govern::{Assessing, Criteria, Policy, Registers, assess};
use crate::model::{ItemRecord, Ledger, Likelihood, RunRecord, hex};
use crate::read::Limits;
use crate::record::manifest::SystemScope;
use crate::record::{Beginning, Want};
use crate::report::{self, ReportWriter, Summary};
use crate::scan::{self, EvidencePlan, PathStyle, Progress, ScanPlan, self_test};
use crate::source::files::{self, Selection, Target};
use keeping::{Keeping, Whole};

/// Runs the command.
pub(super) fn run(args: ScanArgs) -> Result<End> {
    let started_at = Timestamp::now();
    let (detectors, taxonomy) = knowledge::load(&args.knowledge)?;
    let governed = Governed::find(args.policy.as_deref())?;
    let fail_on: Vec<FailOn> =
        args.fail_on.iter().map(|w| FailOn::parse(w, &taxonomy)).collect::<Result<_>>()?;
    if let Some(i) = fail_on.iter().position(FailOn::needs_policy).filter(|_| governed.is_none()) {
        bail!("--fail-on {}: only a policy can say so; name one with --policy", args.fail_on[i]);
    }
    if governed.is_some() && matches!(args.paths, Paths::Hashed) {
        bail!("--paths hashed hides the names that a policy's roots and globs speak of; use masked");
    }
    let sign_key = args.sign_key.as_deref().map(keys::sign_key).transpose()?;
    let targets = targets(&args, governed.as_ref())?;
    let zone = governed.as_ref().map_or(jiff::tz::TimeZone::UTC, |g| g.zone.clone());
    let as_of = args.as_of.unwrap_or_else(|| governed::day(started_at, &zone));
    let whole = args.targets.is_empty();
    let mut systems = governed.as_ref().map_or_else(Vec::new, |g| g.systems(&targets, whole));
    let raw_base = governed.as_ref().map_or_else(|| Ok(Base::default()), |g| g.base(&targets))?;

    let mut writers = open_writers(&args.output)?;
    let mut own: Vec<PathBuf> = writers.iter().flat_map(|w| w.outputs()).collect();
    own.extend(args.record.iter().chain(&args.sign_key).cloned());
    own.extend(governed.iter().flat_map(Governed::own_files));
    let interrupted = Arc::new(AtomicBool::new(false));
    let bar = progress_bar(&args);
    let selection = selection(&args, &own, governed.as_ref(), &raw_base)?;
    let evidence = evidence(&args, governed.as_ref());
    let totals = bar.is_some();
    let mut plan = ScanPlan {
        targets,
        selection,
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
        evidence: evidence.map(Arc::new),
        reuse: None,
        totals,
        interrupted: interrupted.clone(),
    };
    let registers = governed.as_ref().map_or_else(Registers::default, |governed| {
        governed.printed_registers(&plan, &raw_base, &printed_base(&plan, &raw_base))
    });
    let mut facts = RunFacts {
        run_id: String::new(),
        as_of,
        interrupted: false,
        detectors_digest: plan.detectors.digest().to_owned(),
        policy_digest: governed.as_ref().map(|g| g.digest.clone()),
        key_id: plan.protector.key_id().to_owned(),
        base: printed_base(&plan, &raw_base),
        categories_on: categories_on(&plan.detectors, &plan.taxonomy),
        detectors_left_out: args.knowledge.detectors != ["all"],
        roots: systems.iter().map(|s| (s.id.clone(), Reach::parse(&s.reach).unwrap_or_default())).collect(),
        watched: governed.as_ref().map(|_| watched(&plan)),
    };
    let beginning = Beginning {
        at: started_at,
        as_of,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        detectors_digest: facts.detectors_digest.clone(),
        policy_digest: facts.policy_digest.clone(),
    };
    if args.incremental && plan.protector.key_id() == "random" {
        bail!(
            "--incremental: fingerprints have to be of one key; name it with --key-file (`privascan key new` makes one)"
        );
    }
    let mut settings = settings::effective(&args, &plan);
    let want = if args.incremental { Want::Occurrences } else { Want::Findings };
    let mut keeping = args.record.as_deref().map(|dir| Keeping::begin(dir, &beginning, want)).transpose()?;
    if let Some(keeping) = keeping.as_mut().filter(|_| args.incremental) {
        let zone = governed.as_ref().map_or_else(|| "UTC".to_owned(), |g| governed::zone_name(&g.policy));
        let said = match keeping.reuse(&plan, &settings, &zone) {
            Ok(reuse) => {
                plan.reuse = Some(Arc::new(reuse));
                "on".to_owned()
            }
            Err(why) => format!("nothing taken over from the last run: {why}"),
        };
        settings.insert("incremental".to_owned(), said);
    }
    facts.run_id = keeping.as_ref().map_or_else(run_id, |k| Ok(k.name().to_owned()))?;
    listen(&interrupted)?;

    // From here on the record says that a run began: it has to learn how it ended.
    let policy = governed.as_ref().map(|g| &g.policy);
    let scanned =
        Scanning { plan: &plan, policy, fail_on: &fail_on }.run(&mut writers, keeping.as_mut(), bar.as_ref());
    let scanned = match (scanned, keeping) {
        (Ok(scanned), kept) => (scanned, kept),
        (Err(e), None) => return Err(e),
        (Err(e), Some(keeping)) => {
            keeping.abort(Timestamp::now())?;
            return Err(e);
        }
    };
    let (Scanned { ledger, summary, items, mut hit }, mut keeping) = scanned;
    facts.interrupted = interrupted.load(Ordering::Relaxed);
    let run = RunRecord {
        run_id: facts.run_id.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        detectors_digest: facts.detectors_digest.clone(),
        detectors: plan.detectors.definitions().filter(|d| !d.decoy).count() as u64,
        key_id: facts.key_id.clone(),
        targets: scan::printed_targets(&plan),
        settings: settings::changed(&args),
        min_likelihood: plan.min_likelihood,
        started_at,
        finished_at: Timestamp::now(),
        as_of: (policy.is_some() || keeping.is_some()).then_some(as_of),
        policy_digest: facts.policy_digest.clone(),
        interrupted: facts.interrupted,
        unreached: facts.unreached(),
        ledger,
    };
    let criteria = Criteria::builtin()?;
    let self_test = policy.map(|_| self_test::of_run(&plan, &items, &facts.run_id).summary());
    let assessment = policy.map(|policy| {
        let facts = Facts {
            run: &facts,
            items: &items,
            previous: keeping.as_ref().and_then(Keeping::previous),
            history: keeping.as_ref().map(|k| k.history.as_slice()),
            registers: &registers,
            reviews: keeping.as_ref().map_or(&[], |k| k.reviews.as_slice()),
            self_test: self_test.as_ref(),
            integrity: keeping.as_ref().map(|k| &k.integrity),
        };
        count_systems(&mut systems, policy, &facts, &plan.taxonomy);
        assess(policy, &facts, &plan.taxonomy, &criteria)
    });
    let frameworks = policy.map_or(&[][..], |p| &p.policy.frameworks);
    let concluded = assessment.as_ref().map_or_else(Vec::new, |a| criteria.conclude(&a.results, frameworks));
    if let Some(assessment) = &assessment {
        hit |= assessment.results.iter().any(|r| fail_on.iter().any(|w| w.meets_result(r)));
        if let Some(keeping) = &mut keeping {
            keeping.appender().assessment(assessment, &concluded)?;
        }
    }
    if let Some(keeping) = keeping {
        keeping.finish(&Whole {
            run: &run,
            summary: &summary,
            plan: &plan,
            settings: &settings,
            facts: &facts,
            systems: &systems,
            governed: governed.as_ref(),
            registers: &registers,
            self_test: self_test.as_ref(),
            assessment: assessment.as_ref(),
            sign_key: sign_key.as_ref(),
        })?;
    }
    // After the record, which does not depend on whether someone still reads along.
    for mut writer in writers {
        if let Some(assessment) = &assessment {
            writer.assessment(assessment, &concluded)?;
        }
        writer.finish(&run, &summary)?;
    }
    if args.output.quiet {
        tell_unreached(&run);
    }
    Ok(match (hit, run.complete() || args.output.allow_incomplete) {
        (true, _) => End::Found,
        (false, true) => End::Fine,
        (false, false) => End::Incomplete,
    })
}

/// One line on standard error where no summary says so.
pub(super) fn tell_unreached(run: &RunRecord) {
    if !run.unreached.is_empty() {
        complain(&format!("incomplete: {}", report::not_reached(&run.unreached)));
    }
}

/// What examines items and hands their records on.
struct Scanning<'a> {
    plan: &'a ScanPlan,
    policy: Option<&'a Policy>,
    fail_on: &'a [FailOn],
}

/// What came of it.
struct Scanned {
    ledger: Ledger,
    summary: Summary,
    /// Without occurrences; only where a policy asks.
    items: Vec<ItemRecord>,
    hit: bool,
}

impl Scanning<'_> {
    fn run(
        &self,
        writers: &mut [Box<dyn ReportWriter>],
        mut keeping: Option<&mut Keeping>,
        bar: Option<&ProgressBar>,
    ) -> Result<Scanned> {
        let (mut summary, mut items, mut hit) = (Summary::default(), Vec::new(), false);
        let ledger = scan::run(
            self.plan,
            &mut |mut record| {
                if let Some(keeping) = &mut keeping {
                    keeping.date(&mut record);
                    keeping.appender().item(&record)?;
                }
                summary.add(&record);
                hit |= record
                    .findings
                    .iter()
                    .any(|f| self.fail_on.iter().any(|w| w.meets(f, &self.plan.taxonomy)));
                writers.iter_mut().try_for_each(|w| w.item(&record))?;
                if self.policy.is_some() {
                    record.findings.iter_mut().for_each(|f| f.occurrences = Vec::new());
                    items.push(record);
                }
                Ok(())
            },
            &mut |progress| show(bar, progress),
        )
        .map_err(|e| match e {
            scan::ScanError::Output(e) => anyhow::Error::from(e),
            other => other.into(),
        })?;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        Ok(Scanned { ledger, summary, items, hit })
    }
}

pub(super) fn listen(interrupted: &Arc<AtomicBool>) -> Result<()> {
    let twice = interrupted.clone();
    ctrlc::set_handler(move || {
        // The second one is for those who cannot wait.
        if twice.swap(true, Ordering::Relaxed) {
            std::process::exit(3);
        }
    })
    .context("cannot listen for Ctrl-C")
}

pub(super) fn selection(
    args: &ScanArgs,
    own: &[PathBuf],
    governed: Option<&Governed>,
    base: &Base,
) -> Result<Selection> {
    let (include, exclude) = (&args.include, &args.exclude);
    let selection = Selection::new(include, exclude, &args.ignore_file, args.one_file_system, own)?;
    let excluded = governed.into_iter().flat_map(|g| &g.policy.scope.exclude);
    let globs: Vec<String> = excluded.map(|e| e.glob.clone()).collect();
    Ok(selection.leaving_out(&globs, &base.strip, &base.prepend)?)
}

/// What is gathered of each item beyond findings.
pub(super) fn evidence(args: &ScanArgs, governed: Option<&Governed>) -> Option<EvidencePlan> {
    let mut evidence = governed.map(Governed::evidence);
    if args.record.is_some() {
        // The next run asks what became of this one's items.
        evidence.get_or_insert_with(EvidencePlan::default).content_hashes = true;
    }
    evidence
}

/// Fingerprints that the run looks for.
fn watched(plan: &ScanPlan) -> BTreeSet<String> {
    let evidence = plan.evidence.iter().flat_map(|evidence| &evidence.watched);
    evidence.map(|print| hex(print)).collect()
}

/// The rule for paths as they are printed.
pub(super) fn printed_base(plan: &ScanPlan, raw: &Base) -> Base {
    Base { strip: scan::printed(plan, std::iter::once(raw.strip.as_bytes())).concat(), ..raw.clone() }
}

/// Categories that an enabled detector finds.
pub(super) fn categories_on(detectors: &Detectors, taxonomy: &Taxonomy) -> BTreeSet<String> {
    let on = detectors.definitions().filter(|d| !d.decoy);
    on.map(|d| taxonomy.category_of(&d.info_type).name.clone()).collect()
}

/// Counts items by the system they are in.
fn count_systems(systems: &mut [SystemScope], policy: &Policy, facts: &Facts<'_>, taxonomy: &Taxonomy) {
    let without_items = Facts { items: &[], previous: None, ..*facts };
    let assessing = Assessing::new(policy, &without_items, taxonomy);
    for record in facts.items {
        let system = assessing.system_of(&facts.run.base.apply(&record.printed_path));
        if let Some(system) = system.and_then(|at| systems.get_mut(at)) {
            system.count(record);
        }
    }
}

pub(super) fn targets(args: &ScanArgs, governed: Option<&Governed>) -> Result<Vec<Target>> {
    let given = match (args.targets.is_empty(), governed) {
        (true, Some(governed)) => governed.targets(),
        (true, None) => vec![PathBuf::from(".")],
        (false, _) => args.targets.clone(),
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

pub(super) fn limits(args: &ScanArgs) -> Result<Limits> {
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

pub(super) fn all_processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn likelihood(word: &str) -> Result<Likelihood> {
    let words = Likelihood::ALL.map(Likelihood::word).join(", ");
    Likelihood::parse(word).with_context(|| format!("--min-likelihood {word}: use one of {words}"))
}

pub(super) fn run_id() -> Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| anyhow!("the system gives no random numbers: {e}"))?;
    Ok(hex(&bytes))
}

fn progress_bar(args: &ScanArgs) -> Option<ProgressBar> {
    if args.output.quiet || args.no_progress || !io::stderr().is_terminal() {
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
