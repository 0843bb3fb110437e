//! Which columns tell nothing that those before them do not.

use nalgebra::DMatrix;

/// Where less than this share of a column's variance is left when the columns before it are known, it is looked at row by row.
pub(super) const SUSPECT: f64 = 1e-6;
/// So many units in the last place of what a row adds up may the numbers of a combination be off, as they were rounded when they were
/// computed and written.
const ROUNDED: f64 = 32.0 * f64::EPSILON;

/// Which columns of x (rows, columns) are, in every row that was observed and to the rounding of its numbers, linear combinations of
/// the columns before them and 1. Not by a correlation, which one value far from the others makes 1 whatever the others are: the rows
/// weigh what keeps each within ±1, in coordinates (x − shift) / scale of the bulk.
pub(super) fn combinations(x: &[f64], count: &[f64], shift: &[f64], scale: &[f64]) -> Vec<usize> {
    let width = shift.len() + 1;
    let rows = || x.chunks_exact(shift.len()).zip(count).filter(|(_, count)| **count > 0.0).map(|(row, _)| row);
    let weighed = |row: &[f64], to: &mut [f64]| {
        to[0] = 1.0;
        to[1..].iter_mut().zip(row).zip(shift.iter().zip(scale)).for_each(|((to, x), (a, b))| *to = (x - a) / b);
        let most = to.iter().fold(1.0, |most: f64, z| most.max(z.abs()));
        to.iter_mut().for_each(|z| *z /= most);
        most
    };
    let gram = gram(width, rows(), |row, to| _ = weighed(row, to));
    let mut known = Known { own: vec![] };
    let mut combined = vec![];
    for at in 0..width {
        let along = known.along(|_, k| gram[(k, at)]);
        let left = gram[(at, at)] - along.iter().map(|a| a * a).sum::<f64>();
        if at == 0 || left > SUSPECT * gram[(at, at)] {
            known.own.push((at, [along, vec![left.sqrt()]].concat()));
            continue;
        }
        let (mut weights, mut z) = (known.back(along.clone()), vec![0.0; width]);
        let size = |row: &[f64], k: usize| match k {
            0 => 1.0,
            _ => (row[k - 1].abs() + shift[k - 1].abs()) / scale[k - 1],
        };
        // The products of nearly dependent columns have lost digits, which what the rows lack of the combination gives back.
        let mut is_combination = false;
        let mut left = 0.0;
        for _ in 0..4 {
            let mut lacking = vec![0.0; weights.len()];
            (is_combination, left) = (true, 0.0);
            for row in rows() {
                let most = weighed(row, &mut z);
                let of = |part: &dyn Fn(f64, usize) -> f64| -> f64 {
                    known.own.iter().zip(&weights).map(|((k, _), weight)| part(*weight, *k)).sum()
                };
                let lack = z[at] - of(&|weight, k| weight * z[k]);
                let sizes = size(row, at) + of(&|weight, k| weight.abs() * size(row, k));
                is_combination &= lack.abs() <= ROUNDED * sizes / most;
                left += lack * lack;
                lacking.iter_mut().zip(&known.own).for_each(|(sum, (k, _))| *sum += lack * z[*k]);
            }
            if is_combination {
                break;
            }
            let by = known.back(known.along(|own, _| lacking[own]));
            weights.iter_mut().zip(by).for_each(|(weight, by)| *weight += by);
        }
        match is_combination {
            true => combined.push(at - 1),
            false => known.own.push((at, [along, vec![left.sqrt()]].concat())),
        }
    }
    combined
}

/// The columns that tell something of their own, each with its row of the triangular root of their products.
struct Known {
    own: Vec<(usize, Vec<f64>)>,
}

impl Known {
    /// L⁻¹ of the products of a vector with each, asked for by its place among them and its column.
    fn along(&self, product: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let mut along: Vec<f64> = vec![];
        for (own, (k, row)) in self.own.iter().enumerate() {
            let known: f64 = row.iter().zip(&along).map(|(a, b)| a * b).sum();
            along.push((product(own, *k) - known) / row[own]);
        }
        along
    }

    /// L⁻ᵀ.
    fn back(&self, mut along: Vec<f64>) -> Vec<f64> {
        for i in (0..along.len()).rev() {
            let later: f64 = (i + 1..along.len()).map(|j| self.own[j].1[i] * along[j]).sum();
            along[i] = (along[i] - later) / self.own[i].1[i];
        }
        along
    }
}

/// Σ a aᵀ of the vectors that `fill` makes of the rows, block by block.
pub(super) fn gram<'a>(
    width: usize,
    rows: impl Iterator<Item = &'a [f64]>,
    fill: impl Fn(&[f64], &mut [f64]),
) -> DMatrix<f64> {
    const BLOCK: usize = 512;
    let (mut gram, mut block, mut filled) = (DMatrix::zeros(width, width), DMatrix::zeros(width, BLOCK), 0);
    for row in rows {
        fill(row, &mut block.as_mut_slice()[filled * width..][..width]);
        filled += 1;
        if filled == BLOCK {
            gram.gemm(1.0, &block, &block.transpose(), 1.0);
            filled = 0;
        }
    }
    let rest = block.columns(0, filled);
    gram.gemm(1.0, &rest, &rest.transpose(), 1.0);
    gram
}
