//! The summary of a fit: coefficients or parameters with their errors, and what the likelihood says of the model as a whole.

use std::io::Write;

use anyhow::Result;
use candle_core::Tensor;
use candle_mle::batch::{Response, host, number as scalar};
use candle_mle::inference::{Coefficient, Coefficients, Likelihood, Shrunk, Sloped, Test, beyond_f, likelihood_ratio};
use candle_mle::info::file::write_whole;
use candle_mle::info::law::MultivariateNormal;
use candle_mle::info::number::{count, fixed, seen, shown, shown_within, typed};
use candle_mle::model::{Bernoulli, Gaussian, Linear, LinearGaussian, PoissonRegression};
use candle_mle::separation::Separation;
use candle_mle::table::{Names, Weighed};
use candle_mle::{Design, Empirical, Error, Information, Model, Objective, Parameters};

use serde_json::Value;

use crate::flags::{Intervals, Learns};
use crate::learned::Learned;
use crate::record::{ESTIMATE, Estimate, MODEL};
use crate::run::Run;
use crate::said::{add, number, object, tell};
use crate::say::rounding;
use crate::score::LEVEL;

/// The coefficients of a model, and how much they are to be believed.
struct Known {
    coefficients: Coefficients,
    told: Told,
}

/// The coefficients of a class against another than the reference class, where only these have limits.
struct Against {
    class: usize,
    base: usize,
    known: Known,
}

/// What is told of coefficients beside themselves.
enum Told {
    /// Errors, tests and Wald's intervals.
    Wald,
    /// Errors, tests, and for every class the intervals of the profile.
    Profile(Vec<Vec<[f64; 2]>>),
    /// How far a ridge draws them, and how they scatter.
    Ridge(Vec<Vec<f64>>),
    /// Nothing: they do not stand at a maximum of anything.
    Nothing,
}

/// A parameter to be told: its name, what stands before its line and behind it, what is estimated, the interval that was asked for, and
/// the truth where it is known.
pub(crate) struct Parameter {
    pub term: String,
    pub before: String,
    pub behind: String,
    pub of: Coefficient,
    pub interval: [f64; 2],
    pub truth: Option<f64>,
}

impl Parameter {
    /// With Wald's interval; its line begins with its name.
    pub fn new(term: impl Into<String>, behind: impl Into<String>, of: Coefficient, truth: Option<f64>) -> Self {
        let interval = if of.std_error.is_finite() { of.interval(LEVEL) } else { [f64::NAN; 2] };
        let term = term.into();
        Self { before: term.clone(), term, behind: behind.into(), of, interval, truth }
    }

    /// Whether more is known than the estimate.
    fn is_known(&self) -> bool {
        !self.of.std_error.is_nan()
    }
}

/// Why nothing is known of how estimates scatter, if so: they do not stand at a maximum of the likelihood.
pub(crate) fn not_at_maximum<M>(learned: &Learned<M>) -> Option<String> {
    let objective = learned.plan.objective;
    match learned.converged {
        _ if objective.is_penalized() || objective == Objective::ReverseKl => {
            Some(format!("what was descended is the {objective}, whose minimum is not the maximum of the likelihood"))
        }
        false => Some("the descent has not arrived at the maximum".into()),
        true => None,
    }
}

impl Known {
    /// The headings of what is told; `ratio` is what e to the coefficient is called, if it is anything.
    fn headings(&self, ratio: Option<&str>) -> Vec<String> {
        let of: &[&str] = match self.told {
            Told::Nothing => return vec![],
            Told::Ridge(_) => return ["bias", "std. error"].map(String::from).to_vec(),
            Told::Wald => &["std. error", "z", "p", "95 % from", "to"],
            Told::Profile(_) => &["std. error", "z", "p", "95 % profile", "to"],
        };
        of.iter().copied().chain(ratio).map(String::from).collect()
    }

    /// The interval of a coefficient; NaN where none is of use.
    fn interval(&self, class: usize, at: usize) -> [f64; 2] {
        match &self.told {
            Told::Wald => self.coefficients.get(class, at).interval(LEVEL),
            Told::Profile(ends) => ends[class][at],
            Told::Ridge(_) | Told::Nothing => [f64::NAN; 2],
        }
    }

    /// What stands under the headings: where no value is the likeliest there is neither z nor p.
    fn cells(&self, class: usize, at: usize, ratio: bool) -> Vec<String> {
        let of = self.coefficients.get(class, at);
        let number = |value: f64| if value.is_nan() { String::from("–") } else { limit(value) };
        match &self.told {
            Told::Ridge(bias) => return vec![number(bias[class][at]), number(of.std_error)],
            Told::Nothing => return vec![],
            Told::Wald | Told::Profile(_) => {}
        }
        let [from, to] = self.interval(class, at);
        let (z, p) = match of.z() {
            z if z.is_nan() => ("–".into(), "–".into()),
            z => (fixed(z, 3), probability(of.p_value())),
        };
        // A number is larger than any that can be written, and no infinity, where the coefficient is finite.
        let ratio = ratio.then(|| match of.odds_ratio() {
            f64::INFINITY if of.estimate.is_finite() => "> 1e308".into(),
            0.0 if of.estimate.is_finite() => "< 1e-308".into(),
            ratio => number(ratio),
        });
        [number(of.std_error), z, p, number(from), number(to)].into_iter().chain(ratio).collect()
    }
}

