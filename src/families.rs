//! Which of the named distributions fits a column of numbers best?

use std::fmt;

use candle_core::Tensor;
use candle_mle_info::Information;
use candle_mle_info::law::{self, Law};
use candle_mle_info::number::typed;

use crate::batch::host;
use crate::empirical::Empirical;
use crate::error::{Error, Result, shape};
use crate::mle::{Fitted, maximum_likelihood};
use crate::model::{Family, Gaussian, Model, Univariate};
use crate::parameters::Parameters;

/// A family and how near it comes.
pub struct Ranked {
    /// What the family is called.
    pub name: &'static str,
    /// Its likeliest member.
    pub law: Box<dyn Law>,
    /// The member's parameters: name, value and unit, as [`Family::named`] has them.
    pub named: Vec<(&'static str, f64, &'static str)>,
    /// Whether it has a density, and not probabilities.
    pub density: bool,
    /// How many variables were learnt.
    pub variables: usize,
    /// H(p̂, q), per observation: of a density, in the unit of the observations.
    pub cross_entropy: Information,
    /// KL(p̂‖q), per observation; none of a density where the observations have no resolution.
    pub kl: Option<Information>,
    /// Akaike's 2k + 2 NLL, in nats.
    pub aic: f64,
    /// Whether the descent arrived.
    pub converged: bool,
}

impl fmt::Debug for Ranked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.name).field("named", &self.named).field("kl", &self.kl).finish_non_exhaustive()
    }
}

/// The families, the nearest first; and those that do not fit at all, with the reason.
#[derive(Debug)]
pub struct Ranking {
    /// In the order of KL, or of the cross-entropy where that is not known, which is the same.
    pub ranked: Vec<Ranked>,
    /// The name of each other family, and why: an observation off its support, a likelihood without a finite maximum.
    pub refused: Vec<(&'static str, String)>,
}

/// Fits every named distribution to a column of numbers, (m,) or (m, 1), and ranks them by KL(p̂‖q). With counts those of counts are among
/// them: their probabilities and the densities, on cells of 1, are of one kind. A density narrower than a cell is not ranked: the midpoint
/// rule would flatter it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::Empirical;
/// use candle_mle::families::rank;
/// let waits: Vec<f64> = (1..200).map(|i| -10.0 * (1.0 - f64::from(i) / 200.0).ln()).collect();
/// let p = Empirical::from_sample(Tensor::from_vec(waits, (199, 1), &Device::Cpu)?)?.at_resolution(&[0.1])?;
/// let ranking = rank(&p)?;
/// // By AIC, which charges for variables, waiting times are exponential; a beta distribution has no such numbers.
/// let best = ranking.ranked.iter().min_by(|a, b| a.aic.total_cmp(&b.aic)).expect("a family");
/// assert_eq!(best.name, "exponential distribution");
/// assert!(ranking.refused.iter().any(|(name, _)| *name == "beta distribution"));
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// Several columns; what a fit refuses beside a support and a maximum.
pub fn rank(p: &Empirical<Tensor>) -> Result<Ranking> {
    if !matches!(*p.batch().dims(), [_] | [_, 1]) {
        return Err(shape("the observations", p.batch().dims(), "(rows,) or (rows, 1): families are of one column"));
    }
    let mut ranking = Ranking { ranked: vec![], refused: vec![] };
    // Beside probabilities of counts a density stands for cells of 1.
    let counts = host(p.batch())?.into_iter().all(law::Poisson::SUPPORT.holds);
    let own = p.resolution().map(|cells| Cell { width: cells[0], of_counts: false });
    let cell = own.or(counts.then_some(Cell { width: 1.0, of_counts: true }));
    ranking.take("Gaussian", gaussian(p), cell)?;
    ranking.family::<law::Laplace>(p, cell)?;
    ranking.family::<law::Logistic>(p, cell)?;
    ranking.family::<law::Student>(p, cell)?;
    ranking.family::<law::Exponential>(p, cell)?;
    ranking.family::<law::Gamma>(p, cell)?;
    ranking.family::<law::Lognormal>(p, cell)?;
    ranking.family::<law::Weibull>(p, cell)?;
    ranking.family::<law::Beta>(p, cell)?;
    match p.resolution() {
        Some([cell]) if *cell != 1.0 => {
            let why = "counts are recorded in steps of 1, and here the resolution is another";
            ranking.refused.extend([law::Poisson::NAME, law::NegativeBinomial::NAME].map(|name| (name, why.into())));
        }
        _ => {
            let counts = Empirical::from_counts(p.batch().clone(), &host(p.count())?)?;
            ranking.family::<law::Poisson>(&counts, cell)?;
            ranking.family::<law::NegativeBinomial>(&counts, cell)?;
        }
    }
    ranking.ranked.sort_by(|a, b| a.cross_entropy.nats().total_cmp(&b.cross_entropy.nats()));
    Ok(ranking)
}

/// In what steps the observations were recorded.
#[derive(Clone, Copy)]
struct Cell {
    width: f64,
    /// Nobody said so: they are counts.
    of_counts: bool,
}

impl Ranking {
    fn family<L: Family + 'static>(&mut self, p: &Empirical<Tensor>, cell: Option<Cell>) -> Result<()> {
        let fit = || -> Result<Ranked> {
            let coordinates = Univariate::<L>::coordinates(p.batch(), p.mass())?;
            let fitted = maximum_likelihood(p, |vb| Univariate::<L>::new(vb)?.standardized(coordinates))?;
            let law = fitted.model.law()?;
            let named = law.named();
            ranked(L::NAME, Box::new(law), named, L::VARIABLES.len(), &fitted, p)
        };
        self.take(L::NAME, fit(), cell)
    }

