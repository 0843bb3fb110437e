//! On a line the law of largest entropy is exact to 1e-9, or refused for the true reason.

use anyhow::Result;
use candle_mle::info::law::{ClosedForm, Laplace, Normal};
use candle_mle::maxent::{MaximumEntropy, Moment, Support, maxent, newton_on_the_dual};
use candle_mle::{Error, info};
use proptest::prelude::*;

const X: &dyn Fn(f64) -> f64 = &|x| x;
const SQUARE: &dyn Fn(f64) -> f64 = &|x| x * x;
const SIZE: &dyn Fn(f64) -> f64 = &f64::abs;

fn gaussian(line: &Support, mean: f64, variance: f64) -> candle_mle::Result<MaximumEntropy> {
    maxent(line, &[Moment { g: X, target: mean }, Moment { g: SQUARE, target: mean * mean + variance }])
}

/// The errors of a quadrature that does not fit the law.
fn refused(error: &Error) -> bool {
    matches!(error, Error::MomentsOffTheNodes { .. } | Error::LawOffTheNodes { .. } | Error::LawBetweenTheNodes { .. })
}

#[test]
fn a_kink_at_the_centre_costs_nothing() -> Result<()> {
    let laplace = Laplace::new(0.0, 1.0)?.entropy();
    for scale in [1.0, 10.0, 100.0] {
        let found = maxent(&Support::line(0.0, scale)?, &[Moment { g: SIZE, target: 1.0 }])?;
        assert!((found.entropy - laplace).nats().abs() < 1e-12, "scale {scale}: {}", found.entropy);
        assert!((found.lambda.expect("finite")[0] + 1.0).abs() < 1e-12);
    }
    // Two sides of different rates: the asymmetric Laplace law.
    let (right, left) = (0.7, 1.9);
    let share = left / (right + left);
    let (above, below) = (share / right, (1.0 - share) / left);
    let moments = [Moment { g: SIZE, target: above + below }, Moment { g: X, target: above - below }];
    let lambda = maxent(&Support::line(0.0, 1.0)?, &moments)?.lambda.expect("finite");
    assert!(
        (lambda[0] + lambda[1] + right).abs() < 1e-12 && (lambda[0] - lambda[1] + left).abs() < 1e-12,
        "{lambda:?}"
    );
    Ok(())
}

#[test]
fn a_narrow_law_at_the_centre_is_exact() -> Result<()> {
    for variance in [1e-4, 1.0, 100.0] {
        let found = gaussian(&Support::line(0.0, 1.0)?, 0.0, variance)?;
        let truth = Normal::new(0.0, variance.sqrt())?.entropy();
        assert!((found.entropy - truth).nats().abs() < 1e-12, "variance {variance}: {}", found.entropy);
        let lambda = found.lambda.expect("finite")[1] * variance;
        assert!((lambda + 0.5).abs() < 1e-11, "variance {variance}: {lambda}");
    }
    Ok(())
}

#[test]
fn a_steep_statistic_is_no_hindrance() -> Result<()> {
    // cosh is even: half of the law on the line is the law on the half line.
    let moment = [Moment { g: &f64::cosh, target: 1.5 }];
    let (line, half) = (maxent(&Support::line(0.0, 1.0)?, &moment)?, maxent(&Support::half_line(1.0)?, &moment)?);
    assert!(((line.entropy - half.entropy).bits() - 1.0).abs() < 1e-12);
    assert!((line.lambda.expect("finite")[0] - half.lambda.expect("finite")[0]).abs() < 1e-12);
    // Where all that tells the points apart is lost beside the largest, no λ is claimed.
    let lost = maxent(&Support::finite((0..200).map(f64::from))?, &[Moment { g: &|x| x.powi(128), target: 1.5 }]);
    assert!(matches!(lost, Err(Error::Stalled { .. })));
    Ok(())
}

