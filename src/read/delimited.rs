//! Delimited tables: CSV with any usual delimiter, TSV.

use std::io::Read;

use crate::model::{Body, CellBatch, ContentVisitor, Escapes, Gap, Reason};

use super::dialect::{self, Dialect};
use super::rolling::Rolling;
use super::split::{Batch, Stopped, record_end};
use super::text::{rest_as_text, windows};
use super::{Format, HEAD, ReadContext, ReadError, go};

/// Cells between `,`, `;` or `|`.
pub const CSV: Format = Format {
    name: "csv",
    about: "delimited table with , ; or |, quoted or not",
    extensions: &["csv", "psv", "ssv"],
    recognises: |head| sniffed(head).is_some_and(|d| d.delimiter != b'\t'),
    read,
};

/// Cells between tabs.
pub const TSV: Format = Format {
    name: "tsv",
    about: "delimited table with tabs",
    extensions: &["tsv", "tab"],
    recognises: |head| sniffed(head).is_some_and(|d| d.delimiter == b'\t'),
    read,
};

/// Source bytes of a batch.
const BATCH: usize = 192 << 10;

fn sniffed(head: &[u8]) -> Option<Dialect> {
    let charset = super::charset::Charset::of(head);
    dialect::sniff(&charset.decode(head), head.len() < HEAD, false)
}

fn read(
    cx: &ReadContext<'_>,
    _name: &[u8],
    body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let mut rolling = Rolling::text(cx, body)?;
    rolling.fill(HEAD);
    let head = rolling.data();
    let head = &head[..head.len().min(HEAD)];
    let whole = rolling.ended() && rolling.data().len() <= HEAD;
    match dialect::sniff(head, whole, true) {
        Some(dialect) => {
            let opening = dialect::opening(head, whole, &dialect);
            let mut batch = Batch { text: cx.buffers.take(), ..Batch::default() };
            let read = table(cx, &mut rolling, &dialect, opening, &mut batch, visitor);
            cx.buffers.give(batch.text);
            read
        }
        None => windows(cx, &mut rolling, true, visitor),
    }
}

fn table<R: Read>(
    cx: &ReadContext<'_>,
    rolling: &mut Rolling<'_, R>,
    dialect: &Dialect,
    opening: dialect::Opening,
    batch: &mut Batch,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let limit = cx.budget.limits.record_bytes.clamp(4 << 10, 1 << 30);
    let usual = BATCH.min(limit);
    let mut want = usual;
    rolling.fill(want);
    let mut from = first_row(rolling, dialect, &opening, visitor);
    for (index, name) in opening.header.iter().flatten().enumerate() {
        batch.fields.push(visitor.field(name, index as u32));
    }
    let mut row = 0u64;
    loop {
        if let Some(stop) = cx.budget.stop() {
            return Err(stop.into());
        }
        rolling.fill(want);
        let data = rolling.data();
        if data.is_empty() {
            break;
        }
        let left = cx.budget.limits.sample_rows.map_or(u64::MAX, |n| n.saturating_sub(row));
        let max_rows = left.min(u64::from(u32::MAX - 1)) as u32;
        let declare = &mut |column| visitor.field(b"", column);
        let (done, stopped) = batch.split(data, from, rolling.ended(), max_rows, dialect, declare);
        if done == from && stopped == Stopped::AtEnd && !rolling.ended() {
            // Not one whole record.
            if data.len() - from >= limit {
                hand_over(rolling, from, row, batch, visitor)?;
                let what = format!("a record is longer than {limit} bytes");
                return rest_as_text(cx, rolling, Reason::LimitMemory, &what, visitor);
            }
            want = (data.len() * 2).min(from + limit);
            continue;
        }
        let rows = hand_over(rolling, done, row, batch, visitor)?;
        row += rows;
        match stopped {
            Stopped::AtEnd => {}
            Stopped::InQuotes => {
                return rest_as_text(cx, rolling, Reason::Malformed, "a quote is not closed", visitor);
            }
            Stopped::AtRows => {
                rolling.fill(1);
                if !rolling.data().is_empty() {
                    return Err(Gap::new(Reason::Sampled, format!("the first {row} rows were read")).into());
                }
            }
        }
        from = 0;
        want = usual;
    }
    rolling.finish()
}

