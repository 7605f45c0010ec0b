//! The tree of the canary test: which value stands where.

use std::collections::HashMap;

use crate::common::pack::{self, Column, Result, quoted};
use crate::common::values::{Kind, Rng, kinds};
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use privascan::model::ItemPath;
use privascan::source::files::item_id;

/// One value in its place.
#[derive(Clone)]
pub struct Planted {
    /// What it is.
    pub kind: Kind,
    /// The value as it was written.
    pub value: String,
    /// Id of the item.
    pub item: String,
    /// Its path, for people.
    pub path: String,
    /// The `place` of the contract.
    pub place: &'static str,
    /// Whether it is in a row of a table or record.
    pub in_table: bool,
    /// Name of its field, where that is certain.
    pub field: Option<String>,
}

impl std::fmt::Debug for Planted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { value, path, place, field, .. } = self;
        write!(f, "{} {value:?} ({}) in {path}, {place} {field:?}", self.kind.info_type, self.kind.context)
    }
}

impl Planted {
    /// Info types that may claim it.
    pub fn info_types(&self) -> Vec<&'static str> {
        vec![self.kind.info_type]
    }

    /// The part that is personal: of a URL with a password, the password.
    pub fn sought(&self) -> &str {
        let in_url = |v: &'_ str| -> Option<(usize, usize)> {
            let at = v.rfind('@')?;
            Some((v[..at].rfind(':')? + 1, at))
        };
        match in_url(&self.value).filter(|_| self.kind.info_type == "PASSWORD") {
            Some((from, to)) => &self.value[from..to],
            None => &self.value,
        }
    }
}

/// Files and what is in them.
#[derive(Default)]
pub struct Tree {
    /// By path.
    pub files: Vec<(String, Vec<u8>)>,
    /// Every value.
    pub planted: Vec<Planted>,
    /// Content of text items as UTF-8, by item id.
    pub decoded: HashMap<String, String>,
    queue: Vec<(Kind, String)>,
}

type Values = Vec<(Kind, String)>;

/// Where values go.
struct At<'a> {
    path: &'a [&'a str],
    place: &'static str,
    in_table: bool,
}

impl Tree {
    fn take(&mut self, n: usize, fits: impl Fn(&Kind, &str) -> bool) -> Values {
        let mut taken = Values::new();
        while taken.len() < n {
            let at = self.queue.iter().position(|(k, v)| fits(k, v)).expect("values enough");
            taken.push(self.queue.remove(at));
        }
        taken
    }

    fn any(&mut self, n: usize) -> Values {
        self.take(n, |_, _| true)
    }

    fn one(&mut self, info_type: &str) -> (Kind, String) {
        self.take(1, |k, _| k.info_type == info_type).remove(0)
    }

    fn put(&mut self, at: &At<'_>, kind: Kind, value: &str, field: Option<String>) {
        let item = id(at.path);
        let (path, value) = (at.path.join("!/"), value.to_owned());
        let (place, in_table) = (at.place, at.in_table);
        self.planted.push(Planted { kind, value, item, path, place, in_table, field });
    }

    /// Sentences with one value each; the text.
    fn sentences(&mut self, path: &[&str], values: Values) -> String {
        let mut text = String::from("Minutes of the depot meeting. Nothing else of note.\n\n");
        let at = At { path, place: "content", in_table: false };
        for (n, (kind, value)) in values.into_iter().enumerate() {
            let after = [".", "", ", as agreed", " (see above)"][n % 4];
            text.push_str(&format!("{}. noted {}: {value}{after}\n", n + 1, kind.context));
            self.put(&at, kind, &value, None);
        }
        self.decoded.insert(id(path), text.clone());
        text
    }

    /// A table with a column for each value; the text.
    fn wide(&mut self, path: &[&str], values: Values, separator: &str) -> String {
        let at = At { path, place: "content", in_table: true };
        let names: Vec<String> = values.iter().map(|(k, _)| k.context.to_owned()).collect();
        let row: Vec<String> = values.iter().map(|(_, v)| quoted(v)).collect();
        let none = vec!["none"; row.len()];
        let text = format!(
            "row{separator}{}\n1{separator}{}\n2{separator}{}\n",
            names.join(separator),
            row.join(separator),
            none.join(separator)
        );
        for (kind, value) in values {
            self.put(&at, kind, &value, Some(kind.context.to_owned()));
        }
        self.decoded.insert(id(path), text.clone());
        text
    }

