//! Whether an approved row may be performed: everything that was so when it was planned, looked at again.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Refused;
use super::place::{self, Found, Names, There};
use super::plan::{self, Approval, Read, Row};
use super::register::Register;
use super::site::{Means, Site};
use crate::govern::due;
use crate::govern::registers::Moment;

/// What became of looking.
pub(super) enum Checked<'r> {
    /// The register says that it was done before.
    Before,
    /// It is as planned and may go.
    Found(&'r Row, Moment, Box<Found>),
}

/// Whether a row may be performed, and its file. `open` are ids that a run before left open and that cannot be settled.
pub(super) fn check<'r>(
    site: &Site<'_>,
    means: &Means,
    read: &'r Read,
    first: bool,
    (register, open): (Option<&Register>, &HashSet<String>),
    listed: &mut Names,
) -> Result<Checked<'r>, Refused> {
    let refuse = |reason: &'static str| Refused { reason, detail: Some(format!("line {}", read.line)) };
    let row = read.row.as_ref().map_err(|reason| refuse(reason))?;
    if !first {
        return Err(Refused::new("duplicate-row"));
    }
    let at = approved(site, &read.approval)?;
    let before = register.and_then(|r| r.last(&row.id));
    if before.is_some_and(|line| line.get("performed_at").is_some_and(|at| !at.is_null())) {
        // That it was done is no answer where it is back.
        let hash = row.content_hash.as_deref().unwrap_or_default();
        let there = site.reach(&row.system, &row.item, listed).and_then(|(f, n)| place::there(&f, &n, hash));
        return match there {
            Ok(There::Planned(_)) => Err(Refused::new("back-again")),
            _ => Ok(Checked::Before),
        };
    }
    if open.contains(&row.id) {
        return Err(Refused::new("unsettled"));
    }
    permitted(site, means, row)?;
    let (folder, name) = site.reach(&row.system, &row.item, listed)?;
    let found = place::open(folder, &name, listed)?;
    if site.own.contains(&(found.mark.device, found.mark.inode)) {
        return Err(Refused::new("own-file"));
    }
    if row.content_hash.as_ref() != Some(&found.hash) || row.bytes.is_some_and(|b| b != found.mark.size) {
        return Err(Refused::new("content-changed"));
    }
    Ok(Checked::Found(row, at, Box::new(found)))
}

/// When it was approved, if it was.
fn approved(site: &Site<'_>, approval: &Approval) -> Result<Moment, Refused> {
    let bad = || Refused::new("bad-approval");
    if !approval.approve.eq_ignore_ascii_case("yes") || approval.by.is_empty() {
        return Err(bad());
    }
    let order = site.assessing.policy.policy.date_order;
    let at = match approval.at.parse::<Timestamp>() {
        Ok(instant) => Moment::At(instant),
        Err(_) => Moment::On(plan::day(&approval.at, order).ok_or_else(bad)?),
    };
    match at.day_in(site.zone) > site.assessing.as_of {
        true => Err(Refused::new("approval-in-future")),
        false => Ok(at),
    }
}

/// What the policy and the plan say, without looking at the file.
fn permitted(site: &Site<'_>, means: &Means, row: &Row) -> Result<(), Refused> {
    let refuse = |reason| Err(Refused::new(reason));
    if row.policy_digest != site.policy_digest {
        return refuse("policy-changed");
    }
    if row.advice.is_some() || row.content_hash.is_none() {
        return refuse("not-approvable");
    }
    if *means == Means::LogicalDelete && row.method != means.word() {
        return refuse("method-not-approved");
    }
    let paths = [String::from_utf8_lossy(&row.item).into_owned(), (site.printed)(&row.item)];
    let classes = row.class.iter().chain(&row.also_holds).map(String::as_str);
    let classes: Vec<&str> = classes.collect();
    for path in &paths {
        if let Some(hold) = due::hold(site.assessing, path, &classes, row.dates) {
            return Err(Refused { reason: "on-hold", detail: Some(hold.to_owned()) });
        }
        if let Some(exception) = due::exception(site.assessing, path, row.class.as_deref()) {
            return Err(Refused { reason: "excepted", detail: Some(exception.to_owned()) });
        }
        if let Some(hold) = due::unplanned_hold(site.assessing, path, &row.hold_check) {
            return Err(Refused { reason: "hold-since-plan", detail: Some(hold.to_owned()) });
        }
    }
    match row.rule.as_deref().is_none_or(|rule| row.due.is_none() || is_over(site, rule, row.trigger_date)) {
        true => Ok(()),
        false => refuse("not-due"),
    }
}

fn is_over(site: &Site<'_>, rule: &str, trigger: Option<Date>) -> bool {
    trigger.is_some_and(|day| due::is_over(site.assessing, rule, day))
}
