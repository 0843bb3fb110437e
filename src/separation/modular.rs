//! Linear algebra on doubles as the rational numbers that they are, modulo a prime: what is independent there is independent,
//! and what depends there on fixed vectors does so in truth, but for one chance in 10¹⁸.

use std::sync::LazyLock;

/// 2⁶² − 57, a prime.
const PRIME: u64 = (1 << 62) - 57;

fn reduce(wide: u128) -> u64 {
    const LOW: u128 = (1 << 62) - 1;
    let once = (wide >> 62) * 57 + (wide & LOW);
    let twice = ((once >> 62) * 57 + (once & LOW)) as u64;
    if twice >= PRIME { twice - PRIME } else { twice }
}

fn times(a: u64, b: u64) -> u64 {
    reduce(u128::from(a) * u128::from(b))
}

pub(super) fn minus(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + (PRIME - b) }
}

fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

/// 2^(e − 1075) for the exponents e of doubles.
static SCALES: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let least = power(PRIME.div_ceil(2), 1075);
    std::iter::successors(Some(least), |scale| Some(times(*scale, 2))).take(2047).collect()
});

/// A finite double, modulo the prime.
pub(super) fn residue(x: f64) -> u64 {
    let bits = x.to_bits();
    let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let (mantissa, exponent) = if exponent == 0 { (fraction, 1) } else { (fraction | (1 << 52), exponent) };
    let size = times(mantissa, SCALES[exponent as usize]);
    if x < 0.0 { minus(0, size) } else { size }
}

/// A linear space, by rows in reduced echelon form.
#[derive(Clone, Debug)]
pub(super) struct Space {
    width: usize,
    /// Their pivots, where all others are 0 and they are 1.
    rows: Vec<(usize, Vec<u64>)>,
}

impl Space {
    pub(super) fn new(width: usize) -> Self {
        Self { width, rows: vec![] }
    }

    pub(super) fn rank(&self) -> usize {
        self.rows.len()
    }

    /// The coordinates that are no combination of those before, on all its vectors, in rising order.
    pub(super) fn pivots(&self) -> Vec<usize> {
        let mut pivots: Vec<usize> = self.rows.iter().map(|(pivot, _)| *pivot).collect();
        pivots.sort_unstable();
        pivots
    }

    /// Widens it by a vector; whether that was not in it.
    pub(super) fn insert(&mut self, mut vector: Vec<u64>) -> bool {
        for (pivot, row) in &self.rows {
            subtract(&mut vector, *pivot, row);
        }
        let Some(pivot) = vector.iter().position(|v| *v != 0) else { return false };
        let inverse = power(vector[pivot], PRIME - 2);
        vector.iter_mut().for_each(|v| *v = times(*v, inverse));
        for (_, row) in &mut self.rows {
            subtract(row, pivot, &vector);
        }
        self.rows.push((pivot, vector));
        true
    }

    /// A vector orthogonal to the space and to nothing outside of it, but for that chance.
    pub(super) fn normal(&self) -> Vec<u64> {
        let mut normal = vec![0; self.width];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let pivots = self.pivots();
        for (at, value) in normal.iter_mut().enumerate() {
            // SplitMix64 (Steele, Lea and Flood 2014).
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *value = if pivots.binary_search(&at).is_ok() { 0 } else { (z ^ (z >> 31)) % PRIME };
        }
        let at_pivots: Vec<(usize, u64)> = self.rows.iter().map(|(pivot, row)| (*pivot, inner(row, &normal))).collect();
        for (pivot, value) in at_pivots {
            normal[pivot] = minus(0, value);
        }
        normal
    }
}

/// v ← v − v[pivot] · row, for a row that is 1 at its pivot.
fn subtract(v: &mut [u64], pivot: usize, row: &[u64]) {
    let factor = v[pivot];
    if factor != 0 {
        v.iter_mut().zip(row).for_each(|(v, r)| *v = minus(*v, times(factor, *r)));
    }
}

pub(super) fn inner(a: &[u64], b: &[u64]) -> u64 {
    a.iter().zip(b).fold(0, |sum, (a, b)| {
        let sum = sum + times(*a, *b);
        if sum >= PRIME { sum - PRIME } else { sum }
    })
}
