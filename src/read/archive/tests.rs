use std::io::{Cursor, Read, Write};
use std::sync::atomic::AtomicBool;

use ::zip::write::SimpleFileOptions;
use flate2::{Compression, GzBuilder, write::GzEncoder};

use super::*;
use crate::model::{Body, CellBatch, FieldId, Flow, ItemMeta, Stop, TextWindow};
use crate::read::{Budget, Buffers, Limits, Reach};

/// Reads every level with this file's formats and keeps everything it is told, under paths joined by `!/`.
struct Recorder<'a> {
    budget: &'a Budget<'a>,
    path: Vec<String>,
    read: Vec<(String, Vec<u8>)>,
    gaps: Vec<(String, Reason)>,
    failed: Vec<(String, Reason)>,
    skipped: Vec<(String, Reason)>,
    comments: Vec<Vec<u8>>,
    metas: Vec<(String, ItemMeta)>,
    formats: Vec<String>,
}

impl Recorder<'_> {
    fn at(&self) -> String {
        self.path.join("!/")
    }

    fn inside(&self, name: &[u8]) -> String {
        let mut path = self.path.clone();
        path.push(name.escape_ascii().to_string());
        path.join("!/")
    }

    fn run(&mut self, name: &[u8], mut body: Body<'_>) -> Result<(), Stop> {
        let depth = self.path.len();
        self.path.push(name.escape_ascii().to_string());
        let result = self.run_inside(depth, name, &mut body);
        let result = match result {
            Ok(None) => Ok(()),
            Ok(Some(format)) => {
                let buffers = Buffers::default();
                let reach = Reach { behind: 0, ahead: 0 };
                let cx = ReadContext { budget: self.budget, reach, depth, buffers: &buffers };
                self.format(format.name);
                (format.read)(&cx, name, body, self)
            }
            Err(e) => Err(e),
        };
        let result = match result {
            Err(ReadError::Gap(gap)) => {
                self.gap(gap);
                Ok(())
            }
            Err(ReadError::Stop(stop)) => Err(stop),
            Ok(()) => Ok(()),
        };
        self.path.pop();
        result
    }

    fn run_inside(
        &mut self,
        depth: usize,
        _name: &[u8],
        body: &mut Body<'_>,
    ) -> Result<Option<&'static Format>, ReadError> {
        assert!(depth < 20);
        let head = body.peek(64 << 10)?;
        if let Some(format) = FORMATS.iter().find(|f| (f.recognises)(head)) {
            return Ok(Some(format));
        }
        let at = self.at();
        self.read.push((at, Vec::new()));
        let mut buffer = [0; 4 << 10];
        loop {
            let n = body.read(&mut buffer)?;
            if n == 0 {
                return Ok(None);
            }
            let content = &mut self.read.last_mut().unwrap().1;
            if content.len() < 1 << 20 {
                content.extend_from_slice(&buffer[..n]);
            }
        }
    }
}

impl ContentVisitor for Recorder<'_> {
    fn format(&mut self, name: &str) {
        self.formats.push(name.to_owned());
    }
    fn text(&mut self, _: &TextWindow<'_>) -> Flow {
        unreachable!()
    }
    fn field(&mut self, _: &[u8], _: u32) -> FieldId {
        unreachable!()
    }
    fn cells(&mut self, _: &CellBatch<'_>) -> Flow {
        unreachable!()
    }
    fn entry(&mut self, name: &[u8], meta: ItemMeta, body: Body<'_>) -> Flow {
        self.metas.push((self.inside(name), meta));
        match self.run(name, body) {
            Ok(()) => Flow::Continue(()),
            Err(stop) => Flow::Break(stop),
        }
    }
    fn failed_entry(&mut self, name: &[u8], _: ItemMeta, gap: Gap) -> Flow {
        self.failed.push((self.inside(name), gap.reason));
        Flow::Continue(())
    }
    fn skipped_entry(&mut self, name: &[u8], _: ItemMeta, reason: Reason) -> Flow {
        self.skipped.push((self.inside(name), reason));
        Flow::Continue(())
    }
    fn comment(&mut self, text: &[u8]) {
        self.comments.push(text.to_vec());
    }
    fn gap(&mut self, gap: Gap) {
        let at = self.at();
        self.gaps.push((at, gap.reason));
    }
}

