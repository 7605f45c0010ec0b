//! Values of one leaf column as the text a person would type.

use std::fmt::{Display, LowerExp};
use std::io::Write;

use arrow::array::{Array, AsArray};
use arrow::datatypes::*;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::flatten::{Pick, Sink};
use crate::model::{FieldId, Flow};

/// Binary values up to this size are ids, hashes and the like: their printable runs are all the text there is. Larger
/// ones may be documents, and are told as a gap.
const SMALL_BINARY: usize = 1024;
/// Shortest printable run of a binary value.
const RUN: usize = 6;

/// Writes the picked values of a leaf. Null and boolean values are nothing to search.
pub fn leaf(array: &dyn Array, pick: &Pick, field: FieldId, sink: &mut Sink<'_, '_>) -> Flow {
    macro_rules! primitive {
        ($type:ty, $write:expr) => {{
            let array = array.as_primitive::<$type>();
            let write = $write;
            for slot in pick.slots(array.nulls()) {
                sink.value(field, slot, |text| write(text, array.value(slot.index)))?;
            }
        }};
    }
    macro_rules! decimal {
        ($type:ty, $precision:expr, $scale:expr) => {
            primitive!($type, |text: &mut Vec<u8>, v| put(
                text,
                <$type>::format_decimal(v, *$precision, *$scale)
            ))
        };
    }
    macro_rules! bytes {
        ($array:expr, $write:expr) => {{
            let array = $array;
            for slot in pick.slots(array.nulls()) {
                let value: &[u8] = array.value(slot.index).as_ref();
                let value = sink.fitting(value);
                let mut opaque = false;
                sink.value(field, slot, |text| opaque = !$write(text, value))?;
                sink.notes.binary += u64::from(opaque);
            }
        }};
    }
    match array.data_type() {
        DataType::Utf8 => bytes!(array.as_string::<i32>(), put_text),
        DataType::LargeUtf8 => bytes!(array.as_string::<i64>(), put_text),
        DataType::Utf8View => bytes!(array.as_string_view(), put_text),
        DataType::Binary => bytes!(array.as_binary::<i32>(), put_binary),
        DataType::LargeBinary => bytes!(array.as_binary::<i64>(), put_binary),
        DataType::BinaryView => bytes!(array.as_binary_view(), put_binary),
        DataType::FixedSizeBinary(_) => bytes!(array.as_fixed_size_binary(), put_binary),
        DataType::Int8 => primitive!(Int8Type, put),
        DataType::Int16 => primitive!(Int16Type, put),
        DataType::Int32 => primitive!(Int32Type, put),
        DataType::Int64 => primitive!(Int64Type, put),
        DataType::UInt8 => primitive!(UInt8Type, put),
        DataType::UInt16 => primitive!(UInt16Type, put),
        DataType::UInt32 => primitive!(UInt32Type, put),
        DataType::UInt64 => primitive!(UInt64Type, put),
        DataType::Float16 => primitive!(Float16Type, |text: &mut Vec<u8>, v| {
            let v = f32::from(v);
            put_float(text, v, f64::from(v));
        }),
        DataType::Float32 => {
            primitive!(Float32Type, |text: &mut Vec<u8>, v| put_float(text, v, f64::from(v)))
        }
        DataType::Float64 => primitive!(Float64Type, |text: &mut Vec<u8>, v| put_float(text, v, v)),
        DataType::Decimal32(p, s) => decimal!(Decimal32Type, p, s),
        DataType::Decimal64(p, s) => decimal!(Decimal64Type, p, s),
        DataType::Decimal128(p, s) => decimal!(Decimal128Type, p, s),
        DataType::Decimal256(p, s) => decimal!(Decimal256Type, p, s),
        DataType::Date32 => primitive!(Date32Type, |text: &mut Vec<u8>, v| put_date(text, i64::from(v))),
        DataType::Date64 => {
            primitive!(Date64Type, |text: &mut Vec<u8>, v: i64| put_date(text, v.div_euclid(86_400_000)))
        }
        DataType::Timestamp(unit, zone) => {
            let zoned = zone.is_some();
            let put_time =
                |per_second: i64| move |text: &mut Vec<u8>, v| put_time(text, v, per_second, zoned);
            match unit {
                TimeUnit::Second => primitive!(TimestampSecondType, put_time(1)),
                TimeUnit::Millisecond => primitive!(TimestampMillisecondType, put_time(1_000)),
                TimeUnit::Microsecond => primitive!(TimestampMicrosecondType, put_time(1_000_000)),
                TimeUnit::Nanosecond => primitive!(TimestampNanosecondType, put_time(1_000_000_000)),
            }
        }
        DataType::Boolean | DataType::Null => {}
        _ => {
            // Times of day, durations, intervals.
            let options = FormatOptions::default().with_display_error(false);
            let Ok(formatter) = ArrayFormatter::try_new(array, &options) else { return Flow::Continue(()) };
            for slot in pick.slots(array.nulls()) {
                let shown = formatter.value(slot.index).try_to_string().unwrap_or_default();
                sink.value(field, slot, |text| text.extend_from_slice(shown.as_bytes()))?;
            }
        }
    }
    Flow::Continue(())
}

