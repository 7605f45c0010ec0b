//! Counting readers around decoders: below, what is consumed and how it failed; above, what comes out and whether it
//! may.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Seek, SeekFrom};

use crate::model::Reason;
use crate::read::{Budget, LimitHit};

/// Decoded bytes below which the ratio is not looked at.
pub const RATIO_FROM: u64 = if cfg!(test) { 1 << 20 } else { 64 << 20 };

/// What is known of the stored side of a decoder. Shared between [`Stored`] below it and [`Decoded`] above it.
#[derive(Default)]
pub struct Tally {
    consumed: Cell<u64>,
    allowance: Cell<Option<u64>>,
    failure: RefCell<Option<Failure>>,
}

/// Enough of an error to tell it again: decoders swallow, copy and rename the errors of their source.
#[derive(Clone, Copy)]
enum Failure {
    Limit(Reason),
    Kind(io::ErrorKind),
}

impl Failure {
    fn error(self) -> io::Error {
        match self {
            Failure::Limit(reason) => LimitHit(reason).into(),
            Failure::Kind(kind) => kind.into(),
        }
    }
}

impl Tally {
    /// Bytes read from the stored side so far.
    pub fn consumed(&self) -> u64 {
        self.consumed.get()
    }

    /// Lets `bytes` more be read before reading fails for lack of memory; `None` lifts that. For structures that a
    /// decoder holds in memory whole.
    pub fn allow(&self, bytes: Option<u64>) {
        self.allowance.set(bytes);
    }

    /// The error that the stored side ended with, told again.
    pub fn failure(&self) -> Option<io::Error> {
        self.failure.borrow().map(Failure::error)
    }
}

/// The stored side of a decoder.
pub struct Stored<'t, R> {
    inner: R,
    tally: &'t Tally,
}

impl<'t, R> Stored<'t, R> {
    /// Counts what is read from `inner`.
    pub fn new(inner: R, tally: &'t Tally) -> Self {
        Self { inner, tally }
    }
}

impl<R: Read> Read for Stored<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let result = match self.tally.allowance.get() {
            Some(0) => Err(LimitHit(Reason::LimitMemory).into()),
            _ => self.inner.read(buf),
        };
        match &result {
            Ok(n) => {
                self.tally.consumed.set(self.tally.consumed.get() + *n as u64);
                self.tally
                    .allowance
                    .set(self.tally.allowance.get().map(|left| left.saturating_sub(*n as u64)));
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                let failure = LimitHit::find(e).map_or(Failure::Kind(e.kind()), Failure::Limit);
                *self.tally.failure.borrow_mut() = Some(failure);
            }
        }
        result
    }
}

impl<R: Seek> Seek for Stored<'_, R> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.inner.seek(pos)
    }
}

/// The decoded side: spends the budget, watches the ratio, and gives every error one meaning: `InvalidData` for what
/// is damaged, [`LimitHit`] for limits, and the store's own errors as they were.
pub struct Decoded<'a, D> {
    inner: D,
    tally: &'a Tally,
    budget: &'a Budget<'a>,
    /// Stored bytes consumed before this stream began.
    from: u64,
    decoded: u64,
    failed: Option<Failure>,
}

impl<'a, D> Decoded<'a, D> {
    /// Guards `inner`, whose stored side counts in `tally`.
    pub fn new(inner: D, tally: &'a Tally, budget: &'a Budget<'a>) -> Self {
        Self { inner, tally, budget, from: tally.consumed(), decoded: 0, failed: None }
    }

    fn limit(&mut self, n: u64) -> Option<Reason> {
        self.decoded += n;
        if !self.budget.spend(n) {
            return Some(Reason::LimitBytes);
        }
        let stored = (self.tally.consumed() - self.from).max(1);
        (exceeds(self.decoded, stored, self.budget)).then_some(Reason::LimitRatio)
    }
}

/// Whether so much came out of so little that it is not read further.
pub fn exceeds(decoded: u64, stored: u64, budget: &Budget<'_>) -> bool {
    decoded > RATIO_FROM && decoded / stored.max(1) > budget.limits.ratio
}

impl<D: Read> Read for Decoded<'_, D> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(failed) = self.failed {
            return Err(failed.error());
        }
        if let Some(stop) = self.budget.stop() {
            return Err(LimitHit::from(stop).into());
        }
        let failed = match self.inner.read(buf) {
            Ok(n) => match self.limit(n as u64) {
                None => return Ok(n),
                Some(reason) => Failure::Limit(reason),
            },
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Err(e),
            Err(e) => match (LimitHit::find(&e), *self.tally.failure.borrow()) {
                (Some(reason), _) => Failure::Limit(reason),
                (None, Some(below)) => below,
                (None, None) if e.kind() == io::ErrorKind::OutOfMemory => Failure::Limit(Reason::LimitMemory),
                (None, None) => Failure::Kind(io::ErrorKind::InvalidData),
            },
        };
        self.failed = Some(failed);
        Err(failed.error())
    }
}
