//! `candle-mle fit` of what is no classifier: named distributions, all of them ranked, mixtures, regressions of numbers.

use anyhow::{Context, Result, bail};
use candle_core::Tensor;
use candle_mle::batch::{Response, host};
use candle_mle::families::{Ranking, rank};
use candle_mle::hook::ParameterPath;
use candle_mle::inference::{Coefficient, Estimates, Likelihood, Sloped};
use candle_mle::info::law;
use candle_mle::info::number::{fixed, seen, shown};
use candle_mle::info::quadrature::kl_divergence;
use candle_mle::mle::Plan;
use candle_mle::model::{
    Family, KlDivergence, LinearGaussian, Mixture, PoissonRegression, Sample, Support, Univariate,
};
use candle_mle::score::Score;
use candle_mle::separation::of_counts;
use candle_mle::standardize::Standardize;
use candle_mle::table::{Ask, Column};
use candle_mle::{Design, Empirical, Error, Parameters, Table};
use candle_nn::VarBuilder;

use serde_json::Value;

use crate::evaluation::{Evaluation, Worth};
use crate::flags::{Data, FamilyName, Fit, Fits, Intervals};
use crate::learned::{Learned, Setting};
use crate::pictures::Slice;
use crate::run::{Run, say_notes};
use crate::said::{add, number, object, tell};
use crate::score::LEVEL;
use crate::summary::{Parameter, not_at_maximum, say_whole};

/// The one column that a distribution is of.
fn column<'a>(run: &'a Run<Fit>, table: &'a Table) -> Result<&'a str> {
    let numbers = table.columns().iter().filter(|(_, column)| matches!(column, Column::Numbers(_)));
    let numbers: Vec<&str> = numbers.map(|(name, _)| name.as_str()).collect();
    match (run.flags.data.columns.names(), numbers.as_slice()) {
        ([name], _) => Ok(name),
        ([], [name]) => Ok(name),
        _ => bail!("a distribution is of one column: --column with one of {}", numbers.join(", ")),
    }
}

/// The numbers of a column, at the resolution that was typed.
fn resolved(run: &Run<Fit>, mut design: Design<Tensor>) -> Result<Design<Tensor>> {
    say_notes(&design.notes);
    let resolution = &run.flags.data.resolution;
    if !resolution.is_empty() {
        design.p = design.p.at_resolution(resolution)?;
    }
    Ok(design)
}

/// Fits a family of one column, or all of them.
pub(crate) fn distribution(run: &Run<Fit>, table: &Table, family: FamilyName) -> Result<()> {
    match family {
        FamilyName::Exponential => one::<law::Exponential>(run, table),
        FamilyName::Laplace => one::<law::Laplace>(run, table),
        FamilyName::LogisticDistribution => one::<law::Logistic>(run, table),
        FamilyName::Gamma => one::<law::Gamma>(run, table),
        FamilyName::Lognormal => one::<law::Lognormal>(run, table),
        FamilyName::Weibull => one::<law::Weibull>(run, table),
        FamilyName::Student => one::<law::Student>(run, table),
        FamilyName::Poisson => one::<law::Poisson>(run, table),
        FamilyName::NegativeBinomial => one::<law::NegativeBinomial>(run, table),
        FamilyName::Beta => one::<law::Beta>(run, table),
        FamilyName::Mixture => mixture(run, table),
        FamilyName::All => all(run, table),
        FamilyName::Coin | FamilyName::Logistic | FamilyName::Softmax | FamilyName::Linear | FamilyName::Gaussian => {
            bail!("say which column to predict: --target COLUMN")
        }
    }
}

