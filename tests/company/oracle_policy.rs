//! The policy file as the oracle reads it, and the categories of the taxonomy.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

const TIERS: [&str; 4] = ["public", "internal", "confidential", "restricted"];

/// Position of a tier.
pub fn tier(word: &str) -> usize {
    TIERS.iter().position(|t| *t == word).expect("a tier")
}

#[derive(Deserialize)]
pub struct Policy {
    pub policy: Head,
    pub scope: Scope,
    #[serde(default, rename = "class")]
    pub classes: Vec<Class>,
    #[serde(default)]
    pub retention: Vec<Rule>,
    #[serde(default, rename = "event")]
    pub events: Vec<EventSource>,
    pub disposal: Option<Disposal>,
    pub erasure: Option<Erasure>,
    pub disclosures: Option<Disclosures>,
    pub labels: Option<Labels>,
    #[serde(default)]
    pub deidentified: Vec<Set>,
    #[serde(default, rename = "hold")]
    pub holds: Vec<Hold>,
    #[serde(default, rename = "exception")]
    pub exceptions: Vec<Exception>,
    #[serde(default)]
    pub thresholds: Thresholds,
    /// Tier and flags of each category.
    #[serde(skip)]
    pub categories: BTreeMap<String, Category>,
    /// The file's text: another text is another policy.
    #[serde(skip)]
    pub text: String,
}

#[derive(Deserialize)]
pub struct Head {
    pub fiscal_year_end: Option<String>,
    pub review_by: Option<Day>,
}

#[derive(Deserialize)]
pub struct Scope {
    pub systems: Vec<System>,
    #[serde(default)]
    pub exclude: Vec<Exclusion>,
    pub min_readable: Option<f64>,
    pub cadence: Option<Period>,
}

#[derive(Deserialize)]
pub struct System {
    pub id: String,
    pub root: String,
    #[serde(default, rename = "use")]
    pub used_for: String,
    pub recipient: Option<String>,
    pub min_items: Option<u64>,
    #[serde(default)]
    pub mount: bool,
}

#[derive(Deserialize)]
pub struct Exclusion {
    pub glob: Glob,
    pub expires: Option<Day>,
}

#[derive(Deserialize)]
pub struct Class {
    pub id: String,
    pub categories: Option<Vec<String>>,
    #[serde(rename = "match")]
    pub matches: Option<ClassMatch>,
    pub tier: Option<String>,
    pub owner: Option<String>,
    pub purpose: Option<String>,
    pub allowed: Option<Vec<Glob>>,
    pub access: Option<Access>,
    #[serde(default)]
    pub special: BTreeMap<String, String>,
    #[serde(default)]
    pub prohibited: Vec<String>,
    pub retention: Option<String>,
}

#[derive(Deserialize, Default)]
pub struct ClassMatch {
    #[serde(default)]
    pub all_of: Vec<String>,
    #[serde(default)]
    pub any_of: Vec<String>,
    #[serde(default)]
    pub path: Vec<Glob>,
}

#[derive(Deserialize)]
pub struct Access {
    pub other: Option<String>,
    pub groups: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub struct Rule {
    pub id: String,
    #[serde(default)]
    pub trigger: Trigger,
    pub keep_min: Option<Period>,
    pub keep_max: Option<Period>,
    pub grace: Option<Period>,
    #[serde(default)]
    pub phases: Vec<Phase>,
    pub action: Option<String>,
}

#[derive(Deserialize)]
pub struct Trigger {
    pub source: String,
    pub field: Option<String>,
    pub event: Option<String>,
    pub key: Option<String>,
    #[serde(default)]
    pub fallback: Vec<String>,
    pub min_confidence: Option<String>,
    pub align: Option<String>,
}

impl Default for Trigger {
    fn default() -> Self {
        let (source, min_confidence) = ("modified".to_owned(), Some("weak".to_owned()));
        Self {
            source,
            field: None,
            event: None,
            key: None,
            fallback: Vec::new(),
            min_confidence,
            align: None,
        }
    }
}

#[derive(Deserialize)]
pub struct Phase {
    pub until: Period,
    #[serde(default)]
    pub location: Vec<Glob>,
}

#[derive(Deserialize)]
pub struct EventSource {
    pub name: String,
    pub register: EventFile,
}

#[derive(Deserialize)]
pub struct EventFile {
    pub file: String,
    pub key: String,
    pub date: String,
}

#[derive(Deserialize)]
pub struct Disposal {
    #[serde(default)]
    pub quarantine: Vec<Glob>,
    pub backups: Option<Backups>,
    pub register: Option<String>,
}

#[derive(Deserialize)]
pub struct Backups {
    pub roots: Vec<Glob>,
    pub expiry: Period,
}

#[derive(Deserialize)]
pub struct Erasure {
    pub register: String,
}

#[derive(Deserialize)]
pub struct Disclosures {
    pub register: Option<String>,
    #[serde(default)]
    pub globs: Vec<Glob>,
}

#[derive(Deserialize)]
pub struct Labels {
    pub names: BTreeMap<String, String>,
    #[serde(default)]
    pub declared: Vec<Declared>,
    #[serde(default)]
    pub required: Vec<String>,
}

#[derive(Deserialize)]
pub struct Declared {
    pub glob: Glob,
    pub label: String,
}

#[derive(Deserialize)]
pub struct Set {
    pub id: String,
    pub path: Vec<Glob>,
}

#[derive(Deserialize)]
pub struct Hold {
    #[serde(rename = "match")]
    pub matches: HoldMatch,
    pub placed: Day,
    pub review_by: Option<Day>,
    pub released: Option<Day>,
}

#[derive(Deserialize)]
pub struct HoldMatch {
    #[serde(default)]
    pub path: Vec<Glob>,
    pub class: Option<String>,
    pub from: Option<Day>,
    pub to: Option<Day>,
}

#[derive(Deserialize)]
pub struct Exception {
    pub test: String,
    #[serde(default, rename = "match")]
    pub matches: ExceptionMatch,
    pub approved_on: Day,
    pub expires: Day,
}

#[derive(Deserialize, Default)]
pub struct ExceptionMatch {
    #[serde(default)]
    pub path: Vec<Glob>,
    pub class: Option<String>,
}

#[derive(Deserialize)]
#[serde(default)]
pub struct Thresholds {
    pub bad_dates: f64,
    pub no_date: f64,
    pub disposal_days: i64,
    pub copy_share: f64,
    pub decision_days: i64,
    pub drift: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            bad_dates: 0.01,
            no_date: 0.02,
            disposal_days: 30,
            copy_share: 0.5,
            decision_days: 30,
            drift: 0.2,
        }
    }
}

