//! `reperform`: one item of a kept run examined again, with the rules that the run kept.

mod compare;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use super::End;
use super::args::ListFormat;
use super::{governed, keys};
use crate::classify::{Protector, Taxonomy};
use crate::detect::{Detectors, definition};
use crate::govern::{Criteria, Registers};
use crate::model::{ItemId, ItemPath, ItemRecord, Likelihood, Outcome, Reason};
use crate::read::Limits;
use crate::record::verify::again::assess_again;
use crate::record::{Kept, Manifest, Record, RecordError, Run, Want, split_name};
use crate::report::printable;
use crate::scan::{EvidencePlan, PathStyle, ScanPlan, examine_file};
use crate::source::files::item_id;
use compare::{Compared, Needs};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all is as it was kept; 1 something is different; 2 usage, or the record does not hold; \
    3 something that is needed is not there: it is named"
)]
pub(super) struct ReperformArgs {
    /// The record, and which run of it: a number or folder name; the last that completed without one
    ///
    /// Example: privascan reperform evidence@12 --item 3f0c…
    #[arg(value_name = "RECORD[@RUN]")]
    pub record: String,

    /// The item's id, as `sample` and `population` print it
    #[arg(long, value_name = "ID")]
    pub item: String,

    /// Folder that relative paths of the run begin in: the working directory of the scan; the one of now without it
    ///
    /// Example: --root /mnt/copy-of-share
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// The file, where its path was printed masked, or where it lies elsewhere now
    ///
    /// The end of the path has to be the path that the scan saw, unless the run printed that.
    /// Example: --file /mnt/copy/hr/anna@example.org.txt
    #[arg(long, value_name = "PATH")]
    pub file: Option<PathBuf>,

    /// Key of the run, to compare fingerprints; or PRIVASCAN_KEY
    #[arg(long, value_name = "F")]
    pub key_file: Option<PathBuf>,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
}

/// The id of the run without a key.
const RANDOM: &str = "random";

/// Runs the command.
pub(super) fn run(args: &ReperformArgs) -> Result<End> {
    let (dir, which) = split_name(&args.record);
    let record = super::open_record(&dir)?;
    let run = record.find(which)?;
    let kept = record.load(run, Want::Occurrences)?;
    let at = kept.items.iter().position(|i| i.item.id.to_string() == args.item);
    let Some(at) = at else {
        bail!(
            "--item {}: run {} has no such item; `privascan population --of items` lists them",
            printable(&args.item),
            run.sequence
        );
    };
    let old = &kept.items[at];
    if let Outcome::Skipped(reason) = old.outcome
        && reason != Reason::Interrupted
    {
        bail!("run {} left this item out ({}): nothing of it was examined", run.sequence, reason.code());
    }
    let mut needs = Needs::default();
    let rules = Rules::of(&record, run, &kept.manifest)?;
    if rules.detectors.digest() != kept.manifest.configuration.detectors_digest {
        let version = &kept.manifest.tool.version;
        needs.add(format!("privascan {version}: this build reads the kept detectors as other ones"));
    }
    let key_id = &kept.manifest.configuration.key_id;
    let protector = keys::protector(args.key_file.as_deref())?;
    let comparable = key_id != RANDOM && protector.key_id() == key_id.as_str();
    if !comparable && key_id != RANDOM {
        let given = protector.key_id();
        needs.add(format!(
            "the key with the id {key_id} to compare fingerprints (--key-file); the one given has {given}"
        ));
    }
    let found = find(args, &kept.items, old)?;
    let mut compared = Compared::new(old, comparable);
    if key_id == RANDOM {
        compared.notes.push("fingerprints are of a key of that run only and were not compared".to_owned());
    }
    match found {
        None => needs.add(format!(
            "the file {}, which is not there; --root or --file say where it is",
            old.printed_path
        )),
        Some(found) => {
            let plan = rules.plan(&record, run, &kept.manifest, protector)?;
            let outer = &kept.items[found.outer];
            let new = examine_file(&plan, found.path, found.file);
            again(&record, run, &kept, (at, outer), new, &mut compared, &mut needs)?;
        }
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.format {
        ListFormat::Table => compared.table(&mut out, &run.name, &needs)?,
        ListFormat::Jsonl => compared.lines(&mut out, &run.name, &needs)?,
    }
    out.flush()?;
    Ok(match (compared.differs(), needs.is_empty()) {
        (true, _) => End::Found,
        (false, true) => End::Fine,
        (false, false) => End::Incomplete,
    })
}

/// Compares what was examined again with what was kept.
fn again(
    record: &Record,
    run: &Run,
    kept: &Kept,
    (at, outer): (usize, &ItemRecord),
    new: Vec<ItemRecord>,
    compared: &mut Compared<'_>,
    needs: &mut Needs,
) -> Result<()> {
    let Some(now) = new.first() else { return Ok(()) };
    if matches!(now.outcome, Outcome::Failed(Reason::PermissionDenied)) && now.outcome != outer.outcome {
        needs.add("permission to read the file".to_owned());
        return Ok(());
    }
    let (then_hash, now_hash) = (&outer.evidence.content_hash, &now.evidence.content_hash);
    let changed = match (then_hash, now_hash) {
        (Some(then), Some(now)) => then != now,
        _ => outer.item.meta.bytes != now.item.meta.bytes,
    };
    if changed {
        let of = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "unknown".to_owned());
        let bytes =
            |item: &ItemRecord| item.item.meta.bytes.map_or_else(|| "?".to_owned(), |n| n.to_string());
        needs.add(format!(
            "the file as it was: content has changed since; then {} bytes, SHA-256 {}, now {} bytes, SHA-256 {}",
            bytes(outer), of(then_hash), bytes(now), of(now_hash)
        ));
        return Ok(());
    }
    if then_hash.is_none() {
        compared
            .notes
            .push("the run could not hash the file: that its content is the same is not proven".to_owned());
    }
    let id = kept.items[at].item.id;
    let Some(new) = new.into_iter().find(|i| i.item.id == id) else {
        compared.row("item", "there", "the file holds no such entry", Some(false));
        return Ok(());
    };
    compared.items(&new);
    verdicts(record, run, kept, at, new, compared, needs)
}

