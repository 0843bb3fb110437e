//! The identities and inequalities of L10, L13, L15, P2, P4 and P5 hold on every table: two to four variables, zeros included.

use candle_mle_info::{Channel, Information, Pmf};
use proptest::prelude::*;
use proptest::sample::SizeRange;

/// At most 256 terms of at most 8 bits, summed in doubles: errors stay below 256 · 8 · 2⁻⁵² ≈ 5e-13.
const ROUNDING: f64 = 1e-12;

fn bits(amount: candle_mle_info::Result<Information>) -> f64 {
    amount.expect("the sets of this file exist").bits()
}

/// Weights of which many are 0, many equal, and some arbitrary; never all 0.
fn weights(n: impl Into<SizeRange>) -> impl Strategy<Value = Vec<f64>> {
    let weight = prop_oneof![Just(0.0), (0..5u8).prop_map(f64::from), 0.0..1.0];
    prop::collection::vec(weight, n).prop_map(|mut weights| {
        if weights.iter().all(|&w| w == 0.0) {
            weights[0] = 1.0;
        }
        weights
    })
}

fn table_of(shape: Vec<usize>) -> impl Strategy<Value = Pmf> {
    weights(shape.iter().product::<usize>())
        .prop_map(move |w| Pmf::from_counts(shape.clone(), w).expect("weights make a table"))
}

fn table() -> impl Strategy<Value = Pmf> {
    prop::collection::vec(1..=4usize, 2..=4).prop_flat_map(table_of)
}

/// Two tables on one alphabet.
fn pair() -> impl Strategy<Value = (Pmf, Pmf)> {
    prop::collection::vec(1..=4usize, 1..=3).prop_flat_map(|shape| (table_of(shape.clone()), table_of(shape)))
}

fn channel(inputs: usize, outputs: usize) -> impl Strategy<Value = Channel> {
    prop::collection::vec(weights(outputs), inputs).prop_map(move |rows| {
        let laws = rows.into_iter().flat_map(|row| {
            let sum: f64 = row.iter().sum();
            row.into_iter().map(move |w| w / sum)
        });
        Channel::new([inputs, outputs], laws.collect::<Vec<_>>()).expect("rows sum to 1")
    })
}

/// A table, an order of its variables, and three sets of them that may overlap and be empty.
fn table_and_sets() -> impl Strategy<Value = (Pmf, Vec<usize>, [Vec<usize>; 3])> {
    table().prop_flat_map(|p| {
        let axes: Vec<usize> = (0..p.shape().len()).collect();
        let set = || prop::sample::subsequence(axes.clone(), 0..=axes.len()).prop_shuffle();
        (Just(p), Just(axes.clone()).prop_shuffle(), [set(), set(), set()])
    })
}

fn union(a: &[usize], b: &[usize]) -> Vec<usize> {
    a.iter().chain(b.iter().filter(|axis| !a.contains(axis))).copied().collect()
}

macro_rules! near {
    ($left:expr, $right:expr) => {
        let (left, right) = ($left, $right);
        prop_assert!(
            (left - right).abs() <= ROUNDING,
            "{} = {left}, {} = {right}",
            stringify!($left),
            stringify!($right)
        );
    };
}

