//! What a model is worth on rows whose outcomes are known: those that it was fitted to, and others.

use candle_mle::Information;
use candle_mle::info::number::{count, seen};
use candle_mle::score::Score;
use candle_mle::table::Names;
use serde_json::Value;

use crate::flags::Data;
use crate::run::Run;
use crate::said::{number, object, tell};

/// How probable it is that an interval covers what it is of.
pub(crate) const LEVEL: f64 = 0.95;

impl<D: Data> Run<D> {
    /// Cross-entropy, accuracy, what was taken for what, and how often what was called so probable came.
    pub(crate) fn say_score(&self, names: &Names, score: &Score) {
        let unit = self.unit();
        tell("target", names.target.as_str());
        tell("classes", names.classes.clone());
        tell("score", self.told(score));
        println!(
            "n = {} observation{}, cross-entropy {}; in all {}",
            count(score.n),
            if score.n == 1.0 { "" } else { "s" },
            self.each(score),
            self.show(score.nll)
        );
        if score.cross_entropy().nats() == f64::INFINITY {
            println!("a class came to which the model gives probability 0: the line has an infinite -log q ({unit})");
        }
        if score.confusion.is_empty() {
            return;
        }
        let chance: Vec<f64> = score.confusion.iter().map(|row| row.iter().sum::<f64>() / score.n).collect();
        let most = chance.iter().copied().fold(0.0, f64::max);
        println!(
            "accuracy {} %; naming the most frequent class each time, {} %",
            seen(100.0 * score.accuracy(), 1),
            seen(100.0 * most, 1)
        );
        self.say_confusion(names, score);
        self.say_calibration(names, score);
    }

    /// A score for the document.
    fn told(&self, score: &Score) -> Value {
        let unit = self.unit();
        let rows = score.confusion.iter().map(|row| row.iter().copied().map(number).collect::<Vec<_>>());
        let bins = score.calibration.iter().filter(|bin| bin.n > 0.0).map(|bin| {
            let [low, high] = bin.interval(LEVEL).map(number);
            let (predicted, observed) = (number(bin.predicted / bin.n), number(bin.observed / bin.n));
            let mean = [("predicted", predicted), ("observed", observed), ("n", number(bin.n))];
            object([mean[0].clone(), mean[1].clone(), mean[2].clone(), ("conf.low", low), ("conf.high", high)])
        });
        object([
            ("n", number(score.n)),
            ("cross_entropy", number(score.cross_entropy().to(unit))),
            ("standard_error", number(score.standard_error().to(unit))),
            ("nll", number(score.nll.to(unit))),
            ("accuracy", if score.confusion.is_empty() { Value::Null } else { number(score.accuracy()) }),
            ("confusion", rows.collect::<Vec<_>>().into()),
            ("calibration", bins.collect::<Vec<_>>().into()),
        ])
    }

    /// The cross-entropy each, with its error where there is one.
    fn each(&self, score: &Score) -> String {
        let error = match score.standard_error() {
            // Of rows that all cost the same it is not known how they scatter.
            error if error.nats().is_finite() && error.nats() > 1e-12 * score.cross_entropy().nats().max(1e-3) => {
                format!(", standard error {}", self.show(error))
            }
            _ => String::new(),
        };
        format!("{} each{error}", self.show(score.cross_entropy()))
    }

    fn say_confusion(&self, names: &Names, score: &Score) {
        const SHOWN: usize = 10;
        if names.classes.len() > SHOWN {
            return;
        }
        let cells: Vec<Vec<String>> =
            score.confusion.iter().map(|row| row.iter().map(|times| count(*times)).collect()).collect();
        let wide = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> =
            names.classes.iter().enumerate().map(|(at, class)| class.chars().count().max(wide(at))).collect();
        let first = names.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
        let line = |name: &str, cells: &[String]| {
            let cells: String = cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:>width$}")).collect();
            println!("{name:<first$}{cells}");
        };
        println!("\nobserved (rows), and the class that was most probable (columns)");
        line("", &names.classes);
        names.classes.iter().zip(&cells).for_each(|(class, cells)| line(class, cells));
    }

    fn say_calibration(&self, names: &Names, score: &Score) {
        let of = match names.classes.as_slice() {
            [_, class] => class.clone(),
            _ => "each class".into(),
        };
        println!("\ncalibration: the probability of {of}, and how often it came, with its 95 % interval");
        println!("{:<14}{:>10}{:>10}{:>10}{:>20}", "probability", "number", "mean", "came", "95 % interval");
        for (at, bin) in score.calibration.iter().enumerate().filter(|(_, bin)| bin.n > 0.0) {
            let [low, high] = bin.interval(LEVEL);
            let (from, to) = (at as f64 / 10.0, (at + 1) as f64 / 10.0);
            println!(
                "{:<14}{:>10}{:>10}{:>10}{:>20}",
                format!("{from:.1} to {to:.1}"),
                count(bin.n),
                seen(bin.predicted / bin.n, 4),
                seen(bin.observed / bin.n, 4),
                format!("{} to {}", seen(low, 4), seen(high, 4))
            );
        }
        println!();
    }

    /// What rows that were fitted to cost.
    pub(crate) fn say_seen(&self, seen: &Score) {
        tell("evaluation.fitted", self.told(seen));
        println!("on the rows that it was fitted to: cross-entropy {}", self.each(seen));
    }

    /// What rows that were not fitted to cost more than those that were, and what of that was to be expected of so many parameters; with
    /// an error where they are others, and not the same rows in folds.
    pub(crate) fn say_overfitting(&self, seen: &Score, unseen: &Score, parameters: usize, are_others: bool) {
        let gap = (unseen.cross_entropy() - seen.cross_entropy()).nats();
        let error = seen.standard_error().nats().hypot(unseen.standard_error().nats());
        let amount = |nats: f64| self.show(Information::from_nats(nats));
        tell("evaluation.others", self.told(unseen));
        tell("evaluation.gap", number(Information::from_nats(gap).to(self.unit())));
        self.say_seen(seen);
        let error = match are_others && error.is_finite() {
            true if gap.abs() < 2.0 * error => format!(" (standard error {}: it may be chance)", amount(error)),
            true => format!(" (standard error {})", amount(error)),
            false => String::new(),
        };
        match gap {
            gap if !gap.is_finite() => println!("overfitting: other rows cost infinitely more"),
            gap if gap < 0.0 => println!("no overfitting seen: other rows cost {} less each{error}", amount(-gap)),
            gap => println!(
                "overfitting: other rows cost {} more each{error}; by so much KL and cross-entropy to the population exceed those \
                 to the rows fitted",
                amount(gap)
            ),
        }
        println!(
            "to be expected where the model is true: r / n = {} more, of r = {parameters} parameters fitted to n = {} observations",
            amount(parameters as f64 / seen.n),
            count(seen.n)
        );
        println!();
    }
}

/// How many of how many are held out, as they are said.
pub(crate) fn held(of: f64, n: f64) -> String {
    format!("{} of {} observations, {} %", count(of), count(n), seen(100.0 * of / n, 1))
}
