//! A kept run worked out again: sums, results of control tests and criteria from items, policy and registers.

use std::collections::BTreeMap;

use super::links::Knowledge;
use super::{Finds, RunCheck, cells, links, sums};
use crate::classify::Taxonomy;
use crate::govern::facts::{Facts, Review, RunFacts};
use crate::govern::outcome::CriterionResult;
use crate::govern::{Assessing, Assessment, ControlResult, Criteria, Policy, Registers, assess};
use crate::model::ItemRecord;
use crate::record::kept::{Kept, Want};
use crate::record::log::Event;
use crate::record::manifest::{Manifest, SystemScope, drifted, results_of};
use crate::record::read::{Record, Run};
use crate::record::{RecordError, tables};

/// Bytes of one table that are held in memory; what is larger is hashed only.
const MAX_TABLE_BYTES: u64 = 2 << 30;

/// Checks a run's tables against each other and against what follows from them; gives what it kept if it can be read.
pub(super) fn check(
    record: &Record,
    run: &Run,
    manifest: Manifest,
    previous: Option<&(&Run, Option<Kept>)>,
    knowledge: &mut Knowledge,
    check: &mut RunCheck,
    finds: &mut Finds<'_>,
) -> Option<Kept> {
    if let Some(large) = manifest.files.iter().find(|f| f.rows.is_some() && f.bytes > MAX_TABLE_BYTES) {
        let limit = MAX_TABLE_BYTES >> 30;
        check
            .notes
            .push(format!("{} is larger than {limit} GiB: its hash was compared, not its rows", large.name));
        return None;
    }
    // What is not the file that the manifest vouches for is a problem already; nothing more can be said from it.
    let intact = |name: &str| {
        let kept = manifest.files.iter().find(|f| f.name == name)?;
        record.file(run, &manifest, name).ok().map(|bytes| (kept, bytes))
    };
    for (kept, bytes) in cells::TABLES.iter().filter_map(|name| intact(name)) {
        match tables::count_rows(bytes) {
            Ok(rows) => {
                check.rows += rows;
                if kept.rows != Some(rows) {
                    finds.add(&kept.name, format!("has {rows} rows, and the manifest states another number"));
                }
            }
            Err(what) => finds.add(&kept.name, what),
        }
    }
    let items = match record.items(run, &manifest, Want::Occurrences) {
        Ok(items) => items,
        Err(e) => {
            unreadable(e, finds);
            return None;
        }
    };
    let taxonomy = knowledge.taxonomy(record, run, &manifest, finds);
    let detectors = knowledge.detectors(record, run, &manifest, finds);
    if let (Some(taxonomy), Some(detectors)) = (&taxonomy, &detectors) {
        links::check(&items, &manifest, detectors, taxonomy, finds);
    }
    sums::check(&items, &manifest, finds);
    cells::check(record, run, &manifest, &items, finds);
    let before = previous.and_then(|(run, kept)| Some((*run, kept.as_ref()?)));
    if let Some((_, earlier)) = before {
        sums::check_since(&items, &manifest, earlier, finds);
    }
    let kept = Kept { manifest, items };
    if previous.is_some() && before.is_none() && kept.manifest.identity.previous_run.is_some() {
        check.notes.push("results were not worked out again: the run before does not hold".to_owned());
        return Some(kept);
    }
    if let Some(taxonomy) = &taxonomy {
        let before = before.map(|(_, kept)| kept);
        results(record, run, &kept, before, (taxonomy, &knowledge.criteria), check, finds);
    }
    Some(kept)
}

/// A file that is not what its hash says has been told of already.
fn unreadable(error: RecordError, finds: &mut Finds<'_>) {
    if finds.told > 0 {
        return;
    }
    match error {
        RecordError::Malformed { path, what } => {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
            finds.add(name.unwrap_or_default(), what);
        }
        other => finds.add("folder", other.to_string()),
    }
}

/// What the control tests say of a kept run, given what the record held when it was made.
pub(crate) struct Again {
    /// The kept policy.
    pub policy: Policy,
    /// What follows.
    pub assessment: Assessment,
    /// What that says about criteria.
    pub concluded: Vec<CriterionResult>,
}

