//! The layers and habits of the source, read from the source.

use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms of the crate a room may name. A room that is not listed fails.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("detect", &["model"]),
    ("read", &["model"]),
    ("source", &["model"]),
    ("classify", &["model", "detect"]),
    ("govern", &["model", "classify"]),
    ("report", &["model", "classify", "govern"]),
    ("record", &["model", "classify", "govern", "report"]),
    ("scan", &["model", "detect", "read", "source", "classify", "govern", "report", "record"]),
    ("dispose", &["model", "source", "govern", "record"]),
    (
        "cli",
        &[
            "model", "detect", "read", "source", "classify", "govern", "report", "record", "scan", "dispose",
            "cli",
        ],
    ),
    ("main", &["cli"]),
    (
        "lib",
        &["model", "detect", "read", "source", "classify", "govern", "report", "record", "scan", "dispose"],
    ),
];

/// Words of the code that may stand only in these places (a folder ends with `/`).
const ONLY_IN: &[(&[&str], &[&str])] = &[
    (
        &["thread::spawn", "thread::scope", "thread::Builder", "rayon::", "crossbeam_channel", "channel("],
        &["src/scan/", "src/detect/check.rs"],
    ),
    (&["println!", "eprintln!", "print!", "eprint!", "dbg!"], &["src/cli/"]),
    (
        &["SystemTime::now", "Timestamp::now", "Zoned::now", "Instant::now"],
        &["src/cli/", "src/scan/", "src/read/limits.rs"],
    ),
    (&["filter_map(Result::ok)", "todo!(", "unimplemented!("], &[]),
];

/// The file that may say `unsafe`: vector instructions that every machine of the architecture has.
const UNSAFE: &[&str] = &["src/detect/masks.rs"];

/// The limit that the house sets itself.
const MAX_LINES: usize = 500;

#[test]
fn the_source_keeps_to_its_layers_and_habits() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        for file in rust_files(&root.join(folder))? {
            let text = fs::read_to_string(&file)?;
            let path = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            found.extend(violations(&path, &text));
        }
    }
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
    Ok(())
}

#[test]
fn the_architecture_page_names_what_exists() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md"))?;
    let mut code = String::new();
    for folder in ["src", "tests"] {
        for file in rust_files(&root.join(folder))? {
            code.push_str(&fs::read_to_string(file)?);
        }
    }
    let quoted = |text: &'_ str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut missing: Vec<String> = page
        .split("\n\n")
        .filter_map(|paragraph| paragraph.split_once("Held by"))
        .flat_map(|(_, tests)| quoted(tests))
        .filter(|word| word.contains('_') && word.chars().all(is_word) && *word != "printed_path")
        .filter(|test| !code.contains(&format!("fn {test}(")))
        .collect();
    let place = |word: &&str| {
        ["src/", "tests/", "examples/", "patterns/", "benches/"].iter().any(|f| word.starts_with(f))
            || word.starts_with(".ci/")
    };
    // Fenced blocks hold no places, and an odd number of quotes.
    let prose: String = page.split("```").step_by(2).collect();
    let words = quoted(&prose);
    missing.extend(
        words.iter().map(String::as_str).filter(place).filter(|w| !root.join(w).exists()).map(str::to_owned),
    );
    for (room, _) in LAYERS.iter().filter(|(room, _)| root.join("src").join(room).is_dir()) {
        if !words.contains(&format!("src/{room}")) {
            missing.push(format!("a line about src/{room}"));
        }
    }
    assert!(missing.is_empty(), "ARCHITECTURE.md names, or ought to name:\n{}", missing.join("\n"));
    Ok(())
}

#[test]
fn the_check_sees_what_it_forbids() {
    let text = "use crate::detect::{self, Detectors};\nuse crate::{model::Item, report};\nfn f() {\n    \
                println!(\"{}\", crate::scan::N);\n    std::fs::remove_file(p).ok();\n    let t = Instant::now();\n    \
                unsafe { g() }\n    std::thread::spawn(h);\n    use super::super::classify::X;\n}\n";
    let found = violations("src/read/bad.rs", text).join("\n");
    for word in [
        "//!",
        "`detect`",
        "`report`",
        "`scan`",
        "`classify`",
        "println!",
        ".ok()",
        "Instant::now",
        "unsafe",
        "thread::spawn",
    ] {
        assert!(found.contains(word), "{word} is not in\n{found}");
    }
    assert!(!found.contains("`model`"), "{found}");
    assert!(violations("src/odd/mod.rs", "//! X.\n").join("").contains("no layer"));
    assert!(violations("src/read/long.rs", &"//! X.\n".repeat(MAX_LINES + 1)).join("").contains("lines"));
}