impl<D: Learns> Run<D> {
    /// The coefficients with their errors, beside the truth, by the names of columns and classes; and what the likelihood says of
    /// the model. The coefficients are left in coefficients.csv, too.
    pub fn say_coefficients<M: Linear + Parameters>(
        &self,
        design: &Design,
        learned: &Learned<M>,
        truth: Option<&M>,
    ) -> Result<()> {
        let Design { p, names, .. } = design;
        tell("target", names.target.as_str());
        tell("reference_class", names.classes[0].as_str());
        println!("coefficients (logits per unit), reference class: {} = {}", names.target, names.classes[0]);
        let (known, worth) = match learned.apart() {
            Some(apart) => {
                if self.flags.data.intervals() == Intervals::Profile {
                    println!("  the likelihood has no maximum, and so no profile: the intervals are Wald's");
                }
                let coefficients = or_singular(Coefficients::at_the_limit(apart, p, 0))?;
                (coefficients.map(|coefficients| Known { coefficients, told: Told::Wald }), None)
            }
            None => self.known(design, learned)?,
        };
        let known = match known {
            Some(Known { coefficients, told: Told::Wald })
                if self.flags.data.intervals() == Intervals::Profile && learned.apart().is_none() =>
            {
                let of = |class, at| Coefficients::profile(&learned.model, p, class, at, LEVEL);
                let row =
                    |class| (0..=names.columns.len()).map(|at| of(class, at)).collect::<candle_mle::Result<Vec<_>>>();
                let ends = (1..names.classes.len()).map(row).collect::<candle_mle::Result<Vec<_>>>()?;
                Some(Known { coefficients, told: Told::Profile(std::iter::once(vec![]).chain(ends).collect()) })
            }
            known => known,
        };
        // What moves a logit by no more than this, within a standard deviation of its column, is rounding.
        let mut logits = host(p.standardize()?.scale())?;
        logits.push(1.0);
        let text = |value: f64, at: usize| limit(if (value * logits[at]).abs() < 1e-13 { 0.0 } else { value });
        let (width, own) = (names.columns.len() + 1, host(&learned.model.coefficients()?)?);
        let truth = truth.map(|truth| host(&truth.coefficients()?)).transpose()?;
        let limits = learned.apart().map(|apart| apart.limits(0));
        let mut against = vec![];
        let header = if learned.apart().is_some() { "limit" } else { "estimate" };
        for class in 1..names.classes.len() {
            let mut head = vec![format!("  {} {}", names.target, names.classes[class]), header.into()];
            head.extend(known.iter().flat_map(|known| known.headings(Some("odds ratio"))));
            head.extend(learned.apart().map(|_| "diverges along".into()));
            head.extend(truth.as_ref().map(|_| "truth".into()));
            let mut lines = vec![head];
            for (at, name) in in_reading_order(names) {
                let without = limits.as_ref().map_or(own[class * width + at], |limits| limits[class][at]);
                let estimate = known.as_ref().map_or(without, |known| known.coefficients.get(class, at).estimate);
                let mut line = vec![format!("    {name}"), text(estimate, at)];
                line.extend(known.iter().flat_map(|known| known.cells(class, at, true)));
                line.extend(learned.apart().map(|apart| text(apart.direction[class][at], at)));
                line.extend(truth.as_ref().map(|truth| text(truth[class * width + at], at)));
                lines.push(line);
            }
            aligned(&lines).iter().for_each(|line| println!("{line}"));
            // Where nothing is left against the reference class, there may be against another.
            let Some(apart) = learned.apart() else { continue };
            if limits.iter().any(|limits| limits[class].iter().any(|limit| limit.is_finite())) {
                continue;
            }
            if let Some(base) = (1..class).find(|base| apart.determines(class, *base)) {
                let known = Known { coefficients: Coefficients::at_the_limit(apart, p, base)?, told: Told::Wald };
                let heading = format!("  {} {} against {}", names.target, names.classes[class], names.classes[base]);
                let rows = in_reading_order(names).map(|(at, name)| {
                    let estimate = text(known.coefficients.get(class, at).estimate, at);
                    [format!("    {name}"), estimate].into_iter().chain(known.cells(class, at, true)).collect()
                });
                let head = [heading, header.into()].into_iter().chain(known.headings(Some("odds ratio"))).collect();
                aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
                    .iter()
                    .for_each(|line| println!("{line}"));
                for (at, name) in in_reading_order(names) {
                    let mut row = broom_row(&known, names, (class, at, name));
                    if let Value::Object(row) = &mut row {
                        row.insert("against".into(), names.classes[base].as_str().into());
                    }
                    add("contrasts", row);
                }
                against.push(Against { class, base, known });
            }
        }
        if learned.apart().is_some() {
            println!("{RUNS_OFF}");
        }
        let likelihood = Likelihood::of(&learned.model, p, (names.classes.len() - 1) * width)?;
        let infimum = learned.apart().map(|apart| apart.infimum);
        let likelihood = infimum.map_or(likelihood, |infimum| likelihood.falling_to(infimum));
        match design.weighed.is_some() || learned.plan.objective.is_penalized() || learned.short().is_some() {
            true => self.say_no_maximum(design, learned, &likelihood, worth)?,
            false => self.say_likelihood(likelihood, names)?,
        }
        self.leave_coefficients(known.as_ref(), &against, design, learned)
    }