/// Fits a family to a sample of its member with these parameters.
pub(crate) fn sampled(run: &Run<Fit>, family: FamilyName, typed: &[f64], n: usize) -> Result<()> {
    match family {
        FamilyName::Exponential => sample::<law::Exponential>(run, typed, n),
        FamilyName::Laplace => sample::<law::Laplace>(run, typed, n),
        FamilyName::LogisticDistribution => sample::<law::Logistic>(run, typed, n),
        FamilyName::Gamma => sample::<law::Gamma>(run, typed, n),
        FamilyName::Lognormal => sample::<law::Lognormal>(run, typed, n),
        FamilyName::Weibull => sample::<law::Weibull>(run, typed, n),
        FamilyName::Student => sample::<law::Student>(run, typed, n),
        FamilyName::Poisson => sample::<law::Poisson>(run, typed, n),
        FamilyName::NegativeBinomial => sample::<law::NegativeBinomial>(run, typed, n),
        FamilyName::Beta => sample::<law::Beta>(run, typed, n),
        FamilyName::Mixture => sample_of_mixture(run, typed, n),
        FamilyName::Linear => sample_of_line(run, typed, n),
        _ => bail!("of this family no sample is drawn: give a table, --csv FILE, or take another --family"),
    }
}

fn sample<L: Family>(run: &Run<Fit>, typed: &[f64], n: usize) -> Result<()> {
    let count = L::VARIABLES.len();
    let names: Vec<&str> = L::of(&vec![0.0; count])?.named().iter().take(count).map(|(name, ..)| *name).collect();
    let truth = Univariate::from_law(&L::of_named(&run.of_truth(typed, &names))?, &candle_core::Device::Cpu)?;
    fit_one(run, "x", Design::of_points(truth.sample(&n, &mut run.generator())?, &["x"])?, Some(&truth))
}

