//! Hotwords: whole tokens near a candidate, looked at only where there is one.

use rustc_hash::FxHashMap;

/// A set of detectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetectorSet(Box<[u64]>);

impl DetectorSet {
    /// The empty set over `detectors` detectors.
    pub(super) fn new(detectors: usize) -> Self {
        Self(vec![0; detectors.div_ceil(64)].into())
    }

    pub(super) fn insert(&mut self, detector: usize) {
        self.0[detector / 64] |= 1 << (detector % 64);
    }

    /// Whether the detector of this index is in the set.
    pub fn has(&self, detector: usize) -> bool {
        self.0.get(detector / 64).is_some_and(|w| w >> (detector % 64) & 1 == 1)
    }

    pub(super) fn union(&mut self, other: &DetectorSet) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }
}

/// The widest `hotword_window`, in bytes.
pub(super) const MAX_WINDOW: usize = 512;

/// Part of a word: ASCII letters and digits, and every byte of a non-ASCII character.
pub(super) fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 0x80
}

struct Phrase {
    /// Tokens in lower case (ASCII) or as written (others), the first one first.
    tokens: Vec<Box<[u8]>>,
    positive: DetectorSet,
    negative: DetectorSet,
}

/// All hotwords of all detectors, found by their first token.
pub(super) struct Hotwords {
    /// One bit for each value of [`bucket`].
    filter: Box<[u64; 1024]>,
    by_first: FxHashMap<u64, Vec<u32>>,
    phrases: Vec<Phrase>,
}

/// A hotword at a place.
#[derive(Clone, Copy)]
struct Hit {
    start: u32,
    end: u32,
    phrase: u32,
}

/// The hotwords of the stretch of text looked at last; candidates come in ascending order, so that each byte is
/// tokenised once at most.
#[derive(Default)]
pub(super) struct ContextCache {
    from: usize,
    to: usize,
    hits: Vec<Hit>,
}

impl ContextCache {
    pub(super) fn clear(&mut self) {
        (self.from, self.to) = (0, 0);
        self.hits.clear();
    }
}

/// What stands around a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Around {
    pub positive: bool,
    pub negative: bool,
}

impl Hotwords {
    pub(super) fn build<'a>(detectors: usize, words: impl Iterator<Item = (usize, bool, &'a str)>) -> Self {
        let mut all =
            Self { filter: Box::new([0; 1024]), by_first: FxHashMap::default(), phrases: Vec::new() };
        let mut known: FxHashMap<Vec<Box<[u8]>>, u32> = FxHashMap::default();
        for (detector, positive, word) in words {
            for form in forms(word) {
                let tokens = tokens(form.as_bytes());
                if tokens.is_empty() {
                    continue;
                }
                let id = *known.entry(tokens.clone()).or_insert_with(|| {
                    let hash = hash(&tokens[0]);
                    all.filter[bucket(hash) / 64] |= 1 << (bucket(hash) % 64);
                    all.by_first.entry(hash).or_default().push(all.phrases.len() as u32);
                    all.phrases.push(Phrase {
                        tokens,
                        positive: DetectorSet::new(detectors),
                        negative: DetectorSet::new(detectors),
                    });
                    all.phrases.len() as u32 - 1
                });
                let phrase = &mut all.phrases[id as usize];
                if positive { phrase.positive.insert(detector) } else { phrase.negative.insert(detector) }
            }
        }
        all
    }

    /// What speaks for and against `detector` on the candidate's line, at most `window` bytes before `start` or after
    /// `end`. Only whole tokens wholly inside that stretch and outside the candidate count.
    pub(super) fn around(
        &self,
        cache: &mut ContextCache,
        text: &[u8],
        (start, end): (usize, usize),
        window: usize,
        detector: usize,
    ) -> Around {
        let low = start.saturating_sub(window);
        let high = (end + window).min(text.len());
        let low = memchr::memrchr(b'\n', &text[low..start]).map_or(low, |n| low + n + 1);
        let high = memchr::memchr(b'\n', &text[end..high]).map_or(high, |n| end + n);
        self.fill(cache, text, low, high);

        let mut around = Around::default();
        for hit in &cache.hits {
            let (s, e) = (hit.start as usize, hit.end as usize);
            if s >= low && e <= high && (e <= start || s >= end) {
                let phrase = &self.phrases[hit.phrase as usize];
                around.positive |= phrase.positive.has(detector);
                around.negative |= phrase.negative.has(detector);
            }
        }
        around
    }

    /// Makes the cache hold every hotword that starts in `low..high` and is whole in `text`.
    fn fill(&self, cache: &mut ContextCache, text: &[u8], low: usize, high: usize) {
        if low < cache.from || low > cache.to || cache.to == 0 {
            cache.hits.clear();
            (cache.from, cache.to) = (low, low);
        } else {
            // Candidates ascend: what ends this far before can no longer be asked for.
            cache.from = cache.from.max(low.saturating_sub(2 * MAX_WINDOW));
            cache.hits.retain(|h| h.end as usize + 2 * MAX_WINDOW > low);
        }
        let mut at = cache.to;
        if at >= high {
            return;
        }
        // Tokens that began before `at` were seen when they began, or belong to nobody.
        if at > 0 && is_token(text[at - 1]) {
            while at < text.len() && is_token(text[at]) {
                at += 1;
            }
        }
        while at < high {
            if !is_token(text[at]) {
                at += 1;
                continue;
            }
            let end = token_end(text, at);
            let hash = hash(&text[at..end]);
            if self.filter[bucket(hash) / 64] >> (bucket(hash) % 64) & 1 == 1 {
                self.push(cache, text, at, end, hash);
            }
            at = end;
        }
        cache.to = at;
    }

    fn push(&self, cache: &mut ContextCache, text: &[u8], at: usize, first_end: usize, hash: u64) {
        let Some(ids) = self.by_first.get(&hash) else { return };
        for &id in ids {
            let mut end = first_end;
            let mut from = at;
            let mut fits = true;
            for (i, token) in self.phrases[id as usize].tokens.iter().enumerate() {
                if i > 0 {
                    // Between two words of a phrase: one or two bytes that are no token and no line end.
                    let gap =
                        text[end..].iter().take(3).take_while(|b| !is_token(**b) && **b != b'\n').count();
                    from = end + gap;
                    fits = gap > 0 && gap < 3 && from < text.len();
                    if !fits {
                        break;
                    }
                    end = token_end(text, from);
                }
                fits = text[from..end].eq_ignore_ascii_case(token);
                if !fits {
                    break;
                }
            }
            if fits {
                cache.hits.push(Hit { start: at as u32, end: end as u32, phrase: id });
            }
        }
    }
}

