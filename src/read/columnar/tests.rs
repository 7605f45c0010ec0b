use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use arrow::array::*;
use arrow::datatypes::*;
use bytes::Bytes;

use super::*;
use crate::model::{Body, Cell, CellBatch, FieldId, Flow, ItemMeta, Stop, TextWindow};
use crate::read::{Budget, Buffers, Limits, Reach};

/// Keeps every value by field name as (row, times, text).
#[derive(Default)]
struct Recorder {
    fields: Vec<String>,
    values: BTreeMap<String, Vec<(u64, u32, String)>>,
    rows: u64,
    calls: usize,
    comments: Vec<String>,
    gaps: Vec<Reason>,
    format: String,
}

impl ContentVisitor for Recorder {
    fn format(&mut self, name: &str) {
        self.format = name.to_owned();
    }
    fn text(&mut self, _: &TextWindow<'_>) -> Flow {
        unreachable!()
    }
    fn field(&mut self, name: &[u8], index: u32) -> FieldId {
        if index as usize == self.fields.len() {
            self.fields.push(String::from_utf8(name.to_vec()).unwrap());
        }
        assert_eq!(self.fields[index as usize].as_bytes(), name);
        FieldId(index)
    }
    fn cells(&mut self, batch: &CellBatch<'_>) -> Flow {
        self.rows += u64::from(batch.rows);
        self.calls += 1;
        let mut end = 0;
        for cell in batch.cells {
            assert_eq!((cell.start, cell.raw), (end, Cell::NO_RAW));
            assert_eq!(batch.text[cell.end as usize], b'\n');
            end = cell.end + 1;
            let value = &batch.text[cell.start as usize..cell.end as usize];
            let value = String::from_utf8_lossy(value).into_owned();
            let field = self.fields[cell.field.0 as usize].clone();
            let entry = (batch.first_row + u64::from(cell.row), cell.times, value);
            self.values.entry(field).or_default().push(entry);
        }
        assert_eq!(end as usize, batch.text.len());
        Flow::Continue(())
    }
    fn entry(&mut self, _: &[u8], _: ItemMeta, _: Body<'_>) -> Flow {
        unreachable!()
    }
    fn failed_entry(&mut self, _: &[u8], _: ItemMeta, _: Gap) -> Flow {
        unreachable!()
    }
    fn comment(&mut self, text: &[u8]) {
        self.comments.push(String::from_utf8(text.to_vec()).unwrap());
    }
    fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap.reason);
    }
}

impl Recorder {
    fn texts(&self, field: &str) -> Vec<&str> {
        let values = self.values.get(field).unwrap_or_else(|| panic!("no values in {field}"));
        values.iter().map(|(_, _, text)| text.as_str()).collect()
    }
}

