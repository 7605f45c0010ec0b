//! A first policy for what a scan found: what is there is written down, what has to be decided is marked TODO.
//!
//! The draft describes and never approves: it names no purpose, no period, no condition for special categories, and
//! no place in which card numbers or secrets may be. Those tests fail until somebody decides.

use std::collections::{BTreeMap, BTreeSet};

use super::odcs::{slug, unique};
use super::policy::SCHEMA;
use super::printable;
use crate::classify::Taxonomy;

/// Kinds of data that are governed alike: id, beginnings of categories, who is spoken of or what it is.
const GROUPS: &[(&str, &[&str], &str)] = &[
    ("people", &["person.", "contact."], "names of people and ways to reach them"),
    ("government-ids", &["gov."], "numbers and papers that a state gave"),
    ("payment-cards", &["pay."], "card data; PCI DSS speaks of it"),
    ("financial", &["fin."], "accounts, pay, books"),
    ("health", &["health.", "bio."], "health, genes, bodies"),
    ("special", &["sp.", "crim.", "child."], "belief, origin, offences, children"),
    ("employment", &["emp.", "edu."], "work and education"),
    ("credentials", &["auth."], "passwords, keys, tokens"),
    ("online", &["online.", "loc.", "beh.", "comm."], "devices, places, behaviour, messages"),
    ("business", &["biz.", "org."], "confidential, not personal"),
];

/// Groups that have no place where they may be until somebody names one.
const NOWHERE: &[&str] = &["payment-cards", "credentials"];

/// What was found, by system.
#[derive(Debug, Default)]
pub struct Found {
    /// Name of the policy.
    pub policy: String,
    /// Declared systems to be.
    pub systems: Vec<FoundSystem>,
    /// Folders that cannot be named because something was found in their names, and how many items lie there.
    pub unnamed: (u64, u64),
    /// Items that could not be read, or not wholly.
    pub unread: u64,
    /// Folders that hold no records as a rule (`**/.git/**`), and how many items lie there.
    pub passing: BTreeMap<&'static str, u64>,
    /// By category; [`Found::add`] counts them.
    pub categories: BTreeMap<String, FoundCategory>,
}

/// A folder that becomes a system.
#[derive(Debug, Default)]
pub struct FoundSystem {
    /// Relative to the policy's folder; `.` for that folder itself.
    pub root: String,
    /// What of `root` it is.
    pub extent: Extent,
    /// Items examined.
    pub items: u64,
    /// Fields that look like dates of records, and in how many items.
    pub dates: BTreeMap<String, u64>,
}

/// What of its root a system is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All that lies below.
    #[default]
    Whole,
    /// Only what lies directly in it: what lies deeper is in other systems.
    Shallow,
    /// The root is one file.
    File,
}

/// What was found of a category.
#[derive(Debug, Default)]
pub struct FoundCategory {
    /// Matches.
    pub matches: u64,
    /// Items with one.
    pub items: u64,
    /// Indices of the systems they are in.
    pub systems: BTreeSet<usize>,
    /// Other categories in the same items.
    pub beside: BTreeSet<String>,
}

impl Found {
    /// Counts an examined item of a system, with the matches of each category in it.
    pub fn add(&mut self, system: usize, counted: &BTreeMap<String, u64>) {
        if let Some(system) = self.systems.get_mut(system) {
            system.items += 1;
        }
        for (category, matches) in counted {
            let found = self.categories.entry(category.clone()).or_default();
            found.matches += matches;
            found.items += 1;
            found.systems.insert(system);
            found.beside.extend(counted.keys().filter(|c| *c != category).cloned());
        }
    }
}

