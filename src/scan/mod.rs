//! Running it: threads, channels, the ledger.