/// Hands the first `done` bytes of source over with the cells found in them.
fn hand_over<R: Read>(
    rolling: &mut Rolling<'_, R>,
    done: usize,
    first_row: u64,
    batch: &Batch,
    visitor: &mut dyn ContentVisitor,
) -> Result<u64, ReadError> {
    if done > 0 {
        let raw = &rolling.data()[..done];
        let (text, cells, rows) = (&batch.text, &batch.cells, batch.rows);
        let raw_offset = rolling.offset();
        let escapes = Escapes::Doubled;
        go(visitor.cells(&CellBatch { text, cells, first_row, rows, raw, raw_offset, escapes }))?;
        rolling.consume(done);
    }
    Ok(u64::from(batch.rows))
}

/// Where data rows start: behind a byte order mark, lines before the table (handed over as comments) and the header.
fn first_row<R: Read>(
    rolling: &Rolling<'_, R>,
    dialect: &Dialect,
    opening: &dialect::Opening,
    visitor: &mut dyn ContentVisitor,
) -> usize {
    let data = rolling.data();
    let mut from = if data.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    if opening.header.is_none() {
        return from;
    }
    for n in 0..=opening.preamble {
        let Some(end) = record_end(data, from, rolling.ended(), dialect) else { return from };
        if n < opening.preamble {
            visitor.comment(data[from..end].trim_ascii());
        }
        from = end;
    }
    from
}

#[cfg(test)]
mod tests {
    use crate::model::Reason;
    use crate::read::Limits;
    use crate::read::testing::{Recorder, read, read_with};

    fn table(name: &str, text: &str) -> Recorder {
        let found = read(name, text.as_bytes());
        assert_eq!(found.raw, text.as_bytes(), "raw tiles the file");
        found
    }