/// What was recorded, without the borrow.
struct Seen {
    read: Vec<(String, Vec<u8>)>,
    gaps: Vec<(String, Reason)>,
    failed: Vec<(String, Reason)>,
    skipped: Vec<(String, Reason)>,
    comments: Vec<Vec<u8>>,
    metas: Vec<(String, ItemMeta)>,
    formats: Vec<String>,
    stop: Option<Stop>,
}

impl Seen {
    fn text(&self, path: &str) -> &str {
        let found = self.read.iter().find(|(p, _)| p == path);
        std::str::from_utf8(&found.unwrap_or_else(|| panic!("{path} not read")).1).unwrap()
    }
}

fn gaps(list: &[(&str, Reason)]) -> Vec<(String, Reason)> {
    list.iter().map(|(p, r)| ((*p).to_owned(), *r)).collect()
}

fn scan_with(name: &str, body: Body<'_>, limits: &Limits) -> Seen {
    let interrupted = AtomicBool::new(false);
    let budget = Budget::new(limits, &interrupted);
    let mut r = Recorder {
        budget: &budget,
        path: Vec::new(),
        read: Vec::new(),
        gaps: Vec::new(),
        failed: Vec::new(),
        skipped: Vec::new(),
        comments: Vec::new(),
        metas: Vec::new(),
        formats: Vec::new(),
    };
    let stop = r.run(name.as_bytes(), body).err();
    let Recorder { read, gaps, failed, skipped, comments, metas, formats, .. } = r;
    Seen { read, gaps, failed, skipped, comments, metas, formats, stop }
}

fn scan(name: &str, bytes: impl Into<Vec<u8>>) -> Seen {
    scan_with(name, Body::memory(bytes.into()), &Limits::default())
}

fn gz(content: &[u8]) -> Vec<u8> {
    let mut e = GzEncoder::new(Vec::new(), Compression::fast());
    e.write_all(content).unwrap();
    e.finish().unwrap()
}

fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        header.set_mtime(1_600_000_000);
        header.set_username("sales").unwrap();
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const TEXT: &[u8] = b"mail anna@example.com today\n";

#[test]
fn each_compression_yields_its_content_under_the_shorter_name() {
    use lzma_rust2::{LzipOptions, LzipWriter, XzOptions, XzWriter};
    let mut xz = XzWriter::new(Vec::new(), XzOptions::with_preset(0)).unwrap();
    xz.write_all(TEXT).unwrap();
    let mut lz = LzipWriter::new(Vec::new(), LzipOptions::with_preset(0));
    lz.write_all(TEXT).unwrap();
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz.write_all(TEXT).unwrap();
    for (name, format, bytes) in [
        ("dir/a.txt.gz", "gzip", gz(TEXT)),
        ("a.txt.zst", "zstd", zstd::encode_all(TEXT, 1).unwrap()),
        ("a.txt.BZ2", "bzip2", bz.finish().unwrap()),
        ("a.txt.xz", "xz", xz.finish().unwrap()),
        ("a.txt.lz", "lzip", lz.finish().unwrap()),
    ] {
        let seen = scan(name, bytes.clone());
        assert_eq!(seen.text(&format!("{name}!/a.txt")).as_bytes(), TEXT);
        assert_eq!(seen.formats, [format]);
        assert_eq!(seen.gaps, []);
        // Concatenated streams are one content.
        let twice = scan("x", [bytes.clone(), bytes].concat());
        assert_eq!(twice.text("x!/x").as_bytes(), [TEXT, TEXT].concat(), "{format}");
        assert_eq!(twice.gaps, []);
    }
}

#[test]
fn gzip_names_comments_and_times_are_used() {
    let mut e = GzBuilder::new()
        .filename("people.csv")
        .comment("for bob@example.com")
        .mtime(1_600_000_000)
        .write(Vec::new(), Compression::fast());
    e.write_all(TEXT).unwrap();
    let seen = scan("x.gz", e.finish().unwrap());
    assert_eq!(seen.text("x.gz!/people.csv").as_bytes(), TEXT);
    assert_eq!(seen.comments, [b"for bob@example.com"]);
    assert_eq!(seen.metas[0].1.modified.unwrap().as_second(), 1_600_000_000);
}

