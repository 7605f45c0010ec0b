//! The management summary: for the public, so without places, findings and their numbers.

use jiff::civil::Date;

use super::super::Sheet;
use super::super::schema::Cell;
use super::super::text::{counted, printable};
use super::{Looked, maybe, text};
use crate::govern::Policy;
use crate::govern::policy::{self, Retention, Use};

/// What may be told of the runs that a summary stands on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
    /// Runs that came to their end.
    pub completed: u64,
    /// Runs that did not, or early.
    pub incomplete: u64,
    /// What each completed run looked at.
    pub runs: Vec<Vec<Looked>>,
}

impl Told {
    /// How many of the completed runs looked at a system.
    fn looked_at(&self, system: &str) -> usize {
        let reached = |run: &&Vec<Looked>| run.iter().any(|l| l.system == system && l.reached);
        self.runs.iter().filter(reached).count()
    }

    /// Of each completed run that met an item in systems that it looked at, the share it read wholly: whole percents,
    /// downwards, so that 100 % is said where all was read.
    fn shares(&self) -> Vec<u64> {
        let share = |run: &Vec<Looked>| {
            let reached = || run.iter().filter(|l| l.reached);
            let (read, items): (u64, u64) =
                (reached().map(|l| l.read).sum(), reached().map(|l| l.items).sum());
            (read * 100).checked_div(items)
        };
        self.runs.iter().filter_map(share).collect()
    }
}

/// Boundary, commitments, and how much was read.
pub(super) fn management_summary(policy: &Policy, told: &Told) -> Sheet {
    let columns = ["class", "categories", "purpose", "keep_max", "starts_with", "action", "authority"];
    let mut sheet = Sheet::new("commitment", &columns);
    sheet.title("Management summary");
    let head = &policy.policy;
    let when = match told.first == told.last {
        true => format!("On {}", told.first),
        false => format!("From {} to {}", told.first, told.last),
    };
    sheet.line(0, &format!("{when}, under the policy {} {}.", printable(&head.id), printable(&head.version)));

    sheet.title("Boundary");
    let systems = |used: &dyn Fn(Use) -> bool| -> Vec<String> {
        let seen = |s: &&policy::System| used(s.used_for) && told.looked_at(&s.id) > 0;
        let inside = policy.scope.systems.iter().filter(seen);
        inside.map(|s| printable(&s.id).into_owned()).collect()
    };
    for (label, names) in [
        ("Systems in daily use", systems(&|u| u == Use::Production)),
        ("Archives", systems(&|u| u == Use::Archive)),
        ("Development and test", systems(&|u| u == Use::Test)),
        ("Systems that disclose", systems(&|u| u == Use::Disclosure)),
    ] {
        if !names.is_empty() {
            sheet.line(2, &format!("{label}: {}.", names.join(", ")));
        }
    }
    not_looked_at(&mut sheet, policy, told);
    sheet.line(2, "What lies outside of these systems, on paper or with others is not part of this summary.");

    sheet.title("Commitments: what is kept, and for how long");
    for class in &policy.classes {
        let categories = class.categories.clone().unwrap_or_default();
        let listed: Vec<String> = categories.iter().map(|c| printable(c).into_owned()).collect();
        let listed = if listed.is_empty() { "not stated".to_owned() } else { listed.join(", ") };
        let rule = policy.rule(class);
        sheet.line(2, &format!("{}: {listed}", printable(&class.id)));
        sheet.line(4, &rule.map_or_else(|| "No period is committed to.".to_owned(), commitment));
        sheet.row(vec![
            text(&class.id),
            Cell::List(categories.into_iter().map(Into::into).collect()),
            maybe(class.purpose.as_deref()),
            maybe(rule.and_then(|r| r.keep_max).map(|p| p.to_string()).as_deref()),
            maybe(rule.map(|r| r.trigger.source.word())),
            maybe(rule.map(|r| r.action.word())),
            maybe(rule.and_then(|r| r.authority.as_deref())),
        ]);
    }

    sheet.title("How it was looked at");
    let runs = counted(told.completed, "automated examination was", "automated examinations were");
    let aborted = match told.incomplete {
        0 => String::new(),
        n => format!("; {} not completed", counted(n, "more was", "more were")),
    };
    sheet.line(2, &format!("{runs} completed{aborted}."));
    let shares = told.shares();
    let share = match (shares.iter().min(), shares.iter().max()) {
        (Some(least), Some(most)) if least == most => format!("{least} %"),
        (Some(least), Some(most)) => format!("Between {least} % and {most} %"),
        _ => String::new(),
    };
    sheet.line(
        2,
        &match share.is_empty() {
            true => "Nothing can be said about how much was read.".to_owned(),
            false => format!(
                "{share} of the items met in the systems that were looked at were read wholly. What was left out counts as \
                 not read."
            ),
        },
    );

    sheet.title("Statement of management");
    sheet.line(
        2,
        "Management is responsible for the boundary, for the commitments and for keeping them. What this summary says of \
         examinations comes from their kept records. It gives no results, and no opinion of anyone on them.",
    );
    sheet.line(2, "Name, role, date: ______________________________");
    sheet
}

