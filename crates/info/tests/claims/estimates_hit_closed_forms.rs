//! Over many samples the mean of every estimate is the closed form of the law, to the bias that its documentation states.

use candle_mle_info::estimate::{
    CountEstimator, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, nsb, repeated, ross, vasicek,
};
use candle_mle_info::law::{
    ClosedForm, Exponential, Mixture, MultivariateNormal, Normal, Uniform, gaussian_mutual_information,
};
use candle_mle_info::{Information, Pmf, Result, quadrature};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Exp1, StandardNormal};

/// Whether the mean lies within `bias` of the truth, and four standard errors.
#[track_caller]
fn hits(truth: Information, bias: f64, times: usize, estimate: impl Fn(&mut ChaCha8Rng) -> Result<Information>) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mean, spread) = repeated(times, || estimate(&mut rng)).expect("samples without ties");
    let (mean, spread) = (mean.nats(), spread.nats());
    let error = (mean - truth.nats()).abs();
    let chance = 4.0 * spread / (times as f64).sqrt();
    assert!(chance < 0.03, "{times} times a spread of {spread} prove nothing");
    assert!(error < bias + chance, "{mean} is {error} off {}, more than {bias} and {chance}", truth.nats());
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(StandardNormal)
}

fn numbers(n: usize, rng: &mut ChaCha8Rng, draw: impl Fn(&mut ChaCha8Rng) -> f64) -> Vec<f64> {
    (0..n).map(|_| draw(rng)).collect()
}

type Draw = fn(&mut ChaCha8Rng) -> f64;

#[test]
fn entropies_of_numbers() -> Result<()> {
    let laws: [(Information, Draw); 3] = [
        (Normal::new(0.0, 3.0)?.entropy(), |rng| 3.0 * normal(rng)),
        (Uniform::new(2.0, 7.0)?.entropy(), |rng| rng.random_range(2.0..7.0)),
        (Exponential::new(0.5)?.entropy(), |rng| 2.0 * rng.sample::<f64, _>(Exp1)),
    ];
    for (truth, law) in laws {
        hits(truth, 0.01, 100, |rng| kozachenko_leonenko(&numbers(1000, rng, law), 3));
        hits(truth, 0.01, 100, |rng| kozachenko_leonenko(&numbers(1000, rng, law), 10));
        hits(truth, 0.03, 100, |rng| vasicek(&numbers(1000, rng, law), 31));
    }
    Ok(())
}

/// The mean that the documentation of Vasicek's estimate derives for a uniform law, to chance alone.
#[test]
fn vasicek_of_uniform_numbers() {
    let psi = |n: usize| (1..n).map(|j| 1.0 / j as f64).sum::<f64>() - 0.577_215_664_901_532_9;
    for (n, m) in [(20, 3), (100, 5), (100, 10), (99, 49)] {
        let (size, window) = (n as f64, 2.0 * m as f64);
        let ends: f64 = (1..=m).map(|i| psi(i + m - 1)).sum();
        let mean = (size / window).ln() + (1.0 - window / size) * psi(2 * m) + 2.0 / size * ends - psi(n + 1);
        hits(Information::from_nats(mean), 0.0, 5000, |rng| vasicek(&numbers(n, rng, |rng| rng.random()), m));
    }
}

#[test]
fn entropies_of_points() -> Result<()> {
    for (d, bias) in [(2, 0.02), (3, 0.04), (5, 0.1)] {
        let truth = Normal::new(0.0, 1.0)?.entropy() * d as f64;
        hits(truth, bias, 80, |rng| {
            kozachenko_leonenko(&(0..1000).map(|_| numbers(d, rng, normal)).collect::<Vec<_>>(), 3)
        });
    }
    Ok(())
}

#[test]
fn information_of_gaussian_columns() -> Result<()> {
    for rho in [0.0, 0.3, 0.6, -0.9, 0.99] {
        let truth = gaussian_mutual_information(rho)?;
        let pair = |rng: &mut ChaCha8Rng| -> (Vec<f64>, Vec<f64>) {
            let (x, z) = (numbers(500, rng, normal), numbers(500, rng, normal));
            let y = x.iter().zip(z).map(|(x, z)| rho * x + f64::sqrt(1.0 - rho * rho) * z).collect();
            (x, y)
        };
        for ksg in [ksg1, ksg2] {
            hits(truth, 0.03, 100, |rng| {
                let (x, y) = pair(rng);
                ksg(&x, &y, 3)
            });
        }
    }
    Ok(())
}

/// A chain of four, neighbours of correlation 0.8: two blocks of two, and one against three.
#[test]
fn information_of_gaussian_blocks() -> Result<()> {
    let rows: Vec<Vec<f64>> = (0..4i32).map(|i| (0..4).map(|j| 0.8f64.powi((i - j).abs())).collect()).collect();
    let law = MultivariateNormal::new(&[0.0; 4], &rows)?;
    let chain = |rng: &mut ChaCha8Rng| -> Vec<[f64; 4]> {
        let step = |rng: &mut ChaCha8Rng| {
            let mut row = [normal(rng); 4];
            (1..4).for_each(|i| row[i] = 0.8 * row[i - 1] + 0.6 * normal(rng));
            row
        };
        (0..1000).map(|_| step(rng)).collect()
    };
    for split in [1, 2] {
        let (a, b): (Vec<usize>, Vec<usize>) = (0..4).partition(|axis| *axis < split);
        for ksg in [ksg1, ksg2] {
            hits(law.mutual_information(&a, &b)?, 0.03, 30, |rng| {
                let blocks = |row: [f64; 4]| (row[..split].to_vec(), row[split..].to_vec());
                let (x, y): (Vec<_>, Vec<_>) = chain(rng).into_iter().map(blocks).unzip();
                ksg(&x, &y, 3)
            });
        }
    }
    Ok(())
}