#[test]
fn zip_in_tar_in_gzip_arrives() {
    let zip = zip_of(&[("crm/customers.csv", TEXT), ("empty/", b"")]);
    let long = format!("{}/deep.zip", "long-folder-name/".repeat(12));
    let seen = scan("q3.tgz", gz(&tar_of(&[("a.txt", b"one"), (&long, &zip)])));
    assert_eq!(seen.text("q3.tgz!/q3.tar!/a.txt"), "one");
    assert_eq!(seen.text(&format!("q3.tgz!/q3.tar!/{long}!/crm/customers.csv")).as_bytes(), TEXT);
    assert_eq!(seen.read.len(), 2, "the folder entry has no content");
    assert_eq!((&seen.gaps, &seen.failed), (&vec![], &vec![]));
    let meta = &seen.metas.iter().find(|(p, _)| p.ends_with("a.txt")).unwrap().1;
    assert_eq!((meta.bytes, meta.mode, meta.owner.as_deref()), (Some(3), Some(0o640), Some("sales")));
    assert_eq!(meta.modified.unwrap().as_second(), 1_600_000_000);
}

#[test]
fn zip_comments_encrypted_entries_links_and_raw_names() {
    let mut w = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    w.set_comment("archived by carl@example.com").unwrap();
    let options = SimpleFileOptions::default();
    let time = ::zip::DateTime::from_date_and_time(2021, 3, 1, 12, 30, 4).unwrap();
    w.start_file("plain.txt", options.last_modified_time(time).unix_permissions(0o600)).unwrap();
    w.write_all(TEXT).unwrap();
    w.start_file("aes.txt", options.with_aes_encryption(::zip::AesMode::Aes256, "pw")).unwrap();
    w.write_all(TEXT).unwrap();
    w.add_symlink("link", "plain.txt", options).unwrap();
    w.start_file("raw_name.txt", options).unwrap();
    w.write_all(b"raw").unwrap();
    let mut bytes = w.finish().unwrap().into_inner();
    let at = |bytes: &[u8], nth: usize| memchr::memmem::find_iter(bytes, b"raw_name").nth(nth).unwrap();
    for nth in [0, 0] {
        let start = at(&bytes, nth);
        bytes[start..start + 8].copy_from_slice(b"r\xe4w_name");
    }
    let seen = scan("x.zip", bytes);
    assert_eq!(seen.text("x.zip!/plain.txt").as_bytes(), TEXT);
    assert_eq!(seen.text("x.zip!/r\\xe4w_name.txt"), "raw");
    assert_eq!(seen.failed, gaps(&[("x.zip!/aes.txt", Reason::Encrypted)]));
    assert_eq!(seen.skipped, gaps(&[("x.zip!/link", Reason::Symlink)]));
    assert_eq!(seen.comments, [b"archived by carl@example.com"]);
    let meta = &seen.metas[0].1;
    assert_eq!((meta.bytes, meta.mode), (Some(TEXT.len() as u64), Some(0o600)));
    assert_eq!(meta.modified.unwrap().to_string(), "2021-03-01T12:30:04Z");
}

#[test]
fn a_cut_gzip_hands_over_what_it_has() {
    let lines: Vec<u8> = (0..20_000).flat_map(|i| format!("line {i} {}\n", i * 7919).into_bytes()).collect();
    let whole = gz(&lines);
    let seen = scan("log.gz", &whole[..whole.len() / 2]);
    let (path, content) = &seen.read[0];
    assert!(content.len() > lines.len() / 4 && lines.starts_with(content));
    assert_eq!(seen.gaps, [(path.clone(), Reason::Malformed)]);
}