fn with_cx(
    limits: &Limits,
    run: impl FnOnce(&ReadContext<'_>, &mut Recorder) -> Result<(), ReadError>,
) -> Recorder {
    let interrupted = AtomicBool::new(false);
    let budget = Budget::new(limits, &interrupted);
    let buffers = Buffers::default();
    let cx =
        ReadContext { budget: &budget, reach: Reach { behind: 0, ahead: 0 }, depth: 0, buffers: &buffers };
    let mut recorder = Recorder::default();
    match run(&cx, &mut recorder) {
        Ok(()) => {}
        Err(ReadError::Gap(gap)) => recorder.gap(gap),
        Err(ReadError::Stop(Stop::Interrupted | Stop::Timeout)) => panic!("nobody asked to stop"),
    }
    recorder
}

fn read_with(body: Body<'_>, limits: &Limits) -> Recorder {
    let mut body = body;
    let head = body.peek(64 << 10).unwrap();
    let format = FORMATS.iter().find(|f| (f.recognises)(head));
    let Some(format) = format else {
        return Recorder { gaps: vec![Reason::UnknownFormat], ..Default::default() };
    };
    with_cx(limits, |cx, recorder| {
        recorder.format(format.name);
        (format.read)(cx, b"x", body, recorder)
    })
}

fn read(bytes: impl Into<Bytes>) -> Recorder {
    read_with(Body::memory(bytes), &Limits::default())
}

fn written(batches: &[RecordBatch], properties: WriterProperties) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batches[0].schema(), Some(properties)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn strings<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn emails(n: usize) -> ArrayRef {
    strings((0..n).map(|i| format!("user{i}@example.com")))
}

#[test]
fn all_codecs_and_encodings_arrive() {
    let table = batch(vec![("mail", emails(300)), ("id", Arc::new(Int64Array::from_iter_values(0..300)))]);
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for codec in codecs {
        for dictionary in [true, false] {
            let properties = WriterProperties::builder()
                .set_compression(codec)
                .set_dictionary_enabled(dictionary)
                .set_max_row_group_row_count(Some(100));
            let seen = read(written(std::slice::from_ref(&table), properties.build()));
            assert_eq!((seen.rows, &seen.gaps[..]), (300, &[][..]), "{codec}");
            assert_eq!(seen.fields, ["mail", "id"]);
            let expected: Vec<_> = (0..300).map(|i| (i, 1, format!("user{i}@example.com"))).collect();
            assert_eq!(seen.values["mail"], expected);
            assert_eq!(seen.texts("id")[299], "299");
        }
    }
}

#[test]
fn dictionary_values_come_once_with_their_number_and_first_row() {
    let cities = strings((0..20_000).map(|i| ["Berlin", "Paris", "Rome"][i % 3]));
    let seen = read(written(&[batch(vec![("city", cities)])], WriterProperties::default()));
    assert_eq!(seen.rows, 20_000);
    let city = &seen.values["city"];
    assert_eq!(city.len(), 9, "three values in each of three batches");
    assert_eq!(city[0], (0, 2731, "Berlin".into()));
    assert_eq!(city[2], (2, 2730, "Rome".into()));
    assert_eq!(city.iter().map(|(_, times, _)| *times).sum::<u32>(), 20_000);
}

#[test]
fn scalar_values_read_as_typed() {
    let decimal = Decimal128Array::from(vec![123_456, -5]).with_precision_and_scale(10, 2).unwrap();
    let table = batch(vec![
        ("card", Arc::new(Float64Array::from(vec![4_111_111_111_111_111.0, 0.1]))),
        ("small", Arc::new(Float32Array::from(vec![1.5e-9, f32::NAN]))),
        ("card_int", Arc::new(Int64Array::from(vec![4_111_111_111_111_111, -1]))),
        ("born", Arc::new(Date32Array::from(vec![3_653, -1]))),
        ("seen", Arc::new(TimestampMillisecondArray::from(vec![1_600_000_000_500, -1]).with_timezone("UTC"))),
        ("local", Arc::new(TimestampMicrosecondArray::from(vec![1_600_000_000_000_000, i64::MIN]))),
        ("price", Arc::new(decimal)),
        ("at", Arc::new(Time32MillisecondArray::from(vec![3_600_000, 0]))),
        ("flag", Arc::new(BooleanArray::from(vec![true, false]))),
        ("note", Arc::new(StringArray::from(vec![None, Some("")]))),
        (
            "raw",
            Arc::new(BinaryArray::from(vec![
                &b"anna@example.com\0\0"[..],
                b"\x00\x01\x02contact bob\xff\x00\x81",
            ])),
        ),
        ("latin", Arc::new(BinaryArray::from(vec![&b"Jos\xe9"[..], &[0x81; 2000]]))),
    ]);
    let check = |seen: &Recorder| {
        assert_eq!(seen.texts("card"), ["4111111111111111", "0.1"]);
        assert_eq!(seen.texts("small"), ["1.5e-9"]);
        assert_eq!(seen.texts("card_int"), ["4111111111111111", "-1"]);
        assert_eq!(seen.texts("born"), ["1980-01-02", "1969-12-31"]);
        assert_eq!(seen.texts("seen"), ["2020-09-13T12:26:40.5Z", "1969-12-31T23:59:59.999Z"]);
        assert_eq!(seen.texts("local"), ["2020-09-13T12:26:40", "-9223372036854775808"]);
        assert_eq!(seen.texts("price"), ["1234.56", "-0.05"]);
        assert_eq!(seen.texts("at"), ["01:00:00", "00:00:00"]);
        assert_eq!(seen.texts("raw"), ["anna@example.com", "contact bob"]);
        assert_eq!(seen.texts("latin"), ["José"]);
        assert_eq!((seen.values.get("flag"), seen.values.get("note")), (None, None));
        assert_eq!(seen.fields.len(), 12);
        assert_eq!(seen.gaps, [Reason::UnknownFormat], "the long binary value");
        assert_eq!(seen.rows, 2);
    };
    check(&read(written(std::slice::from_ref(&table), WriterProperties::default())));
    check(&with_cx(&Limits::default(), |cx, recorder| visit_batch(cx, &table, 0, recorder)));
    check(&read(ipc(&table, true)));
}

fn ipc(table: &RecordBatch, file: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    if file {
        let mut writer = arrow::ipc::writer::FileWriter::try_new(&mut bytes, &table.schema()).unwrap();
        writer.write_metadata("author", "eve@example.com");
        writer.write(table).unwrap();
        writer.finish().unwrap();
    } else {
        let mut writer = arrow::ipc::writer::StreamWriter::try_new(&mut bytes, &table.schema()).unwrap();
        writer.write(table).unwrap();
        writer.write(table).unwrap();
        writer.finish().unwrap();
    }
    bytes
}

fn nested() -> RecordBatch {
    let address = StructArray::from(vec![
        (Arc::new(Field::new("city", DataType::Utf8, true)), strings(["Bonn", "hidden", "Kiel"])),
        (
            Arc::new(Field::new("zip", DataType::Int32, true)),
            Arc::new(Int32Array::from(vec![53111, 0, 24103])) as ArrayRef,
        ),
    ]);
    let (fields, columns, _) = address.into_parts();
    let address = StructArray::new(fields, columns, Some(vec![true, false, true].into()));
    let mut phones = ListBuilder::new(StringBuilder::new());
    phones.append_value([Some("111"), Some("222")]);
    phones.append_null();
    phones.append_value([Some("333")]);
    let mut tags = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    tags.append(true).unwrap();
    tags.keys().append_value("k1");
    tags.values().append_value(1);
    tags.append(true).unwrap();
    tags.keys().append_value("k2");
    tags.values().append_value(2);
    tags.append(true).unwrap();
    batch(vec![
        ("address", Arc::new(address)),
        ("phones", Arc::new(phones.finish())),
        ("tags", Arc::new(tags.finish())),
        ("last", strings(["x", "y", "z"])),
    ])
}

#[test]
fn nested_columns_are_flat_paths_with_the_rows_of_their_values() {
    let table = nested();
    for seen in [
        read(written(std::slice::from_ref(&table), WriterProperties::default())),
        read(written(
            std::slice::from_ref(&table),
            WriterProperties::builder().set_dictionary_enabled(false).build(),
        )),
        with_cx(&Limits::default(), |cx, recorder| visit_batch(cx, &table, 0, recorder)),
    ] {
        assert_eq!(
            seen.fields,
            ["address.city", "address.zip", "phones[]", "tags.key", "tags.value", "last"]
        );
        assert_eq!(seen.texts("address.city"), ["Bonn", "Kiel"], "what a null struct hides is no value");
        let phones: Vec<_> =
            seen.values["phones[]"].iter().map(|(row, _, text)| (*row, text.as_str())).collect();
        assert_eq!(phones, [(0, "111"), (0, "222"), (2, "333")]);
        assert_eq!(seen.texts("tags.key"), ["k1", "k2"]);
        assert_eq!(seen.values["last"][2].0, 2);
        assert_eq!(seen.gaps, []);
    }
}

#[test]
fn dictionaries_runs_and_unions_in_memory() {
    let dictionary: DictionaryArray<Int8Type> = ["a", "b", "a", "a"].into_iter().collect();
    let runs: RunArray<Int32Type> = ["r", "r", "s", "s"].into_iter().collect();
    let mut union = UnionBuilder::new_dense();
    union.append::<Int32Type>("n", 7).unwrap();
    union.append::<Float64Type>("f", 0.5).unwrap();
    union.append::<Int32Type>("n", 8).unwrap();
    union.append::<Int32Type>("n", 9).unwrap();
    let table = batch(vec![
        ("d", Arc::new(dictionary)),
        ("r", Arc::new(runs)),
        ("u", Arc::new(union.build().unwrap())),
    ]);
    let seen = with_cx(&Limits::default(), |cx, recorder| visit_batch(cx, &table, 100, recorder));
    assert_eq!(seen.values["d"], [(100, 3, "a".to_owned()), (101, 1, "b".to_owned())]);
    assert_eq!(seen.values["r"], [(100, 2, "r".to_owned()), (102, 2, "s".to_owned())]);
    let numbers: Vec<_> = seen.values["u.n"].iter().map(|(row, _, text)| (*row, text.as_str())).collect();
    assert_eq!(numbers, [(100, "7"), (102, "8"), (103, "9")]);
    assert_eq!(seen.texts("u.f"), ["0.5"]);
}

#[test]
fn ipc_files_and_streams() {
    let table = batch(vec![("mail", emails(10_000))]);
    let seen = read(ipc(&table, true));
    assert_eq!((seen.format.as_str(), seen.rows, seen.gaps.len()), ("arrow", 10_000, 0));
    assert_eq!(seen.texts("mail")[9_999], "user9999@example.com");
    assert_eq!(seen.comments, ["eve@example.com"]);
    let stream = ipc(&table, false);
    let seen = read(stream.clone());
    assert_eq!((seen.rows, seen.gaps.len()), (20_000, 0));
    assert_eq!(seen.values["mail"][19_999].0, 19_999);
    // Cut in the second batch: the first one is kept.
    let seen = read(stream[..stream.len() - 2000].to_vec());
    assert_eq!((seen.rows, &seen.gaps[..]), (10_000, &[Reason::Malformed][..]));
}

#[test]
fn ipc_without_rows_or_columns_still_has_its_names() {
    let table = batch(vec![("anna@example.com", emails(0)), ("flag", Arc::new(NullArray::new(0)))]);
    for file in [true, false] {
        let seen = read(ipc(&table, file));
        assert_eq!((seen.fields.len(), seen.rows, seen.gaps.len()), (2, 0, 0));
    }
    // Batches without a body are complete only when the next message comes.
    let table = batch(vec![("n", Arc::new(NullArray::new(5)))]);
    assert_eq!(read(ipc(&table, false)).rows, 10);
}

#[test]
fn row_counts_that_lie_hide_nothing() {
    let table = batch(vec![("mail", emails(300))]);
    let bytes = written(&[table], WriterProperties::default());
    // The footer starts after its length; field 3 of the file, and then of the row group, is the count 300.
    let counts: Vec<usize> = memchr::memmem::find_iter(&bytes, b"\x16\xd8\x04").collect();
    let mut changed = 0;
    for at in counts {
        let mut bytes = bytes.clone();
        bytes[at + 1..at + 3].copy_from_slice(&[0x80, 0]);
        let seen = read(bytes);
        changed += usize::from(seen.rows == 300);
        assert!(seen.rows == 300 || !seen.gaps.is_empty());
    }
    assert!(changed >= 2, "the count of the file and that of the group");
}

#[test]
fn sizes_that_are_claimed_and_not_there() {
    let table = batch(vec![("mail", emails(10))]);
    let mut stream = ipc(&table, false);
    // The length of a body is the last 8 bytes somewhere in the message: try every aligned place.
    for at in (0..stream.len() - 8).step_by(8) {
        let kept: [u8; 8] = stream[at..at + 8].try_into().unwrap();
        stream[at..at + 8].copy_from_slice(&(1u64 << 60).to_le_bytes());
        read(stream.clone());
        stream[at..at + 8].copy_from_slice(&kept);
    }
}

#[test]
fn key_value_metadata_is_content() {
    let table = batch(vec![("mail", emails(3))]);
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![KeyValue::new("owner".into(), "carl@example.com".to_owned())]));
    let seen = read(written(&[table], properties.build()));
    assert_eq!(seen.comments, ["carl@example.com"]);
}

