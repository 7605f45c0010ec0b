//! `log.jsonl`: one line for the start and one for the end of each run, chained by hashes.
//!
//! A line is
//!
//! ```text
//! {"seq":2,"event":"end","run":"000001-…","at":"…",…,"previous":"<hash of line 1>","hash":"<hash>","signature":"…"}
//! ```
//!
//! `hash` is the SHA-256, in lower-case hex, over the bytes of the line before `,"hash":`. Line 2 can be checked with
//!
//! ```text
//! sed -n 2p log.jsonl | sed 's/,"hash":.*//' | tr -d '\n' | sha256sum
//! ```
//!
//! and has to stand as `previous` in line 3; the first line's `previous` is 64 zeros. Quotes inside of texts are
//! escaped, so `,"hash":` stands in a line once. The optional `signature` is base64 over the 64 hex digits of `hash`.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::model::hex;

/// What stands as `previous` in the first line.
pub const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Bytes that a log may have: some hundred thousand runs.
pub const MAX_LOG_BYTES: u64 = 128 << 20;

/// What a line tells of.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A run began.
    Start {
        /// Its "today".
        as_of: Date,
        /// Version of the tool.
        tool_version: String,
        /// Hash over the detectors in force.
        detectors_digest: String,
        /// SHA-256 of its policy, hex.
        policy_digest: Option<String>,
        /// Bytes of an unfinished line that a crash had left at the end of the log, and that were cut off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut: Option<u64>,
    },
    /// A run came to its end and its folder is whole.
    End {
        /// SHA-256 of its `manifest.json`, hex.
        manifest: String,
        /// It was interrupted: whole, but not of everything.
        interrupted: bool,
        /// Systems in which it noted a change since the run before (MON-04).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        drifted: Vec<String>,
    },
    /// A run did not come to its end; nothing of it was kept.
    Aborted {
        /// `killed`, or `failed` where the run itself could say so.
        reason: String,
    },
    /// Someone decided about something that the run found.
    Review {
        /// An `item_id`, a `finding_id`, `drift:SYSTEM`, or a test id.
        subject: String,
        /// Who, as a role.
        by: String,
        /// When.
        on: Date,
        /// What was decided, in the reviewer's words.
        decision: String,
    },
    /// The head of the log was noted outside.
    Anchor {
        /// Hash of the line that was the last then.
        head: String,
        /// Where it was noted, in words.
        place: String,
    },
    /// Something that a later version of the tool wrote.
    #[serde(other)]
    Other,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its number, from 1.
    pub seq: u64,
    /// What it tells of.
    pub event: Event,
    /// The run it speaks of: the name of its folder.
    pub run: String,
    /// When it was written.
    pub at: Timestamp,
    /// Hash of the line before it.
    pub previous: String,
    /// The hash that it states for itself.
    pub hash: String,
    /// The hash that its bytes have: equal to `hash` in an intact line.
    pub computed: String,
    /// Base64 over the hex digits of `hash`.
    pub signature: Option<String>,
}

/// The part that is hashed.
#[derive(Deserialize, Serialize)]
struct Body {
    seq: u64,
    event: String,
    run: String,
    at: Timestamp,
    #[serde(flatten)]
    said: Map<String, Value>,
    previous: String,
}

/// The part behind it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    hash: String,
    #[serde(default)]
    signature: Option<String>,
}

/// Makes a line, without the line end, and says its hash. `sign` gets the hash's 64 hex digits.
pub fn make_line(
    seq: u64,
    event: &Event,
    run: &str,
    at: Timestamp,
    previous: &str,
    sign: Option<&dyn Fn(&str) -> String>,
) -> serde_json::Result<(String, String)> {
    let mut said = match serde_json::to_value(event)? {
        Value::Object(said) => said,
        _ => Map::new(),
    };
    let word = said.remove("event").and_then(|w| w.as_str().map(str::to_owned)).unwrap_or_default();
    let body = Body { seq, event: word, run: run.to_owned(), at, said, previous: previous.to_owned() };
    let text = serde_json::to_string(&body)?;
    let text = text.strip_suffix('}').unwrap_or(&text);
    let hash = hash_of(text);
    let signature = sign.map_or_else(String::new, |sign| format!(",\"signature\":\"{}\"", sign(&hash)));
    Ok((format!("{text},\"hash\":\"{hash}\"{signature}}}"), hash))
}

/// Takes a line apart. The error says what is wrong, without the line.
pub fn parse_line(line: &str) -> Result<Line, String> {
    let (text, seal) = line.split_once(",\"hash\":").ok_or("has no hash")?;
    let malformed = |e: serde_json::Error| format!("is malformed ({})", kind(&e));
    let seal: Seal = serde_json::from_str(&format!("{{\"hash\":{seal}")).map_err(malformed)?;
    let body: Body = serde_json::from_str(&format!("{text}}}")).map_err(malformed)?;
    let mut said = body.said;
    said.insert("event".to_owned(), Value::String(body.event));
    let event = serde_json::from_value(Value::Object(said)).map_err(malformed)?;
    Ok(Line {
        seq: body.seq,
        event,
        run: body.run,
        at: body.at,
        previous: body.previous,
        hash: seal.hash,
        computed: hash_of(text),
        signature: seal.signature,
    })
}

/// What kind of error, without the text it is about.
pub(super) fn kind(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Io => "cannot be read",
        serde_json::error::Category::Syntax => "no JSON",
        serde_json::error::Category::Data => "a key is missing or of another type",
        serde_json::error::Category::Eof => "cut short",
    }
}

