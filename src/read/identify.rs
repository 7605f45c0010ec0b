//! What an item is: content first, name second.

use file_format::FileFormat;

use super::charset::Charset;
use super::text::TEXT;
use super::{FORMATS, Format, HEAD, TEXT_FORMATS, delimited, dialect, json};

/// What identification comes to.
pub enum Kind {
    /// A format with a reader.
    Known(&'static Format),
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
    let by_magic = FORMATS.iter().filter(|f| !TEXT_FORMATS.contains(&f.name));
    if let Some(format) = by_magic.into_iter().find(|f| (f.recognises)(head)) {
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
        return Kind::Known(&TEXT);
    }
    let decoded = charset.decode(head);
    Kind::Known(text_format(&decoded, head.len() < HEAD, extension))
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
    match dialect::sniff(text, whole, named) {
        Some(d) if d.delimiter == b'\t' => &delimited::TSV,
        Some(_) => &delimited::CSV,
        None => &TEXT,
    }
}

/// Known binary formats by the bytes they begin with.
fn binary(head: &[u8]) -> Kind {
    match FileFormat::from_bytes(head) {
        FileFormat::ArbitraryBinaryData | FileFormat::PlainText | FileFormat::Empty => Kind::Binary,
        FileFormat::CompoundFileBinary => Kind::Unsupported("ole".to_owned()),
        FileFormat::ExecutableAndLinkableFormat => Kind::Unsupported("elf".to_owned()),
        known => Kind::Unsupported(known.extension().to_ascii_lowercase()),
    }
}

/// The name's extension in lower case, without the dot.
fn extension(name: &[u8]) -> Vec<u8> {
    let last = name.rsplit(|b| matches!(b, b'/' | b'\\')).next().unwrap_or(name);
    match memchr::memrchr(b'.', last) {
        Some(dot) => last[dot + 1..].to_ascii_lowercase(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::read;

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
