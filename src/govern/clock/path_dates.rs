//! Dates in paths: a folder `2019`, folders `2019/03`, a file `payroll-2019-03-07.csv`.

use jiff::civil::{Date, ISOWeekDate, Weekday};

use super::Days;

/// What a mask puts in the place of characters; they may have been digits.
const MASKED: char = '•';

/// How exact a date is; the first of them wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// The most exact date of the path, of equally exact ones the innermost component's; several of one component
/// together, from the first day of the first to the last day of the last.
pub(super) fn find(path: &str) -> Option<Days> {
    let components: Vec<&str> = path.split('/').map(|c| c.trim_end_matches('!')).collect();
    let mut best: Option<(Unit, usize, Days)> = None;
    let mut take = |(unit, days): (Unit, Days), at: usize| {
        best = match best {
            Some((u, a, known)) if (u, a) == (unit, at) => Some((u, a, known.around(days))),
            Some((u, a, known)) if u < unit || (u == unit && a > at) => Some((u, a, known)),
            _ => Some((unit, at, days)),
        };
    };
    for at in 0..components.len() {
        if let Some((found, length)) = folders(&components[at..]) {
            take(found, at + length - 1);
        }
        for found in within(components[at]) {
            take(found, at);
        }
    }
    best.map(|(_, _, days)| days)
}

/// A date over components: `2019/03`, `2019/03/07.csv`, `year=2019/month=3/day=7`; and how many.
fn folders(components: &[&str]) -> Option<((Unit, Days), usize)> {
    let number = |at: usize, key: &str, digits: usize| {
        let component: &str = components.get(at)?;
        let stem = component.rsplit_once('.').map_or(component, |(stem, _)| stem);
        match stem.split_once('=') {
            Some((k, n)) if k.eq_ignore_ascii_case(key) && (1..=digits).contains(&n.len()) => whole(n),
            None if stem.len() == digits => whole(stem),
            _ => None,
        }
    };
    let year = number(0, "year", 4).and_then(in_range)?;
    let found = (month(year, number(1, "month", 2)?)?, 2);
    let day = number(2, "day", 2).and_then(|d| day(year, number(1, "month", 2)?, d));
    Some(day.map_or(found, |day| (day, 3)))
}

/// Dates within one component.
fn within(component: &str) -> Vec<(Unit, Days)> {
    let words = words(component);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match at_word(&words[at..]) {
            Some((date, used)) => {
                let masked = at > 0 && words[at - 1].text.contains(MASKED);
                found.extend((!masked).then_some(date));
                at += used;
            }
            None => at += 1,
        }
    }
    found
}

/// A maximal run of letters, digits and masked characters.
struct Word<'a> {
    text: &'a str,
    /// What stands between it and the next word, if that is one character.
    joint: Option<char>,
}

fn words(component: &str) -> Vec<Word<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || c == MASKED;
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut rest = component.trim_start_matches(|c| !is_word(c));
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        rest = after.trim_start_matches(|c| !is_word(c));
        let between = &after[..after.len() - rest.len()];
        let mut joints = between.chars();
        words.push(Word { text, joint: joints.next().filter(|_| joints.next().is_none()) });
    }
    words
}

