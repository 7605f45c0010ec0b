//! DSP-04 and DSP-05: what was there in the previous run and is gone, without an entry or before its time.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::assess::{Assessing, Globs, Member};
use super::super::clock::{self, Days, Lawful};
use super::super::facts::Base;
use super::super::outcome::{ControlOutcome, ControlResult, Deviation};
use super::super::policy::Source;
use super::super::{Verdict, decided};
use super::entries::{Entries, Entry, Pairs, Places, containers, telling};
use crate::model::ItemId;

/// What became of an item of the previous run.
enum Fate<'e, 'a> {
    Here,
    /// Gone by a performed entry, about itself or a container around it.
    Registered(&'e Entry<'a>, Date),
    /// Gone from its place, its content being elsewhere.
    Moved,
    /// Not met, in a place that was not wholly looked at.
    Unproven,
    Lost,
}

/// The items of the previous run, and how to tell what became of them.
struct Losses<'e, 'a> {
    assessing: &'a Assessing<'a>,
    now: Places<'a>,
    before: Places<'a>,
    /// The day of the previous run.
    since: Date,
    /// Both runs write paths alike, so that ids are those of the same items.
    same_base: bool,
    contents: FxHashSet<&'a str>,
    /// Performed entries by the item of the previous run that they are about.
    entries: FxHashMap<ItemId, (&'e Entry<'a>, Date)>,
}

impl<'e, 'a> Losses<'e, 'a> {
    /// `None` without a previous run.
    fn new(assessing: &'a Assessing<'a>, entries: Option<&'e Entries<'a>>) -> Option<Self> {
        let (run, _) = assessing.facts.previous?;
        let base: &'a Base = &run.base;
        let before = Places::new(&assessing.previous, base);
        let mut explained: FxHashMap<ItemId, (&Entry<'a>, Date)> = FxHashMap::default();
        for (entry, day) in entries.into_iter().flat_map(Entries::performed) {
            let Some(item) = entry.find(&before) else { continue };
            let hash = item.record.evidence.content_hash.as_ref();
            // An entry of long ago does not explain the loss of what came to its place since.
            if day >= run.as_of || (hash.is_some() && hash == entry.said.content_hash.as_ref()) {
                let latest = explained.entry(item.record.item.id).or_insert((entry, day));
                if day > latest.1 {
                    *latest = (entry, day);
                }
            }
        }
        let hashes = assessing.items.iter().filter_map(|m| telling(m.record.evidence.content_hash.as_ref()));
        Some(Self {
            assessing,
            now: Places::new(&assessing.items, &assessing.facts.run.base),
            before,
            since: run.as_of,
            same_base: *base == assessing.facts.run.base,
            contents: hashes.collect(),
            entries: explained,
        })
    }

    /// Items that count: not skipped, and not the remains of what was deleted.
    fn items(&self) -> impl Iterator<Item = &'a Member<'a>> + use<'a> {
        let counts = |m: &&Member<'_>| !m.is_skipped() && m.record.evidence.residue.is_none();
        self.assessing.previous.iter().filter(counts)
    }

    fn fate(&self, item: &Member<'_>) -> Fate<'e, 'a> {
        let here = match self.same_base {
            true => self.now.with_id(item.record.item.id),
            false => self.now.printed(&item.path),
        };
        if here.is_some() {
            return Fate::Here;
        }
        let around = containers(&item.path).filter_map(|path| self.before.printed(path));
        let own = std::iter::once(item.record.item.id).chain(around.map(|m| m.record.item.id));
        let entry = own.filter_map(|id| self.entries.get(&id)).next();
        let hash = telling(item.record.evidence.content_hash.as_ref());
        let unproven = || match self.now.unproven(self.assessing, item.system, Some(&item.path)) {
            // That everything is gone is no reason to be silent about it.
            None | Some("below-min-items") => false,
            // Outside all systems nothing says what the run was to cover.
            Some(_) => true,
        };
        match entry {
            Some((entry, day)) => Fate::Registered(entry, *day),
            None if hash.is_some_and(|h| self.contents.contains(h)) => Fate::Moved,
            None if unproven() => Fate::Unproven,
            None => Fate::Lost,
        }
    }
}

pub(super) fn dsp_04(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let entries = Entries::new(assessing);
    let Some(losses) = Losses::new(assessing, entries.as_ref()) else {
        return vec![decided("DSP-04", None, None, ControlOutcome::NotEvaluated, "no-previous")];
    };
    let mut pairs = Pairs::new(assessing, "DSP-04");
    for item in losses.items() {
        let fate = losses.fate(item);
        for class in &item.classes {
            let pair = (Some(*class), item.system);
            let verdict = match fate {
                Fate::Unproven => Verdict::NotEvaluated("partial-scan"),
                Fate::Lost => Verdict::Deviates(Box::new(Deviation {
                    detail: Some(format!("present on {}, gone without an entry", losses.since)),
                    ..assessing.deviation(item, Some(&assessing.policy.classes[*class]))
                })),
                Fate::Moved => {
                    pairs.note(pair, "moved", 1);
                    Verdict::Pass
                }
                Fate::Here | Fate::Registered(..) => Verdict::Pass,
            };
            pairs.count(pair, Some(item), verdict);
        }
    }
    pairs.finish("no-items")
}