fn token_end(text: &[u8], from: usize) -> usize {
    from + text[from..].iter().position(|b| !is_token(*b)).unwrap_or(text.len() - from)
}

/// Of the first 24 bytes in ASCII lower case, and the length.
fn hash(token: &[u8]) -> u64 {
    let mut h = token.len() as u64;
    for chunk in token[..token.len().min(24)].chunks(8) {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        // Sets the case bit of every byte: two tokens that differ only there share a hash, and `push` compares.
        h = (h.rotate_left(5) ^ (u64::from_le_bytes(eight) | 0x2020_2020_2020_2020))
            .wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    h
}

fn bucket(hash: u64) -> usize {
    (hash >> 48) as usize
}

fn tokens(text: &[u8]) -> Vec<Box<[u8]>> {
    text.split(|b| !is_token(*b)).filter(|t| !t.is_empty()).map(|t| t.to_ascii_lowercase().into()).collect()
}

/// ASCII case is folded when comparing; words with other letters are listed in lower, upper and title case.
fn forms(word: &str) -> Vec<String> {
    let lower = word.to_lowercase();
    if word.is_ascii() {
        return vec![lower];
    }
    let mut letters = lower.chars();
    let title = letters.next().map(|c| c.to_uppercase().chain(letters).collect::<String>());
    let mut all = vec![lower.clone(), lower.to_uppercase()];
    all.extend(title);
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(words: &[(&str, bool)], text: &str, span: (usize, usize), window: usize) -> (bool, bool) {
        let table = Hotwords::build(1, words.iter().map(|(w, p)| (0, *p, *w)));
        let a = table.around(&mut ContextCache::default(), text.as_bytes(), span, window, 0);
        (a.positive, a.negative)
    }

    #[test]
    fn only_whole_tokens_on_the_same_line_within_the_window_count() {
        let words = [("ssn", true), ("order", false), ("date of birth", true), ("né", true)];
        assert_eq!(around(&words, "SSN: 123", (5, 8), 10), (true, false));
        assert_eq!(around(&words, "lessn: 123", (7, 10), 10), (false, false));
        assert_eq!(around(&words, "ssn\n123", (4, 7), 10), (false, false));
        assert_eq!(around(&words, "ssn          123", (13, 16), 10), (false, false));
        assert_eq!(around(&words, "123 order", (0, 3), 10), (false, true));
        assert_eq!(around(&words, "Date-of-Birth 123", (14, 17), 20), (true, false));
        assert_eq!(around(&words, "date of 123", (8, 11), 20), (false, false));
        assert_eq!(around(&words, "NÉ 123", (4, 7), 20), (true, false));
    }

    #[test]
    fn a_filled_cache_answers_as_an_empty_one() {
        let table = Hotwords::build(1, [(0, true, "ssn"), (0, false, "order no")].into_iter());
        let text = b"ssn 111 order no 222 xssn 333 ssnx 444 order nos 555 ssn".repeat(4);
        let mut warm = ContextCache::default();
        for start in 0..text.len() - 3 {
            let cold = table.around(&mut ContextCache::default(), &text, (start, start + 3), 9, 0);
            assert_eq!(table.around(&mut warm, &text, (start, start + 3), 9, 0), cold, "at {start}");
        }
    }
}
