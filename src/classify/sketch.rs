//! How many distinct values: exact while few, an estimate after.

const EXACT: usize = 64;
const REGISTERS: usize = 1024;

/// A mergeable counter of distinct hashes: exact up to 64, then HyperLogLog with 1,024 registers (Flajolet et al. 2007;
/// standard error 3.3 %).
#[derive(Clone, Debug)]
pub(super) enum Sketch {
    Few(Vec<u64>),
    Many(Box<[u8; REGISTERS]>),
}

impl Default for Sketch {
    fn default() -> Self {
        Sketch::Few(Vec::new())
    }
}

impl Sketch {
    pub fn add(&mut self, hash: u64) {
        match self {
            Sketch::Few(all) => {
                if all.contains(&hash) {
                    return;
                }
                if all.len() < EXACT {
                    all.push(hash);
                    return;
                }
                let mut registers = Box::new([0; REGISTERS]);
                all.iter().chain([&hash]).for_each(|h| set(&mut registers, *h));
                *self = Sketch::Many(registers);
            }
            Sketch::Many(registers) => set(registers, hash),
        }
    }

    pub fn merge(&mut self, other: Sketch) {
        match other {
            Sketch::Few(all) => all.into_iter().for_each(|h| self.add(h)),
            Sketch::Many(theirs) => {
                let mut registers = theirs;
                match self {
                    Sketch::Few(all) => all.iter().for_each(|h| set(&mut registers, *h)),
                    Sketch::Many(ours) => {
                        registers.iter_mut().zip(ours.iter()).for_each(|(a, b)| *a = (*a).max(*b));
                    }
                }
                *self = Sketch::Many(registers);
            }
        }
    }

    pub fn estimate(&self) -> u64 {
        let registers = match self {
            Sketch::Few(all) => return all.len() as u64,
            Sketch::Many(registers) => registers,
        };
        let m = REGISTERS as f64;
        let sum: f64 = registers.iter().map(|r| 2f64.powi(-i32::from(*r))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        let empty = registers.iter().filter(|r| **r == 0).count();
        if raw <= 2.5 * m && empty > 0 {
            (m * (m / empty as f64).ln()).round() as u64
        } else {
            raw.round() as u64
        }
    }
}

fn set(registers: &mut [u8; REGISTERS], hash: u64) {
    let register = (hash >> 54) as usize;
    let rank = (hash << 10).leading_zeros().min(53) as u8 + 1;
    registers[register] = registers[register].max(rank);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(n: u64) -> u64 {
        let x = (n ^ (n >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (x >> 17)
    }

    #[test]
    fn few_are_exact_and_many_are_near() {
        for n in [0u64, 1, 64, 65, 1_000, 100_000] {
            let mut sketch = Sketch::default();
            (0..n).for_each(|i| sketch.add(mixed(i)));
            (0..n).for_each(|i| sketch.add(mixed(i)));
            let error = (sketch.estimate() as f64 - n as f64).abs();
            assert!(error <= if n <= 64 { 0.0 } else { 0.12 * n as f64 }, "{n}: {}", sketch.estimate());
        }
    }

    #[test]
    fn merging_is_adding_all_whatever_the_order() {
        for (a, b) in [(10, 20), (10, 500), (500, 10), (500, 600)] {
            let (mut left, mut right, mut all) = (Sketch::default(), Sketch::default(), Sketch::default());
            (0..a).for_each(|i| left.add(mixed(i)));
            (a / 2..b).for_each(|i| right.add(mixed(i)));
            (0..a.max(b)).for_each(|i| all.add(mixed(i)));
            let mut other = right.clone();
            other.merge(left.clone());
            left.merge(right);
            assert_eq!(left.estimate(), all.estimate());
            assert_eq!(other.estimate(), all.estimate());
        }
    }
}