/// One item under one class, and the day on which it was lost.
struct Loss<'l, 'a> {
    item: Option<&'l Member<'a>>,
    entry: Option<&'l Entry<'a>>,
    class: Option<usize>,
    system: Option<usize>,
    lost: Date,
    /// It may be there after all.
    unproven: bool,
}

/// Paths of exceptions and holds, for losses of which nothing but an entry is left.
struct Covers {
    holds: Vec<Globs>,
    exceptions: Vec<Globs>,
}

impl Covers {
    fn new(assessing: &Assessing<'_>) -> Self {
        Self {
            holds: assessing.policy.holds.iter().map(|h| Globs::new(&h.matches.path)).collect(),
            exceptions: assessing.policy.exceptions.iter().map(|e| Globs::new(&e.matches.path)).collect(),
        }
    }

    fn on(globs: &Globs, loss: &Loss<'_, '_>) -> bool {
        let path = loss.entry.and_then(Entry::known_path);
        let around = path.map(|path| path.split("!/").next().unwrap_or(path));
        globs.is_empty()
            || loss.item.is_some_and(|m| globs.matches(m))
            || path.into_iter().chain(around).any(|path| globs.matches_path(path))
    }

    /// The hold that was in force when it was lost.
    fn hold<'p>(&self, assessing: &Assessing<'p>, loss: &Loss<'_, '_>, dates: &[Days]) -> Option<&'p str> {
        let class = loss.class.map(|c| assessing.policy.classes[c].id.as_str());
        let mut holds = assessing.policy.holds.iter().zip(&self.holds);
        let found = holds.find(|(hold, globs)| {
            let m = &hold.matches;
            let within = |d: &Days| m.from.is_none_or(|f| f <= d.last) && m.to.is_none_or(|to| d.first <= to);
            Self::on(globs, loss)
                && m.class.as_deref().is_none_or(|c| Some(c) == class)
                && (dates.is_empty() || dates.iter().any(within))
                && hold.placed <= loss.lost
                && hold.released.is_none_or(|released| released > loss.lost)
        });
        found.map(|(hold, _)| hold.id.as_str())
    }

    fn exception<'p>(&self, assessing: &Assessing<'p>, loss: &Loss<'_, '_>) -> Option<&'p str> {
        let class = loss.class.map(|c| assessing.policy.classes[c].id.as_str());
        let held = loss.item.filter(|_| class.is_none()).map_or(&[][..], |m| m.classes.as_slice());
        let holds = |name: &str| held.iter().any(|c| assessing.policy.classes[*c].id == name);
        let mut exceptions = assessing.policy.exceptions.iter().zip(&self.exceptions);
        let found = exceptions.find(|(exception, globs)| {
            exception.test == "DSP-05"
                && Self::on(globs, loss)
                && exception.matches.class.as_deref().is_none_or(|c| Some(c) == class || holds(c))
                && exception.approved_on <= assessing.as_of
                && assessing.as_of <= exception.expires
        });
        found.map(|(exception, _)| exception.id.as_str())
    }
}

/// Days on which the clock of the class may have started for it; empty when unknown.
fn starts(assessing: &Assessing<'_>, loss: &Loss<'_, '_>) -> Vec<Days> {
    let class = loss.class.map(|c| &assessing.policy.classes[c]);
    let start = loss.item.zip(class).and_then(|(item, class)| clock::trigger(assessing, item, class).ok());
    match (start, loss.entry.and_then(|e| e.said.trigger_date)) {
        (Some(start), _) => start.dates.iter().map(|(days, _)| *days).collect(),
        (None, stated) => stated.map(Days::on).into_iter().collect(),
    }
}

