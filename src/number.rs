//! Numbers as people read them.

/// Six decimals, or six significant ones in scientific notation where the number is too small or too large for those.
pub(crate) fn shown(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-3..1e10).contains(&value.abs()) {
        format!("{value:.6}")
    } else {
        format!("{value:.6e}")
    }
}

/// A number given back to the one who gave it, in a message: all its digits and no more, in scientific notation where
/// zeros would fill the line.
pub(crate) fn typed(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::{shown, typed};

    #[test]
    fn no_size_of_a_number_takes_its_digits() {
        assert_eq!(shown(-0.6853194), "-0.685319");
        assert_eq!(shown(1_700_000_049.5), "1700000049.500000");
        assert_eq!(shown(5.2760543e-11), "5.276054e-11");
        assert_eq!(shown(1e300), "1.000000e300");
        assert_eq!(shown(f64::NEG_INFINITY), "-inf");
    }

    #[test]
    fn a_number_comes_back_as_it_was_given() {
        let given = ["0", "-1", "0.5000000000000002", "1e-320", "-1e300", "9007199254740993", "NaN", "-inf"];
        for number in given.into_iter().filter_map(|text| text.parse().ok()) {
            let number: f64 = number;
            let back: Option<f64> = typed(number).parse().ok();
            assert_eq!(back.map(f64::to_bits), Some(number.to_bits()));
            assert!(typed(number).len() < 25);
        }
        assert_eq!(typed(1e-320), "1e-320");
    }
}
