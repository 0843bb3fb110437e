//! What a likelihood says of a model as a whole: deviance, AIC, BIC, R², and the test of nested models.

use candle_mle_info::Information;

use super::tail::beyond_chi_squared;
use crate::batch::{Batch, host, number};
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::objective::{Objective, measured};

/// The likelihood of a fitted model, and what it is measured by.
#[derive(Clone, Copy, Debug)]
pub struct Likelihood {
    nll: f64,
    kl: f64,
    n: f64,
    parameters: usize,
    patterns: usize,
    /// n H(Y), nats: the NLL of the same outcomes without a look at x.
    null: f64,
    entropy: Information,
}

/// A statistic, its degrees of freedom, and the probability of so large a one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// 2 n (KL of the smaller − KL of the larger), nats.
    pub statistic: f64,
    /// By how many parameters they differ.
    pub degrees: usize,
    /// P(χ² ≥ statistic), where the smaller model is true and n is large.
    pub p_value: f64,
}

impl Likelihood {
    /// Of a model with so many free parameters.
    ///
    /// # Errors
    /// Rows that the model cannot score.
    pub fn of<M: Model>(model: &M, p: &Empirical<M::Batch>, parameters: usize) -> Result<Self> {
        let log_q = model.log_prob(p.batch())?.detach();
        let of = |objective| number(&measured::<M>(objective, None, &log_q, p)?);
        let (keys, counts, n) = (p.batch().keys()?, host(p.count())?, p.total());
        let patterns = match keys.given {
            Some(x) if x.elem_count() > 0 => Empirical::from_sample(x)?.distinct(),
            _ => 1,
        };
        let outcomes = host(Empirical::from_counts(keys.outcome, &counts)?.count())?;
        let null = outcomes.iter().map(|count| count * (n / count).ln()).sum();
        Ok(Self {
            nll: of(Objective::Nll)?,
            kl: of(Objective::Kl)?,
            n,
            parameters,
            patterns,
            null,
            entropy: p.entropy(),
        })
    }

    /// Of −Σ ln q of n observations by a model with so many free parameters. What hangs on the rows themselves, deviance and R², is NaN.
    pub fn from_nll(nll: Information, n: f64, parameters: usize) -> Self {
        let (nll, kl, null) = (nll.nats(), f64::NAN, f64::NAN);
        Self { nll, kl, n, parameters, patterns: 0, null, entropy: Information::from_nats(f64::NAN) }
    }

    /// The same of a likelihood without a maximum, in its limit: where NLL falls to `infimum`.
    pub fn falling_to(self, infimum: Information) -> Self {
        Self { nll: infimum.nats(), kl: infimum.nats() / self.n - self.entropy.nats(), ..self }
    }

    /// The same outcomes without a look at x, by a free probability less than there are classes: what an intercept alone comes to.
    pub fn of_outcomes(&self, classes: usize) -> Self {
        let kl = self.null / self.n - self.entropy.nats();
        Self { nll: self.null, kl, parameters: classes.saturating_sub(1), ..*self }
    }

    /// n, the number of observations.
    pub fn total(&self) -> f64 {
        self.n
    }

    /// −Σ ln q, nats.
    pub fn nll(&self) -> f64 {
        self.nll
    }

    /// The number of free parameters.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// 2 n KL(p̂‖q), nats: the residual deviance, twice what the likelihood lacks of the largest that any model of the rows has,
    /// which takes every p̂(y|x) as it is. The KL divergence that is logged is the deviance per observation: times 2 n ln 2 in bits.
    pub fn deviance(&self) -> f64 {
        2.0 * self.n * self.kl
    }

    /// The degrees of freedom of the deviance, for so many classes: a free probability less for each class and each distinct x,
    /// less the parameters.
    pub fn residual_degrees(&self, classes: usize) -> usize {
        (self.patterns * classes.saturating_sub(1)).saturating_sub(self.parameters)
    }

    /// 2 NLL = −2 Σ ln q, nats: what software that takes every observation as a row of its own calls the deviance, since H(Y|X) is 0
    /// there. It is [`deviance`](Self::deviance) + 2 n H(Y|X).
    pub fn twice_nll(&self) -> f64 {
        2.0 * self.nll
    }

    /// 2 NLL + 2 r (Akaike 1974): of several models the one with the least is expected to be the nearest to the truth by KL.
    pub fn aic(&self) -> f64 {
        2.0 * self.nll + 2.0 * self.parameters as f64
    }

    /// 2 NLL + r ln n (Schwarz 1978).
    pub fn bic(&self) -> f64 {
        2.0 * self.nll + self.parameters as f64 * self.n.ln()
    }

    /// 1 − NLL / NLL of the outcomes without x (McFadden 1974): the share of H(Y) that the model explains. NaN where H(Y) is 0.
    pub fn mcfadden(&self) -> f64 {
        1.0 - self.nll / self.null
    }

    /// The most that it could be for these rows: 1 − H(Y|X) / H(Y).
    pub fn most_mcfadden(&self) -> f64 {
        1.0 - self.n * self.entropy.nats() / self.null
    }
}

/// Whether the larger of two nested models is the likelier by more than chance: 2 (NLL − NLL) against χ² (Wilks 1938), as both
/// are fitted to the same observations. Where the smaller lies on an edge of the larger the p-value is too large.
///
/// # Errors
/// A larger model of no more parameters, or of another number of observations.
pub fn likelihood_ratio(smaller: &Likelihood, larger: &Likelihood) -> Result<Test> {
    if larger.n != smaller.n {
        return Err(Error::OtherData { step: 0, n: smaller.n, now: larger.n });
    }
    if larger.parameters <= smaller.parameters {
        let (small, large) = (smaller.parameters, larger.parameters);
        return Err(Error::Other(
            format!("the larger model has {large} parameters and the smaller {small}: give the smaller one first")
                .into(),
        ));
    }
    // Rounding, or a fit that has not arrived, may leave it below 0.
    let (statistic, degrees) = (2.0 * (smaller.nll - larger.nll), larger.parameters - smaller.parameters);
    Ok(Test { statistic, degrees, p_value: beyond_chi_squared(statistic, degrees) })
}