macro_rules! at_most {
    ($left:expr, $right:expr) => {
        let (left, right) = ($left, $right);
        prop_assert!(left <= right + ROUNDING, "{} = {left} > {} = {right}", stringify!($left), stringify!($right));
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_chain_rule_holds_in_every_order((p, order, [a, b, _]) in table_and_sets()) {
        let terms = p.chain_rule(&order).expect("an order of the variables");
        prop_assert_eq!(terms.len(), order.len());
        for term in &terms {
            at_most!(0.0, term.bits());
        }
        near!(terms.into_iter().sum::<Information>().bits(), p.entropy().bits());
        near!(bits(p.conditional_entropy(&a, &b)), bits(p.entropy_of(&union(&a, &b))) - bits(p.entropy_of(&b)));
    }

    #[test]
    fn conditional_entropy_is_the_mean_over_conditional_tables(p in table()) {
        let mut mean = 0.0;
        for (level, &py) in p.marginal(&[1]).expect("variable 1").values().iter().enumerate() {
            if py > 0.0 {
                mean += py * p.condition(&[(1, level)]).expect("possible").entropy().bits();
            }
        }
        let others: Vec<usize> = (0..p.shape().len()).filter(|&axis| axis != 1).collect();
        near!(mean, bits(p.conditional_entropy(&others, &[1])));
    }

    #[test]
    fn mutual_information_has_three_equal_forms((p, _, [a, b, c]) in table_and_sets()) {
        let h = |set: &[usize]| bits(p.entropy_of(set));
        let i = bits(p.mutual_information(&a, &b));
        near!(i, h(&a) - bits(p.conditional_entropy(&a, &b)));
        near!(i, h(&b) - bits(p.conditional_entropy(&b, &a)));
        near!(i, h(&a) + h(&b) - h(&union(&a, &b)));
        if a.iter().all(|axis| !b.contains(axis)) {
            let marginal = |set: &[usize]| p.marginal(set).expect("a set of variables");
            let apart = marginal(&a).product(&marginal(&b)).expect("small");
            near!(i, bits(marginal(&union(&a, &b)).kl_divergence(&apart)));
        }
        let i = bits(p.conditional_mutual_information(&a, &b, &c));
        near!(i, bits(p.conditional_entropy(&a, &c)) - bits(p.conditional_entropy(&a, &union(&b, &c))));
        near!(bits(p.mutual_information(&a, &union(&b, &c))), i + bits(p.mutual_information(&a, &c)));
        near!(bits(p.conditional_mutual_information(&a, &b, &[])), bits(p.mutual_information(&a, &b)));
        near!(bits(p.information_gain(&a, &b)), bits(p.mutual_information(&a, &b)));
        let of_two = h(&union(&a, &b)) + h(&union(&a, &c)) + h(&union(&b, &c));
        near!(bits(p.co_information(&a, &b, &c)), h(&a) + h(&b) + h(&c) - of_two + h(&union(&a, &union(&b, &c))));
    }

    /// By sums over the cells, without their means first.
    #[test]
    fn correlation_is_that_of_moments(p in table()) {
        let (x, y) = (|cell: &[usize]| 2.0 * cell[0] as f64 - 1.0, |cell: &[usize]| (cell[1] as f64).powi(2) + 0.5);
        let mean = |f: &dyn Fn(&[usize]) -> f64| p.expectation(f);
        let [mx, my] = [mean(&x), mean(&y)];
        let [xx, yy] = [mean(&|c| x(c) * x(c)) - mx * mx, mean(&|c| y(c) * y(c)) - my * my];
        let found = p.correlation(x, y);
        if xx > 1e-3 && yy > 1e-3 {
            prop_assert!((found - (mean(&|c| x(c) * y(c)) - mx * my) / (xx * yy).sqrt()).abs() < 1e-9, "{found}");
        }
        prop_assert!(found.is_nan() || found.abs() < 1.0 + 1e-12);
    }

    #[test]
    fn mutual_information_has_its_six_properties((p, _, [a, b, c]) in table_and_sets()) {
        let h = |set: &[usize]| bits(p.entropy_of(set));
        let i = bits(p.mutual_information(&a, &b));
        at_most!(0.0, i);
        at_most!(i, h(&a).min(h(&b)));
        prop_assert_eq!(i, bits(p.mutual_information(&b, &a)));
        near!(bits(p.mutual_information(&a, &a)), h(&a));
        at_most!(bits(p.conditional_entropy(&a, &b)), h(&a));
        let i = bits(p.conditional_mutual_information(&a, &b, &c));
        at_most!(0.0, i);
        at_most!(i, bits(p.conditional_entropy(&a, &c)));
        prop_assert_eq!(i, bits(p.conditional_mutual_information(&b, &a, &c)));
        near!(bits(p.conditional_mutual_information(&a, &a, &c)), bits(p.conditional_entropy(&a, &c)));
    }

    #[test]
    fn independence_is_where_mutual_information_vanishes((p, q) in (table(), table())) {
        let joint = p.product(&q).expect("small");
        let (left, right): (Vec<usize>, Vec<usize>) = (0..joint.shape().len()).partition(|&axis| axis < p.shape().len());
        // Up to 65,536 cells here: the bound grows with them.
        prop_assert!(bits(joint.mutual_information(&left, &right)).abs() < 1e-11);
        prop_assert!((joint.entropy() - p.entropy() - q.entropy()).bits().abs() < 1e-10);
        // And only there: Pinsker's inequality turns any dependence into bits.
        let (x, y) = (p.marginal(&[0]).expect("variable 0"), p.marginal(&[1]).expect("variable 1"));
        let apart = x.product(&y).expect("small");
        let two = p.marginal(&[0, 1]).expect("variables 0 and 1");
        let distance: f64 = two.values().iter().zip(apart.values()).map(|(p, q)| (p - q).abs()).sum();
        at_most!(distance.powi(2) / 2.0 / std::f64::consts::LN_2, bits(p.mutual_information(&[0], &[1])));
    }

    #[test]
    fn total_correlation_is_what_the_variables_share((p, order, _) in table_and_sets()) {
        let singles: f64 = order.iter().map(|&axis| bits(p.entropy_of(&[axis]))).sum();
        near!(bits(p.total_correlation()), singles - p.entropy().bits());
        let gains = (1..order.len()).map(|k| bits(p.mutual_information(&order[k..=k], &order[..k])));
        near!(bits(p.total_correlation()), gains.sum::<f64>());
    }

    #[test]
    fn cross_entropy_is_entropy_plus_divergence((p, q) in pair()) {
        let (h, kl, cross) = (p.entropy().bits(), bits(p.kl_divergence(&q)), bits(p.cross_entropy(&q)));
        let mismatch = p.values().iter().zip(q.values()).any(|(&p, &q)| p > 0.0 && q == 0.0);
        prop_assert_eq!(kl.is_infinite(), mismatch);
        prop_assert_eq!(cross.is_infinite(), mismatch);
        if !mismatch {
            near!(cross, h + kl);
        }
        // Gibbs' inequality, and equality only where p = q.
        at_most!(h, cross);
        let distance: f64 = p.values().iter().zip(q.values()).map(|(p, q)| (p - q).abs()).sum();
        at_most!(distance.powi(2) / 2.0 / std::f64::consts::LN_2, kl);
        prop_assert_eq!(bits(p.kl_divergence(&p)), 0.0);
        near!(bits(p.cross_entropy(&p)), h);
    }

    #[test]
    fn uniform_has_the_largest_entropy(p in (1..=64usize).prop_flat_map(|n| table_of(vec![n]))) {
        let n = p.values().len();
        let to_uniform = bits(p.kl_divergence(&Pmf::uniform(n).expect("n > 0")));
        near!(p.entropy().bits(), (n as f64).log2() - to_uniform);
        prop_assert!(p.entropy().perplexity() <= n as f64 * (1.0 + ROUNDING));
    }

    #[test]
    fn processing_loses_information(
        (p, channel, f) in table().prop_flat_map(|p| {
            let z = p.shape()[1];
            (Just(p), (1..=4usize).prop_flat_map(move |outputs| channel(z, outputs)), prop::collection::vec(0..3usize, z))
        })
    ) {
        // X = variable 0 → Z = variable 1 → Y, the output.
        let n = p.shape().len();
        let chain = p.with_output(1, &channel).expect("inputs fit");
        let i_xz = bits(p.mutual_information(&[0], &[1]));
        at_most!(bits(chain.mutual_information(&[0], &[n])), i_xz);
        at_most!(bits(chain.mutual_information(&[0], &[n])), bits(chain.mutual_information(&[1], &[n])));
        near!(bits(chain.conditional_mutual_information(&[0], &[n], &[1])), 0.0);
        near!(bits(chain.marginal(&(0..n).collect::<Vec<_>>()).expect("a set").kl_divergence(&p)), 0.0);
        let replaced = p.through(1, &channel).expect("inputs fit");
        near!(bits(replaced.mutual_information(&[0], &[1])), bits(chain.mutual_information(&[0], &[n])));
        // A function is a channel without noise.
        let mut shape = p.shape().to_vec();
        shape[1] = 3;
        let coarse = p.map(shape, |cell| {
            let mut cell = cell.to_vec();
            cell[1] = f[cell[1]];
            cell
        }).expect("levels below 3");
        at_most!(bits(coarse.mutual_information(&[0], &[1])), i_xz);
        at_most!(bits(coarse.entropy_of(&[1])), bits(p.entropy_of(&[1])));
    }

    #[test]
    fn divergence_shrinks_through_a_channel(
        ((p, q), channel) in (2..=4usize, 1..=4usize).prop_flat_map(|(inputs, outputs)| {
            ((table_of(vec![inputs]), table_of(vec![inputs])), channel(inputs, outputs))
        })
    ) {
        let sent = |p: &Pmf| p.through(0, &channel).expect("inputs fit");
        at_most!(bits(sent(&p).kl_divergence(&sent(&q))), bits(p.kl_divergence(&q)));
    }

    #[test]
    fn relabelling_changes_nothing(
        (p, relabelling, order) in table().prop_flat_map(|p| {
            let labels: Vec<_> = p.shape().iter().map(|&levels| Just((0..levels).collect::<Vec<_>>()).prop_shuffle()).collect();
            let axes: Vec<usize> = (0..p.shape().len()).collect();
            (Just(p), labels, Just(axes).prop_shuffle())
        })
    ) {
        let relabelled = p.map(p.shape(), |cell| {
            cell.iter().zip(&relabelling).map(|(&level, new)| new[level]).collect::<Vec<_>>()
        }).expect("bijections");
        near!(relabelled.entropy().bits(), p.entropy().bits());
        near!(bits(relabelled.mutual_information(&[0], &[1])), bits(p.mutual_information(&[0], &[1])));
        near!(bits(relabelled.total_correlation()), bits(p.total_correlation()));
        // The names of the variables do not matter either.
        let moved = p.marginal(&order).expect("an order of the variables");
        let at = |axis: usize| order.iter().position(|&a| a == axis).expect("every variable");
        near!(bits(moved.mutual_information(&[at(0)], &[at(1)])), bits(p.mutual_information(&[0], &[1])));
        for (cell, value) in p.cells() {
            let cell: Vec<usize> = order.iter().map(|&axis| cell[axis]).collect();
            prop_assert_eq!(moved.probability(&cell).expect("the same cell"), value);
        }
    }

    #[test]
    fn jensen_shannon_is_what_a_draw_tells_about_its_part(
        (weights, parts) in (2..=4usize, prop::collection::vec(1..=4usize, 1..=2)).prop_flat_map(|(n, shape)| {
            (table_of(vec![n]), prop::collection::vec(table_of(shape), n))
        })
    ) {
        let all: Vec<&Pmf> = parts.iter().collect();
        let js = bits(Pmf::jensen_shannon(&weights, &all));
        at_most!(0.0, js);
        at_most!(js, weights.entropy().bits());
        // H(mixture) − Σ w H, and I(part; draw) of the joint table.
        let mixture = Pmf::mixture(&weights, &all).expect("one alphabet");
        let mean: f64 = weights.values().iter().zip(&parts).map(|(w, p)| w * p.entropy().bits()).sum();
        near!(js, mixture.entropy().bits() - mean);
        let joint: Vec<f64> = weights.values().iter().zip(&parts).flat_map(|(w, p)| p.values().iter().map(move |p| w * p)).collect();
        let joint = Pmf::new([parts.len(), parts[0].values().len()], joint).expect("sums to 1");
        near!(js, bits(joint.mutual_information(&[0], &[1])));
        let reversed: Vec<f64> = weights.values().iter().rev().copied().collect();
        let reversed = Pmf::new([parts.len()], reversed).expect("sums to 1");
        near!(js, bits(Pmf::jensen_shannon(&reversed, &parts.iter().rev().collect::<Vec<_>>())));
    }

    #[test]
    fn a_sum_of_independent_numbers_is_less_certain_than_each(
        (p, q) in (1..=6usize, 1..=6usize).prop_flat_map(|(m, n)| (table_of(vec![m]), table_of(vec![n])))
    ) {
        let (m, n) = (p.values().len(), q.values().len());
        let sum = p.product(&q).expect("small").map([m + n - 1], |c| [c[0] + c[1]]).expect("0 to m + n − 2");
        at_most!(p.entropy().bits().max(q.entropy().bits()), sum.entropy().bits());
        at_most!(sum.entropy().bits(), p.entropy().bits() + q.entropy().bits());
        let mean = |p: &Pmf| p.expectation(|c| c[0] as f64);
        near!(mean(&sum), mean(&p) + mean(&q));
    }

    #[test]
    fn a_sample_is_its_table_of_counts(rows in prop::collection::vec((0..3usize, 0..2usize), 1..200)) {
        let p = Pmf::from_samples([3, 2], rows.iter().map(|&(x, y)| [x, y])).expect("levels in range");
        for (cell, value) in p.cells() {
            let count = rows.iter().filter(|&&(x, y)| cell == [x, y]).count();
            prop_assert_eq!(value, count as f64 / rows.len() as f64);
        }
    }
}