    /// The coefficients of a regression of numbers with their errors, in this unit; what e to a slope is called, if it is anything; and
    /// what the likelihood says of the model, `beside` it more where it stands at its maximum.
    pub(crate) fn say_slopes<M: Sloped<Batch = Response> + Parameters>(
        &self,
        design: &Design<Response>,
        learned: &Learned<M>,
        truth: Option<&M>,
        (unit, ratio): (&str, Option<&str>),
        beside: impl Fn(&Likelihood) -> Result<()>,
    ) -> Result<()> {
        let (names, (known, worth)) = (&design.names, self.known(design, learned)?);
        tell("target", names.target.as_str());
        println!("coefficients ({unit})");
        let Some(known) = known else { return Ok(()) };
        let truth = truth.map(Sloped::estimates).transpose()?;
        say_known(&known, names, "estimate", ratio, truth.as_ref().map(|truth| ("truth", &truth[1][..])));
        let parameters = learned.model.parts()?.learnt.values().map(Tensor::elem_count).sum();
        let likelihood = Likelihood::of(&learned.model, &design.p, parameters)?;
        match design.weighed.is_some() || learned.plan.objective.is_penalized() || learned.short().is_some() {
            true => self.say_no_maximum(design, learned, &likelihood, worth)?,
            false => {
                beside(&likelihood)?;
                say_criteria(&likelihood);
            }
        }
        self.leave_coefficients(Some(&known), &[], design, learned)
    }

    /// Poisson regression in the limit of a likelihood without a maximum: what runs off, and the rest from the rows that are left.
    pub(crate) fn say_limits_of_counts(&self, design: &Design<Response>, apart: &Separation) -> Result<()> {
        let (p, names) = (&design.p, &design.names);
        tell("separation.complete", apart.complete);
        tell("separation.infimum", number(apart.infimum.to(self.unit())));
        println!("coefficients (log of the mean, per unit)");
        // Weights that are no counts say where the limit is, and not how it scatters.
        let told = if design.weighed.is_some() { Told::Nothing } else { Told::Wald };
        let known = Known { coefficients: Coefficients::of_counts_at_the_limit(apart, p)?, told };
        say_known(&known, names, "limit", Some("rate ratio"), Some(("diverges along", &apart.direction[1][..])));
        println!("{RUNS_OFF}");
        println!("NLL falls towards {} and never gets there", self.show(apart.infimum));
        let null = PoissonRegression::of_intercept(p.batch(), p.count());
        if let (Ok(null), None) = (null, &design.weighed) {
            let of = |parameters| Likelihood::of(&null, p, parameters);
            say_against_intercept(&of(1)?, &of(1 + names.columns.len())?.falling_to(apart.infimum))?;
        }
        broom_rows(&known, names).into_iter().for_each(|row| add("coefficients", row));
        keep(&known, &[], names, &self.out("coefficients.csv"))?;
        println!();
        Ok(())
    }

    /// Of counts the deviance, and the test against the intercept alone.
    pub(crate) fn say_of_counts(
        &self,
        p: &Empirical<Response>,
        model: &PoissonRegression,
        whole: &Likelihood,
    ) -> Result<()> {
        let (deviance, left) = (model.deviance(p.batch(), p.count())?, p.total() - whole.parameters() as f64);
        tell("likelihood.deviance", number(deviance));
        tell("likelihood.df_residual", number(left));
        println!(
            "deviance 2 Σ (y ln(y/μ) − y + μ) = {} nats with {} degrees of freedom",
            fixed(deviance, 3),
            typed(left.max(0.0))
        );
        let null = PoissonRegression::of_intercept(p.batch(), p.count())?;
        tell("likelihood.null_deviance", number(null.deviance(p.batch(), p.count())?));
        say_against_intercept(&Likelihood::of(&null, p, 1)?, whole)
    }

