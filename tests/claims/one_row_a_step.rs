//! T updates log T + 1 rows, row t belongs to θ_t before the update, the last row to the model as it is left, and
//! the log costs no forward pass.

use std::cell::Cell;
use std::ops::ControlFlow::{Break, Continue};

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::{GradientNorm, Row};
use candle_mle::hook::{NoClimb, ParameterPath};
use candle_mle::model::KlDivergence;
use candle_mle::model::{Bernoulli, Logistic};
use candle_mle::{Empirical, Hook, LossLog, Model, Objective, Parameters, Step, fit, walk};
use candle_nn::{Optimizer, SGD};

use crate::common::{self, CPU, host};

const RATE: f64 = 0.9;

fn sixty() -> Result<Empirical<Tensor>> {
    Ok(Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?)
}

/// The three quantities of a coin of this logit, by hand.
fn by_hand(step: usize, logit: f64) -> Row {
    let (ln_heads, ln_tails) = (-(-logit).exp().ln_1p(), -logit.exp().ln_1p());
    let kl = 0.6 * (0.6f64.ln() - ln_heads) + 0.4 * (0.4f64.ln() - ln_tails);
    let cross_entropy = -0.6 * ln_heads - 0.4 * ln_tails;
    Row { step, kl, cross_entropy, nll: -60.0 * ln_heads - 40.0 * ln_tails, reverse_kl: None, population_kl: None }
}

/// To rounding: 1e-12 of max(1, the value).
fn same(a: Row, b: Row) -> Result<()> {
    assert_eq!((a.step, a.population_kl.is_some()), (b.step, b.population_kl.is_some()));
    for (a, b) in [(a.kl, b.kl), (a.cross_entropy, b.cross_entropy), (a.nll, b.nll)] {
        ensure!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} is not {b}");
    }
    Ok(())
}

#[test]
fn row_t_belongs_to_theta_t_and_the_last_to_the_model_as_it_is_left() -> Result<()> {
    let p = sixty()?;
    for steps in [0, 1, 25] {
        let (vars, coin) = common::learner(Bernoulli::new)?;
        let (mut log, mut path, mut seen) = (LossLog::new(), ParameterPath::new(), vec![]);
        let mut look = |step: &Step<'_, Bernoulli>| {
            // Before the update: the model that the hook is shown, its ln q and its gradient are of one θ.
            assert_eq!(step.log_q.to_vec1::<f64>()?, step.model.log_prob(step.data.batch())?.to_vec1::<f64>()?);
            let logit = step.model.parameters()?["logit"].to_scalar::<f64>()?;
            seen.push((step.index, logit));
            Ok(Continue(()))
        };
        let mut sgd = SGD::new(vars.all_vars(), RATE)?;
        fit(&coin, &p, Objective::CrossEntropy, &mut sgd, 0..steps, &mut (&mut log, &mut path, &mut look))?;
        let rows = log.history()?.rows().to_vec();
        assert_eq!((rows.len(), path.path().len(), seen.len()), (steps + 1, steps + 1, steps + 1));
        // θ_0 = 0, and every θ_t is moved by the gradient σ(θ_t) − 0.6.
        let mut theta: f64 = 0.0;
        for (t, row) in rows.iter().enumerate() {
            ensure!((path.path()[t][0] - theta).abs() <= 1e-12, "step {t}: {} is not {theta}", path.path()[t][0]);
            assert_eq!(seen[t], (t, path.path()[t][0]));
            same(*row, by_hand(t, theta))?;
            theta -= RATE * (1.0 / (1.0 + (-theta).exp()) - 0.6);
        }
        let left = coin.parameters()?["logit"].to_scalar::<f64>()?;
        assert_eq!(left, path.path()[steps][0]);
        same(rows[steps], by_hand(steps, left))?;
    }
    Ok(())
}

#[test]
fn so_it_is_with_lbfgs() -> Result<()> {
    let p = Empirical::from_sample(common::answers(300, 1)?)?;
    let (vars, model) = common::learner(|vb| Logistic::new(2, vb))?;
    let (mut log, mut path) = (LossLog::new(), ParameterPath::new());
    fit(&model, &p, Objective::Nll, &mut Lbfgs::new(&vars), 0..6, &mut (&mut log, &mut path))?;
    let (rows, log_q) = (log.history()?.rows(), host(&model.log_prob(p.batch())?)?);
    assert_eq!((rows.len(), path.path().len()), (7, 7));
    ensure!(path.path().windows(2).all(|two| two[0] != two[1]));
    let nll = -log_q.iter().zip(host(p.count())?).map(|(l, n)| l * n).sum::<f64>();
    ensure!((rows[6].nll - nll).abs() <= 1e-12 * nll, "{} is not {nll}", rows[6].nll);
    Ok(())
}