#[derive(Deserialize)]
pub struct Category {
    pub tier: String,
    pub flags: Vec<String>,
}

/// A TOML date.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let written = toml::value::Datetime::deserialize(d)?.to_string();
        written.parse().map(Day).map_err(serde::de::Error::custom)
    }
}

/// An ISO 8601 period.
pub struct Period(pub Span);

impl Period {
    /// The day this long after another.
    pub fn after(&self, day: Date) -> Date {
        day.checked_add(self.0).expect("a day of this calendar")
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map(Period).map_err(serde::de::Error::custom)
    }
}

/// A glob, with the text it was made of.
pub struct Glob {
    pub text: String,
    matcher: globset::GlobMatcher,
}

impl Glob {
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }

    /// What stands before the first sign of a pattern, without a slash at its end.
    pub fn literal_beginning(&self) -> &str {
        let end = self.text.find(['*', '?', '[', '{']).unwrap_or(self.text.len());
        self.text[..end].trim_end_matches('/')
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let glob = globset::GlobBuilder::new(&text).literal_separator(true).build();
        let matcher = glob.map_err(serde::de::Error::custom)?.compile_matcher();
        Ok(Self { text, matcher })
    }
}

/// Whether a path is a folder or lies in it.
fn lies_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

impl Policy {
    /// Reads a policy and the taxonomy.
    pub fn parse(text: &str, taxonomy: &str) -> Self {
        #[derive(Deserialize)]
        struct Taxonomy {
            category: BTreeMap<String, Category>,
        }
        let mut policy: Policy = toml::from_str(text).expect("a policy");
        policy.categories = toml::from_str::<Taxonomy>(taxonomy).expect("a taxonomy").category;
        policy.text = text.to_owned();
        policy
    }

    /// The registers that the policy names.
    pub fn registers(&self) -> Vec<&str> {
        let events = self.events.iter().map(|e| &e.register.file);
        let disposal = self.disposal.iter().filter_map(|d| d.register.as_ref());
        let disclosures = self.disclosures.iter().filter_map(|d| d.register.as_ref());
        let erasure = self.erasure.iter().map(|e| &e.register);
        events.chain(disposal).chain(disclosures).chain(erasure).map(String::as_str).collect()
    }

    pub fn class(&self, id: &str) -> Option<&Class> {
        self.classes.iter().find(|c| c.id == id)
    }

    pub fn rule(&self, class: &Class) -> Option<&Rule> {
        self.retention.iter().find(|r| Some(&r.id) == class.retention.as_ref())
    }

    /// The system whose root is the longest beginning of a path.
    pub fn system_of(&self, path: &str) -> Option<&System> {
        let around = self.scope.systems.iter().filter(|s| lies_in(path, &s.root));
        around.max_by_key(|s| s.root.len())
    }

    pub fn tier_of_category(&self, category: &str) -> usize {
        tier(&self.categories[category].tier)
    }

    /// The day on which the clock of a rule starts.
    pub fn align(&self, rule: &Rule, day: Date) -> Date {
        let end = match rule.trigger.align.as_deref() {
            None => return day,
            Some("calendar-year-end") => "12-31",
            Some(_) => self.policy.fiscal_year_end.as_deref().unwrap_or("12-31"),
        };
        let of = |year: i16| format!("{year}-{end}").parse::<Date>().expect("a day of every year");
        [of(day.year()), of(day.year() + 1)].into_iter().find(|d| *d >= day).expect("a day")
    }

    pub fn flags(&self, category: &str) -> &[String] {
        &self.categories[category].flags
    }

    /// Whether a class is allowed somewhere in a system.
    pub fn is_allowed_in(&self, class: &Class, system: &System) -> bool {
        class.allowed.as_ref().is_none_or(|globs| {
            globs.iter().any(|g| {
                let place = g.literal_beginning();
                lies_in(place, &system.root) || lies_in(&system.root, place)
            })
        })
    }
}

impl Class {
    /// Whether the class lists a category.
    pub fn lists(&self, category: &str) -> bool {
        self.categories.as_ref().is_some_and(|list| super::any_name(list, category))
    }

    /// Every name of a category in the class.
    pub fn names(&self) -> Vec<&String> {
        let m = self.matches.iter();
        let matched = m.flat_map(|m| m.all_of.iter().chain(&m.any_of));
        self.categories.iter().flatten().chain(matched).chain(&self.prohibited).collect()
    }
}