    /// A table whose last column is running text; the text.
    fn remarks(&mut self, path: &[&str], values: Values, separator: &str) -> String {
        let at = At { path, place: "content", in_table: true };
        let mut text = ["ticket", "opened", "remark"].join(separator) + "\n";
        for (n, (kind, value)) in values.into_iter().enumerate() {
            // Half of the cells have escapes in them.
            let end = ["", "\nand \"rang off\""][n % 2];
            let remark = quoted(&format!("caller gave {}: {value}{end}", kind.context));
            text.push_str(&format!("{}{separator}2026-03-{:02}{separator}{remark}\n", n + 700, n % 28 + 1));
            self.put(&at, kind, &value, Some("remark".to_owned()));
        }
        self.decoded.insert(id(path), text.clone());
        text
    }

    /// One object for each value; as lines or as one nested document.
    fn objects(&mut self, path: &[&str], values: Values, lines: bool) -> String {
        let at = At { path, place: "content", in_table: true };
        let mut objects = Vec::new();
        for (n, (kind, value)) in values.into_iter().enumerate() {
            let holder = serde_json::json!({ "seen": true, kind.context: value });
            objects.push(match lines {
                true => serde_json::json!({ "n": n, "holder": holder }),
                false => serde_json::json!({ "n": n, "holder": [{ "deep": holder }] }),
            });
            let field = lines.then(|| format!("holder.{}", kind.context));
            self.put(&at, kind, &value, field);
        }
        let text = match lines {
            true => objects.iter().map(|o| o.to_string() + "\n").collect(),
            false => serde_json::to_string_pretty(&objects).unwrap_or_default(),
        };
        self.decoded.insert(id(path), text.clone());
        text
    }

    /// A column for each value in a batch; `how` makes the column.
    fn columns(
        &mut self,
        path: &[&str],
        values: Values,
        how: fn(String, String) -> Column,
    ) -> Result<arrow::array::RecordBatch> {
        let at = At { path, place: "content", in_table: true };
        let mut columns = Vec::new();
        for (kind, value) in values {
            self.put(&at, kind, &value, None);
            columns.push(how(kind.context.to_owned(), value));
        }
        pack::batch(&columns)
    }

    fn file(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        self.files.push((path.to_owned(), content.into()));
    }

    /// Puts one value into a name or comment and returns the text.
    fn aside(&mut self, path: &[&str], place: &'static str, info_type: &str) -> String {
        let (kind, value) = self.one(info_type);
        let at = At { path, place, in_table: false };
        self.put(&at, kind, &value, None);
        format!("{} {value}", kind.context)
    }
}

/// Kinds without a detector, until they get one.
pub const WITHOUT_DETECTOR: [&str; 0] = [];

fn within_reach(kind: &Kind, value: &str) -> bool {
    // One issued number in fifty has no digit among the first nine: such a one is left to chance.
    let enough = kind.info_type != "DE_ID_CARD" || value[..9].bytes().any(|b| b.is_ascii_digit());
    enough && !WITHOUT_DETECTOR.contains(&kind.info_type)
}

fn id(path: &[&str]) -> String {
    let (first, rest) = path.split_first().expect("a path");
    let outer = ItemPath::new(first.as_bytes().to_vec());
    item_id(&rest.iter().fold(outer, |p, name| p.entry(name.as_bytes()))).to_string()
}

fn text_column(name: String, value: String) -> Column {
    Column::Text(name, vec![None, Some(value), Some("none".to_owned())])
}

fn dictionary_column(name: String, value: String) -> Column {
    Column::Dictionary(name, vec![value.clone(), "none".to_owned(), value])
}

fn list_column(name: String, value: String) -> Column {
    Column::List(name, vec![vec![], vec!["none".to_owned(), value]])
}

fn nested_column(name: String, value: String) -> Column {
    Column::Nested("holder".to_owned() + &name.len().to_string(), name, vec!["none".to_owned(), value])
}

/// The tree: all formats, nestings and places.
pub fn tree() -> Result<Tree> {
    let mut queue = kinds::plant(&mut Rng::new(20_260_302), 260);
    queue.retain(|(kind, value)| within_reach(kind, value));
    queue.truncate(200);
    let mut t = Tree { queue, ..Tree::default() };
    names(&mut t)?;
    texts(&mut t)?;
    tables(&mut t)?;
    columnar(&mut t)?;
    packed(&mut t)?;
    let rest = t.queue.len();
    let values = t.any(rest);
    let text = t.remarks(&["rest/remarks.csv"], values, ",");
    t.file("rest/remarks.csv", text);
    Ok(t)
}

