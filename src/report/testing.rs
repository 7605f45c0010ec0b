//! One standard set of records for the tests of every writer. All values are made up.

use jiff::Timestamp;
use jiff::civil::date;

use super::Summary;
use crate::govern::outcome::CriterionResult;
use crate::govern::policy::Source;
use crate::govern::{Assessment, ControlOutcome, ControlResult, Deviation};
use crate::model::{
    DateField, DateSource, Evidence, Finding, Gap, Item, ItemId, ItemMeta, ItemPath, ItemRecord, Likelihood,
    Occurrence, Outcome, Place, Reason, Relation, RunRecord, Signals,
};

/// An item that was read and holds nothing.
pub(super) fn item(number: u8, path: &str, outcome: Outcome) -> ItemRecord {
    let mut segments = path.split("!/");
    let outermost = ItemPath::new(segments.next().unwrap_or_default());
    let path_in_store = segments.fold(outermost, |path, name| path.entry(name.as_bytes()));
    ItemRecord {
        item: Item { id: ItemId([number; 16]), path: path_in_store, meta: ItemMeta::default() },
        printed_path: path.to_owned(),
        format: None,
        outcome,
        gaps: Vec::new(),
        values_examined: 0,
        bytes_examined: 0,
        rows: None,
        findings: Vec::new(),
        co_occurrence: Vec::new(),
        evidence: Default::default(),
    }
}

/// A finding in running text, without occurrences.
pub(super) fn finding(info_type: &str, category: &str, tier: &str, count: u64) -> Finding {
    Finding {
        finding_id: format!("{:0>32x}", count),
        field: None,
        field_index: None,
        info_type: info_type.to_owned(),
        detector: info_type.to_lowercase().replace('_', "-"),
        category: category.to_owned(),
        tier: tier.to_owned(),
        flags: Vec::new(),
        relation: Relation::Contains,
        likelihood: Likelihood::Likely,
        score: 0.75,
        count,
        values_examined: None,
        distinct_estimate: count,
        occurrences: Vec::new(),
    }
}

