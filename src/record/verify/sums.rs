//! Arithmetic of one run: items against coverage, findings against occurrences, combinations, dates and the run before.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Finds;
use crate::classify::IS_SHARE;
use crate::model::{Finding, ItemId, ItemRecord, Ledger, Likelihood, Outcome, Relation};
use crate::record::kept::Kept;
use crate::record::manifest::{Coverage, Manifest};

const ITEMS: &str = "items.parquet";
const FINDINGS: &str = "findings.parquet";

/// Formats in which one match may stand for many equal values.
const DICTIONARIES: [&str; 2] = ["parquet", "arrow"];

/// Checks what can be checked within the run.
pub(super) fn check(items: &[ItemRecord], manifest: &Manifest, finds: &mut Finds<'_>) {
    coverage(items, manifest, finds);
    let mut ids = HashSet::new();
    let mut finding_ids = HashSet::new();
    let settings = &manifest.configuration.settings;
    let most = match settings.get("occurrences").map(String::as_str) {
        Some("all") => Some(usize::MAX),
        Some(n) => n.parse().ok(),
        None => None,
    };
    let least = Likelihood::parse(&manifest.configuration.min_likelihood);
    for record in items {
        let id = record.item.id;
        let mut no = |table: &str, what: String| finds.add(table, format!("item {id}: {what}"));
        if !ids.insert(id) {
            no(ITEMS, "stands there twice".to_owned());
        }
        if (record.outcome == Outcome::Scanned) != record.gaps.is_empty() {
            let n = record.gaps.len();
            no(ITEMS, format!("is {}, and {n} gaps are kept", record.outcome.word()));
        }
        for finding in &record.findings {
            if !finding_ids.insert(finding.finding_id.as_str()) {
                no(FINDINGS, format!("finding {} stands there twice", finding.finding_id));
            }
            for what in of_finding(record, finding, most, least) {
                no(FINDINGS, format!("finding {}: {what}", finding.finding_id));
            }
        }
        for what in combinations(record) {
            no(ITEMS, what);
        }
        for what in dates(record) {
            no("dates.parquet", what);
        }
    }
}

/// Items by outcome and reason, stored bytes, examined bytes.
fn coverage(items: &[ItemRecord], manifest: &Manifest, finds: &mut Finds<'_>) {
    let mut ledger = Ledger::default();
    let mut bytes: BTreeMap<(&'static str, &'static str), u64> = BTreeMap::new();
    for record in items {
        ledger.add(record.outcome, record.bytes_examined);
        if record.item.path.depth() == 0 {
            let reason = record.outcome.reason().map_or("", |r| r.code());
            let sum = bytes.entry((record.outcome.word(), reason)).or_default();
            *sum = sum.saturating_add(record.item.meta.bytes.unwrap_or(0));
        }
    }
    let (follows, stated) = (Coverage::of(&ledger, &bytes), &manifest.coverage);
    let sum: u64 = stated.outcomes.iter().fold(0, |sum, o| sum.saturating_add(o.items));
    if stated.discovered != sum {
        finds.add(
            "manifest.json",
            format!("coverage: {} discovered, and the outcomes add up to {sum}", stated.discovered),
        );
    }
    if stated.discovered != follows.discovered {
        let (stated, kept) = (stated.discovered, follows.discovered);
        finds.add("manifest.json", format!("coverage: {stated} discovered, and {kept} items are kept"));
    }
    if stated.bytes_examined != follows.bytes_examined {
        finds.add("manifest.json", "coverage: bytes_examined are not those of the items");
    }
    let key = |o: &crate::record::manifest::OutcomeCount| (o.outcome.clone(), o.reason.clone());
    let told: BTreeMap<_, _> = stated.outcomes.iter().map(|o| (key(o), (o.items, o.bytes))).collect();
    let counted: BTreeMap<_, _> = follows.outcomes.iter().map(|o| (key(o), (o.items, o.bytes))).collect();
    let keys: std::collections::BTreeSet<_> = told.keys().chain(counted.keys()).collect();
    for key in keys {
        let (said, kept) =
            (told.get(key).copied().unwrap_or_default(), counted.get(key).copied().unwrap_or_default());
        if said != kept {
            let name = match &key.1 {
                Some(reason) => format!("{}({reason})", key.0),
                None => key.0.clone(),
            };
            let what =
                format!("{} items with {} bytes, and {} with {} are kept", said.0, said.1, kept.0, kept.1);
            finds.add("manifest.json", format!("coverage: {name} has {what}"));
        }
    }
}

