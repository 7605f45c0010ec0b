//! Dates of fields, counted per day while values pass by: enough to judge every row later, without the rows.
//!
//! A field is taken for one of dates if at least nine in ten of its first values are; one that a policy names is counted
//! whatever it holds. Other fields cost nothing from then on.

mod days;
mod parse;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::{DateField, DateSource, FieldId, is_field_named};
use days::Days;
pub(crate) use parse::parse_day;
use parse::{Style, Written, parse};

/// Values after which a field is taken for one of dates, or not.
const TRIAL: u32 = 64;
/// Date fields of one item; those that a policy names come first.
const MAX_FIELDS: usize = 256;

/// What dates are looked for, and how they are read.
#[derive(Clone, Debug)]
pub struct DatePlan {
    /// Date fields that the policy names.
    pub fields: Vec<String>,
    /// Events whose keys stand in fields.
    pub events: Vec<EventLookup>,
    /// Zone whose days count, for instants that state their offset. What states none counts as written.
    pub zone: TimeZone,
    /// How `03/04/2021` is read where its field does not decide; `None`: as ambiguous.
    pub order: Option<DateOrder>,
}

impl Default for DatePlan {
    fn default() -> Self {
        Self { fields: Vec::new(), events: Vec::new(), zone: TimeZone::UTC, order: None }
    }
}

/// An events register: the date of each key, and the field that keys stand in.
#[derive(Clone, Debug)]
pub struct EventLookup {
    /// Name of the event.
    pub name: String,
    /// Name of the field, matched like a date field's.
    pub key: String,
    /// Dates by key, compared byte by byte without surrounding blanks.
    pub rows: HashMap<Vec<u8>, Date>,
}

/// Order of day and month in dates of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/12/2021
    Dmy,
    /// 12/31/2021
    Mdy,
}

/// The dates of one item, or of a part of it.
#[derive(Clone, Debug, Default)]
pub struct Dates {
    fields: Vec<Field>,
    /// Unnamed fields that are counted after their trial.
    unnamed: usize,
    room: days::Room,
}

/// One field. Nothing is counted once neither `count` nor `events` is left.
#[derive(Clone, Debug)]
struct Field {
    shown: String,
    index: u32,
    named: bool,
    style: Style,
    /// Values, nulls spelled out not among them as long as the field is looked at.
    values: u64,
    tried: u32,
    good: u32,
    count: Option<Box<Count>>,
    /// By position in the plan.
    events: Vec<(usize, Box<Count>)>,
}

#[derive(Clone, Debug, Default)]
struct Count {
    days: Days,
    /// Dates that are one or the other, read both ways.
    day_first: Days,
    month_first: Days,
    either: u64,
    /// The field holds a date that can only have the day, or the month, first.
    has_day_first: bool,
    has_month_first: bool,
    unparsed: u64,
}

impl Dates {
    /// Declares the next field, ids counting from 0. `shown` is its printable name; `name` the verbatim one.
    pub fn field(&mut self, plan: &DatePlan, name: &[u8], shown: &str, index: u32) {
        let name = String::from_utf8_lossy(name);
        let wanted = plan.fields.iter().find(|wanted| is_field_named(&name, wanted));
        let events: Vec<_> = (plan.events.iter().enumerate())
            .filter(|(_, event)| is_field_named(&name, &event.key))
            .map(|(at, _)| (at, Box::default()))
            .collect();
        // A name that was hidden is told in the policy's words: by these it is looked up.
        let words = wanted.or_else(|| events.first().map(|(at, _)| &plan.events[*at].key));
        let shown = words.filter(|word| !is_field_named(shown, word)).map_or(shown, |word| word);
        self.fields.push(Field {
            shown: shown.to_owned(),
            index,
            named: wanted.is_some(),
            style: Style { compact: wanted.is_some() || says_date(&name), epoch: wanted.is_some() },
            values: 0,
            tried: 0,
            good: 0,
            count: Some(Box::default()),
            events,
        });
    }

    /// Counts a value that stands in the source so many `times`.
    #[inline]
    pub fn value(&mut self, plan: &DatePlan, field: FieldId, value: &[u8], times: u64) {
        let Some(field) = self.fields.get_mut(field.0 as usize) else { return };
        if field.count.is_some() || !field.events.is_empty() {
            field.add(plan, value, times, &mut self.unnamed, &mut self.room);
        } else {
            field.values += times;
        }
    }

    /// Adds what was counted in the part of the same item that follows, with the same fields. As if all had been counted
    /// in one, where the field's first values and those of the part say the same of it.
    pub fn merge(&mut self, later: Dates) {
        if self.fields.is_empty() {
            *self = later;
            return;
        }
        for (ours, theirs) in self.fields.iter_mut().zip(later.fields) {
            ours.merge(theirs, &mut self.room);
        }
    }

