//! COL-01 to COL-05.

use super::{Case, Member, Verdict, any_glob, any_name, said, tally};

const SPECIAL: [&str; 3] = ["gdpr9", "gdpr10", "cpra-spi"];

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let policy = case.policy;
    for place in case.places() {
        let id = place.map(|s| s.id.as_str());
        let items = case.examined(place);
        let members: Vec<Member> = items
            .iter()
            .map(|i| {
                let Some(system) = place else { return Member::Unknown("no-policy") };
                let declared = |category: &str| {
                    policy.classes.iter().any(|c| policy.is_allowed_in(c, system) && c.lists(category))
                };
                case.member(case.personal(i).iter().any(|c| !declared(c)), "COL-01", &i.path, None)
            })
            .collect();
        all.push(tally("COL-01", id, None, &members, true));

        let is_special = |c: &str| policy.flags(c).iter().any(|f| SPECIAL.contains(&f.as_str()));
        let members: Vec<Member> = items
            .iter()
            .map(|i| {
                let classes = case.classes_of(i);
                let stated = |c: &str| classes.iter().any(|k| k.special.keys().any(|n| super::names(n, c)));
                let counted = case.run.counted(i);
                case.member(counted.iter().any(|c| is_special(c) && !stated(c)), "COL-04", &i.path, None)
            })
            .collect();
        let mut verdict = tally("COL-04", id, None, &members, true);
        // Of what a prefix names one is enough.
        let special: Vec<&String> = policy.categories.keys().filter(|c| is_special(c)).collect();
        let unseen = |name: &&String| {
            let mut spoken = special.iter().filter(|c| super::names(name, c)).peekable();
            spoken.peek().is_some() && spoken.all(|c| case.run.off.contains(*c))
        };
        let blind = policy
            .classes
            .iter()
            .any(|k| k.names().iter().any(unseen) || k.special.keys().any(|n| unseen(&n)));
        if blind {
            verdict.instead_of_pass("detector-off");
        }
        all.push(verdict);

        if place.is_some_and(|s| s.used_for == "test") {
            let members: Vec<Member> = items
                .iter()
                .map(|i| case.member(!case.personal(i).is_empty(), "COL-05", &i.path, None))
                .collect();
            all.push(tally("COL-05", id, None, &members, true));
        }

        for class in &policy.classes {
            let holding = case.holding(place, class);
            let key = Some(class.id.as_str());
            let members: Vec<Member> = holding
                .iter()
                .map(|i| match &class.allowed {
                    None => Member::Unknown("no-allowed"),
                    Some(globs) => case.member(!any_glob(globs, &i.path), "COL-02", &i.path, key),
                })
                .collect();
            all.push(tally("COL-02", id, key, &members, false));
            let members: Vec<Member> = holding
                .iter()
                .map(|i| match &class.categories {
                    None => Member::Unknown("no-categories"),
                    Some(_) if !i.examined() => Member::Unknown("unread"),
                    Some(list) => {
                        let excess = case.personal(i).iter().any(|c| !any_name(list, c));
                        case.member(excess, "COL-03", &i.path, key)
                    }
                })
                .collect();
            all.push(tally("COL-03", id, key, &members, false));
        }
    }
    if policy.scope.systems.iter().all(|s| s.used_for != "test") {
        all.push(said("COL-05", None, None, "not-applicable", "no-test-system"));
    }
}