    /// Of a straight line R², and the tests against the intercept alone.
    pub(crate) fn say_of_line(
        &self,
        p: &Empirical<Response>,
        model: &LinearGaussian,
        whole: &Likelihood,
    ) -> Result<()> {
        let columns = whole.parameters() - 2;
        if columns == 0 {
            return Ok(());
        }
        let null = LinearGaussian::of_intercept(p.batch(), p.mass())?;
        // Of the variance, the share that is left.
        let (left, n) = ((model.sigma()? / null.sigma()?).powi(2), p.total());
        let below = n - columns as f64 - 1.0;
        tell("likelihood.r_squared", number(1.0 - left));
        let adjusted = if below > 0.0 {
            let adjusted = 1.0 - left * (n - 1.0) / below;
            tell("likelihood.adjusted_r_squared", number(adjusted));
            format!(", adjusted {}", fixed(adjusted, 4))
        } else {
            String::new()
        };
        println!("R² {}{adjusted}", fixed(1.0 - left, 4));
        if below >= 1.0 && below.fract() == 0.0 {
            let f = (1.0 - left) / left * below / columns as f64;
            let p = beyond_f(f, columns, below as usize);
            let df = Value::from(vec![columns, below as usize]);
            tell("likelihood.f", object([("statistic", number(f)), ("df", df), ("p.value", number(p))]));
            println!(
                "against the intercept alone: F = {} with {columns} and {below} degrees of freedom, p {}",
                fixed(f, 3),
                probability(p)
            );
        }
        say_against_intercept(&Likelihood::of(&null, p, 2)?, whole)
    }

    /// Parameters with their errors and intervals, beside the truth, and what the likelihood says of the model; all of it is left in
    /// coefficients.csv, too.
    pub(crate) fn say_parameters(&self, parameters: &[Parameter], profile: bool) -> Result<()> {
        let (errors, truth) =
            (parameters.iter().any(Parameter::is_known), parameters.iter().any(|p| p.truth.is_some()));
        let mut head = vec![String::new(), "estimate".into()];
        if errors {
            let from = if profile { "95 % profile" } else { "95 % from" };
            head.extend(["std. error", from, "to"].map(String::from));
        }
        head.extend(truth.then(|| "truth".into()));
        let cell = |value: f64, of: &Parameter| match value {
            value if value.is_nan() => "–".into(),
            value if value.is_infinite() => limit(value),
            // Where the error is far below the value its digits are those to be seen.
            value if of.of.std_error < 1e-5 * value.abs() => shown_within(value, of.of.std_error),
            value => shown(value),
        };
        let mut lines = vec![head];
        for of in parameters {
            let error = if of.of.std_error.is_infinite() { "–".into() } else { shown(of.of.std_error) };
            let known = [error, cell(of.interval[0], of), cell(of.interval[1], of)];
            let mut line = vec![of.before.clone(), cell(of.of.estimate, of)];
            line.extend(known.into_iter().filter(|_| errors));
            line.extend(truth.then(|| of.truth.map_or_else(String::new, |truth| cell(truth, of))));
            lines.push(line);
            let numbers = [("std.error", of.of.std_error), ("conf.low", of.interval[0]), ("conf.high", of.interval[1])];
            let numbers = numbers.into_iter().filter(|_| errors).chain(of.truth.map(|truth| ("truth", truth)));
            let all =
                [("estimate", of.of.estimate)].into_iter().chain(numbers).map(|(name, value)| (name, number(value)));
            let row = [("term", Value::from(of.term.as_str()))].into_iter().chain(all);
            add("parameters", Value::Object(row.map(|(name, value)| (name.to_string(), value)).collect()));
        }
        let behind = std::iter::once("").chain(parameters.iter().map(|of| of.behind.as_str()));
        for (line, behind) in aligned(&lines).iter().zip(behind) {
            println!("{}", format!("{line}  {behind}").trim_end());
        }
        let mut csv = format!("term,{}\n", BROOM.join(","));
        for of in parameters {
            let numbers = [of.of.estimate, of.of.std_error, f64::NAN, f64::NAN, of.interval[0], of.interval[1]];
            csv += &format!("{},{}\n", quoted(&of.term), numbers.map(in_csv).join(","));
        }
        leave(&csv, &self.out("coefficients.csv"))
    }

    /// The probability of a face with its error √(q(1 − q)/n), beside the truth. A coin that showed one face alone has none.
    pub(crate) fn say_coin(
        &self,
        face: &str,
        p: &Empirical<Tensor>,
        learned: &Learned<Bernoulli>,
        truth: Option<&Bernoulli>,
    ) -> Result<()> {
        let (q, n) = (learned.model.prob()?, p.total());
        let why = match &learned.separation {
            Some(_) => Some("one face alone was observed, and there is no finite maximum".into()),
            None => not_at_maximum(learned),
        };
        let std_error = if why.is_none() { (q * (1.0 - q) / n).sqrt() } else { f64::NAN };
        let of = Coefficient { estimate: q, std_error };
        let truth = truth.map(Bernoulli::prob).transpose()?;
        self.say_parameters(&[Parameter::new(format!("probability of {face}"), "", of, truth)], false)?;
        say_whole(&Likelihood::of(&learned.model, p, 1)?, why.as_deref());
        println!();
        Ok(())
    }