/// Values outside of content.
fn names(t: &mut Tree) -> Result<()> {
    for (extension, info_type) in [("7z", "US_SSN"), ("txt.bak", "EMAIL_ADDRESS"), ("txt", "CREDIT_CARD")] {
        let (kind, value) = t.one(info_type);
        let path = format!("scans/{} {value}.{extension}", kind.context);
        t.put(&At { path: &[&path], place: "item_name", in_table: false }, kind, &value, None);
        t.file(&path, "nothing inside\n");
    }
    let (kind, value) = t.one("IBAN_CODE");
    let path = format!("accounts/IBAN {value}/old/readme");
    t.put(&At { path: &[&path], place: "item_name", in_table: false }, kind, &value, None);
    t.file(&path, "nothing inside\n");

    let header = t.aside(&["names/header.csv"], "field_name", "EMAIL_ADDRESS");
    t.file("names/header.csv", format!("id,{header},note\n1,yes,a\n2,no,b\n3,no,c\n"));
    let key = t.aside(&["names/key.json"], "field_name", "IBAN_CODE");
    let nested = t.aside(&["names/key.json"], "field_name", "CREDIT_CARD");
    t.file("names/key.json", format!("{{\"{key}\": 1, \"by\": {{\"{nested}\": [2, 3]}}}}"));
    let note = t.aside(&["names/noted.parquet"], "comment", "EMAIL_ADDRESS");
    let column = t.aside(&["names/noted.parquet"], "field_name", "IBAN_CODE");
    let batch = pack::batch(&[text_column(column, "none".to_owned())])?;
    t.file(
        "names/noted.parquet",
        pack::parquet(&batch, Compression::UNCOMPRESSED, &[("prepared by", &note)])?,
    );

    let (kind, value) = t.one("PL_PESEL");
    let name = format!("PESEL {value}/form.txt");
    t.put(&At { path: &["names/a.zip", &name], place: "item_name", in_table: false }, kind, &value, None);
    let comment = t.aside(&["names/a.zip"], "comment", "PHONE_NUMBER");
    t.file("names/a.zip", pack::zip(&[(&name, b"empty form")], &comment)?);
    let (kind, value) = t.one("US_SSN");
    let name = format!("SSN {value}.csv");
    t.put(&At { path: &["names/b.tar", &name], place: "item_name", in_table: false }, kind, &value, None);
    t.file("names/b.tar", pack::tar(&[(&name, b"a,b\n1,2\n")])?);
    Ok(())
}

fn texts(t: &mut Tree) -> Result<()> {
    let values = t.any(16);
    let text = t.sentences(&["texts/notes.txt"], values);
    t.file("texts/notes.txt", text);
    let values = t.any(6);
    let text = t.sentences(&["texts/no-extension"], values);
    t.file("texts/no-extension", text.replace('\n', "\r\n"));
    t.decoded.insert(id(&["texts/no-extension"]), text.replace('\n', "\r\n"));
    for (path, little) in [("texts/utf16-le.txt", true), ("texts/utf16-be.log", false)] {
        let values = t.any(6);
        let text = t.sentences(&[path], values);
        t.decoded.insert(id(&[path]), format!("\u{feff}{text}"));
        t.file(path, pack::utf16(&text, little));
    }
    let latin = |k: &Kind, v: &str| pack::latin1(&format!("{}{v}", k.context)).is_some();
    let values = t.take(8, latin);
    let text =
        t.sentences(&["texts/latin1.txt"], values) + "Der Fahrer übergab die Schlüssel an der Straße.\n";
    t.decoded.insert(id(&["texts/latin1.txt"]), text.clone());
    t.file("texts/latin1.txt", pack::latin1(&text).ok_or("representable")?);

    let values = t.take(6, |k, _| k.context.is_ascii());
    let at = At { path: &["texts/reader.dat"], place: "content", in_table: false };
    let mut content = vec![0x7f, 0, 1, 2, 0xfe, 0xff, 0, 0, 0x80, 0x81];
    for (kind, value) in values {
        content.extend_from_slice(format!("{}={value}", kind.context).as_bytes());
        content.extend_from_slice(&[0, 0, 3, 0xff, 0xfe, 0x90, 0, 0, 7]);
        t.put(&at, kind, &value, None);
    }
    t.file("texts/reader.dat", content);
    Ok(())
}

