//! Sensitivity labels that content carries about itself.

/// Lines from the start of a text that may hold its label.
const LINES: usize = 20;
/// Bytes from the start that may.
const BYTES: usize = 4 << 10;
/// Names under which a label stands, in lower case.
const KEYS: [&str; 7] = [
    "classification",
    "sensitivity",
    "label",
    "data classification",
    "information classification",
    "sensitivity label",
    "security classification",
];
/// What comments and boxes are made of.
const DECORATION: &[char] = &[
    '#', '/', '-', ';', '*', '%', '<', '>', '!', '=', '_', '~', '|', '"', '\'', '[', ']', '(', ')', ' ', '\t',
];

/// Whether a key or field of this name holds a label.
pub fn is_label_key(name: &str) -> bool {
    let last = name
        .rsplit(['.', ':', '/'])
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase()
        .replace(['_', '-'], " ");
    KEYS.contains(&last.strip_prefix("x ").unwrap_or(&last))
}

/// The one of `names` that is the value of a label's key: alone, or before a remark (`Confidential - HR only`).
pub fn label_of_value(value: &str, names: &[String]) -> Option<String> {
    let value = value.trim_matches(|c| DECORATION.contains(&c) || c == ',' || c == '.');
    let named = |text: &str| names.iter().find(|name| name.to_lowercase() == text.trim().to_lowercase());
    let remark = value.split(['-', '–', '(', ',', ';', '|']).next();
    named(value).or_else(|| named(remark?)).map(|name| name.to_lowercase())
}

/// The label in the first lines of a text: under its key (`Classification: Confidential`), or alone on a line as a banner
/// (`// CONFIDENTIAL`).
pub fn label_of_text(text: &[u8], names: &[String]) -> Option<String> {
    let text = String::from_utf8_lossy(&text[..text.len().min(BYTES)]);
    text.trim_start_matches('\u{feff}').lines().take(LINES).find_map(|line| label_of_line(line, names))
}

fn label_of_line(line: &str, names: &[String]) -> Option<String> {
    let bare = line.trim_matches(DECORATION);
    if let Some((key, value)) = bare.split_once([':', '=']) {
        return is_label_key(key.trim_matches(DECORATION)).then(|| label_of_value(value, names)).flatten();
    }
    // A word that merely stands alone is no banner.
    let banner = bare.len() < line.trim().len()
        || bare.chars().any(char::is_alphabetic) && bare == bare.to_uppercase();
    names
        .iter()
        .find(|name| banner && name.to_lowercase() == bare.to_lowercase())
        .map(|name| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Option<String> {
        let names = ["Confidential", "internal", "Public", "Strictly Confidential"].map(str::to_owned);
        label_of_text(text.as_bytes(), &names)
    }

    #[test]
    fn a_label_is_under_its_key_or_alone_as_a_banner() {
        for text in [
            "Classification: Confidential\n",
            "\u{feff}Memo\nfrom: a\n# classification = CONFIDENTIAL  \n",
            "Label: confidential",
            "sensitivity_label: \"Confidential\",",
            "X-Sensitivity: Confidential (HR)",
            "<!-- Classification: Confidential -->",
            "// CONFIDENTIAL\nfn main() {}",
            "=== Confidential ===",
            "CONFIDENTIAL\n\nDear all",
            "Data-Classification: Confidential - HR only",
        ] {
            assert_eq!(label(text).as_deref(), Some("confidential"), "{text}");
        }
        assert_eq!(label("/* STRICTLY CONFIDENTIAL */").as_deref(), Some("strictly confidential"));
        assert_eq!(
            label("Sensitivity: Public\nClassification: Internal").as_deref(),
            Some("public"),
            "the first"
        );
    }

    #[test]
    fn words_that_are_no_label_are_none() {
        let late = format!("{}Classification: Confidential", "\n".repeat(LINES));
        let far = format!("{}\nClassification: Confidential", "x".repeat(BYTES));
        for text in [
            "",
            "Classification: secret",
            "Classification: not confidential",
            "This is confidential",
            "Confidential",
            "Label maker: Confidential",
            "internal\npublic\n",
            &late,
            &far,
        ] {
            assert_eq!(label(text), None, "{text}");
        }
    }
}
