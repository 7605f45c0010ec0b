//! Retention from an Open Data Contract (ODCS v3), as text to put into a policy.
//!
//! A contract says `slaProperties: [{property: retention, value: 3, unit: y, element: orders.placed_at}]`: of the
//! records in `orders`, those whose `placed_at` is more than three years past are overdue.

use std::collections::BTreeSet;

use serde_json::Value;

use super::printable;
use crate::classify::Taxonomy;

/// What a contract came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// `[[retention]]` and `[[class]]`, TOML.
    pub toml: String,
    /// Ids of the rules in it.
    pub rules: Vec<String>,
    /// Ids of the classes in it.
    pub classes: Vec<String>,
    /// What could not be taken over, one line each.
    pub left_out: Vec<String>,
}

/// One retention of one table.
struct Rule<'a> {
    table: Option<String>,
    field: Option<String>,
    period: String,
    /// Why, in the contract's words.
    why: Option<&'a str>,
}

/// Takes the retention rules out of a contract. `Err`: why there is none.
pub fn import(contract: &Value, taxonomy: &Taxonomy) -> Result<Imported, String> {
    let Some(top) = contract.as_object() else {
        return Err("this is no data contract: the file has no keys".to_owned());
    };
    if let Some(kind) = top.get("kind").and_then(Value::as_str)
        && kind != "DataContract"
    {
        return Err(format!("this is a `{}`, not a `DataContract`", printable(kind)));
    }
    let version = top.get("apiVersion").map(scalar).unwrap_or_default();
    if !version.is_empty() && !version.trim_start_matches('v').starts_with('3') {
        return Err(format!("apiVersion `{}` is not known; this build reads v3", printable(&version)));
    }
    let mut imported = Imported::default();
    let rules = rules(contract, &mut imported.left_out);
    if rules.is_empty() {
        let why = imported.left_out.first().map_or_else(String::new, |first| format!(": {first}"));
        return Err(format!("no retention in `slaProperties` that can be taken over{why}"));
    }
    let name = ["name", "id", "dataProduct"].into_iter().find_map(|k| top.get(k)).map(scalar);
    let name = name.filter(|n| !n.is_empty()).unwrap_or_else(|| "contract".to_owned());
    let number = top.get("version").map(scalar).unwrap_or_default();
    let authority = format!("data contract {name} {number}").trim_end().to_owned();
    let purpose = contract.pointer("/description/purpose").and_then(Value::as_str);
    let mut taken = BTreeSet::new();
    let mut done = BTreeSet::new();
    for rule in &rules {
        let table = rule.table.clone().unwrap_or_else(|| name.clone());
        let wanted = format!("{}-{}", slug(&table), rule.period.trim_start_matches('P').to_lowercase());
        if !done.insert(table.clone()) {
            imported.left_out.push(format!("a second retention of `{}` is left out", printable(&table)));
            continue;
        }
        let id = unique(wanted, &mut taken);
        imported.toml.push_str(&rule_text(&id, rule, &authority));
        imported.rules.push(id.clone());
        let class = unique(slug(&table), &mut taken);
        imported.toml.push_str(&class_text(&class, &id, &table, purpose, contract, taxonomy));
        imported.classes.push(class);
    }
    Ok(imported)
}

