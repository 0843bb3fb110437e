//! The lecture behind the numbers: which row of it a number is of, what it says, what computes it, which example shows it.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::said::{add, object};

/// A concept of the lecture: a row of the README's map.
pub(crate) struct Concept {
    pub name: &'static str,
    pub formula: &'static str,
    /// What has it, in the library.
    pub library: &'static [&'static str],
    /// What runs and draws it.
    pub examples: &'static [&'static str],
    /// L4 is row 4 of the lecture, P3 section 3 of the post.
    pub rows: &'static [&'static str],
    pub plain: &'static str,
}

/// A number or a word that is printed, and the concept behind it.
pub(crate) struct Word {
    pub names: &'static [&'static str],
    pub concept: &'static str,
    pub plain: &'static str,
}

pub(crate) const CONCEPTS: [Concept; 22] = [
    Concept {
        name: "maximum likelihood",
        formula: "argmin KL = argmin H(p̂,q) = argmax Σ ln q",
        library: &["maximum_likelihood", "fit", "LossLog"],
        examples: &["coin"],
        rows: &["L1"],
        plain: "Of all members of a family the one that makes what was observed most probable is also the one nearest to p̂ in KL \
                divergence and the one that codes the data shortest: the three differ by a constant and a factor, not in where they \
                are least.",
    },
    Concept {
        name: "log-loss",
        formula: "−log π_y",
        library: &["log_softmax", "Objective", "model::Categorical"],
        examples: &["loss_table"],
        rows: &["L2"],
        plain: "What a forecast pays when class y comes: nothing where it was sure of it, one bit more for every halving of its \
                probability.",
    },
    Concept {
        name: "named distributions",
        formula: "max Σ ln q_θ(x_i), 2k + 2 NLL",
        library: &["model::Gamma", "model::Beta", "families::rank"],
        examples: &["families"],
        rows: &["L1", "L6"],
        plain: "Every named distribution is fitted by the same maximum likelihood, and they are ranked by how near they come; AIC \
                charges 2 nats for each parameter.",
    },
    Concept {
        name: "inference",
        formula: "2 n ΔKL ~ χ²_r, KL(θ̂‖θ̂+δ) ≈ ½ δᵀIδ",
        library: &["inference", "Objective::Firth"],
        examples: &["wilks", "curvature", "sample_size"],
        rows: &["L1"],
        plain: "How sharply KL rises around the estimate says how far the truth may be from it: the curvature is the Fisher \
                information, its inverse the variance of the estimate.",
    },
    Concept {
        name: "softmax classifier",
        formula: "−Σ_i log π_{y_i}(x_i)",
        library: &["Softmax"],
        examples: &["softmax"],
        rows: &["L3"],
        plain: "The cross-entropy between one-hot answers and forecast probabilities, the log-loss and the negative log-likelihood \
                are one number.",
    },
    Concept {
        name: "logistic regression",
        formula: "−y log π − (1−y) log(1−π)",
        library: &["Logistic", "separation"],
        examples: &["logistic"],
        rows: &["L4"],
        plain: "The same for two classes: binary cross-entropy is the negative log-likelihood of coins whose log-odds are a line in x.",
    },
    Concept {
        name: "maximum entropy",
        formula: "exp(Σ λ_m g_m(x)) / Z, H(p*) − H(p) = KL(p‖p*)",
        library: &["maxent", "model::Gibbs"],
        examples: &["maxent"],
        rows: &["L5", "L6", "L7"],
        plain: "Among all distributions with given moments the one that assumes least else is of exponential form; finding it is \
                maximum likelihood in that family.",
    },
    Concept {
        name: "Gaussian entropy",
        formula: "h(p) ≤ ½ log 2πeσ²",
        library: &["info::law::Normal::matching", "info::quadrature"],
        examples: &["gaussian_entropy"],
        rows: &["L8"],
        plain: "No density with variance σ² has more entropy than the Gaussian, and what another lacks is its KL divergence from it.",
    },
    Concept {
        name: "entropic central limit theorem",
        formula: "h(Z_n) rises to ½ log 2πeσ²",
        library: &["info::clt::normalised_sums"],
        examples: &["entropic_clt"],
        rows: &["L9"],
        plain: "Sums of independent draws, scaled to one variance, gain entropy with every term until they have the Gaussian's.",
    },
    Concept {
        name: "entropy, chain rule",
        formula: "H(X,Y) = H(X) + H(Y|X)",
        library: &["info::Pmf::entropy", "chain_rule"],
        examples: &["chain_rule"],
        rows: &["L10", "L11", "P1"],
        plain: "Entropy is how many yes-or-no questions an outcome takes on average; of two outcomes it is that of the first and what \
                the second still leaves open.",
    },
    Concept {
        name: "autoregressive characters",
        formula: "ln q(text) = Σ ln q(x_t|before)",
        library: &["model::NGram", "Alphabet"],
        examples: &["characters"],
        rows: &["L12"],
        plain: "A language model pays for a text character by character, each given what came before: the chain rule, term by term.",
    },
    Concept {
        name: "mutual information",
        formula: "KL(p_xy‖p_x p_y)",
        library: &["info::Pmf::mutual_information"],
        examples: &["mutual_information"],
        rows: &["L13", "L14", "L15", "L16"],
        plain: "By how many bits knowing one column shortens the description of the other: 0 only if they are independent, and the \
                same both ways.",
    },
    Concept {
        name: "dependence without correlation",
        formula: "ρ = 0, I > 0",
        library: &["info::estimate::ksg1"],
        examples: &["correlation"],
        rows: &["L17"],
        plain: "Correlation sees lines only; mutual information sees any dependence, estimated of numbers by how near neighbours are.",
    },
    Concept {
        name: "correlated Gaussians",
        formula: "−½ log(1−ρ²)",
        library: &["info::law::gaussian_mutual_information"],
        examples: &["gaussian_information"],
        rows: &["L18"],
        plain: "Of two Gaussian columns the correlation says all: nothing at ρ = 0, without bound as |ρ| nears 1.",
    },
    Concept {
        name: "bias of counting",
        formula: "E[plug-in I] ≈ I + (r−1)(c−1)/2n",
        library: &["info::estimate::CountEstimator"],
        examples: &["estimator_bias"],
        rows: &["L13"],
        plain: "Few observations seem to tell more than there is: the more levels, the more.",
    },
    Concept {
        name: "information gain",
        formula: "I(answer; class)",
        library: &["tree::Tree", "Table::ranking"],
        examples: &["decision_tree"],
        rows: &["L19"],
        plain: "A question about a column is worth the mutual information of its answer and the class; a tree asks the best one at \
                every node.",
    },
    Concept {
        name: "forward and reverse KL",
        formula: "KL(p‖q) covers, KL(q‖p) seeks",
        library: &["Objective::ReverseKl"],
        examples: &["forward_reverse_kl"],
        rows: &["L20"],
        plain: "Maximum likelihood descends KL(p̂‖q) and covers all of the data; the divergence the other way round settles on one \
                mode.",
    },
    Concept {
        name: "KL divergence as wasted bits",
        formula: "H(p) + KL(p‖q)",
        library: &["info::PrefixCode"],
        examples: &["coding"],
        rows: &["P1", "P2"],
        plain: "A code made for q that codes draws of p spends KL(p‖q) bits more on each than one made for p.",
    },
    Concept {
        name: "multivariate Gaussian, expectation",
        formula: "∫ p f",
        library: &["Gaussian", "model::Sample"],
        examples: &["gaussian", "multivariate"],
        rows: &["P3"],
        plain: "Several columns under one Gaussian with full covariance; means of what is drawn from it, with their error.",
    },
    Concept {
        name: "data processing",
        formula: "X→Z→Y: I(X;Z) ≥ I(X;Y)",
        library: &["info::Channel", "model::Network"],
        examples: &["channels", "data_processing"],
        rows: &["P4"],
        plain: "Nothing that is done to Z alone can tell more about X than Z does.",
    },
    Concept {
        name: "reparameterisation invariance",
        formula: "I(X;Y) = I(φ(X);ψ(Y))",
        library: &["info::Pmf::map", "info::estimate"],
        examples: &["invariance"],
        rows: &["P5"],
        plain: "Renaming levels or bending an axis, as long as it can be undone, changes no mutual information.",
    },
    Concept {
        name: "usable information",
        formula: "I_V(X→Y) = H_V(Y) − H_V(Y|X)",
        library: &["usable::usable_information"],
        examples: &["usable_information", "held_out"],
        rows: &["P6"],
        plain: "What a given family of models can make of X: the drop of its best cross-entropy when it may look.",
    },
];

