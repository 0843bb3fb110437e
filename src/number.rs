//! Numbers as people read them.

/// Six decimals, or six significant ones in scientific notation where the number is too small or too large for those.
pub(crate) fn shown(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-3..1e10).contains(&value.abs()) {
        format!("{value:.6}")
    } else {
        format!("{value:.6e}")
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn no_size_of_a_number_takes_its_digits() {
        assert_eq!(shown(-0.6853194), "-0.685319");
        assert_eq!(shown(1_700_000_049.5), "1700000049.500000");
        assert_eq!(shown(5.2760543e-11), "5.276054e-11");
        assert_eq!(shown(1e300), "1.000000e300");
        assert_eq!(shown(f64::NEG_INFINITY), "-inf");
    }
}
