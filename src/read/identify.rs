//! What an item is: content first, name second.

use file_format::FileFormat;

use super::charset::Charset;
use super::text::TEXT;
use super::{BY_MAGIC, Format, HEAD, delimited, dialect, json};

/// What identification comes to.
pub enum Kind {
    /// A format with a reader.
    Known(&'static Format),
    /// Running text in this encoding.
    Text(Charset),
    /// A binary format without one, by its short name.
    Unsupported(String),
    /// Neither text nor a format we know.
    Binary,
}

/// Names that say "text, whatever it looks like": prose, logs, source code, markup and settings.
const PLAIN: &str = "txt text log md markdown rst adoc asc out err tex srt vtt eml mbox html htm xhtml xml svg xsd xsl \
    css scss js mjs cjs ts jsx tsx py rs go c h cc cpp hpp cs java kt scala swift rb php pl pm lua r jl \
    m sh bash zsh fish ps1 bat cmd sql yaml yml toml ini cfg conf env properties tf hcl gradle cmake mk \
    diff patch lock proto graphql vcf vcard ics ldif bib rtf tpl j2 erb vue pem crt key csr pub";

/// Identifies content by its head (at most [`HEAD`] bytes) and its name.
pub fn identify(head: &[u8], name: &[u8]) -> Kind {
    if let Some(format) = BY_MAGIC.iter().flat_map(|room| room.iter()).find(|f| (f.recognises)(head)) {
        return Kind::Known(format);
    }
    // Formats that look like text for a while.
    if head.starts_with(b"%PDF-") {
        return Kind::Unsupported("pdf".to_owned());
    }
    if head.starts_with(b"{\\rtf") {
        return Kind::Unsupported("rtf".to_owned());
    }
    let charset = Charset::of(head);
    if charset == Charset::Binary {
        return binary(head);
    }
    let extension = extension(name);
    let extension = std::str::from_utf8(&extension).unwrap_or_default();
    if PLAIN.split(' ').any(|e| e == extension) {
        return Kind::Text(charset);
    }
    let decoded = charset.decode(head);
    match text_format(&decoded, head.len() < HEAD, extension) {
        text if text.name == TEXT.name => Kind::Text(charset),
        format => Kind::Known(format),
    }
}

fn text_format(text: &[u8], whole: bool, extension: &str) -> &'static Format {
    let named_json =
        json::JSON.extensions.contains(&extension) || json::JSONL.extensions.contains(&extension);
    let start = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text).trim_ascii_start();
    if (named_json || matches!(start.first(), Some(b'{' | b'[')))
        && let Some(lines) = json::sniff(text, whole, named_json)
    {
        let lines = lines || json::JSONL.extensions.contains(&extension);
        return if lines { &json::JSONL } else { &json::JSON };
    }
    if named_json || start.first() == Some(&b'<') {
        return &TEXT;
    }
    let named =
        delimited::CSV.extensions.contains(&extension) || delimited::TSV.extensions.contains(&extension);
    match dialect::sniff(text, whole, named).filter(|d| named || dialect::convinces(text, whole, d)) {
        Some(d) if d.delimiter == b'\t' => &delimited::TSV,
        Some(_) => &delimited::CSV,
        None => &TEXT,
    }
}

/// A format that is read as another one, and so not wholly.
#[derive(Clone, Copy)]
pub struct HalfRead {
    /// What it is.
    pub name: &'static str,
    /// What is not seen.
    pub why: &'static str,
}

/// Whether content that `format` reads is more than that reader sees: an office document, or mail with encoded parts.
pub fn half_read(format: &Format, head: &[u8], name: &[u8]) -> Option<HalfRead> {
    let office =
        |name| HalfRead { name, why: "its parts were read as stored: values cut by markup are not seen" };
    let holds = |what: &[u8]| memchr::memmem::find(head, what).is_some();
    match format.name {
        "zip" if holds(b"[Content_Types].xml") => Some(office("ooxml")),
        "zip" if head.get(30..).is_some_and(|h| h.starts_with(b"mimetypeapplication/")) => {
            Some(office("odf"))
        }
        "text" => {
            let named = |end: &[u8]| {
                name.len() > end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
            };
            let headers: [&[u8]; 6] =
                [b"From ", b"From:", b"Received:", b"Return-Path:", b"Delivered-To:", b"Date:"];
            let mail = named(b".eml")
                || named(b".mbox")
                || (headers.iter().any(|h| head.starts_with(h)) && holds(b"\nMIME-Version: 1.0"));
            mail.then_some(HalfRead { name: "mail", why: "read as text: encoded parts were not decoded" })
        }
        _ => None,
    }
}

