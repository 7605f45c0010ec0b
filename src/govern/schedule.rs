//! What a policy promises, as tables: the retention schedule, and the record of processing (Art. 30 GDPR).

use std::collections::BTreeSet;

use super::policy::{Align, Class, Policy, Retention, Role, Source, System, Use, overlaps};

/// One value of a table. An empty text is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A text.
    Text(String),
    /// Several.
    List(Vec<String>),
}

impl Entry {
    fn maybe(text: Option<&str>) -> Self {
        Entry::Text(text.unwrap_or_default().to_owned())
    }

    fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Entry::List(texts.into_iter().map(str::to_owned).collect())
    }

    /// As one text, lists joined by `;`.
    pub fn joined(&self) -> String {
        match self {
            Entry::Text(text) => text.clone(),
            Entry::List(texts) => texts.join(";"),
        }
    }
}

/// A table with named columns.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Names of the columns.
    pub columns: &'static [&'static str],
    /// Rows, as wide as `columns`.
    pub rows: Vec<Vec<Entry>>,
}

/// Columns of the retention schedule.
const SCHEDULE: &[&str] = &[
    "class",
    "categories",
    "subjects",
    "purpose",
    "basis",
    "systems",
    "rule",
    "trigger",
    "keep_min",
    "keep_max",
    "grace",
    "action",
    "method",
    "authority",
    "justification",
    "owner",
];

/// The retention schedule: a row for each class, in the order of the policy; then one for each rule that no class uses.
pub fn schedule(policy: &Policy) -> Sheet {
    let row = |class: Option<&Class>, rule: Option<&Retention>| {
        let text =
            |get: fn(&Retention) -> Option<String>| Entry::Text(rule.and_then(get).unwrap_or_default());
        let purpose = class.and_then(|c| c.purpose.as_deref());
        let basis = purpose.and_then(|p| policy.purposes.get(p)).and_then(|p| p.basis.as_deref());
        vec![
            Entry::maybe(class.map(|c| c.id.as_str())),
            Entry::list(class.into_iter().flat_map(categories)),
            Entry::list(class.into_iter().flat_map(|c| c.subjects.iter().map(String::as_str))),
            Entry::maybe(purpose),
            Entry::maybe(basis),
            Entry::list(class.into_iter().flat_map(|c| systems(policy, c)).map(|s| s.id.as_str())),
            Entry::maybe(rule.map(|r| r.id.as_str())),
            text(|r| Some(starts(r))),
            text(|r| r.keep_min.map(|p| p.to_string())),
            text(|r| r.keep_max.map(|p| p.to_string())),
            text(|r| r.grace.map(|p| p.to_string())),
            text(|r| Some(r.action.word().to_owned())),
            text(|r| r.method.clone()),
            text(|r| r.authority.clone()),
            text(|r| r.justification.clone()),
            Entry::maybe(class.and_then(|c| c.owner.as_deref())),
        ]
    };
    let mut rows: Vec<Vec<Entry>> = policy.classes.iter().map(|c| row(Some(c), policy.rule(c))).collect();
    let unused = |rule: &&Retention| !policy.classes.iter().any(|c| c.retention.as_ref() == Some(&rule.id));
    rows.extend(policy.retention.iter().filter(unused).map(|rule| row(None, Some(rule))));
    Sheet { columns: SCHEDULE, rows }
}

/// Columns of the record of processing. What a policy does not know (name and contact of the controller, transfers to
/// third countries) has no column.
const ROPA: &[&str] = &[
    "activity",
    "purpose",
    "basis",
    "notice",
    "role",
    "classes",
    "subjects",
    "categories_declared",
    "special_conditions",
    "recipients",
    "systems",
    "erasure_limits",
    "security_attested",
    "owners",
];

/// The record of processing: a row for each purpose, then one for all classes without one.
pub fn ropa(policy: &Policy) -> Sheet {
    let mut rows = Vec::new();
    let purposes = policy.purposes.iter().map(|(id, purpose)| (Some(id.as_str()), Some(purpose)));
    for (id, purpose) in purposes.chain([(None, None)]) {
        let classes: Vec<&Class> = policy.classes.iter().filter(|c| c.purpose.as_deref() == id).collect();
        if id.is_none() && classes.is_empty() {
            continue;
        }
        let each = |get: &dyn Fn(&Class) -> Vec<String>| {
            let all: BTreeSet<String> = classes.iter().flat_map(|c| get(c)).collect();
            Entry::List(all.into_iter().collect())
        };
        let of_systems =
            |get: &dyn Fn(&System) -> Option<String>| each(&|c| systems(policy, c).filter_map(get).collect());
        let limit = |c: &Class| match policy.rule(c) {
            Some(rule) => vec![format!("{}: {}", c.id, limit(rule))],
            None => Vec::new(),
        };
        rows.push(vec![
            Entry::maybe(purpose.and_then(|p| p.ropa.as_deref())),
            Entry::maybe(id),
            Entry::maybe(purpose.and_then(|p| p.basis.as_deref())),
            Entry::maybe(purpose.and_then(|p| p.notice.as_deref())),
            of_systems(&|s| {
                Some(match s.role {
                    Role::Controller => "controller".to_owned(),
                    Role::Processor => "processor".to_owned(),
                })
            }),
            Entry::list(classes.iter().map(|c| c.id.as_str())),
            each(&|c| c.subjects.clone()),
            each(&|c| categories(c).map(str::to_owned).collect()),
            each(&|c| {
                c.special.iter().map(|(category, condition)| format!("{category}: {condition}")).collect()
            }),
            of_systems(&|s| (s.used_for == Use::Disclosure).then(|| s.recipient.clone()).flatten()),
            of_systems(&|s| Some(s.id.clone())),
            each(&limit),
            each(&|c| c.attested.clone()),
            each(&|c| c.owner.clone().into_iter().collect()),
        ]);
    }
    Sheet { columns: ROPA, rows }
}

