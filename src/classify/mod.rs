//! Matches to findings: likelihood, categories, tiers, masks, fingerprints. Pure.