/// Writes the draft.
pub fn draft(found: &Found, taxonomy: &Taxonomy) -> String {
    let items: u64 = found.systems.iter().map(|s| s.items).sum();
    let mut out = format!(
        "# A draft from what was found in {}: counts, never values. It describes what is there today; whether\n\
         # that is as it should be is for you to say. `TODO` marks what only you know; `privascan policy check` lists it.\n",
        counted(items, "item")
    );
    if found.unread > 0 {
        let unread = counted(found.unread, "item");
        out.push_str(&format!("# {unread} could not be read, or not wholly: there may be more in them.\n"));
    }
    out.push_str(&format!(
        "schema = \"{SCHEMA}\"\n\n[policy]\nid = {}\nversion = \"1\"\napproved_by = \"TODO: a role, not a person\"\n\
         # effective = 2027-01-01\n# review_by = 2028-01-01\n# time_zone = \"Europe/Berlin\"\n\n",
        text(&slug(&found.policy))
    ));
    out.push_str(&scope(found));
    let groups = groups(found, taxonomy);
    if groups.is_empty() {
        out.push_str("\n# No personal or confidential data was found. A class says what may be held, where, and for how long:\n");
        out.push_str("# [[class]]\n# id = \"customers\"\n# categories = [\"person.name\", \"contact.*\"]\n");
    }
    for group in &groups {
        out.push_str(&class(group, found, taxonomy));
    }
    out.push_str(
        "\n# Why data is held; a class names one in `purpose`.\n# [purposes]\n# billing = { basis = \"A6-1-b\", \
         notice = \"TODO: the notice that tells of it\" }\n\n# Where disposals are registered (DSP-01 to DSP-05).\n\
         # [disposal]\n# register = \"registers/disposal.jsonl\"\n# quarantine = [\"**/to-delete/**\"]\n",
    );
    out
}

/// A number with its noun.
fn counted(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// `[scope]`.
fn scope(found: &Found) -> String {
    let mut out = "[scope]\nsystems = [\n".to_owned();
    let mut taken = BTreeSet::new();
    for system in &found.systems {
        let name = match system.root.as_str() {
            "." => "top".to_owned(),
            root => slug(root.rsplit('/').next().unwrap_or(root)),
        };
        let (used, guessed) = match guess(&name) {
            Some(used) => (format!(", use = \"{used}\""), format!("; `{used}` is guessed from its name")),
            None => (String::new(), String::new()),
        };
        let shallow = match system.extent {
            Extent::Shallow => ", what lies in no other system",
            Extent::Whole | Extent::File => "",
        };
        out.push_str(&format!(
            "  # {}{shallow}{guessed}\n  {{ id = {}, root = {}, owner = \"TODO: who answers for this\"{used} }},\n",
            counted(system.items, "item"),
            text(&unique(name, &mut taken)),
            text(&system.root)
        ));
    }
    out.push_str("]\n");
    if found.unnamed.0 > 0 {
        out.push_str(&format!(
            "# In no system: {} with {}. Something personal stands in the name, or bytes that are no text.\n\
             # Rename, or add by hand.\n",
            counted(found.unnamed.0, "folder"),
            counted(found.unnamed.1, "item")
        ));
    }
    out.push_str("# What is left out stays on record, with a reason, a role that approved it, and an end.\n");
    if found.passing.is_empty() {
        out.push_str("# exclude = [\n#   { glob = \"**/cache/**\", reason = \"TODO\", approved_by = \"TODO\", expires = 2028-01-01 },\n# ]\n");
    } else {
        out.push_str("# These folders hold no records as a rule:\n# exclude = [\n");
        for (glob, items) in &found.passing {
            out.push_str(&format!(
                "#   {{ glob = \"{glob}\", reason = \"TODO\", approved_by = \"TODO\", expires = 2028-01-01 }},  # {}\n",
                counted(*items, "item")
            ));
        }
        out.push_str("# ]\n");
    }
    out.push_str("# cadence = \"P7D\"  # how far runs may be apart (MON-03)\n");
    out
}

/// What a name says a system is for.
fn guess(name: &str) -> Option<&'static str> {
    let mut words = name.split(['-', '.']);
    words.find_map(|word| match word {
        "test" | "tests" | "testing" | "dev" | "development" | "sandbox" | "fixtures" | "staging" => {
            Some("test")
        }
        "archive" | "archives" | "backup" | "backups" => Some("archive"),
        _ => None,
    })
}

/// A class to be.
struct Group<'a> {
    id: &'static str,
    about: &'static str,
    /// Found and of the group.
    own: Vec<(&'a str, &'a FoundCategory)>,
    /// Found beside them in the same items, of other groups.
    beside: BTreeSet<&'a str>,
    systems: BTreeSet<usize>,
}

