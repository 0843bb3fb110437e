//! The lecture's other rows, each a question that a hand can put and the library answers; amounts in nats.

use candle_core::{Device, Tensor};
use candle_mle::batch::host;
use candle_mle::info::clt::{self, Summable};
use candle_mle::info::estimate::{jitter, ksg1};
use candle_mle::info::law::{self, Density, Exponential, Laplace, Law, Normal, Uniform};
use candle_mle::info::{Channel, Information, Pmf, PrefixCode, quadrature::kl_divergence};
use candle_mle::maxent::{Moment, Support, maxent};
use candle_mle::mle::Plan;
use candle_mle::model::{Categorical, Gaussian};
use candle_mle::usable::{Family, usable_information};
use candle_mle::{Empirical, Labelled, Objective};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wasm_bindgen::prelude::*;

use crate::said::Result;

type Done<T> = candle_mle::Result<T>;

/// Weights as shares of their sum.
#[wasm_bindgen]
pub fn shares(weights: &[f64]) -> Result<Vec<f64>> {
    Ok(Pmf::from_counts([weights.len()], weights)?.values().to_vec())
}

/// −ln q of every class (lecture row L2).
#[wasm_bindgen]
pub fn losses(probs: &[f64]) -> Result<Vec<f64>> {
    Ok(host(&Categorical::from_probs(probs, &Device::Cpu)?.log_probs()?.neg()?)?)
}

/// The die of largest entropy with a mean, and another one with that mean.
#[wasm_bindgen(getter_with_clone)]
pub struct Die {
    /// Of the six faces.
    pub law: Vec<f64>,
    /// None on the edge.
    pub lambda: Option<f64>,
    pub entropy: f64,
    pub other: Vec<f64>,
    /// H of the other, and its KL to the first: what it lacks.
    pub other_entropy: f64,
    pub kl: f64,
}

/// Of all dice with this mean the one that assumes nothing more (rows L5 to L7).
#[wasm_bindgen]
pub fn die(mean: f64) -> Result<Die> {
    let found = maxent(&Support::finite((1..=6).map(f64::from))?, &[Moment { g: &|x| x, target: mean }])?;
    let [law, other] = [&found.law, &found.feasible].map(|p| Pmf::from_counts([6], p.clone()));
    let (law, other) = (law?, other?);
    Ok(Die {
        lambda: found.lambda.map(|lambda| lambda[0]),
        entropy: law.entropy().nats(),
        other_entropy: other.entropy().nats(),
        kl: other.kl_divergence(&law)?.nats(),
        law: law.values().to_vec(),
        other: other.values().to_vec(),
    })
}

fn summable(name: &str) -> Done<Box<dyn Summable>> {
    Ok(match name {
        "exponential" => Box::new(Exponential::new(1.0)?),
        "Laplace" => Box::new(Laplace::new(0.0, 1.0)?),
        "two humps" => Box::new(law::Mixture::new(&[(0.5, Normal::new(-3.0, 1.0)?), (0.5, Normal::new(3.0, 1.0)?)])?),
        "Gaussian" => Box::new(Normal::new(0.0, 1.0)?),
        _ => Box::new(Uniform::new(0.0, 1.0)?),
    })
}

/// The sum of n draws of a law: its density, and that of the Gaussian of its mean and variance, at places that many of its
/// standard deviations from its mean, each per standard deviation; and last the KL divergence of the first to the second.
#[wasm_bindgen]
pub fn sum(name: &str, n: usize, places: &[f64]) -> Result<Vec<f64>> {
    let of = summable(name)?.sum_law(n)?;
    let bell = Normal::matching(of.as_ref())?;
    let density = |law: &dyn Law| -> Vec<f64> {
        places.iter().map(|z| bell.sd() * law.log_prob(bell.mean() + z * bell.sd()).exp()).collect()
    };
    let kl = kl_divergence(of.as_ref(), &bell)?.nats();
    Ok([density(of.as_ref()), density(&bell), vec![kl]].concat())
}

/// h(Z_n) of the normalised sums up to n, and last their limit (row L9).
#[wasm_bindgen]
pub fn sum_entropies(name: &str, n: usize) -> Result<Vec<f64>> {
    let law = summable(name)?;
    let rising = clt::normalised_sums(law.as_ref(), n)?;
    Ok(rising.into_iter().chain([clt::limit(law.as_ref())?]).map(Information::nats).collect())
}

