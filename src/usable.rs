//! Usable information (lecture row P6): what an observer of bounded means can get out of X about Y.

mod basis;
mod numbers;

use std::collections::HashMap;
use std::fmt;

use candle_core::{Device, Tensor};
use candle_mle_info::Information;
use candle_mle_info::number::log_sum_exp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::batch::{Labelled, bits, host};
use crate::empirical::Empirical;
use crate::error::{Error, Result, rows_of};
use crate::mle::Plan;
use crate::model::{Classifier, Model, Network, Softmax};
use crate::separation::separation;
use basis::Basis;
pub use numbers::{UsableInformationOfNumbers, usable_information_of_numbers};

/// The means of an observer: the laws of Y that it can make of an x. Each holds the one before it, but for networks,
/// which stand between linear and saturated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Family {
    /// One law whatever x is.
    Constant,
    /// softmax(W x + b).
    Linear,
    /// The same of all products of powers of the columns whose exponents sum to at most `degree`.
    Polynomial {
        /// 0 is constant and 1 is linear.
        degree: usize,
    },
    /// A [`Network`] with these hidden layers, its start drawn by the seed.
    Network {
        /// The units of each hidden layer.
        hidden: Vec<usize>,
        /// Another seed may end in another maximum of the likelihood.
        seed: u64,
    },
    /// Any law at any x, without a tie between two of them.
    Saturated,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.pad("constant"),
            Self::Linear => f.pad("linear"),
            Self::Polynomial { degree } => f.pad(&format!("polynomial, degree {degree}")),
            Self::Network { hidden, .. } => {
                let widths: Vec<_> = hidden.iter().map(usize::to_string).collect();
                f.pad(&format!("network, {} hidden", widths.join(" + ")))
            }
            Self::Saturated => f.pad("saturated"),
        }
    }
}

/// The V-information of a family V (lecture row P6; Xu et al. 2020, A theory of usable information under computational
/// constraints): I_V(X→Y) = H_V(Y) − H_V(Y|X), the drop in the family's best cross-entropy once it may look at X. It is itself the
/// predictor that the family found: a [`Model`], which scores held-out rows too.
///
/// With every law at hand it is Shannon's I(X;Y). With less it is never more than that and never below 0, grows with the
/// family, is not symmetric, and does what I cannot: an invertible map of x may lower it, processing may raise it.
#[derive(Clone, Debug)]
pub struct UsableInformation {
    /// ln of the share of every class, the best constant law.
    log_shares: Vec<f64>,
    /// How many columns x has.
    columns: usize,
    entropy: Information,
    conditional_entropy: Information,
    predictor: Predictor,
}

/// The best law of a family at every x, or the limit of better and better ones.
#[derive(Clone, Debug)]
enum Predictor {
    Constant,
    /// Where the likelihood has no finite maximum, the coefficients run off along a direction (classes, features + 1).
    Softmax(Basis, Softmax, Option<Vec<Vec<f64>>>),
    Network(Basis, Network),
    /// ln p̂(y|x), by the bits of x.
    Table(HashMap<Vec<u64>, Vec<f64>>),
}

/// A convex fit has converged when no component of the gradient, in nats per observation, exceeds this.
const CONVEX: f64 = 1e-8;
/// Where the likelihood has no maximum, a fit ends this near to its infimum, in nats per observation: so near that what
/// remains of the predictor in the limit is right to a millionth.
const NEAR: f64 = 1e-13;
/// And near enough, if rounding lets it come no nearer.
const NEAR_ENOUGH: f64 = 1e-9;
/// One of many maxima is not worth more than this gradient, and so many steps.
const NETWORK: (f64, usize) = (1e-6, 2_000);