#[test]
fn sampling_stops_and_says_so() {
    let table = batch(vec![("mail", emails(1000))]);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(400));
    let bytes = written(std::slice::from_ref(&table), properties.build());
    for (sample, rows, gaps) in
        [(100, 100, 1), (400, 400, 1), (450, 450, 1), (1000, 1000, 0), (5000, 1000, 0)]
    {
        let limits = Limits { sample_rows: Some(sample), ..Limits::default() };
        for bytes in [bytes.clone(), ipc(&table, true)] {
            let seen = read_with(Body::memory(bytes), &limits);
            assert_eq!((seen.rows, seen.gaps.len()), (rows, gaps), "{sample}");
            assert!(seen.gaps.iter().all(|gap| *gap == Reason::Sampled));
        }
    }
}

#[test]
fn text_that_is_not_utf8_is_read_all_the_same() {
    let table = batch(vec![("mail", emails(300))]);
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_statistics_enabled(::parquet::file::properties::EnabledStatistics::None)
        .set_max_row_group_row_count(Some(100));
    let mut bytes = written(&[table], properties.build());
    let at = memchr::memmem::find(&bytes, b"user150@").unwrap();
    bytes[at] = 0xe4;
    let seen = read(bytes);
    assert_eq!((seen.rows, &seen.gaps[..]), (300, &[][..]));
    assert_eq!(seen.texts("mail")[150], "äser150@example.com");
}