const fn word(names: &'static [&'static str], concept: &'static str, plain: &'static str) -> Word {
    Word { names, concept, plain }
}

pub(crate) const WORDS: [Word; 47] = [
    word(
        &["KL", "KL divergence"],
        "maximum likelihood",
        "KL(p̂‖q) per observation: by how much the model is above the floor. It reaches 0 only if the model gives every row the share that was observed.",
    ),
    word(
        &["cross-entropy", "H(p̂,q)"],
        "maximum likelihood",
        "H(p̂,q) = −Σ p̂ log q per observation: the length at which the model codes the data; the floor and KL together.",
    ),
    word(
        &["NLL", "negative log-likelihood", "logLik"],
        "maximum likelihood",
        "−Σ ln q(x_i) of all n observations: n times the cross-entropy. logLik is the same with the other sign, in nats.",
    ),
    word(
        &["floor", "H(p̂)", "H(Y|X)", "entropy"],
        "entropy, chain rule",
        "The entropy of the data, of a classifier that of the class among rows with the same x: no model of any kind gets below it. Where no two rows share their x it is 0.",
    ),
    word(
        &["argmin"],
        "maximum likelihood",
        "The first step at which a quantity is least, to within rounding. The three have one and the same.",
    ),
    word(
        &["residual", "largest residual"],
        "maximum likelihood",
        "How far the three are from the identities that tie them, H(p̂,q) = H(p̂) + KL and NLL = n H(p̂,q), each worked out by itself: rounding, and no more.",
    ),
    word(
        &["same path"],
        "maximum likelihood",
        "The gradients of KL and cross-entropy are equal and that of NLL is n times as long, so that by a step size divided by n they walk one path.",
    ),
    word(
        &["gradient", "converged"],
        "maximum likelihood",
        "The slope of the loss where the fit ended, its largest component. 0 at the minimum; below 1e-9 counts as arrived.",
    ),
    word(
        &["infimum", "∞", "no finite maximum", "separation", "diverges along"],
        "logistic regression",
        "Where columns tell the classes apart, or a cell is empty, the likelihood rises for ever along a direction: it has a limit, the infimum of NLL, and no maximum. Coefficients that run off read ±∞.",
    ),
    word(
        &["estimate", "coefficient"],
        "logistic regression",
        "By how much a logit, the logarithm of the odds against the base class, changes per unit of the column.",
    ),
    word(
        &["std. error", "standard error", "std.error"],
        "inference",
        "How far estimates of other samples of this size would scatter: the root of the diagonal of the inverse Fisher information.",
    ),
    word(&["z", "statistic"], "inference", "The estimate in standard errors."),
    word(
        &["p", "p.value", "p-value"],
        "inference",
        "How probable an estimate at least so far from 0 would be, were the coefficient 0.",
    ),
    word(
        &["95 %", "conf.low", "conf.high", "interval"],
        "inference",
        "A range that covers the truth in 95 of 100 samples: 1.96 standard errors to either side.",
    ),
    word(
        &["odds ratio"],
        "logistic regression",
        "e to the power of the coefficient: the factor on the odds for one unit more.",
    ),
    word(
        &["deviance", "2 n KL"],
        "inference",
        "2 n KL in nats, the residual deviance of the grouped data: with a good model about as large as its degrees of freedom.",
    ),
    word(
        &["2 NLL", "twice_nll"],
        "inference",
        "What R's glm calls residual deviance of single 0/1 rows, whose floor is 0: larger than 2 n KL by 2 n H(Y|X).",
    ),
    word(
        &["degrees of freedom", "df", "df_residual"],
        "inference",
        "How many numbers the data could still choose freely: those of the test's distribution.",
    ),
    word(
        &["AIC", "BIC"],
        "named distributions",
        "2 NLL and a charge for every parameter, 2 nats or ln n: what a comparison of models on the data that they were fitted to must add.",
    ),
    word(
        &["McFadden's R²", "McFadden", "R²", "mcfadden"],
        "usable information",
        "The share of the entropy of the classes that the model takes away; H(Y|X) says how much any model could.",
    ),
    word(
        &["χ²", "likelihood ratio", "against the intercept alone"],
        "inference",
        "Twice the nats by which the larger of two nested models is the likelier: χ² with as many degrees of freedom as it has parameters more, if the smaller is true.",
    ),
    word(
        &["firth", "Firth"],
        "inference",
        "The likelihood with the penalty ½ ln det I: finite where the likelihood has no maximum, and of smaller bias.",
    ),
    word(
        &["resolution", "--resolution"],
        "maximum likelihood",
        "The step in which a column was recorded. Points of a density without one have no KL from it but ∞: a sample is atoms, and a density has none.",
    ),
    word(
        &["KL from truth", "population KL", "KL(truth‖q)", "population_kl"],
        "maximum likelihood",
        "KL from the distribution that the sample was drawn from. Least at the truth, and not at the estimate: the gap between the two is overfitting.",
    ),
    word(
        &["minibatch", "--batch"],
        "maximum likelihood",
        "A step that sees some of the observations only. Its gradient is right on average, so that the descent wanders around the minimum unless its steps shrink.",
    ),
    word(
        &["I", "mutual information", "less bias"],
        "mutual information",
        "By how much a column shortens the description of the other; less bias is less what counting finds by chance.",
    ),
    word(
        &["by chance", "chance"],
        "bias of counting",
        "What 19 of 20 shuffles, which tell nothing, seem to tell at most.",
    ),
    word(
        &["gain", "the best question"],
        "information gain",
        "What the answer to the best question about a column, a level or a threshold, tells about the target.",
    ),
    word(
        &["accuracy", "confusion"],
        "log-loss",
        "How often the most probable class came. It sees no difference between 0.51 and 0.99; cross-entropy does.",
    ),
    word(
        &["bits", "nats", "hartleys", "unit"],
        "entropy, chain rule",
        "Logarithms to base 2, e or 10: 1 bit is 0.693 nats. --unit chooses.",
    ),
    word(
        &["rate ratio"],
        "inference",
        "e to the power of a coefficient of Poisson regression: the factor on the mean for one unit more.",
    ),
    word(
        &["calibration"],
        "log-loss",
        "Of the observations that were given about one probability, how often what was so probable came: of a calibrated model as often as it says.",
    ),
    word(
        &["H", "H(Y)", "H(X)"],
        "entropy, chain rule",
        "The entropy of a column by itself: how much of it there is to tell.",
    ),
    word(&["levels", "level"], "entropy, chain rule", "The different values that a column has."),
    word(
        &["sandwich"],
        "inference",
        "Standard errors from how far the gradients of the rows scatter, between two inverse Fisher informations: they hold where weights are no counts, or the family is not the true one.",
    ),
    word(
        &["residual σ", "sigma"],
        "inference",
        "The standard deviation of what linear regression leaves of the target, in its unit.",
    ),
    word(
        &["open"],
        "logistic regression",
        "A coefficient without a limit: among the directions along which the likelihood rises for ever one raises it, and another lowers it or leaves it alone.",
    ),
    word(
        &["reference class", "base class", "base"],
        "softmax classifier",
        "The class that the logits of all others are against; its own coefficients are 0. --base names another.",
    ),
    word(
        &["neighbours"],
        "dependence without correlation",
        "How an information of numbers that hardly repeat is estimated: by how far the nearest ones lie (Kraskov, Stögbauer and Grassberger).",
    ),
    word(
        &["counts", "shuffled ones"],
        "bias of counting",
        "How an information of levels is estimated: by how often they come together. Of as many cells as observations, less what shuffled orders seem to tell.",
    ),
    word(
        &["above first"],
        "log-loss",
        "By how much the cross-entropy of a model exceeds that of the first that was named, on the same rows; its standard error is of the difference, row by row.",
    ),
    word(
        &["held out", "hold-out", "folds", "overfitting"],
        "usable information",
        "Rows that a fit did not see. What they cost more than those that it saw is overfitting: about r/n nats for r parameters of a true model.",
    ),
    word(
        &["ridge", "bias"],
        "inference",
        "½ λ Σ w² over the slopes, beside the NLL: they are drawn towards 0, which is a bias, and scatter less.",
    ),
    word(
        &["offset", "exposure"],
        "logistic regression",
        "A column that is added to the linear predictor with the coefficient 1; an exposure by its logarithm: what a count was counted over.",
    ),
    word(
        &["weights"],
        "inference",
        "What a row counts for where that is no number of observations: n stays theirs, and the errors are those of a sandwich.",
    ),
    word(
        &["−log q", "-log q"],
        "log-loss",
        "What a row costs: minus the logarithm of the probability that the model gave to what came. Their mean is the cross-entropy.",
    ),
    word(
        &["H(Y|leaf)"],
        "information gain",
        "The entropy that is left in the classes once it is known at which leaf of the tree a row ends.",
    ),
];

