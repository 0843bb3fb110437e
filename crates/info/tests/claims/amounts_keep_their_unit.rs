//! An amount of information read back in the unit it was summed in is the same number, and sums of one unit stay in it.

use std::f64::consts::{LN_2, LN_10};

use candle_mle_info::law::{Mixture, Normal};
use candle_mle_info::{Information, Result, Unit};
use proptest::prelude::*;

#[test]
fn nothing_has_no_sign() -> Result<()> {
    for nothing in
        [-Information::ZERO, Information::ZERO * -1.0, Information::from_nats(-0.0), Information::from_bits(-1e-17)]
    {
        assert_eq!(format!("{nothing:.3}"), "0.000 bits");
        assert_eq!(format!("{nothing:8.3}"), "   0.000 bits");
    }
    assert_eq!((-Information::ZERO).to_string(), "0 bits");
    assert_eq!((-Information::ZERO).to(Unit::Nats).to_bits(), 0);
    assert_eq!(format!("{:.3}", Information::from_bits(-0.0125)), "-0.013 bits");
    let mixture = Mixture::new(&[(1.0, Normal::new(-1e-9, 2.0)?)])?;
    assert_eq!(format!("{mixture:.2}"), "1.00 N(0.00, 2.00²)");
    let refused = Normal::new(0.0, -0.0).unwrap_err().to_string();
    assert!(refused.starts_with("sd = 0,"), "{refused}");
    Ok(())
}

/// Two amounts are equal where they are the same number in a unit of both, and not by any other amount.
#[test]
fn equal_is_what_is_as_much() {
    let (bit, nat) = (Information::from_bits(1.0), Information::from_nats(1.0));
    assert!(bit == Information::from_nats(LN_2) && bit != nat && bit < nat && nat != Information::ZERO);
    assert!(Information::from_nats(f64::NAN) != Information::from_nats(f64::NAN));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn reading_back_is_no_rounding(x in -1e6..1e6f64, y in -1e6..1e6f64) {
        let (a, b) = (Information::from_bits(x), Information::from_bits(y));
        prop_assert_eq!(a.bits(), x);
        prop_assert_eq!((a + b).bits(), x + y);
        prop_assert_eq!((a - b).bits(), x - y);
        prop_assert_eq!((a * 3.0 / 7.0).bits(), x * 3.0 / 7.0);
        prop_assert_eq!([a, b].into_iter().sum::<Information>().bits(), x + y);
        prop_assert_eq!((a + Information::ZERO).bits(), x);
        prop_assert_eq!((Information::ZERO - a).bits(), -x);
        let (a, b) = (Information::from_nats(x), Information::from_nats(y));
        prop_assert_eq!(a.nats(), x);
        prop_assert_eq!((a - b).nats(), x - y);
        prop_assert_eq!([a, b].into_iter().sum::<Information>().nats(), x + y);
        prop_assert_eq!(a < b, x < y);
    }

    #[test]
    fn different_units_meet(x in 1e-3..1e3f64, y in 1e-3..1e3f64) {
        let sum = Information::from_bits(x) + Information::from_nats(y);
        prop_assert!((sum.nats() / (x * LN_2 + y) - 1.0).abs() < 1e-15);
        prop_assert_eq!(Information::from_bits(x) < Information::from_nats(y), x * LN_2 < y);
        prop_assert!((Information::from_bits(x).perplexity().ln() / (x * LN_2) - 1.0).abs() < 1e-12);
        prop_assert!((Information::from_bits(x).hartleys() * LN_10 / (x * LN_2) - 1.0).abs() < 1e-15);
    }
}

#[test]
fn the_special_amounts() {
    assert_eq!(Information::from_bits(1.0), Information::from_nats(LN_2));
    assert_eq!(Information::from_bits(0.0), Information::ZERO);
    assert_eq!(Information::from_bits(f64::INFINITY), Information::INFINITE);
    assert_eq!((Information::ZERO + Information::from_bits(1.75)).bits(), 1.75);
    assert_eq!(Information::from_nats(f64::NAN).partial_cmp(&Information::ZERO), None);
    assert_eq!(Information::from_nats(3.0).to(Unit::Nats), 3.0);
}