#[test]
fn a_law_that_falls_between_the_nodes_is_refused_and_says_by_how_much() -> Result<()> {
    let kink =
        maxent(&Support::line(0.3, 1.0)?, &[Moment { g: SIZE, target: 1.0 }]).expect_err("a kink off the centre");
    assert!(matches!(kink, Error::LawBetweenTheNodes { change } if (1e-6..1e-3).contains(&change)), "{kink}");
    assert!(kink.to_string().contains("scale nearer to its width") && kink.to_string().contains("a kink"));
    // Wherever between two nodes it lies: at a quarter of the way half a step on errs by the same.
    for place in 1..=400 {
        let centre = f64::from(place) * 1e-4 + 0.0193005426765313 - 0.02;
        let law = maxent(&Support::line(centre, 1.0)?, &[Moment { g: SIZE, target: 1.0 }]);
        let gap = law.map(|law| (law.entropy - Laplace::new(0.0, 1.0).expect("a law").entropy()).nats().abs());
        assert!(gap.as_ref().is_ok_and(|gap| *gap < 2e-9) || gap.as_ref().is_err_and(refused), "{centre}: {gap:?}");
    }
    let newton = newton_on_the_dual(&Support::line(0.3, 1.0)?, &[Moment { g: SIZE, target: 1.0 }]);
    assert!(matches!(newton, Err(Error::LawBetweenTheNodes { .. })));
    // A law of no width, at a point where the nodes crowd.
    let point = gaussian(&Support::line(2.0, 1.0)?, 2.0, 0.0).expect_err("no density");
    assert!(matches!(point, Error::LawBetweenTheNodes { .. }), "{point}");
    // Jumps at −1 and 1: E of an indicator.
    let inside: &dyn Fn(f64) -> f64 = &|x| f64::from(u8::from(x.abs() < 1.0));
    let jumps = maxent(&Support::line(0.0, 1.0)?, &[Moment { g: inside, target: 1.0 }]).expect_err("two jumps");
    assert!(matches!(jumps, Error::LawBetweenTheNodes { .. }), "{jumps}");
    // More of ln x than the nodes next to 0 can hold: a gamma law of shape 1/10 and mean 1/10.
    let pole = [Moment { g: X, target: 0.1 }, Moment { g: &f64::ln, target: -10.423754940411076 }];
    assert!(matches!(maxent(&Support::half_line(1.0)?, &pole), Err(Error::LawBetweenTheNodes { .. })));
    Ok(())
}

#[test]
fn a_law_beyond_the_nodes_is_refused_and_says_how_far_they_reach() -> Result<()> {
    let (line, half_line) = (Support::line(0.0, 1.0)?, Support::half_line(1.0)?);
    // Exp(1/40) is a law, but not within 244; the other two are held by no moment.
    let wide = maxent(&half_line, &[Moment { g: X, target: 40.0 }]).expect_err("wider than the nodes");
    assert!(matches!(wide, Error::LawOffTheNodes { reach: (0.0, 240.0..250.0), .. }), "{wide}");
    assert!(wide.to_string().contains("larger scale") && wide.to_string().contains("if no moment holds it"));
    let free = [maxent(&line, &[Moment { g: X, target: 0.3 }]), maxent(&half_line, &[])];
    assert!(free.iter().all(|free| matches!(free, Err(Error::LawOffTheNodes { .. }))));

    let off = [
        maxent(&half_line, &[Moment { g: X, target: -1.0 }]),
        maxent(&half_line, &[Moment { g: X, target: 1000.0 }]),
        gaussian(&Support::line(0.0, 0.001)?, 0.0, 1.0),
        gaussian(&line, 50.0, 1.0),
        gaussian(&line, 2.0, 0.0),
        gaussian(&line, 2.0, -1.0),
    ];
    for off in off {
        let off = off.expect_err("not on these nodes");
        assert!(matches!(off, Error::MomentsOffTheNodes { .. }), "{off}");
        assert!(off.to_string().starts_with("no distribution on the nodes of the quadrature, which reach from "));
    }
    Ok(())
}

#[test]
fn a_scale_is_a_number_that_leaves_the_nodes_numbers() {
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e308, 1e-300] {
        for support in [Support::line(0.0, scale), Support::half_line(scale)] {
            assert!(matches!(support, Err(Error::Info(info::Error::Parameter { what: "the scale", .. }))), "{scale}");
        }
    }
    assert!(Support::line(f64::NAN, 1.0).is_err() && Support::line(0.0, 1e-250).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Wherever the centre and whatever the scale.
    #[test]
    fn no_gaussian_is_wrong_in_silence(mean in -30.0f64..30.0, width in -3.0f64..3.0) {
        let sd = 10f64.powf(width);
        match gaussian(&Support::line(0.0, 1.0).unwrap(), mean * sd, sd * sd) {
            Ok(found) => {
                let gap = found.entropy - Normal::new(mean * sd, sd).unwrap().entropy();
                prop_assert!(gap.nats().abs() < 2e-9, "{}", gap);
                let lambda = found.lambda.unwrap();
                prop_assert!((lambda[1] * sd * sd + 0.5).abs() < 1e-8 && (lambda[0] * sd - mean).abs() < 1e-7, "{:?}", lambda);
            }
            Err(error) => prop_assert!(refused(&error), "{}", error),
        }
    }

    /// A kink that meets no node.
    #[test]
    fn no_laplace_law_is_wrong_in_silence(centre in -3.0f64..3.0, width in -3.0f64..1.0) {
        let width = 10f64.powf(width);
        match maxent(&Support::line(centre, 1.0).unwrap(), &[Moment { g: SIZE, target: width }]) {
            Ok(found) => {
                let gap = found.entropy - Laplace::new(0.0, width).unwrap().entropy();
                prop_assert!(gap.nats().abs() < 2e-9, "{}", gap);
            }
            Err(error) => prop_assert!(refused(&error), "{}", error),
        }
    }
}
