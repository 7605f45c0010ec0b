//! Items on their way from the thread that lists to those that examine.
//!
//! Handed out many at a time, since most are small; what a worker cannot get to because one of them turns out large
//! goes back to the front, so that nobody waits behind it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::source::Discovered;

/// Items that may wait.
const CAPACITY: usize = 4096;

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    items: VecDeque<Discovered>,
    /// Nothing more will be listed.
    listed: bool,
    /// Nobody will examine what is listed.
    abandoned: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds items, waiting for room; empties `items`. `false` when nobody wants them any more.
    pub fn add(&self, items: &mut Vec<Discovered>) -> bool {
        let mut state = self.state();
        while state.items.len() >= CAPACITY && !state.abandoned {
            state = self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.items.extend(items.drain(..));
        let abandoned = state.abandoned;
        drop(state);
        self.filled.notify_one();
        !abandoned
    }

    /// Nothing will be added any more.
    pub fn finish(&self) {
        self.state().listed = true;
        self.filled.notify_all();
    }

    /// The records go nowhere any more: listing can stop.
    pub fn abandon(&self) {
        self.state().abandoned = true;
        self.emptied.notify_all();
        self.filled.notify_all();
    }

    /// Takes up to `most` items into `out`, waiting for the first. `false` at the end of all.
    pub fn take(&self, most: usize, out: &mut VecDeque<Discovered>) -> bool {
        let mut state = self.state();
        while state.items.is_empty() && !state.listed {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // A fair share near the end, so that all finish together.
        let most = most.min(state.items.len() / 2 + 1).min(state.items.len());
        out.extend(state.items.drain(..most));
        let (room, more) = (state.items.len() < CAPACITY / 2, !state.items.is_empty());
        drop(state);
        if room {
            self.emptied.notify_one();
        }
        if more {
            self.filled.notify_one();
        }
        !out.is_empty()
    }

    /// Puts back what was taken and not examined.
    pub fn give_back(&self, items: &mut VecDeque<Discovered>) {
        let mut state = self.state();
        while let Some(item) = items.pop_back() {
            state.items.push_front(item);
        }
        drop(state);
        self.filled.notify_all();
    }
}