/// Says what is behind a row of the lecture or a printed word; without one, what there is.
pub(crate) fn explain(what: Option<&str>) -> Result<()> {
    // Row 21 of the lecture is the table of them all.
    let Some(what) = what.filter(|what| !what.eq_ignore_ascii_case("L21")) else {
        println!(
            "rows of the lecture (candle-mle explain L4), and the words that are printed (candle-mle explain deviance)\n"
        );
        for concept in &CONCEPTS {
            println!("{:<12}  {}", concept.rows.join(" "), concept.name);
            add("concepts", told(concept));
        }
        println!();
        let names = WORDS.iter().map(|word| word.names[0]).collect::<Vec<_>>();
        names.chunks(8).for_each(|some| println!("{}", some.join(", ")));
        add_words(&WORDS.iter().collect::<Vec<_>>());
        return Ok(());
    };
    let asked = what.trim().to_lowercase();
    let is = |name: &str| name.to_lowercase() == asked;
    let words: Vec<&Word> = WORDS.iter().filter(|word| word.names.iter().any(|name| is(name))).collect();
    let mut concepts: Vec<&Concept> =
        CONCEPTS.iter().filter(|of| of.rows.iter().any(|row| is(row)) || is(of.name)).collect();
    if words.is_empty() && concepts.is_empty() && asked.chars().count() > 1 {
        concepts.extend(
            CONCEPTS
                .iter()
                .filter(|of| of.name.to_lowercase().contains(&asked) || of.formula.to_lowercase().contains(&asked)),
        );
    }
    if words.is_empty() && concepts.is_empty() {
        let names: Vec<&str> = WORDS.iter().map(|word| word.names[0]).collect();
        bail!(
            "'{what}' is no row of the lecture, L1 to L21 or P1 to P6, and no word that is printed: {}",
            names.join(", ")
        );
    }
    for word in &words {
        println!("{}: {}\n", word.names.join(", "), word.plain);
        for concept in CONCEPTS.iter().filter(|of| of.name == word.concept) {
            if !concepts.iter().any(|of| of.name == concept.name) {
                concepts.push(concept);
            }
        }
    }
    add_words(&words);
    for concept in concepts {
        println!("{} ({})\n\n    {}\n", concept.name, concept.rows.join(", "), concept.formula);
        println!("{}\n", concept.plain);
        println!("in the library: {}", concept.library.join(", "));
        for example in concept.examples {
            println!("to be seen by:  cargo run --example {example}");
        }
        println!();
        add("concepts", told(concept));
    }
    Ok(())
}

fn add_words(words: &[&Word]) {
    for word in words {
        let names = word.names.to_vec();
        add("words", object([("names", names.into()), ("concept", word.concept.into()), ("plain", word.plain.into())]));
    }
}

fn told(of: &Concept) -> Value {
    object([
        ("concept", of.name.into()),
        ("formula", of.formula.into()),
        ("library", of.library.to_vec().into()),
        ("examples", of.examples.to_vec().into()),
        ("rows", of.rows.to_vec().into()),
        ("plain", of.plain.into()),
    ])
}
