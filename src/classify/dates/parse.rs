//! One value as a date: the usual ways of writing them, without allocation.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

pub use super::days::Day;

/// Longest value that is looked at.
const LONGEST: usize = 64;

/// Year, month, day.
type Parts = (u32, u32, u32);

/// What a value says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A day.
    Day(Day),
    /// A day, in numbers that can only have the day first.
    DayFirst(Day),
    /// A day, in numbers that can only have the month first.
    MonthFirst(Day),
    /// One day or another.
    Either {
        /// Read as 31/12/2021.
        day_first: Day,
        /// Read as 12/31/2021.
        month_first: Day,
    },
    /// No date that is counted.
    No,
}

/// What else may be a date in a field.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// `20240115`
    pub compact: bool,
    /// Seconds or milliseconds since 1970.
    pub epoch: bool,
}

/// The day of a date that is counted.
pub fn day_of(date: Date) -> Option<Day> {
    let of = |n: i8| u32::try_from(n).ok();
    Day::new(u32::try_from(date.year()).ok()?, of(date.month())?, of(date.day())?)
}

/// The date that a document says of itself, in one of the ways that cannot be misread.
pub(crate) fn parse_day(value: &[u8], zone: &TimeZone) -> Option<Date> {
    match parse(value.trim_ascii(), Style { compact: true, epoch: true }, zone) {
        Written::Day(day) | Written::DayFirst(day) | Written::MonthFirst(day) => day.date(),
        Written::Either { .. } | Written::No => None,
    }
}

/// Reads a value without surrounding blanks.
#[inline]
pub fn parse(v: &[u8], style: Style, zone: &TimeZone) -> Written {
    if v.len() < 8 || v.len() > LONGEST {
        return Written::No;
    }
    if v.len() >= 10 && matches!(v[4], b'-' | b'/') && v[7] == v[4] {
        let (Some(year), Some(month), Some(day)) = (number(&v[..4]), number(&v[5..7]), number(&v[8..10]))
        else {
            return Written::No;
        };
        let Some(found) = Day::new(year, month, day) else { return Written::No };
        return if v.len() == 10 {
            Written::Day(found)
        } else {
            timed(found, (year, month, day), &v[10..], zone)
        };
    }
    match v[0] {
        b'0'..=b'9' => match v.iter().position(|b| !b.is_ascii_digit()) {
            Some(1 | 2) => by_numbers(v).unwrap_or_else(|| by_words(v, zone)),
            Some(8) | None => digits(v, style, zone),
            Some(9 | 10) if style.epoch => digits(v, style, zone),
            Some(_) => Written::No,
        },
        b'a'..=b'z' | b'A'..=b'Z' => by_words(v, zone),
        _ => Written::No,
    }
}

#[inline]
fn number(digits: &[u8]) -> Option<u32> {
    let next = |n: u32, b: &u8| n.checked_mul(10)?.checked_add(u32::from(*b - b'0'));
    digits.iter().try_fold(0u32, |n, b| if b.is_ascii_digit() { next(n, b) } else { None })
}

/// A day with a time behind it: as written, or in `zone` if an offset is stated.
fn timed(day: Day, (year, month, dom): Parts, rest: &[u8], zone: &TimeZone) -> Written {
    let Some(time) = Time::parse(rest) else { return Written::No };
    let Some(offset) = time.offset else { return Written::Day(day) };
    if offset == 0 && *zone == TimeZone::UTC {
        return Written::Day(day);
    }
    let at = DateTime::new(
        year as i16,
        month as i8,
        dom as i8,
        time.hour.min(23),
        time.minute,
        time.second.min(59),
        0,
    );
    let instant =
        at.ok().zip(Offset::from_seconds(offset).ok()).and_then(|(at, offset)| offset.to_timestamp(at).ok());
    instant.and_then(|instant| in_zone(instant, zone)).map_or(Written::No, Written::Day)
}

fn in_zone(instant: Timestamp, zone: &TimeZone) -> Option<Day> {
    day_of(zone.to_datetime(instant).date())
}

