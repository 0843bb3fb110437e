//! The summary of a classifier: its coefficients with their errors, and what its likelihood says of it as a whole.

use anyhow::Result;
use candle_mle::batch::host;
use candle_mle::inference::{Coefficient, Coefficients, Likelihood, likelihood_ratio};
use candle_mle::info::file::write_whole;
use candle_mle::info::number::{fixed, seen, shown};
use candle_mle::model::Linear;
use candle_mle::table::Names;
use candle_mle::{Design, Error, Information};

use crate::flags::Learns;
use crate::learned::Learned;
use crate::run::Run;

/// How probable it is that an interval covers what it is of.
const LEVEL: f64 = 0.95;

/// What is told of every coefficient beside itself.
const HEADINGS: [&str; 6] = ["std. error", "z", "p", "95 % from", "to", "odds ratio"];

impl<D: Learns> Run<D> {
    /// The coefficients with their errors, beside the truth, by the names of columns and classes; and what the likelihood says of
    /// the model. The coefficients are left in coefficients.csv, too.
    pub fn say_coefficients<M: Linear>(
        &self,
        Design { p, names, .. }: &Design,
        learned: &Learned<M>,
        truth: Option<&M>,
    ) -> Result<()> {
        println!("coefficients (logits per unit), reference class: {} = {}", names.target, names.classes[0]);
        let coefficients = match &learned.separation {
            Some(apart) => Coefficients::at_the_limit(apart, p, 0),
            None => Coefficients::of(&learned.model, p),
        };
        let coefficients = match coefficients {
            Err(Error::Singular) => {
                println!("  no standard errors: {}", Error::Singular);
                None
            }
            known => Some(known?),
        };
        // What moves a logit by no more than this, within a standard deviation of its column, is rounding.
        let mut logits = host(p.standardize()?.scale())?;
        logits.push(1.0);
        let text = |value: f64, at: usize| limit(if (value * logits[at]).abs() < 1e-13 { 0.0 } else { value });
        let (width, own) = (names.columns.len() + 1, host(&learned.model.coefficients()?)?);
        let truth = truth.map(|truth| host(&truth.coefficients()?)).transpose()?;
        let limits = learned.separation.as_ref().map(|apart| apart.limits(0));
        let header = if learned.separation.is_some() { "limit" } else { "estimate" };
        for class in 1..names.classes.len() {
            let mut head = vec![format!("  {} {}", names.target, names.classes[class]), header.into()];
            if coefficients.is_some() {
                head.extend(HEADINGS.map(String::from));
            }
            head.extend(learned.separation.as_ref().map(|_| "diverges along".into()));
            head.extend(truth.as_ref().map(|_| "truth".into()));
            let mut lines = vec![head];
            for (at, name) in in_reading_order(names) {
                let known = coefficients.as_ref().map(|known| known.get(class, at));
                let without = limits.as_ref().map_or(own[class * width + at], |limits| limits[class][at]);
                let estimate = known.map_or(without, |known| known.estimate);
                let mut line = vec![format!("    {name}"), text(estimate, at)];
                line.extend(known.into_iter().flat_map(told));
                line.extend(learned.separation.as_ref().map(|apart| text(apart.direction[class][at], at)));
                line.extend(truth.as_ref().map(|truth| text(truth[class * width + at], at)));
                lines.push(line);
            }
            aligned(&lines).iter().for_each(|line| println!("{line}"));
            // Where nothing is left against the reference class, there may be against another.
            let Some(apart) = &learned.separation else { continue };
            if limits.iter().any(|limits| limits[class].iter().any(|limit| limit.is_finite())) {
                continue;
            }
            if let Some(base) = (1..class).find(|base| apart.determines(class, *base)) {
                let known = Coefficients::at_the_limit(apart, p, base)?;
                let against = format!("  {} {} against {}", names.target, names.classes[class], names.classes[base]);
                let rows = in_reading_order(names).map(|(at, name)| {
                    let of = known.get(class, at);
                    [format!("    {name}"), text(of.estimate, at)].into_iter().chain(told(of)).collect()
                });
                let head = [against.as_str(), header].into_iter().chain(HEADINGS).map(String::from).collect();
                aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
                    .iter()
                    .for_each(|line| println!("{line}"));
            }
        }
        if learned.separation.is_some() {
            println!(
                "  ±∞: no finite value is likeliest; open: directions along which the likelihood rises for ever differ in it"
            );
        }
        let likelihood = Likelihood::of(&learned.model, p, (names.classes.len() - 1) * width)?;
        let infimum = learned.separation.as_ref().map(|apart| apart.infimum);
        self.say_likelihood(infimum.map_or(likelihood, |infimum| likelihood.falling_to(infimum)), names)?;
        if let Some(coefficients) = &coefficients {
            keep(coefficients, names, &self.out("coefficients.csv"))?;
        }
        println!();
        Ok(())
    }