/// Everything that `slaProperties` says of retention.
fn rules<'a>(contract: &'a Value, left_out: &mut Vec<String>) -> Vec<Rule<'a>> {
    let properties: Vec<&Value> = match contract.get("slaProperties") {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    };
    let default = contract.get("slaDefaultElement").map(elements).unwrap_or_default();
    let mut rules = Vec::new();
    for property in properties {
        let name = property.get("property").and_then(Value::as_str).unwrap_or_default();
        if !name.eq_ignore_ascii_case("retention") {
            continue;
        }
        let value = property.get("value").map(scalar).unwrap_or_default();
        let unit = property.get("unit").map(scalar).unwrap_or_default();
        let period = match period(&value, &unit) {
            Ok(period) => period,
            Err(why) => {
                left_out.push(why);
                continue;
            }
        };
        let own = property.get("element").map(elements).unwrap_or_default();
        let mut elements = if own.is_empty() { default.clone() } else { own };
        if elements.is_empty() {
            elements.push(String::new());
        }
        let why = ["description", "driver"].into_iter().find_map(|k| property.get(k)?.as_str());
        for element in elements {
            let (table, field) = match element.rsplit_once('.') {
                // `schema.table.column`: the last two count.
                Some((table, field)) => (table.rsplit('.').next().map(str::to_owned), Some(field.to_owned())),
                None => (Some(element.clone()).filter(|e| !e.is_empty()), None),
            };
            rules.push(Rule { table, field, period: period.clone(), why });
        }
    }
    rules
}

/// The elements of `element`: a text, several in one text, or a list.
fn elements(value: &Value) -> Vec<String> {
    let texts: Vec<String> = match value {
        Value::Array(all) => all.iter().map(scalar).collect(),
        other => vec![scalar(other)],
    };
    texts.iter().flat_map(|t| t.split(',')).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect()
}

/// A value and a unit as a period in ISO 8601.
fn period(value: &str, unit: &str) -> Result<String, String> {
    let said = format!("retention `{}`", printable(format!("{value} {unit}").trim()));
    let iso = |text: &str| toml::Value::String(text.to_owned()).try_into::<super::policy::Period>().is_ok();
    if unit.is_empty() && value.starts_with('P') && iso(value) {
        return Ok(value.to_owned());
    }
    // A whole number may be written `3.0`.
    let number = value.strip_suffix(".0").unwrap_or(value);
    let Ok(number) = number.parse::<u16>() else {
        return Err(format!("{said} is left out: the value is no whole number from 0 to 65535"));
    };
    let letter = match unit.to_ascii_lowercase().as_str() {
        "d" | "day" | "days" => 'D',
        "w" | "week" | "weeks" => 'W',
        "m" | "mo" | "month" | "months" => 'M',
        "y" | "yr" | "yrs" | "year" | "years" => 'Y',
        "" => return Err(format!("{said} is left out: it has no unit such as d, m or y")),
        _ => return Err(format!("{said} is left out: the unit is none of days, weeks, months and years")),
    };
    let period = format!("P{number}{letter}");
    match iso(&period) {
        true => Ok(period),
        false => Err(format!("{said} is left out: it is longer than calendars reach")),
    }
}

fn rule_text(id: &str, rule: &Rule<'_>, authority: &str) -> String {
    let mut lines = vec!["[[retention]]".to_owned(), format!("id = {}", quoted(id))];
    lines.push(match &rule.field {
        Some(field) => format!("trigger = {{ source = \"record-date\", field = {} }}", quoted(field)),
        None => "trigger = { source = \"path-date\" }  # the contract names no column".to_owned(),
    });
    lines.push(format!("keep_max = {}", quoted(&rule.period)));
    lines.push("action = \"review\"  # or delete, anonymise, transfer".to_owned());
    lines.push(format!("authority = {}", quoted(authority)));
    lines.extend(rule.why.filter(|w| !w.trim().is_empty()).map(|w| format!("justification = {}", quoted(w))));
    lines.join("\n") + "\n\n"
}

