//! A log is of one run and of one p̂: a second run begins it anew, `continuing` goes on with it, and what does not belong into
//! it is refused in the library's own words.

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::fit::{GradientDescent, Minibatches, Source};
use candle_mle::hook::Row;
use candle_mle::model::{Bernoulli, Gaussian, Logistic};
use candle_mle::{Empirical, Error, History, Hook, Labelled, LossLog, Model, Objective, Step, Unit, fit};

use crate::common::{self, CPU, host};

fn coins(heads: f64, tails: f64) -> Result<Empirical<Tensor>> {
    Ok(Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[heads, tails])?)
}

/// A fresh coin, descended for so many steps into this log.
fn run(p: &Empirical<Tensor>, steps: std::ops::Range<usize>, log: &mut LossLog) -> Result<Bernoulli> {
    let (vars, coin) = common::learner(Bernoulli::new)?;
    fit(&coin, p, Objective::CrossEntropy, &mut GradientDescent::new(&vars, 1.0)?, steps, log)?;
    Ok(coin)
}

#[test]
fn a_second_run_begins_it_anew() -> Result<()> {
    let (first, second) = (coins(60.0, 40.0)?, coins(9.0, 21.0)?);
    let mut log = LossLog::new();
    run(&first, 0..7, &mut log)?;
    let coin = run(&second, 0..3, &mut log)?;
    let mut alone = LossLog::new();
    run(&second, 0..3, &mut alone)?;

    let history = log.into_history()?;
    assert_eq!(history.rows(), alone.history()?.rows());
    assert_eq!((history.total(), history.entropy()), (30.0, Some(second.entropy())));
    ensure!(history.residual().context("a residual")? < 1e-12);
    let log_q = host(&coin.log_prob(second.batch())?)?;
    let nll = -9.0 * log_q[0] - 21.0 * log_q[1];
    ensure!((history.rows()[3].nll - nll).abs() < 1e-12 * nll);
    Ok(())
}

/// Also one that begins later than the first ended, with other data: that is no new run, and is refused.
#[test]
fn a_later_step_goes_on_and_must_be_of_the_same_data() -> Result<()> {
    let (first, second) = (coins(60.0, 40.0)?, coins(9.0, 21.0)?);
    let mut log = LossLog::new();
    run(&first, 0..3, &mut log)?;
    run(&first, 7..9, &mut log)?;
    let steps: Vec<usize> = log.history()?.rows().iter().map(|row| row.step).collect();
    assert_eq!(steps, [0, 1, 2, 3, 7, 8, 9]);
    let refused = run(&second, 20..22, &mut log).err().context("other data")?.to_string();
    ensure!(refused.contains("at step 20") && refused.contains("n = 100, now 30"), "{refused}");
    Ok(())
}

