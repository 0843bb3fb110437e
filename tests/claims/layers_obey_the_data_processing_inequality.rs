//! Rounded layers of a network that see nothing but each other are a Markov chain: no layer tells more about y, or about
//! x, than the one before it, trained or not. Rounded one by one afterwards they are no chain, and may seem to.

use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::info::Pmf;
use candle_mle::model::Network;
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Labelled, Objective, Parameters, fit};

use crate::common::{CPU, generator};

const SIDE: usize = 8;
const CELLS: usize = SIDE * SIDE;
/// Sums over at most 128 cells of at most 6 bits.
const ROUNDING: f64 = 1e-12;

fn place(k: usize) -> f64 {
    (2 * k + 1) as f64 / SIDE as f64 - 1.0
}

/// How often each answer is given at each place: on a ring mostly 1, off it mostly 0.
fn counts() -> Vec<f64> {
    let one = |cell: usize| if place(cell / SIDE).hypot(place(cell % SIDE)) > 0.8 { 0.9 } else { 0.1 };
    (0..CELLS).flat_map(|cell| [1.0 - one(cell), one(cell)]).collect()
}

fn places() -> Result<Tensor> {
    let x: Vec<f64> = (0..CELLS).flat_map(|cell| [place(cell / SIDE), place(cell % SIDE)]).collect();
    Ok(Tensor::from_vec(x, (CELLS, 2), &CPU)?)
}

fn rounded(t: Tensor) -> candle_mle::Result<Tensor> {
    Ok(((t * 2.0)?.round()? / 2.0)?)
}

/// The value of a layer at every place, as a level.
fn levels(t: &Tensor) -> Result<Vec<usize>> {
    let rows = t.to_vec2::<f64>()?;
    let first = |row: &Vec<f64>| rows.iter().position(|other| other == row).unwrap_or_default();
    Ok(rows.iter().map(first).collect())
}

/// I(X;T) and I(Y;T), by `Pmf`, of a layer that is a function of the place.
fn told(layer: &[usize]) -> Result<[f64; 2]> {
    let of_y = Pmf::from_counts([CELLS, 2], counts())?.map([CELLS, 2], |cell| [layer[cell[0]], cell[1]])?;
    let of_x = Pmf::uniform(CELLS)?.map([CELLS, CELLS], |cell| [cell[0], layer[cell[0]]])?;
    Ok([of_x.mutual_information(&[0], &[1])?.bits(), of_y.mutual_information(&[0], &[1])?.bits()])
}

/// What every layer tells, x first.
fn all_told(layers: &[Tensor]) -> Result<Vec<[f64; 2]>> {
    std::iter::once(Ok((0..CELLS).collect())).chain(layers.iter().map(levels)).map(|layer| told(&layer?)).collect()
}

fn trained(start: &Network) -> Result<Network> {
    let twice = Tensor::from_iter((0..2 * CELLS as u32).map(|row| row / 2), &CPU)?;
    let y = Tensor::from_iter((0..2 * CELLS as u32).map(|row| row % 2), &CPU)?;
    let data = Empirical::from_counts(Labelled::new(places()?.index_select(&twice, 0)?, y)?, &counts())?;
    let (vars, network) = start.learner()?;
    let network = network.standardized(Standardize::range(&places()?)?)?;
    let mut end = GradientNorm::new(&vars, 1e-6);
    fit(&network, &data, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..300, &mut end)?;
    Ok(network)
}

#[test]
fn no_layer_tells_more_than_the_one_before_it() -> Result<()> {
    // Starts whose descent finds a way; one that ends in a poor place has forgotten y too.
    let mut violated = 0;
    for (seed, hidden) in [(1, vec![6, 4, 2]), (2, vec![8, 6, 4, 3]), (13, vec![3, 5, 3]), (4, vec![4])] {
        let start = Network::seeded(2, &hidden, 2, &mut generator(seed), &CPU)?;
        let end = trained(&start)?;
        for network in [&start, &end] {
            let layers = network.layers_through(&places()?, rounded)?;
            let told = all_told(&layers)?;
            ensure!(layers.len() == hidden.len() + 1 && (told[0][0] - 6.0).abs() < ROUNDING);
            for pair in told.windows(2) {
                ensure!(pair[1][0] <= pair[0][0] + ROUNDING && pair[1][1] <= pair[0][1] + ROUNDING, "{told:?}");
            }
            // The Markov chain itself: I(X; T' | T) = 0, and T' is a function of T.
            for pair in layers.windows(2) {
                let (here, next) = (levels(&pair[0])?, levels(&pair[1])?);
                let chain = Pmf::uniform(CELLS)?;
                let chain = chain.map([CELLS, CELLS, CELLS], |cell| [cell[0], here[cell[0]], next[cell[0]]])?;
                ensure!(chain.conditional_mutual_information(&[0], &[2], &[1])?.bits().abs() < ROUNDING);
                ensure!(chain.conditional_entropy(&[2], &[1])?.bits().abs() < ROUNDING);
            }
        }
        // Trained, the last layer tells more about y than before it was.
        let last = |network: &Network| -> Result<f64> {
            let told = all_told(&network.layers_through(&places()?, rounded)?)?;
            Ok(told[hidden.len() + 1][1])
        };
        ensure!(last(&end)? > last(&start)? + 0.1, "{seed}: {} {}", last(&end)?, last(&start)?);
        let apart = end.layers(&places()?)?.into_iter().map(|t| Ok(rounded(t)?)).collect::<Result<Vec<_>>>()?;
        violated += usize::from(all_told(&apart)?.windows(2).any(|pair| pair[1][1] > pair[0][1] + 0.01));
    }
    ensure!(violated > 0, "rounded one by one, some layer seems to tell more than the one before it");
    Ok(())
}

/// The entropies of rows, as the example takes them, are those of the tables.
#[test]
fn rows_and_tables_say_the_same() -> Result<()> {
    let network = Network::seeded(2, &[6, 4], 2, &mut generator(5), &CPU)?;
    let y = Tensor::from_iter((0..2 * CELLS as u32).map(|row| row % 2), &CPU)?;
    let twice = Tensor::from_iter((0..2 * CELLS as u32).map(|row| row / 2), &CPU)?;
    let h_y = Empirical::from_counts(y.to_dtype(DType::F64)?, &counts())?.entropy();
    for t in network.layers_through(&places()?, rounded)? {
        let [of_x, of_y] = told(&levels(&t)?)?;
        ensure!((Empirical::from_sample(t.clone())?.entropy().bits() - of_x).abs() < ROUNDING);
        let given = Empirical::from_counts(Labelled::new(t.index_select(&twice, 0)?, y.clone())?, &counts())?;
        ensure!(((h_y - given.entropy()).bits() - of_y).abs() < ROUNDING);
    }
    Ok(())
}