    fn take(&mut self, name: &'static str, fit: Result<Ranked>, cell: Option<Cell>) -> Result<()> {
        match fit {
            Ok(ranked) => match ranked.too_coarse(cell) {
                Some(why) => self.refused.push((name, why)),
                None => self.ranked.push(ranked),
            },
            Err(Error::NoMaximum { why }) => self.refused.push((name, format!("no finite maximum: {why}"))),
            Err(Error::OffSupport { value, support, .. }) => {
                self.refused.push((name, format!("its support is {support}, and {} was observed", typed(value))));
            }
            // What ends one descent says nothing of the others.
            Err(
                e @ (Error::Info(_)
                | Error::NotANumber { .. }
                | Error::InfiniteLoss { .. }
                | Error::AboveOne { .. }
                | Error::Diverged { .. }
                | Error::Stalled { .. }),
            ) => self.refused.push((name, e.to_string())),
            Err(e) => return Err(e),
        }
        Ok(())
    }
}

impl Ranked {
    /// Why the midpoint rule says nothing of this density in cells of this width, if so: it would seem nearer than it is.
    fn too_coarse(&self, cell: Option<Cell>) -> Option<String> {
        let (Cell { width: cell, of_counts: counts }, sd) =
            (cell.filter(|_| self.density)?, self.law.variance().sqrt());
        let below = self.kl.is_some_and(|kl| kl.nats() < -ROUNDING);
        (sd < cell || below).then(|| {
            let what = if sd < cell { "its standard deviation is below their width" } else { "KL would be below 0" };
            let cells =
                if counts { "counts are cells of 1, which".into() } else { format!("cells of {}", typed(cell)) };
            format!("{cells} are too coarse for this density: {what}")
        })
    }
}

/// A KL this far below 0, in nats, is no rounding, not even that of f32.
const ROUNDING: f64 = 1e-6;

fn gaussian(p: &Empirical<Tensor>) -> Result<Ranked> {
    let column = match *p.batch().dims() {
        [m] => {
            let column = Empirical::from_counts(p.batch().reshape((m, 1))?, &host(p.count())?)?;
            p.resolution().map_or(Ok(column.clone()), |cells| column.at_resolution(cells))?
        }
        _ => p.clone(),
    };
    let coordinates = column.whiten()?;
    let fitted = maximum_likelihood(&column, |vb| Gaussian::new(1, vb)?.whitened(&coordinates))?;
    let law = fitted.model.law()?;
    let (mean, sd) = (law.mean()[0], law.covariance()[0][0].sqrt());
    let named = vec![("mean", mean, "x"), ("standard deviation", sd, "x")];
    ranked("Gaussian", Box::new(law::Normal::new(mean, sd)?), named, 2, &fitted, &column)
}

fn ranked<M: Model<Batch = Tensor>>(
    name: &'static str,
    law: Box<dyn Law>,
    named: Vec<(&'static str, f64, &'static str)>,
    variables: usize,
    fitted: &Fitted<M>,
    p: &Empirical<Tensor>,
) -> Result<Ranked> {
    let last = fitted.history.rows().last();
    let (kl, nll) = last.map_or((f64::NAN, f64::NAN), |row| (row.kl, row.nll));
    Ok(Ranked {
        name,
        law,
        named,
        density: M::DENSITY,
        variables,
        cross_entropy: fitted.cross_entropy(),
        kl: p.log_p::<M>()?.map(|_| Information::from_nats(kl)),
        aic: 2.0 * (variables as f64 + nll),
        converged: fitted.converged,
    })
}