/// Known binary formats by the bytes they begin with.
fn binary(head: &[u8]) -> Kind {
    let short = match FileFormat::from_bytes(head) {
        // A head that cuts a container off is not told apart further.
        FileFormat::ArbitraryBinaryData => match head {
            [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => "ole",
            [b'P', b'K', 3, 4, ..] => "zip",
            [b'O', b'R', b'C', ..] => "orc",
            _ => return Kind::Binary,
        }
        .to_owned(),
        FileFormat::CompoundFileBinary => "ole".to_owned(),
        FileFormat::ExecutableAndLinkableFormat => "elf".to_owned(),
        known => known.extension().to_ascii_lowercase(),
    };
    // Words that stand for text formats: whatever this is, it cannot be read as that.
    if matches!(short.as_str(), "txt" | "html" | "xml" | "json" | "csv" | "empty") {
        return Kind::Binary;
    }
    Kind::Unsupported(short)
}

/// The name's extension in lower case, without the dot; that of `app.log.1` is `log`.
fn extension(name: &[u8]) -> Vec<u8> {
    let mut name = name.rsplit(|b| matches!(b, b'/' | b'\\')).next().unwrap_or(name);
    while let Some(dot) = memchr::memrchr(b'.', name) {
        let extension = &name[dot + 1..];
        if !extension.iter().all(u8::is_ascii_digit) {
            return extension.to_ascii_lowercase();
        }
        name = &name[..dot];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::model::Reason;
    use crate::read::Limits;
    use crate::read::testing::{read, read_with};

    const PARTS: &[&[u8]] = &[
        b"a,b,c\n",
        b"1,\"x\n\"\"y\",2\r\n",
        b"\"",
        b"{\"k\": [1, {\"v\": \"w\"}]}\n",
        b"[",
        b"]",
        b"{",
        b", ",
        b"\xEF\xBB\xBF",
        b"\\",
        b"\n\n",
        "Größe\t12\tx\n".as_bytes(),
        b"\x00",
        b"prose; more prose\n",
        b"\xFF\xFE",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever the bytes and the name, nothing panics, and text is handed over to its last byte.
        #[test]
        fn nothing_is_lost(
            parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..60),
            name in prop_oneof![Just("a.csv"), Just("a.jsonl"), Just("a.json"), Just("a.txt"), Just("a"), Just("")],
            small in any::<bool>(), repeat in prop_oneof![Just(1), Just(100)],
        ) {
            let bytes = parts.concat().repeat(repeat);
            let limits = Limits { record_bytes: if small { 0 } else { 8 << 20 }, ..Limits::default() };
            let found = read_with(&limits, name, &bytes);
            let head = &bytes[..bytes.len().min(super::HEAD)];
            if super::Charset::of(head) == super::Charset::Utf8 && found.located {
                prop_assert_eq!([found.raw, found.text].concat(), bytes);
            } else if found.text.is_empty() && super::Charset::of(head) == super::Charset::Utf8 {
                prop_assert_eq!(found.raw, bytes);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let found = read("x", &bytes);
            prop_assert_eq!(found.formats.is_empty(), false);
        }
    }

    #[test]
    fn content_cut_by_a_limit_is_not_called_damaged() {
        let limits = Limits { item_bytes: 300_000, ..Limits::default() };
        let csv = "id,name\n".to_owned() + &"1,\"Anna\"\n".repeat(60_000);
        let json = "{\"id\": 1, \"name\": \"Anna\"}\n".repeat(30_000);
        for (name, text) in [("a.csv", csv), ("a.jsonl", json)] {
            let found = read_with(&limits, name, text.as_bytes());
            assert_eq!(found.reasons(), [Reason::LimitBytes], "{name}");
            assert_eq!(found.formats.len(), 1);
            assert!(found.rows > 1000);
        }
    }

    #[track_caller]
    fn is(format: &str, name: &str, content: &str) {
        assert_eq!(read(name, content.as_bytes()).formats[0], format, "{name}");
    }

    #[test]
    fn content_decides_before_the_name() {
        let csv = "id,name,city\n1,Anna,Wien\n2,Bert,Graz\n3,Carl,Linz\n";
        is("csv", "a.csv", csv);
        is("csv", "a.dat", csv);
        is("csv", "-", csv);
        is("csv", "-", &csv[13..]);
        is("tsv", "a.csv", &csv.replace(',', "\t"));
        is("csv", "a.tsv", &csv.replace(',', ";"));
        is("text", "a.csv", "Dear all,\nthe table is not here.\nRegards\n");
        is("jsonl", "a.json", "{\"a\":1}\n{\"a\":2}\n");
        is("json", "a.txt.bak", "{\"a\":\n [1, 2]}\n");
        is("json", "noname", "[{\"a\":1},{\"a\":2}]");
        is("jsonl", "one.jsonl", "{\"a\":1}\n");
        is("text", "a.json", "not json at all\n");
    }

    #[test]
    fn plain_names_are_text_even_when_they_look_like_a_table() {
        let csv = "id,name,city\n1,Anna,Wien\n2,Bert,Graz\n3,Carl,Linz\n";
        for name in ["a.txt", "a.LOG", "dir.csv/notes.md"] {
            is("text", name, csv);
        }
    }

    #[test]
    fn prose_code_and_logs_are_no_tables() {
        is("text", "README", "First, this.\nSecond, that.\nThird, more.\nFourth, end.\n");
        is("text", "x", "pool | {a:1}\npool | {b:2}\npool | {c:3}\n");
        is("text", "app.log.1", "id,name,city\n1,Anna,Wien\n2,Bert,Graz\n3,Carl,Linz\n");
        is("text", "x", "let a = 1;\nlet b = 2;\nlet c = 3;\n");
        is("text", "x", "[2024-01-01] started\n[2024-01-02] stopped\n");
        is("text", "x", "<a>\n<b>1,2,3</b>\n<b>1,2,3</b>\n<b>1,2,3</b>\n");
    }

    #[test]
    fn empty_and_binary_content() {
        is("empty", "a.csv", "");
        is("pdf", "a.txt", "%PDF-1.4\n1 0 obj\n");
    }
}
