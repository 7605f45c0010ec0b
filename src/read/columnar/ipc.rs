//! Arrow IPC, files and streams. A file is read as the stream it contains: that needs no random access, and a file
//! whose end was never written is read as far as it goes.

use std::io::{ErrorKind, Read};

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::{MessageHeader, RecordBatch as RecordBatchHeader, root_as_footer, root_as_message};

use super::{Table, contained, gap_of};
use crate::model::{Body, ContentVisitor, Gap, Reason};
use crate::read::{Format, ReadContext, ReadError};

pub(super) const FORMAT: Format = Format {
    name: "arrow",
    about: "Arrow IPC files (Feather 2) and streams",
    extensions: &["arrow", "arrows", "feather", "ipc"],
    recognises: |head| head.starts_with(MAGIC) || stream_head(head),
    read,
};

const MAGIC: &[u8] = b"ARROW1\0\0";
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Largest message header and footer.
const HEADER_BYTES: u64 = 64 << 20;
/// Largest body of a message: a batch has to be in memory whole.
const BODY_BYTES: u64 = 1 << 30;

/// A stream starts with its schema.
fn stream_head(head: &[u8]) -> bool {
    let Some(length) = head.get(4..8).and_then(|l| l.try_into().ok()).map(u32::from_le_bytes) else {
        return false;
    };
    if head[..4] != CONTINUATION || u64::from(length) > HEADER_BYTES || length < 16 {
        return false;
    }
    match head.get(8..8 + length as usize) {
        Some(message) => root_as_message(message).is_ok_and(|m| m.header_type() == MessageHeader::Schema),
        // Longer than what is peeked: the root of the message has to be inside it.
        None => {
            head.get(8..12).and_then(|o| o.try_into().ok()).is_some_and(|o| u32::from_le_bytes(o) < length)
        }
    }
}

fn read(
    cx: &ReadContext<'_>,
    _name: &[u8],
    mut body: Body<'_>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    let file = body.peek(MAGIC.len())? == MAGIC;
    if file {
        take(&mut body, MAGIC.len() as u64)?;
        // Writers align the first message, to 64 bytes at most.
        let padding = body.peek(64)?.chunks_exact(8).take_while(|word| word.iter().all(|b| *b == 0)).count();
        take(&mut body, 8 * padding as u64)?;
    }
    let mut stream = Stream { body, decoder: StreamDecoder::new() };
    let mut table = None;
    let result = batches(cx, &mut stream, &mut table, visitor);
    match table {
        Some(table) => table.finish(visitor),
        None if result.is_ok() => return Err(Gap::new(Reason::Malformed, "there is no schema").into()),
        None => {}
    }
    result?;
    if file {
        footer(stream.body, visitor)?;
    }
    Ok(())
}

fn batches<'c, 'b>(
    cx: &'c ReadContext<'b>,
    stream: &mut Stream<'_>,
    table: &mut Option<Table<'c, 'b>>,
    visitor: &mut dyn ContentVisitor,
) -> Result<(), ReadError> {
    loop {
        if let Some(stop) = cx.budget.stop() {
            return Err(stop.into());
        }
        let message = stream.message()?;
        let last = message.is_none();
        // The decoder completes a message without a body when it sees the next one, so the end mark is given to it.
        let mut batches = Vec::new();
        let decoded = stream.decode(message.unwrap_or_else(Message::end), &mut batches);
        if table.is_none()
            && let Some(schema) = stream.decoder.schema()
        {
            let mut properties: Vec<_> = schema.metadata().iter().collect();
            properties.sort();
            properties.iter().for_each(|(name, value)| visitor.property(name.as_bytes(), value.as_bytes()));
            *table = Some(Table::new(cx, &schema, visitor));
        }
        for batch in batches {
            if let Some(table) = table.as_mut()
                && !table.batch(&batch, visitor)?
            {
                return Ok(());
            }
        }
        decoded?;
        if last {
            return Ok(());
        }
    }
}

struct Stream<'a> {
    body: Body<'a>,
    decoder: StreamDecoder,
}

/// One message with its prefix, as the decoder takes it.
struct Message {
    bytes: Vec<u8>,
    compressed: bool,
}

impl Message {
    fn end() -> Self {
        Self { bytes: [CONTINUATION, [0; 4]].concat(), compressed: false }
    }
}

