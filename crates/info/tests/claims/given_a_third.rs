//! Conditional information and transfer entropy are what the covariance of a Gaussian law says, and 0 where a third tells all.

use candle_mle_info::estimate::{frenzel_pompe, mixed_ksg, repeated, transfer_entropy};
use candle_mle_info::law::MultivariateNormal;
use candle_mle_info::{Error, Information, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Whether the mean lies within `bias` of the truth, and four standard errors.
#[track_caller]
fn hits(truth: f64, bias: f64, times: usize, estimate: impl Fn(&mut ChaCha8Rng) -> Result<Information>) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mean, spread) = repeated(times, || estimate(&mut rng)).expect("samples without ties");
    let (error, chance) = ((mean.nats() - truth).abs(), 4.0 * spread.nats() / (times as f64).sqrt());
    assert!(error < bias + chance && chance < 0.03, "{mean:?} is {error} off {truth}, more than {bias} and {chance}");
}

fn normals<const D: usize>(rng: &mut ChaCha8Rng) -> [f64; D] {
    [0; D].map(|_| rng.sample(StandardNormal))
}

/// X and Y are Z and noise, of which they share some.
#[test]
fn of_gaussians() -> Result<()> {
    for (shared, bias) in [(0.0, 0.01), (0.5, 0.02), (0.9, 0.08)] {
        let rest = f64::sqrt(1.0 - shared * shared);
        let truth = -0.5 * (1.0f64 - shared * shared).ln();
        hits(truth, bias, 40, |rng| {
            let rows: Vec<[f64; 3]> =
                (0..1000).map(|_| normals(rng)).map(|[z, e, f]| [z + e, z + shared * e + rest * f, z]).collect();
            let [x, y, z] = [0, 1, 2].map(|column| rows.iter().map(|row| row[column]).collect::<Vec<_>>());
            frenzel_pompe(&x, &y, &z, 3)
        });
    }
    Ok(())
}

/// What the documentation says of many columns: X and Y share the sum of those of Z, and half of their noise.
#[test]
fn of_many_columns() {
    for (columns, told) in [(1, 0.146), (2, 0.149), (4, 0.132), (8, 0.10)] {
        for (shared, truth) in [(0.0, 0.0), (0.5, told)] {
            hits(truth, 0.01, 25, |rng| {
                let (mut x, mut y, mut z) = (vec![], vec![], vec![]);
                for _ in 0..1000 {
                    let row: Vec<f64> = (0..columns).map(|_| rng.sample(StandardNormal)).collect();
                    let sum = row.iter().sum::<f64>() / f64::from(columns).sqrt();
                    let [e, f] = normals(rng);
                    x.push(sum + e);
                    y.push(sum + shared * e + f64::sqrt(1.0 - shared * shared) * f);
                    z.push(row);
                }
                frenzel_pompe(&x, &y, &z, 3)
            });
        }
    }
}