impl Sink<'_, '_> {
    /// The value, or as much of it as may be in memory.
    fn fitting<'a>(&mut self, value: &'a [u8]) -> &'a [u8] {
        if value.len() <= self.value_bytes {
            return value;
        }
        self.notes.cut += 1;
        let boundary = (0..=self.value_bytes).rev().find(|at| value[*at] & 0xc0 != 0x80);
        &value[..boundary.unwrap_or(self.value_bytes)]
    }
}

fn put(text: &mut Vec<u8>, value: impl Display) {
    // Writing to a vector cannot fail.
    let _ = write!(text, "{value}");
}

fn put_text(text: &mut Vec<u8>, value: &[u8]) -> bool {
    text.extend_from_slice(value);
    true
}

/// The text in a binary value: all of it if it is text in UTF-8 or Latin-1, else its printable runs, one on a line.
/// `false` if what is left out may be more than an id.
fn put_binary(text: &mut Vec<u8>, value: &[u8]) -> bool {
    let value = &value[..value.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1)];
    let plain = |b: u8| matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if std::str::from_utf8(value).is_ok_and(|s| s.chars().all(|c| !c.is_control() || c.is_whitespace())) {
        text.extend_from_slice(value);
        return true;
    }
    if value.iter().all(|b| plain(*b) || *b >= 0xa0) {
        text.extend(value.iter().map(|b| char::from(*b)).collect::<String>().into_bytes());
        return true;
    }
    let mut first = true;
    for run in value.split(|b| !plain(*b)).filter(|run| run.len() >= RUN) {
        if !std::mem::take(&mut first) {
            text.push(b'\n');
        }
        text.extend_from_slice(run);
    }
    value.len() <= SMALL_BINARY
}

/// The shortest digits that give the number back; an exponent only where nobody would write the zeros.
fn put_float(text: &mut Vec<u8>, value: impl Display + LowerExp, magnitude: f64) {
    let magnitude = magnitude.abs();
    if !magnitude.is_finite() {
        return;
    }
    // Writing to a vector cannot fail.
    let _ = match magnitude == 0.0 || (1e-7..1e21).contains(&magnitude) {
        true => write!(text, "{value}"),
        false => write!(text, "{value:e}"),
    };
}

fn put_date(text: &mut Vec<u8>, days: i64) {
    const EPOCH: Date = jiff::civil::date(1970, 1, 1);
    match jiff::Span::new().try_days(days).ok().and_then(|span| EPOCH.checked_add(span).ok()) {
        Some(date) => put(text, date),
        None => put(text, days),
    }
}

fn put_time(text: &mut Vec<u8>, value: i64, per_second: i64, zoned: bool) {
    let nanos = value.rem_euclid(per_second) * (1_000_000_000 / per_second);
    match Timestamp::new(value.div_euclid(per_second), nanos as i32) {
        Ok(time) if zoned => put(text, time),
        Ok(time) => put(text, TimeZone::UTC.to_datetime(time)),
        Err(_) => put(text, value),
    }
}