/// What the class holds: what it lists, else what makes an item one of it.
fn categories(class: &Class) -> impl Iterator<Item = &str> {
    let matched = class.matches.iter().flat_map(|m| m.all_of.iter().chain(&m.any_of));
    let (listed, matched) = match &class.categories {
        Some(listed) => (Some(listed), None),
        None => (None, Some(matched)),
    };
    listed.into_iter().flatten().chain(matched.into_iter().flatten()).map(String::as_str)
}

/// Systems in which the class is allowed; none where the policy does not state it.
fn systems<'a>(policy: &'a Policy, class: &'a Class) -> impl Iterator<Item = &'a System> {
    let allowed = class.allowed.as_deref().unwrap_or_default();
    policy.scope.systems.iter().filter(move |s| allowed.iter().any(|g| overlaps(g, &s.root)))
}

/// What starts the clock of a rule, in words.
fn starts(rule: &Retention) -> String {
    let trigger = &rule.trigger;
    let source = |source: &Source| match (source, &trigger.field, &trigger.event) {
        (Source::RecordDate, Some(field), _) => format!("record-date {field}"),
        (Source::Event, _, Some(event)) => format!("event {event}"),
        (other, _, _) => other.word().to_owned(),
    };
    let mut text = source(&trigger.source);
    for other in &trigger.fallback {
        text.push_str(", else ");
        text.push_str(&source(other));
    }
    match trigger.align {
        Some(Align::CalendarYearEnd) => text + ", from the end of that calendar year",
        Some(Align::FiscalYearEnd) => text + ", from the end of that fiscal year",
        None => text,
    }
}

/// How long a rule keeps, in words.
fn limit(rule: &Retention) -> String {
    let action = rule.action.word();
    match (rule.keep_max, rule.keep_min) {
        (Some(max), _) => format!("{max} after {}, then {action}", starts(rule)),
        (None, Some(min)) => format!("at least {min} after {}", starts(rule)),
        (None, None) => action.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
schema = "retention-policy/1"
policy = { id = "p", version = "1" }
scope.systems = [
  { id = "hr", root = "hr", role = "processor" },
  { id = "out", root = "out", use = "disclosure", recipient = "payroll-bureau" },
  { id = "crm", root = "crm" },
]
[[class]]
id = "pay-slips"
categories = ["person.name", "fin.salary"]
subjects = ["employee"]
purpose = "payroll"
owner = "hr-ops"
allowed = ["hr/pay*/**", "out/*.zip"]
special = { "gov.national_id" = "A9-2-b" }
attested = ["encrypted-at-rest"]
retention = "seven"
[[class]]
id = "letters"
match = { any_of = ["contact.*"] }
[purposes]
payroll = { basis = "A6-1-c", notice = "staff-2026", ropa = "PA-3" }
[[retention]]
id = "seven"
trigger = { source = "record-date", field = "paid_on", fallback = ["path-date"], align = "fiscal-year-end" }
keep_min = "P6Y"
keep_max = "P7Y"
grace = "P30D"
action = "delete"
authority = "FIN-12"
[[retention]]
id = "spare"
keep_min = "P1Y"
"#;

    fn rows(sheet: &Sheet) -> Vec<String> {
        sheet
            .rows
            .iter()
            .map(|row| {
                assert_eq!(row.len(), sheet.columns.len());
                row.iter().map(Entry::joined).collect::<Vec<_>>().join("|")
            })
            .collect()
    }

    #[test]
    fn the_schedule_has_a_row_for_each_class_and_each_unused_rule() {
        let policy = Policy::parse(POLICY).expect("a policy");
        assert_eq!(
            rows(&schedule(&policy)),
            [
                "pay-slips|person.name;fin.salary|employee|payroll|A6-1-c|hr;out|seven|record-date paid_on, else path-date, \
                 from the end of that fiscal year|P6Y|P7Y|P30D|delete||FIN-12||hr-ops",
                "letters|contact.*||||||||||||||",
                "||||||spare|modified|P1Y|||review||||",
            ]
        );
    }

    #[test]
    fn the_record_of_processing_has_a_row_for_each_purpose_and_one_for_none() {
        let policy = Policy::parse(POLICY).expect("a policy");
        assert_eq!(
            rows(&ropa(&policy)),
            [
                "PA-3|payroll|A6-1-c|staff-2026|controller;processor|pay-slips|employee|fin.salary;person.name|gov.national_id: A9-2-b|\
                 payroll-bureau|hr;out|pay-slips: P7Y after record-date paid_on, else path-date, from the end of that fiscal year, \
                 then delete|encrypted-at-rest|hr-ops",
                "|||||letters||contact.*||||||",
            ]
        );
    }
}