fn class_text(
    id: &str,
    rule: &str,
    table: &str,
    purpose: Option<&str>,
    contract: &Value,
    taxonomy: &Taxonomy,
) -> String {
    let mut lines = vec!["[[class]]".to_owned(), format!("id = {}", quoted(id))];
    let tables: Vec<&Value> =
        contract.get("schema").and_then(Value::as_array).into_iter().flatten().collect();
    let named =
        |t: &&&Value| ["name", "physicalName"].iter().any(|k| t.get(k).is_some_and(|n| scalar(n) == table));
    let described = tables.iter().find(named);
    let stored = described.and_then(|t| t.get("physicalName")).map(scalar).filter(|n| !n.is_empty());
    let mut names: Vec<String> = vec![table.to_owned()];
    names.extend(stored.filter(|s| s != table));
    let globs: Vec<String> = names
        .iter()
        .flat_map(|n| [quoted(&format!("**/{}.*", literal(n))), quoted(&format!("**/{}/**", literal(n)))])
        .collect();
    lines.push(format!("match = {{ path = [{}] }}  # where the table is kept", globs.join(", ")));
    if let Some(tier) = described.and_then(|t| tier(t, taxonomy)) {
        lines.push(format!("tier = {}", quoted(tier)));
    }
    lines.push("owner = \"TODO: who answers for this\"".to_owned());
    lines.push("# categories = []  # what it may hold: the contract does not say".to_owned());
    match purpose.map(printable) {
        Some(purpose) => lines.push(format!("# purpose = \"…\"  # the contract says: {purpose}")),
        None => lines.push("# purpose = \"…\"".to_owned()),
    }
    lines.push(format!("retention = {}", quoted(rule)));
    lines.join("\n") + "\n\n"
}

/// The highest `classification` of a table's columns that is a tier.
fn tier<'t>(table: &Value, taxonomy: &'t Taxonomy) -> Option<&'t str> {
    let columns = table.get("properties").and_then(Value::as_array).into_iter().flatten();
    let said = columns.filter_map(|c| c.get("classification")?.as_str());
    let rank = said.filter_map(|word| taxonomy.tier_rank(&word.to_lowercase())).max()?;
    taxonomy.tiers().get(rank).map(String::as_str)
}

/// A scalar as text; empty for anything else.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        _ => String::new(),
    }
}

