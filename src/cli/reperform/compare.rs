//! What was kept of an item beside what is found now.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::json;

use crate::govern::{ControlResult, Deviation};
use crate::model::{DateField, DateSource, Finding, ItemRecord, Occurrence, Outcome};
use crate::record::verify::again::name_of;
use crate::report::printable;

/// What is missing to say more.
#[derive(Default)]
pub(super) struct Needs(Vec<String>);

impl Needs {
    pub fn add(&mut self, what: String) {
        self.0.push(what);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct Row {
    what: String,
    kept: String,
    now: String,
    same: Option<bool>,
}

/// Old and new, side by side.
pub(super) struct Compared<'a> {
    old: &'a ItemRecord,
    rows: Vec<Row>,
    /// Fingerprints are of the same key.
    pub comparable: bool,
    /// What a reader has to know besides.
    pub notes: Vec<String>,
}

fn outcome(outcome: Outcome) -> String {
    match outcome.reason() {
        None => outcome.word().to_owned(),
        Some(reason) => format!("{}({})", outcome.word(), reason.code()),
    }
}

/// Dates that can be found again without the registers of events.
fn own_dates(record: &ItemRecord) -> Vec<&DateField> {
    record.evidence.dates.iter().filter(|d| !matches!(d.source, DateSource::Event(_))).collect()
}

/// Puts what was examined now in the place of what was kept, without what the store and earlier runs say, and what cannot be found again.
pub(super) fn as_stored(kept: &mut ItemRecord, now: ItemRecord, comparable: bool) {
    let old = kept.evidence.clone();
    let events = old.dates.into_iter().filter(|d| matches!(d.source, DateSource::Event(_)));
    let mut evidence = now.evidence;
    evidence.dates.extend(events);
    evidence.dates.sort_by(|a, b| (a.field_index, &a.source).cmp(&(b.field_index, &b.source)));
    evidence.first_seen = old.first_seen;
    evidence.unread_since = old.unread_since;
    evidence.reused = old.reused;
    if !comparable {
        evidence.watched = old.watched;
    }
    *kept = ItemRecord { item: kept.item.clone(), evidence, ..now };
}

impl<'a> Compared<'a> {
    pub fn new(old: &'a ItemRecord, comparable: bool) -> Self {
        Self { old, rows: Vec::new(), comparable, notes: Vec::new() }
    }

    pub fn row(&mut self, what: &str, kept: impl Into<String>, now: impl Into<String>, same: Option<bool>) {
        self.rows.push(Row { what: what.to_owned(), kept: kept.into(), now: now.into(), same });
    }

    /// The same text is the same.
    fn text(&mut self, what: &str, kept: impl Into<String>, now: impl Into<String>) {
        let (kept, now) = (kept.into(), now.into());
        let same = Some(kept == now);
        self.row(what, kept, now, same);
    }

    pub fn differs(&self) -> bool {
        self.rows.iter().any(|r| r.same == Some(false))
    }

    /// Everything that was found in the item.
    pub fn items(&mut self, new: &ItemRecord) {
        let old = self.old;
        let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "-".to_owned());
        let number = |n: Option<u64>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
        self.text("outcome", outcome(old.outcome), outcome(new.outcome));
        self.text("content_hash", text(&old.evidence.content_hash), text(&new.evidence.content_hash));
        self.text("path", &old.printed_path, &new.printed_path);
        self.text("format", text(&old.format), text(&new.format));
        self.text("rows", number(old.rows), number(new.rows));
        self.text("values_examined", old.values_examined.to_string(), new.values_examined.to_string());
        self.text("bytes_examined", old.bytes_examined.to_string(), new.bytes_examined.to_string());
        self.rest("gaps", old.gaps.len(), new.gaps.len(), old.gaps == new.gaps);
        let (then, now) = (&old.co_occurrence, &new.co_occurrence);
        self.rest("co_occurrence", then.len(), now.len(), then == now);
        let (then, now) = (own_dates(old), own_dates(new));
        self.rest("date fields", then.len(), now.len(), then == now);
        if old.evidence.dates.len() > then.len() {
            self.notes
                .push("dates of events are as kept: the register's keys are not in the record".to_owned());
        }
        self.text("label", text(&old.evidence.label), text(&new.evidence.label));
        self.text("residue", text(&old.evidence.residue), text(&new.evidence.residue));
        let (then, now) = (&old.evidence.watched, &new.evidence.watched);
        if self.comparable {
            self.rest("watched", then.len(), now.len(), then == now);
        } else if !then.is_empty() {
            self.row("watched", then.len().to_string(), "not compared", None);
        }
        self.findings(new);
        self.store(new);
    }