#[test]
fn a_damaged_zip_entry_is_its_own_gap() {
    let mut bytes = zip_of(&[("a.txt", &TEXT.repeat(2000)), ("b.txt", TEXT)]);
    // The checksum in the central directory, not the data: everything is read, and then found to be wrong.
    let at = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap() + 16;
    bytes[at] ^= 1;
    let seen = scan("x.zip", bytes);
    assert!(seen.read[0].1 == TEXT.repeat(2000));
    assert_eq!(seen.text("x.zip!/b.txt").as_bytes(), TEXT);
    assert_eq!(seen.gaps, gaps(&[("x.zip!/a.txt", Reason::Malformed)]));
}

#[test]
fn a_zip_without_its_directory_is_read_from_the_front() {
    let bytes = zip_of(&[("a.txt", b"one"), ("b.txt", TEXT), ("c.txt", b"three")]);
    let end = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    let seen = scan("x.zip", &bytes[..end]);
    assert_eq!(seen.text("x.zip!/b.txt").as_bytes(), TEXT);
    assert_eq!(seen.read.len(), 3);
    assert!(seen.gaps.contains(&("x.zip".into(), Reason::Malformed)));
    // The same inside a stream that breaks off.
    let packed = gz(&bytes);
    let seen = scan("x.zip.gz", &packed[..packed.len() - 8]);
    assert_eq!(seen.text("x.zip.gz!/x.zip!/b.txt").as_bytes(), TEXT);
    assert!(seen.gaps.contains(&("x.zip.gz!/x.zip".into(), Reason::Malformed)));
}

#[test]
fn tar_links_devices_and_pax_records() {
    let mut b = ::tar::Builder::new(Vec::new());
    let mut h = ::tar::Header::new_ustar();
    h.set_size(0);
    h.set_entry_type(::tar::EntryType::Symlink);
    b.append_link(&mut h, "link", "a.txt").unwrap();
    h.set_entry_type(::tar::EntryType::Fifo);
    b.append_data(&mut h, "pipe", &b""[..]).unwrap();
    h.set_entry_type(::tar::EntryType::Directory);
    b.append_data(&mut h, "folder", &b""[..]).unwrap();
    b.append_pax_extensions([
        ("path", &b"n\xc3\xa4me.txt"[..]),
        ("SCHILY.xattr.user.note", b"dora@example.com"),
    ])
    .unwrap();
    h.set_entry_type(::tar::EntryType::Regular);
    h.set_size(TEXT.len() as u64);
    b.append_data(&mut h, "short.txt", TEXT).unwrap();
    let seen = scan("x.tar", b.into_inner().unwrap());
    assert_eq!(seen.skipped, gaps(&[("x.tar!/link", Reason::Symlink), ("x.tar!/pipe", Reason::SpecialFile)]));
    assert_eq!(seen.text("x.tar!/n\\xc3\\xa4me.txt").as_bytes(), TEXT);
    assert_eq!(seen.comments, [b"dora@example.com"]);
    assert_eq!(seen.gaps, []);
}

#[test]
fn a_cut_tar_gives_the_gap_to_the_entry_and_to_itself() {
    let bytes = tar_of(&[("a.txt", b"one"), ("b.txt", &TEXT.repeat(100))]);
    let seen = scan("x.tar", &bytes[..2000]);
    assert_eq!(seen.text("x.tar!/a.txt"), "one");
    assert!(!seen.text("x.tar!/b.txt").is_empty());
    let both = gaps(&[("x.tar!/b.txt", Reason::Malformed), ("x.tar", Reason::Malformed)]);
    assert_eq!(seen.gaps, both);
}

#[test]
fn a_bomb_stops_at_the_ratio() {
    let mut e = GzEncoder::new(Vec::new(), Compression::new(6));
    e.write_all(&vec![b'0'; 2 << 20]).unwrap();
    let bomb = e.finish().unwrap();
    let seen = scan("bomb.gz", bomb.clone());
    assert_eq!(seen.gaps, gaps(&[("bomb.gz!/bomb", Reason::LimitRatio)]));
    let patient = Limits { ratio: 2000, item_bytes: 1 << 20, ..Limits::default() };
    let seen = scan_with("bomb.gz", Body::memory(bomb), &patient);
    assert_eq!(seen.gaps, gaps(&[("bomb.gz!/bomb", Reason::LimitBytes)]));
}

