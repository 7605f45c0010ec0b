//! Calendar arithmetic of retention rules. Days beyond the calendar (9999) are its last day.

use jiff::civil::Date;

use super::super::policy::{Action, Align, Period, Policy, Retention};

/// The day on which the clock starts for a trigger date.
pub fn align(day: Date, rule: &Retention, policy: &Policy) -> Date {
    match rule.trigger.align {
        None => day,
        Some(Align::CalendarYearEnd) => year_end(day, (12, 31)),
        Some(Align::FiscalYearEnd) => year_end(day, fiscal_year_end(policy)),
    }
}

/// The due day: the last on which something with this trigger date is kept by right. `None`: never.
pub fn due(day: Date, rule: &Retention, policy: &Policy) -> Option<Date> {
    if rule.action == Action::Permanent {
        return None;
    }
    Some(add(align(day, rule, policy), rule.keep_max.as_ref()?))
}

/// The due day and grace: after this day it is overdue.
pub fn limit(day: Date, rule: &Retention, policy: &Policy) -> Option<Date> {
    let due = due(day, rule, policy)?;
    Some(rule.grace.as_ref().map_or(due, |grace| add(due, grace)))
}

/// The first day on which `keep_min` lets it go. `None`: the rule has none.
pub fn earliest(day: Date, rule: &Retention, policy: &Policy) -> Option<Date> {
    Some(add(align(day, rule, policy), rule.keep_min.as_ref()?))
}

/// The last day of the phase that ends at this age.
pub fn age(day: Date, until: &Period, rule: &Retention, policy: &Policy) -> Date {
    add(align(day, rule, policy), until)
}

/// A month's end stays in its month: 31 January and a month is the last of February.
fn add(day: Date, period: &Period) -> Date {
    day.saturating_add(period.0)
}

/// `policy.fiscal_year_end` as month and day; the calendar's where it is none, which `policy check` refuses.
fn fiscal_year_end(policy: &Policy) -> (i8, i8) {
    let parts = policy.policy.fiscal_year_end.as_deref().and_then(|text| text.split_once('-'));
    let parsed = parts.and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
    parsed.filter(|(month, day)| (1..=12).contains(month) && (1..=31).contains(day)).unwrap_or((12, 31))
}

/// The first such day on or after `day`; in a month that is shorter, the month's last.
fn year_end(day: Date, (month, last): (i8, i8)) -> Date {
    let of = |year: i16| {
        let first = Date::new(year, month, 1).ok()?;
        Date::new(year, month, last.min(first.days_in_month())).ok()
    };
    let this = of(day.year()).filter(|end| *end >= day);
    this.or_else(|| of(day.year().checked_add(1)?)).unwrap_or(Date::MAX)
}