/// As many components as there are numbers for.
fn sample_of_mixture(run: &Run<Fit>, typed: &[f64], n: usize) -> Result<()> {
    let components = typed.len().div_ceil(3).max(1);
    let names: Vec<String> = (1..=components)
        .flat_map(|k| ["weight", "mean", "standard deviation"].map(|what| format!("{what} of {k}")))
        .collect();
    let typed = run.of_truth(typed, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let of = |at: usize| typed.iter().skip(at).step_by(3).copied();
    let (weights, means) = (of(0).collect::<Vec<_>>(), of(1).map(|mean| [mean]).collect::<Vec<_>>());
    let covariances: Vec<[[f64; 1]; 1]> = of(2).map(|sd| [[sd * sd]]).collect();
    let truth = Mixture::from_moments(&weights, &means, &covariances, &candle_core::Device::Cpu)
        .context("--truth: the weights of a mixture sum to 1")?;
    let design = Design::of_points(truth.sample(&n, &mut run.generator())?, &["x"])?;
    run.flags.data.heeded_by(Fits::Several)?;
    fit_mixture(run, design, components, Some(&truth))
}

/// A line over the same x as those of the classifiers' samples.
fn sample_of_line(run: &Run<Fit>, typed: &[f64], n: usize) -> Result<()> {
    let typed = run.of_truth(typed, &["slope", "intercept", "standard deviation"]);
    let truth = LinearGaussian::from_coefficients(&typed[..1], typed[1], typed[2], &candle_core::Device::Cpu)?;
    let response = truth.sample(&evenly(n, 6.0)?, &mut run.generator())?;
    fit_line(run, Design::of_responses(response, &["x"], "y")?, Some(&truth))
}

/// So many x at 11 places from 0 to `most`, so that x repeats.
pub(crate) fn evenly(n: usize, most: f64) -> Result<Tensor> {
    let x = (0..n).map(|i| (i % 11) as f64 * most / 10.0).collect();
    Ok(Tensor::from_vec(x, (n, 1), &candle_core::Device::Cpu)?)
}

fn one<L: Family>(run: &Run<Fit>, table: &Table) -> Result<()> {
    let name = column(run, table)?;
    supported::<L>(table, name)?;
    fit_one::<L>(run, name, table.values(name)?, None)
}

fn fit_one<L: Family>(run: &Run<Fit>, name: &str, design: Design<Tensor>, truth: Option<&Univariate<L>>) -> Result<()> {
    if !L::DENSITY && !run.flags.data.resolution.is_empty() {
        bail!("a {} has probabilities, and needs no --resolution: leave it out", L::NAME);
    }
    let Design { p, names, .. } = resolved(run, design)?;
    run.say_data(&format!("{} for {name}: {}", article(L::NAME), L::FORMULA), "H(p̂)", &p);
    let Some(coordinates) = or_finding(Univariate::<L>::coordinates(p.batch(), p.mass()))? else { return Ok(()) };
    let make = |vb: VarBuilder| Univariate::<L>::new(vb)?.standardized(coordinates.clone());
    let learned = run.learn(&p, Setting { truth, separation: None, names: &names, step_size: 0.15 }, make)?;
    say_law(run, name, &p, &learned, truth)?;
    run.draw_distribution(name, &p, &learned)?;
    run.say_files();
    Ok(())
}

/// That the column holds what the family is of, or the line that does not.
fn supported<L: Family>(table: &Table, name: &str) -> Result<()> {
    let Support { what, cure, holds } = L::SUPPORT;
    let table = table.with_only(&[name])?;
    Ok(table.holding(name, holds, &format!("a {} is of {what}: {cure}", L::NAME))?)
}

fn article(name: &str) -> String {
    match name.starts_with(['e', 'a', 'i', 'o', 'u']) {
        true => format!("an {name}"),
        false if name.starts_with("Student") => name.into(),
        false => format!("a {name}"),
    }
}

/// The parameters of a distribution by name, with their unit and errors, beside the truth; and its likelihood.
fn say_law<L: Family>(
    run: &Run<Fit>,
    column: &str,
    p: &Empirical<Tensor>,
    learned: &Learned<Univariate<L>>,
    truth: Option<&Univariate<L>>,
) -> Result<()> {
    let unit = |unit: &str| match unit {
        "" => "(a pure number)".to_string(),
        "x" => format!("(in units of {column})"),
        "per x" => format!("(per unit of {column})"),
        other => format!("({other})"),
    };
    let (law, mut why) = (learned.model.law()?, not_at_maximum(learned));
    let found = match why {
        None => known_or_singular(Estimates::of_law(&learned.model, p))?,
        Some(_) => None,
    };
    if found.is_none() && why.is_none() {
        why = Some(SINGULAR.into());
    }
    let truth = truth.map(|truth| Ok::<_, anyhow::Error>(truth.law()?.named())).transpose()?;
    let (asked, smooth) = (run.flags.data.intervals == Intervals::Profile, law.expected().is_none());
    let profile = asked && smooth && found.is_some();
    let (variables, mut below) = (law.variables(), false);
    let mut parameters = vec![];
    for (at, (name, value, of)) in law.named().into_iter().enumerate() {
        let estimate =
            found.as_ref().map_or(Coefficient { estimate: value, std_error: f64::NAN }, |found| found.get(at));
        let truth = truth.as_ref().map(|truth| truth[at].1);
        let mut parameter = Parameter::new(name, unit(of), estimate, truth);
        if profile {
            parameter.interval = Estimates::profile(&learned.model, p, at, LEVEL)?;
        }
        // What is none of the variables, which may be any number, is positive.
        below |= !variables.contains(&value) && parameter.interval[0] < 0.0;
        parameters.push(parameter);
    }
    run.say_parameters(&parameters, profile)?;
    if below {
        println!(
            "an interval of estimate ± 1.96 standard errors reaches below 0, where there is none: --intervals profile does not"
        );
    }
    if !smooth && found.is_some() {
        let intervals = if asked { "; and there is no smooth profile: the intervals are Wald's" } else { "" };
        println!("{NOT_SMOOTH}{intervals}");
    }
    say_whole(&Likelihood::of(&learned.model, p, L::VARIABLES.len())?, why.as_deref());
    println!();
    Ok(())
}

/// What is said of a likelihood without second derivatives, which is Laplace's.
const NOT_SMOOTH: &str = "the likelihood of the location has a kink at the median and no second derivative there: its error is that of a \
     median under the fitted law, 1/(2 q(median) √n)";

/// What is said where the data do not determine the parameters.
const SINGULAR: &str = "the observed information is singular, so that the data do not determine every parameter";

fn known_or_singular(found: candle_mle::Result<Estimates>) -> Result<Option<Estimates>> {
    match found {
        Err(Error::Singular) => Ok(None),
        found => Ok(Some(found?)),
    }
}

/// Something, or that there is no finite maximum, which is said and is no failure.
fn or_finding<T>(found: candle_mle::Result<T>) -> Result<Option<T>> {
    match found {
        Err(finding @ Error::NoMaximum { .. }) => {
            println!("{finding}");
            tell("no_maximum", finding.to_string());
            Ok(None)
        }
        found => Ok(Some(found?)),
    }
}

fn all(run: &Run<Fit>, table: &Table) -> Result<()> {
    let name = column(run, table)?;
    let Design { p, .. } = resolved(run, table.values(name)?)?;
    run.say_data(&format!("all families for {name}"), "H(p̂)", &p);
    let ranking = rank(&p)?;
    run.say_families(&ranking, name);
    run.draw_families(name, &p, &ranking)?;
    run.say_picture("families.png");
    Ok(())
}

impl<D: Data> Run<D> {
    /// The families, the nearest first, and why the others are not among them.
    pub fn say_families(&self, Ranking { ranked, refused }: &Ranking, column: &str) {
        let unit = self.unit();
        let least = ranked.iter().map(|family| family.aic).fold(f64::INFINITY, f64::min);
        let (kl, cross_entropy) = (format!("KL ({unit})"), format!("H(p̂,q) ({unit})"));
        println!("{:<32}{kl:>12}{cross_entropy:>18}{:>14}{:>10}  likeliest", "family", "AIC (nats)", "above");
        for family in ranked {
            let parameters = family.named.iter().map(|(name, value, _)| (name.to_string(), number(*value)));
            add(
                "families",
                object([
                    ("family", family.name.into()),
                    ("kl", family.kl.map_or(Value::Null, |kl| number(kl.to(unit)))),
                    ("cross_entropy", number(family.cross_entropy.to(unit))),
                    ("AIC", number(family.aic)),
                    ("parameters", Value::Object(parameters.collect())),
                    ("converged", family.converged.into()),
                ]),
            );
            let kl = family.kl.map_or("–".into(), |kl| seen(kl.to(unit), 4));
            let named: Vec<String> =
                family.named.iter().map(|(name, value, _)| format!("{name} {}", seen(*value, 4))).collect();
            let stands = if family.converged { "" } else { "  NOT converged" };
            println!(
                "{:<32}{kl:>12}{:>18}{:>14}{:>10}  {}{stands}",
                family.name,
                seen(family.cross_entropy.to(unit), 4),
                fixed(family.aic, 2),
                fixed(family.aic - least, 2),
                named.join(", ")
            );
        }
        for (family, why) in refused {
            add("not_ranked", object([("family", (*family).into()), ("why", why.to_string().into())]));
            println!("{family:<32}  not ranked: {why}");
        }
        if ranked.iter().any(|family| family.kl.is_none()) {
            println!(
                "\nwithout a resolution KL to a density is infinite: ranked by H(p̂,q), per unit of {column}; see --resolution"
            );
        }
        println!();
    }
}

fn mixture(run: &Run<Fit>, table: &Table) -> Result<()> {
    let flags = &run.flags.data;
    fit_mixture(run, table.points(flags.columns.names())?, flags.components as usize, None)
}

fn fit_mixture(run: &Run<Fit>, design: Design<Tensor>, components: usize, truth: Option<&Mixture>) -> Result<()> {
    let flags = &run.flags.data;
    let Design { mut p, names, notes, .. } = design;
    say_notes(&notes);
    if !flags.resolution.is_empty() {
        p = p.at_resolution(&flags.resolution)?;
    }
    run.say_data(&format!("a mixture of {components} Gaussians for {}", names.columns.join(", ")), "H(p̂)", &p);
    // A component on one point would have no width; the step of recording is the least that can be told.
    let (_, covariance) = p.moments()?;
    let thousandth = (0..covariance.len()).map(|j| 1e-3 * covariance[j][j].sqrt()).collect();
    let floor: Vec<f64> = p.resolution().map_or(thousandth, <[f64]>::to_vec);
    println!(
        "the best of {} starts (--restarts, --seed); no standard deviation below {}, {}\n",
        flags.restarts,
        floor.iter().map(|f| shown(*f)).collect::<Vec<_>>().join(", "),
        if p.resolution().is_some() { "the resolution" } else { "a thousandth of that of the column" }
    );
    let data = run.place(&p)?;
    let fitted = Mixture::best_of(flags.restarts as usize, &data, components, &floor, &mut run.generator());
    let history = fitted.as_ref().map(|fitted| fitted.history.clone()).unwrap_or_default();
    let setting = Setting { truth: None, separation: None, names: &names, step_size: 0.1 };
    let learned = run.learned(&Plan::default(), setting, history, &ParameterPath::new(), fitted)?;
    run.record(&p, &learned, &names, None)?;
    say_mixture(run, &p, &learned, &names.columns, &floor, truth)?;
    if let Some(truth) = truth {
        let apart = kl_divergence(&truth.law()?, &learned.model.law()?)?;
        tell("population_kl", number(apart.to(run.unit())));
        println!("KL from the truth to the fit: {}\n", run.show(apart));
    }
    run.draw_descent(&learned, "H(p̂)")?;
    if names.columns.len() == 1 {
        run.draw_mixture(&names.columns[0], &p, &learned)?;
    }
    run.say_files();
    Ok(())
}

/// Weights, means and standard deviations of a mixture: for every component its weight, and for every column the two.
fn read_mixture(model: &Mixture) -> candle_mle::Result<Vec<f64>> {
    let (weights, means, covariances) =
        (host(&model.weights()?)?, host(&model.means()?)?, host(&model.covariances()?)?);
    let d = means.len() / weights.len();
    let of = |(k, weight): (usize, &f64)| {
        let column = |j: usize| [means[k * d + j], covariances[(k * d + j) * d + j].sqrt()];
        std::iter::once(*weight).chain((0..d).flat_map(column)).collect::<Vec<_>>()
    };
    Ok(weights.iter().enumerate().flat_map(of).collect())
}

/// The same for the document.
fn tell_mixture(told: &str, all: &[f64], columns: &[String]) {
    for (k, of) in all.chunks(2 * columns.len() + 1).enumerate() {
        for (j, column) in columns.iter().enumerate() {
            add(
                told,
                object([
                    ("component", (k + 1).into()),
                    ("weight", number(of[0])),
                    ("term", column.as_str().into()),
                    ("mean", number(of[1 + 2 * j])),
                    ("standard_deviation", number(of[2 + 2 * j])),
                ]),
            );
        }
    }
}

/// Why nothing is known of how the components scatter, if so.
fn collapsed(model: &Mixture, floor: &[f64], n: f64) -> Result<Option<String>> {
    let (weights, sigma) = (host(&model.weights()?)?, host(&model.conditional_std()?)?);
    for (k, weight) in weights.iter().enumerate() {
        let held = sigma[k * floor.len()..].iter().zip(floor).any(|(sigma, floor)| *sigma < floor * (1.0 + 1e-3));
        if held {
            return Ok(Some(format!(
                "component {} lies on the floor of its standard deviation, where the likelihood has no maximum but an edge",
                k + 1
            )));
        }
        if weight * n < 1.0 {
            return Ok(Some(format!("component {} has less than one observation", k + 1)));
        }
    }
    Ok(None)
}

fn say_mixture(
    run: &Run<Fit>,
    p: &Empirical<Tensor>,
    learned: &Learned<Mixture>,
    columns: &[String],
    floor: &[f64],
    truth: Option<&Mixture>,
) -> Result<()> {
    let (model, d) = (&learned.model, columns.len());
    let mut why = not_at_maximum(learned);
    if why.is_none() {
        why = collapsed(model, floor, p.total())?;
    }
    let found = match why {
        None => known_or_singular(Estimates::of(model, p, read_mixture))?,
        Some(_) => None,
    };
    if found.is_none() && why.is_none() {
        why = Some(SINGULAR.into());
    }
    let all = read_mixture(model)?;
    tell_mixture("components", &all, columns);
    // By rising means, as the components are.
    let truth = truth.map(|truth| read_mixture(&truth.in_order()?)).transpose()?;
    truth.iter().for_each(|truth| tell_mixture("truth", truth, columns));
    let true_of = |at: usize| truth.as_ref().and_then(|truth| truth.get(at).copied());
    let of = |at: usize| {
        found.as_ref().map_or(Coefficient { estimate: all[at], std_error: f64::NAN }, |found| found.get(at))
    };
    let components = all.len() / (2 * d + 1);
    let mut parameters = vec![];
    println!();
    for k in 0..components {
        let from = k * (2 * d + 1);
        parameters.push(Parameter::new(format!("weight {}", k + 1), "", of(from), true_of(from)));
        for (j, column) in columns.iter().enumerate() {
            let (mean, sd, unit) = (of(from + 1 + 2 * j), of(from + 2 + 2 * j), format!("(in units of {column})"));
            let term = |what: &str| match d {
                1 => format!("{what} {}", k + 1),
                _ => format!("{what} {} of {column}", k + 1),
            };
            parameters.push(Parameter::new(term("mean"), unit.as_str(), mean, true_of(from + 1 + 2 * j)));
            parameters.push(Parameter::new(term("standard deviation"), unit, sd, true_of(from + 2 + 2 * j)));
        }
    }
    run.say_parameters(&parameters, false)?;
    if found.is_some() {
        println!(
            "components 1 to {components} by rising means of {}: the errors are of components that keep this order",
            columns[0]
        );
    }
    let free = components - 1 + components * d * (d + 3) / 2;
    say_whole(&Likelihood::of(model, p, free)?, why.as_deref());
    println!();
    Ok(())
}

/// Linear regression, or Poisson regression.
pub(crate) fn regression(run: &Run<Fit>, table: &Table, ask: &Ask<'_>, family: FamilyName) -> Result<()> {
    let flags = &run.flags.data;
    flags.heeded_by(if family == FamilyName::Poisson { Fits::Counts } else { Fits::Line })?;
    if family == FamilyName::Poisson {
        supported::<law::Poisson>(table, flags.target.of(table)?)?;
    }
    let design = ask.numbers()?;
    if family == FamilyName::Linear { fit_line(run, design, None) } else { fit_counts(run, design) }
}

fn fit_line(run: &Run<Fit>, design: Design<Response>, truth: Option<&LinearGaussian>) -> Result<()> {
    say_notes(&design.notes);
    run.say_data(&design.names.to_string(), "H(Y|X)", &design.p);
    let evaluation = Evaluation::of(run, design)?;
    let Design { p, names, .. } = &evaluation.design;
    let columns = names.columns.len();
    if or_finding(LinearGaussian::coordinates(p.batch(), p.mass()))?.is_none() {
        return Ok(());
    }
    let maker = |p: &Empirical<Response>| {
        let (columns, coordinates) = (p.batch().x().dim(1)?, LinearGaussian::coordinates(p.batch(), p.mass())?);
        Ok(move |vb: VarBuilder| LinearGaussian::new(columns, vb)?.standardized(coordinates.clone()))
    };
    regress(run, &evaluation, truth, maker, LinearGaussian::means, |learned, design| {
        let beside = |whole: &Likelihood| run.say_of_line(&design.p, &learned.model, whole);
        run.say_slopes(design, learned, truth, (&format!("{} per unit", names.target), None), beside)?;
        let sigma = learned.model.sigma()?;
        tell("sigma", number(sigma));
        let of_truth = truth.map(|truth| Ok::<_, Error>(format!(", truth {}", shown(truth.sigma()?)))).transpose()?;
        let of_truth = of_truth.unwrap_or_default();
        println!("{:<28}{:>14}  (in units of {}{of_truth})", "residual σ", shown(sigma), names.target);
        let (n, r) = (design.p.total(), (columns + 1) as f64);
        if n > r && design.weighed.is_none() && !learned.plan.objective.is_penalized() {
            println!(
                "σ² and the errors are those of maximum likelihood, divided by n; divided by n − {r} they are {} times as large",
                shown((n / (n - r)).sqrt())
            );
        }
        println!();
        Ok(())
    })
}

fn fit_counts(run: &Run<Fit>, design: Design<Response>) -> Result<()> {
    say_notes(&design.notes);
    run.say_data(&design.names.to_string(), "H(Y|X)", &design.p);
    let evaluation = Evaluation::of(run, design)?;
    let Design { p, names, .. } = &evaluation.design;
    if let Some(found) = of_counts(p)?.filter(|_| !run.objective().is_penalized()) {
        let why = match found.complete {
            true => "all counts are 0, and their mean falls to 0 everywhere".into(),
            false => format!(
                "the counts are 0 wherever {}; there its mean falls to 0",
                apart(&found.direction[1], &names.columns)
            ),
        };
        println!("no finite maximum: {why}");
        tell("no_maximum", format!("no finite maximum: {why}"));
        return run.say_limits_of_counts(&evaluation.design, &found);
    }
    let maker = |p: &Empirical<Response>| {
        if !run.objective().is_penalized() && of_counts(p)?.is_some() {
            return Err(Error::NoMaximum { why: "the counts are 0 along a direction".into() });
        }
        let columns = p.batch().x().dim(1)?;
        let map = if columns == 0 { None } else { Some(Standardize::bulk(p.batch().x(), p.mass())?) };
        Ok(move |vb: VarBuilder| {
            let model = PoissonRegression::new(columns, vb)?;
            map.iter().cloned().try_fold(model, |model, map| model.standardized(map))
        })
    };
    regress(run, &evaluation, None, maker, PoissonRegression::means, |learned, design| {
        let beside = |whole: &Likelihood| run.say_of_counts(&design.p, &learned.model, whole);
        run.say_slopes(design, learned, None, ("log of the mean, per unit", Some("rate ratio")), beside)
    })
}

/// Which columns run off.
fn apart(direction: &[f64], columns: &[String]) -> String {
    let moves = direction.iter().zip(columns).filter(|(d, _)| **d != 0.0);
    let moves: Vec<String> =
        moves.map(|(d, name)| format!("{name} is {}", if *d < 0.0 { "large" } else { "small" })).collect();
    if moves.is_empty() { "one looks".into() } else { moves.join(" and ") }
}

/// `maker` makes what makes the model, in the coordinates of a p̂; `means` are what it foretells, and `say` says what it has come to.
fn regress<M, F>(
    run: &Run<Fit>,
    evaluation: &Evaluation<Response>,
    truth: Option<&M>,
    maker: impl Fn(&Empirical<Response>) -> candle_mle::Result<F>,
    means: impl Fn(&M, &Response) -> candle_mle::Result<Tensor>,
    say: impl Fn(&Learned<M>, &Design<Response>) -> Result<()>,
) -> Result<()>
where
    M: Sloped<Batch = Response> + Parameters + KlDivergence,
    F: Fn(VarBuilder) -> candle_mle::Result<M>,
{
    let Design { p, names, .. } = &evaluation.design;
    let setting = || Setting { truth, separation: None, names, step_size: 0.1 };
    let learned = run.learn_until(p, setting(), evaluation.early(run), maker(p)?)?;
    say(&learned, &evaluation.design)?;
    let parameters = learned.model.parts()?.learnt.values().map(Tensor::elem_count).sum();
    let here = |rows: &Empirical<Response>| Ok(Worth::Known(Score::of_model(&learned.model, rows)?));
    let anew = |rest: &Empirical<Response>, part: &Empirical<Response>| match maker(rest) {
        Err(Error::NoMaximum { .. }) => Ok(Worth::Undefined),
        make => Ok(Worth::Known(Score::of_model(&run.fitted(rest, &setting(), make?)?, part)?)),
    };
    evaluation.say(run, parameters, here, anew)?;
    run.draw_descent(&learned, "H(Y|X)")?;
    run.draw_regression(&evaluation.design, &learned, |batch| means(&learned.model, batch))?;
    run.say_files();
    Ok(())
}

/// What a parameter may be, and so what variable it is learnt by.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    Line,
    Positive,
    Between,
}

