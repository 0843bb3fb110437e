//! The summary of a classifier: its coefficients with their errors, and what its likelihood says of it as a whole.

use std::io::Write;

use anyhow::Result;
use candle_core::Tensor;
use candle_mle::batch::{Response, host, number as scalar};
use candle_mle::inference::{Coefficients, Likelihood, Shrunk, Sloped, Test, likelihood_ratio};
use candle_mle::info::file::write_whole;
use candle_mle::info::number::{count, fixed, seen, shown, typed};
use candle_mle::model::Linear;
use candle_mle::table::{Names, Weighed};
use candle_mle::{Design, Error, Information, Model, Objective, Parameters};

use serde_json::Value;

use crate::flags::{Intervals, Learns};
use crate::learned::Learned;
use crate::record::{ESTIMATE, Estimate, MODEL};
use crate::run::Run;
use crate::said::{add, number, object, tell};
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
            println!(
                "  ±∞: no finite value is likeliest; open: directions along which the likelihood rises for ever differ in it"
            );
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

    /// The coefficients of a regression of numbers with their errors, in this unit; what e to a slope is called, if it is anything.
    pub(crate) fn say_slopes<M: Sloped<Batch = Response> + Parameters>(
        &self,
        design: &Design<Response>,
        learned: &Learned<M>,
        truth: Option<&M>,
        unit: &str,
        ratio: Option<&str>,
    ) -> Result<()> {
        let (names, (known, worth)) = (&design.names, self.known(design, learned)?);
        tell("target", names.target.as_str());
        println!("coefficients ({unit})");
        let Some(known) = known else { return Ok(()) };
        let truth = truth.map(Sloped::estimates).transpose()?;
        let head = ["  ".to_string(), "estimate".into()].into_iter().chain(known.headings(ratio));
        let head = head.chain(truth.iter().map(|_| "truth".into())).collect();
        let rows = in_reading_order(names).map(|(at, name)| {
            let estimate = limit(known.coefficients.get(1, at).estimate);
            let line = [format!("    {name}"), estimate].into_iter().chain(known.cells(1, at, ratio.is_some()));
            line.chain(truth.iter().map(|truth| limit(truth[1][at]))).collect()
        });
        let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        aligned(&lines).iter().for_each(|line| println!("{line}"));
        let parameters = learned.model.parts()?.learnt.values().map(Tensor::elem_count).sum();
        let likelihood = Likelihood::of(&learned.model, &design.p, parameters)?;
        match design.weighed.is_some() || learned.plan.objective.is_penalized() || learned.short().is_some() {
            true => self.say_no_maximum(design, learned, &likelihood, worth)?,
            false => say_criteria(&likelihood),
        }
        self.leave_coefficients(Some(&known), &[], design, learned)
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
        let test = likelihood_ratio(&likelihood.of_outcomes(classes), &likelihood)?;
        tell("likelihood.against_intercept", told_of_test(&test));
        println!(
            "McFadden's R² {}, of {} that H(Y|X) allows\nagainst the intercept alone: χ² = {} with {}, p {}",
            fixed(likelihood.mcfadden(), 4),
            fixed(likelihood.most_mcfadden(), 4),
            nats(test.statistic),
            degrees(test.degrees),
            probability(test.p_value)
        );
        Ok(())
    }
}

fn say_criteria(likelihood: &Likelihood) {
    let named = [
        ("nobs", likelihood.total()),
        ("logLik", 0.0 - likelihood.nll()),
        ("AIC", likelihood.aic()),
        ("BIC", likelihood.bic()),
        ("twice_nll", likelihood.twice_nll()),
    ];
    named.into_iter().for_each(|(name, value)| tell(&format!("likelihood.{name}"), number(value)));
    let nats = |value: f64| fixed(value, 3);
    println!(
        "2 NLL = {} nats, AIC {}, BIC {}",
        nats(likelihood.twice_nll()),
        nats(likelihood.aic()),
        nats(likelihood.bic())
    );
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

/// Writes the coefficients for other tools.
fn keep(known: &Known, against: &[Against], names: &Names, path: &std::path::Path) -> Result<()> {
    let csv = broom(known, against, names);
    let refuse = |problem| Error::File { action: "write", path: path.into(), problem };
    Ok(write_whole(path, |file| file.write_all(csv.as_bytes())).map_err(refuse)?)
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
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let cell = |value: f64| match value {
        f64::INFINITY => "Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        value if value.is_nan() => "NA".into(),
        value => format!("{:?}", value + 0.0),
    };
    let mut csv = String::from(if many { "y.level,term," } else { "term," });
    csv += &(BROOM.join(",") + if against.is_empty() { "\n" } else { ",against\n" });
    let all = (1..known.coefficients.classes()).map(|class| (class, 0, known));
    for (class, base, known) in all.chain(against.iter().map(|of| (of.class, of.base, &of.known))) {
        for (at, name) in in_reading_order(names) {
            let numbers = broom_numbers(known, class, at).map(cell).join(",");
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
