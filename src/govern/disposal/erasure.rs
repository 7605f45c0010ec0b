//! DSP-06: identifiers of persons whose data was to be erased.

use rustc_hash::FxHashSet;

use super::super::assess::{Assessing, Member};
use super::super::monitoring;
use super::super::outcome::{ControlOutcome, ControlResult, Deviation};
use super::super::registers::ErasureRequest;
use super::super::{Tally, Verdict, decided, printable};
use super::copies::{met, same_key, was_watched};
use super::entries::listed;

/// The hold on an item, by any class it holds.
fn hold<'a>(assessing: &'a Assessing<'a>, member: &Member<'_>) -> Option<&'a str> {
    let classes = member.classes.iter().map(|c| Some(assessing.policy.classes[*c].id.as_str()));
    std::iter::once(None).chain(classes).find_map(|class| assessing.hold(member, class, None))
}

pub(super) fn dsp_06(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let whole = |outcome, reason| vec![decided("DSP-06", None, None, outcome, reason)];
    if assessing.policy.erasure.is_none() && assessing.facts.registers.erasure.is_none() {
        return whole(ControlOutcome::NotApplicable, "no-register");
    }
    let Some(register) = &assessing.facts.registers.erasure else {
        return whole(ControlOutcome::NotEvaluated, "no-register");
    };
    let by_now = |day: Option<jiff::civil::Date>| day.is_some_and(|day| day <= assessing.as_of);
    let mut requests: Vec<&ErasureRequest> =
        register.iter().filter(|r| by_now(r.due) || by_now(r.completed_on)).collect();
    requests.sort_by(|a, b| a.id.cmp(&b.id));
    if requests.is_empty() {
        return whole(ControlOutcome::NotApplicable, "no-requests");
    }
    let found = met(assessing, requests.iter().flat_map(|r| &r.fingerprints));
    let covered = monitoring::covered(assessing);
    let mut tally = Tally::new(assessing, "DSP-06", None, None);
    for request in requests {
        let key = same_key(assessing, request.key_id.as_deref());
        let met = request.fingerprints.iter().filter_map(|f| found.get(f.as_str())).flatten();
        let places: FxHashSet<usize> = met.filter(|_| key).copied().collect();
        let mut places: Vec<usize> = places.into_iter().collect();
        places.sort_unstable();
        let members: Vec<_> = places.iter().map(|at| &assessing.items[*at]).collect();
        let open = |m: &&&Member<'_>| {
            hold(assessing, m).is_none() && assessing.exception("DSP-06", Some(m), None).is_none()
        };
        let free = |m: &&&Member<'_>| hold(assessing, m).is_none();
        let first = members.iter().find(open).or_else(|| members.iter().find(free)).or(members.first());
        match first {
            Some(first) => {
                let others = members.iter().filter(|m| m.record.item.id != first.record.item.id);
                let others: Vec<_> = others.map(|m| m.record.printed_path.as_str()).collect();
                let mut detail = format!("identifiers of request {}", printable(&request.id));
                if !others.is_empty() {
                    detail = format!("{detail}; further items: {}", listed(others.into_iter()));
                }
                let deviation = Deviation {
                    detail: Some(detail),
                    due: request.due,
                    approved_exception: hold(assessing, first).map(str::to_owned),
                    ..assessing.deviation(first, None)
                };
                tally.count(Some(first), Verdict::Deviates(Box::new(deviation)));
            }
            None => {
                let reason = match () {
                    () if request.fingerprints.is_empty() => Some("no-fingerprints"),
                    () if !key => Some("no-key"),
                    () if !request.fingerprints.iter().all(|f| was_watched(assessing, f)) => {
                        Some("not-watched")
                    }
                    () if assessing.facts.run.detectors_left_out => Some("detector-off"),
                    () if !covered => Some("coverage"),
                    () => None,
                };
                tally.count(None, reason.map_or(Verdict::Pass, Verdict::NotEvaluated));
            }
        }
    }
    vec![tally.finish()]
}
