//! Forward KL gives a Gaussian the mean and variance of a bimodal p, reverse KL gives it one of the modes (lecture row L20).

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::info::law::{Density, Law, Mixture, Normal};
use candle_mle::info::quadrature;
use candle_mle::model::Categorical;
use candle_mle::model::Gaussian;
use candle_mle::{Empirical, Error, History, LossLog, Model, Objective, Parameters, fit, info, walk};

use crate::common::{CPU, host};

/// Two modes of weight 0.6 and 0.4, each a standard Gaussian, 8 standard deviations apart.
fn bimodal() -> Result<Mixture> {
    Ok(Mixture::new(&[(0.6, Normal::new(-4.0, 1.0)?), (0.4, Normal::new(4.0, 1.0)?)])?)
}

fn nodes(p: &dyn Density, step: f64) -> Result<Empirical<Tensor>> {
    Ok(Empirical::from_density(p, -30.0, 30.0, (60.0 / step) as usize + 1)?)
}

struct Fitted {
    q: Normal,
    history: History,
    gradient: f64,
}

/// Both divergences logged on the way from N(mean, sd²) to an optimum.
fn descend(p: &Empirical<Tensor>, objective: Objective, mean: f64, sd: f64) -> Result<Fitted> {
    let (vars, q) = Gaussian::from_moments(&[mean], &[[sd * sd]], &CPU)?.learner()?;
    let (mut log, mut converged) = (LossLog::new().with_reverse_kl(), GradientNorm::new(&vars, 1e-10));
    fit(&q, p, objective, &mut Lbfgs::new(&vars), 0..500, &mut (&mut log, &mut converged))?;
    let (mean, variance) = (host(&q.mean()?)?[0], host(&q.covariance()?)?[0]);
    Ok(Fitted { q: Normal::new(mean, variance.sqrt())?, history: log.into_history()?, gradient: converged.norm() })
}

/// The last KL(p‖q) and KL(q‖p) that the hook logged.
fn last(history: &History) -> (f64, f64) {
    history.rows().last().map_or((f64::NAN, f64::NAN), |row| (row.kl, row.reverse_kl.unwrap_or(f64::NAN)))
}

#[test]
fn forward_covers() -> Result<()> {
    let p = bimodal()?;
    let cells = nodes(&p, 0.05)?;
    for (mean, sd) in [(-4.0, 1.0), (0.0, 3.0), (6.0, 2.0)] {
        let Fitted { q, history, gradient } = descend(&cells, Objective::Kl, mean, sd)?;
        ensure!(gradient <= 1e-10, "{gradient}");
        ensure!((q.mean() - p.mean()).abs() < 1e-8, "mean {}, not {}", q.mean(), p.mean());
        ensure!((q.variance() - p.variance()).abs() < 1e-8, "variance {}, not {}", q.variance(), p.variance());
        let (forward, reverse) = last(&history);
        ensure!((forward - quadrature::kl_divergence(&p, &q)?.nats()).abs() < 1e-9);
        ensure!((reverse - quadrature::kl_divergence(&q, &p)?.nats()).abs() < 1e-9);
    }
    Ok(())
}

#[test]
fn reverse_seeks_the_mode_of_its_side() -> Result<()> {
    let p = bimodal()?;
    let cells = nodes(&p, 0.05)?;
    for (start, mode, weight) in [(-6.0, -4.0, 0.6), (-3.0, -4.0, 0.6), (3.0, 4.0, 0.4), (6.0, 4.0, 0.4)] {
        let Fitted { q, history, gradient } = descend(&cells, Objective::ReverseKl, start, 1.0)?;
        ensure!(gradient <= 1e-10, "{gradient}");
        ensure!((q.mean() - mode).abs() < 0.01 && (q.sd() - 1.0).abs() < 0.01, "{q:?} from {start}");
        let (forward, reverse) = last(&history);
        ensure!((reverse - quadrature::kl_divergence(&q, &p)?.nats()).abs() < 1e-9);
        ensure!((forward - quadrature::kl_divergence(&p, &q)?.nats()).abs() < 1e-9 * forward);
        // All of q lies where p is w times a standard Gaussian.
        ensure!((reverse + f64::ln(weight)).abs() < 1e-3, "{reverse} is not ln(1/{weight})");
        ensure!(forward > 5.0, "what the other mode costs is {forward}");
    }
    Ok(())
}

