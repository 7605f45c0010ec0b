//! Runs of the program over weeks of the company, each held against what the oracle says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::common::{command, package, run_in};
use super::company::{Company, KEY, key_id};
use super::oracle::{self, Case, Overdue, Past, Policy, Registers, Run, Verdict};

/// Tests, each with an outcome or a reason that the product gave as the oracle did.
pub type Seen = BTreeSet<(String, String)>;

/// The company in a folder, a record beside it, and what the oracle remembers of earlier runs.
pub struct Chain {
    home: TempDir,
    pub policy: Policy,
    /// Whether runs are kept.
    pub recorded: bool,
    /// Whether runs have the company's key.
    pub keyed: bool,
    /// What `--detectors` says, and which categories it takes away.
    pub detectors: Option<(&'static str, &'static [&'static str])>,
    previous: Option<Run>,
    /// Number of the last run, completed or not.
    pub sequence: u64,
    past: Vec<Past>,
    reviews: Vec<(String, u64)>,
    /// Categories that no detector finds.
    undetected: BTreeSet<String>,
    /// What MON-07 has to say.
    pub integrity: (&'static str, Option<String>),
    /// Folder of further detectors.
    pub patterns: Option<PathBuf>,
    /// Roots that the run cannot list.
    pub unreadable: BTreeSet<String>,
    /// Test and outcome, or test and reason, of all results that agreed.
    pub seen: Seen,
    /// What did not agree.
    pub differences: Vec<String>,
}

fn text_of(path: &str) -> String {
    fs::read_to_string(package().join(path)).expect(path)
}

/// Categories of which no built-in detector finds anything, from the pattern files.
fn undetected(taxonomy: &str) -> BTreeSet<String> {
    let table: toml::Table = toml::from_str(taxonomy).expect("a taxonomy");
    let mut off: BTreeSet<String> =
        table["category"].as_table().expect("categories").keys().cloned().collect();
    let mut folders = vec![package().join("patterns")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("patterns") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                let file: toml::Table =
                    toml::from_str(&fs::read_to_string(path).expect("a file")).expect("TOML");
                let found = file.get("detector").and_then(toml::Value::as_array);
                for detector in found.into_iter().flatten() {
                    if detector.get("decoy").is_none() {
                        let kind = detector["info_type"].as_str().expect("an info type");
                        off.remove(table["info_type"][kind]["category"].as_str().expect("a category"));
                    }
                }
            }
        }
    }
    off
}

impl Chain {
    pub fn new(policy: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let taxonomy = text_of("patterns/taxonomy.toml");
        let text = text_of(&format!("testdata/company/{policy}"));
        fs::create_dir(home.path().join("company")).expect("a folder");
        fs::write(home.path().join("company/privascan.toml"), &text).expect("a policy");
        fs::write(home.path().join("key"), KEY).expect("a key");
        Self {
            policy: Policy::parse(&text, &taxonomy),
            home,
            recorded: true,
            keyed: true,
            detectors: None,
            previous: None,
            sequence: 0,
            past: Vec::new(),
            reviews: Vec::new(),
            undetected: undetected(&taxonomy),
            integrity: ("not-applicable", Some("no-runs".to_owned())),
            patterns: None,
            unreadable: BTreeSet::new(),
            seen: BTreeSet::new(),
            differences: Vec::new(),
        }
    }

    /// Changes the policy.
    pub fn amend(&mut self, more: &str) {
        let text = format!("{}{more}", self.policy.text);
        fs::write(self.dir().join("privascan.toml"), &text).expect("a policy");
        self.policy = Policy::parse(&text, &text_of("patterns/taxonomy.toml"));
    }

    /// A detector finds this category after all.
    pub fn found(&mut self, category: &str) {
        self.undetected.remove(category);
    }