/// Fits a family to the classes 0 … k−1 by maximum likelihood and says how much of X it can use.
///
/// Constant and saturated are closed forms; linear and polynomial are convex, and fitted until no component of the
/// gradient exceeds 1e-8 nats per observation. Where the classes can be told apart so well that −Σ ln q has no minimum
/// ([`separation`](crate::separation())), its infimum is taken, and the predictor in the limit. On the rows of the fit that limit is unique; off
/// them it may depend on the direction in which the coefficients run off, of which [`separation`](crate::separation()) returns one. A
/// network's cross-entropy is what one seeded descent found: an upper bound of H_V(Y|X), so that the information is a lower
/// bound.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::usable::{Family, usable_information};
/// use candle_mle::{Empirical, Labelled};
/// // y = x_1 xor x_2, without noise
/// let x = Tensor::new(&[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], &Device::Cpu)?;
/// let data = Empirical::from_sample(Labelled::new(x, Tensor::new(&[0u32, 1, 1, 0], &Device::Cpu)?)?)?;
/// let bits = |family| Ok::<f64, candle_mle::Error>(usable_information(&family, &data, 2)?.information().bits());
/// assert!(bits(Family::Linear)?.abs() < 1e-9);
/// assert!((bits(Family::Polynomial { degree: 2 })? - 1.0).abs() < 1e-9);
/// assert_eq!(bits(Family::Saturated)?, 1.0);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// A class that is not below `classes`; data of one class; a network with a layer without units; more features than memory
/// is meant for; a descent that stalls.
pub fn usable_information(family: &Family, data: &Empirical<Labelled>, classes: usize) -> Result<UsableInformation> {
    data.batch().at_most(classes)?;
    if data.batch().offset().is_some() {
        return Err(Error::Offset { what: "usable information" });
    }
    let (y, mass) = (host(data.batch().y())?, host(data.mass())?);
    let mut shares = vec![0.0; classes];
    y.iter().zip(&mass).for_each(|(y, mass)| shares[*y as usize] += mass);
    if shares.iter().filter(|share| **share > 0.0).count() == 1 {
        return Err(candle_mle_info::Error::OneClass { n: data.total() }.into());
    }
    let entropy = -shares.iter().filter(|share| **share > 0.0).map(|share| share * share.ln()).sum::<f64>();
    let entropy = Information::from_nats(entropy);
    let found = match family {
        Family::Constant => None,
        Family::Linear => polynomial(data, classes, 1)?,
        Family::Polynomial { degree } => polynomial(data, classes, *degree)?,
        Family::Network { hidden, seed } => network(data, classes, hidden, *seed)?,
        Family::Saturated => Some((data.entropy(), saturated(data, classes)?)),
    };
    let (conditional_entropy, predictor) = found.unwrap_or((entropy, Predictor::Constant));
    let log_shares = shares.iter().map(|share| share.ln()).collect();
    let columns = data.batch().x().dim(1)?;
    Ok(UsableInformation { log_shares, columns, entropy, conditional_entropy, predictor })
}

impl UsableInformation {
    /// H_V(Y), the best cross-entropy without a look at X. All families here hold every constant law, so it is H(Y).
    pub fn entropy(&self) -> Information {
        self.entropy
    }

    /// H_V(Y|X), the best cross-entropy with X; of a network an upper bound.
    pub fn conditional_entropy(&self) -> Information {
        self.conditional_entropy
    }

    /// I_V(X→Y) = H_V(Y) − H_V(Y|X).
    pub fn information(&self) -> Information {
        self.entropy - self.conditional_entropy
    }

    /// ln q(y|x) − ln q(y) of every row: how much this x tells the family about this y (Ethayarajh et al. 2022,
    /// Understanding dataset difficulty with V-usable information). Negative where x misleads it, −∞ where it ruled out
    /// what was observed, NaN where nothing is known: a class that was never seen, and in the saturated family an x
    /// that was never seen. The mean over the rows of the fit is [`information`](Self::information). Where the classes can
    /// be told apart, the values of rows off the fit are those of one of several limits: see [`usable_information`].
    ///
    /// # Errors
    /// An x of another number of columns than that of the fit; a class beyond the classes.
    pub fn pointwise(&self, batch: &Labelled) -> Result<Vec<Information>> {
        let (log_q, y) = (host(&self.log_prob(batch)?)?, host(batch.y())?);
        let told = |(q, y): (f64, f64)| match self.log_shares[y as usize] {
            f64::NEG_INFINITY => f64::NAN,
            share => q - share,
        };
        Ok(log_q.into_iter().zip(y).map(told).map(Information::from_nats).collect())
    }

    /// The mean of the pointwise values over other rows than those of the fit. It estimates what the fitted predictor
    /// is worth and can be negative, −∞ and NaN, as they can; where the classes can be told apart, a single new row that
    /// one limit rules out and another does not decides between −∞ and a number.
    ///
    /// # Errors
    /// As [`pointwise`](Self::pointwise).
    pub fn held_out(&self, data: &Empirical<Labelled>) -> Result<Information> {
        let mass = host(data.mass())?;
        Ok(self.pointwise(data.batch())?.into_iter().zip(mass).map(|(value, mass)| value * mass).sum())
    }
}

impl Model for UsableInformation {
    type Batch = Labelled;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        batch.observed(&self.log_probs(batch.x())?)
    }
}