#[test]
fn many_entries_over_the_same_bytes_are_one_bomb() {
    // One entry below the ratio's floor, listed a hundred times in the central directory.
    let one = zip_of(&[("0.txt", &vec![b'0'; 200 << 10])]);
    let directory = memchr::memmem::find(&one, b"PK\x01\x02").unwrap();
    let end = memchr::memmem::find(&one, b"PK\x05\x06").unwrap();
    let mut bytes = one[..directory].to_vec();
    for i in 0..100 {
        let mut header = one[directory..end].to_vec();
        header[46..51].copy_from_slice(format!("{i:05}").as_bytes());
        bytes.extend(header);
    }
    let size = (bytes.len() - directory) as u32;
    bytes.extend(&one[end..end + 8]);
    bytes.extend([100, 0, 100, 0]);
    bytes.extend(size.to_le_bytes());
    bytes.extend(&one[end + 16..]);
    let seen = scan("x.zip", bytes);
    assert_eq!(seen.gaps, gaps(&[("x.zip", Reason::LimitRatio)]));
    assert!((6..30).contains(&seen.read.len()), "{}", seen.read.len());
}

#[test]
fn depth_is_limited() {
    let mut bytes = TEXT.to_vec();
    for _ in 0..5 {
        bytes = gz(&bytes);
    }
    let limits = |depth| Limits { depth, ..Limits::default() };
    let seen = scan_with("x", Body::memory(bytes.clone()), &limits(5));
    assert_eq!(seen.text("x!/x!/x!/x!/x!/x").as_bytes(), TEXT);
    assert_eq!(seen.gaps, []);
    let seen = scan_with("x", Body::memory(bytes), &limits(4));
    assert_eq!(seen.read, []);
    assert_eq!(seen.gaps, gaps(&[("x!/x!/x!/x!/x", Reason::LimitDepth)]));
}

#[test]
fn entries_are_limited_in_tar_and_zip() {
    let names: Vec<String> = (0..12).map(|i| format!("{i}.txt")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), TEXT)).collect();
    let limits = Limits { entries: 10, ..Limits::default() };
    for bytes in [tar_of(&entries), zip_of(&entries)] {
        let seen = scan_with("x", Body::memory(bytes), &limits);
        assert_eq!(seen.read.len(), 10);
        assert_eq!(seen.gaps, gaps(&[("x", Reason::LimitEntries)]));
    }
}

#[test]
fn a_zip_in_a_stream_is_spooled_to_a_file() {
    let zip = zip_of(&[("a.txt", &TEXT.repeat(10_000)), ("b.txt", TEXT)]);
    let limits = Limits { spool_bytes: 100, ..Limits::default() };
    let seen = scan_with("x.zip", Body::stream(&zip[..]), &limits);
    assert_eq!(seen.text("x.zip!/b.txt").as_bytes(), TEXT);
    assert_eq!(seen.gaps, []);
}

#[test]
fn time_over_stops_and_is_no_gap() {
    let limits = Limits { time: Some(std::time::Duration::ZERO), ..Limits::default() };
    let seen = scan_with("x", Body::memory(zip_of(&[("a.txt", TEXT)])), &limits);
    assert_eq!(seen.stop, Some(Stop::Timeout));
    assert_eq!(seen.gaps, []);
}

#[test]
fn too_large_dictionaries_are_refused_and_damage_never_panics() {
    use lzma_rust2::{XzOptions, XzWriter};
    let mut options = XzOptions::with_preset(0);
    options.lzma_options.dict_size = 128 << 20;
    let mut xz = XzWriter::new(Vec::new(), options).unwrap();
    xz.write_all(TEXT).unwrap();
    let seen = scan("x.xz", xz.finish().unwrap());
    assert_eq!(seen.gaps, gaps(&[("x.xz!/x", Reason::LimitMemory)]));

    let sources = [zip_of(&[("a.txt", TEXT), ("b.txt", &TEXT.repeat(50))]), tar_of(&[("a", TEXT)]), gz(TEXT)];
    for source in sources {
        for at in 0..source.len().min(1200) {
            let mut bytes = source.clone();
            bytes[at] ^= 0xff;
            scan("x", bytes);
        }
    }
}
