//! A week's truth as a run sees it, and the registers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::policy::{Class, Policy, System};
use super::{any_glob, any_name, names};

/// The truth about an item.
#[derive(Clone, Default, Deserialize)]
pub struct Item {
    pub path: String,
    pub format: String,
    pub bytes: u64,
    pub mode: Option<String>,
    pub modified: Option<Date>,
    pub outcome: String,
    pub hash: Option<String>,
    pub holds: BTreeMap<String, u64>,
    pub dates: Vec<Dates>,
    pub keys: BTreeMap<String, Vec<String>>,
    pub residue: bool,
    #[serde(default)]
    pub label: Option<String>,
    /// By category.
    fingerprints: BTreeMap<String, BTreeSet<String>>,
    /// Day of the first run that saw it.
    #[serde(skip)]
    pub first_seen: Option<Date>,
    /// Day of the first of the runs in a row that could not read it whole.
    #[serde(skip)]
    pub unread_since: Option<Date>,
}

#[derive(Clone, Deserialize)]
pub struct Dates {
    pub field: String,
    pub days: BTreeMap<Date, u64>,
    pub empty: u64,
    pub unparsed: u64,
    pub ambiguous: u64,
}

impl Item {
    pub fn examined(&self) -> bool {
        matches!(self.outcome.as_str(), "scanned" | "partial")
    }

    pub fn unread(&self) -> bool {
        matches!(self.outcome.as_str(), "partial" | "failed")
    }

    pub fn skipped(&self) -> bool {
        self.outcome == "skipped"
    }

    pub fn outermost(&self) -> bool {
        !self.path.contains("!/")
    }

    /// Path of the outermost file.
    pub fn outer(&self) -> &str {
        self.path.split("!/").next().unwrap_or(&self.path)
    }

    /// The bits that others have, and those of the group.
    pub fn permissions(&self) -> Option<(u32, u32)> {
        let mode = u32::from_str_radix(self.mode.as_deref()?, 8).expect("octal");
        Some((mode & 7, mode >> 3 & 7))
    }

    pub fn id(&self) -> String {
        item_id(&self.path)
    }
}

/// First 16 bytes of SHA-256 over the path, hex.
pub fn item_id(path: &str) -> String {
    Sha256::digest(path).iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// What became of a system's root.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    Reached,
    Missing,
    Unmounted,
    Unreadable,
}

/// A run over one week.
pub struct Run {
    pub as_of: Date,
    pub items: Vec<Item>,
    folders: BTreeSet<String>,
    /// Categories that no enabled detector finds.
    pub off: BTreeSet<String>,
    pub key_id: String,
    pub interrupted: bool,
    /// Roots that could not be listed.
    unreadable: BTreeSet<String>,
    /// Text of the policy.
    pub policy: String,
    /// It was told which detectors to use.
    pub chosen: bool,
    /// What the detectors were, in a word.
    pub detectors: String,
}

impl Run {
    /// Reads a truth file. What the policy excludes is skipped; what came before says since when things are as they are.
    pub fn read(truth: &str, policy: &Policy, before: Option<&Run>, key_id: &str) -> Self {
        #[derive(Deserialize)]
        struct Head {
            as_of: Date,
            folders: BTreeSet<String>,
        }
        let mut lines = truth.lines();
        let head: Head = serde_json::from_str(lines.next().expect("a head")).expect("a head");
        let mut items: Vec<Item> = lines.map(|l| serde_json::from_str(l).expect("an item")).collect();
        for item in &mut items {
            // Registers are the policy's own files.
            let own = policy.registers().contains(&item.path.as_str());
            if own || policy.scope.exclude.iter().any(|e| e.glob.matches(item.outer())) {
                item.outcome = "skipped".to_owned();
            }
            let earlier = before.and_then(|run| run.items.iter().find(|i| i.path == item.path));
            item.first_seen = earlier.and_then(|i| i.first_seen).or(Some(head.as_of));
            let since = earlier.and_then(|i| i.unread_since).or(Some(head.as_of));
            item.unread_since = since.filter(|_| item.unread());
        }
        Self {
            as_of: head.as_of,
            items,
            folders: head.folders,
            off: BTreeSet::new(),
            key_id: key_id.to_owned(),
            interrupted: false,
            unreadable: BTreeSet::new(),
            policy: policy.text.clone(),
            chosen: false,
            detectors: "all".to_owned(),
        }
    }

    /// Makes a root one that could not be listed: what is seen is the folder, and nothing of what it holds.
    pub fn shut(&mut self, root: &str) {
        self.items.retain(|i| !i.path.starts_with(&format!("{root}/")));
        self.unreadable.insert(root.to_owned());
        self.items.push(Item {
            path: root.to_owned(),
            outcome: "failed".to_owned(),
            first_seen: Some(self.as_of),
            unread_since: Some(self.as_of),
            ..Item::default()
        });
    }

    /// Categories counted in an item.
    pub fn counted(&self, item: &Item) -> BTreeSet<String> {
        let found = if item.examined() { Some(&item.holds) } else { None };
        found.into_iter().flatten().map(|(c, _)| c.clone()).filter(|c| !self.off.contains(c)).collect()
    }

    /// How often categories that `wanted` names were counted in an item.
    pub fn matches(&self, item: &Item, wanted: impl Fn(&str) -> bool) -> u64 {
        self.counted(item).iter().filter(|c| wanted(c)).map(|c| item.holds[c]).sum()
    }