/// The most exact date that begins at the first word, and how many words it takes.
fn at_word(words: &[Word<'_>]) -> Option<((Unit, Days), usize)> {
    let text = words[0].text;
    let next = |n: usize| {
        let joint = words.get(n.checked_sub(1)?)?.joint?;
        Some((joint, words.get(n)?.text))
    };
    if let Some((n, rest)) = digits(text, 8) {
        let found = in_range(n / 10_000).and_then(|y| day(y, n / 100 % 100, n % 100));
        return found.filter(|_| !rest.contains(is_digit)).map(|found| (found, 1));
    }
    if let Some(quarter) = part(text, 'q').filter(|_| text.len() == 2)
        && let Some((_, year)) = next(1).filter(|(joint, _)| "-_. ".contains(*joint))
        && let Some((year, "")) = digits(year, 4)
        && let Some(found) = in_range(year).and_then(|y| self::quarter(y, quarter))
    {
        return Some((found, 2));
    }
    let (year, rest) = digits(text, 4)?;
    let year = in_range(year)?;
    let small = |text: &str| if rest.is_empty() { part_of(year, text) } else { None };
    if let Some(found) = part_of(year, rest) {
        return Some((found, 1));
    }
    if let Some((joint, second)) = next(1).filter(|(joint, _)| "-_. ".contains(*joint)) {
        if let Some(found) = small(second) {
            return Some((found, 2));
        }
        let month_number = whole(second).filter(|_| rest.is_empty() && second.len() == 2 && joint != ' ');
        if let Some(m) = month_number
            && let Some(found) = month(year, m)
        {
            let third = next(2).filter(|(j, _)| *j == joint).and_then(|(_, text)| digits(text, 2));
            let day = third.filter(|(_, rest)| rest.is_empty()).and_then(|(d, _)| day(year, m, d));
            return Some(day.map_or((found, 2), |day| (day, 3)));
        }
    }
    // Not `2019a17`: that is a hash or a serial number.
    if rest.contains(is_digit) {
        return None;
    }
    Some((self::year(year)?, 1))
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || c == MASKED
}

/// The first run of digits of a word if it is so long, and what follows it: nothing where that is a time.
fn digits(word: &str, length: usize) -> Option<(u32, &str)> {
    let start = word.find(is_digit)?;
    let run = &word[start..];
    let end = run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len());
    if end != length || (length == 2 && start > 0) {
        return None;
    }
    let rest = &run[end..];
    if rest.starts_with(MASKED) {
        return None;
    }
    let time = rest.strip_prefix(['T', 't']).is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()));
    Some((run[..end].parse().ok()?, if time && length != 4 { "" } else { rest }))
}

/// A quarter or a week of the year, as in `Q3` and `W07`.
fn part_of(year: i16, text: &str) -> Option<(Unit, Days)> {
    let week = || part(text, 'w').filter(|_| text.len() == 3).and_then(|n| week(year, n));
    part(text, 'q').filter(|_| text.len() == 2).and_then(|n| quarter(year, n)).or_else(week)
}

/// The number after a letter, in either case.
fn part(text: &str, letter: char) -> Option<u32> {
    whole(text.strip_prefix([letter, letter.to_ascii_uppercase()])?)
}

fn whole(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Years that business records have; other numbers of four digits are something else.
fn in_range(year: u32) -> Option<i16> {
    i16::try_from(year).ok().filter(|y| (1970..=2100).contains(y))
}

fn day(year: i16, month: u32, day: u32) -> Option<(Unit, Days)> {
    let day = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some((Unit::Day, Days::on(day)))
}

fn week(year: i16, week: u32) -> Option<(Unit, Days)> {
    let of = |weekday| ISOWeekDate::new(year, i8::try_from(week).ok()?, weekday).ok();
    Some((Unit::Week, Days { first: of(Weekday::Monday)?.date(), last: of(Weekday::Sunday)?.date() }))
}

fn months(unit: Unit, year: i16, first: u32, last: u32) -> Option<(Unit, Days)> {
    let first = Date::new(year, i8::try_from(first).ok()?, 1).ok()?;
    let last = Date::new(year, i8::try_from(last).ok()?, 1).ok()?.last_of_month();
    Some((unit, Days { first, last }))
}

fn month(year: i16, month: u32) -> Option<(Unit, Days)> {
    months(Unit::Month, year, month, month)
}

fn quarter(year: i16, quarter: u32) -> Option<(Unit, Days)> {
    let last = quarter.checked_mul(3).filter(|m| (3..=12).contains(m))?;
    months(Unit::Quarter, year, last - 2, last)
}

fn year(year: i16) -> Option<(Unit, Days)> {
    months(Unit::Year, year, 1, 12)
}