/// A time of day as it stands behind a date.
struct Time {
    hour: i8,
    minute: i8,
    second: i8,
    /// Seconds east of UTC.
    offset: Option<i32>,
}

impl Time {
    /// `T10:30`, ` 10:30:00.5 PM`, `T10:30:00Z`, ` 10:30:00 +0100`, `T10:30:00+01:00[Europe/Paris]`
    fn parse(rest: &[u8]) -> Option<Self> {
        let (first, rest) = rest.split_first()?;
        if !matches!(first, b'T' | b't' | b' ' | b',') {
            return None;
        }
        let rest = rest.trim_ascii_start();
        let (hour, rest) = two(rest, 23)?;
        let (minute, mut rest) = two(rest.strip_prefix(b":")?, 59)?;
        let mut second = 0;
        if let Some(more) = rest.strip_prefix(b":") {
            (second, rest) = two(more, 60)?;
            if let Some(fraction) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) {
                let length = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
                rest = &fraction[length..];
            }
        }
        let rest = rest.trim_ascii_start();
        let time = |offset| Some(Self { hour, minute, second, offset });
        match rest {
            [] => time(None),
            [b'A' | b'a' | b'P' | b'p', b'M' | b'm'] => time(None),
            [sign @ (b'+' | b'-'), east @ ..] => {
                let east = east.split(|b| *b == b'[').next().unwrap_or_default();
                let (hours, east) = two(east, 23)?;
                let minutes = match east.strip_prefix(b":").unwrap_or(east) {
                    [] => 0,
                    more => two(more, 59).filter(|(_, rest)| rest.is_empty())?.0,
                };
                let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
                time(Some(if *sign == b'+' { seconds } else { -seconds }))
            }
            _ => {
                let word = rest.split(|b| *b == b'[').next().unwrap_or_default();
                let utc = [&b"Z"[..], b"UTC", b"GMT", b"UT"].iter().any(|utc| word.eq_ignore_ascii_case(utc));
                utc.then(|| time(Some(0)))?
            }
        }
    }
}

/// A number of one or two digits, and what follows.
fn two(text: &[u8], most: u32) -> Option<(i8, &[u8])> {
    let length = text.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    let value = number(&text[..length]).filter(|n| length > 0 && *n <= most)?;
    Some((value as i8, &text[length..]))
}

/// `20240115`, `20240115T103000Z`, `1705276800`, `1705276800123`, `1705276800.5`
fn digits(v: &[u8], style: Style, zone: &TimeZone) -> Written {
    let length = v.iter().take_while(|b| b.is_ascii_digit()).count();
    let (whole, rest) = v.split_at(length);
    if length == 8 && style.compact {
        let (year, month, day) = (number(&whole[..4]), number(&whole[4..6]), number(&whole[6..]));
        let found = year.zip(month).zip(day).and_then(|((y, m), d)| Day::new(y, m, d));
        return match (found, rest) {
            (Some(day), []) => Written::Day(day),
            (Some(day), [b'T', clock @ ..]) => compact_time(day, v, clock, zone),
            _ => Written::No,
        };
    }
    let fraction = matches!(rest, [] | [b'.', ..]) && rest.iter().skip(1).all(u8::is_ascii_digit);
    if !style.epoch || !fraction {
        return Written::No;
    }
    let count = whole.iter().fold(0i64, |n, b| n.saturating_mul(10).saturating_add(i64::from(b - b'0')));
    let instant = match length {
        9 | 10 => Timestamp::from_second(count),
        12 | 13 => Timestamp::from_millisecond(count),
        _ => return Written::No,
    };
    instant.ok().and_then(|instant| in_zone(instant, zone)).map_or(Written::No, Written::Day)
}

/// What follows the `T` of `20240115T103000Z`.
fn compact_time(day: Day, whole: &[u8], clock: &[u8], zone: &TimeZone) -> Written {
    let length = clock.iter().take_while(|b| b.is_ascii_digit()).count();
    match (length, &clock[length..]) {
        (4 | 6, []) => Written::Day(day),
        (4 | 6, _) => {
            let instant = jiff::fmt::temporal::DateTimeParser::new().parse_timestamp(whole);
            instant.ok().and_then(|instant| in_zone(instant, zone)).map_or(Written::No, Written::Day)
        }
        _ => Written::No,
    }
}