    /// Mean, standard deviation and correlations with their errors, beside the truth; warns where the resolution is too coarse to be
    /// exact.
    pub fn say_moments(
        &self,
        names: &Names,
        learned: &Learned<Gaussian>,
        truth: Option<&Gaussian>,
        data: &Empirical<Tensor>,
    ) -> Result<()> {
        let Ok(fitted) = learned.model.law() else {
            println!("the descent ended where there is no Gaussian: a mean or a covariance is no finite number\n");
            return Ok(());
        };
        let truth = truth.map(Gaussian::law).transpose()?;
        let (names, n, why) = (&names.columns, data.total(), not_at_maximum(learned));
        let known = |estimate: f64, std_error: f64| Coefficient {
            estimate,
            std_error: if why.is_none() { std_error } else { f64::NAN },
        };
        let sigma = |law: &MultivariateNormal, i: usize| law.covariance()[i][i].sqrt();
        let of = |what: &str, column: &str, known: Coefficient, truth: Option<f64>| {
            let term = if names.len() == 1 { what.to_string() } else { format!("{what} of {column}") };
            Parameter { before: column.into(), ..Parameter::new(term, what, known, truth) }
        };
        let mut parameters = vec![];
        for (i, name) in names.iter().enumerate() {
            let sd = sigma(&fitted, i);
            let (mean, spread) = (known(fitted.mean()[i], sd / n.sqrt()), known(sd, sd / (2.0 * n).sqrt()));
            let [true_mean, true_sd] = truth.as_ref().map_or([None; 2], |law| [law.mean()[i], sigma(law, i)].map(Some));
            parameters.push(of("mean", name, mean, true_mean));
            parameters.push(of("standard deviation", name, spread, true_sd));
            let moments = [
                ("term", name.as_str().into()),
                ("mean", number(fitted.mean()[i])),
                ("standard_deviation", number(sd)),
            ];
            add("moments", object(moments));
        }
        let true_correlations = truth.as_ref().map(MultivariateNormal::correlations);
        for (i, row) in fitted.correlations().iter().enumerate() {
            for (j, rho) in row[..i].iter().enumerate() {
                let between = Value::from(vec![names[j].clone(), names[i].clone()]);
                add("correlations", object([("between", between), ("correlation", number(*rho))]));
                let of = known(*rho, (1.0 - rho * rho) / n.sqrt());
                let truth = true_correlations.as_ref().map(|rows| rows[i][j]);
                let term = format!("correlation of {} and {}", names[j], names[i]);
                let of = Parameter::new(term.as_str(), term.as_str(), of, truth);
                parameters.push(Parameter { before: String::new(), ..of });
            }
        }
        self.say_parameters(&parameters, false)?;
        let likelihood = Likelihood::of(&learned.model, data, names.len() * (names.len() + 3) / 2)?;
        say_whole(&likelihood, why.as_deref());
        // Of all Gaussians the one with the moments of the data is the likeliest: what the descent must come to.
        let (mean, moments) = data.moments()?;
        let closed = MultivariateNormal::new(&mean, &moments)?;
        let gap = rounding(closed.kl_divergence(&fitted)?.nats());
        println!("{gap} nats per observation above the closed form, mean and covariance of the data");
        for ((name, sigma), delta) in
            names.iter().zip(learned.model.conditional_std()?).zip(data.resolution().unwrap_or_default())
        {
            if sigma < *delta {
                println!(
                    "warning: the fitted standard deviation of {name}, {}, is below its resolution {delta}: the midpoint rule is too coarse there, and KL may be negative",
                    shown(sigma)
                );
            }
        }
        println!();
        Ok(())
    }

    /// The coefficients by the way in which they were fitted, and how many free parameters they are worth if that is not their number;
    /// nothing where they are not determined, which is said.
    fn known<M: Sloped + Parameters>(
        &self,
        design: &Design<M::Batch>,
        learned: &Learned<M>,
    ) -> Result<(Option<Known>, Option<f64>)>
    where
        M::Batch: Clone,
    {
        let wald = |coefficients| Known { coefficients, told: Told::Wald };
        if let Some(why) = learned.short() {
            println!("  no standard errors: {why}");
            let known = or_singular(Coefficients::of(&learned.model, &design.p))?;
            return Ok((known.map(|coefficients| Known { coefficients, told: Told::Nothing }), None));
        }
        Ok(match (learned.plan.objective, &design.weighed) {
            (Objective::Ridge { lambda }, None) => {
                let shrunk = or_singular(Shrunk::of(&learned.model, &design.p, lambda))?;
                let of = |shrunk: Shrunk| {
                    (Known { coefficients: shrunk.coefficients, told: Told::Ridge(shrunk.bias) }, shrunk.degrees)
                };
                shrunk.map(of).unzip()
            }
            (_, Some(Weighed { batch, counts, weights })) => {
                let of = Coefficients::weighted(&learned.model, batch, counts, weights);
                (or_singular(of)?.map(wald), None)
            }
            _ => (or_singular(Coefficients::of(&learned.model, &design.p))?.map(wald), None),
        })
    }