/// H(X), H(Y), H(X,Y), H(X|Y), H(Y|X) and I(X;Y) of a table of weights (rows L10 to L16).
#[wasm_bindgen]
pub fn table(weights: &[f64], columns: usize) -> Result<Vec<f64>> {
    let (p, x, y) = (Pmf::from_counts([weights.len() / columns, columns], weights)?, &[0], &[1]);
    let open = [p.conditional_entropy(x, y)?, p.conditional_entropy(y, x)?, p.mutual_information(x, y)?];
    Ok([p.entropy_of(x)?, p.entropy_of(y)?, p.entropy()].into_iter().chain(open).map(Information::nats).collect())
}

/// The correlation of points, I by the neighbours of each, and what a Gaussian of that correlation would have (rows L17, L18).
#[wasm_bindgen]
pub fn cloud(xs: &[f64], ys: &[f64]) -> Result<Vec<f64>> {
    let rho = Pmf::uniform(xs.len())?.correlation(|at| xs[at[0]], |at| ys[at[0]]);
    let found = ksg1(xs, ys, 3)?;
    Ok(vec![rho, found.nats(), law::gaussian_mutual_information(rho.clamp(-1.0, 1.0))?.nats()])
}

/// How many cells a shape's square has along a side.
const FINE: usize = 41;

/// Points of a shape in the square from −1 to 1, x and y of each.
#[wasm_bindgen]
pub fn shape(name: &str, n: usize, seed: u64) -> Result<Vec<f64>> {
    let place = |k: usize| 2.0 * k as f64 / (FINE - 1) as f64 - 1.0;
    let near = |distance: f64| (-0.5 * (distance / 0.08).powi(2)).exp();
    let weigh = |x: f64, y: f64| match name {
        "line" => near(y - 0.7 * x) * (-2.5 * x * x).exp(),
        "parabola" => near(y + 0.7 - 1.5 * x * x),
        "ring" => near(x.hypot(y) - 0.75),
        "cross" => near(y - 0.8 * x) + near(y + 0.8 * x),
        _ => (-4.5 * (x * x + y * y)).exp(),
    };
    let weights: Vec<f64> = (0..FINE * FINE).map(|k| weigh(place(k / FINE), place(k % FINE))).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let cells = Pmf::from_counts([FINE, FINE], weights)?.sample(n, &mut rng);
    let centres: Vec<[f64; 2]> = cells.iter().map(|cell| [place(cell[0]), place(cell[1])]).collect();
    Ok(jitter(&centres, place(1) - place(0), &mut rng)?.concat())
}

/// Where the nodes of a quadrature reach, and how many there are.
const NODES: (f64, f64, usize) = (-14.0, 14.0, 281);

/// Two modes of standard deviation 1, the left one with a share, and the Gaussians nearest to them (row L20).
#[wasm_bindgen]
pub struct Modes {
    p: law::Mixture,
    found: Vec<(bool, Normal)>,
}

#[wasm_bindgen]
impl Modes {
    #[wasm_bindgen(constructor)]
    pub fn new(left: f64, right: f64, share: f64) -> Result<Modes> {
        let p = law::Mixture::new(&[(share, Normal::new(left, 1.0)?), (1.0 - share, Normal::new(right, 1.0)?)])?;
        let (from, to, nodes) = NODES;
        let nodes = Empirical::from_density(&p, from, to, nodes)?;
        let mut found: Vec<(bool, Normal)> = vec![(false, Normal::matching(&p)?)];
        // Every minimum of the other way round, once.
        for (mean, sd) in [(left, 1.0), (right, 1.0), (p.mean(), p.variance().sqrt())] {
            let start = Gaussian::from_moments(&[mean], &[[sd * sd]], &Device::Cpu)?;
            let fitted = Plan { objective: Objective::ReverseKl, ..Plan::default() }.fit_from(&nodes, &start)?;
            let q = Normal::new(host(&fitted.model.mean()?)?[0], fitted.model.conditional_std()?[0])?;
            if fitted.converged && found.iter().all(|(back, known)| !back || (known.mean() - q.mean()).abs() > 1e-4) {
                found.push((true, q));
            }
        }
        Ok(Self { p, found })
    }

    /// Of the forward minimum and then of each reverse one: mean, standard deviation, KL(p‖q), KL(q‖p).
    pub fn found(&self) -> Result<Vec<f64>> {
        let mut numbers = vec![];
        for (_, q) in &self.found {
            let there_and_back = [kl_divergence(&self.p, q)?, kl_divergence(q, &self.p)?].map(Information::nats);
            numbers.extend([q.mean(), q.sd()].into_iter().chain(there_and_back));
        }
        Ok(numbers)
    }