/// A basic TOML string.
fn quoted(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A name that a glob takes as it is.
fn literal(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            '*' | '?' | '[' | ']' | '{' | '}' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '/' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

/// An id made of a name.
pub(super) fn slug(name: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.';
    let spaced: String = name.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let parts: Vec<&str> = spaced.split('-').filter(|p| !p.is_empty()).collect();
    match parts.join("-").trim_matches('.') {
        "" => "unnamed".to_owned(),
        slug => slug.to_owned(),
    }
}

/// The id, with a number behind it if it is taken.
pub(super) fn unique(id: String, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = id.clone();
    let mut n = 1;
    while !taken.insert(candidate.clone()) {
        n += 1;
        candidate = format!("{id}-{n}");
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::govern::policy::Policy;
    use serde_json::json;

    fn imported(contract: &Value) -> Result<Imported, String> {
        import(contract, &Taxonomy::builtin().expect("sound"))
    }

    #[test]
    fn a_retention_with_a_column_becomes_a_rule_and_a_class() {
        let contract = json!({
            "apiVersion": "v3.1.0", "kind": "DataContract", "name": "shop", "version": "1.2.0",
            "description": {"purpose": "Fulfil orders"},
            "schema": [{"name": "orders", "physicalName": "t_orders", "properties": [
                {"name": "placed_at", "classification": "internal"}, {"name": "iban", "classification": "Restricted"},
            ]}],
            "slaProperties": [
                {"property": "latency", "value": 4, "unit": "d"},
                {"property": "retention", "value": 3, "unit": "y", "element": "orders.placed_at", "driver": "tax"},
            ],
        });
        let found = imported(&contract).expect("a rule");
        assert_eq!(
            found.toml,
            "[[retention]]\nid = \"orders-3y\"\ntrigger = { source = \"record-date\", field = \"placed_at\" }\nkeep_max = \
             \"P3Y\"\naction = \"review\"  # or delete, anonymise, transfer\nauthority = \"data contract shop 1.2.0\"\n\
             justification = \"tax\"\n\n[[class]]\nid = \"orders\"\nmatch = { path = [\"**/orders.*\", \"**/orders/**\", \
             \"**/t_orders.*\", \"**/t_orders/**\"] }  # where the table is kept\ntier = \"restricted\"\nowner = \"TODO: who \
             answers for this\"\n# categories = []  # what it may hold: the contract does not say\n# purpose = \"…\"  # the \
             contract says: Fulfil orders\nretention = \"orders-3y\"\n\n"
        );
        let head = "schema = \"retention-policy/1\"\npolicy = { id = \"p\", version = \"1\" }\nscope = { systems = [] }\n";
        let policy = Policy::parse(&format!("{head}{}", found.toml)).expect("TOML that fits");
        assert_eq!(policy.classes[0].retention.as_deref(), Some("orders-3y"));
        assert_eq!(found.left_out, Vec::<String>::new());
    }

    #[test]
    fn every_form_of_retention_is_read() {
        let periods = |sla: Value| {
            let found = imported(&json!({"slaProperties": sla})).map(|i| (i.toml, i.left_out));
            found.map(|(toml, _)| {
                let lines = toml.lines().filter_map(|l| l.strip_prefix("keep_max = ")).map(str::to_owned);
                lines.collect::<Vec<_>>().join(" ")
            })
        };
        let retention =
            |value: Value, unit: &str| json!({"property": "retention", "value": value, "unit": unit});
        for (sla, expected) in [
            (retention(json!(30), "days"), "\"P30D\""),
            (json!([retention(json!("18"), "months")]), "\"P18M\""),
            (json!([retention(json!(2.0), "yr")]), "\"P2Y\""),
            (json!([{"property": "Retention", "value": "P6M"}]), "\"P6M\""),
            (
                json!([{"property": "retention", "value": 1, "unit": "y", "element": "a.on, b.at"}]),
                "\"P1Y\" \"P1Y\"",
            ),
            (
                json!([{"property": "retention", "value": 1, "unit": "w", "element": ["s.a.on", "b"]}]),
                "\"P1W\" \"P1W\"",
            ),
        ] {
            assert_eq!(periods(sla.clone()).as_deref(), Ok(expected), "{sla}");
        }
        for (sla, why) in [
            (retention(json!(3), "hours"), "none of days"),
            (retention(json!(1.5), "y"), "no whole number"),
            (retention(json!(-1), "y"), "no whole number"),
            (retention(json!(3), ""), "no unit"),
            (retention(json!(65000), "y"), "longer than calendars"),
            (retention(json!(null), "y"), "no whole number"),
            (json!([{"property": "latency", "value": 3, "unit": "d"}]), "no retention"),
            (json!("retention"), "no retention"),
        ] {
            let said = periods(sla.clone()).expect_err("refused");
            assert!(said.contains(why), "{sla}: {said}");
        }
        assert!(imported(&json!([1])).expect_err("refused").contains("no data contract"));
        assert!(imported(&json!({"kind": "Pod"})).expect_err("refused").contains("`Pod`"));
        assert!(imported(&json!({"apiVersion": "v2.2.2"})).expect_err("refused").contains("v2.2.2"));
    }

    #[test]
    fn names_of_a_contract_cannot_break_out_of_their_strings() {
        let nasty = "a\"]\n[[class]]\nid = \"*{x}\\";
        let contract = json!({"name": nasty, "slaProperties": [
            {"property": "retention", "value": 3, "unit": "y", "element": format!("{nasty}.{nasty}"), "driver": nasty},
        ], "description": {"purpose": nasty}});
        let found = imported(&contract).expect("a rule");
        let head = "schema = \"retention-policy/1\"\npolicy = { id = \"p\", version = \"1\" }\nscope = { systems = [] }\n";
        let policy = Policy::parse(&format!("{head}{}", found.toml)).expect("TOML that fits");
        assert_eq!((policy.classes.len(), policy.retention.len()), (1, 1));
    }
}