    #[test]
    fn cells_have_fields_rows_and_places() {
        let text = "id,name,note\r\n1,\"Doe, \"\"J\"\"\",x\r\n\r\n2,,\"two\nlines\"\r\n3,Bo,y,extra\r\n4,Al";
        let found = table("a.csv", text);
        assert_eq!(found.formats, ["csv"]);
        assert_eq!(
            found.pairs(),
            [
                "id=1",
                "name=Doe, \"J\"",
                "note=x",
                "id=2",
                "note=two\nlines",
                "id=3",
                "name=Bo",
                "note=y",
                "=extra",
                "id=4",
                "name=Al"
            ]
        );
        assert_eq!(found.rows, 4);
        assert_eq!(found.values.iter().map(|v| v.row).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3]);
        assert_eq!(found.values[8].index, 3);
        for v in &found.values {
            let head = v.text.split('"').next().unwrap();
            assert!(text[v.offset as usize..].starts_with(head), "{v:?}");
        }
        assert!(found.gaps.is_empty());
    }

    #[test]
    fn header_or_none() {
        let names =
            |text: &str| read("a.csv", text.as_bytes()).fields.into_iter().map(|f| f.0).collect::<Vec<_>>();
        assert_eq!(names("name,email\nAnna,anna@example.org\nBert,bert@example.org\n"), ["name", "email"]);
        assert_eq!(names("Anna,anna@example.org\nBert,bert@example.org\n"), ["", ""]);
        assert_eq!(names("1,5551234567\n2,5551234568\n3,5551234569\n"), ["", ""]);
        assert_eq!(names("city,2019,2020\nWien,a1,b1\nGraz,a2,b2\n"), ["city", "2019", "2020"]);
        assert_eq!(names("a,a,b\n1,2,3\n4,5,6\n"), ["a", "a", "b"]);
        assert_eq!(names(",x,y\n0,1,2\n1,3,4\n"), ["", "x", "y"]);
        assert_eq!(names("2024-01-01,open\n2024-01-02,close\n2024-01-03,open\n"), ["", ""]);
    }

    #[test]
    fn dialects() {
        for (delimiter, format) in [(",", "csv"), (";", "csv"), ("\t", "tsv"), ("|", "csv")] {
            let text = "id_name_amount\n1_Anna_1\n2_Bert_2\n3_Carl_3\n".replace('_', delimiter);
            let found = table("a.dat", &text);
            assert_eq!((found.formats[0].as_str(), found.values.len()), (format, 9));
        }
        let found = table("a.csv", "name;price\nAnna;1,50\nBert;2,75\nCarl;3,10\n");
        assert_eq!(found.pairs()[..2], ["name=Anna", "price=1,50"]);
        // Quotes that are none.
        let found = table("a.tsv", "size\tname\n3\t\"inch pipe\n4\t5\" pipe\n5\t\"x\n6\tfoot\n");
        assert_eq!((found.pairs()[1].as_str(), found.rows), ("name=\"inch pipe", 4));
    }

    #[test]
    fn lines_before_the_table_are_comments() {
        let found = table("a.csv", "Members of the club\n\nname,city\nAnna,Wien\nBert,Graz\nCarl,Linz\n");
        assert_eq!(found.comments, [b"Members of the club"]);
        assert_eq!(found.fields[0].0, "name");
        assert_eq!(found.rows, 3);
    }

    #[test]
    fn marks_and_encodings() {
        let text = "name,straße\nZoë,Gärtnerweg 1\nJürgen,Mühlgasse 2\nJosé,Höhenstraße 3\n";
        let want = ["name=Zoë", "straße=Gärtnerweg 1"];
        let marked = format!("\u{feff}{text}");
        let found = table("a.csv", &marked);
        assert_eq!(found.pairs()[..2], want);
        assert_eq!(marked[found.values[0].offset as usize..].chars().next(), Some('Z'));
        let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let found = read("a.csv", &utf16);
        assert_eq!(
            (found.pairs()[..2].to_vec(), found.raw),
            (want.map(String::from).to_vec(), marked.into_bytes())
        );
        let latin: Vec<u8> = text.chars().map(|c| c as u32 as u8).collect();
        assert_eq!(read("a.csv", &latin).pairs()[..2], want);
    }

    #[test]
    fn many_batches_tile() {
        let mut text = String::from("id,name,quoted\n");
        for i in 0..30_000 {
            text += &format!("{i},name {i},\"q,{i}\"\n");
        }
        let found = table("a.csv", &text);
        assert!(found.batches > 3);
        assert_eq!((found.rows, found.values.len()), (30_000, 90_000));
        let v = &found.values[89_999];
        assert_eq!((v.text.as_str(), v.row), ("q,29999", 29_999));
        assert!(text[v.offset as usize..].starts_with("q,29999\""));
    }

    #[test]
    fn an_open_quote_hands_the_rest_over_as_text() {
        let good = "id,name\n".to_owned() + &"1,Anna\n".repeat(300);
        let found = read("a.csv", format!("{good}2,\"Bert\n3,Carl\n").as_bytes());
        assert_eq!(found.reasons(), [Reason::Malformed]);
        assert!(found.gaps[0].detail.ends_with(&format!("read as text from offset {}", good.len())));
        assert_eq!((found.rows, found.text().as_str()), (300, "2,\"Bert\n3,Carl\n"));
        assert_eq!(
            (found.text_offset, found.formats.as_slice()),
            (Some(good.len() as u64), &["csv".into(), "text".into()][..])
        );
    }

    #[test]
    fn a_record_beyond_the_limit_hands_the_rest_over_as_text() {
        let limits = Limits { record_bytes: 300 << 10, ..Limits::default() };
        let good = "id,name\n".to_owned() + &"1,Anna\n".repeat(20_000);
        let text = format!("{good}2,\"{}", "x\n".repeat(400_000));
        let found = read_with(&limits, "a.csv", text.as_bytes());
        assert_eq!(found.reasons(), [Reason::LimitMemory]);
        assert_eq!(found.rows, 20_000);
        assert_eq!(found.text_offset, Some(good.len() as u64));
        assert_eq!(found.text.len() + good.len(), text.len());
    }

    #[test]
    fn a_long_record_within_the_limit_is_a_cell() {
        let long = "x".repeat(1 << 20);
        let text = format!("id,name\n{}2,\"{long}\"\n3,b\n", "1,a\n".repeat(100));
        let found = table("a.csv", &text);
        assert_eq!(found.values[201].text.len(), 1 << 20);
        assert_eq!(found.rows, 102);
    }

    #[test]
    fn samples_stop_and_say_so() {
        let limits = Limits { sample_rows: Some(2), ..Limits::default() };
        let found = read_with(&limits, "a.csv", b"id,name\n1,a\n2,b\n3,c\n");
        assert_eq!((found.rows, found.reasons()), (2, vec![Reason::Sampled]));
        let found = read_with(&limits, "a.csv", b"id,name\n1,a\n2,b\n");
        assert_eq!((found.rows, found.reasons()), (2, vec![]));
    }
}
