//! The search written the slow and obvious way, from its description alone: what the engine is held against.

use super::compile::{Compiled, accepts};
use super::context::ContextCache;
use super::definition::{Anchor, Context};
use super::search::{COMPONENT_SPAN, LOWEST_SCORE, Match, score};
use super::starts::{end_allowed, is_start, local_start, start_allowed};
use crate::model::{Likelihood, Signals};

/// Every reported match of a whole text.
pub(super) fn search(compiled: &Compiled, text: &[u8]) -> Vec<Match> {
    let mut hits = Vec::new();
    for (id, detector) in compiled.detectors.iter().enumerate() {
        let def = &detector.def;
        let regex = regex::bytes::RegexBuilder::new(&format!("^(?:{})$", def.pattern))
            .case_insensitive(def.ignore_case)
            .unicode(def.unicode)
            .build()
            .expect("the compiler accepted it");
        let starts: Vec<(usize, usize)> = match def.anchor {
            Anchor::Start => (0..text.len()).filter(|at| is_start(text, *at)).map(|at| (at, at)).collect(),
            Anchor::Cell => Vec::new(),
            Anchor::At => (0..text.len())
                .filter(|at| text[*at] == b'@')
                .filter_map(|at| local_start(text, at).map(|from| (from, at)))
                .collect(),
        };
        for (from, beyond) in starts {
            if !start_allowed(def.boundary, text, from) {
                continue;
            }
            let longest = text.len().min(from + detector.max_len);
            let ends = (beyond + 1..=longest).rev();
            let allowed = |end: &usize| detector.extend.is_some() || end_allowed(def.boundary, text, *end);
            let Some(mut end) = ends.filter(allowed).find(|end| regex.is_match(&text[from..*end])) else {
                continue;
            };
            if let Some(class) = &detector.extend {
                let limit = text.len().min(end + usize::from(def.extend_max));
                while end < limit && class[usize::from(text[end])] {
                    end += 1;
                }
                if !end_allowed(def.boundary, text, end) {
                    continue;
                }
            }
            let group = regex.captures(&text[from..end]).and_then(|c| c.name("value").map(|v| v.range()));
            let matched = end;
            let (start, end) = group.map_or((from, end), |v| (from + v.start, from + v.end));
            let value = &text[start..end];
            if !detector.validators.iter().all(|v| accepts(v, value, &mut [0; 64])) {
                continue;
            }
            let mut signals = Signals::default();
            if !detector.validators.is_empty() {
                signals.add(Signals::CHECKSUM);
            }
            let window = usize::from(def.hotword_window);
            let around =
                compiled.hotwords.around(&mut ContextCache::default(), text, (start, end), window, id);
            if around.positive {
                signals.add(Signals::HOTWORD);
            }
            if around.negative {
                signals.add(Signals::NEGATIVE_HOTWORD);
            }
            if def.context == Context::Required && !around.positive {
                continue;
            }
            let is_test = detector.likely_test.iter().any(|v| accepts(v, value, &mut [0; 64]))
                || detector.test_values.contains(&super::compile::compact(value));
            if is_test {
                signals.add(Signals::LIKELY_TEST);
            }
            let score = score(def.likelihood.base_score(), signals, false);
            if score >= LOWEST_SCORE {
                let found = Match::unweighed(id as u16, start..end, from..matched, signals);
                hits.push(Match { score, ..found });
            }
        }
    }
    hits.sort_by_key(Match::order);
    hits.dedup_by_key(|m| m.order());
    resolve(compiled, hits)
}

fn resolve(compiled: &Compiled, hits: Vec<Match>) -> Vec<Match> {
    let mut components: Vec<Vec<Match>> = Vec::new();
    for hit in hits {
        match components.last_mut() {
            Some(c)
                if c.iter().any(|m| hit.claim_start < m.claim_end)
                    && hit.claim_start - c[0].claim_start < COMPONENT_SPAN =>
            {
                c.push(hit);
            }
            _ => components.push(vec![hit]),
        }
    }
    let mut all = Vec::new();
    for mut component in components {
        component.sort_by_key(|m| {
            let without_validator = compiled.detectors[usize::from(m.detector)].validators.is_empty();
            let level = std::cmp::Reverse(Likelihood::of(m.score));
            let length = std::cmp::Reverse(m.claim_end - m.claim_start);
            (level, length, without_validator, m.claim_start, m.detector)
        });
        let mut kept: Vec<Match> = Vec::new();
        for hit in component {
            if kept.iter().all(|k| hit.claim_end <= k.claim_start || hit.claim_start >= k.claim_end) {
                kept.push(hit);
            }
        }
        kept.retain(|m| !compiled.detectors[usize::from(m.detector)].def.decoy);
        kept.sort_by_key(Match::order);
        all.extend(kept);
    }
    all
}