    /// The company's folder.
    pub fn dir(&self) -> PathBuf {
        self.home.path().join("company")
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn record(&self) -> PathBuf {
        self.home.path().join("record")
    }

    pub fn key(&self) -> PathBuf {
        self.home.path().join("key")
    }

    /// Makes the folder hold a week.
    pub fn set(&self, week: u32) -> Company {
        let company = Company::at(week).expect("a week");
        company.write(&self.dir()).expect("files");
        company
    }

    /// Keeps a decision about the last completed run.
    pub fn review(&mut self, subject: &str) {
        let args: [OsString; 10] = [
            "review".into(),
            self.record().into(),
            "--subject".into(),
            subject.into(),
            "--by".into(),
            "privacy-officer".into(),
            "--decision".into(),
            "known and accepted".into(),
            "--on".into(),
            self.past.last().expect("a run").as_of.to_string().into(),
        ];
        run_in(&self.dir(), args).expect("a run").expect(0);
        self.reviews.push((subject.to_owned(), self.past.last().map_or(0, |p| p.sequence)));
    }

    /// Notes the head of the record outside of it.
    pub fn anchor(&mut self) {
        let args: [OsString; 4] = [
            "anchor".into(),
            self.record().into(),
            "--note".into(),
            "read to the auditor on the telephone".into(),
        ];
        run_in(&self.dir(), args).expect("a run").expect(0);
        self.integrity = ("pass", None);
    }

    /// The arguments of a scan of the company on a day.
    pub fn arguments(&self, as_of: jiff::civil::Date) -> Vec<OsString> {
        let mut args: Vec<OsString> =
            vec!["scan".into(), ".".into(), "--policy".into(), "privascan.toml".into()];
        args.extend(["--format".into(), "jsonl".into(), "--as-of".into(), as_of.to_string().into()]);
        if self.recorded {
            args.extend(["--record".into(), self.record().into()]);
        }
        if self.keyed {
            args.extend(["--key-file".into(), self.key().into()]);
        }
        if let Some((list, _)) = self.detectors {
            args.extend(["--detectors".into(), list.into()]);
        }
        if let Some(folder) = &self.patterns {
            args.extend(["--patterns".into(), folder.into()]);
        }
        args
    }

    /// Writes a week, runs the program over it and compares.
    pub fn week(&mut self, week: u32) {
        let company = self.set(week);
        self.run(week, &company);
    }

    /// Begins a run, waits until the record says so, and kills it.
    pub fn kill_a_run(&mut self, as_of: jiff::civil::Date) {
        let runs = |log: &Path| fs::read_to_string(log).map_or(0, |text| text.lines().count());
        let log = self.record().join("log.jsonl");
        let before = runs(&log);
        // Standard input that never ends keeps it from ending.
        let mut child = command(&self.dir())
            .args(self.arguments(as_of))
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a run");
        let begun = Instant::now();
        while runs(&log) == before {
            assert!(begun.elapsed() < Duration::from_secs(60), "the run does not begin");
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        self.sequence += 1;
    }

    /// Runs the program over the week that stands there and compares.
    pub fn run(&mut self, week: u32, company: &Company) {
        let ran = run_in(&self.dir(), self.arguments(super::company::monday(week))).expect("a run");
        assert!(matches!(ran.code, 0 | 3), "week {week}: exit {}\n{}", ran.code, ran.stderr);
        self.compare(week, company, &ran.stdout);
    }

    /// Holds the results of a run against the oracle's.
    pub fn compare(&mut self, week: u32, company: &Company, stdout: &str) {
        let results = &records(stdout, "control_result");
        let id = if self.keyed { key_id(KEY) } else { "random".to_owned() };
        let truth = company.truth().expect("the truth");
        let mut run = Run::read(&truth, &self.policy, self.previous.as_ref(), &id);
        run.off = self.undetected.clone();
        self.unreadable.iter().for_each(|root| run.shut(root));
        if let Some((list, without)) = self.detectors {
            (run.chosen, run.detectors) = (true, list.to_owned());
            run.off.extend(without.iter().map(|c| (*c).to_owned()));
        }
        let registers = Registers::read(&self.policy, &self.dir());
        let self_test = results.iter().find(|r| r["test_id"] == "MON-06").map_or(("pass", None), self_test);
        let case = Case {
            policy: &self.policy,
            run: &run,
            previous: self.previous.as_ref(),
            past: self.recorded.then(|| self.past.clone()),
            registers: &registers,
            reviews: &self.reviews,
            self_test,
            integrity: self.integrity.clone(),
        };
        let expected = oracle::judge(&case);
        let drift = oracle::drifting(&case);
        let (seen, differences) = compare(week, &expected, results);
        self.seen.extend(seen);
        self.differences.extend(differences);
        let (said, is) = (oracle::all_overdue(&case), overdue(stdout));
        let only =
            |a: &[Overdue], b: &[Overdue]| a.iter().filter(|o| !b.contains(o)).cloned().collect::<Vec<_>>();
        if said != is {
            let (said, is) = (only(&said, &is), only(&is, &said));
            self.differences.push(format!("week {week}: overdue\n    oracle  {said:?}\n    product {is:?}"));
        }
        if self.recorded {
            self.sequence += 1;
            self.past.push(Past { sequence: self.sequence, as_of: run.as_of, drift });
            self.previous = Some(run);
            // This run's own lines are after what was noted.
            if self.integrity.0 != "fail" {
                self.integrity = ("not-evaluated", Some("not-anchored".to_owned()));
            }
        }
    }
}

fn self_test(result: &Value) -> (&'static str, Option<String>) {
    let words = ["pass", "fail", "not-evaluated", "not-applicable"];
    let outcome = words.into_iter().find(|w| result["outcome"] == *w);
    (outcome.expect("an outcome"), result["reason"].as_str().map(str::to_owned))
}

/// The records of a kind in JSON lines.
fn records(text: &str, kind: &str) -> Vec<Value> {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|value| value["record"] == kind).collect()
}

/// What is overdue, as the product says it.
fn overdue(stdout: &str) -> Vec<Overdue> {
    let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let day = |v: &Value| word(v).parse().unwrap_or_default();
    let deviations = records(stdout, "deviation").into_iter().filter(|d| d["test_id"] == "RET-01");
    let mut all: Vec<Overdue> = deviations
        .map(|d| Overdue {
            path: word(&d["path"]),
            class: word(&d["class"]),
            trigger: day(&d["trigger_date"]),
            due: day(&d["due"]),
            days_over: d["days_over"].as_i64().unwrap_or_default(),
            rows: d["rows"].as_u64().unwrap_or_default(),
            mixed: d["reason"] == "mixed",
        })
        .collect();
    all.sort();
    all
}

type Key = (String, Option<String>, Option<String>);

/// What agreed, and what did not.
fn compare(week: u32, expected: &[Verdict], results: &[Value]) -> (Seen, Vec<String>) {
    let word = |v: &Value| v.as_str().map(str::to_owned);
    let key = |r: &Value| (word(&r["test_id"]).unwrap_or_default(), word(&r["system"]), word(&r["class"]));
    let mut got: BTreeMap<Key, &Value> = BTreeMap::new();
    let mut differences = Vec::new();
    for result in results {
        if got.insert(key(result), result).is_some() {
            differences.push(format!("week {week}: {:?} twice", key(result)));
        }
    }
    let mut want: BTreeMap<Key, &Verdict> = BTreeMap::new();
    for v in expected {
        let twice = want.insert((v.test.to_owned(), v.system.clone(), v.class.clone()), v);
        assert!(twice.is_none(), "the oracle says twice {v:?}");
    }
    let mut seen = BTreeSet::new();
    for key in want.keys().chain(got.keys()).collect::<BTreeSet<_>>() {
        let (want, got) = (want.get(key), got.get(key));
        let says = want.map(|v| says(v));
        let is = got.map(|r| said(r, want.is_some_and(|v| v.counts_open)));
        // That there is nothing to say may be said, or not.
        let nothing = |s: &Option<String>| s.as_ref().is_none_or(|s| s.starts_with("not-applicable"));
        if says != is && !(nothing(&says) && nothing(&is) && (says.is_none() || is.is_none())) {
            let side = |s: Option<String>| s.unwrap_or_else(|| "nothing".to_owned());
            differences.push(format!(
                "week {week}: {} {:?} {:?}\n    oracle  {}\n    product {}",
                key.0,
                key.1,
                key.2,
                side(says),
                side(is)
            ));
            continue;
        }
        if let Some(result) = got {
            seen.insert((key.0.clone(), word(&result["outcome"]).unwrap_or_default()));
            seen.extend(word(&result["reason"]).map(|reason| (key.0.clone(), reason)));
        }
    }
    (seen, differences)
}

/// A verdict in one line.
fn says(v: &Verdict) -> String {
    let reasoned = matches!(v.outcome, "not-evaluated" | "not-applicable") || v.test == "MON-04";
    let reason = v.reason.as_deref().filter(|_| reasoned).unwrap_or_default();
    if v.counts_open || v.outcome == "not-applicable" {
        return format!("{} {reason}", v.outcome);
    }
    let not_evaluated: Vec<String> =
        v.not_evaluated.iter().map(|(reason, n)| format!("{reason}:{n}")).collect();
    let counts = format!("{}/{}/{}/{}", v.population, v.evaluated, v.deviations, v.excepted);
    format!("{} {reason} {counts} {}", v.outcome, not_evaluated.join(" "))
}

/// A result of the product in the same words.
fn said(r: &Value, counts_open: bool) -> String {
    let outcome = r["outcome"].as_str().unwrap_or_default();
    let reasoned = matches!(outcome, "not-evaluated" | "not-applicable") || r["test_id"] == "MON-04";
    let reason = r["reason"].as_str().filter(|_| reasoned).unwrap_or_default();
    if counts_open || outcome == "not-applicable" {
        return format!("{outcome} {reason}");
    }
    let mut not_evaluated: Vec<&str> =
        r["not_evaluated_by_reason"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    not_evaluated.sort_unstable();
    let n = |name: &str| r[name].as_u64().unwrap_or(0);
    let counts = format!("{}/{}/{}/{}", n("population"), n("evaluated"), n("deviations"), n("excepted"));
    format!("{outcome} {reason} {counts} {}", not_evaluated.join(" "))
}
