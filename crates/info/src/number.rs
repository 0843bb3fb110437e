//! Numbers as people read them.

/// Six decimals, or six significant ones in scientific notation where the number is too small or too large for those.
pub fn shown(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-3..1e10).contains(&value.abs()) {
        fixed(value, 6)
    } else {
        format!("{value:.6e}")
    }
}

/// A number given back to the one who gave it, in a message: all its digits and no more, in scientific notation where
/// zeros would fill the line.
pub fn typed(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs()) {
        (value + 0.0).to_string()
    } else {
        format!("{value:e}")
    }
}

/// A number as JSON has it, with all its digits; ±∞ and NaN, which it has not, are texts.
///
/// ```
/// use candle_mle_info::number::json;
/// assert_eq!([json(0.1), json(1e-7), json(-0.0)], ["0.1", "1e-7", "0.0"]);
/// assert_eq!([json(f64::NEG_INFINITY), json(f64::NAN)], ["\"-Infinity\"", "\"NaN\""]);
/// ```
pub fn json(value: f64) -> String {
    match value {
        f64::INFINITY => "\"Infinity\"".into(),
        f64::NEG_INFINITY => "\"-Infinity\"".into(),
        value if value.is_nan() => "\"NaN\"".into(),
        value => format!("{:?}", value + 0.0),
    }
}

/// [`shown`], with as many decimals as it takes to see the digits in which values a `spread` apart differ, six of them.
///
/// ```
/// use candle_mle_info::number::{shown, shown_within};
/// assert_eq!(shown(1700000000015.1667), "1.700000e12");
/// assert_eq!(shown_within(1700000000015.1667, 12.2), "1700000000015.167");
/// assert_eq!(shown_within(2.5, 1.2), "2.500000");
/// ```
pub fn shown_within(value: f64, spread: f64) -> String {
    let (size, apart) = (value.abs().log10().floor(), spread.log10().floor());
    if !(-3.0..22.0).contains(&size) || !apart.is_finite() || apart >= size {
        return shown(value);
    }
    // A number has 16 digits.
    let decimals = (5.0 - apart).min(15.0 - size).max(0.0);
    fixed(value, if size < 10.0 { decimals.max(6.0) } else { decimals } as usize)
}

/// How often something was observed, as people write it: to 12 digits, which the rounding of a sum leaves alone.
///
/// ```
/// use candle_mle_info::number::count;
/// assert_eq!((count(583.7099999999998), count(2201.0), count(1e300)), ("583.71".into(), "2201".into(), "1e300".into()));
/// ```
pub fn count(value: f64) -> String {
    typed(format!("{value:.11e}").parse().unwrap_or(value))
}

/// So many decimals, and never a minus sign before nothing but zeros.
///
/// ```
/// use candle_mle_info::number::fixed;
/// assert_eq!(fixed(-2.8e-17, 3), "0.000");
/// assert_eq!(fixed(-0.0125, 3), "-0.013");
/// assert_eq!(fixed(-4e149, 3), "-4.000000e149");
/// ```
pub fn fixed(value: f64, decimals: usize) -> String {
    // Nor are more digits printed than a line has room for.
    if value.is_finite() && value.abs() >= 1e22 {
        return format!("{value:.6e}");
    }
    format!("{:.decimals$}", unsigned_zero(value, Some(decimals)))
}

/// 0 for what is printed as −0 in so many decimals, or in all there are.
pub(crate) fn unsigned_zero(value: f64, decimals: Option<usize>) -> f64 {
    let zeros = |decimals| format!("{value:.decimals$}").bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    if value < 0.0 && decimals.is_some_and(zeros) { 0.0 } else { value + 0.0 }
}

/// So many decimals, or three significant digits where those would show one or none: what is rare stays to be seen. Below 1e-12,
/// where it is the rounding error of something that is 0, it is shown as that.
///
/// ```
/// use candle_mle_info::number::seen;
/// assert_eq!([seen(0.97096, 4), seen(2.3e-7, 4), seen(-1e-17, 4)], ["0.9710", "2.30e-7", "0.0000"]);
/// assert_eq!(seen(1227883685987.6182, 6), "1227883685987.618"); // a number has 16 digits
/// ```
pub fn seen(value: f64, decimals: usize) -> String {
    let least = 10f64.powi(1 - decimals as i32);
    match value.abs() {
        size if (1e-12..least).contains(&size) => format!("{value:.2e}"),
        // Nor are hundreds of digits printed where a few are known.
        size if size.is_finite() && size >= 1e15 => format!("{value:.6e}"),
        size if size >= 1e9 => fixed(value, decimals.min((15.0 - size.log10().floor()).max(0.0) as usize)),
        _ => fixed(value, decimals),
    }
}