#[test]
fn the_check_passes_over_comments_strings_and_kept_results() {
    let text = "//! Says println! and unsafe and crate::scan::X.\nuse crate::model::Item;\n/* Instant::now */\nfn f<'a>(s: &'a str) -> \
                Option<u8> {\n    let a = \"rayon:: \\\" channel(\"; // thread::spawn\n    let c = '\"';\n    let r = r#\"unsafe \
                \" println!\"#;\n    let n = s.parse().ok();\n    s.parse::<u8>().ok()\n}\n";
    assert_eq!(violations("src/read/good.rs", text), Vec::<String>::new());
    assert_eq!(
        violations("src/scan/worker.rs", "//! X.\nuse rayon::join;\nuse crate::read::R;\n"),
        Vec::<String>::new()
    );
}

/// Everything in one file that is not as agreed, one line each.
fn violations(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        found.push(format!("{path}: {lines} lines; the limit is {MAX_LINES}"));
    }
    let Some(inside) = path.strip_prefix("src/") else { return found };
    let doc = if inside == "lib.rs" { "#![doc" } else { "//!" };
    let own_tests = path.ends_with("/tests.rs");
    if inside != "main.rs" && !own_tests && !text.starts_with(doc) && !text.starts_with("//!") {
        found.push(format!("{path}: does not begin with `//!` and what the module knows"));
    }
    let code = code_of(text);
    let room = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    match LAYERS.iter().find(|(name, _)| *name == room) {
        None => found.push(format!("{path}: no layer is stated for `{room}`")),
        Some((_, allowed)) => {
            for (line, name) in rooms_named(&code) {
                let known = LAYERS.iter().any(|(room, _)| *room == name);
                if known && name != room && !allowed.contains(&name.as_str()) {
                    found.push(format!("{path}:{line}: `{room}` may not use `{name}`"));
                }
            }
        }
    }
    for (words, places) in ONLY_IN {
        // A module's own tests may need a second thread, on the other side of a pipe for example.
        let allowed = own_tests && words.contains(&"thread::spawn")
            || places.iter().any(|place| path == *place || place.ends_with('/') && path.starts_with(place));
        for word in words.iter().filter(|_| !allowed) {
            let at = positions(&code, word).map(|at| line_of(&code, at));
            found.extend(at.map(|line| format!("{path}:{line}: `{word}` has no place here")));
        }
    }
    if !UNSAFE.contains(&path) {
        found.extend(positions(&code, "unsafe").map(|at| format!("{path}:{}: `unsafe`", line_of(&code, at))));
    }
    for at in positions(&code, ".ok();") {
        let statement = code[..at].rsplit([';', '{', '}']).next().unwrap_or_default();
        if !statement.contains('=') && !statement.contains("return") {
            found.push(format!("{path}:{}: `.ok();` drops an error", line_of(&code, at)));
        }
    }
    found
}

/// Rooms that the code names by `crate::` or by climbing out of its own, with the line.
fn rooms_named(code: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for prefix in ["crate::", "super::super::"] {
        for at in positions(code, prefix) {
            let line = line_of(code, at);
            let rest = code[at + prefix.len()..].trim_start_matches("super::").trim_start();
            match rest.strip_prefix('{') {
                Some(group) => named.extend(heads_of_group(group).into_iter().map(|name| (line, name))),
                None => named.push((line, word_at(rest))),
            }
        }
    }
    named
}

/// The first words of `a::b, c, d::{e, f}}`, up to the closing brace.
fn heads_of_group(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut head) = (0, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(std::mem::take(&mut head)),
            _ if depth == 0 => head.push(c),
            _ => {}
        }
    }
    heads.push(head);
    heads.iter().map(|head| word_at(head.trim_start())).filter(|word| !word.is_empty()).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_at(text: &str) -> String {
    text.chars().take_while(|c| is_word(*c)).collect()
}

/// Where `word` stands with no letter directly before it, nor after it where it ends in a letter.
fn positions<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back().is_some_and(is_word);
        let after = code[at + word.len()..].chars().next().is_some_and(is_word);
        !(before && word.starts_with(is_word) || after && word.ends_with(is_word))
    })
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The text with comments and the inside of literals blanked, line by line as it was.
fn code_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let blank = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_string(rest).filter(|_| !out.ends_with(is_word)) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = rest.find('"').unwrap_or(0) + 1;
            rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len())
        } else if c == '"' {
            closing(rest, '"')
        } else if c == '\'' && is_char_literal(rest) {
            closing(rest, '\'')
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.extend(rest[..blank].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[blank..];
    }
    out
}

/// The number of hashes if a raw string begins here.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = after.chars().take_while(|c| *c == '#').count();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// Whether the quote begins a character and not a lifetime.
fn is_char_literal(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    let (first, second) = (chars.next(), chars.next());
    first == Some('\\') || second == Some('\'')
}

/// Bytes up to and with the closing quote.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn rust_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|x| x == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