/// One that covers both modes is a local minimum too, no saddle: at every stationary point the curvature in the mean is
/// E_q[−(ln p)″] = 1/σ² (Opper and Archambeau 2009, Neural Computation 21), and here the Hessian is positive definite.
#[test]
fn reverse_covers_as_well() -> Result<()> {
    let p = Mixture::new(&[(0.6, Normal::new(-3.0, 1.0)?), (0.4, Normal::new(3.0, 1.0)?)])?;
    let Fitted { q, gradient, .. } = descend(&nodes(&p, 0.05)?, Objective::ReverseKl, 0.0, 3.0)?;
    ensure!(gradient <= 1e-10, "{gradient}");
    ensure!(q.mean().abs() < 1.0 && q.sd() > 2.0, "{q:?} covers both");
    let (h, at) = (1e-2, |m: f64, s: f64| -> Result<f64> {
        Ok(quadrature::kl_divergence(&Normal::new(q.mean() + m, q.sd() * s.exp())?, &p)?.nats())
    });
    let here = at(0.0, 0.0)?;
    let mm = (at(h, 0.0)? + at(-h, 0.0)? - 2.0 * here) / (h * h);
    let ss = (at(0.0, h)? + at(0.0, -h)? - 2.0 * here) / (h * h);
    let ms = (at(h, h)? + at(-h, -h)? - at(h, -h)? - at(-h, h)?) / (4.0 * h * h);
    ensure!((mm * q.variance() - 1.0).abs() < 1e-4, "{mm} is not 1/{}", q.variance());
    ensure!(mm > 0.0 && mm * ss - ms * ms > 0.5, "the Hessian is {mm}, {ms}, {ss}");
    // Of the three minima the heavier mode's is the lowest.
    let seek =
        |mean| -> Result<f64> { Ok(last(&descend(&nodes(&p, 0.05)?, Objective::ReverseKl, mean, 1.0)?.history).1) };
    let (heavy, light) = (seek(-3.5)?, seek(3.5)?);
    ensure!(heavy < here && here < light, "{heavy}, {here}, {light}");
    Ok(())
}

#[test]
fn the_two_have_two_minimisers() -> Result<()> {
    let cells = nodes(&bimodal()?, 0.05)?;
    let mut log = LossLog::new().with_reverse_kl();
    // From the left mode to the mixture's own moments.
    let between = |i: u32| {
        let t = f64::from(i) / 100.0;
        Gaussian::from_moments(&[-4.0 + 3.2 * t], &[[1.0 + 15.36 * t]], &CPU)
    };
    walk((0..=150).map(between), &cells, &mut log)?;
    let history = log.into_history()?;
    let argmin = history.argmin(0.0);
    assert_eq!((argmin.kl, argmin.cross_entropy, argmin.nll), (Some(100), Some(100), Some(100)));
    assert_eq!(argmin.reverse_kl, Some(0));
    let (csv, table) = (history.to_csv(candle_mle::Unit::Bits), history.table(candle_mle::Unit::Bits, 4));
    ensure!(csv.starts_with("step,kl_bits,cross_entropy_bits,nll_bits,reverse_kl_bits\n0,"), "{csv}");
    ensure!(csv.lines().all(|line| line.split(',').count() == 5) && table.contains("reverse KL"), "{table}");
    Ok(())
}

/// Where Σ volume · q ln(q/p) alone would reward a q between the nodes or beyond them.
#[test]
fn nothing_is_won_by_hiding() -> Result<()> {
    let coarse = nodes(&bimodal()?, 0.5)?;
    let kl = |mean: f64, sd: f64| -> Result<f64> {
        let q = Gaussian::from_moments(&[mean], &[[sd * sd]], &CPU)?;
        Ok(host(&Objective::ReverseKl.loss(&q, &q.log_prob(coarse.batch())?, &coarse)?)?[0])
    };
    let seeking = kl(-4.0, 1.0)?;
    ensure!((seeking + f64::ln(0.6)).abs() < 1e-3, "{seeking}");
    for (mean, sd) in [(-4.25, 0.05), (-4.0, 0.01), (0.25, 1e-3), (45.0, 1.0), (1e6, 1e-3), (0.0, 1e4), (0.0, 1e26)] {
        let hiding = kl(mean, sd)?;
        ensure!(hiding.is_finite() && hiding > seeking, "{hiding} of N({mean}, {sd}²)");
    }
    // The further off, the dearer.
    ensure!(kl(50.0, 1.0)? < kl(100.0, 1.0)? && kl(0.0, 1e3)? < kl(0.0, 1e6)?);
    Ok(())
}