    /// Leaves them in coefficients.csv, and in the model's file how they scatter, where they have errors about the truth.
    fn leave_coefficients<M: Model>(
        &self,
        known: Option<&Known>,
        against: &[Against],
        design: &Design<M::Batch>,
        learned: &Learned<M>,
    ) -> Result<()> {
        // Of more of them the file would be of roots.
        const MOST: usize = 2000;
        let names = &design.names;
        if let Some(known) = known {
            broom_rows(known, names).into_iter().for_each(|row| add("coefficients", row));
            keep(known, against, names, &self.out("coefficients.csv"))?;
        }
        let tests = |known: &&Known| {
            matches!(known.told, Told::Wald | Told::Profile(_))
                && learned.separation.is_none()
                && (known.coefficients.classes() - 1) * (known.coefficients.columns() + 1) <= MOST
        };
        let scatter = known.filter(tests).map(|known| known.coefficients.scatter().tensors()).transpose()?;
        let weighed = design.weighed.is_some() && Estimate::of(learned) == Estimate::Maximum;
        let texts = weighed.then(|| (ESTIMATE.to_string(), Estimate::Weighted.to_string()));
        if scatter.is_some() || weighed {
            candle_mle::parameters::keep(self.out(MODEL), scatter.unwrap_or_default(), &texts.into_iter().collect())?;
        }
        println!();
        Ok(())
    }

    /// What a likelihood says at a place that is not its maximum, or of weights that are no counts: less.
    fn say_no_maximum<M: Model>(
        &self,
        design: &Design<M::Batch>,
        learned: &Learned<M>,
        likelihood: &Likelihood,
        worth: Option<f64>,
    ) -> Result<()> {
        let kl = match likelihood.deviance() / (2.0 * likelihood.total()) {
            kl if kl.is_finite() => format!(" (KL {} per observation)", self.show(Information::from_nats(kl))),
            _ => String::new(),
        };
        let twice = fixed(likelihood.twice_nll(), 3);
        tell("likelihood.twice_nll", number(likelihood.twice_nll()));
        if design.weighed.is_some() {
            println!(
                "standard errors are those of a sandwich: the weights are no counts; weighted to n = {}, 2 NLL = {twice} nats{kl}, \
                 which is no likelihood: AIC, BIC, R² and tests of it are not given",
                count(likelihood.total())
            );
            return Ok(());
        }
        if learned.short().is_some() {
            println!(
                "2 NLL = {twice} nats{kl}, short of the maximum, of which AIC, BIC, R² and the test against the intercept alone would be"
            );
            return Ok(());
        }
        match (learned.plan.objective, worth) {
            (Objective::Ridge { lambda }, Some(worth)) => println!(
                "a ridge of λ = {} draws the slopes towards 0: bias is how far to first order, with the estimate for the truth; standard \
                 errors are about what they are drawn to, so that there is no z, p or interval. The {} parameters are worth {} free ones",
                typed(lambda),
                likelihood.parameters(),
                seen(worth, 4)
            ),
            _ => println!(
                "with Firth's penalty the estimates have a bias of a higher order than those of the likelihood alone"
            ),
        }
        let log_q = learned.model.log_prob(design.p.batch())?;
        let all = scalar(&learned.plan.objective.loss(&learned.model, &log_q, &design.p)?)?;
        println!(
            "2 NLL = {twice} nats without the penalty{kl}, {} with it; that is not the maximum of the likelihood, \
             of which AIC, BIC, R² and the test against the intercept alone would be",
            fixed(2.0 * all, 3)
        );
        Ok(())
    }

    /// Deviance, information criteria, R², and the test against the intercept alone.
    fn say_likelihood(&self, likelihood: Likelihood, names: &Names) -> Result<()> {
        let (classes, nats) = (names.classes.len(), |value: f64| fixed(value, 3));
        let named = [
            ("deviance", likelihood.deviance()),
            ("mcfadden", likelihood.mcfadden()),
            ("most_mcfadden", likelihood.most_mcfadden()),
        ];
        named.into_iter().for_each(|(name, value)| tell(&format!("likelihood.{name}"), number(value)));
        tell("likelihood.df_residual", likelihood.residual_degrees(classes));
        let kl = self.show(Information::from_nats(likelihood.deviance() / (2.0 * likelihood.total())));
        println!(
            "deviance 2 n KL = {} nats with {} (KL {kl} per observation)",
            nats(likelihood.deviance()),
            degrees(likelihood.residual_degrees(classes)),
        );
        say_criteria(&likelihood);
        if names.columns.is_empty()
            || names.offset.is_some()
            || names.exposure.is_some()
            || likelihood.mcfadden().is_nan()
        {
            return Ok(());
        }
        println!(
            "McFadden's R² {}, of {} that H(Y|X) allows",
            fixed(likelihood.mcfadden(), 4),
            fixed(likelihood.most_mcfadden(), 4)
        );
        say_against_intercept(&likelihood.of_outcomes(classes), &likelihood)
    }
}

/// AIC and BIC, and what they are made of.
pub(crate) fn say_criteria(likelihood: &Likelihood) {
    let nats = |value: f64| fixed(value, 3);
    let named = [
        ("nobs", likelihood.total()),
        ("logLik", 0.0 - likelihood.nll()),
        ("AIC", likelihood.aic()),
        ("BIC", likelihood.bic()),
        ("twice_nll", likelihood.twice_nll()),
    ];
    named.into_iter().for_each(|(name, value)| tell(&format!("likelihood.{name}"), number(value)));
    tell("likelihood.parameters", likelihood.parameters());
    println!(
        "2 NLL = {} nats, AIC {}, BIC {}, by {} free parameter{}",
        nats(likelihood.twice_nll()),
        nats(likelihood.aic()),
        nats(likelihood.bic()),
        likelihood.parameters(),
        if likelihood.parameters() == 1 { "" } else { "s" }
    );
}