#[test]
fn damage_in_one_row_group_leaves_the_others() {
    let table = batch(vec![("mail", emails(300))]);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(100));
    let mut bytes = written(&[table], properties.build());
    // A frame of the second row group: the dictionary and the data page of each group are one frame each.
    let frame = memchr::memmem::find_iter(&bytes, b"\x28\xb5\x2f\xfd").nth(2).unwrap();
    bytes[frame..frame + 30].fill(0xff);
    let seen = read(bytes);
    assert_eq!(seen.gaps, [Reason::Malformed]);
    let mails = seen.texts("mail");
    assert!(mails.contains(&"user0@example.com") && mails.contains(&"user299@example.com"));
    assert!(!mails.contains(&"user150@example.com"));
    assert_eq!(seen.values["mail"].last().unwrap().0, 299);
}

#[test]
fn no_damage_escapes() {
    let bytes =
        written(&[nested()], WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let mut state = 7u64;
    for _ in 0..300 {
        let mut bytes = bytes.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] ^= (state >> 20) as u8 | 1;
        }
        read(bytes);
    }
    for cut in (0..bytes.len()).step_by(97).skip(1) {
        assert!(!read(bytes[..cut].to_vec()).gaps.is_empty());
    }
    let stream = ipc(&nested(), false);
    for at in (8..stream.len().min(3000)).step_by(5) {
        let mut bytes = stream.clone();
        bytes[at] ^= 0xff;
        read(bytes);
    }
}

