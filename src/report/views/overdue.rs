//! What is overdue, and every other deviation.

use super::super::Sheet;
use super::super::schema::Cell;
use super::super::text::{counted, printable, shorten, thousands};
use super::super::words;
use super::{Kept, day, head, int, maybe, shown, text};
use crate::govern::{ControlResult, Deviation};

/// Items kept past their due day and grace, those under a hold or exception too; the longest over first.
pub(super) fn overdue(kept: &Kept<'_>) -> Sheet {
    let mut sheet = Sheet::new(
        "overdue",
        &[
            "owner",
            "system",
            "class",
            "path",
            "rule",
            "trigger_date",
            "trigger_source",
            "due",
            "days_over",
            "rows",
            "approved_exception",
            "reason",
            "tier",
            "item_id",
        ],
    );
    let results = || kept.assessment.results.iter().filter(|r| r.test_id == "RET-01");
    let mut all: Vec<(&ControlResult, &Deviation)> =
        results().flat_map(|r| r.deviating.iter().map(move |d| (r, d))).collect();
    all.sort_by(|(r, a), (q, b)| {
        (b.days_over, &a.path, &r.class, &a.item_id).cmp(&(a.days_over, &b.path, &q.class, &b.item_id))
    });
    head(&mut sheet, kept, "Overdue: kept past the due day and grace (RET-01)");
    let sum = |what: fn(&ControlResult) -> u64| results().map(what).sum::<u64>();
    let (items, evaluated) = (sum(|r| r.population), sum(|r| r.evaluated));
    sheet.line(
        0,
        &format!(
            "{} and {} under a hold or exception, in {} of {} evaluated. An item counts once for each class.",
            counted(sum(|r| r.deviations), "item is overdue", "items are overdue"),
            thousands(sum(|r| r.excepted)),
            thousands(evaluated),
            counted(items, "item of a class with a rule", "items of classes with a rule"),
        ),
    );
    for (n, (result, deviation)) in all.iter().enumerate() {
        if n == 0 {
            sheet.title("The longest over first");
        }
        let path = deviation.path.as_deref().unwrap_or_default();
        sheet.line(2, &shorten(&printable(path), 78));
        let rows = deviation.rows.map_or_else(String::new, |n| format!(" ({})", counted(n, "row", "rows")));
        let leave = match &deviation.approved_exception {
            Some(id) => format!("; covered by {}", printable(id)),
            None => String::new(),
        };
        let date = |day: Option<jiff::civil::Date>| day.map_or_else(|| "-".to_owned(), |d| d.to_string());
        let mixed = if deviation.reason.as_deref() == Some("mixed") { "; part still to be kept" } else { "" };
        sheet.line(
            4,
            &format!(
                "{} over, due {}, from {} {}{rows}: {} in {} by {}, owner {}{leave}{mixed}",
                counted(deviation.days_over.unwrap_or(0).unsigned_abs(), "day", "days"),
                date(deviation.due),
                deviation.trigger_source.map_or("-", |s| s.word()),
                date(deviation.trigger_date),
                shown(result.class.as_deref()),
                shown(result.system.as_deref()),
                shown(deviation.rule.as_deref()),
                shown(deviation.owner.as_deref()),
            ),
        );
        sheet.row(vec![
            maybe(deviation.owner.as_deref()),
            maybe(result.system.as_deref()),
            maybe(result.class.as_deref()),
            maybe(deviation.path.as_deref()),
            maybe(deviation.rule.as_deref()),
            day(deviation.trigger_date),
            maybe(deviation.trigger_source.map(|s| s.word())),
            day(deviation.due),
            deviation.days_over.map_or(Cell::Null, Cell::Int),
            deviation.rows.map_or(Cell::Null, int),
            maybe(deviation.approved_exception.as_deref()),
            maybe(deviation.reason.as_deref()),
            maybe(deviation.tier.as_deref()),
            maybe(deviation.item_id.as_deref()),
        ]);
    }
    sheet
}

/// Every deviation, by test, system and class.
pub(super) fn deviations(kept: &Kept<'_>) -> Sheet {
    let mut sheet = Sheet::new(
        "deviation",
        &[
            "test_id",
            "system",
            "class",
            "item_id",
            "path",
            "owner",
            "tier",
            "rule",
            "trigger_source",
            "trigger_date",
            "due",
            "days_over",
            "approved_exception",
            "rows",
            "reason",
            "detail",
        ],
    );
    head(&mut sheet, kept, "Deviations");
    let mut last = "";
    for result in kept.assessment.results.iter().filter(|r| !r.deviating.is_empty()) {
        if result.test_id != last {
            last = &result.test_id;
            sheet.title(&format!("{last}: {}", words::deviation(last)));
        }
        let of = match (result.deviations, result.excepted) {
            (n, 0) => thousands(n),
            (n, excepted) => format!("{}, and {} excepted", thousands(n), thousands(excepted)),
        };
        let place = format!("{} / {}", shown(result.system.as_deref()), shown(result.class.as_deref()));
        sheet.line(2, &format!("{place}: {of}, population {}", thousands(result.population)));
        for deviation in &result.deviating {
            let told = [
                deviation.path.as_deref().map(|p| shorten(&printable(p), 76).into_owned()),
                deviation.detail.as_deref().map(|d| printable(d).into_owned()),
                deviation.due.map(|due| {
                    format!(
                        "{} days over, due {due}",
                        thousands(deviation.days_over.unwrap_or(0).unsigned_abs())
                    )
                }),
                deviation.owner.as_deref().map(|o| format!("owner {}", printable(o))),
                deviation.approved_exception.as_deref().map(|id| format!("covered by {}", printable(id))),
            ];
            let mut told: Vec<String> = told.into_iter().flatten().collect();
            if deviation.path.is_some() {
                sheet.line(4, &told.remove(0));
            }
            sheet.line(6, &told.join("; "));
            sheet.row(vec![
                text(&result.test_id),
                maybe(result.system.as_deref()),
                maybe(result.class.as_deref()),
                maybe(deviation.item_id.as_deref()),
                maybe(deviation.path.as_deref()),
                maybe(deviation.owner.as_deref()),
                maybe(deviation.tier.as_deref()),
                maybe(deviation.rule.as_deref()),
                maybe(deviation.trigger_source.map(|s| s.word())),
                day(deviation.trigger_date),
                day(deviation.due),
                deviation.days_over.map_or(Cell::Null, Cell::Int),
                maybe(deviation.approved_exception.as_deref()),
                deviation.rows.map_or(Cell::Null, int),
                maybe(deviation.reason.as_deref()),
                maybe(deviation.detail.as_deref()),
            ]);
        }
    }
    if sheet.is_empty() {
        sheet.line(0, "None in what was evaluated; the view `controls` says what was.");
    }
    sheet
}
