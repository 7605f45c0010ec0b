//! Tests of the JSON reader.

use std::collections::HashSet;

use proptest::prelude::*;

use crate::model::Reason;
use crate::read::Limits;
use crate::read::testing::{Recorder, read, read_with};

/// Reads well-formed content: everything is handed over, and every value is where it says.
#[track_caller]
fn whole(name: &str, text: &str) -> Recorder {
    let found = read(name, text.as_bytes());
    assert_eq!(found.reasons(), []);
    assert_eq!(String::from_utf8_lossy(&found.raw), text, "raw tiles the file");
    for v in found.values.iter().filter(|v| !v.text.contains(['\\', '"', '\n', '☺', '😀'])) {
        assert!(text[v.offset as usize..].starts_with(&v.text), "{v:?}");
    }
    found
}

#[test]
fn paths_values_and_rows_of_lines() {
    let text = concat!(
        r#"{"id": 1, "customer": {"name": "Zoë", "phones": [{"number": "1"}, {"number": "2", "x": null}]}}"#,
        "\n",
        r#"{"id": -2.5e3, "ok": true, "tags": ["a", "b"], "m": [["c"]], "empty": ""}"#,
        "\r\n"
    );
    let found = whole("a.jsonl", text);
    assert_eq!(found.formats, ["jsonl"]);
    assert_eq!(
        found.pairs(),
        [
            "id=1",
            "customer.name=Zoë",
            "customer.phones[].number=1",
            "customer.phones[].number=2",
            "id=-2.5e3",
            "tags[]=a",
            "tags[]=b",
            "m[][]=c"
        ]
    );
    assert_eq!(found.values.iter().map(|v| v.row).collect::<Vec<_>>(), [0, 0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(found.rows, 2);
    let names: Vec<&str> = found.fields.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(names[..4], ["id", "customer.name", "customer.phones[].number", "customer.phones[].x"]);
    assert!(found.fields.iter().enumerate().all(|(i, f)| f.1 == i as u32));
    assert!(names.contains(&"ok") && names.contains(&"empty"));
}

#[test]
fn rows_of_documents() {
    let rows = |name: &str, text: &str| {
        let found = whole(name, text);
        let rows: Vec<String> =
            found.values.iter().map(|v| format!("{}:{}={}", v.row, v.field, v.text)).collect();
        (rows.join(" "), found.rows)
    };
    assert_eq!(rows("a.json", "[{\"n\": 1},\n {},\n {\"n\": 3}\n]\n"), ("0:n=1 2:n=3".into(), 3));
    assert_eq!(
        rows("a.json", r#"{"of": "x", "data": [{"n": 1, "p": [{"q": 5}]}, {"n": 2}], "end": 9}"#),
        ("0:of=x 1:data[].n=1 1:data[].p[].q=5 2:data[].n=2 3:end=9".into(), 4)
    );
    assert_eq!(rows("a.json", "{\"a\": {\"b\": 1}, \"c\": 2}"), ("0:a.b=1 0:c=2".into(), 1));
    assert_eq!(rows("a.json", "[\"x\", \"y\"]"), ("0:[]=x 0:[]=y".into(), 1));
    assert_eq!(rows("a.dat", "{\"a\":1}{\"a\":2} [3]"), ("0:a=1 1:a=2 2:[]=3".into(), 3));
    assert_eq!(rows("a.json", "\u{feff}{\"a\":1}"), ("0:a=1".into(), 1));
}

#[test]
fn escapes() {
    let found = whole("a.json", r#"{"k\u0065y": "a\"b\\c\/\n\t\u00e9\ud83d\ude00\ud800x"}"#);
    assert_eq!(found.pairs(), ["key=a\"b\\c/\n\té😀\u{fffd}x"]);
}

#[test]
fn keys_without_values_are_names_all_the_same() {
    let found = whole("a.json", r#"{"anna@example.org": null, "x": {}, "y": [], "z": {"w": {}}}"#);
    let names: Vec<&str> = found.fields.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(names, ["anna@example.org", "x", "y[]", "z.w"]);
}

#[test]
fn malformed_from_the_last_whole_record_on_is_text() {
    let good = "{\"a\": 1}\n{\"a\": 2}\n".repeat(200);
    for bad in [
        "{\"a\": tru}\n{\"a\": 4}\n",
        "{\"a\" 1}\n",
        "{\"a\": \"x\n\"}",
        "{\"a\": 01x}",
        "}",
        "{\"a\": [1,]}",
        "{\"a\": \"cut",
    ] {
        let text = format!("{good}{bad}");
        let found = read("a.jsonl", text.as_bytes());
        assert_eq!(found.reasons(), [Reason::Malformed], "{bad}");
        assert_eq!(found.values.len(), 400, "{bad}");
        let at = good.len() - 1; // The newline belongs to what follows.
        assert_eq!((found.text_offset, found.text().as_str()), (Some(at as u64), &text[at..]), "{bad}");
        assert!(found.gaps[0].detail.ends_with(&format!("read as text from offset {at}")));
        assert_eq!(found.formats, ["jsonl", "text"]);
    }
}

#[test]
fn a_document_cut_off_keeps_its_whole_records() {
    let text = r#"[{"a": "one"}, {"a": "two"}, {"a": "thr"#;
    let found = read("a.json", text.as_bytes());
    assert_eq!(
        (found.pairs(), found.reasons()),
        (vec!["a=one".into(), "a=two".into()], vec![Reason::Malformed])
    );
    assert_eq!(found.text(), r#", {"a": "thr"#);
}

#[test]
fn too_deep_is_text() {
    let text = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let found = read("a.json", format!("{}{text}", "{\"b\": 1}\n".repeat(3)).as_bytes());
    assert_eq!(found.reasons(), [Reason::Malformed]);
    assert_eq!(found.pairs().len(), 3);
    assert!(found.text().contains(&text));
}

#[test]
fn values_beyond_the_limit_are_text() {
    let limits = Limits { record_bytes: 64 << 10, ..Limits::default() };
    let text = format!("{{\"a\": 1}}\n{{\"b\": \"{}\"}}\n", "x".repeat(200_000));
    let found = read_with(&limits, "a.jsonl", text.as_bytes());
    assert_eq!(found.reasons(), [Reason::LimitMemory]);
    assert_eq!(found.pairs(), ["a=1"]);
    assert_eq!(found.text.len() + found.raw.len(), text.len());
    assert!(found.text().starts_with("\"xxx"));
}

#[test]
fn records_larger_than_a_batch_come_in_parts() {
    let value = "v".repeat(3_000_000);
    let mut text = String::from("{\"list\": [");
    for i in 0..300_000 {
        text += &format!("\"item {i}\", ");
    }
    text += &format!("\"{value}\"], \"end\": 1}}\n");
    let found = whole("a.json", &text);
    assert!(found.batches > 2);
    assert_eq!(found.values.len(), 300_002);
    assert!(found.values.iter().all(|v| v.row == 0));
    assert_eq!(found.values[300_000].text.len(), value.len());
}

#[test]
fn keys_beyond_the_cap_fold_and_stay_content() {
    let mut text = String::new();
    for i in 0..6000 {
        text += &format!("{{\"by\": {{\"user{i}@example.org\": {{\"n\": {i}}}}}}}\n");
    }
    let found = whole("a.jsonl", &text);
    assert!(found.fields.len() <= 4100, "{}", found.fields.len());
    assert!(found.fields.iter().any(|f| f.0 == "by.*"));
    let names: HashSet<&str> = found.fields.iter().map(|f| f.0.as_str()).collect();
    let values: HashSet<&str> = found.values.iter().map(|v| v.text.as_str()).collect();
    for i in 0..6000 {
        let key = format!("user{i}@example.org");
        assert!(names.contains(format!("by.{key}.n").as_str()) || values.contains(key.as_str()), "{key}");
        assert!(values.contains(i.to_string().as_str()));
    }
}

#[test]
fn folded_keys_survive_that_their_batch_is_read_twice() {
    let mut text = String::from("{");
    for i in 0..5000 {
        text += &format!("\"k{i}\": 1, ");
    }
    text += "\"last\": 1}\n";
    let pad = format!("{{\"pad\": \"{}\"}}\n", "p".repeat(1000));
    let text = pad.repeat(220) + &text + &pad;
    let found = whole("a.jsonl", &text);
    assert!(found.values.iter().any(|v| v.text == "last") && found.values.iter().any(|v| v.text == "k4999"));
}

#[test]
fn samples_stop_and_say_so() {
    let limits = Limits { sample_rows: Some(2), ..Limits::default() };
    for (name, text) in
        [("a.jsonl", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"), ("a.json", "[{\"a\":1},{\"a\":2},{\"a\":3}]")]
    {
        let found = read_with(&limits, name, text.as_bytes());
        assert_eq!((found.pairs().len(), found.reasons()), (2, vec![Reason::Sampled]));
    }
    for (name, text) in [("a.jsonl", "{\"a\":1}\n{\"a\":2}\n"), ("a.json", "[{\"a\":1},{\"a\":2}]")] {
        let found = read_with(&limits, name, text.as_bytes());
        assert_eq!((found.pairs().len(), found.reasons()), (2, vec![]));
    }
}

/// Values by serde_json, as a reference.
fn leaves(value: &serde_json::Value, path: &str, out: &mut Vec<String>) {
    match value {
        serde_json::Value::String(s) if !s.is_empty() => out.push(format!("{path}={s}")),
        serde_json::Value::Number(n) => out.push(format!("{path}={n}")),
        serde_json::Value::Array(a) => a.iter().for_each(|v| leaves(v, &format!("{path}[]"), out)),
        serde_json::Value::Object(o) => o.iter().for_each(|(k, v)| {
            leaves(v, &if path.is_empty() { k.clone() } else { format!("{path}.{k}") }, out);
        }),
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "[a-zé\"\\\\\n😀]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map("[a-c\"é]{1,3}", inner, 0..4)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn values_are_those_of_serde_json(
        docs in proptest::collection::vec(proptest::collection::btree_map("[a-c]{1,3}", any_json(), 1..4), 1..20),
        pretty in any::<bool>(), lines in any::<bool>(), small in any::<bool>(),
        pad in 0usize..3,
    ) {
        let mut text = String::new();
        let mut want = Vec::new();
        for doc in docs {
            let doc = serde_json::Value::Object(doc.into_iter().collect());
            leaves(&doc, "", &mut want);
            text += &if pretty { serde_json::to_string_pretty(&doc).unwrap() } else { doc.to_string() };
            text += &format!("\n{}", " ".repeat(pad * 1000));
        }
        // The smallest limit makes the smallest batches.
        let limits = Limits { record_bytes: if small { 0 } else { 1 << 20 }, ..Limits::default() };
        let found = read_with(&limits, if lines { "a.jsonl" } else { "a.json" }, text.as_bytes());
        prop_assert_eq!(found.reasons(), vec![]);
        prop_assert_eq!(found.pairs(), want);
        prop_assert_eq!(found.raw, text.into_bytes());
    }

    #[test]
    fn damage_loses_nothing(cut in 0usize..400, byte in 0u8..0x80) {
        let mut text = "{\"a\": \"x\\u00e9\", \"b\": [1, {\"c\": null}]}\n".repeat(10).into_bytes();
        text[cut % 400] = byte;
        let found = read("a.jsonl", &text);
        if found.formats[0] == "jsonl" {
            prop_assert_eq!([found.raw, found.text].concat(), text);
        }
    }
}