impl Stream<'_> {
    /// The next message, whole, so that no declared size is believed before the bytes are there.
    fn message(&mut self) -> Result<Option<Message>, ReadError> {
        let mut length = [0; 4];
        match self.body.read_exact(&mut length) {
            // Streams may end without a mark.
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        if length == CONTINUATION {
            self.body.read_exact(&mut length)?;
        }
        let length = u64::from(u32::from_le_bytes(length));
        if length == 0 {
            return Ok(None);
        }
        if length > HEADER_BYTES {
            return Err(Gap::new(Reason::Malformed, "a message header is too long").into());
        }
        let header = take(&mut self.body, length)?;
        let damaged = |_| Gap::new(Reason::Malformed, "a message header is damaged");
        let large = || Gap::new(Reason::LimitMemory, "a batch is too large to be in memory");
        let message = root_as_message(&header).map_err(damaged)?;
        let length_of_body = u64::try_from(message.bodyLength()).ok().filter(|body| *body <= BODY_BYTES);
        let body = take(&mut self.body, length_of_body.ok_or_else(large)?)?;
        let dictionary = message.header_as_dictionary_batch().and_then(|d| d.data());
        let batch = message.header_as_record_batch().or(dictionary).filter(|b| b.compression().is_some());
        if batch.is_some_and(|batch| inflated(batch, &body) > BODY_BYTES) {
            return Err(large().into());
        }
        let compressed = batch.is_some();
        let mut bytes = CONTINUATION.to_vec();
        bytes.extend_from_slice(&(length as u32).to_le_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(&body);
        Ok(Some(Message { bytes, compressed }))
    }

    fn decode(&mut self, message: Message, batches: &mut Vec<RecordBatch>) -> Result<(), Gap> {
        let mut buffer = Buffer::from_vec(message.bytes);
        while !buffer.is_empty() {
            let decoded = contained(|| {
                self.decoder.decode(&mut buffer).map_err(|e| match e.to_string().contains("feature") {
                    true if message.compressed => Gap::new(
                        Reason::UnsupportedFormat,
                        "batches are compressed in a way this build cannot read",
                    ),
                    _ => gap_of(&e),
                })
            });
            batches.extend(decoded?);
        }
        Ok(())
    }
}

/// What the compressed buffers of a batch claim to become: the decoder allocates that much.
fn inflated(batch: RecordBatchHeader<'_>, body: &[u8]) -> u64 {
    let claims = batch.buffers().into_iter().flatten().map(|buffer| {
        let start = usize::try_from(buffer.offset()).ok()?;
        let claim = i64::from_le_bytes(*body.get(start..)?.first_chunk()?);
        // -1 says that the buffer is not compressed after all.
        Some(u64::try_from(claim).unwrap_or_default())
    });
    claims.flatten().fold(0, u64::saturating_add)
}

/// Exactly `n` bytes; memory grows with what arrives.
fn take(body: &mut Body<'_>, n: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    body.by_ref().take(n).read_to_end(&mut bytes)?;
    match bytes.len() as u64 == n {
        true => Ok(bytes),
        false => Err(Gap::new(Reason::Malformed, "the file ends within a message").into()),
    }
}

/// What the footer of a file holds besides the places of batches. A file without one was cut short.
fn footer(mut body: Body<'_>, visitor: &mut dyn ContentVisitor) -> Result<(), ReadError> {
    let damaged = || Gap::new(Reason::Malformed, "the footer is missing or damaged");
    let mut rest = Vec::new();
    body.by_ref().take(HEADER_BYTES).read_to_end(&mut rest)?;
    let rest = rest.strip_suffix(&MAGIC[..6]).ok_or_else(damaged)?;
    let (rest, length) = rest.split_last_chunk::<4>().ok_or_else(damaged)?;
    let start = rest.len().checked_sub(u32::from_le_bytes(*length) as usize).ok_or_else(damaged)?;
    let footer = root_as_footer(&rest[start..]).map_err(|_| damaged())?;
    for pair in footer.custom_metadata().into_iter().flatten() {
        visitor
            .property(pair.key().unwrap_or_default().as_bytes(), pair.value().unwrap_or_default().as_bytes());
    }
    Ok(())
}
