//! DSP-03: copies of disposed items, by content and by the identifiers in them.

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::Verdict;
use super::super::assess::{Assessing, Globs, Member};
use super::super::monitoring;
use super::super::outcome::{ControlResult, Deviation};
use super::entries::{Entries, Entry, Pairs, listed, telling};
use super::{after, no_register};

/// Whether fingerprints made with the named key can be compared with those of this run.
pub(super) fn same_key(assessing: &Assessing<'_>, key_id: Option<&str>) -> bool {
    let own = assessing.facts.run.key_id.as_str();
    own != "random" && key_id == Some(own)
}

/// Whether the run looked for this fingerprint.
pub(super) fn was_watched(assessing: &Assessing<'_>, fingerprint: &str) -> bool {
    assessing.facts.run.watched.as_ref().is_none_or(|watched| watched.contains(fingerprint))
}

/// Items of the run in which each of the wanted fingerprints was met, in the order of their paths.
pub(super) fn met<'a>(
    assessing: &'a Assessing<'a>,
    wanted: impl Iterator<Item = &'a String>,
) -> FxHashMap<&'a str, Vec<usize>> {
    let mut found: FxHashMap<&str, Vec<usize>> = wanted.map(|f| (f.as_str(), Vec::new())).collect();
    for (at, member) in assessing.items.iter().enumerate() {
        for (fingerprint, times) in &member.record.evidence.watched {
            if let Some(items) = found.get_mut(fingerprint.as_str()).filter(|_| *times > 0) {
                items.push(at);
            }
        }
    }
    found
}

/// What makes an item a copy.
#[derive(Clone, Copy)]
enum Likeness {
    Content,
    /// So many of the entry's fingerprints.
    Fingerprints(usize),
}

/// The items of the run, by content and by fingerprint.
struct Copies<'a> {
    by_content: FxHashMap<&'a str, Vec<usize>>,
    by_fingerprint: FxHashMap<&'a str, Vec<usize>>,
    /// Whether the run took content hashes at all.
    hashed: bool,
}

impl<'a> Copies<'a> {
    fn new(assessing: &'a Assessing<'a>, entries: &Entries<'a>) -> Self {
        let performed = || entries.performed().map(|(e, _)| e.said);
        let hashes = performed().filter_map(|e| telling(e.content_hash.as_ref()));
        let mut by_content: FxHashMap<&str, Vec<usize>> = hashes.map(|h| (h, Vec::new())).collect();
        for (at, member) in assessing.items.iter().enumerate() {
            let hash = telling(member.record.evidence.content_hash.as_ref());
            if let Some(items) = hash.and_then(|h| by_content.get_mut(h)) {
                items.push(at);
            }
        }
        Self {
            by_content,
            by_fingerprint: met(assessing, performed().flat_map(|e| &e.record_fingerprints)),
            hashed: assessing.items.iter().any(|m| m.record.evidence.content_hash.is_some()),
        }
    }

    /// Items like the entry's, by their position.
    fn of(&self, entry: &Entry<'_>, fingerprints: &FxHashSet<&str>, share: f64) -> Vec<(usize, Likeness)> {
        let mut like: FxHashMap<usize, Likeness> = FxHashMap::default();
        let mut counts: FxHashMap<usize, usize> = FxHashMap::default();
        for at in fingerprints.iter().filter_map(|f| self.by_fingerprint.get(f)).flatten() {
            *counts.entry(*at).or_default() += 1;
        }
        for (at, count) in counts {
            if count as f64 / fingerprints.len() as f64 >= share {
                like.insert(at, Likeness::Fingerprints(count));
            }
        }
        let hash = telling(entry.said.content_hash.as_ref());
        for at in hash.and_then(|h| self.by_content.get(h)).into_iter().flatten() {
            like.insert(*at, Likeness::Content);
        }
        let mut like: Vec<_> = like.into_iter().collect();
        like.sort_by_key(|(at, _)| *at);
        like
    }
}

/// Whether the item is the entry's own, or lies in it.
fn is_own(entry: &Entry<'_>, member: &Member<'_>) -> bool {
    let own = entry.item.is_some_and(|item| item.record.item.id == member.record.item.id);
    let inside = |path: &str| {
        member.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("!/"))
    };
    own || entry.path.is_some_and(inside) || entry.item.is_some_and(|item| inside(&item.path))
}

/// What is looked for and where it is tolerated.
pub(super) struct Seeking<'a> {
    assessing: &'a Assessing<'a>,
    copies: Copies<'a>,
    covered: bool,
    quarantine: Globs,
    backup: Globs,
}