/// Two coupled series, a step: the covariance that does not change is the sum of A^t Aᵀ^t.
#[test]
fn to_the_next_step() -> Result<()> {
    let a = [[0.5, 0.0], [0.6, 0.5]];
    let times = |l: [[f64; 2]; 2], r: [[f64; 2]; 2]| {
        [0, 1].map(|i| [0, 1].map(|j| (0..2).map(|m| l[i][m] * r[m][j]).sum::<f64>()))
    };
    let turned = |m: [[f64; 2]; 2]| [0, 1].map(|i| [0, 1].map(|j| m[j][i]));
    let (mut settled, mut power) = ([[0.0; 2]; 2], [[1.0, 0.0], [0.0, 1.0]]);
    for _ in 0..200 {
        let term = times(power, turned(power));
        settled = [0, 1].map(|i| [0, 1].map(|j| settled[i][j] + term[i][j]));
        power = times(a, power);
    }
    let next = times(a, settled); // covariance of the next values with those before
    // Of x, y and the next of one of them.
    let transfer = |from: usize, to: usize| -> Result<f64> {
        let [near, other] = [next[to][to], next[to][from]];
        let rows = [
            vec![settled[from][from], settled[from][to], other],
            vec![settled[to][from], settled[to][to], near],
            vec![other, near, settled[to][to]],
        ];
        let law = MultivariateNormal::new(&[0.0; 3], &rows)?;
        Ok((law.mutual_information(&[0, 1], &[2])? - law.mutual_information(&[1], &[2])?).nats())
    };
    let run = |rng: &mut ChaCha8Rng| {
        let (mut x, mut y) = (vec![0.0], vec![0.0]);
        for t in 0..1050 {
            let [e, f] = normals(rng);
            x.push(a[0][0] * x[t] + a[0][1] * y[t] + e);
            y.push(a[1][0] * x[t] + a[1][1] * y[t] + f);
        }
        (x.split_off(51), y.split_off(51))
    };
    let (along, against) = (transfer(0, 1)?, transfer(1, 0)?);
    assert!(
        (along - 0.5 * (1.0 + 0.36 * VAR_X_GIVEN_Y).ln()).abs() < 1e-4 && against.abs() < 1e-12,
        "{along} {against}"
    );
    hits(along, 0.02, 40, |rng| {
        let (x, y) = run(rng);
        transfer_entropy(&x, &y, 1, 3)
    });
    hits(against, 0.01, 40, |rng| {
        let (x, y) = run(rng);
        transfer_entropy(&y, &x, 1, 3)
    });
    Ok(())
}

/// As the documentation has it.
const VAR_X_GIVEN_Y: f64 = 1.2148;

/// The mixtures of Gao and others (2017) whose information is known.
#[test]
fn with_atoms() {
    // X one of m, Y from [X, X + 2): ln m − (m − 1)/m ln 2.
    for (m, off) in [(2u8, 0.0), (5, 0.0), (20, -0.03), (100, -0.13)] {
        let truth = f64::from(m).ln() - f64::from(m - 1) / f64::from(m) * 2f64.ln();
        hits(truth + off, 0.01, 40, |rng| {
            let x: Vec<f64> = (0..1000).map(|_| f64::from(rng.random_range(0..m))).collect();
            let y: Vec<f64> = x.iter().map(|x| x + rng.random_range(0.0..2.0)).collect();
            mixed_ksg(&x, &y, 3)
        });
    }
    // X a coin, Y 0 in three of ten rows, and else from [X + 1, X + 3): 0.7 · ½ ln 2.
    hits(0.35 * 2f64.ln(), 0.01, 40, |rng| {
        let x: Vec<f64> = (0..1000).map(|_| f64::from(rng.random_range(0..2u8))).collect();
        let seen = |x: &f64, rng: &mut ChaCha8Rng| x + rng.random_range(1.0..3.0);
        let y: Vec<f64> = x.iter().map(|x| if rng.random_bool(0.3) { 0.0 } else { seen(x, rng) }).collect();
        mixed_ksg(&x, &y, 3)
    });
    // Independent: nothing, atoms or not.
    hits(0.0, 0.005, 100, |rng| {
        let x: Vec<f64> = (0..500).map(|_| rng.random_range(-1.0..1.0f64).max(0.0)).collect();
        let y: Vec<f64> = (0..500).map(|_| f64::from(rng.random_range(0..6u8))).collect();
        mixed_ksg(&x, &y, 3)
    });
}

#[test]
fn series_that_do_not_fit() {
    let x: Vec<f64> = (0..20).map(|t| (f64::from(t) * 0.7).sin()).collect();
    assert!(matches!(transfer_entropy(&x, &x[1..], 1, 3), Err(Error::Shape { what: "the target", .. })));
    for history in [0, 20, 21] {
        assert!(matches!(transfer_entropy(&x, &x, history, 3), Err(Error::Parameter { what: "the history", .. })));
    }
    assert!(matches!(transfer_entropy(&x, &x, 18, 3), Err(Error::Neighbours { others: 1, .. })));
    assert!(matches!(frenzel_pompe(&x, &x, &x[1..], 3), Err(Error::Shape { what: "z", .. })));
    assert!(matches!(mixed_ksg(&x, &x[1..], 3), Err(Error::Shape { what: "y", .. })));
    assert!(matches!(mixed_ksg(&x, &x, 20), Err(Error::Neighbours { .. })));
}
