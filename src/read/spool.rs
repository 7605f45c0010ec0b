//! Random access to content that comes as a stream: a bounded copy in memory, then in an unlinked file.

use std::io::{self, Cursor, Read, Seek, Write};

use super::limits::{Budget, LimitHit};
use crate::model::{Body, Reason, Seekable};

/// The content with random access. What only streams is copied first, and the copy is paid for like decoded bytes,
/// because it costs memory or disk.
pub fn seekable(budget: &Budget<'_>, body: Body<'_>) -> io::Result<Seekable> {
    match seekable_part(budget, body)? {
        (content, None) => Ok(content),
        (_, Some(e)) => Err(e),
    }
}

/// Like [`seekable`], but if the stream fails midway what came before is given together with the error.
pub fn seekable_part(budget: &Budget<'_>, body: Body<'_>) -> io::Result<(Seekable, Option<io::Error>)> {
    let mut cut = None;
    let content = body.seekable(|stream| spool(budget, stream, &mut cut))?;
    Ok((content, cut))
}

/// Copies a stream to memory, and to an unlinked temporary file once it is larger than `spool_bytes`.
fn spool(budget: &Budget<'_>, stream: &mut dyn Read, cut: &mut Option<io::Error>) -> io::Result<Seekable> {
    let room = budget.limits.spool_bytes;
    let mut memory = Vec::new();
    let mut file = None;
    let mut chunk = vec![0; 64 << 10];
    loop {
        if let Some(stop) = budget.stop() {
            *cut = Some(LimitHit::from(stop).into());
            break;
        }
        let n = match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => {
                *cut = Some(e);
                break;
            }
        };
        if !budget.spend(n as u64) {
            *cut = Some(LimitHit(Reason::LimitBytes).into());
            break;
        }
        if file.is_none() && memory.len() + n > room {
            let mut f = match &budget.limits.temp_dir {
                Some(dir) => tempfile::tempfile_in(dir)?,
                None => tempfile::tempfile()?,
            };
            f.write_all(&memory)?;
            memory = Vec::new();
            file = Some(f);
        }
        match &mut file {
            Some(f) => f.write_all(&chunk[..n])?,
            None => memory.extend_from_slice(&chunk[..n]),
        }
    }
    match file {
        Some(mut f) => {
            f.rewind()?;
            Ok(Seekable::File(f))
        }
        None => Ok(Seekable::Memory(Cursor::new(memory.into()))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::read::Limits;

    fn spooled(bytes: usize, limits: Limits) -> io::Result<Seekable> {
        let content = vec![b'x'; bytes];
        let interrupted = AtomicBool::new(false);
        let budget = Budget::new(&limits, &interrupted);
        seekable(&budget, Body::stream(&content[..]))
    }

    #[test]
    fn small_streams_stay_in_memory_and_large_ones_go_to_a_file() {
        let limits = Limits { spool_bytes: 100_000, ..Limits::default() };
        assert!(
            matches!(spooled(100_000, limits.clone()), Ok(Seekable::Memory(c)) if c.get_ref().len() == 100_000)
        );
        let mut file = spooled(100_001, limits).unwrap();
        assert!(matches!(file, Seekable::File(_)));
        let mut copy = Vec::new();
        file.read_to_end(&mut copy).unwrap();
        assert_eq!(copy.len(), 100_001);
        assert!(copy.iter().all(|b| *b == b'x'));
    }

    #[test]
    fn a_copy_beyond_the_limit_of_the_item_is_refused() {
        let limits = Limits { item_bytes: 1000, ..Limits::default() };
        let e = spooled(1001, limits).unwrap_err();
        assert_eq!(LimitHit::find(&e), Some(Reason::LimitBytes));
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, e);
        assert_eq!(LimitHit::find(&wrapped), Some(Reason::LimitBytes));
    }
}