fn groups<'a>(found: &'a Found, taxonomy: &Taxonomy) -> Vec<Group<'a>> {
    let held = |category: &str| {
        let known = taxonomy.categories().iter().find(|c| c.name == category);
        known.is_some_and(|c| taxonomy.tier_rank(&c.tier) > Some(0))
    };
    let of = |category: &str| {
        let group = GROUPS.iter().position(|(_, starts, _)| starts.iter().any(|s| category.starts_with(s)));
        group.unwrap_or(GROUPS.len())
    };
    let mut groups: BTreeMap<usize, Group<'a>> = BTreeMap::new();
    for (category, about) in found.categories.iter().filter(|(c, _)| held(c)) {
        let place = of(category);
        let (id, _, what) = GROUPS.get(place).copied().unwrap_or(("other", &[], "what fits nowhere else"));
        let group = groups.entry(place).or_insert_with(|| Group {
            id,
            about: what,
            own: Vec::new(),
            beside: BTreeSet::new(),
            systems: BTreeSet::new(),
        });
        group.own.push((category, about));
        group.systems.extend(&about.systems);
        group.beside.extend(about.beside.iter().map(String::as_str).filter(|c| held(c) && of(c) != place));
    }
    groups.into_values().collect()
}

/// `[[class]]`, and its rule as a comment.
fn class(group: &Group<'_>, found: &Found, taxonomy: &Taxonomy) -> String {
    let category = |name: &str| taxonomy.categories().iter().find(|c| c.name == name);
    let has_flag = |name: &str, flag: &dyn Fn(&str) -> bool| {
        category(name).is_some_and(|c| c.flags.iter().any(|f| flag(f)))
    };
    let prohibited = |name: &str| has_flag(name, &|f| f == "prohibited");
    let (id, about) = (group.id, group.about);
    let mut out = format!("\n# {about}\n[[class]]\nid = \"{id}\"\n");
    let may: Vec<_> = group.own.iter().filter(|(name, _)| !prohibited(name)).collect();
    let never: Vec<_> = group.own.iter().filter(|(name, _)| prohibited(name)).collect();
    // Without a category of its own that may be held, the class is about those that may not.
    let named = if may.is_empty() { "[\"pay.pan\"]".to_owned() } else { list(may.iter().map(|(n, _)| *n)) };
    out.push_str(&format!("match = {{ any_of = {named} }}\ncategories = [\n"));
    if may.is_empty() {
        out.push_str("  \"pay.pan\",\n");
    }
    for (name, seen) in &may {
        out.push_str(&format!("  \"{name}\",  # {} in {}\n", seen.matches, counted(seen.items, "item")));
    }
    let beside: Vec<&str> = group.beside.iter().copied().filter(|n| !prohibited(n)).collect();
    let beside: Vec<&str> = beside.into_iter().filter(|n| !may.is_empty() || *n != "pay.pan").collect();
    if !beside.is_empty() {
        out.push_str(
            "  # Beside them in the same items today. Take away what does not belong there (COL-03).\n",
        );
        beside.iter().for_each(|name| out.push_str(&format!("  \"{name}\",\n")));
    }
    out.push_str("]\n");
    if !never.is_empty() {
        let counts: Vec<String> = never.iter().map(|(n, seen)| format!("{} {n}", seen.matches)).collect();
        out.push_str(&format!(
            "prohibited = {}  # found: {}; not to be kept at all (DIS-03)\n",
            list(never.iter().map(|(n, _)| *n)),
            counts.join(", ")
        ));
    }
    // The tier of a class raises that of its items: what stands beside it by chance must not.
    let rank = |name: &str| category(name).and_then(|c| taxonomy.tier_rank(&c.tier));
    let highest = group.own.iter().filter_map(|(n, _)| rank(n)).max();
    if let Some(tier) = highest.and_then(|r| taxonomy.tiers().get(r))
        && beside.iter().all(|n| rank(n) <= highest)
    {
        out.push_str(&format!("tier = \"{tier}\"\n"));
    }
    out.push_str(
        "owner = \"TODO: who answers for this\"\nsubjects = []  # employee, customer, applicant, patient …\n",
    );
    out.push_str("# purpose = \"billing\"  # TODO: one of [purposes] (MON-05)\n");
    let places: Vec<String> = group.systems.iter().filter_map(|s| found.systems.get(*s)).map(place).collect();
    let places_text = list(places.iter().map(String::as_str));
    match NOWHERE.contains(&id) {
        true => out.push_str(&format!(
            "# Found in {places_text}. Name the places where it may be, if there are any.\nallowed = []\n"
        )),
        false => out.push_str(&format!("allowed = {places_text}  # where it is today (COL-02)\n")),
    }
    let special: Vec<&str> = may
        .iter()
        .map(|(n, _)| *n)
        .filter(|n| has_flag(n, &|f| ["gdpr9", "gdpr10", "cpra-spi"].contains(&f)))
        .collect();
    if !special.is_empty() {
        let entries: Vec<String> = special.iter().map(|n| format!("\"{n}\" = \"TODO\"")).collect();
        out.push_str("# TODO: the condition under which each of these may be held, as in A9-2-b (COL-04)\n");
        out.push_str(&format!("# special = {{ {} }}\n", entries.join(", ")));
    }
    out.push_str(&rule(group, found));
    out
}