/// What is said of one entry.
pub(super) struct Sought<'a> {
    pub verdict: Verdict,
    /// The item that the verdict is about.
    pub first: Option<&'a Member<'a>>,
    /// Copies in quarantine and backups.
    pub tolerated: usize,
    /// It has fingerprints, and they could not be compared.
    pub unusable: bool,
    /// It was looked for by its content.
    pub by_content: bool,
    /// It was looked for by all of its fingerprints, with all detectors.
    pub by_fingerprints: bool,
}

impl<'a> Seeking<'a> {
    pub(super) fn new(assessing: &'a Assessing<'a>, entries: &Entries<'a>) -> Self {
        let disposal = assessing.policy.disposal.as_ref();
        let backups = disposal.and_then(|d| d.backups.as_ref());
        Self {
            assessing,
            copies: Copies::new(assessing, entries),
            covered: monitoring::covered(assessing),
            quarantine: Globs::new(disposal.map_or(&[], |d| d.quarantine.as_slice())),
            backup: Globs::new(backups.map_or(&[], |b| b.roots.as_slice())),
        }
    }

    pub(super) fn judge(&self, entry: &Entry<'_>, day: Date) -> Sought<'a> {
        let assessing = self.assessing;
        let backups = assessing.policy.disposal.as_ref().and_then(|d| d.backups.as_ref());
        let class = entry.class.map(|c| assessing.policy.classes[c].id.as_str());
        let key = same_key(assessing, entry.said.key_id.as_deref());
        let all: FxHashSet<&str> = entry.said.record_fingerprints.iter().map(String::as_str).collect();
        let usable = key && all.iter().all(|f| was_watched(assessing, f));
        let fingerprints = if key { all.clone() } else { FxHashSet::default() };
        let in_time = backups.is_some_and(|b| assessing.as_of <= after(day, b.expiry.0));
        let tolerated = |m: &Member<'_>| self.quarantine.matches(m) || (in_time && self.backup.matches(m));
        let elsewhere = self.copies.of(entry, &fingerprints, assessing.policy.thresholds.copy_share);
        let elsewhere = elsewhere.into_iter().map(|(at, like)| (&assessing.items[at], like));
        let (fine, wrong): (Vec<_>, Vec<_>) =
            elsewhere.filter(|(member, _)| !is_own(entry, member)).partition(|(member, _)| tolerated(member));
        let (tolerated, unusable) = (fine.len(), !all.is_empty() && !usable);
        let hash = telling(entry.said.content_hash.as_ref()).is_some() && self.copies.hashed;
        let mut first = None;
        let verdict = match () {
            () if !wrong.is_empty() => {
                let open =
                    |(m, _): &&(&Member<'_>, _)| assessing.exception("DSP-03", Some(m), class).is_none();
                let (member, like) = wrong.iter().find(open).unwrap_or(&wrong[0]);
                let like = match like {
                    Likeness::Content => "same content".to_owned(),
                    Likeness::Fingerprints(n) => format!("{n} of {} fingerprints", all.len()),
                };
                let others = wrong.iter().filter(|(m, _)| m.record.item.id != member.record.item.id);
                let others: Vec<_> = others.map(|(m, _)| m.record.printed_path.as_str()).collect();
                let mut detail = format!("copy of {}, performed on {day}: {like}", entry.name());
                if !others.is_empty() {
                    detail = format!("{detail}; further copies: {}", listed(others.into_iter()));
                }
                first = Some(*member);
                let deviation = entry.deviation(assessing, member, "copy");
                Verdict::Deviates(Box::new(Deviation { detail: Some(detail), ..deviation }))
            }
            () if !hash && all.is_empty() => Verdict::NotEvaluated("no-fingerprints"),
            () if !hash && !key => Verdict::NotEvaluated("no-key"),
            () if !hash && !usable => Verdict::NotEvaluated("not-watched"),
            () if !hash && assessing.facts.run.detectors_left_out => Verdict::NotEvaluated("detector-off"),
            () if !self.covered => Verdict::NotEvaluated("coverage"),
            () => Verdict::Pass,
        };
        let by_fingerprints = !all.is_empty() && usable && !assessing.facts.run.detectors_left_out;
        Sought { verdict, first, tolerated, unusable, by_content: hash, by_fingerprints }
    }
}

pub(super) fn dsp_03(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let Some(entries) = Entries::new(assessing) else { return no_register("DSP-03") };
    let mut pairs = Pairs::new(assessing, "DSP-03");
    let seeking = Seeking::new(assessing, &entries);
    for (entry, day) in entries.performed() {
        let pair = (entry.class, entry.system);
        let sought = seeking.judge(entry, day);
        pairs.note(pair, "copies tolerated in quarantine and backups", sought.tolerated as u64);
        pairs.note(pair, "entries whose fingerprints could not be compared", u64::from(sought.unusable));
        pairs.count(pair, sought.first, sought.verdict);
    }
    pairs.finish("no-entries")
}
