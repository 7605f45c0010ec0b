//! Numbers as pages show them.

/// Numbers from top to bottom, a line for each digit.
pub(super) fn numbered(runs: impl Iterator<Item = u64>) -> Vec<String> {
    let runs: Vec<String> = runs.map(|n| n.to_string()).collect();
    let digits = runs.iter().map(String::len).max().unwrap_or(0);
    (0..digits)
        .map(|at| {
            let digit = |n: &String| n.chars().rev().nth(digits - 1 - at).unwrap_or(' ');
            runs.iter().map(digit).collect::<String>()
        })
        .collect()
}

/// Whole percents, downwards, so that 100 % means all.
pub(super) fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        whole => format!("{}%", part * 100 / whole),
    }
}
