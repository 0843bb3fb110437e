//! Points snap to the cells of their resolution, a recorded decimal stays itself, and without one KL to a density is +∞.

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::model::Gaussian;
use candle_mle::{Empirical, Error, LossLog, Objective, Unit, fit};
use candle_nn::{Optimizer, SGD};

use crate::common::{self, CPU, host};

fn column(values: &[f64]) -> Result<Tensor> {
    Ok(Tensor::from_slice(values, (values.len(), 1), &CPU)?)
}

fn snapped(values: &[f64], resolution: f64) -> Result<Vec<f64>> {
    host(Empirical::from_sample(column(values)?)?.at_resolution(&[resolution])?.batch())
}

#[test]
fn a_recorded_decimal_stays_itself() -> Result<()> {
    // Every thousandth of a minute that an eruption can last, as a file would say it.
    let minutes =
        (0..6000).map(|k| Ok(format!("{}.{:03}", k / 1000, k % 1000).parse()?)).collect::<Result<Vec<f64>>>()?;
    assert_eq!(snapped(&minutes, 0.001)?, minutes);
    let raw = common::old_faithful(&["eruption_minutes", "waiting_minutes"])?;
    let p = Empirical::from_sample(raw.clone())?;
    let q = p.clone().at_resolution(&[0.001, 1.0])?;
    assert_eq!(host(q.batch())?, host(p.batch())?);
    assert_eq!((host(q.count())?, q.total()), (host(p.count())?, 272.0));
    for (resolution, tenths) in [(0.1, 1), (0.2, 2), (0.5, 5)] {
        let decimals = (0..500)
            .map(|k| Ok(format!("{}.{}", k * tenths / 10, k * tenths % 10).parse()?))
            .collect::<Result<Vec<f64>>>()?;
        assert_eq!(snapped(&decimals, resolution)?, decimals);
    }
    Ok(())
}

#[test]
fn what_lies_in_one_cell_becomes_one_point() -> Result<()> {
    assert_eq!(snapped(&[0.26], 0.25)?, [0.25]);
    assert_eq!(snapped(&[0.26, 0.24, 0.13, -0.26, 0.12, -0.12], 0.25)?, [0.25, -0.25, 0.0]);
    assert_eq!(snapped(&[71.0, 72.4, 72.6, 68.0], 5.0)?, [70.0, 75.0]);
    assert_eq!(snapped(&[7.4, 7.6, -7.6], 3.0)?, [6.0, 9.0, -9.0]);
    let p = Empirical::from_counts(column(&[0.26, 1.0, 0.24])?, &[3.0, 2.0, 4.0])?.at_resolution(&[0.25])?;
    assert_eq!((host(p.batch())?, host(p.count())?, p.total()), (vec![0.25, 1.0], vec![7.0, 2.0], 9.0));
    assert_eq!((p.distinct(), p.resolution()), (2, Some([0.25].as_slice())));
    Ok(())
}

#[test]
fn the_density_of_a_cell_is_its_mass_over_its_volume() -> Result<()> {
    let points = Tensor::new(&[[0.0, 0.0], [0.5, 0.1], [0.5, 0.1], [0.0, 0.0]], &CPU)?;
    let p = Empirical::from_sample(points)?.at_resolution(&[0.5, 0.1])?;
    for log in p.log_p::<Gaussian>()?.map(host).transpose()?.unwrap_or_default() {
        ensure!((log - (0.5f64 / 0.05).ln()).abs() <= 1e-14, "{log}");
    }
    // Two cells of a half each: a uniform density on a volume of 0.1, below zero in nats.
    ensure!((p.entropy().nats() - 0.1f64.ln()).abs() <= 1e-14, "{}", p.entropy());
    Ok(())
}

#[test]
fn without_a_resolution_kl_is_infinite_and_the_fit_goes_on() -> Result<()> {
    let raw = common::old_faithful(&["eruption_minutes"])?;
    let atoms = Empirical::from_sample(raw)?;
    let (vars, model) = common::learner(|vb| Gaussian::new(1, vb))?;
    let mut log = LossLog::new();
    fit(&model, &atoms, Objective::CrossEntropy, &mut SGD::new(vars.all_vars(), 0.05)?, 0..300, &mut log)?;
    let history = log.into_history()?;
    ensure!(history.rows().len() == 301 && history.rows().iter().all(|row| row.kl == f64::INFINITY));
    ensure!(history.rows().windows(2).all(|two| two[1].cross_entropy < two[0].cross_entropy));
    assert_eq!((history.argmin(1e-9).kl, history.entropy(), history.residual()), (None, None, None));
    ensure!(history.argmin(1e-9).cross_entropy.is_some() && history.argmin(1e-9).nll.is_some());
    ensure!(history.to_csv(Unit::Nats).lines().nth(1).is_some_and(|line| line.starts_with("0,inf,")));
    ensure!((host(&model.mean()?)?[0] - 3.4878).abs() < 0.1, "{}", model.mean()?);
    Ok(())
}

#[test]
fn without_a_resolution_there_is_no_kl_to_descend() -> Result<()> {
    let atoms = Empirical::from_sample(common::old_faithful(&["eruption_minutes"])?)?;
    let (vars, model) = common::learner(|vb| Gaussian::new(1, vb))?;
    let mut sgd = SGD::new(vars.all_vars(), 0.05)?;
    let outcome = fit(&model, &atoms, Objective::Kl, &mut sgd, 0..300, &mut LossLog::new());
    ensure!(matches!(outcome, Err(Error::NoResolution)), "{outcome:?}");
    // Nothing moved, and with a resolution it can be descended.
    assert_eq!(host(&model.mean()?)?, [0.0]);
    fit(&model, &atoms.at_resolution(&[0.001])?, Objective::Kl, &mut sgd, 0..300, &mut LossLog::new())?;
    Ok(())
}