/// What hides on a node is told by its width.
#[test]
fn a_q_narrower_than_the_spacing_may_stay_on_a_node() -> Result<()> {
    let p = Empirical::from_density(&Normal::new(1.0, 2.0)?, -19.0, 21.0, 81)?;
    let narrow = descend(&p, Objective::ReverseKl, 5.25, 0.001)?.q;
    ensure!(narrow.sd() < 0.5 && (narrow.mean() - 4.5).abs() < 0.1, "{narrow:?}");
    let wide = descend(&p, Objective::ReverseKl, 5.25, 1.0)?.q;
    ensure!((wide.mean() - 1.0).abs() < 1e-6 && (wide.sd() - 2.0).abs() < 1e-6, "{wide:?}");
    Ok(())
}

#[test]
fn of_a_table_it_is_the_sum_and_zeros_cost_nothing() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[0u32, 1, 2], &CPU)?, &[5.0, 3.0, 2.0])?;
    let loss = |q: &[f64]| -> Result<f64> {
        let q = Categorical::from_probs(q, &CPU)?;
        Ok(host(&Objective::ReverseKl.loss(&q, &q.log_prob(p.batch())?, &p)?)?[0])
    };
    let expected = 0.2 * f64::ln(0.2 / 0.5) + 0.8 * f64::ln(0.8 / 0.3);
    ensure!((loss(&[0.2, 0.8, 0.0])? - expected).abs() < 1e-15);
    ensure!(loss(&[0.5, 0.3, 0.2])?.abs() < 1e-15);
    // Half of q on a level that p has not: twice the other half is compared, and ln 2 − ½ charged.
    let expected = 0.25f64.mul_add(f64::ln(0.25 / 0.5), 0.75 * f64::ln(0.75 / 0.3));
    let half = loss(&[0.125, 0.375, 0.0, 0.5])?;
    ensure!((half - (expected + f64::ln(2.0) - 0.5)).abs() < 1e-15, "{half}");
    assert_eq!(loss(&[0.0, 0.0, 0.0, 1.0])?, f64::INFINITY);
    Ok(())
}

#[test]
fn atoms_and_a_density_have_none() -> Result<()> {
    let atoms = Empirical::from_sample(Tensor::new(&[[0.0], [1.0]], &CPU)?)?;
    let (vars, q) = Gaussian::from_moments(&[0.0], &[[1.0]], &CPU)?.learner()?;
    let refused = fit(&q, &atoms, Objective::ReverseKl, &mut Lbfgs::new(&vars), 0..1, &mut ());
    ensure!(matches!(refused, Err(Error::NoLogDensity)), "{refused:?}");
    // The log says so and goes on.
    let mut log = LossLog::new().with_reverse_kl();
    fit(&q, &atoms, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..2, &mut log)?;
    ensure!(log.into_history()?.rows().iter().all(|row| row.reverse_kl == Some(f64::INFINITY)));
    Ok(())
}

#[test]
fn nodes_that_are_none_are_an_error() -> Result<()> {
    let p = bimodal()?;
    for (from, to, nodes) in [(0.0, 0.0, 9), (1.0, 0.0, 9), (f64::NAN, 1.0, 9), (0.0, f64::INFINITY, 9), (0.0, 1.0, 1)]
    {
        let refused = Empirical::from_density(&p, from, to, nodes);
        ensure!(
            matches!(refused, Err(Error::Info(info::Error::Parameter { .. }))),
            "{from} to {to}, {nodes} nodes: {refused:?}"
        );
    }
    ensure!(matches!(Empirical::from_density(&p, 1e3, 1e4, 9), Err(Error::NothingObserved { rows: 9 })));
    Ok(())
}