    /// What was counted in a table of so many `rows`.
    pub fn finish(self, plan: &DatePlan, rows: u64) -> Vec<DateField> {
        let mut fields: Vec<Field> = self.fields;
        fields.retain(|f| f.is_of_dates() || !f.events.is_empty());
        fields.sort_by_key(|f| (!f.named && f.events.is_empty(), f.index));
        fields.truncate(MAX_FIELDS);
        fields.sort_by_key(|f| f.index);
        let mut found = Vec::new();
        for field in fields {
            let empty = rows.saturating_sub(field.values);
            let dates = field.is_of_dates();
            let values = field.count.filter(|_| dates).map(|count| (DateSource::Values, count));
            let events = field
                .events
                .into_iter()
                .map(|(at, count)| (DateSource::Event(plan.events[at].name.clone()), count));
            for (source, count) in values.into_iter().chain(events) {
                found.push((*count).finish(plan.order, &field.shown, field.index, source, empty));
            }
        }
        found
    }
}

impl Field {
    fn add(&mut self, plan: &DatePlan, value: &[u8], times: u64, unnamed: &mut usize, room: &mut days::Room) {
        let value = value.trim_ascii();
        if is_null(value) {
            return;
        }
        self.values += times;
        for (at, count) in &mut self.events {
            match plan.events[*at].rows.get(value).and_then(|date| parse::day_of(*date)) {
                Some(day) => count.add(Written::Day(day), times, room),
                None => count.unparsed += times,
            }
        }
        let Some(count) = &mut self.count else { return };
        let written = parse(value, self.style, &plan.zone);
        count.add(written, times, room);
        if self.tried < TRIAL {
            self.tried += 1;
            self.good += u32::from(written != Written::No);
            if self.tried == TRIAL && !self.named {
                match mostly(self.good, self.tried) && *unnamed < MAX_FIELDS {
                    true => *unnamed += 1,
                    false => self.count = None,
                }
            }
        }
    }

    fn is_of_dates(&self) -> bool {
        self.count.is_some() && (self.named || mostly(self.good, self.tried))
    }

    fn merge(&mut self, later: Field, room: &mut days::Room) {
        self.values += later.values;
        for ((_, ours), (_, theirs)) in self.events.iter_mut().zip(later.events) {
            ours.merge(*theirs, room);
        }
        let decided = self.tried >= TRIAL;
        match (&mut self.count, later.count) {
            (Some(ours), Some(theirs)) => ours.merge(*theirs, room),
            // Undecided here, and no dates there.
            (count, None) if !decided => *count = None,
            // What was not looked at there is no date.
            (Some(ours), None) => ours.unparsed += later.values,
            (None, _) => {}
        }
        if !decided {
            self.tried += later.tried;
            self.good += later.good;
            if self.tried >= TRIAL && !self.named && !mostly(self.good, self.tried) {
                self.count = None;
            }
        }
    }
}

impl Count {
    fn add(&mut self, written: Written, times: u64, room: &mut days::Room) {
        let days = match written {
            Written::Day(day) => self.days.add(day, times, room),
            Written::DayFirst(day) => {
                self.has_day_first = true;
                self.days.add(day, times, room)
            }
            Written::MonthFirst(day) => {
                self.has_month_first = true;
                self.days.add(day, times, room)
            }
            Written::Either { day_first, month_first } => {
                let both = self.day_first.add(day_first, times, room)
                    && self.month_first.add(month_first, times, room);
                self.either += if both { times } else { 0 };
                both
            }
            Written::No => false,
        };
        self.unparsed += if days { 0 } else { times };
    }

    fn merge(&mut self, other: Count, room: &mut days::Room) {
        self.unparsed += other.unparsed + self.days.merge(&other.days, room);
        self.has_day_first |= other.has_day_first;
        self.has_month_first |= other.has_month_first;
        let lost = self.day_first.merge(&other.day_first, room);
        self.month_first.merge(&other.month_first, room);
        self.either += other.either - lost;
        self.unparsed += lost;
    }

    /// The field decides how its dates are read, if all that can be read one way only are of one kind; then the policy.
    fn finish(
        mut self,
        order: Option<DateOrder>,
        shown: &str,
        index: u32,
        source: DateSource,
        empty: u64,
    ) -> DateField {
        let order = match (self.has_day_first, self.has_month_first) {
            (true, false) => Some(DateOrder::Dmy),
            (false, true) => Some(DateOrder::Mdy),
            _ => order,
        };
        let mut room = days::Room::unbounded();
        let lost = match order {
            Some(DateOrder::Dmy) => self.days.merge(&self.day_first, &mut room),
            Some(DateOrder::Mdy) => self.days.merge(&self.month_first, &mut room),
            None => 0,
        };
        DateField {
            field: shown.to_owned(),
            field_index: Some(index),
            source,
            days: self.days.dates(),
            empty,
            unparsed: self.unparsed + lost,
            ambiguous: if order.is_none() { self.either } else { 0 },
        }
    }
}

/// At least nine in ten.
fn mostly(good: u32, tried: u32) -> bool {
    good > 0 && good * 10 >= tried * 9
}

/// Words that stand for no value.
fn is_null(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 8] = [b"null", b"none", b"n/a", b"na", b"nan", b"nat", b"-", b"\\n"];
    value.is_empty() || (value.len() <= 4 && WORDS.iter().any(|word| value.eq_ignore_ascii_case(word)))
}

/// Whether a field's name says that numbers of eight digits in it are dates.
fn says_date(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["date", "datum", "fecha"].iter().any(|word| name.contains(word))
        || name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| matches!(part, "dt" | "day" | "dob"))
}