/// The rule of a class, as a comment: nobody but the organisation knows for how long.
fn rule(group: &Group<'_>, found: &Found) -> String {
    let id = group.id;
    let mut dates: BTreeMap<&str, u64> = BTreeMap::new();
    for system in group.systems.iter().filter_map(|s| found.systems.get(*s)) {
        for (field, items) in &system.dates {
            *dates.entry(field).or_default() += items;
        }
    }
    let mut dates: Vec<(&str, u64)> = dates.into_iter().collect();
    dates.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let trigger = match dates.first() {
        Some((field, _)) => {
            format!("{{ source = \"record-date\", field = {}, fallback = [\"path-date\"] }}", text(field))
        }
        None => "{ source = \"path-date\" }".to_owned(),
    };
    let mut out = format!(
        "# TODO: for how long. Put in the period, then take the # away here and from the rule below (RET-02).\n\
         # retention = \"{id}-period\"\n#\n# [[retention]]\n# id = \"{id}-period\"\n"
    );
    if !dates.is_empty() {
        let named: Vec<String> = dates
            .iter()
            .take(6)
            .map(|(f, n)| format!("{} ({})", printable(f), counted(*n, "item")))
            .collect();
        out.push_str(&format!("# # dates found there: {}\n", named.join(", ")));
    }
    out.push_str(&format!(
        "# trigger = {trigger}\n# keep_max = \"TODO\"  # P6M, P7Y …\n# action = \"review\"  # or delete, anonymise, transfer\n\
         # authority = \"TODO: the law or schedule that says so\"\n"
    ));
    out
}

/// The glob of everything in a system.
fn place(system: &FoundSystem) -> String {
    let root = literal(&system.root);
    match (system.root.as_str(), system.extent) {
        (_, Extent::File) => root,
        (".", Extent::Shallow) => "*".to_owned(),
        (".", Extent::Whole) => "**".to_owned(),
        (_, Extent::Shallow) => format!("{root}/*"),
        (_, Extent::Whole) => format!("{root}/**"),
    }
}