/// SHA-256 over the bytes of a text, hex.
pub fn hash_of(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// The lines of a log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Line by line; a line that cannot be taken apart says why.
    pub lines: Vec<Result<Line, String>>,
    /// Bytes behind the last line end: an unfinished line, left by a crash. No line until its end is written.
    pub unfinished: u64,
    /// They are a whole line and one byte more: no crash leaves that, but damage to the line's end does.
    pub damaged_end: bool,
}

impl Log {
    /// Takes the bytes of `log.jsonl` apart.
    pub fn parse(bytes: &[u8]) -> Self {
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let lines = bytes[..whole].split_inclusive(|b| *b == b'\n').map(|line| {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            std::str::from_utf8(line).map_err(|_| "is not UTF-8".to_owned()).and_then(parse_line)
        });
        let tail = bytes[whole..].split_last().and_then(|(_, line)| std::str::from_utf8(line).ok());
        Self {
            lines: lines.collect(),
            unfinished: (bytes.len() - whole) as u64,
            damaged_end: tail.is_some_and(|line| parse_line(line).is_ok()),
        }
    }

    /// What of the chain does not hold, one sentence each: lines that cannot be read, hashes, numbers.
    pub fn broken(&self) -> Vec<String> {
        self.breaks().into_iter().map(|(line, what)| format!("log.jsonl line {line} {what}")).collect()
    }

    /// The same with the number of each line.
    pub fn breaks(&self) -> Vec<(u64, String)> {
        let mut broken = Vec::new();
        let mut previous = NO_PREVIOUS.to_owned();
        for (number, line) in (1u64..).zip(&self.lines) {
            let mut no = |what: String| broken.push((number, what));
            match line {
                Err(what) => {
                    no(what.clone());
                    previous.clear();
                }
                Ok(line) => {
                    if line.computed != line.hash {
                        no("does not have the hash that it states".to_owned());
                    }
                    if line.seq != number {
                        no(format!("says that it is number {}", line.seq));
                    }
                    if line.previous != previous && !previous.is_empty() {
                        no("does not follow on the line before it".to_owned());
                    }
                    previous.clone_from(&line.hash);
                }
            }
        }
        if self.damaged_end {
            broken.push((self.lines.len() as u64 + 1, "does not end as a line does".to_owned()));
        }
        broken
    }

    /// Hash of the last line.
    pub fn head(&self) -> &str {
        match self.lines.last() {
            Some(Ok(line)) => &line.hash,
            _ => NO_PREVIOUS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        "2026-11-24T06:00:00Z".parse().expect("an instant")
    }

    fn review(decision: &str) -> Event {
        let on = "2026-11-25".parse().expect("a day");
        let text = |t: &str| t.to_owned();
        Event::Review {
            subject: text("drift:crm"),
            by: text("privacy-officer"),
            on,
            decision: text(decision),
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_made_whatever_its_texts_hold() {
        for decision in ["", "kept", ",\"hash\":\"0\"}", "a\\\",\"hash\":", "},\"previous\":\"\n\u{1b}"] {
            let event = review(decision);
            let (text, hash) = make_line(7, &event, "000001-x", at(), NO_PREVIOUS, None).expect("made");
            assert!(!text.contains('\n'));
            let line = parse_line(&text).expect("parsed");
            assert_eq!((line.seq, &line.event, line.run.as_str()), (7, &event, "000001-x"));
            assert_eq!((&line.hash, &line.computed, line.signature), (&hash, &hash, None));
        }
        let sign = |hash: &str| format!("signed {}", &hash[..4]);
        let (text, hash) = make_line(1, &review("x"), "r", at(), NO_PREVIOUS, Some(&sign)).expect("made");
        let line = parse_line(&text).expect("parsed");
        assert_eq!(line.signature, Some(format!("signed {}", &hash[..4])));
        // The signature is outside of what is hashed.
        assert_eq!(line.computed, hash);
    }

    #[test]
    fn every_changed_byte_and_every_missing_line_is_seen() {
        let mut text = String::new();
        let mut previous = NO_PREVIOUS.to_owned();
        for seq in 1..=4 {
            let made = make_line(seq, &review("as found"), "000001-x", at(), &previous, None).expect("made");
            text.push_str(&made.0);
            text.push('\n');
            previous = made.1;
        }
        assert_eq!(Log::parse(text.as_bytes()).broken(), Vec::<String>::new());
        let lines: Vec<&str> = text.lines().collect();
        for at in (0..text.len()).filter(|at| text.as_bytes()[*at] != b'\n') {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(!Log::parse(&bytes).broken().is_empty(), "byte {at}");
        }
        for gone in 0..3 {
            let kept: Vec<&str> =
                lines.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, l)| *l).collect();
            assert!(
                !Log::parse(format!("{}\n", kept.join("\n")).as_bytes()).broken().is_empty(),
                "line {gone}"
            );
        }
        let cut = Log::parse(&text.as_bytes()[..text.len() - 10]);
        assert_eq!((cut.lines.len(), cut.unfinished > 0), (3, true));
        assert_eq!(cut.broken(), Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line in "\\PC{0,80}", tail in "(,\"hash\":\"?[0-9a-f]{0,64}\"?\\}?)?") {
            let _ = parse_line(&format!("{line}{tail}"));
        }
    }
}