/// ln Σ exp(v), without overflow; −∞ of nothing, or where every v is −∞.
pub fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let top = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if top.is_infinite() {
        return top;
    }
    top + values.map(|v| (v - top).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::{count, fixed, json, log_sum_exp, seen, shown, shown_within, typed};

    #[test]
    fn no_size_of_a_number_takes_its_digits() {
        assert_eq!(shown(-0.6853194), "-0.685319");
        assert_eq!([0.0, -0.0, f64::NAN].map(shown), ["0.000000", "0.000000", "NaN"]);
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
        assert_eq!(typed(-0.0), "0");
    }

    /// Where one way of writing ends and another begins.
    #[test]
    fn each_size_has_its_way() {
        assert_eq!(
            [1e-3, 9.9e-4, 9_999_999_999.0, 1e10].map(shown),
            ["0.001000", "9.900000e-4", "9999999999.000000", "1.000000e10"]
        );
        assert_eq!(
            [1e-5, 9.9e-6, 1e16, 9_999_999_999_999_998.0].map(typed),
            ["0.00001", "9.9e-6", "1e16", "9999999999999998"]
        );
        assert_eq!([1e-12, 9.9e-13, 9.9e-4, 1e-3].map(|x| seen(x, 4)), ["1.00e-12", "0.0000", "9.90e-4", "0.0010"]);
        assert_eq!([1e15, 9e14, f64::INFINITY].map(|x| seen(x, 1)), ["1.000000e15", "900000000000000.0", "inf"]);
        assert_eq!([1e22, 9e21, -1e22].map(|x| fixed(x, 0)), ["1.000000e22", "9000000000000000000000", "-1.000000e22"]);
        assert_eq!([-0.04, -0.06, -0.0].map(|x| fixed(x, 1)), ["0.0", "-0.1", "0.0"]);
        assert_eq!([583.709_999_999_999_8, 1e300, 0.25].map(count), ["583.71", "1e300", "0.25"]);
        assert_eq!([0.1, 1e-7, -0.0].map(json), ["0.1", "1e-7", "0.0"]);
        assert_eq!(
            [f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(json),
            ["\"Infinity\"", "\"-Infinity\"", "\"NaN\""]
        );
    }

    /// As many decimals as tell values apart, and no digit that a number has not.
    #[test]
    fn beside_others() {
        let of = |value: f64, spread: f64| shown_within(value, spread);
        assert_eq!([of(1_700_000_000_015.166_7, 12.2), of(2.5, 1.2)], ["1700000000015.167", "2.500000"]);
        assert_eq!([of(1234.5, 1e-3), of(1234.5, 1e-20)], ["1234.50000000", "1234.500000000000"]);
        assert_eq!([of(5e-3, 1e-4), of(5e-4, 1e-5)], ["0.005000000", "5.000000e-4"]);
        assert_eq!([of(2e10, 5e6), of(2e10, 3e10), of(2e10, 0.0)], ["20000000000", "2.000000e10", "2.000000e10"]);
        assert_eq!(
            [of(5e9, 1e8), of(5e21, 1e3), of(5e22, 1e3)],
            ["5000000000.000000", "5000000000000000000000", "5.000000e22"]
        );
    }

    #[test]
    fn a_sum_of_exponentials_is_its_logarithm() {
        let of = |values: &[f64]| log_sum_exp(values.iter().copied());
        assert!((of(&[0.0, 3f64.ln()]) - 4f64.ln()).abs() < 1e-15 && (of(&[1e5, 1e5]) - 1e5 - 2f64.ln()).abs() < 1e-10);
        assert_eq!(
            [of(&[]), of(&[f64::NEG_INFINITY; 2]), of(&[f64::INFINITY, 0.0])],
            [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY]
        );
    }
}