impl Scale {
    /// That of a variable's name, and the name of the parameter.
    fn of(variable: &str) -> (Self, &str) {
        let positive = || variable.strip_prefix("log_").map(|name| (Self::Positive, name));
        let between = || variable.strip_prefix("logit_").map(|name| (Self::Between, name));
        positive().or_else(between).unwrap_or((Self::Line, variable))
    }

    fn variable(self, parameter: f64) -> f64 {
        match self {
            Self::Line => parameter,
            Self::Positive => parameter.ln(),
            Self::Between => (parameter / (1.0 - parameter)).ln(),
        }
    }

    fn parameter(self, variable: f64) -> f64 {
        match self {
            Self::Line => variable,
            Self::Positive => variable.exp(),
            Self::Between => 1.0 / (1.0 + (-variable).exp()),
        }
    }
}

impl Run<Fit> {
    /// All three pictures of a distribution: the descent, a slice along its first variable, and it over the data.
    fn draw_distribution<L: Family>(
        &self,
        name: &str,
        p: &Empirical<Tensor>,
        learned: &Learned<Univariate<L>>,
    ) -> Result<()> {
        self.draw_descent(learned, "H(p̂)")?;
        let law = learned.model.law()?;
        let fitted = law.variables();
        // Its first parameter as it is printed, and the variable that stands for it.
        let (kind, first) = Scale::of(L::VARIABLES[0]);
        let at = |value: f64| {
            let moved = [&[kind.variable(value)], &fitted[1..]].concat();
            Univariate::from_law(&L::of(&moved)?, &candle_core::Device::Cpu)
        };
        let value = kind.parameter(fitted[0]);
        let reach = match kind {
            Scale::Line => (0.1 * p.moments()?.1[0][0].sqrt().max(f64::MIN_POSITIVE), f64::INFINITY),
            Scale::Positive => (0.1 * value, (1.0 - 1e-9) * value),
            Scale::Between => (0.1 * value.min(1.0 - value), (1.0 - 1e-9) * value.min(1.0 - value)),
        };
        let others: Vec<String> = L::VARIABLES[1..].iter().map(|name| Scale::of(name).1.replace('_', " ")).collect();
        let slice = Slice::new(format!("{first} of {name}"), value, reach, at, p)?;
        let slice = if others.is_empty() { slice } else { slice.holding(others.join(", ")) };
        self.draw_landscape(learned, "H(p̂)", &slice, None)?;
        self.draw_over("model.png", name, p, (L::NAME, &law), L::DENSITY, learned.converged, &learned.history)
    }

    fn draw_mixture(&self, name: &str, p: &Empirical<Tensor>, learned: &Learned<Mixture>) -> Result<()> {
        let law = learned.model.law()?;
        self.draw_over("model.png", name, p, ("mixture of Gaussians", &law), true, learned.converged, &learned.history)
    }
}