/// The same, or why there are none.
pub(crate) fn say_whole(likelihood: &Likelihood, why: Option<&str>) {
    match why {
        None => say_criteria(likelihood),
        Some(why) => {
            let twice = fixed(likelihood.twice_nll(), 3);
            println!("no standard errors, AIC and BIC: {why}; 2 NLL = {twice} nats");
        }
    }
}

fn say_against_intercept(smaller: &Likelihood, larger: &Likelihood) -> Result<()> {
    if larger.parameters() == smaller.parameters() {
        return Ok(());
    }
    let test = likelihood_ratio(smaller, larger)?;
    tell("likelihood.against_intercept", told_of_test(&test));
    println!(
        "against the intercept alone: χ² = {} with {}, p {}",
        fixed(test.statistic, 3),
        degrees(test.degrees),
        probability(test.p_value)
    );
    Ok(())
}

/// The coefficients of a regression of numbers, and beside them others under a heading of their own.
fn say_known(known: &Known, names: &Names, estimate: &str, ratio: Option<&str>, last: Option<(&str, &[f64])>) {
    let beside = last.map(|(heading, _)| heading.into());
    let head = ["  ".to_string(), estimate.into()].into_iter().chain(known.headings(ratio)).chain(beside).collect();
    let rows = in_reading_order(names).map(|(at, name)| {
        let estimate = limit(known.coefficients.get(1, at).estimate);
        let cells = [format!("    {name}"), estimate].into_iter().chain(known.cells(1, at, ratio.is_some()));
        cells.chain(last.map(|(_, of)| limit(of[at]))).collect()
    });
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    aligned(&lines).iter().for_each(|line| println!("{line}"));
}

/// Something, or that the information is singular, which is said and is no failure.
fn or_singular<T>(found: candle_mle::Result<T>) -> Result<Option<T>> {
    match found {
        Err(Error::Singular) => {
            println!("  no standard errors: {}", Error::Singular);
            Ok(None)
        }
        found => Ok(Some(found?)),
    }
}

/// The coefficients of rows that are not at hand, with their errors by the information that was summed of them; they are left in a
/// file, too.
#[cfg(feature = "sql")]
pub(crate) fn say_estimates(coefficients: Coefficients, names: &Names, csv: &std::path::Path) -> Result<()> {
    println!("coefficients (logits per unit), reference class: {} = {}", names.target, names.classes[0]);
    let known = Known { coefficients, told: Told::Wald };
    for class in 1..names.classes.len() {
        let head = [format!("  {} {}", names.target, names.classes[class]), "estimate".into()];
        let mut lines: Vec<Vec<String>> = vec![head.into_iter().chain(known.headings(Some("odds ratio"))).collect()];
        lines.extend(in_reading_order(names).map(|(at, name)| {
            let estimate = limit(known.coefficients.get(class, at).estimate);
            [format!("    {name}"), estimate].into_iter().chain(known.cells(class, at, true)).collect()
        }));
        aligned(&lines).iter().for_each(|line| println!("{line}"));
    }
    println!();
    keep(&known, &[], names, csv)
}

/// What stands for an estimate where there is none.
const RUNS_OFF: &str =
    "  ±∞: no finite value is likeliest; open: directions along which the likelihood rises for ever differ in it";

/// How the coefficients of rows elsewhere run off, beside where those stay that stay, if that is known.
#[cfg(feature = "sql")]
pub(crate) fn say_directions(along: &[Vec<f64>], limits: Option<&[Vec<f64>]>, names: &Names) {
    println!("coefficients (logits per unit), reference class: {} = {}", names.target, names.classes[0]);
    for class in 1..names.classes.len() {
        let mut head = vec![format!("  {} {}", names.target, names.classes[class])];
        head.extend(limits.map(|_| "limit".into()));
        head.push("diverges along".into());
        let mut lines = vec![head];
        for (at, name) in in_reading_order(names) {
            let mut line = vec![format!("    {name}")];
            line.extend(limits.map(|limits| limit(limits[class][at])));
            line.push(limit(along[class][at]));
            lines.push(line);
        }
        aligned(&lines).iter().for_each(|line| println!("{line}"));
    }
    if limits.is_some() {
        println!("{RUNS_OFF}");
    }
}

/// Writes the coefficients for other tools.
fn keep(known: &Known, against: &[Against], names: &Names, path: &std::path::Path) -> Result<()> {
    leave(&broom(known, against, names), path)
}

