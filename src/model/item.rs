//! Items: what has content, where it is, and how its examination ended.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Identifies an item across runs: the first 16 bytes of SHA-256 over its raw path (segments joined by `!/`), as lower-case hex when shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub [u8; 16]);

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where an item is: segments from outside in (`exports/q3.tar.gz`, then `crm/customers.csv`), as the raw bytes of
/// the store. A path is content: it may hold personal data, so printing one is the business of `report`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ItemPath {
    /// Segments joined by `!/`.
    joined: Vec<u8>,
    /// Where the innermost segment starts.
    name: usize,
    depth: usize,
}

impl ItemPath {
    /// A path of one segment: something that a source found.
    pub fn new(outermost: impl Into<Vec<u8>>) -> Self {
        Self { joined: outermost.into(), name: 0, depth: 0 }
    }

    /// The path of an entry inside this item.
    pub fn entry(&self, name: &[u8]) -> Self {
        let joined = [self.joined.as_slice(), b"!/", name].concat();
        Self { name: joined.len() - name.len(), joined, depth: self.depth + 1 }
    }

    /// Segments from outside in, joined by `!/`, still raw bytes: what [`ItemId`] is made of.
    pub fn joined(&self) -> &[u8] {
        &self.joined
    }

    /// The innermost segment: the name that identification and the name search look at.
    pub fn name(&self) -> &[u8] {
        &self.joined[self.name..]
    }

    /// The outermost segment: the path of the file or object in the store.
    pub fn outermost(&self) -> &[u8] {
        let mut end = self.name.saturating_sub(2);
        if self.depth == 0 {
            return &self.joined;
        }
        // Names may hold `!/` themselves, so the joints are counted from the inside.
        for _ in 1..self.depth {
            end = memchr::memmem::rfind(&self.joined[..end], b"!/").unwrap_or(end);
        }
        &self.joined[..end]
    }

    /// How many containers are around this item.
    pub fn depth(&self) -> usize {
        self.depth
    }
}

impl fmt::Debug for ItemPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemPath(depth {})", self.depth)
    }
}

/// What the store says about an item, not what its content says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemMeta {
    /// Size in bytes as stored; of an archive entry as declared, `None` when unknown.
    pub bytes: Option<u64>,
    /// Last modification.
    pub modified: Option<Timestamp>,
    /// Creation, where the store keeps it.
    pub created: Option<Timestamp>,
    /// Last access; asked for only where a policy speaks of it, since scanning changes it.
    pub accessed: Option<Timestamp>,
    /// Owner's name, or its number when it has no name.
    pub owner: Option<Arc<str>>,
    /// Group's name, or its number when it has no name.
    pub group: Option<Arc<str>>,
    /// Unix permission bits.
    pub mode: Option<u32>,
}

/// One thing with content: a file, an archive entry, standard input.
#[derive(Clone, Debug)]
pub struct Item {
    /// Stable identity.
    pub id: ItemId,
    /// Raw path.
    pub path: ItemPath,
    /// What the store says.
    pub meta: ItemMeta,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident => $code:literal),+ $(,)?) => {
        /// Why an item was not, or not wholly, examined. The codes are a contract; see `privascan schema`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($(#[doc = $doc])+ $name),+ }

        impl Reason {
            /// Every reason, in the order of the contract.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),+];

            /// The stable snake_case code.
            pub fn code(self) -> &'static str {
                match self { $(Reason::$name => $code),+ }
            }

            /// What it means, in one sentence.
            pub fn about(self) -> &'static str {
                match self { $(Reason::$name => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

reasons! {
    /// Left out by --include, --exclude or an ignore file.
    Excluded => "excluded",
    /// Written by this tool: an output, a record or a policy.
    OwnOutput => "own_output",
    /// A symbolic link; its target is an item of its own if it is in scope.
    Symlink => "symlink",
    /// A FIFO, socket or device; never opened.
    SpecialFile => "special_file",
    /// On another file system, with --one-file-system.
    OtherFileSystem => "other_file_system",
    /// The store refused to open or list it.
    PermissionDenied => "permission_denied",
    /// Gone between listing and opening.
    NotFound => "not_found",
    /// The store failed while it was read.
    ReadError => "read_error",
    /// Its size changed while it was read.
    ChangedWhileRead => "changed_while_read",
    /// Not a format this build knows: printable runs were searched.
    UnknownFormat => "unknown_format",
    /// A known format without a reader in this build: printable runs were searched.
    UnsupportedFormat => "unsupported_format",
    /// Content is encrypted and no key was given.
    Encrypted => "encrypted",
    /// Damaged or not what it claims; what could be read was searched.
    Malformed => "malformed",
    /// Nested deeper than --max-depth.
    LimitDepth => "limit_depth",
    /// More entries than the limit.
    LimitEntries => "limit_entries",
    /// More content than --max-item-bytes.
    LimitBytes => "limit_bytes",
    /// Inflates by more than --max-ratio.
    LimitRatio => "limit_ratio",
    /// One value or record is larger than the memory an item may use.
    LimitMemory => "limit_memory",
    /// Took longer than --timeout-per-item.
    LimitTime => "limit_time",
    /// Only --sample-rows rows of each table were read.
    Sampled => "sampled",
    /// The reader panicked; the panic was contained.
    Panicked => "panicked",
    /// The run was interrupted before this item was done.
    Interrupted => "interrupted",
}

/// How the examination of an item ended. Each discovered item has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Wholly examined.
    Scanned,
    /// Examined in part.
    Partial(Reason),
    /// Not examined, by decision.
    Skipped(Reason),
    /// Wanted, but could not be examined.
    Failed(Reason),
}

impl Outcome {
    /// `scanned`, `partial`, `skipped` or `failed`.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Scanned => "scanned",
            Outcome::Partial(_) => "partial",
            Outcome::Skipped(_) => "skipped",
            Outcome::Failed(_) => "failed",
        }
    }

    /// The reason, for all but `scanned`.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Outcome::Scanned => None,
            Outcome::Partial(r) | Outcome::Skipped(r) | Outcome::Failed(r) => Some(r),
        }
    }
}

/// A part of an item that was not examined, or not as what it claims to be. Several gaps make one `partial` outcome
/// whose reason is the first gap's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The reason code.
    pub reason: Reason,
    /// Where and what, in our own words and numbers. Never content, names or foreign error texts.
    pub detail: String,
}

impl Gap {
    /// A gap with a detail in our own words.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}