    /// Whether an item holds a class.
    pub fn holds(&self, item: &Item, class: &Class) -> bool {
        let counted = self.counted(item);
        let has = |name: &String| counted.iter().any(|c| names(name, c));
        match &class.matches {
            Some(m) => {
                m.all_of.iter().all(has)
                    && (m.any_of.is_empty() || m.any_of.iter().any(has))
                    && (m.path.is_empty() || any_glob(&m.path, &item.path))
            }
            None => class.categories.iter().flatten().any(has),
        }
    }

    /// Whether no enabled detector finds one of the class's categories.
    pub fn cannot_see(&self, class: &Class) -> bool {
        class.names().iter().any(|name| self.off.iter().any(|c| *name == c))
    }

    pub fn reach(&self, system: &System) -> Reach {
        match () {
            () if !self.folders.contains(&system.root) => Reach::Missing,
            () if system.mount => Reach::Unmounted,
            () if self.unreadable.contains(&system.root) => Reach::Unreadable,
            () => Reach::Reached,
        }
    }

    /// Whether a fingerprint was met in an item.
    pub fn meets(&self, item: &Item, fingerprint: &str) -> bool {
        let on = item.fingerprints.iter().filter(|(category, _)| !self.off.contains(*category));
        item.examined() && on.into_iter().any(|(_, prints)| prints.contains(fingerprint))
    }

    pub fn at(&self, path: &str) -> Option<&Item> {
        self.items.iter().find(|i| i.path == path)
    }
}

/// What the organisation wrote down.
#[derive(Default)]
pub struct Registers {
    pub disposal: Option<Vec<Entry>>,
    pub disclosures: Option<Vec<Disclosure>>,
    pub erasure: Option<Vec<Request>>,
    pub events: BTreeMap<String, BTreeMap<String, Date>>,
}

#[derive(Clone, Deserialize)]
pub struct Entry {
    pub id: String,
    pub item: String,
    pub class: Option<String>,
    pub trigger_date: Option<Date>,
    approved_at: Option<String>,
    performed_at: Option<String>,
    pub content_hash: Option<String>,
    pub quarantine: Option<String>,
    #[serde(default)]
    pub record_fingerprints: Vec<String>,
    pub key_id: Option<String>,
}

/// The day of a date or of an instant in UTC.
fn day(moment: &Option<String>) -> Option<Date> {
    moment.as_ref().map(|m| m[..10].parse().expect("a day"))
}

impl Entry {
    pub fn performed(&self) -> Option<Date> {
        day(&self.performed_at)
    }

    pub fn approved(&self) -> Option<Date> {
        day(&self.approved_at)
    }
}

pub struct Disclosure {
    pub recipient: String,
    pub class: String,
    pub from: Date,
    pub to: Option<Date>,
}

#[derive(Clone, Deserialize)]
pub struct Request {
    pub id: String,
    pub due: Option<Date>,
    pub completed_on: Option<Date>,
    pub fingerprints: Vec<String>,
    pub key_id: Option<String>,
}

impl Registers {
    /// Reads what the policy names; what is not there is nothing.
    pub fn read(policy: &Policy, dir: &Path) -> Self {
        let text = |file: &String| fs::read_to_string(dir.join(file)).ok();
        let rows = |text: &str| -> Vec<Vec<String>> {
            text.lines().map(|l| l.split(',').map(str::to_owned).collect()).collect()
        };
        let disposal = policy.disposal.as_ref().and_then(|d| d.register.as_ref()).and_then(text);
        let erasure = policy.erasure.as_ref().and_then(|e| text(&e.register));
        let disclosures = policy.disclosures.as_ref().and_then(|d| d.register.as_ref()).and_then(text);
        let mut events = BTreeMap::new();
        for event in &policy.events {
            let table = rows(&text(&event.register.file).unwrap_or_default());
            let Some((head, lines)) = table.split_first() else { continue };
            let column = |name: &String| head.iter().position(|h| h == name).expect("a column");
            let (key, date) = (column(&event.register.key), column(&event.register.date));
            let days = lines.iter().map(|l| (l[key].clone(), l[date].parse().expect("a day"))).collect();
            events.insert(event.name.clone(), days);
        }
        Self {
            disposal: disposal.map(|t| latest(&t, |e: &Entry| e.id.clone())),
            erasure: erasure.map(|t| latest(&t, |r: &Request| r.id.clone())),
            disclosures: disclosures.map(|t| {
                let line = |l: &Vec<String>| Disclosure {
                    recipient: l[0].clone(),
                    class: l[1].clone(),
                    from: l[2].parse().expect("a day"),
                    to: Some(&l[3]).filter(|d| !d.is_empty()).map(|d| d.parse().expect("a day")),
                };
                rows(&t).iter().skip(1).map(line).collect()
            }),
            events,
        }
    }

    /// Entries that were performed.
    pub fn performed(&self) -> impl Iterator<Item = (&Entry, Date)> {
        self.disposal.iter().flatten().filter_map(|e| Some((e, e.performed()?)))
    }
}

/// The last line of each id, in the order of their first ones.
fn latest<T: for<'de> Deserialize<'de>>(text: &str, id: impl Fn(&T) -> String) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for line in text.lines() {
        let entry: T = serde_json::from_str(line).expect("an entry");
        match all.iter_mut().find(|e| id(e) == id(&entry)) {
            Some(there) => *there = entry,
            None => all.push(entry),
        }
    }
    all
}

/// Whether a list of names speaks of a category; for lists that may be absent.
pub fn listed(list: &Option<Vec<String>>, category: &str) -> bool {
    list.as_ref().is_some_and(|l| any_name(l, category))
}
