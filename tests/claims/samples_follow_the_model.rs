//! What is drawn from a model occurs as often as the model says.

use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::model::{Bernoulli, Gaussian};
use candle_mle::model::{Categorical, Mixture, Sample};
use candle_mle::standardize::Standardize;
use candle_mle::{Classifier, Labelled, Parameters};

use crate::common::{self, CPU, host};

const N: usize = 100_000;

/// Pearson's Σ (observed − expected)² / expected over cells whose expected counts are given.
fn chi_square(observed: &[f64], expected: &[f64]) -> f64 {
    observed.iter().zip(expected).map(|(o, e)| (o - e).powi(2) / e).sum()
}

/// Seeds are fixed, so that a test always passes or always fails; a right sampler is this far out with one seed in 10,000.
const CHI_SQUARE_OF_1: f64 = 15.14;
const CHI_SQUARE_OF_6: f64 = 27.86;
const CHI_SQUARE_OF_12: f64 = 39.13;
const SIGMAS: f64 = 3.89;

#[test]
fn bernoulli() -> Result<()> {
    for (seed, prob) in [0.01, 0.3, 0.5, 0.97].into_iter().enumerate() {
        let flips = Bernoulli::from_prob(prob, &CPU)?.sample(&N, &mut common::generator(seed as u64))?;
        assert_eq!((flips.dims(), flips.dtype()), ([N].as_slice(), DType::F64));
        let flips = host(&flips)?;
        ensure!(flips.iter().all(|x| *x == 0.0 || *x == 1.0));
        let (heads, n) = (flips.iter().sum::<f64>(), N as f64);
        let off = chi_square(&[heads, n - heads], &[n * prob, n * (1.0 - prob)]);
        ensure!(off < CHI_SQUARE_OF_1, "{heads} heads of {n}, π = {prob}");
        // One flip tells nothing of the next.
        let pairs = flips.windows(2).filter(|two| two[0] == 1.0 && two[1] == 1.0).count() as f64;
        let (expected, variance) = (n * prob * prob, n * prob.powi(2) * (1.0 - prob) * (1.0 + 3.0 * prob));
        ensure!((pairs - expected).abs() < SIGMAS * variance.sqrt(), "{pairs} pairs of heads, not {expected}");
    }
    for certain in [0.0, 1.0] {
        let flips = host(&Bernoulli::from_prob(certain, &CPU)?.sample(&1000, &mut common::generator(1))?)?;
        ensure!(flips.iter().all(|x| *x == certain));
    }
    Ok(())
}

/// At six x, N rows in all, the classes of each against its probabilities.
fn classes<M: Classifier>(model: &M, classes: usize, bound: f64) -> Result<()> {
    let at = [[0.0, 0.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0], [-1.0, 1.0], [0.0, 3.0]];
    let x = Tensor::from_vec((0..N).flat_map(|i| at[i % 6]).collect::<Vec<f64>>(), (N, 2), &CPU)?;
    let drawn: Labelled = model.sample(&x, &mut common::generator(5))?;
    assert_eq!(host(drawn.x())?, host(&x)?);
    let probabilities = host(&model.log_probs(&Tensor::new(&at, &CPU)?)?)?;
    let (mut observed, mut expected) = (vec![0.0; 6 * classes], vec![0.0; 6 * classes]);
    for (row, class) in drawn.y().to_vec1::<u32>()?.into_iter().enumerate() {
        observed[row % 6 * classes + class as usize] += 1.0;
        (0..classes).for_each(|c| expected[row % 6 * classes + c] += probabilities[row % 6 * classes + c].exp());
    }
    let off = chi_square(&observed, &expected);
    ensure!(off < bound, "χ² = {off}: {observed:?} of {expected:?}");
    Ok(())
}

#[test]
fn logistic() -> Result<()> {
    classes(&common::logistic_truth()?, 2, CHI_SQUARE_OF_6)
}

#[test]
fn softmax() -> Result<()> {
    classes(&common::softmax_truth()?, 3, CHI_SQUARE_OF_12)
}