fn tables(t: &mut Tree) -> Result<()> {
    for (path, separator, n) in [
        ("tables/wide.csv", ",", 14),
        ("tables/wide.tsv", "\t", 8),
        ("tables/wide-semicolon.csv", ";", 8),
        ("tables/pipes.psv", "|", 4),
    ] {
        let values = t.any(n);
        let text = t.wide(&[path], values, separator);
        t.file(path, text);
    }
    let values = t.any(6);
    let text = t.remarks(&["tables/remarks.csv"], values, ";");
    t.file("tables/remarks.csv", text);
    let values = t.any(9);
    let text = t.objects(&["tables/nested.json"], values, false);
    t.file("tables/nested.json", text);
    let values = t.any(9);
    let text = t.objects(&["tables/lines.jsonl"], values, true);
    t.file("tables/lines.jsonl", text);
    let values = t.any(4);
    let text = t.objects(&["tables/lines.dat"], values, true);
    t.file("tables/lines.dat", text);
    Ok(())
}

fn columnar(t: &mut Tree) -> Result<()> {
    type How = fn(String, String) -> Column;
    let files: [(&str, Compression, How, usize); 6] = [
        ("columns/zstd.parquet", Compression::ZSTD(ZstdLevel::default()), text_column, 7),
        ("columns/snappy.parquet", Compression::SNAPPY, dictionary_column, 5),
        ("columns/gzip.parquet", Compression::GZIP(GzipLevel::default()), nested_column, 4),
        ("columns/lz4.parquet", Compression::LZ4_RAW, list_column, 4),
        ("columns/brotli.parquet", Compression::BROTLI(BrotliLevel::default()), text_column, 3),
        ("columns/wrong-name.txt.bak", Compression::UNCOMPRESSED, dictionary_column, 3),
    ];
    for (path, codec, how, n) in files {
        let values = t.any(n);
        let batch = t.columns(&[path], values, how)?;
        t.file(path, pack::parquet(&batch, codec, &[])?);
    }
    let values = t.any(5);
    let batch = t.columns(&["columns/file.arrow"], values, dictionary_column)?;
    t.file("columns/file.arrow", pack::arrow_file(&batch)?);
    let values = t.any(4);
    let batch = t.columns(&["columns/stream.arrows"], values, list_column)?;
    t.file("columns/stream.arrows", pack::arrow_stream(&batch)?);
    Ok(())
}

fn packed(t: &mut Tree) -> Result<()> {
    let values = t.any(5);
    let text = t.sentences(&["packed/app.log.gz", "app.log"], values);
    t.file("packed/app.log.gz", pack::gzip(text.as_bytes())?);
    let values = t.any(5);
    let text = t.wide(&["packed/wide.csv.zst", "wide.csv"], values, ",");
    t.file("packed/wide.csv.zst", pack::zstd(text.as_bytes())?);
    let values = t.any(4);
    let text = t.objects(&["packed/lines.jsonl.bz2", "lines.jsonl"], values, true);
    t.file("packed/lines.jsonl.bz2", pack::bzip2(text.as_bytes())?);
    let values = t.any(4);
    let text = t.remarks(&["packed/remarks.csv.xz", "remarks.csv"], values, ",");
    t.file("packed/remarks.csv.xz", pack::xz(text.as_bytes())?);

    let (a, b) = (t.any(4), t.any(4));
    let a = t.sentences(&["packed/two.zip", "a/notes.txt"], a);
    let b = t.wide(&["packed/two.zip", "b.csv"], b, ";");
    t.file("packed/two.zip", pack::zip(&[("a/notes.txt", a.as_bytes()), ("b.csv", b.as_bytes())], "")?);

    let (a, b) = (t.any(3), t.any(3));
    let a = t.objects(&["packed/two.tar", "a.json"], a, false);
    let b = t.sentences(&["packed/two.tar", "b.txt"], b);
    t.decoded.insert(id(&["packed/two.tar", "b.txt"]), format!("\u{feff}{b}"));
    let b = pack::utf16(&b, true);
    t.file("packed/two.tar", pack::tar(&[("a.json", a.as_bytes()), ("b.txt", &b)])?);

    let nest = ["packed/nest.zip", "mid.tar.gz", "mid.tar", "inner.zip"];
    let path = |last| nest.into_iter().chain([last]).collect::<Vec<_>>();
    let (a, b) = (t.any(4), t.any(3));
    let a = t.remarks(&path("deep/remarks.csv"), a, ",");
    let batch = t.columns(&path("deep/t.parquet"), b, text_column)?;
    let b = pack::parquet(&batch, Compression::SNAPPY, &[])?;
    let inner = pack::zip(&[("deep/remarks.csv", a.as_bytes()), ("deep/t.parquet", &b)], "")?;
    let mid = pack::gzip(&pack::tar(&[("inner.zip", &inner)])?)?;
    t.file("packed/nest.zip", pack::zip(&[("mid.tar.gz", &mid)], "")?);
    Ok(())
}