#[test]
fn a_hook_ends_the_run_after_all_have_seen_the_step_and_the_caller_keeps_the_log() -> Result<()> {
    let p = sixty()?;
    let (vars, coin) = common::learner(Bernoulli::new)?;
    let (mut before, mut after) = (LossLog::new(), LossLog::new());
    let mut end = |step: &Step<'_, Bernoulli>| Ok(if step.index == 7 { Break(()) } else { Continue(()) });
    let mut hooks = (&mut before, &mut end, &mut after);
    fit(&coin, &p, Objective::Kl, &mut SGD::new(vars.all_vars(), RATE)?, 0..100, &mut hooks)?;
    let history = before.into_history()?;
    assert_eq!(history.rows().len(), 8);
    assert_eq!(history.rows(), after.history()?.rows());
    // The update of step 7 was not made.
    same(history.rows()[7], by_hand(7, coin.parameters()?["logit"].to_scalar()?))?;

    // In a pair, and with hooks in hooks, wherever the one that breaks stands.
    for place in 0..3 {
        let (_, coin) = common::learner(Bernoulli::new)?;
        let mut seen = [0; 3];
        let [a, b, c] = &mut seen;
        let hook = |count: &mut usize, at: usize| {
            *count += 1;
            Ok(if at == place { Break(()) } else { Continue(()) })
        };
        let mut first = |_: &Step<'_, Bernoulli>| hook(a, 0);
        let mut second = |_: &Step<'_, Bernoulli>| hook(b, 1);
        let mut third = |_: &Step<'_, Bernoulli>| hook(c, 2);
        walk([Ok(coin.clone()), Ok(coin)], &p, &mut (&mut first, &mut (&mut second, &mut third)))?;
        assert_eq!(seen, [1; 3]);
    }
    Ok(())
}

#[test]
fn a_gradient_that_is_small_enough_ends_the_run_and_none_does_not() -> Result<()> {
    let p = sixty()?;
    let (vars, coin) = common::learner(Bernoulli::new)?;
    let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-3));
    let mut sgd = SGD::new(vars.all_vars(), RATE)?;
    fit(&coin, &p, Objective::CrossEntropy, &mut sgd, 0..1000, &mut (&mut log, &mut converged))?;
    let (prob, rows) = (coin.prob()?, log.history()?.rows().len());
    ensure!(converged.reached() && rows < 1000);
    ensure!(((0.6 - prob) - converged.norm()).abs() <= 1e-12, "{} at {prob}", converged.norm());
    // The step before was not small enough.
    let theta: f64 = (1..rows - 1).fold(0.0, |theta, _| theta - RATE * (1.0 / (1.0 + f64::exp(-theta)) - 0.6));
    ensure!(0.6 - 1.0 / (1.0 + (-theta).exp()) > 1e-3);

    let mut unmoved = GradientNorm::new(&vars, 1e-3);
    let mut log = LossLog::new();
    walk([Ok(coin.clone()), Ok(coin)], &p, &mut (&mut unmoved, &mut log))?;
    assert_eq!((unmoved.reached(), log.history()?.rows().len()), (false, 2));
    Ok(())
}

/// A model that counts how often it is asked.
struct Counted {
    coin: Bernoulli,
    forward: Cell<usize>,
    divergence: Cell<usize>,
}

impl Counted {
    fn new(coin: Bernoulli) -> Self {
        Self { coin, forward: Cell::new(0), divergence: Cell::new(0) }
    }
}

impl Model for Counted {
    type Batch = Tensor;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Tensor) -> candle_mle::Result<Tensor> {
        self.forward.set(self.forward.get() + 1);
        self.coin.log_prob(batch)
    }
}

impl KlDivergence for Counted {
    fn kl_divergence(&self, q: &Self, batch: &Tensor) -> candle_mle::Result<Tensor> {
        q.divergence.set(q.divergence.get() + 1);
        self.coin.kl_divergence(&q.coin, batch)
    }
}

/// Forward passes and closed-form divergences of a run of ten updates.
fn costs(hook: &mut impl Hook<Counted>) -> Result<(usize, usize)> {
    let (vars, coin) = common::learner(Bernoulli::new)?;
    let model = Counted::new(coin);
    fit(&model, &sixty()?, Objective::Nll, &mut SGD::new(vars.all_vars(), 0.01)?, 0..10, hook)?;
    Ok((model.forward.get(), model.divergence.get()))
}

#[test]
fn the_log_makes_no_forward_pass_of_its_own() -> Result<()> {
    assert_eq!(costs(&mut ())?, (11, 0));
    let mut log = LossLog::new();
    assert_eq!(costs(&mut log)?, (11, 0));
    assert_eq!(log.history()?.rows().len(), 11);
    assert_eq!(costs(&mut (&mut LossLog::new(), &mut NoClimb::default()))?, (11, 0));
    // A truth asks once a step for the exact divergence, and for nothing else.
    let truth = Counted::new(Bernoulli::from_prob(0.5, &CPU)?);
    assert_eq!(costs(&mut LossLog::with_truth(&truth))?, (11, 11));
    assert_eq!((truth.forward.get(), truth.divergence.get()), (0, 0));
    assert_eq!(costs(&mut LossLog::with_truth(None::<&Counted>))?, (11, 0));

    // Along given models: once each.
    let coins = || [0.2, 0.5, 0.9].map(|prob| Ok(Counted::new(Bernoulli::from_prob(prob, &CPU)?)));
    let mut asked = vec![];
    let mut look = |step: &Step<'_, Counted>| {
        asked.push(step.model.forward.get());
        Ok(Continue(()))
    };
    walk(coins(), &sixty()?, &mut (&mut LossLog::new(), &mut look))?;
    assert_eq!(asked, [1; 3]);
    Ok(())
}