#[test]
fn encrypted_files_are_told_from_damaged_ones() {
    let mut bytes = written(&[batch(vec![("mail", emails(3))])], WriterProperties::default());
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(b"PARE");
    bytes[..4].copy_from_slice(b"PARE");
    assert_eq!(read(&b"PAR1 and PAR2 are golf terms"[..]).gaps, [Reason::UnknownFormat]);
    assert_eq!(read(bytes).gaps, [Reason::Encrypted]);
    // A plain footer that names an algorithm: version, then field 8 as a structure.
    assert_eq!(footer::look(&[0x15, 2, 0x7c, 0x1c, 0, 0, 0]), Some(footer::Footer::Encrypted));
    // A schema of groups, each with one child.
    let mut deep = vec![0x29, 0xfc, 0xd0, 0x0f];
    deep.extend([0x55, 2, 0].repeat(2000));
    deep.push(0);
    assert_eq!(footer::look(&deep), Some(footer::Footer::TooDeep));
    assert_eq!(footer::look(&[0x29]), None);
}

#[test]
fn large_batches_are_handed_over_in_parts_and_rows_count_once() {
    let long = "x".repeat(4000);
    let table = batch(vec![
        ("a", strings((0..3000).map(|i| format!("{i}{long}")))),
        ("b", strings((0..3000).map(|i| format!("{i}")))),
    ]);
    let seen = with_cx(&Limits::default(), |cx, recorder| visit_batch(cx, &table, 0, recorder));
    assert_eq!(seen.rows, 3000);
    assert!(seen.calls > 2);
    assert_eq!(seen.values["b"][2999], (2999, 1, "2999".into()));
    let limits = Limits { record_bytes: 1001, ..Limits::default() };
    let seen = with_cx(&limits, |cx, recorder| visit_batch(cx, &table, 0, recorder));
    assert_eq!(seen.gaps, [Reason::LimitMemory]);
    assert!(seen.values["a"].iter().all(|(_, _, text)| text.len() <= 1001));
}

#[test]
fn a_stream_is_spooled_and_bounded() {
    let bytes = written(&[batch(vec![("mail", emails(2000))])], WriterProperties::default());
    let limits = Limits { spool_bytes: 64, ..Limits::default() };
    assert_eq!(read_with(Body::stream(&bytes[..]), &limits).rows, 2000);
    let limits = Limits { item_bytes: 64, ..Limits::default() };
    assert_eq!(read_with(Body::stream(&bytes[..]), &limits).gaps, [Reason::LimitBytes]);
}