/// Names what the page does not speak of.
fn not_looked_at(sheet: &mut Sheet, policy: &Policy, told: &Told) {
    let all = told.runs.len();
    let of = |wanted: &dyn Fn(usize) -> bool, with_count: bool| -> Vec<String> {
        let systems = policy.scope.systems.iter().map(|s| (s, told.looked_at(&s.id)));
        let chosen = systems.filter(|(_, n)| wanted(*n));
        let name = |(s, n): (&policy::System, usize)| match with_count {
            true => format!("{} ({} of {all} times)", printable(&s.id), all - n),
            false => printable(&s.id).into_owned(),
        };
        chosen.map(name).collect()
    };
    let (never, at_times) = (of(&|n| n == 0, false), of(&|n| 0 < n && n < all, true));
    let when = match all {
        0 => "in a run that came to its end",
        1 => "in this run",
        _ => "in any of these runs",
    };
    if !never.is_empty() {
        sheet.line(2, &format!("Not looked at {when}: {}.", never.join(", ")));
    }
    if !at_times.is_empty() {
        sheet.line(2, &format!("Not looked at in some of these runs: {}.", at_times.join(", ")));
    }
}

/// `At most 3 years after a date in the record, counted from the end of the calendar year; then it is made anonymous.`
fn commitment(rule: &Retention) -> String {
    use policy::{Action, Align, Source};
    let start = match rule.trigger.source {
        Source::RecordDate => "a date in the record",
        Source::Event => "an event that ends its use",
        Source::PathDate | Source::DocMetadata => "the date of the document",
        Source::Labelled => "the day it was labelled",
        Source::Created => "its creation",
        Source::Modified => "its last change",
        Source::Accessed => "its last use",
        Source::FirstSeen => "the day it was first noticed",
    };
    let align = match rule.trigger.align {
        None => "",
        Some(Align::CalendarYearEnd) => ", counted from the end of the calendar year",
        Some(Align::FiscalYearEnd) => ", counted from the end of the fiscal year",
    };
    let action = match rule.action {
        Action::Review => "then someone decides",
        Action::Delete => "then it is deleted",
        Action::Anonymise => "then it is made anonymous",
        Action::Transfer => "then it goes elsewhere",
        Action::Permanent => "and it is not deleted",
    };
    match rule.keep_max {
        _ if rule.action == Action::Permanent => "Kept for good.".to_owned(),
        None => format!("Without a longest period, from {start}{align}; {action}."),
        Some(period) if period.0.is_zero() => "Not to be kept at all.".to_owned(),
        Some(period) => format!("At most {} after {start}{align}; {action}.", in_words(period)),
    }
}

/// `2 years and 6 months`
fn in_words(period: policy::Period) -> String {
    let span = period.0;
    let parts = [
        (i64::from(span.get_years()), "year", "years"),
        (i64::from(span.get_months()), "month", "months"),
        (i64::from(span.get_weeks()), "week", "weeks"),
        (i64::from(span.get_days()), "day", "days"),
    ];
    let said =
        parts.iter().filter(|(n, _, _)| *n > 0).map(|(n, one, many)| counted(n.unsigned_abs(), one, many));
    let said: Vec<String> = said.collect();
    if said.is_empty() { period.to_string() } else { said.join(" and ") }
}