fn occurrence(place: Place, mask: &str) -> Occurrence {
    Occurrence {
        place,
        offset: None,
        length: None,
        line: None,
        column: None,
        row: None,
        mask: mask.to_owned(),
        fingerprint: "00112233445566778899aabbccddeeff".to_owned(),
        likelihood: Likelihood::VeryLikely,
        signals: Signals::CHECKSUM,
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Items of every outcome, with the texts an attacker would choose.
pub(super) fn records() -> Vec<ItemRecord> {
    let mut table = item(1, "exports/q3.zip!/crm/customers.csv", Outcome::Scanned);
    table.item.meta = ItemMeta {
        bytes: Some(18_231),
        modified: Some(time("2026-03-01T08:30:00.1234567Z")),
        owner: Some("sales".into()),
        mode: Some(0o100644),
        ..ItemMeta::default()
    };
    table.format = Some("csv".to_owned());
    (table.values_examined, table.bytes_examined, table.rows) = (3_290, 18_231, Some(412));
    let mut ssn = finding("US_SSN", "gov.national_id", "restricted", 412);
    (ssn.field, ssn.field_index) = (Some("ssn".to_owned()), Some(4));
    ssn.flags = vec!["cpra-spi".to_owned(), "glba".to_owned()];
    (ssn.relation, ssn.likelihood, ssn.score) = (Relation::Is, Likelihood::VeryLikely, 0.987_654);
    (ssn.values_examined, ssn.distinct_estimate) = (Some(412), 409);
    let mut at = occurrence(Place::Content, "•••-••-6789");
    (at.offset, at.length, at.line, at.column, at.row) =
        (Some(1_042), Some(11), Some(12), Some(31), Some(10));
    at.signals.add(Signals::FIELD_NAME);
    ssn.occurrences = vec![at];
    let mut mail = finding("EMAIL_ADDRESS", "contact.email", "internal", 1_398);
    (mail.field, mail.field_index) = (Some("=cmd|'/c calc'!A1".to_owned()), Some(7));
    mail.occurrences = vec![occurrence(Place::Content, "a•••@•••.org")];
    mail.score = 1.0;
    table.findings = vec![ssn, mail];
    table.co_occurrence = vec![("contact.email+gov.national_id".to_owned(), 398)];
    table.item.meta.group = Some("staff".into());
    table.item.meta.created = Some(time("2026-02-01T00:00:00Z"));
    let days = [(date(2021, 3, 1), 400), (date(1969, 12, 31), 1)];
    let hired = DateField {
        field: "hired, on".to_owned(),
        field_index: Some(5),
        source: DateSource::Values,
        days: days.into_iter().collect(),
        empty: 7,
        unparsed: 3,
        ambiguous: 1,
    };
    let event = DateSource::Event("contract-end".to_owned());
    let left = DateField { source: event, days: Default::default(), ..hired.clone() };
    let own = DateField {
        field: String::new(),
        field_index: None,
        source: DateSource::DocumentCreated,
        ..hired.clone()
    };
    table.evidence = Evidence {
        content_hash: Some("cd".repeat(32)),
        residue: Some("zip-unlisted-entry".to_owned()),
        label: Some("Confidential".to_owned()),
        dates: vec![hired, left, own],
        watched: vec![("00112233445566778899aabbccddeeff".to_owned(), 2)],
        first_seen: Some(date(2026, 11, 1)),
        unread_since: None,
        reused: true,
        located: Vec::new(),
    };

    let mut hostile =
        item(2, "-in/\u{1b}[2J\u{202e}gnp.exe\n\"quoted\", <script>alert(1)</script>.txt", Outcome::Scanned);
    hostile.item.meta.bytes = Some(u64::MAX);
    hostile.format = Some("text".to_owned());
    hostile.bytes_examined = 3_145_728;
    let mut card = finding("CREDIT_CARD", "pay.pan", "restricted", 2);
    card.field = Some("+A\u{9b}1m\t\u{feff}".to_owned());
    let mut name = occurrence(Place::ItemName, "@SUM(1)");
    name.signals = Signals::default();
    card.occurrences = vec![name];
    let mut test = finding("CREDIT_CARD", "pay.pan", "restricted", 31);
    test.flags = vec!["likely_test".to_owned(), "pci".to_owned()];
    hostile.findings = vec![card, test];

    let mut broken = item(3, "share/old/backup.zip", Outcome::Partial(Reason::Encrypted));
    broken.format = Some("zip".to_owned());
    broken.gaps = vec![
        Gap::new(Reason::Encrypted, "2 entries"),
        Gap::new(Reason::Malformed, "central directory cut at byte 81920"),
        Gap::new(Reason::Sampled, ""),
    ];
    broken.bytes_examined = 512;
    let denied = item(4, "share/hr/salaries.xlsx", Outcome::Failed(Reason::PermissionDenied));
    let left_out = item(5, "target/debug", Outcome::Skipped(Reason::Excluded));
    vec![table, hostile, broken, denied, left_out]
}

/// What a policy says of these items.
pub(super) fn assessment() -> (Assessment, Vec<CriterionResult>) {
    let deviation = Deviation {
        item_id: Some("01".repeat(16)),
        path: Some("exports/q3.zip!/crm/customers.csv".to_owned()),
        owner: Some("=sales".to_owned()),
        tier: Some("restricted".to_owned()),
        rule: Some("two-years".to_owned()),
        trigger_source: Some(Source::RecordDate),
        trigger_date: Some(date(2021, 3, 1)),
        due: Some(date(2023, 3, 1)),
        days_over: Some(1334),
        rows: Some(1),
        reason: Some("mixed".to_owned()),
        detail: None,
        approved_exception: None,
    };
    let held = Deviation { approved_exception: Some("LH-1".to_owned()), ..deviation.clone() };
    let result = |test: &str, outcome, reason: Option<&str>| ControlResult {
        test_id: test.to_owned(),
        criteria: vec!["soc2:P4.2".to_owned(), "soc2:C1.1".to_owned()],
        system: Some("crm".to_owned()),
        class: Some("customer".to_owned()),
        outcome,
        reason: reason.map(str::to_owned),
        population: 4,
        evaluated: 3,
        deviations: 0,
        excepted: 0,
        not_evaluated: [("no-date".to_owned(), 1)].into(),
        note: None,
        deviating: Vec::new(),
    };
    let mut overdue = result("RET-01", ControlOutcome::Fail, Some("mixed"));
    (overdue.deviations, overdue.excepted, overdue.deviating) = (1, 1, vec![deviation, held]);
    let mut undeclared = result("COL-01", ControlOutcome::NotEvaluated, Some("coverage"));
    (undeclared.class, undeclared.criteria, undeclared.note) =
        (None, Vec::new(), Some("one, two".to_owned()));
    let unread = result("MON-02", ControlOutcome::Pass, None);
    let criterion = CriterionResult {
        criterion: "P4.2".to_owned(),
        framework: "soc2".to_owned(),
        edition: "2022".to_owned(),
        rating: "tests-part".to_owned(),
        tests: vec!["RET-01".to_owned(), "RET-02".to_owned()],
        outcome: ControlOutcome::Fail,
        population: 4,
        evaluated: 3,
        deviations: 1,
        statement: "1 deviation noted.".to_owned(),
    };
    (Assessment { as_of: date(2026, 11, 24), results: vec![undeclared, unread, overdue] }, vec![criterion])
}

/// What the items add up to.
pub(super) fn summary(records: &[ItemRecord]) -> Summary {
    let mut summary = Summary::default();
    records.iter().for_each(|record| summary.add(record));
    summary
}

/// A run over these items.
pub(super) fn run(records: &[ItemRecord]) -> RunRecord {
    RunRecord {
        run_id: "000001-2026-11-24T06-00-00Z".to_owned(),
        tool_version: "0.1.0".to_owned(),
        detectors_digest: "ab".repeat(32),
        detectors: 214,
        key_id: "random".to_owned(),
        targets: vec!["exports".to_owned(), "share".to_owned(), "-in".to_owned()],
        settings: vec!["sample-rows=1000".to_owned()],
        min_likelihood: Likelihood::Possible,
        started_at: time("2026-11-24T06:00:00Z"),
        finished_at: time("2026-11-24T06:00:02.5Z"),
        as_of: None,
        policy_digest: None,
        interrupted: false,
        unreached: Vec::new(),
        ledger: summary(records).ledger,
    }
}
