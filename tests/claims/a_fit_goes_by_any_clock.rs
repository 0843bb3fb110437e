//! A fit that is advanced step by step is the fit that runs through: the same log to the last byte, the same end.

use candle_core::{Device, Tensor};
use candle_mle::fit::{End, Fitting, Minibatches};
use candle_mle::mle::{By, Plan};
use candle_mle::model::Bernoulli;
use candle_mle::{Empirical, Fitted, LossLog, Unit, fit};
use candle_nn::{VarBuilder, VarMap};

fn coin(p: &Empirical<Tensor>) -> (VarMap, Bernoulli) {
    let vars = VarMap::new();
    let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, p.batch().dtype(), &Device::Cpu)).unwrap();
    (vars, coin)
}

#[test]
fn step_by_step_is_the_same_run() {
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu).unwrap(), &[60.0, 40.0]).unwrap();
    for by in [By::Lbfgs, By::GradientDescent { step_size: 1.0 }] {
        let plan = Plan { by, steps: 500, ..Plan::default() };
        let Fitted { history, end, .. } = plan.fit(&p, Bernoulli::new).unwrap();
        let ((vars, model), mut log) = (coin(&p), LossLog::new());
        let (mut descent, mut enough) = (plan.optimizer(&model, &vars, &p).unwrap(), plan.enough(&vars, &p));
        let mut fitting = Fitting::new(plan.objective, 0..plan.steps);
        let mut calls = 0;
        let ended = loop {
            calls += 1;
            let hooks = &mut (&mut log, &mut enough);
            if let Some(end) = fitting.step(&model, &mut &p, descent.as_mut(), hooks).unwrap() {
                break end;
            }
            // Every call shows one step more.
            assert_eq!(log.history().unwrap().rows().len(), calls);
        };
        assert_eq!((ended, log.history().unwrap().to_csv(Unit::Bits)), (end, history.to_csv(Unit::Bits)));
        // Over is over: nothing is shown or moved any more.
        let before = model.prob().unwrap();
        assert_eq!(fitting.step(&model, &mut &p, descent.as_mut(), &mut log).unwrap(), Some(end));
        assert_eq!((log.history().unwrap().rows().len(), model.prob().unwrap()), (history.rows().len(), before));
    }
}

#[test]
fn minibatches_too() {
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu).unwrap(), &[600.0, 400.0]).unwrap();
    let plan = Plan { by: By::GradientDescent { step_size: 0.5 }, ..Plan::default() };
    let minibatches = || Minibatches::new(&p, 50, 7).unwrap().every(10);
    let ((vars, model), mut whole) = (coin(&p), LossLog::new());
    let mut descent = plan.optimizer(&model, &vars, &p).unwrap();
    fit(&model, minibatches(), plan.objective, descent.as_mut(), 0..45, &mut whole).unwrap();
    let ((vars, model), mut log, mut source) = (coin(&p), LossLog::new(), minibatches());
    let mut descent = plan.optimizer(&model, &vars, &p).unwrap();
    let mut fitting = Fitting::new(plan.objective, 0..45);
    let end = loop {
        if let Some(end) = fitting.step(&model, &mut source, descent.as_mut(), &mut log).unwrap() {
            break end;
        }
    };
    assert_eq!(end, End::Steps);
    assert_eq!(log.history().unwrap().to_csv(Unit::Nats), whole.history().unwrap().to_csv(Unit::Nats));
}