fn leave(csv: &str, path: &std::path::Path) -> Result<()> {
    let refuse = |problem| Error::File { action: "write", path: path.into(), problem };
    Ok(write_whole(path, |file| file.write_all(csv.as_bytes())).map_err(refuse)?)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A number as R reads it.
fn in_csv(value: f64) -> String {
    match value {
        f64::INFINITY => "Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        value if value.is_nan() => "NA".into(),
        value => format!("{:?}", value + 0.0),
    }
}

pub(crate) fn degrees(of_freedom: usize) -> String {
    let s = if of_freedom == 1 { "" } else { "s" };
    format!("{of_freedom} degree{s} of freedom")
}

/// Where each coefficient is kept and what it is called: the intercept is kept last and read first.
fn in_reading_order(names: &Names) -> impl Iterator<Item = (usize, &str)> {
    let taken = names.columns.iter().any(|column| column == "(intercept)");
    let intercept = if taken { "(intercept of the fit)" } else { "(intercept)" };
    std::iter::once((names.columns.len(), intercept)).chain(names.columns.iter().map(String::as_str).enumerate())
}

/// A probability to be read, also where it is smaller than a number can be.
pub(crate) fn probability(p: f64) -> String {
    match p {
        p if p < 1e-300 => "< 1e-300".into(),
        p if p < 1e-3 => format!("{p:.1e}"),
        p => seen(p, 4),
    }
}

/// A test for the document.
pub(crate) fn told_of_test(test: &Test) -> Value {
    let (statistic, p) = (number(test.statistic), number(test.p_value));
    object([("statistic", statistic), ("df", test.degrees.into()), ("p.value", p)])
}

/// What R's broom calls what is known of a coefficient.
const BROOM: [&str; 6] = ["estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"];

/// The same, of one; NaN for what is not known of it.
fn broom_numbers(known: &Known, class: usize, at: usize) -> [f64; 6] {
    let (of, [low, high]) = (known.coefficients.get(class, at), known.interval(class, at));
    let (scatters, tested) = match known.told {
        Told::Wald | Told::Profile(_) => (true, true),
        Told::Ridge(_) => (true, false),
        Told::Nothing => (false, false),
    };
    let only = |known: bool, value: f64| if known { value } else { f64::NAN };
    [of.estimate, only(scatters, of.std_error), only(tested, of.z()), only(tested, of.p_value()), low, high]
}

/// The rows of the document.
fn broom_rows(known: &Known, names: &Names) -> Vec<Value> {
    let of = |class: usize| in_reading_order(names).map(move |(at, name)| (class, at, name));
    (1..known.coefficients.classes()).flat_map(of).map(|of| broom_row(known, names, of)).collect()
}

fn broom_row(known: &Known, names: &Names, (class, at, name): (usize, usize, &str)) -> Value {
    let applies = |name: &&str| match known.told {
        Told::Wald | Told::Profile(_) => true,
        Told::Ridge(_) => matches!(*name, "estimate" | "std.error"),
        Told::Nothing => *name == "estimate",
    };
    let numbers = BROOM.into_iter().zip(broom_numbers(known, class, at).map(number));
    let bias = match &known.told {
        Told::Ridge(bias) => Some(("bias", number(bias[class][at]))),
        _ => None,
    };
    let numbers = numbers.filter(|(name, _)| applies(name)).chain(bias);
    let level = names.classes.get(class).map(|level| ("y.level", Value::from(level.as_str())));
    let odds = level.is_some().then(|| ("odds.ratio", number(known.coefficients.get(class, at).odds_ratio())));
    let rest = std::iter::once(("term", Value::from(name))).chain(level).chain(odds);
    Value::Object(rest.chain(numbers).map(|(name, value)| (name.to_string(), value)).collect())
}

/// A row for every coefficient under the names that R's broom gives them, ±Inf where no finite value is likeliest and NA where there
/// is none; of more than two classes each row names its own.
/// Where some are against another class than the reference class, a last column names it.
fn broom(known: &Known, against: &[Against], names: &Names) -> String {
    let many = names.classes.len() > 2;
    let mut csv = String::from(if many { "y.level,term," } else { "term," });
    csv += &(BROOM.join(",") + if against.is_empty() { "\n" } else { ",against\n" });
    let all = (1..known.coefficients.classes()).map(|class| (class, 0, known));
    for (class, base, known) in all.chain(against.iter().map(|of| (of.class, of.base, &of.known))) {
        for (at, name) in in_reading_order(names) {
            let numbers = broom_numbers(known, class, at).map(in_csv).join(",");
            let class = if many { format!("{},", quoted(&names.classes[class])) } else { String::new() };
            let base = if against.is_empty() { String::new() } else { format!(",{}", quoted(&names.classes[base])) };
            csv += &format!("{class}{},{numbers}{base}\n", quoted(name));
        }
    }
    csv
}

/// A name and numbers a line, under headings: numbers to the right.
pub(crate) fn aligned(lines: &[Vec<String>]) -> Vec<String> {
    let wide = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..).map_while(wide).collect();
    let line = |cells: &Vec<String>| {
        let mut line = format!("{:<width$}", cells[0], width = widths[0]);
        for (cell, width) in cells.iter().zip(&widths).skip(1) {
            line += &format!("  {cell:>width$}", width = (*width).max(8));
        }
        line
    };
    lines.iter().map(line).collect()
}

/// An estimate, or that there is none: ±∞ where it runs off.
fn limit(value: f64) -> String {
    match value {
        f64::INFINITY => "+∞".into(),
        f64::NEG_INFINITY => "-∞".into(),
        open if open.is_nan() => "open".into(),
        finite => shown(finite),
    }
}