/// What the control tests say of the item, then and now: everything else as it was kept.
fn verdicts(
    record: &Record,
    run: &Run,
    kept: &Kept,
    at: usize,
    new: ItemRecord,
    compared: &mut Compared<'_>,
    needs: &mut Needs,
) -> Result<()> {
    if kept.manifest.configuration.policy.is_none() {
        return Ok(());
    }
    let (stated, _) = record.assessment(run, &kept.manifest)?;
    let previous = match record.previous(run.sequence).map(|run| record.load(run, Want::Findings)).transpose()
    {
        Ok(previous) => previous,
        Err(e) => {
            needs.add(format!("the run before, for the control tests: {e}"));
            return Ok(());
        }
    };
    let mut items = kept.items.clone();
    compare::as_stored(&mut items[at], new, compared.comparable);
    let taxonomy = Taxonomy::parse(&text(record, run, &kept.manifest, "patterns/taxonomy.toml")?)?;
    let criteria = Criteria::builtin()?;
    let assess = |items: &[ItemRecord]| {
        let again =
            assess_again(record, run, (&kept.manifest, items), previous.as_ref(), (&taxonomy, &criteria))?;
        Ok::<_, RecordError>(again.map(|a| a.assessment.results).unwrap_or_default())
    };
    let (before, after) = (assess(&kept.items)?, assess(&items)?);
    compared.verdicts(&stated.results, &before, &after);
    Ok(())
}

/// Where an item's file is.
struct Found {
    /// Raw path of the outermost item, as the scan saw it.
    path: ItemPath,
    /// The file now.
    file: PathBuf,
    /// The outermost item among the kept ones.
    outer: usize,
}

/// The outermost file around an item; `None`: it is not there.
fn find(args: &ReperformArgs, items: &[ItemRecord], old: &ItemRecord) -> Result<Option<Found>> {
    let depth = old.item.path.depth();
    let printed = old.printed_path.rsplitn(depth + 1, "!/").last().unwrap_or(&old.printed_path);
    let outermost: BTreeMap<ItemId, usize> = items
        .iter()
        .enumerate()
        .filter(|(_, i)| i.item.path.depth() == 0 && i.printed_path == printed)
        .map(|(at, i)| (i.item.id, at))
        .collect();
    let known = |raw: &[u8]| outermost.get(&item_id(&ItemPath::new(raw))).copied();
    let mut raw = known(printed.as_bytes()).map(|outer| (printed.as_bytes().to_vec(), outer));
    if raw.is_none() {
        let Some(file) = &args.file else {
            bail!(
                "the run printed the path of this item as {}, with something in it hidden: name the file with --file",
                printable(printed)
            );
        };
        raw = endings(file).find_map(|raw| known(&raw).map(|outer| (raw, outer)));
    }
    let Some((raw, outer)) = raw else {
        bail!(
            "--file: the end of this path is not the path that the scan saw of item {}; give it with all folders below the \
            scan's working directory",
            args.item
        );
    };
    let place = args.file.clone().unwrap_or_else(|| below(args.root.as_deref(), &raw));
    let was_there = !matches!(items[outer].outcome, Outcome::Failed(Reason::NotFound));
    let file = match place.canonicalize() {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound && was_there => return Ok(None),
        Err(_) => place,
    };
    Ok(Some(Found { path: ItemPath::new(raw), file, outer }))
}