/// A path that a glob takes as it is.
fn literal(path: &str) -> String {
    path.chars().fold(String::new(), |mut out, c| {
        if "*?[]{}\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(text).collect::<Vec<_>>().join(", "))
}

/// A TOML string.
fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::govern::lint::{Known, Level, check};

    fn found() -> Found {
        let system = |root: &str, extent, dates: &[(&str, u64)]| FoundSystem {
            root: root.to_owned(),
            extent,
            items: 0,
            dates: dates.iter().map(|(f, n)| ((*f).to_owned(), *n)).collect(),
        };
        let mut found = Found {
            policy: "Old Share".to_owned(),
            systems: vec![
                system("share/hr [old]", Extent::Whole, &[("hired_on", 2), ("leave \"date\"", 5)]),
                system("share/crm", Extent::Whole, &[]),
                system("share/test", Extent::Whole, &[]),
                system("share", Extent::Shallow, &[]),
            ],
            unnamed: (1, 4),
            unread: 3,
            passing: [("**/.git/**", 12)].into(),
            ..Found::default()
        };
        let item = |categories: &[(&str, u64)]| -> BTreeMap<String, u64> {
            categories.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect()
        };
        found.add(0, &item(&[("person.name", 40), ("gov.national_id", 38), ("health.condition", 3)]));
        found.add(0, &item(&[("person.name", 2)]));
        found.add(1, &item(&[("contact.email", 90), ("pay.pan", 8), ("pay.cvv", 1), ("online.url", 4)]));
        found.add(2, &item(&[]));
        found.add(3, &item(&[("auth.private_key", 1)]));
        found
    }

    #[test]
    fn a_draft_can_be_used_as_it_is_and_after_it_was_filled_in() {
        let taxonomy = Taxonomy::builtin().expect("sound");
        for found in [found(), Found::default(), Found { systems: found().systems, ..Found::default() }] {
            let text = draft(&found, &taxonomy);
            let checked = check(&text, Known::of(&taxonomy));
            let errors: Vec<String> = checked
                .problems
                .iter()
                .filter(|p| p.level == Level::Error)
                .map(ToString::to_string)
                .collect();
            // Without a system there is no scope, which is an error whoever writes it.
            let expected = usize::from(found.systems.is_empty());
            assert_eq!(errors.len(), expected, "{errors:?}\n{text}");
        }
        // The rules are in comments; taking the # away and putting in a period makes them rules.
        let text = draft(&found(), &taxonomy);
        let mut in_rule = false;
        let filled: String = text
            .lines()
            .map(|line| {
                in_rule = match line {
                    _ if line.starts_with("# retention = ") => true,
                    _ if line.starts_with('#') => in_rule,
                    _ => false,
                };
                let bare = if in_rule { line.trim_start_matches('#').trim_start() } else { line };
                let bare = if bare.starts_with("dates found") { "" } else { bare };
                bare.replace("keep_max = \"TODO\"", "keep_max = \"P2Y\"") + "\n"
            })
            .collect();
        let checked = check(&filled, Known::of(&taxonomy));
        let policy = checked.policy.unwrap_or_else(|| panic!("{:?}\n{filled}", checked.problems));
        assert_eq!(policy.retention.len(), policy.classes.len());
        assert!(policy.classes.iter().all(|c| policy.rule(c).is_some()));
        assert_eq!(policy.retention[0].trigger.field.as_deref(), Some("leave \"date\""));
    }

    #[test]
    fn a_draft_describes_and_approves_nothing() {
        let taxonomy = Taxonomy::builtin().expect("sound");
        let policy = crate::govern::Policy::load(&draft(&found(), &taxonomy)).expect("sound");
        let class =
            |id: &str| policy.classes.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no {id}"));
        let ids: Vec<&str> = policy.classes.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids, ["people", "government-ids", "payment-cards", "health", "credentials"]);
        let people = class("people");
        assert_eq!(people.matches.as_ref().expect("a match").any_of, ["contact.email", "person.name"]);
        let listed = ["contact.email", "person.name", "gov.national_id", "health.condition", "pay.pan"];
        assert_eq!(people.categories.as_deref().expect("categories"), listed);
        assert_eq!(people.allowed.as_deref().expect("places"), [r"share/hr \[old\]/**", "share/crm/**"]);
        assert_eq!(class("payment-cards").prohibited, ["pay.cvv"]);
        for id in ["payment-cards", "credentials"] {
            assert_eq!(class(id).allowed.as_deref(), Some(&[][..]), "{id}");
        }
        assert!(
            policy
                .classes
                .iter()
                .all(|c| c.purpose.is_none() && c.special.is_empty() && c.retention.is_none())
        );
        let systems: Vec<(&str, crate::govern::policy::Use)> =
            policy.scope.systems.iter().map(|s| (s.id.as_str(), s.used_for)).collect();
        use crate::govern::policy::Use::{Production, Test};
        assert_eq!(
            systems,
            [("hr-old", Production), ("crm", Production), ("test", Test), ("share", Production)]
        );
    }
}