#[test]
fn information_of_labels() -> Result<()> {
    for apart in [0.5, 1.0, 3.0, 20.0] {
        let mixture = Mixture::new(&[(0.5, Normal::new(0.0, 1.0)?), (0.5, Normal::new(apart, 1.0)?)])?;
        let truth = quadrature::entropy(&mixture)? - Normal::new(0.0, 1.0)?.entropy();
        let labels: Vec<bool> = (0..500).map(|row| row % 2 == 0).collect();
        hits(truth, 0.01, 100, |rng| {
            let x: Vec<f64> = labels.iter().map(|l| normal(rng) + if *l { apart } else { 0.0 }).collect();
            ross(&labels, &x, 3)
        });
    }
    Ok(())
}

#[test]
fn divergences() -> Result<()> {
    let (p, q) = (Normal::new(0.0, 1.0)?, Normal::new(1.0, 2.0)?);
    hits(p.kl_divergence(&q), 0.01, 100, |rng| {
        knn_kl_divergence(&numbers(1000, rng, normal), &numbers(1000, rng, |rng| 1.0 + 2.0 * normal(rng)), 3)
    });
    // Of a law with itself, in two dimensions, from samples of different size.
    let points = |n: usize, rng: &mut ChaCha8Rng| (0..n).map(|_| [normal(rng), normal(rng)]).collect::<Vec<_>>();
    for (n, m) in [(300, 900), (900, 300)] {
        hits(Information::ZERO, 0.01, 100, |rng| knn_kl_divergence(&points(n, rng), &points(m, rng), 3));
    }
    // Inside q's support, from a law half as wide: ln 2.
    hits(Information::from_nats(2f64.ln()), 0.01, 100, |rng| {
        knn_kl_divergence(
            &numbers(1000, rng, |rng| rng.random_range(0.25..0.75)),
            &numbers(700, rng, |rng| rng.random()),
            3,
        )
    });
    Ok(())
}

/// The plug-in estimate misses by its first-order bias, which the others make up for.
#[test]
fn tables() -> Result<()> {
    use CountEstimator::{ChaoShen, Grassberger, MillerMadow, PlugIn, Shrinkage};
    let p = Pmf::from_counts([3, 4], [8., 2., 3., 2., 4., 6., 2., 1., 3., 2., 4., 3.])?;
    let (h, i, n) = (p.entropy(), p.mutual_information(&[0], &[1])?, 200);
    let counts = |rng: &mut ChaCha8Rng| {
        let mut counts = [0u64; 12];
        p.sample(n, rng).iter().for_each(|cell| counts[4 * cell[0] + cell[1]] += 1);
        counts
    };
    let first_order = |cells: f64| Information::from_nats(cells / (2.0 * n as f64));
    hits(h - first_order(11.0), 0.001, 2000, |rng| PlugIn.entropy(&counts(rng)));
    hits(i + first_order(6.0), 0.001, 2000, |rng| PlugIn.mutual_information(&counts(rng), [3, 4]));
    for (estimator, bias) in [(MillerMadow, 0.001), (Grassberger, 0.001), (ChaoShen, 0.03), (Shrinkage, 0.03)] {
        hits(h, bias, 2000, |rng| estimator.entropy(&counts(rng)));
        hits(i, bias, 2000, |rng| estimator.mutual_information(&counts(rng), [3, 4]));
    }
    Ok(())
}

/// A thousand equally likely cells and 500 observations: what the documentation says of it, in nats.
#[test]
fn a_table_seen_in_part() -> Result<()> {
    use CountEstimator::{ChaoShen, ChaoWangJost, Grassberger, MillerMadow, PlugIn, Shrinkage};
    let p = Pmf::uniform(1000)?;
    let counts = |rng: &mut ChaCha8Rng| {
        let mut counts = [0u64; 1000];
        p.sample(500, rng).iter().for_each(|cell| counts[cell[0]] += 1);
        counts
    };
    for (estimator, off) in [
        (PlugIn, -1.01),
        (MillerMadow, -0.61),
        (Grassberger, -0.22),
        (ChaoShen, 0.05),
        (ChaoWangJost, 0.0),
        (Shrinkage, 0.0),
    ] {
        let stated = p.entropy() + Information::from_nats(off);
        hits(stated, 0.005, 300, |rng| estimator.entropy(&counts(rng)));
    }
    hits(p.entropy() + Information::from_nats(-0.04), 0.005, 100, |rng| Ok(nsb(&counts(rng))?.0));
    Ok(())
}