/// The first lawful day of the loss; `None` where no `keep_min` says one.
fn lawful(assessing: &Assessing<'_>, loss: &Loss<'_, '_>) -> Option<Result<Lawful, &'static str>> {
    let class = &assessing.policy.classes[loss.class?];
    let rule = assessing.policy.rule(class)?;
    rule.keep_min.as_ref()?;
    let by_item = loss.item.and_then(|item| clock::earliest_loss(assessing, item, class));
    let stated = || {
        let said = loss.entry?.said;
        let trigger_date = said.trigger_date?;
        let day = clock::earliest(trigger_date, rule, assessing.policy).unwrap_or(trigger_date);
        Some(Ok(Lawful { day, trigger_date, source: said.trigger_source.unwrap_or(Source::RecordDate) }))
    };
    match by_item {
        Some(Ok(lawful)) => Some(Ok(lawful)),
        _ => stated().or(Some(Err("no-date"))),
    }
}

/// What is said of one loss; `None` if nothing asks for it to be kept.
fn judge(assessing: &Assessing<'_>, covers: &Covers, loss: &Loss<'_, '_>) -> Option<Verdict> {
    let hold = covers.hold(assessing, loss, &starts(assessing, loss));
    let lawful = lawful(assessing, loss);
    if hold.is_none() && lawful.is_none() {
        return None;
    }
    if loss.unproven {
        return Some(Verdict::NotEvaluated("partial-scan"));
    }
    let class = loss.class.map(|c| &assessing.policy.classes[c]);
    let deviates = |reason: &str, detail: String| {
        let mut deviation = match loss.item {
            Some(item) => assessing.deviation(item, class),
            // A path that only the register knows is nothing to print.
            None => Deviation {
                item_id: loss.entry.and_then(|e| e.id).map(|id| id.to_string()),
                owner: class.and_then(|c| c.owner.clone()),
                ..Deviation::default()
            },
        };
        if let Some(Ok(lawful)) = &lawful {
            deviation.trigger_date = Some(lawful.trigger_date);
            deviation.trigger_source = Some(lawful.source);
            deviation.due = Some(lawful.day);
        }
        let by = loss.entry.map_or_else(String::new, |e| format!(" by {}", e.name()));
        deviation.rule = class.and_then(|c| c.retention.clone());
        deviation.reason = Some(reason.to_owned());
        deviation.detail = Some(format!("lost on {}{by}: {detail}", loss.lost));
        deviation.approved_exception = covers.exception(assessing, loss).map(str::to_owned);
        Some(Verdict::Deviates(Box::new(deviation)))
    };
    match (hold, &lawful) {
        (Some(hold), _) => deviates("hold", format!("on hold {hold}")),
        (None, Some(Ok(first))) => match first.is_early(loss.lost) {
            Some(true) => deviates("early", format!("to be kept until {}", first.day)),
            Some(false) => Some(Verdict::Pass),
            None => Some(Verdict::NotEvaluated("no-date")),
        },
        (None, _) => Some(Verdict::NotEvaluated("no-date")),
    }
}

/// The classes under which a loss is judged: held by the item or named by its entry; `None` if there are none.
fn classes(held: &[usize], entry: Option<&Entry<'_>>) -> Vec<Option<usize>> {
    let held: BTreeSet<usize> = held.iter().copied().chain(entry.and_then(|e| e.class)).collect();
    match held.is_empty() {
        true => vec![None],
        false => held.into_iter().map(Some).collect(),
    }
}

pub(super) fn dsp_05(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let entries = Entries::new(assessing);
    let losses = Losses::new(assessing, entries.as_ref());
    let covers = Covers::new(assessing);
    let mut pairs = Pairs::new(assessing, "DSP-05");
    let mut any = false;
    let mut count = |loss: &Loss<'_, '_>| {
        if let Some(verdict) = judge(assessing, &covers, loss) {
            any = true;
            pairs.count((loss.class, loss.system), loss.item, verdict);
        }
    };
    let mut told: FxHashSet<&str> = FxHashSet::default();
    if let Some(losses) = &losses {
        for item in losses.items() {
            let (entry, lost, unproven) = match losses.fate(item) {
                Fate::Here | Fate::Moved => continue,
                Fate::Registered(entry, day) => (Some(entry), day, false),
                Fate::Unproven => (None, assessing.as_of, true),
                Fate::Lost => (None, assessing.as_of, false),
            };
            let itself = |e: &&Entry<'_>| {
                e.find(&losses.before).is_some_and(|i| i.record.item.id == item.record.item.id)
            };
            let own = entry.filter(itself);
            told.extend(own.map(|e| e.said.id.as_str()));
            for class in classes(&item.classes, own) {
                count(&Loss { item: Some(item), entry, class, system: item.system, lost, unproven });
            }
        }
    }
    for (entry, lost) in entries.iter().flat_map(Entries::performed) {
        if told.contains(entry.said.id.as_str()) {
            continue;
        }
        let held = entry.item.filter(|_| entry.class.is_none()).map_or(&[][..], |m| m.classes.as_slice());
        for class in classes(held, Some(entry)) {
            let system = entry.system;
            count(&Loss { item: entry.item, entry: Some(entry), class, system, lost, unproven: false });
        }
    }
    if !any && losses.is_none() {
        return vec![decided("DSP-05", None, None, ControlOutcome::NotEvaluated, "no-previous")];
    }
    pairs.finish("no-items")
}