/// `31.12.2021`, `31/12/2021`, `12/31/2021`, `31-12-2021`, each with or without a time.
fn by_numbers(v: &[u8]) -> Option<Written> {
    let (first, rest) = two(v, 99)?;
    let (separator, rest) = rest.split_first().filter(|(s, _)| matches!(s, b'.' | b'/' | b'-'))?;
    let (second, rest) = two(rest, 99)?;
    let rest = rest.strip_prefix(&[*separator])?;
    let year = number(rest.get(..4)?)?;
    let rest = &rest[4..];
    if !rest.is_empty() && Time::parse(rest).is_none() {
        return Some(Written::No);
    }
    let (first, second) = (first as u32, second as u32);
    let (day_first, month_first) = (Day::new(year, second, first), Day::new(year, first, second));
    Some(match (day_first, month_first) {
        // Whoever writes points writes the day first.
        (Some(day), _) if *separator == b'.' || first == second => Written::Day(day),
        (Some(day), None) => Written::DayFirst(day),
        (None, Some(day)) if *separator != b'.' => Written::MonthFirst(day),
        (Some(day_first), Some(month_first)) => Written::Either { day_first, month_first },
        _ => Written::No,
    })
}

/// `15 Jan 2024`, `15-Jan-2024`, `January 15th, 2024`, `Mon, 15 Jan 2024 10:30:00 +0100`
fn by_words(v: &[u8], zone: &TimeZone) -> Written {
    let Some((parts, rest)) = words(v) else { return Written::No };
    let (year, month, dom) = parts;
    let Some(day) = Day::new(year, month, dom) else { return Written::No };
    if rest.is_empty() {
        return Written::Day(day);
    }
    match timed(day, parts, rest, zone) {
        // Names of zones that mail once had.
        Written::No => {
            let mail = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(v);
            mail.ok().and_then(|instant| in_zone(instant, zone)).map_or(Written::No, Written::Day)
        }
        found => found,
    }
}

/// Year, month and day of a date with the month's name, and what follows.
fn words(v: &[u8]) -> Option<(Parts, &[u8])> {
    let (mut first, mut rest) = word(v)?;
    if is_weekday(first) {
        (first, rest) = word(rest)?;
    }
    let (second, rest) = word(rest)?;
    let (third, rest) = word(rest)?;
    let year = number(third).filter(|_| third.len() == 4)?;
    let parts = match month(second) {
        Some(month) => (year, month, ordinal(first)?),
        None => (year, month(first)?, ordinal(second)?),
    };
    Some((parts, rest))
}

/// The next run of letters and digits behind blanks and punctuation.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = text.iter().position(|b| !matches!(b, b' ' | b',' | b'-' | b'.' | b'/'))?;
    let length = text[start..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    (length > 0 && start <= 2).then(|| text[start..].split_at(length))
}

fn is_weekday(word: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] =
        [b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday"];
    DAYS.iter().any(|day| is_short_for(word, day))
}

fn month(word: &[u8]) -> Option<u32> {
    const MONTHS: [&[u8]; 12] = [
        b"january",
        b"february",
        b"march",
        b"april",
        b"may",
        b"june",
        b"july",
        b"august",
        b"september",
        b"october",
        b"november",
        b"december",
    ];
    (1..).zip(MONTHS).find(|(_, month)| is_short_for(word, month)).map(|(n, _)| n)
}

/// Three letters or more of a name.
fn is_short_for(word: &[u8], name: &[u8]) -> bool {
    (3..=name.len()).contains(&word.len()) && name[..word.len()].eq_ignore_ascii_case(word)
}

/// `15`, `15th`
fn ordinal(word: &[u8]) -> Option<u32> {
    let (day, rest) = two(word, 31)?;
    let suffix = [&b""[..], b"st", b"nd", b"rd", b"th"].iter().any(|s| rest.eq_ignore_ascii_case(s));
    suffix.then_some(day as u32)
}