/// Mean, covariance and, along every column, how many lie within one standard deviation.
fn moments<const K: usize>(model: &Gaussian, mean: &[f64; K], covariance: &[[f64; K]; K]) -> Result<()> {
    let (k, n) = (mean.len(), N as f64);
    let points = model.sample(&N, &mut common::generator(6))?;
    assert_eq!(points.dims(), [N, k]);
    let points = host(&points)?;
    let average = |f: &dyn Fn(&[f64]) -> f64| points.chunks(k).map(f).sum::<f64>() / n;
    for i in 0..k {
        let sigma = covariance[i][i].sqrt();
        let got = average(&|x| x[i]);
        ensure!((got - mean[i]).abs() < SIGMAS * sigma / n.sqrt(), "mean {got}, not {}", mean[i]);
        let inside = average(&|x| f64::from(u8::from((x[i] - mean[i]).abs() < sigma)));
        let error = (0.6826894921 * 0.3173105079 / n).sqrt();
        ensure!((inside - 0.6826894921).abs() < SIGMAS * error, "{inside} within one standard deviation");
        for j in 0..k {
            let got = average(&|x| (x[i] - mean[i]) * (x[j] - mean[j]));
            let expected = covariance[i][j];
            let error = ((covariance[i][i] * covariance[j][j] + expected * expected) / n).sqrt();
            ensure!((got - expected).abs() < SIGMAS * error, "covariance {i}, {j} is {got}, not {expected}");
        }
    }
    Ok(())
}

#[test]
fn gaussian() -> Result<()> {
    moments(&common::gaussian_truth()?, &[0.7], &[[1.44]])?;
    let covariance = [[1.5, 0.6, -0.3], [0.6, 0.8, 0.2], [-0.3, 0.2, 1.1]];
    moments(&common::gaussian_truth_3d()?, &[0.5, -0.4, 0.2], &covariance)?;
    // In coordinates of its own: zero parameters are the standard Gaussian there, half the range here.
    let (_, own) = common::learner(|vb| {
        let range = Standardize::range(&Tensor::new(&[[-1.0, 20.0], [2.0, 70.0]], &CPU)?)?;
        Gaussian::new(2, vb)?.standardized(range)
    })?;
    moments(&own, &[0.5, 45.0], &[[2.25, 0.0], [0.0, 625.0]])
}

#[test]
fn categorical() -> Result<()> {
    let probs = [0.2, 0.0, 0.05, 0.3, 0.15, 0.1, 0.1, 0.1];
    let drawn = Categorical::from_probs(&probs, &CPU)?.sample(&N, &mut common::generator(7))?;
    assert_eq!((drawn.dims(), drawn.dtype()), ([N].as_slice(), DType::U32));
    let mut observed = [0.0; 8];
    drawn.to_vec1::<u32>()?.into_iter().for_each(|level| observed[level as usize] += 1.0);
    assert_eq!(observed[1], 0.0);
    let seen = |all: &[f64]| [&all[..1], &all[2..]].concat();
    let off = chi_square(&seen(&observed), &seen(&probs.map(|p| p * N as f64)));
    ensure!(off < CHI_SQUARE_OF_6, "χ² = {off}: {observed:?}");
    Ok(())
}

/// Far enough apart that every point tells its component: the share of each, and its moments.
#[test]
fn mixture() -> Result<()> {
    let (weights, means) = ([0.25, 0.75], [[-20.0, 1.0], [20.0, -3.0]]);
    let covariances = [[[1.5, 0.6], [0.6, 0.8]], [[0.5, -0.3], [-0.3, 2.0]]];
    let model = Mixture::from_moments(&weights, &means, &covariances, &CPU)?;
    let points = model.sample(&N, &mut common::generator(8))?.to_vec2::<f64>()?;
    for (k, (mean, covariance)) in means.iter().zip(covariances).enumerate() {
        let own: Vec<&Vec<f64>> = points.iter().filter(|x| (x[0] < 0.0) == (k == 0)).collect();
        let (n, expected) = (own.len() as f64, weights[k] * N as f64);
        ensure!((n - expected).abs() < SIGMAS * (expected * (1.0 - weights[k])).sqrt(), "{n}, not {expected}");
        for i in 0..2 {
            let got = own.iter().map(|x| x[i]).sum::<f64>() / n;
            ensure!((got - mean[i]).abs() < SIGMAS * (covariance[i][i] / n).sqrt(), "mean {got}, not {}", mean[i]);
            for j in 0..2 {
                let got = own.iter().map(|x| (x[i] - mean[i]) * (x[j] - mean[j])).sum::<f64>() / n;
                let expected = covariance[i][j];
                let error = ((covariance[i][i] * covariance[j][j] + expected * expected) / n).sqrt();
                ensure!((got - expected).abs() < SIGMAS * error, "covariance {i}, {j} is {got}, not {expected}");
            }
        }
    }
    Ok(())
}
