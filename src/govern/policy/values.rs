//! Periods and dates as policies write them.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};

/// A calendar period in ISO 8601, `P7Y`; never negative.
#[derive(Clone, Copy, Debug)]
pub struct Period(pub jiff::Span);

impl PartialEq for Period {
    fn eq(&self, other: &Self) -> bool {
        self.0.fieldwise() == other.0.fieldwise()
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span: Option<jiff::Span> = text.parse().ok().filter(|_| text.starts_with('P'));
        match span.filter(|s| !s.is_negative() && whole_days(s)) {
            Some(span) => Ok(Period(span)),
            None => Err(de::Error::custom(format!(
                "`{}` is not a period of days, weeks, months or years as in P30D, P6M or P7Y",
                crate::govern::printable(&text)
            ))),
        }
    }
}

fn whole_days(span: &jiff::Span) -> bool {
    span.get_hours() == 0
        && span.get_minutes() == 0
        && span.get_seconds() == 0
        && span.get_milliseconds() == 0
        && span.get_microseconds() == 0
        && span.get_nanoseconds() == 0
}

/// Reads a TOML local date.
pub(super) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let found = toml::value::Datetime::deserialize(deserializer)?;
    match (found.date, found.time) {
        (Some(d), None) => Date::new(
            i16::try_from(d.year).map_err(de::Error::custom)?,
            i8::try_from(d.month).map_err(de::Error::custom)?,
            i8::try_from(d.day).map_err(de::Error::custom)?,
        )
        .map_err(de::Error::custom),
        _ => Err(de::Error::custom("a date without time, as in 2026-07-01")),
    }
}

/// The same for a key that may be absent.
pub(super) fn maybe_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    date(deserializer).map(Some)
}