    /// The density of p at places, then that of every q.
    pub fn densities(&self, places: &[f64]) -> Vec<f64> {
        let laws = std::iter::once(&self.p as &dyn Density).chain(self.found.iter().map(|(_, q)| q as &dyn Density));
        laws.flat_map(|law| places.iter().map(|x| law.log_prob(*x).exp())).collect()
    }
}

/// A text in code words (rows P1, P2).
#[wasm_bindgen(getter_with_clone)]
pub struct Spelled {
    /// The different letters, the most frequent first, the word of each, and how often it comes.
    pub letters: Vec<String>,
    pub words: Vec<String>,
    pub counts: Vec<f64>,
    /// −ln p of each.
    pub owed: Vec<f64>,
    /// Which letter stands at each place of the text.
    pub text: Vec<usize>,
    /// Binary digits in all, as they were written and read back.
    pub digits: usize,
    /// H(p) and KL(p‖q) to equal letters.
    pub entropy: f64,
    pub kl: f64,
    /// Binary digits a letter: by the text's own code, and by one made for equal letters.
    pub paid: f64,
    pub even: f64,
}

/// Codes a text by the shares of its own letters.
#[wasm_bindgen]
pub fn spell(text: &str) -> Result<Spelled> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    let often = |letter: &char| text.chars().filter(|c| c == letter).count();
    letters.sort_by_key(|letter| std::cmp::Reverse(often(letter)));
    let message: Vec<usize> = text.chars().filter_map(|c| letters.iter().position(|letter| *letter == c)).collect();
    let p = Pmf::from_samples([letters.len()], message.chunks(1))?;
    let (code, equal) = (PrefixCode::huffman(&p), Pmf::uniform(letters.len())?);
    let bits = code.encode(&message)?;
    if code.decode(&bits, message.len())? != message {
        return Err(JsError::new("the text did not come back"));
    }
    let word =
        |word: &Option<Vec<bool>>| word.iter().flatten().map(|bit| if *bit { '1' } else { '0' }).collect::<String>();
    Ok(Spelled {
        words: code.words().iter().map(word).collect(),
        counts: letters.iter().map(|letter| often(letter) as f64).collect(),
        owed: losses(p.values())?,
        text: message,
        digits: bits.len(),
        entropy: p.entropy().nats(),
        kl: p.kl_divergence(&equal)?.nats(),
        paid: code.expected_length(&p)?,
        even: PrefixCode::huffman(&equal).expected_length(&p)?,
        letters: letters.into_iter().map(String::from).collect(),
    })
}

/// A fair coin told from one to the next, each of whom turns it round so often: I(X;X_1), I(X;X_2), … (row P4).
#[wasm_bindgen]
pub fn relay(flips: &[f64]) -> Result<Vec<f64>> {
    let mut told = vec![];
    let mut p = Pmf::uniform(2)?;
    for (at, flip) in flips.iter().enumerate() {
        p = p.with_output(at, &Channel::binary_symmetric(*flip)?)?;
        told.push(p.mutual_information(&[0], &[at + 1])?.nats());
    }
    Ok(told)
}

/// What each family can use of a place on a square board about its colour, which is the wrong one so often: a constant, a
/// line, degree 2, degree 4, and what there is (row P6). `places` says which cell is seen in which place.
#[wasm_bindgen]
pub fn usable(board: &[u8], places: &[usize], noise: f64) -> Result<Vec<f64>> {
    let cells = board.len();
    let side = cells.isqrt();
    let at = |k: usize| (2 * k + 1) as f64 / side as f64 - 1.0;
    let x: Vec<f64> = places.iter().flat_map(|seen| [at(seen % side), at(seen / side)].repeat(2)).collect();
    let y = Tensor::from_vec([0u32, 1].repeat(cells), 2 * cells, &Device::Cpu)?;
    let batch = Labelled::new(Tensor::from_vec(x, (2 * cells, 2), &Device::Cpu)?, y)?;
    let counts: Vec<f64> =
        board.iter().flat_map(|dark| if *dark == 1 { [noise, 1.0 - noise] } else { [1.0 - noise, noise] }).collect();
    let p = Empirical::from_counts(batch, &counts)?;
    let families = [
        Family::Constant,
        Family::Linear,
        Family::Polynomial { degree: 2 },
        Family::Polynomial { degree: 4 },
        Family::Saturated,
    ];
    let used = families.iter().map(|family| Ok(usable_information(family, &p, 2)?.information().nats()));
    Ok(used.collect::<Done<Vec<_>>>()?)
}
