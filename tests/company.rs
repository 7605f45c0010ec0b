//! The invented company of `testdata/company` through half a year, judged by the product and by an oracle of its own.
#![cfg(all(unix, feature = "archives", feature = "tabular", feature = "cli"))]

#[path = "../examples/make_company/company.rs"]
mod company;
#[path = "company/oracle.rs"]
mod oracle;

use std::collections::BTreeSet;
use std::path::Path;

use company::{Company, KEY, WEEKS, key_id};
use oracle::{Case, Policy, Registers, Run, Verdict};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn policy(name: &str) -> Policy {
    let text = std::fs::read_to_string(package().join("testdata/company").join(name)).expect("a policy");
    let taxonomy = std::fs::read_to_string(package().join("patterns/taxonomy.toml")).expect("a taxonomy");
    Policy::parse(&text, &taxonomy)
}

#[test]
fn dump() {
    let policy = policy("privascan.toml");
    let dir = tempfile::tempdir().expect("a folder");
    let mut previous: Option<Run> = None;
    let mut completed = Vec::new();
    let mut drift = BTreeSet::new();
    for week in (0..WEEKS).filter(|w| *w != 20) {
        let company = Company::at(week).expect("a week");
        company.write(dir.path()).expect("files");
        let truth = company.truth().expect("truth");
        let run = Run::read(&truth, &policy, previous.as_ref(), &key_id(KEY));
        let registers = Registers::read(&policy, dir.path());
        let case = Case {
            policy: &policy,
            run: &run,
            previous: previous.as_ref(),
            completed: Some(completed.clone()),
            registers: &registers,
            reviews: &[],
            previous_sequence: completed.len() as u64,
            previous_drift: drift.clone(),
            self_test: ("pass", None),
            integrity: ("not-evaluated", Some("not-anchored")),
        };
        for v in oracle::judge(&case).iter().filter(|v| v.outcome != "not-applicable") {
            println!("{}", line(week, v));
        }
        drift = oracle::drifting(&case);
        completed.push(run.as_of);
        previous = Some(run);
    }
}

fn line(week: u32, v: &Verdict) -> String {
    let of = |o: &Option<String>| o.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{week:2} {} {} {} {} {} pop {} eval {} dev {} exc {} {:?}",
        v.test,
        of(&v.system),
        of(&v.class),
        v.outcome,
        of(&v.reason),
        v.population,
        v.evaluated,
        v.deviations,
        v.excepted,
        v.not_evaluated
    )
}