/// Holds a run's kept policy against items, which may be others than those it kept; `None` without policy.
pub(crate) fn assess_again(
    record: &Record,
    run: &Run,
    (manifest, items): (&Manifest, &[ItemRecord]),
    previous: Option<&Kept>,
    (taxonomy, criteria): (&Taxonomy, &Criteria),
) -> Result<Option<Again>, RecordError> {
    let Some(text) = record.policy_text(run, manifest)? else { return Ok(None) };
    let policy = Policy::parse(&text).map_err(|_| {
        RecordError::malformed(
            &record.folder(run).join("policy.toml"),
            "cannot be read as a policy by this build",
        )
    })?;
    let registers = record.registers(run, manifest)?;
    let facts = manifest.run_facts();
    // A run that could not read the one before it did without.
    let previous = previous.filter(|_| manifest.identity.previous_run.is_some());
    let previous: Option<(RunFacts, &[ItemRecord])> =
        previous.map(|kept| (kept.manifest.run_facts(), kept.items.as_slice()));
    let history = record.history(run.sequence);
    let reviews: Vec<Review> = record.reviews_before(run);
    let facts = facts_of(&facts, items, manifest, &previous, &history, &registers, &reviews);
    let assessment = assess(&policy, &facts, taxonomy, criteria);
    let concluded = criteria.conclude(&assessment.results, &policy.policy.frameworks);
    Ok(Some(Again { policy, assessment, concluded }))
}

fn facts_of<'a>(
    run: &'a RunFacts,
    items: &'a [ItemRecord],
    manifest: &'a Manifest,
    previous: &'a Option<(RunFacts, &'a [ItemRecord])>,
    history: &'a [crate::govern::facts::PastRun],
    registers: &'a Registers,
    reviews: &'a [Review],
) -> Facts<'a> {
    Facts {
        run,
        items,
        previous: previous.as_ref().map(|(facts, items)| (facts, *items)),
        history: Some(history),
        registers,
        reviews,
        self_test: manifest.self_test.as_ref(),
        integrity: manifest.integrity.as_ref(),
    }
}

/// Kept results against those that follow.
fn results(
    record: &Record,
    run: &Run,
    kept: &Kept,
    previous: Option<&Kept>,
    (taxonomy, criteria): (&Taxonomy, &Criteria),
    check: &mut RunCheck,
    finds: &mut Finds<'_>,
) {
    let manifest = &kept.manifest;
    let (stated, concluded) = match record.assessment(run, manifest) {
        Ok(stated) => stated,
        Err(e) => return unreadable(e, finds),
    };
    if results_of(&stated) != manifest.results {
        finds.add("manifest.json", "results are not the sums of control_results.parquet");
    }
    for result in &stated.results {
        let (excepted, open): (Vec<_>, Vec<_>) =
            result.deviating.iter().partition(|d| d.approved_exception.is_some());
        if (open.len() as u64, excepted.len() as u64) != (result.deviations, result.excepted) {
            let (stated, kept) = (result.deviations + result.excepted, result.deviating.len());
            finds.add(
                "deviations.parquet",
                format!("{}: {kept} rows, and the result states {stated}", name_of(result)),
            );
        }
    }
    let noted = record.lines().iter().find(|l| Some(l.seq) == run.end_line).map(|l| &l.event);
    if let Some(Event::End { drifted: said, .. }) = noted
        && *said != drifted(&stated)
    {
        finds.add("control_results.parquet", "MON-04 noted changes in other systems than the log says");
    }
    if manifest.tool.version != env!("CARGO_PKG_VERSION") {
        let version = &manifest.tool.version;
        check.notes.push(format!("results were not worked out again: they are of version {version}"));
        return;
    }
    let again = match assess_again(record, run, (manifest, &kept.items), previous, (taxonomy, criteria)) {
        Ok(Some(again)) => again,
        Ok(None) if stated.results.is_empty() && concluded.is_empty() => return,
        Ok(None) => return finds.add("control_results.parquet", "holds results, and the run had no policy"),
        Err(e) => return unreadable(e, finds),
    };
    same_results(&stated.results, &again.assessment.results, finds);
    same_criteria(&concluded, &again.concluded, finds);
    systems(&again.policy, kept, taxonomy, finds);
}