/// A finding against the occurrences that are kept of it.
fn of_finding(
    record: &ItemRecord,
    finding: &Finding,
    most: Option<usize>,
    least: Option<Likelihood>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let kept = finding.occurrences.len();
    let exact = !record.format.as_deref().is_some_and(|f| DICTIONARIES.contains(&f));
    if let Some(most) = most {
        let holds = match exact {
            true => kept as u64 == finding.count.min(most as u64),
            false => kept <= most && kept as u64 <= finding.count && (kept > 0 || most == 0),
        };
        if !holds {
            let shown = if most == usize::MAX { "all".to_owned() } else { format!("up to {most}") };
            wrong.push(format!(
                "count is {}, and {kept} occurrences are kept where {shown} would be",
                finding.count
            ));
        }
    }
    if finding.count == 0 || finding.distinct_estimate == 0 || finding.distinct_estimate > finding.count {
        wrong.push(format!("count is {}, distinct_estimate {}", finding.count, finding.distinct_estimate));
    }
    let prints: HashSet<&str> = finding.occurrences.iter().map(|o| o.fingerprint.as_str()).collect();
    let all_kept = exact && kept as u64 == finding.count;
    // Up to 64 distinct values are counted exactly.
    if all_kept && prints.len() <= 64 && prints.len() as u64 != finding.distinct_estimate {
        let n = prints.len();
        wrong.push(format!(
            "distinct_estimate is {}, and the occurrences have {n} fingerprints",
            finding.distinct_estimate
        ));
    }
    if (prints.len() as u64) > finding.count {
        wrong.push("has more fingerprints than matches".to_owned());
    }
    let highest = finding.occurrences.iter().map(|o| o.likelihood).max();
    let fits = match highest {
        Some(highest) if all_kept => highest == finding.likelihood,
        Some(highest) => highest <= finding.likelihood,
        None => true,
    };
    let low = least.is_some_and(|least| finding.occurrences.iter().any(|o| o.likelihood < least));
    if !fits || low {
        wrong.push("likelihood is not that of the occurrences".to_owned());
    }
    // The kept score is rounded to hundredths.
    if Likelihood::of(finding.score + 0.0051) < finding.likelihood
        || Likelihood::of(finding.score - 0.0051) > finding.likelihood
    {
        wrong.push("likelihood is not that of the score".to_owned());
    }
    if let Some(values) = finding.values_examined {
        if values > record.values_examined {
            wrong.push("examined more values than the item".to_owned());
        }
        if finding.relation == Relation::Is && (finding.count as f64) < IS_SHARE * values as f64 {
            wrong.push(format!("is the field, with {} of {values} values", finding.count));
        }
    } else if finding.relation == Relation::Is {
        wrong.push("is a field, and has none".to_owned());
    }
    if let Some(rows) = record.rows
        && finding.occurrences.iter().any(|o| o.row.is_some_and(|row| row >= rows))
    {
        wrong.push("an occurrence is in a row that the item has not".to_owned());
    }
    wrong
}

/// Categories that meet in rows, against the findings they come from.
fn combinations(record: &ItemRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    let all: u64 = record.co_occurrence.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n));
    if all > record.rows.unwrap_or(0) {
        wrong.push(format!("categories meet in {all} rows of {}", record.rows.unwrap_or(0)));
    }
    let mut by_category: BTreeMap<&str, u64> = BTreeMap::new();
    for (names, rows) in record.co_occurrence.iter().filter(|(names, _)| names != "other") {
        for name in names.split('+') {
            *by_category.entry(name).or_default() += rows;
        }
    }
    for (category, rows) in by_category {
        let of_category =
            record.findings.iter().filter(|f| f.category == category && f.field_index.is_some());
        let found: u64 = of_category.fold(0, |sum, f| sum.saturating_add(f.count));
        if rows > found {
            wrong.push(format!("{category} meets others in {rows} rows, and was found {found} times"));
        }
    }
    wrong
}

/// Every row of a table has a value that is a date, or is none, or none at all.
fn dates(record: &ItemRecord) -> Vec<String> {
    let rows = record.rows.unwrap_or(0);
    let fields = record.evidence.dates.iter().filter(|f| f.field_index.is_some());
    let told = fields.map(|f| {
        let aside = [f.empty, f.unparsed, f.ambiguous].into_iter().fold(0u64, u64::saturating_add);
        (f, aside.saturating_add(f.days.values().fold(0, |sum, n| sum.saturating_add(*n))))
    });
    let short = told.filter(|(field, values)| {
        // Lists have several values in a row.
        *values < rows || (*values > rows && field.empty > 0)
    });
    short.map(|(_, values)| format!("a field has {values} values and {rows} rows")).collect()
}

/// What depends on the completed run before.
pub(super) fn check_since(items: &[ItemRecord], manifest: &Manifest, before: &Kept, finds: &mut Finds<'_>) {
    if manifest.identity.previous_run.is_none() {
        return;
    }
    let as_of = manifest.identity.as_of;
    let earlier: HashMap<ItemId, &ItemRecord> = before.items.iter().map(|i| (i.item.id, i)).collect();
    for record in items {
        let old = earlier.get(&record.item.id).map(|i| &i.evidence);
        let first_seen = old.and_then(|e| e.first_seen).unwrap_or(as_of);
        let unread_since = match record.outcome {
            Outcome::Partial(_) | Outcome::Failed(_) => {
                Some(old.and_then(|e| e.unread_since).unwrap_or(as_of))
            }
            Outcome::Scanned | Outcome::Skipped(_) => None,
        };
        if record.evidence.first_seen != Some(first_seen) || record.evidence.unread_since != unread_since {
            let id = record.item.id;
            finds.add(
                ITEMS,
                format!("item {id}: first_seen or unread_since is not what the run before gives"),
            );
        }
    }
    let change = manifest.change_since(&before.manifest);
    if manifest.change.as_ref() != Some(&change) {
        finds.add("manifest.json", "change is not what differs from the run before");
    }
}