/// In f64, on the device of x; worked out on the host.
impl Classifier for UsableInformation {
    fn classes(&self) -> usize {
        self.log_shares.len()
    }

    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        let (columns, classes) = (self.columns, self.classes());
        let rows = rows_of(x, columns)?;
        let log_probs = match &self.predictor {
            Predictor::Constant => self.log_shares.repeat(rows),
            Predictor::Softmax(basis, softmax, None) => host(&softmax.log_probs(&basis.features(x)?)?)?,
            Predictor::Softmax(basis, softmax, Some(direction)) => {
                let features = basis.features(x)?;
                let (log_probs, features) = (host(&softmax.log_probs(&features)?)?, features.to_vec2::<f64>()?);
                let limits = features.iter().zip(log_probs.chunks(classes));
                limits.flat_map(|(features, log_probs)| limit(direction, features, log_probs)).collect()
            }
            Predictor::Network(basis, network) => host(&network.log_probs(&basis.features(x)?)?)?,
            Predictor::Table(table) => {
                let unseen = vec![f64::NAN; classes];
                let x = host(x)?;
                (0..rows)
                    .flat_map(|row| table.get(&bits(&x[row * columns..][..columns])).unwrap_or(&unseen).clone())
                    .collect()
            }
        };
        Ok(Tensor::from_vec(log_probs, (rows, classes), x.device())?)
    }
}

/// What a fit came to: H_V(Y|X) and who has it. None where x has nothing to look at.
type Found = Result<Option<(Information, Predictor)>>;

fn polynomial(data: &Empirical<Labelled>, classes: usize, degree: usize) -> Found {
    let basis = Basis::new(data.batch().x(), data.mass(), degree)?;
    if basis.len() == 0 {
        return Ok(None);
    }
    let data = basis.of(data)?;
    let apart = match separation(&data, classes) {
        Err(Error::Undecided { .. }) => None, // whether the fit arrives will tell
        found => found?,
    };
    let infimum = apart.as_ref().map(|apart| apart.infimum / data.total());
    let plan = Plan { tolerance: CONVEX, floor: infimum.map(|infimum| infimum.nats() + NEAR), ..Plan::default() };
    let fitted = plan.fit(&data, |vb| Softmax::new(basis.len(), classes, vb))?;
    let near = infimum.is_some_and(|infimum| fitted.cross_entropy().nats() <= infimum.nats() + NEAR_ENOUGH);
    if !fitted.converged && !near {
        return Err(Error::Stalled { steps: fitted.history.rows().len() - 1, gradient: fitted.gradient });
    }
    let direction = apart.map(|apart| apart.direction);
    Ok(Some((infimum.unwrap_or(fitted.cross_entropy()), Predictor::Softmax(basis, fitted.model, direction))))
}

fn network(data: &Empirical<Labelled>, classes: usize, hidden: &[usize], seed: u64) -> Found {
    // The functions are the same as those of x: the first layer can undo any affine map.
    let basis = Basis::new(data.batch().x(), data.mass(), 1)?;
    if basis.len() == 0 {
        return Ok(None);
    }
    let data = basis.of(data)?;
    let start = Network::seeded(basis.len(), hidden, classes, &mut ChaCha8Rng::seed_from_u64(seed), &Device::Cpu)?;
    let (tolerance, steps) = NETWORK;
    let fitted = Plan { tolerance, steps, ..Plan::default() }.fit_from(&data, &start)?;
    Ok(Some((fitted.cross_entropy(), Predictor::Network(basis, fitted.model))))
}

fn saturated(data: &Empirical<Labelled>, classes: usize) -> Result<Predictor> {
    let (x, y, count) = (host(data.batch().x())?, host(data.batch().y())?, host(data.count())?);
    let columns = data.batch().x().dim(1)?;
    let mut table: HashMap<Vec<u64>, Vec<f64>> = HashMap::new();
    for (row, (y, count)) in y.iter().zip(count).enumerate() {
        table.entry(bits(&x[row * columns..][..columns])).or_insert_with(|| vec![0.0; classes])[*y as usize] += count;
    }
    for law in table.values_mut() {
        let total: f64 = law.iter().sum();
        law.iter_mut().for_each(|count| *count = (*count / total).ln());
    }
    Ok(Predictor::Table(table))
}

/// Where ln softmax goes when its coefficients run off along a direction: classes that fall behind are ruled out, and
/// the others share what is left as before.
fn limit(direction: &[Vec<f64>], features: &[f64], log_probs: &[f64]) -> Vec<f64> {
    let margin = |of: &Vec<f64>| of.iter().zip(features.iter().chain([&1.0])).map(|(d, x)| d * x).sum::<f64>();
    let margins: Vec<f64> = direction.iter().map(margin).collect();
    let most = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // The direction's components are at most 1, and margins on the rows of the fit 0 or of its size.
    let kept = |class: usize| margins[class] >= most - 1e-9;
    let logs = (0..margins.len()).map(|class| if kept(class) { log_probs[class] } else { f64::NEG_INFINITY });
    let logs: Vec<f64> = logs.collect();
    let left = log_sum_exp(logs.iter().copied());
    logs.iter().map(|log| log - left).collect()
}
