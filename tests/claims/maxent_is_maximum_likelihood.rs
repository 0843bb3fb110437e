//! Maximum entropy is maximum likelihood: the Gibbs law fitted to any law with the wanted moments has them, and the
//! largest entropy (lecture rows L5 to L8).

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::info::Pmf;
use candle_mle::info::law::{ClosedForm, Exponential, Normal};
use candle_mle::maxent::{Moment, Support, maxent, newton_on_the_dual};
use candle_mle::model::Gibbs;
use candle_mle::{Empirical, Error, LossLog, Objective, fit, info};
use candle_nn::{VarBuilder, VarMap};
use proptest::prelude::*;

const X: &dyn Fn(f64) -> f64 = &|x| x;
const SQUARE: &dyn Fn(f64) -> f64 = &|x| x * x;

fn die() -> Support {
    Support::finite((1..=6).map(f64::from)).expect("six faces")
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

#[test]
fn the_biased_die_of_mean_4_8() -> Result<()> {
    let moments = [Moment { g: X, target: 4.8 }];
    let found = maxent(&die(), &moments)?;
    let lambda = found.lambda.expect("finite")[0];
    assert!(close(lambda, 0.514180064, 1e-9), "{lambda}");
    assert!(close(found.entropy.nats(), 1.4814913, 5e-8), "{}", found.entropy.nats());
    assert!(close(newton_on_the_dual(&die(), &moments)?[0], lambda, 1e-10));
    // The cross-entropy falls to H(p*), and KL to the entropy that the feasible law fell short of.
    let end = found.history.rows().last().expect("a row");
    assert!(close(end.cross_entropy, found.entropy.nats(), 1e-12));
    assert!(close(end.kl, (found.entropy - die().entropy(&found.feasible)).nats(), 1e-12));
    Ok(())
}

#[test]
fn any_feasible_law_will_do_and_its_gap_is_the_floor() -> Result<()> {
    // "4 with .2, 5 with .8" has mean 4.8 as well.
    let d = Device::Cpu;
    let data = Empirical::from_cells(Tensor::new(&[3u32, 4], &d)?, &[0.2, 0.8], &[1.0, 1.0])?;
    let vars = VarMap::new();
    let statistics = Tensor::new(&[[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]], &d)?;
    let gibbs =
        Gibbs::new(statistics, &Tensor::ones(6, DType::F64, &d)?, VarBuilder::from_varmap(&vars, DType::F64, &d))?;
    let (mut log, mut stop) = (LossLog::new(), GradientNorm::new(&vars, 1e-12));
    fit(&gibbs, &data, Objective::Kl, &mut Lbfgs::new(&vars), 0..200, &mut (&mut log, &mut stop))?;
    assert!(close(gibbs.lambda().to_vec1::<f64>()?[0], 0.514180064, 1e-9));
    let history = log.into_history()?;
    assert!(close(history.rows().last().expect("a row").kl, 0.9811, 5e-5));
    assert!(history.residual().expect("an identity") < 1e-12);
    Ok(())
}

#[test]
fn the_sign_of_lambda_says_where_the_mean_lies() -> Result<()> {
    let lambda = |mean| maxent(&die(), &[Moment { g: X, target: mean }]).map(|m| m.lambda.expect("finite")[0]);
    assert!(close(lambda(3.5)?, 0.0, 1e-12));
    assert!(lambda(4.0)? > 0.0 && lambda(3.0)? < 0.0 && close(lambda(4.0)?, -lambda(3.0)?, 1e-10));
    Ok(())
}

#[test]
fn what_no_law_can_have_is_an_error_that_says_why() {
    let with = |moments: &[Moment]| maxent(&die(), moments).expect_err("no law has these");
    let alone = with(&[Moment { g: X, target: 6.5 }]);
    assert!(matches!(alone, Error::MomentOutOfReach { moment: 0, target: 6.5, least: 1.0, most: 6.0 }), "{alone}");
    assert!(alone.to_string().contains("6.5") && alone.to_string().contains("between 1.0 and 6.0"));
    // Each alone can be met; a mean square below the square of the mean cannot.
    let together = with(&[Moment { g: X, target: 3.5 }, Moment { g: SQUARE, target: 12.0 }]);
    assert!(matches!(together, Error::MomentsContradict { .. }), "{together}");
    assert!(matches!(with(&[Moment { g: X, target: f64::NAN }]), Error::MomentOutOfReach { .. }));
    assert!(matches!(
        with(&[Moment { g: &|x| 1.0 / (x - 3.0), target: 0.0 }]),
        Error::Info(info::Error::NotFinite { .. })
    ));
    assert!(
        Support::finite([]).is_err() && Support::finite([1.0, 1.0]).is_err() && Support::finite([f64::NAN]).is_err()
    );
}

#[test]
fn on_the_edge_the_law_lives_on_a_face_and_lambda_is_not_finite() -> Result<()> {
    let sure = maxent(&die(), &[Moment { g: X, target: 6.0 }])?;
    assert_eq!((sure.law, sure.lambda), (vec![0.0, 0.0, 0.0, 0.0, 0.0, 1.0], None));
    assert_eq!(sure.entropy.nats(), 0.0);
    // Mean 3.5 and the largest second moment: only the ends are left, and they share.
    let ends = maxent(&die(), &[Moment { g: X, target: 3.5 }, Moment { g: SQUARE, target: 18.5 }])?;
    assert!(ends.lambda.is_none() && ends.law[1..5].iter().all(|p| *p == 0.0));
    assert!(close(ends.law[0], 0.5, 1e-12) && close(ends.entropy.bits(), 1.0, 1e-12));
    let newton = newton_on_the_dual(&die(), &[Moment { g: X, target: 6.0 }]);
    assert!(matches!(newton, Err(Error::MomentsOnTheEdge)));
    Ok(())
}

#[test]
fn near_the_edge_lambda_keeps_its_digits() -> Result<()> {
    // Faces from 0, so that a mean next to the edge is a number with all of its digits.
    let faces = Support::finite((0..6).map(f64::from))?;
    for exponent in 1..=15 {
        let ratio = 0.1f64.powi(exponent);
        let powers: Vec<f64> = (0..6).map(|k| ratio.powi(k)).collect();
        let mean = powers.iter().zip(0..).map(|(p, k)| f64::from(k) * p).sum::<f64>() / powers.iter().sum::<f64>();
        let moments = [Moment { g: X, target: mean }];
        let (fitted, newton) =
            (maxent(&faces, &moments)?.lambda.expect("finite"), newton_on_the_dual(&faces, &moments)?);
        for lambda in [fitted[0], newton[0]] {
            assert!(close(lambda, ratio.ln(), 1e-13 * ratio.ln().abs()), "mean {mean}: {lambda} for {}", ratio.ln());
        }
    }
    Ok(())
}

#[test]
fn a_moment_said_twice_shares_its_lambda() -> Result<()> {
    let moments = [Moment { g: SQUARE, target: 1.0 }, Moment { g: SQUARE, target: 1.0 }];
    let line = Support::line(0.0, 1.0)?;
    for lambda in [maxent(&line, &moments)?.lambda.expect("finite"), newton_on_the_dual(&line, &moments)?] {
        assert!(lambda.iter().all(|lambda| close(*lambda, -0.25, 1e-12)), "{lambda:?}");
    }
    Ok(())
}

#[test]
fn the_table_of_special_cases() -> Result<()> {
    let uniform = maxent(&die(), &[])?;
    assert!(close(uniform.entropy.nats(), 6f64.ln(), 1e-12) && uniform.law.iter().all(|p| close(*p, 1.0 / 6.0, 1e-15)));
    for (mean, sd) in [(0.0, 1.0), (3.0, 2.0), (-70.0, 13.6)] {
        let line = Support::line(mean + 0.3 * sd, 1.4 * sd)?;
        let moments = [Moment { g: X, target: mean }, Moment { g: SQUARE, target: mean * mean + sd * sd }];
        let (found, law) = (maxent(&line, &moments)?, Normal::new(mean, sd)?);
        assert!(close(found.entropy.nats(), law.entropy().nats(), 1e-9), "mean {mean}: {}", found.entropy);
        let lambda = found.lambda.expect("finite");
        assert!(close(lambda[1], -0.5 / (sd * sd), 1e-8 / (sd * sd)), "{lambda:?}");
        let newton = newton_on_the_dual(&line, &moments)?;
        assert!(
            newton.iter().zip(&lambda).all(|(a, b)| close(*a, *b, 1e-10 * b.abs().max(1e-3))),
            "{newton:?} {lambda:?}"
        );
    }
    for mean in [1e-3, 0.5, 2.0, 1e4] {
        let found = maxent(&Support::half_line(mean)?, &[Moment { g: X, target: mean }])?;
        assert!(close(found.entropy.nats(), Exponential::new(1.0 / mean)?.entropy().nats(), 1e-10));
        assert!(close(found.lambda.expect("finite")[0] * mean, -1.0, 1e-9));
    }
    Ok(())
}

/// Probabilities, each at least a hundredth of the largest, of `n` points.
fn law(n: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01f64..1.0, n).prop_map(|weights| {
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(|w| w / total).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// H(p*) − H(p) = KL(p‖p*) for every p with the moments of p*; so no other p has the entropy of p* (Gibbs' inequality).
    #[test]
    fn the_entropy_gap_is_the_divergence(p in law(7)) {
        let support = Support::finite((0..7).map(f64::from)).unwrap();
        let moments = [
            Moment { g: X, target: support.expectation(&p, X) },
            Moment { g: SQUARE, target: support.expectation(&p, SQUARE) },
        ];
        let found = maxent(&support, &moments).unwrap();
        for moment in &moments {
            let reached = support.expectation(&found.law, moment.g);
            prop_assert!((reached - moment.target).abs() < 1e-9 * moment.target.max(1.0), "{} for {}", reached, moment.target);
        }
        let (p, q) = (Pmf::new([7], p).unwrap(), Pmf::new([7], found.law).unwrap());
        let (gap, kl) = ((q.entropy() - p.entropy()).nats(), p.kl_divergence(&q).unwrap().nats());
        prop_assert!((gap - kl).abs() < 1e-9, "{gap} {kl}");
        prop_assert!(gap > -1e-9);
        let newton = newton_on_the_dual(&support, &moments).unwrap();
        for (a, b) in newton.iter().zip(found.lambda.unwrap()) {
            prop_assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{a} {b}");
        }
    }

    /// The converse: a member of an exponential family is the maximum-entropy law of its own moments.
    #[test]
    fn a_member_of_the_family_is_found_again(a in -1.0f64..1.0, b in -0.3f64..0.3) {
        let support = Support::finite((-3..=3).map(f64::from)).unwrap();
        let weights: Vec<f64> = support.points().iter().map(|x| (a * x + b * x * x).exp()).collect();
        let z: f64 = weights.iter().sum();
        let member: Vec<f64> = weights.iter().map(|w| w / z).collect();
        let moments = [
            Moment { g: X, target: support.expectation(&member, X) },
            Moment { g: SQUARE, target: support.expectation(&member, SQUARE) },
        ];
        let found = maxent(&support, &moments).unwrap();
        for (p, q) in found.law.iter().zip(&member) {
            prop_assert!((p - q).abs() < 1e-9, "{:?} {:?}", found.law, member);
        }
    }

    /// Shore and Johnson's independence: constraints on two systems apart give the product of their laws.
    #[test]
    fn independent_systems_stay_independent(p in law(4), q in law(3)) {
        let (rows, columns) = (Support::finite((0..4).map(f64::from)).unwrap(), Support::finite((0..3).map(f64::from)).unwrap());
        let (row, column): (&dyn Fn(f64) -> f64, &dyn Fn(f64) -> f64) = (&|cell| (cell / 3.0).floor(), &|cell| cell % 3.0);
        let (a, b) = (rows.expectation(&p, X), columns.expectation(&q, X));
        let cells = Support::finite((0..12).map(f64::from)).unwrap();
        let joint = maxent(&cells, &[Moment { g: row, target: a }, Moment { g: column, target: b }]).unwrap();
        let apart = (maxent(&rows, &[Moment { g: X, target: a }]).unwrap(), maxent(&columns, &[Moment { g: X, target: b }]).unwrap());
        for (cell, p) in joint.law.iter().enumerate() {
            prop_assert!((p - apart.0.law[cell / 3] * apart.1.law[cell % 3]).abs() < 1e-9);
        }
    }

    /// Shore and Johnson's coarsening: what is known of a part of the states decides the law within that part alone.
    #[test]
    fn a_part_of_the_states_is_judged_by_itself(p in law(3), q in law(4), share in 0.1f64..0.9) {
        let whole = Support::finite((0..7).map(f64::from)).unwrap();
        let (left, right) = (Support::finite((0..3).map(f64::from)).unwrap(), Support::finite((3..7).map(f64::from)).unwrap());
        let (a, b) = (left.expectation(&p, X), right.expectation(&q, X));
        let moments = [
            Moment { g: &|x| f64::from(u8::from(x < 3.0)), target: share },
            Moment { g: &|x| if x < 3.0 { x } else { 0.0 }, target: share * a },
            Moment { g: &|x| if x < 3.0 { 0.0 } else { x }, target: (1.0 - share) * b },
        ];
        let found = maxent(&whole, &moments).unwrap();
        let alone = (maxent(&left, &[Moment { g: X, target: a }]).unwrap(), maxent(&right, &[Moment { g: X, target: b }]).unwrap());
        for (i, p) in found.law.iter().enumerate() {
            let expected = if i < 3 { share * alone.0.law[i] } else { (1.0 - share) * alone.1.law[i - 3] };
            prop_assert!((p - expected).abs() < 1e-8, "{} {}", p, expected);
        }
    }
}
