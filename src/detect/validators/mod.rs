//! Offline checks of a value: checksums, structures, ranges, published test values.

pub mod checksum;
pub mod contact;
pub mod financial;
pub mod health;
pub mod national;
pub mod national_asia;
pub mod national_east;
pub mod national_eu;
pub mod national_north;
pub mod network;
pub mod phone;
pub mod secret;
pub mod vehicle;

/// What a validator is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// ASCII letters and digits of the match only, letters in upper case; at most 64 bytes, longer values are cut.
    Compact,
    /// The match as it stands.
    Raw,
}

/// A named check that detectors refer to.
#[derive(Clone, Copy)]
pub struct Validator {
    /// kebab-case, unique.
    pub name: &'static str,
    /// What `accepts` is given.
    pub input: Input,
    /// Whether the value passes. Never allocates, never panics, for any bytes.
    pub accepts: fn(&[u8]) -> bool,
    /// Share of random strings of the right shape that pass (Luhn 0.1, mod 97 0.0103); 1.0 for no check.
    pub pass_rate: f32,
    /// What it checks and by which standard or publication (with edition), for people.
    pub about: &'static str,
}

/// Every validator, room by room.
pub const VALIDATORS: &[&[Validator]] = &[
    checksum::TABLE,
    contact::TABLE,
    financial::TABLE,
    health::TABLE,
    national::TABLE,
    national_asia::TABLE,
    national_east::TABLE,
    national_eu::TABLE,
    national_north::TABLE,
    network::TABLE,
    phone::TABLE,
    secret::TABLE,
    vehicle::TABLE,
];

/// The validator of this name.
pub fn find(name: &str) -> Option<&'static Validator> {
    VALIDATORS.iter().flat_map(|room| room.iter()).find(|v| v.name == name)
}
