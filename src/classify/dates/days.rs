//! Counts per day in bounded memory: a few days as a list, many as a page for each year.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// First year that is counted.
pub const FIRST_YEAR: i16 = 1900;
/// Last year that is counted.
pub const LAST_YEAR: i16 = 2100;
/// Days that are listed before pages are made.
const LISTED: usize = 64;
/// Pages of one item: 48 MB.
const PAGES: u32 = 16_384;

/// A day: years since 1900 times 366, and the 0-based day of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u32);

const BEFORE_MONTH: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const OF_MONTH: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

impl Day {
    /// `None` for what is no day of the calendar, or of no year that is counted.
    #[inline]
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        if !(FIRST_YEAR as u32..=LAST_YEAR as u32).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let at = month as usize - 1;
        let leap = u32::from(is_leap(year));
        let length = OF_MONTH[at] + if month == 2 { leap } else { 0 };
        if day == 0 || day > length {
            return None;
        }
        let ordinal = BEFORE_MONTH[at] + if month > 2 { leap } else { 0 } + day - 1;
        Some(Self((year - FIRST_YEAR as u32) * 366 + ordinal))
    }

    /// The date.
    pub fn date(self) -> Option<Date> {
        let year = FIRST_YEAR + (self.0 / 366) as i16;
        let ordinal = (self.0 % 366) as i64;
        Date::new(year, 1, 1).ok()?.checked_add(jiff::Span::new().days(ordinal)).ok()
    }
}

/// Pages that may still be made.
#[derive(Clone, Copy, Debug)]
pub struct Room(u32);

impl Default for Room {
    fn default() -> Self {
        Self(PAGES)
    }
}

impl Room {
    /// For what is counted already.
    pub fn unbounded() -> Self {
        Self(u32::MAX)
    }
}

type Page = (u32, Box<[u64; 366]>);

/// Values per day.
#[derive(Clone, Debug, Default)]
pub struct Days {
    /// While there are no pages.
    listed: Vec<(Day, u64)>,
    /// By year.
    pages: Vec<Page>,
    /// The page used last: values near each other are often of one year.
    last: usize,
}

impl Days {
    /// Counts; `false` if there is no room for a further year.
    #[inline]
    pub fn add(&mut self, day: Day, times: u64, room: &mut Room) -> bool {
        if let Some((year, page)) = self.pages.get_mut(self.last)
            && *year == day.0 / 366
        {
            page[(day.0 % 366) as usize] += times;
            return true;
        }
        self.add_elsewhere(day, times, room)
    }

    fn add_elsewhere(&mut self, day: Day, times: u64, room: &mut Room) -> bool {
        if self.pages.is_empty() {
            if let Some((_, count)) = self.listed.iter_mut().find(|(d, _)| *d == day) {
                *count += times;
                return true;
            }
            if self.listed.len() < LISTED {
                self.listed.push((day, times));
                return true;
            }
            for (day, times) in std::mem::take(&mut self.listed) {
                // What is listed was promised.
                self.add_to_page(day, times, &mut Room::unbounded());
                room.0 = room.0.saturating_sub(1);
            }
        }
        self.add_to_page(day, times, room)
    }

    fn add_to_page(&mut self, day: Day, times: u64, room: &mut Room) -> bool {
        let year = day.0 / 366;
        let at = match self.pages.binary_search_by_key(&year, |(y, _)| *y) {
            Ok(at) => at,
            Err(_) if room.0 == 0 => return false,
            Err(at) => {
                room.0 -= 1;
                self.pages.insert(at, (year, Box::new([0; 366])));
                at
            }
        };
        self.last = at;
        self.pages[at].1[(day.0 % 366) as usize] += times;
        true
    }

    fn all(&self) -> impl Iterator<Item = (Day, u64)> {
        let paged = self.pages.iter().flat_map(|(year, page)| {
            (0u32..).zip(page.iter()).map(move |(day, times)| (Day(year * 366 + day), *times))
        });
        self.listed.iter().copied().chain(paged).filter(|(_, times)| *times > 0)
    }

    /// Adds the counts of `other`; returns how many had no room.
    pub fn merge(&mut self, other: &Days, room: &mut Room) -> u64 {
        other.all().filter(|(day, times)| !self.add(*day, *times, room)).map(|(_, times)| times).sum()
    }

    /// The counts by date.
    pub fn dates(&self) -> BTreeMap<Date, u64> {
        self.all().filter_map(|(day, times)| Some((day.date()?, times))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let mut date = Date::constant(FIRST_YEAR, 1, 1);
        let last = Date::constant(LAST_YEAR, 12, 31);
        let mut before = None;
        while date <= last {
            let day = Day::new(date.year() as u32, date.month() as u32, date.day() as u32);
            assert_eq!(day.and_then(Day::date), Some(date));
            assert!(before < day);
            before = day;
            date = date.tomorrow().expect("in range");
        }
        for (y, m, d) in [
            (1899, 12, 31),
            (2101, 1, 1),
            (2023, 2, 29),
            (1900, 2, 29),
            (2024, 13, 1),
            (2024, 0, 1),
            (2024, 4, 31),
            (2024, 1, 0),
        ] {
            assert_eq!(Day::new(y, m, d), None, "{y}-{m}-{d}");
        }
        assert!(Day::new(2000, 2, 29).is_some());
    }

    #[test]
    fn what_is_listed_is_kept_when_pages_are_made_and_room_ends() {
        let mut days = Days::default();
        let mut room = Room(2);
        let day = |n: u32| Day::new(1950 + n, 3, 1).expect("a day");
        for n in 0..LISTED as u32 {
            assert!(days.add(day(n), 2, &mut room));
        }
        assert!(days.add(day(0), 1, &mut room), "known");
        assert!(!days.add(day(100), 1, &mut room), "no room for a year");
        assert!(days.add(Day::new(1960, 7, 1).expect("a day"), 5, &mut room), "known year");
        assert_eq!(days.dates().len(), LISTED + 1);
        assert_eq!(days.dates().values().sum::<u64>(), 2 * LISTED as u64 + 1 + 5);
    }
}