/// A path and its ends, from the longest.
fn endings(file: &Path) -> impl Iterator<Item = Vec<u8>> {
    let whole = file.as_os_str().as_encoded_bytes().to_vec();
    let slashes: Vec<usize> =
        whole.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at + 1).collect();
    std::iter::once(0).chain(slashes).map(move |from| whole[from..].to_vec())
}

/// Where a path of the scan lies below a root.
fn below(root: Option<&Path>, raw: &[u8]) -> PathBuf {
    let path = PathBuf::from(String::from_utf8_lossy(raw).into_owned());
    match (root, path.strip_prefix("/")) {
        (None, _) => path,
        (Some(root), Ok(inside)) => root.join(inside),
        (Some(root), Err(_)) => root.join(path),
    }
}

/// The kept knowledge, compiled.
struct Rules {
    detectors: Detectors,
    taxonomy: Taxonomy,
}

fn text(record: &Record, run: &Run, manifest: &Manifest, name: &str) -> Result<String> {
    let bytes = record.file(run, manifest, name)?;
    String::from_utf8(bytes).map_err(|_| anyhow!("{}/{name} is no text", run.name))
}

impl Rules {
    fn of(record: &Record, run: &Run, manifest: &Manifest) -> Result<Self> {
        const NAME: &str = "patterns/detectors.toml";
        let taxonomy = Taxonomy::parse(&text(record, run, manifest, "patterns/taxonomy.toml")?)?;
        let definitions = definition::parse(NAME, &text(record, run, manifest, NAME)?)?;
        let all = definitions.into_iter().map(|d| (NAME.to_owned(), d)).collect();
        let detectors = Detectors::compile(all, &|t| taxonomy.has(t)).map_err(|errors| {
            let first = errors.first().map(ToString::to_string).unwrap_or_default();
            anyhow!(
                "this build cannot use the kept detectors: {first}; use privascan {}",
                manifest.tool.version
            )
        })?;
        Ok(Self { detectors, taxonomy })
    }

    /// The plan of the run, for one item.
    fn plan(self, record: &Record, run: &Run, manifest: &Manifest, protector: Protector) -> Result<ScanPlan> {
        let settings = Settings(&manifest.configuration.settings);
        let word = &manifest.configuration.min_likelihood;
        let limits = Limits {
            depth: settings.number("max-depth")?.unwrap_or(usize::MAX),
            entries: settings.number("max-entries")?.unwrap_or(u64::MAX),
            item_bytes: settings.number("max-item-bytes")?.unwrap_or(u64::MAX),
            ratio: settings.number("max-ratio")?.unwrap_or(u64::MAX),
            record_bytes: settings.number("max-record-bytes")?.unwrap_or(Limits::default().record_bytes),
            time: settings
                .number::<f64>("timeout-per-item")?
                .and_then(|s| Duration::try_from_secs_f64(s).ok()),
            sample_rows: settings.number("sample-rows")?,
            ..Limits::default()
        };
        let policy =
            record.policy_text(run, manifest)?.map(|t| governed::parse(&t, "policy.toml")).transpose()?;
        let mut evidence = match &policy {
            None => EvidencePlan::default(),
            Some(policy) => {
                // Without events, whose keys are content and not kept.
                let registers: Registers = record.registers(run, manifest)?;
                governed::evidence(policy, &registers, &governed::zone(policy)?)
            }
        };
        evidence.content_hashes = true;
        Ok(ScanPlan {
            protector,
            limits,
            min_likelihood: Likelihood::parse(word).with_context(|| {
                format!("the run's --min-likelihood is {word}, which this build does not know")
            })?,
            occurrences: settings.number("occurrences")?.unwrap_or(usize::MAX),
            paths: match settings.0.get("paths").map(String::as_str) {
                Some("raw") => PathStyle::Raw,
                Some("hashed") => PathStyle::Hashed,
                _ => PathStyle::Masked,
            },
            evidence: Some(Arc::new(evidence)),
            ..ScanPlan::of(Arc::new(self.detectors), Arc::new(self.taxonomy))?
        })
    }
}

/// Settings of the run, by flag.
struct Settings<'a>(&'a BTreeMap<String, String>);

impl Settings<'_> {
    /// A number; `None` for `none` and `all`.
    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>> {
        match self.0.get(name).map(String::as_str) {
            None => bail!(
                "the manifest does not tell the run's {name}; use the version of privascan that made the run"
            ),
            Some("none" | "all") => Ok(None),
            Some(text) => {
                let parsed =
                    text.parse().map_err(|_| anyhow!("the run's {name} is {}: no number", printable(text)));
                parsed.map(Some)
            }
        }
    }
}