#[test]
fn continuing_goes_on() -> Result<()> {
    let p = coins(60.0, 40.0)?;
    let (vars, coin) = common::learner(Bernoulli::new)?;
    let mut descent = GradientDescent::new(&vars, 1.0)?;
    let mut go = |steps, log: &mut LossLog| fit(&coin, &p, Objective::CrossEntropy, &mut descent, steps, log);
    let mut log = LossLog::new();
    go(0..5, &mut log)?;
    // Through a file, in any unit: n and H(p̂) follow from its rows.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.csv");
    log.history()?.write_csv(&path, Unit::Bits)?;
    let read = History::read_csv(&path)?;
    assert_eq!(read.total(), 100.0);
    ensure!((read.entropy().context("H")? - p.entropy()).nats().abs() < 1e-12);

    let mut log = LossLog::new().continuing(read);
    go(5..9, &mut log)?;
    let mut whole = LossLog::new();
    run(&p, 0..9, &mut whole)?;
    let (history, whole) = (log.into_history()?, whole.into_history()?);
    // Step 5 stands there once, as the second run has it.
    assert_eq!(history.rows().len(), 10);
    for (a, b) in history.rows().iter().zip(whole.rows()) {
        ensure!(a.step == b.step && (a.cross_entropy - b.cross_entropy).abs() < 1e-15, "{a:?} is not {b:?}");
    }
    ensure!(history.residual().context("a residual")? < 1e-12);

    // Going back replaces what was later.
    let mut log = LossLog::new().continuing(history);
    run(&p, 2..4, &mut log)?;
    assert_eq!(log.history()?.rows().iter().map(|row| row.step).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    // A run after that one is a new run.
    run(&p, 0..1, &mut log)?;
    assert_eq!(log.history()?.rows().len(), 2);
    Ok(())
}

#[test]
fn a_log_without_rows_can_be_gone_on_with_and_one_of_other_data_cannot() -> Result<()> {
    let p = coins(60.0, 40.0)?;
    let mut log = LossLog::new().continuing(History::default());
    run(&p, 0..4, &mut log)?;
    assert_eq!((log.history()?.rows().len(), log.history()?.total()), (5, 100.0));
    ensure!(log.history()?.residual().context("a residual")? < 1e-12);

    let mut log = LossLog::new().continuing(log.into_history()?);
    let refused = run(&coins(9.0, 21.0)?, 4..6, &mut log);
    ensure!(matches!(
        refused.err().and_then(|e| e.downcast().ok()),
        Some(Error::OtherData { step: 4, n: 100.0, now: 30.0 })
    ));
    Ok(())
}

/// The error of a step in an own loop: the library's words, and none of the tensor library's.
fn words<T>(refused: candle_mle::Result<T>, says: &[&str]) -> Result<Error> {
    let error = refused.err().context("it was not refused")?;
    let message = error.to_string();
    ensure!(says.iter().all(|part| message.contains(part)), "'{message}' does not say {says:?}");
    ensure!(!message.contains("shape mismatch") && !matches!(error, Error::Candle(_)), "{message}");
    Ok(error)
}

#[test]
fn a_minibatch_beside_the_whole_is_refused() -> Result<()> {
    let p = Empirical::from_sample(common::answers(300, 1)?)?;
    let (_, model) = common::learner(|vb| Logistic::new(2, vb))?;
    let part = Minibatches::new(&p, 4, 1)?.batch(0)?.context("a minibatch")?;
    ensure!(part.distinct() < p.distinct());
    let log_q = model.log_prob(part.batch())?;
    let [got, needed] = [format!("ln q has shape [{}]", part.distinct()), format!("({},) is needed", p.distinct())];
    let says = [got.as_str(), needed.as_str(), "p̂"];
    let refused = words(Step::new(0, &model, &p, &log_q), &says)?;
    ensure!(matches!(refused, Error::StepRows { rows, .. } if rows == p.distinct()));
    words(Objective::CrossEntropy.loss(&model, &log_q, &p), &says)?;

    // A column, where a number a row is meant; and a single number.
    let column = model.log_prob(p.batch())?.unsqueeze(1)?;
    words(Step::new(0, &model, &p, &column), &[&format!("[{}, 1]", p.distinct()), "squeeze a column"])?;
    words(Objective::Nll.loss(&model, &column, &p), &["squeeze a column"])?;
    words(Objective::ReverseKl.loss(&model, &column.sum_all()?, &p), &["ln q has shape []"])?;
    Ok(())
}

/// A user's model whose log_prob has another shape than one number a row.
struct Column;

impl Model for Column {
    type Batch = Labelled;
    const DENSITY: bool = false;
    fn log_prob(&self, batch: &Labelled) -> candle_mle::Result<Tensor> {
        Ok((batch.x().narrow(1, 0, 1)? * 0.0)?)
    }
}

#[test]
fn so_is_a_column_in_a_walk_and_in_a_fit() -> Result<()> {
    let p = Empirical::from_sample(common::answers(30, 1)?)?;
    words(candle_mle::walk([Ok(Column)], &p, &mut LossLog::new()), &["squeeze a column"])?;
    let (vars, _) = common::learner(Bernoulli::new)?;
    let mut descent = GradientDescent::new(&vars, 1.0)?;
    words(fit(&Column, &p, Objective::Kl, &mut descent, 0..2, &mut ()), &["squeeze a column"])?;
    Ok(())
}

#[test]
fn numbers_that_are_no_ln_q_are_refused_after_they_were_logged() -> Result<()> {
    let p = coins(60.0, 40.0)?;
    let coin = Bernoulli::from_prob(0.5, &CPU)?;
    let mut log = LossLog::new();
    let fair = coin.log_prob(p.batch())?;
    let _ = log.on_step(&Step::new(0, &coin, &p, &fair)?)?;

    let nan = Tensor::new(&[-0.5, f64::NAN], &CPU)?;
    let refused = words(log.on_step(&Step::new(1, &coin, &p, &nan)?), &["not a number at step 1"])?;
    ensure!(matches!(refused, Error::NotANumber { step: 1 }));
    let above = Tensor::new(&[-0.5, 0.25], &CPU)?;
    let says = ["ln q of row 1", "0.25 at step 2", "a probability is at most 1", "normalise", "density"];
    let refused = words(log.on_step(&Step::new(2, &coin, &p, &above)?), &says)?;
    ensure!(matches!(refused, Error::AboveOne { step: 2, row: 1, value: 0.25 }));
    assert_eq!(log.history()?.rows().len(), 3);
    ensure!(log.history()?.rows()[1].cross_entropy.is_nan());

    // A density may be above 1, and a probability by rounding.
    let rounded = Tensor::new(&[1e-7f32, -0.5], &CPU)?;
    let _ = LossLog::new().on_step(&Step::new(0, &coin, &p, &rounded)?)?;
    let narrow = Gaussian::from_moments(&[0.0], &[[1e-6]], &CPU)?;
    let points = Empirical::from_sample(Tensor::new(&[[0.0], [1e-4]], &CPU)?)?;
    let log_q = narrow.log_prob(points.batch())?;
    ensure!(host(&log_q)?[0] > 1.0);
    let _ = LossLog::new().on_step(&Step::new(0, &narrow, &points, &log_q)?)?;
    Ok(())
}

#[test]
fn another_p_in_the_middle_is_refused() -> Result<()> {
    let (p, other) = (coins(60.0, 40.0)?, coins(61.0, 40.0)?);
    let coin = Bernoulli::from_prob(0.5, &CPU)?;
    let log_q = coin.log_prob(p.batch())?;
    let mut log = LossLog::new();
    let _ = log.on_step(&Step::new(0, &coin, &p, &log_q)?)?;
    let refused = words(log.on_step(&Step::new(1, &coin, &other, &log_q)?), &["at step 1", "n = 100, now 101", "p̂"])?;
    ensure!(matches!(refused, Error::OtherData { step: 1, n: 100.0, now: 101.0 }));
    // As many observations, of which others are alike.
    let alike = coins(55.0, 45.0)?;
    words(log.on_step(&Step::new(2, &coin, &alike, &log_q)?), &["not those of the log"])?;

    // Points at a resolution, and the same without one: another KL.
    let gaussian = Gaussian::from_moments(&[0.0], &[[1.0]], &CPU)?;
    let atoms = Empirical::from_sample(Tensor::new(&[[0.0], [1.0]], &CPU)?)?;
    let cells = atoms.clone().at_resolution(&[1.0])?;
    let log_q = gaussian.log_prob(atoms.batch())?;
    let mut log = LossLog::new();
    let _ = log.on_step(&Step::new(0, &gaussian, &cells, &log_q)?)?;
    words(log.on_step(&Step::new(1, &gaussian, &atoms, &log_q)?), &["not those of the log"])?;
    Ok(())
}

#[test]
fn a_step_in_f32_is_a_step() -> Result<()> {
    let p = Empirical::from_sample(common::answers(300, 1)?)?.to_dtype(DType::F32)?;
    let model = Logistic::new(2, candle_nn::VarBuilder::zeros(DType::F32, &CPU))?;
    let mut log = LossLog::new();
    let _ = log.on_step(&Step::new(0, &model, &p, &model.log_prob(p.batch())?)?)?;
    ensure!((log.history()?.rows()[0].cross_entropy - 2f64.ln()).abs() < 1e-7);
    ensure!(log.history()?.residual().context("a residual")? < 1e-12);
    Ok(())
}

/// A log that was begun with its truth known and went on without: every line has its cells, and what is not there is read as that.
#[test]
fn what_only_some_steps_have_is_empty_in_the_others() -> Result<()> {
    let row =
        |step, population_kl| Row { step, kl: 0.1, cross_entropy: 0.6, nll: 60.0, reverse_kl: None, population_kl };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.csv");
    for known in [[Some(0.25), None], [None, Some(0.25)]] {
        let history = History::from_rows([row(0, known[0]), row(1, known[1])], 100.0, None);
        history.write_csv(&path, Unit::Nats)?;
        let lines: Vec<String> = std::fs::read_to_string(&path)?.lines().map(String::from).collect();
        ensure!(lines.iter().all(|line| line.matches(',').count() == 4), "{lines:?}");
        assert_eq!(History::read_csv(&path)?.rows(), history.rows());
        ensure!(
            history.table(Unit::Nats, 5).lines().any(|line| line.ends_with('–')),
            "{}",
            history.table(Unit::Nats, 5)
        );
    }
    Ok(())
}

#[test]
fn a_cell_that_is_no_number_is_refused_with_its_line() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.csv");
    let header = "step,kl_nats,cross_entropy_nats,nll_nats,population_kl_nats";
    for line in [
        "1,0.1,o.6,60,0.2",
        "1,,0.6,60,0.2",
        "1.5,0.1,0.6,60,0.2",
        "1,0.1,0.6,60,x",
        "1,0.1,0.6,60",
        "1,0.1,0.6,60,1,2",
    ] {
        std::fs::write(&path, format!("{header}\n0,0.2,0.7,70,0.3\n{line}\n"))?;
        let refused = History::read_csv(&path).err().map(|e| e.to_string()).unwrap_or_default();
        ensure!(refused.contains("line 3") && refused.contains(line), "{line}: {refused}");
    }
    Ok(())
}