    /// Deviance, information criteria, R², and the test against the intercept alone.
    fn say_likelihood(&self, likelihood: Likelihood, names: &Names) -> Result<()> {
        let (classes, nats) = (names.classes.len(), |value: f64| fixed(value, 3));
        let kl = self.show(Information::from_nats(likelihood.deviance() / (2.0 * likelihood.total())));
        println!(
            "deviance 2 n KL = {} nats with {} (KL {kl} per observation)",
            nats(likelihood.deviance()),
            degrees(likelihood.residual_degrees(classes)),
        );
        println!(
            "2 NLL = {} nats, AIC {}, BIC {}",
            nats(likelihood.twice_nll()),
            nats(likelihood.aic()),
            nats(likelihood.bic())
        );
        if names.columns.is_empty() || likelihood.mcfadden().is_nan() {
            return Ok(());
        }
        let test = likelihood_ratio(&likelihood.of_outcomes(classes), &likelihood)?;
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

/// The coefficients of rows that are not at hand, with their errors by the information that was summed of them; they are left in a
/// file, too.
#[cfg(feature = "sql")]
pub(crate) fn say_estimates(coefficients: &Coefficients, names: &Names, csv: &std::path::Path) -> Result<()> {
    println!("coefficients (logits per unit), reference class: {} = {}", names.target, names.classes[0]);
    for class in 1..names.classes.len() {
        let head = [format!("  {} {}", names.target, names.classes[class]), "estimate".into()];
        let mut lines: Vec<Vec<String>> = vec![head.into_iter().chain(HEADINGS.map(String::from)).collect()];
        lines.extend(in_reading_order(names).map(|(at, name)| {
            let of = coefficients.get(class, at);
            [format!("    {name}"), limit(of.estimate)].into_iter().chain(told(of)).collect()
        }));
        aligned(&lines).iter().for_each(|line| println!("{line}"));
    }
    println!();
    keep(coefficients, names, csv)
}

/// Writes the coefficients for other tools.
fn keep(coefficients: &Coefficients, names: &Names, path: &std::path::Path) -> Result<()> {
    let csv = broom(coefficients, names);
    let refuse = |problem| Error::File { action: "write", path: path.into(), problem };
    Ok(write_whole(path, |partial| std::fs::write(partial, &csv)).map_err(refuse)?)
}

pub(crate) fn degrees(of_freedom: usize) -> String {
    let s = if of_freedom == 1 { "" } else { "s" };
    format!("{of_freedom} degree{s} of freedom")
}

/// Where each coefficient is kept and what it is called: the intercept is kept last and read first.
fn in_reading_order(names: &Names) -> impl Iterator<Item = (usize, &str)> {
    std::iter::once((names.columns.len(), "(intercept)")).chain(names.columns.iter().map(String::as_str).enumerate())
}

/// Standard error, z, p, the ends of the interval and the odds ratio; where no value is the likeliest there is neither z nor p.
fn told(of: Coefficient) -> [String; 6] {
    let number = |value: f64| if value.is_nan() { String::from("–") } else { limit(value) };
    let [from, to] = of.interval(LEVEL);
    let (z, p) = match of.z() {
        z if z.is_nan() => ("–".into(), "–".into()),
        z => (fixed(z, 3), probability(of.p_value())),
    };
    [number(of.std_error), z, p, number(from), number(to), number(of.odds_ratio())]
}

/// A probability to be read, also where it is smaller than a number can be.
pub(crate) fn probability(p: f64) -> String {
    match p {
        p if p < 1e-300 => "< 1e-300".into(),
        p if p < 1e-3 => format!("{p:.1e}"),
        p => seen(p, 4),
    }
}

/// A row for every coefficient under the names that R's broom gives them, ±Inf where no finite value is likeliest and NA where there
/// is none; of more than two classes each row names its own.
fn broom(coefficients: &Coefficients, names: &Names) -> String {
    let many = names.classes.len() > 2;
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let number = |value: f64| match value {
        f64::INFINITY => "Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        value if value.is_nan() => "NA".into(),
        value => format!("{:?}", value + 0.0),
    };
    let mut csv = String::from(if many { "y.level,term," } else { "term," });
    csv += "estimate,std.error,statistic,p.value,conf.low,conf.high\n";
    for class in 1..names.classes.len() {
        for (at, name) in in_reading_order(names) {
            let of = coefficients.get(class, at);
            let [low, high] = of.interval(LEVEL);
            let numbers = [of.estimate, of.std_error, of.z(), of.p_value(), low, high].map(number).join(",");
            let class = if many { format!("{},", quoted(&names.classes[class])) } else { String::new() };
            csv += &format!("{class}{},{numbers}\n", quoted(name));
        }
    }
    csv
}

/// A name and numbers a line, under headings: numbers to the right.
fn aligned(lines: &[Vec<String>]) -> Vec<String> {
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