    /// How many there are, and whether they are the same ones.
    fn rest(&mut self, what: &str, then: usize, now: usize, same: bool) {
        let now = if !same && then == now { format!("{now} others") } else { now.to_string() };
        self.row(what, then.to_string(), now, Some(same));
    }

    fn findings(&mut self, new: &ItemRecord) {
        let by_id = |record: &'_ ItemRecord| -> BTreeMap<String, Finding> {
            record.findings.iter().map(|f| (f.finding_id.clone(), f.clone())).collect()
        };
        let (then, now) = (by_id(self.old), by_id(new));
        let ids: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        for id in ids {
            let (old, new) = (then.get(id), now.get(id));
            let Some(one) = old.or(new) else { continue };
            let field = one.field.as_deref().map_or_else(String::new, |f| format!(" in {f}"));
            let name = format!("finding {}{field}", one.info_type);
            let tell = |f: Option<&Finding>| match f {
                None => "-".to_owned(),
                Some(f) => format!(
                    "count {}, {} {:.2}, {}, distinct {}, {} occurrences",
                    f.count,
                    f.likelihood.word(),
                    f.score,
                    f.relation.word(),
                    f.distinct_estimate,
                    f.occurrences.len()
                ),
            };
            let same = match (old, new) {
                (Some(old), Some(new)) => self.same_finding(old, new),
                _ => false,
            };
            let mut told = tell(new);
            if !same && told == tell(old) {
                told.push_str(", others");
            }
            self.row(&name, tell(old), told, Some(same));
        }
    }

    fn same_finding(&self, old: &Finding, new: &Finding) -> bool {
        // The record keeps hundredths.
        let score = (old.score - new.score).abs() < 0.0051;
        let plain = |f: &Finding| Finding { score: 0.0, occurrences: Vec::new(), ..f.clone() };
        let occurrences = old.occurrences.len() == new.occurrences.len()
            && old.occurrences.iter().zip(&new.occurrences).all(|(a, b)| self.same_occurrence(a, b));
        score && plain(old) == plain(new) && occurrences
    }

    fn same_occurrence(&self, old: &Occurrence, new: &Occurrence) -> bool {
        let without = |o: &Occurrence| Occurrence { fingerprint: String::new(), ..o.clone() };
        without(old) == without(new) && (!self.comparable || old.fingerprint == new.fingerprint)
    }

    /// What the store says, which is not the item's content.
    fn store(&mut self, new: &ItemRecord) {
        let (then, now) = (&self.old.item.meta, &new.item.meta);
        let mut other = Vec::new();
        let micros = |at: Option<jiff::Timestamp>| at.map(|at| at.as_microsecond());
        if micros(then.modified) != micros(now.modified) {
            other.push("modified_at");
        }
        if (&then.owner, &then.group) != (&now.owner, &now.group) {
            other.push("owner or group");
        }
        if then.mode.map(|m| m & 0o7777) != now.mode.map(|m| m & 0o7777) {
            other.push("mode");
        }
        if !other.is_empty() && self.old.item.path.depth() == 0 {
            let what = other.join(", ");
            self.notes.push(format!(
                "the store says something else now: {what}; the control tests got what was kept"
            ));
        }
    }

    /// Deviations of the item as kept and now, and whether the run's results with the item as kept (`before`) and as it
    /// is now are the same.
    pub fn verdicts(&mut self, then: &[ControlResult], before: &[ControlResult], now: &[ControlResult]) {
        let id = self.old.item.id.to_string();
        let of_item = |results: &[ControlResult]| -> BTreeMap<String, Vec<Deviation>> {
            let mut all: BTreeMap<String, Vec<Deviation>> = BTreeMap::new();
            for result in results {
                let about = result.deviating.iter().filter(|d| d.item_id.as_deref() == Some(id.as_str()));
                let about: Vec<Deviation> = about.cloned().collect();
                if !about.is_empty() {
                    all.insert(name_of(result), about);
                }
            }
            all
        };
        let tell = |found: Option<&Vec<Deviation>>| match found {
            None => "no deviation".to_owned(),
            Some(all) => all.iter().map(told).collect::<Vec<_>>().join("; "),
        };
        let (old, new) = (of_item(then), of_item(now));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        if names.is_empty() {
            self.row("control tests", "no deviation of this item", "no deviation of this item", Some(true));
        }
        for name in names {
            let (old, new) = (old.get(name), new.get(name));
            self.row(&format!("control test {name}"), tell(old), tell(new), Some(old == new));
        }
        let same = before == now;
        let told = if same { "the same results" } else { "other results" };
        self.row("control tests of the run", format!("{} results", then.len()), told, Some(same));
        if then != before {
            let what = "the results of the run do not follow from what it kept; `privascan verify` says more";
            self.notes.push(what.to_owned());
        }
    }

    pub fn table(&self, out: &mut dyn Write, run: &str, needs: &Needs) -> io::Result<()> {
        writeln!(out, "item {}  {}", self.old.item.id, printable(&self.old.printed_path))?;
        writeln!(out, "run  {}\n", printable(run))?;
        let cells: Vec<[String; 4]> = std::iter::once(["", "kept", "now", ""].map(str::to_owned))
            .chain(self.rows.iter().map(|r| {
                let same = match r.same {
                    Some(true) => "same",
                    Some(false) => "DIFFERENT",
                    None => "not compared",
                };
                [&r.what, &r.kept, &r.now, same].map(|cell| printable(cell).into_owned())
            }))
            .collect();
        let width = |i: usize| cells.iter().map(|c| c[i].chars().count()).max().unwrap_or(0).min(72);
        let (a, b, c) = (width(0), width(1), width(2));
        for [what, kept, now, same] in cells.iter().filter(|_| !self.rows.is_empty()) {
            writeln!(out, "{}", format!("{what:<a$}  {kept:<b$}  {now:<c$}  {same}").trim_end())?;
        }
        for note in &self.notes {
            writeln!(out, "\nnote: {}", printable(note))?;
        }
        for need in &needs.0 {
            writeln!(out, "\nneeds {}", printable(need))?;
        }
        let word = match (self.differs(), needs.is_empty()) {
            (true, _) => "different",
            (false, true) => "same",
            (false, false) if self.rows.is_empty() => "not compared",
            (false, false) => "same, as far as it could be compared",
        };
        writeln!(out, "\n{word}")
    }

    pub fn lines(&self, out: &mut dyn Write, run: &str, needs: &Needs) -> io::Result<()> {
        for row in &self.rows {
            let line = json!({"record": "compared", "what": row.what, "kept": row.kept, "now": row.now, "same": row.same});
            writeln!(out, "{line}")?;
        }
        let line = json!({
            "record": "reperformance", "run": run, "item_id": self.old.item.id.to_string(),
            "path": self.old.printed_path, "compared": self.rows.len(), "same": !self.differs() && needs.is_empty(),
            "needs": needs.0, "notes": self.notes,
        });
        writeln!(out, "{line}")
    }
}

fn told(deviation: &Deviation) -> String {
    let day = |d: Option<jiff::civil::Date>| d.map(|d| d.to_string());
    let parts = [
        Some("deviates".to_owned()),
        deviation.reason.clone(),
        deviation.rule.clone().map(|r| format!("rule {r}")),
        day(deviation.trigger_date).map(|d| format!("since {d}")),
        day(deviation.due).map(|d| format!("due {d}")),
        deviation.days_over.map(|n| format!("{n} days over")),
        deviation.rows.map(|n| format!("{n} rows")),
        deviation.detail.clone(),
        deviation.approved_exception.clone().map(|e| format!("excepted by {e}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