/// `RET-01 hr/staff`
pub(crate) fn name_of(result: &ControlResult) -> String {
    match (&result.system, &result.class) {
        (None, None) => result.test_id.clone(),
        (system, class) => {
            let part = |p: &Option<String>| p.as_deref().unwrap_or("-").to_owned();
            format!("{} {}/{}", result.test_id, part(system), part(class))
        }
    }
}

fn same_results(stated: &[ControlResult], again: &[ControlResult], finds: &mut Finds<'_>) {
    const TABLE: &str = "control_results.parquet";
    let key = |r: &ControlResult| (r.test_id.clone(), r.system.clone(), r.class.clone());
    let by_key: BTreeMap<_, &ControlResult> = again.iter().map(|r| (key(r), r)).collect();
    if stated.len() != again.len() {
        finds.add(
            TABLE,
            format!("has {} results, and {} follow from what was kept", stated.len(), again.len()),
        );
    }
    for result in stated {
        let Some(follows) = by_key.get(&key(result)) else {
            finds.add(TABLE, format!("{}: no such result follows from what was kept", name_of(result)));
            continue;
        };
        let numbers = |r: &ControlResult| (r.population, r.evaluated, r.deviations, r.excepted);
        let (said, follow) = (numbers(result), numbers(follows));
        if said != follow || result.outcome != follows.outcome {
            let tell = |r: &ControlResult, n: (u64, u64, u64, u64)| {
                format!(
                    "{} (population {}, evaluated {}, deviations {}, excepted {})",
                    r.outcome.word(),
                    n.0,
                    n.1,
                    n.2,
                    n.3
                )
            };
            let what = format!("says {}; {} follows", tell(result, said), tell(follows, follow));
            finds.add(TABLE, format!("{}: {what} from what was kept", name_of(result)));
        } else if result.deviating != follows.deviating {
            let what = "other deviations follow from what was kept";
            finds.add("deviations.parquet", format!("{}: {what}", name_of(result)));
        } else if result != *follows {
            finds.add(
                TABLE,
                format!("{}: reason, criteria or note do not follow from what was kept", name_of(result)),
            );
        }
    }
}

fn same_criteria(stated: &[CriterionResult], again: &[CriterionResult], finds: &mut Finds<'_>) {
    if let Some(odd) = stated.iter().find(|c| !again.contains(c)) {
        finds.add("criteria.parquet", format!("{}: does not follow from the results", odd.criterion));
    } else if stated.len() != again.len() {
        finds.add("criteria.parquet", format!("has {} criteria of {}", stated.len(), again.len()));
    }
}

/// Items by declared system.
fn systems(policy: &Policy, kept: &Kept, taxonomy: &Taxonomy, finds: &mut Finds<'_>) {
    let (facts, registers) = (kept.manifest.run_facts(), Registers::default());
    let facts = facts_of(&facts, &[], &kept.manifest, &None, &[], &registers, &[]);
    let assessing = Assessing::new(policy, &facts, taxonomy);
    let mut counted: Vec<SystemScope> = vec![SystemScope::default(); policy.scope.systems.len()];
    for record in &kept.items {
        let system = assessing.system_of(&facts.run.base.apply(&record.printed_path));
        if let Some(system) = system.and_then(|at| counted.get_mut(at)) {
            system.count(record);
        }
    }
    let stated = &kept.manifest.scope.systems;
    let declared = policy.scope.systems.iter().map(|s| &s.id);
    if !stated.iter().map(|s| &s.id).eq(declared) {
        finds.add("manifest.json", "scope.systems are not those of the policy");
        return;
    }
    for (stated, counted) in stated.iter().zip(&counted) {
        if (stated.items, stated.bytes) != (counted.items, counted.bytes) {
            let id = &stated.id;
            finds.add(
                "manifest.json",
                format!("scope.systems: {id} has {} items, and {} are kept", stated.items, counted.items),
            );
        }
    }
}
